#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Evidence that cannot be read, from outside: pread_shim.c puts the faults of a disk under the program and its workers,
debugfs says where the bytes of each file lie, and what must be missing of which file is computed from both."""
import hashlib, json, os, random, re, shutil, signal, struct, subprocess, time
from support import ROOT, TRIAGE, decoy_list, finish, read_lines, scan, workspace

folder, faults, random = workspace(), [], random.Random(7)
path = lambda name: os.path.join(folder, name)
shim, image, list_of_none = path("shim.so"), path("disk.raw"), decoy_list()


def check(holds, fault):
    if not holds:
        faults.append(fault)


def run(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, check=True).stdout.decode()


def under(evidence, *wanted):
    """The environment in which reads of the evidence have these faults."""
    return {**os.environ, "LD_PRELOAD": shim, "PREAD_FAULTS": ";".join([evidence, *wanted])}


def scanned(evidence, wanted, *arguments):
    before = dict(os.environ)
    os.environ.update(under(evidence, *wanted))
    try:
        return scan(evidence, "--notable", list_of_none, *arguments, timeout=280)
    finally:
        os.environ.clear()
        os.environ.update(before)


# An ext4 image, with the place of each file by debugfs, proved by reading them there.
run("cc", "-O2", "-shared", "-fPIC", "-o", shim, os.path.join(ROOT, "tests/support/pread_shim.c"))
os.makedirs(path("files/folder"))
for n, size in enumerate([0, 1, 100, 511, 4096, 5000, 70_000, 70_001, 300_000, 1 << 20, 5 << 20, 12_345_678]):
    for place in "files", "files/folder":
        with open(path(f"{place}/{n}.bin"), "wb") as out:
            out.write(random.randbytes(size))
run("mkfs.ext4", "-q", "-b", 1024, "-E", "lazy_itable_init=0,nodiscard", "-O", "^has_journal", "-d", path("files"), image, "64M")
media = open(image, "rb").read()
files = {}  # path → (bytes, [(offset on the media, length)...] in order)
for at, _, names in os.walk(path("files")):
    for name in names:
        inner = "/" + os.path.relpath(os.path.join(at, name), path("files"))
        data = open(os.path.join(at, name), "rb").read()
        lines = re.findall(r"^ *\d+/ *\d+ +\d+/ *\d+ +(\d+) - +(\d+) +(\d+) - +(\d+) +(\d+)", run("debugfs", "-R", f"dump_extents -l {inner}", image), re.M)
        pieces, left = [], len(data)
        for _, _, first, _, blocks in lines:
            pieces.append((int(first) * 1024, min(int(blocks) * 1024, left)))
            left -= pieces[-1][1]
        assert b"".join(media[o:o + n] for o, n in pieces) == data, f"debugfs does not say where {inner} lies"
        files[inner] = (data, pieces)


def sectors_of(bad):
    """Each bad byte costs its sector."""
    return {s for begin, end in bad for s in range(begin // 512, (end + 511) // 512)}


def missing_of(pieces, lost, step):
    """Ranges on the media that a content misses: [(offset, length)], neighbours joined."""
    ranges = []
    for offset, length in pieces:
        for unit in range(offset // step, (offset + length + step - 1) // step):
            if unit not in lost:
                continue
            begin, end = max(unit * step, offset), min((unit + 1) * step, offset + length)
            if ranges and sum(ranges[-1]) == begin:
                ranges[-1] = (ranges[-1][0], end - ranges[-1][0])
            else:
                ranges.append((begin, end - begin))
    return ranges


def compare(what, done, lost, step, reason):
    """Each file is hashed, or misses what it must; each range is a problem, and nothing else is."""
    entries = {e["path"]: e for e in done.entries}
    wanted = []
    for name, (data, pieces) in files.items():
        entry, ranges = entries.get(name), missing_of(pieces, lost, step)
        missing = sum(length for _, length in ranges)
        check(entry, f"{what}: {name} is not listed")
        if not entry:
            continue
        if missing == 0:
            check(entry.get("hashes", {}).get("sha256") == hashlib.sha256(data).hexdigest(), f"{what}: {name}: {entry}")
            continue
        state = "unreadable" if missing == len(data) else "partial"
        check((entry["status"], entry["reason"], entry["missing_bytes"], "hashes" in entry) == (state, reason, missing, False),
              f"{what}: {name} misses {missing}: {entry}")
        if reason == "read-error" and len(ranges) <= 16:
            wanted += [(name, o // 512, (o + n + 511) // 512 - o // 512) for o, n in ranges]
    found = [(p["path"], p["first_sector"], p["sectors"]) for p in done.problems if "content are missing" in p["detail"]]
    if step == 512:
        check(sorted(found) == sorted(wanted), f"{what}: problems {sorted(set(found) ^ set(wanted))[:4]}")
    check(done.code == (3 if lost else 0), f"{what}: ends with {done.code}: {done.stderr}")


compare("a sound image", scanned(image, []), set(), 512, "")
compare("what fails once", scanned(image, ["once 0 %d" % len(media)]), set(), 512, "")
compare("short reads", scanned(image, ["short 777"]), set(), 512, "")
compare("slow reads", scanned(image, ["slow 0 %d 1" % len(media)]), set(), 512, "")

# Bad ranges inside of files: one byte to a whole file, at any place.
stretches = [p for _, pieces in files.values() for p in pieces]
for turn in range(6):
    bad = []
    for _ in range(random.choice([1, 3, 12])):
        offset, length = random.choice(stretches)
        begin = offset + random.randrange(length)
        bad.append((begin, min(begin + random.choice([1, 10, 512, 4096, 100_000]), offset + length)))
    if turn == 0:
        offset, length = files["/8.bin"][1][0]
        bad.append((offset, offset + length))
    for kind in "eio", "whole":
        # A disk fails by sectors, which the shim does not know.
        done = scanned(image, [f"eio {b // 512 * 512} {(e + 511) // 512 * 512}" if kind == "eio" else f"whole {b} {e}" for b, e in bad])
        compare(f"{kind} {bad}", done, sectors_of(bad), 512, "read-error")


# Of a device the kernel reads pages: past its cache a bad sector costs its own bytes, and not the seven beside it.
def device_with(sectors):
    """A loop device with these bad sectors, and what it stands on; or why there is none."""
    os.makedirs(path("mnt"), exist_ok=True)
    server = subprocess.Popen([os.path.join(ROOT, "tests/support/bad_file.py"), image, path("mnt"), *map(str, sectors)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if server.stdout.readline() != "ready\n":
        return None, f"FUSE: {server.stderr.read().strip()}"
    made = subprocess.run(["losetup", "--find", "--show", "--read-only", "--direct-io=on", path("mnt/image")],
                          capture_output=True, text=True)
    return made.stdout.strip() or None, f"losetup: {made.stderr.strip()}"


bad = [(o + n // 2) // 512 for o, n in stretches[::5]]
device, why = device_with(bad)
if device:
    is_lost = subprocess.run(["dd", f"if={device}", "of=/dev/null", "bs=512", f"skip={bad[0] ^ 1}", "count=1"], capture_output=True)
    check(is_lost.returncode != 0, f"sector {bad[0] ^ 1} beside the bad {bad[0]} can be read through the cache: nothing is tested")
    compare(f"a device with bad sectors {bad}", scan(device, "--notable", list_of_none), set(bad), 512, "read-error")
    run("losetup", "--detach", device)
else:
    print(f"NOT CHECKED: a device with bad sectors, which needs root, FUSE and loop devices: {why}")
subprocess.run(["umount", path("mnt")], capture_output=True)

# In an E01 without compression chunk n has its place: what cannot be read, or is changed, costs the chunk.
run("ewfacquire", "-u", "-q", "-c", "none", "-f", "encase6", "-S", "1GiB", "-t", path("disk"), image)
e01 = open(path("disk.E01"), "rb").read()
at, sections = 13, {}
while True:
    kind, following = e01[at:at + 16].rstrip(b"\0").decode(), struct.unpack_from("<Q", e01, at + 16)[0]
    sections[kind] = at
    if following == at:
        break
    at = following
first = sections["sectors"] + 76
chunk_of = lambda position: (position - first) // 32772
assert e01[first + 5 * 32772:first + 5 * 32772 + 32768] == media[5 * 32768:6 * 32768], "chunks do not lie where they should"
for kind, reason in ("eio", "read-error"), ("whole", "read-error"), ("flip", "checksum"):
    places = [first + offset // 32768 * 32772 + random.randrange(32768) for offset, _ in random.sample(stretches, 4)]
    done = scanned(path("disk.E01"), [f"{kind} {p} {p + 3}" for p in places])
    compare(f"E01 {kind}", done, {chunk_of(p + i) for p in places for i in range(3)}, 32768, reason)

compare("E01, what fails once", scanned(path("disk.E01"), ["once 0 %d" % len(e01)]), set(), 512, "")
# A segment that answers slowly holds up the worker that opens it, asleep, and is no deadlock.
compare("E01, slow", scanned(path("disk.E01"), ["slow %d %d 2600" % (len(e01) - 76, len(e01))]), set(), 512, "")

# In the metadata, where a worker meets it: the directory's block.
block = int(re.search(r"^(\d+)", run("debugfs", "-R", "blocks /folder", image))[1])
done = scanned(image, [f"eio {block * 1024} {block * 1024 + 1024}"])
told = [p for p in done.problems if p.get("first_sector", -1) <= block * 2 < p.get("first_sector", -1) + p.get("sectors", 0)]
check(done.code == 3 and told, f"a directory that cannot be read: {done.code}, {done.problems}")
sums = {hashlib.sha256(data).hexdigest() for data, _ in files.values()}
check(all(e["hashes"]["sha256"] in sums for e in done.entries if "hashes" in e and e["size"] and "$" not in e["path"] and "lost+found" not in e["path"]),
      "a wrong hash beside a directory that cannot be read")


def begin(case, wanted, *arguments):
    """A scan under way, which has seen what the evidence is."""
    process = subprocess.Popen([TRIAGE, "scan", image, "--notable", list_of_none, "--out", case, "--quiet", *arguments],
                               env=under(image, *wanted), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    for _ in range(500):
        if os.path.exists(case + "/audit.jsonl") and "evidence-before" in open(case + "/audit.jsonl").read():
            break
        time.sleep(0.02)
    return process


# A write into the middle while the scan goes on is told by every report.
kinds = [json.loads(line) for line in run(TRIAGE, "plugins", "--json").splitlines()]
# exec, which pipes rows to a program, needs one; its rows are those of jsonl.
reporters = [k["name"] for k in kinds if k["kind"] == "report" and k["name"] != "exec"]
check(len(reporters) >= 6, f"reporters: {reporters}")
os.utime(image, (1_600_000_000, 1_600_000_000))
process = begin(path("changed"), ["slow 0 %d 20" % len(media)])
with open(image, "r+b") as out:
    out.seek(len(media) // 2)
    out.write(media[len(media) // 2:][:1])
process.wait()
check(process.returncode == 3, f"a change under the scan ends with {process.returncode}")
summary = json.load(open(path("changed/reports/summary.json")))
words = "changed or vanished while it was examined"
check(any(words in s for s in summary.get("cautions", [])), "summary.json does not tell of the change")
for number, reporter in enumerate(reporters, 2):
    done = subprocess.run([TRIAGE, "report", path("changed"), "--report", reporter], capture_output=True)
    texts = [open(os.path.join(at, n), "rb").read() for at, _, names in os.walk(path(f"changed/reports-{number}")) for n in names if n != "summary.json"]
    check(any(re.search(rb"changed\s+or\s+vanished\s+while\s+it\s+was\s+examined", t) for t in texts),
          f"the report {reporter} does not tell of the change: {done.returncode} {done.stderr}")
os.utime(image, (1_600_000_000, 1_600_000_000))

# A disk that fails slowly: Ctrl-C ends the run, and the case goes on with a disk that does not.
whole = scan(image, "--notable", list_of_none)
offset, length = files["/11.bin"][1][0]
process = begin(path("stopped"), [f"eio {offset} {offset + length}", f"slow {offset} {offset + length} 300"])
time.sleep(2)
process.send_signal(signal.SIGINT)
sent = time.monotonic()
process.wait()
check(time.monotonic() - sent < 15, f"Ctrl-C takes {time.monotonic() - sent:.1f} s while a disk fails")
check(process.returncode == 4, f"Ctrl-C while a disk fails ends with {process.returncode}: {process.stderr.read()}")


def resumed():
    return subprocess.run([TRIAGE, "scan", "--resume", path("stopped"), "--quiet"], capture_output=True, text=True)


def refused(change, words):
    with open(image, "r+b") as out:
        change(out)
    done = resumed()
    check(done.returncode == 2 and words in done.stderr, f"not refused ({words}): {done.returncode} {done.stderr}")
    with open(image, "wb") as out:
        out.write(media)
    os.utime(image, (1_600_000_000, 1_600_000_000))


def flip(position, later=0):
    def change(out):
        out.seek(position)
        out.write(bytes([media[position] ^ 1]))
        out.flush()
        os.utime(image, (1_600_000_000 + later, 1_600_000_000 + later))
    return change


# Changed evidence is refused, and the change is named.
refused(flip(100), "its first or last MiB differs")
refused(flip(len(media) - 100), "its first or last MiB differs")
refused(flip(len(media) // 2, 60), "segment 1 was written at 2020-09-13T12:27:40")
refused(lambda out: out.truncate(len(media) - 512), f"segment 1 has {len(media) - 512} bytes, which were {len(media)}")
done = resumed()
check(done.returncode == 0, f"the same evidence is not gone on with: {done.returncode} {done.stderr}")
check(read_lines(path("stopped/reports/entries.jsonl")) == whole.entries, "a resumed scan has other entries")
finish(faults, "evidence that cannot be read")
