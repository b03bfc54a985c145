#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
bats_require_minimum_version 1.5.0
# Output that cannot be written, and recordings that cannot be put in place.

load ../lab/lab

HOLDER='
import socket, sys
listener = socket.create_server(("127.0.0.1", 8080))
held = [listener, socket.create_connection(("127.0.0.1", 8080)), listener.accept()[0]]
print("READY", flush=True)
sys.stdin.read()
'

sanitized() {
	ldd "$SOCKVET" | grep -q 'libasan\|libtsan\|libubsan'
}

COMMANDS=("check" "check --json" "list -tan" "list -tan --jsonl" "list -tan --csv" "bind 9999" "bind 9999 --json"
	"connect 127.0.0.1:8080" "list -s" "tables" "tables findings" "explain" "explain CLOSE_WAIT" "--help" "--version"
	"list --help")

# each CHECK: calls it with every command.
each() {
	local words
	lab_python "$HOLDER"
	for words in "${COMMANDS[@]}"; do
		# shellcheck disable=SC2086
		"$1" $words || { echo "sockvet $words"; return 1; }
	done
}

fails_when_full() {
	local status=0 errors
	errors=$(inside "$SOCKVET" "$@" 2>&1 >/dev/full) || status=$?
	[ "$status" -eq 3 ] && [[ $errors == "sockvet: "*"No space left on device"* ]]
}

@test "a full disk is status 3 with a sentence, for every command" {
	each fails_when_full
}

fails_when_closed() {
	local status=0
	inside "$SOCKVET" "$@" >&- 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" -eq 3 ] && grep -q '^sockvet: ' "$BATS_TEST_TMPDIR/err"
}

@test "a closed output is status 3 with a sentence, for every command" {
	each fails_when_closed
}

works_without_the_others() {
	local status=0
	inside "$SOCKVET" "$@" <&- 2>&- >"$BATS_TEST_TMPDIR/out" || status=$?
	[ "$status" -eq 0 ] && [ -s "$BATS_TEST_TMPDIR/out" ]
}

@test "a closed input and a closed stderr change nothing" {
	each works_without_the_others
}

@test "a recording made with all of them closed holds no output" {
	lab_python "$HOLDER"
	inside "$SOCKVET" record "$BATS_TEST_TMPDIR/recording" <&- >&- 2>&- || [ $? -eq 3 ]
	"$SOCKVET" list -tanH --from "$BATS_TEST_TMPDIR/recording" >"$BATS_TEST_TMPDIR/out"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -eq 3 ]
}

# broken_pipe DISPOSITION ARGUMENTS...: prints the status; its stderr is kept.
broken_pipe() {
	inside python3 -c '
import os, signal, subprocess, sys
how = getattr(signal, sys.argv[1])
reader, writer = os.pipe()
os.close(reader)
done = subprocess.run(sys.argv[2:], stdout=writer, restore_signals=False, stderr=subprocess.PIPE,
                      preexec_fn=lambda: signal.signal(signal.SIGPIPE, how))
sys.stderr.buffer.write(done.stderr)
print(done.returncode)' "$1" "$SOCKVET" "${@:2}" 2>"$BATS_TEST_TMPDIR/err"
}

dies_of_the_pipe() {
	[ "$(broken_pipe SIG_DFL "$@")" = -13 ]
}

@test "a reader that went away ends it by SIGPIPE" {
	each dies_of_the_pipe
}

is_quiet_about_the_pipe() {
	[ "$(broken_pipe SIG_IGN "$@")" = 3 ] && [ ! -s "$BATS_TEST_TMPDIR/err" ]
}

@test "where SIGPIPE is ignored a reader that went away is status 3 without a sentence" {
	each is_quiet_about_the_pipe
}

# injected WHAT ARGUMENTS...: sockvet with a fault from strace.
injected() {
	local what=$1
	shift
	status=0
	output=$(inside strace -f -qqq -o /dev/null -e "trace=${what%%:*}" -e "inject=$what" "$SOCKVET" "$@" 2>"$BATS_TEST_TMPDIR/err") || status=$?
	errors=$(cat "$BATS_TEST_TMPDIR/err")
}

@test "an error that comes with the close of the output is told" {
	need_strace
	lab_python "$HOLDER"
	# descriptor 1 is the output, until it is closed
	count=$(inside strace -qqq -e trace=close "$SOCKVET" list -tan 2>&1 >/dev/null | grep 'close(' | grep -n 'close(1)' | head -n 1 | cut -d: -f1)
	injected "close:error=EIO:when=$count" list -tan
	[ "$status" -eq 3 ]
	[[ $errors == "sockvet: closing the output: Input/output error"* ]]
}

@test "writes that are interrupted or refused once are not lost" {
	need_strace
	lab_python "$HOLDER"
	sockvet list -tanH
	whole=$output
	injected write:error=EINTR:when=1 list -tanH
	[ "$status" -eq 0 ] && [ "$output" = "$whole" ]
	injected write:error=EIO:when=1 list -tanH
	[ "$status" -eq 3 ] && [[ $errors == "sockvet: writing the output: "* ]]
}

# The folder of the next tests: one old recording, to be replaced or kept.
old_recording() {
	lab_python "$HOLDER"
	FOLDER=$BATS_TEST_TMPDIR/folder
	FILE=$FOLDER/recording
	mkdir "$FOLDER"
	inside "$SOCKVET" record -q "$FILE"
	before=$(cksum <"$FILE")
}

nothing_but_the_old() {
	[ "$(cksum <"$FILE")" = "$before" ] && [ "$(ls -A "$FOLDER")" = recording ] && return 0
	echo "there is now: $(ls -lA "$FOLDER")"
	return 1
}

@test "a recording that cannot be synced, linked or renamed leaves the old one and nothing else" {
	need_strace
	old_recording
	for fault in fsync:error=EIO:when=1 linkat:error=EIO renameat:error=EIO \
		renameat:error=ENOSPC write:error=ENOSPC:when=1; do
		injected "$fault" record "$FILE"
		[ "$status" -eq 3 ] || { echo "$fault: $status"; return 1; }
		# nor is it told that it was
		[ "$(wc -l <<<"$errors")" -eq 1 ]
		[[ $errors == "sockvet: cannot "* ]]
		nothing_but_the_old || { echo "$fault"; return 1; }
	done
}

@test "a recording that is killed while it writes leaves the old one" {
	need_strace
	old_recording
	for call in fsync linkat renameat; do
		injected "$call:signal=KILL:when=1" record -q "$FILE"
		"$SOCKVET" list -tanH --from "$FILE" >/dev/null
		[ "$call" != fsync ] || nothing_but_the_old
	done
}

@test "a new recording is never seen under another name, however it ends" {
	need_strace
	lab_python "$HOLDER"
	mkdir "$BATS_TEST_TMPDIR/folder"
	for call in write fsync linkat; do
		injected "$call:signal=KILL:when=1" record -q "$BATS_TEST_TMPDIR/folder/recording"
		ls -A "$BATS_TEST_TMPDIR/folder" | grep -v '^recording$' && return 1
		rm -f "$BATS_TEST_TMPDIR/folder/recording"
	done
	return 0
}

# Where a file system knows only files with names, and a signal or a slow fsync() comes while the temporary one is there.
named_only() {
	local inject=$1
	shift
	# shellcheck disable=SC2086 # no word where nothing is set
	inside ${AS_USUAL:+env --default-signal=$AS_USUAL} strace -f -qqq -o /dev/null -E LD_PRELOAD="$BUILD/tests/faults-files.so" -E FILES_NAMED=1 -e trace=fsync \
		-e "inject=fsync:$inject:when=1" "$SOCKVET" "$@"
}

@test "a signal that ends a recording early takes its temporary file away" {
	need_strace
	! sanitized || skip "a sanitizer wants to be loaded first"
	lab_python "$HOLDER"
	mkdir "$BATS_TEST_TMPDIR/folder"
	local file=$BATS_TEST_TMPDIR/folder/recording signal status
	local AS_USUAL=HUP,INT,PIPE,QUIT,TERM   # whoever runs the tests in the background ignores some
	for signal in HUP INT PIPE QUIT TERM; do
		status=0
		named_only signal=$signal record -q "$file" || status=$?
		[ "$status" -gt 128 ] || { echo "SIG$signal: status $status"; return 1; }
		[ -z "$(ls -A "$BATS_TEST_TMPDIR/folder")" ] || { echo "SIG$signal leaves $(ls -A "$BATS_TEST_TMPDIR/folder")"; return 1; }
	done
	run -3 named_only delay_enter=1500000 record -q --deadline 0.2 "$file"
	[[ $output == *"not at its end after"* ]]
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/folder")" ]
	named_only error=EINVAL record -q "$file"
	[ "$(ls -A "$BATS_TEST_TMPDIR/folder")" = recording ]
}

@test "a signal that is ignored does not end a recording" {
	need_strace
	! sanitized || skip "a sanitizer wants to be loaded first"
	lab_python "$HOLDER"
	mkdir "$BATS_TEST_TMPDIR/folder"
	(trap "" HUP && named_only signal=HUP record -q "$BATS_TEST_TMPDIR/folder/recording")
	[ "$(ls -A "$BATS_TEST_TMPDIR/folder")" = recording ]
}

@test "a link in the place of the recording is not followed" {
	lab_python "$HOLDER"
	echo precious >"$BATS_TEST_TMPDIR/precious"
	ln -s "$BATS_TEST_TMPDIR/precious" "$BATS_TEST_TMPDIR/link"
	ln -s "$BATS_TEST_TMPDIR/nowhere" "$BATS_TEST_TMPDIR/dangling"
	for name in link dangling; do
		run -3 inside "$SOCKVET" record "$BATS_TEST_TMPDIR/$name"
		[[ $output == "sockvet: cannot write the recording"* ]]
	done
	[ "$(cat "$BATS_TEST_TMPDIR/precious")" = precious ]
	[ ! -e "$BATS_TEST_TMPDIR/nowhere" ]
}

# swapped COMMAND: what a recording says that is held before its fsync() while COMMAND swaps its folder or its name.
swapped() {
	rm -rf "$BATS_TEST_TMPDIR"/{folder,elsewhere,moved}
	mkdir "$BATS_TEST_TMPDIR"/{folder,elsewhere}
	echo precious >"$BATS_TEST_TMPDIR/elsewhere/letter"
	inside strace -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=fsync -e inject=fsync:delay_enter=1000000:when=1 \
		"$SOCKVET" record "$BATS_TEST_TMPDIR/folder/recording" 2>"$BATS_TEST_TMPDIR/said" &
	local pid=$! tries
	# it has its file: the folder is open
	for ((tries = 0; tries < 100; tries++)); do
		! ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q " -> $BATS_TEST_TMPDIR/folder/#" || break
		sleep 0.02
	done
	(cd "$BATS_TEST_TMPDIR" && eval "$1")
	status=0
	wait $pid || status=$?
	[ "$(cat "$BATS_TEST_TMPDIR/elsewhere/letter")" = precious ]
}

@test "a folder or a name that is swapped meanwhile gets no recording that was not to be there" {
	need_strace
	lab_python "$HOLDER"
	local swap
	for swap in "mv folder moved; ln -s elsewhere folder" "mv folder moved; mkdir folder" "mv folder moved" \
		"rmdir folder; ln -s elsewhere folder" "ln -s ../elsewhere/letter folder/recording" "ln -s gone folder/recording" \
		"mkfifo folder/recording" "mkdir folder/recording" "cp elsewhere/letter folder/recording"; do
		swapped "$swap"
		[ "$status" -eq 3 ] || { echo "$swap: $status"; return 1; }
		[ "$(wc -l <"$BATS_TEST_TMPDIR/said")" -eq 1 ] && grep -q "^sockvet: cannot write the recording" "$BATS_TEST_TMPDIR/said"
		[ "$(cd "$BATS_TEST_TMPDIR" && find folder elsewhere moved -type f 2>/dev/null | grep -v letter)" = "" ] ||
			grep -qx precious "$BATS_TEST_TMPDIR/folder/recording"
	done
	swapped true
	[ "$status" -eq 0 ]
	"$SOCKVET" list -tanH --from "$BATS_TEST_TMPDIR/folder/recording" >/dev/null
}

@test "a folder that may not be written is named" {
	lab_python "$HOLDER"
	run -3 inside unshare -m sh -c 'mount -t tmpfs -o ro none "$1" && exec "$2" record "$1/recording"' sh \
		"$BATS_TEST_TMPDIR" "$SOCKVET"
	[[ $output == "sockvet: cannot write the recording $BATS_TEST_TMPDIR/recording: Read-only file system"* ]]
}

@test "two writers of one recording: a whole one stays" {
	old_recording
	for round in 1 2 3 4 5; do
		inside "$SOCKVET" record -q "$FILE" & first=$!
		inside "$SOCKVET" record -q "$FILE" & second=$!
		wait "$first" && wait "$second"
		[ "$("$SOCKVET" list -tanH --from "$FILE" | wc -l)" -eq 3 ]
		[ "$(ls -A "$FOLDER")" = recording ]
	done
}

# A row is what recvmsg does; the listing of a whole table follows.
@test "a listing that breaks off or is interrupted once is asked again" {
	need_strace
	lab_python "$HOLDER"
	sockvet list -tanH
	whole=$output
	for error in ENOBUFS EINTR EAGAIN ENOMEM; do
		injected "recvmsg:error=$error:when=1" list -tanH
		[ "$status" -eq 0 ] && [ "$output" = "$whole" ] || { echo "$error: $status $errors"; return 1; }
	done
	injected recvmsg:retval=0:when=1 list -tanH
	[ "$status" -eq 0 ] && [ "$output" = "$whole" ]
}

@test "a listing that breaks off each time is status 3 with the reason" {
	need_strace
	lab_python "$HOLDER"
	for error in ENOBUFS ENOMEM; do
		injected "recvmsg:error=$error" list -tan --json
		[ "$status" -eq 3 ] && [[ $errors == "sockvet: "* ]]
		jq -e '.end.complete == false' <<<"$output" >/dev/null
	done
}
