#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
bats_require_minimum_version 1.5.0
# Clocks that jump, terminals that change, intervals that make no sense, and languages of other people.

load faults.bash

# The same sockets, whatever the wall clock says; only the time of the answer differs.
same_but_time() {
	jq -S 'del(.time) | del(.. | .age_min_ms?, .age_max_ms?, .unacked_min_ms?, .timer?)' <<<"$output"
}

@test "a clock that jumps, or is before 1970, changes only the time of the answer" {
	lab_python "$CONNECTED" 20
	local still start
	sockvet list -tan --json
	still=$(same_but_time)
	for start in -5 0 1700000000 253402300799 99999999999999; do
		preloaded clock "CLOCK_START=$start" CLOCK_JUMP=-86400 -- list -tan --json
		ends_in 0
		[ "$still" = "$(same_but_time)" ]
		jq -e '.time == null or (.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{12}Z$"))' <<<"$output"
		preloaded clock "CLOCK_START=$start" CLOCK_JUMP=86400 -- check
		ends_in 0
	done
	preloaded clock CLOCK_START=-5 CLOCK_JUMP=0 -- list -tan --json --record "$BATS_TEST_TMPDIR/made"
	[ "$output" = "$("$SOCKVET" list -tan --json --from "$BATS_TEST_TMPDIR/made")" ]
	# summer time is nobody's business
	output=$(TZ=America/New_York "$SOCKVET" list -tan --json --from "$BATS_TEST_TMPDIR/made")
	[ "$output" = "$(TZ=Asia/Kathmandu "$SOCKVET" list -tan --json --from "$BATS_TEST_TMPDIR/made")" ]
}

@test "-c waits by a clock that nobody can set" {
	lab_python "$CONNECTED" 1
	local rounds
	rounds=$(inside env "LD_PRELOAD=$BUILD/tests/faults-clock.so" "ASAN_OPTIONS=verify_asan_link_order=0" CLOCK_START=1700000000 CLOCK_JUMP=-8640000 \
		timeout 30 "$SOCKVET" list -tanH -c0.01 | awk '/^$/ && ++n == 5 { print n; exit }')
	[ "$rounds" -eq 5 ]
}

@test "clocks that begin elsewhere, as in a container that was moved, change nothing" {
	lab_python "$CONNECTED" 20
	inside unshare -Tf --monotonic 1 --boottime 1 true 2>/dev/null || skip "this machine gives no namespaces of time"
	local still years=$((30 * 365 * 86400)) plain
	sockvet list -tan --json
	still=$(same_but_time)
	for words in "$years $years" "$years 1" "1 $years"; do
		# shellcheck disable=SC2086  # two words
		set -- $words
		output=$(inside unshare -Tf --monotonic "$1" --boottime "$2" "$SOCKVET" list -tan --json --deadline 5)
		[ "$still" = "$(same_but_time)" ] || { echo "monotonic $1, boottime $2"; return 1; }
		plain=0 status=0
		inside "$SOCKVET" check -q || plain=$?
		inside unshare -Tf --monotonic "$1" --boottime "$2" "$SOCKVET" check -q --deadline 5 || status=$?
		[ "$status" -eq "$plain" ]
	done
}

@test "an interval or a deadline that is not a time is refused" {
	local word
	for word in 0 -1 1e9 nan inf 1e-9 0x10 99999999999999999999 '1 ' ''; do
		run --separate-stderr timeout 10 "$SOCKVET" list -tan "-c=$word"
		[ "$status" -eq 3 ] && [ -z "$output" ] && [[ $stderr == "sockvet: "* ]]
		[ "$word" = 0x10 ] || [ "$word" = 1e9 ] || {
			run --separate-stderr timeout 10 "$SOCKVET" list -tan --deadline "$word"
			[ "$status" -eq 3 ] && [ -z "$output" ] && [[ $stderr == "sockvet: "* ]]
		}
	done
}

@test "rounds that take longer than their interval do not pile up" {
	need_strace
	lab_python "$CONNECTED" 1
	# each answer comes 20 ms late, and the interval is 10 ms
	inside timeout 30 strace -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=clock_nanosleep,recvmsg -e inject=recvmsg:delay_enter=20000 \
		"$SOCKVET" list -tanH -c0.01 | awk '/^$/ && ++n == 6 { exit }' || true
	# the moments that it waits for are apart by more than a round: beats that were missed are left out
	sed -n 's/^clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, {tv_sec=\([0-9]*\), tv_nsec=\([0-9]*\)}.*/\1 \2/p' "$BATS_TEST_TMPDIR/trace" |
		awk 'NR > 1 && ($1 - s) * 1000 + ($2 - n) / 1e6 < 20 { exit 1 } { s = $1; n = $2 } END { if (NR < 4) exit 1 }'
}

@test "a terminal of one cell, of ten thousand, or one that changes does not break -c or a table" {
	lab_python "$CONNECTED" 40
	inside timeout 50 python3 - "$SOCKVET" 3>&- <<'PYTHON'
import fcntl, os, pty, signal, struct, sys, termios
def size(tty, rows, columns):
    fcntl.ioctl(tty, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
def start(rows, columns, *words):
    pid, tty = pty.fork()
    if not pid:
        sys.stdin.readline()
        os.execv(sys.argv[1], [sys.argv[1], *words])
    size(tty, rows, columns)
    os.write(tty, b"\n")
    return pid, tty
def end(pid, tty):
    seen = b""
    try:
        while chunk := os.read(tty, 65536):
            seen += chunk
    except OSError:
        pass
    os.close(tty)
    return seen, os.waitpid(pid, 0)[1]
for rows, columns in (1, 1), (1, 10000), (0, 0), (65535, 65535):
    for words in ["list", "-tan"], ["check"], ["bind", "8080"], ["list", "-tan", "--by", "state"]:
        seen, status = end(*start(rows, columns, *words))
        assert os.WIFEXITED(status) and os.WEXITSTATUS(status) <= 2, (rows, columns, words, status)
pid, tty = start(50, 100, "-tanc0.01")
seen, frames = b"", 0
for rows in 50, 5, 1, 30, 4:
    size(tty, rows, 80)
    os.kill(pid, signal.SIGWINCH)
    mark = len(seen)
    while seen[mark:].count(b"\x1b[H") < 4:
        seen += os.read(tty, 65536)
    whole = seen[mark:].split(b"\x1b[H")[-2]
    assert rows < 3 or whole.count(b"\n") < rows, (rows, whole.count(b"\n"))
os.kill(pid, signal.SIGTERM)
seen, status = end(pid, tty)
assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGTERM
PYTHON
}

@test "the language of the user does not change JSON, CSV or a number" {
	command -v localedef >/dev/null || skip "LOCALEDEF IS MISSING: other languages are not tried (apt install locales)"
	local locale arguments words made=$BATS_TEST_TMPDIR/made
	mkdir "$BATS_TEST_TMPDIR/locales"
	export LOCPATH=$BATS_TEST_TMPDIR/locales
	for locale in tr_TR.UTF-8 de_DE.UTF-8 ja_JP.SJIS; do
		localedef -c -i "${locale%.*}" -f "${locale#*.}" "$LOCPATH/$locale" 2>/dev/null 3>&- &
	done
	wait
	[ -d "$LOCPATH/de_DE.UTF-8" ] || skip "SOURCES OF LOCALES ARE MISSING: other languages are not tried (apt install locales)"
	[ "$(LC_ALL=de_DE.UTF-8 locale decimal_point)" = , ]
	lab_start all-states
	inside "$SOCKVET" record -q "$made"
	for words in "list -tanoei --json" "list -ta --csv" "check --json" "bind 8080 --json" "connect 127.0.0.1:8080 --json" \
		"list STATE CLOSE-WAIT --json" "list -tanoieH" "check --ascii --warn port-exhaustion=12.5"; do
		# shellcheck disable=SC2086  # words
		LC_ALL=C "$SOCKVET" $words --from "$made" >"$BATS_TEST_TMPDIR/plain" 2>&1 || true
		[ -s "$BATS_TEST_TMPDIR/plain" ]
		for locale in tr_TR.UTF-8 de_DE.UTF-8 ja_JP.SJIS no_SUCH.UTF-8 "$(printf 'x%.0s' {1..5000})"; do
			# shellcheck disable=SC2086  # words
			LC_ALL=$locale LANG=$locale "$SOCKVET" $words --from "$made" >"$BATS_TEST_TMPDIR/other" 2>&1 || true
			cmp "$BATS_TEST_TMPDIR/plain" "$BATS_TEST_TMPDIR/other" || { echo "${locale:0:20}: $words"; false; }
		done
	done
}
