#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `triage scan` (two threads, all digests, reports jsonl and text) against `fiwalk -O -x`, on images in tmpfs: pairs run
# one after the other, and the ratio fiwalk/triage of each and the median are printed. At least 2 is asked for.
# usage: against_fiwalk.sh [ext4|ntfs|fat32...]
#   BENCH_FOLDER  where the images are or are to be made (default /dev/shm/triage-bench; 2 GiB each); PAIRS (5)
#   ntfs.raw is made with ntfs-3g on FUSE; without /dev/fuse it is left out, aloud
set -euo pipefail
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
triage=${TRIAGE:-$root/build/release/triage}
shared=${TRIAGE_SHARED:-$root/../shared}
folder=${BENCH_FOLDER:-/dev/shm/triage-bench}
pairs=${PAIRS:-5}
kinds=("$@")
[ $# -gt 0 ] || kinds=(ext4 ntfs fat32)

mkdir -p "$folder"
work=$(mktemp -d "$folder/run.XXXXXX")
trap 'rm -rf "$work"' EXIT

image_of() { # KIND: makes the image when it is missing
    local image="$folder/$1.raw"
    [ -s "$image.json" ] || python3 "$shared/bench/make_image.py" --fs "$1" --size 2G --seed 1 --out "$image" >&2 || return 1
    echo "$image"
}

seconds() { # COMMAND...: wall-clock seconds; output to $work/out
    local begin end
    begin=$(date +%s.%N)
    "$@" >"$work/out" 2>&1 || [ $? -le 3 ] || { cat "$work/out" >&2; exit 1; }
    end=$(date +%s.%N)
    echo "$end - $begin" | awk '{ printf "%.3f", $1 - $3 }'
}

run_triage() { "$triage" scan "$1" --threads 2 --report jsonl,text --out "$work/case" --quiet; }
run_fiwalk() { fiwalk -O -x "$1"; }

# Every live file of the image has the MD5 that make_image.py wrote down; a fast wrong answer is not a result.
check() { # IMAGE
    python3 - "$1.md5" "$work/case/reports/entries.jsonl" <<'PY'
import collections, json, sys
want = collections.Counter(line[:32] for line in open(sys.argv[1], "rb").read().decode(errors="replace").splitlines())
have = collections.Counter(e["hashes"]["md5"] for e in map(json.loads, open(sys.argv[2], encoding="utf-8"))
                           if e["state"] == "allocated" and "hashes" in e)
missing = want - have
sys.exit(f"{sum(missing.values())} of {sum(want.values())} live files have no entry with their MD5" if missing else 0)
PY
}

echo "$(nproc) processors, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), $(date -u +%F)"
for kind in "${kinds[@]}"; do
    image=$(image_of "$kind") || { echo "$kind: LEFT OUT, no image (ntfs needs /dev/fuse)"; continue; }
    cat "$image" >/dev/null
    : >"$work/ratios"
    for pair in $(seq "$pairs"); do
        ours=$(seconds run_triage "$image")
        check "$image"
        rm -rf "$work/case"
        theirs=$(seconds run_fiwalk "$image")
        ratio=$(awk -v a="$theirs" -v b="$ours" 'BEGIN { printf "%.2f", a / b }')
        echo "$kind pair $pair: triage $ours s, fiwalk $theirs s, ratio $ratio"
        echo "$ratio" >>"$work/ratios"
    done
    echo "$kind median ratio $(sort -n "$work/ratios" | sed -n "$(((pairs + 1) / 2))p") of $pairs pairs"
done
