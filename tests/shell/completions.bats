#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The completions are asked as a shell asks them, and must offer what the tables
# of the program hold.

setup() {
	SOCKVET=${SOCKVET:-build/sockvet}
	[ -x "$SOCKVET" ] || { echo "$SOCKVET is not built"; return 1; }
	PATH=$(cd "$(dirname "$SOCKVET")" && pwd):$PATH
}

names() {
	"$SOCKVET" tables "$@" | cut -f1 | grep .
}

need() {
	command -v "$1" >/dev/null || skip "${1^^} IS MISSING: its completion is not checked (apt install $1)"
}

# Each line of $1 is a line of $2.
offered() {
	local missing
	[ -n "$1" ] || { echo "nothing was expected: the table is empty"; return 1; }
	missing=$(grep -vxF -f <(printf '%s\n' "$2") <<<"$1") || return 0
	printf 'not offered: %s\n' $missing
	return 1
}

# Bash: the words typed so far; the last one is being completed.
in_bash() {
	bash --norc -c '
		source completions/sockvet.bash
		COMP_WORDS=(sockvet "$@") COMP_CWORD=$# COMPREPLY=()
		_sockvet sockvet "${@: -1}" "${@: -2:1}" || exit
		((${#COMPREPLY[@]})) && printf "%s\n" "${COMPREPLY[@]}"
		exit 0' bash "$@"
}

# Fish: the line typed so far; names only.
in_fish() {
	HOME=$BATS_TEST_TMPDIR XDG_CONFIG_HOME=$BATS_TEST_TMPDIR XDG_DATA_HOME=$BATS_TEST_TMPDIR \
	fish --no-config -c 'source completions/sockvet.fish; complete -C "$argv[1]"' "$1" | cut -f1
}

# Zsh: the line typed so far, completed in a pseudo-terminal as a person would;
# what the completion functions add is what compadd is given.
in_zsh() {
	zsh -f tests/shell/zsh-complete "$1"
}

options_of() {
	"$SOCKVET" tables options | awk -F '\t' -v command="$1" \
		'$4 == "all" || index("," $4 ",", "," command ",") { print $1 }'
}

@test "bash: the syntax is right" { need bash; bash -n completions/sockvet.bash; }
@test "zsh: the syntax is right" { need zsh; zsh -n completions/_sockvet; }
@test "fish: the syntax is right" { need fish; fish -n completions/sockvet.fish; }

@test "bash: each command is offered" {
	offered "$(names commands)" "$(in_bash '')"
}

@test "bash: each option is offered to its command" {
	for command in $(names commands); do
		offered "$(options_of "$command")" "$(in_bash "$command" --)"
		offered "$("$SOCKVET" tables options | awk -F '\t' -v c="$command" \
			'$2 && index("," $4 ",", "," c ",") { print $2 }')" "$(in_bash "$command" -)"
	done
}

@test "bash: an option of another command is not offered" {
	[[ $'\n'$(in_bash explain --)$'\n' != *$'\n'--columns$'\n'* ]]
}

@test "bash: without a command each option of check or list is offered" {
	offered "$(options_of check; options_of list)" "$(in_bash --)"
}

@test "bash: each column is offered, alone, behind a comma, behind +" {
	offered "$(names columns)" "$(in_bash list -C '')"
	offered "$(names columns)" "$(in_bash list --columns = '')"
	offered "$(names columns)" "$(in_bash list -tanpC '')"
	offered "$(names columns | sed 1d | sed "s/^/+$(names columns | head -1),/")" \
		"$(in_bash list -C "+$(names columns | head -1),")"
}

@test "bash: a column is offered once" {
	local first
	first=$(names columns | head -1)
	[[ $'\n'$(in_bash list -C "$first,")$'\n' != *$'\n'"$first,$first"$'\n'* ]]
}

@test "bash: each finding is offered to --warn and --crit" {
	offered "$(names findings | sed 's/$/=/')" "$(in_bash check --warn '')"
	offered "$(names findings | sed 's/$/=/')" "$(in_bash check --crit '')"
	offered close-wait-leak= "$(in_bash check --crit close-w)"
}

@test "bash: a value of a threshold is not taken for a finding" {
	[ -z "$(in_bash check --warn close-wait-leak = '')" ]
}

@test "bash: each state is offered behind state and exclude, in any case and spelling" {
	offered "$(names states)" "$(in_bash list state '')"
	offered "$(names states)" "$(in_bash list -a exclude '')"
	offered "$(names states)" "$(in_bash check state '')"
	[ "$(in_bash list state FIN_WAIT_2)" = "$(names states | grep -x fin-wait-2)" ]
}

@test "bash: each word of a filter is offered, and behind finding each finding" {
	offered "$(names filters)" "$(in_bash list '')"
	offered "$(names filters)" "$(in_bash check -q state listening '')"
	offered "$(names findings)" "$(in_bash check finding '')"
	[ "$(in_bash list autob)" = autobound ]
}

@test "bash: each topic of explain and each table is offered" {
	offered "$(names topics)" "$(in_bash explain '')"
	offered "$(names)" "$(in_bash tables '')"
	[ "$(in_bash explain close_wai)" = CLOSE_WAIT ] || offered CLOSE_WAIT "$(in_bash explain close_wai)"
}

@test "bash: --color has its values" {
	[ "$(in_bash check --color '' | sort | tr '\n' ' ')" = "always auto never " ]
}

@test "bash: files are offered to --from, --record and record, blanks included" {
	touch "$BATS_TEST_TMPDIR/a file.sockvet"
	for words in 'list --from' 'check --record' record; do
		# shellcheck disable=SC2086
		[ "$(in_bash $words "$BATS_TEST_TMPDIR/a")" = "$BATS_TEST_TMPDIR/a file.sockvet" ]
	done
	[ "$(in_bash list --from = "$BATS_TEST_TMPDIR/a")" = "$BATS_TEST_TMPDIR/a file.sockvet" ]
}

@test "bash: namespaces and processes are offered to -N" {
	offered "$$" "$(in_bash check -N '')"
	for name in /run/netns/*; do
		[ ! -e "$name" ] || offered "${name##*/}" "$(in_bash check --netns '')"
	done
}

@test "bash: a program that is not there makes completion print no error" {
	run bash --norc -c 'source completions/sockvet.bash
		COMP_WORDS=(/nowhere/sockvet --) COMP_CWORD=1
		_sockvet /nowhere/sockvet -- /nowhere/sockvet' 2>&1
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "fish: each command is offered" {
	need fish
	offered "$(names commands)" "$(in_fish 'sockvet ')"
}

@test "fish: each option is offered to its command" {
	need fish
	for command in $(names commands); do
		offered "$(options_of "$command")" "$(in_fish "sockvet $command --")"
	done
	offered "$(options_of check; options_of list)" "$(in_fish 'sockvet --')"
}

@test "fish: an option of another command is not offered" {
	need fish
	[[ $'\n'$(in_fish 'sockvet explain --')$'\n' != *$'\n'--columns$'\n'* ]]
}

@test "fish: each column is offered, alone, behind a comma, behind +" {
	need fish
	offered "$(names columns)" "$(in_fish 'sockvet list -C ')"
	offered "$(names columns | sed 1d | sed "s/^/+$(names columns | head -1),/")" \
		"$(in_fish "sockvet list -C +$(names columns | head -1),")"
}

@test "fish: each finding, state, topic and table is offered" {
	need fish
	offered "$(names findings | sed 's/$/=/')" "$(in_fish 'sockvet check --warn ')"
	offered "$(names states)" "$(in_fish 'sockvet list state ')"
	offered "$(names filters)" "$(in_fish 'sockvet list -t ')"
	offered "$(names findings)" "$(in_fish 'sockvet check finding ')"
	offered "$(names topics)" "$(in_fish 'sockvet explain ')"
	offered "$(names)" "$(in_fish 'sockvet tables ')"
}

@test "fish: files are offered where they belong, and only there" {
	need fish
	[[ $'\n'$(in_fish 'sockvet ')$'\n' != *$'\nREADME.md\n'* ]]
	touch "$BATS_TEST_TMPDIR/a.sockvet"
	offered "$BATS_TEST_TMPDIR/a.sockvet" "$(in_fish "sockvet list --from $BATS_TEST_TMPDIR/a.s")"
	offered "$BATS_TEST_TMPDIR/a.sockvet" "$(in_fish "sockvet record $BATS_TEST_TMPDIR/a.s")"
}

@test "zsh: each command, option, column, finding, state, topic and table is offered" {
	need zsh
	offered "$(names commands)" "$(in_zsh 'sockvet ')"
	for command in $(names commands); do
		offered "$(options_of "$command")" "$(in_zsh "sockvet $command --")"
	done
	offered "$(names columns)" "$(in_zsh 'sockvet list -C ')"
	offered "$(names columns | sed 1d)" "$(in_zsh "sockvet list -C +$(names columns | head -1),")"
	offered "$(names findings)" "$(in_zsh 'sockvet check --warn ')"
	offered "$(names states)" "$(in_zsh 'sockvet list -t state ')"
	offered "$(names filters)" "$(in_zsh 'sockvet list -t ')"
	offered "$(names findings)" "$(in_zsh 'sockvet check finding ')"
	offered "$(names topics)" "$(in_zsh 'sockvet explain ')"
	offered "$(names)" "$(in_zsh 'sockvet tables ')"
}

@test "zsh: a state is found in another spelling" {
	need zsh
	[ "$(in_zsh 'sockvet list state FIN_WAIT_2')" = fin-wait-2 ]
	[ "$(in_zsh 'sockvet explain close-w')" = CLOSE_WAIT ] ||
		offered CLOSE_WAIT "$(in_zsh 'sockvet explain close-w')"
}
