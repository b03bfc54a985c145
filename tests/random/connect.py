#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random scenarios: how many connect()s sockvet says are left against how many then really succeed."""
import errno
import resource
import socket
import struct
import sys
import time

import common
from common import (CLOSE_WAIT, IP_BIND_ADDRESS_NO_PORT, IPV6_V6ONLY, SO_BINDTODEVICE, Diag, Route, is_v6,
                    sockaddr, sysctl, tcp_state, wait_until, with_port)

IP_LOCAL_PORT_RANGE = 51
SOURCES_V4 = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "10.9.0.1", "10.9.0.2"]
SOURCES_V6 = ["::1", "fd00:9::1"]
SILENT = ["10.9.0.200", "fd00:9::200"]      # behind va, and nobody there: SYN_SENT
DESTINATIONS_V4 = [("127.0.0.1", 7000), ("127.0.0.9", 7000), ("127.0.0.1", 7001), ("10.9.0.1", 7000),
                   ("10.9.0.2", 7000)]
DESTINATIONS_V6 = [("::1", 7000), ("fd00:9::1", 7000)]
FATES = ["established", "established", "close-wait", "time-wait", "time-wait", "time-wait of the server",
         "fin-wait-2 minisock"]


def family_of(address):
    return socket.AF_INET6 if is_v6(address) else socket.AF_INET


def mapped(address):
    return "::ffff:" + address


def is_loopback(address):
    return address == "::1" or address.startswith("127.")


class Fill:
    """The namespace, and what takes its ports. Every operation may fail: that is part of its story."""

    def __init__(self, dice, tally):
        self.dice, self.tally = dice, tally
        self.diag = Diag()
        self.held = []
        self.only_plain = True      # nothing but sockets that just called connect()
        self.time_waits = False
        self.listeners = {}

    # ---- the place ----

    def network(self):
        dice, route = self.dice, Route()
        route.veth("va", "vb")
        route.up("lo")
        sysctl("ipv6/conf/va/addr_gen_mode", 1)
        route.up("va", no_arp=True)
        route.up("vb", no_arp=True)
        for address in ("10.9.0.1/24", "10.9.0.2/24", "fd00:9::1/64"):
            route.address("va", address)
        route.wait_for(["fd00:9::1"])
        self.low = dice.randint(40000, 40100)
        self.size = 2 * dice.randint(20, 120) + (1 if dice.random() < 0.12 else 0)
        self.high = self.low + self.size - 1
        self.set("ip_local_port_range", f"{self.low} {self.high}")
        self.reserved = self.draw_reserved()
        self.reuse = dice.choice([0, 1, 2])
        self.set("tcp_tw_reuse", self.reuse)
        self.set("tcp_timestamps", 0 if dice.random() < 0.2 else 1)
        self.delay_ms = dice.choice([1, 20, 60000])
        try:
            self.set("tcp_tw_reuse_delay", self.delay_ms)
        except FileNotFoundError:       # before Linux 6.14 it is a second, whatever it is
            self.delay_ms = 2000

    def set(self, name, value):
        sysctl("ipv4/" + name, value)
        self.tally.say(f"sysctl {name} = {value}")

    def draw_reserved(self):
        dice, ports = self.dice, set()
        if dice.random() < 0.6:
            return ports
        for _ in range(dice.randint(1, 3)):
            first = dice.randint(self.low - 5, self.high)
            ports.update(range(first, first + dice.choice([1, 1, 2, 9])))
        spelled = ",".join(str(port) for port in sorted(ports))
        self.set("ip_local_reserved_ports", spelled)
        return {port for port in ports if self.low <= port <= self.high}

    def serve(self):
        """Large queues on ports outside of the range: what connects here need not be accepted."""
        for family, any_address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            for port in (7000, 7001):
                sock = socket.socket(family, socket.SOCK_STREAM)
                if family == socket.AF_INET6:
                    sock.setsockopt(socket.IPPROTO_IPV6, IPV6_V6ONLY, 1)
                sock.bind((any_address, port))
                sock.listen(4096)
                self.listeners[family, port] = sock

    # ---- one socket ----

    def client(self, source, how, port, device=None, reuse=False):
        """A socket that is ready to connect(). @how is what the program did before."""
        sock = socket.socket(family_of(source), socket.SOCK_STREAM)
        self.held.append(sock)
        if family_of(source) == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_V6ONLY, 0)
        if device:
            sock.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, device.encode())
        if reuse:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if how == "no port":
            sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        if how == "own range":
            low = port - port % 2
            sock.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE,
                            struct.pack("I", (low + 19) << 16 | low))
        if how in ("no port", "bind(addr,0)"):
            sock.bind(sockaddr(source, 0))
        if how == "explicit":
            sock.bind(sockaddr(source, port))
        return sock

    def drop(self, sock):
        if sock in self.held:
            self.held.remove(sock)
        sock.close()

    def connect(self, client, destination):
        """The other end, or None when there is none."""
        address, port = destination
        client.settimeout(1)
        client.connect(sockaddr(address, port))
        listener = self.listeners[family_of(address.removeprefix("::ffff:")), port]
        mine = client.getsockname()[1]
        for _ in range(4):
            child, peer = listener.accept()
            self.held.append(child)
            if peer[1] == mine:
                return child
        return None

    def drive(self, client, child, fate):
        if fate == "close-wait":
            child.shutdown(socket.SHUT_WR)
        elif fate == "time-wait":
            self.drop(client)
            wait_until(lambda: tcp_state(child) == CLOSE_WAIT)
            self.drop(child)
            self.time_waits = True
        elif fate == "time-wait of the server":
            self.drop(child)
            wait_until(lambda: tcp_state(client) == CLOSE_WAIT)
            self.drop(client)
        elif fate == "fin-wait-2 minisock":
            self.drop(client)
            wait_until(lambda: tcp_state(child) == CLOSE_WAIT)

    # ---- operations ----

    def port(self):
        return self.dice.randint(self.low, self.high)

    def number(self):
        return self.dice.choice([1, 2, 3, 5, self.size // 8, self.size // 4, self.size // 3, self.size])

    def way(self):
        """Half of what happens is towards the destination that will be asked for."""
        dice = self.dice
        if dice.random() < 0.5:
            return (self.asked_source.removeprefix("::ffff:"),
                    (self.asked[0].removeprefix("::ffff:"), self.asked[1]))
        if dice.random() < 0.25:
            source = dice.choice(SOURCES_V6)
            return source, (source, 7000)
        return dice.choice(SOURCES_V4), dice.choice(DESTINATIONS_V4)

    def repeat(self, times, one):
        """How many of them went well, and what ended the rest."""
        for done in range(times):
            try:
                one()
            except OSError as err:
                return f"{done}, then {common.errno_name(err.errno) or 'timed out'}"
        return str(times)

    def clients(self):
        dice = self.dice
        source, destination = self.way()
        how = dice.choice(["auto", "auto", "auto", "no port", "no port", "bind(addr,0)", "explicit", "own range"])
        fate = dice.choice(FATES)
        device = "lo" if dice.random() < 0.15 and is_loopback(source) and is_loopback(destination[0]) else None
        as_mapped = dice.random() < 0.15 and not is_v6(source)
        times, port = self.number(), self.port()
        if destination[0] in SILENT:
            self.silent_clients(source, destination, how, times)
            return
        if how not in ("auto", "no port"):
            self.only_plain = False
        if device:
            self.only_plain = False
        if as_mapped:
            source, destination = mapped(source), (mapped(destination[0]), destination[1])

        def one():
            nonlocal port
            client = self.client(source, how, port, device)
            if how == "explicit":
                port += 1
            child = self.connect(client, destination)
            if child:
                self.drive(client, child, fate)

        self.tally.say(f"clients {source} {how} {port if how in ('explicit', 'own range') else ''} to "
                       f"{with_port(*destination)} {device or ''} {fate}: {self.repeat(times, one)}")

    def silent(self):
        v6 = self.dice.random() < 0.3
        source = "fd00:9::1" if v6 else self.dice.choice(["10.9.0.1", "10.9.0.2"])
        how = self.dice.choice(["auto", "no port", "bind(addr,0)", "explicit"])
        self.silent_clients(source, (SILENT[v6], 7000), how, self.number())

    def silent_clients(self, source, destination, how, times):
        device = "va" if self.dice.random() < 0.3 else None
        port = self.port()
        if how not in ("auto", "no port") or device:
            self.only_plain = False

        def one():
            nonlocal port
            client = self.client(source, how, port, device)
            if how == "explicit":
                port += 1
            client.setblocking(False)
            err = client.connect_ex(sockaddr(*destination))
            if err != errno.EINPROGRESS:
                raise OSError(err, "connect")

        self.tally.say(f"clients {source} {how} to {with_port(*destination)} {device or ''} SYN_SENT: "
                       f"{self.repeat(times, one)}")

    def listener(self, address=None, port=None):
        dice = self.dice
        address = address or dice.choice(["0.0.0.0", "127.0.0.1", "::", "::1", "10.9.0.2"])
        port = port or self.port()
        sock = socket.socket(family_of(address), socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(dice.random() < 0.5))
        sock.bind(sockaddr(address, port))
        sock.listen(64)
        self.held.append(sock)
        return sock, address, port

    def listeners_in_range(self):
        self.only_plain = False
        self.tally.say(f"listeners in the range: {self.repeat(self.dice.randint(1, 5), self.listener)}")

    def children(self):
        """Of listeners in the range that are closed then; their clients come from outside of it."""
        self.only_plain = False
        fate = self.dice.choice(FATES)
        outside = self.dice.randint(50000, 60000)

        def one():
            nonlocal outside
            listener, address, port = self.listener(self.dice.choice(["127.0.0.1", "::1"]))
            client = self.client(address, "explicit", outside)
            outside += 1
            client.settimeout(1)
            client.connect(sockaddr(address, port))
            child = listener.accept()[0]
            self.held.append(child)
            self.drop(listener)
            self.drive(child, client, fate)

        self.tally.say(f"children of closed listeners in the range, {fate}: "
                       f"{self.repeat(self.dice.randint(1, 8), one)}")

    def idle(self):
        self.only_plain = False
        how = self.dice.choice(["bind(addr,0)", "explicit"])
        device = self.dice.choice([None, None, "va", "lo"])

        def one():
            source = self.dice.choice(SOURCES_V4 + SOURCES_V6 + ["0.0.0.0", "::", "::ffff:127.0.0.1"])
            if is_v6(source):
                self.client(source, how, self.port())
            else:
                self.client(source, how, self.port(), device)

        self.tally.say(f"idle bound {how} {device or ''}: {self.repeat(self.number(), one)}")

    def shared(self):
        """A port of a connect() that a bind() then shares, and perhaps leaves again."""
        self.only_plain = False
        source, destination = self.way()
        leaves = self.dice.random() < 0.4
        if destination[0] in SILENT:
            return

        def one():
            client = self.client(source, "auto", 0, reuse=True)
            child = self.connect(client, destination)
            sharing = self.client(source, "explicit", client.getsockname()[1], reuse=True)
            if leaves:
                self.drop(sharing)
            return child

        self.tally.say(f"clients {source} to {with_port(*destination)} with RA, port shared by bind() with RA"
                       f"{' that left again' if leaves else ''}: {self.repeat(self.dice.randint(1, 6), one)}")

    def udp(self):
        """Another protocol's ports are no ports of ours."""
        def one():
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind(("127.0.0.1", self.port()))
            self.held.append(sock)

        self.tally.say(f"udp sockets: {self.repeat(self.dice.randint(1, 9), one)}")

    def make(self):
        dice = self.dice
        self.draw_asked()
        plain_world = dice.random() < 0.25
        operations = [self.clients] * 8 + [self.silent, self.listeners_in_range, self.children, self.children,
                                           self.idle, self.idle, self.shared, self.udp]
        for _ in range(dice.randint(0, 6)):
            (self.plain_clients if plain_world else dice.choice(operations))()
        # The last FIN of an exchange may wait for a delayed acknowledgement.
        wait_until(lambda: all(row.state not in (common.FIN_WAIT_1, common.LAST_ACK) for row in self.diag.dump()))
        common.settle(self.diag)
        if self.time_waits and self.delay_ms < 60000:
            time.sleep(0.030 + 2 * self.delay_ms / 1000)        # clearly older than the delay

    def plain_clients(self):
        """What a machine is full of: programs that call connect() and nothing else."""
        source, destination = self.way()
        if destination[0] in SILENT:
            self.silent_clients(source, destination, "auto", self.number())
            return
        fate = self.dice.choice(FATES)

        def one():
            client = self.client(source, "auto", 0)
            child = self.connect(client, destination)
            self.drive(client, child, fate)

        self.tally.say(f"plain clients {source} to {with_port(*destination)} {fate}: "
                       f"{self.repeat(self.number(), one)}")

    def draw_asked(self):
        dice = self.dice
        kind = dice.random()
        if kind < 0.25:
            self.asked_source = dice.choice(SOURCES_V6)
            self.asked = (self.asked_source, 7000)
        elif kind < 0.35:
            self.asked_source, self.asked = "10.9.0.1", (SILENT[0], 7000)
        elif kind < 0.40:
            self.asked_source, self.asked = "fd00:9::1", (SILENT[1], 7000)
        else:
            self.asked_source, self.asked = dice.choice(SOURCES_V4), dice.choice(DESTINATIONS_V4)
        if not is_v6(self.asked_source) and dice.random() < 0.1:
            self.asked_source, self.asked = mapped(self.asked_source), (mapped(self.asked[0]), self.asked[1])
        self.bind_first = dice.random() < 0.25
        self.by_route = not self.bind_first and dice.random() < 0.3


class Truth:
    """connect() until it has failed three times in a row."""

    def __init__(self, fill):
        self.source, self.destination = fill.asked_source, fill.asked
        self.bind_first, self.by_route = fill.bind_first, fill.by_route
        self.errno = None
        self.taken = []

    def count(self):
        failures = 0
        recycled = recycled_time_waits()
        while failures < 3:
            err = self.once()
            if err in (errno.EADDRNOTAVAIL, errno.EADDRINUSE):
                failures += 1
                self.errno = common.errno_name(err)
            elif err in (0, errno.EINPROGRESS):
                failures = 0
            else:
                raise OSError(err, "connect")
        self.recycled = recycled_time_waits() - recycled
        self.left = len(self.taken)
        return self.left

    def once(self):
        sock = socket.socket(family_of(self.source), socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            if not self.by_route:
                if not self.bind_first:
                    sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
                sock.bind(sockaddr(self.source, 0))
            err = sock.connect_ex(sockaddr(*self.destination))
        except OSError as raised:
            err = raised.errno
        if err in (0, errno.EINPROGRESS):
            self.taken.append(sock)
        else:
            sock.close()
        return err


def recycled_time_waits():
    with open("/proc/self/net/netstat") as file:
        names, values = file.readline().split(), file.readline().split()
    return int(values[names.index("TWRecycled")])


class Judge:
    def __init__(self, fill, options, tally):
        self.fill, self.options, self.tally = fill, options, tally

    def arguments(self, probe):
        fill = self.fill
        words = ["connect", with_port(*fill.asked), "--json"]
        if not fill.by_route:
            words += ["--from-address", fill.asked_source]
        return words + ["--bind-first"] * fill.bind_first + ["--probe"] * probe

    def examine(self):
        fill = self.fill
        # A FIN behind a delayed ACK may move meanwhile; what sockvet does, it does each time.
        for _ in range(3):
            before = fill.diag.dump()
            replies = [common.ask(self.options.sockvet, self.arguments(probe))
                       for probe in ([True, False] if self.options.probe else [False])]
            changed = common.difference(before, fill.diag.dump())
            if not changed:
                break
        if changed:
            self.tally.wrong("the sockets of the namespace are not what they were:\n    "
                             + "\n    ".join(changed + [reply.words() for reply in replies]))
            return
        fault = self.replay_fault(replies[0])
        if fault:
            self.tally.wrong(fault)
            return
        truth = Truth(fill)
        truth.count()
        self.tally.say(f"asked {' '.join(replies[0].arguments)}: really {truth.left}, then {truth.errno}")
        self.tally.count("exhausted", int(truth.left == 0))
        self.tally.count("TIME_WAIT taken over", truth.recycled)
        for reply in replies:
            self.compare(reply, truth, "--probe" in reply.arguments)

    def replay_fault(self, reply):
        if self.fill.dice.random() > 0.1:
            return None
        self.tally.count("replays")
        return common.replay_fault(self.options.sockvet, reply.arguments)

    def compare(self, reply, truth, probe):
        fault = "no JSON" if reply.json is None else (
            self.number_fault(reply.json, truth, probe) or self.certain_fault(reply, truth, probe))
        if fault:
            self.tally.wrong(f"{fault}\n    really {truth.left}, then {truth.errno}\n    {reply.words()}")
            return
        answer = reply.json
        exact = answer["left_min"] == answer["left_max"] or probe
        self.tally.counts["right" if exact else "depends"] += 1
        self.tally.count(f"{'probed' if probe else 'plain'} {'exact' if answer['left'] == truth.left else 'inside'}")
        if self.fill.only_plain and not probe:
            self.tally.count("plain worlds")

    def number_fault(self, answer, truth, probe):
        left, low, high = answer["left"], answer["left_min"], answer["left_max"]
        odd = self.fill.size % 2
        if not low <= truth.left <= high:
            return f"said {low}..{high}"
        if not low <= left <= high:
            return f"left {left} is not in {low}..{high}"
        if (probe or self.fill.only_plain) and not left - odd <= truth.left <= left:
            return f"said {left}"
        if probe and not odd and not self.fill.bind_first and low != high:
            return f"undecided in spite of --probe: {low}..{high}"
        return None

    def certain_fault(self, reply, truth, probe):
        """What does not depend on anything that cannot be seen."""
        answer, fill = reply.json, self.fill
        capacity = fill.size - len(fill.reserved)
        verdict = answer["verdict"]
        wanted = {"ok": (0,), "tight": (1, 2), "exhausted": (2,)}.get(verdict, ())
        recyclable = truth.recycled
        checks = (
            (answer["capacity"] == capacity, f"capacity {answer['capacity']}, not {capacity}"),
            (answer["reserved"] == len(fill.reserved), f"reserved {answer['reserved']}, not {len(fill.reserved)}"),
            ((verdict == "exhausted") == (answer["left"] == 0), f"verdict {verdict} with {answer['left']} left"),
            (reply.status in wanted, f"exit status {reply.status} of {verdict}"),
            (answer["errno"] == (truth.errno if answer["left"] == 0 else None),
             f"errno {answer['errno']}, really {truth.errno}"),
            (answer["end"]["complete"], "not complete"),
            (not probe or fill.bind_first or answer["recyclable"] == recyclable or fill.size % 2,
             f"recyclable {answer['recyclable']}, really taken over {recyclable}"),
            (fill.bind_first or answer["probe"] is None if not probe
             else answer["probe"] is None or answer["probe"]["packets_sent"] == 0, f"probe {answer['probe']}"),
        )
        return next((words for good, words in checks if not good), None)


def scenario(options, dice, tally, _as_root):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192) if hard > 0 else 8192, hard))
    fill = Fill(dice, tally)
    fill.network()
    fill.serve()
    fill.make()
    Judge(fill, options, tally).examine()


def main():
    parser = common.arguments(__doc__, "ask with --probe too: that number must be exact")
    options = parser.parse_args()
    common.prepare(options)
    return common.finish(options, common.run(scenario, options), 0.0)


if __name__ == "__main__":
    sys.exit(main())
