#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every shared sample list imports to exactly the contents of content.tsv. usage: known_samples_test.py"""
import json, os, subprocess, tempfile
from support import TRIAGE, finish, read_table, shared

# List → what it holds: digests, and the contents that it leaves out.
LISTS = {
    "md5sum.txt": ("md5", set()), "md5sum-bsd.txt": ("md5", set()), "sha256sum.txt": ("sha256", set()),
    "hashdeep.txt": ("md5 sha256", set()), "plain.csv": ("md5 sha1 sha256", set()), "NSRLFile.txt": ("md5 sha1", set()),
    "rdsv3_minimal.db": ("md5 sha1 sha256", set()), "hashkeeper.hsh": ("md5", set()), "encase.hash": ("md5", set()),
    "tsk.kdb": ("md5", set()), "iped_hashes.db": ("md5 sha1 sha256", {"empty.bin"}),
    "vics13_media.json": ("md5 sha1 sha256", {"empty.bin"}), "vics20_media.json": ("md5 sha1 sha256", {"empty.bin"}),
    "vics20_media_bom_us.json": ("md5 sha1 sha256", {"empty.bin"}), "caid12_media.json": ("md5 sha1", {"empty.bin"}),
}


def run(*arguments):
    return subprocess.run([TRIAGE, *arguments], capture_output=True, text=True)


def check(name, digests, left_out, contents, folder):
    """With --keep-trivial every content is there; each look-up by each digest finds it, and the set holds no other."""
    faults, target = [], os.path.join(folder, name + ".tks")
    done = run("known", "import", shared("reference", "hashlists", name), "-o", target, "--notable", "--keep-trivial",
               "--json")
    if done.returncode != 0:
        return [f"{name}: import ended with {done.returncode}: {done.stderr.strip()}"]
    identity = json.loads(done.stdout)
    if identity["algorithms"] != digests.split():
        faults.append(f"{name}: digests {identity['algorithms']}, should be {digests}")
    if identity["records"]["rejected"]:
        faults.append(f"{name}: {identity['records']['rejected']} rejected")
    for algorithm in digests.split():
        wanted = {row[algorithm] for row in contents if row["name"] not in left_out}
        walked = run("known", "diff", target, target, "--json")
        held = json.loads(walked.stdout)[algorithm]["both"]
        if held != len(wanted):
            faults.append(f"{name}: {held} {algorithm} digests, should be {len(wanted)}")
        found = run("known", "lookup", target, *[row[algorithm] for row in contents], "--json", "--show-names")
        rows = [row for row in map(json.loads, found.stdout.splitlines()) if row["found"]]
        if {row["hash"] for row in rows} != wanted:
            faults.append(f"{name}: {algorithm} look-ups find {len(rows)}, should find {sorted(wanted)}")
    without = json.loads(run("known", "import", shared("reference", "hashlists", name), "-o", target, "--notable",
                             "--json").stdout)
    trivial = {"empty.bin", "zero512.bin", "ff4096.bin"} - left_out
    kept = len({row["md5"] for row in contents}) - len(trivial | left_out)
    held = json.loads(run("known", "diff", target, target, "--json").stdout)[digests.split()[0]]["both"]
    if held != kept or without["records"]["trivial"] < len(trivial):
        faults.append(f"{name}: {held} contents left without trivial ones, should be {kept}")
    return faults


def main():
    contents = read_table(shared("reference", "hashlists", "content.tsv"))
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (digests, left_out) in LISTS.items():
            faults += check(name, digests, left_out, contents, folder)
    finish(faults, f"{len(LISTS)} sample lists")


main()
