#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a listing asks the kernel for: work that is counted, because time is not the same twice.

load lab

SOCKETS='
import socket, sys
held = []
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo\0")
    listener.bind((address, 8080))
    listener.listen(8)
    held += [listener, socket.create_connection((address, 8080)), listener.accept()[0]]
bound = socket.socket()
bound.bind(("127.0.0.1", 8081))
leaving = socket.create_connection(("::1", 8080))
child = held[3].accept()[0]
leaving.close()
child.close()
print("READY", flush=True)
sys.stdin.read()
'

# traced WHAT ARGUMENTS...: sockvet under strace, which counts or injects; the calls are in TRACE.
traced() {
	need_strace
	local what=$1
	shift
	TRACE=$BATS_TEST_TMPDIR/trace
	status=0
	output=$(inside strace -qq -o "$TRACE" -e "$what" "$SOCKVET" "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
	errors=$(cat "$BATS_TEST_TMPDIR/stderr")
}

# Sockets that are only bound come with the connections, in one answer.
@test "one question lists both families, and the sockets that are only bound with them" {
	lab_python "$SOCKETS"
	traced trace=sendto list -tnH
	[ "$(grep -c 'DIAG.*NLM_F_DUMP' "$TRACE")" -eq 1 ]
	traced trace=sendto list -tanH
	[ "$(grep -c 'DIAG.*NLM_F_DUMP' "$TRACE")" -eq 1 ]
	traced trace=sendto list -4 -tanH
	[ "$(grep -c 'DIAG.*NLM_F_DUMP' "$TRACE")" -eq 1 ]
	[ "$(wc -l <<<"$output")" -eq 4 ]
	traced trace=sendto list -tanH 'sport = :8080'
	[ "$(grep -c 'DIAG.*NLM_F_DUMP' "$TRACE")" -eq 1 ]
}

@test "one walk gives the rows of two" {
	lab_python "$SOCKETS"
	local columns=state,recvq,sendq,local,peer,uid,inode,cookie,mark,cgroup,family
	sockvet list -tanH -C "$columns"
	both=$(tr -s ' ' <<<"$output" | sort)
	sockvet list -4 -tanH -C "$columns"
	each=$output
	sockvet list -6 -tanH -C "$columns"
	diff <(echo "$both") <(printf '%s\n%s\n' "$each" "$output" | tr -s ' ' | sort)
	[ "$(wc -l <<<"$both")" -eq 8 ]
}

@test "a kernel that refuses the one walk is asked for each family" {
	lab_python "$SOCKETS"
	sockvet list -tanH
	whole=$(sort <<<"$output")
	for error in EINVAL EPERM EOPNOTSUPP ENOENT; do
		traced "inject=sendto:error=$error:when=1" list -tanH
		[ -z "$errors" ]
		diff <(sort <<<"$output") <(echo "$whole")
	done
}

@test "a listing that breaks off in every try is told as incomplete, not shown as whole" {
	lab_python "$SOCKETS"
	traced inject=recvmsg:error=ENOBUFS list -tanH
	[ "$status" -eq 3 ]
	[[ $errors == *"broke off"* ]]
	traced inject=recvmsg:error=ENOBUFS:when=1 list -tanH
	[ "$status" -eq 0 ]
	[ -z "$errors" ]
	[ "$(wc -l <<<"$output")" -eq 8 ]
}

@test "what came before the listing broke off is shown once, with a status that says it is not all" {
	lab_python '
import socket, sys
listener = socket.create_server(("127.0.0.1", 8080))
held = [(socket.create_connection(("127.0.0.1", 8080)), listener.accept()) for _ in range(200)]
print("READY", flush=True)
sys.stdin.read()
'
	# the second answer of each try never comes
	traced inject=recvmsg:error=ENOBUFS:when=2+2 list -tanH
	[ "$status" -eq 3 ]
	[[ $errors == *"IPv4 and IPv6 sockets is incomplete, asked 3 times"* ]]
	[ "$(wc -l <<<"$output")" -gt 20 ]
	[ "$(sort -u <<<"$output" | wc -l)" -eq "$(wc -l <<<"$output")" ]
}

@test "plain rows read no limits and no devices, and still name the device of a socket" {
	lab_python "$SOCKETS"
	traced trace=openat,socket list -4 -tanH 'state established'
	[ "$(grep -c /proc/sys "$TRACE")" -eq 0 ]
	traced trace=openat,socket list -tlnH
	[ "$(grep -c /proc/sys "$TRACE")" -eq 0 ]
	# devices and addresses
	[ "$(grep -c NETLINK_ROUTE "$TRACE")" -eq 2 ]
	grep -q '127.0.0.1%lo:8080' <<<"$output"
	grep -q '\[::1\]%lo:8080' <<<"$output"
}

@test "a recording made by a plain listing holds the limits all the same" {
	lab_python "$SOCKETS"
	inside "$SOCKVET" list -tanH --record "$BATS_TEST_TMPDIR/made" >"$BATS_TEST_TMPDIR/live"
	"$SOCKVET" list -tanH --from "$BATS_TEST_TMPDIR/made" | cmp - "$BATS_TEST_TMPDIR/live"
	[ "$("$SOCKVET" check --json --from "$BATS_TEST_TMPDIR/made" | jq '.limits.port_range | length')" -eq 2 ]
}
