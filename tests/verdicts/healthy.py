# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines that are well: check finds nothing. What works does so for as long as it is looked at."""
import os
import signal
import socket
import struct
import time

from hosts import *

READS = ("not-reading=1", "peer-not-reading=1", "peer-silent=1")


def connect_here(server):
    client = socket.create_connection(server.getsockname()[:2])
    return client, server.accept()[0]


def far_pairs(count, many=0, port=8080):
    """(far, our sockets, those of the far host), connected from here."""
    far = Far(many)
    with far:
        server = listener(port, "10.79.0.2")
    ours = connected(count, server)
    return far, ours, accept(server, count)


# ---- what waits -----------------------------------------------------------------

@healthy("waiting", READS)
def idle_pool():
    """a pool of 50 idle connections"""
    pairs(50, listener(5432))


@healthy("waiting", READS)
def pool_with_notices():
    """an idle pool on whose connections the server has left a notice"""
    _, _, theirs = far_pairs(20, port=5432)
    for sock in theirs:
        sock.send(b"NOTICE")


@healthy("waiting", READS)
def idle_sessions_far():
    """idle sessions with a far host"""
    far_pairs(30, port=22)


@healthy("waiting", READS)
def long_polls():
    """30 long polls: the request is read, the answer takes its time"""
    for client, taken in pairs(30, listener(8080)):
        client.sendall(b"GET /events HTTP/1.1\r\n\r\n")
        taken.recv(100)


@healthy("waiting", READS)
def subscribers():
    """a topic with 40 subscribers and nothing published"""
    for client, taken in pairs(40, listener(1883, "0.0.0.0"), "127.0.0.1"):
        client.sendall(b"SUBSCRIBE")
        taken.recv(100)
        taken.sendall(b"SUBACK")
        client.recv(100)


@healthy("waiting", READS)
def keepalive_answered():
    """idle connections whose keepalive probes are answered"""
    for client, _ in pairs(20, listener(8080)):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)


@healthy("waiting", READS)
def stopped_and_idle():
    """a job in the background that was stopped, with an idle connection"""
    server = listener(8080)
    os.kill(child(lambda: connected(3, server), "stopped"), signal.SIGSTOP)
    accept(server, 3)


@healthy("waiting", ("accept-stalled=1", "accept-queue-full=100"))
def accepts_in_turn():
    """a server that accepts one connection at a time, and some wait for it"""
    server = listener(8080)

    def step():
        taken = server.accept()[0]
        taken.recv(100)
        taken.sendall(b"done")
        taken.close()
    forever(step, 0.02)

    def ask():
        client = socket.create_connection(("127.0.0.1", 8080))
        client.sendall(b"x")
        client.recv(100)
        client.close()
    for _ in range(4):
        forever(ask, 0.05)


@healthy("waiting")
def handshakes():
    """requests of which the first data is awaited (TCP_DEFER_ACCEPT)"""
    server = listener(8080)
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 5)
    connected(4, server)


# ---- what flows -------------------------------------------------------------------

def send_for_ever(sock):
    def work():
        try:
            while True:
                sock.send(b"z" * 65536)
                time.sleep(0.002)
        except OSError:
            pass
    background(work)


def read_slowly(sock, size, pause):
    forever(lambda: sock.recv(size), pause)


@healthy("transfers", READS)
def upload():
    """bulk data to a far host, with full queues"""
    _, ours, theirs = far_pairs(2)
    for sock in ours:
        send_for_ever(sock)
    for sock in theirs:
        read_slowly(sock, 1 << 18, 0.004)


@healthy("transfers", READS)
def download():
    """bulk data from a far host"""
    _, ours, theirs = far_pairs(2)
    for sock in theirs:
        send_for_ever(sock)
    for sock in ours:
        read_slowly(sock, 1 << 18, 0.004)


@healthy("transfers", READS)
def slow_reader():
    """a reader that takes a little five times a second: the window is often closed, the queues are always full"""
    for client, taken in pairs(4, listener(8080)):
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        send_for_ever(client)
        read_slowly(taken, 65536, 0.2)


@healthy("transfers", READS)
def slow_reader_far():
    """a far reader that takes a little five times a second"""
    _, ours, theirs = far_pairs(4)
    for sock in ours:
        send_for_ever(sock)
    for sock in theirs:
        read_slowly(sock, 65536, 0.2)


@healthy("transfers")
def reader_pauses():
    """a reader that pauses for some seconds"""
    for client, _ in pairs(4, listener(8080)):
        fill(client)


@healthy("transfers", READS)
def narrow_link():
    """a link that is slow and drops what it cannot hold"""
    far, ours, theirs = far_pairs(3)
    tc("near0", "tbf rate 4mbit burst 8kb limit 16kb")
    for sock in ours:
        send_for_ever(sock)
    for sock in theirs:
        read_slowly(sock, 1 << 18, 0.004)


@healthy("transfers", READS)
def narrow_link_back():
    """downloads over a link that is slow and drops what it cannot hold"""
    far, ours, theirs = far_pairs(3)
    with far:
        tc("far0", "tbf rate 4mbit burst 8kb limit 16kb")
    for sock in theirs:
        send_for_ever(sock)
    for sock in ours:
        read_slowly(sock, 1 << 18, 0.004)


@healthy("transfers", READS)
def pings():
    """websockets that exchange a few bytes now and then"""
    for client, taken in pairs(10, listener(8080)):
        def step(client=client, taken=taken):
            client.sendall(b"ping")
            taken.recv(10)
            taken.sendall(b"pong")
            client.recv(10)
        forever(step, 0.3)


@healthy("transfers", READS)
def typing():
    """sessions in which someone types"""
    server = listener(22)
    echo(server)
    for client in connected(10, server):
        def step(client=client):
            client.sendall(b"l")
            client.recv(10)
        forever(step, 0.2)


@healthy("transfers", READS)
def only_writes():
    """a server that streams its answers, and does not read the line that a client sent meanwhile"""
    made = pairs(4, listener(8000))
    for client, taken in made:
        client.sendall(b"\r\n")
        forever(lambda taken=taken: taken.send(b"event"), 0.1)
        read_slowly(client, 4096, 0.05)


@healthy("transfers", READS)
def both_ways():
    """bulk data in both directions at once"""
    for client, taken in pairs(2, listener(8080, "::1")):
        for sock in (client, taken):
            send_for_ever(sock)
            read_slowly(sock, 1 << 18, 0.004)


@healthy("transfers", READS)
def corked():
    """writers that hold back what does not fill a segment (TCP_CORK)"""
    for client, taken in pairs(5, listener(8080)):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        forever(lambda client=client: client.send(b"line"), 0.1)
        read_slowly(taken, 4096, 0.05)


@healthy("transfers", READS)
def multipath():
    """MPTCP connections that carry data"""
    server = listener(8080, protocol=262)
    for _ in range(4):
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
        client.connect(("127.0.0.1", 8080))
        taken = server.accept()[0]
        KEEP.append((client, taken))
        forever(lambda client=client: client.sendall(b"data"), 0.1)
        read_slowly(taken, 4096, 0.05)


@healthy("transfers", READS)
def proxied():
    """a proxy that passes on both ways"""
    front, back = listener(3128), listener(8080)
    echo(back)

    def pass_on(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def proxy():
        while True:
            one = front.accept()[0]
            other = socket.create_connection(("127.0.0.1", 8080))
            KEEP.append((one, other))
            background(pass_on, one, other)
            background(pass_on, other, one)
    background(proxy)
    for client in connected(8, front):
        def step(client=client):
            client.sendall(b"x" * 1000)
            client.recv(1000)
        forever(step, 0.1)


# ---- what ends ---------------------------------------------------------------------

@healthy("ends")
def half_close_answers():
    """half-closed requests whose answers take their time"""
    for client, taken in pairs(20, listener(8080)):
        client.sendall(b"job")
        client.shutdown(socket.SHUT_WR)
        taken.recv(10)
        taken.recv(10)


@healthy("ends", ("close-wait-leak=1", "fin-wait-2-held=1", *READS))
def half_close_flows():
    """half-closed requests whose answers flow"""
    for client, taken in pairs(3, listener(8080)):
        client.shutdown(socket.SHUT_WR)
        send_for_ever(taken)
        read_slowly(client, 1 << 18, 0.004)


@healthy("ends")
def young_close_wait():
    """a pool whose server has just closed 30 connections"""
    for _, taken in pairs(30, listener(5432)):
        taken.close()


@healthy("ends", ("port-exhaustion=5", "time-wait-overflow=20"))
def time_wait():
    """a burst of 600 short connections"""
    for client, taken in pairs(600, listener(8080)):
        taken.close()
        client.close()


@healthy("ends")
def half_the_ports():
    """TIME_WAIT and connections that hold four of ten ports to one destination"""
    sysctl("ip_local_port_range", "20000 20199")
    server = listener(443)
    for client, taken in pairs(40, server):
        client.close()
        taken.close()
    pairs(40, server)


@healthy("ends")
def half_the_buckets():
    """half of tcp_max_tw_buckets in use"""
    sysctl("tcp_max_tw_buckets", 200)
    for client, taken in pairs(100, listener(8080)):
        client.close()
        taken.close()


@healthy("ends")
def few_orphans():
    """60 orphans in FIN_WAIT_2 whose far peers are about to close"""
    _, ours, _ = far_pairs(60)
    for sock in ours:
        sock.close()


@healthy("ends")
def resets():
    """clients that end with a reset, and a server that closes what was reset"""
    server = listener(8080)

    def step():
        client, taken = connect_here(server)
        reset(client)
        until(lambda: state(taken) != ESTABLISHED, "the reset")
        taken.close()
    forever(step, 0.02)


@healthy("ends")
def comes_and_goes():
    """clients that come and go, ended by either side"""
    server = listener(8080)

    def step():
        ends = connect_here(server)
        ends[0].sendall(b"hello")
        ends[1].recv(10)
        for sock in ends if time.monotonic() % 0.2 < 0.1 else ends[::-1]:
            sock.close()
    forever(step, 0.01)


@healthy("ends")
def one_vanished():
    """two clients of a busy server vanished: noise"""
    far = Far(many=4)
    server = listener(8080, "10.79.0.1")
    with far:
        clients = [connect("10.79.0.1", 8080, f"10.79.1.{i + 1}") for i in range(2)]
    taken = accept(server, len(clients))
    pairs(20, server)
    far.vanish()
    taken[0].send(b"tick")
    taken[1].close()


@healthy("ends", ("peer-silent=1",))
def some_vanished():
    """ten of a server's 300 mobile clients vanished, each another host"""
    far = Far(many=10)
    server = listener(443, "0.0.0.0")
    with far:
        for i in range(10):
            connect("10.79.0.1", 443, f"10.79.1.{i + 1}")
    taken = accept(server, 10)
    pairs(290, server, "127.0.0.1")
    far.vanish()
    for sock in taken:
        sock.send(b"news")


@healthy("ends", ("peer-not-reading=1",))
def some_paused():
    """a server of films of whose 300 viewers 12 have paused"""
    far = Far(many=12)
    server = listener(443, "0.0.0.0")
    with far:
        for i in range(12):
            connect("10.79.0.1", 443, f"10.79.1.{i + 1}")
    for sock in accept(server, 12):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        background(fill, sock)
    pairs(288, server, "127.0.0.1")


@healthy("ends")
def lingers():
    """connections that are closed with SO_LINGER, and end in time"""
    server = listener(8080)

    def step():
        client, taken = connect_here(server)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 2))
        taken.close()
        client.close()
    forever(step, 0.03)


# ---- connects -----------------------------------------------------------------------

@healthy("connects")
def slow_answer():
    """two connects that wait for their answer for a moment"""
    far = Far()
    far.vanish()
    for _ in range(2):
        connect("10.79.0.2", 443, wait=False)


@healthy("connects", ("syn-sent-stuck=1",))
def refused():
    """connects that are refused, again and again"""
    def step():
        with socket.socket() as sock:
            sock.connect_ex(("127.0.0.1", 9))
    forever(step, 0.02)


@healthy("connects", ("dead-descriptors=1",))
def never_connected():
    """100 sockets that were never connected, and as many of MPTCP"""
    KEEP.extend(socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol) for protocol in (0, 262) for _ in range(100))


@healthy("connects", ("dead-descriptors=1",))
def refused_and_kept():
    """a program that retries with a new socket and keeps a few that were refused"""
    for _ in range(3):
        KEEP.append(socket.socket())
        KEEP[-1].connect_ex(("127.0.0.1", 9))


@healthy("connects", READS)
def fast_open():
    """connections whose first data comes with the SYN"""
    sysctl("tcp_fastopen", 3)
    server = listener(8080)
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
    for _ in range(6):
        client = socket.socket()
        client.sendto(b"hello", 0x20000000, ("127.0.0.1", 8080))
        taken = server.accept()[0]
        taken.recv(10)
        KEEP.append((client, taken))


# ---- servers ------------------------------------------------------------------------

@healthy("servers")
def many_listeners():
    """a server that listens on 300 ports"""
    for i in range(300):
        listener(10000 + i)


@healthy("servers")
def few_bound():
    """some ports that are bound and not used yet"""
    for i in range(20):
        KEEP.append(socket.socket())
        KEEP[-1].bind(("127.0.0.1", 7000 + i))


@healthy("servers", READS)
def forks():
    """a server that forks a child for each connection"""
    server = listener(8080)
    clients = connected(8, server)
    for _ in range(8):
        taken = server.accept()[0]
        child(lambda: KEEP.append(taken), "forked", without=[server, *clients])
        taken.close()


@healthy("servers", READS)
def reloads():
    """a server after its reload: the old worker keeps its connections, the new one listens"""
    server = listener(8080)
    clients = connected(10, server)
    child(lambda: accept(server, 10) and server.close(), "old-worker", without=clients)
    child(lambda: echo(server), "new-worker", without=clients)
    server.close()
    for client in (connect("127.0.0.1", 8080) for _ in range(10)):
        client.sendall(b"hello")
        client.recv(10)


@healthy("servers", ("accept-stalled=1", *READS))
def reuseport():
    """four workers with SO_REUSEPORT, each of which accepts"""
    for _ in range(4):
        child(lambda: echo(listener(8080, reuseport=True)), "worker")
    for _ in range(40):
        connect("127.0.0.1", 8080)


@healthy("servers")
def activated():
    """a listener that two processes hold, of which one accepts"""
    server = listener(8080)
    child(lambda: None, "activator")
    echo(server)
    for client in connected(10, server):
        client.sendall(b"x")
        client.recv(10)


@healthy("servers")
def half_the_descriptors():
    """a client that uses half of its descriptors"""
    server = listener(8080)
    child(lambda: (limit_descriptors(128), connected(60, server)), "half")
    accept(server, 60)


@healthy("servers")
def allowed_none():
    """a sandbox that keeps the descriptors it had, and may open none"""
    child(lambda: (KEEP.extend(socket.socketpair() for _ in range(20)), limit_descriptors(1)), "sandbox")


@healthy("servers")
def other_protocols():
    """UDP, UNIX and raw sockets beside a small server"""
    for i in range(50):
        KEEP.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        KEEP[-1].bind(("127.0.0.1", 4000 + i))
        KEEP.append(socket.socketpair())
    KEEP.append(socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
    pairs(5, listener(8080))


@healthy("servers", READS)
def both_families():
    """a server on :: with clients of both families"""
    server = listener(8080, "::")
    echo(server)
    for i in range(20):
        client = connect("::1" if i % 2 else "127.0.0.1", 8080)
        client.sendall(b"x")
        client.recv(10)


@healthy("servers")
def any_port():
    """listeners that took the port the kernel gave them, as rpc.statd does"""
    for address in ("0.0.0.0", "::"):
        for _ in range(3):
            listener(0, address)
    pairs(5, KEEP[0], "127.0.0.1")


@healthy("servers", READS)
def urgent():
    """urgent data that is read in line"""
    for client, taken in pairs(3, listener(8080)):
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        forever(lambda client=client: client.send(b"!", socket.MSG_OOB), 0.1)
        read_slowly(taken, 100, 0.05)


@healthy("servers", READS)
def descriptor_passed():
    """workers that were handed their connections, and answer"""
    server = listener(8080)
    give_end, take_end = socket.socketpair()
    clients = connected(6, server)
    for sock in accept(server, 6):
        socket.send_fds(give_end, [b"."], [sock.fileno()])
        sock.close()
    child(lambda: KEEP.append([socket.recv_fds(take_end, 1, 1) for _ in range(6)]), "taker", without=clients)


@healthy("servers", ("close-wait-leak=1", "fin-wait-2-held=1", "last-ack-stuck=1"))
def closes_late():
    """a server that closes each connection a little after its client"""
    server = listener(8080)

    def step():
        client, taken = connect_here(server)
        client.close()
        time.sleep(0.1)
        taken.close()
    for _ in range(4):
        forever(step, 0.02)
