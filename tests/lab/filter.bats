#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A filter chooses rows and findings, wherever its parts are tested, and is never silently wrong.

bats_require_minimum_version 1.5.0
load lab.bash

soon=(--warn "close-wait-leak=100ms,count=1")

# keeps FILTER...: the leak of the situation is still told; drops FILTER...: it is not.
keeps() {
	check_says ".id == \"close-wait-leak\" and .count == 8" "${soon[@]}" "$@"
}

drops() {
	check_is_silent_about close-wait-leak "${soon[@]}" "$@"
}

# replays COMMAND WORDS...: the JSON while recording and that of the recording are the same bytes.
replays() {
	local live
	sockvet "$1" --json --record "$BATS_TEST_TMPDIR/recording" "${@:2}"
	[ "$status" -le 2 ] || { echo "$errors"; return 1; }
	live=$output
	holds '.end.complete'
	output=$(timeout 60 "$SOCKVET" "$1" --json --from "$BATS_TEST_TMPDIR/recording" "${@:2}" 3>&-) || true
	[ "$live" = "$output" ]
}

@test "check keeps a finding whose sockets match, and drops those of others" {
	lab_start handler-sleeps
	keeps
	keeps state close-wait
	drops state established
	keeps pid = "${LAB[pid]}"
	drops pid = 1
	keeps opener = peer
	drops opener = here
	keeps "( recvq = 0 and idle >= 0 )" age ">" 50ms
	drops age ">" 1h
	keeps rtt "<" 10s
	keeps finding = 'close-wait-*'
	drops not finding = close-wait-leak
	keeps autobound or not autobound
}

@test "evidence counts only what the filter of check matches" {
	lab_start handler-sleeps
	keeps dport != 0
	holds '.summary.states.CLOSE_WAIT == 8 and .summary.states.LISTEN >= 1'
}

@test "list knows the sockets of a finding, and lists only those" {
	lab_start accept-queue-full
	check_says '.id == "accept-queue-full"'
	sockvet list -ta --json finding = accept-queue-full
	[ "$status" -eq 0 ]
	listed '.state == "LISTEN"' 1
	holds '.sockets | length == 1'
	sockvet list -ta --json not finding = accept-queue-full
	[ "$status" -eq 0 ]
	listed '.state == "LISTEN"' 0
	sockvet list -ta --json -p finding = accept-queue-full
	listed ".processes | map(.pid) == [${LAB[pid]}]" 1
}

@test "a filtered run and its replay are equal" {
	lab_start handler-sleeps
	replays list -ta sport "<" 32768 or autobound
	replays list -ta state close-wait autobound
	replays list -tap comm = situation and pid ">" 1 and idle "<" 1h
	replays list -ta not src 127.0.0.0/8
	replays check "${soon[@]}" comm = situation and autobound or rtt "<" 10s
	# sockets are recorded twice for it, and are older the second time
	for _ in {1..6}; do
		replays list -ta finding = close-wait-leak or recvq = 0
	done
}

@test "a recording that is listed by a finding asks the kernel nothing" {
	need_strace
	strace -f -qq -e trace=socket -o "$BATS_TEST_TMPDIR/trace" "$SOCKVET" list -ta finding = accept-stalled \
		--from "$BATS_TEST_DIRNAME/../golden/never-accepted/recording" 3>&-
	! grep NETLINK "$BATS_TEST_TMPDIR/trace"
}

@test "a recording of a filtered run holds every row" {
	lab_start handler-sleeps
	sockvet list -ta --json
	all=$(jq '.sockets | length' <<<"$output")
	sockvet list -ta --json --record "$BATS_TEST_TMPDIR/recording" sport = :1
	holds '.sockets == []'
	output=$("$SOCKVET" list -ta --json --from "$BATS_TEST_TMPDIR/recording")
	holds ".sockets | length == $all"
}

@test "a filter longer than a page works whole" {
	lab_start handler-sleeps
	sockvet list -Htan
	ports=$(awk '{ n = split($4, part, ":"); print part[n] }' <<<"$output" | sort -un)
	{ for ((i = 1; i < 400; i++)); do echo "sport = :$i or"; done; echo "not sport < 1"; } >"$BATS_TEST_TMPDIR/file"
	all=$output
	sockvet list -Htan -F "$BATS_TEST_TMPDIR/file"
	[ "$status" -eq 0 ]
	[ "$(sort <<<"$output")" = "$(sort <<<"$all")" ]
	for port in $ports; do echo "sport != :$port"; done >"$BATS_TEST_TMPDIR/file"
	for ((i = 1; i < 400; i++)); do echo "sport != :$i and dport != $i"; done >>"$BATS_TEST_TMPDIR/file"
	sockvet list -Htan -F "$BATS_TEST_TMPDIR/file"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "marks that the kernel does not tell match nothing, and give status 3 with a note" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	lab_start handler-sleeps
	run --separate-stderr nsenter -t "$LAB_JOB" -n unshare -Ur "$SOCKVET" list -Htan fwmark = 0 3>&-
	[ "$status" -eq 3 ]
	[[ $stderr == *mark* ]]
}

@test "two joints of different kind are taken from left to right, with a note" {
	lab_start handler-sleeps
	sockvet list -Htan sport = :1 or sport = :2 and dport = :3
	[ "$status" -eq 0 ]
	[[ $errors == *"left to right"* ]]
	sockvet list -Htan sport = :1 or "( sport = :2 and dport = :3 )"
	[ -z "$errors" ]
}

# same_as_ss ARGUMENTS...: the ends and inodes or ports of the rows, whatever their order
same_as_ss() {
	local ours theirs
	ours=$(inside "$SOCKVET" list -aHq "$@" | awk '{ $3 = $4 = ""; print }' | grep -v tcpdiag | sort)
	theirs=$(inside ss -aHO "$@" | awk '{ $3 = $4 = ""; print }' | grep -v tcpdiag | sort)
	[ "$ours" = "$theirs" ] && return 0
	diff <(echo "$theirs") <(echo "$ours")
	return 1
}

@test "a filter on names, ethertypes or netlink protocols gives the rows of ss" {
	set -f
	lab_python '
import socket, sys
kept = []
for name in ("Abc.sock", "abc.sock", "other"):
    s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1] + "/" + name); s.listen()
    c = socket.socket(socket.AF_UNIX); c.connect(sys.argv[1] + "/" + name)
    kept += [s, c, s.accept()[0]]
for name in ("\0abs\0tract", ""):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(name); kept.append(s)
for kind, number in ((socket.SOCK_RAW, 0x800), (socket.SOCK_DGRAM, 0x806)):
    s = socket.socket(socket.AF_PACKET, kind); s.bind(("lo", number)); kept.append(s)
for number in (0, 16, 16):
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, number); s.bind((0, 0)); kept.append(s)
print("READY", flush=True)
sys.stdin.read()
' "$BATS_TEST_TMPDIR"
	[ "$(inside "$SOCKVET" list -xaHq src "unix:$BATS_TEST_TMPDIR/A*" | wc -l)" -eq 4 ]
	for words in '-x src *abc*' '-x src unix:*ABC*' '-x dst unix:*' '-x dst *abc*' '-x autobound' \
		'-x sport = *other' '-x sport ge 5' '-x src unix:@*' '-x not src *abc*' \
		'-x src unix:*other or src *abc*' '-x fwmark = 0' '-x dev != lo' '-A unix dport = 0' \
		'-A unix src *' '-A unix src 0.0.0.0/0' '-A u_dgr src unix:*' '-t src unix:*other' \
		'-0 src ip' '-0 src link:ARP:lo' '-0 src :lo' '-0 src 0x800' '-0 sport = lo' \
		'-0 sport ge :2' '-0 dst link:*' '-0 dst ip' '-0 autobound' '-0 dev = lo' \
		'src link:ip or src arp' 'src netlink:rtnl' 'src netlink:genl:kernel' \
		'src netlink:0' 'dst netlink:rtnl' 'dst netlink:genl' '-f netlink src genl' \
		'-A netlink autobound' '-A netlink sport lt 3' 'src unix:*other' 'src unix:'; do
		# shellcheck disable=SC2086
		same_as_ss $words
	done
}

@test "a filter about a family that is not listed, or a name nobody knows, is an error" {
	lab_python 'import sys; print("READY", flush=True); sys.stdin.read()'
	for words in 'src vsock:2:80' 'src netlink:nosuch' 'src link:nosuch' 'src link:ip:nosuch'; do
		# shellcheck disable=SC2086
		sockvet list -a $words
		[ "$status" -eq 3 ]
		[ -z "$output" ]
		[[ $errors == *vsock* || $errors == *nosuch* ]]
	done
	sockvet check src 'unix:*'
	[ "$status" -eq 3 ]
}
