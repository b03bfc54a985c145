#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `check` keeps only what can matter: on a busy machine it says what it says when every socket is kept.

load lab.bash

# A server with 5,000 connections, and in the same network namespace whatever else is wrong, as the words say.
busy='
import os, resource, socket, struct, sys, threading, time
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
open("/proc/sys/net/ipv4/ip_local_port_range", "w").write("40000 41999")
open("/proc/sys/net/ipv4/tcp_tw_reuse", "w").write("0")
wants = sys.argv[1:]
kept = []

def listener(host, port, backlog=4096):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((host, port))
    s.listen(backlog)
    kept.append(s)
    return s

def pair(server, host, port):
    c = socket.socket()
    c.connect((host, port))
    a, _ = server.accept()
    return c, a

for i in range(3):
    host = "127.0.1.%d" % (i + 1)
    s = listener(host, 443)
    for _ in range(830):
        kept.append(pair(s, host, 443))
if "short" in wants:
    s = listener("127.0.2.1", 80)
    for i in range(1750):
        c, a = pair(s, "127.0.2.1", 80)
        if i % 5:
            kept.append((c, a))
        else:
            c.close()
            a.close()
if "lost" in wants:
    for i in range(1700):
        s = socket.socket()
        s.bind(("127.0.3.1", 0))
        kept.append(s)
if "waiting" in wants:
    s = listener("127.0.4.1", 8080, 16)
    for _ in range(12):
        c = socket.socket()
        c.connect(("127.0.4.1", 8080))
        kept.append(c)
if "queues" in wants:
    for port in range(9001, 9008):
        s = listener("127.0.6.1", port, 600)
        for _ in range(400):
            c = socket.socket()
            c.connect(("127.0.6.1", port))
            kept.append(c)
if "six" in wants:
    s = socket.socket(socket.AF_INET6)
    s.bind(("::", 83))
    s.listen(4096)
    for i in range(900):
        c = socket.socket(socket.AF_INET6)
        c.connect(("::ffff:127.0.7.1", 83))
        kept.append((c, s.accept()))
        if i < 850:
            kept.append(pair(s, "127.0.7.1", 83))
    kept.append(s)
    for i in range(1700):
        c = socket.socket(socket.AF_INET6)
        c.connect(("::1", 83))
        a, _ = s.accept()
        if i % 3:
            kept.append((c, a))
        else:
            c.close()
            a.close()
if "sources" in wants:
    s = listener("127.0.8.1", 84)
    for host in "127.0.8.2", "127.0.8.3":
        for _ in range(1700):
            c = socket.socket()
            c.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
            c.bind((host, 0))
            c.connect(("127.0.8.1", 84))
            kept.append((c, s.accept()))
if "overflow" in wants:
    open("/proc/sys/net/ipv4/tcp_max_tw_buckets", "w").write("500")
    s = listener("127.0.9.1", 85)
    for _ in range(700):
        c, a = pair(s, "127.0.9.1", 85)
        c.close()
        a.close()
if "reserved" in wants:
    open("/proc/sys/net/ipv4/ip_local_reserved_ports", "w").write("40000-41999")
if "multipath" in wants:
    open("/proc/sys/net/mptcp/enabled", "w").write("1")
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
    s.bind(("127.0.10.1", 86))
    s.listen(4096)
    for i in range(1770):
        c = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
        c.connect(("127.0.10.1", 86))
        kept.append((c, s if i >= 1750 else s.accept()))
if "churn" in wants:
    stop = time.monotonic() + 60
    def come_and_go(host):
        s = listener(host, 86)
        while time.monotonic() < stop:
            c, a = pair(s, host, 86)
            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            c.close()  # by a reset, so that no port waits
            a.close()
    for i in range(2):
        threading.Thread(target=come_and_go, args=("127.1.%d.1" % i,), daemon=True).start()
if "leak" in wants:
    s = listener("127.0.5.1", 8081)
    for _ in range(30):
        c, a = pair(s, "127.0.5.1", 8081)
        c.close()
        kept.append(a)
print("READY", flush=True)
sys.stdin.readline()
'
quick=(--warn "close-wait-leak=0,count=1" --warn "accept-stalled=0,count=1")

# All that does not grow older between two looks.
verdict() {
	sockvet check --json "${quick[@]}" "$@"
	jq -S '[.findings[] | {id, severity, subject, count, evidence: (.evidence | del(.oldest_waiting_ms,
		.close_rate_per_s, .exhausted_in_s, .blocked_for_all)), fix, avoid}] | sort_by(.id, .subject, .count)' <<<"$output"
}

same_as_exact() {
	local kept exact
	lab_python "$busy" "$@"
	kept=$(verdict)
	sockvet check --json "${quick[@]}"
	holds '.summary.from_counters == [] and .summary.states.ESTABLISHED >= 4980'
	exact=$(verdict --exact)
	diff <(echo "$kept") <(echo "$exact")
}

# listed_of ID [OPTION...]: how many sockets `list finding ID` has.
listed_of() {
	local id=$1
	shift
	sockvet list -taH "$@" finding "$id"
	[ "$status" -eq 0 ] && wc -l <<<"$output"
}

@test "a busy healthy machine has no finding that --exact has not" {
	same_as_exact
	[ "$(verdict)" = '[]' ]
}

@test "a destination short of ports is found without keeping all connections" {
	same_as_exact short
	grep -q port-exhaustion <<<"$(verdict)"
}

@test "a listing by a finding has all its sockets, live and when every row is recorded" {
	local id
	lab_python "$busy" short leak lost
	for id in port-exhaustion bound-unused; do
		[ "$(listed_of "$id")" -gt 1600 ]
		[ "$(listed_of "$id")" -eq "$(listed_of "$id" --record "$BATS_TEST_TMPDIR/$id")" ]
		[ "$(listed_of "$id")" -eq "$(listed_of "$id" --from "$BATS_TEST_TMPDIR/$id")" ]
	done
}

@test "ports lost to bind() are found without keeping all connections" {
	same_as_exact lost
	grep -q port-exhaustion <<<"$(verdict)"
	grep -q bound-unused <<<"$(verdict)"
}

@test "connections that nobody accepts are found among thousands that were accepted" {
	same_as_exact waiting
	grep -q accept-stalled <<<"$(verdict)"
}

@test "every trouble at once is found" {
	same_as_exact short waiting leak
	grep -q close-wait-leak <<<"$(verdict)"
}

@test "destinations short of ports are found of IPv6, and of both families together" {
	same_as_exact six
	[ "$(verdict | jq '[.[] | select(.id == "port-exhaustion")] | length')" -eq 2 ]
}

@test "each of two source addresses that is short of ports is found" {
	same_as_exact sources
	[ "$(verdict | jq '[.[] | select(.id == "port-exhaustion")] | length')" -eq 2 ]
}

@test "a TIME_WAIT table that has overflowed is found beside ports that run short" {
	same_as_exact overflow short
	grep -q time-wait-overflow <<<"$(verdict)"
}

@test "ports that are all reserved are found" {
	same_as_exact reserved
	grep -q port-exhaustion <<<"$(verdict)"
}

@test "paths of MPTCP connections count as what they are" {
	[ -e /proc/sys/net/mptcp/enabled ] || skip "this kernel has no MPTCP"
	same_as_exact multipath
	grep -q accept-stalled <<<"$(verdict)"
}

@test "a look at many again loses no socket, in whatever order answers come" {
	local run first
	lab_python "$busy" queues short
	first=$(verdict --exact)
	[ "$(jq length <<<"$first")" -ge 8 ]
	for run in {1..15}; do
		diff <(verdict) <(echo "$first")
	done
}

@test "a busy healthy machine is found healthy and whole however fast connections come and go" {
	local run
	lab_python "$busy" churn
	for run in {1..6}; do
		sockvet check -q
		[ "$status" -eq 0 ] && [ -z "$output$errors" ]
		sockvet check -q --exact
		[ "$status" -eq 0 ] && [ -z "$output$errors" ]
	done
}

@test "states that are only counted are as many as --exact lists" {
	lab_python "$busy" short leak
	sockvet check --json
	local counted
	counted=$(jq -c '.summary.states | [.ESTABLISHED, .TIME_WAIT, .CLOSE_WAIT, .LISTEN]' <<<"$output")
	sockvet check --json --exact
	holds '.summary.from_counters == []'
	[ "$counted" = "$(jq -c '.summary.states | [.ESTABLISHED, .TIME_WAIT, .CLOSE_WAIT, .LISTEN]' <<<"$output")" ]
}

@test "a recorded check holds every row and its replay says the same" {
	lab_python "$busy" short
	sockvet check --json --record "$BATS_TEST_TMPDIR/recording"
	holds '.summary.from_counters == []'
	[ "$output" = "$("$SOCKVET" check --json --from "$BATS_TEST_TMPDIR/recording")" ]
}
