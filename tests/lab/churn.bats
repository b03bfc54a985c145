#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# While connections come and go and the kernel's table is tiny, a dump repeats some rows and skips others (the walk is
# resumed by position). Nothing of that may reach the user.

load lab.bash

# 2,000 connections that stay, 60 of them half-closed and forgotten, and two processes that open and close others for as long
# as the test asks. The inner namespace has 64 buckets.
churn='
import os, resource, signal, socket, sys, threading, time
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
open("/proc/sys/net/ipv4/tcp_child_ehash_entries", "w").write("64")
os.unshare(os.CLONE_NEWNET) if hasattr(os, "unshare") else __import__("ctypes").CDLL(None).unshare(0x40000000)
os.system("ip link set lo up")
open("/proc/sys/net/ipv4/tcp_max_tw_buckets", "w").write("1000")
server = socket.socket()
server.bind(("127.0.1.1", 443))
server.listen(4096)
kept = []
for i in range(2000):
    c = socket.socket()
    c.connect(("127.0.1.1", 443))
    a, _ = server.accept()
    kept.append((c, a))
for c, a in kept[:60]:
    a.shutdown(socket.SHUT_WR)

def busy(host):
    s = socket.socket()
    s.bind((host, 80))
    s.listen(512)
    end = time.monotonic() + 60
    parent = os.getppid()
    while time.monotonic() < end and os.getppid() == parent:
        batch = []
        for _ in range(40):
            c = socket.socket()
            c.connect((host, 80))
            batch.append((c, s.accept()[0]))
        for c, a in batch:
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            c.close()
            a.close()
    os._exit(0)

pids = []
for host in ("127.0.2.1", "127.0.2.2"):
    pid = os.fork()
    if pid == 0:
        busy(host)
    pids.append(pid)
print("READY", flush=True)
sys.stdin.readline()
for pid in pids:
    os.kill(pid, signal.SIGKILL)
'

really_churns() {
	local before after
	before=$(inside awk '/^Tcp: [0-9]/ { print $6 }' /proc/thread-self/net/snmp)
	sleep 0.2
	after=$(inside awk '/^Tcp: [0-9]/ { print $6 }' /proc/thread-self/net/snmp)
	[ "$after" -gt "$before" ]
}

@test "no socket is listed twice, however the kernel's walk is disturbed" {
	lab_python "$churn"
	really_churns
	local i
	for i in 1 2 3 4 5 6; do
		sockvet list -tan --jsonl
		[ "$status" -eq 0 ]
		jq -r 'select(.type == "socket").cookie' <<<"$output" | sort | uniq -d > "$BATS_TEST_TMPDIR/twice"
		[ ! -s "$BATS_TEST_TMPDIR/twice" ]
		jq -se 'last | .type == "trailer" and .end.complete' <<<"$output" > /dev/null
	done
}

@test "a finding about sockets that stay is the same in every run" {
	lab_python "$churn"
	local i first='' now
	for i in 1 2 3 4 5 6; do
		sockvet check --json --warn close-wait-leak=0,count=10 --crit close-wait-leak=9h
		now=$(jq -c '[.findings[] | select(.id == "close-wait-leak") | [.severity, .count]]' <<<"$output")
		echo "$now"
		[ "${first:=$now}" = "$now" ]
	done
	[ "$first" = '[["warning",60]]' ]
}
