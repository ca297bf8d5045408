#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Known sets against `hfind` (indexed) and SQLite with the schema of Autopsy's .kdb, on the same random MD5.
# usage: known_sets.sh [MILLIONS]       default 10; from 50 on alone, without the others
# BENCH_FOLDER: where the lists lie (tmpfs is best; about 100 bytes a record). Needs build/release/known_bench.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=$root/build/release
millions=${1:-10}
folder=$(mktemp -d "${BENCH_FOLDER:-/dev/shm}/known-XXXXXX")
trap 'rm -rf "$folder"' EXIT
export TMPDIR=$folder

# timed NAME COMMAND...: seconds and the most memory that it held.
timed() {
    local name=$1
    shift
    /usr/bin/time -f "$name: %e s, %M KiB" -- "$@" >"$folder/out" 2>"$folder/err" || { cat "$folder/err"; exit 1; }
    tail -n 1 "$folder/err"
}

records=$((millions * 1000000))
"$build/known_bench" make "$records" "$folder/list.md5"
timed "import of $millions million" "$build/triage" known import "$folder/list.md5" -o "$folder/list.tks" --notable --quiet
echo "bytes a record, all of the file: $(echo "scale=2; $(stat -c %s "$folder/list.tks") / $records" | bc)"
for threads in 1 2; do
    for batch in 256 1; do "$build/known_bench" set "$folder/list.tks" 1000000 "$threads" "$batch"; done
done
[ "$millions" -lt 50 ] || exit 0

head -c 32 /dev/urandom >"$folder/key"
timed "import of $millions million, protected" "$build/triage" known import "$folder/list.md5" -o "$folder/secret.tks" \
    --notable --protect "$folder/key" --quiet
for batch in 256 1; do
    echo -n "protected: " && "$build/known_bench" set "$folder/secret.tks" 1000000 1 "$batch" "$folder/key" | paste -sd ' '
done
rm "$folder/secret.tks"

timed "hfind -i" hfind -i md5sum "$folder/list.md5"
"$build/known_bench" queries "$folder/list.tks" 100000 >"$folder/queries"
sed 'y/0123456789abcdef/123456789abcdef0/' "$folder/queries" >"$folder/absent"
for what in queries absent; do
    for _ in 1 2 3 4 5; do timed "hfind, 100,000 $what" hfind -f "$folder/$what" "$folder/list.md5"; done
done
timed "SQLite import" "$build/known_bench" sqlite "$folder/list.db" "$folder/list.md5"
"$build/known_bench" sqlite-lookup "$folder/list.db" "$folder/list.tks" 100000
