#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What reports cost: each one that the program has, and all together, rendered from a case in which every entry is a
finding; then a scan with all of them beside the same scan with none, in turn. A row holds medians. The program of the
report exec is sha256sum, which reads every row.

usage: reports.py [FILES...] [--runs 5]    FILES: of 4 to 16 KiB in the image (10000 100000)
Images are made in BENCH_FOLDER and removed after their rows.
"""
import argparse, glob, json, os, shutil, statistics, subprocess
import bench
from growth import files_of

CASE, CONFIG = os.path.join(bench.WORK, "case"), os.path.join(bench.WORK, "reports.yaml")


def reporters():
    """The names that `triage plugins` lists, without those that fail."""
    lines = subprocess.run([bench.TRIAGE, "plugins", "--json"], capture_output=True, text=True, check=True).stdout.splitlines()
    for name in (kind["name"] for kind in map(json.loads, lines) if kind["kind"] == "report"):
        tried = subprocess.run([bench.TRIAGE, "report", CASE, "--report", name, "--config", CONFIG, "--quiet"], capture_output=True, text=True)
        if tried.returncode == 0:
            yield name
        else:
            print(f"LEFT OUT {name}: {tried.stderr.strip()}")


def rendered(names):
    for folder in glob.glob(CASE + "/reports-*"):
        shutil.rmtree(folder)
    cost = bench.run(bench.TRIAGE, "report", CASE, "--report", names, "--config", CONFIG, "--quiet")
    return *cost, sum(os.path.getsize(path) for path in glob.glob(CASE + "/reports-*/**", recursive=True)) / 1e6


def print_row(what, runs):
    medians = [statistics.median(column) for column in zip(*runs)]
    print(f"{what:>12}" + "".join(f"{value:>10.{digits}f}" for value, digits in zip(medians, (2, 2, 0, 1))), flush=True)


def measure(files, runs):
    image = files_of(files)
    bench.scan(image, "--config", CONFIG, reports="text")
    names = list(reporters())
    print(f"\n{files} files; all reports are {', '.join(names)}\n{'':>12}{'seconds':>10}{'CPU s':>10}{'MiB':>10}{'MB':>10}")
    for name in [*names, ",".join(names)]:
        print_row("all" if "," in name else name, [rendered(name) for _ in range(runs)])
    pairs = [(bench.scan(image, "--config", CONFIG, reports="text"),
              bench.scan(image, "--config", CONFIG, reports=",".join(names))) for _ in range(runs)]
    for what, column in zip(("scan", "scan, all"), zip(*pairs)):
        print_row(what, column)
    print(f"all reports beside the scan: {statistics.median(b.seconds - a.seconds for a, b in pairs):.2f} s")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("files", nargs="*", type=int, default=[10000, 100000])
    options.add_argument("--runs", type=int, default=5)
    a = options.parse_args()
    with open(CONFIG, "w") as out:
        out.write("rules: [{name: everything, when: {size: {min: 1}}, severity: notice, text: every entry}]\n"
                  f"reports.exec.command: [{os.path.realpath(shutil.which('sha256sum'))}]\n")
    print(bench.machine())
    for files in a.files:
        try:
            measure(files, a.runs)
        finally:
            for path in glob.glob(os.path.join(bench.FOLDER, f"growth-{os.getpid()}-*")):
                os.unlink(path)


if __name__ == "__main__":
    main()
