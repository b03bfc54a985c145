# SPDX-License-Identifier: GPL-2.0-or-later
"""Recordings in which there are many of one thing: shapes.py SHAPE COUNT FILE.

Each has as many sockets, holders, links, ... as COUNT says, arranged so that whoever searches or compares them one by
one has to do it for each of the others.
"""
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "faults"))
from recording import *     # noqa: E402,F403

NOBODY = ("0.0.0.0", 0)


def address(i, net="10.0.0.0"):
    return socket.inet_ntoa((int.from_bytes(socket.inet_aton(net), "big") + i).to_bytes(4, "big"))


def owners(count):
    """A process for each inode."""
    return (part for i in range(count) for part in (process(i + 1, "w%d" % i), holder(3, i + 1)))


def hoards(count):
    """A process with ten descriptors of every socket, and as many processes near their limit."""
    return {
        "socks": (sock(i + 1, remote=(address(i), 40000), inode=i + 1) for i in range(count)),
        "holders": [process(count + 1, "hoarder")] + [holder(i, i // 10 + 1) for i in range(10 * count)],
        "limits": (part for i in range(count) for part in (process(i + 1, "w%d" % i), limit(1000, 1024))),
    }


def links(count):
    return {"socks": (sock(i + 1, ifindex=count - i, remote=(address(i), 40000)) for i in range(count)),
            "links": [(i + 1, "eth%d" % i) for i in range(count)]}


def addresses(count):
    """Each address of the machine has a listener."""
    return {"socks": (sock(i + 1, LISTEN, local=(address(i), 443), remote=NOBODY, inode=i + 1) for i in range(count)),
            "holders": owners(count), "more": [local(address(i)) for i in range(count)]}


def waiting(count):
    """Connections that nobody accepted, and behind them their listener."""
    return {"socks": [sock(i + 1, remote=(address(i), 40000)) for i in range(count)] +
                     [sock(count + 1, LISTEN, remote=NOBODY, inode=1)],
            "holders": owners(1)}


def shared(count):
    """One socket that every process has."""
    return {"socks": [sock(1, inode=1)],
            "holders": (part for i in range(count) for part in (process(i + 1, "w%d" % i), holder(3, 1)))}


def alike(count):
    """Every socket has the inode that every process has, and is 400 s old."""
    old = bytearray(248)
    for at in 44, 52, 56:
        struct.pack_into("=I", old, at, 400000)
    old = attr(INFO, bytes(old))
    return dict(shared(count), socks=(sock(i + 1, CLOSE_WAIT, remote=(address(i), 40000), inode=1, attrs=old)
                                      for i in range(count)))


def heads(count):
    """Questions of each kind, and listings, that nobody asks again."""
    answer, elsewhere = 20, b"?" * 40
    return {"socks": [sock(1, LISTEN, remote=NOBODY, inode=1)], "holders": owners(1),
            "more": [part for i in range(count // 10) for kind in range(1, 10) for part in
                     (frame(answer, struct.pack("=II", kind, len(elsewhere)), elsewhere), frame(CGROUPS, bytes(4)))]}


if __name__ == "__main__":
    write(sys.argv[3], **globals()[sys.argv[1]](int(sys.argv[2])))
