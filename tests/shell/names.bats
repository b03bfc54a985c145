#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Names of hosts, services and users from an /etc of our own: each is found, doubtful ones are refused, and none of them
# reaches the terminal as it is.

bats_require_minimum_version 1.5.0

: "${SOCKVET:=$BATS_TEST_DIRNAME/../../build/sockvet}"

setup() {
	unshare -Urnm true 2>/dev/null || skip "this machine gives no user namespaces"
	ETC=$BATS_TEST_TMPDIR/etc
	mkdir "$ETC"
	[ ! -e /etc/ld.so.cache ] || cp /etc/ld.so.cache "$ETC"
	printf '%s: files\n' hosts services passwd >"$ETC/nsswitch.conf"
	printf '127.0.0.1 here.test\n127.0.0.1 twice.test\n127.0.0.2 twice.test\n::1 both.test\n127.0.0.1 both.test\n' >"$ETC/hosts"
	printf '127.0.0.9 bad\x1b[2Jname\n' >>"$ETC/hosts"
	printf 'alpha 80/tcp\nbeta 81/udp\nevil\x1b]0;x 82/tcp\ntemporary 40001/tcp\n' >"$ETC/services"
	echo 'multi on' >"$ETC/host.conf"
	printf 'root:x:0:0::/:/bin/sh\nsomebody:x:77:77::/:/bin/sh\n' >"$ETC/passwd"
}

# named ARGUMENTS...: beside listeners at 80, 81, 82 and 40001 and a connection to 127.0.0.9:82.
named() {
	run --separate-stderr unshare -Urnm sh -c 'mount --bind "$1" /etc && ip link set lo up && shift && exec python3 -c "$@"' sh "$ETC" '
import socket, subprocess, sys
held = [socket.create_server(("127.0.0.1", port)) for port in (80, 81, 40001)] + [socket.create_server(("127.0.0.9", 82))]
held.append(socket.create_connection(("127.0.0.9", 82)))
held.append(socket.create_server(("::1", 80), family=socket.AF_INET6))
sys.exit(subprocess.run(sys.argv[1:], timeout=30).returncode)' "$SOCKVET" "$@"
}

# shows STATUS WORDS...: of what ran last, each is in the output.
shows() {
	local word
	[ "$status" -eq "$1" ] || { echo "status $status: $output; $stderr"; return 1; }
	for word in "${@:2}"; do
		[[ $output == *"$word"* ]] || { echo "no $word in: $output; $stderr"; return 1; }
	done
}

# refuses PART: status 3 and the sentence has it.
refuses() {
	[ "$status" -eq 3 ] && [[ $stderr == "sockvet: "*"$1"* ]] && return 0
	echo "status $status, not '$1': $output; $stderr"
	return 1
}

@test "-r gives names, but not to a port of the ephemeral range, and escapes them" {
	named list -tarH
	shows 0 "here.test:alpha " "bad\\x1b[2Jname:evil\\x1b]0;x" ":40001 "
	[[ $output != *$'\033'* ]]
	[[ $output != *temporary* ]]
	named list -tlr --json
	jq -e '[.sockets[].local.port] | sort == [80, 80, 81, 82, 40001]' <<<"$output"
	named list -tlrH --csv
	shows 0
	named list -tlr -C LPORT,LADDR
	shows 0 alpha here.test
}

@test "a filter takes a host or service by its name, with each of its addresses" {
	named list -taH "sport = :alpha"
	shows 0 "127.0.0.1:80" "[::1]:80"
	[ "${#lines[@]}" -eq 2 ]
	named list -taH "sport = :beta"
	shows 0 "127.0.0.1:81"
	[ "${#lines[@]}" -eq 1 ]
	named list -taH "src both.test and sport = :80"
	[ "${#lines[@]}" -eq 2 ]
	named list -taH4 src both.test and sport = :80
	[ "${#lines[@]}" -eq 1 ]
	named list -taH6 src both.test
	[ "${#lines[@]}" -eq 1 ]
	named list -taH dst bad$'\033'[2Jname
	[[ $stderr != *$'\033'* ]]
}

@test "a name that nobody has is refused" {
	named list -taH src nobody.test
	refuses nobody.test
	named list -taH "sport = :nosuch"
	refuses nosuch
	named list -taH "user nosuch"
	refuses nosuch
	named list -taH "dev nosuch"
	refuses nosuch
	named list -taH "cgroup /no/such"
	refuses "/no/such"
	named list -taH "finding no-such-*"
	refuses "tables findings"
}

@test "without a list of services a name of one is refused for that reason, and numbers work" {
	local lack="list of services here (/etc/services; Debian's netbase)"
	rm "$ETC/services"
	named list -taH "sport = :http"
	refuses "$lack"
	named list -taH "dport http"
	refuses "$lack"
	named bind here.test:http
	refuses "$lack"
	named connect here.test:http
	refuses "$lack"
	named list -taHr "sport = :80"
	shows 0 "here.test:80"
	named bind here.test:80
	shows 2 "127.0.0.1:80"
	: >"$ETC/services"
	named list -taH "sport = :http"
	refuses "$lack"
}

@test "a filter knows a user by name" {
	named list -taH "user root"
	shows 0 "127.0.0.1:80"
	named list -taH "user somebody"
	shows 0
	[ -z "$output" ]
}

@test "bind and connect refuse a name with several addresses, and judge one that has one" {
	named bind here.test:alpha
	shows 2 "127.0.0.1:80"
	named connect here.test:81
	shows 0 "127.0.0.1:81"
	named bind twice.test:90
	refuses "has 2 addresses (127.0.0.1, 127.0.0.2)"
	named connect both.test:80
	refuses "has 2 addresses"
	named bind -4 both.test:90
	shows 0 "127.0.0.1:90"
	named bind -6 both.test:90
	shows 0 "[::1]:90"
	named bind nobody.test:90
	refuses "the host name 'nobody.test' has no address"
	named bind 127.0.0.1:nosuch
	refuses nosuch
	named connect here.test:81 --from-address both.test
	refuses "has 2 addresses"
}

@test "connect refuses what its own connect() would refuse" {
	named connect 127.0.0.1:80 --from-address ::1
	refuses "different families"
	named connect 127.0.0.1:80 --from-address 0.0.0.0
	refuses "one address of this machine"
	named connect 127.0.0.1:80 --from-address 192.0.2.1
	refuses "EADDRNOTAVAIL"
	named connect 192.0.2.1:80
	refuses "no route to 192.0.2.1 in this network namespace"
	named connect 192.0.2.1:80 --from-address 127.0.0.1
	refuses "from 127.0.0.1"
	named connect 127.0.0.1:80 --dev nosuch
	refuses "there is no device 'nosuch' in this network namespace; it has lo"
	named connect '[fe80::1%nosuch]:80'
	refuses "there is no device 'nosuch'"
	named connect '[fe80::1%lo]:80' --dev lo
	[ "$status" -eq 3 ] || shows 0
	named connect '[::1%lo]:80'
	shows 0 "[::1]:80"
	named connect '127.0.0.1%lo:80'
	refuses "only IPv6 addresses have a device"
	named connect '[127.0.0.1]:80'
	refuses "only IPv6 addresses stand in brackets"
	named connect '[::1%]:80'
	refuses "not the name of a device"
	named connect -6 127.0.0.1:80
	refuses "is an IPv4 address"
	named connect -4 '[::1]:80'
	refuses "is an IPv6 address"
}
