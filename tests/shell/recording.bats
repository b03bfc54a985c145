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

@test "a file that is not a recording is not overwritten" {
	echo "a letter" >letter
	refuses "not a recording" "$SOCKVET" record letter
	refuses "not a recording" "$SOCKVET" list -ta --record letter
	[ "$(cat letter)" = "a letter" ]
	ln -s letter link
	refuses "not a regular file" "$SOCKVET" record link
	[ "$(cat letter)" = "a letter" ]
	[ "$(ls -A | sort | xargs)" = "letter link" ]
}

@test "an older recording or an empty file is replaced, and gets the mode of a new one" {
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

@test "recordings made at once under one name do not mix, and leave nothing behind" {
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

@test "a recording that was killed leaves nothing behind, and the older one whole" {
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
	"$SOCKVET" record -q --from - --redact made <never 3>&- 9>&- &
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

@test "--redact and --from of record are refused where they mean nothing" {
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

@test "no name, no arguments or a huge environment do not crash it" {
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

@test "a closed descriptor 0, 1 or 2 is not taken by another file" {
	"$SOCKVET" record -q made
	"$SOCKVET" record -q --from made --redact new <&- >&- 2>&-
	is_whole new
	run --separate-stderr bash -c '"$0" list -ta >&-' "$SOCKVET"
	[ "$status" -eq 3 ]
	"$SOCKVET" list -taH --record third 2>&- <&- >/dev/null
	is_whole third
}

# A name in somebody's folder: nothing that stands there may hold the program.
@test "a FIFO, a socket, a device or a folder is refused without waiting" {
	mkfifo fifo
	ln -s fifo link
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("bound")'
	local name command
	for name in fifo link bound /dev/zero /dev/tty . /dev/null; do
		for command in check "list -ta" "bind 80" "connect 127.0.0.1:80" "record --redact new"; do
			# shellcheck disable=SC2086  # words
			refuses "cannot read the recording" timeout 10 "$SOCKVET" $command --from "$name"
		done
		refuses "cannot read the filter" timeout 10 "$SOCKVET" check -F "$name"
		refuses "cannot read the filter" timeout 10 "$SOCKVET" list -ta -F "$name"
		refuses "cannot enter" timeout 10 "$SOCKVET" list -ta -N "./$name"
		refuses "cannot" timeout 10 "$SOCKVET" record "$name"
		refuses "cannot" timeout 10 "$SOCKVET" list -ta --record "$name"
	done
	[ ! -e new ]
	# a device may act when it is opened
	if command -v strace >/dev/null; then
		strace -f -o trace -e trace=open,openat "$SOCKVET" check --from fifo -F /dev/zero || true
		! grep -E '/dev/zero|"fifo"' trace
	fi
}

@test "a descriptor that the caller hands over is read" {
	"$SOCKVET" record -q made
	local all
	all=$("$SOCKVET" list -ta --from made)
	[ "$all" = "$("$SOCKVET" list -ta --from <(cat made))" ]
	[ "$all" = "$(timeout 10 cat made | "$SOCKVET" list -ta --from -)" ]
	[ "$all" = "$("$SOCKVET" list -ta --from /dev/stdin <made)" ]
	[ "$all" = "$("$SOCKVET" list -ta --from /proc/self/fd/7 7<made)" ]
	[ "$("$SOCKVET" list -ta --from made 'sport = 1')" = "$("$SOCKVET" list -ta --from made -F <(echo 'sport = 1'))" ]
	refuses "Bad file descriptor" "$SOCKVET" list -ta --from /dev/fd/99
	refuses "No such file" "$SOCKVET" list -ta --from /dev/fd/9999999999
}

# peak ARGUMENTS...: KiB that sockvet (and at first python) had at most; its status must be 3.
peak() {
	python3 - "$SOCKVET" "$@" 2>stderr <<'END'
import os, sys
child = os.fork()
if not child:
    os.execv(sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(child, 0)
assert os.waitstatus_to_exitcode(status) == 3, status
print(used.ru_maxrss)
END
}

@test "a file is read no further once it cannot be a recording any more" {
	! nm -D "$SOCKVET" | grep -q '__asan_' || skip "a sanitizer has a memory of its own"
	"$SOCKVET" record -q made
	python3 - <<'END'
import struct
header = b"sockvet\n" + struct.pack("=II", 2, 0x01020304)
basics = struct.pack("=II", 1, 0)
whole = open("made", "rb").read()
message = struct.pack("=IHHII", 88, 20, 0, 0, 0) + bytes(72)
for name, start in {"magic": b"sockvet\n", "order": header[:12], "frame": header, "later": header + basics * 1000,
                    "long": header + basics + struct.pack("=II", 6, 0xffffffff), "behind": whole,
                    "message": message, "letters": b"sock"}.items():
    with open(name, "wb") as file:
        file.write(start)
        file.truncate(1 << 30)
END
	local name
	for name in magic order frame later long behind message letters; do
		[ "$(peak check --from "$name")" -le 32768 ]
		[ "$(wc -l <stderr)" -eq 1 ]
		grep -q '^sockvet: cannot read the recording' stderr
		# from a pipe as well, whose end nobody knows
		timeout 10 head -c 1G "$name" 2>/dev/null | { peak check --from - >kib; cat >/dev/null; }
		[ "$(cat kib)" -le 32768 ]
	done
	truncate -s 1073741825 made
	[ "$(peak check --from made)" -le 32768 ]
	grep -q 'larger than 1 GiB' stderr
}
