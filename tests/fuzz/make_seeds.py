#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes small, sound inputs for the fuzz targets, so that they start behind the first check.

usage: tests/fuzz/make_seeds.py FOLDER      FOLDER/<target>/<number>
"""
import os, struct, sys, zlib


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<I", len(value)) + value


# Records: engine/worker/record.cpp, little-endian.
def run(encoding, offset, length, segment=0, position=0, base=0, data_end=0, twin=0, entries=0, reason=""):
    return struct.pack("<BQQIQQQQII", encoding, offset, length, segment, position, base, data_end, twin, entries, 0) \
        + text(reason)


def block_map(media_size, block_size, runs):
    return struct.pack("<QIIBI", media_size, 512, block_size, 1, len(runs)) + b"".join(runs)


MAPS = [
    block_map(0, 0, []),
    block_map(65536, 0, [run(0, 0, 65536)]),
    block_map(30000, 0, [run(0, 0, 10000, 1, 5), run(1, 10000, 10000), run(2, 20000, 10000, reason="gone")]),
    block_map(20000, 1024, [run(3, 0, 20000, 0, 100, 0, 65536, 100, 20)]),
    block_map(20480, 1024, [run(4, 0, 20480, 0, 100, 0, 65536, 300, 20)]),
]
TIMES = b"\x01" + struct.pack("<qI", 1, 2) + b"\0\0\0"
ENTRY = text("/a") + text("s") + struct.pack("<QIBBBQ", 5, 128 << 16, 1, 1, 1, 8192) + TIMES + b"\0\0\0" + text("xy") \
    + struct.pack("<QI", 2, 2) + struct.pack("<QQQQ", 4096, 4096, (1 << 64) - 1, 4096)
PROBLEM = b"\x04" + text("/p") + b"\x01" + struct.pack("<Q", 9) + text("why") + b"\0\0\x01\0"
VOLUME = text("p0") + b"\0" + struct.pack("<QQ", 512, 1024) + text("Linux")
FILESYSTEM = text("") + text("ext4") + text("label") + b"\x01" + struct.pack("<I", 4096) + b"\x09\x01\0" * 4
MEDIA = text("ewf") + text("EnCase") + struct.pack("<QIIBI", 1 << 20, 512, 32768, 1, 0) \
    + struct.pack("<I", 1) + text("md5") + text("00" * 16) + struct.pack("<I", 1) + text("notes") + text("n")
SEGMENT = text("/e") + struct.pack("<QQQq", 65536, 1, 2, 3)
LIMITS = struct.pack("<IQQQBB", 1024, 10, 10, 4, 1, 1)
JOB = b"\x02" + struct.pack("<I", 1) + SEGMENT + text("raw") + MAPS[2] + VOLUME + LIMITS + b"\0" + struct.pack("<Q", 3) \
    + struct.pack("<I", 1) + struct.pack("<Q", 5) + text("/d") + struct.pack("<QQ", 6, 7) + struct.pack("<QQ", 1, 2)
RECORDS = [JOB] + [bytes([form]) + record for form, record in enumerate([
    MEDIA, run(3, 0, 512), PROBLEM, VOLUME, FILESYSTEM, struct.pack("<QQQ", 1, 2, 3),
    text("") + text("ntfs") + struct.pack("<QIQ", 5, 1, 2), struct.pack("<IQQ", 1, 0, 512), MAPS[2], ENTRY])]


# ext4 extent trees: Linux Documentation/filesystems/ext4, "Extent Tree".
def node(entries, depth, size):
    return (struct.pack("<HHHHI", 0xF30A, len(entries), (size - 12) // 12, depth, 0) + b"".join(entries)).ljust(size, b"\0")


def leaf(logical, count, physical):
    return struct.pack("<IHHI", logical, count, physical >> 32, physical & 0xFFFFFFFF)


def index(logical, block):
    return struct.pack("<IIHH", logical, block, 0, 0)


EXTENTS = [
    node([leaf(0, 2, 3), leaf(5, 32769, 6)], 0, 60) + bytes(16 * 1024),
    node([index(0, 2), index(100, 3)], 1, 60) + bytes(2048) + node([leaf(0, 1, 5), leaf(1, 3, 6)], 0, 1024)
    + node([leaf(100, 4, 8)], 0, 1024) + bytes(12 * 1024),
    node([index(0, 2)], 2, 60) + bytes(2048) + node([index(0, 3)], 1, 1024) + node([leaf(0, 1, 5)], 0, 1024) + bytes(4096),
]


# EWF-E01: Joachim Metz, "Expert Witness Compression Format specification".
def sealed(data):
    return data + struct.pack("<I", zlib.adler32(data))


def section(kind, at, content, is_last=False):
    following = at if is_last else at + 76 + len(content)
    return sealed(kind.encode().ljust(16, b"\0") + struct.pack("<QQ", following, 76 + len(content)) + bytes(40)) + content


def ewf(chunks, compressed):
    chunk_bytes, sectors = 4 * 512, 4 * chunks
    image = b"EVF\x09\x0d\x0a\xff\x00\x01" + struct.pack("<HH", 1, 0)
    header = zlib.compress(b"1\nmain\nc\tn\ta\te\tt\tav\tov\tm\tu\tp\nAB/1\tE1\tdesc\tex\tnotes\t7\tLinux\t\t\t0\n\n")
    image += section("header", len(image), header)
    volume = struct.pack("<BxxxIIIQ", 1, chunks, 4, 512, sectors).ljust(1048, b"\0")
    image += section("volume", len(image), sealed(volume))
    data, entries, base = b"", [], len(image) + 76
    for number in range(chunks):
        plain = bytes([number]) * chunk_bytes
        entries.append(base + len(data) | (0x80000000 if compressed else 0))
        data += zlib.compress(plain) if compressed else sealed(plain)
    image += section("sectors", len(image), data)
    offsets = b"".join(struct.pack("<I", entry) for entry in entries)
    table = sealed(struct.pack("<IIQI", chunks, 0, 0, 0)) + sealed(offsets)
    image += section("table", len(image), table)
    image += section("table2", len(image), table)
    image += section("hash", len(image), sealed(bytes(32)))
    return image + section("done", len(image), b"", is_last=True)


SEEDS = {
    "records_fuzz": RECORDS,
    "block_map_fuzz": MAPS,
    "ext4_extents_fuzz": EXTENTS,
    "ewf_fuzz": [ewf(3, True), ewf(2, False)],
}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for target, inputs in SEEDS.items():
        folder = os.path.join(sys.argv[1], target)
        os.makedirs(folder, exist_ok=True)
        for number, data in enumerate(inputs):
            with open(os.path.join(folder, str(number)), "wb") as out:
                out.write(data)


if __name__ == "__main__":
    main()
