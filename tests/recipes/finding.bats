#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A finding that is added as README says: a row and a file beside it, in a copy of the tree that is built. A busy machine
# must not hide what it is about.

load ../lab/lab.bash

: "${BUILD:=$BATS_TEST_DIRNAME/../../build}"

# Two rules about the states that most sockets are in: one whose findings are groups by its key, and one with a way of its own.
theory='/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/weigh.h"

PICKS(many_to_port)
{
	return s->remote_port == 444;
}

FACTS(many_to_port)
{
	facts_number(&f->facts, "seen", FACT_COUNT, (double)w->seen->socks.count);
}

WEIGH(many_waiting)
{
	struct finding *f = report_add(report, "many-waiting");

	for (uint32_t i = 0; i < seen->socks.count; i++)
		if (seen->socks.at[i].state == STATE_TIME_WAIT && seen->socks.at[i].remote_port == 445)
			concern(f, seen, i);
	f->severity = threshold_level(t, (double)f->count);
	f->subject.kind = SUBJECT_NETNS;
}
'

# row ID MEMBERS: what is judged. words ID: what is said.
row() {
	printf '\t}, {\n\t\t.id = "%s", .measure = MEASURE_COUNT, .usual = { 40, 4000, 1 },\n\t\t%s\n' "$1" "$2"
}
words() {
	printf '\t{\n\t\t.id = "%s", .title = "t", .about = "netns", .why = "w",\n' "$1"
	printf '\t\t.cause = { { NULL, "{count|connection|connections} counted" } },\n'
	printf '\t\t.fix = { { NULL, "Have fewer." } }, .avoid = { { NULL, "None." } },\n\t},\n'
}

add_findings() {
	local rules words
	rules=$(<src/judge/rules.c)
	words=$(<src/words/findings.c)
	echo "$theory" > src/judge/many.c
	sed -i 's/^WEIGH(close_wait);/&\nPICKS(many_to_port);\nFACTS(many_to_port);\nWEIGH(many_waiting);/' src/judge/weigh.h
	{
		echo "${rules%$'\n\t},\n};'*}"
		row many-to-port '.states = STATE_BIT(STATE_ESTABLISHED), .picks = picks_many_to_port, .key = KEY_DESTINATION, .facts = facts_many_to_port,'
		row many-waiting '.states = STATE_BIT(STATE_TIME_WAIT), .weigh = weigh_many_waiting,'
		echo $'\t},\n};'"${rules#*$'\n\t},\n};'}"
	} > src/judge/rules.c
	{
		echo "${words%$'\n};\n\nconst struct finding_words'*}"
		words many-to-port
		words many-waiting
		echo $'};\n\nconst struct finding_words'"${words#*$'\n};\n\nconst struct finding_words'}"
	} > src/words/findings.c
}

# 5,000 ESTABLISHED, 50 of them to port 444, and 50 TIME_WAIT to port 445.
busy='
import resource, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
kept = []
def connect(port, count, close):
    s = socket.socket()
    s.bind(("127.0.1.1", port))
    s.listen(4096)
    kept.append(s)
    for _ in range(count):
        c = socket.create_connection(("127.0.1.1", port))
        a, _ = s.accept()
        if close:
            c.close()
            a.close()
        else:
            kept.append((c, a))
connect(443, 2450, False)
connect(444, 50, False)
connect(445, 50, True)
print("READY", flush=True)
sys.stdin.readline()
'

@test "a finding about ESTABLISHED and one about TIME_WAIT that are added by a row are there among 5,000 connections" {
	local tree=$BATS_TEST_TMPDIR/tree
	mkdir "$tree"
	cp -a "$BATS_TEST_DIRNAME"/../../{Makefile,src,man,completions} "$tree"
	cp -a "$BUILD" "$tree/build" 2>/dev/null || true    # what did not change need not be built again
	(cd "$tree" && add_findings && make -j2 O=build build/sockvet) > "$BATS_TEST_TMPDIR/log" 2>&1 3>&- ||
		{ tail -n 20 "$BATS_TEST_TMPDIR/log"; false; }
	SOCKVET=$tree/build/sockvet
	lab_python "$busy"
	sockvet check --json
	holds '[.findings[] | [.id, .count]] == [["many-to-port", 50], ["many-waiting", 50]]'
	sockvet check
	[[ $output = *'50 connections counted'* ]]
	sockvet explain many-waiting
	[ "$status" -eq 0 ]
}
