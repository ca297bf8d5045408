#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each md5/sha1/sha256 list of selection A gives exactly the expected rows, on every image that can be read.
usage: known_hits_test.py [IMAGE...]"""
import sys
from support import all_faults, finish, read_table, scan, shared, volumes

LISTS = ["md5-plain.txt", "md5sum.txt", "sha1sum.txt", "sha256sum.txt", "hashdeep.txt"]
FILE_SYSTEMS = {"ext2", "ext3", "ext4", "ntfs", "vfat", "exfat", "hfsplus", "apfs", "iso9660", "ufs1"}
# Cut short: which rows survive is libtsk's affair, a wrong hash is truth_test's.
IMAGES_WITHOUT = {"trunc-apfs.raw"}


def is_due(row):
    return (row["kind"] != "member" and row["set"] in ("A", "A+B") and row["fs"] in FILE_SYSTEMS and
            row["volume_offset"].isdigit())


def key(offset, entry):
    state = "allocated" if entry["state"] == "allocated" else "deleted"
    # Another reader listed APFS for the truth, with addresses of its own.
    address = "" if entry["fs"] == "apfs" else entry["address"].split("-")[0]
    return str(offset), entry["path"], entry.get("stream") or "", address, state


def check(image, name, expected):
    due = {key(r["volume_offset"], r) for r in expected if r["image"] == image["name"]}
    result = scan(shared("evidence", "images", image["files"].split()[0]),
                  "--notable", shared("evidence", "known", name))
    starts = {n: start for n, (start, _) in volumes(result.summary).items()}
    found = {key(starts.get(f["volume"], starts.get(f["volume"].split("/")[0], "?")), f)
             for f in result.findings if f.get("matches")}
    faults = [f"{image['name']} {name}: missing {k}" for k in sorted(due - found)]
    faults += [f"{image['name']} {name}: not expected {k}" for k in sorted(found - due)]
    if result.code not in ({1} if due else {0, 3}):
        faults.append(f"{image['name']} {name}: exit code {result.code} with {len(due)} rows due: "
                      f"{result.stderr.strip()[-200:]}")
    return faults


def main():
    index = [r for r in read_table(shared("evidence", "truth", "index.tsv"))
             if r["container"] in ("raw", "ewf") and r["name"] not in IMAGES_WITHOUT
             and (not sys.argv[1:] or r["name"] in sys.argv[1:])]
    expected = [r for r in read_table(shared("evidence", "known", "expected-hits.tsv")) if is_due(r)]
    faults = all_faults(lambda pair: check(*pair, expected), [(i, name) for i in index for name in LISTS])
    names = {i["name"] for i in index}
    total = sum(r["image"] in names for r in expected)
    if total == 0:
        faults.append("no row was due: the tables were not understood")
    finish(faults, f"{total} rows of each of {len(LISTS)} lists over {len(index)} images")


main()
