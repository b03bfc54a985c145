#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Bad input of bind and connect: one sentence on stderr, status 3, nothing on stdout.

bats_require_minimum_version 1.5.0

setup() {
	SOCKVET=${SOCKVET:-build/sockvet}
	SOCKVET=$(realpath "$SOCKVET")
	cd "$BATS_TEST_TMPDIR" || return 1
}

# refuses WORDS COMMAND...: one line on stderr that begins with "sockvet: " and holds the words; status 3; no output.
refuses() {
	local wanted=$1
	shift
	run --separate-stderr "$SOCKVET" "$@"
	[ "$status" -eq 3 ] && [ -z "$output" ] && [ "${#stderr_lines[@]}" -eq 1 ] &&
		[[ $stderr == "sockvet: "*"$wanted"* ]] && return 0
	echo "$*: status $status, stdout: $output, stderr: $stderr"
	return 1
}

@test "a bad port is refused" {
	for word in 0 :0 127.0.0.1:0 '[::1]:0'; do refuses "port 0" bind "$word"; done
	for word in 65536 :65536 127.0.0.1:65536 99999999999999999999 127.0.0.1:-1; do refuses "a port" bind "$word"; done
	refuses "no option -1" bind -1
	refuses "a port" bind -- -1
	for word in nosuchservice ':nosuchservice' '127.0.0.1:' '' ':'; do refuses "service" bind "$word"; done
	refuses "port 0" connect 127.0.0.1:0
	refuses "a port" connect 127.0.0.1:65536
	refuses "service" connect 127.0.0.1:nosuchservice
}

@test "a bad address is refused" {
	for word in 1.2.3:80 300.1.1.1:80 1.2.3.4.5:80; do refuses "not an IP address" bind "$word"; done
	for word in '[::1' '[::1]' '[]:80' '[::1]80'; do refuses "" bind "$word"; done
	refuses "not an IP address" bind '[::g]:80'
	refuses "brackets" bind '[127.0.0.1]:80'
	refuses "several colons" bind ::1:80
	refuses "several colons" connect fe80::1:80
	refuses "without a port" bind 127.0.0.1
	refuses "several colons" bind ::1
	refuses "not an IP address" connect 1.2.3:80
}

@test "a bad destination is refused" {
	for word in 80 :80 '*:80' 0.0.0.0:80 '[::]:80' /run/x @x; do refuses "host" connect "$word"; done
}

@test "a host name that does not resolve is refused" {
	refuses "no.such.host.invalid" bind no.such.host.invalid:80
	refuses "no.such.host.invalid" connect no.such.host.invalid:80
}

@test "a host name with several addresses is refused, and the addresses are named" {
	unshare -Urm true 2>/dev/null || skip "this machine gives no mount namespaces"
	printf '127.0.0.1 twofold\n127.0.0.2 twofold\n::1 mixed\n127.0.0.1 mixed\n' >hosts
	in_hosts() { run --separate-stderr unshare -Urm sh -c 'mount --bind hosts /etc/hosts && exec "$@"' sh "$SOCKVET" "$@"; }
	in_hosts bind twofold:80
	[ "$status" -eq 3 ]
	[[ $stderr == "sockvet: "*127.0.0.1*127.0.0.2* ]]
	in_hosts connect mixed:80
	[ "$status" -eq 3 ]
	[[ $stderr == "sockvet: "*::1* ]]
	in_hosts bind -4 mixed:48080 --json
	[ "$(jq -r .address <<<"$output")" = 127.0.0.1 ]
}

@test "an address of the family that was not asked for is refused" {
	refuses "IPv4" bind -6 127.0.0.1:80
	refuses "IPv6" bind -4 '[::1]:80'
	refuses "--v6only" bind --v6only 127.0.0.1:80
}

@test "a device that is not there is refused" {
	refuses "nodev0" bind --dev nodev0 80
	refuses "nodev0" bind '[fe80::1%nodev0]:80'
	refuses "nodev0" connect --dev nodev0 127.0.0.1:80
	refuses "device" bind '[fe80::1%]:80'
}

@test "a namespace that is not there is refused" {
	refuses "nowhere" bind -N nowhere 80
	refuses "nowhere" connect -N nowhere 127.0.0.1:80
}

@test "an option that a unix socket does not have is refused" {
	refuses "--reuseport" bind --reuseport /run/x.sock
	refuses "--reuseaddr" bind --reuseaddr /run/x.sock
	refuses "--v6only" bind --v6only @x
	refuses "--dev" bind --dev lo @x
	refuses "--probe" bind --probe ./x.sock
	refuses "@" bind @
}

@test "a bad user is refused" {
	for word in root -1 1x '' 4294967295; do refuses "--uid" bind --uid "$word" 80; done
}

@test "a probe of UDP is refused" { refuses "datagrams" bind --udp --probe 53; }

@test "options without a destination are refused" {
	refuses "HOST:PORT" connect --probe
	refuses "HOST:PORT" connect --from-address 127.0.0.1
	refuses "HOST:PORT" connect --bind-first
}

@test "a source address that is not ours, or of the other family, is refused" {
	refuses "families" connect --from-address ::1 127.0.0.1:80
	refuses "not an address" connect --from-address 203.0.113.7 127.0.0.1:80
	refuses "--from-address" connect --from-address '*' 127.0.0.1:80
	refuses "not an IP address" connect --from-address 1.2.3 127.0.0.1:80
}

@test "bind takes one word, connect none or one" {
	refuses "one address" bind
	refuses "one address" bind 80 81
	refuses "one HOST:PORT" connect 127.0.0.1:80 127.0.0.1:81
}

@test "a quoted word of the command line does not steer the terminal" {
	for word in $'\x1b[31m:80' $'127.0.0.1:\x1b' $'[\x1b]:80' $'[fe80::1%\x1b[2J]:80'; do
		run --separate-stderr "$SOCKVET" bind "$word"
		[ "$status" -eq 3 ]
		[ -z "$(LC_ALL=C tr -d '\n -~' <<<"$stderr")" ]
	done
}
