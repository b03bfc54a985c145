#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A folder is a recording of what its name says, with what sockvet made of it:
# expect.json, expect.text and exit of `check`, list.text of `list -tanoe`, and
# asks.expect of each line of `asks`.
# shellcheck disable=SC2046
# `tests/golden/make.bash again` writes the expectations anew, to be read in the diff.

setup() {
	SOCKVET=${SOCKVET:-build/sockvet}
	GOLDEN=$BATS_TEST_DIRNAME
}

# Options of `check` for this recording: lower thresholds, so that nobody waits minutes.
args_of() { cat "$1/args" 2>/dev/null || true; }

each_recording() {
	local folder failed=0
	for folder in "$GOLDEN"/*/; do
		"$@" "${folder%/}" || { echo "differs: ${folder#"$GOLDEN"/}"; failed=1; }
	done
	return $failed
}

json_is_as_expected() {
	"$SOCKVET" check --json $(args_of "$1") --from "$1/recording" 2>/dev/null | diff "$1/expect.json" -
}

text_is_as_expected() {
	"$SOCKVET" check $(args_of "$1") --from "$1/recording" 2>/dev/null | diff "$1/expect.text" -
}

status_is_as_expected() {
	local status=0
	"$SOCKVET" check -q $(args_of "$1") --from "$1/recording" >/dev/null 2>&1 || status=$?
	[ "$status" = "$(cat "$1/exit")" ]
}

listing_is_as_expected() {
	"$SOCKVET" list -tanoe --from "$1/recording" 2>/dev/null | diff "$1/list.text" -
}

asks_are_answered_as_expected() {
	[ ! -f "$1/asks" ] || "$GOLDEN/make.bash" ask "$1" | diff "$1/asks.expect" -
}

strict_decoder_takes_it() {
	local words
	for words in "check --json" "list -tanioem --json"; do
		# shellcheck disable=SC2086
		"$SOCKVET" $words --from "$1/recording" 2>/dev/null |
			python3 -c 'import json,sys; d=json.loads(sys.stdin.buffer.read().decode("utf-8","strict")); assert list(d)[-1]=="end"' || return 1
	done
}

lines_hold_what_the_document_holds() {
	local document lines
	document=$("$SOCKVET" list -ta --json --from "$1/recording" 2>/dev/null | jq -c '[.sockets[].cookie]')
	lines=$("$SOCKVET" list -ta --jsonl --from "$1/recording" 2>/dev/null | jq -sc '[.[]|select(.type=="socket").cookie]')
	[ "$document" = "$lines" ]
}

@test "a recording gives the same JSON verdict as before" { each_recording json_is_as_expected; }
@test "a recording gives the same text as before" { each_recording text_is_as_expected; }
@test "a recording ends in the same status as before" { each_recording status_is_as_expected; }
@test "a recording is listed in the same way as before" { each_recording listing_is_as_expected; }
@test "a question about a recording has the same answer as before" { each_recording asks_are_answered_as_expected; }
sentences_have_no_number_of_their_own() {
	local words failed=0
	while IFS= read -r words; do
		# shellcheck disable=SC2086
		"$SOCKVET" $words --json --from "$1/recording" 2>/dev/null | python3 -B "$GOLDEN/numbers.py" || failed=1
	done < <(echo check $(args_of "$1"); grep -E '^(bind|connect)' "$1/asks" 2>/dev/null || true)
	return $failed
}

@test "each number in a sentence about a recording stands in the JSON of that answer, too" {
	each_recording sentences_have_no_number_of_their_own
}
@test "each number in a sentence about a situation is one of its facts" {
	cd "$GOLDEN/../.."
	python3 -B "$GOLDEN/numbers.py" tests/unit/told/{check,ports,bind,connect}.told
}
@test "a number that is in no fact is found" {
	local said='{"limits":{},"findings":[{"id":"x","count":5,"cause":"5 of 1,234 wait","fix":[],"avoid":[]}]}'
	run python3 -B "$GOLDEN/numbers.py" <<<"$said"
	[ "$status" -eq 1 ]
	[[ $output == "1,234 in: "* ]]
}
@test "JSON is accepted by a strict decoder and ends with end" { each_recording strict_decoder_takes_it; }
@test "--jsonl and --json hold the same sockets" { each_recording lines_hold_what_the_document_holds; }
