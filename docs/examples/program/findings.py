#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A report by a program: one tab-separated line a finding. docs/plugin-lifecycle.md tells how it is run."""
import json
import sys

COLUMNS = "severity", "volume", "path", "state"


def escaped(text):
    """Names are hostile: what could end a line or a cell, or drive a terminal, is written as \\uNNNN."""
    return "".join(c if c.isprintable() and c != "\\" else "\\\\" if c == "\\" else f"\\u{ord(c):04x}" for c in text)


def main():
    sys.stdout.reconfigure(encoding="utf-8")
    is_whole = False
    for line in sys.stdin.buffer:
        row = json.loads(line)
        if row["event"] == "start":
            if "disclosure" in row:
                print("#", row["disclosure"])
            print(*COLUMNS, "sha256", sep="\t")
        elif row["event"] == "finding":
            cells = [row.get(column, "") for column in COLUMNS] + [row.get("hashes", {}).get("sha256", "")]
            print(*map(escaped, cells), sep="\t")
        elif row["event"] == "end":
            is_whole = True  # other events are passed over
    sys.exit(0 if is_whole else "the rows ended early")


main()
