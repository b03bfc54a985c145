/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words/words.h"

#include <errno.h>
#include <string.h>

#include "test.h"

/* Templates with values of every kind. */

static struct facts facts;

static int make_facts(void **state)
{
	(void)state;
	facts_number(&facts, "none", FACT_COUNT, 0);
	facts_number(&facts, "one", FACT_COUNT, 1);
	facts_number(&facts, "two", FACT_COUNT, 2);
	facts_number(&facts, "count", FACT_COUNT, 1234567);
	facts_number(&facts, "port", FACT_ID, 40000);
	facts_number(&facts, "wait_ms", FACT_MS, 66999);
	facts_number(&facts, "left_ms", FACT_LEFT_MS, 66001);
	facts_number(&facts, "limit_s", FACT_S, 5.85);
	facts_number(&facts, "data", FACT_BYTES, 1536);
	facts_number(&facts, "rate", FACT_RATE, 10.0 / 3);
	facts_number(&facts, "many", FACT_RATE, 12345.6);
	facts_number(&facts, "share", FACT_PERCENT, 55.5);
	facts_word(&facts, "cause", "eof");
	facts_word(&facts, "name", "a b");
	facts_word(&facts, "empty", "");
	facts_word(&facts, "no_word", NULL);
	text_addf(facts_words(&facts, "words"), "a b[7]");
	facts_number(&facts, "two", FACT_COUNT, 3);
	facts.at[facts.count - 1].group = "group";
	return 0;
}

static int free_facts(void **state)
{
	(void)state;
	facts_fini(&facts);
	return 0;
}

static const struct { const char *template, *said; } sentences[] = {
	/* a format for each kind */
	{ "", "" }, { "as it is", "as it is" },
	{ "{count}", "1,234,567" }, { "{port}", "40000" }, { "{wait_ms}", "1m06s" },
	{ "{limit_s}", "5.8 s" }, { "{data}", "1.5 KiB" }, { "{rate}", "3.33" },
	{ "{many}", "12,345" }, { "{share}", "56%" }, { "{cause}", "eof" },
	{ "{group.two}", "3" }, { "{none}", "0" }, { "{absent}", "unknown" },
	{ "{left_ms}", "1m07s" }, { "{no_word}", "unknown" },
	/* a name is one word; words are not touched again */
	{ "by {name}.", "by a\\x20b." }, { "by {words}.", "by a b[7]." },
	/* number and noun, or the word alone */
	{ "{one|socket|sockets}", "1 socket" }, { "{none|socket|sockets}", "0 sockets" },
	{ "{count|socket waits|sockets wait} here", "1,234,567 sockets wait here" },
	{ "it {one?is|are}", "it is" }, { "they {two?is|are}", "they are" },
	{ "{two?closes|close}{one?|s}", "close" },
	/* parts */
	{ "a[, {two} of them], b", "a, 2 of them, b" }, { "a[, {none} of them], b", "a, b" },
	{ "a[, {absent}]", "a" }, { "a[{empty} b]", "a" }, { "a[ {cause}]", "a eof" },
	{ "a[ {none?is|are} b]", "a" }, { "a[ no value]", "a no value" },
	{ "[{two} of {count}[ ({none})]]", "2 of 1,234,567" },
	{ "[{none}[ ({two})] b]c", "c" }, { "[{two}][{absent}][{one}]", "21" },
	{ "{none}[ x]", "0 x" },
	/* the word of explain is for explain */
	{ "/proc/{port:PID}/fd", "/proc/40000/fd" },
	/* what nobody ended */
	{ "{two", "2" }, { "a[ {two}", "a 2" }, { "{one|a", "1 a" }, { "{", "unknown" },
};

static void a_template_is_filled(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sentences) / sizeof(*sentences); i++) {
		struct text text = { .at = NULL };

		fill(&text, sentences[i].template, &facts);
		if (strcmp(text_str(&text), sentences[i].said) != 0)
			fail_msg("%s: %s", sentences[i].template, text_str(&text));
		text_fini(&text);
	}
}

static void without_facts_only_what_is_always_true_is_said(void **state)
{
	struct text text = { .at = NULL };

	(void)state;
	fill(&text, "ls /proc/{pid:PID}/fd[ (now {range})], then =1[: {a} b].", NULL);
	assert_string_equal(text_str(&text), "ls /proc/PID/fd, then =1.");
	text_fini(&text);
}

static const struct { const char *when; bool holds; } conditions[] = {
	{ NULL, true }, { "", true },
	{ "two", true }, { "none", false }, { "absent", false }, { "empty", false },
	{ "!two", false }, { "!none", true }, { "!absent", true },
	{ "cause=eof", true }, { "cause=eo", false }, { "cause!=eof", false }, { "cause!=x", true },
	{ "two=2", true }, { "two=3", false }, { "two!=3", true }, { "group.two>two", true },
	{ "two=one", false }, { "two!=one", true }, { "none=0", true },
	{ "two>one", true }, { "one>two", false }, { "two>two", false }, { "two>1", true },
	{ "absent=0", false }, { "absent!=0", false }, { "absent>0", false },
	{ "two>absent", false }, { "none=absent", false }, { "two!=absent", true }, { "two=2x", false },
	{ "two cause=eof", true }, { "two none", false }, { "none two", false },
	{ "two  !none", true }, { "!two=2", false },
};

static void a_row_is_meant_when_all_its_conditions_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(conditions) / sizeof(*conditions); i++)
		if (fill_holds(conditions[i].when, &facts) != conditions[i].holds)
			fail_msg("%s", conditions[i].when);
}

static void a_socket_that_is_left_has_its_reason(void **state)
{
	static const struct { struct kill_result result; enum state was; const char *reason; } rows[] = {
		{ { OUTCOME_NONE, STATE_NONE, 0 }, STATE_LISTEN, "" },
		{ { OUTCOME_DESTROYED, STATE_NONE, 0 }, STATE_LISTEN, "" },
		{ { OUTCOME_DESTROYED, STATE_BOUND, 0 }, STATE_LISTEN, "it stays bound until its program closes it" },
		{ { OUTCOME_GONE, STATE_NONE, 0 }, STATE_LISTEN, "it was closed or reset meanwhile" },
		{ { OUTCOME_CHANGED, STATE_CLOSE_WAIT, 0 }, STATE_ESTABLISHED, "it is in CLOSE-WAIT now" },
		{ { OUTCOME_CHANGED, STATE_ESTABLISHED, 0 }, STATE_ESTABLISHED, "the filter does not match it any more" },
		{ { OUTCOME_DENIED, STATE_NONE, EPERM }, STATE_LISTEN, "that takes CAP_NET_ADMIN" },
		{ { OUTCOME_UNSUPPORTED, STATE_NONE, ENODATA }, STATE_LISTEN, "the kernel tells no cookie of it" },
		{ { OUTCOME_UNSUPPORTED, STATE_NONE, ENOENT }, STATE_BOUND, "the kernel does not close a socket that is only bound" },
		{ { OUTCOME_UNSUPPORTED, STATE_NONE, ESTALE }, STATE_LISTEN, "the kernel finds another socket under its address" },
		{ { OUTCOME_UNSUPPORTED, STATE_NONE, EOPNOTSUPP }, STATE_LISTEN, "this kernel does not close such sockets (CONFIG_INET_DIAG_DESTROY)" },
		{ { OUTCOME_FAILED, STATE_NONE, EBUSY }, STATE_LISTEN, "Device or resource busy" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct kill_target target = { .sock = { .state = rows[i].was }, .result = rows[i].result };
		struct text text = { 0 };

		assert_true(!outcome_names[rows[i].result.outcome] == !i);
		words_kill(&text, &target);
		assert_string_equal(text_str(&text), rows[i].reason);
		text_fini(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_template_is_filled),
		cmocka_unit_test(without_facts_only_what_is_always_true_is_said),
		cmocka_unit_test(a_row_is_meant_when_all_its_conditions_hold),
		cmocka_unit_test(a_socket_that_is_left_has_its_reason),
	};

	return cmocka_run_group_tests(tests, make_facts, free_facts);
}
