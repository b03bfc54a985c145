#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Work for each socket stays under bounds. Instructions and system calls are counted, because time is not the same
# twice; two sizes are compared, so that what a start costs does not matter.

# All bounds stand here, about a quarter above what was measured last.
#
# Instructions for each socket: of a recording, where every socket is judged and every message is read from a file; and
# live, where a check keeps only what can matter.
RECORDED_LIST=7900
RECORDED_JSON=8900
RECORDED_INFO=13900
RECORDED_CHECK=8100
LIVE_LIST=1100
LIVE_JSON=2400
LIVE_INFO=5700
LIVE_CHECK=840
LIVE_OWNERS=4500
# System calls of a whole run with 2,000 sockets (a check: 5,000), start and end included.
LIST_CALLS=170
CHECK_CALLS=800
# Six times as many of anything that a recording can hold cost so many times the work; n log n is below 8.
GROWTH=8
# Dumps that a check of a quiet namespace asks for: of connections and of what is only bound in one.
CHECK_DUMPS=1

: "${BUILD:=$BATS_TEST_DIRNAME/../../build}"
: "${SOCKVET:=$BUILD/sockvet}"
FEW=500 MANY=2500

setup_file() {
	unshare -Urn true 2>/dev/null || skip "this machine gives no user namespaces"
	for sockets in $FEW $MANY; do
		load $sockets "$SOCKVET" record "$BATS_FILE_TMPDIR/$sockets" >&2
	done
}

# load SOCKETS COMMAND...: the command among that many sockets.
load() {
	timeout 300 "$BUILD/bench/load" "sockets=$1" seconds=300 -- "${@:2}" 3>&-
}

# recorded SOCKETS ARGUMENTS...: sockvet on the recording of that many, counted.
recorded() {
	counted "$SOCKVET" "${@:2}" --from "$BATS_FILE_TMPDIR/$1"
}

# live SOCKETS ARGUMENTS...: the same among that many.
live() {
	load "$1" bash -c "$(declare -f counted); counted \"\$@\"" counted "$SOCKVET" "${@:2}"
}

# counted COMMAND...: prints the instructions of it.
counted() {
	local status=0
	valgrind -q --tool=callgrind --callgrind-out-file="$COUNTS" "$@" >/dev/null || status=$?
	[ "$status" -le 3 ] || { echo "status $status of $*" >&2; return 1; }
	sed -n 's/^\(summary\|totals\): //p' "$COUNTS" | tail -n 1
}

sanitized() {
	nm -D "$SOCKVET" | grep -q '__asan_\|__ubsan_'
}

# each_socket_takes BOUND recorded|live FEW MANY ARGUMENTS...
each_socket_takes() {
	command -v valgrind >/dev/null || skip "VALGRIND IS MISSING: instructions are not counted (apt install valgrind)"
	! sanitized || skip "a sanitizer has instructions of its own"
	export COUNTS=$BATS_TEST_TMPDIR/callgrind
	local few many each
	few=$("$2" "$3" "${@:5}")
	many=$("$2" "$4" "${@:5}")
	each=$(((many - few) / ($4 - $3)))
	echo "$each instructions for each socket, at most $1"
	[ "$each" -gt 0 ]
	[ "$each" -le "$1" ]
}

# grows SHAPE ARGUMENTS...: no faster than GROWTH says, with the shape's recordings.
grows() {
	command -v valgrind >/dev/null || skip "valgrind is not installed"
	! sanitized || skip "a sanitizer has instructions of its own"
	export COUNTS=$BATS_TEST_TMPDIR/callgrind PYTHONDONTWRITEBYTECODE=1
	local count few many
	for count in 500 3000; do
		python3 "$BATS_TEST_DIRNAME/shapes.py" "$1" $count "$BATS_TEST_TMPDIR/$1.$count"
	done
	few=$(counted "$SOCKVET" "${@:2}" --from "$BATS_TEST_TMPDIR/$1.500")
	many=$(counted "$SOCKVET" "${@:2}" --from "$BATS_TEST_TMPDIR/$1.3000")
	echo "$1, ${*:2}: $few and $many instructions"
	[ "$few" -gt 0 ]
	[ "$many" -le $((few * GROWTH)) ]
}

# traced SOCKETS ARGUMENTS...: what sockvet called live; in TRACE.
traced() {
	command -v strace >/dev/null || skip "STRACE IS MISSING: calls are not counted (apt install strace)"
	TRACE=$BATS_TEST_TMPDIR/trace
	# an instrumented build cannot look for leaks below a tracer
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	load "$1" strace -f -qq -yy -o "$TRACE" "$SOCKVET" "${@:2}" >"$BATS_TEST_TMPDIR/output"
}

# receives_are_few [SINGLE]: the answers about sockets come in as few pieces as the kernel makes, and none is received twice;
# so many are of single sockets, that were asked for again.
receives_are_few() {
	awk -v single="${1:-0}" '
		/recv[a-z]*\([0-9]+<[^>]*SOCK_DIAG/ && $NF > 0 { calls++; bytes += $NF }
		/send[a-z]*\([0-9]+<[^>]*SOCK_DIAG/ { sends++ }
		END {
			print calls " receives of " bytes " bytes, " sends " questions"
			exit !(bytes > 10000 && calls <= bytes / 30000 + 3 * sends + single)
		}' "$TRACE"
}

calls_at_most() {
	local calls
	calls=$(grep -c '(' "$TRACE")
	echo "$calls system calls, at most $1"
	[ "$calls" -le "$1" ] || sanitized
}

dumps() {
	grep -cE 'send[a-z]*\([0-9]+<[^>]*SOCK_DIAG.*NLM_F_DUMP' "$TRACE"
}

@test "reading a recording and listing it costs no more instructions than its limit" {
	each_socket_takes $RECORDED_LIST recorded $FEW $MANY list -tanH
	each_socket_takes $RECORDED_JSON recorded $FEW $MANY list -tan --jsonl
	each_socket_takes $RECORDED_INFO recorded $FEW $MANY list -tani --jsonl
}

@test "a verdict over a recording costs no more instructions than its limit" {
	each_socket_takes $RECORDED_CHECK recorded $FEW $MANY check
}

@test "work does not grow with the square of what a recording holds" {
	grows links list -tanH
	grows addresses bind 10.0.0.5:443
	grows waiting bind 443
	grows shared list -tan --by process
	grows hoards check
	grows hoards check dst 10.0.0.9
	grows heads bind 443
	grows heads connect 10.0.0.9:443
	grows heads check
}

@test "rows of one inode and its holders are not multiplied" {
	grows alike check
	grows alike list -tan --by process
	grows alike list -tanp
}

@test "a line of the listing costs no more instructions than its limit" {
	each_socket_takes $LIVE_LIST live $FEW $MANY list -tanH
}

@test "a record of JSON costs no more instructions than its limit, with tcp_info and without" {
	each_socket_takes $LIVE_JSON live $FEW $MANY list -tan --jsonl
	each_socket_takes $LIVE_INFO live $FEW $MANY list -tani --jsonl
}

@test "an owner costs no more instructions than its limit" {
	each_socket_takes $LIVE_OWNERS live $FEW $MANY list -tanp
}

@test "a verdict over many sockets costs no more instructions than its limit" {
	each_socket_takes $LIVE_CHECK live 8000 16000 check
}

@test "a listing is one question, few receives and few writes" {
	traced 2000 list -tanH
	[ "$(dumps)" -eq 1 ]    # connections, and sockets that are only bound
	receives_are_few
	calls_at_most $LIST_CALLS
	[ "$(wc -l <"$BATS_TEST_TMPDIR/output")" -eq 2000 ]
}

@test "a check without findings asks few questions and looks into no process" {
	traced 5000 check
	[ "$(dumps)" -le $CHECK_DUMPS ]
	receives_are_few 250    # a twentieth is half-closed
	calls_at_most $CHECK_CALLS
	! grep -E 'openat.*"?(/proc/)?[0-9]+/fd"' "$TRACE"
}

@test "among many sockets those that are only bound are listed when there may be enough for a finding" {
	bind_some() {
		python3 -c 'import os, socket, sys
bound = [socket.socket() for _ in range(int(sys.argv[1]))]
for number, one in enumerate(bound): one.bind(("127.0.0.9", 20000 + number))
sys.exit(os.spawnvp(os.P_WAIT, sys.argv[2], sys.argv[2:]) != 0)' "$1" "$SOCKVET" check --json --crit bound-unused=1h
	}
	[ "$(load 5000 bash -c "$(declare -f bind_some); bind_some 20" | jq .summary.states.BOUND)" = null ]
	[ "$(load 5000 bash -c "$(declare -f bind_some); bind_some 60" | jq .summary.states.BOUND)" = 60 ]
	[ "$(load 3000 bash -c "$(declare -f bind_some); bind_some 20" | jq .summary.states.BOUND)" = 20 ]
}

@test "owners take one look at each descriptor, however many sockets are listed" {
	traced 2000 list -tanp
	receives_are_few
	links=$(grep -cE 'readlink(at)?\(' "$TRACE")
	echo "$links links read"
	# two ends of each connection, listeners, and what every process has open
	[ "$links" -le 2600 ]
	[ "$(grep -c '"load",pid=' "$BATS_TEST_TMPDIR/output")" -gt 1900 ]
}
