#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Damaged images of six fixtures: triage never crashes, hangs or swells, and ends with 0, 1, 2 or 3.
# usage: mutate_test.sh [MUTANTS]      mutants a seed, default 20; KEEP_MUTANTS=FOLDER keeps those that failed
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_shared
need_fixtures
count=${1:-20}
seeds=(ext4.img fat16.img ntfs.img hfsplus-decmpfs.img ewf-encase6.E01 gpt.img)

# A case of its own for each run, removed afterwards; the exit code (or signal) is triage's.
cat >"$work/scan-once" <<'SH'
#!/usr/bin/env bash
folder=$(mktemp -d "$WORK/case.XXXXXX")
"$TRIAGE" scan "$1" --notable "$WORK/list.md5" --out "$folder/case" --quiet
code=$?
rm -rf "$folder"
[ "$code" -le 128 ] || kill -s "$((code - 128))" $$
exit "$code"
SH
chmod +x "$work/scan-once"
echo 00000000000000000000000000000001 >"$work/list.md5"

run_seed() {
    WORK=$work python3 "$shared/robustness/mutate.py" run --count "$count" --limit-s 10 --as-mib 0 --rss-mib 512 \
        --work "$work" --keep "$work/keep" --csv "$work/$1.csv" "$fixtures/$1" -- "$work/scan-once" {} >"$work/$1.log" 2>&1
}

for seed in "${seeds[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
    run_seed "$seed" &
done
wait

for seed in "${seeds[@]}"; do
    cat "$work/$seed.log"
    # seed, number, kind of damage, tool, outcome, exit status or signal, peak MiB, seconds
    bad=$(awk -F, '!(($5 == "ok" || ($5 == "error" && $6 ~ /^[123]$/)) && $7 <= 512)' "$work/$seed.csv" | tr -d '\r')
    [ -z "$bad" ] || fault "$seed: $bad"
    [ "$(wc -l <"$work/$seed.csv")" -eq "$count" ] || fault "$seed: not all of the $count mutants were run"
done
if [ -n "${KEEP_MUTANTS:-}" ] && [ -d "$work/keep" ]; then cp -r "$work/keep/." "$KEEP_MUTANTS"; fi
finish
