#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# How many connect()s are left, and who has the rest: against what connect() then really does. The random scenarios of
# tests/random compare numbers by the thousand; here are the words, the names and the ways in and out.

load lab.bash

# left KEYS...: what sockvet says is what the kernel gives, to the last port; 100 ports, towards 127.0.0.1:8080.
left() {
	lab_start ephemeral-full exhaust=1 "$@"
	sockvet connect --json 127.0.0.1:8080 --from-address 127.0.0.1
	local left min max
	read -r left min max < <(jq -r '"\(.left) \(.left_min) \(.left_max)"' <<<"$output")
	lab_next
	echo "said $left ($min to $max), really ${LAB[more]}"
	[ "$left" = "${LAB[more]}" ] && [ "$min" -le "$left" ] && [ "$left" -le "$max" ]
}

@test "what is left is what connect() gets: ESTABLISHED" { left established=70 time_wait=0; }
@test "what is left is what connect() gets: TIME_WAIT" { left established=20 time_wait=40 tw_reuse=0; }
@test "what is left is what connect() gets: reserved ports" { left established=20 time_wait=0 reserved=40000-40009; }

@test "a full range is exhausted, with EADDRNOTAVAIL and status 2" {
	lab_start ephemeral-full established=40 time_wait=60 tw_reuse=0
	sockvet connect --json 127.0.0.1:8080
	[ "$status" -eq 2 ]
	holds '.verdict == "exhausted" and .errno == "EADDRNOTAVAIL" and .left == 0 and .capacity == 100'
	holds '.used_by_destination == 100 and .by_state.TIME_WAIT == 60 and .by_state.ESTABLISHED == 40'
	holds '.source.chosen_by == "route" and .source.address == "127.0.0.1"'
	holds '[.users[].count] | add == 100'
	holds 'any(.users[]; .comm == "situation" and .count == 40)'
	holds '.advice | length > 0'
	lab_next
	[ "${LAB[next]}" = EADDRNOTAVAIL ]
	sockvet connect 127.0.0.1:8080
	[[ $output == "EXHAUSTED: "* ]]
}

@test "room enough is ok with status 0, and -q prints nothing then" {
	lab_start ephemeral-full established=5 time_wait=0
	sockvet connect --json 127.0.0.1:8080
	[ "$status" -eq 0 ] && holds '.verdict == "ok" and .errno == null and .end.complete'
	sockvet connect -q 127.0.0.1:8080
	[ "$status" -eq 0 ] && [ -z "$output$errors" ]
}

@test "the shares are those of --warn and --crit" {
	lab_start ephemeral-full established=50 time_wait=0
	sockvet connect --json 127.0.0.1:8080
	[ "$status" -eq 0 ]
	sockvet connect --json 127.0.0.1:8080 --warn port-exhaustion=40
	[ "$status" -eq 1 ] && holds '.verdict == "tight"'
	sockvet connect --json 127.0.0.1:8080 --warn port-exhaustion=30 --crit port-exhaustion=40
	[ "$status" -eq 2 ]
}

@test "clients that bind() first: --probe gives the real number" {
	lab_start ephemeral-full established=0 time_wait=0 bind_first=40 exhaust=1
	sockvet connect --json --probe 127.0.0.9:8080 --from-address 127.0.0.1
	holds '.probe.packets_sent == 0 and .probe.ports_asked > 0 and .left == .left_min and .left == .left_max'
	holds '.left == 60 and .blocked_for_all == 40'
	sockvet connect --json 127.0.0.9:8080 --from-address 127.0.0.1
	holds '.left == 100 and .left_min <= 60'
}

@test "the list of destinations begins with the fullest, and its status is that of the worst" {
	lab_start ephemeral-full established=60 time_wait=30 destinations=3 tw_reuse=0
	sockvet connect --json
	[ "$status" -eq 1 ]
	holds '.destinations | length >= 3 and (.[0].left <= .[1].left)'
	holds '.destinations[0].verdict == "tight"'
	sockvet connect
	[[ $output == *127.0.0.1* ]]
}

@test "a destination without a route is refused" {
	lab_start listen
	sockvet connect --json 203.0.113.1:80
	[ "$status" -eq 3 ] && [ -z "$output" ] && [[ $errors == "sockvet: "*203.0.113.1* ]]
}

@test "the source is the one that the route gives" {
	lab_start ephemeral-full established=3 time_wait=0 route=far
	sockvet connect --json "10.77.0.2:8080"
	holds '.source.address == "10.77.0.1" and .source.chosen_by == "route" and .used_by_destination == 3'
}

@test "where the kernel refuses --probe, the reason is told" {
	lab_start ephemeral-full established=10 time_wait=0
	nsenter -t "$LAB_JOB" -U -n --preserve-credentials sh -c 'echo 0 >/proc/sys/net/ipv4/tcp_fastopen' 2>/dev/null ||
		skip "tcp_fastopen cannot be set in this namespace"
	sockvet connect --json --probe 127.0.0.1:8080
	[ "$status" -eq 3 ] && [[ $errors == *tcp_fastopen* ]]
}

@test "the replay of a recording is the live answer" {
	lab_start ephemeral-full established=30 time_wait=20 tw_reuse=0
	for words in "" "127.0.0.1:8080" "127.0.0.1:8080 --probe" "127.0.0.2:99 --bind-first"; do
		# shellcheck disable=SC2086
		sockvet connect --json --record "$BATS_TEST_TMPDIR/connect" $words
		local live=$output code=$status
		# shellcheck disable=SC2086
		sockvet connect --json --from "$BATS_TEST_TMPDIR/connect" $words
		echo "$words: live $code, replay $status; $errors"
		[ "$output" = "$live" ] && [ "$status" -eq "$code" ]
	done
}

@test "a recording of everything gives the same number" {
	lab_start ephemeral-full established=30 time_wait=20 tw_reuse=0
	sockvet connect --json 127.0.0.1:8080
	local left
	left=$(jq .left <<<"$output")
	sockvet record -q "$BATS_TEST_TMPDIR/all"
	sockvet connect --json --from "$BATS_TEST_TMPDIR/all" 127.0.0.1:8080
	holds ".left == $left"
}

@test "an incomplete dump does not make room enough" {
	need_strace
	lab_start ephemeral-full established=10 time_wait=0
	for fault in recvmsg:error=ENOBUFS recvmsg:error=ENOMEM:when=3+ sendto:error=EPERM; do
		run nsenter -t "$LAB_JOB" -U -n --preserve-credentials strace -qq -o "$BATS_TEST_TMPDIR/trace" \
			-e "trace=${fault%%:*}" -e inject="$fault" "$SOCKVET" connect --json --from-address 127.0.0.1 127.0.0.1:8080
		echo "$fault: $status $output"
		[ "$status" -eq 3 ] && [[ $output != *'"verdict": "ok"'* ]]
	done
}

@test "a critical share below the usual warning share is critical, and --probe without a probe says one sentence" {
	lab_start ephemeral-full established=40 time_wait=0
	sockvet connect --crit port-exhaustion=30 127.0.0.1:8080
	[ "$status" -eq 2 ] && [[ $output == "TIGHT: "* ]]
	sockvet connect --crit port-exhaustion=30
	[ "$status" -eq 2 ]
	sockvet record -q "$BATS_TEST_TMPDIR/all"
	sockvet connect --probe --from "$BATS_TEST_TMPDIR/all" 127.0.0.1:8080
	echo "$errors"
	[ "$status" -eq 3 ] && [ "$(wc -l <<<"$errors")" -eq 1 ]
}

@test "the list of destinations has none of the other family" {
	lab_start ephemeral-full established=5 time_wait=0
	sockvet connect --json -4
	holds '.destinations | length == 1'
	sockvet connect --json -6
	holds '(.destinations | length == 0) and .verdict == "ok"'
}

@test "a source address of nobody is judged by the sysctl of its own family, as bind() is" {
	unshare -Urn bash -euc '
		ip link set lo up
		ip -6 addr add fd00::1/64 dev lo
		for v4 in 0 1; do
			for v6 in 0 1; do
				echo $v4 >/proc/sys/net/ipv4/ip_nonlocal_bind
				echo $v6 >/proc/sys/net/ipv6/ip_nonlocal_bind
				for pair in "127.0.0.1 192.0.2.7 $v4" "[fd00::1] fd00::77 $v6"; do
					read -r to from works <<<"$pair"
					refused=0
					"$0" connect "$to:9" --from-address "$from" >"$1" 2>&1 || true
					grep EADDRNOTAVAIL "$1" && refused=1
					[ $((works + refused)) = 1 ]
				done
			done
		done' "$SOCKVET" "$BATS_TEST_TMPDIR/said"
}
