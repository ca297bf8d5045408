#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, limited or read-only stops a scan cleanly, and the case goes on when there is room.

usage: space_test.py [STEP_KIB]      default 64; 4 is every size of a tmpfs. Needs root for its mounts.
Sizes go up by STEP_KIB to 1 MiB, then by 64 KiB, until a scan of 100 entries ends by itself.
"""
import os, resource, shutil, sqlite3, subprocess, sys
from faults import SKIPPED, audit_flaw, decoy_list, finish, many_entries, reports_of, triage, workspace

NOTHING_YET = ("ended before its evidence was recorded", "holds no case.sqlite")
step = int(sys.argv[1]) if len(sys.argv) > 1 else 64
faults, stopped = [], {2: 0, 4: 0}
disk = os.path.join(workspace(), "disk")
os.mkdir(disk)


def mount(*arguments):
    return subprocess.run(["mount", *arguments, disk], capture_output=True, text=True)


def new_scan(case, **options):
    return triage("scan", image, "--notable", decoy_list(), "--report", "jsonl", "--out",
                  case, "--quiet", **options)


def store_flaw(case):
    """What SQLite says of the store, on a copy: looking rolls back what was not committed."""
    copy = os.path.join(workspace(), "copy")
    shutil.rmtree(copy, ignore_errors=True)
    os.mkdir(copy)
    for name in os.listdir(case):
        if name.startswith("case.sqlite"):
            shutil.copy(os.path.join(case, name), copy)
    if not os.path.exists(f"{copy}/case.sqlite"):
        return None
    with sqlite3.connect(f"{copy}/case.sqlite") as database:
        answer = database.execute("PRAGMA integrity_check").fetchone()[0]
    return None if answer == "ok" else answer


def check_stop(done, case, label):
    """Ended by itself with a message that says why, and what it wrote is sound."""
    if done.returncode not in stopped:
        return faults.append(f"{label}: exit {done.returncode}: {done.stderr}")
    stopped[done.returncode] += 1
    reasons = ("No space left", "is full", "Read-only", "too large", "make room", "disk I/O error")
    if not any(reason in done.stderr for reason in reasons):
        faults.append(f"{label}: exit {done.returncode}, and the message does not say why: {done.stderr}")
    if os.path.exists(os.path.join(case, "audit.jsonl")) and (flaw := audit_flaw(case)):
        faults.append(f"{label}: audit.jsonl: {flaw}")
    if os.path.isdir(case) and (flaw := store_flaw(case)):
        faults.append(f"{label}: case.sqlite: {flaw}")


def check_going_on(case, label):
    done = triage("scan", "--resume", case, "--quiet")
    if done.returncode == 2 and (not os.path.isdir(case) or any(words in done.stderr for words in NOTHING_YET)):
        shutil.rmtree(case, ignore_errors=True)
        done = new_scan(case)
    if done.returncode != 0 or reports_of(case) != expected:
        faults.append(f"{label}: with room: exit {done.returncode}: {done.stderr}")
    elif (done := triage("verify", case)).returncode != 0:
        faults.append(f"{label}: with room: verify: {done.stdout}{done.stderr}")


def fits(kibibytes):
    """Whether a scan fits into a disk of this size. Otherwise it must go on when the disk has grown."""
    case, label = os.path.join(disk, "case"), f"disk of {kibibytes} KiB"
    mount("-t", "tmpfs", "-o", f"size={kibibytes}k", "none")
    try:
        done = new_scan(case)
        if done.returncode == 0 and reports_of(case) == expected:
            return True
        check_stop(done, case, label)
        mount("-o", "remount,size=64m")
        check_going_on(case, label)
        return False
    finally:
        subprocess.run(["umount", disk])


def limited(kibibytes):
    """The same where no file may grow further, as with a quota. Under larger limits workers get no mapping."""
    case, label = os.path.join(workspace(), "limited"), f"files of {kibibytes} KiB"
    shutil.rmtree(case, ignore_errors=True)
    done = new_scan(case, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (kibibytes << 10,) * 2))
    if done.returncode != 0:
        check_stop(done, case, label)
        check_going_on(case, label)


def read_only():
    mount("-t", "tmpfs", "-o", "size=64m", "none")
    try:
        case = os.path.join(disk, "case")
        new_scan(case)
        os.unlink(os.path.join(case, "manifest.json"))
        mount("-o", "remount,ro")
        for label, done in (("resume", triage("scan", "--resume", case)),
                            ("scan", new_scan(os.path.join(disk, "other")))):
            if done.returncode != 2 or "Read-only" not in done.stderr:
                faults.append(f"{label} on a read-only disk: exit {done.returncode}: {done.stderr}")
        mount("-o", "remount,rw")
        check_going_on(case, "read-only disk")
    finally:
        subprocess.run(["umount", disk])


if mount("-t", "tmpfs", "-o", "size=64k", "none").returncode != 0:
    print("SKIPPED: this system lets nobody mount a tmpfs here: run as root")
    sys.exit(SKIPPED)
subprocess.run(["umount", disk])
image, _ = many_entries(100)
whole = os.path.join(workspace(), "whole")
if new_scan(whole).returncode != 0:
    finish(["the scan with enough room failed"], "full disks")
expected, size, runs = reports_of(whole), step, 1
while not fits(size) and size < 64 << 10 and len(faults) < 10:
    size, runs = size + (step if size < 1024 else max(step, 64)), runs + 1
for kibibytes in range(0, 320, max(step // 2, 16)):
    limited(kibibytes)
read_only()
print(f"{runs} sizes, {size} KiB are enough; scans stopped with", stopped)
finish(faults, "full disks")
