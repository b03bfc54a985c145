#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# torture judges by sockets that stay: it must not take a scene that moved for a row that was lost, nor the other way round.

: "${SOCKVET:=$BATS_TEST_DIRNAME/../../build/sockvet}"

setup() {
	[ -x "$SOCKVET" ] || { echo "no sockvet at $SOCKVET"; return 1; }
	unshare -Urnpf --mount-proc true 2>/dev/null || skip "this machine gives no user namespaces"
}

# judged CASE: what torture says of it.
judged() {
	unshare -Urnpf --mount-proc --kill-child python3 -B "$BATS_TEST_DIRNAME/moved.py" "$SOCKVET" "$BATS_TEST_TMPDIR" "$1"
}

@test "a run that lost a row is not as required, and is not repeated" {
	[ "$(judged lost)" = "not as required, 0 repeated, 1 runs" ]
}

@test "a socket that came and stays is told apart from a lost row" {
	[ "$(judged came)" = "as required, 1 repeated, 2 runs" ]
}

@test "a socket that came and went during the run is told apart from a lost row" {
	[ "$(judged flickered)" = "as required, 1 repeated, 2 runs" ]
}

@test "a row that is lost whenever sockets come and go is not as required" {
	[ "$(judged both)" = "not as required, 3 repeated, 3 runs" ]
}
