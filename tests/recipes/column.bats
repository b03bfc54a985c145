#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# README says that one row makes a column. A copy of the tree gets one and is built.

ROW='	{ .name = "BACKOFF", .heading = "Backoff", .kind = KIND_NUMBER,
	  SOCK(flow.backoff), .have = HAVE_FLOW, .need = NEED_FLOW, .member = "backoff",
	  .word = "backoff", .help = "how often the time to the next retransmission was doubled" },'

# The tree with what is built of it, so that only the changed file is compiled.
setup_file() {
	local tree=$BATS_FILE_TMPDIR/tree built=${BUILD:-build}
	cd "$BATS_TEST_DIRNAME/../.."
	[ -x "$built/sockvet" ] || { echo "$built/sockvet is not built"; return 1; }
	mkdir -p "$tree/build"
	cp -a Makefile src man completions "$tree"
	mkdir -p "$tree/tests"
	cp -a tests/shell tests/golden "$tree/tests"
	cp -a "$built"/{base,model,value,words,collect,judge,print,cmd,main.o,main.d,flags.mk,bpf.is} "$tree/build"
	touch -r "$tree/build/flags.mk" "$tree/Makefile"
	sed -i "s|$built/|build/|g" "$tree"/build/main.d "$tree"/build/*/*.d
	awk -v row="$ROW" '{ print } /^static const struct column columns\[\] = \{/ { on = 1 }
		on && /\.help = "network namespace:/ { print row; on = 0 }' \
		src/value/column.c > "$tree/src/value/column.c"
	(($(wc -l < "$tree/src/value/column.c") == $(wc -l < src/value/column.c) + 3))
	make -C "$tree" O=build build/sockvet >"$BATS_FILE_TMPDIR/made" 2>&1 || { cat "$BATS_FILE_TMPDIR/made"; return 1; }
	! grep -i warning "$BATS_FILE_TMPDIR/made"
}

setup() {
	cd "$BATS_FILE_TMPDIR/tree"
	export SOCKVET=$PWD/build/sockvet
}

# What it lists of a recording with sockets in every state, some of them retransmitting.
listed() {
	"$SOCKVET" list -ta --from tests/golden/every-state/recording "$@"
}

@test "only the file of the table is compiled again" {
	[ "$(grep -c '^ *CC ' "$BATS_FILE_TMPDIR/made")" -eq 1 ]
}

@test "the column is in the table and its help, and has its values" {
	"$SOCKVET" tables columns | grep -qx $'BACKOFF\thow often the time to the next retransmission was doubled'
	listed -C STATE,BACKOFF | grep -qxE 'LAST-ACK +2'
	listed -C STATE,BACKOFF | grep -qxE 'TIME-WAIT +-'
}

@test "CSV has it by the name of its member" {
	listed -C STATE,BACKOFF --csv | head -1 | grep -qx 'state,backoff'
	listed -C STATE,BACKOFF --csv | grep -qxE 'LAST_ACK,2'
}

@test "JSON has it, and null where it is not known" {
	listed --json | jq -e '[.sockets[] | select(.state == "LAST_ACK").backoff] == [2]'
	listed --json | jq -e '[.sockets[] | select(.state == "TIME_WAIT")] | length > 0 and all(has("backoff") and .backoff == null)'
}

@test "it is a word of filters" {
	"$SOCKVET" tables filters | grep -q $'^backoff\t= != > < >= <=\ta number\t'
	[ "$(listed -H -C STATE 'backoff >= 1' | sort | xargs)" = 'CLOSING FIN-WAIT-1 LAST-ACK' ]
	[ -z "$(listed -H 'backoff > 1000')" ]
	run listed 'backoff = often'
	[ "$status" -eq 3 ]
	[[ $output == *'expected a number'* ]]
}

@test "it is a key of --by" {
	listed --by backoff | head -1 | grep -qE '^ *BACKOFF +COUNT'
	listed --by backoff --json | jq -e '.by == ["backoff"] and ([.groups[].backoff] | index(null) != null and any(. != null and . >= 1))'
	listed --by backoff --csv | head -1 | grep -qx 'backoff,count,recv_queue_bytes,send_queue_bytes'
}

@test "it is sorted by as a number, the unknown last" {
	listed --sort -BACKOFF --json | jq -e '[.sockets[].backoff] | . == ((map(select(. != null)) | sort | reverse) + map(select(. == null)))'
}

@test "the shells complete it" {
	run bats -f 'bash: each column is offered' tests/shell/completions.bats
	[ "$status" -eq 0 ]
	[[ $(bash --norc -c 'source completions/sockvet.bash; PATH=$PWD/build:$PATH
		COMP_WORDS=(sockvet list -C BACK) COMP_CWORD=3; _sockvet sockvet BACK -C
		printf "%s\n" "${COMPREPLY[@]}"') == BACKOFF* ]]
}

@test "the man page lacks it until it has a line" {
	command -v mandoc >/dev/null || skip "MANDOC IS MISSING: the man page is not checked (apt install mandoc)"
	run bats -f 'man page has each column' tests/shell/man.bats
	[ "$status" -ne 0 ]
	[[ $output == *BACKOFF* ]]
	sed -i 's/^\.It NETNS$/.It BACKOFF\nHow often the time to the next retransmission was doubled.\n&/' man/sockvet.8
	run bats -f 'man page has each column' tests/shell/man.bats
	[ "$status" -eq 0 ]
}
