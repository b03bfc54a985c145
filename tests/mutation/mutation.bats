#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A sample of `make mutation`, the same each time as long as the rules are the same.
# MUTATION_SAMPLE=400 MUTATION_SEED=2 bats tests/mutation/mutation.bats takes another, larger one.

: "${BUILD:=$BATS_TEST_DIRNAME/../../build}"

# A build that watches itself is slow, and proves the same.
setup() {
	! nm "$BUILD/judge.a" 2>/dev/null | grep -qE '__(asan|tsan|msan|gcov)' || skip "an instrumented build"
}

@test "each change of a rule is noticed by some test" {
	run python3 -B "$BATS_TEST_DIRNAME/run.py" --build "$BUILD" --sample "${MUTATION_SAMPLE:-40}" \
		--seed "${MUTATION_SEED:-1}"
	echo "$output"
	[ "$status" -eq 0 ]
}
