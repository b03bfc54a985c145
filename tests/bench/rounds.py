# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside a load: every command of a place in turn, round after round. Prints a JSON line for each run.

    rounds.py TIMED PLACE ROUNDS LIMIT_S BUDGET_S SKIP...     with SOCKVET and LIMIT in the environment

A command that used up its budget, or ran into the limit, is not started again.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import commands


def words_of(command):
    return [os.environ.get(word, word) if word in ("SOCKVET", "LIMIT") else word for word in command.words]


def run_once(timed, command, limit_s):
    words = words_of(command)
    if not shutil.which(words[0]):
        return {"name": command.name, "missing": words[0]}
    told = subprocess.run([timed, str(limit_s), *words], stdout=subprocess.PIPE, check=True, text=True).stdout
    wall, user, system, rss, size, status = map(int, told.split())
    return {"name": command.name, "wall_us": wall, "user_us": user, "cpu_us": user + system, "rss_kib": rss,
            "bytes": size, "status": status}


def warm():
    """Whoever comes behind `lsof` finds none of the sockets in the processor's caches, and takes half as long again."""
    subprocess.run([os.environ["LIMIT"], "dump"], stdout=subprocess.DEVNULL, check=True)


def time_waits():
    with open("/proc/net/sockstat") as sockstat:
        words = next(line for line in sockstat if line.startswith("TCP:")).split()
    return int(words[words.index("tw") + 1])


def renew_time_waits(wanted):
    """They live for 60 s; process 1 makes those that are gone. Returns how many are to be there from now on."""
    if time_waits() >= wanted:
        return wanted
    os.kill(1, signal.SIGUSR1)
    patience = time.monotonic() + 10
    while time_waits() < wanted and time.monotonic() < patience:
        time.sleep(0.01)
    # among very many they go while they are made; what there is will do, and nobody waits for them again
    return min(wanted, time_waits())


def main():
    timed, place, rounds, limit_s, budget_s, *skip = sys.argv[1:]
    asked = [command for command in commands.PLACES[place].commands if command.name not in skip]
    spent_s = dict.fromkeys((command.name for command in asked), 0.0)
    wanted = time_waits()
    for number in range(int(rounds)):
        for command in asked[number % len(asked):] + asked[:number % len(asked)]:
            if spent_s[command.name] > float(budget_s):
                continue
            wanted = renew_time_waits(wanted)
            warm()
            result = run_once(timed, command, limit_s)
            ended = "missing" in result or result["status"] == 124
            spent_s[command.name] += 1e9 if ended else result["wall_us"] / 1e6
            print(json.dumps(result), flush=True)


main()
