#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# entries.jsonl is the same, byte for byte, for 1, 2 and 8 threads, in another time zone and in another locale.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_fixtures

evidence=("$fixtures"/{gpt.img,mbr.img,ext4-fragmented.img,damaged.E01,exfat.img,rock-ridge-joliet.iso})
if [ -d "$shared" ]; then
    for name in lab-mbr-extended.E01 testfs1 exfat_win.E01 fat_deleted_dir.E01 hfsplus.raw ntfs-bad-records.img; do
        evidence+=("$shared/evidence/images/$name")
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

first=$(entries_of one -- --threads 1)
[ "$(wc -l <"$first")" -gt 400 ] || fault "only $(wc -l <"$first") entries to compare"
for run in "two -- --threads 2" "eight -- --threads 8" "again -- --threads 8" "tokyo TZ=Asia/Tokyo -- --threads 2" \
    "plain-c LC_ALL=C TZ=America/St_Johns -- --threads 2"; do
    # shellcheck disable=SC2086
    other=$(entries_of $run)
    cmp "$first" "$other" || fault "$run differs: $(diff "$first" "$other" | head -n 4 | cut -c1-300)"
done
finish
