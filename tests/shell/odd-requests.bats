#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Requests that few make: rounds that are stopped, filters from elsewhere, orders of very many rows, options too often.

bats_require_minimum_version 1.5.0

: "${SOCKVET:=$BATS_TEST_DIRNAME/../../build/sockvet}"

# refused PART ARGUMENTS...: status 3, nothing on the output, and the sentence has PART.
refused() {
	run --separate-stderr timeout 20 "$SOCKVET" "${@:2}" </dev/null
	[ "$status" -eq 3 ] && [ -z "$output" ] && [[ $stderr == "sockvet: "*"$1"* ]] && return 0
	echo "${*:2}: status $status, not '$1': $output; $stderr"
	return 1
}

# made ARGUMENTS: a recording of what write() of recording.py makes of them.
made() {
	python3 -B -c 'import sys; sys.path.insert(0, sys.argv[1])
from recording import *
eval("write(sys.argv[2], " + sys.argv[3] + ")")' "$BATS_TEST_DIRNAME/../faults" "$BATS_TEST_TMPDIR/made" "$1"
}

@test "--top with an order keeps the first row among very many, and each of equals once" {
	made '[sock(i + 1, recv=i * 7919 % 9001, remote=("10.0.0.2", 1 + i)) for i in range(9000)]'
	[ "$("$SOCKVET" list -tan --from "$BATS_TEST_TMPDIR/made" --sort -recvq --top 3 --csv -C RECVQ | tr '\n' ' ')" = "recv_queue 9000 8999 8998 " ]
	[ "$("$SOCKVET" list -tan --from "$BATS_TEST_TMPDIR/made" --sort state --top 5 -H -C COOKIE | sort -u | wc -l)" -eq 5 ]
	[ "$("$SOCKVET" list -tan --from "$BATS_TEST_TMPDIR/made" --sort peer --top 2 -H -C PPORT | tr '\n' ' ')" = "1 2 " ]
	run --separate-stderr "$SOCKVET" list -tan --from "$BATS_TEST_TMPDIR/made" --sort -recvq --top 1 --json
	jq -e '.sockets[0].recv_queue == 9000 and .end.matched == 9000' <<<"$output"
}

@test "a stopped screen leaves no colours behind, stops and comes back" {
	run timeout 60 python3 - "$SOCKVET" <<'END'
import fcntl, os, pty, select, signal, struct, subprocess, sys, termios
master, tty = pty.openpty()
fcntl.ioctl(tty, termios.TIOCSWINSZ, struct.pack("HHHH", 6, 60, 0, 0))
child = subprocess.Popen([sys.argv[1], "list", "-ta", "-c", "0.05", "--color=always"], stdout=tty, preexec_fn=lambda: os.setpgid(0, 0))
def until(mark, seen=b""):
    while mark not in seen:
        assert select.select([master], [], [], 30)[0], seen
        seen += os.read(master, 65536)
    return seen[seen.rindex(mark) + len(mark):]
seen = until(b"\x1b[H")
os.kill(child.pid, signal.SIGTSTP)
pid, status = os.waitpid(child.pid, os.WUNTRACED)
assert os.WIFSTOPPED(status), status
rest = b""
while select.select([master], [], [], 0.2)[0]:
    rest += os.read(master, 65536)
assert rest.endswith(b"\x1b[0m\x1b[?7h"), rest[-40:]
os.kill(child.pid, signal.SIGCONT)
until(b"\x1b[H")
os.kill(child.pid, signal.SIGTERM)
while child.poll() is None:
    if select.select([master], [], [], 0.1)[0]:
        os.read(master, 65536)
assert child.returncode == -signal.SIGTERM, child.returncode
END
	[ "$status" -eq 0 ] || { echo "$output"; return 1; }
}

@test "rounds end when nobody can read them" {
	run timeout 20 bash -c '"$1" list -ta -c 0.01 2>&1 >/dev/full' bash "$SOCKVET"
	[ "$status" -eq 3 ]
	[[ $output == *"No space left"* ]]
	run timeout 20 bash -c '"$1" list -s -c 0.01 2>&1 >/dev/full' bash "$SOCKVET"
	[ "$status" -eq 3 ]
	run timeout 20 bash -c '"$1" list -ta -c 0.01 | head -n 3' bash "$SOCKVET"
	[ "$status" -eq 0 ]
}

@test "a filter that comes by standard input is there in the second round" {
	run --separate-stderr bash -c 'echo "sport = :1 and dport = :2" | timeout 20 "$1" list -tH -c 0.01 -F - --jsonl | head -n 6 | jq -r .type' bash "$SOCKVET"
	[ "${lines[*]}" = "header trailer header trailer header trailer" ]
}

@test "a filter that cannot be read, or is too long, is refused" {
	refused "Is a directory" list -F "$BATS_TEST_TMPDIR"
	refused "No such file" list -F "$BATS_TEST_TMPDIR/none"
	head -c 200000 /dev/zero | tr '\0' ' ' >"$BATS_TEST_TMPDIR/long"
	refused "" list -F "$BATS_TEST_TMPDIR/long"
}

@test "an option that is given without end does not write beyond its list" {
	local many=()
	for ((i = 0; i < 200; i++)); do
		many+=(--warn close-wait-leak=1)
	done
	refused "was given more than" check "${many[@]}"
}

@test "a cgroup of the recording is looked up in the recording, by its whole path" {
	made '[sock(1, attrs=attr(CGROUP_ID, struct.pack("=Q", 5))), sock(2, attrs=attr(CGROUP_ID, struct.pack("=Q", 6)))], cgroups=[(5, "/a.slice/b.service"), (6, "/a.slice")]'
	for path in a.slice/b.service /a.slice/b.service/ /sys/fs/cgroup/a.slice/b.service; do
		run --separate-stderr "$SOCKVET" list -taH --from "$BATS_TEST_TMPDIR/made" -C COOKIE cgroup "$path"
		[ "$status" -eq 0 ]
		[ "$output" = 1 ]
	done
	refused "b.service" list -ta --from "$BATS_TEST_TMPDIR/made" cgroup b.service
}

@test "-G with a device that no namespace has lists nothing, and is no error" {
	run --separate-stderr unshare -Urn timeout 20 "$SOCKVET" list -GtaH dev nosuch
	[ "$status" -eq 0 ] || [ "$status" -eq 3 ]
	[ -z "$output" ]
	[[ $stderr != *"no device"* ]]
}

@test "a redacted copy is made, and what it is of is told" {
	made '[sock(1)]'
	run --separate-stderr "$SOCKVET" record --from "$BATS_TEST_TMPDIR/made" --redact "$BATS_TEST_TMPDIR/copy"
	[ "$status" -eq 0 ]
	[[ $stderr == "sockvet: $BATS_TEST_TMPDIR/made with pseudonyms"*"$BATS_TEST_TMPDIR/copy" ]]
}

@test "each format of list is in the table" {
	[ "$("$SOCKVET" tables formats | cut -f1 | tr '\n' ' ')" = "text json jsonl csv tsv pids " ]
}

@test "options that exclude each other are refused" {
	made '[sock(1)]'
	refused "--from and --record cannot be used together" list --from "$BATS_TEST_TMPDIR/made" --record "$BATS_TEST_TMPDIR/new"
	refused "--from and -N cannot be used together" list --from "$BATS_TEST_TMPDIR/made" -N nosuch
	refused "-G is of every" list -G -N nosuch
	refused "-G and -K" list -G -K state time-wait
	refused "-G and -E" list -G -E
	refused "-G and -s" list -G -s
	refused "-G and -r" list -G -r
	refused "-G and --from" list -G --from "$BATS_TEST_TMPDIR/made"
	refused "-G and --record" list -G --record "$BATS_TEST_TMPDIR/new"
	refused "with -N" bind -G @name
	refused "" bind -G '[fe80::1%lo]:80'
	refused "-G and a filter with finding" list -G 'finding *'
	refused "finding" list -E 'finding *'
	refused "there is nothing to confirm" list --yes
	refused "--max needs -E or -K" list --max 5
	refused "--by and -" list --by state -m
	refused "--csv and -" list --csv -i
	refused "-c and --from" list -c --from "$BATS_TEST_TMPDIR/made"
	refused "-c and -K" list -c -K state time-wait
	refused "-c and -E" list -c -E
	refused "--uid takes a number from 0 to 4294967294" bind --uid -1 80
	refused "--uid takes a number from 0 to 4294967294" bind --uid 4294967295 80
	[ ! -e "$BATS_TEST_TMPDIR/new" ]
}

@test "a column or order that is not there is refused" {
	refused "NOSUCH" list -ta -C STATE,NOSUCH
	refused "nosuch" list -ta --sort nosuch
	refused "at most 16 columns" list -ta --sort "$(printf 'recvq,%.0s' {1..17})recvq"
	refused "nosuch" list -ta --by nosuch
}

@test "two topics are explained one after the other, and an unknown one is refused" {
	run --separate-stderr "$SOCKVET" explain CLOSE_WAIT eaddrinuse
	[ "$status" -eq 0 ]
	[[ $output == *CLOSE_WAIT*$'\n\n'*EADDRINUSE* ]]
	run --separate-stderr "$SOCKVET" explain close-wait nosuch
	[ "$status" -eq 3 ]
	[[ $stderr == *"'nosuch' is not a state, finding or errno"* ]]
}

@test "NO_COLOR, CLICOLOR_FORCE and a dumb terminal are obeyed" {
	made '[sock(1, CLOSE_WAIT)]'
	local coloured plain
	coloured=$(env -u NO_COLOR CLICOLOR_FORCE=1 "$SOCKVET" check --from "$BATS_TEST_TMPDIR/made" | grep -c $'\033') || true
	plain=$(env NO_COLOR=1 CLICOLOR_FORCE=1 "$SOCKVET" check --from "$BATS_TEST_TMPDIR/made" | grep -c $'\033') || true
	[ "$coloured" -gt 0 ]
	[ "$plain" -eq 0 ]
	plain=$(env -u NO_COLOR CLICOLOR_FORCE=0 "$SOCKVET" check --from "$BATS_TEST_TMPDIR/made" | grep -c $'\033') || true
	[ "$plain" -eq 0 ]
	for term in dumb xterm; do
		run env -u NO_COLOR -u CLICOLOR_FORCE -u COLUMNS TERM=$term script -qec "'$SOCKVET' check --from '$BATS_TEST_TMPDIR/made'" /dev/null
		[ "$(grep -c $'\033' <<<"$output")" -gt 0 ] || [ $term = dumb ]
		[ "$(grep -c $'\033' <<<"$output")" -eq 0 ] || [ $term = xterm ]
	done
}
