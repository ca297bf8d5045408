#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How the cost of a scan grows: a row a step, with medians of time, CPU time and memory, and the slope: microseconds of
CPU time for each unit more than in the first row.

usage: growth.py [SERIES...] [--runs 3] [--threads 2]
SERIES: bytes (of device images), files (of 4 to 16 KiB), extents (of one file), list (millions of MD5), threads.
Images are made in BENCH_FOLDER and removed after their row.
"""
import argparse, glob, os, statistics, subprocess
import bench


def temporary(name, *options):
    return bench.make_image(f"growth-{os.getpid()}-{name}", *options)


def scattered_image(extents):
    """One file of 1 GiB in so many extents: written and missing pieces of equal length take turns, so that every step
    reads and hashes the same bytes."""
    image = os.path.join(bench.FOLDER, f"growth-{os.getpid()}-scattered.raw")
    tree = os.path.join(bench.WORK, "scattered")
    os.makedirs(tree, exist_ok=True)
    piece, zeros = (1 << 30) // extents, 0
    with open(os.path.join(tree, "file"), "wb") as out:
        for at in range(0, 1 << 30, piece):
            out.seek(at)
            out.write(b"\xa5" * (piece // 2))
        out.truncate(1 << 30)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-d", tree, image, "1200M"], check=True,
                   stdout=subprocess.DEVNULL)
    os.unlink(os.path.join(tree, "file"))
    return image


def files_of(count):
    return temporary("files", "--fs", "ext4", "--profile", "small", "--files", str(count), "--size", f"{64 + count // 60}M")


# name → (what the rows are, [(row, how to get the image, options of the scan)])
def series(threads):
    t = ["--threads", threads]
    device = lambda size: (lambda: temporary("device", "--fs", "ext4", "--size", size))
    known = lambda millions: (lambda: [*t, "--notable", bench.known_set(millions)])
    ext4 = lambda: bench.raw_image("ext4")
    return {
        "bytes": ("MiB of the image", [(mib, device(f"{mib}M"), lambda: t) for mib in (256, 512, 1024, 2048)]),
        "files": ("files", [(n, lambda n=n: files_of(n), lambda: t) for n in (10000, 50000, 100000, 200000)]),
        "extents": ("extents", [(n, lambda n=n: scattered_image(n), lambda: t) for n in (1, 1024, 16384, 131072)]),
        "list": ("million MD5", [(0, ext4, lambda: t), (1, ext4, known(1)), (10, ext4, known(10))]),
        "threads": ("threads", [(n, ext4, lambda n=n: ["--threads", str(n)]) for n in (1, 2, 4) if n <= os.cpu_count()]),
    }


def print_row(row, runs, first):
    """Returns (row, CPU seconds), from which the slopes of later rows are counted."""
    seconds, cpu, peak = (statistics.median(column) for column in zip(*runs))
    slope = f"{(cpu - first[1]) / (row - first[0]) * 1e6:.2f}" if first else "-"
    print(f"{row:>10}{seconds:>10.3f}{cpu:>10.3f}{slope:>14}{peak:>8.0f}", flush=True)
    return first or (row, cpu)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("series", nargs="*", default=list(series("2")))
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--threads", default="2")
    a = options.parse_args()
    print(bench.machine())
    for name in a.series:
        what, rows = series(a.threads)[name]
        print(f"\n{what:>10}{'seconds':>10}{'CPU s':>10}{'us a unit':>14}{'MiB':>8}")
        first = None
        for row, image_of, scan_options in rows:
            image = image_of()
            first = print_row(row, [bench.scan(image, *scan_options()) for _ in range(a.runs)], first)
            for path in glob.glob(os.path.join(bench.FOLDER, f"growth-{os.getpid()}-*")):
                os.unlink(path)


if __name__ == "__main__":
    main()
