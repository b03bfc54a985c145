#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A long listing with -i is received by a thread of its own, ahead of what is printed. Sockets that are only bound are in
# a table of the kernel of their own, and come in the same answer as the connections.

load lab.bash

# crowd BOUND SOCKVET [CONNECTIONS]: connections, sockets that are bound to ports from 1024 on, and a client
# that was closed and not let go of: it has a row in each of two tables.
crowd='
import os, resource, socket, subprocess, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
server = socket.create_server(("127.0.0.1", 443), backlog=4096)
kept = []
for i in range(int(sys.argv[3]) if sys.argv[3:] else 1000):
    c = socket.create_connection(("127.0.0.1", 443))
    kept.append((c, server.accept()[0]))
for i in range(int(sys.argv[1])):
    s = socket.socket()
    s.bind(("127.0.0.9", 1024 + i))
    kept.append(s)
client = socket.socket()
client.bind(("127.0.0.8", 80))
client.connect(("127.0.0.1", 443))
peer = server.accept()[0]
# whoever is listed gets a cookie
subprocess.run([sys.argv[2], "list", "-tan"], stdout=subprocess.DEVNULL)
for end in client, peer:
    end.shutdown(socket.SHUT_WR)
    time.sleep(0.2)
print("READY", flush=True)
sys.stdin.readline()
'

# What is listed of each state and, where that matters, of the closed client; nothing twice.
listed() { # ARGUMENTS...
	sockvet list -tan --json "$@"
	[ "$status" -eq 0 ] && [ -z "$errors" ]
	jq -c '.sockets | (group_by(.state) | map({(.[0].state): length}) | add),
		(map("\(.state) \(.local.address) \(.local.port) \(.remote.port)") | length - (unique | length)),
		map(select(.local.address == "127.0.0.8") | .state)' <<<"$output"
}

@test "sockets that are only bound are listed once in a long listing, and on one processor" {
	local expected='{"BOUND":51,"ESTABLISHED":2000,"LISTEN":1,"TIME_WAIT":1}
0
["BOUND","TIME_WAIT"]'
	lab_python "$crowd" 50 "$SOCKVET"
	run listed
	echo "$output"
	[ "$output" = "$expected" ]
	SOCKVET=$BATS_TEST_TMPDIR/one
	printf '#!/bin/sh\nexec taskset -c "$(taskset -cp $$ | sed "s/.*[ ,-]//")" "%s" "$@"\n' \
		"${BUILD:-$BATS_TEST_DIRNAME/../../build}/sockvet" >"$SOCKVET"
	chmod +x "$SOCKVET"
	run listed
	echo "$output"
	[ "$output" = "$expected" ]
}

@test "sockets that are only bound are in a recording of a long listing" {
	lab_python "$crowd" 50 "$SOCKVET"
	inside "$SOCKVET" record "$BATS_TEST_TMPDIR/recording" 2>/dev/null
	run listed
	live=$output
	run listed --from "$BATS_TEST_TMPDIR/recording"
	echo "$output"
	[ "$output" = "$live" ]
}

@test "a filter is applied to sockets that are only bound beside a long listing" {
	lab_python "$crowd" 50 "$SOCKVET"
	sockvet list -tanH 'src 127.0.0.9 or sport = :443'
	[ "$(grep -c '127.0.0.9' <<<"$output")" -eq 50 ]
	[ "$(grep -c ':443' <<<"$output")" -eq 1001 ]
	[ "$(wc -l <<<"$output")" -eq 1051 ]
}

@test "more bound sockets than are kept aside are all listed" {
	lab_python "$crowd" 6000 "$SOCKVET"
	run listed
	echo "$output"
	[ "${lines[0]}" = '{"BOUND":6001,"ESTABLISHED":2000,"LISTEN":1,"TIME_WAIT":1}' ]
	[ "${lines[1]}" = 0 ]
}

@test "sockvet ends when nobody reads a listing that is received ahead" {
	lab_python "$crowd" 50 "$SOCKVET"
	run inside timeout 20 bash -c '"$1" list -tani --jsonl | head -1 | wc -l; echo "${PIPESTATUS[0]}"' - "$SOCKVET"
	echo "$output"
	[ "${lines[0]}" -eq 1 ] && [ "${lines[1]}" -eq 141 ]
}

@test "a short listing, and that of bound sockets behind it, start no second thread" {
	need_strace
	lab_python "$crowd" 1200 "$SOCKVET" 100
	inside strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=clone,clone3 "$SOCKVET" list -tan >"$BATS_TEST_TMPDIR/output"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/output")" -eq 1404 ]
	[ ! -s "$BATS_TEST_TMPDIR/trace" ]
}
