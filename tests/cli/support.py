# SPDX-License-Identifier: Apache-2.0
"""What the scripts here share: running the built binary, reading a case, finding the shared evidence."""
import atexit, collections, concurrent.futures, csv, json, os, shutil, subprocess, sys, tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TRIAGE = os.environ.get("TRIAGE", os.path.join(ROOT, "build/release/triage"))
FIXTURES = os.environ.get("TRIAGE_FIXTURES", os.path.join(ROOT, "fixtures/built"))
SHARED = os.environ.get("TRIAGE_SHARED", os.path.join(ROOT, "../shared"))
SKIPPED = 77  # ctest's SKIP_RETURN_CODE

Scan = collections.namedtuple("Scan", "code stdout stderr case entries findings problems summary")


def shared(*path):
    """A path in the shared data; ends the test as skipped where there is none."""
    if not os.path.isdir(SHARED):
        print(f"SKIPPED: no shared evidence in {SHARED}: set TRIAGE_SHARED")
        sys.exit(SKIPPED)
    return os.path.join(SHARED, *path)


def scan(*arguments, timeout=120):
    """Runs `triage scan ARGUMENTS` into a temporary case that is gone when this process ends."""
    case = os.path.join(tempfile.mkdtemp(dir=workspace()), "case")
    command = [TRIAGE, "scan", *map(str, arguments), "--out", case, "--quiet"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        done = subprocess.CompletedProcess(command, None, b"", f"did not end within {timeout} s".encode())
    report = lambda name: read_lines(os.path.join(case, "reports", f"{name}.jsonl"))
    summary = os.path.join(case, "reports", "summary.json")
    return Scan(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), case,
                report("entries"), report("findings"), report("problems"),
                json.load(open(summary, encoding="utf-8")) if os.path.exists(summary) else {})


_workspace = None


def workspace():
    global _workspace
    if _workspace is None:
        _workspace = tempfile.mkdtemp(prefix="triage-test-")
        atexit.register(shutil.rmtree, _workspace, True)
    return _workspace


def decoy_list():
    """A list that matches nothing: with it, exit code 0 means that everything was examined."""
    path = os.path.join(workspace(), "decoy.md5")
    with open(path, "w") as out:
        out.write("00000000000000000000000000000001\n")
    return path


def all_faults(check, items):
    """The faults that `check` returns for each item, in order; several run at once."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [fault for faults in pool.map(check, items) for fault in faults]


def read_lines(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_table(path):
    """A tab-separated table with a header; lines that begin with `# ` are left out."""
    with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        lines = [line for line in file if not line.startswith("# ")]
    return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def volumes(summary):
    """name → (start, state, length) of every volume that summary.json lists, wherever it lists them."""
    found = {}

    def look(value):
        if isinstance(value, dict):
            if {"start", "length", "state"} <= value.keys():
                found[value.get("volume", value.get("name"))] = (value["start"], value["state"], value["length"])
            value = list(value.values())
        if isinstance(value, list):
            for item in value:
                look(item)

    look(summary)
    return found


def finish(faults, what):
    """Prints every fault and ends the test."""
    for fault in faults:
        print(fault)
    print(f"{len(faults)} faults in {what}" if faults else f"{what}: as it should be")
    sys.exit(1 if faults else 0)
