#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules on a real image: the type of contents made by other programs, owners, and what
follows from a rule: skipped, hashed otherwise, stopped, said with its tags in the report."""
import bz2, gzip, hashlib, json, lzma, math, os, random, sqlite3, subprocess, tarfile, tempfile, wave, zipfile, zlib
from support import TRIAGE, finish, scan, workspace

faults = []


def expect(what, found, wanted):
    if found != wanted:
        faults.append(f"{what}: {found!r}, not {wanted!r}")


def quietly(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def png():
    chunk = lambda kind, data: len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
    head = (1).to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00"
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def noise(size):
    return random.Random(7).randbytes(size)


def entropy(data):
    return -sum(n / len(data) * math.log2(n / len(data)) for n in (data.count(b) for b in range(256)) if n)


def fill(folder):
    """Files by their path, with the type that must be told of each; None: no type."""
    os.makedirs(os.path.join(folder, "Users/a"))
    os.makedirs(os.path.join(folder, "Windows"))
    wanted = {}

    def put(path, data, kind):
        with open(os.path.join(folder, path), "wb") as out:
            out.write(data)
        wanted["/" + path] = kind

    put("Users/a/photo.png", png(), "image/png")
    put("Users/a/photo.txt", png(), "image/png")
    put("Windows/logo.png", png(), "image/png")
    put("text.txt", b"only text\n" * 50, None)
    put("empty.jpg", b"", None)
    put("false.jpg", b"no picture at all", None)
    put("noise.bin", b"#" + noise(2 << 20), None)
    put("a.gz", gzip.compress(b"x" * 100), "application/gzip")
    put("a.bz2", bz2.compress(b"x"), "application/x-bzip2")
    put("a.xz", lzma.compress(b"x"), "application/x-xz")
    put("a.pdf", b"%PDF-1.7\n%%EOF\n", "application/pdf")
    put("a.gif", b"GIF89a" + bytes(20), "image/gif")
    put("page.php", b"<?php echo 1; ?>\n" * 2000, None)
    put("run.sh", b"#!/bin/sh\nexit 0\n", None)
    put("data.json", json.dumps({"a": [1, {"b": None}]}).encode(), None)
    put("letter.eml", b"From: a@example.org\nTo: b@example.org\nSubject: c\n\nd\n", None)
    put("page.html", b"<!DOCTYPE html>\n<html><head><title>x</title></head></html>\n", None)
    at = lambda name: os.path.join(folder, name)
    with zipfile.ZipFile(at("a.zip"), "w") as archive:
        archive.writestr("b", "c")
    with zipfile.ZipFile(at("a.odt"), "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    with tarfile.open(at("a.tar"), "w") as archive:
        archive.add(at("a.zip"), "z")
    with sqlite3.connect(at("a.db")) as database:
        database.execute("CREATE TABLE t (x)")
    with wave.open(at("a.wav"), "wb") as sound:
        sound.setnchannels(1), sound.setsampwidth(1), sound.setframerate(8000), sound.writeframes(b"\0" * 8)
    quietly("mke2fs", "-q", "-F", "-t", "ext2", at("small.img"), "1M")
    quietly("xorriso", "-as", "mkisofs", "-quiet", "-o", at("a.iso"), at("a.zip"))
    wanted.update({"/a.zip": "application/zip", "/a.odt": "application/vnd.oasis.opendocument", "/a.tar": "application/x-tar",
                   "/a.db": "application/vnd.sqlite3", "/a.wav": "audio/x-wav", "/small.img": None,
                   "/a.iso": "application/x-iso9660-image", "/program": "application/x-elf"})
    with open("/bin/true", "rb") as program, open(at("program"), "wb") as out:
        out.write(program.read())
    return wanted


def image_of(folder):
    path = os.path.join(workspace(), "disk.raw")
    quietly("mke2fs", "-q", "-F", "-t", "ext4", "-d", folder, path, "24M")
    quietly("debugfs", "-w", "-R", "set_inode_field /text.txt uid 1234", path)
    quietly("debugfs", "-w", "-R", "ln /Users/a/photo.png /Windows/link.png", path)
    return path


def with_rules(image, rules, *arguments, keys=""):
    config = tempfile.NamedTemporaryFile("w", suffix=".yaml", dir=workspace(), delete=False)
    with config:
        config.write(f"{keys}reports: [text, jsonl]\nrules:\n" + "".join(f"  - {rule}\n" for rule in rules))
    return scan(image, "--config", config.name, *arguments)


def by_rule(done):
    found = {}
    for finding in done.findings:
        for rule in finding["rules"]:
            found.setdefault(rule, set()).add(finding["path"])
    return found


folder = os.path.join(workspace(), "files")
os.mkdir(folder)
types = fill(folder)
image = image_of(folder)

# ---- Types, by content ----
for engine in "auto", "openssl":
    done = scan(image, "--hash-engine", engine, "--report", "jsonl")
    told = {entry["path"]: entry.get("type") for entry in done.entries if entry["path"] in types}
    expect(f"types, {engine}", told, types)
keys = list(next(entry for entry in done.entries if entry["path"] == "/a.pdf"))
expect("the type stands between times and status", keys[keys.index("times"):keys.index("times") + 3], ["times", "type", "status"])

# ---- Conditions that need the content or the owner ----
small_noise = open(os.path.join(folder, "noise.bin"), "rb").read()
done = with_rules(image, [
    "{name: differs, when: {type_differs: true}, severity: notice, text: t}",
    "{name: picture, when: {type: image/*, not: {extension: png}}, severity: info, text: t}",
    f"{{name: noise, when: {{entropy: {{min: {entropy(small_noise) - 1e-9}, max: {entropy(small_noise) + 1e-9}}}}}, severity: info, text: t}}",
    "{name: owner, when: {owner: '1234'}, severity: info, text: t}",
    "{name: old, when: {modified: {older_than: 1 hour}}, severity: info, text: t}",
    "{name: new, when: {modified: {newer_than: 1 hour}, size: {min: 1}, name: 'a.*'}, severity: info, text: t}"])
found = by_rule(done)
expect("differs", found.get("differs"), {"/Users/a/photo.txt", "/false.jpg"})
expect("picture", found.get("picture"), {"/Users/a/photo.txt", "/a.gif"})
expect("noise", found.get("noise"), {"/noise.bin"})
expect("owner", found.get("owner"), {"/text.txt"})
expect("old", "old" in found, False)
expect("new", found.get("new"), {path for path in types if path.startswith("/a.")})
expect("a finding of a rule is no match", done.summary["verdict"], "NOT COMPARED")

# ---- Types that the table does not have: what file(1) says of the same bytes ----
def by_file(path):
    with open(path, "rb") as content, tempfile.NamedTemporaryFile(dir=workspace()) as head:
        head.write(content.read(16 << 10)), head.flush()
        return subprocess.run(["file", "--brief", "--mime-type", head.name], check=True, capture_output=True, text=True).stdout.strip().lower()


asked = "{name: text, when: {type: text/*}, severity: info, text: t}"
for engine in "auto", "openssl":
    done = with_rules(image, [asked], "--hash-engine", engine)
    told = {entry["path"]: entry.get("type_by_libmagic") for entry in done.entries if entry["path"] in types}
    alike = ("image/jpeg", "image/png", "image/gif", "application/pdf")  # libmagic has no other name for them
    wanted = {path: None if kind in alike or path == "/empty.jpg" else by_file(folder + path) for path, kind in types.items()}
    expect(f"types by libmagic, {engine}", told, wanted)
    expect("types by the table beside them", {e["path"]: e.get("type") for e in done.entries if e["path"] in types}, types)
    expect("texts", by_rule(done).get("text"), {path for path, kind in wanted.items() if kind and kind.startswith("text/")})
    for path in (p for p, kind in types.items() if kind in alike):
        expect(path, by_file(folder + path), types[path])
keys = list(next(entry for entry in done.entries if entry["path"] == "/a.zip"))
expect("whose type it is", keys[keys.index("type"):keys.index("type") + 3], ["type", "type_by_libmagic", "status"])
done = with_rules(image, ["{name: pictures, when: {type: [image/*, unknown]}, severity: info, text: t}"])
expect("nothing is asked of libmagic", [entry["path"] for entry in done.entries if "type_by_libmagic" in entry], [])
os.environ["MAGIC"] = "/nonexistent/magic"  # where libmagic then looks for its database
expect("no database is needed", with_rules(image, ["{name: a, when: {type: image/*}, severity: info, text: t}"]).code, 3)
done = with_rules(image, [asked])
expect("without a database", (done.code, os.path.exists(done.case), "the rule text" in done.stderr, "libmagic-mgc" in done.stderr),
       (2, False, True, True))
del os.environ["MAGIC"]
with open(os.path.join(workspace(), "typo.yaml"), "w") as out:
    out.write("rules: [{name: typo, when: {type: [image/jpg, text/x-php]}, severity: info, text: t}]\n")
said = subprocess.run([TRIAGE, "config", "check", out.name], capture_output=True, check=True, text=True).stdout
expect("types that nobody tells", [line for line in said.splitlines() if line.startswith("note: ")],
       ["note: the rule typo may never hold: libmagic's database does not name the type image/jpg; did you mean image/jp2?"])

# ---- skip: counted, sized, and a name that no rule skips is read all the same ----
done = with_rules(image, ["{name: system, when: {path: '/windows/**'}, skip: true}"])
entries = {entry["path"]: entry for entry in done.entries}
for path in "/Windows/logo.png", "/Windows/link.png":
    expect(path, [entries[path].get(key) for key in ("status", "reason", "hashes", "type")], ["skipped", "rule", None, None])
expect("/Users/a/photo.png", entries["/Users/a/photo.png"]["hashes"]["md5"], hashlib.md5(png()).hexdigest())
expect("skipped", done.summary["scope"]["skipped_by_rule"]["entries"], 2)
done = with_rules(image, ["{name: users, when: {path: '/users/**'}, skip: true}"])  # the other name of the same file
entries = {entry["path"]: entry for entry in done.entries}
expect("the name that is skipped", entries["/Users/a/photo.png"].get("reason"), "rule")
expect("/Windows/link.png", entries["/Windows/link.png"].get("hashes", {}).get("md5"), hashlib.md5(png()).hexdigest())

# ---- hash: these digests, and those of the lists ----
notable = os.path.join(workspace(), "list.md5")
with open(notable, "w") as out:
    out.write(hashlib.md5(png()).hexdigest() + "\n")
for engine in "auto", "openssl":
    done = with_rules(image, ["{name: pictures, when: {extension: png}, hash: [sha1]}", "notable-match"], "--notable", notable,
                      "--hash-engine", engine)
    entries = {entry["path"]: entry for entry in done.entries}
    expect("hashes of a picture", entries["/Users/a/photo.png"]["hashes"],
           {"md5": hashlib.md5(png()).hexdigest(), "sha1": hashlib.sha1(png()).hexdigest()})
    expect("hashes of another", sorted(entries["/Users/a/photo.txt"]["hashes"]), ["md5", "sha1", "sha256"])
    expect("matches", by_rule(done).get("notable-match"),
           {"/Users/a/photo.png", "/Users/a/photo.txt", "/Windows/logo.png", "/Windows/link.png"})

# ---- FAT stores the clock on the wall without its zone, and of the last access the day ----
fat = os.path.join(workspace(), "fat.raw")
dated = os.path.join(workspace(), "noon.txt")
with open(dated, "w") as out:
    out.write("noon")
os.utime(dated, (1714564800, 1714564800))  # 2024-05-01T12:00:00Z
quietly("mkfs.fat", "-C", fat, "2048")
subprocess.run(["mcopy", "-m", "-i", fat, dated, "::"], check=True, env={**os.environ, "TZ": "UTC0"})
done = with_rules(fat, [
    "{name: surely, when: {name: noon.txt, modified: {after: 2024-04-30}}, severity: info, text: t}",
    "{name: maybe, when: {name: noon.txt, modified: {after: 2024-05-01}}, severity: info, text: t}",
    "{name: maybe-not, when: {name: noon.txt, not: {modified: {after: 2024-05-01}}}, severity: info, text: t}",
    "{name: surely-not, when: {name: noon.txt, not: {modified: {after: 2024-05-03}}}, severity: info, text: t}"])
expect("times without a zone", sorted(by_rule(done)), ["surely", "surely-not"])

# ---- stop_after: a clean end that says so, and goes on from there ----
done = with_rules(image, ["{name: enough, when: {size: {min: 1}}, severity: info, text: t, stop_after: 2, tags: [a, b]}"])
expect("exit code of a stop", done.code, 4)
expect("why it ended", [cause for cause in done.summary["incomplete_because"] if "stopped by rule" in cause],
       ["the scan was interrupted: stopped by rule enough"])

# ---- tags and text in the report, the configuration's digest in each ----
done = with_rules(image, ["{name: said, when: {name: text.txt}, severity: notice, tags: [blue, red], text: Say this.}"])
report = open(os.path.join(done.case, "reports/report.txt")).read()
expect("the rule's words", "said [blue, red], notice, 1 entry: Say this." in report, True)
with open(os.path.join(done.case, "config.yaml"), "rb") as config:
    digest = hashlib.sha256(config.read()).hexdigest()
expect("the configuration's digest", (done.summary["scope"]["configuration_sha256"], digest in report), (digest, True))

# ---- The profiles of a visit ----
done = scan(image, "--profile", "home-visit", "--notable", notable)
expect("home-visit", sorted(set(os.listdir(os.path.join(done.case, "reports"))) - {"report.html"}),
       ["findings.jsonl", "problems.jsonl", "report.txt", "summary.json"])
expect("random content", "/noise.bin" in by_rule(done).get("random-content", ()), True)
expect("only a match is an alert", {f["path"] for f in done.findings if f["severity"] == "alert"}, by_rule(done)["notable-match"])
with open(os.path.join(workspace(), "visit.yaml"), "w") as out:
    out.write("profile: home-visit\n")
said = subprocess.run([TRIAGE, "config", "check", out.name], capture_output=True, check=True, text=True).stdout
expect("rules that the size gate leaves open", said.splitlines()[1].rsplit(": ", 1)[1],
       "random-content")
done = scan(image, "--profile", "quick", "--notable", notable)
expect("quick", (done.code, "deleted entries are left out" in json.dumps(done.summary)), (1, True))
finish(faults, "rules on a real image")
