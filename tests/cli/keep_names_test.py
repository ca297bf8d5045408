#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""store.keep_names: a scan that ended has names of findings and problems only; an interrupted one has all of them."""
import os, subprocess, time
from support import TRIAGE, finish, read_lines
from visit_support import LIST, check, faults, folder, path, run, write

write("names.yaml", "store: {keep_names: findings}\nreports: [text, jsonl]\nreports.jsonl.entries: false\n")
write("entries.yaml", "store: {keep_names: findings}\nreports: [text, jsonl]\n")
KEEP = ["scan", "demo.E01", "--notable", LIST, "--config", "names.yaml", "--out"]


def names_in(case):
    """Those of entries, by hand: a case that keeps all of them has these."""
    found = {f["path"] for f in read_lines(path("all/reports/findings.jsonl"))}
    found |= {p.get("path") for p in read_lines(path("all/reports/problems.jsonl"))}
    others = {e["path"] for e in read_lines(path("all/reports/entries.jsonl")) if e["status"] == "hashed"} - found
    text = b"".join(open(os.path.join(where, name), "rb").read() for where, _, files in os.walk(path(case)) for name in files)
    return {name for name in others if len(name) > 8 and name.encode() in text}, {n for n in found if n and n.encode() not in text}


run("scan", "demo.E01", "--notable", LIST, "--out", "all")
there, _ = names_in("all")
check(len(there) > 5, f"the names of a whole case are not there: {there}")
for given in ["scan", "demo.E01", "--notable", LIST, "--config", "entries.yaml"], ["scan", "demo.E01", "--notable", LIST, "--profile", "home-visit"]:
    out = given[-1].replace(".", "-")
    done = run(*given, "--out", out)
    check(done.returncode == 1, f"{given}: {done.returncode} {done.stderr}")
    there, gone = names_in(out)
    check(not there and not gone, f"{out}: names that are still there {there}, of findings that are gone {gone}")
    for report in "report.txt", "summary.json":
        check("names were not kept" in " ".join(open(path(out, "reports", report)).read().split()), f"{out}: {report} says nothing of names")
    check(any(r["event"] == "names-forgotten" and r["entries"] > 5 for r in read_lines(path(out, "audit.jsonl"))), f"{out}: not in the audit log")
    check(run("verify", out).returncode == 0, f"{out} does not verify")
    check(run("report", out, "--report", "jsonl,text").returncode == 0, f"{out} is not rendered again")
    check("names were not kept" in " ".join(open(path(out, "reports-2/report.txt")).read().split()), f"{out}: a later render says nothing")
    plain = [{k: v for k, v in e.items() if k not in ("path", "stream", "raw_name")} for e in read_lines(path("all/reports/entries.jsonl"))]
    later = [{k: v for k, v in e.items() if k not in ("path", "stream", "raw_name")} for e in read_lines(path(out, "reports-2/entries.jsonl"))]
    check(out == "home-visit" or (plain and plain == later), f"{out}: entries lost more than their names")
    check(run("scan", "--resume", out).returncode == 2, f"{out}: a finished case is resumed")

# What was interrupted is judged again when it goes on: it keeps the names until then.
done = run(*KEEP, "cut", "--stop-after", "1")
there, _ = names_in("cut")
told = " ".join(open(path("cut/reports/report.txt")).read().split())
check(there and "names were not kept" not in told and "all names are kept until the scan is resumed" in told, f"an interrupted case: {there} {told}")
done = run("scan", "--resume", "cut")
there, gone = names_in("cut")
check("all names are kept" not in open(path("cut/reports/report.txt")).read(), "resumed: it says that all names are kept")
check(done.returncode == 1 and not there and not gone, f"resumed: {done.returncode} {there} {gone} {done.stderr}")
check(open(path("cut/reports/findings.jsonl")).read() == open(path("all/reports/findings.jsonl")).read(), "resumed: other findings")

# Died after the store was sealed and before its names were gone: what is left to do is done then.
process = subprocess.Popen([TRIAGE, *KEEP, "died"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
while not os.path.exists(path("died/case.sqlite")) and process.poll() is None:
    time.sleep(0.001)
os.makedirs(path("died/case.sqlite.new/x"))
out, err = process.communicate(timeout=60)
check(process.returncode == 1 and "--resume" in err, f"in the way: {process.returncode} {err}")
check(names_in("died")[0], "the names are gone although the store could not be written")
done = run("scan", "--resume", "died")
check(done.returncode == 1 and "--resume" in done.stderr, f"still in the way: {done.returncode} {done.stderr}")
os.removedirs(path("died/case.sqlite.new/x"))
done = run("scan", "--resume", "died")
there, gone = names_in("died")
check(done.returncode == 1 and not there and not gone, f"concluded: {done.returncode} {there} {gone} {done.stderr}")
check(run("verify", "died").returncode == 0, "concluded: the case does not verify")

finish(faults, "names that are kept")
