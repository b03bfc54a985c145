#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
bats_require_minimum_version 1.5.0
# Limits of the process: few descriptors, little memory, small stacks and files. What is said is whole, or it is said
# that it is not.

load ../lab/lab

HOLDER='
import socket, sys
listener = socket.create_server(("127.0.0.1", 8080))
held = [listener, socket.create_connection(("127.0.0.1", 8080)), listener.accept()[0]]
print("READY", flush=True)
sys.stdin.read()
'

# What differs from one look to the next.
still() {
	grep -v -e '_ms"' -e '"time"' -e '_pages"' -e orphans -e '_used"' -e '"machine' "$1"
}

# whole_or_told LIMIT FROM TO STEP ARGUMENTS...: at each limit the answer is that of a free run, or there is a sentence.
whole_or_told() {
	local limit=$1 from=$2 to=$3 step=$4 value status
	shift 4
	inside "$SOCKVET" "$@" >"$BATS_TEST_TMPDIR/free"
	for ((value = from; value <= to; value += step)); do
		status=0
		inside prlimit "--$limit=$value" timeout 30 "$SOCKVET" "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
		# 127: the loader had no room for the libraries, nothing of sockvet ran
		[ "$status" -ne 127 ] || continue
		if [ "$status" -eq 0 ] && diff <(still "$BATS_TEST_TMPDIR/free") <(still "$BATS_TEST_TMPDIR/out") >/dev/null; then
			continue
		fi
		if [ "$status" -eq 0 ] && jq -e '.end.gaps != []' "$BATS_TEST_TMPDIR/out" >/dev/null; then
			continue
		fi
		[ "$status" -eq 3 ] && grep -q '^sockvet: ' "$BATS_TEST_TMPDIR/err" && continue
		echo "$limit=$value, sockvet $*: status $status; $(cat "$BATS_TEST_TMPDIR/err")"
		return 1
	done
}

@test "with 3 to 20 descriptors nothing is left out silently" {
	lab_python "$HOLDER"
	whole_or_told nofile 3 20 1 check --json
	whole_or_told nofile 3 20 1 list -tanp --json
	whole_or_told nofile 3 20 1 bind 9999 --json
	whole_or_told nofile 3 20 1 connect 127.0.0.1:8080 --json
}

@test "too few descriptors are named as the reason" {
	lab_python "$HOLDER"
	run -3 inside prlimit --nofile=4 "$SOCKVET" list -tanp
	[[ $output == *"Too many open files"* ]]
}

@test "with little address space nothing is left out silently" {
	[ -z "${ASAN_OPTIONS:-}" ] && ! ldd "$SOCKVET" | grep -q libasan || skip "a sanitizer needs terabytes of addresses"
	lab_python "$HOLDER"
	whole_or_told as 3000000 24000000 1500000 check --json
	whole_or_told as 3000000 24000000 1500000 list -tanp --json
}

@test "a small stack is enough" {
	! ldd "$SOCKVET" | grep -q libasan || skip "instrumented code takes more of it"
	lab_python "$HOLDER"
	for arguments in "check --json" "list -tanpoemi" "bind 8080" "connect 127.0.0.1:8080"; do
		# shellcheck disable=SC2086
		inside prlimit --stack=262144 timeout 30 "$SOCKVET" $arguments >"$BATS_TEST_TMPDIR/out" || [ $? -le 2 ]
	done
}

@test "a recording over the limit of the file size leaves the old one and nothing else" {
	lab_python "$HOLDER"
	mkdir "$BATS_TEST_TMPDIR/here"
	file=$BATS_TEST_TMPDIR/here/recording
	run -3 inside prlimit --fsize=1000 "$SOCKVET" record -q "$file"
	[[ $output == "sockvet: "*"File too large"* ]]
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/here")" ]
	inside "$SOCKVET" record -q "$file"
	before=$(cksum <"$file")
	run -3 inside prlimit --fsize=1000 "$SOCKVET" record -q "$file"
	[ "$before" = "$(cksum <"$file")" ]
	[ "$(ls -A "$BATS_TEST_TMPDIR/here")" = recording ]
}

@test "output over the limit of the file size is an error that is told" {
	lab_python "$HOLDER"
	status=0
	inside prlimit --fsize=100 "$SOCKVET" list -tan >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" -eq 3 ]
	# the sentence goes to a file that is under the same limit, and is shorter
	grep -q '^sockvet: writing the output: File too large' "$BATS_TEST_TMPDIR/err"
}
