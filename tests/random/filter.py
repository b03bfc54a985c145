#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random filters on live sockets: the rows must be those of the installed ss, and the same wherever they are tested.

About 90 sockets in a namespace of their own: IPv4, IPv6, mapped, bound to devices, marked, in many states. Each
filter is asked three times: of sockvet, where the kernel tests what it can; of sockvet reading a recording, where all
is tested in the program; and of ss, if ss knows its words and is right about them.
"""
import argparse
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import common

SO_MARK = 36
V4, V6 = socket.AF_INET, socket.AF_INET6
PORTS = ("0", "80", "443", "8080", "7000", "7001", "81", "40004", "40010", "5000", "8022", "http", "https", "32768",
         "1024", "65535")
HOSTS = ("127.0.0.0/8", "127.0.0.1", "127.0.0.2", "10.9.0.0/24", "10.9.0.1", "[::1]", "[fd00::1]", "[fd00::/8]",
         "[fe80::/10]", "[::ffff:127.0.0.1]", "[::ffff:0:0/96]", "*", "127.0.0.1/9", "10/8", "127.0.0.1/255.0.0.0",
         "fd00::/16", "::1:7000", "[::]", "0.0.0.0", "any")
# Not compared with ss: its prefix test of IPv4 looks at the first bytes of an IPv6 address too, and it takes a prefix
# of no bits for no condition, also under a `not`.
HOSTS_OF_OURS = ("0.0.0.0/0", "::/0", "0.0.0.0/1")
STATES = ("", "", "", "state established", "exclude time-wait", "state connected", "state bucket", "state big",
          "exclude listening exclude close-wait", "state close-wait state fin-wait-2", "state synchronized")
# Not compared with ss: there an exclude after a state does not take it out again.
STATES_OF_OURS = ("state connected exclude established", "state all exclude listening", "state bound")
LOOSE = 9999    # bound and nothing else: ss lists such sockets only alone (-B), so they are not compared with it
OURS = ("recvq > 0", "sendq = 20", "user = 0", "user != 0", "retrans < 1", "comm = python*", "recvq <= 1",
        "opener = here", "opener != peer", "age < 1h", "idle > 1h", "pid > 1", "not finding = close-wait-leak",
        "rtt < 10s")


TOTALS = ("filters", "compared with ss", "with rows", "rows", "wrong")


class World:
    """The sockets. They stand still: nobody reads, writes or closes one of them while they are listed."""

    def __init__(self):
        self.kept = []
        self.born = time.monotonic()
        route = common.Route()
        route.up("lo")
        route.veth("d0", "d1")
        for name in ("d0", "d1"):
            route.up(name)
        route.address("d0", "10.9.0.1/24")
        route.address("d0", "fd00::1/64")
        route.wait_for(["fd00::1"])
        common.sysctl("ipv4/tcp_fin_timeout", 600)
        common.sysctl("ipv4/ip_local_reserved_ports", "40004,40010")
        self.make()

    def listen(self, family, addr, port, only=None, dev=None, mark=None):
        sock = socket.socket(family)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if only is not None:
            sock.setsockopt(socket.IPPROTO_IPV6, common.IPV6_V6ONLY, only)
        self.mark(sock, dev, mark)
        sock.bind((addr, port))
        sock.listen(20)
        self.kept.append(sock)
        return sock

    @staticmethod
    def mark(sock, dev, mark):
        if dev:
            sock.setsockopt(socket.SOL_SOCKET, common.SO_BINDTODEVICE, dev.encode() + b"\0")
        if mark is not None:
            sock.setsockopt(socket.SOL_SOCKET, SO_MARK, mark)

    def pair(self, listener, family, addr, port, bind=None, dev=None, mark=None):
        client = socket.socket(family)
        self.mark(client, dev, mark)
        if bind:
            client.bind(bind)
        client.connect((addr, port))
        server, _ = listener.accept()
        self.kept += [client, server]
        return client, server

    def make(self):
        plain = self.listen(V4, "127.0.0.1", 8080)
        marked = self.listen(V4, "0.0.0.0", 80, mark=1)
        dual = self.listen(V6, "::", 7000, 0)
        six = self.listen(V6, "::1", 7001, 1)
        high = self.listen(V4, "0.0.0.0", 40004)
        chosen = self.listen(V4, "127.0.0.1", 0)
        far = self.listen(V6, "fd00::1", 8022, mark=3)
        self.listen(V4, "10.9.0.1", 443, dev="d0", mark=2)
        self.listen(V6, "::", 81, 1, dev="lo")
        for _ in range(3):
            self.pair(plain, V4, "127.0.0.1", 8080)
            self.pair(marked, V4, "127.0.0.2", 80, mark=2)
            self.pair(dual, V6, "::1", 7000)
            self.pair(dual, V6, "::ffff:127.0.0.1", 7000)
            self.pair(dual, V4, "127.0.0.1", 7000)
            self.pair(six, V6, "::1", 7001, dev="lo")
            self.pair(high, V4, "10.9.0.1", 40004)
            self.pair(far, V6, "fd00::1", 8022)
        self.pair(marked, V4, "127.0.0.1", 80, bind=("127.0.0.1", 40010))
        self.pair(marked, V4, "127.0.0.1", 80, bind=("127.0.0.3", 5000))
        self.pair(marked, V4, "10.9.0.1", 80, bind=("10.9.0.1", 0))
        self.pair(chosen, V4, *chosen.getsockname())
        for _ in range(3):
            self.close(plain, marked, dual)
        loose = socket.socket(V4)
        loose.bind(("127.0.0.1", LOOSE))
        self.kept.append(loose)

    def close(self, plain, marked, dual):
        """CLOSE_WAIT and an orphaned FIN_WAIT_2; a held FIN_WAIT_2; TIME_WAIT of either family; data unread."""
        client, _ = self.pair(plain, V4, "127.0.0.1", 8080)
        client.close()
        _, server = self.pair(dual, V6, "::1", 7000)
        server.shutdown(socket.SHUT_WR)
        client, server = self.pair(marked, V4, "127.0.0.1", 80)
        self.hang_up(server, client)
        client, server = self.pair(dual, V6, "::ffff:127.0.0.1", 7000)
        self.hang_up(client, server)
        client, server = self.pair(plain, V4, "127.0.0.1", 8080)
        client.send(b"four")
        common.wait_until(lambda: server.recv(4, socket.MSG_PEEK) == b"four")
        common.wait_until(self.is_settled, 5)

    @staticmethod
    def is_settled():
        """A FIN may wait for a delayed ACK: nothing is left in FIN_WAIT_1, LAST_ACK or CLOSING."""
        moving = {f"{state:02X}" for state in (common.FIN_WAIT_1, common.LAST_ACK, common.CLOSING)}
        for name in ("tcp", "tcp6"):
            with open(f"/proc/self/net/{name}") as table:
                if any(line.split()[3] in moving for line in list(table)[1:]):
                    return False
        return True

    @staticmethod
    def hang_up(first, second):
        first.shutdown(socket.SHUT_WR)
        common.wait_until(lambda: common.tcp_state(second) == common.CLOSE_WAIT)
        second.close()
        common.wait_until(lambda: common.tcp_state(first) != common.FIN_WAIT_2)
        first.close()


class Filters:
    def __init__(self, dice):
        self.dice = dice

    def port_test(self, _ours):
        dice = self.dice
        op = dice.choice(("= ", "== ", "eq ", "!= ", "ne ", "> ", "gt ", ">= ", "ge ", "< ", "lt ", "<= ", "leq ", ""))
        return f"{dice.choice(('sport', 'dport'))} {op}{dice.choice((':', ''))}{dice.choice(PORTS)}"

    def host_test(self, ours):
        dice = self.dice
        host = dice.choice(HOSTS + HOSTS_OF_OURS if ours else HOSTS)
        port = "" if host.endswith(("/16", ":7000", "/0")) else dice.choice(("", "", ":" + dice.choice(PORTS)))
        return f"{dice.choice(('src', 'dst'))} {dice.choice(('= ', '== ', 'eq ', ''))}{host}{port}"

    def port_only(self, _ours):
        return self.dice.choice(("src", "dst")) + " :" + self.dice.choice(PORTS)

    def device(self, _ours):
        return self.dice.choice(("dev = lo", "dev d0", "dev != lo", "dev = 1", "dev ne d0"))

    def mark(self, _ours):
        return self.dice.choice(("fwmark = 1", "fwmark != 0", "fwmark = 0x2/0x2", "fwmark ne 3/0x3", "fwmark 2"))

    def autobound(self, _ours):
        return "autobound"

    def word(self, ours):
        if ours and self.dice.random() < 0.3:
            return self.dice.choice(OURS)
        kinds = [self.port_test] * 4 + [self.host_test] * 4 + [self.port_only, self.device] + [self.mark] * 2
        return self.dice.choice(kinds + [self.autobound])(ours)

    def expression(self, depth, ours):
        parts = []
        for i in range(self.dice.randrange(1, 4)):
            if i:
                parts.append(self.dice.choice(("and", "or", "&", "&&", "|", "||", "")))
            part = self.word(ours)
            if depth and self.dice.random() < 0.4:
                part = f"( {self.expression(depth - 1, ours)} )"
            if self.dice.random() < 0.3:
                part = self.dice.choice(("not ", "! ")) + part
            parts.append(part)
        return " ".join(part for part in parts if part)

    def one(self, ours):
        states = self.dice.choice(STATES + STATES_OF_OURS if ours else STATES)
        return f"{states} {self.expression(self.dice.randrange(4), ours)}".strip()


def ss_is_right(text):
    """Where ss 6.1 gives other rows than its own words mean, it is no judge.

    It tests half of `autobound` (the port range) outside of the program for the kernel, where `not` and `or` do not
    reach it, and devices too; and an address of all zeros is taken for any address once something is negated.
    """
    negates = re.search(r"\bnot\b|!|\bne\b", text)
    if "autobound" in text and (negates or "dev" in text or re.search(r"\bor\b|\|", text)):
        return False
    return not ((negates or "dev" in text) and re.search(r"0\.0\.0\.0|\[::\]", text))


class Judge:
    def __init__(self, sockvet, folder):
        self.sockvet = sockvet
        self.recording = os.path.join(folder, "recording")
        self.run([sockvet, "record", "-q", self.recording])
        self.has_ss = shutil.which("ss") is not None

    @staticmethod
    def run(words):
        done = subprocess.run(words, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: status {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    @staticmethod
    def rows(text):
        """The columns of addresses and ports; that of the state is not there when only one is asked for."""
        found = []
        for line in text.splitlines():
            words = re.findall(r"\S+", line)
            start = 0 if words[0].isdigit() else 1
            found.append(tuple(words[start + 2:start + 4]))
        return sorted(found)

    def live(self, words):
        return self.rows(self.run([self.sockvet, "list", "-Htan", *words]))

    def here(self, words):
        return self.rows(self.run([self.sockvet, "list", "-Htan", "--from", self.recording, *words]))

    def recorded(self, words):
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "recording")
            return (self.rows(self.run([self.sockvet, "list", "-Htan", "--record", name, *words])),
                    self.rows(self.run([self.sockvet, "list", "-Htan", "--from", name, *words])))

    def ss(self, words, live):
        loose = [row for row in live if row[0].endswith(f":{LOOSE}")]
        return sorted(self.rows(self.run(["ss", "-Htan", *words])) + loose)

    def faults(self, text, quoted, by_ss, by_record):
        words = [text] if quoted else text.split()
        live = self.live(words)
        others = {"tested here": self.here(words)}
        if by_record:
            others["recorded"], others["replayed"] = self.recorded(words)
        if by_ss and self.has_ss:
            others["ss"] = self.ss(text.split(), live)
        return live, [f"{name}: only there {sorted(set(rows) - set(live))[:4]}, "
                      f"only live {sorted(set(live) - set(rows))[:4]}"
                      for name, rows in others.items() if rows != live]


def aim(has_ss):
    """What is counted: ss knows only a part of the filters."""
    return "compared with ss" if has_ss else "filters"


def compare(count, dice, judge, until):
    """Until so many are compared or the time is over: what is in TIME_WAIT goes after a minute."""
    filters = Filters(dice)
    total = dict.fromkeys(TOTALS, 0)
    while total[aim(judge.has_ss)] < count and time.monotonic() < until:
        ours = dice.random() < 0.4
        text = filters.one(ours)
        by_ss = not ours and ss_is_right(text) and judge.has_ss
        live, faults = judge.faults(text, dice.random() < 0.5, by_ss, total["filters"] % 10 == 0)
        total["filters"] += 1
        total["compared with ss"] += by_ss
        total["with rows"] += bool(live)
        total["rows"] += len(live)
        total["wrong"] += bool(faults)
        for fault in faults:
            print(f"{text}\n   {fault}", flush=True)
    return total


def one_world(options, count, seed):
    """In a process of its own, because it enters a namespace. What it counted, or None when it failed."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        common.die_with_parent()
        common.enter_private_network(common.really_root())
        world = World()
        with tempfile.TemporaryDirectory() as folder:
            total = compare(count, random.Random(seed), Judge(options.sockvet, folder), world.born + 40)
        os.write(writing, json.dumps(total).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        text = told.read()
    os.waitpid(pid, 0)
    return json.loads(text) if text else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockvet", required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    seed = random.randrange(1 << 32) if options.seed is None else options.seed
    options.sockvet = os.path.abspath(options.sockvet)
    total = dict.fromkeys(TOTALS, 0)
    worlds = 0
    aimed = aim(shutil.which("ss"))
    while total[aimed] < options.count:
        part = one_world(options, options.count - total[aimed], seed + worlds)
        if not part or not part["filters"]:
            print(f"seed {seed}: world {worlds} could not be made or asked")
            return 1
        worlds += 1
        total = {name: total[name] + part[name] for name in TOTALS}
    print(f"seed {seed}: {worlds} worlds, " + ", ".join(f"{number} {name}" for name, number in total.items()))
    return 1 if total["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
