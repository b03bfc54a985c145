#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""make.py RECORDING KERNEL >RECORDING    what `sockvet record` would have made there
make.py --list                           the kernels

RECORDING is of Linux 6.18. What another kernel does not tell is taken out of it, what it
tells in another way is put that way; nothing else is touched. To add a kernel: a row of
KERNELS, and the lines that differ as KERNEL.diff (kernels.bats says how).
"""
import struct
import sys
from collections import namedtuple

# enum frame_type of src/collect/frame.h
ASK, FILE, KERNEL, SOCK, GAP, END, ANSWER = 2, 6, 8, 13, 18, 19, 20
ANSWER_FLAGS = 1                        # enum answer_kind

# attributes of inet_diag, and the kernel that began to tell them
INFO, SKMEMINFO, SHUTDOWN, SKV6ONLY, MARK, CLASS_ID, ULP, CGROUP, SOCKOPT = \
    2, 7, 8, 11, 15, 17, 19, 21, 22
LATE = {SHUTDOWN: (3, 11), SKV6ONLY: (4, 3), MARK: (4, 8), CLASS_ID: (4, 12), ULP: (5, 3),
        CGROUP: (5, 8), SOCKOPT: (5, 10)}
STRANGE = 77                            # an attribute of a kernel to come

BOUND_BIT = 1 << 12                     # STATE_BOUND in the states of a frame_ask
GAP_BOUND = 1                           # enum gap_kind of src/model/snapshot.h
GAP_DUMP = 0
BOUND_TEXT = b"sockets that are only bound are not listed by this kernel (Linux 6.8 does)"
BROKEN_TEXT = b"the listing of IPv4 and IPv6 sockets is incomplete, asked 3 times (Interrupted system call)"
DUMP_INTR = 0x10

SYN_RECV, CLOSE, LISTEN, NEW_SYN_RECV = 3, 7, 10, 12
USER = 1000                             # whose all sockets are; the recording has root's

IPV4 = b"/proc/sys/net/ipv4/"
KNOBS = {b"ip_unprivileged_port_start": (4, 11), b"ip_autobind_reuse": (5, 7),
         b"tcp_tw_reuse_delay": (6, 14)}

# version, bytes of tcp_info, numbers of skmeminfo, anything else
Kernel = namedtuple("Kernel", "version info memory more", defaults=("",))
KERNELS = {
    "3.10": Kernel((3, 10), 104, 8),
    "4.4":  Kernel((4, 4), 144, 8),
    "4.9":  Kernel((4, 9), 168, 9),
    "4.14": Kernel((4, 14), 192, 9),
    "4.19": Kernel((4, 19), 224, 9),
    "5.4":  Kernel((5, 4), 232, 9),
    "5.15": Kernel((5, 15), 232, 9),
    "6.1":  Kernel((6, 1), 232, 9),
    "6.6":  Kernel((6, 6), 240, 9),
    "6.12": Kernel((6, 12), 248, 9),
    "6.18": Kernel((6, 18), 280, 9),
    "later": Kernel((7, 9), 344, 11, "strange"),
    "new-syn-recv": Kernel((6, 18), 280, 9, "new-syn-recv"),
    "interrupted": Kernel((6, 18), 280, 9, "interrupted"),
    "broken-off": Kernel((6, 18), 280, 9, "broken-off"),
    "overdue": Kernel((4, 14), 192, 9, "overdue"),
}

MESSAGE = struct.Struct("=IHHII")       # struct nlmsghdr
TOLD = struct.Struct("=BBBBHH16s16sIII" "IIIII")  # struct inet_diag_msg, ports as they stand


def frames(recording):
    """Type and payload of each frame but the last."""
    at = 16
    while True:
        kind, length = struct.unpack_from("=II", recording, at)
        if kind == END:
            return
        yield kind, recording[at + 8:at + 8 + length]
        at += 8 + length


def checksum(data):
    """FNV-1a, as frame_sum()."""
    value = 0xcbf29ce484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return value


def pack(kinds):
    """A recording of these frames."""
    out = bytearray(struct.pack("=8sII", b"sockvet\n", 2, 0x01020304))
    for kind, payload in kinds:
        out += struct.pack("=II", kind, len(payload)) + payload
    end = struct.pack("=IIQ", END, 16, len(kinds))
    # the checksum is over what stands before the frame that has it
    return bytes(out) + end + struct.pack("=Q", checksum(out))


def attributes(data):
    at = 0
    while at + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, at)
        yield kind, data[at + 4:at + size]
        at += (size + 3) & ~3


def attribute(kind, value):
    return struct.pack("=HH", len(value) + 4, kind) + value + b"\0" * (-len(value) % 4)


def age_attribute(kernel, kind, value):
    """The attribute as that kernel tells it, b"" if not at all."""
    if kernel.version < LATE.get(kind, (0, 0)):
        return b""
    if kind == INFO:
        # bits of the eighth byte: how the rate was limited (4.9), why fast open failed (5.5)
        bits = value[7] & (7 if kernel.version >= (5, 5) else 1 if kernel.version >= (4, 9) else 0)
        value = value[:7] + bytes([bits]) + value[8:]
        value = value[:kernel.info] + b"\xee" * (kernel.info - len(value))
    if kind == SKMEMINFO:
        value = value[:4 * kernel.memory] + b"\xee" * (4 * kernel.memory - len(value))
    return attribute(kind, value)


def age_told(kernel, told):
    """The fixed part: owners, and what only some kernels do."""
    family, state, timer, *middle = told
    *middle, expires, rqueue, wqueue, uid, inode = middle
    mini = timer == 3 or (state == SYN_RECV and not inode)
    uid = 0 if mini or (not inode and kernel.version < (6, 17)) else USER
    if kernel.more == "new-syn-recv" and state == SYN_RECV:
        state = NEW_SYN_RECV
    if kernel.more == "strange" and not timer and state != LISTEN:
        timer, expires = 9, 1234
    # of a timer that was overdue, the milliseconds of a negative number of jiffies, unsigned
    if kernel.more == "overdue" and timer == 1:
        expires = (2**64 - 3 * 1000 + 249) // 250 & 0xffffffff
    return (family, state, timer, *middle, expires, rqueue, wqueue, uid, inode)


def age_sock(kernel, message):
    """A netlink message as that kernel sends it; None: it does not."""
    length, kind, flags, sequence, port = MESSAGE.unpack_from(message)
    told = TOLD.unpack_from(message, 16)
    if told[1] == CLOSE and kernel.version < (6, 8):
        return None
    body = TOLD.pack(*age_told(kernel, told))
    for number, value in attributes(message[16 + TOLD.size:length]):
        body += age_attribute(kernel, number, value)
    if kernel.more == "strange":
        body += attribute(STRANGE, b"of a kernel to come")
    if kernel.more in ("interrupted", "broken-off"):
        flags |= DUMP_INTR
    return MESSAGE.pack(16 + len(body), kind, flags, sequence, port) + body


def age_file(kernel, payload):
    name, content = payload[4:].split(b"\0", 1)
    knob = name[len(IPV4):] if name.startswith(IPV4) else b""
    if kernel.version < KNOBS.get(knob, (0, 0)):
        return struct.pack("=i", 2) + name + b"\0"
    if knob == b"tcp_tw_reuse" and kernel.version < (4, 19):
        content = b"0\n"
    return payload[:4] + name + b"\0" + content


def age_answer(payload):
    """Options of other processes' sockets: from pidfd_getfd(), of Linux 5.6."""
    kind, key = struct.unpack_from("=II", payload)
    return payload[:8 + key] if kind == ANSWER_FLAGS else payload


def gap(kind, text):
    return GAP, struct.pack("=QI", 1, kind) + text


def gaps_of(kernel, ask):
    """What the live run notes behind its question."""
    states, _, _, protocol, _, _, how = struct.unpack("=IIIIIII", ask)
    if how == 0 and protocol in (0, 6) and states & BOUND_BIT and kernel.version < (6, 8):
        yield gap(GAP_BOUND, BOUND_TEXT)
    if kernel.more == "broken-off" and how == 0:
        yield gap(GAP_DUMP, BROKEN_TEXT)


def mapped_listener(message):
    """The first listener again, of IPv6, on the port behind it, of IPv4 too."""
    length, *header = MESSAGE.unpack_from(message)
    told = list(TOLD.unpack_from(message, 16))
    told[0] = 10
    told[4] = struct.unpack("=H", struct.pack("!H", 8082))[0]
    told[9] += 1 << 20
    told[15] += 1 << 20
    rest = message[16 + TOLD.size:length] + attribute(SKV6ONLY, b"\0")
    return MESSAGE.pack(length + 8, *header) + TOLD.pack(*told) + rest


def age(recording, kernel):
    out, doubled = [], False
    for kind, payload in frames(recording):
        if kind == KERNEL:
            payload = b"%d.%d.0" % kernel.version
        elif kind == FILE:
            payload = age_file(kernel, payload)
        elif kind == SOCK and not doubled:
            doubled = True
            out.append((SOCK, age_sock(kernel, mapped_listener(payload))))
        elif kind == ANSWER and kernel.version < (5, 6):
            payload = age_answer(payload)
        if kind == SOCK:
            payload = age_sock(kernel, payload)
        if payload is not None:
            out.append((kind, payload))
        if kind == ASK:
            out += gaps_of(kernel, payload)
    return pack(out)


def main(words):
    if words == ["--list"]:
        print("\n".join(KERNELS))
        return 0
    if len(words) != 2 or words[1] not in KERNELS:
        print(__doc__, file=sys.stderr)
        return 3
    with open(words[0], "rb") as file:
        sys.stdout.buffer.write(age(file.read(), KERNELS[words[1]]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
