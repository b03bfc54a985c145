#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel's queues and tables when they are full.

load lab.bash

@test "tcp_max_tw_buckets reached: the dropped TIME_WAITs are found" {
	lab_start tw-buckets limit=50
	[ "${LAB[overflow]}" -eq 30 ]
	check_says '.id == "time-wait-overflow"'
	holds '.limits.max_tw_buckets == 50 and .summary.states.TIME_WAIT == 50'
}

@test "TIME_WAIT near tcp_max_tw_buckets is found before the first is dropped" {
	lab_start tw-buckets limit=100 n=95
	[ "${LAB[overflow]}" -eq 0 ]
	check_says '.id == "time-wait-overflow"' --warn time-wait-overflow=90,count=1
	check_is_silent_about time-wait-overflow --warn time-wait-overflow=99,count=1 --crit time-wait-overflow=100,count=1
}

@test "a full accept queue is the listener's, and its limit is told" {
	local family
	for family in 4 6; do
		lab_start accept-queue-full family=$family backlog=4
		check_says ".id == \"accept-queue-full\" and .subject.port == ${LAB[port]}" --warn accept-queue-full=100,count=1
		sockvet list -tan --json
		listed '.state == "LISTEN" and .recv_queue == 5 and .send_queue == 4' 1
		lab_stop
	done
}

@test "a listener with an empty queue is not called full" {
	lab_start listen backlog=4
	check_is_silent_about accept-queue-full --warn accept-queue-full=100,count=1
}

@test "requests whose SYN-ACK is lost are all listed, beside their listener" {
	local family
	for family in 4 6; do
		lab_start syn-queue n=16 family=$family
		sockvet list -tan --json
		listed ".state == \"SYN_RECV\" and .local.port == ${LAB[port]} and .timer.retransmits >= 1" 16
		sockvet check --json
		holds '.summary.states.SYN_RECV == 16'
		status_is_the_worst_finding
		lab_stop
	done
}

@test "a full SYN queue is the listener's: cookies are a warning, drops are critical" {
	local scene severity count limit
	while read -r severity count limit scene; do
		lab_start syn-queue n=40 $scene
		check_says ".id == \"syn-queue-full\" and .severity == \"$severity\" and .count == $count
			and .evidence.limit == $limit and .subject.port == ${LAB[port]}
			and .subject.processes[0].pid == ${LAB[pid]}"
		lab_stop
	done <<-'EOF'
		warning  17 16 backlog=16
		warning  17 16 backlog=16 family=6
		critical 17 16 backlog=16 syncookies=0
		critical 25 24 syncookies=0 max_syn_backlog=32
	EOF
}

@test "a SYN queue with room, and one that is never used (tcp_syncookies=2), are not full" {
	local scene
	for scene in 'n=14 backlog=16' 'n=40 backlog=16 syncookies=2'; do
		lab_start syn-queue $scene
		check_finds_nothing
		lab_stop
	done
}

@test "ports bound and never used are found" {
	lab_start bound-idle n=20
	sockvet list -tan --json
	listed '.state == "BOUND"' 20
	check_says ".id == \"bound-unused\" and .count == 20 and .subject.pid == ${LAB[pid]}" --warn bound-unused=0,count=1
}

# In a user namespace of its own, a rule of the firewall makes nf_conntrack track. The limit belongs to the machine.
@test "tracked connections are measured against nf_conntrack_max" {
	[ -r /proc/sys/net/netfilter/nf_conntrack_max ] || skip "this kernel has no nf_conntrack"
	command -v nft >/dev/null || skip "NFT IS MISSING: nft (apt install nftables)"
	lab_start listen backlog=128
	inside nft -f - <<-'EOF'
		table inet t { chain c { type filter hook input priority 0; ct state new accept; }; }
	EOF
	inside python3 -c "
import socket
for i in range(60):
    socket.create_connection(('127.0.0.1', ${LAB[port]})).close()"
	check_is_silent_about conntrack-pressure
	holds '.counters.conntrack_entries == 60'
	check_says '.id == "conntrack-pressure" and .severity == "critical" and .count == 60
		and .evidence.conntrack_max > 60' --warn conntrack-pressure=0.001 --crit conntrack-pressure=0.002
}
