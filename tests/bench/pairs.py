#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`triage scan` and its peers on the same image, one after the other in the same minutes: each pair, medians of the
ratios, and what part of the computed bound the scan reached (`limits`). Every result is checked before it counts.

usage: pairs.py [IMAGE[:FORM]...] [--threads 1,2] [--digests three,one] [--engine auto,openssl] [--peers ...] [--pairs 5]
IMAGE: ext4, ntfs, fat32, small; FORM: raw (default), or fast, none, split of E01.
Peers: fiwalk (MD5 and SHA-1 of what is allocated), loaddb (tsk_loaddb -h: MD5), recover (tsk_recover -e, then hashdeep
with the digests that triage computes). They read E01 themselves, with libewf. For where the images lie see bench.py.
"""
import argparse, os, shlex, shutil, statistics, subprocess
import bench
from bench import LeftOut, TRIAGE, WORK

DIGESTS = {"three": "md5,sha1,sha256", "one": "md5"}


def recover(image, digests):
    tree = shlex.quote(os.path.join(WORK, "tree"))
    return f"tsk_recover -e {shlex.quote(image)} {tree} && hashdeep -c {digests} -r {tree}"


PEERS = {
    "fiwalk": lambda image, digests: ["fiwalk", "-O", "-x", image],
    "loaddb": lambda image, digests: ["tsk_loaddb", "-h", "-d", os.path.join(WORK, "tsk.db"), image],
    "recover": lambda image, digests: ["sh", "-c", recover(image, digests)],
}
PROGRAMS = {"fiwalk": ["fiwalk"], "loaddb": ["tsk_loaddb"], "recover": ["tsk_recover", "hashdeep"]}


def run_peer(peer, image, digests):
    try:
        return bench.run(*PEERS[peer](image, digests))
    finally:
        shutil.rmtree(os.path.join(WORK, "tree"), True)
        if os.path.exists(os.path.join(WORK, "tsk.db")):
            os.unlink(os.path.join(WORK, "tsk.db"))


def options_of(a, threads, digests, engine):
    options = ["--threads", threads]
    if a.known:
        options += ["--notable", bench.known_set(a.known)]
    if digests != "three":
        path = os.path.join(WORK, "digests.yaml")
        with open(path, "w") as out:
            out.write(f"hash:\n  algorithms: [{DIGESTS[digests]}]\n")
        options += ["--config", path]
    if engine != "auto":
        if not bench.has_option("--hash-engine"):
            raise LeftOut("this build has no --hash-engine")
        options += ["--hash-engine", engine]
    return options


def bound(image, seconds, threads):
    program = os.path.join(os.path.dirname(TRIAGE), "limits")
    if not os.path.exists(program):
        return f"  no bound: ninja -C {os.path.dirname(TRIAGE)} limits"
    answer = subprocess.run([program, image, os.path.join(WORK, "case"), f"{seconds:.3f}", threads], capture_output=True, text=True)
    return "  " + (answer.stdout + answer.stderr).strip().replace("\n", "\n  ")


def measure(a, image, truth, threads, digests, engine):
    options, ratios, ours = options_of(a, threads, digests, engine), {peer: [] for peer in a.peers}, []
    for pair in range(a.pairs):
        prepare = bench.forget if a.cold else bench.warm
        prepare(image)
        mine = bench.scan(image, *options)
        bench.check(truth)
        ours.append(mine.seconds)
        line = f"  {pair + 1}: triage {mine.seconds:.2f} s ({mine.cpu:.2f} of CPU, {mine.peak_mib:.0f} MiB)"
        for peer in a.peers:
            prepare(image)
            theirs = run_peer(peer, image, DIGESTS[digests])
            ratios[peer].append(theirs.seconds / mine.seconds)
            line += f"; {peer} {theirs.seconds:.2f} s: {ratios[peer][-1]:.2f}"
        print(line, flush=True)
    seconds = statistics.median(ours)
    print("  median: " + "; ".join([f"triage {seconds:.2f} s"] + [f"{p} {statistics.median(r):.2f} times" for p, r in ratios.items()]))
    print(bound(image, seconds, threads), flush=True)


def main():
    listed = lambda text: text.split(",")
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("images", nargs="*", default=["ext4", "ntfs", "fat32", "small", "ext4:fast"])
    options.add_argument("--threads", type=listed, default=["2"])
    options.add_argument("--digests", type=listed, default=["three"])
    options.add_argument("--engine", type=listed, default=["auto"])
    options.add_argument("--peers", type=listed, default=["fiwalk", "recover"])
    options.add_argument("--pairs", type=int, default=5)
    options.add_argument("--known", type=int, default=10, metavar="MILLIONS", help="of the known list; 0: none")
    options.add_argument("--cold", action="store_true", help="the image is not in memory; BENCH_FOLDER on a disk")
    a = options.parse_args()
    for peer in list(a.peers):
        missing = [program for program in PROGRAMS[peer] if not shutil.which(program)]
        if missing:
            print(f"{peer}: LEFT OUT, no {' '.join(missing)}: {bench.PACKAGES}")
            a.peers.remove(peer)
    print(bench.machine())
    for name in a.images:
        kind, _, form = name.partition(":")
        for row in [(t, d, e) for t in a.threads for d in a.digests for e in a.engine]:
            print(f"{kind} {form or 'raw'}, {row[0]} threads, {row[1]} digests, engine {row[2]}, {'cold' if a.cold else 'warm'}")
            try:
                raw = bench.raw_image(kind)
                measure(a, bench.e01_image(kind, form) if form not in ("", "raw") else raw, raw + ".md5", *row)
            except LeftOut as why:
                print(f"  LEFT OUT: {why}")


if __name__ == "__main__":
    main()
