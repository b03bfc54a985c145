/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words/fill.h"

#include <string.h>

#include "test.h"

/* Templates with values of every kind. */

static const struct row {
	const char *name;
	enum fact_kind kind;
	double number;
	const char *text;
} rows[] = {
	{ "none", FACT_COUNT, 0, NULL },      { "one", FACT_COUNT, 1, NULL },
	{ "two", FACT_COUNT, 2, NULL },       { "count", FACT_COUNT, 1234567, NULL },
	{ "port", FACT_ID, 40000, NULL },     { "wait_ms", FACT_MS, 66000, NULL },
	{ "limit_s", FACT_S, 5.85, NULL },    { "data", FACT_BYTES, 1536, NULL },
	{ "rate", FACT_RATE, 10.0 / 3, NULL },{ "many", FACT_RATE, 12345.6, NULL },
	{ "share", FACT_PERCENT, 55.5, NULL },{ "name", FACT_TEXT, 0, "a\\x20b[7]" },
	{ "cause", FACT_TEXT, 0, "eof" },     { "empty", FACT_TEXT, 0, "" },
	{ "group.two", FACT_COUNT, 2, NULL },
};

static void find(const struct values *values, const char *name, struct value *value)
{
	(void)values;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(rows[i].name, name) != 0)
			continue;
		value->kind = rows[i].kind;
		value->number = rows[i].number;
		value->known = true;
		if (rows[i].text)
			text_add(&value->text, rows[i].text, strlen(rows[i].text));
	}
}

static const struct values values = { find };

static const struct { const char *template, *said; } sentences[] = {
	/* a format for each kind */
	{ "", "" }, { "as it is", "as it is" },
	{ "{count}", "1,234,567" }, { "{port}", "40000" }, { "{wait_ms}", "1m06s" },
	{ "{limit_s}", "5.8 s" }, { "{data}", "1.5 KiB" }, { "{rate}", "3.33" },
	{ "{many}", "12,345" }, { "{share}", "56%" }, { "{cause}", "eof" },
	{ "{group.two}", "2" }, { "{none}", "0" }, { "{absent}", "unknown" },
	/* words are not touched again */
	{ "by {name}.", "by a\\x20b[7]." },
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

		fill(&text, sentences[i].template, &values);
		if (strcmp(text_str(&text), sentences[i].said) != 0)
			fail_msg("%s: %s", sentences[i].template, text_str(&text));
		text_fini(&text);
	}
}

static void without_values_only_what_is_always_true_is_said(void **state)
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
	{ "two=2", true }, { "two=3", false }, { "two!=3", true }, { "two=group.two", true },
	{ "two=one", false }, { "two!=one", true }, { "none=0", true },
	{ "two>one", true }, { "one>two", false }, { "two>two", false }, { "two>1", true },
	{ "absent=0", false }, { "absent!=0", false }, { "absent>0", false },
	{ "two cause=eof", true }, { "two none", false }, { "none two", false },
	{ "two  !none", true }, { "!two=2", false },
};

static void a_row_is_meant_when_all_its_conditions_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(conditions) / sizeof(*conditions); i++)
		if (fill_holds(conditions[i].when, &values) != conditions[i].holds)
			fail_msg("%s", conditions[i].when);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_template_is_filled),
		cmocka_unit_test(without_values_only_what_is_always_true_is_said),
		cmocka_unit_test(a_row_is_meant_when_all_its_conditions_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
