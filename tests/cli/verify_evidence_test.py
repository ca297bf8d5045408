#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--verify-evidence says of an image what `ewfverify` and `sha256sum` say, and a difference is told in every report."""
import os, re, shutil, sqlite3, struct, subprocess, zlib
from support import FIXTURES, decoy_list, finish, read_lines, scan, workspace

folder, faults = workspace(), []
path = lambda name: os.path.join(folder, name)


def check(holds, fault):
    if not holds:
        faults.append(fault)


def verified(name, *more):
    """Scans; returns the scan, what summary.json says of the media, and what the store, the audit log and the text say."""
    done = scan(name, "--notable", decoy_list(), "--report", "text,html,dfxml,jsonl", *(more or ["--verify-evidence"]))
    media = done.summary["exhibits"][0]["media_check"]
    with sqlite3.connect(f"file:{done.case}/case.sqlite?immutable=1", uri=True) as store:
        rows = store.execute("SELECT word FROM media_check JOIN code ON kind = 'media' AND number = result").fetchall()
    audit = [r["result"] for r in read_lines(done.case + "/audit.jsonl") if r["event"] == "evidence-verified"]
    check(audit == [row[0] for row in rows] and audit in ([], [media["result"]]), f"{name}: {media}, {rows}, {audit}")
    return done, media, " ".join(open(done.case + "/reports/report.txt").read().split())


def told(case, words, result, computed):
    """What report.html and report.dfxml say of the stored digest, as words, code and digests."""
    with open(case + "/reports/report.html", encoding="utf-8") as html, open(case + "/reports/report.dfxml", encoding="utf-8") as dfxml:
        shown = set(re.findall(r"stored image hash ([^<]*)<", html.read()))
        evidence, = re.findall(r"<t:evidence .*?</t:evidence>", dfxml.read())
    check(shown == words, f"report.html says {shown}, not {words}")
    check(re.findall(r'media_check="(.*?)"', evidence) == [result], f"report.dfxml says {evidence}, not {result}")
    found = dict(re.findall(r'<t:computed_digest type="(.*?)">(.*?)<', evidence))
    check(found == computed, f"report.dfxml says {found}, not {computed}")


def ewfverify(name):
    if not shutil.which("ewfverify"):
        print("ewfverify is not installed: its word is not asked")
        return None
    return subprocess.run(["ewfverify", "-q", name], capture_output=True).returncode == 0


# A raw image: nothing is stored, the SHA-256 is computed.
for name in "fat16.img", "split.001":
    segments = [os.path.join(FIXTURES, name)] if name == "fat16.img" else \
        sorted(os.path.join(FIXTURES, n) for n in os.listdir(FIXTURES) if re.fullmatch(r"split\.\d+", n))
    truth = subprocess.run(f"cat {' '.join(segments)} | sha256sum", shell=True, capture_output=True, text=True).stdout.split()[0]
    done, media, text = verified(segments[0])
    check(media == {"result": "computed", "computed_digests": {"sha256": truth}}, f"{name}: {media}; sha256sum says {truth}")
    check(f"sha256 of the media, computed in this run: {truth}" in text, f"{name}: the text does not say it")
    told(done.case, set(), "computed", {"sha256": truth})

# An E01 that is whole, and one whose stored digest is of other bytes: a section's data begin 76 bytes behind its name.
e01 = os.path.join(FIXTURES, "ewf-split.E01")
done, media, text = verified(e01)
check(media["result"] == "verified" and ewfverify(e01) in (True, None), f"a sound image: {media}")
check("of the media, verified:" in text, "the text does not say that it verifies")
told(done.case, {"verified"}, "verified", done.summary["exhibits"][0]["stored_digests"])
plain = scan(e01, "--notable", decoy_list(), "--report", "text,html,dfxml,jsonl")
check(plain.summary["exhibits"][0]["media_check"] == {"result": "not_verified"}, "verified without being asked")
check("not verified in this run" in " ".join(open(plain.case + "/reports/report.txt").read().split()), "not verified, and not said")
told(plain.case, {"not verified in this run"}, "not_verified", {})
lab = verified(e01, "--profile", "lab-full")[1]
check(lab["result"] == "verified", f"lab-full does not verify: {lab}")

for name in sorted(n for n in os.listdir(FIXTURES) if n.startswith("ewf-split.E")):
    shutil.copy(os.path.join(FIXTURES, name), path(name))
stored = done.summary["exhibits"][0]["stored_digests"]
for name in sorted(n for n in os.listdir(folder) if n.startswith("ewf-split.E")):
    bytes_of = bytearray(open(path(name), "rb").read())
    for hex_digest in stored.values():
        raw = bytes.fromhex(hex_digest)
        while (at := bytes_of.find(raw)) >= 0:
            bytes_of[at] ^= 1
    # Each section's own checksum, Adler-32 over what stands before it, is made right again.
    for kind, length in ((b"hash", 32), (b"digest", 76)):
        at = bytes_of.find(kind + b"\0" * (16 - len(kind)))
        if at >= 0:
            body = at + 76
            bytes_of[body + length:body + length + 4] = struct.pack("<I", zlib.adler32(bytes(bytes_of[body:body + length])))
    os.chmod(path(name), 0o644)
    open(path(name), "wb").write(bytes_of)
done, media, text = verified(path("ewf-split.E01"))
check(media["result"] == "differs" and ewfverify(path("ewf-split.E01")) in (False, None), f"a false digest: {media}")
check(done.code == 3, f"a false digest ends with {done.code}")
check("INTEGRITY: ewf-split.E01: the evidence does not verify" in text, "the text says nothing of it")
check(any("INTEGRITY" in s for s in done.summary["cautions"]), "summary.json has no caution")
check(any(p["detail"].startswith("integrity: ") for p in done.problems), f"no problem: {done.problems}")
told(done.case, {"does not verify"}, "differs", media["computed_digests"])
check("INTEGRITY" in open(done.case + "/reports/report.html").read(), "the HTML report says nothing of it")

# A time limit that ends the run first: nothing was verified, and nothing says so.
big = path("big.raw")
shutil.copy(os.path.join(FIXTURES, "fat16.img"), big)
os.chmod(big, 0o644)
os.truncate(big, 6 << 30)
done, media, text = verified(big, "--verify-evidence", "--time-limit", "1s")
check(media["result"] == "not_verified" and "computed_digests" not in media and done.code == 4, f"stopped: {media}, {done.code}")
finish(faults, "verification of evidence")
