# SPDX-License-Identifier: Apache-2.0
"""What the scripts about visits share: a folder with three exhibits, and a look at the cases in it."""
import json, os, shutil, subprocess
from support import FIXTURES, ROOT, TRIAGE, workspace

faults = []
folder = workspace()
DEMO, LIST = os.path.join(ROOT, "fixtures/demo/demo.E01"), os.path.join(ROOT, "fixtures/demo/demo-notable.md5")
for name in "ext2.img", "fat16.img":
    shutil.copy(os.path.join(FIXTURES, name), folder)
shutil.copy(DEMO, folder)


def run(*arguments, **more):
    return subprocess.run([TRIAGE, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120, **more)


def check(is_so, what):
    if not is_so:
        faults.append(what)


def path(*parts):
    return os.path.join(folder, *parts)


def summary(case):
    with open(path(case, "reports/summary.json"), encoding="utf-8") as file:
        return json.load(file)


def write(name, text):
    with open(path(name), "w", newline="") as file:
        file.write(text)
