#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# list -E: sockets as the kernel frees them, with whom and what they were last seen.

load lab.bash

# Each line on standard input is a step, in Python.
holder='
import socket, sys
listener = socket.socket()
listener.bind(("127.0.0.1", 7070))
listener.listen(64)
def pair():
    client = socket.create_connection(("127.0.0.1", 7070))
    return client, listener.accept()[0]
def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + 7 * [0]))
    s.close()
'

# follow [COMMAND...] -- ARGUMENTS...: sockvet list -E in the background; returns when it is listening.
follow() {
	local tries before=()
	while [ "$1" != -- ]; do before+=("$1"); shift; done
	shift
	: >"$BATS_TEST_TMPDIR/events"
	nsenter -t "$LAB_JOB" -U -n --preserve-credentials "${before[@]}" "$SOCKVET" list -E "$@" \
		>"$BATS_TEST_TMPDIR/events" 2>"$BATS_TEST_TMPDIR/stderr" 3>&- &
	EVENTS=$!
	for ((tries = 0; tries < 600; tries++)); do
		[ -s "$BATS_TEST_TMPDIR/events" ] && return 0
		sleep 0.05
	done
	echo "sockvet does not listen: $(cat "$BATS_TEST_TMPDIR/stderr")"
	return 1
}

# followed: waits for its end. Sets output, errors and status.
followed() {
	status=0
	wait "$EVENTS" || status=$?
	output=$(cat "$BATS_TEST_TMPDIR/events")
	errors=$(cat "$BATS_TEST_TMPDIR/stderr")
}

# wait_for LINES: until so many lines were written; they are not held back.
wait_for() {
	local tries
	for ((tries = 0; tries < 400; tries++)); do
		[ "$(wc -l <"$BATS_TEST_TMPDIR/events")" -ge "$1" ] && return 0
		sleep 0.05
	done
	echo "no $1 lines: $(cat "$BATS_TEST_TMPDIR/events")"
	return 1
}

# told CONDITION COUNT: that many of the events are so
told() {
	[ "$(jq -s "[.[] | select(.type == \"event\" and ($1))] | length" <<<"$output")" -eq "$2" ] && return 0
	echo "not $2 times: $1"
	echo "$output"
	return 1
}

@test "a connection that is reset is reported with its ends, owner and last state" {
	holds_sockets 'a = pair(); print("READY port=%d" % a[0].getsockname()[1], flush=True)' 'reset(a[0])'
	lab_take READY
	follow -- --json --max 1
	lab_next
	followed
	[ "$status" -eq 0 ]
	told '.last_state == "ESTABLISHED" and .remote == {"address": "127.0.0.1", "port": 7070} and .protocol == "tcp"' 1
	told ".local == {\"address\": \"127.0.0.1\", \"port\": ${LAB[port]}}" 1
	told '.processes[0].comm == "python3" and .processes[0].fd > 2 and .uid == 0 and .inode > 0' 1
	told '.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{3}Z$")' 1
	[ "$(jq -rs 'map(.type) | join(" ")' <<<"$output")" = 'header event trailer' ]
	jq -es '.[-1].end | .complete and .sockets == 1' <<<"$output"
}

@test "a CLOSE_WAIT that is closed is reported as CLOSE_WAIT" {
	holds_sockets 'a = pair(); a[0].close()' 'a[1].close()'
	follow -- --json --max 1 sport = :7070
	lab_next
	followed
	[ "$status" -eq 0 ]
	told '.last_state == "CLOSE_WAIT" and .local.port == 7070' 1
}

@test "the owner of a socket that was never seen is unknown" {
	holds_sockets 'pass' 'a = pair(); [reset(s) for s in a]'
	follow -- --json --max 1 sport = :7070
	lab_next
	followed
	[ "$status" -eq 0 ]
	# Only a look that came between has seen it.
	told '(.last_state == null and .processes == null and .inode == null) or .processes[0].comm == "python3"' 1
}

@test "events of UDP and IPv6 are reported when asked for, and only then" {
	holds_sockets 'u = socket.socket(type=socket.SOCK_DGRAM); u.bind(("127.0.0.1", 7071))
v = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); v.bind(("::1", 7072)); a = pair()' \
		'reset(a[0]); reset(a[1]); u.close(); v.close()'
	follow -- -u --json --max 2
	lab_next
	followed
	[ "$status" -eq 0 ]
	told '.protocol == "udp" and .family == "ipv4" and .local.port == 7071 and .processes[0].comm == "python3"' 1
	told '.protocol == "udp" and .family == "ipv6" and .local.port == 7072 and .local.address == "::1"' 1
}

@test "the filter keeps others out" {
	holds_sockets 'a = [pair() for _ in range(4)]; print("READY port=%d" % a[2][0].getsockname()[1], flush=True)' \
		'for p in a: reset(p[0]); reset(p[1])'
	lab_take READY
	follow -- --json --max 1 dport = ":${LAB[port]}" and comm = python3
	lab_next
	followed
	[ "$status" -eq 0 ]
	told ".remote.port == ${LAB[port]}" 1
}

@test "text comes at once, with the owner" {
	holds_sockets 'a = pair()' 'reset(a[0])'
	follow --
	lab_next
	wait_for 2
	kill -TERM "$EVENTS"
	followed
	[ "$status" -eq 143 ]
	[[ $output == *' tcp   ESTAB '*:7070*'users:(("python3",pid='* ]]
	[[ $(tail -n 1 <<<"$output") =~ ^[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}\  ]]
}

@test "SIGINT leaves a document with its end, and ends the program as that signal" {
	holds_sockets 'a = pair()'
	# A background job of a shell starts with SIGINT ignored, which no handler of ours would change.
	follow env --default-signal=INT -- --jsonl
	kill -INT "$EVENTS"
	followed
	[ "$status" -eq 130 ]
	[ "$(jq -rs 'map(.type) | join(" ")' <<<"$output")" = 'header trailer' ]
}

@test "without privileges there are events" {
	holds_sockets 'a = pair()' 'reset(a[0])'
	follow setpriv --bounding-set=-all --inh-caps=-all -- --json --max 1
	lab_next
	followed
	[ "$status" -eq 0 ]
	told '.remote.port == 7070' 1
}

@test "lost events are counted and told" {
	local lost
	holds_sockets '
def drops():
    with open("/proc/net/netlink") as table:
        return sum(int(row.split()[8]) for row in table if row.split()[1] == "4")
' '
for _ in range(60):
    for _ in range(10000): socket.socket().close()
    if drops(): break
'
	follow setpriv --bounding-set=-net_admin --inh-caps=-net_admin -- --json
	kill -STOP "$EVENTS"
	lab_next
	kill -CONT "$EVENTS"
	wait_for 3
	kill -TERM "$EVENTS"
	followed
	lost=$(jq -s '[.[] | select(.type == "gap").lost] | add' <<<"$output")
	[ "$lost" -gt 0 ]
	[[ $errors == *"$lost events may be missing"* ]]
	jq -es '.[-1] | .type == "trailer" and (.end.complete | not)' <<<"$output"
}

@test "-E refuses a recording, and options that it does not obey" {
	local options
	holds_sockets 'a = pair()'
	for options in '--from x' '--record x' '--top 1' '--csv' '-x' '--max 0' '--pids'; do
		# shellcheck disable=SC2086  # words
		sockvet list -E $options
		[ "$status" -eq 3 ] && [ -z "$output" ] && [[ $errors == 'sockvet: '* ]] || { echo "$options: $status $errors"; return 1; }
	done
}

@test "a closed output ends it" {
	holds_sockets 'a = pair()' 'reset(a[0])'
	follow -- -H --json
	kill -TERM "$EVENTS"
	followed
	inside "$SOCKVET" list -E --json >/dev/full 2>"$BATS_TEST_TMPDIR/stderr" || status=$?
	[ "$status" -eq 3 ]
	grep -q 'writing the output' "$BATS_TEST_TMPDIR/stderr"
}
