#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# sockvet that stays: LONG_SECONDS makes it longer, `make long` ten minutes.

: "${SOCKVET:=$BATS_TEST_DIRNAME/../../build/sockvet}"

@test "a list -c or -E that follows a busy machine does not grow or drift, and loses no event silently" {
	unshare -Urn true 2>/dev/null || skip "this machine gives no user namespaces"
	# freed memory that a sanitizer keeps back for a while is no growth
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=0:thread_local_quarantine_size_kb=0
	run python3 -B "$BATS_TEST_DIRNAME/life.py" "$SOCKVET" "${LONG_SECONDS:-4}" 3>&-
	echo "$output"
	[ -z "${LONG_SECONDS:-}" ] || sed 's/^/# /' <<<"$output" >&3
	[ "$status" -eq 0 ]
}
