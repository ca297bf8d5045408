#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second Ctrl-C stops at once, and a case whose configuration, list or evidence changed is not gone on with."""
import os, shutil, signal, sqlite3, subprocess, sys, time
from faults import TRIAGE, audit_flaw, finish, many_entries, read_lines, reports_of, triage, workspace

faults = []
image, rows = many_entries(4000)
listed = os.path.join(workspace(), "notable.md5")
with open(listed, "w") as out:
    out.write(f"{rows[-1][2]}\n")


def begin(case):
    shutil.rmtree(case, ignore_errors=True)
    return subprocess.Popen([TRIAGE, "scan", image, "--notable", listed, "--report",
                             "jsonl", "--out", case], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def is_under_way(case):
    audit = os.path.join(case, "audit.jsonl")
    return os.path.exists(audit) and b'"evidence-before"' in open(audit, "rb").read()


def stop(case, *signals):
    """Signals a scan once it examines evidence. Returns its exit code and how long it took from then on."""
    scan = begin(case)
    while scan.poll() is None and not is_under_way(case):
        time.sleep(0.001)
    for number in signals:
        scan.send_signal(number)
    begun = time.monotonic()
    return scan.wait(), time.monotonic() - begun


def stopped_at_once(case):
    """The first signal may have ended the scan before the second came: then again."""
    for _ in range(20):
        code, seconds = stop(case, signal.SIGINT, signal.SIGTERM)
        if code not in (1, 4):
            return code, seconds
    return code, seconds


def refused(case, what, words, *arguments):
    done = triage("scan", "--resume", case, *arguments)
    if done.returncode != 2 or not all(word in done.stderr for word in words):
        faults.append(f"{what}: exit {done.returncode}: {done.stderr}")


def changed(path, change):
    """Puts `change` of its bytes into a file for the while; its time stays."""
    class Changed:
        def __enter__(self):
            self.before, self.status = open(path, "rb").read(), os.stat(path)
            self.put(change(self.before))

        def __exit__(self, *_):
            self.put(self.before)

        def put(self, data):
            with open(path, "r+b") as file:
                file.write(data)
                file.truncate(len(data))
            os.utime(path, ns=(self.status.st_atime_ns, self.status.st_mtime_ns))
    return Changed()


whole = os.path.join(workspace(), "whole")
if begin(whole).wait() != 1:
    finish(["the scan that nothing stops failed"], "resumes")
case = os.path.join(workspace(), "case")
code, seconds = stopped_at_once(case)
if code not in (128 + signal.SIGINT, 128 + signal.SIGTERM) or seconds > 2:
    faults.append(f"second signal: exit {code} after {seconds:.1f} s")
if flaw := audit_flaw(case):
    faults.append(f"second signal: audit.jsonl: {flaw}")


def interrupted(case, meanwhile=lambda: None):
    """A case that one Ctrl-C ended and that is sealed; `meanwhile` is done to it once it examines evidence."""
    for _ in range(20):
        scan = begin(case)
        while scan.poll() is None and not is_under_way(case):
            time.sleep(0.001)
        meanwhile()
        scan.send_signal(signal.SIGINT)
        if scan.wait() == 4:
            return case
    finish(["no scan was interrupted"], "resumes")


edited = interrupted(os.path.join(workspace(), "edited"))
with sqlite3.connect(os.path.join(edited, "case.sqlite")) as store:
    store.execute("CREATE TABLE more (row INTEGER)")
store.close()
refused(edited, "edited store of a sealed part", ["is not as it was sealed", "case.sqlite"])

# Relative paths are so from where the scan was begun; from elsewhere the folder is to be named.
begun = subprocess.run([TRIAGE, "scan", os.path.basename(image), "--notable", os.path.basename(listed), "--stop-after", "1", "--out", "relative"],
                       cwd=workspace(), capture_output=True, text=True)
relative = os.path.join(workspace(), "relative")
lost = shutil.copytree(relative, os.path.join(workspace(), "lost"))
os.remove(os.path.join(lost, "manifest.json"))
open(os.path.join(lost, "audit.jsonl"), "w").close()
refused(lost, "emptied audit log", ["audit.jsonl", "does not tell of the evidence that the store holds"])
# One that lost its end tells of the first evidence alone; the other one may have changed.
plain = os.path.join(workspace(), "plain.img")
with open(plain, "wb") as out:
    out.write(bytes(1 << 20))
cut = os.path.join(workspace(), "cut")
triage("scan", plain, image, "--notable", listed, "--stop-after", "1", "--out", cut)
with open(os.path.join(cut, "audit.jsonl")) as log:
    lines = log.readlines()
begins = [i for i, line in enumerate(lines) if '"event":"evidence-before"' in line]
with sqlite3.connect(os.path.join(cut, "case.sqlite")) as store:
    known = [row[0] for row in store.execute("SELECT DISTINCT evidence FROM volume ORDER BY 1")]
store.close()
if len(begins) != 2 or known != [0, 1]:
    faults.append(f"a case of two evidences has {len(begins)} beginnings and volumes of {known}")
with open(os.path.join(cut, "audit.jsonl"), "w") as log:
    log.writelines(lines[:begins[-1]])
os.remove(os.path.join(cut, "manifest.json"))
refused(cut, "audit log without its end", ["does not tell of the evidence that the store holds"])
# A store without a file of its evidence, and no case at all.
for statement, words in (("DELETE FROM segment", "an evidence has no file"), (None, "put back its case.sqlite")):
    bare = shutil.copytree(relative, os.path.join(workspace(), f"bare-{bool(statement)}"))
    os.remove(os.path.join(bare, "manifest.json"))
    if statement:
        with sqlite3.connect(os.path.join(bare, "case.sqlite")) as store:
            store.execute(statement)
        store.close()
    else:
        os.remove(os.path.join(bare, "case.sqlite"))
    refused(bare, f"a case after {statement}", [words])
refused(relative, "relative path from elsewhere", [os.path.basename(image), "is not there", "--evidence-at"])
refused(relative, "relative list from elsewhere", [os.path.basename(listed), "is not there", "--list-at"], "--evidence-at", workspace())
# A power cut while the seal was set aside left it in both places: the case goes on all the same.
both = shutil.copytree(relative, os.path.join(workspace(), "both"))
triage("report", both)
for name in "reports", "reports-2":
    shutil.copytree(os.path.join(both, name), os.path.join(both, "interrupted-1", name))
shutil.copy(os.path.join(both, "manifest.json"), os.path.join(both, "interrupted-1"))
done = triage("scan", "--resume", both, "--evidence-at", workspace(), "--list-at", workspace())
if done.returncode != 1 or triage("verify", both).returncode != 0:
    faults.append(f"a seal in both places: {done.returncode}: {done.stderr}")
done = triage("scan", "--resume", relative, "--evidence-at", workspace(), "--list-at", workspace())
if (begun.returncode, done.returncode) != (1, 1):
    faults.append(f"relative paths: {begun.returncode}, {done.returncode}: {begun.stderr} {done.stderr}")

status = os.stat(image)
restore = (status.st_atime_ns, status.st_mtime_ns)
touched = interrupted(os.path.join(workspace(), "touched"), lambda: os.utime(image, (1, 1)))
os.utime(image, ns=restore)
done = triage("scan", "--resume", touched)
words = [p["detail"] for p in read_lines(f"{touched}/reports/problems.jsonl")]
if not any("integrity: the evidence changed" in detail for detail in words) or "INTEGRITY" not in done.stdout:
    faults.append(f"evidence that changed under the first part is told of no more: exit {done.returncode}, {words}")

to_conclude = shutil.copytree(whole, os.path.join(workspace(), "to-conclude"))
os.remove(os.path.join(to_conclude, "manifest.json"))
with changed(os.path.join(to_conclude, "config.yaml"), lambda b: b.replace(b"deleted: true", b"deleted: false")):
    refused(to_conclude, "changed configuration of a scan to conclude", ["is not the configuration the case began with"])

ignoring = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
scan = subprocess.Popen([TRIAGE, "scan", image, "--notable", listed, "--out", os.path.join(workspace(), "nohup")],
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=ignoring)
while scan.poll() is None:
    scan.send_signal(signal.SIGHUP)
    time.sleep(0.005)
if scan.returncode != 1:
    faults.append(f"a scan under nohup ends with {scan.returncode} when its terminal is closed")

with changed(os.path.join(case, "config.yaml"), lambda b: b.replace(b"deleted: true", b"deleted: false")):
    refused(case, "changed configuration", ["config.yaml", "is not the configuration the case began with"])
with changed(listed, lambda b: b"0" * 32 + b[32:]):
    refused(case, "changed list", ["notable.md5", "is not the list the case began with", "SHA-256"])
with changed(image, lambda b: b + bytes(512)):
    refused(case, "changed evidence", ["many.img", "is not what the case began with"])
with changed(image, lambda b: b):
    later = os.stat(image)
    os.utime(image, ns=(later.st_atime_ns, later.st_mtime_ns ^ 1))
    refused(case, "evidence touched within the second", ["many.img", "is not what the case began with"])
os.utime(image, (1, 1))
refused(case, "touched evidence", ["many.img", "is not what the case began with"])
finish(faults, "resumes")
