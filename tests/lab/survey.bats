#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `check` looks only at what can matter: on a busy machine it says what it says after a look at every socket.

load lab.bash

# A server with 5,000 connections, and in the same network namespace whatever else is wrong, as the words say.
busy='
import os, resource, socket, sys, time
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
if "leak" in wants:
    s = listener("127.0.5.1", 8081)
    for _ in range(30):
        c, a = pair(s, "127.0.5.1", 8081)
        c.close()
        kept.append(a)
print("READY", flush=True)
sys.stdin.readline()
'
quick=(--warn close-wait-leak=0,count=1 --warn accept-stalled=0,count=1)

# All that does not grow older between two looks.
verdict() {
	sockvet check --json "${quick[@]}" "$@"
	jq -S '[.findings[] | {id, severity, subject, count, evidence: (.evidence | del(.oldest_waiting_ms,
		.close_rate_per_s, .exhausted_in_s, .blocked_for_all)), fix, avoid}] | sort_by(.id, .subject, .count)' <<<"$output"
}

same_as_exact() {
	local steps exact
	lab_python "$busy" "$@"
	steps=$(verdict)
	sockvet check --json "${quick[@]}"
	holds '.summary.from_counters == ["ESTABLISHED", "TIME_WAIT"] and .summary.states.ESTABLISHED >= 4980'
	exact=$(verdict --exact)
	diff <(echo "$steps") <(echo "$exact")
}

@test "a busy healthy machine has no finding that --exact has not" {
	same_as_exact
	[ "$(verdict)" = '[]' ]
}

@test "a destination short of ports is found without listing all connections" {
	same_as_exact short
	verdict | grep -q port-exhaustion
}

@test "ports lost to bind() are found without listing all connections" {
	same_as_exact lost
	verdict | grep -q port-exhaustion
	verdict | grep -q bound-unused
}

@test "connections that nobody accepts are found among thousands that were accepted" {
	same_as_exact waiting
	verdict | grep -q accept-stalled
}

@test "every trouble at once is found in steps" {
	same_as_exact short waiting leak
	verdict | grep -q close-wait-leak
}

@test "states that were counted by the kernel are as many as --exact lists" {
	lab_python "$busy" short leak
	sockvet check --json
	local steps
	steps=$(jq -c '.summary.states | [.ESTABLISHED, .TIME_WAIT, .CLOSE_WAIT, .LISTEN]' <<<"$output")
	sockvet check --json --exact
	holds '.summary.from_counters == []'
	[ "$steps" = "$(jq -c '.summary.states | [.ESTABLISHED, .TIME_WAIT, .CLOSE_WAIT, .LISTEN]' <<<"$output")" ]
}

@test "a recorded check holds every row and its replay says the same" {
	lab_python "$busy" short
	sockvet check --json --record "$BATS_TEST_TMPDIR/recording"
	holds '.summary.from_counters == []'
	[ "$output" = "$("$SOCKVET" check --json --from "$BATS_TEST_TMPDIR/recording")" ]
}
