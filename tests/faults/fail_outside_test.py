#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever call fails in the process that asks libmagic, or in that of a plug-in, it costs a type or a report, and says so.

usage: fail_outside_test.py [--every N] [--first N] [--minutes N] [--out FILE] [KIND...]
KIND: (read write memory)-of-types, (read write memory)-of-plugins
The calls of these processes are counted (fail_call.c), of types from the first call of libmagic on; then each N-th (of
memory each 50 N-th) fails in a scan of its own. A type is right, or it is missing beside a problem that names the entry;
no finding is missing without that. A report of a plug-in is whole or is not there. Types are those of file(1).
"""
import errno, io, json, os, shutil, struct, subprocess, sys, tarfile, time
from faults import ERRORS, ROOT, decoy_list, fail_each, finish, read_lines, options_of, run_failing, triage, workspace

KINDS = [f"{call}-of-{whose}" for whose in ("types", "plugins") for call in ("read", "write", "memory")]
options = options_of(KINDS).parse_args()
faults = []
folder, image, case, config = (os.path.join(workspace(), name) for name in ("files", "image", "case", "config.yaml"))
plug_in = os.path.join(workspace(), "plug-in", "findings.tsv.so")
UNDECIDED = "so rules on it are not decided"


def compound_file():
    """An empty one: FAT, directory and nothing else ([MS-CFB] 2)."""
    head = struct.pack("<8s16xHHHHH6xIIIIIIIII", bytes.fromhex("d0cf11e0a1b11ae1"), 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0,
                       4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    fat = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, *[0xFFFFFFFF] * 126)
    name = "Root Entry".encode("utf-16le").ljust(64, b"\0")
    root = name + struct.pack("<HBBIII36xIQ", 22, 5, 1, *[0xFFFFFFFF] * 3, 0xFFFFFFFE, 0)
    return head.ljust(512, b"\0") + fat + root.ljust(512, b"\0")


def archive():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        file.addfile(tarfile.TarInfo("a"))
    return out.getvalue()


def contents():
    return {"page.php": b"<?php echo 1; ?>\n" * 20, "data.json": json.dumps({"a": [1, {"b": None}]}).encode(),
            "table.csv": b"a,b,c\n1,2,3\n" * 20, "letter.eml": b"From: a@example.org\nTo: b@example.org\nSubject: c\n\nd\n",
            "note.txt": "Grüße\n".encode("utf-16"), "old.doc": compound_file(), "a.tar": archive(),
            "page.xml": b'<?xml version="1.0"?>\n<svg/>\n', "run.py": b"#!/usr/bin/env python3\nimport os\n",
            "none.bin": bytes(range(256)) * 3}


def make_evidence():
    """The image, and what file(1) calls each of its files."""
    os.mkdir(folder)
    for name, data in contents().items():
        with open(os.path.join(folder, name), "wb") as out:
            out.write(data)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-b", "1024", "-d", folder, image, "1m"],
                   check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PATH": os.environ["PATH"] + ":/sbin:/usr/sbin"})
    told = subprocess.run(["file", "--brief", "--mime-type", *sorted(os.listdir(folder))], cwd=folder, check=True,
                          capture_output=True, text=True).stdout.split("\n")
    return {"/" + name: mime.lower() for name, mime in zip(sorted(os.listdir(folder)), told)}


def make_configurations(types):
    os.makedirs(os.path.dirname(plug_in), 0o755)
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-I", os.path.join(ROOT, "engine/outside"), "-o", plug_in,
                    os.path.join(ROOT, "docs/examples/reporter/findings_tsv.c")], check=True)
    rules = [{"name": "typed", "when": {"type": sorted(set(types.values()))}, "severity": "info", "text": "t"}]
    for whose, more in ("types", {"rules": rules}), ("plugins", {"reports.plugin": {"paths": [plug_in], "seconds": 2}, "rules": [
            {"name": "all", "when": {"size": {"min": 1}}, "severity": "info", "text": "t"}]}):
        with open(f"{config}.{whose}", "w") as out:
            json.dump({"reports": ["jsonl"], **more}, out)


def begin(whose, environment=None):
    shutil.rmtree(case, ignore_errors=True)
    return triage("scan", image, "--notable", decoy_list(), "--config", f"{config}.{whose}", "--out", case, "--quiet",
                  "--threads", "1", timeout=120, env=environment)


def begin_failing(kind, number, error):
    return run_failing(lambda environment: begin(kind.split("-of-")[1], environment), kind, number, error)


def rows():
    """Entries without their types, types by path, paths with a finding, problems, and the plug-in's report."""
    entries = {e["path"]: e for e in read_lines(f"{case}/reports/entries.jsonl")}
    told = {path: e.pop("type_by_libmagic", None) for path, e in entries.items()}
    found = {f["path"] for f in read_lines(f"{case}/reports/findings.jsonl")}
    tsv = f"{case}/reports/plugin-findings.tsv"
    return {"entries": entries, "types": told, "found": found, "problems": read_lines(f"{case}/reports/problems.jsonl"),
            "plug-in": open(tsv).read() if os.path.exists(tsv) else None}


def flaws_of_types(done, now, whole):
    undecided = {p["path"] for p in now["problems"] if p["detail"].endswith(UNDECIDED)}
    for path, told in now["types"].items():
        if told != whole["types"][path] and (told or path not in undecided):
            yield f"{path} is called {told}, not {whole['types'][path]}"
    if lost := whole["found"] - now["found"] - undecided:
        yield f"no finding and no problem of {lost}"
    if bool(undecided) != (done.returncode == 3):
        yield f"{len(undecided)} types are not known"


def flaws_of_plugins(done, now, whole):
    for part in "types", "found", "problems":
        if now[part] != whole[part]:
            yield f"other {part}"
    if (now["plug-in"] == whole["plug-in"]) != (done.returncode == 0):
        yield "the plug-in's report is whole" if now["plug-in"] else "the plug-in's report is missing"
    if now["plug-in"] not in (None, whole["plug-in"]):
        yield "half a report of the plug-in"
    if done.returncode == 3 and f"report plugin-findings.tsv: plug-in {plug_in}: " not in done.stderr:
        yield "no reason of the plug-in"


def flaws(whose, done, whole):
    if whose == "plugins" and done.returncode == 2:  # it could not be loaded, so that no evidence was opened
        if os.path.exists(case) or f"plug-in {plug_in}: " not in done.stderr:
            yield "refused without a reason, or with a case"
        return
    if done.returncode not in (0, 3):
        yield "which is neither 0 nor 3"
        return
    now = rows()
    if now["entries"] != whole["entries"]:
        yield "other entries"
    yield from (flaws_of_types if whose == "types" else flaws_of_plugins)(done, now, whole)
    if (verified := triage("verify", case)).returncode != 0:
        yield f"verify: {verified.stdout}{verified.stderr}"


def check(kind, number, whole):
    error = ERRORS[kind.split("-of-")[0]]
    error = error[number % len(error)]
    done, _ = begin_failing(kind, number, error)
    label = f"{kind} {number} ({errno.errorcode[error]}): exit {done.returncode}"
    faults.extend(f"{label}: {flaw}: {done.stderr}" for flaw in flaws(kind.split("-of-")[1], done, whole))


def undisturbed(whose, types):
    done, now = begin(whose), rows()
    is_right = all(now["types"][path] == mime for path, mime in types.items()) if whose == "types" else now["plug-in"]
    if done.returncode != 0 or not now["found"] >= types.keys() or not is_right:
        finish([f"the scan in which nothing fails: exit {done.returncode}: {now['types']}: {done.stderr}"], "failing calls")
    return now


truth = make_evidence()
make_configurations(truth)
begun = time.monotonic()
for kind in options.kinds:
    whole, (_, total) = undisturbed(kind.split("-of-")[1], truth), begin_failing(kind, 0, 0)
    every = options.every * (50 if kind.startswith("memory") else 1)
    fail_each(kind, total, every, options, begun, faults, lambda number: check(kind, number, whole))
finish(faults, "failing calls outside")
