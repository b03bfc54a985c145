#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Nothing on the wire: bind and connect, probing or not, leave every counter and the neighbour table as they were.

load lab.bash

# A link to a second namespace, a small port range, and clients whose ports are ambiguous: those are probed.
# shellcheck disable=SC2016  # for the shell inside
place='
	coproc FAR { exec unshare -n setpriv --pdeathsig KILL sh -c "echo; exec sleep infinity"; }
	read -r <&"${FAR[0]}"
	ip link set lo up
	ip link add va type veth peer name vb netns "$FAR_PID"
	echo 0 >/proc/sys/net/ipv6/conf/va/router_solicitations
	echo "40000 40039" >/proc/sys/net/ipv4/ip_local_port_range
	ip address add 10.77.0.1/24 dev va
	ip address add fd77::1/64 dev va nodad
	ip link set va up
	nsenter -t "$FAR_PID" -n sh -c "echo 0 >/proc/sys/net/ipv6/conf/vb/router_solicitations
		ip address add 10.77.0.2/24 dev vb; ip address add fd77::2/64 dev vb nodad
		ip link set lo up; ip link set vb up"
	exec python3 -c "$1"
'
clients='
import socket, sys
held = []
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    listener = socket.socket(family)
    listener.bind((address, 8080))
    listener.listen(64)
    held.append(listener)
    for _ in range(8):
        client = socket.create_connection((address, 8080))
        child = listener.accept()[0]
        if len(held) % 3:
            held += [client, child]
        else:
            client.close()
            child.close()
print("READY", flush=True)
sys.stdin.read()
'

wire_start() {
	lab_stop
	# shellcheck disable=SC2034  # lab_take reads LAB_IO
	coproc LAB_IO { exec unshare -Urn bash -c "$place" place "$clients" 2>"$BATS_TEST_TMPDIR/situation.err" 3>&-; }
	LAB_JOB=$LAB_IO_PID
	lab_take READY
	wait_for_quiet
}

# Everything that a packet, sent or received, would move.
counters() {
	inside sh -c 'cd /proc/self/net && cat snmp netstat snmp6 dev && ip neighbour show nud all'
}

# Joining its groups makes a new link talk for a while.
wait_for_quiet() {
	local before now same=0 tries
	before=$(counters)
	for ((tries = 0; tries < 100 && same < 10; tries++)); do
		sleep 0.2
		now=$(counters)
		if [ "$now" = "$before" ]; then same=$((same + 1)); else same=0; fi
		before=$now
	done
	[ "$same" -eq 10 ] || { echo "the link is never quiet"; return 1; }
}

# silent ARGUMENTS...: sockvet answers and nothing has moved.
# shellcheck disable=SC2154  # sockvet sets errors
silent() {
	local before after
	before=$(counters)
	sockvet "$@" --json
	after=$(counters)
	[ -n "$output" ] || { echo "no answer to $*: status $status, $errors"; return 1; }
	[ "$before" = "$after" ] && return 0
	echo "sockvet $*"
	diff <(tr ' ' '\n' <<<"$before") <(tr ' ' '\n' <<<"$after")
}

@test "the counters show a packet if there is one" {
	wire_start
	local before
	before=$(counters)
	inside timeout 2 bash -c ': <>/dev/tcp/10.77.0.2/9' || true
	[ "$before" != "$(counters)" ]
}

@test "connect sends nothing" {
	wire_start
	silent connect 10.77.0.2:443
	silent connect '[fd77::2]:443'
	silent connect 10.77.0.2:443 --from-address 10.77.0.1 --bind-first
	silent connect 127.0.0.1:8080
	silent connect
}

@test "connect --probe sends nothing, and does probe" {
	wire_start
	local destination
	for destination in 10.77.0.2:443 '[fd77::2]:443' 127.0.0.1:8080 '[::1]:8080'; do
		silent connect "$destination" --probe
		holds '.probe.ports_asked > 0 and .probe.packets_sent == 0 and .left_min == .left_max'
	done
}

@test "bind sends nothing" {
	wire_start
	silent bind 10.77.0.1:443
	silent bind '[fd77::1]:443' --reuseaddr
	silent bind 10.77.0.2:443
	silent bind '[fd77::2]:443'
	silent bind 8080
	silent bind '[::]:8080' --udp
}

@test "bind --probe sends nothing, and does probe" {
	wire_start
	silent bind 10.77.0.1:443 --probe
	holds '.probe == {"errno": null}'
	silent bind '[fd77::1]:443' --probe --reuseport
	holds '.probe == {"errno": null}'
	silent bind 127.0.0.1:8080 --probe
	holds '.probe.errno == "EADDRINUSE"'
	silent bind 10.77.0.2:443 --probe
	holds '.probe.errno == "EADDRNOTAVAIL"'
}
