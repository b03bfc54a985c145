# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs and machines that are sick: what check has to find, and whom it has to name."""
import os
import random
import signal
import socket
import subprocess
import time

from hosts import *

LEAK = ("--warn", "close-wait-leak=1")
OPENED, ACCEPTED = "opened_here", "accepted_here"


def leak(who, count, **more):
    return finding("close-wait-leak", who, count, **more)


def leak_opened(count, server):
    """COUNT connections to SERVER that this process opened and SERVER's side closed."""
    made = pairs(count, server)
    for _, taken in made:
        taken.close()
    all_in(CLOSE_WAIT, [client for client, _ in made])
    return made


def leak_accepted(count, server, sent=b"", address=None):
    """COUNT connections that were accepted here and closed by their peers after SENT."""
    made = pairs(count, server, address)
    for client, _ in made:
        client.sendall(sent)
        client.close()
    all_in(CLOSE_WAIT, [taken for _, taken in made])
    return [taken for _, taken in made]


def read_to_the_end(socks):
    for sock in socks:
        while sock.recv(65536):
            pass


# ---- close-wait-leak: by whom, wherefrom, why ---------------------------------

@sick("close-wait-leak", leak("pool-forgotten", 40, openers={OPENED: 40, ACCEPTED: 0},
                              causes={"close_forgotten": 40, "eof_unread": 0}), options=LEAK)
def pool_forgotten():
    """a pool that read to the end and closed nothing"""
    read_to_the_end([client for client, _ in leak_opened(40, listener(5432))])


@sick("close-wait-leak", leak("pool-eof-unread", 12, openers={OPENED: 12}, causes={"eof_unread": 12}), options=LEAK)
def pool_eof_unread():
    """a pool that does not notice the end of its connections"""
    leak_opened(12, listener(5432))


@sick("close-wait-leak", leak("handler-exact", 12, openers={ACCEPTED: 12}, causes={"data_unread": 0}), options=LEAK)
def handler_exact():
    """a handler that reads as many bytes as it was promised, and no further"""
    for sock in leak_accepted(12, listener(8080), b"0123456789"):
        sock.recv(10)


@sick("close-wait-leak", leak("handler-unread", 12, causes={"data_unread": 12}), options=LEAK)
def handler_unread():
    """a handler that leaves the request of a peer that is gone unread"""
    leak_accepted(12, listener(8080), b"GET / HTTP/1.0\r\n\r\n")


@sick("close-wait-leak", leak("handler-mixed", 30, causes={
    "eof_unread": 10, "close_forgotten": 10, "data_unread": 10, "still_sending": 0}), options=LEAK)
def handler_mixed():
    """a server with three causes at once, each counted"""
    server = listener(8080)
    read_to_the_end(leak_accepted(10, server))
    leak_accepted(10, server)
    leak_accepted(10, server, b"unread")


@sick("close-wait-leak", leak("handler-v6", 12, openers={ACCEPTED: 12}), options=LEAK)
def handler_v6():
    """a server that leaks over IPv6"""
    leak_accepted(12, listener(8080, "::1"))


@sick("close-wait-leak", leak("handler-mapped", 12, openers={ACCEPTED: 12}), options=LEAK)
def handler_mapped():
    """a server on :: that leaks the connections of IPv4 clients"""
    server = listener(8080, "::")
    leak_accepted(12, server, address="::ffff:127.0.0.1")


@sick("close-wait-leak", leak("crowd", 60, openers={ACCEPTED: 60}), options=LEAK)
def crowd():
    """a server that leaks one connection of each of 60 clients"""
    server = listener(8080, "0.0.0.0")
    for i in range(60):
        client, taken = connect("127.0.0.1", 8080, f"127.0.2.{i + 1}"), server.accept()[0]
        KEEP.append(taken)
        client.close()


@sick("close-wait-leak", leak("heir", 12, openers={ACCEPTED: 12}), options=LEAK)
def inherits():
    """a child that inherited what its parent closed"""
    server = listener(8080)
    clients = connected(12, server)
    taken = accept(server, 12)
    child(lambda: None, "heir", without=clients)
    close_all(taken + clients)


@sick("close-wait-leak", leak("sleep", 12), options=LEAK)
def lacks_cloexec():
    """a program that was started with descriptors that nobody meant for it"""
    made = pairs(12, listener(8080))
    for _, taken in made:
        taken.set_inheritable(True)
    KEEP.append(subprocess.Popen(["sleep", "100"], close_fds=False))
    for client, taken in made:
        taken.close()
        client.close()


@sick("close-wait-leak", leak("receiver", 12, openers={ACCEPTED: 12}), options=LEAK)
def passes_on():
    """a worker that was handed its connections over a UNIX socket"""
    server = listener(8080)
    clients = connected(12, server)
    give_end, take_end = socket.socketpair()
    for sock in accept(server, 12):
        socket.send_fds(give_end, [b"."], [sock.fileno()])
        sock.close()
    child(lambda: KEEP.append([socket.recv_fds(take_end, 1, 1) for _ in range(12)]), "receiver", without=clients)
    close_all(clients)


@sick("close-wait-leak", leak("frozen", 12, causes={"eof_unread": 12}), options=LEAK)
def freezes():
    """a server that was stopped by a signal"""
    server = listener(8080)
    clients = connected(12, server)
    os.kill(child(lambda: accept(server, 12), "frozen", without=clients), signal.SIGSTOP)
    server.close()
    close_all(clients)


@sick("close-wait-leak", leak("walled", 12), options=LEAK)
def hides_in_a_pid_namespace():
    """a program in a process namespace below ours"""
    server = listener(8080)

    def inner():
        unshare_processes()
        child(lambda: leak_accepted(12, server), "walled", without=[])
    child(inner, "wall")
    server.close()


@sick("close-wait-leak", leak("proxy-upstream", 20, openers={OPENED: 20, ACCEPTED: 0}), options=LEAK)
def proxy_upstream():
    """a proxy that leaks what it opened, and keeps its clients well"""
    front, back = listener(3128), listener(8080)
    child(lambda: connected(20, front), "browser")
    accept(front, 20)
    upstream = connected(20, back)
    child(lambda: close_all(accept(back, 20)), "origin", without=upstream)
    all_in(CLOSE_WAIT, upstream)


@sick("close-wait-leak", leak("proxy-down", 20, openers={OPENED: 0, ACCEPTED: 20}), options=LEAK)
def proxy_down():
    """a proxy that leaks what it accepted, while its origins are well"""
    front, back = listener(3128), listener(8080)
    upstream = connected(20, back)
    child(lambda: accept(back, 20), "origin", without=upstream)
    child(lambda: close_all(connected(20, front)), "browser", without=upstream)
    accept(front, 20)


@sick("close-wait-leak", leak("first-of-two", 12, openers={OPENED: 12}), leak("other-of-two", 14, openers={OPENED: 14}),
      options=LEAK)
def two_programs():
    """two programs that leak the same service are two findings"""
    server = listener(5432)
    child(lambda: leak_opened(12, server), "first-of-two")
    child(lambda: leak_opened(14, server), "other-of-two")
    server.close()


@sick("close-wait-leak", leak("half-dead", 12), options=LEAK + ("--warn", "peer-silent=1"))
def closed_and_vanished():
    """clients that closed and vanished while a server still writes to them"""
    far = Far()
    clients, taken = served_by_us(far, 12)
    for client in clients:
        client.shutdown(socket.SHUT_WR)
    all_in(CLOSE_WAIT, taken)
    far.vanish()
    comm("half-dead")
    for sock in taken:
        sock.send(b"y" * 2000)


@sick("close-wait-leak", leak("leaderless", 12), options=LEAK)
def leaderless():
    """a program whose first thread has ended"""
    server = listener(8080)
    pid = os.fork()
    if pid == 0:
        ends_in_time()
        comm("leaderless")

        def work():
            KEEP.append(leak_accepted(12, server))
            while True:
                time.sleep(60)
        background(work)
        until(lambda: count_in(CLOSE_WAIT) == 12, "the leak")
        libc.syscall(60, 0)
    until(lambda: count_in(CLOSE_WAIT) == 12, "the leak")


@sick("close-wait-leak", leak("probed", 12), options=LEAK)
def keepalive_leak():
    """a leak whose peers still answer keepalive probes"""
    for client, _ in leak_opened(12, listener(8080)):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 3)
    comm("probed")


@sick("close-wait-leak", leak("mptcp-leak", 12), options=LEAK)
def multipath_leak():
    """a client that leaks MPTCP connections"""
    server = listener(8080, protocol=262)
    for _ in range(12):
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
        client.connect(("127.0.0.1", 8080))
        KEEP.append(client)
        server.accept()[0].close()
    comm("mptcp-leak")


@sick("close-wait-leak", leak("ports-opened", 60, openers={OPENED: 60}), options=LEAK)
def ports_opened():
    """a client that leaks one connection to each of 60 ports"""
    for i in range(60):
        leak_opened(1, listener(7000 + i))


@sick("close-wait-leak", leak("ports-accepted", 40, openers={ACCEPTED: 40}), options=LEAK)
def ports_accepted():
    """a server with a port for each transfer that leaks one connection on each"""
    for i in range(40):
        server = listener(20000 + i)
        leak_accepted(1, server)
        server.close()


@sick("close-wait-leak", leak("hosts-ports", 48, openers={OPENED: 48}), options=LEAK)
def hosts_ports():
    """a scraper that leaks 2 connections to each of 24 hosts, each on another port"""
    for i in range(24):
        leak_opened(2, listener(9100 + i, f"127.0.3.{i + 1}"))


@sick("close-wait-leak", leak("thin-worker", 32), options=LEAK)
def workers():
    """8 workers of one server that leak 4 connections each"""
    server = listener(8080)
    for _ in range(8):
        child(lambda: leak_accepted(4, server), "thin-worker")
    server.close()


@sick("close-wait-leak", leak(None, 32), options=LEAK)
def services():
    """8 programs that leak 4 connections each to services of their own are one finding of the machine"""
    for i in range(8):
        server = listener(6000 + i)
        child(lambda: leak_opened(4, server), f"thin-{i}")
        server.close()


# ---- listeners ----------------------------------------------------------------

def stalled(who, count, **more):
    return finding("accept-stalled", who, count, **more)


STALLED = ("--warn", "accept-stalled=1")


@sick("accept", stalled("never-accepts", 7), options=STALLED)
def never_accepts():
    """a server that accepts nothing while its clients wait for an answer"""
    listener(8080)
    for _ in range(7):
        connect("127.0.0.1", 8080).sendall(b"hello")


@sick("accept", stalled("accepts-no-more", 6), options=STALLED + LEAK)
def accepts_no_more():
    """a server whose clients have given up before it accepted them: one finding, and no leak"""
    listener(8080)
    for _ in range(6):
        connect("127.0.0.1", 8080).close()


@sick("accept", stalled("accepts-no-v6", 4), options=STALLED)
def accepts_no_v6():
    """a server on :: that accepts nothing"""
    listener(8080, "::")
    for i in range(4):
        connect("::1" if i % 2 else "127.0.0.1", 8080)


@sick("accept", stalled("stopped", 5), options=STALLED)
def stopped_listener():
    """a server that was stopped by a signal"""
    os.kill(child(lambda: listener(8080), "stopped"), signal.SIGSTOP)
    for _ in range(5):
        connect("127.0.0.1", 8080)


@sick("accept", stalled("stuck-worker", None), options=STALLED)
def reuseport_stuck():
    """one worker of four with SO_REUSEPORT that does not accept any more"""
    child(lambda: listener(8080, reuseport=True), "stuck-worker")
    for _ in range(3):
        child(lambda: echo(listener(8080, reuseport=True)), "well-worker")
    for _ in range(40):
        connect("127.0.0.1", 8080)


@sick("accept", stalled("second-port", 3), options=STALLED)
def forgets_one_port():
    """a server that accepts on one of its ports and forgot the other"""
    echo(listener(8080))
    for _ in range(20):
        connect("127.0.0.1", 8080)
    child(lambda: listener(8443), "second-port")
    for _ in range(3):
        connect("127.0.0.1", 8443)


def knock(address, port, count):
    """Connects that may not come through."""
    for _ in range(count):
        connect(address, port, wait=False)


FULL = ("--warn", "accept-stalled=1000", "--warn", "syn-sent-stuck=1000")


@sick("accept", finding("accept-queue-full", "small-backlog"), options=FULL)
def small_backlog():
    """a backlog of 4 and a dozen clients"""
    listener(8080, backlog=4)
    knock("127.0.0.1", 8080, 5)
    until(lambda: count_in(ESTABLISHED) == 10, "a full queue")
    knock("127.0.0.1", 8080, 7)


@sick("accept", finding("accept-queue-full", "full-v6"), options=FULL)
def full_v6():
    """a full queue of a listener on ::, filled by both families"""
    listener(8080, "::", backlog=3)
    knock("127.0.0.1", 8080, 2)
    knock("::1", 8080, 2)
    until(lambda: count_in(ESTABLISHED) == 8, "a full queue")
    knock("::1", 8080, 2)


@sick("accept", finding("syn-queue-full", "flooded"))
def flooded():
    """a listener that gets SYNs for ever which are never completed"""
    Far().swallow("198.18.0.1")
    listener(8080, "10.79.0.1", backlog=64)
    comm("flooded")
    flood("198.18.0.1", "10.79.0.1", 8080, 200)
    forever(lambda: flood("198.18.0.1", "10.79.0.1", 8080, 100, random.randrange(20000, 60000)), 0.5)


# ---- ports --------------------------------------------------------------------

def narrow(ports):
    sysctl("ip_local_port_range", f"20000 {20000 + ports - 1}")


def short(*more, **members):
    return finding("port-exhaustion", *more, **members)


@sick("ports", finding("time-wait-overflow"))
def buckets():
    """more closes than tcp_max_tw_buckets allows"""
    sysctl("tcp_max_tw_buckets", 40)
    for client, taken in pairs(60, listener(8080)):
        client.close()
        taken.close()


@sick("ports", finding("bound-unused", "binds-only", 150))
def binds_only():
    """a program that binds 150 ports and uses none"""
    for i in range(150):
        KEEP.append(socket.socket())
        KEEP[-1].bind(("127.0.0.1", 5000 + i))


@sick("ports", finding("bound-unused", "binds-v6", 120))
def binds_v6():
    """a program that binds 120 ports of IPv6 and uses none"""
    for i in range(120):
        KEEP.append(socket.socket(socket.AF_INET6))
        KEEP[-1].bind(("::1", 5000 + i))


@sick("ports", short(None))
def ports_established():
    """97 of 100 ports in use by connections to one destination"""
    narrow(100)
    pairs(97, listener(443))


@sick("ports", short(None))
def ports_time_wait():
    """TIME_WAIT that nothing may reuse holds 95 of 100 ports"""
    sysctl("tcp_tw_reuse", 0)
    narrow(100)
    for client, taken in pairs(95, listener(443)):
        client.close()
        taken.close()


@sick("ports", short(None))
def ports_of_two_programs():
    """two programs share what is left to one destination"""
    narrow(100)
    server = listener(443, backlog=200)
    child(lambda: connected(50, server), "one")
    child(lambda: connected(46, server), "other")
    accept(server, 96)


# ---- descriptors ----------------------------------------------------------------

@sick("descriptors", finding("fd-exhaustion", "fd-client"))
def fd_client():
    """a client with connections up to its limit"""
    server = listener(8080)
    child(lambda: (limit_descriptors(64), connected(52, server)), "fd-client")
    accept(server, 52)


@sick("descriptors", finding("fd-exhaustion", "fd-worker"))
def fd_worker():
    """a worker that is at its limit, while its parent is well"""
    server = listener(8080)
    clients = connected(52, server)
    child(lambda: (limit_descriptors(64), accept(server, 52)), "fd-worker", without=clients)


@sick("descriptors", finding("fd-exhaustion", "fd-files"))
def fd_files():
    """a server that opens files up to its limit, and has 30 connections"""
    server = listener(8080)
    clients = connected(30, server)
    child(lambda: (limit_descriptors(100), accept(server, 30), KEEP.extend(open("/dev/null") for _ in range(60))),
          "fd-files", without=clients)


# ---- half-closed, and ends that nobody acknowledges --------------------------------

HELD = ("--warn", "fin-wait-2-held=1")


@sick("closing", finding("fin-wait-2-held", "fw2-far", 12), options=HELD)
def fw2_far():
    """half-closed connections to a far host that never closes its side"""
    far = Far()
    with far:
        server = listener(8080, "10.79.0.2")
    made = connected(12, server)
    accept(server, 12)
    for client in made:
        client.shutdown(socket.SHUT_WR)
    all_in(FIN_WAIT_2, made)


@sick("closing", finding("fin-wait-2-held", "fw2-local", 12, peer_comm="fw2-peer"), options=HELD)
def fw2_local():
    """half-closed connections to a program of this machine that never closes: it is named"""
    server = listener(8080)
    clients = connected(12, server)
    child(lambda: accept(server, 12), "fw2-peer", without=clients)
    server.close()
    for client in clients:
        client.shutdown(socket.SHUT_WR)
    all_in(FIN_WAIT_2, clients)


@sick("closing", finding("fin-wait-2-orphans", None, 30), options=("--warn", "fin-wait-2-orphans=20"))
def orphans():
    """30 orphans whose far peer does not close"""
    far = Far()
    with far:
        server = listener(8080, "10.79.0.2")
    made = connected(30, server)
    accept(server, 30)
    close_all(made)


LOST = ("--warn", "last-ack-stuck=1")


def served_by_us(far, count, many=False):
    """COUNT far clients, of one address or of one each: (their sockets, ours)."""
    server = listener(8080, "10.79.0.1")
    clients = []
    with far:
        for i in range(count):
            clients.append(connect("10.79.0.1", 8080, f"10.79.1.{i + 1}" if many else None))
    return clients, accept(server, count)


@sick("closing", finding("last-ack-stuck", None, 12), options=LOST)
def fin_wait_1_power():
    """the FINs to a host that lost its power"""
    far = Far()
    _, taken = served_by_us(far, 12)
    far.vanish()
    close_all(taken)


@sick("closing", finding("last-ack-stuck", None, 12), options=LOST)
def last_ack_vanished():
    """clients that closed and vanished before our own FIN"""
    far = Far()
    clients, taken = served_by_us(far, 12)
    for client in clients:
        client.shutdown(socket.SHUT_WR)
    all_in(CLOSE_WAIT, taken)
    far.lose_address()
    close_all(taken)


@sick("closing", finding("last-ack-stuck", None, 12), options=LOST)
def unplugged_fins():
    """FINs that cannot leave because the cable was pulled"""
    far = Far()
    _, taken = served_by_us(far, 12)
    far.lose_power()
    close_all(taken)


@sick("closing", finding("fin-wait-2-held", "fw2-many", 40), options=HELD)
def fw2_everywhere():
    """half-closed connections to 40 far hosts that never close"""
    far = Far(many=40)
    _, taken = served_by_us(far, 40, many=True)
    comm("fw2-many")
    for sock in taken:
        sock.shutdown(socket.SHUT_WR)
    all_in(FIN_WAIT_2, taken)


@sick("closing", finding("last-ack-stuck", None, 40), options=LOST)
def fin_wait_1_everywhere():
    """the FINs to 40 clients that vanished, each another host"""
    far = Far(many=40)
    _, taken = served_by_us(far, 40, many=True)
    far.vanish()
    close_all(taken)


# ---- connects that nobody answers -------------------------------------------------

SILENT = ("--warn", "syn-sent-stuck=1")


@sick("connects", finding("syn-sent-stuck", None, 8), options=SILENT)
def silent_host():
    """8 connects to a host that does not answer"""
    far = Far()
    far.vanish()
    knock("10.79.0.2", 443, 8)


@sick("connects", finding("syn-sent-stuck", None, 6), options=SILENT)
def silent_v6():
    """connects over IPv6 to a host that does not answer"""
    far = Far()
    far.vanish()
    knock("fd79::2", 443, 6)


@sick("connects", finding("syn-sent-stuck", None, 5), options=SILENT)
def no_way_back():
    """a host that hears us and has no route back"""
    far = Far()
    with far:
        listener(443, "10.79.0.2")
    far.lose_route_back()
    knock("10.79.0.2", 443, 5)


@sick("connects", finding("syn-sent-stuck", "dialer", 60), options=SILENT)
def silent_everywhere():
    """60 connects to 60 hosts of which none answers"""
    far = Far()
    far.vanish()
    comm("dialer")
    for i in range(60):
        knock(f"10.79.1.{i + 1}", 443, 1)


@sick("connects", finding("syn-sent-stuck", "port-dialer", 60), options=SILENT)
def silent_ports():
    """60 connects to 60 ports of a host that drops them"""
    far = Far()
    far.vanish()
    comm("port-dialer")
    for i in range(60):
        knock("10.79.0.2", 8000 + i, 1)


@sick("connects", finding("syn-sent-stuck", None, 24), options=SILENT)
def silent_processes():
    """6 programs with 4 connects each, all to hosts that do not answer"""
    far = Far()
    far.vanish()
    for i in range(6):
        child(lambda: [knock(f"10.79.1.{4 * i + k + 1}", 443, 1) for k in range(4)], "thin-dialer")


# ---- connections whose data nobody acknowledges, or nobody reads ---------------------

GONE = ("--warn", "peer-silent=1")
UNREAD = ("--warn", "peer-not-reading=1", "--warn", "not-reading=1000")


def far_pool(far, count, port=6379, address="10.79.0.2"):
    with far:
        server = listener(port, address)
    clients = connected(count, server)
    return clients, accept(server, count)


@sick("peers", finding("peer-silent", "db-pool", 20), options=GONE)
def database_loses_power():
    """a pool whose database lost its power"""
    far = Far()
    clients, _ = far_pool(far, 20)
    far.vanish()
    comm("db-pool")
    for client in clients:
        client.send(b"PING\r\n")


@sick("peers", finding("peer-silent", "v6-pool", 12), options=GONE)
def database_v6():
    """a pool of IPv6 whose database lost its power"""
    far = Far()
    clients, _ = far_pool(far, 12, address="fd79::2")
    far.vanish()
    comm("v6-pool")
    for client in clients:
        client.send(b"PING\r\n")


@sick("peers", finding("peer-silent", "failover-pool", 12), options=GONE)
def address_moves():
    """a pool whose database moved its address to another host without a reset"""
    far = Far()
    clients, _ = far_pool(far, 12)
    far.lose_address()
    comm("failover-pool")
    for client in clients:
        client.send(b"PING\r\n")


@sick("peers", finding("peer-silent", "one-way-pool", 12), options=GONE)
def one_way():
    """a pool whose packets arrive and whose acknowledgements do not"""
    far = Far()
    clients, _ = far_pool(far, 12)
    far.lose_route_back()
    comm("one-way-pool")
    for client in clients:
        client.send(b"PING\r\n")


@sick("peers", finding("peer-silent", "broker", 40), options=GONE)
def clients_vanish():
    """a server that writes to 40 clients that vanished, each another host"""
    far = Far(many=40)
    _, taken = served_by_us(far, 40, many=True)
    far.vanish()
    comm("broker")
    for sock in taken:
        sock.send(b"tick")


@sick("peers", finding("peer-silent", "unplugged", 12), options=GONE)
def unplugged():
    """a pool on a host whose cable was pulled"""
    far = Far()
    clients, _ = far_pool(far, 12)
    far.lose_power()
    comm("unplugged")
    for client in clients:
        client.send(b"PING\r\n")


@sick("peers", finding("peer-silent", "mid-transfer", 6), options=GONE)
def breaks_off():
    """uploads that break off in the middle because the far host is gone"""
    far = Far()
    clients, _ = far_pool(far, 6)
    comm("mid-transfer")
    far.vanish()
    for client in clients:
        client.setblocking(False)
        client.send(b"z" * 100000)


@sick("peers", finding("peer-not-reading", "far-writer", 8), options=UNREAD)
def far_reader_stops():
    """a server whose far clients do not read any more"""
    far = Far()
    _, taken = served_by_us(far, 8)
    comm("far-writer")
    for sock in taken:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32768)
    for sock in taken:
        fill(sock)


@sick("peers", finding("peer-not-reading", "local-writer", 8, peer_comm="local-reader"), options=UNREAD)
def local_reader_stops():
    """a server whose clients of this machine do not read any more: they are named"""
    server = listener(8080)
    child(lambda: connected(8, server), "local-reader")
    taken = accept(server, 8)
    comm("local-writer")
    for sock in taken:
        fill(sock)


@sick("peers", finding("not-reading", "deaf", 8), options=("--warn", "not-reading=1"))
def deaf():
    """a program that leaves the requests of its far clients unread"""
    far = Far()
    clients, _ = served_by_us(far, 8)
    comm("deaf")
    for client in clients:
        client.send(b"GET / HTTP/1.1\r\n\r\n")


@sick("peers", finding("not-reading", "deaf-stopped", 8), options=("--warn", "not-reading=1"))
def deaf_and_stopped():
    """a program that was stopped by a signal while its far peers go on"""
    far = Far()
    with far:
        server = listener(8080, "10.79.0.2")
    pid = child(lambda: connected(8, server), "deaf-stopped")
    taken = accept(server, 8)
    os.kill(pid, signal.SIGSTOP)
    for sock in taken:
        sock.send(b"news" * 5000)


@sick("peers", finding("peer-not-reading", "half-close-wri", 8), options=UNREAD + LEAK)
def half_closed_reader():
    """a server whose clients shut down their side and then do not read the answer"""
    far = Far()
    clients, taken = served_by_us(far, 8)
    for client in clients:
        client.shutdown(socket.SHUT_WR)
    all_in(CLOSE_WAIT, taken)
    comm("half-close-wri")
    for sock in taken:
        fill(sock)


@sick("peers", finding("peer-not-reading", "tight-writer", 8, peer_comm="stopped-reader"), options=UNREAD)
def stopped_reader():
    """a server whose clients of this machine were stopped by a signal"""
    server = listener(8080)
    pid = child(lambda: connected(8, server), "stopped-reader")
    taken = accept(server, 8)
    comm("tight-writer")
    os.kill(pid, signal.SIGSTOP)
    for sock in taken:
        fill(sock)


# ---- descriptors of connections that are gone ---------------------------------------

@sick("dead", finding("dead-descriptors", "relay", 60))
def relay():
    """a relay that keeps the descriptors of connections that were reset"""
    made = pairs(60, listener(8080))
    comm("relay")
    for _, taken in made:
        reset(taken)
    until(lambda: count_in(ESTABLISHED) == 0, "the resets")


@sick("dead", finding("dead-descriptors", "relay-server", 60))
def relay_server():
    """a server that keeps the descriptors of clients that reset theirs"""
    made = pairs(60, listener(8080, "::1"))
    comm("relay-server")
    for client, _ in made:
        reset(client)
    until(lambda: count_in(ESTABLISHED) == 0, "the resets")


@sick("dead", finding("dead-descriptors", "multipath", 30))
def multipath_dead():
    """a server that keeps MPTCP connections that their clients reset"""
    server = listener(8080, protocol=262)
    for _ in range(30):
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
        client.connect(("127.0.0.1", 8080))
        KEEP.append(server.accept()[0])
        reset(client)
    comm("multipath")
    until(lambda: count_in(ESTABLISHED) == 0, "the end of the subflows")


@sick("dead", finding("dead-descriptors", "keepalive", 40), options=("--warn", "dead-descriptors=20"))
def keepalive():
    """connections that keepalive gave up, and nobody closed"""
    far = Far()
    clients, _ = far_pool(far, 40)
    comm("keepalive")
    for client in clients:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT):
            client.setsockopt(socket.IPPROTO_TCP, option, 1)
    far.vanish()
    until(lambda: count_in(ESTABLISHED) == 0, "the end of the connections")


@sick("dead", finding("dead-descriptors", "impatient", 40), options=("--warn", "dead-descriptors=20"))
def impatient():
    """connections that TCP_USER_TIMEOUT ended, and nobody closed"""
    far = Far()
    clients, _ = far_pool(far, 40)
    comm("impatient")
    far.vanish()
    for client in clients:
        client.setsockopt(socket.IPPROTO_TCP, 18, 500)
        client.send(b"PING\r\n")
    until(lambda: count_in(ESTABLISHED) == 0, "the end of the connections")


@sick("dead", finding("dead-descriptors", "dead-worker", 40), options=("--warn", "dead-descriptors=20"))
def dead_worker():
    """a worker that keeps what was reset, while its parent is well"""
    server = listener(8080)
    clients = connected(40, server)
    child(lambda: accept(server, 40), "dead-worker", without=clients)
    for client in clients:
        reset(client)
    until(lambda: count_in(ESTABLISHED) == 0, "the resets")


@sick("dead", finding("dead-descriptors", "dead-worker", 160))
def dead_workers():
    """eight workers that keep what was reset, none of them enough for a finding"""
    server = listener(8080)
    for _ in range(8):
        clients = connected(20, server)
        child(lambda: accept(server, 20), "dead-worker", without=clients)
        for client in clients:
            reset(client)
    until(lambda: count_in(ESTABLISHED) == 0, "the resets")


@sick("dead", finding("dead-descriptors", "dead-1", 100))
def dead_programs():
    """ten programs that keep what was reset, each a little"""
    server = listener(8080)
    for i in range(10):
        clients = connected(10, server)
        child(lambda: accept(server, 10), f"dead-{i}", without=clients)
        for client in clients:
            reset(client)
    until(lambda: count_in(ESTABLISHED) == 0, "the resets")


@sick("dead", finding("dead-descriptors", "dead-pool", 40), options=("--warn", "dead-descriptors=20"))
def dead_after_write():
    """a pool that got EPIPE and keeps its descriptors"""
    made = leak_opened(40, listener(8080))
    comm("dead-pool")
    for client, _ in made:
        client.send(b"x")
    until(lambda: count_in(CLOSE_WAIT) == 0, "the resets")


@sick("dead", finding("dead-descriptors", "killed-pool", 80))
def killed():
    """connections that were closed by sockvet list -K, or ss -K, and whose descriptors stay"""
    pairs(40, listener(8080))
    comm("killed-pool")
    done = subprocess.run([os.environ["SOCKVET"], "list", "-t", "-K", "--yes", "dport", "=", ":8080"], capture_output=True,
                          check=False)
    if done.returncode:
        raise NotHere("this kernel closes no sockets")
    until(lambda: count_in(ESTABLISHED) == 0, "the end of the connections")
