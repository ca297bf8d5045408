#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An APFS container whose first block is the superblock of ext2 as well: both are listed."""
import os, struct, subprocess
from support import decoy_list, finish, scan, shared, volumes, workspace

ext2, image = (os.path.join(workspace(), name) for name in ("ext2.img", "both.img"))
container = bytearray(open(shared("evidence", "images", "apfs.raw"), "rb").read())
plain = scan(shared("evidence", "images", "apfs.raw"), "--notable", decoy_list())
subprocess.run(["mke2fs", "-q", "-F", "-t", "ext2", "-O", "none", "-b", "1024", "-N", "16", "-I", "128", ext2,
                str(len(container) // 1024)], check=True, capture_output=True)
source = open(ext2, "rb").read()

# Bitmaps, inodes and the root directory go where the container holds nothing.
at = next(b for b in range(16, 200) if not any(container[b * 4096:(b + 2) * 4096])) * 4
bitmap, inode_bitmap, inodes = struct.unpack_from("<III", source, 2048)
root = struct.unpack_from("<I", source, inodes * 1024 + 128 + 40)[0]
for to, block in enumerate((bitmap, inode_bitmap, inodes, inodes + 1, root), at):
    container[to * 1024:(to + 1) * 1024] = source[block * 1024:(block + 1) * 1024]
struct.pack_into("<I", container, (at + 2) * 1024 + 128 + 40, at + 4)
container[1024:1024 + 216] = source[1024:1024 + 216]
container[2048:2080] = source[2048:2080]
struct.pack_into("<III", container, 2048, at, at + 1, at + 2)

# Fletcher 64 over the container's first block, as in the Apple File System Reference.
modulus, low, high = 0xFFFFFFFF, 0, 0
for (word,) in struct.iter_unpack("<I", container[8:4096]):
    low = (low + word) % modulus
    high = (high + low) % modulus
first = modulus - (low + high) % modulus
struct.pack_into("<II", container, 0, first, modulus - (low + first) % modulus)
open(image, "wb").write(container)

both, faults = scan(image, "--notable", decoy_list()), []
listed = lambda s, volume: sorted((e["path"], e["hashes"]["sha256"]) for e in s.entries if e["volume"].endswith(volume))
states = {name: state for name, (_, state, _) in volumes(both.summary).items()}
if "-" not in states or states.get("-/vol0") != "walked":
    faults.append(f"volumes: {states}")
if not listed(plain, "vol0") or listed(both, "vol0") != listed(plain, "vol0"):
    faults.append(f"entries: {listed(both, 'vol0')}")
if not any(p["what"] == "ambiguous" for p in both.problems):
    faults.append(f"problems: {both.problems}")
finish(faults, "an APFS container and ext2 on the same blocks")
