# SPDX-License-Identifier: Apache-2.0
"""What the benchmark scripts share: images and lists that are made once, a run with its cost, and the check of its result.

BENCH_FOLDER    where images and lists lie (/dev/shm/triage-bench); a memory file system leaves the disk out
BENCH_SIZE      of the device images (2G); small.raw is half as large again
TRIAGE          the program (build/release/triage); `limits` is looked for beside it
TRIAGE_SHARED   folder whose bench/make_image.py makes the images (../shared); without it tests/bench/make_image.py does
"""
import atexit, collections, glob, hashlib, json, os, shutil, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TRIAGE = os.environ.get("TRIAGE", os.path.join(ROOT, "build/release/triage"))
FOLDER = os.environ.get("BENCH_FOLDER", "/dev/shm/triage-bench")
SIZE = os.environ.get("BENCH_SIZE", "2G")
SHARED = os.environ.get("TRIAGE_SHARED", os.path.join(ROOT, "../shared"))
DEVICES = ["ext4", "ntfs", "fat32"]
E01 = {"fast": ["deflate:fast", "8g"], "none": ["deflate:none", "8g"], "split": ["deflate:fast", "512m"]}
PACKAGES = "./bootstrap packages bench"
os.environ.update(LC_ALL="C", PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")

os.makedirs(FOLDER, exist_ok=True)
WORK = tempfile.mkdtemp(prefix="run.", dir=FOLDER)
atexit.register(shutil.rmtree, WORK, True)

Run = collections.namedtuple("Run", "seconds cpu peak_mib")


class LeftOut(Exception):
    """A measurement that cannot be made here, and why."""


def run(*command, may_fail=()):
    """What the command took, its worker processes included; the largest of them counts for the memory. That is asked of
    GNU time, since Linux counts the memory of a process that calls exec, here Python, as its successor's."""
    peak = os.path.join(WORK, "peak")
    timed = ["/usr/bin/time", "-f", "%M", "-o", peak] if os.path.exists("/usr/bin/time") else []
    with open(os.path.join(WORK, "out"), "w+b") as out:
        begin = time.monotonic()
        child = subprocess.Popen([*timed, *command], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in (0, *may_fail):
            out.seek(max(0, out.tell() - 2000))
            sys.exit(f"{' '.join(command)}: exit code {child.returncode}: {out.read().decode(errors='replace')}")
    with open(peak if timed else os.devnull) as text:
        peak_mib = int(text.read().split()[-1]) / 1024 if timed else float("nan")
    return Run(seconds, usage.ru_utime + usage.ru_stime, peak_mib)


def scan(image, *options, reports="jsonl,text"):
    """A finished case in WORK/case."""
    shutil.rmtree(os.path.join(WORK, "case"), True)
    return run(TRIAGE, "scan", image, *options, "--report", reports, "--out", os.path.join(WORK, "case"), "--quiet",
               may_fail=(1, 3))


def has_option(name):
    return name in subprocess.run([TRIAGE, "scan", "--help"], capture_output=True, text=True).stdout


def check(truth):
    """Every live file has the MD5 that was written down when it was made: a fast wrong answer is no result."""
    with open(truth, errors="replace") as lines:
        missing = collections.Counter(line[:32] for line in lines)
    with open(os.path.join(WORK, "case/reports/entries.jsonl"), encoding="utf-8") as lines:
        missing -= collections.Counter(e["hashes"]["md5"] for e in map(json.loads, lines)
                                       if e["state"] == "allocated" and "hashes" in e)
    if missing:
        sys.exit(f"{missing.total()} files of {truth} have no entry with their MD5")


def make_image(name, *options):
    """FOLDER/NAME.raw with its .md5; made when it is missing."""
    image = os.path.join(FOLDER, name + ".raw")
    if not os.path.exists(image + ".json"):
        script = os.path.join(SHARED, "bench/make_image.py")
        script = script if os.path.exists(script) else os.path.join(HERE, "make_image.py")
        if subprocess.run([sys.executable, script, *options, "--seed", "1", "--out", image], stdout=subprocess.DEVNULL).returncode:
            raise LeftOut("the image could not be made")
    return image


def raw_image(kind):
    if kind == "small":
        count = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[SIZE[-1]] * int(SIZE[:-1]) // 10240 // 1000 * 1000
        return make_image("small", "--fs", "ext4", "--size", f"{int(SIZE[:-1]) * 1536}{ {'G': 'M', 'M': 'K'}[SIZE[-1]]}",
                          "--profile", "small", "--files", str(min(count, 200000)))
    if kind == "ntfs" and not os.path.exists("/dev/fuse"):
        raise LeftOut("no /dev/fuse")
    return make_image(kind, "--fs", kind, "--size", SIZE)


def e01_image(kind, form):
    raw, target = raw_image(kind), os.path.join(FOLDER, f"{kind}_{form}")
    if not os.path.exists(target + ".E01"):
        if not shutil.which("ewfacquire"):
            raise LeftOut(f"no ewfacquire: {PACKAGES}")
        compression, segment = E01[form]
        subprocess.run(["ewfacquire", "-u", "-q", "-c", compression, "-S", segment, "-f", "encase6", "-t", target, raw],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return target + ".E01"


def segments(image):
    return [image] if image.endswith(".raw") else glob.glob(image[:-4] + ".E*")


def known_set(millions):
    """A compiled notable set of so many million MD5, none of which is in an image."""
    path = os.path.join(FOLDER, f"known{millions}m.tks")
    if not os.path.exists(path):
        listed = os.path.join(WORK, "known.md5")
        with open(listed, "w") as out:
            for block in range(millions * 16):
                digits = hashlib.shake_128(b"known %d" % block).hexdigest(62500 * 16)
                out.writelines(f"{digits[at:at + 32]}  f\n" for at in range(0, len(digits), 32))
        run(TRIAGE, "known", "import", listed, "-o", path, "--notable", "--quiet")
        os.unlink(listed)
    return path


def warm(image):
    for path in segments(image):
        with open(path, "rb") as file:
            while file.read(1 << 24):
                pass


def forget(image):
    """Out of the page cache, by the kernel's switch where it may be used, or file by file."""
    for path in segments(image):
        with open(path, "rb") as file:
            os.fsync(file.fileno())
    try:
        with open("/proc/sys/vm/drop_caches", "w") as switch:
            switch.write("3")
    except OSError:
        pass
    for path in segments(image):
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    held = subprocess.run(["fincore", "-bnr", "-o", "RES", *segments(image)], capture_output=True, text=True, check=True)
    if sum(map(int, held.stdout.split())) > sum(map(os.path.getsize, segments(image))) // 20:
        raise LeftOut(f"the image stays in memory ({FOLDER} is a memory file system, or the kernel keeps it)")


def machine():
    with open("/proc/cpuinfo") as lines:
        model = next(line.split(": ")[1].strip() for line in lines if line.startswith("model name"))
    return f"{len(os.sched_getaffinity(0))} processors, {model}, load {os.getloadavg()[0]:.1f}, {time.strftime('%F', time.gmtime())}"
