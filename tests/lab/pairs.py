# SPDX-License-Identifier: GPL-2.0-or-later
"""Every pair of options of each command: both are obeyed, or the pair is refused.

pairs.py SOCKVET FOLDER: to be run in a network namespace of its own, as its root. Makes
sockets of every kind, then runs each command with A, with B and with both. Obeyed is what
changes the output: both together are neither what A alone gives nor what B alone gives. Refused
is status 3, nothing printed and one line on standard error. Whatever else there is, is
a row of SATISFIED, or it is told and the status is 1.
"""
import ctypes
import functools
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time

SOCKVET, FOLDER = sys.argv[1:3]
ONLY = sys.argv[3:]
KEEP = []
MPTCP = 262
PROGRAM = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 65535))
FILTER = struct.pack("HP", 1, ctypes.addressof(PROGRAM))


def connected(family, address, port=8080):
    server = socket.socket(family)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, port))
    server.listen()
    client = socket.socket(family)
    client.connect(server.getsockname()[:2])
    taken = server.accept()[0]
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    KEEP.extend((server, client, taken))
    return client, taken


def streams(family, address):
    client, taken = connected(family, address)
    client.send(b"unread")
    connected(family, address, 8081)[0].close()
    KEEP.append(taken)


def several(family, address, kind, protocol, port):
    """Sockets with an address of their own, five of them with a peer, too."""
    first = socket.socket(family, kind, protocol)
    first.bind((address, port))
    if protocol == MPTCP:
        first.listen()
    KEEP.append(first)
    for _ in range(5):
        KEEP.append(socket.socket(family, kind, protocol))
        if kind == socket.SOCK_STREAM and not protocol:
            KEEP[-1].bind((address, 0))
        else:
            KEEP[-1].connect((address, port))


def listener(family, address):
    KEEP.append(socket.create_server((address, 8443), family=family))


def other_families():
    local = socket.socket(socket.AF_UNIX)
    local.bind("\0pairs")
    local.listen()
    for _ in range(5):
        KEEP.append(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3))
        KEEP[-1].setsockopt(socket.SOL_SOCKET, 26, FILTER)
    KEEP.extend(socket.socketpair())
    KEEP.append(local)


def elsewhere():
    """Connections in a namespace beside ours."""
    ctypes.CDLL(None).unshare(0x40000000)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    streams(socket.AF_INET, "127.0.0.1")


def make_sockets():
    """Each kind in a process of its own, so that --pids tells them apart."""
    kinds = [other_families, elsewhere]
    for end in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        kinds += [functools.partial(streams, *end), functools.partial(listener, *end)]
        kinds += [functools.partial(several, *end, *how) for how in (
            (socket.SOCK_STREAM, 0, 7070), (socket.SOCK_DGRAM, 0, 5353),
            (socket.SOCK_STREAM, MPTCP, 6060), (socket.SOCK_RAW, 1, 0))]
    for make in kinds:
        ready, done = os.pipe()
        if os.fork() == 0:
            make()
            os.write(done, b".")
            signal.pause()
        os.read(ready, 1)
    KEEP.extend((None, None))


def fresh():
    """A connection to port 9090, both ends."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 9090))
        server.listen()
        return socket.create_connection(server.getsockname()), server.accept()[0]


def options_of(command):
    rows = [line.split("\t") for line in ask("tables", "options")[1].splitlines()]
    return [row[0][2:] for row in rows if command in row[3].split(",")]


def ask(*words, seconds=20.0):
    done = subprocess.run([SOCKVET, *words], capture_output=True, text=True, timeout=seconds,
                          stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout, done.stderr


# What an option is tried with, beside its own name; more words than one are all of that option.
VALUES = {
    "netns": ["--netns=" + str(os.getpid())], "from": ["--from=" + os.path.dirname(__file__) + "/../golden/every-state/recording"],
    "record": ["--record=" + FOLDER + "/made"], "deadline": ["--deadline=20"],
    "color": ["--color=always"], "warn": ["--warn=port-exhaustion=1"], "crit": ["--crit=port-exhaustion=2"],
    "dev": ["--dev=lo"], "uid": ["--uid=1"], "from-address": ["--from-address=127.0.0.1"],
    "family": ["--family=inet6"], "query": ["--query=raw,tcp"], "diag": ["--diag=" + FOLDER + "/dump"],
    "filter": ["--filter=" + FOLDER + "/filter"], "max": ["--max=3"], "yes": ["--kill", "--yes"],
    "continuous": ["--continuous=0.05"], "sort": ["--sort=local"], "by": ["--by=sport"],
    "top": ["--top=3"], "unix": ["--unix", "--tcp"], "packet": ["--packet", "--tcp"],
    "mptcp": ["--mptcp", "--tcp"], "raw": ["--raw", "--tcp"], "bpf": ["--bpf", "--packet"], "columns": ["--columns=STATE,LPORT,UID"],
}


# Rows may happen to be in that order already.
OTHERWISE = {"sort": ["--sort=-local"]}


def words_of(option):
    return VALUES.get(option, ["--" + option])


FOLLOWS = {"events", "continuous"}


def follow(words):
    """What -E and -c print until they have shown what they do."""
    with subprocess.Popen([SOCKVET, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        out, end = b"", time.monotonic() + 0.3
        while time.monotonic() < end and out.count(b"\n") < 60:
            if "--events" in words:
                for sock in fresh():
                    sock.close()
                udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                udp.connect(("127.0.0.1", 5353))
                udp.close()
            if select.select([child.stdout], [], [], 0.02)[0]:
                got = os.read(child.stdout.fileno(), 65536)
                out += got
                if not got:
                    break
        child.send_signal(signal.SIGINT)
        rest, err = child.communicate(timeout=20)
        out += rest
    status = child.returncode if child.returncode >= 0 else 0
    return status, out.decode(), err.decode()


def normal(text, changes):
    """Without what is another in each run: times, and numbers that the kernel chose."""
    text = re.sub(r"[0-9-]+T[0-9:.]+Z|[0-9.]+(ms|sec|min|hour|h|m|s)|_ms\": ?[0-9]+", "T", text)
    return re.sub(" +", " ", re.sub("[0-9]+" if changes else "[0-9]{5,}", "N", text))


def run(command, options, more):
    words = [command] + [word for option in options for word in words_of(option)] + more
    if ":9090" in more:
        KEEP[-2:] = fresh()
    status, out, err = follow(words) if FOLLOWS & set(options) else ask(*words)
    again = out.count("Recv-Q") > 1 or out.count("header") > 1
    out, err = (normal(text, command == "list" and {"info", "json", "jsonl", "events"} & set(options))
                for text in (out, err))
    if FOLLOWS & set(options):
        out = "\n".join(sorted(set(out.splitlines()))) + ("again" if again else "")
    return status, out, err


MORE = {
    "check": lambda pair: [], "bind": lambda pair: ["8080"],
    "connect": lambda pair: ["127.0.0.1:8080"],
    "list": lambda pair: ["sport", "=", ":9090"] if "yes" in pair else
            ["sport", "=", ":8080"] if "kill" in pair else [],
}

# Both are obeyed though one of them changes nothing: (command or "", this, beside one of these, why).
SATISFIED = [
    ("list", "all listening bound-inactive", "all listening bound-inactive", "as in ss, the last one decides"),
    ("list", "tcp udp raw mptcp", "query", "as in ss, -A forgets the tables before it"),
    ("list", "packet bpf", "query", "as in ss, -A shows connected sockets"),
    ("list", "query", "raw", "both name raw"),
    ("list", "ipv6", "family", "both name IPv6"),
    ("", "color ascii wide no-header no-queues oneline", "json jsonl csv tsv pids by summary yes events",
     "there is none of it"),
    ("list", "options cgroup columns extended", "json jsonl", "JSON has it without being asked"),
    ("list", "options processes", "extended threads events", "it is shown there"),
    ("list", "options", "udp raw listening bound-inactive query bpf filter mptcp", "no timer runs on these"),
    ("list", "memory info tos inet-sockopt cgroup", "bpf raw mptcp query", "these sockets have none"),
    ("list", "resolve", "bpf raw mptcp", "no name is known"),
    ("list", "processes", "pids", "the pids are these processes"),
    ("list", "no-queues", "columns", "they are not among the columns"),
    ("list", "all", "events", "sockets are followed in every state"),
    ("list", "all listening bound-inactive processes extended options memory info tos cgroup inet-sockopt "
     "threads resolve from", "summary", "as in ss, the summary alone without a table"),
    ("list", "resolve", "json jsonl csv tsv pids by", "programs get numbers"),
    ("list", "no-queues", "by json jsonl", "both queues are always in it"),
    ("list", "processes", "by", "the keys are the columns"),
    ("list", "threads tos", "kill yes", "what is closed is told in a form of its own"),
    ("list", "columns no-header oneline options extended memory info tos cgroup inet-sockopt", "yes",
     "what was closed is told in a form of its own"),
    ("list", "columns threads bpf no-queues oneline resolve options extended memory info tos cgroup "
     "inet-sockopt listening bound-inactive", "events", "all that the kernel tells of a freed socket is shown"),
    ("list", "sort columns threads", "pids", "it is the pids alone, in ascending order"),
    ("list", "threads", "by", "the keys are the columns"),
    ("list", "kill", "quiet", "the listing of what would be closed, without the note"),
    ("", "ipv4", "ipv6 from", "both families; or all that was recorded is IPv4"),
    ("", "verbose", "from udp all-netns", "no walk through /proc was needed"),
    ("list", "filter", "from", "all that was recorded goes to port 8080"),
    ("list", "ipv4", "events", "the sockets that are freed are IPv4"),
    ("bind", "uid", "all-netns", "the first in the way shares with nobody"),
    ("list", "options processes threads ipv4 ipv6 resolve memory info tos extended cgroup inet-sockopt",
     "top", "the first rows may have none, or be of one family"),
    ("list", "mptcp", "pids", "its subflows are TCP sockets of the same process"),
    ("list", "sort", "bpf", "packet sockets have no address"),
    ("list", "sort", "continuous", "the rows of several rounds are compared as a set"),
    ("", "quiet", "json jsonl all-netns", "there is something to say, or a program reads it"),
    ("", "ascii color all-netns from ipv4 ipv6 bind-first probe verbose", "quiet", "nothing to say"),
]


def is_satisfied(command, one, other):
    return any(row[0] in ("", command) and one in row[1].split() and other in row[2].split()
               for row in SATISFIED)


def is_refused(result):
    status, out, err = result
    return status == 3 and not out and err.startswith("sockvet: ") and err.count("\n") == 1


def pairs_of(options):
    """Those that change the sockets last."""
    pairs = [(one, other) for i, one in enumerate(options) for other in options[i + 1:]]
    return sorted(pairs, key=lambda pair: bool({"events", "yes"} & set(pair)))


def ignored(command, pair, alone):
    more = MORE[command](pair)
    base = alone(None, more)
    if any(alone(option, more) == base for option in pair):
        return []       # without effect here, so nothing would be seen
    both = run(command, pair, more)
    if is_refused(both):
        return []
    return [b for a, b in (pair, pair[::-1])
            if not is_refused(alone(b, more)) and both == alone(a, more)]


def ignored_always(command, pair, alone):
    found = ignored(command, pair, alone)
    for _ in range(2):      # sockets come and go: once is no proof
        if found:
            found = ignored(command, pair, functools.partial(run_alone, command))
    if not found or not set(OTHERWISE) & set(pair):
        return found
    usual = dict(VALUES)
    VALUES.update(OTHERWISE)
    found = ignored(command, pair, functools.partial(run_alone, command))
    VALUES.update(usual)
    return found


def run_alone(command, option, more):
    return run(command, [option] if option else [], more)


def try_command(command):
    options = [o for o in options_of(command) if o not in LEFT_OUT]
    cache, found = {}, 0

    def alone(option, more):
        key = (option, tuple(more))
        if key not in cache:
            cache[key] = run_alone(command, option, more)
        return cache[key]
    for pair in pairs_of(options):
        if pair == ("kill", "yes"):     # one of them is both
            continue
        if ONLY and not set(pair) & set(ONLY):
            continue
        for option in ignored_always(command, pair, alone):
            beside = pair[0] if option == pair[1] else pair[1]
            if not is_satisfied(command, option, beside):
                print(f"{command}: --{option} has no effect beside --{beside}, which is not refused")
                found += 1
    return found


# They end before anything is listed.
LEFT_OUT = ("help", "version")


def main():
    signal.signal(signal.SIGINT, signal.default_int_handler)    # children are to end with it
    make_sockets()
    with open(FOLDER + "/filter", "w", encoding="ascii") as file:
        file.write("sport = :8080 or sport = :8081 or dport = :8080\n")
    sys.exit(1 if sum([try_command(command) for command in MORE]) else 0)


main()
