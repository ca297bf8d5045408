#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No damage of an E01 is silent, and no hash is wrong: chunks, headers, tables, segments.

usage: flip_test.py [EVERY] [--first N] [--count N] [--out FILE]
Each EVERY-th (default 1) of 64 bits in chunks and of all bytes of headers and tables, or a slice of them from the N-th on
(default 0); segments only with the first. FILE adds up. The truth is of the undamaged raw image.
"""
import argparse, os, random, re, shutil, struct, subprocess
from faults import add_up, all_faults, decoy_list, finish, many_entries, read_lines, triage, workspace

options = argparse.ArgumentParser()
options.add_argument("every", nargs="?", type=int, default=1)
options.add_argument("--first", type=int, default=0)
options.add_argument("--count", type=int)
options.add_argument("--out")
options = options.parse_args()
image, rows = many_entries(40)
truth = {(volume, path): md5 for volume, path, md5 in rows}
subprocess.run(["ewfacquire", "-u", "-q", "-t", os.path.join(workspace(), "many"), "-C", "c", "-D", "d",
                "-e", "e", "-E", "1", "-N", "n", "-c", "none", "-S", "6291456", image], check=True, capture_output=True)
segments = sorted(name for name in os.listdir(workspace()) if re.fullmatch(r"many\.E\d\d", name))
whole = {name: open(os.path.join(workspace(), name), "rb").read() for name in segments}


def sections(data):
    """(kind, start, size) of the sections of a segment: EWF-E01, a descriptor of 76 bytes before each."""
    at = 13
    while True:
        kind = data[at:at + 16].rstrip(b"\0").decode()
        following, size = struct.unpack("<QQ", data[at + 16:at + 32])
        yield kind, at, size
        if following <= at:
            return
        at = following


def flips():
    """(segment, byte, bit): bits of chunks by a seed, then a bit of each byte of what leads to them."""
    chance = random.Random(7)
    found = []
    for name, data in whole.items():
        for kind, at, size in sections(data):
            if kind == "sectors":
                found += [(name, chance.randrange(at + 76, at + size), chance.randrange(8))
                          for _ in range(-(-64 // len(whole)))]
    for name, data in whole.items():
        tables = [(0, 13)] + [(at, at + (76 if kind == "sectors" else size or 76)) for kind, at, size in sections(data)]
        found += [(name, byte, byte % 8) for begin, end in tables for byte in range(begin, end)]
    found = found[::options.every]
    return found[options.first:options.first + (options.count or len(found))]


def examined(files, label):
    """What is wrong with a scan of these segments."""
    folder = os.path.join(workspace(), f"damaged-{label.replace(' ', '-')}")
    os.mkdir(folder)
    for name, data in files.items():
        with open(os.path.join(folder, name), "wb") as out:
            out.write(data)
    try:
        return judged(os.path.join(folder, segments[0]), os.path.join(folder, "case"), label)
    finally:
        shutil.rmtree(folder)


def judged(evidence, case, label):
    done = triage("scan", evidence, "--verify-evidence", "--notable", decoy_list(), "--report",
                  "jsonl", "--out", case, "--quiet")
    if done.returncode not in (0, 2, 3):
        return [f"{label}: exit {done.returncode}: {done.stderr}"]
    entries = read_lines(f"{case}/reports/entries.jsonl")
    right = {(e["volume"], e["path"]) for e in entries
             if e.get("hashes", {}).get("md5") == truth.get((e["volume"], e["path"]))}
    wrong = [e["path"] for e in entries if "hashes" in e and (e["volume"], e["path"]) not in right]
    faults = [f"{label}: a wrong hash of {path}" for path in wrong]
    if done.returncode == 0 and len(right) < len(truth):
        faults.append(f"{label}: silent: {len(right)} of {len(truth)} entries")
    if done.returncode != 0 and not done.stderr and not read_lines(f"{case}/reports/problems.jsonl"):
        faults.append(f"{label}: exit {done.returncode}, and nothing says why")
    return faults


def flipped(flip):
    name, byte, bit = flip
    data = bytearray(whole[name])
    data[byte] ^= 1 << bit
    return examined({**whole, name: bytes(data)}, f"{name} byte {byte} bit {bit}")


def of_segments(item):
    return examined(item[1], item[0])


def damaged_segments():
    for number, name in enumerate(segments):
        yield f"{name} missing", {n: d for n, d in whole.items() if n != name} if number else {name: b""}
        for part in (4, 2):
            yield f"{name} cut to 1 of {part}", {**whole, name: whole[name][:len(whole[name]) // part]}
        other = segments[(number + 1) % len(segments)]
        yield f"{name} swapped with {other}", {**whole, name: whole[other], other: whole[name]}


undamaged = of_segments(("undamaged", whole))
if undamaged or len(segments) < 2:
    finish(undamaged or ["the image has one segment"], "the undamaged E01")
damage = flips()
segment_damage = list(damaged_segments()) if options.first == 0 else []
faults = all_faults(flipped, damage) + all_faults(of_segments, segment_damage)
print(f"{len(damage)} flips in {len(segments)} segments, and {len(segment_damage)} of segments missing, cut and swapped")
add_up(options.out, "damaged E01", {"flips": len(damage), "segments": len(segment_damage)}, faults)
finish(faults, "damaged E01 images")
