#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Bad input: one sentence on stderr, status 3, nothing half-written.

bats_require_minimum_version 1.5.0

setup() {
	SOCKVET=${SOCKVET:-build/sockvet}
	cd "$BATS_TEST_TMPDIR" || return 1
}

# One line on stderr that begins with "sockvet: " and holds $1; status 3.
refuses() {
	local wanted=$1
	shift
	run --separate-stderr "$@"
	[ "$status" -eq 3 ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == "sockvet: "*"$wanted"* ]]
}

# The same, and the expression with a caret under the place: three lines.
refuses_filter() {
	local wanted=$1 place=$2
	shift 2
	run --separate-stderr "$@"
	[ "$status" -eq 3 ]
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 3 ]
	[[ ${stderr_lines[0]} == "sockvet: "*"$wanted"* ]]
	[[ ${stderr_lines[2]} =~ ^\ *\^$ ]]
	[ "${#stderr_lines[2]}" -eq "$place" ]
}

@test "an unknown option is refused" { refuses "--nonsense" "$SOCKVET" --nonsense; }
@test "an unknown letter is refused" { refuses "-y" "$SOCKVET" list -y; }
@test "an option of another command is refused" { refuses "list has it" "$SOCKVET" check -p; }
@test "an option without its argument is refused" { refuses "argument" "$SOCKVET" list -C; }
@test "an unknown command is refused" { refuses "neither a command" "$SOCKVET" chekc; }
@test "an unknown state is refused" { refuses_filter "close-wiat" 7 "$SOCKVET" list state close-wiat; }
@test "a filter word without a state is refused" { refuses_filter "state" 6 "$SOCKVET" list state; }
@test "an unknown word inside a filter is refused" { refuses_filter "zzz" 16 "$SOCKVET" list sport = :1 and zzz = 3; }
@test "a port above 65535 is refused" { refuses_filter "65535" 9 "$SOCKVET" check sport = :65536; }
@test "a device that is not there is refused" { refuses_filter "nope" 7 "$SOCKVET" list 'dev = nope'; }
@test "a control group that is not there is refused" { refuses_filter "cgroup" 8 "$SOCKVET" list cgroup /no/such/group; }
@test "a user who is not there is refused" { refuses_filter "user" 6 "$SOCKVET" check user no-such-user; }
@test "a finding that does not exist is refused" { refuses_filter "findings" 9 "$SOCKVET" list finding close-wiat-leak; }
@test "a host that is not there is refused" { refuses_filter "host" 5 "$SOCKVET" list dst no.such.host.invalid; }
@test "a filter file that is not there is refused" { refuses "gone" "$SOCKVET" list -F gone; }
@test "a directory is refused as a filter file" { refuses "read" "$SOCKVET" list -F .; }
@test "an endless filter file is refused" { refuses "65536" timeout 20 "$SOCKVET" check -F - </dev/zero; }

@test "a filter of standard input is read" {
	run --separate-stderr bash -c 'echo "sport = nonsense:" | "$0" list -F -' "$SOCKVET"
	[ "$status" -eq 3 ]
	[ "${stderr_lines[1]}" = "sport = nonsense:" ]
}

@test "an unknown column is refused, and the valid ones are named" { refuses "RECVQ" "$SOCKVET" list -C STATE,NOPE; }
@test "an unknown finding is refused, and the valid ones are named" {
	refuses '"nope=3" is not a threshold: it is written ID=VALUE[,count=N], and ID is one of close-wait-leak accept-stalled ' "$SOCKVET" check --warn nope=3
	for id in $("$SOCKVET" tables findings | cut -f1); do [[ "$stderr " == *" $id "* ]]; done
}
@test "a threshold without a value is refused" { refuses "close-wait-leak" "$SOCKVET" check --warn close-wait-leak; }
@test "a threshold that is not a number is refused in the measure of its finding" {
	refuses '"port-exhaustion=abc" is not a threshold: its value has to be a share in percent' "$SOCKVET" check --crit port-exhaustion=abc
	refuses "its value has to be an age: 90s" "$SOCKVET" check --crit close-wait-leak=x
	refuses "its value has to be a count" "$SOCKVET" check --crit fin-wait-2-orphans=x
	refuses 'only ",count=N" can follow, with a whole number' "$SOCKVET" check --crit close-wait-leak=5,x
}
@test "a share over 100 percent or below 0 is refused" { refuses "-5" "$SOCKVET" check --warn port-exhaustion=-5; }
@test "a threshold is quoted safely, and a long one from its beginning" {
	refuses '"\x1b[2J=5" is not' "$SOCKVET" check --warn $'\e[2J=5'
	refuses "\"$(printf 'a%.0s' {1..120})...\" is not" "$SOCKVET" check --warn "$(printf 'a%.0s' {1..150})"
}
@test "an unknown topic is refused" { refuses "NOPE" "$SOCKVET" explain NOPE; }
@test "an unknown table is refused" { refuses "commands" "$SOCKVET" tables nope; }
@test "a namespace that is not there is refused" { refuses "nowhere" "$SOCKVET" check -N nowhere; }
@test "a process that is not there is refused" { refuses "999999999" "$SOCKVET" check -N 999999999; }
@test "a file that is not a namespace is refused" { refuses "namespace" "$SOCKVET" check -N /etc/passwd; }
@test "a deadline of zero is refused" { refuses "deadline" "$SOCKVET" check --deadline 0; }
@test "--color refuses other words than its own" { refuses "sometimes" "$SOCKVET" check --color sometimes; }
@test "--json together with --jsonl is refused" { refuses "jsonl" "$SOCKVET" list --json --jsonl; }
@test "a recording that is not there is refused" { refuses "gone" "$SOCKVET" check --from gone; }
@test "a directory is refused as a recording" { refuses "" "$SOCKVET" check --from .; }
@test "an endless file is refused as a recording" { refuses "" timeout 20 "$SOCKVET" check --from - </dev/zero; }
@test "an empty recording is refused" { : >empty; refuses "empty" "$SOCKVET" check --from empty; }
@test "a file that is not a recording is refused" { echo "hello, this is text" >text; refuses "text" "$SOCKVET" check --from text; }

@test "a truncated recording is refused" {
	"$SOCKVET" record -q whole
	size=$(stat -c %s whole)
	for part in 1 4 9 50; do
		head -c $((size - part)) whole >./cut
		refuses "cut" "$SOCKVET" check --from cut
	done
}

@test "a recording of a newer format is refused" {
	"$SOCKVET" record -q new
	printf '\xff' | dd of=new bs=1 seek=8 conv=notrunc status=none
	refuses "new" "$SOCKVET" check --from new
}

@test "a recording does not overwrite something that is not a file" {
	mkdir folder
	refuses "folder" "$SOCKVET" record folder
	refuses "missing" "$SOCKVET" record missing/file
	[ -z "$(ls -A folder)" ]
}

@test "a refused recording leaves no temporary file" {
	mkdir empty
	refuses_filter "nope" 7 "$SOCKVET" list --record empty/keep state nope
	refuses "nope" "$SOCKVET" check --record empty/keep -N nope
	[ -z "$(ls -A empty)" ]
}

@test "record takes exactly one file" {
	refuses "one file" "$SOCKVET" record
	refuses "one file" "$SOCKVET" record a b
}

@test "a recording can be read by its owner only" {
	"$SOCKVET" record -q mine
	[ "$(stat -c %a mine)" = 600 ]
}

@test "a full disk is an error" {
	for words in "list -ta" "list -ta --json" "check" "check --json" "explain" "tables options" "--help"; do
		run bash -c "'$SOCKVET' $words 2>err >/dev/full"
		[ "$status" -eq 3 ]
		grep -q '^sockvet: .*No space left' err
	done
}

@test "a closed output is an error" {
	for words in "list -ta --json" "check --json" "explain" "--version"; do
		run bash -c "'$SOCKVET' $words 2>err >&-"
		[ "$status" -eq 3 ]
		grep -q '^sockvet: ' err
	done
}

@test "a reader that went away causes no error message" {
	run bash -c "set -o pipefail; '$SOCKVET' tables options 2>err | true"
	[ ! -s err ]
}

@test "a quoted word of the command line does not steer the terminal" {
	for words in $'a\x1b[31mb' $'list\tstate\t\xff\x1b' $'explain\t\x1b' $'check\t--color\t\x1bx' $'tables\t\x1b' $'-N\t\x1b'; do
		IFS=$'\t' read -r -a argv <<<"$words"
		run --separate-stderr "$SOCKVET" "${argv[@]}"
		[ "$status" -eq 3 ]
		[ -z "$(LC_ALL=C tr -d '\n -~' <<<"$stderr")" ]
	done
}

@test "owners that were not read for want of descriptors are a gap" {
	run --separate-stderr bash -c 'for fd in {3..20}; do exec {fd}>&-; done
		prlimit --nofile=4 "$0" list -tap --json' "$SOCKVET"
	[ "$status" -eq 3 ]
	[ "$(jq -r .end.complete <<<"$output")" = false ]
}

@test "check that ends in 3 says why on stderr" {
	"$SOCKVET" list --record listed -ta >/dev/null
	run --separate-stderr "$SOCKVET" check --from listed
	[ "$status" -eq 3 ]
	[[ $stderr == "sockvet: "* ]]
}
