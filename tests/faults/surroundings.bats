#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Machines that lack what others have: each command gives its usual answer, or tells a gap, or ends with 3 and a sentence.

load faults.bash

setup() {
	[ -x "$SOCKVET" ] || { echo "no sockvet at $SOCKVET"; return 1; }
	unshare -Urnmpf --mount-proc true 2>/dev/null || skip "this machine gives no user namespaces"
}

# answers_in SURROUNDINGS...: of surroundings.py.
answers_in() {
	local folder=$BATS_TEST_TMPDIR/folder
	mkdir "$folder"
	unshare -Urnmpf --mount-proc --kill-child python3 -B "$BATS_TEST_DIRNAME/surroundings.py" "$SOCKVET" "$folder" "$@" 3>&-
}

@test "without /proc, or with processes alone in it, each command answers or tells what it lacks" {
	! sanitized || skip "a sanitizer reads its own options in /proc"
	answers_in no-proc proc-of-processes-only
}

@test "without /sys, /dev or /etc each command answers or tells what it lacks" {
	answers_in no-sys no-dev no-etc
}

@test "on a read-only root each command answers, and record is refused" {
	answers_in read-only
}

@test "in a root with nothing but the program and its libraries each command answers or tells what it lacks" {
	! sanitized || skip "a sanitizer reads its own options in /proc"
	answers_in empty
}

@test "with closed descriptors, whichever, each command answers or ends with 3 where the output is one of them" {
	answers_in closed-0 closed-1 closed-2 closed-01 closed-02 closed-12 closed-012
}

@test "with closed descriptors and without /dev/null each command answers all the same" {
	answers_in no-dev+closed-0 no-dev+closed-12 no-dev+closed-012
}

@test "any umask, a folder that is gone, no environment or a large one change no answer" {
	answers_in umask-0 umask-0777 folder-gone no-environment environment-of-a-megabyte
}

@test "a full disk is status 3 for each command" {
	answers_in full-disk
}

