#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes small, sound inputs for the fuzz targets, so that they start behind the first check.

usage: tests/fuzz/make_seeds.py FOLDER      FOLDER/<target>/<number>
A compiled set is made by the program itself where TRIAGE names it.
"""
import base64, os, sqlite3, struct, subprocess, sys, tempfile, zlib


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
ENTRY = text("/a") + text("s") + struct.pack("<QIBBBQ", 5, 128 << 16, 1, 1, 1, 8192) + TIMES + text("1000") + b"\0\0\0" + text("xy") \
    + struct.pack("<QI", 2, 2) + struct.pack("<QQQQ", 4096, 4096, (1 << 64) - 1, 4096)
PROBLEM = b"\x04" + text("/p") + b"\x01" + struct.pack("<Q", 9) + text("why") + b"\0\0\x01\0"
VOLUME = text("p0") + b"\0" + struct.pack("<QQ", 512, 1024) + text("Linux")
FILESYSTEM = text("") + text("ext4") + text("label") + b"\x01" + struct.pack("<I", 4096) + b"\x09\x01\0" * 4
MEDIA = text("ewf") + text("EnCase") + struct.pack("<QIIBI", 1 << 20, 512, 32768, 1, 0) \
    + struct.pack("<I", 1) + text("md5") + text("00" * 16) + struct.pack("<I", 1) + text("notes") + text("n")
SEGMENT = text("/e") + struct.pack("<QQQq", 65536, 1, 2, 3)
LIMITS = struct.pack("<IQQQBBB", 1024, 10, 10, 4, 1, 1, 1)
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


# Lists: as the importers' own headers describe them. The digests are those of "abc" (RFC 1321, FIPS 180-4).
MD5, SHA1 = "900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d"
SHA256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
VICS = ('{"@odata.context": "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media", "value": [{'
        f'"MediaID": 1, "Category": "2", "MD5": "{MD5}", "SHA1": "{SHA1}", "MediaSize": 3, "IsDistributed": "true", "Series": '
        f'"s", "AlternativeHashes": [{{"HashName": "SHA256", "HashValue": "{SHA256}"}}], "MediaFiles": [{{"MD5": "{MD5}", '
        '"FileName": "a.jpg", "FilePath": "x"}]}, {"MediaID": 2, "Category": null}]}')
NSRL2 = ('"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"\n'
         f'"{SHA1.upper()}","{MD5.upper()}","352441C2","a ""b"".txt",3,7,"362",""\n')
HASHKEEPER = ('"file_id","hashset_id","file_name","directory","hash","file_size","date_modified","time_modified","time_zone",'
              f'"comments","date_accessed","time_accessed"\n1,7,"a.txt","d","{MD5.upper()}",3,"","","","","",""\n')
DFXML = ('<?xml version="1.0"?><dfxml xmlns="http://www.forensicswiki.org/wiki/Category:Digital_Forensics_XML"><volume>'
         f'<fileobject><filename>a</filename><filesize>3</filesize><hashdigest type="md5">{MD5}</hashdigest><byte_runs>'
         '<byte_run len="3"/></byte_runs></fileobject></volume></dfxml>')
ENTRIES = (f'{{"evidence":"a.E01","volume":"p0","path":"/a","size":3,"status":"hashed","hashes":{{"md5":"{MD5}","sha1":"{SHA1}",'
           f'"sha256":"{SHA256}"}}}}\n{{"path":"/b","status":"unreadable"}}\n')
DELTA = (f"BEGIN TRANSACTION;\nINSERT INTO FILE VALUES('{SHA256}','{SHA1}','{MD5}','352441c2','a''b',3,7);\n"
         "INSERT INTO PKG VALUES(7,'Editor','2',1,1,'English','x');\nCOMMIT;\n")
ENCASE = b"HASH\r\n\xff\0".ljust(0x408, b"\0") + "set".encode("utf-16-le").ljust(0x78, b"\0") + bytes.fromhex(MD5) + b"\0\0"
IDX = f"00000000000000000000000000000000000000000|md5sum\n{MD5.upper()}|0000000000000000\n"

ICSE = ('"MD5";"SHA1";"Image ID";"Is distributed";"Victim identified";"Offender identified";"Series name";"Baseline"\n'
        f'"{MD5}";"{SHA1}";"1";"Y";"N";"";"s";"Yes"\n')
# As Autopsy, NIST and IPED create them.
KDB = f"""CREATE TABLE db_properties (name TEXT NOT NULL, value TEXT); INSERT INTO db_properties VALUES ('Schema Version', '1');
CREATE TABLE hashes (id INTEGER PRIMARY KEY, md5 BINARY(16), sha1 BINARY(20), sha2_256 BINARY(32));
CREATE TABLE file_names (name TEXT NOT NULL, hash_id INTEGER); CREATE TABLE comments (comment TEXT, hash_id INTEGER);
INSERT INTO hashes VALUES (1, x'{MD5}', NULL, NULL); INSERT INTO file_names VALUES ('a', 1);
INSERT INTO comments VALUES ('c', 1);"""
NSRL3 = f"""CREATE TABLE VERSION (version TEXT, build_set TEXT); INSERT INTO VERSION VALUES ('2023.1', 'modern');
CREATE TABLE PKG (package_id INTEGER, name TEXT, version TEXT); INSERT INTO PKG VALUES (7, 'Editor', '2');
CREATE TABLE FILE (sha256 TEXT, sha1 TEXT, md5 TEXT, crc32 TEXT, file_name TEXT, file_size INTEGER, package_id INTEGER);
INSERT INTO FILE VALUES ('{SHA256}', '{SHA1}', '{MD5}', '352441c2', 'a', 3, 7);"""
IPED = f"""CREATE TABLE HASHES (HASH_ID integer primary key, MD5 blob, SHA1 blob, SHA256 blob);
CREATE TABLE PROPERTIES (PROPERTY_ID integer primary key, PROPERTY_NAME text NOT NULL);
CREATE TABLE HASHES_PROPERTIES (HASH_ID integer, PROPERTY_ID integer, VALUE text, primary key (HASH_ID, PROPERTY_ID));
INSERT INTO HASHES VALUES (1, x'{MD5}', x'{SHA1}', NULL);
INSERT INTO PROPERTIES VALUES (1, 'set'), (2, 'vicCategory'); INSERT INTO HASHES_PROPERTIES VALUES (1, 1, 'ProjectVIC'), (1, 2, '1');"""


def yaffs2_page(data, *tags):
    return data.ljust(2048, b"\xff") + struct.pack("<4I", *tags).ljust(64, b"\xff")


def yaffs2_header(kind, parent, name, size):
    head = struct.pack("<IIH", kind, parent, 0xffff) + name.ljust(282, b"\0") + struct.pack("<Ii", size, -1)
    return head.ljust(512, b"\0")


YAFFS2 = yaffs2_page(yaffs2_header(3, 1, b"folder", 0), 0x1000, 257, 0, 0xffff) \
    + yaffs2_page(yaffs2_header(1, 257, b"file", 3), 0x1000, 258, 0, 0xffff) + yaffs2_page(b"abc", 0x1000, 258, 1, 3)

# Directories: Linux Documentation/filesystems/ext4; FreeBSD sys/ufs/ufs/dir.h; ECMA-119 9.1; exFAT specification 6.3.
EXT_BLOCK = struct.pack("<IHBB4s", 2, 12, 1, 2, b".") + struct.pack("<IHBB8s", 12, 52, 4, 1, b"name").ljust(52, b"\0")
UFS_BLOCK = struct.pack("<IHBB4s", 2, 12, 4, 1, b".") + struct.pack("<IHBB8s", 5, 52, 8, 4, b"name").ljust(52, b"\0")


def iso_record(block, size, name):
    record = struct.pack("<BBI4xI4x7xB2x4xB", 0, 0, block, size, 2, len(name)) + name
    return bytes([len(record) + len(record) % 2]) + record[1:] + bytes(len(record) % 2)


ISO_BLOCK = (iso_record(20, 2048, b"\0") + iso_record(20, 2048, b"\1") + iso_record(21, 5, b"A.TXT;1")).ljust(2048, b"\0")
EXFAT_SET = struct.pack("<BBH28x", 0x85, 2, 0) + struct.pack("<BBxB28x", 0xC0, 1, 1) + b"\xc1\0" + "a".encode("utf-16le").ljust(30, b"\0")
ATTRIBUTE_LIST = struct.pack("<IHBBQQH", 0x80, 32, 1, 26, 0, 5, 0) + b"a\0" + bytes(4)

MFT_RECORD = (b"FILE" + struct.pack("<HH", 48, 3) + bytes(12) + struct.pack("<H", 56)).ljust(56, b"\0") \
    + (struct.pack("<II", 0x80, 24) + bytes(16) + b"\xff" * 4).ljust(968, b"\0")


# APFS: Apple File System Reference, obj_phys_t and nx_superblock_t.
def apfs_object(transaction, kind, body):
    block = (struct.pack("<QQII", 1, transaction, kind, 0) + body).ljust(4088, b"\0")
    low = high = 0
    for (word,) in struct.iter_unpack("<I", block):
        low = (low + word) % 0xFFFFFFFF
        high = (high + low) % 0xFFFFFFFF
    first = 0xFFFFFFFF - (low + high) % 0xFFFFFFFF
    return struct.pack("<II", first, 0xFFFFFFFF - (low + first) % 0xFFFFFFFF) + block


APFS_SUPERBLOCK = apfs_object(2, 0x80000001, b"NXSB" + struct.pack("<IQ", 4096, 3).ljust(68, b"\0") + struct.pack("<IIQ", 2, 0, 1))
APFS = APFS_SUPERBLOCK + apfs_object(2, 0x4000000C, b"") + APFS_SUPERBLOCK
PARTITIONS = (bytes(450) + struct.pack("<B3xII", 5, 1, 2)).ljust(510, b"\0") + b"\x55\xaa" \
    + (bytes(450) + struct.pack("<B3xII", 0x83, 1, 1)).ljust(510, b"\0") + b"\x55\xaa" + bytes(512)


def database(sql):
    with tempfile.NamedTemporaryFile(suffix=".db") as file:
        connection = sqlite3.connect(file.name)
        connection.executescript("PRAGMA page_size=512;" + sql)
        connection.close()
        with open(file.name, "rb") as made:
            return made.read()


def compiled_sets():
    """A small set of each kind of record, by the program's own import: only that knows the filters."""
    if "TRIAGE" not in os.environ:
        return []
    with tempfile.TemporaryDirectory() as folder:
        sets = []
        for name, text_ in ("a.json", VICS), ("b.md5", f"{MD5}  x\n{MD5}  y\n"), ("c.csv", f"md5,sha1\n{MD5},{SHA1}\n"):
            source, target = os.path.join(folder, name), os.path.join(folder, name + ".tks")
            with open(source, "w") as out:
                out.write(text_)
            subprocess.run([os.environ["TRIAGE"], "known", "import", source, "-o", target, "--notable", "--lenient",
                            "--quiet"],
                           check=True, env={**os.environ, "TMPDIR": folder})
            with open(target, "rb") as made:
                sets.append(made.read())
        return sets


# RFC 8032, section 7.1, test 1: the signature of nothing, and the key in the form of RFC 8410.
SIGNATURE = bytes.fromhex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
PUBLIC_KEY = b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(bytes.fromhex(
    "302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")) + b"\n-----END PUBLIC KEY-----\n"

SEEDS = {
    "public_key_fuzz": [SIGNATURE + PUBLIC_KEY],
    "list_vics_fuzz": [VICS], "list_nsrl2_fuzz": [NSRL2], "list_hashkeeper_fuzz": [HASHKEEPER], "list_dfxml_fuzz": [DFXML],
    "list_entries_fuzz": [ENTRIES], "list_nsrl_delta_fuzz": [DELTA], "list_encase_fuzz": [ENCASE], "list_tsk_idx_fuzz": [IDX],
    "list_csv_fuzz": [f"md5;name;category\n{MD5};\"a;b\nc\";1\n"], "list_hashdeep_fuzz": [
        f"%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n3,{MD5},{SHA256},a,b\n"],
    "list_md5sum_fuzz": [f"{MD5}  a\n\\{MD5} *a\\nb\nSHA1 (c) = {SHA1}\n"], "list_plain_fuzz": [f"{MD5}\r\n{SHA256}\n"],
    "list_icse_fuzz": [ICSE], "list_kdb_fuzz": [database(KDB)], "list_nsrl3_fuzz": [database(NSRL3)],
    "list_iped_fuzz": [database(IPED)],
    "known_set_fuzz": compiled_sets(),
    "directories_fuzz": [EXT_BLOCK, UFS_BLOCK, ISO_BLOCK, EXFAT_SET, ATTRIBUTE_LIST, MFT_RECORD, APFS, PARTITIONS],
    "yaffs2_fuzz": [YAFFS2], "records_fuzz": RECORDS,
    "block_map_fuzz": MAPS,
    "ext4_extents_fuzz": EXTENTS,
    "ewf_fuzz": [ewf(3, True), ewf(2, False)],
    "decmpfs_fuzz": [b"fpmc" + struct.pack("<IQ", 3, 60) + zlib.compress(b"abc" * 20),
                     b"fpmc" + struct.pack("<IQ", 7, 6) + b"\xe3abc\x00\x03\x06",
                     struct.pack("<H", 11) + b"\xe3abc\xa9\x0c\x00d\x06",
                     struct.pack("<HII", 1, 8, 13) + b"\xe3abc\x06", b"\x03\xb0\x02a\xfc\x0f\x00\x00",
                     struct.pack("<H", 1) + bytes(4) + struct.pack("<III", 1, 12, 4) + b"\xffabc"],
}


def configurations():
    """The rule files that are shipped, one of every condition, and what the program says of its profiles."""
    config = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "config")
    seeds = []
    for name in sorted(os.listdir(os.path.join(config, "rules"))):
        with open(os.path.join(config, "rules", name)) as file:
            seeds.append(file.read())
    seeds.append("""rules:
  - name: a
    when: {any: [{path_regex: '^/a'}, {not: {created: {newer_than: 3 days, before: 2024-05-01}}}], owner: '0', fs: ntfs}
    severity: info
    tags: [x, y]
    stop_after: 3
    text: t
  - {name: b, when: {volume: p*, kind: [file, stream], size: 10 MiB}, hash: [md5], priority: 3}
  - {name: c, when: {match: {set: s*, label: '**', category: ['1'], digests: 2, differs: false, size_agrees: true}}, severity: alert, text: t}
""")
    if "TRIAGE" in os.environ:
        for profile in "default", "home-visit", "lab-full", "quick":
            seeds.append(subprocess.run([os.environ["TRIAGE"], "config", "show", "--profile", profile], check=True,
                                        capture_output=True, text=True).stdout)
    return seeds


SEEDS["config_fuzz"] = configurations()


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    for target, inputs in SEEDS.items():
        folder = os.path.join(sys.argv[1], target)
        os.makedirs(folder, exist_ok=True)
        for number, data in enumerate(inputs):
            with open(os.path.join(folder, str(number)), "wb") as out:
                out.write(data if isinstance(data, bytes) else data.encode())


if __name__ == "__main__":
    main()
