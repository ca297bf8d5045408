#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A scan gives up what it does not need: seen from outside by strace and the kernel, and by running it with little."""
import json, os, re, shutil, stat, subprocess, sys
from support import FIXTURES, TRIAGE, decoy_list, finish, read_lines, workspace

folder, faults = workspace(), []
path = lambda name: os.path.join(folder, name)


def check(holds, fault):
    if not holds:
        faults.append(fault)


os.chmod(folder, 0o755)
evidence = path("evidence")
os.mkdir(evidence)
shutil.copy(os.path.join(FIXTURES, "fat16.img"), evidence)
shutil.copy(decoy_list(), path("list.md5"))
os.chmod(evidence + "/fat16.img", 0o444)
os.chmod(evidence, 0o555)
os.chmod(path("list.md5"), 0o444)
scan = [TRIAGE, "scan", evidence + "/fat16.img", "--notable", path("list.md5"), "--quiet", "--out"]

# The layers of the parent, in the audit log and as strace sees them: before the first worker is started.
traced = shutil.which("strace") and subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode == 0
prefix = ["strace", "-f", "-qq", "-o", path("trace"), "-e",
          "trace=landlock_create_ruleset,landlock_add_rule,landlock_restrict_self,prctl,prlimit64,execve,openat"] if traced else []
done = subprocess.run(prefix + scan + [path("case")], capture_output=True, text=True)
check(done.returncode in (0, 3), f"scan: {done.returncode}, {done.stderr}")
layers = [r["layers"] for r in read_lines(path("case/audit.jsonl")) if r["event"] == "confined"]
check(len(layers) == 1 and layers[0].startswith("no new privileges, no core dumps, "), f"audit: {layers}")
has_landlock = "Landlock ABI" in "".join(layers)
if not has_landlock:
    print(f"SKIPPED in part: {layers}")
if traced:
    lines = open(path("trace"), errors="replace").read().splitlines()
    parent = lines[0].split()[0]
    own = [line for line in lines if line.split()[0] == parent]
    at = lambda pattern: next((i for i, line in enumerate(own) if re.search(pattern, line)), None)
    check(at(r"PR_SET_NO_NEW_PRIVS, 1") is not None, "no PR_SET_NO_NEW_PRIVS in the parent")
    check(at(r"RLIMIT_CORE, \{rlim_cur=0, rlim_max=0\}") is not None, "no RLIMIT_CORE 0 in the parent")
    if has_landlock:
        restricted = next((i for i, line in enumerate(lines) if line.split()[0] == parent and re.search(r"landlock_restrict_self\(.* = 0", line)), None)
        workers = [i for i, line in enumerate(lines) if "execve(" in line and line.split()[0] != parent]
        check(restricted is not None and workers and restricted < workers[0], f"restricted at {restricted}, workers at {workers[:1]}")
        written = [line for line in lines[restricted or 0:] if re.search(r"O_(WRONLY|RDWR|CREAT)", line) and " = -1" not in line]
        outside = [line for line in written if f'"{path("case")}' not in line and '"/dev/null"' not in line]
        check(written and not outside, f"opened for writing outside the case: {outside[:3]}")
    # What reads a case or looks at evidence holds itself to the same.
    for name, command in ("report", ["report", path("case"), "--report", "text,sqlite,csv"]), ("info", ["info", scan[2]]):
        done = subprocess.run(prefix + [TRIAGE, *command], capture_output=True, text=True)
        check(done.returncode in (0, 3), f"{name}: {done.returncode}, {done.stderr}")
        lines = open(path("trace"), errors="replace").read().splitlines()
        for pattern in r"PR_SET_NO_NEW_PRIVS, 1", r"RLIMIT_CORE, \{rlim_cur=0, rlim_max=0\}", r"landlock_restrict_self\(.* = 0" if has_landlock else ".":
            check(any(re.search(pattern, line) for line in lines if line.split()[0] == lines[0].split()[0]), f"{name}: no {pattern} in the parent")
        written = [line for line in lines if re.search(r"O_(WRONLY|RDWR|CREAT)", line) and " = -1" not in line and '"/dev/null"' not in line]
        outside = [line for line in written if name == "info" or f'"{path("case")}' not in line]
        check(not outside and bool(written) == (name == "report"), f"{name}: opened for writing: {outside[:3]}")
    # A file system without modes, as exFAT may be mounted.
    done = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=chmod,fchmod", "-e", "inject=chmod,fchmod:error=EPERM"] + [word for word in scan if word != "--quiet"] + [path("modeless")], capture_output=True, text=True)
    check(done.returncode in (0, 3) and "keeps no access modes" in done.stderr and os.path.exists(path("modeless/manifest.json")), f"without modes: {done.returncode}, {done.stderr}")
else:
    print("SKIPPED in part: no strace here")

# Everything in the case is its owner's alone, whatever the umask.
for umask in (0, 0o777 & ~0o700):
    case = path(f"case-{umask}")
    subprocess.run(scan + [case], umask=umask, capture_output=True)
    for where, folders, files in os.walk(case):
        modes = {stat.S_IMODE(os.stat(os.path.join(where, f)).st_mode) for f in files}
        check(modes <= {0o600} and stat.S_IMODE(os.stat(where).st_mode) == 0o700, f"umask {umask:o}, {where}: {modes}")

# A link where the case would be, and a case inside the evidence's folder that may not be written.
os.symlink(path("elsewhere"), path("link"))
done = subprocess.run(scan + [path("link")], capture_output=True, text=True)
check(done.returncode == 2 and not os.path.exists(path("elsewhere")), f"through a dangling link: {done.returncode}, {done.stderr}")

# Unprivileged, on evidence that is 0444 in a folder that is 0555.
if os.geteuid() == 0 and shutil.which("setpriv"):
    os.mkdir(path("nobody"))
    os.chown(path("nobody"), 65534, 65534)
    reachable = path("bin")
    shutil.copy(TRIAGE, reachable)
    os.chmod(reachable, 0o755)
    bare = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]
    done = subprocess.run(bare + [reachable] + scan[1:] + [path("nobody/case")], capture_output=True, text=True)
    check(done.returncode in (0, 3), f"as nobody: {done.returncode}, {done.stderr}")
    check(subprocess.run([TRIAGE, "verify", path("nobody/case")], capture_output=True).returncode == 0, "as nobody: does not verify")
    for umask in 0o177, 0o477, 0o777:
        narrow = path(f"nobody/narrow-{umask}")
        done = subprocess.run(bare + [reachable] + scan[1:] + [narrow], capture_output=True, text=True, umask=umask)
        check(done.returncode in (0, 3) and os.path.exists(narrow + "/reports/summary.json"), f"under umask {umask:o}: {done.returncode}, {done.stderr}")
    os.chmod(path("nobody/case"), 0)
    done = subprocess.run(bare + [reachable, "verify", path("nobody/case")], capture_output=True, text=True)
    check(done.returncode == 3 and "Permission denied" in done.stderr, f"a case that cannot be read: {done.returncode}, {done.stderr}")
    # Read-only media: a bind mount in a mount namespace of its own, where this is allowed.
    ro = (f"mount --bind {evidence} {evidence} && mount -o remount,ro,bind {evidence} && ! touch {evidence}/x 2>/dev/null && "
          + " ".join(scan) + f" {path('ro')}")
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0:
        done = subprocess.run(["unshare", "-m", "bash", "-c", ro], capture_output=True, text=True)
        check(done.returncode in (0, 3), f"from read-only media: {done.returncode}, {done.stderr}")
    else:
        print("SKIPPED in part: no mount namespaces here")
else:
    print("SKIPPED in part: not root, or no setpriv: this run is the unprivileged one")
os.chmod(evidence, 0o755)
finish(faults, "privileges")
