#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels.bash again      writes what differs on each kernel anew
# bats files load it.
KERNELS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SOCKVET=$(realpath "${SOCKVET:-$KERNELS/../../build/sockvet}")

record() { python3 -B "$KERNELS/make.py" "$KERNELS/recording" "$1"; }

# A document as lines PATH = VALUE; a socket by its state and port, so that one less moves no other.
lines_of() {
	jq -r 'if .sockets then .sockets |= (map({ key: "\(.state)-\(.local.port)", value: . }) | from_entries) else . end |
		paths(type != "object" and type != "array") as $p | "\($p | map(tostring) | join(".")) = \(getpath($p) | tojson)"'
}

# All that is compared of the recording at $1.
show() {
	local words
	while read -r words; do
		local status=0
		echo "\$ sockvet $words"
		# shellcheck disable=SC2086
		"$SOCKVET" $words --from "$1" >shown 2>shown.errors || status=$?
		case $words in *--json*) lines_of <shown ;; *) cat shown ;; esac
		cat shown.errors
		echo "= $status"
	done <<-'END'
		check --json
		check --warn close-wait-leak=1ms,count=1 --warn fin-wait-2-held=1ms,count=1 --warn last-ack-stuck=1ms,count=1
		list -ta --json
		list -tanoemi
		bind 8080 --reuseaddr
		bind 9999
		connect 10.77.0.2:8080 --from-address 10.77.0.1
	END
}

# What differs of kernel $2 from what file $1 shows.
difference() { show "$2" | diff -U0 "$1" - | sed '1,2d; /^@@/d' || true; }

if [ "${1:-}" = again ]; then
	set -eu
	folder=$(mktemp -d)
	trap 'rm -rf "$folder"' EXIT
	cd "$folder"
	# a name is not read from: shellcheck takes the argument for the file
	# shellcheck disable=SC2094
	record 6.18 >6.18
	show 6.18 >6.18.shown
	python3 -B "$KERNELS/make.py" --list | while read -r kernel; do
		# shellcheck disable=SC2094
		record "$kernel" >"$kernel"
		difference 6.18.shown "$kernel" >"$KERNELS/$kernel.diff"
	done
fi
