#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each list gives exactly the expected rows of its selection, on every image that can be read.
usage: known_hits_test.py [IMAGE...]"""
import sys
from support import all_faults, finish, read_table, scan, shared, volumes

LISTS = {
    "A": ["md5-plain.txt", "md5sum.txt", "sha1sum.txt", "sha256sum.txt", "hashdeep.txt", "rdsv2/NSRLFile.txt",
          "rdsv3-minimal.db"],
    "B": ["md5-plain-upper-crlf-bom.txt", "vics20.json", "vics13.json", "encase.hash", "autopsy.kdb", "hashkeeper.csv"],
}
FILE_SYSTEMS = {"ext2", "ext3", "ext4", "ntfs", "vfat", "exfat", "hfsplus", "apfs", "iso9660", "ufs1"}
# Cut short: which rows survive is libtsk's affair, a wrong hash is truth_test's.
IMAGES_WITHOUT = {"trunc-apfs.raw"}


def is_due(row):
    return (row["kind"] != "member" and row["fs"] in FILE_SYSTEMS and
            row["volume_offset"].isdigit())


def key(offset, entry):
    state = "allocated" if entry["state"] == "allocated" else "deleted"
    # Another reader listed APFS for the truth, with addresses of its own.
    address = "" if entry["fs"] == "apfs" else entry["address"].split("-")[0]
    return str(offset), entry["path"], entry.get("stream") or "", address, state


def check(image, selection, name, expected):
    due = {key(r["volume_offset"], r) for r in expected
           if r["image"] == image["name"] and selection in r["set"].split("+")}
    result = scan(shared("evidence", "images", image["files"].split()[0]),
                  "--notable", shared("evidence", "known", name))
    starts = {n: start for n, (start, *_) in volumes(result.summary).items()}
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
    faults = all_faults(lambda case: check(*case, expected),
                        [(i, selection, name) for i in index for selection in LISTS for name in LISTS[selection]])
    names = {i["name"] for i in index}
    totals = {s: sum(r["image"] in names and s in r["set"].split("+") for r in expected) for s in LISTS}
    if 0 in totals.values():
        faults.append("no row was due: the tables were not understood")
    said = " and ".join(f"{totals[s]} rows of each of {len(LISTS[s])} lists" for s in LISTS)
    finish(faults, f"{said} over {len(index)} images")


main()
