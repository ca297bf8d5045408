#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every report of the build from one real case: the same findings in each, no content of any file, disclosure copies by
the command line, options from the case or from another file."""
import base64, csv, glob, hashlib, html, json, os, pty, re, shutil, sqlite3, subprocess
from support import FIXTURES, TRIAGE, finish, scan, workspace

faults = []


def check(what, found, wanted=True):
    if found != wanted:
        faults.append(f"{what}: {found!r}, not {wanted!r}")


def run(*arguments, code=0):
    done = subprocess.run([TRIAGE, *map(str, arguments)], capture_output=True, text=True)
    check(" ".join(map(str, arguments)), (done.returncode, done.stderr if done.returncode != code else ""), (code, ""))
    return done


def configuration(name, text):
    path = os.path.join(workspace(), name)
    with open(path, "w") as file:
        file.write(text)
    return path


def files(folder):
    return {os.path.relpath(path, folder): open(path, "rb").read()
            for path in glob.glob(folder + "/**", recursive=True) if os.path.isfile(path)}


def rows_of_page(page):
    body = page[page.index("<noscript>"):page.index("</noscript>")]
    lines = re.findall(r"<tr><td>(.*)</td></tr>", body)
    return [[html.unescape(re.sub("<[^>]*>", "", cell)) for cell in line.split("</td><td>")] for line in lines]


KINDS = [kind["name"] for kind in map(json.loads, run("plugins", "--json").stdout.splitlines()) if kind["kind"] == "report"]
EVERYTHING = configuration("all.yaml", """
rules: [{name: everything, when: {size: {min: 1}}, severity: notice, text: every content}]
reports: [%s]
reports.exec.command: [%s]
""" % (", ".join(KINDS), os.path.realpath(shutil.which("cat"))))
image = os.path.join(FIXTURES, "fat16.img")
done = scan(image, "--config", EVERYTHING)
reports = files(done.case + "/reports")
check("a case without findings proves nothing", len(done.findings) > 10)

# The same findings in each.
wanted = [(f["path"], f["address"], str(f["size"]), f.get("hashes", {}).get("md5", "")) for f in done.findings]
table = list(csv.DictReader(reports["findings.csv"].decode().splitlines(), strict=True))
in_csv = [(base64.b64decode(r["raw_name"]).decode() if r["raw_name"] else r["path"], r["address"], r["size"], r["md5"]) for r in table]
check("findings.csv", in_csv, wanted)
page = rows_of_page(reports["report.html"].decode())
check("report.html", [(r[5], r[4], r[7], r[15]) for r in page], wanted)
media = json.loads(reports["vics.json"])["value"][0]["Media"]
check("vics.json", [(m["MediaFiles"][0]["@triage.path"], m["MediaFiles"][0]["@triage.address"], str(m["MediaSize"]), m["MD5"].lower())
                    for m in media], [row for row in wanted if row[3]])
piped = [json.loads(line) for line in reports["exec.out"].splitlines()]
check("exec.out", [{key: value for key, value in row.items() if key != "event"} for row in piped if row["event"] == "finding"], done.findings)
entries = list(csv.DictReader(reports["entries.csv"].decode().splitlines(), strict=True))
check("entries.csv", [(r["address"], r["status"], r["sha256"]) for r in entries],
      [(e["address"], e["status"], e.get("hashes", {}).get("sha256", "")) for e in done.entries])

# No content: not as it is, in hexadecimal or in base64.
media, looked_for = open(image, "rb").read(), 0
for finding in done.findings:
    for offset, length in finding.get("extents", [])[:1]:
        content = media[offset:offset + min(length, finding["size"], 24)]
        if len(content) < 24 or len(set(content)) < 6:
            continue
        looked_for += 1
        for form in content, content.hex().encode(), base64.b64encode(content):
            faults += [f"{name} holds content of {finding['path']}" for name, text in reports.items() if form in text]
check("no content was looked for", looked_for > 5)

# Nor of what lies in the metadata: icat reads it by address.
for name in "ntfs.img", "ext4-inline.img":
    small = scan(os.path.join(FIXTURES, name), "--config", EVERYTHING)
    told, looked_for = files(small.case + "/reports"), 0
    for entry in small.entries:
        if entry["status"] != "hashed" or "stream" in entry or not 24 <= entry["size"] <= 600:
            continue
        whole = subprocess.run(["icat", os.path.join(FIXTURES, name), entry["address"]], capture_output=True, check=False).stdout
        content = whole[:24]
        if hashlib.md5(whole).hexdigest() != entry["hashes"]["md5"] or len(set(content)) < 6 or content in entry["path"].encode():
            continue
        looked_for += 1
        for form in content, content.hex().encode(), base64.b64encode(content):
            faults += [f"{report} of {name} holds content of {entry['path']}" for report, text in told.items() if form in text]
    check(f"no content was looked for in {name}", looked_for > 1)

# A disclosure copy, and the whole again.
names = {os.path.basename(e["path"]).encode() for e in done.entries if len(os.path.basename(e["path"])) > 7}
check("no name is long enough to be looked for", len(names) > 3)
run("report", done.case, "--report", ",".join(KINDS), "--redact", "names,labels", "--config", EVERYTHING)
for name, text in files(done.case + "/reports-2").items():
    if name.endswith("manifest.json"):
        continue
    faults += [f"the disclosure copy {name} holds {one!r}" for one in names if one in text]
    check(f"{name} says what it is", b"disclosure_copy" in text or b"isclosure copy: " in text or text == b"")
check("something else is left out", run("report", done.case, "--report", "text", "--redact", "path", code=2).stderr.strip(),
      'triage: option reports.redact: reports.redact does not leave out "path"; expected one of names, labels')
kept = scan(image, "--config", EVERYTHING, "--redact", "names")
check("a scan makes its reports so", any("path" in f for f in kept.findings), False)
run("report", kept.case, "--report", "jsonl")
check("so does a later render", b'"path"' in files(kept.case + "/reports-2")["findings.jsonl"], False)
run("report", kept.case, "--report", "jsonl", "--redact", "nothing")
check("until it is lifted", files(kept.case + "/reports-3")["findings.jsonl"], reports["findings.jsonl"])

# Options of another file, and the seal as the report's id.
lab = configuration("lab.yaml", "reports.html: {reviewer: B. Example, authoriser: C. Example, issued: 2026-05-06}\n"
                                "reports.csv.entries: false\n")
run("report", done.case, "--report", "html,csv", "--config", lab)
issued = files(done.case + "/reports-3")
check("entries.csv that was not asked for", "entries.csv" in issued, False)
check("it is issued", b"<strong>DRAFT</strong>" in issued["report.html"], False)
seal = subprocess.run(["sha256sum", done.case + "/manifest.json"], capture_output=True, text=True, check=True).stdout.split()[0]
written = re.search(r"<code>([^<]*)</code> \(the seal of the case\)", issued["report.html"].decode())
check("the seal is the report's id", re.sub("[^0-9a-f]", "", written.group(1) if written else ""), seal)
run("verify", done.case)

# Unallocated space is what no allocated content holds; dumpe2fs says how much of it is free.
image = f"{FIXTURES}/ext2.img"
plain = scan(image)
sizes = {e["address"]: e["size"] for e in plain.entries if e["state"] == "allocated"}
holes = [e["size"] for e in plain.entries if e["path"] == "/hole.bin"]
unallocated = plain.summary["scope"]["not_looked_into"]["unallocated"]["bytes"]
header = subprocess.run(["/sbin/dumpe2fs", "-h", image], capture_output=True, text=True).stdout
free, block = (int(re.search(rf"^{name}: *(\d+)", header, re.M)[1]) for name in ("Free blocks", "Block size"))
left = os.path.getsize(image) - sum(sizes.values())
check("unallocated, holes and what is free in it", left < unallocated <= left + sum(holes) and unallocated >= free * block)

# More problems than memory sorts: the case is where they are sorted, since nothing else may be written.
big = shutil.copytree(plain.case, os.path.join(workspace(), "big"))
with sqlite3.connect(f"{big}/case.sqlite") as store:
    store.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 350000) INSERT INTO problem "
                  "SELECT NULL, evidence, volume, kind, zeroblob(400), NULL, 'made up ' || i, NULL, NULL, 0, 0 FROM n, "
                  "(SELECT 0 AS evidence, NULL AS volume, 3 AS kind)")
store.close()
manifest = open(f"{big}/manifest.json").read()
size, digest = os.path.getsize(f"{big}/case.sqlite"), hashlib.sha256(open(f"{big}/case.sqlite", "rb").read()).hexdigest()
with open(f"{big}/manifest.json", "w") as file:
    file.write(re.sub(r'\{"sha256": "[0-9a-f]*", "size": \d+, "path": "case.sqlite"', f'{{"sha256": "{digest}", "size": {size}, "path": "case.sqlite"', manifest))
run("report", big, "--report", "jsonl")
check("problems that were sorted outside memory", sum(1 for _ in open(f"{big}/reports-2/problems.jsonl")) == 350000)
run("verify", big)

# On a terminal, how far it is.
main, side = pty.openpty()
shown = subprocess.Popen([TRIAGE, "report", done.case, "--report", "jsonl"], stdout=subprocess.DEVNULL, stderr=side,
                         env={**os.environ, "TERM": "xterm"})
shown.wait()
check("progress on a terminal", b"reports: 100 %" in os.read(main, 65536))
os.close(main), os.close(side)
finish(faults, f"reports {', '.join(KINDS)}")
