# SPDX-License-Identifier: GPL-2.0-or-later
"""The sockets that the tortured commands look at, and what of an answer may differ between two runs.

Every state here lasts: no timer ends it while the runs go on.
"""
import errno
import json
import re
import resource
import socket
import struct
import subprocess
import time

PORT = 8080
FIN_WAIT_1 = "04"


def pair(listener):
    client = socket.socket(listener.family)
    client.connect(listener.getsockname()[:2])
    return client, listener.accept()[0]


def make():
    """LISTEN, ESTABLISHED, FIN_WAIT_2, CLOSE_WAIT with all read and with data unread, BOUND, never accepted, UDP."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    held = []
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, PORT))
        listener.listen(8)
        established, half, unread = pair(listener), pair(listener), pair(listener)
        half[0].shutdown(socket.SHUT_WR)
        unread[0].send(b"unread")
        unread[0].shutdown(socket.SHUT_WR)
        held += [listener, *established, *half, *unread]
    waiting = socket.socket()
    waiting.bind(("127.0.0.1", PORT + 1))
    waiting.listen(8)
    impatient = socket.create_connection(("127.0.0.1", PORT + 1))
    bound = socket.socket()
    bound.bind(("127.0.0.1", PORT + 2))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", PORT + 3))
    settle()
    return held + [waiting, impatient, bound, datagrams]


def crowd():
    """So many more that a listing is received by three threads: in JSON 20 answers, in text 11."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    listener = socket.create_server(("127.0.0.2", PORT), backlog=64)
    held = [listener]
    for _ in range(1500):
        held += [*pair(listener)]
    return held


def settle():
    """Until every FIN is acknowledged."""
    end = time.monotonic() + 20
    while any(line.split()[3] == FIN_WAIT_1 for name in ("tcp", "tcp6")
              for line in open("/proc/net/" + name, encoding="ascii")):
        assert time.monotonic() < end
        time.sleep(0.02)


class Watch:
    """What the sockets are, and whether one was closed, by a program that is not the one on trial."""

    GROUPS = (1, 2, 3, 4)       # SKNLGRP_INET_TCP_DESTROY, UDP_DESTROY, INET6_TCP_DESTROY, UDP_DESTROY

    def __init__(self):
        self.closed = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
        self.closed.setblocking(False)
        self.closed.bind((0, 0))
        for group in self.GROUPS:
            self.closed.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group)
        self.begin()

    def begin(self):
        self.saw_end()
        self.table = rows_of_kernel()

    def saw_end(self):
        """Whether a socket was freed since it was asked last: one that came and went is in no table."""
        ended = False
        while True:
            try:
                ended |= bool(self.closed.recv(65536))
            except BlockingIOError:
                return ended
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                ended = True

    def moved(self, ends_count):
        return rows_of_kernel() != self.table or (self.saw_end() and ends_count)


SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, NETLINK_SOCK_DIAG = 270, 1, 4
TCPDIAG_GETSOCK, SOCK_DIAG_BY_FAMILY, NLMSG_ERROR, NLMSG_DONE = 18, 20, 2, 3
NLM_F_REQUEST_DUMP = 0x301
# All states, and those of a mask only: sockets that are bound and nothing else.
ALL_STATES = 0xffffffff


def rows_of_kernel():
    """State, addresses, queues, owner and inode of each TCP and UDP socket; ss of Debian 12 has no word for BOUND."""
    requests = [(SOCK_DIAG_BY_FAMILY, struct.pack("=BBBBI48x", family, protocol, 0, 0, ALL_STATES))
                for family in (socket.AF_INET, socket.AF_INET6) for protocol in (socket.IPPROTO_TCP, socket.IPPROTO_UDP)]
    return sorted(row for request in requests for row in dumped(*request))


def dumped(kind, request):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as asked:
        asked.send(struct.pack("=IHHII", 16 + len(request), kind, NLM_F_REQUEST_DUMP, 1, 0) + request)
        while True:
            answer = asked.recv(1 << 17)
            while answer:
                size, kind, _, _, _ = struct.unpack_from("=IHHII", answer)
                if kind == NLMSG_DONE:
                    return
                assert kind != NLMSG_ERROR, "the kernel lists no sockets"
                # family, state; addresses; queues, uid, inode: without the timer, its time and the cookie
                yield answer[16:18] + answer[20:60] + answer[72:88]
                answer = answer[size + 3 & ~3:]


# Members that tell a time, what the whole machine shares, and who asks.
MOVING = re.compile(r"_(m|u|n)?s$|^time$|^(tcp_mem|sockets|orphans|memory|open_files|file_max|time_wait)|orphans|^descriptors$"
                    r"|_pages$|^(tcp|udp)_(in_use|mem)|allocated|_in_use$")
KEPT = {"sockets"}
TIME = re.compile(r"\b\d+(\.\d+)? ?(ms|s|sec|min|h)\b")


def still(value, name=""):
    """A JSON value without what moves."""
    if isinstance(value, dict):
        return {key: still(member, key) for key, member in value.items()
                if key in KEPT or not MOVING.search(key)}
    if isinstance(value, list):
        return sorted((still(member, name) for member in value), key=place_of)
    return TIME.sub("T", value) if isinstance(value, str) else value


def place_of(member):
    """Sockets come in the kernel's order, which is another one when it is asked in another way."""
    of = member if isinstance(member, dict) else {}
    return json.dumps([of.get(name) for name in ("local", "remote", "state", "protocol", "inode")])


def weaker(then, now):
    """Whether the later one says the same or, here and there, null; sentences may follow what is null."""
    if now is None or then == now or now == "depends":
        return True
    if isinstance(then, dict) and isinstance(now, dict):
        return then.keys() == now.keys() and all(weaker(then[key], now[key]) for key in then)
    if isinstance(then, list) and isinstance(now, list):
        return len(then) == len(now) and all(map(weaker, then, now))
    return isinstance(then, str) and isinstance(now, str) and " " in then


def plain(text, is_json):
    """What has to be the same in two runs; None when it is broken JSON."""
    if is_json:
        try:
            return still(json.loads(text))
        except ValueError:
            return None
    text = re.sub(TIME.pattern.encode(), b"T", text)
    text = re.sub(rb"\b\d\d:\d\d:\d\d\b", b"T", text)
    text = re.sub(rb"(?m)^(here|init)\b", b"here", text)
    text = re.sub(rb" last(snd|rcv|ack):\d+", b"", text)
    return b"\n".join(sorted(re.sub(rb" +|-{3,}", b" ", text).splitlines()))
