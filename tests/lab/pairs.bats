#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Options in pairs, all that the option table has: both are obeyed, or one line on standard error refuses the pair.

load lab

@test "no option is silently ignored beside another" {
	run unshare -Urnp --kill-child --mount-proc sh -c 'ip link set lo up; exec python3 "$@"' sh \
		"$BATS_TEST_DIRNAME/pairs.py" "$SOCKVET" "$BATS_TEST_TMPDIR"
	echo "$output"
	[ "$status" -eq 0 ]
}

# refused SENTENCE WORDS...: status 3, nothing on standard output, one line.
refused() {
	local sentence=$1
	shift
	run --separate-stderr "$SOCKVET" "$@"
	echo "$*: status $status: $stderr"
	[ "$status" -eq 3 ] && [ -z "$output" ] && [[ $stderr == "sockvet: "*"$sentence"* ]] && [ "${#stderr_lines[@]}" -eq 1 ]
}

@test "a refusal names both options as they were written" {
	bats_require_minimum_version 1.5.0
	refused "-j and --csv cannot be used together" list -j --csv
	refused "--json and --tsv cannot be used together" list --tsv --json
	refused "--by and --pids cannot be used together" list --by state --pids
}

@test "what adds nothing beside another option is accepted, as old command lines have it" {
	bats_require_minimum_version 1.5.0
	for words in "-r --json" "-r --csv" "-Q --by state" "-tanp --by state" "-tanT --by uid" "--pids --sort local"; do
		run --separate-stderr "$SOCKVET" list $words
		echo "$words: status $status: $stderr"
		[ "$status" -eq 0 ]
	done
}

@test "-q with JSON is JSON: a program reads it" {
	lab_start established
	for words in "check" "bind 1" "connect 127.0.0.1:1"; do
		sockvet $words -q --json
		[ "$status" -eq 0 ]
		jq -e .schema <<<"$output"
	done
}

@test "-s with -C or -F lists rows below the summary" {
	lab_start established
	sockvet list -s -C LPORT
	[[ $output == *"TCP state"*Port* ]]
	echo "sport gt 0" >"$BATS_TEST_TMPDIR/filter"
	sockvet list -s -F "$BATS_TEST_TMPDIR/filter"
	[[ $output == *"TCP state"*"Local Address:Port"* ]]
}

@test "each option that an exclusion names is in the option table" {
	local known name missing=
	known=$("$SOCKVET" tables options | cut -f1 | sed 's/^--//')
	local table=$BATS_TEST_DIRNAME/../../src/cmd/exclusions.c
	for name in $(sed -nE -e 's/^#define DETAILS +"([^"]*)".*/\1/p' \
			-e 's/^\t\{ "([^"]*)", (EXCLUDES|NEEDS|UNSERVED),.*/\1/p' "$table"
		sed -nE 's/.*(EXCLUDES|NEEDS), ([A-Z_]+ )?"([^"]*)".*/\3/p' "$table"); do
		grep -qxF -e "$name" <<<"$known" || missing+=" $name"
	done
	echo "not in the table of options:$missing"
	[ -z "$missing" ]
}
