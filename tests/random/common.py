# SPDX-License-Identifier: GPL-2.0-or-later
"""What the random tests share: private namespaces, the kernel's own tables, sockvet, counting.

Nothing in here knows a rule about ports. The tests compare what sockvet says with what the kernel does.
"""
import argparse
import ctypes
import errno
import gc
import ipaddress
import json
import math
import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import traceback

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PR_SET_PDEATHSIG = 1
SO_REUSEPORT, SO_BINDTODEVICE = 15, 25
IP_BIND_ADDRESS_NO_PORT, IPV6_V6ONLY = 24, 26

ESTABLISHED, SYN_SENT, SYN_RECV, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT = 1, 2, 3, 4, 5, 6
CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING = 7, 8, 9, 10, 11
STATE_NAMES = ["?", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT_1", "FIN_WAIT_2", "TIME_WAIT", "CLOSE",
               "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING"]
# BOUND_INACTIVE (bit 13) shows what is bound and neither listens nor connects; nobody sees it otherwise.
EVERY_STATE = 0xffe | 1 << 13

libc = ctypes.CDLL(None, use_errno=True)


def check_call(result, what):
    if result < 0:
        err = ctypes.get_errno()
        raise OSError(err, what + ": " + os.strerror(err))


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def really_root():
    """Root of a user namespace that knows other uids too."""
    if os.geteuid() != 0:
        return False
    with open("/proc/self/uid_map") as uid_map:
        return any(int(line.split()[2]) > 1000 for line in uid_map)


def enter_private_network(as_root):
    if as_root:
        check_call(libc.unshare(CLONE_NEWNET), "unshare")
        return
    uid, gid = os.geteuid(), os.getegid()
    check_call(libc.unshare(CLONE_NEWUSER | CLONE_NEWNET), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        try:
            with open("/proc/self/" + name, "w") as file:
                file.write(text)
        except PermissionError:
            if name != "setgroups":
                raise


def sysctl(name, value):
    with open("/proc/sys/net/" + name, "w") as file:
        file.write(str(value))


# ---- links and addresses ----

def attribute(kind, payload):
    size = 4 + len(payload)
    return struct.pack("HH", size, kind) + payload + bytes(-size % 4)


class Route:
    """rtnetlink: one request, one acknowledgement."""
    NLM_F_NEW = 0x1 | 0x4 | 0x400 | 0x200       # request, ack, create, exclusive
    NLM_F_SET = 0x1 | 0x4
    IFF_UP, IFF_NOARP = 0x1, 0x80

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self.socket.bind((0, 0))

    def request(self, kind, flags, payload):
        self.socket.send(struct.pack("IHHII", 16 + len(payload), kind, flags, 1, 0) + payload)
        answer = self.socket.recv(65536)
        err = -struct.unpack_from("i", answer, 16)[0]
        if err:
            raise OSError(err, os.strerror(err))

    def veth(self, name, peer):
        blank = struct.pack("BxHiII", 0, 0, 0, 0, 0)
        data = attribute(1, blank + attribute(3, peer.encode() + b"\0"))
        info = attribute(1, b"veth") + attribute(2, data)
        self.request(16, self.NLM_F_NEW, blank + attribute(3, name.encode() + b"\0") + attribute(18, info))

    def up(self, name, no_arp=False):
        flags = self.IFF_UP | (self.IFF_NOARP if no_arp else 0)
        self.request(16, self.NLM_F_SET,
                     struct.pack("BxHiII", 0, 0, socket.if_nametoindex(name), flags,
                                 self.IFF_UP | self.IFF_NOARP))

    def address(self, name, text, nodad=True):
        interface = ipaddress.ip_interface(text)
        family = socket.AF_INET if interface.version == 4 else socket.AF_INET6
        packed = interface.ip.packed
        flags = 0x02 if nodad and family == socket.AF_INET6 else 0      # IFA_F_NODAD
        header = struct.pack("BBBBi", family, interface.network.prefixlen, flags, 0,
                             socket.if_nametoindex(name))
        self.request(20, self.NLM_F_NEW, header + attribute(2, packed) + attribute(1, packed))

    def wait_for(self, texts):
        """A new IPv6 address is tentative until a worker of the kernel has made its local route."""
        wanted = {ipaddress.ip_address(text).packed.hex() + " 80" for text in texts}

        def there():
            with open("/proc/self/net/ipv6_route") as file:
                return wanted <= {line[:35] for line in file}

        if not wait_until(there, 5):
            raise TimeoutError(f"no route to all of {texts}")


# ---- addresses as text, "fe80::1%va" ----

def is_v6(text):
    return ":" in text


def sockaddr(text, port):
    address, _, scope = text.partition("%")
    if not is_v6(text):
        return (address, port)
    return (address, port, 0, socket.if_nametoindex(scope) if scope else 0)


def with_port(text, port):
    return f"[{text}]:{port}" if is_v6(text) else f"{text}:{port}"


# ---- the kernel's tables ----

class Entry:
    """One row of the kernel's socket tables."""

    def __init__(self, family, protocol, message):
        (self.family, self.state, self.timer, _) = struct.unpack_from("BBBB", message)
        self.id = message[4:52]
        self.local_port, self.remote_port = struct.unpack_from("!HH", message, 4)
        (self.ifindex, low, high) = struct.unpack_from("III", message, 40)
        self.cookie = high << 32 | low
        (self.expires_ms, _, _, self.uid, self.inode) = struct.unpack_from("IIIII", message, 52)
        self.protocol = protocol
        size = 4 if self.family == socket.AF_INET else 16
        self.local = message[8:8 + size]
        self.remote = message[24:24 + size]

    def is_minisock(self):
        return self.timer == 3

    def words(self):
        ends = [with_port(socket.inet_ntop(self.family, raw), port)
                for raw, port in ((self.local, self.local_port), (self.remote, self.remote_port))]
        return (f"{STATE_NAMES[self.state]}{'(minisock)' if self.is_minisock() else ''} {ends[0]} -> {ends[1]} "
                f"inode {self.inode} uid {self.uid} if {self.ifindex} cookie {self.cookie}")


def plain(raw):
    """A v4-mapped address is its IPv4 one."""
    return raw[12:] if len(raw) == 16 and raw[:12] == bytes(10) + b"\xff\xff" else raw


class Diag:
    """sock_diag: dump and destroy."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)
        self.socket.bind((0, 0))

    def dump(self, protocol=socket.IPPROTO_TCP, port=None):
        entries = []
        for family in (socket.AF_INET, socket.AF_INET6):
            body = struct.pack("BBBBI", family, protocol, 0, 0, EVERY_STATE if protocol == 6 else 0xffffffff)
            body += bytes(48)
            self.socket.send(struct.pack("IHHII", 16 + len(body), 20, 0x301, 1, 0) + body)
            entries += self.receive(family, protocol)
        return [entry for entry in entries if port is None or entry.local_port == port]

    def receive(self, family, protocol):
        entries = []
        while True:
            data = self.socket.recv(1 << 17)
            at = 0
            while at < len(data):
                size, kind = struct.unpack_from("IH", data, at)
                if kind == 3:
                    return entries
                if kind == 2:
                    err = -struct.unpack_from("i", data, at + 16)[0]
                    raise OSError(err, "dump: " + os.strerror(err))
                entries.append(Entry(family, protocol, data[at + 16:at + size]))
                at += (size + 3) & ~3

    def destroy(self, entry):
        """Returns errno or 0."""
        body = struct.pack("BBBBI", entry.family, entry.protocol, 0, 0, 1 << entry.state) + entry.id
        self.socket.send(struct.pack("IHHII", 16 + len(body), 21, 0x5, 1, 0) + body)
        return -struct.unpack_from("i", self.socket.recv(65536), 16)[0]


def outline(entries):
    """What must stay the same while a question is asked and answered."""
    return sorted((entry.protocol, entry.cookie, entry.state, entry.local_port, entry.inode) for entry in entries)


def difference(before, after):
    """In words, what is in one table and not in the other."""
    was, now = set(outline(before)), set(outline(after))
    return ([f"gone: {entry.words()}" for entry in before if set(outline([entry])) - now]
            + [f"new: {entry.words()}" for entry in after if set(outline([entry])) - was])


def settle(diag):
    """Until the kernel has finished what we started: two looks that are the same."""
    before = None
    for _ in range(200):
        now = outline(diag.dump())
        if now == before:
            return
        before = now
        time.sleep(0.002)


def wait_until(condition, seconds=1.0):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.0005)
    return True


def tcp_state(sock):
    return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def fill(sock):
    """Until the peer's window is shut and our buffer is full: a FIN will have to wait behind this."""
    sock.setblocking(False)
    refused = 0
    for _ in range(2000):
        try:
            sock.send(bytes(4096))
            refused = 0
        except BlockingIOError:
            refused += 1
            if refused == 3:
                return
            time.sleep(0.001)
        except OSError:
            return


# ---- sockvet ----

class Reply:
    def __init__(self, arguments, status, out, err):
        self.arguments, self.status, self.err = arguments, status, err.strip()
        try:
            self.json = json.loads(out)
        except ValueError:
            self.json = None

    def words(self):
        shown = json.dumps(self.json) if self.json is not None else "no JSON"
        return f"sockvet {' '.join(self.arguments)}\n    status {self.status} {self.err}\n    {shown}"


def ask(sockvet, arguments, observer=None):
    result = subprocess.run([sockvet, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                            user=observer, group=observer, extra_groups=[] if observer else None)
    return Reply(arguments, result.returncode, result.stdout, result.stderr.decode(errors="replace"))


def replay_fault(sockvet, arguments):
    """A recorded run and its replay say the same, times included."""
    path = f"/tmp/sockvet-random-{os.getpid()}"
    try:
        live = ask(sockvet, [*arguments, "--record", path])
        again = ask(sockvet, [*arguments, "--from", path])
    finally:
        if os.path.exists(path):
            os.unlink(path)
    if live.json is None or live.json != again.json or live.status != again.status:
        return f"a recording says something else\n    {live.words()}\n    {again.words()}"
    return None


# ---- running and counting ----

class Tally:
    """What one scenario found; travels to the parent as JSON."""

    def __init__(self):
        self.words = []         # the set-up, for repeating it
        self.counts = {"right": 0, "wrong": 0, "depends": 0}
        self.others = {}        # further counts, told and not judged
        self.faults = []

    def say(self, text):
        self.words.append(text)

    def count(self, what, number=1):
        self.others[what] = self.others.get(what, 0) + number

    def wrong(self, text):
        self.counts["wrong"] += 1
        self.faults.append(text)


def one_scenario(scenario, options, index, as_root):
    tally = Tally()
    try:
        enter_private_network(as_root)
        scenario(options, random.Random(f"{options.seed}:{index}"), tally, as_root)
    except Exception:
        tally.counts["broken"] = 1
        tally.faults.append("the test itself failed\n" + traceback.format_exc())
    return {"counts": tally.counts, "others": tally.others, "faults": tally.faults, "words": tally.words}


def start(scenario, options, index, as_root):
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        die_with_parent()
        result = one_scenario(scenario, options, index, as_root)
        with os.fdopen(writing, "w") as pipe:
            json.dump(result, pipe)
        os._exit(0)
    os.close(writing)
    return reading, pid


def take(reading, pid):
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    _, status = os.waitpid(pid, 0)
    if not text:
        return {"counts": {"broken": 1}, "others": {}, "faults": [f"the scenario died: {status}"], "words": []}
    return json.loads(text)


def tell(options, index, result, verbose):
    if not result["faults"] and not verbose:
        return
    print(f"seed {options.seed} scenario {index}   (--seed {options.seed} --only {index})")
    for line in result["words"]:
        print("  " + line)
    for fault in result["faults"]:
        print("  WRONG: " + fault)
    sys.stdout.flush()


def add(total, counts):
    for name, number in counts.items():
        total[name] = total.get(name, 0) + number


def run(scenario, options):
    """Every scenario in a process and namespaces of its own, some at the same time."""
    as_root = really_root()
    indices = [options.only] if options.only is not None else list(range(options.count))
    total, others, running = {"right": 0, "wrong": 0, "depends": 0, "broken": 0}, {}, {}
    began = time.monotonic()
    gc.freeze()
    while indices or running:
        while indices and len(running) < options.jobs:
            index = indices.pop(0)
            reading, pid = start(scenario, options, index, as_root)
            running[reading] = (index, pid)
        for reading in select.select(list(running), [], [])[0]:
            index, pid = running.pop(reading)
            result = take(reading, pid)
            tell(options, index, result, options.verbose)
            add(total, result["counts"])
            add(others, result["others"])
    seconds = time.monotonic() - began
    print(f"seed {options.seed}, {seconds:.1f} s, " + ", ".join(f"{n} {what}" for what, n in sorted(others.items())))
    return total


def enough(decided, every, share):
    """Whether that share of all was decided, or is missed by chance: by up to three standard deviations."""
    chance = 3 * math.sqrt(share * (1 - share) / every)
    return decided >= (share - chance) * every


def finish(options, total, least_decided):
    """The closing line, and whether that was good enough."""
    decided = total["right"] + total["wrong"]
    every = decided + total["depends"]
    broken = f", {total['broken']} broken scenarios" if total["broken"] else ""
    print(f"{total['right']} right, {total['wrong']} wrong, {total['depends']} depends{broken}")
    good = total["wrong"] == 0 and total["broken"] == 0 and every > 0
    if every and options.only is None and not enough(decided, every, least_decided):
        print(f"only {100 * decided / every:.1f} % decided")
        good = False
    return 0 if good else 1


def arguments(about, probe_help):
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--seed", type=int, default=None, help="any number; drawn and told when not given")
    parser.add_argument("--count", type=int, default=200, help="scenarios (200)")
    parser.add_argument("--only", type=int, help="this scenario of the seed alone, told in full")
    parser.add_argument("--probe", action="store_true", help=probe_help)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="scenarios at a time")
    parser.add_argument("--sockvet", default=os.environ.get("SOCKVET", "build/sockvet"))
    parser.add_argument("-v", "--verbose", action="store_true", help="tell right answers too")
    return parser


def prepare(options):
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1, 1 << 31)
    options.sockvet = os.path.abspath(options.sockvet)
    if not os.access(options.sockvet, os.X_OK):
        sys.exit(f"no sockvet at {options.sockvet}")
    options.verbose = options.verbose or options.only is not None


def errno_name(err):
    return errno.errorcode.get(err, str(err)) if err else None
