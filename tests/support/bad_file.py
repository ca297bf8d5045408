#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A file with bad sectors, by the kernel's FUSE: under a loop device it is a disk with bad sectors. Needs root.

usage: bad_file.py IMAGE FOLDER SECTOR...
FOLDER/image has the bytes of IMAGE, but a read that meets one of these sectors of 512 bytes fails. Says "ready", and ends
when FOLDER is unmounted. The structs are those of linux/fuse.h, version 7.31.
"""
import ctypes, errno, os, stat, struct, sys

image, folder, bad = sys.argv[1], sys.argv[2], [int(sector) * 512 for sector in sys.argv[3:]]
LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE, FLUSH, INIT, INTERRUPT, DESTROY, BATCH_FORGET = \
    1, 2, 3, 14, 15, 18, 25, 26, 36, 38, 42
ROOT, FILE, FOR_LONG, MS_RDONLY = 1, 2, 1000, 1
data = os.open(image, os.O_RDONLY)
size = os.fstat(data).st_size


def attributes(node):
    mode = stat.S_IFDIR | 0o555 if node == ROOT else stat.S_IFREG | 0o444
    return struct.pack("<6Q10I", node, size, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 512, 0)


def read(offset, length):
    if any(sector < offset + length and offset < sector + 512 for sector in bad):
        return errno.EIO
    return os.pread(data, length, offset)


def answer(call, node, body):
    """The bytes that a call is answered with, or its error number."""
    if call == INIT:
        return struct.pack("<4I2H2I2H8I", 7, 31, 128 << 10, 0, 16, 12, 128 << 10, 1, *[0] * 10)
    if call == LOOKUP:
        return struct.pack("<4Q2I", FILE, 0, FOR_LONG, FOR_LONG, 0, 0) + attributes(FILE) if body == b"image\0" else errno.ENOENT
    if call == GETATTR:
        return struct.pack("<Q2I", FOR_LONG, 0, 0) + attributes(node)
    if call == OPEN:
        return bytes(16)
    if call == READ:
        return read(*struct.unpack_from("<8xQI", body))
    return b"" if call in (RELEASE, FLUSH) else errno.ENOSYS


fuse = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
options = b"fd=%d,rootmode=40000,user_id=0,group_id=0" % fuse
if libc.mount(b"bad_file", os.fsencode(folder), b"fuse", MS_RDONLY, options) != 0:
    sys.exit(f"cannot be mounted: {os.strerror(ctypes.get_errno())}")
print("ready", flush=True)
while True:
    try:
        request = os.read(fuse, 1 << 20)
    except OSError as error:
        if error.errno in (errno.EINTR, errno.EAGAIN, errno.ENOENT):
            continue
        sys.exit(error.errno != errno.ENODEV)  # unmounted
    _, call, number, node = struct.unpack_from("<IIQQ", request)
    if call not in (FORGET, BATCH_FORGET, INTERRUPT, DESTROY):
        given = answer(call, node, request[40:])
        code, body = (given, b"") if isinstance(given, int) else (0, given)
        os.write(fuse, struct.pack("<IiQ", 16 + len(body), -code, number) + body)
