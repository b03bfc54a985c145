# SPDX-License-Identifier: GPL-2.0-or-later
"""The verdict over a run of tests under a sanitizer.

verdict.py KIND TAP REPORTS STATUS: TAP is a folder of what each test file said, REPORTS the beginning of
the names of the files that the sanitizers wrote, STATUS what prove ended with. A test may leave a program's
status and stderr alone, so a report counts by itself, whoever ran the program and whatever came of it.
"""
import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
OUR_SKIP = re.compile(r"^ok \d+ ?(?:- )?(.*?) ?# skip ?(.*)$", re.IGNORECASE)
# System calls that it does not know and refuses. Ours have another way then; its errors begin with "==".
VALGRIND_ASIDE = re.compile(r"^--\d+-- .*\n", re.MULTILINE)


def read_unable(kind):
    """{(file, test): reason} of this kind of sanitizer."""
    rows, path = {}, os.path.join(HERE, "unable")
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("#") or not line.strip():
                continue
            fields = line.rstrip("\n").split("\t")
            if len(fields) != 4:
                sys.exit(f"{path}: four fields between tabs: {line}")
            if kind in fields[0].split(","):
                rows[fields[1], fields[2]] = fields[3]
    return rows


def read_skipped(folder):
    """{(file, test): what it said}, and the files that were run."""
    skipped, ran = {}, set()
    for path in glob.glob(os.path.join(folder, "**", "*.tap"), recursive=True):
        name = os.path.relpath(path, folder)[:-len(".tap")]
        ran.add(name)
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                match = OUR_SKIP.match(line.rstrip("\n"))
                if match:
                    skipped[name, match.group(1) or match.group(2)] = match.group(2)
    return skipped, ran


def compare(unable, skipped, ran):
    """What is wrong with the list, or with what was skipped: for whatever reason, it was not run."""
    for test, said in sorted(skipped.items()):
        if test in unable:
            print(f"unable: {test[0]}: {test[1]}: {unable[test]}")
        else:
            print(f"skipped: {test[0]}: {test[1]}: {said}")
    for name, test in unable:
        if test == "*" and name not in ran:
            print(f"unable: {name}: {unable[name, test]}")
    silent = [test for test in skipped if test not in unable]
    stale = [test for test in unable if test[0] in ran and test not in skipped]
    return ([f"skipped, and no row in tests/sanitizers/unable: {': '.join(test)}" for test in silent]
            + [f"a row in tests/sanitizers/unable, but it was run: {': '.join(test)}" for test in stale])


def main(kind, folder, reports, status):
    skipped, ran = read_skipped(folder)
    wrong = compare(read_unable(kind), skipped, ran)
    if not ran:
        wrong.append("no test was run")
    for path in sorted(glob.glob(glob.escape(reports) + ".*")):
        with open(path, encoding="utf-8", errors="replace") as file:
            said = VALGRIND_ASIDE.sub("", file.read())
        if said:        # valgrind makes the file before it has something to tell
            wrong.append(f"{path}:\n{said[:3000]}")
    if status != "0":
        wrong.append("tests failed, see above")
    for text in wrong:
        print(f"{kind}: {text}")
    print(f"{kind}: " + ("not clean" if wrong else f"clean, {len(ran)} files of tests"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
