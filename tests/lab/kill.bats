#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# list -K: what it closes, what it leaves alone, and what it says of both.

load lab.bash

# Sockets of every kind that -K meets. Each line on standard input is a step: `steps` of the test, in Python.
holder='
import socket, sys
def pair(family=socket.AF_INET, port=7070):
    client = socket.create_connection(("::1" if family == socket.AF_INET6 else "127.0.0.1", port))
    return client, listeners[port].accept()[0]
def listener(port, family=socket.AF_INET, shared=False):
    s = socket.socket(family)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
    s.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", port))
    s.listen()
    return s
def udp(port, family=socket.AF_INET):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", port))
    return s
listeners = {7070: listener(7070), 7076: listener(7076, socket.AF_INET6)}
'

# Every socket of the namespace by its cookie: what must not change when nothing is to be closed.
everything() {
	inside "$SOCKVET" list -tua --jsonl | jq -c 'select(.type == "socket") | [.protocol, .state, .cookie]' | sort
}

# refused SENTENCE ARGUMENTS...: status 3, that sentence, and every socket is still there.
# shellcheck disable=SC2154  # sockvet sets errors
refused() {
	local before sentence=$1
	shift
	before=$(everything)
	sockvet list "$@"
	[ "$status" -eq 3 ] && [ -z "$output" ] && [[ $errors == *"$sentence"* ]] && [ "$before" = "$(everything)" ] && return 0
	echo "list $*: status $status, $errors"
	return 1
}

# outcome OUTCOME COUNT: of the JSON audit
outcome() {
	holds ".kill.$1 == $2 and ([.sockets[] | select(.outcome == \"$1\")] | length == $2)"
}

# left CONDITION: how many sockets are so
left() {
	inside "$SOCKVET" list -tua --json | jq "[.sockets[] | select($1)] | length"
}

@test "-K without a filter closes nothing" {
	holds_sockets 'a = pair()'
	refused 'without a filter' -K --yes
	refused 'without a filter' -taK --yes
}

@test "-K refuses a filter that is true of every socket" {
	holds_sockets 'a = pair()'
	for filter in 'src *' 'state all' 'not not src *' 'sport ge 0' 'dport le 65535' 'sport = :*' \
		'src 0.0.0.0/0' 'dst ::/0' 'not sport lt 0' 'dst * or sport = 5' 'recvq ge 0 src *'; do
		refused 'true of every socket' -K --yes "$filter"
	done
}

@test "-K with a filter about other families closes nothing" {
	holds_sockets 'a = pair()'
	refused 'not those of unix' -K --yes 'src unix:*'
}

@test "what -K closed is told even when its result cannot be written" {
	holds_sockets 'a = pair(); b = pair()'
	port=$(inside "$SOCKVET" list -tnH sport = :7070 -C PPORT | head -1)
	run inside bash -c "'$SOCKVET' list -K --yes dport = :$port >/dev/full"
	[ "$status" -eq 3 ]
	[[ $output == *'could not be written; 1 socket matched: 1 destroyed'* ]]
	port=$(inside "$SOCKVET" list -tnH sport = :7070 -C PPORT | head -1)
	run inside bash -c "{ sleep 0.3; '$SOCKVET' list -K --yes dport = :$port; } | true"
	[[ $output == *'could not be written; 1 socket matched: 1 destroyed'* ]]
}

@test "-K without --yes closes nothing" {
	local before
	holds_sockets 'a = pair()'
	before=$(everything)
	sockvet list -K state established
	[ "$status" -eq 0 ]
	[ "$(grep -c 7070 <<<"$output")" -eq 2 ]
	[[ $errors == *'nothing was closed: 2 sockets match'* ]]
	sockvet list -K --json state established
	[ "$status" -eq 0 ]
	holds '.kill.confirmed == false and .kill.matched == 2 and .kill.destroyed == 0 and all(.sockets[]; .outcome == null)'
	[ "$before" = "$(everything)" ]
}

@test "-K closes no more than --max, and refuses options that it does not obey" {
	holds_sockets 'a = [pair() for _ in range(3)]'
	refused '6 sockets match, more than --max 5' -K --yes --max 5 state established
	refused '--max takes a number' -K --yes --max 0 state established
	refused '--max takes a number' -K --yes --max 5x state established
	refused '-K and -E cannot' -K -E --yes state established
	refused '-K and --top cannot' -K --yes --top 1 state established
	refused '-K and --pids cannot' -K --yes --pids state established
	refused 'cannot be used together' -K --yes -G state established
	refused 'a recording' -K --yes --from "$BATS_TEST_TMPDIR/none" state established
}

@test "-K with a filter that is wrong, or that nobody can answer, closes nothing" {
	local before
	holds_sockets 'a = pair()'
	before=$(everything)
	sockvet list -K --yes 'sport = :7070 or'
	[ "$status" -eq 3 ]
	sockvet list -K --yes not age '>' 0s
	[ "$before" = "$(everything)" ]
}

@test "-K with a filter that matches nothing is a success" {
	local before
	holds_sockets 'a = pair()'
	before=$(everything)
	sockvet list -K --yes sport = :1
	[ "$status" -eq 0 ]
	[[ $errors == *'no socket matches'* ]]
	sockvet list -K --yes --json sport = :1
	[ "$status" -eq 0 ]
	holds '.kill.matched == 0 and .sockets == []'
	[ "$before" = "$(everything)" ]
}

@test "an established connection is destroyed, and its neighbour is not" {
	local before
	holds_sockets 'a, b = pair(), pair(); print("READY port=%d" % a[0].getsockname()[1], flush=True)'
	lab_take READY
	before=$(everything | wc -l)
	sockvet list -pK --yes --json sport = ":${LAB[port]}"
	[ "$status" -eq 0 ]
	outcome destroyed 1
	holds '.sockets[0].processes[0].comm == "python3" and .sockets[0].state_after == null'
	# The other end was reset by it.
	[ "$(everything | wc -l)" -eq $((before - 2)) ]
	[ "$(left '.state == "ESTABLISHED"')" -eq 2 ]
}

@test "a CLOSE_WAIT of IPv4 and IPv6 is destroyed" {
	holds_sockets 'a, b = pair(), pair(socket.AF_INET6, 7076); a[0].close(); b[0].close()'
	sockvet list -K --yes --json state close-wait
	[ "$status" -eq 0 ]
	outcome destroyed 2
	holds '[.sockets[].family] | sort == ["ipv4", "ipv6"]'
	[ "$(left '.state == "CLOSE_WAIT"')" -eq 0 ]
}

@test "a TIME_WAIT is destroyed" {
	holds_sockets 'a = pair(); a[0].close(); a[1].close()'
	sockvet list -K --yes state time-wait
	[ "$status" -eq 0 ]
	[[ $output == 'destroyed   tcp TIME-WAIT '*'1 socket matched: 1 destroyed' ]]
	[ "$(left '.state == "TIME_WAIT"')" -eq 0 ]
}

@test "listeners that share a port are all destroyed, and that they stay bound is told" {
	holds_sockets 'a = [listener(7080, shared=True) for _ in range(4)]'
	sockvet list -K --yes --json state listening sport = :7080
	[ "$status" -eq 0 ]
	outcome destroyed 4
	holds 'all(.sockets[]; .state_after == "BOUND" and (.reason | test("stays bound")))'
	[ "$(left '.state == "LISTEN" and .local.port == 7080')" -eq 0 ]
	[ "$(left '.state == "LISTEN"')" -eq 2 ]
}

@test "many listeners of one port take so many questions, not their square" {
	need_strace
	holds_sockets 'a = [listener(7080, shared=True) for _ in range(60)]'
	inside strace -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=sendto "$SOCKVET" list -K --yes --json state listening \
		sport = :7080 >"$BATS_TEST_TMPDIR/told"
	[ "$(jq '[.sockets[] | select(.outcome == "destroyed")] | length' "$BATS_TEST_TMPDIR/told")" -eq 60 ]
	questions=$(wc -l <"$BATS_TEST_TMPDIR/trace")
	echo "$questions questions"
	[ "$questions" -le $((60 * 5)) ]
}

@test "UDP sockets are destroyed" {
	holds_sockets 'a, b = udp(7071), udp(7072, socket.AF_INET6); c = socket.socket(type=socket.SOCK_DGRAM); c.connect(("127.0.0.1", 7071))'
	sockvet list -auK --yes --json sport = :7071 or dport = :7071 or sport = :7072
	[ "$status" -eq 0 ]
	outcome destroyed 3
	[ "$(left '.protocol == "udp" and .state == "ESTABLISHED"')" -eq 0 ]
}

@test "a connection request is destroyed" {
	lab_start syn-recv
	sockvet list -K --yes --json state syn-recv
	[ "$status" -eq 0 ]
	holds '.kill.matched > 0 and .kill.destroyed == .kill.matched'
}

@test "a bound-idle socket is unsupported, not destroyed" {
	holds_sockets 'a = socket.socket(); a.bind(("127.0.0.1", 7090))'
	sockvet list -K --yes --json state bound-inactive
	[ "$status" -eq 3 ]
	outcome unsupported 1
	[[ $errors == *'1 unsupported'* ]]
	[ "$(left '.state == "BOUND"')" -eq 1 ]
}

@test "without CAP_NET_ADMIN it ends with status 3 and denied" {
	local before
	holds_sockets 'a = pair()'
	before=$(everything)
	status=0
	output=$(inside setpriv --bounding-set=-net_admin --inh-caps=-net_admin \
		"$SOCKVET" list -K --yes --json state established sport = :7070 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
	errors=$(cat "$BATS_TEST_TMPDIR/stderr")
	[ "$status" -eq 3 ]
	outcome denied 1
	[[ $errors == *CAP_NET_ADMIN* ]]
	[ "$before" = "$(everything)" ]
}

# kill_stopped ARGUMENTS...: sockvet is stopped after its (one) listing, which follows links and addresses; the next step is taken, and it goes on.
kill_stopped() {
	local job child='' tries
	need_strace
	inside strace -f -qq -o "$BATS_TEST_TMPDIR/strace" -e trace=sendto -e inject=sendto:signal=SIGSTOP:when=3 \
		"$SOCKVET" list -4 -K --yes --json "$@" >"$BATS_TEST_TMPDIR/audit" 2>"$BATS_TEST_TMPDIR/stderr" &
	job=$!
	for ((tries = 0; tries < 400; tries++)); do
		child=$(awk '/--- stopped by SIGSTOP ---/ { print $1 }' "$BATS_TEST_TMPDIR/strace" 2>/dev/null || true)
		[ -z "$child" ] || break
		sleep 0.05
	done
	[ -n "$child" ] || { echo "sockvet was not stopped: $(cat "$BATS_TEST_TMPDIR/stderr")"; return 1; }
	lab_next
	kill -CONT "$child"
	status=0
	wait "$job" || status=$?
	output=$(cat "$BATS_TEST_TMPDIR/audit")
	errors=$(cat "$BATS_TEST_TMPDIR/stderr")
}

@test "a socket that closed after the listing is gone" {
	holds_sockets 'a = pair(); print("READY port=%d" % a[0].getsockname()[1], flush=True)' \
		'a[0].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + 7 * [0])); a[0].close()'
	lab_take READY
	kill_stopped sport = ":${LAB[port]}"
	[ "$status" -eq 3 ]
	outcome gone 1
	[[ $errors == *'1 gone'* ]]
}

@test "a socket that changed its state after the listing is not destroyed" {
	holds_sockets 'a = pair()' 'a[0].close()'
	kill_stopped sport = :7070
	[ "$status" -eq 3 ]
	outcome changed 1
	holds '.sockets[0].state_after == "CLOSE_WAIT"'
	[ "$(left '.state == "CLOSE_WAIT"')" -eq 1 ]
}

@test "another socket with the same address as one that went is not destroyed" {
	holds_sockets 'a = pair(); port = a[0].getsockname(); print("READY port=%d" % port[1], flush=True)' \
		'for s in a: s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + 7 * [0])); s.close()
c = socket.socket(); c.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); c.bind(port); c.connect(("127.0.0.1", 7070)); d = listeners[7070].accept()'
	lab_take READY
	kill_stopped sport = ":${LAB[port]}"
	[ "$status" -eq 3 ]
	outcome gone 1
	[ "$(left '.state == "ESTABLISHED"')" -eq 2 ]
}

@test "a socket that the filter no longer matches is not destroyed" {
	holds_sockets 'a = pair(); a[0].send(b"hello")' 'a[1].recv(10)'
	kill_stopped sport = :7070 and recvq '>' 0
	[ "$status" -eq 3 ]
	outcome changed 1
	[ "$(left '.state == "ESTABLISHED"')" -eq 2 ]
}

@test "a socket whose process was renamed after the listing is not destroyed" {
	holds_sockets 'a = pair()' 'open("/proc/self/comm", "w").write("innocent")'
	kill_stopped sport = :7070 and comm = python3
	[ "$status" -eq 3 ]
	outcome changed 1
	holds '.sockets[0].reason == "the filter does not match it any more" and .sockets[0].processes[0].comm == "innocent"'
	[ "$(left '.state == "ESTABLISHED"')" -eq 2 ]
}

@test "a socket that another process got after the listing is not destroyed" {
	holds_sockets 'import ctypes, os, signal
a = pair()
print("READY pid=%d" % os.getpid(), flush=True)' '
if os.fork() == 0:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    signal.pause()
for s in a: s.close()'
	lab_take READY
	kill_stopped sport = :7070 and pid = "${LAB[pid]}"
	[ "$status" -eq 3 ]
	outcome changed 1
	[ "$(left '.state == "ESTABLISHED"')" -eq 2 ]
}

@test "sockets whose process is as it was are destroyed" {
	holds_sockets 'a, b = pair(), pair()'
	sockvet list -K --yes --json sport = :7070 and comm = python3
	[ "$status" -eq 0 ]
	outcome destroyed 2
}

@test "a column that does not exist is refused before sockets are closed" {
	holds_sockets 'a = pair(); print("READY", flush=True)' 'pass'
	lab_take READY
	local yes
	for yes in "" --yes; do
		sockvet list -K $yes -C NOSUCH sport = :7070
		[ "$status" -eq 3 ]
		[[ $errors == *NOSUCH* ]]
		sockvet list -K $yes -C NOSUCH sport = :7
		[ "$status" -eq 3 ]
	done
	[ "$(left '.state == "ESTABLISHED"')" -eq 2 ]
}
