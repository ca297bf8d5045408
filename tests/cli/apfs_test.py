#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""APFS that macOS made, changed where libtsk 4.11.1 does not look: a file and a folder in a cloud (SF_DATALESS), and
features that a kernel would have to know. Apple File System Reference: j_inode_val_t, j_file_extent_val_t,
apfs_superblock_t, nx_superblock_t, "Objects" (Fletcher 64).
"""
import os, struct
from support import decoy_list, finish, scan, shared, workspace

BLOCK, TREE, VOLUME, CHECKPOINTS, CONTENT = 4096, 101, 107, (0, 8), 95  # blocks that the newest state uses
DATALESS, FILE, FOLDER = 0x40000000, (2, 18), (2, 16)  # parent and number: /passwords.txt, /a_directory
with open(shared("evidence", "images", "apfs.raw"), "rb") as file:
    SOUND = file.read()
faults = []


def check(is_so, what):
    if not is_so:
        faults.append(what)


def seal(image, block):
    at, low, high = block * BLOCK, 0, 0
    for (word,) in struct.iter_unpack("<I", image[at + 8:at + BLOCK]):
        low = (low + word) % 0xFFFFFFFF
        high = (high + low) % 0xFFFFFFFF
    first = 0xFFFFFFFF - (low + high) % 0xFFFFFFFF
    struct.pack_into("<II", image, at, first, 0xFFFFFFFF - (low + first) % 0xFFFFFFFF)


def in_tree(what):
    at = SOUND.find(what, TREE * BLOCK, (TREE + 1) * BLOCK)
    check(at > 0, f"{what} is not in the tree")
    return at


def scanned(*changes):
    """`changes`: where, form of the number, and what it becomes."""
    image, path = bytearray(SOUND), os.path.join(workspace(), "changed.raw")
    for offset, form, change in changes:
        struct.pack_into(form, image, offset, change(struct.unpack_from(form, image, offset)[0]))
        seal(image, offset // BLOCK)
    with open(path, "wb") as out:
        out.write(image)
    return scan(path, "--notable", decoy_list())


def flags_of(inode):
    return in_tree(struct.pack("<QQ", *inode)) + 68, "<I", lambda flags: flags | DATALESS


def told(result):
    return [(p["what"], p.get("path"), p["detail"]) for p in result.problems]


plain = scanned((VOLUME * BLOCK + 8, "<Q", lambda oid: oid))
check((plain.code, plain.problems) == (0, []), f"as it is: {plain.code} {plain.problems}")

# The extent of the file becomes a hole, as of one that was never fetched.
hole = in_tree(struct.pack("<QQ", BLOCK, CONTENT)) + 8, "<Q", lambda _: 0
for name, changes, hashes in (("a hole", [hole], True), ("in a cloud", [hole, flags_of(FILE)], False)):
    result = scanned(*changes)
    (entry,) = [e for e in result.entries if e["path"] == "/passwords.txt"]
    check(("hashes" in entry) == hashes, f"{name}: {entry}")
    check((entry.get("reason") == "reparse", result.code) == (not hashes, 0 if hashes else 3), f"{name}: {result.code} {entry}")
folder = scanned(flags_of(FOLDER))
check(told(folder) == [("unreadable", "/a_directory", "directory: a placeholder; entries may be elsewhere")], f"folder: {told(folder)}")
check(len(folder.entries) == len(plain.entries), "a folder in a cloud: what is there of it is not listed")

for name, blocks, at, bit, words in (
        ("volume", [VOLUME], 56, 0x8000, "APFS volume with incompatible features that are not known (0x8000): not read by this build"),
        ("sealed", [VOLUME], 56, 0x20, "sealed APFS volume: not read by this build"),
        ("container", CHECKPOINTS, 64, 0x4000, "APFS container with incompatible features that are not known (0x4000): not read by this build"),
        ("fusion", CHECKPOINTS, 64, 0x100, "APFS over two disks (Fusion): not read by this build")):
    result = scanned(*((block * BLOCK + at, "<Q", lambda features: features | bit) for block in blocks))
    check((result.code, told(result)) == (3, [("unsupported", None, words)]), f"{name}: {result.code} {told(result)}")
    check(result.entries == [], f"{name}: {len(result.entries)} entries")
finish(faults, "APFS in a cloud and with unknown features")
