#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A busy machine that is well: silence.

load lab.bash

@test "thousands of TIME_WAIT, hundreds of connections and a burst of young CLOSE_WAIT are no finding" {
	lab_start healthy-busy
	check_finds_nothing
	holds ".summary.states | .ESTABLISHED == ${LAB[established]} and .TIME_WAIT <= ${LAB[time_wait]} and .CLOSE_WAIT == 50"
	sockvet check -q
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "an empty machine is no finding" {
	lab_start linger0
	check_finds_nothing
}

@test "thousands of sockets are listed completely" {
	lab_start healthy-busy
	sockvet list -tan --json
	[ "$status" -eq 0 ]
	holds '.end.complete and .end.sockets == (.sockets | length)'
	listed '.state == "ESTABLISHED"' "${LAB[established]}"
	listed '.state == "LISTEN"' 1
}
