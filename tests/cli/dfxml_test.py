#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""report.dfxml against the schema (xmllint) and, read by Python's parser, against entries.jsonl and findings.jsonl; its
byte runs against the media; the same bytes with 1 and 8 threads."""
import base64, glob, hashlib, os, re, subprocess
import xml.etree.ElementTree as tree
from support import FIXTURES, SHARED, all_faults, finish, scan, shared, workspace

D, T = "{http://www.forensicswiki.org/wiki/Category:Digital_Forensics_XML}", "{urn:triage:dfxml:1}"
SCHEMA = shared("reference", "dfxml", "dfxml.xsd")
RULES = os.path.join(workspace(), "rules.yaml")
with open(RULES, "w") as out:
    out.write("rules: [{name: everything, when: {size: {min: 1}}, severity: notice, text: every content}]\n"
              "reports: [jsonl, dfxml]\n")


def name_of(entry):
    raw = base64.b64decode(entry["raw_name"]) if "raw_name" in entry else \
        (entry["path"] + (":" + entry["stream"] if "stream" in entry else "")).encode()
    return raw.removeprefix(b"/")


def bytes_of(element):
    coded = element.get(T + "base64")
    return base64.b64decode(coded) if coded else (element.text or "").encode()


def rows_of(root):
    for volume in root.findall(D + "volume"):
        for one in volume.findall(D + "fileobject"):
            digests = {h.get("type"): h.text for h in one.findall(D + "hashdigest")}
            own = one.find(T + "entry")
            yield (volume.get(T + "name"), bytes_of(one.find(D + "filename")), one.find(D + "inode").text,
                   int(one.find(D + "filesize").text), own.get("state"), own.get("status"), own.get("reason"), digests)


def evidence_of(path):
    """The report without the run's own element."""
    with open(path, "rb") as file:
        return re.sub(rb"<creator\b.*?</creator>", b"", file.read(), flags=re.S)


def faults_of(image):
    name = os.path.basename(image)
    done = scan(image, "--config", RULES, "--threads", "8")
    path = done.case + "/reports/report.dfxml"
    if not os.path.exists(path):
        return [f"{name}: no report.dfxml: {done.stderr}"]
    lint = subprocess.run(["xmllint", "--nonet", "--huge", "--noout", "--schema", SCHEMA, path], capture_output=True, text=True)
    faults = [f"{name}: {lint.stderr[:600]}"] if lint.returncode else []
    root = tree.parse(path).getroot()
    wanted = [(e["volume"], name_of(e), e["address"], e["size"], e["state"], e["status"], e.get("reason"), e.get("hashes", {}))
              for e in done.entries]
    found = list(rows_of(root))
    faults += [f"{name}: {f} is not {w}" for f, w in zip(found, wanted) if f != w][:3]
    if len(found) != len(wanted):
        faults.append(f"{name}: {len(found)} fileobjects, {len(wanted)} entries")
    if len(root.findall(f".//{T}finding")) != len(done.findings):
        faults.append(f"{name}: other findings")
    if len(root.findall(T + "problem")) != len(done.problems):
        faults.append(f"{name}: other problems")
    if [e.get("format") for e in root.findall(T + "evidence")] == ["raw"] and not re.search(r"\.\d+$", image):
        faults += faults_of_runs(name, image, root)
    again = scan(image, "--config", RULES, "--threads", "1")
    if evidence_of(again.case + "/reports/report.dfxml") != evidence_of(path):
        faults.append(f"{name}: other bytes with one thread")
    return faults


def faults_of_runs(name, image, root):
    """The byte runs of each hashed entry hold what its SHA-1 says."""
    faults, media = [], open(image, "rb")
    for volume in root.findall(D + "volume"):
        for one in volume.findall(D + "fileobject"):
            runs = one.findall(f"{D}byte_runs/{D}byte_run")
            wanted = [h.text for h in one.findall(D + "hashdigest") if h.get("type") == "sha1"]
            size = int(one.find(D + "filesize").text)
            if not wanted or not runs or runs[0].get("type") or size > 1 << 24:
                continue
            content = b""
            for run in runs:
                if int(run.get("file_offset")) != len(content):
                    faults.append(f"{name}: file_offset")
                offset = run.get("img_offset")
                if offset and run.get("fs_offset") and int(offset) - int(run.get("fs_offset")) != int(volume.get("offset")):
                    faults.append(f"{name}: fs_offset")
                media.seek(int(offset or 0))
                content += media.read(int(run.get("len"))) if offset else bytes(int(run.get("len")))
            if hashlib.sha1(content).hexdigest() != wanted[0]:
                faults.append(f"{name}: the byte runs of {one.find(D + 'filename').text!r} are not its content")
    return faults


fixtures = sorted(p for p in glob.glob(FIXTURES + "/*") if re.search(r"\.(img|raw|dd|E01)$", p))
images = fixtures + sorted(p for p in glob.glob(SHARED + "/evidence/images/*") if not re.search(r"\.(E0[2-9]|00[2-9])$", p))
finish((["no image is there"] if len(fixtures) < 5 else []) + all_faults(faults_of, images), f"DFXML of {len(images)} images")
