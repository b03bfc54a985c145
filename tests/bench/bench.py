# SPDX-License-Identifier: GPL-2.0-or-later
"""make bench: what sockvet costs beside its peers and the kernel's own limit, on sockets made for it.

    bench.py [--sizes N,N] [--rounds N] [--only NAME,NAME] [--quick] [--markdown]

BENCH names the folder of load, limit and timed; SOCKVET the program.
"""
import argparse
import json
import math
import os
import statistics
import subprocess
import sys
from collections import defaultdict, namedtuple

import commands
import report

HERE = os.path.dirname(os.path.abspath(__file__))
SOCKET_BYTES = 4700         # of kernel memory, for one that is not in TIME_WAIT
FINE = {"check": (0, 1, 2), "check owners": (0, 1, 2)}
IDLE_ROUNDS = 25

Effort = namedtuple("Effort", "sizes rounds limit_s budget_s only")
QUICK = Effort([100_000], 5, 15, 3, None)
FULL = Effort([1_000, 10_000, 100_000, 1_000_000], 7, 60, 20, None)

# medians of the runs of a command, and the peak of its memory
Result = namedtuple("Result", "wall_us user_us cpu_us rss_kib runs")


def say(text):
    print(text, file=sys.stderr, flush=True)


def available_bytes():
    with open("/proc/meminfo") as meminfo:
        return next(int(line.split()[1]) for line in meminfo if line.startswith("MemAvailable:")) * 1024


def fitting(sizes, notes):
    """The sizes that half of the memory can hold; the largest instead of what it cannot."""
    most = available_bytes() // 2 // SOCKET_BYTES // 1000 * 1000
    fit = sorted({min(size, most) for size in sizes})
    if fit != sorted(set(sizes)):
        notes.append(f"{max(sizes):,} sockets were wanted; half of the free memory holds {most:,}")
    return fit


def summary(runs):
    middle = {name: statistics.median(run[name] for run in runs) for name in ("wall_us", "user_us", "cpu_us")}
    return Result(**middle, rss_kib=max(run["rss_kib"] for run in runs), runs=len(runs))


def trouble(name, runs, limit_s):
    """Why there is no figure, or None."""
    last = runs[-1]
    if "missing" in last:
        return f"{last['missing']} is not installed"
    if last["status"] == 124:
        return f"more than {limit_s} s of processor time"
    wrong = [run["status"] for run in runs if run["status"] not in FINE.get(name, (0,))]
    return f"failed with status {wrong[0]}" if wrong else None


def measure(place, sockets, effort, skip):
    """Results and troubles by command."""
    bench = os.environ["BENCH"]
    words = [f"{bench}/load", f"sockets={sockets}", "seconds=3600", *place.load, "--",
             sys.executable, "-B", f"{HERE}/rounds.py", f"{bench}/timed", place.name, str(effort.rounds),
             str(effort.limit_s), str(effort.budget_s), *skip]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True,
                          env=os.environ | {"LIMIT": f"{bench}/limit", "LC_ALL": "C.UTF-8"})
    if done.returncode:
        sys.exit(f"bench: the load of {sockets:,} sockets ended with status {done.returncode}")
    runs = defaultdict(list)
    for line in done.stdout.splitlines():
        run = json.loads(line)
        runs[run["name"]].append(run)
    troubles = {name: why for name, of in runs.items() if (why := trouble(name, of, effort.limit_s))}
    return {name: summary(of) for name, of in runs.items() if name not in troubles}, troubles


def expected_s(name, tables, sockets):
    """The processor time at that size, by the growth so far; linear if there is one size."""
    points = report.points_of(name, tables)
    if not points:
        return 0
    slope = report.exponent(points[-2:]) if len(points) > 1 else 1
    return 10 ** (points[-1][1] + slope * (math.log10(sockets) - points[-1][0])) / 1e6


def hopeless(place, tables, sockets, limit_s):
    """Commands that would run into the limit, and why."""
    before = [table for table in tables if table.place.name == place.name]
    late = {command.name: expected_s(command.name, before, sockets) for command in place.commands}
    found = {name: f"not run: about {seconds:,.0f} s expected" for name, seconds in late.items() if seconds > limit_s}
    found |= {name: f"not run: {why} with {before[-1].sockets:,}" for name, why in
              (before[-1].troubles.items() if before else ()) if why.startswith("more than")}
    return found | {name: why for name, why in (before[-1].troubles.items() if before else ())
                    if why.startswith("not run")}


def run_place(place, sockets, effort, tables):
    say(f"bench: {sockets:,} sockets, {place.name}")
    if effort.only:
        place = place._replace(commands=[command for command in place.commands if command.name in effort.only])
    skipped = hopeless(place, tables, sockets, effort.limit_s)
    others = [command.name for command in commands.PLACES[place.name].commands if command not in place.commands]
    results, troubles = measure(place, sockets, effort, [*skipped, *others])
    return report.Table(place, sockets, results, troubles | skipped)


def run_all(effort, show):
    """A table for each place and size; each is shown when it is there."""
    notes = []
    places = commands.PLACES
    tables = [run_place(places["idle"], commands.IDLE_SOCKETS, effort._replace(rounds=IDLE_ROUNDS), [])]
    show(tables[-1])
    for sockets in fitting(effort.sizes, notes):
        for name in ("mixed", "healthy", "budgets in doubt"):
            tables.append(run_place(places[name], sockets, effort, tables))
            show(tables[-1])
    return tables, notes


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.replace(" ", ",").split(",")])
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--only", type=lambda text: ["raw", *text.split(",")], metavar="NAME,...",
                        help="these commands, as the table names them")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--markdown", action="store_true", help="ratios only")
    return parser.parse_args()


def main():
    asked = arguments()
    if not os.access(os.environ["SOCKVET"], os.X_OK):
        sys.exit(f"bench: no program at {os.environ['SOCKVET']}")
    effort = QUICK if asked.quick else FULL
    effort = effort._replace(sizes=asked.sizes or effort.sizes, rounds=asked.rounds or effort.rounds, only=asked.only)
    tables, notes = run_all(effort, report.print_markdown if asked.markdown else report.print_table)
    if not asked.markdown:
        report.print_growth([table for table in tables if table.place.name == "mixed"])
    for note in notes:
        print(f"note: {note}")


main()
