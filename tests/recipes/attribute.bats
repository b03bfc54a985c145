#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A netlink attribute that is added as README says: one row that asks for it, reads it and says what redaction makes of
# it, in a copy of the tree that is built. Its value is the same live, recorded, and recorded with --redact.

load ../lab/lab.bash

: "${BUILD:=$BATS_TEST_DIRNAME/../../build}"

# What the kernel counts in struct inet_diag_meminfo, shown where the class of traffic would be.
reader='static void take_counted(struct parsed *parsed, const uint8_t *at, size_t size)
{
	struct inet_diag_meminfo told;

	(void)size;
	memcpy(\&told, at, sizeof(told));
	parsed->detail->class_id = told.idiag_rmem;
	parsed->detail->have_class_id = true;
}
'
row='	[INET_DIAG_MEMINFO]   = { REDACT_KEEP, sizeof(struct inet_diag_meminfo), NEED_TOS, take_counted },'

add_attribute() {
	local attrs=src/collect/attrs.c
	sed -i "s|^\t\[INET_DIAG_MEMINFO\].*|$row|" "$attrs"
	sed -i "0,/^static void take_sockopt/s|^static void take_sockopt|${reader//$'\n'/\\n}\n&|" "$attrs"
}

# A connection whose server has not read what came.
unread='
import socket, sys, time
server = socket.create_server(("127.0.0.1", 8080))
client = socket.create_connection(("127.0.0.1", 8080))
accepted, _ = server.accept()
client.sendall(b"x" * 5000)
time.sleep(0.2)
print("READY", flush=True)
sys.stdin.readline()
'

# What was read for the socket with unread data.
value() {
	jq -e '[.sockets[] | select(.recv_queue == 5000) | .class_id] | .[0] | numbers' <<<"$output"
}

@test "an attribute that is added by a row is shown live, from a recording and from a redacted one" {
	local tree=$BATS_TEST_TMPDIR/tree live
	mkdir "$tree"
	cp -a "$BATS_TEST_DIRNAME"/../../{Makefile,src,man,completions} "$tree"
	cp -a "$BUILD" "$tree/build" 2>/dev/null || true    # what did not change need not be built again
	(cd "$tree" && add_attribute && make -j2 O=build build/sockvet) > "$BATS_TEST_TMPDIR/log" 2>&1 3>&- ||
		{ tail -n 20 "$BATS_TEST_TMPDIR/log"; false; }
	[ "$(diff -r "$BATS_TEST_DIRNAME/../../src" "$tree/src" | grep -c '^diff')" -eq 1 ]
	SOCKVET=$tree/build/sockvet
	lab_python "$unread"
	cd "$BATS_TEST_TMPDIR"
	sockvet list -t --tos --json --record plain
	live=$(value)
	[ "$live" -ge 5000 ]
	"$SOCKVET" record -q --from plain --redact redacted
	for file in plain redacted; do
		output=$("$SOCKVET" list -t --tos --json --from $file)
		[ "$(value)" = "$live" ]
	done
}
