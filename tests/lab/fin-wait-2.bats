#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# FIN_WAIT_2: held by a program (for ever) or by the kernel (for a minute), and who is to blame.

load lab.bash

soon=(--warn "fin-wait-2-held=100ms,count=1")

@test "a held FIN_WAIT_2 is its program's, and is not called an orphan" {
	lab_start fin-wait-2-owned n=4
	check_says ".id == \"fin-wait-2-held\" and .count == 4 and .subject.pid == ${LAB[pid]}" \
		"${soon[@]}" --warn fin-wait-2-orphans=1,count=1
	holds 'all(.findings[]; .id != "fin-wait-2-orphans")'
}

@test "orphaned FIN_WAIT_2 are not called held" {
	lab_start fin-wait-2-orphan n=20
	check_says '.id == "fin-wait-2-orphans" and .count == 20' "${soon[@]}" --warn fin-wait-2-orphans=10,count=10
	holds 'all(.findings[]; .id != "fin-wait-2-held")'
}

@test "the guilty process on this machine is named" {
	local family
	for family in 4 6; do
		lab_start fin-wait-2-peer-local family=$family
		check_says ".id == \"fin-wait-2-held\" and .count == 4 and .subject.pid == ${LAB[pid]}" "${soon[@]}"
		[ "$(evidence fin-wait-2-held peer_pid)" = "${LAB[peer_pid]}" ]
		[ "$(evidence fin-wait-2-held peer_comm)" = lab-peer ]
		lab_stop
	done
}

@test "a guilty process in another namespace is never confused with somebody else" {
	lab_start fin-wait-2-peer-other-netns
	check_says ".id == \"fin-wait-2-held\" and .count == 4 and .subject.pid == ${LAB[pid]}" "${soon[@]}"
	[[ "$(evidence fin-wait-2-held peer_pid)" =~ ^(null|${LAB[peer_pid]})$ ]]
	[[ "$(evidence fin-wait-2-held peer_comm)" =~ ^(null|lab-peer)$ ]]
}
