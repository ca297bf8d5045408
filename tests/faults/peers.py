# SPDX-License-Identifier: Apache-2.0
"""triage, `fls`, `fiwalk` and `icat` run on one image and looked at in the same way."""
import collections, hashlib, json, os, re, shutil, signal, struct, subprocess, time
from faults import TRIAGE, decoy_list, read_lines
from support import FIXTURES

TOOLS = ("triage", "fls", "fiwalk")
SECONDS = 60
MOST_OUTPUT, MOST_CONTENT, SUPERBLOCK_END = 16 << 20, 256 << 20, 2048
# Of The Sleuth Kit: the container and the first block of the volume of the one APFS image. fiwalk knows no APFS.
POOL = {"apfs.raw": ["-P", "apfs", "-B", "107"]}
Run = collections.namedtuple("Run", "code output errors largest parent")  # MiB of the largest process, of the first
Row = collections.namedtuple("Row", "path stream md5 address start state size")


def knows(tool, seed):
    return tool != "fiwalk" or seed not in POOL


def resident(process):
    """MiB that a process has held at most, 0 when it is gone."""
    try:
        with open(f"/proc/{process}/status") as status:
            return next((int(line.split()[1]) >> 10 for line in status if line.startswith("VmHWM")), 0)
    except (OSError, ValueError):
        return 0


def run(command, folder):
    """The code is None where it had to be killed. What the kernel counts as largest
    includes children, and this script as it was when it started them: a bound, not a measurement."""
    out, err = os.path.join(folder, "out"), os.path.join(folder, "err")
    with open(out, "wb") as output, open(err, "wb") as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
    end, parent, is_late = time.monotonic() + SECONDS, 0, False
    while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
        parent = max(parent, resident(process.pid))
        if time.monotonic() > end and not is_late:
            is_late = True
            process.send_signal(signal.SIGKILL)
        time.sleep(0.003)
    process.returncode = os.waitstatus_to_exitcode(ended[1])
    # A flood of output would make this script large, and with it what the kernel counts of the next process.
    text = lambda path: open(path, "rb").read(MOST_OUTPUT).decode(errors="replace")
    return Run(None if is_late else process.returncode, text(out), text(err), ended[2].ru_maxrss >> 10, parent)


def commands(seed, image, folder):
    case, xml = os.path.join(folder, "case"), os.path.join(folder, "fiwalk.xml")
    return {"triage": [TRIAGE, "scan", image, "--notable", decoy_list(), "--report", "jsonl", "--out", case, "--quiet"],
            "fls": ["fls", "-r", "-p", *POOL.get(seed, []), image], "fiwalk": ["fiwalk", "-X", xml, image]}


def run_tool(tool, seed, image, folder):
    shutil.rmtree(os.path.join(folder, "case"), ignore_errors=True)
    xml = os.path.join(folder, "fiwalk.xml")
    if os.path.exists(xml):
        os.unlink(xml)
    return run(commands(seed, image, folder)[tool], folder)


def summary(folder):
    path = os.path.join(folder, "case/reports/summary.json")
    return json.load(open(path, encoding="utf-8")) if os.path.exists(path) else {}


def problems(folder):
    return read_lines(os.path.join(folder, "case/reports/problems.jsonl"))


def listed(tool, output, folder):
    """The rows of what a tool said last."""
    if tool == "triage":
        starts = {volume["volume"]: volume["start"] for volume in summary(folder).get("volumes", [])}
        return [Row(e["path"], e.get("stream", ""), e.get("hashes", {}).get("md5"), e["address"],
                    starts.get(e["volume"], 0), e["state"], e["size"])
                for e in read_lines(os.path.join(folder, "case/reports/entries.jsonl"))]
    if tool == "fls":
        return [Row("/" + line.split(":\t", 1)[1], "", None, "", 0, "", 0)
                for line in output.splitlines() if ":\t" in line]
    xml = os.path.join(folder, "fiwalk.xml")
    text = open(xml, errors="replace").read(MOST_OUTPUT) if os.path.exists(xml) else ""
    rows = []
    for found in re.findall(r"<fileobject>.*?</fileobject>", re.sub(r"<parent_object>.*?</parent_object>", "", text,
                                                                      flags=re.S), re.S):
        value = lambda pattern: (re.search(pattern, found) or ["", None])[1]
        state = "allocated" if value(r"<alloc>(1)</alloc>") or value(r"<name_type>()</name_type>") else "deleted"
        rows.append(Row("/" + (value(r"<filename>(.*?)</filename>") or ""), "",
                        value(r"<hashdigest type='md5'>([0-9a-f]{32})"), value(r"<inode>(\d+)</inode>") or "", 0, state, 0))
    return rows


def output_of(*command):
    with subprocess.Popen(["timeout", "--signal=KILL", str(SECONDS), *command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        output = process.stdout.read(MOST_CONTENT)
        process.stdout.close()
    return output


def valid_parts(image, content):
    """What `icat` reads of an exFAT file with zeros behind its valid data length, which it does not know: one for each
    stream extension of that size that the image holds (exFAT specification, 7.6)."""
    data = open(image, "rb").read()
    for at in range(0, len(data) - 31, 32):
        valid, size = struct.unpack_from("<8xQ8xQ", data, at)
        if data[at] in (0xC0, 0x40) and size == len(content) and valid < size:
            yield content[:valid] + bytes(size - valid)


def dumped_by_debugfs(image, address):
    """Its `cat` mixes what it has to say into what it reads. Bitmaps (-c) and checksums (-n) do not matter here."""
    dumped = image + ".content"
    output_of("/sbin/debugfs", "-c", "-n", "-R", f"dump <{address}> {dumped}", image)
    if os.path.exists(dumped):
        with open(dumped, "rb") as content:
            yield content.read()
        os.unlink(dumped)


def own_contents(seed, image, row):
    """What other readers make of an entry of this image: every attribute of its address, also as a deleted one."""
    at, address = ["-o", str(row.start // 512), *POOL.get(seed, []), image], row.address
    yield output_of("icat", *at, address)
    attributes = {found.decode() for found in re.findall(rb"^Type: .*?\((\d+-\d+)\)",
                                                         output_of("istat", *at, address), re.M)}
    if seed.startswith("ntfs"):  # where their names are damaged, istat stops before it lists them
        attributes |= {f"{kind}-{number}" for kind in (128, 144) for number in range(16)}
    for recover in ([], ["-r"]):
        for attribute in ["", *(f"-{found}" for found in sorted(attributes))]:
            yield output_of("icat", *recover, *at, address + attribute)
    if seed.startswith("ext"):
        yield from dumped_by_debugfs(image, address)
        sound = image + ".sound"  # debugfs opens no file system with a superblock that it does not believe
        with open(image, "rb") as mutant, open(os.path.join(FIXTURES, seed), "rb") as undamaged, open(sound, "wb") as out:
            mutant.seek(SUPERBLOCK_END)
            out.write(undamaged.read(SUPERBLOCK_END) + mutant.read())
        yield from dumped_by_debugfs(sound, address)
        os.unlink(sound)
    if seed.startswith("ntfs") and row.path == "/$BadClus":
        yield bytes(row.size)  # holes, of which icat writes nothing
    if seed.startswith("exfat"):
        yield from valid_parts(image, output_of("icat", *at, address))


def is_read_so(seed, image, row):
    """Whether another reader makes the same of the image's own bytes."""
    return any(hashlib.md5(content).hexdigest() == row.md5 for content in own_contents(seed, image, row))


def place_of(image, row):
    """Where an image holds a content in one piece, so that it can be looked at there in a mutant; None: nowhere."""
    data = open(image, "rb").read()
    return next((at for at in range(0, len(data) - row.size + 1, 512)
                 if hashlib.md5(data[at:at + row.size]).hexdigest() == row.md5), None)


def digest_at(image, place, size):
    with open(image, "rb") as file:
        file.seek(place)
        return hashlib.md5(file.read(size)).hexdigest()
