#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A sample of `make torture`: one failure in a hundred and some, of allocations and system calls, for every command.

: "${SOCKVET:=$BATS_TEST_DIRNAME/../../build/sockvet}"
: "${BUILD:=$BATS_TEST_DIRNAME/../../build}"

setup() {
	[ -x "$SOCKVET" ] || { echo "no sockvet at $SOCKVET"; return 1; }
	[ "$(uname -m)" = x86_64 ] || skip "CALLS FAIL ON x86-64 ONLY: tests/torture/fail.c knows no other registers"
	unshare -Urnpf --mount-proc true 2>/dev/null || skip "this machine gives no user namespaces"
}

@test "whatever call fails: no crash, no hang, no status 0 on less, nothing left beside a recording" {
	status=0
	python3 -B "$BATS_TEST_DIRNAME/torture.py" --sockvet "$SOCKVET" --fail "$BUILD/tests/fail.so" --jobs 2 \
		--folder "$BATS_TEST_TMPDIR" --every 151 --seconds 20 >"$BATS_TEST_TMPDIR/told" 2>&1 3>&- || status=$?
	tail -n 1 "$BATS_TEST_TMPDIR/told" | sed 's/^/# /' >&3
	[ "$status" -eq 0 ] || head -n 60 "$BATS_TEST_TMPDIR/told"
	return "$status"
}
