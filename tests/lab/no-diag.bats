#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel without inet_diag, or a sandbox without netlink: /proc/net instead, by its name and with what it lacks.

load lab.bash

# refused CALL ERRNO ARGUMENTS...: sockvet whose every such call ends so. Like sockvet().
refused() {
	local call=$1 errno=$2
	shift 2
	need_strace
	status=0
	output=$(inside timeout 60 strace -f -qq -o /dev/null -e trace="$call" -e inject="$call:error=$errno" \
		"$SOCKVET" "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
	errors=$(cat "$BATS_TEST_TMPDIR/stderr")
}

# What both sources tell, one line a socket; /proc knows nothing of sockets that are only bound.
common() {
	jq -r '.sockets[] | select(.state != "BOUND") | [.protocol, .family, .state, .local, .remote, .recv_queue,
		(if .state == "LISTEN" then null else .send_queue end), .uid, .inode, .timer.kind] | tostring' <<<"$output" | sort
}

mixed='
import socket, sys
held = []
for family, any_address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::")):
    listener = socket.socket(family)
    listener.bind((any_address, 8080 + len(held)))
    listener.listen(7)
    datagrams = socket.socket(family, socket.SOCK_DGRAM)
    datagrams.bind((any_address, 5353 + len(held)))
    asker = socket.socket(family, socket.SOCK_DGRAM)
    asker.connect(("::1" if family == socket.AF_INET6 else "127.0.0.1", 53))
    held += [listener, datagrams, asker]
for _ in range(3):
    held.append(socket.create_connection(("127.0.0.1", 8083)))
bound = socket.socket()
bound.bind(("127.0.0.1", 7000))
print("READY", flush=True)
sys.stdin.read()
'

@test "sockets of every state are there, and the same, when read from /proc" {
	lab_start all-states
	sockvet list -tan --json
	[ "$status" -eq 0 ]
	[ "$(jq '[.sockets[].state] | unique | length' <<<"$output")" -ge 10 ]
	common >"$BATS_TEST_TMPDIR/netlink"
	refused socket EAFNOSUPPORT list -tan --json
	[ "$status" -eq 0 ]
	common >"$BATS_TEST_TMPDIR/proc"
	diff "$BATS_TEST_TMPDIR/netlink" "$BATS_TEST_TMPDIR/proc"
}

@test "UDP, IPv6 and mapped addresses are the same when read from /proc" {
	lab_python "$mixed"
	sockvet list -tuan --json
	common >"$BATS_TEST_TMPDIR/netlink"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/netlink")" -eq 12 ]
	refused socket EAFNOSUPPORT list -tuan --json
	[ "$status" -eq 0 ]
	common >"$BATS_TEST_TMPDIR/proc"
	diff "$BATS_TEST_TMPDIR/netlink" "$BATS_TEST_TMPDIR/proc"
}

@test "what /proc does not tell is shown as unknown" {
	lab_python "$mixed"
	refused socket EPERM list -tan --json
	holds 'all(.sockets[]; .cookie == null and .cgroup == null and .age_min_ms == null and .opener == null)'
	holds 'all(.sockets[] | select(.state == "LISTEN"); .send_queue == null and .recv_queue != null)'
	holds 'any(.end.gaps[]; .kind == "source" and (.text | contains("/proc/net/tcp")))'
	holds 'any(.end.gaps[]; .kind == "bound")'
	refused socket EPERM list -ltnH
	[ "$status" -eq 0 ]
	awk '$3 != "-" { exit 1 }' <<<"$output"
	[[ $errors == *"/proc/net/tcp"* ]]
}

@test "a refusal that the kernel sends back is not taken for the end" {
	local errno
	lab_python "$mixed"
	for errno in ENOENT EOPNOTSUPP EACCES; do
		refused sendto "$errno" list -tan --json
		[ "$status" -eq 0 ]
		listed '.state == "ESTABLISHED"' 6
	done
	refused sendto EIO list -tan --json
	[ "$status" -eq 3 ]
}

@test "what was asked for by name and is not in /proc ends in 3" {
	lab_python "$mixed"
	local arguments
	for arguments in "list -tani" "list -tanm" "list state bound" "list -tan --cgroup" "list -tan age > 1s" \
		"bind 8080" "bind 9999" "bind --udp 5353" "list -tan --strict"; do
		# shellcheck disable=SC2086  # words
		refused socket EAFNOSUPPORT $arguments
		[ "$status" -eq 3 ] || { echo "$arguments: $status $errors"; false; }
		[ -n "$errors$output" ]
	done
	refused sendto ENOENT connect --json
	[ "$status" -eq 3 ]
	[ "$(jq .end.complete <<<"$output")" = false ]
}

@test "a rule that could not be judged is told" {
	lab_start client-closes-first
	refused socket EAFNOSUPPORT check --json
	[ "$status" -eq 3 ]
	holds '.end.complete == false'
	holds '[.end.gaps[] | select(.kind == "source").text] | any(startswith("not evaluated: close-wait-leak, accept-stalled"))'
	holds 'all(.findings[]; .id != "close-wait-leak" and .id != "accept-queue-full")'
	refused socket EAFNOSUPPORT check
	[ "$status" -eq 3 ]
	[[ $output == *"not evaluated: close-wait-leak"* ]]
}

@test "a rule that /proc tells enough for is judged" {
	lab_python "$mixed"
	inside sh -c 'echo "8000 9000" >/proc/sys/net/ipv4/ip_local_port_range'
	refused socket EAFNOSUPPORT check --json
	[ "$status" -eq 3 ]
	holds 'any(.findings[]; .id == "ephemeral-listener" and .subject.port == 8083)'
}

@test "the replay of such a run is equal to it" {
	lab_python "$mixed"
	local arguments
	for arguments in "check --json" "list -tuan --json"; do
		# shellcheck disable=SC2086  # words
		refused socket EAFNOSUPPORT $arguments --record "$BATS_TEST_TMPDIR/recording"
		echo "$output" >"$BATS_TEST_TMPDIR/live"
		live=$status
		# shellcheck disable=SC2086  # words
		sockvet $arguments --from "$BATS_TEST_TMPDIR/recording"
		[ "$status" -eq "$live" ]
		diff "$BATS_TEST_TMPDIR/live" - <<<"$output"
		rm "$BATS_TEST_TMPDIR/recording"
	done
}

@test "without netlink and without /proc/net the answer is an error, not an empty list" {
	lab_python "$mixed"
	need_strace
	! ldd "$SOCKVET" | grep -q 'lib[at]san' || skip "a sanitizer reads its own options in /proc"
	status=0
	inside unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' sh timeout 60 strace -qq -o /dev/null \
		-e trace=socket -e inject=socket:error=EACCES "$SOCKVET" list -tan 2>"$BATS_TEST_TMPDIR/stderr" || status=$?
	[ "$status" -eq 3 ]
	grep AF_NETLINK "$BATS_TEST_TMPDIR/stderr"
}
