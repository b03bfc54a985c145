#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the kernel answers is spoiled on its way: a listing is asked again, or it is told that it is not whole.

load faults.bash

# spoiled HOW [VARIABLE=VALUE...] -- ARGUMENTS...
spoiled() {
	preloaded netlink "SPOIL=$1" "${@:2}"
}

# passes HOW [VARIABLE=VALUE...]: once or twice it does no harm; the situation has ROWS sockets.
passes() {
	spoiled "$@" -- list "${FORM:--tan}" --json
	ends_in 0 && [ -z "$errors" ] && listed 'true' "$ROWS" && holds '.end.complete and (.sockets | map(.cookie) | unique | length) == '"$ROWS"
}

# connected COUNT: that many connections.
connected() {
	lab_python "$CONNECTED" "$1"
	ROWS=$((2 * $1 + 1))
}

# breaks PART HOW [VARIABLE=VALUE...]: each time it does, and is told in every command and form, with status 3.
breaks() {
	local part=$1 arguments
	shift
	spoiled "$@" -- list -tan --json
	ends_in 3 && holds '.end.complete == false and any(.end.gaps[]; .kind == "dump")' || return 1
	[[ $output == *"$part"* ]] || { echo "no '$part' in $output"; return 1; }
	for arguments in "list -tan" "list -tan --csv" "check --json" "check -q" "connect 127.0.0.1:8080"; do
		# shellcheck disable=SC2086  # words
		spoiled "$@" -- $arguments
		ends_in 3 "sockvet: " || { echo "$arguments"; return 1; }
	done
}

@test "a listing cut by a small buffer is asked again with more room, and not taken for whole" {
	connected 200
	passes small SPOIL_TIMES=2
	passes truncated SPOIL_TIMES=2
	passes truncated SPOIL_FROM=3 SPOIL_TIMES=1
	breaks "asked 3 times (No space left" small
	breaks "asked 3 times" truncated
}

# Rows with -i take long: from the 9th datagram on a second thread receives.
@test "a listing that breaks while it is received ahead is told as broken, and no row comes twice" {
	connected 1000
	local how FORM=-tani
	for how in truncated interrupted sequence port "error SPOIL_ERR=105" repeated; do
		# shellcheck disable=SC2086  # words
		passes $how SPOIL_FROM=12 SPOIL_TIMES=1
	done
	for how in truncated interrupted sequence port "error SPOIL_ERR=105"; do
		# shellcheck disable=SC2086  # words
		spoiled $how SPOIL_FROM=12 -- list -tani --json
		ends_in 3 && holds '.end.complete == false and any(.end.gaps[]; .kind == "dump")'
	done
}

@test "a table that changed while it was listed is asked again" {
	connected 200
	passes interrupted SPOIL_TIMES=1
	passes interrupted SPOIL_FROM=2 SPOIL_TIMES=1
	breaks "Interrupted" interrupted
}

@test "of a listing that is not whole bind says neither free nor that nobody else conflicts" {
	connected 5
	local how
	for how in truncated interrupted sequence port overlong "done"; do
		spoiled "$how" -- bind 127.0.0.1:9999 --json
		ends_in 3 "sockvet: "
		jq -e '.verdict == "unknown" and .end.complete == false' <<<"$output"
		# who was seen is in the way all the same
		spoiled "$how" -- bind 127.0.0.1:8080 --json
		[ "$status" -ge 2 ]
		jq -e '.verdict != "ok" and .end.complete == false' <<<"$output"
	done
}

@test "devices or routes that changed while they were listed are asked again, a bounded number of times" {
	connected 1
	local arguments
	for arguments in "list -tan --json" "bind 127.0.0.2:9999 --json" "connect 127.0.0.1:8080 --json"; do
		# shellcheck disable=SC2086  # words
		spoiled interrupted SPOIL_BUS=0 SPOIL_TIMES=1 -- $arguments
		ends_in 0
		jq -e 'all(.end.gaps[]; .kind != "links")' <<<"$output"
	done
	spoiled interrupted SPOIL_BUS=0 -- list -tan --json
	ends_in 0
	holds 'any(.end.gaps[]; .kind == "links")'
	spoiled interrupted SPOIL_BUS=0 -- bind 127.0.0.2:9999 --json
	ends_in 3
	jq -e '.verdict == "unknown"' <<<"$output"
}

@test "an answer to somebody else's question is ignored" {
	connected 200
	passes sequence SPOIL_TIMES=1
	passes port SPOIL_FROM=2 SPOIL_TIMES=1
	breaks "Protocol error" sequence
	breaks "Protocol error" port
}

@test "an error between the rows, or in the last message, is told" {
	connected 200
	passes error SPOIL_ERR=12 SPOIL_TIMES=1
	passes "done" SPOIL_ERR=12 SPOIL_FROM=1 SPOIL_TIMES=5
	breaks "Cannot allocate memory" error SPOIL_ERR=12
	breaks "Input/output error" error SPOIL_ERR=5
	# a kernel that has no such listing says so at once, not between rows
	breaks "" error SPOIL_ERR=2
	breaks "Input/output error" "done" SPOIL_ERR=5
}

@test "a length that leads out of an answer is not followed" {
	connected 200
	passes overlong SPOIL_TIMES=1
	breaks "Bad message" overlong
}

@test "a listing without an end is given up after --deadline, and not taken for whole" {
	connected 5
	local began=$SECONDS
	spoiled endless -- list -tan --json --deadline 1
	ends_in 3
	holds '.end.complete == false and (.sockets | length) > 5'
	[[ $output == *"timed out"* ]]
	spoiled endless -- check -q --deadline 1
	ends_in 3
	# each waits for a second and not for all tries one
	[ $((SECONDS - began)) -lt 30 ]
}

@test "another program's datagrams are not taken for the kernel's" {
	connected 100
	spoiled sender -- list -tan --json --deadline 1
	ends_in 3
	listed 'true' 0
	# among the kernel's own they change nothing
	passes stranger
	passes stranger SPOIL_FROM=2
}

@test "another program's datagrams are neither devices nor routes" {
	connected 1
	local arguments
	for arguments in "list -tan --json" "bind 127.0.0.2:9999 --json" "connect 127.0.0.1:8080 --json"; do
		# shellcheck disable=SC2086  # words
		spoiled stranger SPOIL_BUS=0 -- $arguments
		ends_in 0
		jq -e 'all(.end.gaps[]; .kind != "links")' <<<"$output"
	done
	spoiled sender SPOIL_BUS=0 -- connect 127.0.0.1:8080
	ends_in 3 "source address"
}

@test "rows that come twice are listed once" {
	connected 200
	local before
	sockvet list -tan --json
	before=$(jq '.sockets | length' <<<"$output")
	spoiled repeated -- list -tan --json
	ends_in 0
	holds ".sockets | length == $before and (map(.cookie) | unique | length) == $before"
	spoiled repeated -- check --json --exact
	ends_in 0
	holds ".summary.sockets == $before"
}

@test "rows that never come are missed" {
	connected 300
	spoiled lost SPOIL_FROM=2 SPOIL_TIMES=2 -- check --json --exact
	ends_in 3
	holds '.end.complete == false'
	holds 'any(.end.gaps[]; .kind == "dump" and (.text | test("^the kernel counts 600 connections and its listing has [0-9]+; sockets are missing")))'
	spoiled lost SPOIL_FROM=2 SPOIL_TIMES=2 -- check --exact
	ends_in 3
	[[ $output == *"the kernel counts 600 connections"* ]]
	# where nothing is lost, or not everything was asked for, nothing is missed
	local arguments
	for arguments in "check --exact" "check" "list -tan" "list -tn" "list -tn4" "list -tl" "list -tan sport = :8080" \
		"list state established"; do
		# shellcheck disable=SC2086  # words
		sockvet $arguments --json
		ends_in 0
		holds '.end.complete and all(.end.gaps[]; .text | test("missing") | not)'
	done
}

@test "an IPv6 address whose device could not be asked for its VRF is not called free" {
	lab_python '
import sys
print("READY", flush=True)
sys.stdin.read()
'
	# four datagrams are the listings of devices and addresses
	preloaded netlink SPOIL=lost SPOIL_BUS=0 SPOIL_FROM=5 -- bind '[::1]:8080' --json
	holds '.verdict == "unknown"'
	echo >&"${LAB_IO[1]}"
}

@test "bind of a unix name is not judged by a listing with a message that makes no sense" {
	lab_python '
import socket, sys
named = socket.socket(socket.AF_UNIX)
named.bind("\0taken")
print("READY", flush=True)
sys.stdin.read()
'
	preloaded netlink SPOIL=nonsense -- bind @other --json
	ends_in 3
	holds '.verdict == "unknown" and any(.end.gaps[]; .text == "unix sockets could not be listed (Bad message)")'
	preloaded netlink SPOIL=nonsense -- bind @other --json --record "$BATS_TEST_TMPDIR/recording"
	sockvet bind @other --json --from "$BATS_TEST_TMPDIR/recording"
	[ "$status" -eq 3 ]
	holds '.verdict == "unknown"'
	sockvet bind @other --json
	[ "$status" -eq 0 ]
	echo >&"${LAB_IO[1]}"
}

@test "what a later look of list -E could not see is told, too" {
	connected 20
	local tries follower notes=$BATS_TEST_TMPDIR/notes
	# the first look takes four datagrams
	nsenter -t "$LAB_JOB" -U -n --preserve-credentials timeout 60 env "LD_PRELOAD=$BUILD/tests/faults-netlink.so" \
		"ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" SPOIL=interrupted SPOIL_FROM=5 \
		"$SOCKVET" list -E -t >/dev/null 2>"$notes" 3>&- &
	follower=$!
	for ((tries = 0; tries < 300; tries++)); do
		grep -q 'note: the listing of .* is incomplete' "$notes" && break
		sleep 0.1
	done
	kill "$follower"
	wait "$follower" || true
	cat "$notes"
	grep -q 'note: the listing of .* is incomplete' "$notes"
	[ -z "$(sort "$notes" | uniq -d)" ]
}
