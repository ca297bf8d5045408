#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# entries.jsonl of one thread and OpenSSL alone is that of 1, 2 and 8 threads and the kernels, byte for byte, of a run
# with little memory, in another time zone and in another locale; with ../shared, for each of its images.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_fixtures

evidence=("$fixtures"/{gpt.img,mbr.img,ext4-fragmented.img,damaged.E01,exfat.img,rock-ridge-joliet.iso})
if [ -d "$shared" ]; then
    for image in "$shared"/evidence/images/*; do
        case $image in *.[eE]01 | *.raw | *.img | *.dmg | *.dd | *.001) evidence+=("$image") ;; esac
    done
fi

entries_of() { # NAME ENVIRONMENT... -- OPTIONS...: scans everything into one case, prints the file with the entries
    local name=$1 settings=()
    shift
    while [ "$1" != -- ]; do settings+=("$1"); shift; done
    shift
    env "${settings[@]}" "$TRIAGE" scan "${evidence[@]}" --out "$work/$name" --quiet "$@" >"$work/$name.log" 2>&1
    case $? in 0 | 3) ;; *) fault "$name: $(tail -n 3 "$work/$name.log")" ;; esac
    echo "$work/$name/reports/entries.jsonl"
}

first=$(entries_of openssl -- --threads 1 --hash-engine openssl)
[ "$(wc -l <"$first")" -gt 400 ] || fault "only $(wc -l <"$first") entries to compare"
for run in "one -- --threads 1" "little -- --threads 2 --memory 64" "two -- --threads 2" "eight -- --threads 8" "again -- --threads 8" "tokyo TZ=Asia/Tokyo -- --threads 2" \
    "plain-c LC_ALL=C TZ=America/St_Johns -- --threads 2"; do
    # shellcheck disable=SC2086
    other=$(entries_of $run)
    cmp "$first" "$other" || fault "$run differs: $(diff "$first" "$other" | head -n 4 | cut -c1-300)"
done
finish
