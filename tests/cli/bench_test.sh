#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The benchmarks of tests/bench still run, on an image of 64 MiB, and refuse a wrong result. Nothing is timed here.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
build=$(dirname "$TRIAGE")
bench=$root/tests/bench
export BENCH_FOLDER=$work/bench BENCH_SIZE=64M TRIAGE_SHARED=$work

says() { # PATTERN COMMAND...
    local pattern=$1
    shift
    "$@" >"$work/out" 2>&1 || fault "$*: exit code $?"
    grep -q "$pattern" "$work/out" || fault "$*: no \"$pattern\" in: $(cat "$work/out")"
}
says 'bound, engine: .* reached' "$bench/pairs.py" ext4:fast --pairs 1 --known 0 --peers fiwalk
grep -q 'median: triage .*; fiwalk .* times' "$work/out" || fault "no median: $(cat "$work/out")"
says 'median: triage' "$bench/pairs.py" ext4 --pairs 1 --known 0 --digests one --peers loaddb
says 'median: first match' "$bench/first_match.py" ext4 --pairs 1 --known 0
says 'us a unit' "$bench/growth.py" threads --runs 1
says 'all reports beside the scan' "$bench/reports.py" 500 --runs 1
says 'channel' "$build/micro" records 1000

sed -i '1s/^......../00000000/' "$BENCH_FOLDER/ext4.raw.md5"
! "$bench/pairs.py" ext4 --pairs 1 --known 0 --peers fiwalk >"$work/out" 2>&1 || fault "a wrong digest counts as a result"
grep -q '1 files of .* have no entry with their MD5' "$work/out" || fault "not said why: $(cat "$work/out")"
finish
