#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever call of a scan of two exhibits fails, or kills it: the same command once more makes both cases whole.

usage: fail_list_test.py [--every N] [--first N] [--minutes N] [--out FILE] [KIND...]
KIND: write sync name, die-write die-sync die-name (fail_call.c). With -after-death what a killed scan left is there
before.
"""
import errno, os, shutil, time
from faults import (ERRORS, call_of, decoy_list, fail_each, finish, many_entries, read_lines, reports_of, options_of, run_failing,
                    triage, workspace)

options = options_of(["write", "sync", "name", "die-write", "die-sync", "die-name",
                      "name-after-death", "die-name-after-death"]).parse_args()
faults = []
cases, listed = (os.path.join(workspace(), name) for name in ("cases", "list.csv"))
exhibits = [os.path.join(cases, name) for name in ("A1", "A2")]


def begin(environment=None):
    return triage("scan", "--evidence-list", listed, "--notable", decoy_list(), "--report", "jsonl", "--out", cases,
                  "--quiet", "--threads", "1", timeout=60, env=environment)


def begin_failing(kind, number, error):
    shutil.rmtree(cases, ignore_errors=True)
    if kind.endswith("-after-death"):
        os.makedirs(exhibits[0])
        for name in "command.txt", "config.yaml", "case.sqlite", "audit.jsonl":
            open(os.path.join(exhibits[0], name), "w").close()
    return run_failing(begin, kind, number, error)


def check(kind, number, error):
    done, _ = begin_failing(kind, number, error)
    label = f"{kind} {number} ({errno.errorcode[error]}): exit {done.returncode}, {done.stderr}"
    has_problems = any(read_lines(f"{case}/reports/problems.jsonl") for case in exhibits)  # a worker was not reached
    if (done.returncode not in ([-9] if kind.startswith("die-") else [0, 2, 3, 4]) or
            done.returncode > 0 and not done.stderr and not has_problems):
        faults.append(label)
    again = begin()
    verified = [triage("verify", case) for case in exhibits]
    if again.returncode != (3 if has_problems else 0) or any(v.returncode != 0 for v in verified):
        faults.append(f"{label}; then exit {again.returncode}, {again.stderr}, verify: {[v.stderr for v in verified]}")
    elif [reports_of(case) for case in exhibits] != whole and "report jsonl: " not in done.stderr and not has_problems:
        faults.append(f"{label}; then other reports")


image, _ = many_entries(20)
with open(listed, "w") as out:
    out.write(f"exhibit,path,note\nA1,{image},\nA2,{shutil.copy(image, image + '-2')},\n")
done, _ = begin_failing("write", 0, 0)
whole = [reports_of(case) for case in exhibits]
if done.returncode != 0 or "missing" in whole[0].values():
    finish([f"the scan in which nothing fails: exit {done.returncode}: {done.stderr}"], "failing lists")
begun = time.monotonic()
for kind in options.kinds:
    total, errors = begin_failing(kind, 0, 0)[1], ERRORS[call_of(kind)]
    fail_each(kind, total, options.every, options, begun, faults, lambda number: check(kind, number, errors[number % len(errors)]))
finish(faults, "failing lists")
