#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every input of tests/fuzz/corpus again, without libFuzzer. What broke something is
# named after it, "found" are those that lead `make fuzz` to more code.

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	TARGETS=${BUILD:-build}/tests
	export FUZZ_RECORDING=tests/fuzz/corpus/recording/every-state
}

replay() {
	[ -x "$TARGETS/fuzz_$1" ] || { echo "no $TARGETS/fuzz_$1"; return 1; }
	timeout 120 "$TARGETS/fuzz_$1" "tests/fuzz/corpus/$1"
}

@test "messages and attributes of every table are read within their bytes" { replay message; }
@test "no answer makes a listing hang, or a broken one pass for whole" { replay dump; }
@test "no recording breaks a command, steers a terminal or spoils JSON" { replay recording; }
@test "filters come back from their text, and the kernel takes their programs" { replay filter; }
@test "no command line breaks the program, steers a terminal or spoils JSON" { replay command; }
@test "values of options are read or refused in a sentence" { replay value; }
@test "files of /proc may say anything" { replay proc; }
@test "/proc/net/tcp and its like give sockets or nothing" { replay proc_net; }
@test "foreign bytes are made harmless, and can be read back" { replay text; }

@test "each target has inputs, and is replayed here" {
	local target name
	for target in tests/fuzz/fuzz_*.c; do
		name=${target#tests/fuzz/fuzz_}
		name=${name%.c}
		[ -n "$(ls "tests/fuzz/corpus/$name")" ]
		grep -q "replay $name;" "$BATS_TEST_FILENAME"
	done
}

@test "the corpora stay small" {
	[ "$(du -sb --apparent-size tests/fuzz/corpus | cut -f1)" -lt 300000 ]
}

@test "a broken input is noticed: a replay of a target that aborts fails" {
	[ -x "$TARGETS/fuzz_text" ]
	run "$TARGETS/fuzz_text" /nonexistent
	[ "$status" -eq 134 ]
}
