#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever call of a scan fails, or kills it: no crash, no wrong hash, a message, and the case goes on.

usage: fail_call_test.py [--every N] [KIND...]      KIND: read write sync name spawn memory die-write die-sync die-name
The calls of the parent are counted (fail_call.c), then each N-th (default 1; of memory each 50 N-th) fails in a scan of
its own, until all have. `memory` runs only when it is named: a few allocations of the parent still end it by abort.
"""
import argparse, errno, os, shutil, sys
from faults import audit_flaw, finish, many_entries, read_lines, reports_of, shim, triage, workspace

NOTHING_YET = ("ended before its evidence was recorded", "holds no case.sqlite")
ERRORS = {"read": [errno.EIO], "write": [errno.ENOSPC, errno.EDQUOT, errno.EIO], "sync": [errno.EIO],
          "name": [errno.EACCES, errno.EROFS], "spawn": [errno.EAGAIN], "memory": [errno.ENOMEM]}
DIE = ["die-write", "die-sync", "die-name"]
options = argparse.ArgumentParser()
options.add_argument("--every", type=int, default=1)
options.add_argument("kinds", nargs="*", default=[*list(ERRORS)[:-1], *DIE])
options = options.parse_args()
faults = []
case, count_file = (os.path.join(workspace(), name) for name in ("case", "count"))


def begin(**environment):
    shutil.rmtree(case, ignore_errors=True)
    return triage("scan", image, "--notable", listed, "--report", "jsonl",
                  "--out", case, "--quiet", "--threads", "1", timeout=300, env={**os.environ, **environment})


def failing(kind, number, error):
    call = kind.removeprefix("die-")
    dies = {"FAIL_DIES": "1"} if call != kind else {}
    return begin(LD_PRELOAD=shim("fail_call"), FAIL_CALL=call, FAIL_AT=str(number), FAIL_ERROR=str(error),
                 FAIL_COUNT=count_file, **dies)


def calls(kind):
    failing(kind, 0, 0)
    with open(count_file) as file:
        return int(file.read())


def wrong_hashes():
    entries = read_lines(f"{case}/reports/entries.jsonl") if os.path.exists(f"{case}/manifest.json") else []
    return [e for e in entries if "hashes" in e and (e["volume"], e["path"], e["hashes"]["md5"]) not in truth]


def going_on():
    """What is wrong with a case that is resumed after the failure, or begun anew where nothing was recorded."""
    if not os.path.exists(case):
        return None
    is_open = os.path.exists(f"{case}/audit.jsonl") and not os.path.exists(f"{case}/manifest.json")
    if is_open and (flaw := audit_flaw(case)):
        return f"audit.jsonl: {flaw}"
    done = triage("scan", "--resume", case, "--quiet")
    is_finished = done.returncode == 2 and "is a finished case" in done.stderr
    if done.returncode == 2 and any(words in done.stderr for words in NOTHING_YET):
        return None
    if done.returncode != whole.returncode and not is_finished:
        return f"resumed: exit {done.returncode}: {done.stderr}"
    if wrong_hashes() or reports_of(case) != expected and not is_finished:
        return f"resumed: other reports, {len(wrong_hashes())} wrong hashes"
    done = triage("verify", case)
    return f"verify: {done.stdout}{done.stderr}" if done.returncode != 0 else None


def check(kind, number, error):
    done = failing(kind, number, error)
    label = f"{kind} {number} ({errno.errorcode[error]})"
    if done.returncode not in ([-9] if kind in DIE else []) + [1, 2, 3, 4]:
        return faults.append(f"{label}: exit {done.returncode}: {done.stderr}")
    if wrong := wrong_hashes():
        faults.append(f"{label}: wrong hashes: {wrong}")
    if done.returncode == 1 and os.path.exists(f"{case}/manifest.json") and reports_of(case) == expected:
        if (done := triage("verify", case)).returncode != 0:
            faults.append(f"{label}: verify: {done.stdout}{done.stderr}")
    elif done.returncode > 0 and not done.stderr and not read_lines(f"{case}/reports/problems.jsonl"):
        faults.append(f"{label}: exit {done.returncode} without a message")
    elif flaw := going_on():
        faults.append(f"{label}: exit {done.returncode}, {done.stderr}; then {flaw}")


image, rows = many_entries(20)
truth, listed = set(rows), os.path.join(workspace(), "notable.md5")
with open(listed, "w") as out:
    out.write(f"{rows[0][2]}\n")
whole = begin()
expected = reports_of(case)
if whole.returncode != 1 or wrong_hashes():
    finish([f"the scan in which nothing fails: exit {whole.returncode}"], "failing calls")
for kind in options.kinds:
    every, number, total = options.every * (50 if kind == "memory" else 1), 0, calls(kind)
    for number in range(1, total + 1, every):
        errors = ERRORS[kind.removeprefix("die-")]
        check(kind, number, errors[number % len(errors)])
    print(f"{kind}: {total} calls, each {every}. failed; {len(faults)} faults so far", flush=True)
finish(faults, "failing calls")
