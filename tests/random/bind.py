#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random scenarios: what `sockvet bind` says against what bind() and listen() then really do."""
import ctypes
import itertools
import os
import select
import signal
import socket
import struct
import sys

import common
from common import (CLOSE_WAIT, FIN_WAIT_2, IP_BIND_ADDRESS_NO_PORT, IPV6_V6ONLY, LISTEN,
                    SO_BINDTODEVICE, SO_REUSEPORT, Diag, Route, is_v6, sockaddr, sysctl, tcp_state, wait_until,
                    with_port)

V4 = ["0.0.0.0", "127.0.0.1", "127.0.0.2", "10.9.0.1", "10.9.1.1"]
V6 = ["::", "::1", "fd00:9::1", "fd00:9:1::1", "fe80::1%va"]
MAPPED = ["::ffff:0.0.0.0", "::ffff:127.0.0.1", "::ffff:10.9.0.1"]
# Whether these can be bound is a question of its own.
STRANGE = ["10.1.2.3", "127.9.9.9", "127.0.0.6", "224.0.0.1", "255.255.255.255", "10.9.0.255", "10.9.0.0", "fd00:dead::1",
           "fe80::1", "fe80::1%vb", "fe80::77%va", "::ffff:10.1.2.3", "::ffff:127.9.9.9", "ff02::1%va"]
SILENT = {socket.AF_INET: "10.9.0.200", socket.AF_INET6: "fd00:9::200"}     # behind va, and nobody there
PORTS = [8080, 8080, 8080, 9090, 40001]
FAR_PORTS = itertools.count(7001)
OTHER_UID = 1000
IPPROTO_MPTCP, IP_FREEBIND, IP_TRANSPARENT, TCP_REPAIR, SO_ATTACH_REUSEPORT_CBPF = 262, 15, 19, 19, 51

# What can become of one end of a connection, told from that end.
FATES = ["established", "fin-wait-1", "fin-wait-1 orphan", "fin-wait-2", "fin-wait-2 orphan", "close-wait",
         "close-wait, peer gone", "last-ack", "last-ack orphan", "closing", "closing orphan", "time-wait",
         "reset but open", "both sides shut"]


def family_of(address):
    return socket.AF_INET6 if is_v6(address) else socket.AF_INET


def udp_chains():
    """How many the kernel has for the ports of UDP; negative when they are shared with other namespaces."""
    try:
        with open("/proc/sys/net/ipv4/udp_hash_entries") as file:
            return abs(int(file.read()))
    except OSError:
        return 65536


def attach_program(sock):
    """The program of a SO_REUSEPORT group; this one always picks the first."""
    instruction = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF,
                    struct.pack("HP", 1, ctypes.addressof(instruction)))


class Options:
    """What a program sets on its socket before bind()."""

    def __init__(self, reuseaddr=False, reuseport=False, v6only=None, device=None, uid=0):
        self.reuseaddr, self.reuseport, self.v6only, self.device, self.uid = reuseaddr, reuseport, v6only, device, uid

    def words(self):
        return " ".join(word for word, is_set in (
            ("RA", self.reuseaddr), ("RP", self.reuseport), (f"v6only={self.v6only:d}", True)
            if self.v6only is not None else ("", False), (f"dev={self.device}", self.device),
            (f"uid={self.uid}", self.uid)) if is_set) or "plain"

    def socket(self, family, kind, protocol=0):
        """It belongs to that uid, as the kernel sees it, for as long as it lives."""
        if self.uid:
            os.seteuid(self.uid)
        try:
            sock = socket.socket(family, kind, protocol)
        finally:
            if self.uid:
                os.seteuid(0)
        if self.reuseaddr:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.reuseport:
            sock.setsockopt(socket.SOL_SOCKET, SO_REUSEPORT, 1)
        if self.v6only is not None and family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_V6ONLY, int(self.v6only))
        if self.device:
            sock.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, self.device.encode())
        return sock


class Question:
    def __init__(self, address, port, options, udp=False, probe=False):
        self.address, self.port, self.options, self.udp, self.probe = address, port, options, udp, probe
        self.bare = False       # the port alone is asked for: every address of both families

    def arguments(self):
        options = self.options
        words = ["bind", str(self.port) if self.bare else with_port(self.address, self.port), "--json"]
        words += [word for word, is_set in (("--reuseaddr", options.reuseaddr), ("--reuseport", options.reuseport),
                                            ("--v6only", options.v6only), ("--udp", self.udp),
                                            ("--probe", self.probe)) if is_set]
        if options.device:
            words += ["--dev", options.device]
        return words + ["--uid", str(options.uid)]

    def combination(self, reuseaddr, reuseport):
        mine = self.options
        return Question(self.address, self.port,
                        Options(reuseaddr, reuseport, mine.v6only, mine.device, mine.uid), self.udp)

    def really(self):
        """(errno name, call), both None when it works. The socket is closed again."""
        options = self.options
        kind = socket.SOCK_DGRAM if self.udp else socket.SOCK_STREAM
        with options.socket(family_of(self.address), kind) as sock:
            if options.uid:
                os.seteuid(options.uid)
            call = "bind"
            try:
                sock.bind(sockaddr(self.address, self.port))
                call = "listen"
                if not self.udp:
                    sock.listen(1)
            except OSError as err:
                return common.errno_name(err.errno), call
            finally:
                if options.uid:
                    os.seteuid(0)
        return None, None


class Scene:
    """The sockets of one scenario. Every set-up operation may fail: that is part of its story."""

    def __init__(self, dice, tally, as_root):
        self.dice, self.tally, self.as_root = dice, tally, as_root
        self.diag = Diag()
        self.held = []          # sockets that stay open
        self.listeners = []
        self.ports = set()      # that something may own
        self.helpers = []       # processes that inherited every descriptor
        self.tentative = False

    # ---- the place ----

    def network(self):
        dice, route = self.dice, Route()
        route.veth("va", "vb")
        route.up("lo")
        for name, v4, v6 in (("va", "10.9.0.1/24", "fd00:9::1/64"), ("vb", "10.9.1.1/24", "fd00:9:1::1/64")):
            sysctl(f"ipv6/conf/{name}/addr_gen_mode", 1)
            route.up(name, no_arp=True)
            route.address(name, v4)
            route.address(name, v6)
        route.address("va", "fe80::1/64")
        route.wait_for(["fd00:9::1", "fd00:9:1::1", "fe80::1"])
        if dice.random() < 0.1:
            self.tentative = True
            sysctl("ipv6/conf/vb/dad_transmits", 100)
            route.up("vb")
            route.address("vb", "fd00:9:2::1/64", nodad=False)
            self.tally.say("fd00:9:2::1 on vb is tentative")
        if dice.random() < 0.7:
            self.set("ipv4/ip_local_port_range", "40000 40003")
        for name, value, share in (("ipv4/ip_nonlocal_bind", 1, 0.05), ("ipv6/ip_nonlocal_bind", 1, 0.05),
                                   ("ipv4/ip_unprivileged_port_start", 80, 0.1),
                                   ("ipv4/ip_local_reserved_ports", "8080,40001", 0.05),
                                   ("ipv4/tcp_fin_timeout", 120, 0.1), ("ipv6/bindv6only", 1, 0.05),
                                   ("ipv4/ip_autobind_reuse", 1, 0.05)):
            if dice.random() < share:
                self.set(name, value)

    def set(self, name, value):
        try:
            sysctl(name, value)
            self.tally.say(f"sysctl {name} = {value}")
        except OSError:         # not every sysctl is a namespace's own
            pass

    # ---- dice ----

    def address(self):
        return self.dice.choice(self.dice.choice([V4, V4, V6, V6, MAPPED]))

    def options(self, address, for_client=False):
        dice = self.dice
        v6only = None
        if is_v6(address) and dice.random() < 0.3:
            v6only = dice.random() < 0.5
            if address.startswith("::ffff:"):
                v6only = False
        elif address.startswith("::ffff:"):
            v6only = False      # bindv6only may be on
        device = None
        if dice.random() < 0.15:
            device = dice.choice(["va", "vb", "lo"])
        if "%" in address and not for_client:
            device = dice.choice([None, "va"])
        uid = OTHER_UID if self.as_root and dice.random() < 0.25 else 0
        share = 0.2 if for_client else 0.45
        return Options(dice.random() < share, dice.random() < share, v6only, device, uid)

    # ---- operations ----

    def keep(self, sock, listens=False):
        self.held.append(sock)
        if listens:
            self.listeners.append(sock)
        try:
            port = sock.getsockname()[1]
            if port:
                self.ports.add(port)
        except OSError:
            pass
        return sock

    def attempt(self, words, operation, *arguments):
        try:
            self.tally.say(words + (operation(*arguments) or ""))
        except OSError as err:
            self.tally.say(f"{words}: failed with {common.errno_name(err.errno)}")

    def bound(self):
        address, port = self.address(), self.dice.choice(PORTS)
        options = self.options(address)
        self.attempt(f"bound {with_port(address, port)} {options.words()}", self.do_bound, address, port, options)

    def do_bound(self, address, port, options, kind=socket.SOCK_STREAM):
        sock = options.socket(family_of(address), kind)
        sock.bind(sockaddr(address, port))
        self.keep(sock)

    def unusual(self):
        """Owners that few programs make: multipath, free to bind any address, forced in between others (TCP_REPAIR),
        with a program that picks among a group, with another device or owner after bind() or listen()."""
        dice = self.dice
        address, port = self.address(), dice.choice(PORTS)
        what = dice.choice(["mptcp", "freebind", "transparent", "moved device", "moved later", "given away", "repair",
                            "program"])
        listens = dice.random() < 0.5
        if what in ("freebind", "transparent"):
            address = dice.choice(["10.1.2.3", "fd00:dead::1", "::ffff:10.1.2.3"])
        options = self.options(address)
        device = dice.choice(["va", "vb", ""])
        self.attempt(f"{what} {with_port(address, port)} {options.words()} {device} {'listening' if listens else ''}",
                     self.do_unusual, what, address, port, options, device, listens)

    def do_unusual(self, what, address, port, options, device, listens):
        sock = options.socket(family_of(address), socket.SOCK_STREAM, IPPROTO_MPTCP if what == "mptcp" else 0)
        before = {"freebind": (socket.IPPROTO_IP, IP_FREEBIND), "transparent": (socket.IPPROTO_IP, IP_TRANSPARENT),
                  "repair": (socket.IPPROTO_TCP, TCP_REPAIR)}
        if what in before:
            sock.setsockopt(*before[what], 1)
        sock.bind(sockaddr(address, port))
        if what == "moved device":
            sock.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, device.encode())
        if listens and what != "repair":
            sock.listen(4)
        self.keep(sock)
        if what == "moved later":
            sock.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, device.encode())
        elif what == "given away":
            os.fchown(sock.fileno(), OTHER_UID, -1)
        elif what == "program":
            attach_program(sock)

    def disconnect(self):
        """connect() to nowhere ends a connection and keeps a port that bind() was given."""
        if not self.held:
            return
        sock = self.one_of(self.held)
        if sock in self.listeners:
            return
        name = sock.getsockname()[:2]
        result = common.libc.connect(sock.fileno(), bytes(16), 16)
        self.tally.say(f"{name} disconnects: {'done' if result == 0 else 'refused'}")

    def listening(self):
        address, port = self.address(), self.dice.choice(PORTS)
        options = self.options(address)
        self.attempt(f"listener {with_port(address, port)} {options.words()}",
                     self.do_listening, address, port, options)

    def do_listening(self, address, port, options, small=False, deferred=False):
        sock = options.socket(family_of(address), socket.SOCK_STREAM)
        if small:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4608)
        if deferred:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 30)
        sock.bind(sockaddr(address, port))
        sock.listen(16)
        self.keep(sock, listens=True)
        self.last = sock

    def reachable(self, address, v6only):
        """Addresses at which a listener on @address answers."""
        v4, v6 = ["127.0.0.1", "10.9.0.1"], ["::1", "fd00:9::1"]
        if address == "0.0.0.0" or address == "::ffff:0.0.0.0":
            return v4
        if address == "::":
            return v6 if v6only else v6 + v4
        return [address.removeprefix("::ffff:")]

    def server(self):
        """A listener with children in some state; it may be closed then."""
        dice = self.dice
        address, port = self.address(), dice.choice(PORTS)
        options = self.options(address)
        if options.device:
            options.device = "lo"
        fates = [dice.choice(FATES + ["unaccepted", "established"]) for _ in range(dice.randint(1, 3))]
        deferred = dice.random() < 0.05
        stays = dice.random() < 0.4
        peers = [dice.choice(self.reachable(address, options.v6only)) for _ in fates]
        words = (f"server {with_port(address, port)} {options.words()}{' deferring' if deferred else ''}, children "
                 + "; ".join(f"{fate} (from {peer})" for fate, peer in zip(fates, peers))
                 + (", still listening" if stays else ", closed"))
        self.attempt(words, self.do_server, address, port, options, list(zip(fates, peers)), deferred, stays)

    def do_server(self, address, port, options, children, deferred, stays):
        self.do_listening(address, port, options, small=True, deferred=deferred)
        listener = self.last
        told = ""
        for fate, peer in children:
            client = socket.socket(family_of(peer), socket.SOCK_STREAM)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
            told += self.one_child(client, peer, port, fate, deferred)
        if not stays:
            self.listeners.remove(listener)
            self.held.remove(listener)
            listener.close()
        return told

    def one_child(self, client, peer, port, fate, deferred):
        client.settimeout(1)
        try:
            client.connect(sockaddr(peer, port))
        except OSError as err:
            client.close()
            return f" [{fate}: connect {common.errno_name(err.errno) or 'timed out'}]"
        self.keep(client)
        if deferred or fate == "unaccepted":
            return ""
        child = self.accept()
        if child is None:
            return f" [{fate}: nothing to accept]"
        self.keep(child)
        self.drive(child, client, fate)
        return ""

    def accept(self):
        ready = select.select(self.listeners, [], [], 0.05)[0]
        return ready[0].accept()[0] if ready else None

    def client(self):
        """An outgoing connection whose source port is what matters."""
        dice = self.dice
        far = dice.choice(["127.0.0.1", "127.0.0.1", "10.9.0.1", "::1", "fd00:9::1", "silent"])
        how = dice.choice(["auto", "explicit", "explicit", "bind(addr,0)", "no port"])
        mapped = dice.random() < 0.25
        v6 = is_v6(far) if far != "silent" else dice.random() < 0.4
        source = dice.choice(["fd00:9::1" if v6 else "10.9.0.1"] if far == "silent" else [far, far, "wildcard"])
        if source == "wildcard":
            source = "::" if v6 else "0.0.0.0"
        if far == "silent":
            far = SILENT[socket.AF_INET6 if v6 else socket.AF_INET]
        if mapped and not v6:
            source, far = "::ffff:" + source, "::ffff:" + far
        port = dice.choice(PORTS)
        options = self.options(source, for_client=True)
        if options.device:
            options.device = "va" if far.removeprefix("::ffff:") in SILENT.values() else "lo"
        if mapped and not v6:
            options.v6only = False
        fate = dice.choice(FATES)
        times = dice.choice([1, 1, 1, 2, 4])
        at = with_port(source, port) if how == "explicit" else f"{source} {how}"
        self.attempt(f"{times} clients from {at} to {far} {options.words()}, {fate}",
                     self.do_clients, times, source, port, how, far, options, fate)

    def do_clients(self, times, source, port, how, far, options, fate):
        told = ""
        for _ in range(times):
            client = options.socket(family_of(source), socket.SOCK_STREAM)
            if how == "no port":
                client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            if how != "auto":
                client.bind(sockaddr(source, port if how == "explicit" else 0))
            told += self.one_client(client, far, fate)
        return told

    def one_client(self, client, far, fate):
        if far.removeprefix("::ffff:") in SILENT.values():
            client.setblocking(False)
            err = client.connect_ex(sockaddr(far, 7000))
            self.keep(client)
            return f" [silent: {common.errno_name(err)} from port {client.getsockname()[1]}]"
        listener = socket.socket(family_of(far), socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
        far_port = next(FAR_PORTS)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4608)
        client.settimeout(1)
        with listener:
            listener.bind(sockaddr(far, far_port))
            listener.listen(4)
            try:
                client.connect(sockaddr(far, far_port))
            except OSError as err:
                self.keep(client)
                return f" [connect {common.errno_name(err.errno) or 'timed out'}]"
            self.keep(client)
            child = listener.accept()[0]
        self.held.append(child)
        self.drive(client, child, fate)
        port = client.getsockname()[1] if client.fileno() >= 0 else "?"
        return f" [port {port}]"

    def drop(self, sock):
        if sock in self.held:
            self.held.remove(sock)
        sock.close()

    def drive(self, me, peer, fate):
        """Bring the end @me into its fate; what is waited for is the kernel's own word."""
        if fate.startswith(("fin-wait-1", "last-ack", "closing")):
            common.fill(me)
        if fate in ("close-wait", "last-ack", "last-ack orphan"):
            peer.shutdown(socket.SHUT_WR)
            wait_until(lambda: tcp_state(me) == CLOSE_WAIT)
        if fate in ("fin-wait-1", "fin-wait-2", "last-ack", "closing"):
            me.shutdown(socket.SHUT_WR)
        elif fate in ("fin-wait-1 orphan", "fin-wait-2 orphan", "last-ack orphan", "closing orphan"):
            self.drop(me)
        elif fate == "close-wait, peer gone":
            self.drop(peer)
            wait_until(lambda: tcp_state(me) == CLOSE_WAIT)
        elif fate == "time-wait":
            self.drop(me)
            wait_until(lambda: tcp_state(peer) == CLOSE_WAIT)
            self.drop(peer)
        elif fate == "reset but open":
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.drop(peer)
        if fate.startswith("closing"):
            peer.shutdown(socket.SHUT_WR)
        elif fate == "both sides shut":
            self.diag.dump(6)   # what has a cookie now shares it with its TIME_WAIT
            me.shutdown(socket.SHUT_WR)
            wait_until(lambda: tcp_state(me) == FIN_WAIT_2 and tcp_state(peer) == CLOSE_WAIT)
            peer.shutdown(socket.SHUT_WR)

    def shut_listener(self):
        """shutdown() ends the listening; the port stays."""
        if not self.listeners:
            return
        listener = self.dice.choice(self.listeners)
        self.attempt(f"shutdown() of the listener on {listener.getsockname()[:2]}",
                     lambda: listener.shutdown(socket.SHUT_RDWR))

    def toggle(self):
        """Flags count as they are now, not as they were at bind()."""
        if not self.held:
            return
        sock = self.dice.choice(self.held)
        option, name = self.dice.choice([(socket.SO_REUSEADDR, "RA"), (SO_REUSEPORT, "RP")])
        try:
            value = 1 - sock.getsockopt(socket.SOL_SOCKET, option)
            sock.setsockopt(socket.SOL_SOCKET, option, value)
            self.tally.say(f"{name} of {sock.getsockname()[:2]} becomes {value}")
        except OSError:
            pass

    def udp_bound(self):
        address, port = self.address(), self.dice.choice(PORTS)
        options = self.options(address)
        self.attempt(f"udp {with_port(address, port)} {options.words()}",
                     self.do_bound, address, port, options, socket.SOCK_DGRAM)

    def udp_client(self):
        address = self.dice.choice(["127.0.0.1", "10.9.0.1", "::1", "::ffff:127.0.0.1"])
        options = self.options(address, for_client=True)
        options.device = None
        options.v6only = False if is_v6(address) else None
        self.attempt(f"udp client of {address} {options.words()}", self.do_udp_client, address, options)

    def do_udp_client(self, address, options):
        sock = options.socket(family_of(address), socket.SOCK_DGRAM)
        sock.connect(sockaddr(address, 7))
        self.keep(sock)
        return f" [port {sock.getsockname()[1]}]"

    def udp_crowd(self):
        """More than ten on one port: the kernel walks other chains then."""
        address, port = self.address(), 8080
        self.tally.say(f"12 udp sockets on {with_port(address, port)} RA RP")
        for _ in range(12):
            try:
                self.do_bound(address, port, Options(True, True, False if is_v6(address) else None),
                              socket.SOCK_DGRAM)
            except OSError:
                return

    def udp_neighbours(self):
        """The same chain is long with sockets of another port, which nobody who asks for this one sees."""
        entries = udp_chains()
        if 8080 + entries > 65535:
            return
        for i in range(12):
            address = f"127.0.0.{i + 1}"
            self.attempt(f"udp {address}:{8080 + entries}, of the same chain", self.do_bound, address, 8080 + entries,
                         Options(), socket.SOCK_DGRAM)

    def udp_server(self):
        """As some servers do it: one connected socket for each client, on the server's port."""
        dice = self.dice
        v6, port, times = dice.random() < 0.7, dice.choice(PORTS), dice.choice([1, 2, 12])
        options = Options(True, dice.random() < 0.5, False if v6 else None)
        far = dice.choice(["::1", "::1", "::ffff:127.0.0.1"]) if v6 else "127.0.0.1"
        self.attempt(f"{times} udp sockets of {with_port('::' if v6 else '0.0.0.0', port)} connected to {far} "
                     + options.words(), self.do_udp_server, "::" if v6 else "0.0.0.0", port, times, far, options)

    def do_udp_server(self, address, port, times, far, options):
        for i in range(times):
            sock = options.socket(family_of(address), socket.SOCK_DGRAM)
            sock.bind(sockaddr(address, port))
            sock.connect(sockaddr(far, 7100 + i))
            self.keep(sock)

    def helper(self):
        """Another process holds the same descriptors."""
        pid = os.fork()
        if pid == 0:
            common.die_with_parent()
            signal.pause()
            os._exit(0)
        self.helpers.append(pid)
        self.tally.say("a second process has inherited every descriptor")

    def end_helpers(self):
        for pid in self.helpers:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self.helpers = []

    def make(self, udp):
        dice = self.dice
        if udp:
            operations = [self.udp_bound] * 6 + [self.udp_client, self.udp_server, self.toggle, self.bound]
            if dice.random() < 0.1:
                operations += [self.udp_crowd]
            if dice.random() < 0.1:
                operations += [self.udp_neighbours] * 2
        else:
            operations = [self.bound] * 3 + [self.listening] * 3 + [self.server] * 4 + [self.client] * 4
            operations += [self.toggle, self.udp_bound, self.shut_listener, self.unusual, self.disconnect]
        for _ in range(dice.choice([0, 1, 1, 2, 2, 2, 3, 3, 4, 4])):
            dice.choice(operations)()
        if dice.random() < 0.15:
            self.helper()
        common.settle(self.diag)

    # ---- questions ----

    def one_of(self, things):
        """One draw however many there are: the dice stay in step although ephemeral ports differ."""
        return things[int(self.dice.random() * len(things))]

    def place(self, udp):
        """Mostly where something is."""
        dice = self.dice
        address, port = self.address(), dice.choice(PORTS + [80, 1023, 1024])
        owners = sorted((row.local_port, row.local, row.family) for row in self.diag.dump(17 if udp else 6)
                        if row.local_port in self.ports)
        if owners and dice.random() < 0.9:
            port, raw, family = self.one_of(owners)
            theirs = socket.inet_ntop(family, raw)
            theirs += "%va" if theirs == "fe80::1" else ""
            v4 = socket.inet_ntop(socket.AF_INET, common.plain(raw)) if len(common.plain(raw)) == 4 else None
            same = [theirs, theirs, "0.0.0.0" if v4 else "::", "::"] + (["::ffff:" + v4] if v4 else [])
            if dice.random() < 0.6:
                address = self.one_of(same)
        if dice.random() < 0.12:
            address = dice.choice(STRANGE + (["fd00:9:2::1"] * 4 if self.tentative else []))
        return address, port

    def question(self, udp, probe):
        dice = self.dice
        address, port = self.place(udp)
        options = self.options(address)
        options.v6only = True if options.v6only else None       # what is not asked for is as the namespace has it
        if dice.random() < 0.05 and self.as_root:
            port, options.uid = dice.choice([79, 80, 443]), OTHER_UID
        udp = udp and dice.random() < 0.9
        question = Question(address, port, options, udp, probe and not udp)
        question.bare = address == "::" and dice.random() < 0.3
        return question

    def table(self, question):
        return self.diag.dump(17 if question.udp else 6, question.port)


class Judge:
    """Compares one answer of sockvet with the kernel."""

    def __init__(self, scene, options, tally):
        self.scene, self.options, self.tally = scene, options, tally

    def examine(self, question):
        before = self.scene.table(question)
        reply = common.ask(self.options.sockvet, question.arguments(), self.options.observer)
        truth = question.really()
        if common.outline(self.scene.table(question)) != common.outline(before):
            self.tally.count("moved meanwhile")
            return
        self.tally.say(f"asked {' '.join(reply.arguments)}: {truth[1] + ' ' + truth[0] if truth[0] else 'works'}")
        fault = self.verdict_fault(question, reply, truth) or self.answer_fault(question, reply, before)
        if fault:
            self.tally.wrong(f"{fault}\n    really: {truth}\n    {reply.words()}\n    "
                             + "\n    ".join(entry.words() for entry in before))
            return
        undecided = reply.json["verdict"] in ("depends", "unknown")
        if undecided and question.probe:
            self.tally.wrong(f"undecided in spite of --probe\n    really: {truth}\n    {reply.words()}")
            return
        self.tally.counts["depends" if undecided else "right"] += 1
        self.count_kind(question, reply)
        self.go_on(question, reply, before)

    def count_kind(self, question, reply):
        kind = "udp" if question.udp else "tcp"
        self.tally.count(f"{kind} {reply.json['verdict']}")

    def verdict_fault(self, question, reply, truth):
        answer = reply.json
        if answer is None:
            return "no JSON"
        verdict, said = answer["verdict"], (answer["errno"], answer["fails_at"])
        if not answer["end"]["complete"] and not self.options.observer:
            return "not complete"
        if verdict == "ok" and truth != (None, None):
            return "said ok"
        if verdict == "fails" and said != truth:
            return f"said {said}"
        if verdict not in ("ok", "fails", "depends", "unknown"):
            return f"verdict {verdict}"
        return self.probe_fault(question, answer, truth)

    def probe_fault(self, question, answer, truth):
        probe = answer["probe"]
        if not question.probe:
            return "a probe that nobody asked for" if probe is not None else None
        if self.options.observer:
            return None
        if probe is None:
            return "no probe"
        bind_errno = truth[0] if truth[1] == "bind" else None
        return f"the probe says {probe['errno']}" if probe["errno"] != bind_errno else None

    def answer_fault(self, question, reply, table):
        answer = reply.json
        return (self.status_fault(reply) or self.with_fault(question, answer)
                or self.blockers_fault(answer, table) or self.times_fault(answer, table))

    def status_fault(self, reply):
        answer = reply.json
        helped = any(value == "ok" for value in answer["with"].values())
        wanted = {"ok": 0, "fails": 1 if helped else 2, "depends": 3, "unknown": 3}[answer["verdict"]]
        return f"exit status {reply.status}, not {wanted}" if reply.status != wanted else None

    def with_fault(self, question, answer):
        options = question.options
        mine = {(0, 0): "none", (1, 0): "reuseaddr", (0, 1): "reuseport",
                (1, 1): "reuseaddr+reuseport"}[(int(options.reuseaddr), int(options.reuseport))]
        said = answer["with"][mine]
        if said != answer["verdict"] and answer["verdict"] != "unknown":
            return f"the table says {said} for what was asked"
        return None

    def rows_of(self, table):
        """A closed socket whose file is open and its TIME_WAIT may have one cookie."""
        return {(str(entry.cookie), entry.inode or None): entry for entry in table}

    def blockers_fault(self, answer, table):
        """Each is in the kernel's table, and every process that holds it is told."""
        rows = self.rows_of(table)
        if answer["verdict"] == "ok":
            return "blockers of an ok" if answer["blockers"] else None
        if answer["verdict"] == "fails" and answer["errno"] == "EADDRINUSE" and not answer["blockers"]:
            return "no blocker"
        mine = {os.fstat(sock.fileno()).st_ino for sock in self.scene.held if sock.fileno() >= 0}
        for blocker in answer["blockers"]:
            entry = rows.get((blocker["cookie"], blocker["inode"]))
            if entry is None:
                return f"blocker {blocker['cookie']} is not in the kernel's table"
            if self.options.observer:
                continue
            pids = sorted({process["pid"] for process in blocker["processes"]})
            wanted = sorted([os.getpid(), *self.scene.helpers]) if entry.inode in mine else []
            if pids != wanted:
                return f"blocker {blocker['cookie']} is held by {wanted}, not {pids}"
        return None

    def times_fault(self, answer, table):
        rows = self.rows_of(table)
        for blocker in answer["blockers"]:
            said, entry = blocker["frees_in_ms"], rows[blocker["cookie"], blocker["inode"]]
            if entry.is_minisock() and (said is None or not entry.expires_ms - 2000 <= said <= entry.expires_ms + 500):
                return f"a minisock that ends in {entry.expires_ms} ms, said {said}"
            if said is not None and entry.inode:
                return f"{entry.words()} does not go by itself, said {said}"
        times = [blocker["frees_in_ms"] for blocker in answer["blockers"]]
        wanted = max(times) if times and None not in times else None
        if answer["free_in_ms"] != wanted:
            return f"free_in_ms is {answer['free_in_ms']}, not {wanted}"
        return None

    # ---- what else the answer promises ----

    def go_on(self, question, reply, table):
        dice = self.scene.dice
        try_replay, try_others, try_removal, partly = (dice.random() < share for share in (0.1, 0.4, 0.5, 0.5))
        if try_replay and not self.options.observer:
            fault = common.replay_fault(self.options.sockvet, reply.arguments)
            if fault:
                self.tally.wrong(fault)
                return
            self.tally.count("replays right")
        if try_others:
            self.try_table(question, reply)
        if try_removal and reply.json["verdict"] == "fails" and reply.json["errno"] == "EADDRINUSE":
            self.try_removal(question, reply, table, partly)

    def try_table(self, question, reply):
        """The other three combinations. Those that are to fail go first: a failing bind() changes nothing.

        The one that was asked is not done again: a bind() between may take away the shortcut that it went by.
        """
        names = {"none": (False, False), "reuseaddr": (True, False), "reuseport": (False, True),
                 "reuseaddr+reuseport": (True, True)}
        order = {"fails": 0, "ok": 1}
        mine = (bool(question.options.reuseaddr), bool(question.options.reuseport))
        said = {name: value for name, value in reply.json["with"].items() if value in order and names[name] != mine}
        for name in sorted(said, key=lambda name: order[said[name]]):
            truth = question.combination(*names[name]).really()
            if (truth == (None, None)) != (said[name] == "ok"):
                self.tally.wrong(f"with {name}: said {said[name]}\n    really: {truth}\n    {reply.words()}")
                return
            self.tally.count("combinations right")

    def try_removal(self, question, reply, table, partly):
        """Without the blockers it works; as long as one of them is there it does not."""
        rows = self.rows_of(table)
        blockers = [rows[blocker["cookie"], blocker["inode"]] for blocker in reply.json["blockers"]]
        self.scene.end_helpers()
        kept = None
        # With SO_REUSEPORT the kernel's shortcut may let it pass although a blocker stays.
        if partly and len(blockers) > 1 and not question.options.reuseport:
            sure = [rows[blocker["cookie"], blocker["inode"]] for blocker in reply.json["blockers"]
                    if blocker["certain"]]
            kept = self.scene.one_of(sure) if sure else None
            blockers = [entry for entry in blockers if entry is not kept]
        if not self.remove(blockers):
            self.tally.count("blockers that could not be removed")
            return
        if kept and not self.still_fails(question, reply, kept):
            return
        if kept and not self.remove([kept]):
            self.tally.count("blockers that could not be removed")
            return
        truth = question.really()
        if truth != (None, None):
            left = "\n    ".join(entry.words() for entry in self.scene.table(question))
            self.tally.wrong(f"every blocker removed, but {truth}\n    {reply.words()}\n    still there:\n    {left}")
            return
        self.tally.count("lists of blockers right")

    def still_fails(self, question, reply, kept):
        same = [entry for entry in self.scene.table(question)
                if entry.cookie == kept.cookie and entry.state == kept.state]
        if not same:            # it went with another: the peer of one that was destroyed
            return True
        truth = question.really()
        if truth == (None, None):
            self.tally.wrong(f"works although a blocker is left: {kept.words()}\n    {reply.words()}")
            return False
        self.tally.count("single blockers right")
        return True

    def remove(self, entries):
        scene = self.scene
        for entry in entries:
            holders = [sock for sock in scene.held
                       if entry.inode and sock.fileno() >= 0 and os.fstat(sock.fileno()).st_ino == entry.inode]
            if entry.protocol == 6 and entry.state != LISTEN and entry.state != common.CLOSE:
                scene.diag.destroy(entry)
            for sock in holders:
                if sock in scene.listeners:
                    scene.listeners.remove(sock)
                scene.drop(sock)
        gone = set(self.rows_of(entries))
        protocol = entries[0].protocol if entries else 6
        return wait_until(lambda: gone.isdisjoint(self.rows_of(scene.diag.dump(protocol))))


def scenario(options, dice, tally, as_root):
    scene = Scene(dice, tally, as_root)
    udp = dice.random() < 0.2
    scene.network()
    scene.make(udp)
    judge = Judge(scene, options, tally)
    for _ in range(dice.randint(1, 3)):
        if tally.faults:
            break
        judge.examine(scene.question(udp, options.probe))
    scene.end_helpers()


def main():
    parser = common.arguments(__doc__, "every TCP question with --probe: all must be decided")
    parser.add_argument("--observer", type=int, help="uid that runs sockvet; how much it decides is not judged")
    options = parser.parse_args()
    common.prepare(options)
    total = common.run(scenario, options)
    least = 0.0 if options.observer else 0.8
    return common.finish(options, total, least)


if __name__ == "__main__":
    sys.exit(main())
