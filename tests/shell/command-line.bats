#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later

bats_require_minimum_version 1.5.0

setup() { SOCKVET=${SOCKVET:-build/sockvet}; }

@test "plain sockvet is check" {
	[ "$("$SOCKVET" --json | jq -r .command)" = check ]
}

@test "listing letters without a command are list" {
	[ "$("$SOCKVET" -tan --json | jq -r .command)" = list ]
	[ "$("$SOCKVET" -antp --json | jq -r .command)" = list ]
}

@test "every command shows its options and examples first" {
	for command in $("$SOCKVET" tables commands | cut -f1); do
		run "$SOCKVET" "$command" --help
		[ "$status" -eq 0 ]
		[[ ${lines[0]} == "$command: "* ]]
		while IFS=$'\t' read -r long _ _ takers _; do
			case ,$takers, in *,$command,*) [[ $output == *"$long"* ]] ;; esac
		done < <("$SOCKVET" tables options)
	done
}

@test "--help of the program has every command" {
	run "$SOCKVET" --help
	[ "$status" -eq 0 ]
	for command in $("$SOCKVET" tables commands | cut -f1); do
		[[ $output == *"  $command "* ]]
	done
}

@test "everything that tables names as a topic is explained" {
	for topic in $("$SOCKVET" tables topics | cut -f1); do
		run "$SOCKVET" explain "$topic"
		[ "$status" -eq 0 ]
		[ "${#lines[@]}" -gt 4 ]
	done
}

@test "explain is at most 80 columns wide" {
	for topic in $("$SOCKVET" tables topics | cut -f1); do
		[ "$("$SOCKVET" explain "$topic" | awk '{ if (length > m) m = length } END { print m }')" -le 80 ]
	done
}

@test "every column of tables can be chosen" {
	for column in $("$SOCKVET" tables columns | cut -f1); do
		run --separate-stderr "$SOCKVET" list -ta -C "$column"
		[ "$status" -eq 0 ]
		run --separate-stderr "$SOCKVET" list -ta -C "+$column"
		[ "$status" -eq 0 ]
	done
}

@test "output into a pipe has no colours, and NO_COLOR is obeyed" {
	[[ $("$SOCKVET" check) != *$'\033'* ]]
	[[ $(NO_COLOR=1 CLICOLOR_FORCE=1 "$SOCKVET" check) != *$'\033'* ]]
	[[ $(CLICOLOR_FORCE=1 "$SOCKVET" check --color=never) != *$'\033'* ]]
	[[ $(CLICOLOR_FORCE=1 "$SOCKVET" check) == *$'\033'* ]]
}

@test "--ascii prints no character beyond ASCII" {
	local beyond
	beyond=$({ "$SOCKVET" check --ascii || true; "$SOCKVET" explain --ascii CLOSE_WAIT; } | LC_ALL=C tr -d '\n -~')
	[ -z "$beyond" ]
}

@test "the locale does not change the JSON" {
	"$SOCKVET" record -q "$BATS_TEST_TMPDIR/r"
	for locale in C C.UTF-8 tr_TR.UTF-8 de_DE.UTF-8 no_SUCH; do
		LC_ALL=$locale "$SOCKVET" check --json --from "$BATS_TEST_TMPDIR/r" >"$BATS_TEST_TMPDIR/$locale" || true
		cmp "$BATS_TEST_TMPDIR/C" "$BATS_TEST_TMPDIR/$locale"
	done
}

@test "a live run and the replay of what it recorded are equal" {
	for words in "check" "list -tanpoemi"; do
		# shellcheck disable=SC2086
		"$SOCKVET" $words --json --record "$BATS_TEST_TMPDIR/r" >"$BATS_TEST_TMPDIR/live" || true
		# shellcheck disable=SC2086
		"$SOCKVET" $words --json --from "$BATS_TEST_TMPDIR/r" >"$BATS_TEST_TMPDIR/again" || true
		cmp "$BATS_TEST_TMPDIR/live" "$BATS_TEST_TMPDIR/again"
		# shellcheck disable=SC2086
		"$SOCKVET" $words --json --from - <"$BATS_TEST_TMPDIR/r" >"$BATS_TEST_TMPDIR/again" || true
		cmp "$BATS_TEST_TMPDIR/live" "$BATS_TEST_TMPDIR/again"
	done
}

@test "installed files are there, and gone after uninstall" {
	# -o: other tests run that very binary; a newer source must not replace it now
	make -s install O="${BUILD:-build}" -o "${BUILD:-build}/sockvet" DESTDIR="$BATS_TEST_TMPDIR/staged" PREFIX=/usr >/dev/null
	[ -x "$BATS_TEST_TMPDIR/staged/usr/bin/sockvet" ]
	[ -f "$BATS_TEST_TMPDIR/staged/usr/share/man/man8/sockvet.8" ]
	[ "$(find "$BATS_TEST_TMPDIR/staged" -type f | wc -l)" -eq 5 ]
	make -s uninstall DESTDIR="$BATS_TEST_TMPDIR/staged" PREFIX=/usr >/dev/null
	[ "$(find "$BATS_TEST_TMPDIR/staged" -type f | wc -l)" -eq 0 ]
}

@test "the last of -a and -l decides" {
	[ "$("$SOCKVET" list -tal --json | jq '[.sockets[] | select(.state != "LISTEN")] | length')" -eq 0 ]
	run --separate-stderr "$SOCKVET" -tla
	[ "$status" -eq 0 ]
}

@test "help is at most 80 columns wide" {
	for command in "" $("$SOCKVET" tables commands | cut -f1); do
		# shellcheck disable=SC2086
		[ "$("$SOCKVET" $command --help | awk '{ if (length > m) m = length } END { print m }')" -le 80 ]
	done
}

@test "a short option takes its value with or without =, as the long one does" {
	local form
	for form in -C=LPORT -CLPORT "-C LPORT" --columns=LPORT; do
		# shellcheck disable=SC2086
		run --separate-stderr "$SOCKVET" list -tlnH $form --top=0
		[[ $stderr == *"--top takes"* ]]
		run --separate-stderr "$SOCKVET" list -tln $form sport = :1
		[ "$status" -eq 0 ]
		[ "$output" = Port ] || [ "$output" = LPORT ] || [ "$(wc -w <<<"$output")" -eq 1 ]
	done
	for form in -c=0.01 -c0.01 "-c 0.01" --continuous=0.01; do
		# shellcheck disable=SC2086
		[ "$(timeout 20 "$SOCKVET" list $form -tlnH --jsonl sport = :1 2>/dev/null | head -n 5 | jq -r .type | tr '\n' ' ')" = "header trailer header trailer header " ]
	done
}

@test "numbers of options are decimal digits" {
	local word option
	for word in 0x10 1e1 +5 ' 5' '5 ' inf nan 5. .5 -5 '' 1,5; do
		for option in --deadline= --continuous= --top=; do
			[ "$option$word" != --continuous= ] || continue
			run --separate-stderr timeout 20 "$SOCKVET" list -tln "$option$word"
			[ "$status" -eq 3 ] && [[ $stderr == "sockvet: -"*" takes "* ]] || { echo "$option$word: $stderr"; return 1; }
		done
		run --separate-stderr "$SOCKVET" list -K --max="$word" sport = :1
		[ "$status" -eq 3 ] && [[ $stderr == *"--max takes"* ]]
		run --separate-stderr "$SOCKVET" bind --uid="$word" 1
		[ "$status" -eq 3 ] && [[ $stderr == *"--uid takes"* ]]
		[ -z "$word" ] && continue
		run --separate-stderr "$SOCKVET" bind "$word"
		[ "$status" -eq 3 ]
	done
	run --separate-stderr "$SOCKVET" list -tln --deadline 010.50 --top 01 sport = :1
	[ "$status" -eq 0 ]
}
