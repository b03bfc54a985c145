#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes the rules one small thing at a time and looks whether a test notices.

run.py [--build DIR] [--sample N [--seed TEXT]] [--only FILE.c,...] [--quick]

Each mutant of src/judge is compiled alone, linked before the archives of DIR (so that it takes the place of its
file) with the unit tests of judge, then, when those notice nothing, with sockvet, which has to replay the golden
recordings as before. What survives and is not in `equivalent` is listed; fewer than LEAST_PERCENT
caught end in 1.

Verdicts are kept in DIR/mutation/verdicts, so that a campaign that was stopped goes on: they hold for the same
sources. Survivors are tried again when a test changed. DIR has to be up to date, as `make mutation` sees to.
"""
import argparse
import collections
import concurrent.futures
import glob
import hashlib
import os
import re
import resource
import shlex
import subprocess
import sys
import threading

import mutants

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LEAST_PERCENT = 98      # of all
LEAST_OF_SAMPLE = 90    # a few dozen say less
NICE = int(os.environ.get("MUTATION_NICE", "10"))
CPU_S, WALL_S, MEMORY_BYTES, FILE_BYTES = 4, 120, 2 << 30, 16 << 20
ROOMS = ("print", "judge", "collect", "words", "value", "model", "base")
# What was never set has a value all the same, and not a lucky one.
CFLAGS = ["-std=gnu17", "-w", "-fPIE", "-ftrivial-auto-var-init=pattern", "-D_GNU_SOURCE"]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def digest(*texts):
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:20]


def bounded():
    """Before a mutant runs: it may be wrong in any way."""
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(command, **options):
    """Status and output; a status of None is a time over."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=WALL_S,
                              stderr=subprocess.DEVNULL, preexec_fn=bounded, check=False, cwd=TOP,
                              **options)
    except subprocess.TimeoutExpired:
        return None, b""
    return done.returncode, done.stdout


class Bench:
    """Compiles, links and runs; everything it makes is under DIR/mutation."""

    def __init__(self, build):
        self.build, self.work = build, os.path.join(build, "mutation")
        self.cc = shlex.split(os.environ.get("CC", "cc"))
        self.libs = self.of_flags("LIBS")
        self.ldflags = self.of_flags("PROBED_LDFLAGS")
        self.tests, self.reached = {}, {}       # object file, files of judge that it links
        self.as_ever = {}
        os.makedirs(self.work, exist_ok=True)

    def of_flags(self, name):
        lines = re.findall(r"^%s \+?:?= (.*)$" % name, read(os.path.join(self.build, "flags.mk")), re.M)
        return shlex.split(" ".join(lines))

    def compile(self, source, into, level="-O0"):
        status, _ = run(self.cc + CFLAGS + [level, "-I" + os.path.join(TOP, "src"), "-c", source, "-o", into])
        return status == 0

    def archives(self, rooms):
        return [os.path.join(self.build, room + ".a") for room in rooms]

    def link(self, parts, into):
        status, _ = run(self.cc + ["-Wl,-S"] + self.ldflags + parts + ["-o", into])
        return status == 0

    def link_test(self, name, parts, into):
        return self.link([self.tests[name]] + parts + self.archives(ROOMS[1:2] + ROOMS[3:]) +
                         self.libs + ["-lcmocka"], into)

    def link_sockvet(self, parts, into):
        return self.link([os.path.join(self.build, "main.o")] + parts + self.archives(("cmd",) + ROOMS) +
                         self.libs, into)

    def prepare(self, quick):
        for source in sorted(glob.glob(os.path.join(TOP, "tests/unit/test_judge*.c"))):
            name = os.path.basename(source)[:-2]
            self.tests[name] = os.path.join(self.work, name + ".o")
            if not self.compile(source, self.tests[name], "-O1"):
                sys.exit("mutation: %s does not compile" % source)
        whole = os.path.join(self.work, "whole")
        for name in self.tests:
            if not self.link_test(name, ["-Wl,-Map=" + whole + ".map"], whole) or run([whole])[0] != 0:
                sys.exit("mutation: %s fails without any mutant" % name)
            self.reached[name] = set(re.findall(r"judge\.a\((\w+)\.o\)", read(whole + ".map")))
        if quick:
            return
        if not self.link_sockvet([], whole):
            sys.exit("mutation: sockvet does not link from %s" % self.build)
        self.as_ever = dict(self.replays(whole))

    def replays(self, binary):
        """Each question to a golden recording with status and answer."""
        for folder in sorted(glob.glob(os.path.join(TOP, "tests/golden/*/"))):
            file = {name: read(folder + name) if os.path.exists(folder + name) else ""
                    for name in ("args", "asks")}
            asked = ["check --json " + file["args"], "check " + file["args"]] + file["asks"].splitlines()
            for words in asked:
                command = [binary] + words.split() + ["--from", folder + "recording"]
                yield (folder, words), run(command, env={**os.environ, "LC_ALL": "C.UTF-8"})


class Verdicts:
    """The verdicts so far, one a line: mutant, what became of it, and by which tests."""

    def __init__(self, path, sources, tests):
        self.path, self.sources, self.tests = path, sources, tests
        self.known, self.lock = {}, threading.Lock()
        if os.path.exists(path):
            for line in read(path).splitlines():
                key, verdict, by = line.split("\t")
                self.known[key] = (verdict, by)

    def key(self, mutant):
        return digest(self.sources, mutant.key)

    def get(self, mutant):
        verdict, by = self.known.get(self.key(mutant), (None, None))
        return None if verdict == "survived" and by != self.tests else verdict

    def put(self, mutant, verdict, by):
        with self.lock, open(self.path, "a", encoding="utf-8") as file:
            self.known[self.key(mutant)] = (verdict, self.tests if verdict == "survived" else by)
            file.write("\t".join((self.key(mutant),) + self.known[self.key(mutant)]) + "\n")


class Campaign:
    def __init__(self, bench, verdicts, quick):
        self.bench, self.verdicts, self.quick = bench, verdicts, quick
        self.caught = collections.Counter()     # by file and test: the best goes first
        self.originals, self.lock = {}, threading.Lock()

    def object_of(self, folder, name, source, level):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(source)
        into = path[:-2] + level + ".o"
        if not self.bench.compile(path, into, level):
            return None, b""
        with open(into, "rb") as file:
            return into, file.read()

    def original(self, name, level):
        """Under a lock: two threads would compile it at the same place."""
        with self.lock:
            if (name, level) not in self.originals:
                folder = os.path.join(self.bench.work, "original")
                os.makedirs(folder, exist_ok=True)
                source = read(os.path.join(TOP, "src/judge", name))
                self.originals[name, level] = self.object_of(folder, name, source, level)[1]
            return self.originals[name, level]

    def test_order(self, name):
        first = name.split("_")[0].removesuffix(".c")
        tests = [test for test in self.bench.tests if name[:-2] in self.bench.reached[test]]
        return sorted(tests, key=lambda test: (-self.caught[name, test], "told" not in test, first not in test, test))

    def noticed(self, mutant, part, binary):
        """The test that fails with this object file, or None."""
        for test in self.test_order(mutant.file):
            if not self.bench.link_test(test, [part], binary) or run([binary])[0] != 0:
                self.caught[mutant.file, test] += 1
                return test
        if self.quick:
            return None
        if not self.bench.link_sockvet([part], binary):
            return "link"
        for asked, answer in self.bench.replays(binary):
            if answer != self.bench.as_ever[asked]:
                return "golden"
        return None

    def judge(self, mutant, source):
        """Invalid: no C. Same: the compiler makes the same code of it. Caught, or survived."""
        folder = os.path.join(self.bench.work, "slot%d" % threading.get_ident())
        os.makedirs(folder, exist_ok=True)
        changed = mutants.mutated(source, mutant)
        part, code = self.object_of(folder, mutant.file, changed, "-O0")
        if part is None:
            return "invalid", "-"
        if code == self.original(mutant.file, "-O0"):
            return "same", "-"
        test = self.noticed(mutant, part, os.path.join(folder, "binary"))
        if test:
            return "caught", test
        if not self.quick and self.object_of(folder, mutant.file, changed, "-O2")[1] == self.original(mutant.file, "-O2"):
            return "same", "-"
        return "survived", "-"

    def run(self, todo, sources, jobs):
        def one(mutant):
            verdict = self.verdicts.get(mutant)
            if verdict is None:
                verdict, by = self.judge(mutant, sources[mutant.file])
                self.verdicts.put(mutant, verdict, by)
            return mutant, verdict

        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for done, result in enumerate(pool.map(one, todo), 1):
                if sys.stderr.isatty() and done % 20 == 0:
                    print("\r%d of %d" % (done, len(todo)), end="", file=sys.stderr)
                yield result


class Equivalent:
    """Mutants that change nothing, each with its reason: file, line, change, reason."""

    def __init__(self, path):
        self.rows, self.used, self.caught = [], set(), set()
        for block in re.split(r"\n\s*\n", re.sub(r"(?m)^#.*\n?", "", read(path)).strip()):
            lines = [line.strip() for line in block.splitlines()]
            if not lines:
                continue
            if len(lines) < 4:
                sys.exit("mutation: equivalent: no reason given:\n" + block)
            self.rows.append(tuple(lines[:3]))

    def row_of(self, mutant):
        change = "%s -> %s" % (mutant.before, mutant.after[0])
        for row in self.rows:
            if row[0] == mutant.file and row[1] == mutant.text and row[2] in ("*", change):
                return row
        return None

    def has(self, mutant, verdict):
        """Two changes of a line can look alike, and only one of them be equivalent."""
        row = self.row_of(mutant)
        if row:
            (self.caught if verdict == "caught" else self.used).add(row)
        return row is not None

    def wrong(self):
        """Rows that a test disproves, and rows without any mutant."""
        for row in self.rows:
            if row not in self.used:
                yield ("a test catches it" if row in self.caught else "no such mutant"), row


def chosen(found, count, seed):
    """A sample that depends on what the mutants are and not on where they stand."""
    if not count:
        return found
    return sorted(found, key=lambda mutant: digest(seed, mutant.key))[:count]


def table(results):
    """Prints a line for each file and the sum."""
    by_file = collections.defaultdict(collections.Counter)
    for mutant, verdict in results:
        by_file[mutant.file][verdict] += 1
        by_file["all"][verdict] += 1
    print("%-22s %8s %8s %10s %9s %7s" % ("file", "mutants", "caught", "equivalent", "survived", "%"))
    for name in sorted(by_file, key=lambda name: (name == "all", name)):
        n = by_file[name]
        same = n["same"] + n["equivalent"]
        real = n["caught"] + n["survived"]
        print("%-22s %8d %8d %10d %9d %7.1f" % (name, real + same, n["caught"], same, n["survived"],
                                                100 * n["caught"] / real if real else 100))


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.path.join(TOP, "build"))
    parser.add_argument("--sample", type=int, default=0, help="so many instead of all")
    parser.add_argument("--seed", default="1", help="another one is another sample")
    parser.add_argument("--only", default="", help="files of src/judge, with commas")
    parser.add_argument("--quick", action="store_true", help="unit tests only, no golden recordings")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    return parser.parse_args()


def digest_of_files(*patterns):
    return digest(*(read(path) for pattern in patterns for path in sorted(glob.glob(os.path.join(TOP, pattern)))))


def main():
    asked = options()
    sources = {os.path.basename(path): read(path)
               for path in sorted(glob.glob(os.path.join(TOP, "src/judge/*.c")))}
    found = [mutant for name, source in sources.items()
             if not asked.only or name in asked.only.split(",")
             for mutant in mutants.mutants_of(name, source)]
    bench = Bench(os.path.abspath(asked.build))
    bench.prepare(asked.quick)
    verdicts = Verdicts(os.path.join(bench.work, "verdicts"),
                        digest_of_files("src/base/*.[ch]", "src/model/*.[ch]", "src/judge/*.[ch]"),
                        digest_of_files("tests/unit/test_judge*.c", "tests/unit/*.h", "tests/unit/told/*.told",
                                        "tests/golden/*/ar*", "tests/golden/*/asks") +
                        ("-quick" if asked.quick else ""))
    equivalent = Equivalent(os.path.join(os.path.dirname(os.path.abspath(__file__)), "equivalent"))
    results = []
    campaign = Campaign(bench, verdicts, asked.quick)
    for mutant, verdict in campaign.run(chosen(found, asked.sample, asked.seed), sources, asked.jobs):
        if equivalent.has(mutant, verdict) and verdict == "survived":
            verdict = "equivalent"
        results.append((mutant, verdict))
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    table(results)
    survived = [mutant for mutant, verdict in results if verdict == "survived"]
    for mutant in sorted(survived, key=lambda m: (m.file, m.line)):
        print("survived: src/judge/%s:%d: %s\n\t%s -> %s" % (mutant.file, mutant.line, mutant.text,
                                                             mutant.before, mutant.after[0]))
    wrong = [] if asked.sample or asked.only else list(equivalent.wrong())
    for why, row in wrong:
        print("equivalent: %s: %s: %s: %s" % ((why,) + row))
    judged = sum(verdict in ("caught", "survived") for _, verdict in results)
    least = LEAST_OF_SAMPLE if asked.sample else LEAST_PERCENT
    too_many = 100 * len(survived) > (100 - least) * judged
    return 1 if too_many or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
