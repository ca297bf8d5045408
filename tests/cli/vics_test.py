#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""vics.json, read by Python's json, jq and the importer of VICS lists: equal to the store as sqlite3 reads it; what
lists of VICS 2.0, 1.2 and plain ones say goes through."""
import base64, glob, json, os, re, sqlite3, subprocess, uuid
from support import FIXTURES, TRIAGE, all_faults, finish, scan, workspace

CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/%s/$metadata#Cases"


def file(name, text):
    path = os.path.join(workspace(), name)
    with open(path, "w") as out:
        out.write(text)
    return path


EVERYTHING = file("vics.yaml", "reports: [vics]\nreports.vics.entries: true\n")
MATCHES = file("matches.yaml", "reports: [vics, jsonl]\n")


def read(case, folder="reports"):
    with open(f"{case}/{folder}/vics.json", encoding="utf-8") as text:
        return json.load(text)


def must(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        finish([f"{command}: {done.stdout}{done.stderr}"], "VICS")
    return done.stdout


def stored(case):
    """The rows of the store, in its order, of entries with an MD5, as a medium tells them."""
    database = sqlite3.connect(f"file:{case}/case.sqlite?mode=ro", uri=True)
    database.text_factory = bytes
    words = {(kind.decode(), number): word.decode() for kind, number, word in database.execute("SELECT kind, number, word FROM code")}
    for row in database.execute(
            "SELECT v.name, e.address, e.path, e.stream, e.state, e.placement, e.size, hex(c.md5), hex(c.sha1), hex(c.sha256),"
            " c.type, c.extents FROM entry_order o JOIN entry e ON e.id = o.entry_id JOIN volume v ON v.id = e.volume"
            " JOIN content c ON c.id = o.content_id WHERE c.md5 IS NOT NULL ORDER BY o.ordinal"):
        volume, address, path, stream, state, placement, size, md5, sha1, sha256, mime, extents = row
        offsets = [int.from_bytes(extents[i:i + 8], "little") for i in range(0, len(extents or b""), 16)]
        first = next((offset for offset in offsets if offset != 2 ** 64 - 1), None)
        yield (volume.decode(), str(address), path + (b":" + stream if stream else b""), words["state", state],
               words["placement", placement], size, md5.decode(), sha1.decode(), sha256.decode().lower(), (mime or b"").decode(), first)


def told(medium):
    [one] = medium["MediaFiles"]
    [other] = medium["AlternativeHashes"]
    raw = one.get("@triage.path", "") + (":" + one["@triage.stream"] if "@triage.stream" in one else "")
    raw = base64.b64decode(one["@triage.raw_name"]) if "@triage.raw_name" in one else raw.encode()
    assert one["MD5"] == medium["MD5"] and other["HashName"] == "SHA256"
    assert one["Unallocated"] == ("false" if one["@triage.state"] == "allocated" else "true")
    return (one["@triage.volume"], one["@triage.address"], raw, one["@triage.state"], one.get("@triage.placement", "recorded"),
            medium["MediaSize"], medium["MD5"], medium["SHA1"], other["HashValue"], medium.get("MimeType", ""), one.get("PhysicalLocation"))


def names_are_sound(medium, evidence):
    [one] = medium["MediaFiles"]
    if "@triage.placement" in one:  # presence alone: neither the name nor its times
        name = "address " + one["@triage.address"]
        wanted = (name, "\\".join([evidence, one["@triage.volume"].replace("/", "\\"), name]))
        return (one["FileName"], one["FilePath"]) == wanted and not {"Created", "Written", "Accessed"} & one.keys()
    path = one["@triage.path"] + (":" + one["@triage.stream"] if "@triage.stream" in one else "")
    name = path[one["@triage.path"].rfind("/") + 1:]
    return (one["FileName"], one["FilePath"]) == (name, (evidence + "/" + one["@triage.volume"] + path).replace("/", "\\"))


def case_id(case):
    """By Python's uuid: of evidence and lists, and nothing that a disclosure copy leaves out."""
    database = sqlite3.connect(f"file:{case}/case.sqlite?mode=ro", uri=True)
    name = ""
    for number, *row in database.execute("SELECT id, name, exhibit, media_size FROM evidence ORDER BY id"):
        name += '"evidence":%s,"exhibit":%s,"media_size":%d,' % (json.dumps(row[0]), json.dumps(row[1]), row[2])
        for digest in database.execute("SELECT algorithm, hex FROM stored_digest WHERE evidence = ? ORDER BY position", [number]):
            name += '"%s":"%s",' % digest
    for digest in database.execute("SELECT source_sha256 FROM list ORDER BY id"):
        name += '"list":"%s",' % digest
    return str(uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_URL, "urn:triage:vics:1"), name))


def faults_of(image):
    name, done = os.path.basename(image), scan(image, "--config", EVERYTHING)
    document = read(done.case)
    [case] = document["value"]
    media, wanted = case["Media"], list(stored(done.case))
    if [m["MediaID"] for m in media] != list(range(1, len(media) + 1)) or len(media) != len(wanted):
        return [f"{name}: {len(media)} media, {len(wanted)} entries with an MD5"]
    faults = [f"{name}: {t} is not {w}" for t, w in zip(map(told, media), wanted) if t != w][:3]
    faults += [f"{name}: {m['MediaFiles']}" for m in media if not names_are_sound(m, name)][:3]
    total = int(must("sqlite3", done.case + "/case.sqlite", "SELECT count(*) FROM entry"))
    if case["@triage.entries_without_md5"] != total - len(media):
        faults.append(f"{name}: {case['@triage.entries_without_md5']} without MD5 of {total}, and {len(media)} media")
    if case["CaseID"] != case_id(done.case) or document["@odata.context"] != CONTEXT % "Default":
        faults.append(f"{name}: {case['CaseID']}, {document['@odata.context']}")
    sizes = must("jq", "-r", ".value[].Media[] | \"\\(.MD5) \\(.MediaSize)\"", done.case + "/reports/vics.json").splitlines()
    if sizes != [f"{w[6]} {w[5]}" for w in wanted]:
        faults.append(f"{name}: jq reads other media")
    return faults


faults = []


def check(what, found, wanted=True):
    if found != wanted:
        faults.append(f"{what}: {found!r}, not {wanted!r}")


images = sorted(p for p in glob.glob(FIXTURES + "/*") if re.search(r"\.(img|raw|dd|E01)$", p))
check("images", len(images) > 5)
faults += all_faults(faults_of, images)

# --- what lists say
image = os.path.join(FIXTURES, "fat16.img")
plain = scan(image, "--config", MATCHES)
check("nothing matches, nothing is told", read(plain.case)["value"][0]["Media"], [])
contents = {}
for entry in plain.entries:
    if entry["status"] == "hashed" and entry["size"] > 0 and entry.get("placement") is None:
        contents.setdefault(entry["hashes"]["md5"], entry)
one, two, three, four = list(contents.values())[:4]


def vics(name, nation, media):
    base = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/" + nation + "/$metadata#Media"
    return file(name, json.dumps({"@odata.context": base, "value": media}))


us = vics("us.json", "US", [
    {"MediaID": 1, "Category": 2, "MD5": one["hashes"]["md5"].upper(), "SHA1": one["hashes"]["sha1"], "MediaSize": one["size"],
     "Series": "A series", "MediaFiles": [{"FileName": "one.jpg"}], "IsDistributed": "true", "VictimIdentified": "false", "OffenderIdentified": "true"},
    {"MediaID": 2, "Category": 1, "MD5": two["hashes"]["md5"], "MediaSize": two["size"], "Series": "=2+\u202e"},
    {"MediaID": 3, "Category": 1, "MD5": three["hashes"]["md5"], "SHA1": "0" * 40, "MediaSize": three["size"]}])
uk = vics("uk.json", "UK", [{"MediaID": 1, "Category": 5, "MD5": one["hashes"]["md5"], "Series": "Another"}, {"MediaID": 2, "Category": 4, "MD5": four["hashes"]["md5"]}])
caid = file("caid.json", json.dumps({"odata.metadata": "http://github.com/ICMEC/ProjectVic/DataModels/1.2.xml#Media", "value": [
    {"MediaID": 0, "MD5": two["hashes"]["md5"], "Category": 8, "MediaSize": str(two["size"]), "MediaFiles": [{"FileName": "a.txt", "FilePath": "x"}]}]}))
known = scan(image, "--config", MATCHES, "--notable", us, "--notable", uk, "--exhibit", "EX/1=" + image)
document = read(known.case)
check("the nation of the first list", document["@odata.context"], CONTEXT % "US")
[case] = document["value"]
by_md5 = {}
for medium in case["Media"]:
    by_md5.setdefault(medium["MD5"].lower(), medium)
check("those that match, and no others", sorted(by_md5), sorted(e["hashes"]["md5"] for e in (one, two, three, four)))
keys = ("Category", "IsPrecategorized", "PrecategorizationSource", "IsDistributed", "VictimIdentified", "OffenderIdentified", "Series", "Tags")
says = lambda entry: [by_md5[entry["hashes"]["md5"]].get(key) for key in keys]
name = {m["set"] for f in known.findings for m in f["matches"] if m["category_set"].endswith("US")}
check("the first", says(one), [2, "true", *name, "true", None, "true", "A series", "one.jpg, Another"])
check("the second", says(two), [1, "true", *name, None, None, None, "=2+\u202e", None])
check("the third, of which SHA-1 differs", says(three), [None] * 8)
check("the fourth, of another nation", says(four), [None] * 8)
found = {f["hashes"]["md5"]: f["matches"] for f in known.findings}
check("matches as in findings.jsonl", {md5: m["@triage.matches"] for md5, m in by_md5.items()}, found)
check("SourceID and CaseNumber", ({m["MediaFiles"][0]["SourceID"] for m in case["Media"]}, case["CaseNumber"]), ({"EX/1"}, "EX/1"))
with open(known.case + "/reports/vics.json", "rb") as text:
    check("bidirectional controls", "\u202e".encode() in text.read(), False)
old = read(scan(image, "--config", MATCHES, "--notable", caid).case)
check("CAID", [(m["Category"], m.get("Series"), m["Tags"]) for m in old["value"][0]["Media"]], [(8, None, "a.txt")])
check("CAID names no nation", old["@odata.context"], CONTEXT % "Default")
ignored = scan(image, "--config", MATCHES, "--ignorable", us)
check("what is ignorable is no medium", read(ignored.case)["value"][0]["Media"], [])

# --- read back by the importer of lists
again = os.path.join(workspace(), "again.tks")
must(TRIAGE, "known", "import", known.case + "/reports/vics.json", "-o", again, "--notable", "--quiet")
for entry, category in (one, "2"), (two, "1"), (four, ""):
    looked_up = must(TRIAGE, "known", "lookup", again, entry["hashes"]["sha256"], "--json", "--show-names")
    rows = json.dumps(json.loads(looked_up.splitlines()[0]))
    check("the importer finds category " + category, f'"category": "{category}"' in rows or (not category and '"category"' not in rows))
    check("the importer finds the model", "VICS 2.0 US" in rows)

# --- a disclosure copy; ids and bytes do not depend on names or on who renders
must(TRIAGE, "report", known.case, "--report", "vics", "--redact", "names,labels")
copy = read(known.case, "reports-2")["value"][0]
check("the same case", copy["CaseID"], case["CaseID"])
check("it says what it is", copy["@triage.disclosure_copy"], "Disclosure copy: names from evidence and labels of lists are left out.")
check("names are gone", [m["MediaFiles"][0]["FileName"] for m in copy["Media"]],
      ["address " + m["MediaFiles"][0]["@triage.address"] for m in copy["Media"]])
check("labels are gone", any({"Series", "Tags"} & m.keys() or "A series" in json.dumps(m) for m in copy["Media"]), False)
must(TRIAGE, "report", known.case, "--report", "vics")
with open(known.case + "/reports/vics.json", "rb") as first, open(known.case + "/reports-3/vics.json", "rb") as second:
    check("rendered again", first.read() == second.read())
twin = scan(image, "--config", MATCHES, "--notable", us, "--notable", uk, "--exhibit", "EX/1=" + image, "--threads", "1")
with open(known.case + "/reports/vics.json", "rb") as first, open(twin.case + "/reports/vics.json", "rb") as second:
    check("another scan", first.read() == second.read())
blind = scan(image, "--config", file("sha1.yaml", "reports: [vics, jsonl]\nhash.algorithms: [sha1]\n"))
check("without MD5", (blind.code, "VICS names a medium by its MD5, which this scan did not compute" in blind.stderr), (3, True))
finish(faults, f"VICS exports of {len(images)} images")
