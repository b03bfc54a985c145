#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How large the house is, per room: code and comments (cloc), functions (ctags), exported symbols (nm).

figures.py BUILD: from the top of the tree, with the objects below BUILD. A mirror, not a gate.
"""
import csv
import io
import pathlib
import statistics
import subprocess
import sys


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def room_of(path):
    parts = pathlib.PurePath(path).parts
    return parts[1] if len(parts) > 2 else "main"


def count_lines():
    """{room: [files, headers, comment, code]}"""
    rooms = {}
    for row in csv.DictReader(io.StringIO(run("cloc", "--csv", "--quiet", "--by-file", "src").strip())):
        if row["language"] == "SUM":
            continue
        room = rooms.setdefault(room_of(row["filename"]), [0, 0, 0, 0])
        room[0] += 1
        room[1] += row["filename"].endswith(".h")
        room[2] += int(row["comment"])
        room[3] += int(row["code"])
    return rooms


def function_sizes():
    sizes = {}
    for line in run("ctags", "-R", "--languages=C", "--c-kinds=f", "--fields=+ne", "-f", "-", "src").splitlines():
        if line.startswith("!"):
            continue
        fields = line.split("\t")
        at = dict(f.split(":", 1) for f in fields[3:] if ":" in f)
        if "line" in at and "end" in at:
            sizes.setdefault(room_of(fields[1]), []).append(int(at["end"]) - int(at["line"]) + 1)
    return sizes


def symbols(build):
    """{symbol: its room}, {symbol: objects that use it}"""
    defined, users = {}, {}
    for source in pathlib.Path("src").rglob("*.c"):
        object_file = pathlib.Path(build) / source.relative_to("src").with_suffix(".o")
        if not object_file.exists():
            continue
        for line in run("nm", "-g", str(object_file)).splitlines():
            kind, name = line.split()[-2:]
            if kind in "TDBR":
                defined[name] = room_of(source)
            elif kind == "U":
                users.setdefault(name, set()).add(source)
    return defined, users


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main():
    lines, sizes = count_lines(), function_sizes()
    defined, users = symbols(sys.argv[1])
    form = "{:8} {:>6} {:>8} {:>8} {:>7} {:>8} {:>9}  {}"
    print(form.format("room", "files", "headers", "comment", "code", "exports", "one user",
                      "functions: median/p90/max"))
    rooms = sorted(lines) + ["all"]
    for room in rooms:
        mine = [r for r in lines if room in (r, "all")]
        total = [sum(lines[r][i] for r in mine) for i in range(4)]
        exports = [s for s in defined if defined[s] in mine]
        single = [s for s in exports if len(users.get(s, ())) == 1]
        long = [n for r in mine for n in sizes.get(r, [])] or [0]
        print(form.format(room, *total, len(exports), len(single), "{:.0f}/{}/{}".format(
            statistics.median(long), percentile(long, 0.9), max(long))))


main()
