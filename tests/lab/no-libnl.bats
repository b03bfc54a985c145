#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# libnl is loaded when its answer is needed: absent, or too old, it costs that answer and nothing else.

load lab.bash

# What the loader finds first: no library at all, or one without the calls.
setup_file() {
	mkdir "$BATS_FILE_TMPDIR/absent" "$BATS_FILE_TMPDIR/old"
	: >"$BATS_FILE_TMPDIR/absent/libnl-route-3.so.200"
	echo 'int nl_geterror(void) { return 0; }' |
		"${CC:-cc}" -shared -fPIC -x c - -o "$BATS_FILE_TMPDIR/old/libnl-route-3.so.200"
}

# without absent|old ARGUMENTS...: like sockvet().
without() {
	local how=$1
	shift
	status=0
	output=$(inside env LD_LIBRARY_PATH="$BATS_FILE_TMPDIR/$how" timeout 60 "$SOCKVET" "$@" 2>"$BATS_TEST_TMPDIR/stderr") ||
		status=$?
	errors=$(cat "$BATS_TEST_TMPDIR/stderr")
}

on_device='
import socket, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
listener.bind(("127.0.0.1", 8080))
listener.listen()
print("READY", flush=True)
sys.stdin.read()
'

@test "a run that needs no name and no route needs libnl" {
	lab_start established
	for how in absent old; do
		without "$how" list -tan
		[ "$status" -eq 0 ] && [ -z "$errors" ]
		without "$how" check
		[ "$status" -eq 0 ] && [[ $output != *libnl* ]]
	done
}

@test "a device whose name cannot be read is shown without a word" {
	lab_python "$on_device"
	for how in absent old; do
		without "$how" list -ltn --json
		[ "$status" -eq 0 ]
		holds '.sockets[0].ifindex == 1 and .sockets[0].interface == null'
		holds 'any(.end.gaps[]; .kind == "links" and (.text | contains("libnl-route-3")))'
		without "$how" list -ltn
		[ "$status" -eq 0 ] && [[ $errors == *libnl-route-3* ]]
	done
	sockvet list -ltn --json
	holds '.sockets[0].interface == "lo"'
}

@test "an answer that hangs on a route is given without one" {
	lab_start listen
	for how in absent old; do
		without "$how" connect 127.0.0.1:8080
		[ "$status" -eq 3 ] && [[ $errors == *"source address"* ]]
		without "$how" bind 127.0.0.2:9999 --json
		[ "$status" -eq 3 ]
		jq -e 'any(.end.gaps[]; .kind == "links")' <<<"$output"
		without "$how" bind --dev lo 9999
		[ "$status" -eq 3 ] && [[ $errors == *libnl-route-3* ]]
	done
}
