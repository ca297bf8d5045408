#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every report that the build knows, of the same evidence: the same bytes with 1, 2 and 8 threads, in other time zones and
locales, rendered again, and with a file of run facts as a whole; of a resumed run all but what tells of the
interruption. What shows run facts from a file says so, and no file hides that a run was interrupted."""
import difflib, glob, json, os, re, shutil, sqlite3, subprocess
from support import FIXTURES, TRIAGE, finish, scan, workspace

faults = []
os.chdir(workspace())
FACTS = """\
started: 2026-05-01T10:20:30Z
ended: 2026-05-01T11:20:30Z
host: host-of-the-facts
user: examiner-of-the-facts
command: triage scan EVIDENCE
threads: 4
hash_engine: any
sandbox: any
configuration_sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
"""
EVIDENCE = [os.path.join(FIXTURES, name) for name in ["gpt.img", "ext4-fragmented.img", "damaged.E01", "exfat.img", "hfsplus.img"]]


def check(what, holds):
    if not holds:
        faults.append(what)


def run(*arguments, code, **environment):
    done = subprocess.run([TRIAGE, *arguments], capture_output=True, text=True, env={**os.environ, **environment})
    check(f"{arguments}: exit code {done.returncode}: {done.stderr}", done.returncode in code)
    return done


def write(path, text):
    with open(path, "w") as out:
        out.write(text)


def reports(folder):
    return {os.path.relpath(path, folder): open(path, "rb").read() for path in sorted(glob.glob(folder + "/**", recursive=True))
            if os.path.isfile(path) and os.path.basename(path) != "manifest.json"}


def examined(name, *options, **environment):
    run("scan", *EVIDENCE, "--notable", "some.md5", "--config", "all.yaml", "--out", name, "--quiet", *options, code=(1,), **environment)
    return reports(name + "/reports")


def same(what, found, wanted):
    check(f"{what}: other files: {sorted(found)}, not {sorted(wanted)}", found.keys() == wanted.keys())
    for name in found.keys() & wanted.keys():
        if found[name] != wanted[name]:
            faults.append(f"{what}: {name} differs: {shortly(changes(wanted[name], found[name]))}")


def lines_of(data):
    """A text by lines, a database by rows; the comma behind the last item of a list stands only before another one."""
    if not data.startswith(b"SQLite format 3\0"):
        return [line.rstrip(",") for line in data.decode(errors="replace").splitlines()]
    write_bytes("dumped.sqlite", data)
    database = sqlite3.connect("dumped.sqlite")
    return list(database.iterdump())


def write_bytes(path, data):
    with open(path, "wb") as out:
        out.write(data)


def changes(old, new):
    return [line for line in difflib.unified_diff(lines_of(old), lines_of(new), n=0, lineterm="") if not re.match(r"---|\+\+\+|@@", line)]


def shortly(lines, most=4):
    return [line[:300] for line in lines[:most]]


KINDS = [kind["name"] for kind in map(json.loads, run("plugins", "--json", code=(0,)).stdout.splitlines()) if kind["kind"] == "report"]
write("all.yaml", f"reports: [{', '.join(KINDS)}]\nrules: [{{name: large, when: {{size: {{min: 9000}}}}, severity: notice, text: x}}, notable-match]\n"
                  f"reports.exec.command: [{os.path.realpath(shutil.which('cat'))}]\n")
write("facts.yaml", FACTS)
seen = [e["hashes"]["md5"] for e in scan(*EVIDENCE).entries if "hashes" in e]
write("some.md5", "\n".join(sorted(set(seen))[::9]) + "\n")
with_facts = ("--run-facts", "facts.yaml")

# Whole files, with the facts of the run fixed.
first = examined("one", "--threads", "1", *with_facts)
check(f"few reports: {sorted(first)}", len(first) > len(KINDS))
check("few findings", first["findings.jsonl"].count(b"\n") > 30 and first["entries.jsonl"].count(b"\n") > 500)
same("2 threads", examined("two", "--threads", "2", *with_facts), first)
same("8 threads, Tokyo", examined("eight", "--threads", "8", *with_facts, TZ="Asia/Tokyo"), first)
same("another locale", examined("locale", "--memory", "64", *with_facts, LC_ALL="C", LANG="tr_TR.UTF-8", TZ="America/St_Johns"), first)
run("report", "one", "--report", ",".join(KINDS), "--config", "all.yaml", *with_facts, code=(0,), TZ="Asia/Kathmandu", LC_ALL="C.UTF-8")
same("rendered again", reports("one/reports-2"), first)
run("verify", "one", code=(0,))

# What tells of entries alone is the same without the facts, and the rest differs in them alone.
plain = examined("plain", "--threads", "2")
for name in plain:
    changed = changes(first[name], plain[name])
    if re.search(r"\.(jsonl|csv|body)$", name):
        check(f"{name} depends on the run: {shortly(changed)}", not changed)
    check(f"{name} depends on the run in many places: {shortly(changed, 40)}", len(changed) < 60)
run("report", "plain", "--report", ",".join(KINDS), "--config", "all.yaml", *with_facts, code=(0,))
same("facts for a case that has none", reports("plain/reports-2"), first)

# Whoever shows facts of a file says so, and shows none of the run's own.
store = sqlite3.connect("file:one/case.sqlite?mode=ro&immutable=1", uri=True)
own = store.execute("SELECT started_utc, ended_utc, configuration_sha256 FROM run").fetchone()
shows = {name for name, data in first.items() if re.search(rb"-of-the-facts|2026-05-01", data)}
check(f"facts are shown by {sorted(shows)} alone", {"report.html", "report.txt", "report.dfxml", "report.sqlite", "summary.json"} <= shows)
for name, data in first.items():
    flat = re.sub(rb"\s+", b" ", data)
    check(f"{name} does not say that its facts are those of a file", name not in shows or b"run facts from a file" in flat)
    faults += [f"{name} holds {fact}, of the run itself" for fact in own if fact.encode() in data]
    for version in re.findall(rb"\b[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b", data):
        check(f"{name} holds a UUID of version {version.decode()}", version == b"5")
check("the audit log does not tell of them", '"event":"run-facts"' in open("one/audit.jsonl").read())

# An interruption stands in every report of the run, facts or not.
interrupted = examined("cut", "--threads", "1", "--stop-after", "1", *with_facts)
check("the run was not interrupted", json.loads(interrupted["summary.json"])["interrupted"])
faults += [f"{name} of an interrupted run does not say so" for name in shows if b"interrupted" not in interrupted[name]]
done = run("scan", "--resume", "cut", "--config", "cut/config.yaml", "--threads", "8", *with_facts, code=(1,))
resumed = reports("cut/reports")
for name in shows:
    changed = changes(first[name], resumed[name])
    check(f"{name} of a resumed run does not say so", any("resumed" in line for line in changed) and 0 < len(changed) < 9)
    faults += [f"{name} of a resumed run: {line[:300]}" for line in changed if line.startswith("+") and "resumed" not in line and '"run"' not in line]
same("resumed, what tells of entries alone", {n: d for n, d in resumed.items() if n not in shows}, {n: d for n, d in first.items() if n not in shows})
examined("cut-later", "--threads", "8", "--stop-after", "9", *with_facts)
printed = run("scan", "--resume", "cut-later", "--config", "cut-later/config.yaml", "--threads", "1", *with_facts, code=(1,), TZ="Asia/Tokyo")
same("resumed at another place", reports("cut-later/reports"), resumed)

# What is no file of run facts.
for wrong, why in [(FACTS.replace("host:", "hots:"), "did you mean host?"), (FACTS.replace("threads: 4\n", ""), "threads is missing"),
                   (FACTS.replace("threads: 4", "threads: 0"), "a number from 1 to 1024"), (FACTS.replace("30Z", "30+02:00", 1), "a time such as"),
                   (FACTS.replace("cdef", "cdeX", 1), "64 hexadecimal digits"), (FACTS.replace(" any", " [any]", 1), "found a list"), ("x", "a map of run facts")]:
    write("wrong.yaml", wrong)
    for arguments in ("scan", EVIDENCE[0], "--out", "never"), ("report", "one"):
        check(f"a wrong file of run facts: {why}", why in run(*arguments, "--run-facts", "wrong.yaml", code=(2,)).stderr)
check("a case was begun", not os.path.exists("never") and not os.path.exists("one/reports-3"))
finish(faults, f"reports {', '.join(KINDS)}")
