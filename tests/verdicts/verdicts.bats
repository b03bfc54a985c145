#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Programs that are sick and machines that are well, all side by side: sick.py and healthy.py have a function for each.

load ../lab/lab.bash

setup_file() {
	local kind
	unshare -Urn true 2>/dev/null || return 0
	for kind in sick healthy; do
		unshare -Urn python3 -B "$BATS_TEST_DIRNAME/side_by_side.py" \
			"${SOCKVET:-$BATS_TEST_DIRNAME/../../build/sockvet}" "$kind" >"$BATS_FILE_TMPDIR/$kind" 2>&1 3>&- &
	done
	wait
}

# right KIND GROUP LEAST: at least so many of the group were made, and each is judged right.
right() {
	awk -v group="$2:" -v least="$3" '
		/^(not )?ok / { shown = /^not / && index($0, group) == 8; made += index($0, group) == ($1 == "ok" ? 4 : 8) }
		shown { print; wrong++ }
		END { print made + 0 " of at least " least " made"; exit wrong || made < least }' "$BATS_FILE_TMPDIR/$1"
}

@test "a leak is found whoever leaks and for whatever cause, and is told as what it is" { right sick close-wait-leak 25; }
@test "connections that are not accepted or not completed are found on every kind of listener, with the process" { right sick accept 9; }
@test "ports and TIME_WAIT that run out are found" { right sick ports 6; }
@test "a process at its limit of descriptors is found, not its parent" { right sick descriptors 3; }
@test "ends that the peer does not close or acknowledge are found, however the peer went" { right sick closing 8; }
@test "connects that nobody answers are found" { right sick connects 6; }
@test "connections whose data nobody acknowledges or reads are found, with who does not read" { right sick peers 13; }
@test "descriptors whose connections are gone are found, however they ended" { right sick dead 7; }

@test "connections that wait are no finding" { right healthy waiting 9; }
@test "transfers are no finding: full queues, slow readers, slow links, proxies, both ways" { right healthy transfers 13; }
@test "connections that end are no finding" { right healthy ends 11; }
@test "connects that take a moment, and sockets that never connect, are no finding" { right healthy connects 5; }
@test "servers with many listeners, workers and clients are no finding" { right healthy servers 13; }
