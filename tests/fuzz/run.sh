#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs each fuzz target of build/clang (`.ci/run clang` builds them) from its seeds and what earlier runs found.
# usage: tests/fuzz/run.sh MINUTES [TARGET...]      MINUTES (0.2, 30) of processor time for each target; default: all
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

# Prints the seconds of processor time that the target took.
run_for() { # TARGET SECONDS
    { time ASAN_OPTIONS=detect_leaks=1 "$build/fuzz/$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$build/corpus/$1-" "$build/corpus/$1" "$build/seeds/$1" \
        >"$build/corpus/$1.log" 2>&1; } 2>&1 | awk '{ print int($1 + $2) }'
    return "${PIPESTATUS[0]}"
}

# A machine that has other work gives less processor time than goes by: until nine tenths of it were had.
run_target() {
    local used=0 runs=0 took
    mkdir -p "$build/corpus/$1" "$build/seeds/$1"
    while [ "$used" -lt $((seconds * 9 / 10)) ]; do
        took=$(run_for "$1" $((seconds - used))) || { echo "$1"; tail -n 60 "$build/corpus/$1.log"; return 255; }
        used=$((used + took))
        runs=$((runs + $(sed -n 's/^stat::number_of_executed_units: *//p' "$build/corpus/$1.log")))
    done
    printf '%s: %s runs, %s s\n' "$1" "$runs" "$used"
}

# As many at once as there are processors; the first finding begins no more.
export build seconds TIMEFORMAT='%U %S'
export -f run_for run_target
printf '%s\0' "${targets[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'run_target "$0"'
