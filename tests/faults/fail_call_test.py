#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever call of a scan fails, or kills it: no crash, no wrong hash, a message, and the case goes on.

usage: fail_call_test.py [--every N] [--first N] [--image FILE] [--minutes N] [--out FILE] [KIND...]
KIND: read write sync name spawn memory die-write die-sync die-name, (read write memory)-of-workers, memory-of-tbb
The calls of the parent, or of all workers, are counted (fail_call.c), then each N-th (default 1; of memory each 50 N-th)
fails in a scan of its own, until all have. A worker's failure may cost entries, and then is a problem that says so.
An image that is named is compared with the scan of it in which nothing fails.
"""
import errno, os, shutil, sys, time
from faults import (ERRORS, audit_flaw, call_of, fail_each, finish, many_entries, options_of, read_lines, reports_of,
                    run_failing, triage, workspace)

NOTHING_YET = ("ended before its evidence was recorded", "holds no case.sqlite")
DIE = ["die-write", "die-sync", "die-name"]
OF_WORKERS = ["read-of-workers", "write-of-workers", "memory-of-workers"]
OF_TBB = "memory-of-tbb"  # in the parent, while oneTBB sets itself up: each of them
options = options_of([*ERRORS, *DIE, *OF_WORKERS, OF_TBB])
options.add_argument("--image", help="default: 20 files on two volumes, made here")
options = options.parse_args()
faults = []
case = os.path.join(workspace(), "case")


def begin(environment=None):
    shutil.rmtree(case, ignore_errors=True)
    return triage("scan", image, "--notable", listed, "--report", "jsonl",
                  "--out", case, "--quiet", "--threads", "1", timeout=300, env=environment)


def begin_failing(kind, number, error):
    return run_failing(begin, kind, number, error)


def is_true(e):
    """What is under no name that could be read is listed as an orphan, with a problem: then its content is known."""
    is_nameless = e["path"].startswith("/$OrphanFiles/")
    return any((e["volume"], e["hashes"]["md5"]) == (volume, md5) and (is_nameless or path == e["path"])
               for volume, path, md5 in truth)


def wrong_hashes():
    entries = read_lines(f"{case}/reports/entries.jsonl") if os.path.exists(f"{case}/manifest.json") else []
    return [e for e in entries if "hashes" in e and not is_true(e)]


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
    done, _ = begin_failing(kind, number, error)
    label = f"{kind} {number} ({errno.errorcode[error]})"
    if done.returncode not in ([-9] if kind in DIE else []) + [whole.returncode, 1, 2, 3, 4]:
        return faults.append(f"{label}: exit {done.returncode}: {done.stderr}")
    if wrong := wrong_hashes():
        faults.append(f"{label}: wrong hashes: {wrong}")
    if done.returncode == whole.returncode and os.path.exists(f"{case}/manifest.json") and reports_of(case) == expected:
        if (done := triage("verify", case)).returncode != 0:
            faults.append(f"{label}: verify: {done.stdout}{done.stderr}")
    elif done.returncode > 0 and not done.stderr and not read_lines(f"{case}/reports/problems.jsonl"):
        faults.append(f"{label}: exit {done.returncode} without a message")
    elif kind in OF_WORKERS and reports_of(case)["problems"] == expected["problems"]:
        faults.append(f"{label}: exit {done.returncode}, other entries and no problem: {done.stderr}")
    elif flaw := going_on():
        faults.append(f"{label}: exit {done.returncode}, {done.stderr}; then {flaw}")


image, rows = (options.image, []) if options.image else many_entries(20)
truth, listed = set(rows), os.path.join(workspace(), "notable.md5")
with open(listed, "w") as out:
    out.write(f"{rows[0][2] if rows else '0' * 31 + '1'}\n")
whole = begin()
expected = reports_of(case)
if options.image:
    truth = {(e["volume"], e["path"], e["hashes"]["md5"])
             for e in read_lines(f"{case}/reports/entries.jsonl") if "hashes" in e}
if whole.returncode not in ((0, 3) if options.image else (1,)) or wrong_hashes():
    finish([f"the scan in which nothing fails: exit {whole.returncode}"], "failing calls")
begun = time.monotonic()
for kind in options.kinds:
    every = options.every * (50 if call_of(kind) == "memory" and kind != OF_TBB else 1)
    total, errors = begin_failing(kind, 0, 0)[1], ERRORS[call_of(kind)]
    fail_each(kind, total, every, options, begun, faults, lambda n: check(kind, n, errors[n % len(errors)]))
finish(faults, "failing calls")
