#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Arguments, names and an environment that somebody else chose: nothing steers a terminal, forges a
# line, moves a column, or comes back whole.

bats_require_minimum_version 1.5.0

load faults.bash

# Any of this in what is printed would be read as what it is not.
FORGED=$'\e[31m\nsockvet: note: forged\u202e\x9b'

setup() { :; }

# run_bounded ARGUMENTS...: as sockvet() of the lab, but outside of any situation.
run_bounded() {
	status=0
	output=$(timeout 20 "$SOCKVET" "$@" 2>"$BATS_TEST_TMPDIR/stderr" </dev/null) || status=$?
	errors=$(cat "$BATS_TEST_TMPDIR/stderr")
}

# is_told: standard error is one line of ours at most, and nothing in it steers a terminal.
is_told() {
	[ "$(grep -vc '^sockvet: ' <<<"$errors")" -eq 0 ] && [ "$(grep -c . <<<"$errors")" -le 1 ] && is_harmless && return 0
	echo "stderr: $errors"
	return 1
}

@test "an argument reaches standard error made safe and short, and its reason with it" {
	run timeout 60 python3 -B - "$SOCKVET" <<'END'
import os, re, subprocess, sys
LONG, FORGED = b"A" * 10000, b"\x1b[31m\nsockvet: note: forged\xe2\x80\xae\x9b"
LONGS = b"from netns color deadline columns filter warn crit uid dev from-address sort by top max family query continuous diag".split()
STEERS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
def ask(*arguments):
    done = subprocess.run([os.fsencode(sys.argv[1]), *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    told, said = done.stderr.decode(), done.stdout.decode()
    what = (arguments[0], arguments[-1][:30], done.returncode, told)
    assert not STEERS.search(told) and not STEERS.search(said.replace("\t", "")), what
    assert told.startswith("sockvet: ") and told.count("\nsockvet: ") == 0 or not told, what
    # the caret of a filter has two lines more
    assert told.count("\n") in (0, 1, 3) and len(told) < 700, what
    assert not re.search("A{130}", told) and not told.endswith("AAA\n"), what
for word in LONG, FORGED:
    for command in b"check", b"list", b"bind", b"connect", b"explain", b"tables":
        for argument in word, b"--" + word, b"-" + word, b"@" + word, b"[%b]:1" % word, b"::1%%%b" % word, b"127.0.0.1:" + word, b"/" + word:
            ask(command, argument)
        for name in LONGS:
            ask(command, b"--%b=%b" % (name, word))
        ask(command, b"--record=/nonexistent/" + word)
    for condition in b"%b", b"dev %b", b"cgroup %b", b"comm = %b", b"sport = %b", b"dst %b/8", b"state %b", b"( %b", b"sport = :1 %b":
        ask(b"list", b"-t", condition.replace(b"%b", word))
    ask(b"record", b"/nonexistent/" + word)
END
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
}

@test "record names its files without their control bytes" {
	local file=$BATS_TEST_TMPDIR/$FORGED
	run_bounded record "$file"
	[ "$status" -eq 0 ] && [ -s "$file" ]
	is_told
	run_bounded record --from "$file" --redact "$file.2"
	[ "$status" -eq 0 ] && [ -s "$file.2" ]
	is_told
	[[ $errors == *'\x1b[31m\x0asockvet: note'* ]]
}
