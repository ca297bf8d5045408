# SPDX-License-Identifier: Apache-2.0
"""What the scripts here share: a folder in memory, preloaded shims, scans that are run and looked at."""
import argparse, errno, hashlib, json, os, subprocess, sys, tempfile, time

if "TMPDIR" not in os.environ and os.access("/dev/shm", os.W_OK):
    tempfile.tempdir = "/dev/shm"
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../cli"))
from support import (ROOT, SKIPPED, TRIAGE, all_faults, decoy_list, finish, read_lines,  # noqa: E402,F401
                     workspace)

REPORTS = ("entries", "findings", "problems")
ERRORS = {"read": [errno.EIO], "write": [errno.ENOSPC, errno.EDQUOT, errno.EIO], "sync": [errno.EIO],
          "name": [errno.EACCES, errno.EROFS], "spawn": [errno.EAGAIN], "memory": [errno.ENOMEM]}


def shim(name):
    """Builds NAME.c of this folder; returns the library for LD_PRELOAD."""
    library = os.path.join(workspace(), f"{name}.so")
    if not os.path.exists(library):
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.c")
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
    return library


def call_of(kind):
    """The call that fails, of die-CALL-after-death or CALL-of-WHOM."""
    return kind.removeprefix("die-").removesuffix("-after-death").split("-of-")[0]


def options_of(kinds):
    """The parser of what each script that fails calls takes."""
    options = argparse.ArgumentParser()
    options.add_argument("--every", type=int, default=1)
    options.add_argument("--first", type=int, default=1, help="number of the first call that fails")
    options.add_argument("--minutes", type=float, default=1e6, help="fail no further call after that")
    options.add_argument("--out", help="a file that adds up what slices come to")
    options.add_argument("kinds", nargs="*", default=kinds)
    return options


def run_failing(run, kind, number, error):
    """What `run` comes to in the environment in which the number-th such call fails (fail_call.c), and how many it made."""
    count = os.path.join(workspace(), "count")
    more = {"FAIL_OF": kind.split("-of-")[1]} if "-of-" in kind else {"FAIL_DIES": "1"} if kind.startswith("die-") else {}
    done = run({**os.environ, "LD_PRELOAD": shim("fail_call"), "FAIL_CALL": call_of(kind), "FAIL_AT": str(number),
                "FAIL_ERROR": str(error), "FAIL_COUNT": count, **more})
    with open(count) as file:
        return done, int(file.read() or 0)


def many_entries(files):
    """The image of fixtures/many.py; returns its path and the rows (volume, path, MD5) that were put in."""
    image = os.path.join(workspace(), "many.img")
    subprocess.run([os.path.join(ROOT, "fixtures/many.py"), image, str(files)], check=True,
                   env={**os.environ, "TMPDIR": tempfile.gettempdir()})
    with open(f"{image}.names") as names:
        return image, [tuple(line.rstrip("\n").split("\t")) for line in names]


def triage(*arguments, timeout=300, **options):
    """Runs the program; a run that does not end is an exit code of None."""
    command = [TRIAGE, *map(str, arguments)]
    try:
        return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout, **options)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, None, "", f"did not end within {timeout} s")


def reports_of(case):
    """SHA-256 of what a case says of entries, findings and problems."""
    digests = {}
    for name in REPORTS:
        path = os.path.join(case, "reports", f"{name}.jsonl")
        digests[name] = hashlib.sha256(open(path, "rb").read()).hexdigest() if os.path.exists(path) else "missing"
    return digests


def audit_flaw(case):
    """The first record of audit.jsonl that does not follow the one before, or None; a torn last line is no flaw."""
    path, previous = os.path.join(case, "audit.jsonl"), "0" * 64
    if not os.path.exists(path):
        return "missing"
    for number, line in enumerate(open(path, "rb").read().split(b"\n")[:-1]):
        try:
            record = json.loads(line)
        except ValueError:
            return f"record {number} cannot be read"
        if record["seq"] != number or record["previous"] != previous:
            return f"record {number} does not follow"
        previous = hashlib.sha256(line).hexdigest()
    return None


def add_up(path, name, counts, faults):
    """Adds what a slice of a long series came to, to what FILE holds of it. Nothing without a FILE."""
    if not path:
        return
    results = json.load(open(path)) if os.path.exists(path) else {}
    row = results.setdefault(name, {"faults": []})
    for what, number in counts.items():
        row[what] = row.get(what, 0) + number
    row["faults"] += faults
    with open(f"{path}.new", "w") as out:
        json.dump(results, out, indent=1)
    os.replace(f"{path}.new", path)


def fail_each(kind, total, every, options, begun, faults, check):
    """check(number) for each `every`-th of `total` calls, from options.first on, until options.minutes after `begun` are
    over."""
    numbers, tried, before = range(options.first, total + 1, every), 0, len(faults)
    for number in numbers:
        if time.monotonic() > begun + 60 * options.minutes:
            print(f"{kind}: time is over; go on with --first {number}")
            break
        check(number)
        tried += 1
        if tried % 100 == 0:
            print(f"{kind}: {tried} of {len(numbers)}, {len(faults)} faults so far", flush=True)
    if total == 0:
        faults.append(f"{kind}: no call was counted")
    print(f"{kind}: {total} calls, {tried} of them failed; {len(faults)} faults so far", flush=True)
    add_up(options.out, kind, {"failed": tried}, faults[before:])


def problems_in_words(case):
    return "; ".join(f"{p['what']}: {p.get('detail', '')}" for p in read_lines(f"{case}/reports/problems.jsonl")[:3])
