#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The report exec: the example of the documentation, the same rows as in the report jsonl, what a program is and is not
given; a clear refusal of what must not be started; one that fails, hangs or floods costs its own report only."""
import glob, json, os, re, shlex, shutil, signal, subprocess, time
from support import FIXTURES, ROOT, TRIAGE, decoy_list, finish, scan, workspace

faults = []
image = os.path.join(FIXTURES, "fat16.img")
os.chmod(workspace(), 0o755)
folder = os.path.join(workspace(), "programs")
os.mkdir(folder, 0o755)
PYTHON = os.path.realpath("/usr/bin/python3")


def check(what, found, wanted=True):
    if found != wanted:
        faults.append(f"{what}: {found!r}, not {wanted!r}")


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def program(name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o755)
    return path


def python(name, text):
    return program(name, f"#!{PYTHON}\nimport os, sys, time\n{text}\n")


def configuration(command, more="", reports="[jsonl, exec]"):
    path = os.path.join(workspace(), "exec.yaml")
    with open(path, "w") as file:
        file.write(f"rules: [{{name: everything, when: {{size: {{min: 1}}}}, severity: notice, text: every content}}]\n"
                   f"reports: {reports}\nreports.exec.command: {json.dumps(command)}\n{more}")
    return path


# --- the example of the documentation
example = shutil.copy(os.path.join(ROOT, "docs/examples/program/findings.py"), folder)
os.chmod(example, 0o755)
config = configuration([example])
check("config check", run(TRIAGE, "config", "check", config).returncode, 0)
done = scan(image, "--config", config)
reports = done.case + "/reports"
check("the scan", (done.stderr, len(done.findings) > 10, len(done.entries) > 10), ("", True, True))
lines = [line.split("\t") for line in read(reports + "/exec.out").decode().splitlines()]
unescaped = lambda cell: re.sub(r"\\(?:u(....)|\\)", lambda m: chr(int(m[1], 16)) if m[1] else "\\", cell)
check("the example", [list(map(unescaped, line)) for line in lines[1:]],
      [[f.get(key, "") for key in ("severity", "volume", "path", "state")] + [f.get("hashes", {}).get("sha256", "")] for f in done.findings])
check("nothing was said", os.path.exists(reports + "/exec.err"), False)
check("sealed, private", (run(TRIAGE, "verify", done.case).returncode, oct(os.stat(reports + "/exec.out").st_mode)), (0, "0o100600"))
audit = [json.loads(line) for line in read(done.case + "/audit.jsonl").splitlines()]
digest = run("sha256sum", example).stdout.split()[0]
check("audit", [(r["path"], r["sha256"]) for r in audit if r["event"] == "program"], 2 * [(example, digest)])

# --- the same rows as jsonl, by arguments without a shell
copy = python("copy.py", "sys.stdout.buffer.write(ascii(sys.argv[1:]).encode() + b'\\n' + sys.stdin.buffer.read())")
arguments = ["$HOME", "a b", "a b", ";id", "*"]
config = configuration([copy, *arguments])
again = run(TRIAGE, "report", done.case, "--report", "exec", "--config", config)
check("rendered later", (again.returncode, f"program {copy}: SHA-256 " in again.stderr), (0, True))
first, *rows = read(done.case + "/reports-2/exec.out").splitlines()
check("arguments", first.decode(), ascii(arguments))
events = [json.loads(row) for row in rows]
check("first and last", (events[0]["event"], events[-1]), ("start", {"event": "end"}))
check("the start", (events[0]["version"], events[0]["show_names"], events[0]["summary"]),
      (1, False, json.loads(read(done.case + "/reports-2/summary.json"))))
check("order", [e["event"] for e in events], sorted([e["event"] for e in events], key=["start", "entry", "finding", "problem", "end"].index))
for event, name in ("entry", "entries"), ("finding", "findings"), ("problem", "problems"):
    head = b'{"event":"%s",' % event.encode()
    check(name, [b"{" + row[len(head):] for row in rows if row.startswith(head)], read(f"{reports}/{name}.jsonl").splitlines())
media = read(image)
for finding in done.findings:
    for offset, length in finding.get("extents", [])[:1]:
        content = media[offset:offset + min(length, finding["size"], 24)]
        if len(content) == 24 and len(set(content)) > 5 and content in b"\n".join(rows):
            faults.append(f"it was given content of {finding['path']}")
run(TRIAGE, "report", done.case, "--report", "exec", "--config", config, "--redact", "names,labels")
left = read(done.case + "/reports-3/exec.out")
check("a disclosure copy", (b'"disclosure_copy_without":["names","labels"]' in left, b'"path"' in left), (True, False))
check("a case starts a program", run(TRIAGE, "report", done.case, "--report", "exec").returncode, 2)

# --- what it is given, and what it may do
nosy = python("nosy.py", f"""
sys.stdin.read()
print(sorted(fd for fd in map(int, os.listdir("/proc/self/fd")) if os.path.exists(f"/proc/self/fd/{{fd}}")))
print(sorted(set(os.environ) - {{"LC_CTYPE"}}), os.getcwd(), os.getpgid(0) == os.getpid())
for path in {folder!r} + "/made", os.path.dirname(os.readlink("/proc/self/fd/1")) + "/made", os.readlink("/proc/self/fd/1")[:-8] + "entries.jsonl", "/dev/shm/made":
    try:
        open(path, "ab").close()
        print("could write", path)
    except PermissionError:
        print("could not write")
sys.stdout.flush()
with open("/dev/stdout", "a") as out:
    out.write("could write to itself")
""")
landlock = "Landlock ABI" in json.dumps(done.summary)
asked = scan(image, "--config", configuration([nosy]))
check("nosy", asked.stderr, "")
lines = read(asked.case + "/reports/exec.out").decode().splitlines()
check("descriptors, environment, folder, group", lines[:2], ["[0, 1, 2]", "['LC_ALL', 'PATH', 'TZ'] / True"])
if landlock:
    check("it writes nowhere else", lines[2:], 4 * ["could not write"] + ["could write to itself"])
    run(TRIAGE, "report", asked.case, "--report", "exec", "--config", configuration([nosy]))
    check("nor later", read(asked.case + "/reports-2/exec.out").decode().splitlines()[2:], lines[2:])
else:
    print("not checked: this kernel has no Landlock")

# --- refused before evidence is opened
def refused(what, command, sentence):
    out = os.path.join(workspace(), "refused")
    config = configuration(command)
    for line in (TRIAGE, "scan", image, "--config", config, "--out", out), (TRIAGE, "config", "check", config), \
                (TRIAGE, "report", done.case, "--report", "exec", "--config", config):
        ended = run(*line)
        if (ended.returncode, sentence in ended.stderr, os.path.exists(out)) != (2, True, False):
            faults.append(f"{what}: {line[1]}: {ended.returncode} {ended.stderr!r}")


refused("no program", [], "reports.exec.command names no program")
refused("a relative path", ["programs/copy.py"], "a program is given by its absolute path")
refused("no file", [folder + "/none"], "cannot be opened: No such file or directory")
refused("a folder", [folder], "is no regular file")
os.symlink(copy, folder + "/link")
refused("a link", [folder + "/link"], "is reached by a link or by dots")
refused("dots", [folder + "/../programs/copy.py"], "is reached by a link or by dots")
os.mkfifo(folder + "/pipe", 0o700)
refused("a pipe", [folder + "/pipe"], "is no regular file")
for path, mode, sentence in ((copy, 0o775, "others may write to the file (mode 0775)"), (copy, 0o757, "others may write to the file (mode 0757)"),
                             (copy, 0o644, "may not be executed"), (folder, 0o777, "others may write to its folder (mode 0777)"),
                             (folder, 0o1777, "others may write to its folder (mode 1777)"), (workspace(), 0o777, "others may write to a folder above it")):
    os.chmod(path, mode)
    refused(sentence, [copy], sentence)
    os.chmod(path, 0o755)
if os.geteuid() == 0:
    for path, what in (copy, "the file"), (folder, "its folder"), (workspace(), "a folder above it"):
        os.chown(path, 12345, 0)
        refused("another's", [copy], f"{what} belongs to user 12345, neither to root nor to you")
        os.chown(path, 0, 0)
else:
    print("not checked: files of another user need root")

# --- a resumed case: refused before it is touched, and its digest logged again
known = os.path.join(workspace(), "some.md5")
with open(known, "w") as file:
    file.writelines(f["hashes"]["md5"] + "\n" for f in done.findings if "hashes" in f)
stopped = scan(image, "--config", configuration([copy]), "--notable", known, "--stop-after", "1")
state = lambda: {path: read(path) for path in glob.glob(stopped.case + "/**", recursive=True) if os.path.isfile(path)}
untouched = state()
os.chmod(copy, 0o775)
own = ["--config", stopped.case + "/config.yaml"]
check("the printed command", shlex.join(["triage", "scan", "--resume", stopped.case, *own]) in stopped.stderr)
check("resumed with what others may write", run(TRIAGE, "scan", "--resume", stopped.case, *own).returncode, 2)
check("a refused resume", state() == untouched)
os.chmod(copy, 0o755)
# Nobody runs what another's case names without having named it himself.
other = os.path.join(workspace(), "other.yaml")
with open(other, "wb") as file:
    file.write(re.sub(rb"timeout: \d+", b"timeout: 59", read(stopped.case + "/config.yaml")))
for more, why in ([], "which this case would run as you"), (["--config", other], "is not the configuration that this case resolved and keeps"):
    refused_one = run(TRIAGE, "scan", "--resume", stopped.case, *more)
    check(f"resumed with {more}", (refused_one.returncode, why in refused_one.stderr), (2, True))
check("a resume refused for its program", state() == untouched)
check("resumed", run(TRIAGE, "scan", "--resume", stopped.case, *own).returncode, 0)
rows = [row for row in read(stopped.case + "/reports/exec.out").splitlines() if row.startswith(b'{"event":"entry",')]
check("a finished case", "is a finished case" in run(TRIAGE, "scan", "--resume", stopped.case).stderr)
told = scan(image, "--config", configuration([copy], reports="[text, exec]"), "--notable", known, "--stop-after", "1")
check("the text names the file", b"triage scan --resume CASE --config CASE/config.yaml" in read(told.case + "/reports/report.txt"))
check("entries after a resume", [b"{" + row[17:] for row in rows], read(reports + "/entries.jsonl").splitlines())

# --- what fails costs its own report only
bad = {
    "early": ("os._exit(3)", r"ended with exit code 3"),
    "satisfied": ("sys.stdin.buffer.read(10)", r"ended before it had read every row"),
    "deaf": ("os.close(0); time.sleep(100)", r"triage waited 2 s for it \(reports\.exec\.timeout\): ended"),
    "hangs": ("time.sleep(100)", r"triage waited 2 s for it \(reports\.exec\.timeout\): ended"),
    "hangs_at_end": ("sys.stdin.read(); time.sleep(100)", r"triage waited 2 s for it \(reports\.exec\.timeout\): ended"),
    "slow": ("while sys.stdin.buffer.raw.read(64): time.sleep(0.05)", r"triage waited 2 s for it \(reports\.exec\.timeout\): ended"),
    "killed": ("sys.stdin.read(); os.kill(os.getpid(), 11)", r"ended by signal 11 \(Segmentation fault\)"),
    "floods": ("sys.stdin.read()\nwhile True: os.write(1, b'x' * 65536)", r"it wrote more than 1 MiB \(reports\.exec\.output_mib\); what it said stands in exec\.err"),
    "shouts": ("sys.stdin.read()\nwhile True: os.write(2, b'x' * 65536)", r"it wrote more than 1 MiB \(reports\.exec\.output_mib\); what it said stands in exec\.err"),
    "complains": ("sys.stdin.read(); print('half'); sys.exit('I do not like it')", r"ended with exit code 1; what it said stands in exec\.err"),
}
# More rows than a pipe holds.
many = [path for path in sorted(glob.glob(FIXTURES + "/*.img")) if os.path.getsize(path) < 1 << 23][:40]
reference = scan(*many, "--config", configuration([copy], reports="[jsonl, exec]"))
size = os.path.getsize(reference.case + "/reports/exec.out")
check("the rows do not fit a pipe", size > 1 << 20)
untouched = {name: read(f"{reference.case}/reports/{name}") for name in ("entries.jsonl", "findings.jsonl", "problems.jsonl")}
for name, (text, reason) in bad.items():
    path = python(name + ".py", text)
    before = time.monotonic()
    failed = run(TRIAGE, "report", reference.case, "--report", "jsonl,exec", "--config", configuration([path], "reports.exec: {timeout: 2, output_mib: 1}\n"))
    newest = max(glob.glob(reference.case + "/reports-*"), key=lambda p: int(p.rsplit("-", 1)[1]))
    check(f"{name} says why", bool(re.search(rf"triage: report exec: program {re.escape(path)}: {reason}\n", failed.stderr)))
    if not re.search(reason, failed.stderr):
        faults.append(f"  it said {failed.stderr!r}")
    check(f"{name}: exit code", failed.returncode, 3)
    check(f"{name}: in time", time.monotonic() - before < 30)
    check(f"{name}: no half report", os.path.exists(newest + "/exec.out"), False)
    check(f"{name}: the others", {other: read(f"{newest}/{other}") for other in untouched} == untouched)
    check(f"{name}: sealed", run(TRIAGE, "verify", reference.case).returncode, 0)
    check(f"{name}: bounded", sum(os.path.getsize(p) for p in glob.glob(newest + "/exec.*")) <= 1 << 20)
check("its own words", read(newest + "/exec.err"), b"I do not like it\n")
nothing = run(TRIAGE, "report", done.case, "--report", "exec", "--config", configuration([program("nothing", "no program")]))
check("no program", "ended with exit code 127; what it said stands in exec.err" in nothing.stderr)
suffering = scan(image, "--config", configuration([os.path.join(folder, "early.py")]))
check("in a scan", (suffering.code, "report exec: program" in suffering.stderr), (3, True))
audit = [json.loads(line) for line in read(suffering.case + "/audit.jsonl").splitlines()]
check("audit of a report that failed", [r["report"] for r in audit if r["event"] == "report-failed"], ["exec"])
check("exit code in the audit log", audit[-1]["exit_code"], suffering.code)
failing = configuration([os.path.join(folder, "early.py")])
check("the command that renders it again", shlex.join(["triage", "report", suffering.case, "--report", "exec", "--config", suffering.case + "/config.yaml"]) in suffering.stderr)
live = run(TRIAGE, "scan", image, "--config", failing, "--live", "jsonl", "--out", workspace() + "/live")
check("exit code in the live stream", (live.returncode, json.loads(live.stdout.splitlines()[-1])["exit_code"]), (3, 3))
with open(workspace() + "/list.csv", "w") as file:
    file.write(f"exhibit,path\nA,{image}\n")
for code in 3, 0:  # the second time the case is finished, and answers what was asked
    listed = run(TRIAGE, "scan", "--evidence-list", workspace() + "/list.csv", "--config", failing, "--notable", decoy_list(), "--out", workspace() + "/listed")
    check("exit code of a list", listed.returncode, code)
check("what the second time says", "not every report was rendered" in listed.stderr)

# A triage that is stopped for longer than it waits for the program has not waited for it.
napping = configuration([python("naps.py", "time.sleep(2); sys.stdin.buffer.read()")], "reports.exec.timeout: 4\n")
stopped = subprocess.Popen([TRIAGE, "report", reference.case, "--report", "exec", "--quiet", "--config", napping], stderr=subprocess.PIPE)
time.sleep(1)
stopped.send_signal(signal.SIGSTOP)
time.sleep(6)
stopped.send_signal(signal.SIGCONT)
check("a triage that was stopped", (stopped.communicate(timeout=60)[1].count(b"waited"), stopped.returncode), (0, 0))

# --- what it leaves behind ends with it, wherever it hid
marker = f"sleep {100000 + os.getpid()}"
sleepers = lambda: run("pgrep", "-f", "^" + marker).stdout.split()
hidden = f"""
def hide(depth):
    if os.fork() == 0:
        os.setsid()
        if depth: hide(depth - 1)
        os.execvp("sleep", {marker.split()!r})
hide(0); hide(3)
"""
read_all = "sys.stdin.buffer.read()\n"
for name, text, code in (("a child", read_all + f"import subprocess; subprocess.Popen({marker.split()!r})", 0), ("hidden", read_all + hidden, 0),
                         ("hidden, and fails", hidden + "sys.exit(1)", 3), ("hidden, and is killed", hidden + "os.kill(os.getpid(), 9)", 3),
                         ("hidden, and hangs", hidden + "time.sleep(100)", 3), ("hidden, and hangs at its end", read_all + hidden + "time.sleep(100)", 3),
                         ("hidden, deaf to SIGTERM", "import signal; signal.signal(15, signal.SIG_IGN)\n" + hidden + "time.sleep(100)", 3)):
    before = time.monotonic()
    config = configuration([python("leaves.py", text)], "reports.exec.timeout: 1\n")
    check(name, run(TRIAGE, "report", done.case, "--report", "exec", "--config", config).returncode, code)
    check(f"{name}: is gone", sleepers(), [])
    check(f"{name}: in time", time.monotonic() - before < 5)


def until(what, condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    check(what, condition())


# Nor does it outlive a triage that is killed.
config = configuration([python("leaves.py", hidden + "time.sleep(100)")])
with subprocess.Popen([TRIAGE, "report", done.case, "--report", "exec", "--config", config], stderr=subprocess.DEVNULL) as killed:
    until("it runs", lambda: len(sleepers()) == 5)
    killed.kill()
until("is gone with triage", lambda: not sleepers())
finish(faults, "the report exec")
