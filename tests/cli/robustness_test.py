#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The five shared cases that today's tools get wrong: each ends within 30 s and 512 MiB, and says what is missing."""
import base64, gzip, hashlib, os, re, shutil, subprocess, sys, time
from support import TRIAGE, decoy_list, finish, read_lines, shared, workspace

SECONDS, MEBIBYTES = 30, 512
DAMAGED = {"/d1/f3.bin", "/d1/f4.bin", "/d1/f5.bin", "/d2/f0.bin", "/d2/f1.bin"}
faults = []


def examine(name, codes):
    """Scans one case under the limits. Returns its entries, problems and the folder of its reports."""
    source = shared("robustness", "cases", name)
    evidence = os.path.join(workspace(), name.removesuffix(".gz"))
    with (gzip.open if name.endswith(".gz") else open)(source, "rb") as file, open(evidence, "wb") as out:
        shutil.copyfileobj(file, out)
    case, begin = f"{evidence}.case", time.monotonic()
    with open(f"{evidence}.log", "wb") as log:
        process = subprocess.Popen([TRIAGE, "scan", evidence, "--notable", decoy_list(), "--out", case],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        guard = subprocess.Popen(["sh", "-c", f"sleep {2 * SECONDS}; kill -9 {process.pid}"])
        _, status, usage = os.wait4(process.pid, 0)  # ru_maxrss: the largest of it and of all its workers
        process.returncode = os.waitstatus_to_exitcode(status)
        guard.kill()
        guard.wait()
    seconds, mebibytes = time.monotonic() - begin, usage.ru_maxrss // 1024
    print(f"{name}: exit {process.returncode}, {seconds:.1f} s, {mebibytes} MiB")
    if process.returncode not in codes:
        faults.append(f"{name}: exit code {process.returncode}, should be one of {codes}")
    if seconds > SECONDS or mebibytes > MEBIBYTES:
        faults.append(f"{name}: took {seconds:.1f} s and {mebibytes} MiB")
    reports = os.path.join(case, "reports")
    return read_lines(f"{reports}/entries.jsonl"), read_lines(f"{reports}/problems.jsonl"), reports


def expect(holds, what):
    if not holds:
        faults.append(what)


def md5_of(entries, path):
    return next((e.get("hashes", {}).get("md5") for e in entries if e["path"] == path), "not listed")


def iso_deadlock():
    entries, problems, _ = examine("iso9660-orphan-deadlock.iso", {3})
    expect(any(p["what"] in ("aborted", "damaged", "capped") for p in problems), "iso deadlock: no problem says so")


def inline_size():
    entries, problems, _ = examine("ext2-inline-size-3g.raw", {3})
    unread = [e for e in entries if e["size"] > 1 << 30 and e["status"] != "hashed" and "hashes" not in e]
    expect(unread or problems, "inline size: the inode is reported nowhere")
    expect(not [e for e in entries if e["size"] > 1 << 30 and "hashes" in e], "inline size: a hash for the lying inode")
    # Its other inodes claim 2 to 4 GB in 100 KB as well, so that none can be hashed; each must be listed all the same.
    expect({e["address"] for e in entries} >= {"13", "14", "15", "16"}, "inline size: another inode is not listed")


def hostile_names():
    entries, _, reports = examine("hostile-names-ext2.raw", {0, 3})
    dump = os.path.join(workspace(), "dump")
    os.mkdir(dump)
    subprocess.run(["debugfs", "-R", f"rdump / {dump}", os.path.join(workspace(), "hostile-names-ext2.raw")],
                   capture_output=True, env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
    names = {}
    for folder, _, files in os.walk(os.fsencode(dump)):
        for name in files:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                names[path[len(os.fsencode(dump)):]] = hashlib.md5(open(path, "rb").read()).hexdigest()
    contents = {hashlib.md5(b"content %d\n" % n).hexdigest() for n in range(24)}
    expect(contents <= set(names.values()), "hostile names: debugfs did not give the 24 files to compare with")
    for raw, md5 in names.items():
        same = [e for e in entries if e.get("hashes", {}).get("md5") == md5]
        texts = [base64.b64decode(e["raw_name"]) if "raw_name" in e else e["path"].encode() for e in same]
        expect(any(t in (raw, os.path.basename(raw)) for t in texts), f"hostile names: {raw!r} cannot be recovered: {texts}")
    for folder, _, files in os.walk(reports):
        for name in files:
            data = open(os.path.join(folder, name), "rb").read()
            expect(not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", data), f"hostile names: control byte in {name}")
            expect(not re.search("[\x80-\x9f\u202a-\u202e\u2066-\u2069]", data.decode(errors="replace")),
                   f"hostile names: C1 or bidirectional control in {name}")
            if name.endswith((".html", ".htm")):
                expect(not re.search(rb"<(script|img|svg|iframe)[^>]*(alert|onerror|src=)", data), f"live tag in {name}")
            if name.endswith((".csv", ".tsv")):
                expect(not re.search(rb'(^|[,;\t]"?)[=+@-][A-Za-z(]', data, re.M), f"live formula in {name}")


def two_leaves():
    entries, _, _ = examine("ext4-two-leaf-extents.raw.gz", {0})
    found = [e for e in entries if e["path"].endswith("/frag200.bin")]
    expect([(e["size"], e.get("hashes", {}).get("md5")) for e in found] ==
           [(408576, "76895d0e33f5cad35d19cec6b71abc7c")], f"two leaves: {found}")


def chunk_bitflip():
    entries, problems, _ = examine("e01-chunk-bitflip-wrong-hash.E01.gz", {3})
    readme = open(shared("robustness", "README.md"), encoding="utf-8").read()
    rows = re.findall(r"^  ([0-9a-f]{32})  (d\d/f\d\.bin)$", readme, re.M)
    expect(len(rows) == 18, "bit flip: the table in the README was not understood")
    for md5, name in rows:
        path = f"/{name}"
        expect(md5_of(entries, path) == (None if path in DAMAGED else md5), f"bit flip: {path} {md5_of(entries, path)}")
    expect({e["status"] for e in entries if e["path"] in DAMAGED} <= {"partial", "unreadable"}, "bit flip: status")
    expect(any("first_sector" in p for p in problems), "bit flip: no problem names the sectors")


for step in (iso_deadlock, inline_size, hostile_names, two_leaves, chunk_bitflip):
    step()
finish(faults, "five cases")
