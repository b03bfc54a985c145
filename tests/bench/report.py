# SPDX-License-Identifier: GPL-2.0-or-later
"""What bench.py found, for a person and for a page."""
import math
import sys
from collections import namedtuple

# a place, its sockets, results and troubles by name of the command
Table = namedtuple("Table", "place sockets results troubles")

HEADING = ("command", "wall ms", "cpu ms", "raw wall", "raw cpu", "ss wall", "ss cpu", "MiB", "runs",
           "targets: at most, and how much of it")
SHORT = {"wall_us": "wall", "cpu_us": "cpu", "user_us": "", "rss_kib": ""}
PLOT_ROWS, PLOT_COLUMNS = 18, 60
LINEAR_SLACK = 0.1


def ratio(result, base, what):
    return f"{getattr(result, what) / getattr(base, what):.2f}" if base and getattr(base, what) else "-"


def verdicts(command, table):
    """(text, [(what, share of what is allowed)]) of each target that is meant for this size and can be judged."""
    for target in command.targets:
        if not target.sizes(table.sockets):
            continue
        shares = []
        for what in target.measures:
            try:
                allowed = target.allowed(table.results, table.sockets, what)
            except KeyError:
                continue
            if allowed:
                shares.append((what, getattr(table.results[command.name], what) / allowed))
        if shares:
            yield target.text, shares


def share_words(what, share):
    return f"{'met' if share <= 1 else 'NOT MET'} {SHORT[what]} {share:.2f}".replace("  ", " ")


def verdict_words(command, table):
    return "; ".join(f"{text}: {', '.join(share_words(*share) for share in shares)}"
                     for text, shares in verdicts(command, table))


def row(command, table):
    result = table.results.get(command.name)
    if not result:
        return (command.name, *"-" * 8, table.troubles.get(command.name, "not run"))
    raw, peer = table.results.get("raw"), table.results.get(command.peer)
    return (command.name, f"{result.wall_us / 1e3:.1f}", f"{result.cpu_us / 1e3:.1f}",
            ratio(result, raw, "wall_us"), ratio(result, raw, "cpu_us"),
            ratio(result, peer, "wall_us"), ratio(result, peer, "cpu_us"),
            f"{result.rss_kib / 1024:.1f}", str(result.runs), verdict_words(command, table))


def print_aligned(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    for cells in rows:
        line = [cells[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(cells[1:-1], widths[1:-1])), cells[-1]]
        print("  ".join(line).rstrip())


def print_table(table):
    print(f"\n{table.sockets:,} sockets, {table.place.name}: medians; raw = the kernel's answer thrown away,"
          " ss = the same asked of ss")
    print_aligned([HEADING, *(row(command, table) for command in table.place.commands)])
    sys.stdout.flush()


# ---- growth -----------------------------------------------------------------

def points_of(name, tables):
    return [(math.log10(table.sockets), math.log10(table.results[name].cpu_us))
            for table in tables if name in table.results and table.results[name].cpu_us > 0]


def exponent(points):
    """Least squares over all sizes; 1 is linear."""
    middle_x, middle_y = (sum(axis) / len(points) for axis in zip(*points))
    below = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / below


def growth_row(letter, name, points, raw):
    """A start-up makes the fit flat; the last step shows what is left of it, and a square."""
    last = exponent(points[-2:])
    linear = last <= max(exponent(raw[-2:]), 1) + LINEAR_SLACK
    return letter, name, f"{exponent(points):.2f}", f"{last:.2f}", "linear" if linear else "MORE THAN LINEAR"


def plot(curves):
    xs, ys = zip(*(point for _, _, points in curves for point in points))
    left, low = min(xs), min(ys)
    step_x, step_y = (max(xs) - left) / PLOT_COLUMNS, (max(ys) - low) / PLOT_ROWS or 1
    cells = [[" "] * (PLOT_COLUMNS + 1) for _ in range(PLOT_ROWS + 1)]
    for letter, _, points in curves:
        for x, y in points:
            line, at = cells[round((y - low) / step_y)], round((x - left) / step_x)
            while at < PLOT_COLUMNS and line[at] != " ":
                at += 1
            line[at] = letter
    for number in range(PLOT_ROWS, -1, -1):
        print(f"{10 ** (low + number * step_y) / 1e3:12,.1f} |{''.join(cells[number]).rstrip()}")
    print(" " * 13 + "+" + "-" * (PLOT_COLUMNS + 1))
    print(" " * 13 + f"{10 ** left:<,.0f}" + f"{10 ** max(xs):,.0f} sockets".rjust(PLOT_COLUMNS))


def print_growth(tables):
    """Cost against sockets, both logarithmic: a line of slope 1 is linear. Points on one spot stand beside it."""
    if len(tables) < 2:
        print("\ngrowth: it takes more than one size")
        return
    raw = points_of("raw", tables)
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    curves = [(next(letters), command.name, points_of(command.name, tables)) for command in tables[0].place.commands]
    curves = [curve for curve in curves if len(curve[2]) > 1]
    print("\nuser + system ms against sockets, both logarithmic")
    plot(curves)
    print()
    print_aligned([("", "command", "exponent", "last step", ""),
                   *(growth_row(*curve, raw) for curve in curves)])


# ---- for a page -------------------------------------------------------------

def print_markdown(table):
    """Ratios, no times: what another machine can be compared with."""
    print(f"\n{table.sockets:,} sockets, {table.place.name}\n")
    print("| command | of raw, wall | of raw, CPU | of ss, wall | of ss, CPU | peak MiB |")
    print("|---|---|---|---|---|---|")
    for command in table.place.commands:
        name, _, _, raw_wall, raw_cpu, ss_wall, ss_cpu, mib, *_ = row(command, table)
        if command.name in table.results:
            print(f"| `{name}` | {raw_wall} | {raw_cpu} | {ss_wall} | {ss_cpu} | {mib} |")
    sys.stdout.flush()
