#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The screen of a scan on a real terminal: tmux runs it in a pseudo-terminal, records every byte and shows the result.
Narrow, wide, resized, redirected, interrupted, out of time, discreet, with hostile names: no control byte of theirs
gets through."""
import hashlib, os, re, shlex, signal, subprocess, time
from support import ROOT, SHARED, TRIAGE, finish, workspace

FOLDER = workspace()
TMUX = ["tmux", "-u", "-L", f"triage-{os.getpid()}", "-f", "/dev/null"]
OURS = re.compile(rb"\r|\n|\x1b\[K|\x1b\[J|\x1b\[\d+A")  # what the screen draws with, and nothing else
CONTROL = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
SERIES = "Series-Of-A-Victim"
faults = []


def fault(words):
    faults.append(words)


def tmux(*arguments):
    return subprocess.run([*TMUX, *arguments], capture_output=True, timeout=30).stdout.decode(errors="replace")


class Terminal:
    """A scan in a pane of its own; what it writes is recorded from its first byte."""
    count = 0

    def __init__(self, columns, rows, *arguments, environment="", redirect=""):
        Terminal.count += 1
        self.base = os.path.join(FOLDER, f"terminal-{Terminal.count}")
        self.case = self.base + ".case"
        self.session = f"s{Terminal.count}"
        command = shlex.join([TRIAGE, "scan", *arguments, "--out", self.case])
        with open(self.base + ".sh", "w", errors="surrogateescape") as script:
            script.write(f"while [ ! -e {self.base}.go ]; do sleep 0.02; done\n"
                         f"{environment} {command} {redirect} &\necho $! >{self.base}.pid\n"
                         # Also a signal to this shell, and a stop of the scan, end a wait.
                         f"trap : INT\nwhile wait $!; code=$?; kill -0 $! 2>/dev/null; do sleep 0.1; done\n"
                         f"echo $code >{self.base}.new && mv {self.base}.new {self.base}.code\n")
        # Job control gives the scan a process group of its own, as a shell that people type into does.
        tmux("new-session", "-d", "-s", self.session, "-x", str(columns), "-y", str(rows), f"bash {self.base}.sh")
        tmux("set-option", "-t", self.session, "remain-on-exit", "on")
        tmux("set-option", "-t", self.session, "status", "off")
        tmux("resize-window", "-t", self.session, "-x", str(columns), "-y", str(rows))
        tmux("pipe-pane", "-t", self.session, f"cat >{self.base}.bytes")
        open(self.base + ".go", "w").close()

    def shown(self):
        return tmux("capture-pane", "-p", "-t", self.session)

    def wait_for(self, words, seconds=60):
        for _ in range(int(seconds / 0.05)):
            shown = self.shown()
            if re.search(words, shown):
                return shown
            if os.path.exists(self.base + ".code"):
                break
            time.sleep(0.05)
        fault(f"{self.session}: {words!r} was not shown:\n{self.shown()}")
        return ""

    def process(self):
        return int(open(self.base + ".pid").read())

    def stop(self):
        os.kill(self.process(), signal.SIGINT)
        return self.end()

    def end(self):
        """The exit code, what is shown then, and every byte that was written."""
        for _ in range(2400):
            if os.path.exists(self.base + ".code"):
                break
            time.sleep(0.05)
        time.sleep(0.2)  # the last bytes reach the recorder
        shown = self.shown()
        tmux("kill-session", "-t", self.session)
        recorded = open(self.base + ".bytes", "rb").read() if os.path.exists(self.base + ".bytes") else b""
        self.check_controls(recorded)
        code = open(self.base + ".code").read().strip() if os.path.exists(self.base + ".code") else "none"
        return int(code) if code.isdigit() else code, shown, recorded

    def check_controls(self, recorded):
        text = OURS.sub(b" ", recorded).decode(errors="replace")
        if bad := CONTROL.search(text):
            fault(f"{self.session}: a control reached the screen: {text[max(0, bad.start() - 60):bad.end() + 20]!r}")
        if "\ufffd" in text:
            fault(f"{self.session}: bytes that are no UTF-8 reached the screen")


def check_widths(shown, columns, what):
    for line in shown.splitlines():
        if len(line) > columns:
            fault(f"{what}: wider than {columns} columns: {line!r}")


def hostile_evidence():
    """An image, a list and an exhibit whose names all try to drive the terminal. The list knows three of the files,
    which are pictures by their names: those are looked at first."""
    names = [b"\x1b]0;title\x07", b"\x1b[2J\x1b[H", b"\xc2\x9b31m", b"line\nbreak", b"\rback", b"\xff\xfe", b"\x1b[8m",
             "\u202egnp.exe".encode(), b"\x08\x08\x7f"]
    tree = os.path.join(FOLDER, "tree")
    os.mkdir(tree)
    for number, name in enumerate(names):
        with open(os.path.join(tree.encode(), name + b".jpg"), "wb") as file:
            file.write(b"hostile %d" % number)
    image = os.path.join(FOLDER, "disk\x1b[31m\x07\u202e.img")
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext2", "-d", tree, image, "2048k"], check=True, capture_output=True)
    known = os.path.join(FOLDER, "list\x1b[5m\x07.json")
    rows = ['{"MediaID": %d, "Category": %d, "MD5": "%s", "MediaSize": "9", "Series": "%s"}'
            % (number, 1 + number % 2, hashlib.md5(b"hostile %d" % number).hexdigest(), SERIES) for number in range(3)]
    with open(known, "w") as file:
        file.write('{"odata.metadata": "http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Media", "value": ['
                   + ",".join(rows) + "]}")
    return image, known


def lasting_evidence():
    image = os.path.join(FOLDER, "large.img")
    subprocess.run([os.path.join(ROOT, "fixtures/large.py"), image], check=True)
    return image


def check_on_a_terminal(lasting, image, known):
    """The hostile evidence comes first and matches at once; the lasting one keeps the screen there."""
    arguments = ["--exhibit", f"AB\x1b[7m/1={image}", lasting, "--notable", known, "--threads", "1", "--hash-engine", "openssl"]
    for columns, rows in (80, 24), (200, 50), (30, 12):
        terminal = Terminal(columns, rows, *arguments)
        shown = terminal.wait_for(r"Matches[: ]+3")
        check_widths(shown, columns, f"{columns} columns")
        wanted = ("Evidence", "Elapsed", "Done", "Remaining", "Matches", "Problems") + (("category 1",) if rows > 12 else ())
        for word in wanted:
            if word not in shown:
                fault(f"{columns} columns: no {word!r} on the screen:\n{shown}")
        code, shown, recorded = terminal.end() if rows == 24 else terminal.stop()
        check_widths(shown, columns, f"{columns} columns, end")
        if code != 1:
            fault(f"{columns} columns: exit code {code}")
        if "Verdict" not in shown + recorded.decode(errors="replace") or re.search("Elapsed|Remaining", shown):
            fault(f"{columns} columns: the screen stayed, or no verdict came:\n{shown}")
        if SERIES.encode() in recorded:
            fault(f"{columns} columns: a series was shown")
    terminal = Terminal(100, 24, *arguments, "--show-names", environment="NO_COLOR=1")
    terminal.wait_for("Matches +3")
    for columns in 40, 130, 60:
        tmux("resize-window", "-t", terminal.session, "-x", str(columns), "-y", "24")
        time.sleep(0.8)
        shown = terminal.shown()
        if shown.count("Elapsed") != 1 or not re.search("Remaining", shown):
            fault(f"resized to {columns}: the screen is not drawn once:\n{shown}")
    terminal.stop()


def check_interrupted(lasting, image, known):
    terminal = Terminal(80, 24, image, lasting, "--notable", known, "--threads", "1", "--hash-engine", "openssl")
    terminal.wait_for("Matches +3")
    tmux("send-keys", "-t", terminal.session, "C-c")
    code, shown, _ = terminal.end()
    if code != 1 or "MATCH, INCOMPLETE" not in shown and "interrupted" not in shown:
        fault(f"Ctrl-C: exit code {code}:\n{shown}")
    if "--resume" not in shown or re.search("Elapsed|Remaining", shown):
        fault(f"Ctrl-C: the command to go on is not shown, or the screen stayed:\n{shown}")


def check_time_limit(lasting):
    """The screen goes, the verdict and the command to go on stay."""
    terminal = Terminal(80, 40, lasting, "--threads", "1", "--hash-engine", "openssl", "--time-limit", "1s")
    terminal.wait_for("Elapsed")
    code, shown, _ = terminal.end()
    check_widths(shown, 80, "time limit")
    if code != 4 or "time limit" not in shown or "--resume" not in shown or re.search("Elapsed|Remaining", shown):
        fault(f"time limit: exit code {code}:\n{shown}")


def check_discreet(lasting, image, known):
    """Nothing that was found reaches the terminal; the exit code and the case tell it."""
    found = re.compile(r"match|problem|alert|incomplete|compared|finding|verdict", re.I)
    for evidence in [image, lasting], [image]:
        terminal = Terminal(100, 30, *evidence, "--notable", known, "--discreet", "--threads", "1", "--hash-engine",
                            "openssl", redirect="2>&1" if len(evidence) == 1 else "")
        if len(evidence) > 1:
            terminal.wait_for("Remaining")
            code, shown, recorded = terminal.stop()
        else:
            code, shown, recorded = terminal.end()
        text = re.sub(r"triage: Project VIC.*?\r?\n|--report text", "", recorded.decode(errors="replace"))  # the list's own
        if code not in ((1, 4) if len(evidence) > 1 else (1,)) or found.search(text) or "To read its result: triage report" not in text:
            fault(f"discreet: exit code {code}, or what was found was shown:\n{found.findall(text)} in {text!r}")
        if len(evidence) == 1:
            told = subprocess.run([TRIAGE, "report", terminal.case, "--report", "text"], capture_output=True, text=True)
            if "Verdict:     MATCH" not in told.stdout:
                fault(f"discreet: the report does not tell the verdict: {told.stdout}{told.stderr}")
    refused = subprocess.run([TRIAGE, "scan", image, "--discreet", "--json"], capture_output=True, text=True)
    if refused.returncode != 2:
        fault(f"--discreet with --json: exit code {refused.returncode}")


def check_simple_terminal(image, known):
    for environment in "TERM=dumb", "TERM=":
        code, shown, recorded = Terminal(80, 24, image, "--notable", known, environment=environment).end()
        if code != 1 or b"\x1b" in recorded:
            fault(f"{environment}: exit code {code}, or an escape sequence was written: {recorded[:200]!r}")


SLOW_DISK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
ssize_t pread(int fd, void* out, size_t size, off_t offset) {
    static ssize_t (*real)(int, void*, size_t, off_t);
    static int large;
    if (!real) *(void**)&real = dlsym(RTLD_NEXT, "pread");
    if (size >= 60000 && __sync_add_and_fetch(&large, 1) == 5000) sleep(33);
    return real(fd, out, size, offset);
}
ssize_t pread64(int fd, void* out, size_t size, off_t offset) { return pread(fd, out, size, offset); }
"""


def check_redirected(lasting, known):
    """The five thousandth large read takes half a minute, as on a disk that fails."""
    library = os.path.join(FOLDER, "slow.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=SLOW_DISK, text=True, check=True)
    terminal = Terminal(80, 24, lasting, "--notable", known, "--threads", "1", environment=f"LD_PRELOAD={library}",
                        redirect=f"2>{FOLDER}/plain")
    code, _, _ = terminal.end()
    text = open(f"{FOLDER}/plain", "rb").read().decode()
    lines = [line for line in text.splitlines() if "remaining:" in line]
    if code != 0 or CONTROL.search(text.replace("\n", "")):
        fault(f"redirected: exit code {code}, or a control character in {text!r}")
    if not lines or not re.match(r"triage: \d+ (s|min).*: large\.img, .* of \d+ entries.*; matches: 0; problems: 0", lines[0]):
        fault(f"redirected: no plain line: {text!r}")
    if not re.search(r"waits for: -, address \d+.*, for 3\d s", text):
        fault(f"redirected: what holds things up is not told: {text!r}")


def check_shared():
    image = os.path.join(SHARED, "robustness/cases/hostile-names-ext2.raw")
    if not os.path.exists(image):
        print(f"SKIPPED IN PART: no {image}: set TRIAGE_SHARED; the test's own hostile names were used")
        return
    known = os.path.join(FOLDER, "any.md5")
    with open(known, "w") as file:
        file.write("0" * 31 + "1\n")
    for more in [], ["--show-names"]:
        code, shown, _ = Terminal(80, 50, image, "--notable", known, *more).end()
        if code not in (0, 3) or "Verdict" not in shown:
            fault(f"{image}: exit code {code}:\n{shown}")


try:
    tmux("new-session", "-d", "-s", "keep", "sleep 3600")  # a server without sessions would end
    hostile_image, hostile_list = hostile_evidence()
    lasting_image = lasting_evidence()
    check_on_a_terminal(lasting_image, hostile_image, hostile_list)
    check_interrupted(lasting_image, hostile_image, hostile_list)
    check_time_limit(lasting_image)
    check_discreet(lasting_image, hostile_image, hostile_list)
    check_simple_terminal(hostile_image, hostile_list)
    check_redirected(lasting_image, hostile_list)
    check_shared()
finally:
    tmux("kill-server")
finish(faults, f"{Terminal.count} terminals")
