#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs each fuzz target of build/clang (`.ci/run clang` builds them) from its seeds and what earlier runs found.
# usage: tests/fuzz/run.sh MINUTES [TARGET...]      MINUTES (0.2, 30) for each target; default: all targets
# A finding ends it: the input lies in build/clang/corpus, named after its target.
set -uo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
build=$root/build/clang
minutes=${1:?usage: tests/fuzz/run.sh MINUTES [TARGET...]}
seconds=$(awk -v minutes="$minutes" 'BEGIN { print int(60 * minutes) }')
[ "$seconds" -gt 0 ] || { echo "no time to run: $minutes minutes" >&2; exit 2; }
shift
targets=("$@")
[ "$#" -gt 0 ] || for target in "$build"/fuzz/*_fuzz; do targets+=("${target##*/}"); done
[ -x "$build/fuzz/${targets[0]}" ] || { echo "no fuzz target ${targets[0]} was built: run .ci/run clang first" >&2; exit 2; }
TRIAGE=$build/triage "$root/tests/fuzz/make_seeds.py" "$build/seeds" || exit 1

for name in "${targets[@]}"; do
    corpus=$build/corpus/$name
    mkdir -p "$corpus" "$build/seeds/$name"
    ASAN_OPTIONS=detect_leaks=1 "$build/fuzz/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$corpus-" "$corpus" "$build/seeds/$name" >"$corpus.log" 2>&1 ||
        { echo "$name"; tail -n 60 "$corpus.log"; exit 1; }
    printf '%s: %s runs\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$corpus.log")"
done
