#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The documentation is true of the tree: the README's run is a real one, commands parse, paths and tests exist."""
import glob, os, re, shlex, shutil, subprocess
from support import FIXTURES, ROOT, TRIAGE, finish, workspace

PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "fixtures/demo/README.md", *glob.glob("docs/*.md", root_dir=ROOT)]
PATH = re.compile(r"`((?:engine|plugins|config|cli|tests|fixtures|docs|packaging|\.ci)/[\w./*-]*)`")
VARIES = [(r"(?m)^Seal: .*", "Seal: SEAL"), (r"\b[0-9a-f]{64}\b", "DIGEST"), (r"\d{4}-\d\d-\d\d", "DATE")]
faults = []


def read(page):
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        return file.read()


def run(arguments, folder):
    return subprocess.run([TRIAGE, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60)


def without_what_varies(text):
    for pattern, word in VARIES:
        text = re.sub(pattern, word, text)
    return text.strip().splitlines()


def block(page, kind, after):
    """The text of the first block of code of that kind behind some words of a page."""
    return re.search(re.escape(after) + rf".*?```{kind}\n(.*?)```", read(page), re.S)[1]


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def check_demo(page, folder):
    command, shown = re.search(r"<!-- demo.*?```\n\$ triage (.*?)\n(.*?)```", read(page), re.S).groups()
    real = run(shlex.split(command), folder).stdout
    if without_what_varies(shown) != without_what_varies(real):
        faults.append(f"{page}: the demo's output is not that of a real run:\n{real}")


def check_demos(folder):
    os.symlink(os.path.join(ROOT, "fixtures"), os.path.join(folder, "fixtures"))
    shutil.copyfile(os.path.join(FIXTURES, "fat16.img"), os.path.join(folder, "stick.img"))
    write(folder, "visit.yaml", block("docs/field-guide.md", "yaml", "with this `visit.yaml`"))
    check_demo("README.md", folder)
    check_demo("docs/field-guide.md", folder)


def check_commands(folder):
    """As they stand, in order, on copies of the demo."""
    demo = os.path.join(ROOT, "fixtures/demo/demo")
    for name in "disk.E01", "stick.img":
        shutil.copyfile(demo + ".E01", os.path.join(folder, name))
    for name in "list.md5", "harmless.txt":
        shutil.copyfile(demo + "-notable.md5", os.path.join(folder, name))
    with open(os.path.join(folder, "caid.json"), "w") as file:
        file.write('{"odata.metadata": "http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Media", "value": [{"MediaID": 1,'
                   ' "Category": 1, "MD5": "900150983cd24fb0d6963f7d28e17f72", "MediaSize": "3"},'
                   ' {"MediaID": 2, "Category": 2, "MD5": "900150983cd24fb0d6963f7d28e17f73", "MediaSize": "3"}]}')
    with open(os.path.join(folder, "NSRLFile.txt"), "w") as file:
        file.write('"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"\n'
                   '"A9993E364706816ABA3E25717850C26C9CD0D89D","900150983CD24FB0D6963F7D28E17F72","352441C2","abc.txt",3,'
                   '7,"362",""\n')
    with open(os.path.join(folder, "lab.yaml"), "w") as file:
        file.write("threads: 2\n")
    write(folder, "exhibits.csv", block("docs/field-guide.md", "", "List them, one line each"))
    os.mkdir(os.path.join(folder, "cases"))
    for page in "README.md", "docs/user-guide.md", "docs/field-guide.md":
        for command in re.findall(r"(?m)^triage (.+)$|`triage ([^`]+)`", read(page)):
            arguments = shlex.split(command[0] or command[1])
            done = run(arguments, folder)
            # 2 is right where the reader has to name something (CASE, SET), and for a finished case that is to be resumed.
            may_be_refused = re.search(r"\b(CASE|SET2?)\b|--resume", command[0] or command[1])
            if done.returncode not in (0, 1, 3) and (not may_be_refused or "see triage --help" in done.stdout):
                faults.append(f"{page}: triage {shlex.join(arguments)}: exit code {done.returncode}: {done.stdout}")


def check_names(page):
    text, folder = read(page), os.path.dirname(os.path.join(ROOT, page))
    named = [os.path.join(ROOT, path) for path in PATH.findall(text)]
    named += [os.path.join(folder, link) for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)]
    faults.extend(f"{page}: no such path: {path}" for path in named if not glob.glob(path))
    for test in set(re.findall(r"\b(\w+_test)\b", text)) if page == "docs/architecture.md" else ():
        if not glob.glob(os.path.join(ROOT, "tests", "**", test + "*"), recursive=True):
            faults.append(f"{page}: no such test: {test}")


def check_events():
    """Every event of the audit log has a row with its fields, and every row an event."""
    written = {}
    for source in glob.glob("engine/**/*.cpp", root_dir=ROOT, recursive=True) + glob.glob("cli/*.cpp", root_dir=ROOT):
        for event, rest in re.findall(r'(?:\baudit_?\.record\(|AuditEvent\{)\s*"([\w-]+)"([^;]*);', read(source)):
            written[event] = set(re.findall(r'\{"(\w+)",', rest))
    named = {}
    for event, fields in re.findall(r"(?m)^\| `([\w-]+)` \|[^|]*\|([^|]*)\|$", read("docs/case-format.md").split("## `audit.jsonl`")[1]):
        named[event] = set(re.findall(r"`(\w+)`", fields))
    if len(written) < 10 or written.keys() != named.keys():
        faults.append(f"docs/case-format.md: events without a row: {written.keys() - named.keys()}, the other way {named.keys() - written.keys()}")
    faults.extend(f"docs/case-format.md: {event} has the fields {fields}" for event, fields in written.items()
                  if fields and event in named and fields != named[event])


for checked in PAGES:
    check_names(checked)
check_events()
check_demos(workspace())
check_commands(workspace())
finish(faults, f"{len(PAGES)} pages")
