#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Who closes first, who comes back, and peers that are gone.

load lab.bash

@test "the server closes first: FIN_WAIT_2 there, CLOSE_WAIT at the client, then TIME_WAIT at the server" {
	local family
	for family in 4 6; do
		lab_start server-closes-first family=$family
		sockvet list -tan --json
		listed '.state == "FIN_WAIT_2" and .local.port == 8080 and .inode == null' 1
		listed '.state == "CLOSE_WAIT" and .remote.port == 8080 and .opener == "here"' 1
		lab_next
		sockvet list -tan --json
		listed '.state == "TIME_WAIT" and .local.port == 8080' 1
		listed '.state != "LISTEN"' 1
		lab_stop
	done
}

@test "the client closes first: the mirror image" {
	local family
	for family in 4 6; do
		lab_start client-closes-first family=$family
		sockvet list -tan --json
		listed '.state == "FIN_WAIT_2" and .remote.port == 8080 and .inode == null' 1
		listed '.state == "CLOSE_WAIT" and .local.port == 8080 and .opener == "peer"' 1
		lab_next
		sockvet list -tan --json
		listed '.state == "TIME_WAIT" and .remote.port == 8080' 1
		listed '.state != "LISTEN"' 1
		lab_stop
	done
}

@test "a client that reconnects at once from the same port is one connection, without TIME_WAIT" {
	lab_start reconnect-at-once
	sockvet list -tan --json
	listed '.state == "ESTABLISHED" and .local.port == 20001 and .opener == "here"' 1
	listed '.state == "ESTABLISHED" and .remote.port == 20001 and .opener == "peer"' 1
	listed '.state == "TIME_WAIT"' 0
}

@test "a half-close with data still coming back is no finding" {
	lab_start half-close-transfer
	sockvet list -tan --json
	listed '.state == "FIN_WAIT_2" and .inode != null' 1
	check_is_silent_about fin-wait-2-held --warn fin-wait-2-held=1s,count=1
	check_finds_nothing
}

@test "data sent to a peer that closed completely: the socket is gone from the list, and check does not stumble" {
	lab_start rst-after-full-close n=5
	sockvet list -tan --json
	[ "$status" -eq 0 ]
	listed '.remote.port == 8080' 0
	sockvet check --json
	holds 'all(.findings[]; .id == "dead-descriptors" and .count == 5)'
	status_is_the_worst_finding
}

# gone SITUATION STATE: the peer does not answer any more, and last-ack-stuck says so
gone() {
	local family
	for family in 4 6; do
		lab_start "$1" family=$family n=3
		check_says '.id == "last-ack-stuck" and .count == 3' --warn last-ack-stuck=100ms,count=1
		holds ".summary.states.$2 == 3"
		lab_stop
	done
}

@test "FIN_WAIT_1 towards a peer that is gone is found, held" {
	gone fin-wait-1 FIN_WAIT_1
}

@test "FIN_WAIT_1 towards a peer that is gone is found, orphaned" {
	gone fin-wait-1-orphan FIN_WAIT_1
}

@test "a lost last ACK is found" {
	gone last-ack LAST_ACK
}

@test "a simultaneous close whose FIN was lost is found" {
	gone closing CLOSING
}

@test "a stuck FIN of one second is not a finding by default" {
	lab_start last-ack
	check_is_silent_about last-ack-stuck
}

@test "a peer that crashed shows as retransmissions on an established connection" {
	local family
	for family in 4 6; do
		lab_start peer-crashed family=$family
		sockvet list -tano --json
		listed '.state == "ESTABLISHED" and .timer.retransmits >= 2 and .send_queue == 5' 1
		check_finds_nothing
		check_says '.id == "peer-silent" and .count == 1 and .evidence.queued_bytes == 5 and .age_min_ms >= 500 and
			.evidence.retransmits_most >= 2' --warn peer-silent=500ms,count=1
		lab_stop
	done
}

@test "unanswered keepalive probes are counted" {
	lab_start keepalive-peer-gone
	sockvet list -tano --json
	listed '.state == "ESTABLISHED" and .timer.kind == "keepalive" and .timer.retransmits >= 1' 1
	check_says '.id == "peer-silent" and .count == 1 and .evidence.keepalive_unanswered == 1 and .age_min_ms >= 2000' \
		--warn peer-silent=0,count=1
}

@test "connects that nobody answers are found, by destination" {
	local family host
	for family in 4 6; do
		host=10.77.0.2
		[ $family = 4 ] || host=fd77::2
		lab_start syn-sent n=4 family=$family
		check_says ".id == \"syn-sent-stuck\" and .count == 4 and .subject.destination == \"$host\" and .subject.port == 8080" \
			--warn syn-sent-stuck=500ms,count=1
		# nothing was ever sent or measured
		sockvet list -tai --json state syn-sent '( idle >= 0 or rtt >= 0 )'
		listed true 0
		sockvet list -tai --json state syn-sent
		listed '.tcp_info | .rtt_us == null and .rttvar_us == null and .last_data_sent_ms == null' 4
		lab_stop
	done
}

@test "SO_LINGER 0 leaves nothing behind" {
	lab_start linger0 n=10
	sockvet list -tan --json
	[ "$status" -eq 0 ]
	holds '.sockets == []'
	check_finds_nothing
}
