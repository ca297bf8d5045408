#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What people say about an examination and its exhibits: by options, by a file, by answers at a terminal."""
import os, pty, sqlite3
from support import TRIAGE, finish, read_lines
from visit_support import LIST, check, faults, folder, path, run, summary, write

# What people say, by options and by file; options win; what is missing is said.
write("visit.yaml", "operator: from the file\nplace: Example Street 1\nexhibits:\n  AB/1: {note: on the desk}\n")
done = run("scan", "demo.E01", "ext2.img", "--exhibit", "AB/1=demo.E01", "--notable", LIST, "--out", "said", "--case-info", "visit.yaml",
           "--case-info", "operator=PC 17", "--case-info", "reference@ext2.img=AB/9",
           "--case-info", "description@ext2.img=a = b", "--case-info", "clock_difference@AB/1=+3 s")
check(done.returncode == 1, f"--case-info: {done.stderr}")
said = summary("said")
check(said["case_info"] == {"operator": "PC 17", "place": "Example Street 1",
      "not_recorded": ["authority", "reference clock", "clock difference", "write blocker"]}, f"case_info: {said['case_info']}")
check([e["case_info"] for e in said["exhibits"]] == [
    {"note": "on the desk", "clock_difference": "+3 s", "not_recorded": ["description"]},
    {"description": "a = b", "not_recorded": []}], f"exhibits: {[e['case_info'] for e in said['exhibits']]}")
check([e["exhibit"] for e in said["exhibits"]] == ["AB/1", "AB/9"], "a reference is not given")
report = open(path("said/reports/report.txt")).read()
check("  authority not recorded\n" in report and "  operator: PC 17\n" in report, f"report.txt says\n{report[:500]}")
with sqlite3.connect(f"file:{path('said/case.sqlite')}?immutable=1", uri=True) as store:
    check(("operator", "PC 17") in store.execute("SELECT key, value FROM case_info").fetchall(), "the store has no operator")
check(any(r["event"] == "case-info" and r["key"] == "place" for r in read_lines(path("said/audit.jsonl"))), "no place in the audit log")
run("report", "said", "--report", "text")
check("operator: PC 17" in open(path("said/reports-2/report.txt")).read(), "a later render forgets what was said")

# What is wrong there ends with 2 before a case is made.
write("bad.yaml", "operator: [x]\n")
for wrong, why in (("operatr=x", "did you mean"), ("description=x", "belongs to an exhibit"), ("operator@ext2.img=x", "whole"),
                   ("note@AB/7=x", "no exhibit"), ("operator=", "empty"), ("bad.yaml", "line 1, column 11"),
                   ("nothing.yaml", "No such file"), ("ask", "no terminal"), ("place=" + "x" * 5000, "4,096")):
    done = run("scan", "ext2.img", "--notable", LIST, "--out", "wrong", "--case-info", wrong)
    check(done.returncode == 2 and why in done.stderr, f"--case-info {wrong[:40]}: {done.returncode}, {done.stderr}")
done = run("scan", "ext2.img", "--notable", LIST, "--out", "wrong", "--case-info", "place=a", "--case-info", "place=b")
check(done.returncode == 2 and "given twice" in done.stderr, f"twice: {done.stderr}")
done = run("scan", "ext2.img", "fat16.img", "--notable", LIST, "--out", "wrong", "--case-info", "reference@ext2.img=A",
           "--case-info", "reference@fat16.img=A")
check(done.returncode == 2 and "ext2.img is exhibit A already" in done.stderr, f"one reference twice: {done.stderr}")
check(not os.path.exists(path("wrong")), "what was refused left a case")
# A reference comes before a file name that reads the same.
run("scan", "--exhibit", "X=ext2.img", "--exhibit", "ext2.img=fat16.img", "--out", "named", "--case-info", "note@ext2.img=said")
check([e["case_info"].get("note") for e in summary("named")["exhibits"]] == [None, "said"], "a note is that of another exhibit")


def answer(command, answers):
    """Runs it at a terminal of its own and types an answer to each question. Returns its exit code and the screen."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execv(TRIAGE, [TRIAGE, *command])
    screen = b""
    for line in answers:
        while not screen.endswith(b"): "):
            screen += os.read(terminal, 1)
        os.write(terminal, line.encode() + b"\n")
        screen += os.read(terminal, 1)
    try:
        while piece := os.read(terminal, 4096):
            screen += piece
    except OSError:
        pass
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), screen.decode(errors="replace")


code, screen = answer(["scan", "ext2.img", "--notable", LIST, "--out", "asked", "--case-info", "ask", "--case-info", "place=here"],
                      ["PC 18", "", "", "", "", "AB/3", "a stick", ""])
check(code == 0, f"questions end with {code}:\n{screen}")
asked = summary("asked")
check((asked["case_info"].get("operator"), asked["case_info"].get("place")) == ("PC 18", "here"), f"asked: {asked['case_info']}")
check((asked["exhibits"][0]["exhibit"], asked["exhibits"][0]["case_info"]["description"]) == ("AB/3", "a stick"), "the exhibit's answers are lost")

# Of a list, too: the case, then each exhibit that is to be begun. What the list or an option says is not asked.
write("list.csv", "exhibit,path,note\nL/1,ext2.img,\nL/2,fat16.img,on the shelf\n")
listed = ["scan", "--evidence-list", "list.csv", "--notable", LIST, "--out", "listed", "--case-info", "ask", "--case-info", "place=here"]
code, screen = answer(listed, ["PC 19", "", "", "", "", "a stick", "first", "a disk"])
check(code == 0, f"questions of a list end with {code}:\n{screen}")
told = [summary(f"listed/{case}") for case in ("L_1", "L_2")]
check([t["exhibits"][0]["case_info"] for t in told] == [{"description": "a stick", "note": "first", "not_recorded": []},
      {"description": "a disk", "note": "on the shelf", "not_recorded": []}], f"listed: {[t['exhibits'][0] for t in told]}")
check([t["case_info"]["operator"] for t in told] == ["PC 19"] * 2, "an answer is not in every case")
with open(path("list.csv"), "a") as file:
    file.write("L/3,demo.E01,\n")
code, screen = answer(listed, ["PC 20", "", "", "", "", "a card", ""])
check(code == 1 and "L/1, description" not in screen, f"a finished exhibit is asked for:\n{screen}")
check(summary("listed/L_3")["exhibits"][0]["case_info"]["description"] == "a card", "the answer of a new exhibit is lost")

finish(faults, "case information")
