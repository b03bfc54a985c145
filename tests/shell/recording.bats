#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What stands under the name of a recording, whatever was there and however the program ends; and odd starts.

bats_require_minimum_version 1.5.0

setup() {
	SOCKVET=$(realpath "${SOCKVET:-build/sockvet}")
	mkdir "$BATS_TEST_TMPDIR/here" && cd "$BATS_TEST_TMPDIR/here"
}

refuses() {
	run --separate-stderr "${@:2}"
	[ "$status" -eq 3 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "sockvet: "*"$1"* ]]
}

is_whole() { "$SOCKVET" list -taH --from "$1" >/dev/null; }

@test "a file that is no recording is overwritten" {
	echo "a letter" >letter
	refuses "no recording" "$SOCKVET" record letter
	refuses "no recording" "$SOCKVET" list -ta --record letter
	[ "$(cat letter)" = "a letter" ]
	ln -s letter link
	refuses "no regular file" "$SOCKVET" record link
	[ "$(cat letter)" = "a letter" ]
	[ "$(ls -A | sort | xargs)" = "letter link" ]
}

@test "an older recording or an empty file is not replaced, or keeps its mode" {
	(umask 0; : >made)
	"$SOCKVET" record -q made
	is_whole made
	[ "$(stat -c %a made)" = 600 ]
	before=$(stat -c %i made)
	chmod 644 made
	"$SOCKVET" record -q made
	is_whole made
	[ "$(stat -c %a made)" = 600 ]
	[ "$(stat -c %i made)" != "$before" ]
	[ "$(ls -A)" = made ]
}

@test "recordings made at once under one name mix, or leave something behind" {
	local pids=() pid
	"$SOCKVET" record -q ../made
	for _ in {1..50}; do
		"$SOCKVET" record -q --from ../made --redact same 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid"; done
	is_whole same
	[ "$(ls -A)" = same ]
}

@test "a recording that was killed leaves something behind, or spoils the older one" {
	local pid
	"$SOCKVET" record -q made
	before=$(sha256sum made)
	for delay in 0 0.002 0.004 0.008; do
		"$SOCKVET" record -q made 3>&- &
		pid=$!
		sleep $delay
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		is_whole made
	done
	# one that waits for its input has its new file already
	mkfifo never
	exec 9<>never
	"$SOCKVET" record -q --from never --redact made 3>&- 9>&- &
	pid=$!
	for _ in $(seq 200); do
		readlink /proc/$pid/fd/* 2>/dev/null | grep -q '/never$' && break
		sleep 0.05
	done
	kill -9 $pid
	wait $pid 2>/dev/null || true
	exec 9>&-
	is_whole made
	# at most the name of a moment, which says whose it is
	[ -z "$(ls -A | grep -vx -e made -e never -e '\.sockvet-[0-9a-f]*\.tmp')" ]
}

@test "--redact and --from of record are taken where they mean nothing" {
	"$SOCKVET" record -q made
	refuses "--redact" "$SOCKVET" record --from made copy
	refuses "-4" "$SOCKVET" record -4 --from made --redact copy
	refuses "record has it" "$SOCKVET" check --redact
	refuses "cannot read" "$SOCKVET" record --from gone --redact copy
	head -c 100 made >./cut
	refuses "byte" "$SOCKVET" record --from cut --redact copy
	[ ! -e copy ]
	# in its own place, and once more
	"$SOCKVET" record -q --from made --redact made
	"$SOCKVET" record -q --from - --redact again <made
	cmp <("$SOCKVET" list -taH --from made) <("$SOCKVET" list -taH --from again)
}

@test "no name, no arguments or a huge environment crash it" {
	local width
	width=$(printf '%01048576d' 0 | head -c 100000)
	COLUMNS=$width "$SOCKVET" list -taH >/dev/null
	python3 - "$SOCKVET" <<'END'
import os, sys
program = sys.argv[1]
def run(arguments, environment):
    child = os.fork()
    if not child:
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.execve(program, arguments, environment)
    ended = os.waitpid(child, 0)[1]
    assert os.WIFEXITED(ended) and os.WEXITSTATUS(ended) <= 3, (arguments[:1], ended)
run([""], {})
run(["", "list"], {})
run(["sockvet", "check"], {})
run(["sockvet", "check"], {"COLUMNS": "9" * 100000, "TERM": "x" * 100000})
# the kernel gives an empty name to who has none
import ctypes
child = os.fork()
if not child:
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 1)
    os.dup2(null, 2)
    none = (ctypes.c_char_p * 1)(None)
    ctypes.CDLL(None).execve(program.encode(), none, none)
    os._exit(99)
ended = os.waitpid(child, 0)[1]
assert os.WIFEXITED(ended) and os.WEXITSTATUS(ended) <= 3, ended
END
}

@test "a closed descriptor 0, 1 or 2 is taken by another file" {
	"$SOCKVET" record -q made
	"$SOCKVET" record -q --from made --redact new <&- >&- 2>&-
	is_whole new
	run --separate-stderr bash -c '"$0" list -ta >&-' "$SOCKVET"
	[ "$status" -eq 3 ]
	"$SOCKVET" list -taH --record third 2>&- <&- >/dev/null
	is_whole third
}
