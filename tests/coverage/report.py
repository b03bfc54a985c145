# SPDX-License-Identifier: GPL-2.0-or-later
"""Says what the tests reached: totals, and by name what they did not.

report.py BUILD REASONS: BUILD holds the counts of a run. A row of REASONS is a file, a function
or a word of the line, and why no test reaches it; a row that is reached now is told as well.
Branches are those of the source at -O0; none is left out, but what gcov calls unreachable.
"""
import json
import os
import subprocess
import sys


def measure(build):
    """gcovr's account of src/, one entry a file."""
    kept = os.path.join(build, "coverage.json")
    subprocess.run(["gcovr", "-r", ".", "-f", "src/", "-e", r".*\.bpf\.c", "--exclude-unreachable-branches",
                    "-j", "2", "--json", kept, build], check=True, stderr=subprocess.DEVNULL)
    with open(kept, encoding="utf-8") as file:
        return json.load(file)["files"]


def read_reasons(path):
    """[(file, name, reason)]"""
    rows = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                rows.append(tuple(line.rstrip("\n").split("\t")))
                if len(rows[-1]) != 3:
                    sys.exit(f"{path}: three fields between tabs: {line}")
    return rows


class File:
    """Lines and branches of one file, and which are missed."""

    def __init__(self, entry):
        self.path = entry["file"]
        self.lines = self.branches = 0
        self.missed, self.half = [], {}
        self.starts = sorted((f["lineno"], f["name"]) for f in entry.get("functions", []))
        with open(self.path, encoding="utf-8") as file:
            self.text = file.read().split("\n")
        for line in entry["lines"]:
            if not line.get("gcovr/noncode"):
                self.take(line)

    def take(self, line):
        """Counts one line."""
        number = line["line_number"]
        untaken = sum(not branch["count"] for branch in line["branches"])
        self.lines += 1
        self.branches += len(line["branches"])
        if not line["count"]:
            self.missed.append(number)
        if untaken:
            self.half[number] = untaken

    def is_about(self, number, name):
        """Whether the name of a row means this line: its function, or what is written there."""
        within = [function for start, function in self.starts if start <= number]
        return (within and within[-1] == name) or name in self.text[number - 1]


def ranges(numbers):
    """1-3 7"""
    said = []
    for number in sorted(numbers):
        if said and said[-1][1] == number - 1:
            said[-1][1] = number
        else:
            said.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in said)


def percent(missed, of):
    """A share that is never rounded up."""
    return f"{int((of - missed) * 1000 / of) / 10 if of else 100} %"


def tell_missed(files, reasons):
    """Each line and branch that is missed and that no row explains."""
    print("not covered: file, lines; branches of lines that are (* stands in the list of reasons)")
    for file in sorted(files, key=lambda f: -len(f.missed) * 3 - sum(f.half.values())):
        names = [row[1] for row in reasons if row[0] == file.path]
        plain = [n for n in file.missed if not any(file.is_about(n, name) for name in names)]
        half = [n for n in file.half if n not in file.missed
                and not any(file.is_about(n, name) for name in names)]
        if file.missed or file.half:
            print(f"  {file.path}{' *' if names else ''}: {ranges(plain) or '-'}; {ranges(half) or '-'}")


def tell_reasons(files, reasons):
    """The list, and the rows of it that are wrong by now."""
    by_path = {file.path: file for file in files}
    print("why:")
    for path, name, reason in reasons:
        file = by_path.get(path)
        left = [n for n in {*file.missed, *file.half} if file.is_about(n, name)] if file else []
        print(f"  {path} {name}: {reason}{'' if left else ' (COVERED NOW, or gone)'}")


def main():
    """Prints the report."""
    build, listed = sys.argv[1:]
    files, reasons = [File(entry) for entry in measure(build)], read_reasons(listed)
    rooms = sorted({f.path.split("/")[1] if f.path.count("/") > 1 else "main" for f in files})
    tell_missed(files, reasons)
    tell_reasons(files, reasons)
    for room in rooms + [""]:
        of = [f for f in files if f.path.startswith(f"src/{room}")]
        missed, half = sum(len(f.missed) for f in of), sum(sum(f.half.values()) for f in of)
        lines, branches = sum(f.lines for f in of), sum(f.branches for f in of)
        print(f"{room or 'src':8} lines {percent(missed, lines)} ({lines - missed} of {lines})"
              f"   branches {percent(half, branches)} ({branches - half} of {branches})")


main()
