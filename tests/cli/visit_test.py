#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A visit: several exhibits in one scan, and cases by rank."""
import csv, glob, html.parser, json, os, shutil, subprocess
from support import FIXTURES, ROOT, TRIAGE, finish, read_lines, workspace

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

# Cases by rank, as CSV and HTML.
os.mkdir(path("cases"))
for case, evidence in (("X_1", "ext2.img"), ("X_2", "demo.E01"), ("X_3", "fat16.img")):
    run("scan", "--exhibit", f"{case.replace('_', '/')}={evidence}", "--notable", LIST, "--out", os.path.join("cases", case))
cases = sorted(glob.glob(path("cases/*")))
done = run("report", *cases, "--report", "summary", "--out", "ranking")
check(done.returncode == 0, f"the ranking ends with {done.returncode}: {done.stderr}")
rows = list(csv.DictReader(open(path("ranking/summary.csv"), newline="", encoding="utf-8")))
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
done = run("report", *cases, "nothing", "--report", "summary", "--out", "ranking-2")
check(done.returncode == 3, f"a changed case is ranked: {done.returncode}")
rows = list(csv.DictReader(open(path("ranking-2/summary.csv"), newline="")))
check([r["verdict"] for r in rows][:2] == ["NOT READABLE"] * 2 and rows[2]["rank"] == "3", f"what cannot be ranked is not first: {rows[:3]}")

finish(faults, "visits")
