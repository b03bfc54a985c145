#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# System calls that a filter refuses and limits of the process: the same answer, or one that says what is missing.

bats_require_minimum_version 1.5.0
load ../lab/lab.bash
load faults.bash

COMMANDS=("check --json --warn close-wait-leak=0,count=1 --warn fin-wait-2-held=0,count=1" "list -tanp --json" "list -tani --json" "bind 8080 --json"
	"bind 9999 --probe --json" "connect 127.0.0.1:8080 --json" "list -tG --json")
SCENE='
import resource, socket
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
server = socket.create_server(("127.0.0.1", 8080))
held = [server]
for i in range(20):
    client = socket.create_connection(("127.0.0.1", 8080))
    held += [client, server.accept()[0]]
    if i % 4 == 0:
        client.shutdown(socket.SHUT_WR)  # and stays: a closed one would be gone after a minute
print("READY", flush=True)
input()
'
FACTS='[.verdict, (.sockets // [] | length), ([.findings[]?.id] | sort), ([.sockets[]? | .processes] | map(. == null) | unique), .left]'

# answer COMMAND...: what of its JSON is to be the same; sets status and gaps.
answer() {
	sockvet "$@"
	gaps=$(jq '.end.gaps | length' <<<"$output" 2>/dev/null) && [ -n "$gaps" ] || gaps=none
	facts=$(jq -c "$FACTS" <<<"$output" 2>/dev/null) || facts=none
}

# same_or_told WHAT: each command gives what it gave, or tells more gaps, or ends with 3 and a sentence.
same_or_told() {
	local i=0 command
	for command in "${COMMANDS[@]}"; do
		# shellcheck disable=SC2086  # words
		answer $command
		if [ "$facts $status" != "${RIGHT[$i]}" ] && { [ "$status" -ne 3 ] || [ -z "$errors" ]; } &&
			{ [ "$status" -gt 3 ] || [ "$gaps" = none ] || [ "$gaps" -le "${GAPS[$i]}" ]; }; then
			echo "$1: $command: $status $facts, not ${RIGHT[$i]}: $errors"
			return 1
		fi
		i=$((i + 1))
	done
}

look_first() {
	local command
	lab_python "$SCENE"
	RIGHT=() GAPS=()
	for command in "${COMMANDS[@]}"; do
		# shellcheck disable=SC2086  # words
		answer $command
		RIGHT+=("$facts $status") GAPS+=("$gaps")
	done
	[ "${GAPS[0]}" != none ]
}

@test "a system call that is refused is told where something is missing for it" {
	[ "$(uname -m)" = x86_64 ] || skip "THE NUMBERS OF SYSTEM CALLS are known for x86-64 only"
	! sanitized || skip "a sanitizer needs these calls itself"
	look_first
	local call real=$SOCKVET
	for call in getrandom pidfd_getfd pidfd_open setns statx clone3; do
		for error in EPERM ENOSYS; do
			printf '#!/bin/sh\nexec python3 -B "%s" %s %s "%s" "$@"\n' "$BATS_TEST_DIRNAME/refusing.py" "$call" "$error" "$real" >"$BATS_TEST_TMPDIR/less"
			chmod +x "$BATS_TEST_TMPDIR/less"
			SOCKVET=$BATS_TEST_TMPDIR/less
			same_or_told "$call $error"
		done
	done
}

# With three descriptors the loader itself finds no library.
@test "a limit of the process is told where something is missing for it" {
	! sanitized || skip "a sanitizer needs more memory"
	look_first
	local limit real=$SOCKVET
	for limit in "-n 4" "-n 8" "-s 48" "-v 60000" "-t 2" "-f 0" "-u 0"; do
		printf '#!/bin/bash\nulimit %s && exec "%s" "$@"\n' "$limit" "$real" >"$BATS_TEST_TMPDIR/less"
		chmod +x "$BATS_TEST_TMPDIR/less"
		SOCKVET=$BATS_TEST_TMPDIR/less
		same_or_told "ulimit $limit"
	done
}
