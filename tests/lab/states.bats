#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every state, made with real sockets, IPv4 and IPv6: is it listed, spelled right, and with what is known of it?

load lab.bash

# state_is_listed SITUATION STATE [CONDITION]: one such socket, in both families
state_is_listed() {
	local family
	for family in 4 6; do
		lab_start "$1" family=$family
		sockvet list -tan --json
		[ "$status" -eq 0 ]
		listed ".state == \"$2\" and .family == \"ipv$family\" and (${3:-true})" 1
		holds '.end.complete and .end.sockets == (.sockets | length)'
		holds 'all(.sockets[]; .age_min_ms == null or .age_max_ms == null or .age_min_ms <= .age_max_ms)'
		lab_stop
	done
}

@test "an established connection is listed" {
	state_is_listed established ESTABLISHED '.remote.port == 8080 and .opener == "here" and .inode != null'
}

@test "a listener is listed, and its queue limit is the send queue" {
	state_is_listed listen LISTEN '.local.port == 8080 and .send_queue == 128 and .recv_queue == 0'
}

@test "a port that is only bound is listed as BOUND" {
	state_is_listed bound-idle BOUND '.inode != null'
}

@test "a connect to a silent address is listed as SYN_SENT with its retransmissions" {
	state_is_listed syn-sent SYN_SENT '.timer.retransmits >= 1 and .remote.port == 8080'
}

@test "a request socket is listed as SYN_RECV, without inode and uid" {
	state_is_listed syn-recv SYN_RECV '.local.port == 8080 and .inode == null and .uid == null'
}

@test "FIN_WAIT_1 of a held socket is listed with its inode" {
	state_is_listed fin-wait-1 FIN_WAIT_1 '.inode != null and .timer.retransmits >= 1 and .opener == "here"'
}

@test "FIN_WAIT_1 of an orphan is listed without inode" {
	state_is_listed fin-wait-1-orphan FIN_WAIT_1 '.inode == null and .timer.retransmits >= 1'
}

@test "FIN_WAIT_2 of a held socket is listed with its inode" {
	state_is_listed fin-wait-2-owned FIN_WAIT_2 '.inode != null and .opener == "here"'
}

@test "FIN_WAIT_2 of an orphan is listed, without inode and with a known age" {
	state_is_listed fin-wait-2-orphan FIN_WAIT_2 '.inode == null and .age_max_ms < 30000 and .timer.expires_ms > 30000'
}

@test "TIME_WAIT is listed, without uid, and its age is the timer's" {
	state_is_listed time-wait TIME_WAIT '.inode == null and .uid == null and .age_max_ms < 30000 and .timer.expires_ms > 30000'
}

@test "CLOSE_WAIT is listed with the unread end of stream" {
	state_is_listed close-wait CLOSE_WAIT '.recv_queue == 1 and .opener == "here"'
}

@test "LAST_ACK retransmitting to a peer that is gone is listed" {
	state_is_listed last-ack LAST_ACK '.inode == null and .timer.retransmits >= 1'
}

@test "CLOSING after a simultaneous close is listed" {
	state_is_listed closing CLOSING '.timer.retransmits >= 1 and .opener == "here"'
}

@test "all states at once: the summary counts each of them and list agrees" {
	local family
	for family in 4 6; do
		lab_start all-states family=$family
		sockvet check --json
		[ "$status" -le 2 ]
		holds '.summary.states | .ESTABLISHED >= 1 and .SYN_SENT >= 1 and .SYN_RECV >= 1 and .FIN_WAIT_1 >= 1
			and .FIN_WAIT_2 >= 2 and .TIME_WAIT >= 1 and .CLOSE_WAIT >= 1 and .LAST_ACK >= 1 and .LISTEN >= 1
			and .CLOSING >= 1 and .BOUND >= 1'
		local counted
		counted=$(jq -c '.summary.states | with_entries(select(.value > 0)) | to_entries | sort_by(.key) | from_entries' <<<"$output")
		sockvet list -tan --json
		holds "[.sockets[].state] | group_by(.) | map({key: .[0], value: length}) | from_entries | . == $counted"
		lab_stop
	done
}

@test "list agrees with ss about every 4-tuple, of all states" {
	lab_start all-states
	sockvet list -tan --json
	local ours theirs
	ours=$(jq -r '.sockets[] | select(.state != "BOUND" and .state != "LISTEN") |
		"\(.local.address):\(.local.port) \(.remote.address):\(.remote.port)"' <<<"$output" | sort)
	theirs=$(nsenter -t "$LAB_JOB" -U -n --preserve-credentials ss -Htan | awk '$1 != "LISTEN" { print $4, $5 }' | sort)
	diff <(echo "$ours") <(echo "$theirs")
}

@test "every state filter gives exactly its state, in ss's and in netstat's spelling" {
	lab_start all-states
	local word state
	while read -r word state; do
		sockvet list -tn --json state "$word"
		[ "$status" -eq 0 ]
		holds ".sockets != [] and all(.sockets[]; .state == \"$state\")"
	done <<-END
		established ESTABLISHED
		syn-sent SYN_SENT
		SYN_RECV SYN_RECV
		fin-wait-1 FIN_WAIT_1
		FIN_WAIT2 FIN_WAIT_2
		time-wait TIME_WAIT
		TIME_WAIT TIME_WAIT
		close-wait CLOSE_WAIT
		last-ack LAST_ACK
		LISTEN LISTEN
		listening LISTEN
		closing CLOSING
	END
}

@test "a recording of all states replays to the same JSON" {
	lab_start all-states
	sockvet check --json --record "$BATS_TEST_TMPDIR/all.rec"
	[ "$status" -le 2 ]
	local live=$output live_status=$status
	sockvet check --json --from "$BATS_TEST_TMPDIR/all.rec"
	[ "$status" -eq "$live_status" ]
	diff <(jq . <<<"$live") <(jq . <<<"$output")
}

@test "what record saves of all states can be listed later, with the holders" {
	lab_start all-states
	sockvet record "$BATS_TEST_TMPDIR/all.rec"
	[ "$status" -eq 0 ]
	local pid=${LAB[pid]}
	sockvet list -tanp --json
	local live
	live=$(jq -c '[.sockets[] | {state, local, remote, processes}] | sort' <<<"$output")
	sockvet list -tanp --json --from "$BATS_TEST_TMPDIR/all.rec"
	[ "$status" -eq 0 ]
	holds '.end.complete'
	listed ".state == \"CLOSE_WAIT\" and any(.processes[]; .pid == $pid)" 1
	holds "[.sockets[] | {state, local, remote, processes}] | sort | . == $live"
}
