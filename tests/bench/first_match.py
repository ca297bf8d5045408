#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How soon a visit knows: ten pictures of user folders and five files of system folders are in a notable list. When does
`--profile home-visit` tell of the first picture and of all ten, beside the whole time of `lab-full --hash-engine auto`?
And what does the size gate save, with a list of made-up contents that have the sizes of pictures (a log-normal
distribution, median 100 kB, sigma 1.2), beside reading everything, with the same findings?

usage: first_match.py [IMAGE...] [--pairs 5] [--known 10]    IMAGE: ext4, ntfs, fat32; --known: millions of made-up contents
"""
import argparse, hashlib, json, os, random, shutil, statistics, subprocess, time
import bench
from bench import TRIAGE, WORK

CASE = os.path.join(WORK, "case")


def compile_list(name, contents, made):
    """A notable set of (size, MD5) pairs, kept when `made`."""
    path = os.path.join(bench.FOLDER if made else WORK, name + ".tks")
    if not os.path.exists(path):
        listed = os.path.join(WORK, name + ".hashdeep")
        with open(listed, "w") as out:
            out.write("%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n")
            out.writelines(f"{size},{md5},x\n" for size, md5 in contents)
        bench.run(TRIAGE, "known", "import", listed, "-o", path, "--notable", "--name", name, "--quiet")
        os.unlink(listed)
    return path


def made_up(millions):
    draw = random.Random(11)
    for block in range(millions * 16):
        digits = hashlib.shake_128(b"sized %d" % block).hexdigest(62500 * 16)
        for at in range(0, len(digits), 32):
            yield max(1, int(draw.lognormvariate(11.5, 1.2))), digits[at:at + 32]


def chosen(image, truth):
    """Sizes by fls, digests as they were written down: ten pictures, five files of the system, of those that have kept
    their place (the generator moves a folder of the FAT32 image)."""
    listing = subprocess.run(["fls", "-r", "-p", "-F", "-l", image], capture_output=True, check=True).stdout
    rows = (line.split("\t") for line in listing.decode(errors="replace").splitlines())
    sizes = {row[1]: int(row[6]) for row in rows if len(row) > 6 and not row[0].split()[1].startswith("*")}
    with open(truth, errors="replace") as lines:
        files = [(path, line[:32]) for line in lines if (path := line[34:].rstrip("\n")) in sizes]
    pictures = [f for f in files if f[0].startswith("Users/") and f[0].lower().endswith(".jpg")]
    system = [f for f in files if f[0].startswith("Windows/")]
    draw = random.Random(5)
    return [[(sizes[path], md5) for path, md5 in draw.sample(sorted(group), min(count, len(group)))]
            for group, count in ((pictures, 10), (system, 5))]


def scan(image, lists, *options):
    """Seconds until the first and the last picture was told of, and of the whole scan."""
    shutil.rmtree(CASE, True)
    begin, told = time.monotonic(), []
    command = [TRIAGE, "scan", image, "--threads", "2", "--out", CASE, "--quiet", "--live", "jsonl", *options]
    for path in lists:
        command += ["--notable", path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            event = json.loads(line)
            if event["event"] == "match" and any(m["set"] == "pictures" for m in event["matches"]):
                told.append(time.monotonic() - begin)
    if child.returncode not in (1, 3):
        raise SystemExit(f"{' '.join(command)}: exit code {child.returncode}")
    return told[0], told[-1], time.monotonic() - begin


def findings():
    with open(os.path.join(CASE, "reports/findings.jsonl"), "rb") as file:
        entries = map(json.loads, file)
        return sorted((e["address"], json.dumps(e["hashes"])) for e in entries if e["severity"] == "alert")


def measure(kind, a):
    image = bench.raw_image(kind)
    groups = zip(("pictures", "system"), chosen(image, image + ".md5"))
    lists = [compile_list(name, contents, False) for name, contents in groups if contents]
    if a.known:
        lists.append(compile_list(f"sized{a.known}m", made_up(a.known), True))
    every = os.path.join(WORK, "every.yaml")
    with open(every, "w") as out:
        out.write("profile: home-visit\nentries: {size_gate: false}\n")
    rows = []
    for pair in range(a.pairs):
        first, last, gated = scan(image, lists, "--profile", "home-visit")
        found = findings()
        first_ungated, last_ungated, ungated = scan(image, lists, "--config", every)
        if found != findings() or not found:
            raise SystemExit("the size gate changes what is found")
        lab = scan(image, lists, "--profile", "lab-full", "--hash-engine", "auto", "--report", "jsonl,text")[2]
        rows.append((first, last, last / lab, ungated / gated, lab, lab / gated, first_ungated, last_ungated / lab))
        print(f"  {pair + 1}: first {first:.2f} s, all ten {last:.2f} s, whole visit {gated:.2f} s; without the gate "
              f"{first_ungated:.2f}, {last_ungated:.2f}, {ungated:.2f} s; lab-full {lab:.2f} s", flush=True)
    first, last, share, gain, lab, lab_gain, first_ungated, share_ungated = map(statistics.median, zip(*rows))
    print(f"  median: first match {first:.2f} s; all ten {last:.2f} s, {100 * share:.0f} % of lab-full ({lab:.2f} s); "
          f"the visit {lab_gain:.1f} times faster than lab-full, {gain:.1f} times faster than without the gate; there the "
          f"first {first_ungated:.2f} s, all ten {100 * share_ungated:.0f} %")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", nargs="*", default=["ext4"])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--known", type=int, default=10)
    a = parser.parse_args()
    print(bench.machine())
    for kind in a.images:
        print(f"{kind}, two threads, {a.known} million made-up contents")
        measure(kind, a)


if __name__ == "__main__":
    main()
