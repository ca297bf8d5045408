#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""report.sqlite, read with Python's sqlite3: sound, equal to the store row by row, and joined with the database that
tsk_loaddb of The Sleuth Kit makes of the same image."""
import collections, glob, os, re, sqlite3, stat, subprocess
from support import FIXTURES, all_faults, finish, scan, workspace

CONFIG = os.path.join(workspace(), "sqlite.yaml")
with open(CONFIG, "w") as out:
    out.write("reports: [jsonl, sqlite]\n"
              "rules: [{name: large, when: {size: {min: 1000}}, severity: notice, text: x}, notable-match]\n")


def hostile_image():
    """An ext4 whose names are no UTF-8, hold controls, or look escaped."""
    folder, image = os.path.join(workspace(), "names"), os.path.join(workspace(), "names.img")
    os.mkdir(folder)
    for name in [b"no\xff\xfeUTF.txt", b"line\nend\x01.txt", "bidi\u202egnp.txt".encode(), b"back\\x41slash.txt",
                 b"quote'\".txt", b"cut\xe2\x82", b"surrogate\xed\xa0\x80x", b"$where"]:
        with open(os.path.join(folder.encode(), name), "wb") as out:
            out.write(name * 99)
    with open(image, "wb") as out:
        out.truncate(4 << 20)
    subprocess.run(["/sbin/mkfs.ext4", "-q", "-F", "-d", folder, image], check=True)
    return image


def opened(path):
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    connection.row_factory = sqlite3.Row
    return connection


# What the store holds, in the words of its own table `code`.
STORE = """
SELECT v.start, e.address, nullif(e.attribute >> 16, 0) AS attr_type, e.path, e.stream, k.word AS kind, s.word AS state,
    nullif(p.word, 'recorded') AS placement, e.size, e.modified, e.accessed, e.changed, e.created,
    lower(hex(c.md5)) AS md5, lower(hex(c.sha1)) AS sha1, lower(hex(c.sha256)) AS sha256, nullif(c.type, '') AS type,
    coalesce(t.word, 'unreadable') AS status
FROM entry_order o JOIN entry e ON e.id = o.entry_id LEFT JOIN content c ON c.id = o.content_id
    JOIN volume v ON v.id = e.volume JOIN code k ON k.kind = 'kind' AND k.number = e.kind
    JOIN code s ON s.kind = 'state' AND s.number = e.state JOIN code p ON p.kind = 'placement' AND p.number = e.placement
    LEFT JOIN code t ON t.kind = 'status' AND t.number = c.status ORDER BY o.ordinal"""
REPORT = """
SELECT v.start, e.address, e.attr_type, coalesce(raw_path, CAST(path AS BLOB)) AS path,
    coalesce(raw_stream, CAST(stream AS BLOB), x'') AS stream, kind, e.state, placement, e.size, mtime, atime, ctime,
    crtime, coalesce(md5, '') AS md5, coalesce(sha1, '') AS sha1, coalesce(sha256, '') AS sha256, type, status
FROM entry e JOIN volume v ON v.id = volume_id ORDER BY e.id"""

STORE_PROBLEMS = """
SELECT e.name, p.path, p.address, c.word, p.detail, p.first_sector, p.sectors FROM problem p
    JOIN evidence e ON e.id = p.evidence JOIN code c ON c.kind = 'problem' AND c.number = p.kind"""
REPORT_PROBLEMS = """
SELECT e.name, coalesce(raw_path, CAST(path AS BLOB), x''), address, what, coalesce(detail, ''), first_sector, sectors
FROM problem JOIN evidence e ON e.id = evidence_id"""


def wrong_rows(what, found, wanted):
    if len(found) != len(wanted):
        return [f"{what}: {len(found)} rows, not {len(wanted)}"]
    return [f"{what}: {f} is not {w}" for f, w in zip(found, wanted) if f != w][:3]


def as_row(entry):
    """An object of JSON Lines as the row of a view."""
    row = {key: value for key, value in entry.items() if key not in ("times", "hashes", "raw_name", "extents", "rules", "matches")}
    row.update(entry.get("times", {}), **entry.get("hashes", {}))
    row["address"] = int(entry["address"]) if "address" in entry else None
    if "raw_name" in entry:
        row.pop("path"), row.pop("stream", None)
    return row


def rows_of(report, view, entries):
    """Of each row the columns that its object has, those that are missing there as None."""
    rows = []
    for row, entry in zip(report.execute(f"SELECT * FROM {view} ORDER BY id"), entries):
        keys = row.keys()
        wanted = as_row(entry)
        rows.append({k: row[k] for k in keys if k in wanted or (row[k] is not None and k not in
                     ("id", "severity", "rules", "matches", "missing_bytes", "path", "stream"))})
    return rows


def faults_of(image):
    name, done = os.path.basename(image), scan(image, "--config", CONFIG, "--notable", LIST)
    path = done.case + "/reports/report.sqlite"
    if not os.path.exists(path):
        return [f"{name}: no report: {done.stderr}"]
    report, store, faults = opened(path), opened(done.case + "/case.sqlite"), []
    for pragma, wanted in [("integrity_check", [("ok",)]), ("foreign_key_check", []), ("user_version", [(1,)]),
                           ("application_id", [(0x54524550,)]), ("journal_mode", [("delete",)])]:
        found = [tuple(row) for row in report.execute(f"PRAGMA {pragma}")]
        faults += [f"{name}: {pragma} is {found}"] if found != wanted else []
    faults += [f"{name}: {row['name']} is not strict" for row in report.execute("PRAGMA table_list")
               if row["type"] == "table" and not row["strict"] and not row["name"].startswith("sqlite_")]
    header = open(path, "rb").read(100)
    faults += [f"{name}: the header counts changes"] if header[24:28] + header[92:96] != b"\0\0\0\1" * 2 else []
    faults += [f"{name}: mode {os.stat(path).st_mode:o}"] if stat.S_IMODE(os.stat(path).st_mode) != 0o600 else []
    faults += [f"{name}: files beside it"] if glob.glob(path + "?*") else []

    faults += wrong_rows(f"{name}: the store", [tuple(r) for r in report.execute(REPORT)], [tuple(r) for r in store.execute(STORE)])
    faults += wrong_rows(f"{name}: entries", rows_of(report, "entries", done.entries), [as_row(e) for e in done.entries])
    faults += wrong_rows(f"{name}: findings", [(r["address"], r["sha256"], r["severity"], r["rules"].split(" "), r["matches"])
                                               for r in report.execute("SELECT * FROM findings ORDER BY id")],
                         [(int(f["address"]), f.get("hashes", {}).get("sha256"), f["severity"], f["rules"], len(f["matches"]))
                          for f in done.findings])
    extents = {}
    for row in report.execute("SELECT * FROM extent WHERE media_offset IS NOT NULL ORDER BY entry_id, position"):
        extents.setdefault(row["entry_id"], []).append([row["media_offset"], row["length"]])
    ids = [row[0] for row in report.execute("SELECT entry_id FROM finding ORDER BY entry_id")]
    faults += wrong_rows(f"{name}: extents", [extents.get(i, []) for i in ids], [f.get("extents", []) for f in done.findings])
    matches = [(r["list"], r["polarity"], r["record"], r["agrees"].split(" ")) for r in
               report.execute("SELECT * FROM matches ORDER BY entry_id, position")]
    faults += wrong_rows(f"{name}: matches", matches, [(m["set"], m["polarity"], m["record"], m["agrees"])
                                                       for f in done.findings for m in f["matches"]])
    faults += wrong_rows(f"{name}: problems", sorted(map(str, map(tuple, report.execute(REPORT_PROBLEMS)))),
                         sorted(map(str, map(tuple, store.execute(STORE_PROBLEMS)))))
    faults += wrong_rows(f"{name}: problems of the view", [(p["what"], p["detail"]) for p in report.execute("SELECT * FROM problems ORDER BY id")],
                         [(p["what"], p["detail"]) for p in done.problems])
    ledger = [(r["status"], r["reason"], r["state"], r["entries"], r["bytes"], r["missing_bytes"]) for r in report.execute("SELECT * FROM ledger")]
    wanted = [(r["status"], r.get("reason"), r["state"], r["entries"], r["bytes"], r["missing_bytes"]) for r in done.summary["ledger"]]
    faults += wrong_rows(f"{name}: ledger", sorted(map(str, ledger)), sorted(map(str, wanted)))
    verdict = tuple(report.execute("SELECT verdict, exit_code FROM report").fetchone())
    faults += wrong_rows(f"{name}: verdict", [verdict], [(done.summary["verdict"], done.code)])
    for question in "md5 = 'x'", "sha1 = 'x'", "sha256 = 'x'", "address = 1":
        plan = " ".join(row["detail"] for row in report.execute(f"EXPLAIN QUERY PLAN SELECT * FROM entries WHERE {question}"))
        faults += [f"{name}: no index for {question}: {plan}"] if "entry_by_" not in plan else []
    COUNTED.append({"findings": len(done.findings), "matches": len(matches)})
    return faults + tsk_faults(name, image, path)


JOIN = """
SELECT t.*, f.obj_id, f.size AS tsk_size, f.mtime AS tsk_mtime FROM tsk_entry t
LEFT JOIN tsk.tsk_fs_info i ON i.img_offset = t.img_offset
LEFT JOIN tsk.tsk_files f ON f.fs_obj_id = i.obj_id AND f.meta_addr = t.meta_addr AND f.parent_path = t.parent_path AND f.name = t.name"""


def tsk_faults(name, image, path):
    """Everything but what tsk_loaddb does not write has its row there, of the same size (0 where
    The Sleuth Kit could not read the extents) and time."""
    if name not in JOINED:
        return []
    database, copy = os.path.join(workspace(), name + ".tsk"), os.path.join(workspace(), name + ".copy")
    subprocess.run(["tsk_loaddb", "-d", database, image], capture_output=True, check=True, env={**os.environ, "TZ": "UTC0"})
    both = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    both.row_factory, both.text_factory = sqlite3.Row, bytes
    both.execute("ATTACH ? AS tsk", (f"file:{database}?mode=ro",))
    rows = both.execute(JOIN).fetchall()
    faults = [f"{name}: {bytes(r['parent_path'] + r['name'])} has no row in tsk_files" for r in rows
              if r["obj_id"] is None and not re.search(rb"^\$(Secure|Quota|ObjId|Reparse):\$|:(rsrc|com\.example\.inline)$", r["name"])]
    faults += [f"{name}: {bytes(r['name'])}: {r['size']}, {r['mtime']}; tsk_files has {r['tsk_size']}, {r['tsk_mtime']}" for r in rows
               if r["obj_id"] is not None and (r["size"] if r["tsk_size"] else 0, r["mtime"] or 0) != (r["tsk_size"], r["tsk_mtime"])]
    joined = [r["name"] for r in rows if r["obj_id"] is not None]
    COUNTED.append({"joined": len(joined), "streams": sum(b":" in name for name in joined)})
    return faults[:3]


COUNTED = []  # by several threads
JOINED = {"fat12.img", "fat16.img", "fat32.img", "exfat.img", "ext2.img", "ext3.img", "ext4.img", "ext4-fragmented.img",
          "mbr.img", "gpt.img", "ntfs.img", "hfsplus.img", "names.img"}
images = sorted(p for p in glob.glob(FIXTURES + "/*") if re.search(r"\.(img|raw|iso|E01)$", p)) + [hostile_image()]
LIST = os.path.join(workspace(), "some.md5")
with open(LIST, "w") as out:  # of some images every fifth content, and what is empty
    seen = [e["hashes"]["md5"] for i in images if os.path.basename(i) in JOINED for e in scan(i).entries if "hashes" in e]
    out.write("\n".join(sorted(set(seen))[::5]) + "\n")
faults = (["no image is there"] if len(images) < 50 else []) + all_faults(faults_of, images)
COUNTS = collections.Counter()
for counts in COUNTED:
    COUNTS.update(counts)
if COUNTS["findings"] < 500 or COUNTS["matches"] < 50 or COUNTS["joined"] < 600 or COUNTS["streams"] < 3:
    faults.append(f"too little to compare: {dict(COUNTS)}")
finish(faults, f"databases of {len(images)} images: {dict(COUNTS)}")
