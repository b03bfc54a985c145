#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every option of ss and of netstat's way to list sockets: it works, or it ends with status 3 and a reason.

bats_require_minimum_version 1.5.0

setup() { SOCKVET=${SOCKVET:-build/sockvet}; }

# answers WORDS...: status 0 with nothing wrong on stderr but notes, or status 3, no row and one sentence.
answers() {
	local status=0
	timeout 20 "$SOCKVET" list "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" </dev/null || status=$?
	case $status in
	0) ! grep -v '^sockvet: note: ' "$BATS_TEST_TMPDIR/err" && return 0 ;;
	3) grep -q '^sockvet: ....' "$BATS_TEST_TMPDIR/err" && return 0 ;;
	esac
	echo "list $*: status $status"
	cat "$BATS_TEST_TMPDIR/err"
	return 1
}

# refused REASON WORDS...: status 3, nothing listed, and the sentence holds REASON.
refused() {
	local reason=$1
	shift
	run --separate-stderr timeout 20 "$SOCKVET" list "$@"
	[ "$status" -eq 3 ] && [ -z "$output" ] && [[ $stderr == "sockvet: "*"$reason"* ]] && return 0
	echo "list $*: status $status, stderr: $stderr"
	return 1
}

@test "a short option of ss is served, or refused with a reason" {
	local letter
	# Of ss's letters those without an argument; E and K follow below.
	for letter in d h a l B e t u w x n r o 4 6 0 s p T b m M i v V z Z H Q S O; do
		answers "-$letter" || return 1
	done
}

@test "a short option of ss with an argument is served, or refused with a reason" {
	local file=$BATS_TEST_TMPDIR/filter
	echo 'sport = :1' >"$file"
	answers -f inet
	answers -f inet6
	answers -A tcp
	answers -A tcp,udp
	answers -F "$file"
	answers -N self
	answers -N "$$"
	local family
	for family in unix link netlink vsock tipc xdp help nonsense; do
		answers -f "$family" || return 1
	done
	local table
	for table in all inet tcp mptcp udp raw unix unix_stream unix_dgram unix_seqpacket packet packet_raw packet_dgram \
		netlink dccp sctp tipc vsock vsock_stream vsock_dgram xdp u_str u_dgr u_seq p_raw p_dgr v_str v_dgr nonsense; do
		answers -A "$table" || return 1
	done
}

@test "a long option of ss is served, or refused with a reason" {
	local name
	for name in numeric resolve options extended memory info processes threads bpf dccp tcp sctp udp raw unix tipc vsock \
		all listening ipv4 ipv6 packet summary help version context contexts tipcinfo tos cgroup no-header xdp mptcp \
		oneline inet-sockopt no-queues bound-inactive bpf-maps bpf-map-id=1 family=inet query=tcp socket=tcp; do
		answers "--$name" || return 1
	done
}

@test "an option of ss that is not served gives the reason" {
	refused -0 -tb
	refused SELinux -Z
	refused SELinux -z
	refused --record -D "$BATS_TEST_TMPDIR/dump"
	[ ! -e "$BATS_TEST_TMPDIR/dump" ]
	refused TIPC --tipcinfo
	refused "no option" --bpf-maps
}

@test "another spelling of ss or netstat means the same" {
	local pair
	for pair in "--socket=tcp -A:tcp" "--socket=unix -A:unix" "--net=$$ -N:$$" "--timers -o" "--extend -e" "--program -p" \
		"--programs -p" "--numeric-hosts -n" "--numeric-ports -n"; do
		local other=${pair% *} known=${pair#* }
		# shellcheck disable=SC2086  # a letter and its argument
		[ "$("$SOCKVET" list -l $other 2>&1)" = "$("$SOCKVET" list -l ${known/:/ } 2>&1)" ] || { echo "$pair"; return 1; }
	done
	[ "$("$SOCKVET" -v)" = "$("$SOCKVET" -V)" ]
	run --separate-stderr "$SOCKVET" --socket=tcp -H
	[ "$status" -eq 0 ]
}

@test "-K without a filter is refused" {
	refused "" -tK
}

@test "an option of netstat that lists sockets is served, or refused with a reason" {
	local letter
	for letter in t u S w l a n e o p v W Z s 4 6 x; do
		answers "-$letter" || return 1
	done
	local name
	for name in tcp udp sctp raw listening all numeric extend programs timers wide unix; do
		answers "--$name" || return 1
	done
}

@test "what users of ss and netstat type works" {
	local words
	for words in -tulpn -tanp -antp -tlnp -tanpoei -plant -antW -tunaW "-t -a -n -p" "-nat -o" -tanpeWo -ltnp -s; do
		# shellcheck disable=SC2086
		run --separate-stderr "$SOCKVET" $words
		[ "$status" -eq 0 ] || { echo "$words: $status $stderr"; return 1; }
	done
}

@test "-c repeats" {
	[ "$(timeout 20 "$SOCKVET" -tlnc0.05 | grep -m 2 -c '^State')" -eq 2 ]
}

@test "-H takes the heading away" {
	[[ $("$SOCKVET" -tanH) != State* ]]
	"$SOCKVET" -tan | grep -q '^State'
}
