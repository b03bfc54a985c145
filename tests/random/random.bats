#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Random scenarios in private namespaces: sockvet first, then the kernel itself. RANDOM_SEED repeats a run,
# RANDOM_COUNT makes a longer one: RANDOM_COUNT=3000 bats tests/random/random.bats

: "${SOCKVET:=$BATS_TEST_DIRNAME/../../build/sockvet}"

setup() {
	[ -x "$SOCKVET" ] || { echo "no sockvet at $SOCKVET"; return 1; }
	unshare -Urn true 2>/dev/null || unshare -n true 2>/dev/null || skip "this machine gives no namespaces"
}

# agrees SCRIPT OPTIONS...: the closing line is told in any case.
agrees() {
	local script=$1 status=0
	shift
	python3 -B "$BATS_TEST_DIRNAME/$script" --sockvet "$SOCKVET" --count "${RANDOM_COUNT:-200}" \
		${RANDOM_SEED:+--seed "$RANDOM_SEED"} "$@" >"$BATS_TEST_TMPDIR/told" 2>&1 || status=$?
	tail -n 3 "$BATS_TEST_TMPDIR/told" | sed 's/^/# /' >&3
	[ "$status" -eq 0 ] || head -n 200 "$BATS_TEST_TMPDIR/told"
	return "$status"
}

@test "bind: never wrong, and at least 80 % decided" {
	agrees bind.py
}

@test "bind --probe: every TCP question is decided and right" {
	agrees bind.py --probe
}

@test "bind, asked by a user who may not look into processes: never wrong" {
	[ "$(id -u)" -eq 0 ] && grep -q 4294967295 /proc/self/uid_map || skip "needs root"
	setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$SOCKVET" || skip "that user cannot run $SOCKVET"
	agrees bind.py --observer 65534
}

@test "filters: the rows of ss, wherever they are tested" {
	agrees filter.py
}

@test "connect: the truth is always inside of what was said, and with --probe exactly it" {
	agrees connect.py --probe
}
