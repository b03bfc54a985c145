# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured, where, and what it may cost: a row of COMMANDS is the change.

A place is a load that rounds.py runs in. A target compares what a command used with what others used in the same
rounds, by the wall clock and by processor time (user + system): the first is what a user waits for; on a busy machine
it tells about the neighbours, and only the second can be believed.
"""
from collections import namedtuple

MIB = 1024
ALWAYS, BIG, TEN_THOUSAND = (lambda n: True), (lambda n: n >= 100_000), (lambda n: n == 10_000)

# name; words of the command; row of a peer that does the same; targets
Command = namedtuple("Command", "name words peer targets")
# text; sizes that it is meant for; what is looked at; what each may be, of the results by name, the sockets and what it is
Target = namedtuple("Target", "text sizes measures allowed")
# name; words for the load; words for sizes where it is measured
Place = namedtuple("Place", "name load commands")


TIMES = ("wall_us", "cpu_us")


def times(factor, of, sizes=BIG, text=None):
    return Target(text or f"{factor} {of}", sizes, TIMES, lambda by, n, what: factor * getattr(by[of], what))


def memory(per_socket=0):
    text = "4 MiB" + (f" + {per_socket} B/socket" if per_socket else "")
    return Target(text, ALWAYS, ("rss_kib",), lambda by, n, what: 4 * MIB + n * per_socket / 1024)


def dump_and_walk(dump, walk, text):
    return Target(text, BIG, TIMES, lambda by, n, what: dump * getattr(by["raw"], what) + walk * getattr(by["walk"], what))


USER_OF_SS = Target("user 0.05 ss -tanH", BIG, ("user_us",), lambda by, n, what: 0.05 * by["ss -tanH"].user_us)

# the connections of the leak are 5 % of all, and in processes of their own
LEAK_SHARE = 0.05

# no finding, whatever the load does for however long
SILENT = [word for finding in ("close-wait-leak=99h", "fin-wait-2-held=99h", "port-exhaustion=99", "fd-exhaustion=99",
                               "connect-search-cliff=99")
          for word in ("--warn", finding, "--crit", finding.replace("99", "100"))]

CHECK = Command("check", ["SOCKVET", "check", *SILENT], "ss -tan", [times(1.3, "raw+bound"), memory()])

MIXED = [
    Command("raw", ["LIMIT", "dump"], None, []),
    Command("raw+bound", ["LIMIT", "dump-bound"], None, []),
    Command("raw+info", ["LIMIT", "dump-info"], None, []),
    Command("walk", ["LIMIT", "walk"], None, []),
    Command("ss -tanH", ["ss", "-tanH"], None, []),
    Command("ss -tan", ["ss", "-tan"], None, []),
    Command("ss -tani", ["ss", "-tani"], None, []),
    Command("ss -tanp", ["ss", "-tanp"], None, []),
    Command("ss close-wait", ["ss", "-tanH", "state", "close-wait"], None, []),
    Command("ss :443", ["ss", "-tanH", "dport", "=", ":443"], None, []),
    Command("netstat -tan", ["netstat", "-tan"], None, []),
    Command("lsof -i", ["lsof", "-nP", "-iTCP"], None, []),
    CHECK,
    Command("check owners", ["SOCKVET", "check", "--warn", "close-wait-leak=1ms"], "ss -tanp",
            [dump_and_walk(2, LEAK_SHARE, "2 raw + 0.05 walk"), memory(56)]),
    Command("list -tanH", ["SOCKVET", "list", "-tanH"], "ss -tanH",
            [times(1.15, "raw"), USER_OF_SS, times(0.35, "ss -tanH", TEN_THOUSAND), memory()]),
    Command("list jsonl", ["SOCKVET", "list", "-tan", "--jsonl"], "ss -tan", [times(1.2, "raw"), memory()]),
    Command("list -i jsonl", ["SOCKVET", "list", "-tani", "--jsonl"], "ss -tani", [times(1.2, "raw+info"), memory()]),
    Command("list close-wait", ["SOCKVET", "list", "-tanH", "state", "close-wait"], "ss close-wait",
            [times(0.25, "raw"), memory()]),
    Command("list :443", ["SOCKVET", "list", "-tanH", "dport", "=", ":443"], "ss :443",
            [times(0.35, "raw"), memory()]),
    Command("list -tanp", ["SOCKVET", "list", "-tanp"], "ss -tanp",
            [dump_and_walk(1, 1.05, "raw + 1.05 walk"), times(0.35, "ss -tanp", TEN_THOUSAND), memory(56)]),
]

DOUBT = [
    Command("raw", ["LIMIT", "dump"], None, []),
    Command("raw+bound", ["LIMIT", "dump-bound"], None, []),
    CHECK._replace(peer=None),
]

# nothing is half-closed, so that no socket is looked at again
HEALTHY = [*DOUBT[:2], CHECK._replace(peer=None, targets=[times(1.15, "raw"), memory()])]

IDLE = [
    Command("raw", ["LIMIT", "dump"], None, []),
    Command("ss -tanH", ["ss", "-tanH"], None, []),
    CHECK._replace(peer="ss -tanH", targets=[times(0.6, "ss -tanH", ALWAYS), memory()]),
    Command("list -tanH", ["SOCKVET", "list", "-tanH"], "ss -tanH", [times(0.6, "ss -tanH", ALWAYS), memory()]),
]

PLACES = {place.name: place for place in (
    Place("mixed", ["cgroup=1"], MIXED),
    Place("healthy", ["close_wait=0"], HEALTHY),
    Place("budgets in doubt", ["doubt=1"], DOUBT),
    Place("idle", [], IDLE),
)}
IDLE_SOCKETS = 30
