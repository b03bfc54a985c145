# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings of machines that are not at hand: what no kernel here would say, or not so much of it.

They are of the first version of the format, whose end has no checksum, so that they can be large.
"""
import socket
import struct

BASICS, ASK, HOLDERS, DESCRIPTORS, CGROUPS = 1, 2, 3, 4, 5
FILE, CLOCK, KERNEL, NETNS, LINKS, LINK, LOCAL, SOCK, PROCESS, HOLDER, LIMIT, CGROUP, GAP, END = range(6, 20)
ESTABLISHED, TIME_WAIT, CLOSE_WAIT, LISTEN = 1, 6, 8, 10
INFO, CONGESTION, TOS, MEMORY, SHUTDOWN, CGROUP_ID, SOCKOPT = 2, 4, 5, 7, 8, 21, 22

# What every supported kernel has in /proc/sys/net, and its counters.
IPV4 = "/proc/sys/net/ipv4/"
KNOBS = {
    IPV4 + "ip_local_port_range": "32768\t60999\n", IPV4 + "tcp_fin_timeout": "60\n",
    IPV4 + "tcp_max_tw_buckets": "65536\n", IPV4 + "tcp_tw_reuse": "2\n", IPV4 + "tcp_timestamps": "1\n",
    "/proc/sys/net/core/somaxconn": "4096\n", IPV4 + "tcp_max_syn_backlog": "1024\n",
    IPV4 + "tcp_syn_retries": "6\n", IPV4 + "tcp_synack_retries": "5\n", IPV4 + "tcp_retries2": "15\n",
    IPV4 + "tcp_orphan_retries": "0\n", IPV4 + "tcp_abort_on_overflow": "0\n",
    IPV4 + "ip_unprivileged_port_start": "1024\n", IPV4 + "tcp_max_orphans": "65536\n",
    IPV4 + "tcp_mem": "90000\t120000\t180000\n", IPV4 + "ip_local_reserved_ports": "\n",
    "/proc/thread-self/net/snmp": "Tcp: CurrEstab\nTcp: 1\n",
    "/proc/thread-self/net/netstat":
        "TcpExt: ListenOverflows ListenDrops TCPTimeWaitOverflow TCPAbortOnMemory TCPReqQFullDrop\nTcpExt: 0 0 0 0 0\n",
    "/proc/thread-self/net/sockstat": "sockets: used 9\nTCP: inuse 3 orphan 0 tw 0 alloc 3 mem 1\n",
}


def attr(kind, payload):
    return struct.pack("=HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def sock(cookie, state=ESTABLISHED, local=("10.0.0.1", 443), remote=("10.0.0.2", 40000), timer=0, retrans=0, expires=0,
         recv=0, send=0, uid=1000, inode=0, ifindex=0, attrs=b""):
    """A netlink message with one socket."""
    body = struct.pack("=BBBB", socket.AF_INET, state, timer, retrans)
    body += struct.pack(">HH", local[1], remote[1])
    body += socket.inet_aton(local[0]) + bytes(12) + socket.inet_aton(remote[0]) + bytes(12)
    body += struct.pack("=IIIIIIII", ifindex, cookie & 0xffffffff, cookie >> 32, expires, recv, send, uid, inode)
    return struct.pack("=IHHII", 16 + len(body) + len(attrs), 20, 2, 1, 1) + body + attrs


def frame(kind, *parts):
    body = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return struct.pack("=II", kind, len(body)) + body


def process(pid, comm, cgroup=0):
    return frame(PROCESS, struct.pack("=Qi", cgroup, pid), comm)


def holder(fd, inode):
    return frame(HOLDER, struct.pack("=iI", fd, inode))


def limit(descriptors, most):
    """Of the process before it: how many descriptors are open, and how many may be."""
    return frame(LIMIT, struct.pack("=qqI", descriptors, most, 3))


def local(address):
    """An IPv4 address of the machine."""
    return frame(LOCAL, struct.pack("=II", 2, 1), bytes(10) + b"\xff\xff" + socket.inet_aton(address))


def basics(time_ms=1700000000000, release="6.1.0", links=(), files=KNOBS, name="", more=()):
    yield frame(BASICS)
    yield frame(CLOCK, struct.pack("=q", time_ms))
    yield frame(KERNEL, release)
    yield frame(NETNS, struct.pack("=Q", 4026531840), name)
    yield frame(LINKS, struct.pack("=I", 1))
    for index, link in links:
        yield frame(LINK, struct.pack("=I", index), link)
    for path, text in files.items():
        yield frame(FILE, struct.pack("=i", 0), path + "\0", text)
    yield from more


def write(path, socks, holders=(), cgroups=(), limits=(), **words):
    """socks: messages; holders: frames of processes and holders; cgroups: pairs of id and path; limits: frames of
    processes and limits."""
    count = 0
    with open(path, "wb") as file:
        file.write(b"sockvet\n" + struct.pack("=II", 1, 0x01020304))

        def put(part):
            nonlocal count
            file.write(part)
            count += 1

        for part in basics(**words):
            put(part)
        put(frame(ASK, struct.pack("=III", 0x3ffe, 3, 0xffffffff)))
        for message in socks:
            put(struct.pack("=II", SOCK, len(message)) + message)
        put(frame(HOLDERS, struct.pack("=I", 1)))
        for part in holders:
            put(part)
        put(frame(DESCRIPTORS, struct.pack("=I", 1)))
        for part in limits:
            put(part)
        put(frame(CGROUPS, struct.pack("=I", 1)))
        for number, name in cgroups:
            put(frame(CGROUP, struct.pack("=Q", number), name))
        file.write(frame(END, struct.pack("=Q", count)))
