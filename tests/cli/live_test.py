#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The live stream: JSON line by line, as docs/live.md lists the keys, telling what the reports tell; no names unasked."""
import json, os, re, subprocess
from support import FIXTURES, ROOT, TRIAGE, finish, read_lines, workspace

DEMO = os.path.join(ROOT, "fixtures/demo/demo")
faults = []


def keys_of(text):
    """event -> keys in order, as the page lists them: those of objects inside are left out."""
    table = {}
    for event, _, keys in re.findall(r"(?m)^\| `(\w+)` \| ([^|]*) \| (.*) \|$", text):
        keys = re.sub(r"\{[^}]*\}|\([^)]*\)", "", keys)
        table[event] = re.findall(r"`(\w+)`", keys)
    return table


with open(os.path.join(ROOT, "docs/live.md"), encoding="utf-8") as page:
    KEYS = keys_of(page.read())


def stream(*arguments, name, expected=1):
    case = os.path.join(workspace(), name)
    done = subprocess.run([TRIAGE, "scan", *arguments, "--out", case, "--live", "jsonl", "--quiet"],
                          capture_output=True, timeout=120)
    if done.returncode != expected or done.stderr:
        faults.append(f"{name}: exit code {done.returncode}: {done.stderr.decode(errors='replace')}")
    if re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", done.stdout):
        faults.append(f"{name}: a control character in the stream")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for line in lines:
        known = ["event", *KEYS.get(line["event"], [])]
        if [key for key in known if key in line] != list(line):
            faults.append(f"{name}: keys that docs/live.md does not list, or in another order: {list(line)}")
    return case, lines


def events(lines, event):
    return [line for line in lines if line["event"] == event]


def check_demo():
    case, lines = stream(DEMO + ".E01", "--notable", DEMO + "-notable.md5", "--exhibit", f"AB/1={DEMO}.E01", name="demo")
    order = [line["event"] for line in lines]
    if order[0] != "start" or order[-2:] != ["progress", "end"]:
        faults.append(f"demo: the order of events is {order}")
    found = {(line["volume"], line["address"]) for line in read_lines(f"{case}/reports/findings.jsonl")}
    told = {(line["volume"], line["address"]) for line in events(lines, "match")}
    if found != told or not told:
        faults.append(f"demo: matches told {told}, found {found}")
    if any({"path", "stream"} & line.keys() or "label" in line["matches"][0] for line in events(lines, "match")):
        faults.append("demo: a name was told without --show-names")
    last, entries = events(lines, "progress")[-1], read_lines(f"{case}/reports/entries.jsonl")
    if (last["entries"], last["bytes"], last["phase"]) != (len(entries), last["bytes_listed"], "reporting"):
        faults.append(f"demo: the last progress is {last}")
    with open(f"{case}/reports/summary.json", encoding="utf-8") as file:
        summary = json.load(file)
    end, sealed = lines[-1], subprocess.run(["sha256sum", f"{case}/manifest.json"], capture_output=True, text=True)
    if (end["verdict"], end["seal"], end["exit_code"]) != ("MATCH", sealed.stdout.split()[0], 1):
        faults.append(f"demo: the end is {end}")
    states = {line["volume"]: line["state"] for line in events(lines, "volume")}
    if states != {volume["volume"]: volume["state"] for volume in summary["volumes"]}:
        faults.append(f"demo: the volumes end as {states}")
    _, named = stream(DEMO + ".E01", "--notable", DEMO + "-notable.md5", "--show-names", name="named")
    if {line["path"] for line in events(named, "match")} - {line["path"] for line in read_lines(f"{case}/reports/findings.jsonl")}:
        faults.append("named: the paths told are not those found")


def check_problems():
    case, lines = stream(os.path.join(FIXTURES, "bitlocker.img"), name="locked", expected=3)
    known = lambda rows: sorted((row["what"], row.get("detail", ""), row.get("address", "")) for row in rows)
    reported = read_lines(f"{case}/reports/problems.jsonl")
    if known(events(lines, "problem")) != known(reported) or not reported:
        faults.append(f"locked: problems told {events(lines, 'problem')}")
    if events(lines, "progress")[-1]["problems"] != len(reported):
        faults.append("locked: the number of problems told is another")


def check_flushed_and_lost():
    """Lines come while the scan runs; a reader that goes away does not end the scan, and the exit code says so."""
    image, case = os.path.join(workspace(), "large.img"), os.path.join(workspace(), "lost")
    subprocess.run([os.path.join(ROOT, "fixtures/large.py"), image], check=True)
    decoy = os.path.join(workspace(), "decoy.md5")
    with open(decoy, "w") as file:
        file.write("0" * 31 + "1\n")
    process = subprocess.Popen([TRIAGE, "scan", image, "--notable", decoy, "--out", case, "--live", "jsonl", "--threads", "1",
                                "--hash-engine", "openssl"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    first = json.loads(process.stdout.readline())
    while (line := json.loads(process.stdout.readline()))["event"] != "progress":
        pass
    if process.poll() is not None or first["event"] != "start" or line["entries"] == 80:
        faults.append(f"lines did not come while the scan ran: {line}")
    process.stdout.close()
    error = process.stderr.read().decode()
    if process.wait() != 2 or "standard output: cannot be written" not in error:
        faults.append(f"a lost reader: exit code {process.returncode}: {error}")
    if not os.path.exists(f"{case}/manifest.json"):
        faults.append("a lost reader ended the scan")


def check_refused():
    done = subprocess.run([TRIAGE, "scan", DEMO + ".E01", "--live", "jsonl", "--json"], capture_output=True, text=True)
    if done.returncode != 2 or "--json" not in done.stderr:
        faults.append(f"--live with --json: exit code {done.returncode}: {done.stderr}")


check_demo()
check_problems()
check_flushed_and_lost()
check_refused()
finish(faults, "the live stream")
