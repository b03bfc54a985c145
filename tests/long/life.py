#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""life.py SOCKVET SECONDS: sockvet runs for long while connections come and go.

In a user and network namespace of its own. `list -c` and `list -E` follow the same load; told are the memory of both at the
start and at the end, whether the beat of -c was kept, and whether the events are as many as the sockets that were closed. The
status is 1 when memory grew, the beat drifted, or an event is missing and not counted as lost.
"""
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

INTERVAL_S = 0.2
SETTLED = 0.2           # of the time: from then on memory may not grow
MOST_GROWTH_KIB = 256
MOST_LATE = 0.05        # share of the beats, where the run is long enough to tell
LONG_BEATS = 300
LINGER_RESET = b"\1\0\0\0\0\0\0\0"
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


def own_namespaces():
    uid = os.getuid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER | CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    with open("/proc/self/uid_map", "w") as file:
        file.write(f"0 {uid} 1")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


class Load(threading.Thread):
    """Opens and resets connections, so that each ends at once: two sockets freed for each."""

    def __init__(self):
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self.connections = 0
        self.server = socket.socket()
        self.server.bind(("127.0.0.1", 0))
        self.server.listen(128)

    def run(self):
        while not self.stopping.is_set():
            for _ in range(20):
                client = socket.create_connection(self.server.getsockname())
                accepted, _ = self.server.accept()
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
                client.close()
                accepted.close()
                self.connections += 1
            time.sleep(0.005)


def memory_kib(pid):
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0


class Follower(threading.Thread):
    """Reads the records that one sockvet writes, and keeps what is asked about them."""

    def __init__(self, command):
        super().__init__(daemon=True)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.times, self.events, self.lost = [], 0, 0
        self.start()

    def run(self):
        for line in self.process.stdout:
            record = json.loads(line)
            if record["type"] == "header":
                self.times.append(time.monotonic())
            elif record["type"] == "event":
                self.events += 1
            elif record["type"] == "gap":
                self.lost += record["count"]

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        self.join()
        return self.process.returncode


def follow(sockvet, seconds):
    repeat = Follower([sockvet, "list", "-tan", "--jsonl", "-c", str(INTERVAL_S)])
    events = Follower([sockvet, "list", "-tE", "--jsonl"])
    while not events.times or not repeat.times:
        time.sleep(0.01)
    load = Load()
    load.start()
    time.sleep(seconds * SETTLED)
    early = [memory_kib(f.process.pid) for f in (repeat, events)]
    time.sleep(seconds * (1 - SETTLED))
    load.stopping.set()
    load.join()
    time.sleep(2 * INTERVAL_S)
    late = [memory_kib(f.process.pid) for f in (repeat, events)]
    statuses = [repeat.end(), events.end()]
    return repeat, events, load, early, late, statuses


def report(repeat, events, load, early, late, statuses):
    problems = []
    for name, before, after in zip(("-c", "-E"), early, late):
        print(f"list {name}: {before} KiB early, {after} KiB at the end")
        if after > before + MOST_GROWTH_KIB:
            problems.append(f"memory of list {name} grew")
    beats = (repeat.times[-1] - repeat.times[0]) / INTERVAL_S
    print(f"list -c: {len(repeat.times)} rounds in {beats:.1f} beats of {INTERVAL_S} s")
    if len(repeat.times) - 1 > beats + 1:
        problems.append("rounds ran after each other")
    if beats > LONG_BEATS and len(repeat.times) < beats * (1 - MOST_LATE):
        problems.append("the beat drifted")
    closed = 2 * load.connections
    print(f"list -E: {closed} sockets closed, {events.events} told, {events.lost} lost")
    if events.events + events.lost < closed:
        problems.append("events are missing")
    if any(status != -signal.SIGINT for status in statuses):
        problems.append(f"ended with {statuses}")
    print("; ".join(problems) if problems else "nothing grew, nothing was lost")
    return 1 if problems else 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)        # a shell ignores it for what it starts in the background
    own_namespaces()
    sys.exit(report(*follow(os.path.abspath(sys.argv[1]), float(sys.argv[2]))))
