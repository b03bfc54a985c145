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
	refused "-r and --json cannot be used together" list -r --json
	refused "-Q and --by cannot be used together" list -Q --by state
	refused "--by state has no place for -p" list -tanp --by state
	refused "-E and -i cannot be used together" list -E -i
	refused "--yes and -C cannot be used together" list -K --yes -C PORT sport = :1
}

@test "-q with JSON prints nothing when there is nothing to say" {
	lab_start established
	sockvet check -q --json
	[ "$status" -eq 0 ] && [ -z "$output" ]
	sockvet check --json
	[ "$status" -eq 0 ] && [ -n "$output" ]
	sockvet bind -q --jsonl 1
	[ "$status" -eq 0 ] && [ -z "$output" ]
	sockvet connect -q --json 127.0.0.1:1
	[ "$status" -eq 0 ] && [ -z "$output" ]
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
