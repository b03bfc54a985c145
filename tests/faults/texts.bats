#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Files of /proc that are cut, lie, or hold anything at all.

load faults.bash

# with_files PATH=CONTENT... -- ARGUMENTS...: sockvet that finds this in those files.
with_files() {
	local pairs='' count=0 environment=()
	while [ "$1" != -- ]; do
		count=$((count + 1))
		printf '%b' "${1#*=}" >"$BATS_TEST_TMPDIR/file$count"
		pairs+=${pairs:+:}${1%%=*}=$BATS_TEST_TMPDIR/file$count
		shift
	done
	[ -z "${ONLY:-}" ] || environment=(FILES_ONLY=1)
	preloaded files "FILES_INSTEAD=$pairs" "${environment[@]}" "$@"
}

HEAD='  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
GOOD='   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0\n'

@test "a line of /proc/net/tcp that is cut, lies or is endless is refused, and leaves the others alone" {
	ONLY=yes
	lab_python "$CONNECTED" 1
	local bad file=/proc/thread-self/net/tcp
	with_files "$file=$HEAD$GOOD" /proc/thread-self/net/tcp6="$HEAD" -- list -tan --json
	ends_in 0
	listed '.local.port == 8080 and .inode == 4711' 1
	for bad in '   1: 0100007F:1F90 000000' '\n\n' '\0\0\0\0' "$(printf '%9000s' '' | tr ' ' A)" '   1: 0100007F:1F90 00000000:0000 FF 0:0\n' \
		'%s%n%s%n\n' '  -1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 99999999999\n' '\377\233\033[31m\n'; do
		with_files "$file=$HEAD$GOOD$bad" /proc/thread-self/net/tcp6="$HEAD" -- list -tan --json
		[ "$status" -eq 0 ] || [ "$status" -eq 3 ]
		listed '.local.port == 8080 and .inode == 4711' 1
		listed true 1
		holds 'any(.end.gaps[]; .text | test("made no sense"))'
		is_harmless
	done
	# without its heading, or with nothing in it
	with_files "$file=" /proc/thread-self/net/tcp6="" -- list -tan --json
	listed true 0
}

@test "a limit or a counter that is cut or lies is not taken for a number" {
	lab_python "$CONNECTED" 1
	local bad ipv4=/proc/sys/net/ipv4
	for bad in '' 'x\n' '32768\n' '32768' '99999999999999999999 99999999999999999999\n' '\0\0\n' '\033[31m\n'; do
		with_files "$ipv4/ip_local_port_range=$bad" "$ipv4/tcp_max_tw_buckets=$bad" -- check --json
		[ "$status" -eq 0 ] || [ "$status" -eq 3 ]
		jq -e '.limits.port_range == null and any(.end.gaps[]; .kind == "limits")' <<<"$output"
		is_harmless
		with_files "$ipv4/ip_local_port_range=$bad" -- connect 127.0.0.1:8080 --json
		ends_in 3
		jq -e '.left == null and .verdict == "unknown" or .end.complete == false' <<<"$output" || [ -z "$output" ]
	done
	# a range that is none, and counters without their names
	for bad in '-5 70000\n' '60000 1024\n' '0 0\n' '70000 80000\n'; do
		with_files "$ipv4/ip_local_port_range=$bad" -- connect 127.0.0.1:8080
		[ "$status" -le 3 ]
		with_files "$ipv4/ip_local_port_range=$bad" -- check
		[ "$status" -le 3 ]
		is_harmless
	done
	for bad in '' 'Tcp:\n' 'Tcp: CurrEstab\nTcp:\n' 'Tcp: CurrEstab\n' 'Tcp: CurrEstab\nTcp: -99999999999999999999999\n' "$(printf '%70000s' '' | tr ' ' T)\n"; do
		with_files /proc/thread-self/net/snmp="$bad" /proc/thread-self/net/netstat="$bad" /proc/thread-self/net/sockstat="$bad" -- check --json
		[ "$status" -le 3 ]
		jq -e 'any(.end.gaps[]; .kind == "limits")' <<<"$output"
	done
}
