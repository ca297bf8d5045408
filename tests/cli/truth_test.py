#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares entries.jsonl with the truth of fixtures and shared evidence. usage: truth_test.py fixtures|shared [NAME...]

Required: every allocated row that an independent reader and libtsk agree on (fixtures: every row), with its SHA-256;
every deleted or orphan row of a known content. Forbidden: a hash that the truth of the same name contradicts.
"""
import os, re, sys
from support import FIXTURES, all_faults, decoy_list, finish, read_table, scan, shared, volumes

# Where the truth cannot be met as it stands, and why. (image, path) → reason; the value says what holds instead:
# "no hash": the entry must stand there without one; "elsewhere": its content must be there under another path;
# "free": nothing is required, a wrong hash stays forbidden.
EXPLAINED = {
    ("badchunk-emails.E01", "/keynote_09.key"): ("no hash", "its truth was read through the damaged chunk"),
    # A deleted file of 4,096 bytes of which libtsk finds 512: its truth is the hash of those, which is not the file's.
    **{("1mb_fat32.dmg", folder + "/._ntfs-lastaccess.raw.gz"): ("no hash", "512 of 4,096 bytes are recoverable")
       for folder in ("/.Trashes/505/Downloaded from github.com", "/_NTITL~1", "/Downloaded from github.com")},
    ("fat32.img", "/names/" + "x" * 200 + ".dat"): ("elsewhere", "libtsk 4.11.1 drops long-name entries past the 15th"),
}
FILE_SYSTEMS = {"ext2", "ext3", "ext4", "ntfs", "vfat", "exfat", "hfsplus", "apfs", "iso9660", "ufs1"}
HEX = re.compile(r"[0-9a-f]{64}$")
NO_HASH = {"none", "read-error", "icat-error"}


def unescaped(text):
    raw = text.encode("utf-8", "surrogateescape")
    raw = re.sub(rb"\\([\\tn])", lambda m: {b"\\": b"\\", b"t": b"\t", b"n": b"\n"}[m[1]], raw)
    return raw.decode(errors="replace")


def fixture_rows(image):
    for row in read_table(f"{image}.truth.tsv"):
        yield {**row, "path": unescaped(row["path"]), "stream": unescaped(row["stream"]), "address": "", "required": True}


def shared_rows(image):
    for row in read_table(image):
        if row["kind"] not in ("file", "stream") or not row["volume_offset"].isdigit() or row["fs"] not in FILE_SYSTEMS:
            continue
        agreed = row["source"].endswith("+tsk") or (row["source"] == "fsapfsmount" and "trunc" not in image)
        known = row["source"] in ("tsk-only", "constructed") and row["state"] != "allocated"
        if "tsk" not in row["source"]:
            row = {**row, "address": ""}  # another reader's own numbering
        yield {**row, "required": HEX.match(row["sha256"]) is not None and (agreed or known)}


def place_of(entry, starts, by_offset):
    name = entry["volume"]
    outer = name if name in starts else name.split("/")[0]
    volume = starts.get(outer, ("?", ""))[0] if by_offset else outer
    return str(volume), entry["path"], entry.get("stream", "")


def same_thing(row, entry):
    if row["address"] and row["address"].split("-")[0] != entry["address"]:
        return False
    return (row["state"] == "allocated") == (entry["state"] == "allocated")


def compare(image, result, rows, by_offset):
    faults, starts, by_place = [], volumes(result.summary), {}
    for entry in result.entries:
        by_place.setdefault(place_of(entry, starts, by_offset), []).append(entry)
    hashes = {entry["hashes"]["sha256"] for entry in result.entries if "hashes" in entry}
    rows_at = {}
    for row in rows:
        row["volume_key"] = row["volume_offset"] if by_offset else row["volume"]
        rows_at.setdefault((row["volume_key"], row["path"], row["stream"]), []).append(row)

    for place, wanted in rows_at.items():
        there = by_place.get(place, [])
        for row in wanted:
            candidates = [e for e in there if same_thing(row, e)]
            rule = EXPLAINED.get((image, row["path"]), ("", ""))[0]
            have = [e["hashes"]["sha256"] for e in candidates if "hashes" in e]
            if rule == "no hash" or row["sha256"] in NO_HASH:
                if have:
                    faults.append(f"{image} {place}: a hash stands where none may: {have}")
                if rule == "no hash" or row["sha256"] == "none":
                    if not candidates:
                        faults.append(f"{image} {place}: not listed")
            elif rule == "elsewhere":
                if row["sha256"] not in hashes:
                    faults.append(f"{image} {place}: its content is not there under any path")
            elif row["required"] and rule != "free" and row["sha256"] not in have:
                why = "not listed" if not candidates else \
                    f"has {have or [(e['status'], e.get('reason')) for e in candidates]}"
                faults.append(f"{image} {place} {row['state']}: {row['sha256'][:16]}… {why}")
        for entry in there:
            said = [r for r in wanted if same_thing(r, entry) and HEX.match(r["sha256"])]
            rule = EXPLAINED.get((image, entry["path"]), ("", ""))[0]
            if "hashes" in entry and said and rule != "no hash":
                if all(any(r[a] != entry["hashes"].get(a, r[a]) for a in ("md5", "sha1", "sha256")) for r in said):
                    faults.append(f"{image} {place}: hash {entry['hashes']['sha256'][:16]}… contradicts the truth")
                if all(r["size"] not in ("", str(entry["size"])) for r in said):
                    faults.append(f"{image} {place}: size {entry['size']}, truth {said[0]['size']}")
    return faults


def check_fixture(image, decoy):
    notes = [line.split() for line in open(f"{image}.truth.tsv", encoding="utf-8", errors="replace") if line[0] == "#"]
    name, result = os.path.basename(image), scan(image, "--notable", decoy)
    faults = compare(name, result, list(fixture_rows(image)), by_offset=False)
    for note in notes:
        if note[1] == "exit" and result.code != int(note[2]):
            faults.append(f"{name}: exit code {result.code}, should be {note[2]}: {result.stderr.strip()[-300:]}"
                          f" {[(p['what'], p.get('detail')) for p in result.problems][:3]}")
        if note[1] == "problem" and not any(" ".join(note[2:]) in p.get("detail", "") for p in result.problems):
            faults.append(f"{name}: no problem says: {' '.join(note[2:])}")
        if note[1] == "volume" and volumes(result.summary).get(note[2], ("", "absent"))[1] != note[3]:
            faults.append(f"{name}: volume {note[2]} is {volumes(result.summary).get(note[2])}, should be {note[3]}")
    # With starts and lengths, the notes are the whole list.
    exact = {note[2]: (int(note[4]), note[3], int(note[5])) for note in notes if note[1] == "volume" and len(note) > 4}
    if exact and volumes(result.summary) != exact:
        faults.append(f"{name}: the volumes are {volumes(result.summary)}, should be {exact}")
    return faults


def check_shared(row, decoy):
    files = [shared("evidence", "images", name) for name in row["files"].split()]
    result = scan(files[0], "--notable", decoy)
    faults = [] if result.code in (0, 3) else [f"{row['name']}: exit code {result.code}: {result.stderr.strip()[-300:]}"]
    rows = list(shared_rows(shared("evidence", "truth", f"{row['name']}.tsv")))
    return faults + compare(row["name"], result, rows, by_offset=True)


def main():
    which, names = sys.argv[1], sys.argv[2:]
    decoy = decoy_list()
    if which == "fixtures":
        images = sorted(os.path.join(FIXTURES, n[:-10]) for n in os.listdir(FIXTURES) if n.endswith(".truth.tsv"))
        checks = [(os.path.basename(i), check_fixture, i) for i in images]
    else:
        table = [r for r in read_table(shared("evidence", "truth", "index.tsv")) if r["container"] in ("raw", "ewf")]
        checks = [(row["name"], check_shared, row) for row in table]
    checks = [c for c in checks if not names or c[0] in names]
    faults = all_faults(lambda check: check[1](check[2], decoy), checks)
    if not checks:
        faults = ["no image to check"]
    finish(faults, f"{len(checks)} images ({which})")


main()
