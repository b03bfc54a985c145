#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# One recording of every state, as kernels from 3.10 on would have told it (make.py): what they do not
# tell is unknown and said to be, and the rest stays. KERNEL.diff has the lines that differ from 6.18;
# `tests/kernels/kernels.bash again` writes them anew, to be read in the diff.

load kernels.bash

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	python3 -B "$KERNELS/make.py" --list | while read -r kernel; do record "$kernel" >"$kernel"; done
}

setup() { cd "$BATS_FILE_TMPDIR"; }

# ask KERNEL WORDS...: output, errors and status of a question to its recording
ask() {
	local kernel=$1
	shift
	status=0
	output=$("$SOCKVET" "$@" --from "$kernel" 2>errors) || status=$?
	errors=$(cat errors)
}

holds() { jq -e "$1" <<<"$output" >/dev/null || { echo "not so: $1" >&2; return 1; }; }

old="3.10 4.4 4.9 4.14 4.19 5.4 5.15 6.1 6.6"
all="$old 6.12 6.18 later"

@test "another kernel is read, judged and shown in the same way as before" {
	local kernel failed=0
	show 6.18 >6.18.shown
	for kernel in $(python3 -B "$KERNELS/make.py" --list); do
		difference 6.18.shown "$kernel" | diff "$KERNELS/$kernel.diff" - || { echo "differs: $kernel"; failed=1; }
	done
	return $failed
}

@test "sockets, addresses, queues and timers do not depend on the kernel's age" {
	local kernel same='[.sockets[] | select(.state != "BOUND") | del(.uid, .cgroup, .cgroup_hex, .cgroup_id, .opener)]'
	ask 6.18 list -ta --json
	jq "$same" <<<"$output" >same
	for kernel in $all new-syn-recv interrupted; do
		[ "$kernel" != later ] || continue
		ask "$kernel" list -ta --json
		[ "$status" -eq 0 ]
		jq "$same" <<<"$output" | diff same - || { echo "differs: $kernel"; false; }
	done
}

@test "bound sockets that an older kernel hides are a gap" {
	local kernel
	for kernel in $old; do
		ask "$kernel" check --json
		[ "$status" -eq 0 ]
		holds '.kernel | startswith("'"$kernel"'")'
		holds '[.end.gaps[] | select(.kind == "bound").text] | length == 2 and (join(" ") | contains("not evaluated: bound-unused"))'
		ask "$kernel" check --strict
		[ "$status" -eq 3 ]
		[[ $output == *"not evaluated: bound-unused"* ]]
		# asked for by name: that kernel has no answer
		ask "$kernel" check --json --warn bound-unused=0,count=1
		[ "$status" -eq 3 ]
		holds '.end.complete == false and (.findings | all(.id != "bound-unused"))'
		ask "$kernel" list state bound --json
		[ "$status" -eq 3 ]
		holds '.end.complete == false and .sockets == []'
		ask "$kernel" list -ta --json
		[ "$status" -eq 0 ]
	done
	for kernel in 6.12 6.18 later; do
		ask "$kernel" check --json --warn bound-unused=0,count=1
		[ "$status" -eq 1 ]
		holds 'any(.findings[]; .id == "bound-unused") and .end.gaps == []'
		ask "$kernel" list state bound --json
		[ "$status" -eq 0 ]
		holds '.sockets | length == 1'
	done
}

@test "a port is not called free where a bound socket could not be seen" {
	local kernel
	for kernel in $old; do
		ask "$kernel" bind 9999 --json
		[ "$status" -eq 3 ]
		holds '.verdict == "unknown" and .errno == null'
		# but what is in use is in use
		ask "$kernel" bind 8080 --json
		[ "$status" -eq 2 ]
		holds '.verdict == "fails" and .errno == "EADDRINUSE" and (.blockers | length) >= 1'
		ask "$kernel" connect 10.77.0.2:8080 --from-address 10.77.0.1 --json
		holds '.left_min == 0 or .left_min < .left'
		holds 'any(.end.gaps[]; .kind == "bound")'
	done
	ask 6.12 bind 9999 --json
	[ "$status" -eq 0 ]
	holds '.verdict == "ok"'
}

@test "the uid of a socket that no program holds is unknown, not root, before 6.17" {
	local kernel
	for kernel in $old 6.12; do
		ask "$kernel" list -ta --json
		holds '.sockets | all(if .inode == null then .uid == null else .uid == 1000 end)'
		ask "$kernel" list -ta user 0 --json
		holds '.sockets == []'
	done
	ask 6.18 list -ta --json
	holds '.sockets | all(if .inode != null or .state == "LAST_ACK" then .uid == 1000 else .uid == null end)'
}

@test "no control group is shown, and no filter passes, where the kernel tells none" {
	local kernel
	for kernel in 3.10 4.9 5.4; do
		ask "$kernel" list -ta --json
		holds '.sockets | all(.cgroup == null)'
		ask "$kernel" list -ta cgroup / --json
		[ "$status" -eq 3 ]
		holds '.end.complete == false and .sockets == []'
	done
	ask 5.15 list -ta cgroup / --json
	[ "$status" -eq 0 ]
	holds '.sockets | length == 10'
}

# Each from the kernel whose tcp_info is the first to have it; before, it is unknown and never 0.
@test "a member of tcp_info is null before its time, and has its value after it" {
	local kernel member since row
	local rows="rto_us:3.10 last_ack_recv_ms:3.10 total_retrans_segments:3.10 acked_bytes:4.4 received_bytes:4.4
		segs_in:4.4 notsent_bytes:4.9 min_rtt_us:4.9 delivery_rate_bytes_per_s:4.9 delivery_rate_app_limited:4.9
		busy_time_us:4.14 sndbuf_limited_us:4.14 delivered_segments:4.19 sent_bytes:4.19 reord_seen:4.19
		snd_wnd_bytes:5.4 fastopen_client_fail:5.4 rcv_wnd_bytes:6.6 rehash:6.6 total_rto:6.12 accecn_bits:6.18"
	for kernel in $all; do
		ask "$kernel" list -tai state close-wait --json
		jq -r '.sockets[0].tcp_info | to_entries[] | "\(.key) \(.value != null)"' <<<"$output" >"$kernel.members"
	done
	for row in $rows; do
		member=${row%:*}
		since=false
		for kernel in $all; do
			[ "$kernel" != "${row#*:}" ] || since=true
			grep -qx "$member $since" "$kernel.members" || { echo "$member on $kernel"; false; }
		done
	done
}

@test "who opened a connection is unknown without the counters that tell it" {
	local kernel
	for kernel in 3.10 4.4 4.9 4.14; do
		ask "$kernel" list -ta state connected --json
		holds '.sockets | all(.state == "SYN_SENT" or .state == "SYN_RECV" or .opener == null)'
		ask "$kernel" check --json --warn close-wait-leak=1ms,count=1
		[ "$status" -eq 1 ]
		holds '.findings[] | select(.id == "close-wait-leak") | .evidence.openers == {"opened_here": 0, "accepted_here": 0, "unknown": 1}'
	done
	ask 4.19 check --json --warn close-wait-leak=1ms,count=1
	holds '.findings[] | select(.id == "close-wait-leak") | .evidence.openers.opened_here == 1'
}

@test "a shorter or longer skmeminfo is read, and a number that it lacks is null" {
	ask 3.10 list -tam state established --json
	[ "$status" -eq 0 ]
	holds '.sockets[0].memory | .drops == null and .backlog_bytes == 0'
	ask 3.10 list -tamH state established
	[[ $output == *",bl0)" ]]
	ask later list -tam state established --json
	[ "$status" -eq 0 ]
	holds '.sockets[0].memory.drops == 0'
}

@test "what a later kernel tells more leaves alone what is known" {
	ask 6.18 list -ta --json
	jq '[.sockets[] | del(.timer)]' <<<"$output" >known
	ask later list -tai --json
	[ "$status" -eq 0 ]
	holds '.end.gaps == [] and any(.sockets[]; .state == "ESTABLISHED" and .timer == null)'
	ask later list -ta --json
	jq '[.sockets[] | del(.timer)]' <<<"$output" | diff known -
}

@test "a sysctl that did not exist yet is no gap, and a constant of older kernels is known" {
	local kernel
	for kernel in 3.10 4.9; do
		ask "$kernel" check --json
		holds '.limits.unprivileged_port_start == 1024 and .limits.tw_reuse == 0 and .limits.tw_reuse_delay_ms == null'
		holds 'all(.end.gaps[]; .kind != "limits")'
	done
	ask 4.19 check --json
	holds '.limits.tw_reuse == 2 and .limits.tw_reuse_delay_ms == null'
}

@test "a request socket by its own number is SYN_RECV" {
	ask new-syn-recv list state syn-recv --json
	[ "$status" -eq 0 ]
	holds '.sockets | length == 1 and .[0].uid == null and .[0].inode == null'
	ask new-syn-recv check --json
	holds '.summary.states.SYN_RECV == 1'
}

@test "an interrupted dump that was repeated is whole, and one that was given up is a gap" {
	ask interrupted check --json
	[ "$status" -eq 0 ]
	holds '.end.complete'
	ask broken-off check --json
	[ "$status" -eq 3 ]
	holds '.end.complete == false'
	ask broken-off list -ta
	[ "$status" -eq 3 ]
	ask broken-off bind 9999
	[ "$status" -eq 3 ]
}

@test "the garbage that an overdue timer was told as is neither an age nor a time left" {
	ask overdue list -tao --json
	[ "$status" -eq 0 ]
	holds '[.sockets[].timer | select(. != null and .kind == "on")] | length == 5 and all(.expires_ms == 0)'
	holds '.sockets | all(.age_min_ms == null or .age_min_ms < 100000)'
}
