#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An image for benchmarks, from a seed: names, sizes and contents are the same wherever it is made.

usage: make_image.py --fs ext4|ntfs|fat32 --size 2G --seed 1 --out IMAGE [--profile device|small] [--files N]

device: two thirds of the bytes in photos and videos that do not compress, the rest half compressible programs and small
text; one photo in sixteen is a copy; a tenth of the files is deleted again and others are written into the holes.
small: N files of 4 to 16 KiB, every other one text. Beside IMAGE stand IMAGE.md5, the live files as md5sum prints them,
and IMAGE.json. The least size is 64M. Needs e2fsprogs, dosfstools and mtools, or ntfs-3g with /dev/fuse.
"""
import argparse, hashlib, json, os, random, shutil, subprocess, tempfile

WORDS = b"the evidence holds a file that nobody has read and a list that knows it by its digest so the scan may say what it is "
KIND = {"jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "mp4": b"\x00\x00\x00\x18ftypmp42", "dll": b"MZ\x90\x00", "txt": b""}


def content(key, kind, size):
    """At most a MiB at a time, so that a video needs no memory."""
    head = KIND[kind] + (hashlib.md5(key).hexdigest().encode() if kind == "txt" else b"")
    yield head[:size]
    rest, part = size - min(size, len(head)), 0
    while rest > 0:
        length = min(rest, 1 << 20)
        if kind == "txt":
            yield (WORDS * (length // len(WORDS) + 1))[:length]
        elif kind == "dll":
            noise = hashlib.shake_128(key + b"/%d" % part).digest(length // 2 + 1)
            yield b"".join(noise[i:i + 2048] + bytes(len(noise[i:i + 2048])) for i in range(0, len(noise), 2048))[:length]
        else:
            yield hashlib.shake_128(key + b"/%d" % part).digest(length)
        rest, part = rest - length, part + 1


def device(seed, total, first):
    """[(path, kind, size, key)]; kinds in turn by the share of the bytes that each has had so far."""
    rng, plan, used = random.Random(f"{seed} {first}"), [], dict.fromkeys(KIND, 0)
    share = {"mp4": 0.25, "jpg": 0.43, "dll": 0.29, "txt": 0.03} if first else {"mp4": 0, "jpg": 1, "dll": 0, "txt": 0}
    typical = {"mp4": (total // 32, total // 8), "jpg": (1800 << 10, 6 << 20), "dll": (60 << 10, 8 << 20), "txt": (4 << 10, 200 << 10)}
    while sum(used.values()) < total:
        kind = min((k for k in KIND if share[k]), key=lambda k: used[k] / share[k])
        size = min(int(rng.lognormvariate(0, 0.9) * typical[kind][0]) + 64, typical[kind][1] + 64)
        key = f"{first} {len(plan)}"
        if kind == "jpg" and plan and rng.random() < 1 / 16:
            size, key = next((p[2:] for p in reversed(plan) if p[1] == "jpg"), (size, key))
        folder = f"{'Users' if first else 'Later'}/{kind}/{rng.randrange(24):02d}/data"
        plan.append((f"{folder}/{kind}_{len(plan):05d}.{kind}", kind, size, key))
        used[kind] += size
    rng.shuffle(plan)
    return plan


def small(seed, count):
    rng = random.Random(seed)
    return [(f"d{i // 10000:02d}/e{i // 100 % 100:02d}/f{i % 100:02d}.{kind}", kind, rng.randrange(4096, 16385), str(i))
            for i in range(count) for kind in [("jpg", "txt")[i & 1]]]


def write_tree(root, plan, seed):
    """Returns path → MD5."""
    digests = {}
    for path, kind, size, key in plan:
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        digest = hashlib.md5()
        with open(os.path.join(root, path), "wb") as out:
            for piece in content(f"{seed} {key}".encode(), kind, size):
                out.write(piece)
                digest.update(piece)
        digests[path] = digest.hexdigest()
    return digests


def run(*command, **more):
    environment = dict(os.environ, MTOOLS_SKIP_CHECK="1", PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
    done = subprocess.run(command, env=environment, capture_output=True, **more)
    has_failed = done.returncode != 0 or (command[0] == "debugfs" and done.stderr.count(b"\n") > 1)  # it ends with 0
    if has_failed:
        raise SystemExit(f"{command[0]}: exit code {done.returncode}: {done.stderr.decode(errors='replace').strip()}")


def fill_ext4(image, tree, doomed, later, plan):
    inodes = ["-N", str(len(plan) * 5 // 4 + 4096)] if len(plan) > 20000 else []
    run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-m", "0", *inodes, "-d", tree, image)
    steps = [f'rm "/{path}"' for path in doomed]
    for folder, _, names in os.walk(later):
        inside = os.path.relpath(folder, later)
        steps += [f'mkdir "/{inside}"'] if inside != "." else []
        steps += [f'write "{folder}/{name}" "/{inside}/{name}"' for name in sorted(names)]
    run("debugfs", "-w", "-f", "-", image, input="\n".join(steps).encode())


def fill_fat32(image, tree, doomed, later, plan):
    run("mkfs.vfat", "-F", "32", image)
    for root in tree, later:
        for top in sorted(os.listdir(root)):
            run("mcopy", "-i", image, "-s", "-Q", os.path.join(root, top), "::/")
        for at in range(0, len(doomed) if root == tree else 0, 200):
            run("mdel", "-i", image, *("::/" + path for path in doomed[at:at + 200]))
        with open(image, "r+b") as sectors:  # FSI_Nxt_Free unknown: what comes next is written into the holes
            sectors.seek(512 + 0x1EC)
            sectors.write(b"\xff" * 4)


def fill_ntfs(image, tree, doomed, later, plan):
    run("mkntfs", "-F", "-Q", "-c", "4096", image)
    mount = tempfile.mkdtemp()
    run("ntfs-3g", "-o", "big_writes", image, mount)
    try:
        run("cp", "-r", tree + "/.", mount)
        for path in doomed:
            os.unlink(os.path.join(mount, path))
        run("cp", "-r", later + "/.", mount)
    finally:
        run("umount", mount)
        os.rmdir(mount)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--fs", choices=["ext4", "ntfs", "fat32"], required=True)
    options.add_argument("--size", default="2G", help="bytes, or with K, M, G")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--profile", choices=["device", "small"], default="device")
    options.add_argument("--files", type=int, default=200000, help="of the profile small")
    options.add_argument("--out", required=True)
    a = options.parse_args()
    unit = {"K": 10, "M": 20, "G": 30}.get(a.size[-1])
    size = int(a.size[:-1]) << unit if unit else int(a.size)
    first = small(a.seed, a.files) if a.profile == "small" else device(a.seed, size * 72 // 100, True)
    second = device(a.seed, size * 8 // 100, False) if a.profile == "device" else []
    rng = random.Random(f"doomed {a.seed}")
    doomed = [p[0] for p in first if a.profile == "device" and p[1] != "mp4" and rng.random() < 0.1]
    work = tempfile.mkdtemp(dir=os.path.dirname(os.path.abspath(a.out)))
    try:
        tree, later = os.path.join(work, "1"), os.path.join(work, "2")
        os.mkdir(tree), os.mkdir(later)
        live = write_tree(tree, first, a.seed) | write_tree(later, second, a.seed)
        with open(a.out, "wb") as image:
            image.truncate(size)
        {"ext4": fill_ext4, "fat32": fill_fat32, "ntfs": fill_ntfs}[a.fs](a.out, tree, doomed, later, first)
    finally:
        shutil.rmtree(work)
    for path in doomed:
        del live[path]
    with open(a.out + ".md5", "w") as out:
        out.writelines(f"{digest}  {path}\n" for path, digest in live.items())
    facts = dict(fs=a.fs, size=size, seed=a.seed, profile=a.profile, live_files=len(live), deleted_files=len(doomed),
                 live_bytes=sum(p[2] for p in first + second if p[0] in live))
    with open(a.out + ".json", "w") as out:
        json.dump(facts, out)
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
