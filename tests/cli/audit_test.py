#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The audit log tells what docs/case-format.md says: which events, in which order, with what the system says too."""
import ctypes, hashlib, os, re, shutil, signal, subprocess, time
from support import FIXTURES, TRIAGE, decoy_list, finish, read_lines, scan, workspace

folder, faults = workspace(), []
path = lambda name: os.path.join(folder, name)


def check(holds, fault):
    if not holds:
        faults.append(fault)


done = scan(os.path.join(FIXTURES, "fat16.img"), "--notable", decoy_list(), "--case-info", "place=here")
log = read_lines(done.case + "/audit.jsonl")
events = [r["event"] for r in log]
check(events[:2] == ["start", "clock"] and events[-2:] == ["clock", "end"], f"order: {events}")
for event in "list", "case-info", "confined", "evidence-before", "evidence", "sandbox", "evidence-after":
    check(events.count(event) == 1, f"{event}: {events.count(event)} times in {events}")
check(events.count("problem") == len(done.problems), "not every problem is told")
check(all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", r["utc"]) for r in log), "a time is not UTC")
ticks = [r["monotonic_ns"] for r in log]
check(ticks == sorted(ticks), "monotonic times go back")
by_event = {r["event"]: r for r in log}
image = open(os.path.join(FIXTURES, "fat16.img"), "rb").read()
edges = hashlib.sha256(image[:1 << 20] + image[-(1 << 20):]).hexdigest()
check(by_event["evidence-before"]["edges_sha256"] == by_event["evidence-after"]["edges_sha256"] == edges, "the edges' digest is not hashlib's")
check((by_event["evidence-after"]["unchanged"], by_event["evidence-before"]["bytes"]) == (True, len(image)), "the identity of the evidence")
start = by_event["start"]
check(all(start[key] for key in ("version", "build", "libraries", "configuration", "host", "user")), f"start: {start}")
check(start["configuration"] == hashlib.sha256(open(done.case + "/config.yaml", "rb").read()).hexdigest(), "another configuration")

# The clock's state, as the kernel tells it to others. STA_UNSYNC is 0x40 at the sixth word (timex.h).
state = (ctypes.c_long * 64)()
if ctypes.CDLL(None).adjtimex(ctypes.byref(state)) >= 0:
    unsynchronised = bool(ctypes.cast(state, ctypes.POINTER(ctypes.c_int))[10] & 0x40)
    check(log[1]["known"] and log[1]["synchronised"] == (not unsynchronised), f"clock: {log[1]}, unsynchronised: {unsynchronised}")

# A program that is stopped for a while says so. The evidence is large enough to take a while.
shutil.copy(os.path.join(FIXTURES, "fat16.img"), path("big.raw"))
os.chmod(path("big.raw"), 0o644)
os.truncate(path("big.raw"), 3 << 30)
running = subprocess.Popen([TRIAGE, "scan", path("big.raw"), "--notable", decoy_list(), "--quiet", "--verify-evidence", "--out", path("case")],
                           stderr=subprocess.DEVNULL)
deadline = time.monotonic() + 30
while not os.path.exists(path("case/audit.jsonl")) or '"event":"evidence"' not in open(path("case/audit.jsonl")).read():
    assert time.monotonic() < deadline
    time.sleep(0.01)
running.send_signal(signal.SIGSTOP)
time.sleep(3)
running.send_signal(signal.SIGCONT)
running.wait(timeout=120)
log = read_lines(path("case/audit.jsonl"))
pauses = [r["seconds"] for r in log if r["event"] == "pause"]
check(any(2 <= seconds <= 20 for seconds in pauses), f"pauses: {pauses}")
events = [r["event"] for r in log]
check(events.index("pause") < events.index("evidence-after"), f"a kill after the pause would lose it: {events}")
finish(faults, "audit log")
