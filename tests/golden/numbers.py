#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""No sentence of a finding has a number that its JSON lacks.

numbers.py CATALOGUE < check.json    the findings of a document of check
numbers.py CATALOGUE FILE.told...    those of situations, whose lines hold what JSON does (tests/unit/told/README)

Numbers that stand in the catalogue's own text (a sysctl's value, a version) are allowed. Prints what is not.
"""
import json
import re
import sys

NUMBER = re.compile(r"\d+(?:[.,:]\d+)*(?:m\d\ds|h\d\dm|d\d\dh)?")


def numbers_of(text):
    return set(NUMBER.findall(text))


def leaves(value):
    if isinstance(value, (dict, list)):
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
        return numbers_of(value)
    return {str(int(value)), "%d" % round(value), f"{int(value):,}", "%.3g" % value, duration(value),
            duration(value * 1000 + 0.5)}


def constants(catalogue):
    literals = re.findall(r'"((?:[^"\\]|\\.)*)"', open(catalogue, encoding="utf-8").read())
    return numbers_of(re.sub(r"\{[^}]*\}", "", "".join(literals)))


def of_document(document):
    """(values, sentences) of each finding"""
    for finding in document["findings"]:
        values = {key: value for key, value in finding.items()
                  if key not in ("cause", "fix", "avoid", "sockets")}
        yield list(leaves([values, document["limits"]])), [finding["cause"], *finding["fix"], *finding["avoid"]]


def of_situations(path):
    seen, values, sentences = [], [], []
    for line in [*open(path, encoding="utf-8"), "="]:
        if re.match(r"> (warning|critical|nothing|wants|worst) ?|[^>]", line):
            if sentences:
                yield values + seen, sentences
            values, sentences = [], []
        if line.startswith("="):
            seen = []
        elif line.startswith(("process", "cgroup")):    # JSON names them in the subject
            seen.append(line)
        elif re.match(r">   (cause|fix|avoid): ", line):
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
    groups = [of_situations(path) for path in sys.argv[2:]] or [of_document(json.load(sys.stdin))]
    found = [line for group in groups for line in strange(group, constants(sys.argv[1]))]
    print("".join(line + "\n" for line in found), end="")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
