#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plug-ins outside the tree: the example, built with what is installed and nothing else; the same rows as in the report
jsonl; a clear refusal of what must not be loaded; a plug-in that crashes, hangs or floods costs its own report only."""
import glob, json, os, re, shutil, signal, subprocess, time
from support import FIXTURES, ROOT, TRIAGE, finish, scan, workspace

faults = []
image = os.path.join(FIXTURES, "fat16.img")
folder = os.path.join(workspace(), "plug-ins")
prefix = os.path.join(workspace(), "prefix")
os.mkdir(folder, 0o755)
os.chmod(workspace(), 0o755)


def check(what, found, wanted=True):
    if found != wanted:
        faults.append(f"{what}: {found!r}, not {wanted!r}")


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120)


def must(*command):
    done = run(*command)
    if done.returncode != 0:
        finish([f"{command} failed: {done.stdout}{done.stderr}"], "plug-ins")
    return done


def built(name, *flags):
    path = os.path.join(folder, name + ".so")
    must("cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-unused", "-O1", "-shared", "-fPIC",
         "-DAS_" + name, f'-DIMAGE="{image}"', *flags, "-I", prefix + "/include",
         os.path.join(ROOT, "tests/cli/plugins/behaves.c"), "-o", path)
    os.chmod(path, 0o755)
    return path


def configuration(name, plugins, more=""):
    path = os.path.join(workspace(), name + ".yaml")
    with open(path, "w") as file:
        file.write(f"rules: [{{name: everything, when: {{size: {{min: 1}}}}, severity: notice, text: every content}}]\n"
                   f"reports: [jsonl]\nreports.plugin.paths: {json.dumps(plugins)}\n{more}")
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def sha256sum(path):
    return must("sha256sum", path).stdout.split()[0]


# --- the example, by an installation only
must("cmake", "--install", os.path.dirname(TRIAGE), "--prefix", prefix)
source = os.path.join(workspace(), "example")
shutil.copytree(prefix + "/share/doc/triage/docs/examples/reporter", source)
must("cmake", "-S", source, "-B", source + "/build", "-DCMAKE_PREFIX_PATH=" + prefix, "-DCMAKE_C_FLAGS=-Wall -Wextra -Wpedantic -Werror")
must("cmake", "--build", source + "/build")
example = shutil.copy(source + "/build/findings.tsv.so", folder)
os.chmod(example, 0o755)
for language, standard in ("c", "c11"), ("c++", "c++11"), ("c++", "c++20"):
    header = os.path.join(workspace(), "header." + language)
    with open(header, "w") as file:
        file.write("#include <triage_plugin.h>\n")
    must("cc", "-x", language, "-std=" + standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
         "-I", prefix + "/include", header)

# --- the same rows as jsonl
good = [example, built("rows"), built("run"), built("nosy"), built("later")]
both = configuration("good", good)
check("config check", run(TRIAGE, "config", "check", both).returncode, 0)
done = scan(image, "--config", both)
reports = done.case + "/reports"
check("the scan", (done.stderr, len(done.findings) > 10, len(done.entries) > 10), ("", True, True))
lines = read(reports + "/plugin-rows").splitlines()
for name in "entries", "findings", "problems":
    mine = [line.split(b" ", 1)[1] for line in lines if line.startswith(name.encode() + b" ")]
    check(f"{name} of a plug-in", mine, read(f"{reports}/{name}.jsonl").splitlines())
check("a plug-in of a later header of this version", read(reports + "/plugin-later") == read(reports + "/plugin-rows"))
rows = [line.split("\t") for line in read(reports + "/plugin-findings.tsv").decode("ascii").splitlines()]
unescaped = lambda cell: re.sub(rb"\\x(..)", lambda m: bytes.fromhex(m[1].decode()), cell.encode())
check("the example", [[unescaped(cell) for cell in row] for row in rows[1:]],
      [[f.get(key, "").encode() for key in ("severity", "volume", "path", "state")] +
       [f.get("hashes", {}).get("sha256", "").encode()] for f in done.findings])
summary, verdict, disclosure = read(reports + "/plugin-run").rsplit(b"\n", 2)
check("the run", (json.loads(summary), verdict.decode(), disclosure), (done.summary, done.summary["verdict"], b""))
nosy = read(reports + "/plugin-nosy").decode().splitlines()
check("what a plug-in can do", [line for line in nosy if not line.endswith(" no")], [])
check("it was asked", len(nosy), 9)
check("modes", {oct(os.stat(path).st_mode & 0o777) for path in glob.glob(reports + "/plugin-*")}, {"0o600"})
check("sealed", run(TRIAGE, "verify", done.case).returncode, 0)

# No content.
media, looked_for = read(image), 0
for finding in done.findings:
    for offset, length in finding.get("extents", [])[:1]:
        content = media[offset:offset + min(length, finding["size"], 24)]
        if len(content) == 24 and len(set(content)) > 5:
            looked_for += 1
            faults += [f"{path} holds content" for path in glob.glob(reports + "/plugin-*") if content in read(path)]
check("no content was looked for", looked_for > 5)

# The digest of what ran, in the audit log and in the list of plug-ins.
audit = [json.loads(line) for line in read(done.case + "/audit.jsonl").splitlines()]
logged = [(r["path"], r["sha256"]) for r in audit if r["event"] == "plugin"]
check("audit", logged, 2 * [(path, sha256sum(path)) for path in good])
listed = [json.loads(line) for line in must(TRIAGE, "plugins", "--json", "--config", both).stdout.splitlines()]
check("triage plugins", [(p["path"], p["sha256"]) for p in listed if p["kind"] == "plug-in"],
      [(path, sha256sum(path)) for path in good])
shown = must(TRIAGE, "plugins", "--config", both).stdout
check("triage plugins in words", (sha256sum(example) in shown, "findings, tab-separated" in shown, "\x1b" in shown), (True, True, False))
check("none without a configuration", "plug-in " in must(TRIAGE, "plugins").stdout, False)

# Rendered again, as a disclosure copy: names are gone before the plug-in hears of them. A case's own configuration, which
# others may have made, runs nothing.
check("a case runs a plug-in", run(TRIAGE, "report", done.case, "--report", "plugin-rows").returncode, 2)
again = must(TRIAGE, "report", done.case, "--report", "plugin-rows", "--config", both)
check("the digest of what renders", sha256sum(good[1]) in again.stderr)
check("rendered again", read(done.case + "/reports-2/plugin-rows"), read(reports + "/plugin-rows"))
must(TRIAGE, "report", done.case, "--report", "plugin-rows,plugin-findings.tsv,plugin-run", "--config", both, "--redact", "names")
for path in glob.glob(done.case + "/reports-3/plugin-*"):
    faults += [f"the disclosure copy {path} holds {f['path']}" for f in done.findings
               if len(f["path"]) > 6 and f["path"].encode() in read(path)]
for name in "plugin-findings.tsv", "plugin-run":
    check(f"{name} says what it is", b"Disclosure copy: " in read(f"{done.case}/reports-3/{name}"))

# --- refused before evidence is opened
def refused(what, paths, sentence, more=""):
    out = os.path.join(workspace(), "refused")
    config = configuration("refused", paths, more)
    for command in (TRIAGE, "scan", image, "--config", config, "--out", out), (TRIAGE, "config", "check", config):
        ended = run(*command)
        check(f"{what}: {command[1]}", (ended.returncode, sentence in ended.stderr, os.path.exists(out)), (2, True, False))
        if sentence not in ended.stderr:
            faults.append(f"  it said: {ended.stderr!r}")


refused("a relative path", ["plug-ins/rows.so"], "a plug-in is given by the absolute path of a shared object, /FOLDER/NAME.so")
refused("another name", ["/opt/rows"], "a plug-in is given by the absolute path")
refused("a name with an escape", ["/opt/r\x1bows.so"], "a plug-in is given by the absolute path")
refused("two of a name", [good[1], "/opt/rows.so"], "two plug-ins would write the report plugin-rows")
refused("no file", [folder + "/none.so"], "the file cannot be opened: No such file or directory")
refused("no folder", ["/nowhere/none.so"], "its folder cannot be opened: No such file or directory")
refused("another version", [built("newer")], "has version 2 of the interface; this triage has version 1")
refused("a short struct", [built("small")], "its triage_plugin_calls has 40 bytes; version 1 has at least 48")
refused("no symbol", [built("nothing")], "does not export triage_plugin: it is no plug-in of triage")
refused("nothing returned", [built("null")], "triage_plugin returned nothing")
refused("a call that lacks", [built("without_row")], "lacks one of begin, row and end")
refused("a crash at its load", [built("crashes_early")], "ended by signal 11 (Segmentation fault)")
text = os.path.join(folder, "text.so")
with open(text, "w") as file:
    file.write("no shared object\n")
refused("no shared object", [text], "cannot be loaded: ")
link = os.path.join(folder, "link.so")
os.symlink(good[1], link)
refused("a link", [link], "the file cannot be opened: Too many levels of symbolic links")
os.mkfifo(os.path.join(folder, "pipe.so"), 0o600)
refused("a pipe", [os.path.join(folder, "pipe.so")], "is no regular file")
os.chmod(good[1], 0o775)
refused("a file of the group", [good[1]], "others may write to the file (mode 0775)")
os.chmod(good[1], 0o757)
refused("a file of all", [good[1]], "others may write to the file (mode 0757)")
os.chmod(good[1], 0o755)
os.chmod(folder, 0o777)
refused("a folder of all", [good[1]], "others may write to its folder (mode 0777)")
os.chmod(folder, 0o755)
if os.geteuid() == 0:
    os.chown(good[1], 12345, 0)
    refused("a file of another", [good[1]], "the file belongs to user 12345, neither to root nor to you")
    os.chown(good[1], 0, 0)
    os.chown(folder, 12345, 0)
    refused("a folder of another", [good[1]], "its folder belongs to user 12345, neither to root nor to you")
    os.chown(folder, 0, 0)
else:
    print("not checked: files of another user need root")
refused("seconds", [], "reports.plugin.seconds is a number from 1 to 3600", "reports.plugin.seconds: 0\n")
listed = must(TRIAGE, "plugins", "--config", configuration("refused", [folder + "/newer.so"])).stdout
check("triage plugins says why", "refused: plug-in " + folder + "/newer.so: has version 2" in listed)

# --- a resumed case: refused before it is touched, and its digest logged again
known = os.path.join(workspace(), "some.md5")
with open(known, "w") as file:
    file.writelines(f["hashes"]["md5"] + "\n" for f in done.findings if "hashes" in f)
stopped = scan(image, "--config", configuration("resumed", good[:2]), "--notable", known, "--stop-after", "1")
check("it was stopped", "stopped after 1 matches" in json.dumps(stopped.summary))
state = lambda: {path: read(path) for path in glob.glob(stopped.case + "/**", recursive=True) if os.path.isfile(path)}
os.chmod(good[1], 0o775)
untouched = state()
unnamed = run(TRIAGE, "scan", "--resume", stopped.case)
check("a plug-in that only the case names", (unnamed.returncode, "which this case would run as you" in unnamed.stderr), (2, True))
again = ["scan", "--resume", stopped.case, "--config", stopped.case + "/config.yaml"]
resumed = run(TRIAGE, *again)
check("resumed with what others may write", (resumed.returncode, "others may write to the file" in resumed.stderr), (2, True))
check("a refused resume", state() == untouched)
os.chmod(good[1], 0o755)
check("resumed", run(TRIAGE, *again).returncode, 0)
in_rows = [line.split(b" ", 1)[1] for line in read(stopped.case + "/reports/plugin-rows").splitlines() if line.startswith(b"entries ")]
check("entries after a resume", in_rows, read(reports + "/entries.jsonl").splitlines())
audit = [json.loads(line) for line in read(stopped.case + "/audit.jsonl").splitlines()]
check("audit of both parts", len([r for r in audit if r["event"] == "plugin" and r["sha256"] == sha256sum(r["path"])]), 8)

# --- what fails costs its own report only
bad = {
    "crash": r"ended by signal 11 \(Segmentation fault\)",
    "overflow": r"ended by signal (6 \(Aborted\)|11 \(Segmentation fault\))",
    "hang": r"no progress for 3 s \(reports\.plugin\.seconds\): ended",
    "spins": r"no progress for 3 s \(reports\.plugin\.seconds\): ended",
    "hangs_at_end": r"no progress for 3 s \(reports\.plugin\.seconds\): ended",
    "hangs_late": r"no progress for 3 s \(reports\.plugin\.seconds\): ended",
    "leaves": r"ended before its report was whole \(exit code 0\)",
    "floods": r"its report went beyond 1 MiB \(reports\.plugin\.output_mib\)",
    "floods_itself": r"its report went beyond 1 MiB \(reports\.plugin\.output_mib\)",
    "eats": r"ended by signal 11 \(Segmentation fault\)",
    "refuses": r"it does not like \\x1b\[31mthis case",
    "returns": r"its begin returned 7",
}
config = configuration("bad", [built(name) for name in bad] + good[:2], "reports.plugin: {seconds: 3, output_mib: 1}\n")
before = time.monotonic()
suffering = scan(image, "--config", config)
check("it goes on within seconds", time.monotonic() - before < 60)
for name, reason in bad.items():
    check(f"{name} says why", bool(re.search(rf"report plugin-{name}: plug-in {folder}/{name}\.so: {reason}\n", suffering.stderr)))
check("nothing else is said", len([line for line in suffering.stderr.splitlines() if line.startswith("triage: ")]), len(bad))
for name in "entries.jsonl", "findings.jsonl", "problems.jsonl", "plugin-rows", "plugin-findings.tsv":
    check(f"{name} beside those that fail", read(f"{suffering.case}/reports/{name}"), read(f"{reports}/{name}"))
check("no half report stays", sorted(os.path.basename(path) for path in glob.glob(suffering.case + "/reports/plugin-*")),
      ["plugin-findings.tsv", "plugin-rows"])
check("exit code and seal", (suffering.code, run(TRIAGE, "verify", suffering.case).returncode), (3, 0))

# A triage that is stopped for longer than it waits for a plug-in has not waited for it.
stopped = subprocess.Popen([TRIAGE, "report", done.case, "--report", "plugin-naps", "--quiet", "--config",
                            configuration("naps", [built("naps")], "reports.plugin.seconds: 4\n")], stderr=subprocess.PIPE)
time.sleep(1)
stopped.send_signal(signal.SIGSTOP)
time.sleep(6)
stopped.send_signal(signal.SIGCONT)
check("a triage that was stopped", (stopped.communicate(timeout=60)[1].count(b"no progress"), stopped.returncode), (0, 0))


# Nor has a plug-in that gets no processor been idle: one that is stopped uses none, and does not sleep.
def children_of(pid):
    stats = [(path.split("/")[2], read(path).rsplit(b") ", 1)[1].split()) for path in glob.glob("/proc/[0-9]*/stat")]
    return [int(child) for child, fields in stats if int(fields[1]) == pid]


starved = subprocess.Popen([TRIAGE, "report", done.case, "--report", "plugin-naps", "--quiet", "--config",
                            configuration("naps", [built("naps")], "reports.plugin.seconds: 3\n")], stderr=subprocess.PIPE)
time.sleep(1)
plug_ins = children_of(starved.pid)
check("a plug-in runs", len(plug_ins), 1)
for signal_of_now, wait in (signal.SIGSTOP, 5), (signal.SIGCONT, 0):
    [os.kill(pid, signal_of_now) for pid in plug_ins]
    time.sleep(wait)
check("a plug-in without a processor", (starved.communicate(timeout=60)[1].count(b"no progress"), starved.returncode), (0, 0))
if faults:
    print(suffering.stderr)
finish(faults, "plug-ins")
