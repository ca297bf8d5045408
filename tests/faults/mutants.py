#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""triage, `fls` and `fiwalk` on the same damaged fixtures: the table of docs/reliability.md.

usage: mutants.py [--seed N] [--count N] [--jobs N] [--minutes N] [--out FILE]
Mutants N to N + count - 1 (default 1 and 20) of each of eleven images, by the shared robustness/mutate.py. FILE adds
up: what it holds is not run again, so that a series can be cut short, repeated, and run in slices one after the other.
Counted: runs that end by a signal, take 60 s, or hold more than 512 MiB (workers of triage 1 GiB); those that miss a
name of the undamaged image; of these, those that list fewer names than of it, end with 0 and say nothing; MD5s of
allocated contents that contradict the undamaged image and what other readers make of the mutant (of an E01 only the
undamaged bytes are right: a checksum lets no other pass); runs that leave out why a volume was not walked. Fails when
triage crashes, hangs, swells, is silent or wrong.
"""
import argparse, concurrent.futures, hashlib, importlib.util, json, os, sys, tempfile, time
from faults import TRIAGE, workspace
from peers import TOOLS, digest_at, is_read_so, knows, listed, place_of, problems, run_tool, summary
from support import FIXTURES, read_table, shared

SEEDS = ["ext2.img", "ext4.img", "ntfs.img", "fat16.img", "exfat.img", "hfsplus.img", "apfs.raw", "plain.iso",
         "ufs2-le.img", "ewf-encase6.E01", "ewf-none.E01"]
COLUMNS = ("runs", "crashed", "hung", "swollen", "names missed", "of these silent", "wrong MD5", "unnamed volumes")
INNOCENT = ("runs", "names missed")
WALKED = ("walked", "gap", "swap", "reserved")
options = argparse.ArgumentParser()
options.add_argument("--seed", type=int, default=1)
options.add_argument("--count", type=int, default=20)
options.add_argument("--jobs", type=int, default=1)
options.add_argument("--minutes", type=float, default=1e6, help="begin no further mutants after that")
options.add_argument("--out", help="results.json, to which the results are added")
options = options.parse_args()
spec = importlib.util.spec_from_file_location("mutate", shared("robustness", "mutate.py"))
mutate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(mutate)


def path_of(seed):
    return shared("evidence", "images", seed) if seed == "apfs.raw" else os.path.join(FIXTURES, seed)


def contents_of(seed):
    """path → MD5 of the allocated contents that were put in."""
    table = shared("evidence", "truth", "apfs.raw.tsv") if seed == "apfs.raw" else f"{path_of(seed)}.truth.tsv"
    return {r["path"]: r["md5"] for r in read_table(table) if r["volume"] == "-" and r["state"] == "allocated" and
            not r["stream"] and r["md5"] not in ("", "none")}


class Undamaged:
    """What is right of an image: the names that every tool lists of it (none is blamed for its manners), how many each
    lists, the MD5s of triage that the contents put in or other readers confirm, and the places of those that no other
    reader can read."""

    def __init__(self, seed):
        self.seed, self.image, self.contents = seed, path_of(seed), contents_of(seed)
        self.names, self.usual, self.digests, self.places, self.content_places = self.contents, {}, {}, {}, {}
        for tool in filter(lambda tool: knows(tool, seed), TOOLS):
            rows = listed(tool, run_tool(tool, seed, self.image, workspace()).output, workspace())
            self.usual[tool] = len(rows)
            self.names = {path: md5 for path, md5 in self.names.items() if path in {row.path for row in rows}}
            if tool == "triage":
                self.confirm([row for row in rows if row.md5])

    def confirm(self, rows):
        for row in rows:
            is_read = is_read_so(self.seed, self.image, row)
            place, keys = place_of(self.image, row), (row.path, row.address)  # a mutant may have changed one of them
            if place is not None:
                self.places |= {(key, row.stream): place for key in keys}
            if place is not None and row.md5 in self.contents.values():
                self.content_places[row.md5] = place
            if is_read or place is not None or row.md5 == self.contents.get(row.path):
                for key in keys:
                    self.digests.setdefault(key, set()).add(row.md5)

    def contradicts(self, row, image):
        """Whether neither this image nor the mutant's own bytes have the MD5."""
        is_right = any(row.md5 in self.digests.get(key, ()) for key in (row.path, row.address))
        if not row.md5 or row.state != "allocated" or is_right:
            return False
        if image.endswith("E01"):
            return row.path in self.names
        places = [self.places.get((key, row.stream)) for key in (row.path, row.address)]
        # Under a name that was damaged: the content of a file that was put in, where it was put.
        places += [self.content_places.get(row.md5)] if row.path not in self.contents else []
        if any(place is not None and digest_at(image, place, row.size) == row.md5 for place in places):
            return False
        return not is_read_so(self.seed, image, row)


def unnamed_volumes(folder):
    """Volumes that were not walked whole and of which no problem tells why."""
    told = {problem.get("volume") for problem in problems(folder) if problem.get("detail")}
    return [volume["volume"] for volume in summary(folder).get("volumes", [])
            if volume["state"] not in WALKED and volume["volume"] not in told]


def judged(tool, seed, image, folder, label):
    """(counts, MiB of the largest process, MiB of the first, notes) of one run."""
    done = run_tool(tool, seed, image, folder)
    is_ours, is_over = tool == "triage", done.code is None or done.code < 0
    counts, notes = dict.fromkeys(COLUMNS, 0), []
    counts |= {"runs": 1, "hung": done.code is None, "crashed": is_over and done.code is not None,
               "swollen": done.parent > 512 or done.largest > (1024 if is_ours else 512)}
    rows = [] if is_over else listed(tool, done.output, folder)
    names, right = {row.path for row in rows}, undamaged[seed]
    is_missing = not is_over and any(path not in names for path in right.names)
    says_nothing = done.code == 0 and not done.errors and len(rows) < right.usual[tool]
    wrong = [f"{row.path} {row.stream} {row.address} {row.md5}" for row in rows if right.contradicts(row, image)]
    unnamed = unnamed_volumes(folder) if is_ours and not is_over else []
    is_mute = is_ours and done.code not in (0, 1) and not done.errors and not problems(folder)
    counts |= {"names missed": is_missing, "of these silent": is_missing and says_nothing, "wrong MD5": len(wrong),
               "unnamed volumes": bool(unnamed) or is_mute}
    if is_ours and any(count for column, count in counts.items() if column not in INNOCENT):
        notes.append(f"{label}: exit {done.code}, " +
                     ", ".join(f"{column} {int(n)}" for column, n in counts.items() if n) + f" {wrong}{unnamed}")
    return {column: int(count) for column, count in counts.items()}, done.largest, done.parent, notes


def run_mutant(task):
    index, seed = task
    with tempfile.TemporaryDirectory(dir=workspace()) as folder:
        image = os.path.join(folder, f"mutant{os.path.splitext(seed)[1]}")
        with open(image, "wb") as out:
            out.write(makers[seed].make(index)[0])
        return {tool: judged(tool, seed, image, folder, f"{seed} {index}") for tool in TOOLS if knows(tool, seed)}


def empty():
    return {"done": [], "programs": [], "table": {tool: dict.fromkeys(COLUMNS, 0) for tool in TOOLS}, "notes": [],
            "largest_mib": dict.fromkeys(TOOLS, 0), "parent_mib": dict.fromkeys(TOOLS, 0), "seconds": 0}


def add(results, index, of_mutants, seconds):
    for of_tools in of_mutants:
        for tool, (counts, largest, parent, notes) in of_tools.items():
            for column, count in counts.items():
                results["table"][tool][column] += count
            results["largest_mib"][tool] = max(results["largest_mib"][tool], largest)
            results["parent_mib"][tool] = max(results["parent_mib"][tool], parent)
            results["notes"] += notes
            print(*notes, sep="\n", end="\n" if notes else "", flush=True)
    results["done"].append(index)
    results["seconds"] += seconds
    if options.out:
        with open(f"{options.out}.new", "w") as out:
            json.dump(results, out, indent=1)
        os.replace(f"{options.out}.new", options.out)


def print_table(results):
    print("| Tool |", " | ".join(COLUMNS), "| MiB at most |\n|---|" + "---|" * (len(COLUMNS) + 1))
    for tool, row in results["table"].items():
        print(f"| `{tool}` |", " | ".join(str(row[column]) for column in COLUMNS), f"| {results['largest_mib'][tool]} |")
    print(f"parent of triage, looked at each 3 ms: {results['parent_mib']['triage']} MiB; "
          f"{results['seconds']:.0f} s; {len(results['programs'])} builds of triage")


results = json.load(open(options.out)) if options.out and os.path.exists(options.out) else empty()
with open(TRIAGE, "rb") as program:
    results["programs"] = sorted({*results["programs"], hashlib.sha256(program.read()).hexdigest()})
undamaged = {seed: Undamaged(seed) for seed in SEEDS}
makers = {seed: mutate.Mutator(open(path_of(seed), "rb").read()) for seed in SEEDS}
print("names compared:", ", ".join(f"{seed} {len(right.names)}" for seed, right in undamaged.items()), flush=True)
begin, told = time.monotonic(), results["table"]["triage"]["runs"] // 100
with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
    for index in sorted({*range(options.seed, options.seed + options.count)} - {*results["done"]}):
        start = time.monotonic()
        if start > begin + 60 * options.minutes:
            break
        of_mutants = list(pool.map(run_mutant, [(index, seed) for seed in SEEDS]))
        add(results, index, of_mutants, time.monotonic() - start)
        if (runs := results["table"]["triage"]["runs"]) // 100 > told:
            told = runs // 100
            print(f"{runs} mutants, {time.monotonic() - begin:.0f} s:", ", ".join(
                f"{tool} " + "/".join(str(row[column]) for column in COLUMNS[1:])
                for tool, row in results["table"].items()), flush=True)
print_table(results)
sys.exit(any(results["table"]["triage"][column] for column in COLUMNS if column not in INNOCENT))
