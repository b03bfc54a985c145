#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Each fault of the table has tests, and the tests are there, run and are not skipped whatever the machine has.

TABLE=$BATS_TEST_DIRNAME/table
FAULTS="N1 N2 N3 N4 N5 N6 N7 N8 N9 N10 P1 P2 P3 P4 P5 P6 O1 O2 O3 O4 O5 R1 R2 R3 R4 T1 T2 T3 I1 I2 I3 I4 S1 S2 S3 3.4 3.5 4.1"

setup() { cd "$BATS_TEST_DIRNAME/../.." || return; }

rows() { grep -v -e '^#' -e '^$' "$TABLE"; }

tests() { rows | grep '^tests/' || true; }

@test "each fault is in the table, once, and has a test" {
	diff <(tr ' ' '\n' <<<"$FAULTS" | sort) <(rows | grep -v '^tests/' | cut -d' ' -f1 | sort)
	rows | awk '/^tests\// { count++; next } NR > 1 && !count { print "no test: " last; bad = 1 } { last = $0; count = 0 }
		END { if (!count) { print "no test: " last; bad = 1 } exit bad }'
}

@test "each test of the table exists and is part of make check" {
	local line file name suites missing=0
	suites=$(make -s O="${BUILD:-build}" -f Makefile -f - names <<<'names: ; @echo $(SUITES)' 2>/dev/null)
	while read -r line; do
		file=${line%%: *} name=${line#*: }
		case $file in
		*.bats) grep -qF "@test \"${name//\"/\\\"}\" {" "$file" && [[ " $suites " == *" $file "* ]] ;;
		*) grep -qE "cmocka_unit_test\($name\)" "$file" && [[ $file == tests/unit/test_*.c ]] ;;
		esac || { echo "not there: $line"; missing=1; }
	done < <(tests)
	[ "$missing" -eq 0 ]
}

# A test may need a tool that a machine lacks. It may not be skipped in any case.
@test "no test of the table is always skipped" {
	local line file name body
	while read -r line; do
		file=${line%%: *} name=${line#*: }
		[[ $file == *.bats ]] || continue
		body=$(awk -v name="@test \"$name\" {" 'index($0, name) == 1 { on = 1 } on { print } on && /^}/ { exit } on && /; }$/ { exit }' "$file")
		[ -n "$body" ]
		! grep -qE '^	skip( |$)' <<<"$body" || { echo "skipped: $line"; return 1; }
	done < <(tests)
}
