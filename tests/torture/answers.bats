#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What was found by letting calls fail: an answer that is cut or missing is not taken for another one.

load ../lab/lab

HOLDER='
import socket, sys
listener = socket.create_server(("127.0.0.1", 8080))
print("READY", flush=True)
sys.stdin.read()
'

# covered FILE TARGET ARGUMENTS...: sockvet, with another file in the place of TARGET.
covered() {
	local file=$1 target=$2
	shift 2
	status=0
	output=$(inside unshare -m sh -c 'mount --bind "$1" "$2" || exit 99; shift 2; exec "$@"' sh "$file" "$target" \
		"$SOCKVET" "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
	errors=$(cat "$BATS_TEST_TMPDIR/stderr")
}

@test "a limit that was read in part is not a smaller one" {
	lab_python "$HOLDER"
	printf 40 >"$BATS_TEST_TMPDIR/cut"
	covered "$BATS_TEST_TMPDIR/cut" /proc/sys/net/ipv4/tcp_max_tw_buckets check --json
	holds '.limits.max_tw_buckets == null'
	echo 40 >"$BATS_TEST_TMPDIR/cut"
	covered "$BATS_TEST_TMPDIR/cut" /proc/sys/net/ipv4/tcp_max_tw_buckets check --json
	holds '.limits.max_tw_buckets == 40'
}

@test "reserved ports that were read in part are not fewer" {
	lab_python "$HOLDER"
	printf 40000 >"$BATS_TEST_TMPDIR/cut"
	covered "$BATS_TEST_TMPDIR/cut" /proc/sys/net/ipv4/ip_local_reserved_ports connect 127.0.0.1:8080 --json
	holds 'any(.end.gaps[]; .kind == "limits") and .end.complete == false'
}

@test "a process whose name could not be read is told" {
	lab_python "$HOLDER"
	# reading the start of a process's memory is EIO
	covered "/proc/$LAB_JOB/mem" "/proc/$LAB_JOB/comm" list -tlnp --json
	[ "$status" -eq 0 ]
	holds '.sockets[0].processes[0].comm == null'
	holds 'any(.end.gaps[]; .text | startswith("names of 1 process could not be read: "))'
}

@test "a kernel without memory does not mean that the port is taken" {
	need_strace
	lab_python "$HOLDER"
	status=0
	output=$(inside strace -f -qqq -o /dev/null -e trace=bind -e inject=bind:error=ENOMEM:when=1 \
		"$SOCKVET" bind 127.0.0.1:8081 --probe --json 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
	errors=$(cat "$BATS_TEST_TMPDIR/stderr")
	[ "$status" -eq 3 ]
	[[ $errors == *"short of memory"* ]]
	jq -e '.probe == null and .errno == null' <<<"$output" >/dev/null
}
