#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make.bash NAME SITUATION [KEY=VALUE...]  makes the situation in a private
#     namespace and records it as the folder NAME, with what sockvet says now
# make.bash ask FOLDER                     answers to the lines of FOLDER/asks
# make.bash again                          writes all expectations anew
set -eu
golden=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$golden/../.." && pwd)
: "${SOCKVET:=$top/build/sockvet}" "${SITUATION:=$top/build/tests/situation}"
export SOCKVET SITUATION

# Each line of `asks` is a command; its output and status, one behind the other.
ask() {
	local words status
	while IFS= read -r words; do
		status=0
		echo "\$ sockvet $words"
		# shellcheck disable=SC2086
		"$SOCKVET" $words --from "$1/recording" 2>/dev/null || status=$?
		echo "= $status"
	done <"$1/asks"
}

expect() {
	local status=0 args=()
	[ ! -f "$1/args" ] || read -r -a args <"$1/args"
	"$SOCKVET" check --json "${args[@]}" --from "$1/recording" >"$1/expect.json" 2>/dev/null || status=$?
	echo "$status" >"$1/exit"
	"$SOCKVET" check "${args[@]}" --from "$1/recording" >"$1/expect.text" 2>/dev/null || true
	"$SOCKVET" list -tanoe --from "$1/recording" >"$1/list.text" 2>/dev/null || true
	[ ! -f "$1/asks" ] || ask "$1" >"$1/asks.expect"
}

if [ "${1:-}" = ask ]; then
	ask "$2"
	exit
fi

if [ "${1:-}" = again ]; then
	for folder in "$golden"/*/; do expect "${folder%/}"; done
	exit
fi

name=$1
shift
mkdir -p "$golden/$name"
rm -f "$golden/$name/recording"
# shellcheck disable=SC2016
unshare -Urnpf --mount-proc bash -c '
	file=$1; shift
	coproc "$SITUATION" "$@"
	pid=$COPROC_PID
	read -r -t 30 line <&"${COPROC[0]}"
	case $line in READY*) ;; *) echo "not ready: $line" >&2; exit 1 ;; esac
	# With args there is something to find: an age may still have to come.
	for _ in {1..50}; do
		[ -f "${file%/*}/args" ] || break
		"$SOCKVET" check -q $(cat "${file%/*}/args") >/dev/null 2>&1 || break
		sleep 0.1
	done
	"$SOCKVET" record -q "$file"
	exec {COPROC[1]}>&-
	wait "$pid"' make "$golden/$name/recording" "$@"
chmod 0644 "$golden/$name/recording"
expect "$golden/$name"
