#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every kind of command under valgrind, for `make valgrind`: VALGRIND is its command line, whose reports go to files
# that verdict.py reads. Here a command has to end as it does without.

load ../lab/lab

# ends_well COMMAND...: with a verdict. Sets status. Ids of processes come again in other namespaces, CALL does not.
ends_well() {
	status=0
	export CALL=$((CALL + 1))
	"$@" >"$BATS_TEST_TMPDIR/output" 2>"$BATS_TEST_TMPDIR/stderr" || status=$?
	[ "$status" -le 2 ] && return 0
	echo "status $status: $*: $(cat "$BATS_TEST_TMPDIR/stderr")"
	return 1
}

# clean ARGUMENTS...: inside the situation.
clean() {
	# shellcheck disable=SC2086  # words
	ends_well inside timeout 120 $VALGRIND "$SOCKVET" "$@"
}

# clean_everywhere ARGUMENTS...: on what is a machine with two network namespaces, all of whose processes may be read.
clean_everywhere() {
	# shellcheck disable=SC2086,SC2016  # words; the inner shell's variables
	ends_well timeout -k 5 120 unshare -Urnpf --mount-proc --kill-child bash -c '
		sleep 120 | unshare -n "$SITUATION" listen >"$BATS_TEST_TMPDIR/ready" &
		until [ -s "$BATS_TEST_TMPDIR/ready" ]; do sleep 0.05; done
		"$@"' bash $VALGRIND "$SOCKVET" "$@" 3>&-
}

@test "valgrind: a verdict, in words and as JSON, in steps and of everything" {
	lab_start all-states
	clean check
	clean check --json
	clean check --exact --verbose
}

@test "valgrind: a finding with its owners" {
	lab_start close-wait-leak-client
	clean check
	clean check --json
	clean list -tanp finding close-wait-leak
}

@test "valgrind: listings with everything of each socket, as text and as JSON" {
	lab_start all-states
	clean list -tanpoemi
	clean list -tuxanp --json
	clean list -tn -C +AGE,OPENER state close-wait
	clean list -tan --sort age --top 3
	clean list -ta dport = :443 or src 10.0.0.0/8
}

@test "valgrind: questions about a port, asked of the tables and of the kernel" {
	lab_start listen
	clean bind "${LAB[port]}"
	clean bind "127.0.0.1:${LAB[port]}" --reuseaddr --json
	clean bind 9 --probe
	clean connect
	clean connect "127.0.0.1:${LAB[port]}" --json
	clean connect "127.0.0.1:${LAB[port]}" --probe
}

@test "valgrind: every namespace" {
	export SITUATION
	clean_everywhere list -tanG
	grep -q 8080 "$BATS_TEST_TMPDIR/output"
	clean_everywhere list -tanpG --jsonl
	clean_everywhere check -G
	clean_everywhere bind 8080 -G
}

@test "valgrind: a recording that is made, replayed and redacted" {
	lab_start all-states
	local live=$BATS_TEST_TMPDIR/live redacted=$BATS_TEST_TMPDIR/redacted
	clean record "$live"
	clean record --from "$live" --redact "$redacted"
	for file in "$live" "$redacted"; do
		clean check --from "$file"
		clean check --json --from "$file"
		clean list -tanpoemi --from "$file"
		clean list -tan --json --from "$file"
		clean bind 8080 --from "$file"
		clean connect --from "$file"
	done
}

@test "valgrind: events, until the first" {
	lab_start listen
	# shellcheck disable=SC2086  # words
	inside timeout 120 $VALGRIND "$SOCKVET" list -E --json --max 1 >"$BATS_TEST_TMPDIR/events" &
	local follower=$! tries
	for ((tries = 0; tries < 600; tries++)); do
		[ ! -s "$BATS_TEST_TMPDIR/events" ] || inside bash -c ': </dev/tcp/127.0.0.1/9' 2>/dev/null || true
		kill -0 "$follower" 2>/dev/null || break
		sleep 0.1
	done
	wait "$follower"
	grep -q '"event"' "$BATS_TEST_TMPDIR/events"
}

@test "valgrind: tables, explanations and refusals" {
	lab_start listen
	clean explain CLOSE_WAIT
	clean tables columns
	clean tables findings
	for refused in "check --from /nonexistent" "list dport = :" "bind 70000" "nonsense"; do
		# shellcheck disable=SC2086  # words
		clean $refused || [ "$status" -eq 3 ]
	done
}
