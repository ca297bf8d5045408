#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A visit: several exhibits in one scan, a list of them, and all of them by rank."""
import csv, glob, hashlib, html.parser, json, os, random, re, shutil, signal, sqlite3, subprocess, time
from support import FIXTURES, ROOT, TRIAGE, finish, read_lines
from visit_support import LIST, check, faults, folder, path, run, summary, write


def rows_of(table):
    """The first lines of each row of the table at the end of a scan: exhibit → verdict's first word."""
    lines = table.split("\nExhibits\n")[1].split("\n\n")[0].splitlines()[1:]
    return {line.split()[0]: line.split()[1] for line in lines if line[:1].strip()}


# Several exhibits in one scan: a verdict each, and one table.
done = run("scan", "--exhibit", "AB/1=demo.E01", "--exhibit", "AB/2=ext2.img", "fat16.img", "--notable", LIST, "--out", "one")
check(done.returncode == 1, f"three exhibits end with {done.returncode}: {done.stderr}")
check(rows_of(done.stdout) == {"AB/1": "MATCH", "AB/2": "NO", "fat16.img": "NO"}, f"the table is\n{done.stdout}")
check(max(map(len, done.stdout.splitlines())) <= 80, "a line is wider than 80 columns")
check([e["exit_code"] for e in summary("one")["exhibits"]] == [0, 1, 0], "the exhibits have other exit codes")
check("Exhibits\nExhibit " in open(path("one/reports/report.txt")).read(), "the table is not in report.txt")

# A reference is that of one evidence.
for name in "split.001", "split.002":
    write(name, "0" * 65536)
for more, why in ((["AB/1=demo.E01", "AB/1=ext2.img"], "two evidences have this reference"),
                  (["AB/1=split.001", "AB/2=split.002"], "which is exhibit AB/1 and not AB/2")):
    done = run("scan", *[word for exhibit in more for word in ("--exhibit", exhibit)], "--notable", LIST, "--out", "twice")
    check(done.returncode == 2 and why in done.stderr and not os.path.exists(path("twice")), f"{more}: {done.returncode} {done.stderr}")
done = run("scan", "--exhibit", "AB/1=split.001", "--exhibit", "AB/1=split.002", "--notable", LIST, "--out", "split")
check("both are one evidence" in done.stderr and len(summary("split")["exhibits"]) == 1, f"two segments of one exhibit: {done.stderr}")

# What ended a run tells what it found: a discreet one says it only where the cause is another.
done = run("scan", "demo.E01", "--notable", LIST, "--stop-after", "1", "--discreet", "--out", "discreet")
check(done.returncode == 1 and "interrupted" not in done.stdout + done.stderr and "scan is over" in done.stdout, f"discreet: {done.stderr}")
done = run("scan", "demo.E01", "--notable", LIST, "--stop-after", "1", "--out", "open")
check(done.returncode == 1 and "interrupted; what is done is kept" in done.stderr, f"open: {done.stderr}")

# A list: every wrong line is named before anything is scanned.
write("wrong.csv", "exhibit,path,note\nA,none.img,\nB,ext2.img,\nB,fat16.img,\nC,ext2.img,\n,fat16.img,\nD,fat16.img\n"
      "E/1,demo.E01,\nE_1,fat16.img,\nF,.,\n")
done = run("scan", "--evidence-list", "wrong.csv", "--notable", LIST, "--out", "none")
check(done.returncode == 2 and not os.path.exists(path("none")), f"a wrong list: {done.returncode}")
check(re.findall(r"wrong.csv, line (\d+)", done.stderr) == ["6", "7", "2", "4", "5", "9", "10"], f"wrong lines: {done.stderr}")
for text, why in (("A,ext2.img\n", "unknown column"), ("", "no header"), ("exhibit,note\n", "lacks"), ("exhibit,path\n", "no evidence"),
                  ("exhibit,path,path\n", "twice")):
    write("wrong.csv", text)
    done = run("scan", "--evidence-list", "wrong.csv", "--notable", LIST, "--out", "none")
    check(done.returncode == 2 and why in done.stderr, f"{text!r}: {done.stderr}")
done = run("scan", "--evidence-list", "/dev/zero", "--notable", LIST, "--out", "none")
check(done.returncode == 2 and "longer than 64 MiB" in done.stderr, f"a list without end: {done.stderr}")
for more, why in ((["ext2.img", "--out", "none"], "beside the list"), ([], "no folder")):
    done = run("scan", "--evidence-list", "wrong.csv", "--notable", LIST, *more)
    check(done.returncode == 2 and why in done.stderr, f"{more}: {done.stderr}")

# Whatever stands in a list, it is read or refused: the hash list that is missing ends each run before a scan.
seed = 'exhibit,path,note\nA,ext2.img,"a ""note"""\nB,fat16.img,\n'
random.seed(1)
for _ in range(40):
    text = list(seed)
    for _ in range(random.randint(1, 6)):
        text[random.randrange(len(text)):random.randrange(len(text) + 1)] = random.choice(['"', ",", "\r\n", "\0", "\xff", "../", "x" * 3000, ""])
        text = text or ["\n"]
    write("wrong.csv", "".join(text))
    done = run("scan", "--evidence-list", "wrong.csv", "--notable", "missing.md5", "--out", "none")
    check(done.returncode == 2 and not os.path.exists(path("none")), f"{''.join(text)[:200]!r} ends with {done.returncode}: {done.stderr[:200]}")

# One case an exhibit; paths are those beside the list; one that fails costs itself only.
os.mkdir(path("images"))
for name in "ext2.img", "demo.E01", "fat16.img":
    os.rename(path(name), path("images", name))
shutil.copy(os.path.join(FIXTURES, "fat12.img"), path("images"))
write("images/list.csv", '\ufeffExhibit,Path,Note\r\nX/1,ext2.img,"on, the ""desk"""\r\nX/2,demo.E01,\r\n\r\nX/3,fat16.img,\r\nX/4,fat12.img,\r\n')
os.makedirs(path("cases", "X_3"))
write("cases/X_3/other", "in the way")
command = ["scan", "--evidence-list", "images/list.csv", "--notable", LIST, "--out", "cases"]
done = run(*command, "--case-info", "operator=PC 17", "--case-info", "description@X/2=a disk")
check(done.returncode == 1, f"the list ends with {done.returncode}: {done.stderr}")
check("exhibit X/3: " in done.stderr, f"the one that fails is not named: {done.stderr}")
steps = done.stdout.split("\nNext step\n")[1]
check(re.findall(r"(?m)^  (\S.*):\n    (\w+ \w+)", steps) == [("X/2", "Stop here"), ("X/3", "The answer"), ("X/1, X/4", "No match")],
      f"the next steps of the list are {steps}")
check(rows_of(done.stdout) == {"X/1": "NO", "X/2": "MATCH", "X/3": "NOT", "X/4": "NO"}, f"the list's table is\n{done.stdout}")

# One that failed is in no case: it leaves a record of its own, and the ranking has it before what was examined.
check(os.stat(path("cases/X_3.not-examined.json")).st_mode & 0o77 == 0, "others may read why an exhibit failed")
for given in [["cases"], ["cases", "cases/X_2", "cases/X_2/"], sorted(glob.glob(path("cases/*")))]:
    ranked = run("report", *given, "--report", "summary", "--out", f"failed-{len(given)}")
    rows = list(csv.DictReader(open(path(f"failed-{len(given)}/summary.csv"), newline="", encoding="utf-8")))
    told = [(r["exhibit"], r["verdict"], r["evidence"]) for r in rows if r["verdict"] != "NOT READABLE"]
    check(len(told) == 4, f"not each exhibit once: {rows}")
    check(ranked.returncode == 3 and told[:2] == [("X/3", "NOT EXAMINED", "fat16.img"), ("X/2", "MATCH", "demo.E01")], f"failed: {rows}")
    check("not an empty directory" in [r["note"] for r in rows if r["exhibit"] == "X/3"][0], f"the ranking says not why: {rows}")
first = summary("cases/X_1")
check(first["exhibits"][0]["case_info"]["note"] == 'on, the "desk"' and first["case_info"]["operator"] == "PC 17", "the note is lost")
check(summary("cases/X_2")["exhibits"][0]["case_info"]["description"] == "a disk", "the description is lost")

# A rerun leaves the finished alone, goes on with the interrupted, and begins what is missing.
before = {case: os.stat(path("cases", case, "case.sqlite")).st_mtime_ns for case in ("X_1", "X_2")}
os.remove(path("cases/X_3/other"))
shutil.rmtree(path("cases/X_4"))
subprocess.run([os.path.join(ROOT, "fixtures/large.py"), path("images/large.img")], check=True)
write("images/list.csv", "exhibit,path,note\nX/1,ext2.img,\nX/2,demo.E01,\nX/3,fat16.img,\nX/5,large.img,\nX/4,fat12.img,\n")
process = subprocess.Popen([TRIAGE, *command, "--threads", "1"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
for _ in range(1000):
    if os.path.exists(path("cases/X_5/case.sqlite")):
        break
    time.sleep(0.01)
time.sleep(0.3)
process.send_signal(signal.SIGINT)
out, err = process.communicate(timeout=60)
check(process.returncode == 1, f"an interrupted list ends with {process.returncode}: {err}")
check("exhibit X/4 was not begun" in err and not os.path.exists(path("cases/X_4")) and
      os.path.exists(path("cases/X_4.not-examined.json")), f"what came after was begun: {err}")
check(summary("cases/X_5")["interrupted"], "the exhibit that was under way is not interrupted")
done = run(*command, "--threads", "2")
check(summary("cases/X_5")["complete"] and summary("cases/X_5")["resumed"] == 1, f"it does not go on: {done.stderr}")
check((summary("cases/X_5")["earlier_threads"], summary("cases/X_5")["threads"]) == ("1", 2),
      f"the threads of each part are {summary('cases/X_5')}")
check("earlier_threads" not in summary("cases/X_1"), "a run in one part had an earlier one")
check(rows_of(done.stdout) == {"X/1": "NO", "X/2": "MATCH", "X/3": "NO", "X/5": "NO", "X/4": "NO"}, f"the table is\n{done.stdout}")
after = {case: os.stat(path("cases", case, "case.sqlite")).st_mtime_ns for case in ("X_1", "X_2")}
check(before == after, "a finished case was written again")
check(not glob.glob(path("cases/*.json")), "what was examined is on record as not examined")

# Killed between the seal of the store and the manifest: the case is not finished, and a rerun renders and seals it.
for left in "reports", "nothing":
    os.remove(path("cases/X_2/manifest.json"))
    if left == "nothing":
        shutil.rmtree(path("cases/X_2/reports"))
    done = run(*command)
    check(done.returncode == 1 and rows_of(done.stdout)["X/2"] == "MATCH", f"{left} left: {done.returncode} {done.stderr}")
    check(run("verify", "cases/X_2").returncode == 0, f"{left} left: the case is not sealed")
    check(summary("cases/X_2")["exhibits"][0]["exit_code"] == 1, f"{left} left: the verdict is lost")
# What keeps it from its seal is named, with how to go on; the exit code stays that of what was found.
for case, code in ("X_2", 1), ("X_1", 4):
    os.remove(path("cases", case, "manifest.json"))
    os.symlink("nowhere", path("cases", case, "link"))
    done = run("scan", "--resume", f"cases/{case}")
    check(done.returncode == code and f"triage scan --resume cases/{case}" in done.stderr, f"{case} unsealed: {done.returncode} {done.stderr}")
    os.remove(path("cases", case, "link"))
    done = run("scan", "--resume", f"cases/{case}")
    check(done.returncode == (code if code == 1 else 0), f"{case} goes on: {done.returncode} {done.stderr}")
    check(run("verify", f"cases/{case}").returncode == 0, f"{case} is not sealed after all")

# A finished case is not taken for the answer to another question.
write("other.yaml", "entries: {deleted: false}\n")
write("other.md5", "0" * 31 + "1\n")
for more, why in (["--notable", "other.md5"], "other lists"), (["--notable", LIST, "--config", "other.yaml"], "another configuration"):
    done = run("scan", "--evidence-list", "images/list.csv", "--out", "cases", *more)
    check(done.returncode == 3 and why in done.stderr, f"{why}: {done.returncode} {done.stderr}")

# Nor is one that was interrupted: it is neither gone on with under the old question nor taken for an answer.
write("images/large.csv", "exhibit,path\nX/6,large.img\n")
interrupted = ["scan", "--evidence-list", "images/large.csv", "--out", "begun"]
done = run(*interrupted, "--notable", LIST, "--threads", "1", "--time-limit", "1s")
check(done.returncode == 4, f"the time limit does not stop it: {done.returncode} {done.stderr}")
done = run(*interrupted, "--notable", "other.md5", "--time-limit", "0s")
check(done.returncode == 3 and "was begun with other lists" in done.stderr, f"begun with others: {done.returncode} {done.stderr}")
check(summary("begun/X_6")["interrupted"], "an interrupted case went on with other lists")

# The limit is that of the whole visit: what comes after it is not begun, what was begun does not go on, and each says
# why. A find that is on record keeps its exit code, sealed or not.
os.mkdir(path("late"))
write("images/found.csv", "exhibit,path\nL/1,demo.E01\n")
write("images/late.csv", "exhibit,path\nL/0,large.img\nL/1,demo.E01\nL/2,fat12.img\n")
write("limit.yaml", "limits: {time_seconds: 3}\n")
late = ["scan", "--evidence-list", "images/late.csv", "--notable", LIST, "--out", "late"]
slowly = ["--threads", "1", "--hash-engine", "openssl"]
run("scan", "--evidence-list", "images/found.csv", "--notable", LIST, "--out", "late", "--stop-after", "1")
why = lambda case: json.load(open(path(f"late/{case}.not-examined.json")))["why"]
for limit in ["--time-limit", "3s"], ["--config", "limit.yaml"]:
    done = run(*late, *slowly, *limit)
    check(done.returncode == 1, f"{limit}: a find that was left alone ends with {done.returncode}: {done.stderr}")
    check(rows_of(done.stdout) == {"L/0": "NO", "L/1": "MATCH,", "L/2": "NOT"}, f"{limit}: the table is\n{done.stdout}")
    check(not os.path.exists(path("late/L_2")) and why("L_2") == "it was not begun: the time limit had passed", f"{limit}: {done.stderr}")
    check(summary("late/L_1")["resumed"] == 0, f"{limit}: a case went on after the limit")
check(summary("late/L_0")["resumed"] == 1, "the interrupted case did not go on")
with sqlite3.connect(path("late/L_1/case.sqlite")) as store:
    for table in "entry_order", "finding", "ledger", "match_count", "finding_count", "unopened_count":
        store.execute(f"DROP TABLE {table}")
shutil.rmtree(path("late/L_1/reports"))
os.remove(path("late/L_1/manifest.json"))
done = run(*late, *slowly, "--time-limit", "3s")
check(done.returncode == 1 and "not gone on with" in why("L_1"), f"an unsealed find ends with {done.returncode}: {done.stderr}")
done = run(*late)
check(done.returncode == 1 and rows_of(done.stdout) == {"L/0": "NO", "L/1": "MATCH", "L/2": "NO"}, f"without a limit: {done.stdout}{done.stderr}")
check(not glob.glob(path("late/*.json")), "what was examined is on record as not examined")
done = run(*late, "--time-limit", "3s", "--quiet")
check(done.returncode == 1, f"finished cases within the limit: {done.returncode} {done.stderr}")

# A rerun opens its list once for all, also where a case goes on: strace counts.
write("images/again.csv", "exhibit,path\nS/1,fat12.img\nS/2,large.img\nS/3,ext2.img\n")
again = ["scan", "--evidence-list", "images/again.csv", "--notable", "list.tks", "--out", "again"]
run("known", "import", LIST, "--output", "list.tks", "--notable")
run(*again, *slowly, "--time-limit", "3s")
check(summary("again/S_2")["interrupted"] and not os.path.exists(path("again/S_3")), "S/2 is not under way")
can_trace = shutil.which("strace") and subprocess.run(["strace", "-o", "/dev/null", "true"]).returncode == 0


def openings(trace, *arguments):
    """How often the list is opened; 0 where nothing can be traced."""
    tracer = ["strace", "-f", "-qq", "-e", "trace=open,openat", "-o", path(trace)] if can_trace else []
    done = subprocess.run([*tracer, TRIAGE, *arguments], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    lines = open(path(trace), errors="replace") if can_trace else []
    return done, sum('"list.tks"' in line and "O_RDONLY" in line for line in lines)


done, opened = openings("trace", *again)
_, once = openings("trace-1", "scan", "images/fat12.img", "--notable", "list.tks", "--out", "again-1")
check(done.returncode == 0 and summary("again/S_2")["resumed"] == 1 and summary("again/S_3")["complete"], f"again: {done.returncode} {done.stderr}")
check(opened == once and bool(once) == bool(can_trace), f"a list for three cases is opened {opened} times, for one {once}")
check("exhibit S/1 is finished" in done.stderr, f"a finished case is not skipped: {done.stderr}")
os.remove(path("list.tks"))
if not can_trace:
    print("strace may not trace here: how often a list is opened is not counted")

# The live stream of a list is that of its cases, one after the other, and nothing else.
write("images/live.csv", "exhibit,path\nV/1,fat12.img\nV/2,ext2.img\n")
for cases in ["V_1", "V_2"], []:
    done = run("scan", "--evidence-list", "images/live.csv", "--notable", LIST, "--out", "live", "--live", "jsonl")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    ends = [(e["event"], os.path.basename(e["case"])) for e in told if e["event"] in ("start", "end")]
    check(done.returncode == 0 and ends == [(event, case) for case in cases for event in ("start", "end")], f"live: {ends} {done.stderr}")

# What is wrong for every exhibit is said once, before anything is made.
write("note.csv", "exhibit,path,note\nX/1,images/ext2.img,")
with open(path("note.csv"), "ab") as file:
    file.write(b"\xff\xfe\n")
write("narrow.yaml", "hash: {algorithms: [sha256]}\n")
for listed, more, why in (("images/list.csv", ["--case-info", "oprator=PC 17"], "unknown key"),
                          ("images/list.csv", ["--config", "narrow.yaml"], "leaves out"), ("note.csv", [], "note.csv, line 2")):
    done = run("scan", "--evidence-list", listed, "--notable", LIST, "--out", "none", *more)
    check(done.returncode == 2 and done.stderr.count(why) == 1, f"{why}: {done.returncode} {done.stderr}")
    check(not os.path.exists(path("none")), f"{why}: a folder was made")

# A case folder that cannot be looked at costs its own exhibit only; the secret of a protected list outlives it.
write("key", "a passphrase that is long enough\n")
with open(path("key")) as key:
    done = run("known", "import", LIST, "--output", "list.tks", "--notable", "--protect", f"fd:{key.fileno()}", pass_fds=[key.fileno()])
check(done.returncode == 0, f"no protected list: {done.stderr}")
write("images/bad.csv", "exhibit,path\nX/1,ext2.img\nX/7,fat16.img\nX/2,demo.E01\n")
os.makedirs(path("bad/X_7"))
write("bad/X_7/other", "in the way")
os.symlink("X_1", path("bad/X_1"))
with open(path("key")) as key:
    done = run("scan", "--evidence-list", "images/bad.csv", "--notable", "list.tks", "--out", "bad", "--key", f"fd:{key.fileno()}",
               pass_fds=[key.fileno()])
check(done.returncode == 1, f"a folder that is a loop: {done.returncode} {done.stderr}")
check(rows_of(done.stdout) == {"X/1": "NOT", "X/7": "NOT", "X/2": "MATCH"}, f"the table is\n{done.stdout}{done.stderr}")

# A finished case needs its evidence no more.
os.rename(path("images/fat16.img"), path("fat16.img"))
done = run(*command)
check(done.returncode == 1 and "X/3 is finished, its evidence is not there" in done.stderr, f"the bag: {done.returncode} {done.stderr}")
check(rows_of(done.stdout)["X/3"] == "NO", f"a finished case without its evidence is\n{done.stdout}")
os.rename(path("fat16.img"), path("images/fat16.img"))

# By rank, as CSV and HTML.
cases = sorted(glob.glob(path("cases/*")))
done = run("report", *cases, "--report", "summary", "--out", "ranking")
check(done.returncode == 0, f"the ranking ends with {done.returncode}: {done.stderr}")
rows = list(csv.DictReader(open(path("ranking/summary.csv"), newline="", encoding="utf-8")))
for row in rows:
    case = path("cases", row["exhibit"].replace("/", "_"))
    with open(os.path.join(case, "config.yaml"), "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    check((row["profile"], row["configuration"], row["cautions"]) == ("default", digest, ""), f"the scope is {row}")
    check(row["lists"].startswith("demo-notable.md5, notable, version ") and row["lists"].endswith(", 7 records"), f"the lists are {row['lists']}")
    check("authority not recorded" in row["case_info"] and row["examined"].startswith("hashed "), f"the scope is {row}")
check("operator: PC 17" in rows[0]["case_info"] and "description: a disk" in rows[0]["case_info"], f"case_info: {rows[0]['case_info']}")
check([(r["rank"], r["exhibit"], r["verdict"], r["matches"]) for r in rows][:2] == [
    ("1", "X/2", "MATCH", "6"), ("2", "X/1", "NO MATCH IN WHAT WAS CHECKED", "0")], f"the ranking is {rows[:2]}")


class Page(html.parser.HTMLParser):
    tags, cells = set(), []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        check(not {"src", "href"} & dict(attributes).keys(), f"the page loads something: {tag} {attributes}")

    def handle_data(self, data):
        self.cells.append(data)


page = Page()
page.feed(open(path("ranking/summary.html"), encoding="utf-8").read())
check("script" not in page.tags and "X/2" in page.cells, f"the page has {page.tags}")
names = {row["path"].rsplit("/", 1)[-1] for case in cases for row in read_lines(os.path.join(case, "reports/entries.jsonl"))}
text = open(path("ranking/summary.csv")).read() + open(path("ranking/summary.html")).read()
check(not [n for n in names if len(n) > 5 and n in text], "a name from evidence stands in the ranking")
done = run("report", *cases, "--report", "summary", "--out", "ranking")
check(done.returncode == 2, "a ranking is written over another")
done = run("report", *cases, "--report", "summary", "--out", "cases/X_1/ranking")
check(done.returncode == 2 and not os.path.exists(path("cases/X_1/ranking")), "a ranking is written into a sealed case")
with open(path("cases/X_2/config.yaml"), "a") as file:
    file.write("\n")
done = run("report", *cases, "images", "--report", "summary", "--out", "ranking-2")
check(done.returncode == 3, f"a changed case is ranked: {done.returncode}")
rows = list(csv.DictReader(open(path("ranking-2/summary.csv"), newline="")))
check([r["verdict"] for r in rows][:2] == ["NOT READABLE"] * 2 and rows[2]["rank"] == "3", f"what cannot be ranked is not first: {rows[:3]}")

# Only the list's own folder is written to: a case elsewhere that a link leads to costs its own row, and is left alone.
os.makedirs(path("linked"))
os.makedirs(path("elsewhere"))
os.symlink("../elsewhere", path("linked/L_1"))
for name in "command.txt", "config.yaml":
    write(f"elsewhere/{name}", "as a scan leaves it that ended before it began\n")
write("images/linked.csv", "exhibit,path\nL/1,fat16.img\nL/2,fat12.img\n")
done = run("scan", "--evidence-list", "images/linked.csv", "--notable", LIST, "--out", "linked", "--threads", "0")
check(done.returncode == 3 and "is a link" in done.stderr and len(os.listdir(path("elsewhere"))) == 2, f"through a link: {done.returncode} {done.stderr}")
check(rows_of(done.stdout) == {"L/1": "NOT", "L/2": "NO"}, f"beside a link: {done.stdout}")
run("scan", "--exhibit", "L/1=images/demo.E01", "--notable", LIST, "--stop-after", "1", "--out", "begun")
os.remove(path("linked/L_1"))
os.symlink("../begun", path("linked/L_1"))
write("images/linked.csv", "exhibit,path\nL/1,demo.E01\n")
before = sorted(os.listdir(path("begun")))
done = run("scan", "--evidence-list", "images/linked.csv", "--notable", LIST, "--out", "linked")
check(done.returncode == 3 and "is a link" in done.stderr and sorted(os.listdir(path("begun"))) == before, f"a begun case behind a link: {done.returncode} {done.stderr}")
finish(faults, "visits")
