# SPDX-License-Identifier: GPL-2.0-or-later
"""What situations are made of: a network namespace of their own, processes, sockets, and a far host.

A situation is a function; its decorator says what check has to find. It runs in a process and
network namespace of its own, returns when the state is there, and its process then stays until the
runner ends it. Descendants end with their parent, and everything ends by itself after LIFETIME_S.
"""
import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
import subprocess
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
LIFETIME_S = 120
KEEP = []       # what a situation holds
SITUATIONS = []


class NotHere(Exception):
    """This kernel cannot make the situation."""


class Situation:
    def __init__(self, make, group, finds, options, lower):
        self.make, self.group, self.finds, self.options, self.lower = make, group, finds, options, lower
        self.title = " ".join(make.__doc__.split())


def sick(group, *finds, options=()):
    """FINDS: what check has to find, and nothing beside it; each a dictionary for finding()."""
    return lambda make: SITUATIONS.append(Situation(make, group, finds, options, ()))


def healthy(group, lower=()):
    """Nothing is found by the usual thresholds, nor by those of LOWER (for --warn)."""
    return lambda make: SITUATIONS.append(Situation(make, group, (), (), lower))


def finding(ident, who=None, count=None, **members):
    """WHO: the name of the process, or a part of the cause. Members: of the evidence."""
    return {"id": ident, "who": who, "count": count, "evidence": members}


# ---- processes --------------------------------------------------------------

def comm(name):
    libc.prctl(15, name.encode(), 0, 0, 0)


def dies_with_its_parent():
    libc.prctl(1, signal.SIGKILL, 0, 0, 0)


def ends_in_time():
    dies_with_its_parent()
    signal.alarm(LIFETIME_S)


def child(work, name=None, without=()):
    """WORK in a child that has closed WITHOUT. Returns its pid when WORK is through; the child then stays."""
    ready, done = os.pipe()
    pid = os.fork()
    if pid == 0:
        ends_in_time()
        os.close(ready)
        if name:
            comm(name)
        try:
            for sock in without:
                sock.close()
            work()
            os.write(done, b".")
            while True:
                signal.pause()
        finally:
            os._exit(1)
    os.close(done)
    if not os.read(ready, 1):
        raise RuntimeError(f"{name or 'a child'} failed")
    os.close(ready)
    return pid


def background(work, *arguments):
    threading.Thread(target=work, args=arguments, daemon=True).start()


def forever(step, pause=0.05):
    """STEP again and again in a thread."""
    def work():
        while True:
            step()
            time.sleep(pause)
    background(work)


def until(condition, what, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("not seen: " + what)
        time.sleep(0.02)


def limit_descriptors(number):
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))


def sysctl(name, value):
    with open("/proc/sys/net/ipv4/" + name, "w", encoding="ascii") as file:
        file.write(str(value))


def ip(*lines):
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True, capture_output=True)


def tc(device, discipline):
    done = subprocess.run(["tc", "qdisc", "add", "dev", device, "root", *discipline.split()], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise NotHere("no queueing discipline: " + done.stderr.strip())


# ---- sockets ----------------------------------------------------------------

def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def listener(port, address="127.0.0.1", backlog=512, reuseport=False, protocol=0):
    sock = socket.socket(family_of(address), socket.SOCK_STREAM, protocol)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuseport:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((address, port))
    sock.listen(backlog)
    KEEP.append(sock)
    return sock


def connect(address, port, source=None, wait=True):
    sock = socket.socket(family_of(address))
    KEEP.append(sock)
    if source:
        sock.setsockopt(socket.IPPROTO_IP, 24, 1)       # IP_BIND_ADDRESS_NO_PORT
        sock.bind((source, 0))
    sock.setblocking(wait)
    if sock.connect_ex((address, port)) not in (0, 115):
        raise RuntimeError(f"no connection to {address}:{port}")
    return sock


def pairs(count, server, address=None, source=None):
    """COUNT connections to a listener of this process: [(client, accepted)]."""
    own, port = server.getsockname()[:2]
    made = []
    for _ in range(count):
        client = connect(address or own, port, source)
        made.append((client, server.accept()[0]))
    KEEP.append(made)
    return made


def connected(count, server, address=None):
    """COUNT connections to SERVER, which has not accepted them."""
    own, port = server.getsockname()[:2]
    return [connect(address or own, port) for _ in range(count)]


def accept(server, count):
    taken = [server.accept()[0] for _ in range(count)]
    KEEP.append(taken)
    return taken


def close_all(socks):
    for sock in socks:
        sock.close()


def state(sock):
    try:
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    except OSError:
        return 0


ESTABLISHED, SYN_SENT, SYN_RECV, FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT, CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN = range(1, 11)


def all_in(wanted, socks):
    until(lambda: all(state(sock) == wanted for sock in socks), f"state {wanted}")


def count_in(wanted):
    """Sockets of this namespace in that state, as /proc/net tells."""
    found = 0
    for path in ("/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"):
        with open(path, encoding="ascii") as file:
            found += sum(int(line.split()[3], 16) == wanted for line in list(file)[1:])
    return found


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def fill(sock):
    """Writes until neither the peer nor the own buffer takes more."""
    sock.setblocking(False)
    last = time.monotonic()
    while time.monotonic() - last < 0.3:
        try:
            sock.send(b"z" * 65536)
            last = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)


def echo(server, connections=1 << 30):
    """Accepts and answers each in a thread, for ever."""
    def answer(sock):
        with sock:
            while data := sock.recv(65536):
                sock.sendall(data)

    def accept():
        for _ in range(connections):
            background(answer, server.accept()[0])
    background(accept)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xffff)
    return ~(total + (total >> 16)) & 0xffff


def flood(source, address, port, count, first=10000):
    """COUNT SYNs in the name of SOURCE, where nobody answers."""
    ends = socket.inet_aton(source) + socket.inet_aton(address)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for i in range(count):
            syn = struct.pack("!HHIIBBHHH", first + i, port, 1, 0, 5 << 4, 2, 65535, 0, 0)
            syn = syn[:16] + struct.pack("!H", checksum(ends + struct.pack("!HH", 6, 20) + syn)) + syn[18:]
            raw.sendto(struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0) + ends + syn, (address, 0))


# ---- hosts ------------------------------------------------------------------

def unshare_network():
    if libc.unshare(CLONE_NEWNET):
        raise NotHere("no network namespace")


def unshare_processes():
    if libc.unshare(0x20000000):
        raise NotHere("no process namespace")


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh22x", b"lo", 0x1 | 0x40))


class Far:
    """A second host behind a veth: 10.79.0.2, fd79::2 and, with MANY, 10.79.1.1 and so on; we are 10.79.0.1, fd79::1.
    `with far:` is there, for this thread."""
    def __init__(self, many=0):
        self.near = os.open("/proc/self/ns/net", os.O_RDONLY)
        unshare_network()
        self.there = os.open("/proc/self/ns/net", os.O_RDONLY)
        loopback_up()
        ip("link add far0 address 02:00:00:00:79:02 type veth peer name near0 address 02:00:00:00:79:01 "
           f"netns /proc/{os.getpid()}/fd/{self.near}", "addr add 10.79.0.2/24 dev far0",
           "addr add fd79::2/64 dev far0 nodad", *(f"addr add 10.79.1.{i + 1}/32 dev far0" for i in range(many)),
           "link set far0 up", "neigh add 10.79.0.1 lladdr 02:00:00:00:79:01 nud permanent dev far0",
           "neigh add fd79::1 lladdr 02:00:00:00:79:01 nud permanent dev far0")
        self.__exit__()
        ip("addr add 10.79.0.1/24 dev near0", "addr add fd79::1/64 dev near0 nodad", "link set near0 up",
           "neigh add 10.79.0.2 lladdr 02:00:00:00:79:02 nud permanent dev near0",
           "neigh add fd79::2 lladdr 02:00:00:00:79:02 nud permanent dev near0",
           "route add 10.79.1.0/24 via 10.79.0.2 dev near0")

    def __enter__(self):
        if libc.setns(self.there, CLONE_NEWNET):
            raise RuntimeError("setns")

    def __exit__(self, *_):
        if libc.setns(self.near, CLONE_NEWNET):
            raise RuntimeError("setns")

    def swallow(self, address):
        """What is sent to that address is lost there."""
        ip(f"route add {address} dev near0", f"neigh add {address} lladdr 02:00:00:00:79:99 nud permanent dev near0")

    def vanish(self):
        """What we send is dropped on its way."""
        ip("neigh replace 10.79.0.2 lladdr 02:00:00:00:79:99 nud permanent dev near0",
           "neigh replace fd79::2 lladdr 02:00:00:00:79:99 nud permanent dev near0")

    def lose_power(self):
        """The other end of the cable is down: no carrier here."""
        with self:
            ip("link set far0 down")

    def lose_address(self):
        """The host is up and no longer has its address."""
        with self:
            ip("addr del 10.79.0.2/24 dev far0")

    def lose_route_back(self):
        """It hears us, and its answers end in a black hole."""
        with self:
            ip("route add blackhole 10.79.0.1/32")
