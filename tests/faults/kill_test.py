#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A scan that is killed at random moments and resumed says what an uninterrupted one says.

usage: kill_test.py [KILLS] [--power-cut] [--seed N] [--files N] [--minutes N] [--out FILE]
Default: 20 kills, 100000 entries. FILE adds up what slices with other seeds come to.
Each series kills one scan one to four times with SIGKILL, wherever it is, and lets the last resume end. With
--power-cut only what was synced is left then (power_cut.c); each file may also have come further, by a coin.
"""
import argparse, os, random, shutil, signal, subprocess, sys, time
from faults import (REPORTS, TRIAGE, add_up, audit_flaw, finish, many_entries, problems_in_words, read_lines,
                    reports_of, shim, triage, workspace)

NOTHING_YET = ("ended before its evidence was recorded", "holds no case.sqlite")
options = argparse.ArgumentParser()
options.add_argument("kills", nargs="?", type=int, default=20)
options.add_argument("--power-cut", action="store_true")
options.add_argument("--seed", type=int, default=int(time.time()))
options.add_argument("--files", type=int, default=100_000)
options.add_argument("--minutes", type=float, default=1e6, help="begin no further series after that")
options.add_argument("--out")
options = options.parse_args()
faults, counts = [], {"series": 0, "kills": 0, "begun anew": 0, "killed after the seal": 0}
chance = random.Random(options.seed)
log = os.path.join(workspace(), "power-cut.log")


def start(arguments):
    environment = dict(os.environ)
    if options.power_cut:
        environment |= {"LD_PRELOAD": shim("power_cut"), "POWER_CUT_LOG": log}
    return subprocess.Popen([TRIAGE, "scan", *arguments, "--quiet"], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)


def run_for(process, seconds):
    """Returns its exit code and standard error, or None where it had to be killed."""
    try:
        error = process.communicate(timeout=seconds)[1]
        return process.returncode, error
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return None


def durable_state(folder):
    """inode → bytes, or for a folder its names, of all that is there: everything is on the disk before a run."""
    state = {}
    for path, folders, files in os.walk(folder):
        state[os.stat(path).st_ino] = [("d" if n in folders else "f", os.stat(os.path.join(path, n)).st_ino, n)
                                       for n in folders + files]
        for name in files:
            with open(os.path.join(path, name), "rb") as file:
                state[os.fstat(file.fileno()).st_ino] = file.read()
    return state


def add_syncs(state):
    data, at = open(log, "rb").read() if os.path.exists(log) else b"", 0
    while (end := data.find(b"\n", at)) >= 0:
        kind, inode, size = data[at:end].decode().split()
        content = data[end + 1:end + 1 + int(size)]
        if len(content) < int(size):
            break  # killed while the record was written: this sync had not returned
        state[int(inode)] = content if kind == "F" else \
            [(t, int(i), n) for t, i, n in (line.split(" ", 2) for line in content.decode().splitlines())]
        at = end + 1 + int(size)


def rebuild(folder, inode, now, state):
    """The folder as the disk holds it. A file that goes on may have come further than its last sync."""
    for kind, child, name in state.get(inode, []):
        path = os.path.join(folder, name)
        if kind == "d":
            os.mkdir(path, 0o700)
            rebuild(path, child, now, state)
            continue
        content = state.get(child, b"")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(now[child] if child in now and chance.random() < 0.5 else content)


def cut_power(case, state):
    add_syncs(state)
    inode, now = os.stat(case).st_ino, durable_state(case)
    shutil.rmtree(case)
    os.mkdir(case, 0o700)
    rebuild(case, inode, now, state)


def anew(case):
    shutil.rmtree(case, ignore_errors=True)
    return [image, "--notable", listed, "--report", "jsonl", "--out", case]


def attempt(case, arguments, seconds):
    """Exit code and standard error, or None where it was killed."""
    state = durable_state(case) if options.power_cut and os.path.exists(case) else {}
    if os.path.exists(log):
        os.unlink(log)
    ended = run_for(start(arguments), seconds)
    if not ended and options.power_cut and os.path.exists(case):
        cut_power(case, state)
    return ended


def check_end(case, code, error, label):
    if code != whole.returncode:
        faults.append(f"{label}: ended with {code}: {error}{problems_in_words(case)}")
    elif (now := reports_of(case)) != expected:
        other = [name for name in REPORTS if now[name] != expected[name]]
        faults.append(f"{label}: not the same: {other}: {problems_in_words(case)}")
    elif (done := triage("verify", case)).returncode != 0:
        faults.append(f"{label}: verify: {done.stdout}{done.stderr}")


def moment():
    """Any, and one in four while the case is made."""
    return chance.uniform(0, 0.05 if chance.random() < 0.25 else 1.1 * seconds)


def series(label):
    counts["series"] += 1
    case = os.path.join(workspace(), "case")
    arguments, left = anew(case), chance.randint(1, 4)
    while True:
        may_kill = left > 0 and counts["kills"] < options.kills
        ended = attempt(case, arguments, moment() if may_kill else 600)
        if not ended and not may_kill:
            return faults.append(f"{label}: did not end")
        if not ended:
            counts["kills"] += 1
            left, arguments = left - 1, ["--resume", case] if os.path.exists(case) else anew(case)
            if os.path.exists(os.path.join(case, "audit.jsonl")) and (flaw := audit_flaw(case)):
                faults.append(f"{label}: audit.jsonl after a kill: {flaw}")
        elif ended[0] == 2 and any(words in ended[1] for words in NOTHING_YET):
            counts["begun anew"] += 1
            arguments = anew(case)
        elif ended[0] == 2 and "is a finished case" in ended[1]:
            counts["killed after the seal"] += 1
            return check_end(case, whole.returncode, "", label)
        else:
            return check_end(case, *ended, label)


image, rows = many_entries(options.files)
listed = os.path.join(workspace(), "notable.md5")
with open(listed, "w") as out:
    out.writelines(f"{md5}\n" for _, _, md5 in rows[::100])
begin = time.monotonic()
whole_case = os.path.join(workspace(), "whole")
whole = triage("scan", *anew(whole_case)[:-1], whole_case, "--quiet")
seconds, expected = time.monotonic() - begin, reports_of(whole_case)
got = [(e["volume"], e["path"], e["hashes"]["md5"]) for e in read_lines(f"{whole_case}/reports/entries.jsonl")]
if sorted(got) != sorted(rows) or whole.returncode != 1:
    faults.append(f"the scan that nothing interrupts: exit {whole.returncode}, {len(got)} entries of {len(rows)}")
while counts["kills"] < options.kills and len(faults) < 5 and time.monotonic() < begin + 60 * options.minutes:
    series(f"seed {options.seed}, series {counts['series']}")
print(f"seed {options.seed}, {len(rows)} entries, {seconds:.1f} s uninterrupted:",
      ", ".join(f"{number} {what}" for what, number in counts.items()))
add_up(options.out, f"{'power cuts' if options.power_cut else 'kills'}, {len(rows)} entries", counts, faults)
finish(faults, "scans after a power cut" if options.power_cut else "killed scans")
