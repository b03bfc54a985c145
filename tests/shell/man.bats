#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The man page against the tables of the program: whoever adds a row there is
# told here that the page does not describe it yet.

setup() {
	SOCKVET=${SOCKVET:-build/sockvet}
	[ -x "$SOCKVET" ] || { echo "$SOCKVET is not built"; return 1; }
	PAGE=man/sockvet.8
}

# Names of a table, first fields; fails when the program prints none.
names() {
	"$SOCKVET" tables "$1" | cut -f1 | grep .
}

# The page as a reader sees it: one line, no overstriking, one blank at a time.
rendered() {
	mandoc -T ascii -O width=200 "$PAGE" | col -b | tr -s ' \n' ' '
}

# Each name of table $1 stands in the page as a word of its own.
described() {
	local missing='' name list text
	list=$(names "$1")
	text=$(rendered)
	while IFS= read -r name; do
		grep -qE -e "(^|[^A-Za-z0-9_-])$name([^A-Za-z0-9_-]|\$)" <<<"$text" ||
			missing+=" $name"
	done <<<"$list"
	[ -z "$missing" ] || { echo "$PAGE does not describe these $1:$missing"; return 1; }
}

# The part of the page's source below the section heading $1.
section() {
	awk -v heading=".Sh $1" '$0 == heading { on = 1; next } /^\.Sh / { on = 0 } on' "$PAGE"
}

need_mandoc() {
	command -v mandoc >/dev/null || skip "MANDOC IS MISSING: the man page is not checked (apt install mandoc)"
}

@test "the man page has no error that mandoc sees" {
	need_mandoc
	run mandoc -T lint -W warning "$PAGE"
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "the man page has each command" { need_mandoc; described commands; }
@test "the man page has each option" { need_mandoc; described options; }
@test "the man page has each column" { need_mandoc; described columns; }
@test "the man page has each finding" { need_mandoc; described findings; }
@test "the man page has each state" { need_mandoc; described states; }
@test "the man page has each table" {
	need_mandoc
	local missing='' name text
	text=$(rendered)
	for name in $("$SOCKVET" tables); do
		[[ $text == *" $name"[,\;\ ]* ]] || missing+=" $name"
	done
	[ -z "$missing" ] || { echo "not described:$missing"; return 1; }
}

@test "a short option in the man page is the one of the table" {
	local wrong='' name short
	while IFS=$'\037' read -r name short _; do
		[ -n "$short" ] || continue
		grep -qE -e "^\.It Fl ${short#-} , Fl -${name#--}( |\$)" "$PAGE" ||
			wrong+=" $short,$name"
	done < <("$SOCKVET" tables options | tr '\t' '\037')
	[ -z "$wrong" ] || { echo "no line '.It Fl X , Fl -name' for:$wrong"; return 1; }
}

@test "the man page describes no option that does not exist" {
	local unknown='' name list
	list=$(names options)
	for name in $(grep -E '^\.It Fl' "$PAGE" | grep -oE 'Fl -[a-z0-9-]+' | cut -d' ' -f2 | sort -u); do
		grep -qxF -e "-$name" <<<"$list" || unknown+=" -$name"
	done
	[ -z "$unknown" ] || { echo "not in the table:$unknown"; return 1; }
}

@test "the man page describes no column that does not exist" {
	local unknown='' name list
	list=$(names columns)
	for name in $(section COLUMNS | sed -n 's/^\.It //p'); do
		grep -qxF -e "$name" <<<"$list" || unknown+=" $name"
	done
	[ -z "$unknown" ] || { echo "not in the table:$unknown"; return 1; }
}

@test "the man page describes no finding that does not exist" {
	local unknown='' name list
	list=$(names findings)
	for name in $(section FINDINGS | sed -n 's/^\.It Cm //p'); do
		grep -qxF -e "$name" <<<"$list" || unknown+=" $name"
	done
	[ -z "$unknown" ] || { echo "not in the table:$unknown"; return 1; }
}

@test "a default threshold in the man page is the one of the program" {
	local wrong='' id title warn crit least subject want
	while IFS=$'\037' read -r id title warn crit least subject; do
		want=".D1 $warn ${crit/%inf*/never} $least"
		[ "$(section FINDINGS | awk -v it=".It Cm $id" \
			'$0 == it { on = 1 } on && /^\.D1 / { print; exit }')" = "$want" ] ||
			wrong+=$'\n'"$id: $want"
	done < <("$SOCKVET" tables findings | tr '\t' '\037')
	[ -z "$wrong" ] || { echo "$PAGE should say:$wrong"; return 1; }
}

@test "an example in the man page has only options that its command takes" {
	local line command word rows wrong=''
	rows=$("$SOCKVET" tables options)
	while IFS= read -r line; do
		command=$(awk '{ print $2 }' <<<"$line")
		for word in $line; do
			[[ $word == --* ]] || continue
			grep -qE -e "^${word%%=*}"$'\t[^\t]*\t[^\t]*\t'"([a-z,]*,)?$command(,|"$'\t)' <<<"$rows" ||
				wrong+=$'\n'"$line"
		done
	done < <(section EXAMPLES | grep -oE 'sockvet (check|list|record) [^|]*')
	[ -z "$wrong" ] || { echo "not accepted:$wrong"; return 1; }
}

# Sysctls, socket options and calls behind "Cure :" of a finding.
cures_of() {
	section FINDINGS | awk -v it=".It Cm $1" '
		/^\.It / { on = $0 == it; cure = 0 } /^\.Em Cure/ { cure = on } /^\.D1/ { cure = 0 }
		cure && /^\.(Va|Dv|Fn) / { print $2 }'
}

@test "each cure that the man page names is in the rows of its finding" {
	local id word strange='' all=''
	for id in $(names findings); do
		all+=$(cures_of "$id")
		for word in $(cures_of "$id"); do
			"$SOCKVET" explain "$id" | tr -s ' \n' ' ' | grep -qF -e "${word##*.}" || strange+=" $id: $word"
		done
	done
	[ -n "$all" ]
	[ -z "$strange" ] || { echo "$strange"; return 1; }
}
