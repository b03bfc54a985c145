#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Columns and texts of `list` against the installed ss and netstat, on the same sockets.

load lab.bash

# Rows in an order of their own, one blank between fields. What moves between two looks gets a fixed value: times
# since, timers, and how long a sender has been busy. Holders of one socket are in no order that ss promises. Of ss's
# faults: headings may touch, and MD5 keys are printed before everything. Bound-idle sockets are in -a here and not there.
still() {
	perl -ne '
		s/[ \t]+/ /g; s/ $//; s/PortProcess/Port Process/; s/^(secret)+//;
		s/ (lastsnd|lastrcv|lastack|backoff):[0-9]+/ $1:N/g;
		s/ (busy|rwnd_limited|sndbuf_limited):[^ ]*/ $1:N/g;
		s/timer:\((on|keepalive|timewait|persist),[^,)]*,[0-9]+\)/timer:($1,T,N)/;
		s/users:\((.*?\))\)/"users:(" . join(",", sort $1 =~ m{\([^()]*\)}g) . ")"/ge;
		$bound = /^UNCONN/ || $bound && /^[ \n]/;
		print unless $bound' | sort
}

# The kernel goes on working while two programs look one behind the other: what differs is looked at again, for 10 s.
# same_as_ss OPTIONS...
same_as_ss() {
	local tries theirs ours
	for ((tries = 0; tries < 40; tries++)); do
		theirs=$(inside ss "$@" | still) || return 1
		ours=$(inside "$SOCKVET" list "$@" 2>"$BATS_TEST_TMPDIR/stderr" | still)
		[ "$theirs" = "$ours" ] && return 0
		sleep 0.25
	done
	echo "ss and sockvet list $* ($(wc -l <<<"$theirs") and $(wc -l <<<"$ours") lines)"
	diff <(echo "$theirs") <(echo "$ours") | head -n 20
	return 1
}

need_ss() {
	command -v ss >/dev/null || skip "SS IS MISSING: nothing is compared (apt install iproute2)"
}

# The sockets that a situation has not: congestion controls, every option that inet_diag tells, MPTCP, fast open,
# MD5 keys, threads. Prints READY and waits.
unusual='
import contextlib, os, socket, struct, sys, threading, time
held, port, tcp = [], 9000, socket.IPPROTO_TCP
def pair(family=socket.AF_INET, address="127.0.0.1", prepare=lambda s: None, protocol=0):
    global port
    port += 1
    listener = socket.socket(family, socket.SOCK_STREAM, protocol)
    client = socket.socket(family, socket.SOCK_STREAM, protocol)
    prepare(listener)
    prepare(client)
    listener.bind((address, port))
    listener.listen(5)
    client.connect((address, port))
    server = listener.accept()[0]
    held.extend((listener, client, server))
    return client, server
for name in open("/proc/sys/net/ipv4/tcp_available_congestion_control").read().split():
    with contextlib.suppress(OSError):
        client, server = pair(prepare=lambda s: s.setsockopt(tcp, socket.TCP_CONGESTION, name.encode()))
        for _ in range(20):
            client.sendall(b"x" * 20000)
            left = 20000
            while left:
                left -= len(server.recv(65536))
def options(s):
    for level, option, value in ((0, 1, 0x10), (1, 12, 5), (0, 11, 1), (0, 15, 1), (0, 24, 1), (1, 47, 1000000)):
        s.setsockopt(level, option, value)
pair(prepare=options)
def options6(s):
    s.setsockopt(41, 67, 0x20)
    s.setsockopt(41, 26, 1)
pair(socket.AF_INET6, "::1", options6)
pair(socket.AF_INET6, "::ffff:127.0.0.1")
pair(prepare=lambda s: s.setsockopt(1, 25, b"lo"))
with contextlib.suppress(OSError):
    pair(protocol=262)[0].sendall(b"abc")
def key(s):
    peer = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton("127.0.0.1")).ljust(128, b"\0")
    s.setsockopt(tcp, 14, peer + struct.pack("BBHi", 0, 0, 6, 0) + b"secret".ljust(80, b"\0"))
with contextlib.suppress(OSError):
    pair(prepare=key)
client, server = pair()
client.setsockopt(1, socket.SO_KEEPALIVE, 1)
client.sendall(b"q" * 5000)
client, server = pair()
client.setblocking(False)
with contextlib.suppress(BlockingIOError):
    while True:
        client.send(b"z" * 65536)
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
print("READY", flush=True)
sys.stdin.read()
'

unusual_start() {
	lab_stop
	# shellcheck disable=SC2034,SC2016  # lab_take reads LAB_IO; $1 is of the shell inside
	lab_python "$unusual"
}

each_spelling() {
	local words
	for words in -tan -tn -tln -tlnp -tanp -tano -tane -tanoe -tanm "-tan --tos" "-tan --cgroup" \
		"-tan --inet-sockopt" "-tanO --inet-sockopt" -tan4 -tan6 -tani -tanpoei -tanpoeim \
		"-tanpoeimO --tos --inet-sockopt --cgroup" -tanpT "-tan state established" "-Htan exclude listening"; do
		# shellcheck disable=SC2086
		same_as_ss $words || return 1
	done
}

@test "a column or a text of every state is that of ss" {
	need_ss
	lab_start all-states
	each_spelling
}

@test "a column or a text of unusual sockets is that of ss" {
	need_ss
	unusual_start
	each_spelling
}

@test "a column or a text of a listener is that of ss" {
	need_ss
	lab_start listen
	each_spelling
	lab_start accept-queue-full
	same_as_ss -tlnp
	same_as_ss -tan
}

@test "a column of thousands of sockets is that of ss" {
	need_ss
	lab_start healthy-busy
	same_as_ss -tanpe
	same_as_ss -tlnp
}

@test "rates without -n are rounded as ss rounds them" {
	need_ss
	unusual_start
	local tries theirs ours
	# ss names ports without -n, this program does with -r only: rates are compared.
	for ((tries = 0; tries < 40; tries++)); do
		theirs=$(inside ss -tiHO | grep -oE '[^ ]+ [^ ]+bps|[^ ]*bps|bbr:[^ ]*' | sort)
		ours=$(inside "$SOCKVET" list -tiHO | grep -oE '[^ ]+ [^ ]+bps|[^ ]*bps|bbr:[^ ]*' | sort)
		[ -n "$theirs" ] && [ "$theirs" = "$ours" ] && return 0
		sleep 0.25
	done
	diff <(echo "$theirs") <(echo "$ours")
}

@test "-O keeps a row on one line, and a row without it ends as in ss" {
	unusual_start
	sockvet list -tanoeimO --tos --inet-sockopt --cgroup -H
	[ "$(wc -l <<<"$output")" -eq "$(inside "$SOCKVET" list -tanH | wc -l)" ]
}

@test "-Q takes the two queues away, and no other column" {
	unusual_start
	local all
	sockvet list -tanH
	all=$(awk '{ print $1, $4, $5 }' <<<"$output")
	sockvet list -tanHQ
	[ "$all" = "$(awk '{ print $1, $2, $3 }' <<<"$output")" ]
}

@test "each member of tcp_info that the kernel sends is in the JSON, and no byte is unknown" {
	unusual_start
	sockvet list -tai --json
	[ "$status" -eq 0 ]
	local size
	size=$(inside python3 -c '
import socket
s = socket.socket()
print(len(s.getsockopt(6, 11, 512)))')
	holds '[.sockets[].tcp_info] | length > 0'
	[ "$size" -lt 248 ] || holds 'all(.sockets[].tcp_info; .rcv_wnd_bytes != null and .rehash != null and .total_rto_time_ms != null and .retransmits != null)'
	[ "$size" -lt 280 ] || holds 'all(.sockets[].tcp_info; .received_ce_packets != null and .delivered_e1_bytes != null and .received_ce_bytes != null and .accecn_bits != null)'
	[ "$size" -ne 280 ] || holds 'all(.sockets[].tcp_info; .unknown_bytes == 0)'
}

@test "the JSON of a congestion control, an MPTCP path or a TOS has what the text has" {
	unusual_start
	sockvet list -tai --tos --json
	grep -qw bbr /proc/sys/net/ipv4/tcp_available_congestion_control &&
		holds 'any(.sockets[]; .congestion == "bbr" and .congestion_state.bandwidth_bytes_per_s > 0)'
	holds 'any(.sockets[]; .tos == 16) and any(.sockets[]; .tclass == 32) and any(.sockets[]; .class_id == 5)'
	if [ -e /proc/sys/net/mptcp/enabled ]; then
		holds 'any(.sockets[]; .ulp.name == "mptcp" and (.ulp.mptcp.local_token // 0) > 0)'
	fi
}

@test "an MD5 key is never shown" {
	unusual_start
	sockvet list -tanim
	[[ $output != *secret* ]]
	sockvet list -tanim --json
	[[ $output != *secret* ]]
}

@test "-T shows each thread, and so does its replay" {
	unusual_start
	local threads=()
	sockvet list -tlT --json --record "$BATS_TEST_TMPDIR/r"
	[ "$status" -eq 0 ]
	mapfile -t threads < <(ls "/proc/$LAB_JOB/task")
	[ "${#threads[@]}" -eq 2 ]
	holds "all(.sockets[]; [.processes[].tid] | sort == [${threads[0]}, ${threads[1]}])"
	[ "$output" = "$(inside "$SOCKVET" list -tlT --json --from "$BATS_TEST_TMPDIR/r")" ]
}

@test "numbers of the summary are those of ss" {
	need_ss
	lab_start all-states
	local tries theirs ours machine='s/^(TCP: +)[0-9]+ \((estab [0-9]+), closed -?[0-9]+, orphaned [0-9]+/\1N (\2, closed N, orphaned N/'
	# Three numbers are the whole machine's, where others may open and close sockets: those are not compared.
	for ((tries = 0; tries < 40; tries++)); do
		theirs=$(inside ss -s | sed -E "$machine"'; s/[ \t]+/ /g; s/ $//; /^$/d')
		ours=$(inside "$SOCKVET" list -s | sed -E "$machine"'; s/[ \t]+/ /g; s/ $//; /^$/d; /^TCP state/,$d')
		[ "$theirs" = "$ours" ] && break
		sleep 0.25
	done
	[ "$theirs" = "$ours" ] || { diff <(echo "$theirs") <(echo "$ours"); return 1; }
}

@test "states of the summary are those that are listed" {
	lab_start all-states
	sockvet list -s --json
	[ "$status" -eq 0 ]
	local states
	states=$(jq -S '.summary.states | with_entries(select(.value > 0))' <<<"$output")
	sockvet list -ta --json
	[ "$states" = "$(jq -S '[.sockets[].state] | group_by(.) | map({ (.[0]): length }) | add' <<<"$output")" ]
}

# State, queues and addresses of netstat, with the spelling of its states turned into ss's.
netstat_rows() {
	inside netstat -tanW | awk '$1 ~ /^tcp/ {
		state = $6; gsub("_", "-", state)
		sub("ESTABLISHED", "ESTAB", state); sub("FIN-WAIT1", "FIN-WAIT-1", state); sub("FIN-WAIT2", "FIN-WAIT-2", state)
		send = state == "LISTEN" ? "-" : $3
		local = $4; peer = $5
		if ($1 == "tcp6") {
			sub(":[^:]*$", "", local); sub(":[^:]*$", "", peer)
			local = "[" local "]" substr($4, length(local) + 1)
			peer = "[" peer "]" substr($5, length(peer) + 1)
		}
		print state, $2, send, local, peer
	}' | sort
}

# A listener of both families is * for ss and :: for netstat; a device is told by ss only.
ss_rows() {
	inside "$SOCKVET" list -tanH exclude bound-inactive | awk '{
		sub("%[^:\\]]*:", ":", $4); sub("^\\*:", "[::]:", $4); sub("^\\*:", "[::]:", $5)
		print $1, $2, $1 == "LISTEN" ? "-" : $3, $4, $5
	}' | sort
}

@test "a state, queue or address is that of netstat" {
	command -v netstat >/dev/null || skip "NETSTAT IS MISSING: nothing is compared (apt install net-tools)"
	local tries theirs ours
	for situation in all-states listen; do
		lab_start "$situation"
		for ((tries = 0; tries < 40; tries++)); do
			theirs=$(netstat_rows)
			ours=$(ss_rows)
			[ -n "$theirs" ] && [ "$theirs" = "$ours" ] && continue 2
			sleep 0.25
		done
		diff <(echo "$theirs") <(echo "$ours")
		return 1
	done
}
