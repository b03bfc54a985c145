#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The bench measures what it says: the load is what was asked for, and the table has a line for each command.

: "${BUILD:=$BATS_TEST_DIRNAME/../../build}"
export BENCH=$BUILD/bench SOCKVET=${SOCKVET:-$BUILD/sockvet}

setup() {
	unshare -Urn true 2>/dev/null || skip "this machine gives no user namespaces"
}

# states [KEY=VALUE...]: the rows of such a load that ss lists, by state, those to :443 and those of IPv6.
states() {
	timeout 300 "$BENCH/load" seconds=300 "$@" -- ss -tanH 3>&- | awk '
		{ n[$1]++ }
		$5 ~ /:443$/ { n["to-443"]++ }
		$4 ~ /^\[/ { n["ipv6"]++ }
		END { for (s in n) printf "%s=%d ", s, n[s] }' | tr ' ' '\n' | LC_ALL=C sort | tr '\n' ' '
}

@test "the load has the states, families and ports that were asked for" {
	rows=$(states sockets=4000)
	echo "$rows"
	[[ $rows == "CLOSE-WAIT=100 ESTAB=3690 FIN-WAIT-2=100 LISTEN=30 TIME-WAIT=80 ipv6="[78]??" to-443="3??" " ]]
	[ "$(states sockets=1000 close_wait=0 time_wait=0 ipv6=0)" = "ESTAB=970 LISTEN=30 ipv6=15 to-443=97 " ]
}

# findings KEY=VALUE...: the ids of what check finds in such a load.
findings() {
	timeout 300 "$BENCH/load" seconds=300 "$@" -- "$SOCKVET" check --json 3>&- | jq -r '.findings[].id'
}

@test "a load of doubtful budgets has them, the usual load has none" {
	findings sockets=2000 doubt=1 | grep -x port-exhaustion
	[ -z "$(findings sockets=2000)" ]
}

@test "what the load started ends with its command" {
	run timeout 300 "$BENCH/load" sockets=500 -- sh -c 'readlink /proc/self/ns/net; exit 7' 3>&-
	[ "$status" -eq 7 ]
	! ls -l /proc/[0-9]*/ns/net 2>/dev/null | grep -F "$output"
}

@test "the table has a figure for every command, the plot an exponent" {
	run timeout 300 python3 -B "$BATS_TEST_DIRNAME/bench.py" --sizes 500,1000 --rounds 1 3>&-
	[ "$status" -eq 0 ]
	for name in "list -tanH" "list jsonl" "list -tanp" "check owners" raw walk "ss -tani"; do
		[ "$(grep -cE "^$name +[0-9]+\.[0-9]" <<<"$output")" -ge 2 ]
	done
	[ "$(grep -cE '^(check|list|raw|walk).*failed' <<<"$output")" -eq 0 ]
	grep -qE '^ *[a-z] +list -tanH +-?[0-9]\.[0-9]{2} ' <<<"$output"
}
