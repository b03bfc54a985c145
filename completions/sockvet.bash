# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of sockvet. It holds no lists: commands, options, columns, findings, states,
# topics and filter words come from the program that is being completed (sockvet tables). The
# name of an option's argument decides which values are offered.
# shellcheck shell=bash

# Prints the names (first fields) in the table $1, one a line; without $1 the names of the tables.
__sockvet_names()
{
	"$__sockvet" tables "$@" 2>/dev/null | cut -f1
}

# Adds to COMPREPLY the lines of stdin that begin with $1, in any case and with "-" or "_".
# $2 is put in front of each and $3 behind it.
__sockvet_offer()
{
	local name begin=${1//[-_]/} flat

	while IFS= read -r name; do
		flat=${name//[-_]/}
		[[ -n $name && ${flat^^} == "${begin^^}"* ]] && COMPREPLY+=("$2$name$3")
	done
}

# Prints the options of the command $1 (empty: check or list), as "--long 0x1f -s 0x1f ARGUMENT",
# because read would lose empty fields between tabs.
__sockvet_options()
{
	local long short argument commands row

	"$__sockvet" tables options 2>/dev/null | tr '\t' '\037' |
	while IFS=$'\037' read -r long short argument commands _; do
		row=$long$'\037'$short$'\037'$argument
		case ,$commands, in
		,all, | *",${1:-check},"*) printf '%s\n' "$row" ;;
		*,list,*) [[ -z $1 ]] && printf '%s\n' "$row" ;;
		esac
	done
}

# Sets $argument to the name of the argument that option $2 of command $1 takes. Of a word like
# -tanpC the last letter counts. Fails when the option takes no argument.
__sockvet_argument()
{
	local long short option=$2

	[[ $option == -[!-]* ]] && option=-${option: -1}
	while IFS=$'\037' read -r long short argument; do
		[[ -n $argument && ( $option == "$long" || $option == "$short" ) ]] && return
	done < <(__sockvet_options "$1")
	return 1
}

__sockvet_files()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# Completes the value $2 of an option whose argument is called $1.
__sockvet_value()
{
	local before path

	case $1 in
	*FILE*)
		__sockvet_files "$2" ;;
	*WHEN*)
		__sockvet_offer "$2" < <(printf '%s\n' auto always never) ;;
	ID=*)
		compopt -o nospace 2>/dev/null
		__sockvet_offer "$2" '' = < <(__sockvet_names findings) ;;
	*NAME,*)
		compopt -o nospace 2>/dev/null
		before=${2%"${2##*[,+]}"}
		__sockvet_offer "${2##*[,+]}" "$before" < <(
			__sockvet_names columns | while IFS= read -r path; do
				[[ ,${before#+} == *",$path,"* ]] || printf '%s\n' "$path"
			done) ;;
	DEVICE)
		__sockvet_offer "$2" < <(ls /sys/class/net 2>/dev/null) ;;
	*PID*)
		if [[ $2 == */* ]]; then
			__sockvet_files "$2"
		else
			__sockvet_offer "$2" < <(for path in /run/netns/* /proc/[1-9]*; do
				[[ -e $path ]] && printf '%s\n' "${path##*/}"
			done)
		fi ;;
	esac
}

# Completes $3, a word of command $1 that is not an option, behind the word $2.
__sockvet_word()
{
	case $1 in
	explain)
		__sockvet_offer "$3" < <(__sockvet_names topics) ;;
	record | bind)
		__sockvet_files "$3" ;;
	connect)
		mapfile -t COMPREPLY < <(compgen -A hostname -- "$3") ;;
	tables)
		__sockvet_offer "$3" < <(__sockvet_names) ;;
	check | list | '')
		if [[ $2 == state || $2 == exclude ]]; then
			__sockvet_offer "$3" < <(__sockvet_names states)
		elif [[ $2 == finding ]]; then
			__sockvet_offer "$3" < <(__sockvet_names findings)
		else
			__sockvet_offer "$3" < <(__sockvet_names filters)
		fi ;;
	esac
}

_sockvet()
{
	local __sockvet=${1:-sockvet} cur prev command='' argument=''
	local at=$COMP_CWORD

	COMPREPLY=()
	__sockvet=${__sockvet/#\~\//$HOME/}
	cur=${COMP_WORDS[at]}
	prev=${COMP_WORDS[at - 1]}
	# readline cuts words at "=": --from=x is three of them
	if [[ $cur == = ]]; then
		cur=
		[[ $prev == --* ]] || return 0
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[at - 2]}
		[[ $prev == --* ]] || return 0
	fi
	if ((at > 1)) && __sockvet_names commands | grep -qxF -e "${COMP_WORDS[1]}"; then
		command=${COMP_WORDS[1]}
	fi

	if [[ $prev == -* ]] && __sockvet_argument "$command" "$prev"; then
		__sockvet_value "$argument" "$cur"
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W \
			"$(__sockvet_options "$command" | cut -d $'\037' -f1,2 | tr '\037' '\n')" -- "$cur")
	else
		((at == 1)) && __sockvet_offer "$cur" < <(__sockvet_names commands)
		__sockvet_word "$command" "$prev" "$cur"
	fi
	return 0
}

complete -F _sockvet sockvet
