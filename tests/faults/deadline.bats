#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --deadline: whatever does not come to an end is ended, with a sentence and status 3; a slow reader is not.

bats_require_minimum_version 1.5.0
load faults.bash

setup() {
	HERE=$BATS_TEST_TMPDIR
	export PYTHONPATH=$BATS_TEST_DIRNAME PYTHONDONTWRITEBYTECODE=1
}

# ended ARGUMENTS...: it ends by itself, long before this gives up, and says so in one line.
ended() {
	local status=0
	timeout -s KILL 60 "$SOCKVET" "$@" >"$HERE/out" 2>"$HERE/err" || status=$?
	[ "$status" -eq 3 ] && [ "$(wc -l <"$HERE/err")" -eq 1 ] || { echo "$status"; cat "$HERE/err"; return 1; }
	[[ $(cat "$HERE/err") == "sockvet: not at its end after "*" s (--deadline); what was printed is incomplete" ]]
	[[ $(cat "$HERE/out") != *'"end"'* ]]
}

@test "a recording that never ends is given up after --deadline" {
	local command
	mkfifo "$HERE/fifo"
	exec 8<>"$HERE/fifo"
	for command in "check --json" "list -tanp" "bind 443 --json" "connect"; do
		ended $command --from - --deadline 0.5 <&8
	done
	ended record --from - --redact "$HERE/new" --deadline 0.5 <&8
	[ ! -e "$HERE/new" ]
	exec 8>&-
}

@test "a file that the kernel does not give is given up after four times --deadline" {
	mkfifo "$HERE/tell" "$HERE/go"
	exec 7<>"$HERE/tell"
	export LD_PRELOAD=$BUILD/tests/faults-pause.so PAUSE_AT=/proc PAUSE_COUNT=1 PAUSE_TELL=$HERE/tell PAUSE_GO=$HERE/go
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
	ended list -tanp --json --deadline 0.2
	unset LD_PRELOAD
	exec 7>&-
}

@test "a question about routes waits for its answer no longer than --deadline" {
	lab_python 'import sys; print("READY", flush=True); sys.stdin.read()'
	local begin=$EPOCHREALTIME
	# answers to another question are none
	preloaded netlink SPOIL=sequence SPOIL_BUS=0 -- connect 127.0.0.1:8080 --deadline 0.7
	ends_in 3
	[[ $errors == "sockvet: "* ]] && [[ $errors != *"not at its end"* ]] || { echo "$errors"; return 1; }
	[ $((${EPOCHREALTIME%.*} - ${begin%.*})) -le 5 ]
}

@test "a blocked or ignored SIGALRM takes nothing from --deadline" {
	mkfifo "$HERE/fifo"
	exec 8<>"$HERE/fifo"
	SOCKVET_REAL=$SOCKVET
	cat >"$HERE/blocking" <<-END
		#!/usr/bin/env python3
		import os, signal, sys
		signal.signal(signal.SIGALRM, signal.SIG_IGN)
		signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
		os.execv("$SOCKVET_REAL", ["sockvet"] + sys.argv[1:])
	END
	chmod +x "$HERE/blocking"
	SOCKVET=$HERE/blocking
	ended check --from - --deadline 0.5 <&8
	exec 8>&-
}

@test "a slow reader gets all of the output" {
	python3 -c 'import sys; from recording import *; write(sys.argv[1], [sock(i + 1) for i in range(4000)])' "$HERE/made"
	[ "$("$SOCKVET" list -tanH --from "$HERE/made" --deadline 0.5 | { sleep 1.5; wc -l; })" -eq 4000 ]
}

@test "a filter that never comes, or a standard error that nobody reads, is given up after --deadline" {
	mkfifo "$HERE/fifo"
	exec 8<>"$HERE/fifo"
	ended list -tan -F - --deadline 0.2 <&8
	ended check -F /dev/fd/8 --deadline 0.2
	python3 - "$SOCKVET" <<'END'
import fcntl, os, subprocess, sys
_, full = os.pipe()
fcntl.fcntl(full, fcntl.F_SETFL, os.O_NONBLOCK)
try:
    while True:
        os.write(full, bytes(4096))
except BlockingIOError:
    pass
fcntl.fcntl(full, fcntl.F_SETFL, 0)
waits, _ = os.pipe()
child = subprocess.Popen([sys.argv[1], "check", "--from", "-", "--deadline", "0.2"], stdin=waits, stderr=full)
try:
    assert child.wait(20) == 3
finally:
    child.kill()
END
	exec 8>&-
}
