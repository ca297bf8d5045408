#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever call of `triage report` fails, or kills it: a message, the case stays as it was sealed, and the next one is whole.

usage: fail_report_test.py [--every N] [--first N] [--minutes N] [--out FILE] [KIND...]
KIND: read write sync name memory, die-write die-sync die-name (fail_call.c); of memory each 50 N-th. With -after-death
what a killed render left is there before.
"""
import errno, os, shutil, time
from faults import ERRORS, call_of, decoy_list, fail_each, finish, many_entries, options_of, run_failing, triage, workspace

options = options_of(["read", "write", "sync", "name", "memory", "die-write", "die-sync", "die-name",
                      "name-after-death", "die-name-after-death"]).parse_args()
faults = []
sealed, case = (os.path.join(workspace(), name) for name in ("sealed", "case"))


def files_of(folder):
    return {name: open(os.path.join(at, name), "rb").read() for at, _, names in os.walk(os.path.join(case, folder)) for name in names}


def render(environment=None):
    return triage("report", case, "--report", "html,jsonl", timeout=60, env=environment)


def render_failing(kind, number, error):
    shutil.rmtree(case, ignore_errors=True)
    shutil.copytree(sealed, case, copy_function=os.link)
    if kind.endswith("-after-death"):
        os.mkdir(os.path.join(case, "reports-2.new"))
        for name in "entries.jsonl", "report.html":
            open(os.path.join(case, "reports-2.new", name), "w").close()
    return run_failing(render, kind, number, error)


def check(kind, number, error):
    done, _ = render_failing(kind, number, error)
    label = f"{kind} {number} ({errno.errorcode[error]}): exit {done.returncode}, {done.stderr}"
    if done.returncode not in ([-9] if kind.startswith("die-") else [0, 2, 3, 4]) or done.returncode > 0 and not done.stderr:
        faults.append(label)
    verified = triage("verify", case)
    if verified.returncode not in (0, 3) or verified.returncode == 3 and "did not end" not in verified.stderr:
        faults.append(f"{label}; then verify: {verified.stderr}")
    if done.returncode == 0 and files_of("reports-2")["entries.jsonl"] != whole["entries.jsonl"]:
        faults.append(f"{label}: another entries.jsonl")
    again, verified = render(), triage("verify", case)
    newest = "reports-3" if os.path.exists(os.path.join(case, "reports-3")) else "reports-2"
    if (again.returncode, verified.returncode) != (0, 0) or files_of(newest)["entries.jsonl"] != whole["entries.jsonl"]:
        faults.append(f"{label}; then report: {again.stderr}, verify: {verified.stderr}")


done = triage("scan", many_entries(20)[0], "--notable", decoy_list(), "--report", "jsonl", "--out", sealed, "--quiet")
done, _ = render_failing("write", 0, 0)
whole = files_of("reports-2")
if done.returncode != 0 or whole["entries.jsonl"] != files_of("reports")["entries.jsonl"]:
    finish([f"the render in which nothing fails: exit {done.returncode}: {done.stderr}"], "failing renders")
begun = time.monotonic()
for kind in options.kinds:
    total, errors = render_failing(kind, 0, 0)[1], ERRORS[call_of(kind)]
    fail_each(kind, total, options.every * (50 if kind == "memory" else 1), options, begun, faults,
              lambda number: check(kind, number, errors[number % len(errors)]))
finish(faults, "failing renders")
