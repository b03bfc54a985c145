# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes every situation of a file side by side, waits once, and judges each with check.

side_by_side.py SOCKVET sick|healthy [PART-OF-TITLE]: in a user namespace of its own, as its root. Prints a line
for each: `ok` or `not ok`, the group, the title; what was wrong is in lines that begin with #.
"""
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time

import hosts

sys.setswitchinterval(0.02)
SETTLE_S = 2.5          # ages of a second, and the kernel's first retransmissions
PATIENCE_S = 15         # for a finding whose age is still below its threshold


def start(situation):
    """Its process; a line of JSON comes through the pipe when the state is there."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        hosts.ends_in_time()
        os.closerange(3, write)     # what comes from the others
        error = None
        try:
            hosts.unshare_network()
            hosts.loopback_up()
            hosts.comm(situation.make.__name__.replace("_", "-"))
            situation.make()
        except hosts.NotHere as e:
            error = "skip: " + str(e)
        except BaseException as e:      # told by the parent
            error = f"{type(e).__name__}: {e}, line {e.__traceback__.tb_next.tb_lineno if e.__traceback__.tb_next else '?'}"
        os.write(write, json.dumps(error).encode())
        os.close(write)
        while True:
            signal.pause()
    os.close(write)
    return pid, read


def result_of(read):
    if not select.select([read], [], [], 60)[0]:
        return "not made within 60 s"
    return json.loads(os.read(read, 65536) or '"its process ended"')


def check(tool, pid, options):
    done = subprocess.run([tool, "check", "--json", "-N", str(pid), *options], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=60, check=False)
    if not done.stdout:
        return done.returncode, {"findings": [], "end": {"complete": False}, "error": done.stderr}
    return done.returncode, json.loads(done.stdout)


def short(finding):
    return json.dumps({k: v for k, v in finding.items() if k not in ("fix", "avoid", "sockets", "time", "host", "boot_id", "netns")})


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return None


def is_named(found, who):
    subject = found["subject"]
    if subject.get("pid"):
        return subject["comm"] == who and name_of(subject["pid"]) == who
    names = [p["comm"] for p in subject.get("processes") or []]
    return who in names if names else who in found["cause"]


def matches(found, wanted):
    """What of WANTED is not so in FOUND."""
    faults = []
    if wanted["count"] is not None and found["count"] != wanted["count"]:
        faults.append(f"count {found['count']} and not {wanted['count']}")
    if wanted["who"] and not is_named(found, wanted["who"]):
        faults.append(f"{wanted['who']} is not named")
    for key, value in wanted["evidence"].items():
        told = found["evidence"].get(key)
        if isinstance(value, dict):
            told = {k: (told or {}).get(k) for k in value}
        if told != value:
            faults.append(f"{key} is {told} and not {value}")
    return faults


def faults_of(status, answer, situation):
    found, faults = list(answer["findings"]), []
    for wanted in situation.finds:
        same = [f for f in found if f["id"] == wanted["id"]]
        best = min(same, key=lambda f: len(matches(f, wanted)), default=None)
        if best is None:
            faults.append(f"no {wanted['id']}")
            continue
        faults += [f"{wanted['id']}: {text}" for text in matches(best, wanted)]
        found.remove(best)
    faults += [f"{f['id']}, which is not wanted" for f in found if f["severity"] != "notice"]
    if not answer["end"]["complete"]:
        faults.append(f"incomplete: {answer['end'].get('gaps') or answer.get('error')}")
    if not situation.finds and status:
        faults.append(f"status {status}")
    return faults


def look(tool, situation, pid):
    """What is wrong with what check says, and the findings."""
    status, answer = check(tool, pid, situation.options)
    faults = faults_of(status, answer, situation)
    for option in situation.lower if not faults else ():
        status, answer = check(tool, pid, ["--warn", option])
        faults += [f"with --warn {option}: {f}" for f in faults_of(status, answer, situation)]
    return faults, [short(f) for f in answer["findings"]] if faults else []


def judge(tool, made):
    """The faults of each. What is healthy is so at every look; for what is sick an age may be missing yet."""
    told = [(error and [error], []) if error else look(tool, situation, pid) for situation, pid, error in made]
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        again = [i for i, (situation, _, error) in enumerate(made) if situation.finds and told[i][0] and not error]
        if not again:
            break
        time.sleep(0.5)
        for i in again:
            told[i] = look(tool, *made[i][:2])
    return told


def main():
    tool, kind, part = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""
    os.environ["SOCKVET"] = tool
    importlib.import_module(kind)
    chosen = [s for s in hosts.SITUATIONS if part in s.title + s.make.__name__]
    started = [(situation, *start(situation)) for situation in chosen]
    made = [(situation, pid, result_of(read)) for situation, pid, read in started]
    time.sleep(SETTLE_S)
    for (situation, _, error), (faults, found) in zip(made, judge(tool, made)):
        skipped = error and error.startswith("skip: ")
        print("ok" if skipped or not faults else "not ok", f"{situation.group}: {situation.title}")
        print("".join(f"# {line}\n" for line in faults + found), end="")
    for situation, pid, _ in made:
        os.kill(pid, signal.SIGKILL)


main()
