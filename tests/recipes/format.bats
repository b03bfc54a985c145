#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The README's recipe for a format of list, followed in a copy of the tree: the new one counts what it was given.

setup_file() {
	local source=$BATS_TEST_DIRNAME/../.. build=${BUILD:-build} file
	export TREE=$BATS_FILE_TMPDIR/tree
	mkdir "$TREE"
	cp -a "$source"/{Makefile,README.md,src,man,completions,tests} "$TREE"
	cp -a "$build" "$TREE/build"
	cd "$TREE" || return 1
	# a word in enum format
	sed -i 's/^\tFORMAT_COUNT,$/\tFORMAT_TOTAL,\n&/' src/print/print.h
	# a row with the functions that write rows and groups
	sed -i '/\[FORMAT_PIDS\] *=/a\	[FORMAT_TOTAL] = { "total", "how many there are (list)", \&total_format, group_total },' src/print/listing.c
	sed -i 's/^extern const struct listing_format table_format;.*/&\nextern const struct listing_format total_format;/' src/print/listing.h
	sed -i 's/^void group_text(.*/&\nvoid group_total(const struct group_page *view);/' src/print/listing.h
	cat >src/print/total.c <<-'C'
		/* SPDX-License-Identifier: GPL-2.0-or-later */
		#include "print/listing.h"

		static void begin(struct listing *listing)
		{
			(void)listing;
		}

		static void row(struct listing *listing, const struct sock *sock)
		{
			(void)listing;
			(void)sock;
		}

		static void end(struct listing *listing)
		{
			out_f(listing->out, "%llu sockets\n", (unsigned long long)listing->rows);
		}

		const struct listing_format total_format = { .begin = begin, .row = row, .end = end };

		void group_total(const struct group_page *view)
		{
			out_f(view->page.out, "%zu groups\n", view->shown);
		}
	C
	# an option of that name
	sed -i '/^\t{ "pids", /i\	{ "total", 0, NULL, FOR_LIST, SECTION_FORM, "how many there are", FORM(FORMAT_TOTAL) },' src/cmd/options.c
	# a line in the manual
	sed -i 's/^\.It Fl -pids$/.It Fl -total\nHow many there are.\n&/' man/sockvet.8
	make -s -j2 ${CC:+CC="$CC"} O=build build/sockvet >"$BATS_FILE_TMPDIR/make" 2>&1 || { cat "$BATS_FILE_TMPDIR/make"; return 1; }
	grep -i warning "$BATS_FILE_TMPDIR/make" && return 1
	export SOCKVET=$TREE/build/sockvet FROM=$TREE/tests/golden/every-state/recording
}

@test "a format that is added writes rows and groups" {
	[ "$("$SOCKVET" list -ta --from "$FROM" --total)" = "$("$SOCKVET" list -taH --from "$FROM" | wc -l) sockets" ]
	[ "$("$SOCKVET" list -ta --from "$FROM" --by state --total)" = "$("$SOCKVET" list -taH --from "$FROM" --by state | wc -l) groups" ]
}

@test "a format that is added excludes what the other formats exclude" {
	local pair
	for pair in "--total --json" "--csv --total" "--total -i" "-K --total" "-s --total" "-E --total" "-r --total"; do
		# shellcheck disable=SC2086
		run "$SOCKVET" list $pair
		echo "$pair: $output"
		[ "$status" -eq 3 ] && [[ $output == *"cannot be used together"* ]] && [ "${#lines[@]}" -eq 1 ]
	done
	run "$SOCKVET" check --total
	[ "$status" -eq 3 ] && [[ $output == *"check has no option --total; list has it"* ]]
}

@test "a format that is added is in --help, the tables, the completion and the manual" {
	"$SOCKVET" list --help | grep -q -- '--total  *how many there are'
	"$SOCKVET" tables formats | grep -q '^total	'
	cd "$TREE"
	bash --norc -c 'PATH=$1:$PATH; source completions/sockvet.bash
		COMP_WORDS=(sockvet list --tot) COMP_CWORD=2 COMPREPLY=(); _sockvet sockvet --tot list
		[ "${COMPREPLY[*]}" = --total ]' sh "$TREE/build"
	bats -f 'man page has each option' tests/shell/man.bats
}
