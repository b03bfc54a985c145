#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""No sentence has a number that the JSON of the same answer lacks.

numbers.py < document.json    of check, bind or connect
numbers.py FILE.told...       situations, whose lines hold what JSON does (tests/unit/told/README)

Numbers that stand in the catalogue's own text (a sysctl's value, a version) are allowed. Prints what is not.
"""
import glob
import json
import os
import re
import sys

WORDS = os.path.join(os.path.dirname(__file__), "../../src/words/*.[ch]")
SENTENCES = ("cause", "settles", "fix", "advice", "avoid", "notes", "text")
NUMBER = re.compile(r"\d+(?:[.,:]\d+)*(?:m\d\ds|h\d\dm|d\d\dh)?")


def numbers_of(text):
    return set(NUMBER.findall(text))


def leaves(value):
    if isinstance(value, (dict, list, tuple)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)
    elif value is not None and not isinstance(value, bool):
        yield value


def duration(ms):
    """As base/digits.c writes it, without the unit behind a blank."""
    ms = int(ms)
    if ms < 1000:
        return str(ms)
    if ms < 60000:
        return ("%d.%d" % divmod(ms // 100, 10)).removesuffix(".0")
    big, small, units = ((ms // 60000, ms // 1000 % 60, "ms") if ms < 3600000 else
                         (ms // 3600000, ms // 60000 % 60, "hm") if ms < 86400000 else
                         (ms // 86400000, ms // 3600000 % 24, "dh"))
    return "%d%s%02d%s" % (big, units[0], small, units[1])


def spellings(value):
    """Every way in which a sentence may spell a value of JSON."""
    if isinstance(value, str):
        return {part for number in numbers_of(value) for part in number.rsplit(":", 1)}
    return {str(int(value)), "%d" % round(value), f"{int(value):,}", "%.3g" % value, duration(value),
            *("%.1f" % (value / 1024 ** power) for power in (1, 2, 3)), duration(value * 1000 + 0.5), duration(value + (99 if value < 60000 else 999))}


def constants():
    literals = [literal for path in glob.glob(WORDS)
                for literal in re.findall(r'"((?:[^"\\]|\\.)*)"', open(path, encoding="utf-8").read())]
    return numbers_of(re.sub(r"\{[^}]*\}", "", "".join(literals)))


def split(answer):
    """(values, sentences) of an object"""
    values, sentences = {}, []
    for key, value in answer.items():
        if key in SENTENCES:
            sentences += [value] if isinstance(value, str) else value or []
        elif key == "blockers":
            values[key], said = zip(*map(split, value)) if value else ((), ())
            sentences += sum(said, [])
        elif key != "sockets":
            values[key] = value
    return values, sentences


def of_document(document):
    """(values, sentences) of each finding, or of the one answer"""
    for answer in document.get("findings", [document]):
        values, sentences = split(answer)
        yield list(leaves([list(leaves(values)), document.get("limits")])), sentences


def of_situations(path):
    seen, values, sentences = [], [], []
    for line in [*open(path, encoding="utf-8"), "="]:
        if re.match(r"> (warning|critical|nothing|wants|worst) ?|[^>]", line):
            if sentences:
                yield values + seen, sentences
            values, sentences = [], []
        if line.startswith("="):
            seen = []
        elif line.startswith(("process", "cgroup", "sock", "local", "elsewhere")):
            # JSON names them in the subject or lists them as blockers, addresses and places.
            seen += ["4026532000"] * line.startswith("elsewhere -")     # told_read.h
            more = re.search(r" r?x=(\d+)", line)
            seen += [line, *(int(number) + i for number in re.findall(r":(\d+)", line)
                             for i in range(int(more[1]) if more else 1))]
        elif line.startswith(("bind", "connect")):
            values = [line]
        elif re.match(r">   (cause|fix|avoid|settles|advice|note): |>     ", line):
            sentences.append(line)
        elif line.startswith(">"):
            values += [line, *(float(number) for number in re.findall(r"\d+(?:\.\d+)?", line))]


def strange(groups, allowed):
    for values, sentences in groups:
        known = allowed.union(*map(spellings, values))
        for sentence in sentences:
            # Of "10.0.0.9:443" the address and the port are two members.
            for number in numbers_of(sentence):
                if not set(number.rsplit(":", 1)) <= known:
                    yield "%s in: %s" % (number, sentence.rstrip())


def main():
    groups = [of_situations(path) for path in sys.argv[1:]]
    text = "" if groups else sys.stdin.read()
    groups += [of_document(json.loads(text))] if text else []   # an error has no document
    found = [line for group in groups for line in strange(group, constants())]
    print("".join(line + "\n" for line in found), end="")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
