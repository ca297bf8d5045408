#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""report.body, read back with mactime of The Sleuth Kit: every entry with a time, and the bytes of its name, also of names
that would end a field or a line, or that look as if they were escaped."""
import base64, csv, glob, os, re, subprocess
from support import FIXTURES, all_faults, finish, scan, workspace

CONFIG = os.path.join(workspace(), "body.yaml")
with open(CONFIG, "w") as out:
    out.write("reports: [jsonl, bodyfile]\n")


def unescaped(name):
    code = lambda m: m[1] and bytes([int(m[1], 16)]) or m[2] and chr(int(m[2], 16)).encode() or b"\\"
    return re.sub(rb"\\(?:x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]+)\}|\\)", code, name)


STATE = re.compile(rb"( \((?:deleted|deleted, placement [a-z]+|placement [a-z]+)\))?$")  # as it stands behind a name


def state_of(entry):
    words = ["deleted"] if entry["state"] == "deleted" else []
    words += ["placement " + entry["placement"]] if "placement" in entry else []
    return f" ({', '.join(words)})" if words else ""


def faults_of(image):
    name, done = os.path.basename(image), scan(image, "--config", CONFIG)
    path = done.case + "/reports/report.body"
    rows = [line.split(b"|") for line in open(path, "rb").read().splitlines()]
    if any(len(row) != 11 for row in rows):
        return [f"{name}: a line of other than 11 fields"]
    states = [STATE.search(row[1]) for row in rows]
    found = [(row[1][:state.start()], (state[0] or b"").decode(), row[2].split(b"-")[0].decode(), int(row[6]), row[0].decode()) for row, state in zip(rows, states)]
    found = [(unescaped(n), *rest) for n, *rest in found]
    raw = lambda e: base64.b64decode(e["raw_name"]) if "raw_name" in e else \
        (e["path"] + (":" + e["stream"] if "stream" in e else "")).encode()
    wanted = [(f"/{e['evidence']}/{e['volume']}".encode() + raw(e), state_of(e), e["address"], e["size"], e.get("hashes", {}).get("md5", "0"))
              for e in done.entries]
    if len(found) != len(wanted):
        return [f"{name}: {len(found)} lines, {len(wanted)} entries"]
    faults = [f"{name}: {f} is not {w}" for f, w in zip(found, wanted) if f != w][:3]
    told = subprocess.run(["mactime", "-b", path, "-d", "-y", "-z", "UTC", "1970-01-01"], capture_output=True).stdout
    for row in rows:
        if int(row[8]) > 0 and row[1] not in told:
            faults.append(f"{name}: mactime does not tell {row[1]!r}")
    for e in done.entries:
        modified = e.get("times", {}).get("modified", "")[:19]
        if modified > "1970-01-02" and modified.encode() not in told:
            faults.append(f"{name}: mactime does not tell {modified}")
    return faults[:3]


HOSTILE = [b"a|b", b"|", b"a\\x7cb", b"back\\slash", b"line\nend", b"tab\there", b"\xe2\x80\xaegpj.exe", b"\xff\xfe", b"=cmd|'calc'!A0",
           b"0|x|1|r|0|0|0|1|1|1|1", b'"quoted",x', b"kept (deleted)", b"caf\xc3\xa9 | bar"]


def faults_of_hostile_names():
    """mactime's own table, read by Python's csv: each name stands in it once for each second that its times lie in, as
    the bytes that the file system holds."""
    tree, image = os.path.join(workspace(), "names"), os.path.join(workspace(), "pi|pe.img")
    os.mkdir(tree)
    for name in HOSTILE:
        with open(os.path.join(os.fsencode(tree), name), "wb") as out:
            out.write(name)
    subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", tree, image, "4M"], check=True, stdout=subprocess.DEVNULL,
                   env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin"))
    body = scan(image, "--config", CONFIG).case + "/reports/report.body"
    told = subprocess.run(["mactime", "-b", body, "-d", "-y", "-z", "UTC", "1970-01-02"], capture_output=True).stdout
    lines = list(csv.DictReader(told.decode().splitlines()))
    seconds = [(line["Date"], unescaped(STATE.sub(b"", line["File Name"].encode()))) for line in lines if int(line["Size"]) > 0]
    found = sorted({name for _, name in seconds})
    wanted = sorted(b"/pi|pe.img/-/" + name for name in HOSTILE)
    faults = [f"mactime tells {line}" for line in lines if None in line or not re.fullmatch(r"\d+(-\d+-\d+)?", line["Meta"])]
    faults += ["mactime tells a name twice for one second"] if len(set(seconds)) != len(seconds) else []
    return faults + ([f"mactime tells {found}, not {wanted}"] if found != wanted else [])


images = sorted(p for p in glob.glob(FIXTURES + "/*") if re.search(r"\.(img|raw|dd|E01)$", p))
finish((["no image is there"] if len(images) < 5 else []) + faults_of_hostile_names() + all_faults(faults_of, images), f"body files of {len(images)} images")
