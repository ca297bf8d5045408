#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""triage, `fls` and `fiwalk` on the same damaged fixtures: the table of docs/reliability.md.

usage: mutants.py [MUTANTS] [--minutes N]      mutants of each fixture, default 20; of the shared robustness/mutate.py
Counted: runs that end by a signal, take 60 s, or hold more than 512 MiB (triage with its workers 1 GiB); those that
miss a name of the undamaged image; of these, those that list fewer names than of it, end with 0 and say nothing;
wrong MD5s of E01 mutants, whose undamaged bytes are the only ones that a checksum lets pass. Fails when triage crashes,
hangs, swells, is silent or wrong.
"""
import argparse, importlib.util, os, re, shutil, signal, subprocess, sys, threading, time
from faults import TRIAGE, decoy_list, read_lines, workspace
from support import FIXTURES, read_table, shared

SEEDS = ["ext2.img", "ext4.img", "ntfs.img", "fat16.img", "exfat.img", "hfsplus.img", "plain.iso", "ufs2-le.img",
         "ewf-encase6.E01", "ewf-none.E01"]
SECONDS, MEBIBYTES = 60, {"triage": 1024, "fls": 512, "fiwalk": 512}
COLUMNS = ("runs", "crashed", "hung", "swollen", "names missed", "of these silent", "wrong MD5")
options = argparse.ArgumentParser()
options.add_argument("mutants", nargs="?", type=int, default=20)
options.add_argument("--minutes", type=float, default=1e6)
options = options.parse_args()
spec = importlib.util.spec_from_file_location("mutate", shared("robustness", "mutate.py"))
mutate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(mutate)
table = {tool: dict.fromkeys(COLUMNS, 0) for tool in MEBIBYTES}
case, xml = os.path.join(workspace(), "case"), os.path.join(workspace(), "fiwalk.xml")


def commands(image):
    return {"triage": [TRIAGE, "scan", image, "--notable", decoy_list(), "--report", "jsonl", "--out", case, "--quiet"],
            "fls": ["fls", "-r", "-p", image], "fiwalk": ["fiwalk", "-X", xml, image]}


def run(command):
    """Exit code (None: had to be killed), output, errors, resident MiB of the largest process."""
    out, err = os.path.join(workspace(), "out"), os.path.join(workspace(), "err")
    with open(out, "wb") as output, open(err, "wb") as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
    late = threading.Event()
    timer = threading.Timer(SECONDS, lambda: (late.set(), process.send_signal(signal.SIGKILL)))
    timer.start()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    timer.cancel()
    text = lambda path: open(path, "rb").read().decode(errors="replace")
    return None if late.is_set() else process.returncode, text(out), text(err), usage.ru_maxrss >> 10


def seen(tool, output):
    """path → MD5 or None of what a tool lists."""
    if tool == "triage":
        return {e["path"]: e.get("hashes", {}).get("md5") for e in read_lines(f"{case}/reports/entries.jsonl")}
    if tool == "fls":
        return {"/" + line.split(":\t", 1)[1]: None for line in output.splitlines() if ":\t" in line}
    text = open(xml, errors="replace").read() if os.path.exists(xml) else ""
    objects = re.findall(r"<fileobject>.*?</fileobject>", text, re.S)
    name = lambda o: "/" + (re.search(r"<filename>(.*?)</filename>", o) or ["", ""])[1]
    md5 = lambda o: (re.search(r"<hashdigest type='md5'>([0-9a-f]{32})", o) or [None, None])[1]
    return {name(o): md5(o) for o in objects}


def count(tool, image, truth, usual, label):
    shutil.rmtree(case, ignore_errors=True)
    if os.path.exists(xml):
        os.unlink(xml)
    row = table[tool]
    code, output, errors, mebibytes = run(commands(image)[tool])
    row["runs"] += 1
    row["hung"] += code is None
    row["crashed"] += code is not None and code < 0
    row["swollen"] += mebibytes > MEBIBYTES[tool]
    if code is None or code < 0:
        return
    listed = seen(tool, output)
    is_missing = any(path not in listed for path in truth)
    row["names missed"] += is_missing
    is_silent = is_missing and code == 0 and not errors and len(listed) < usual
    row["of these silent"] += is_silent
    if is_silent and tool == "triage":
        print("silent:", label, sorted(set(truth) - set(listed)))
    if image.endswith("E01"):
        row["wrong MD5"] += sum(1 for path, md5 in truth.items() if listed.get(path) not in (None, md5))


def names_all_see(seed):
    """path → MD5 of the entries that every tool lists of the undamaged image: no tool is blamed for its manners."""
    source = os.path.join(FIXTURES, seed)
    truth = {r["path"]: r["md5"] for r in read_table(f"{source}.truth.tsv")
             if r["volume"] == "-" and r["state"] == "allocated" and not r["stream"] and r["md5"] != "none"}
    for tool, command in commands(source).items():
        shutil.rmtree(case, ignore_errors=True)
        if os.path.exists(xml):
            os.unlink(xml)
        listed = seen(tool, run(command)[1])
        truth = {path: md5 for path, md5 in truth.items() if path in listed}
        usual[seed, tool] = len(listed)
    return truth


usual = {}  # names of the undamaged image
truths = {seed: names_all_see(seed) for seed in SEEDS}
begin, done = time.monotonic(), 0
makers = {seed: mutate.Mutator(open(os.path.join(FIXTURES, seed), "rb").read()) for seed in SEEDS}
for index in range(1, options.mutants + 1):
    for seed in SEEDS if time.monotonic() < begin + 60 * options.minutes else []:
        image = os.path.join(workspace(), f"mutant{os.path.splitext(seed)[1]}")
        with open(image, "wb") as out:
            out.write(makers[seed].make(index)[0])
        for tool in table:
            count(tool, image, truths[seed], usual[seed, tool], f"{seed} {index}")
print("names compared:", ", ".join(f"{seed} {len(truth)}" for seed, truth in truths.items()))
print("| Tool |", " | ".join(COLUMNS), "|\n|---|" + "---|" * len(COLUMNS))
for tool, row in table.items():
    print(f"| `{tool}` |", " | ".join(str(row[column]) for column in COLUMNS), "|")
ours = table["triage"]
sys.exit(any(ours[column] for column in COLUMNS if column not in ("runs", "names missed")))
