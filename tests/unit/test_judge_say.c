/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/say.h"

#include <stdio.h>
#include <string.h>

#include "test.h"
#include "seen.h"

/* The words that every sentence is made of. */

static const struct { double ms; const char *said; } times[] = {
	{ 0, "0 ms" },           { 0.9, "0 ms" },         { 1, "1 ms" },
	{ 1999, "1999 ms" },     { 2000, "2 s" },         { 2999, "2 s" },
	{ 3000, "3 s" },         { 119999, "119 s" },     { 120000, "2 min" },
	{ 179999, "2 min" },     { 180000, "3 min" },     { 7199999, "119 min" },
	{ 7200000, "2 h" },      { 10799999, "2 h" },     { 10800000, "3 h" },
	{ 172799999, "47 h" },   { 172800000, "2 days" }, { 259199999, "2 days" },
	{ 259200000, "3 days" }, { 86400e3 * 365, "365 days" },
	/* So long that a millisecond too much in a day would show. */
	{ 86400e3 * 36500 - 1, "36499 days" }, { 86400e3 * 36500, "36500 days" },
};

static void a_time_is_rounded_up_or_told_in_the_wrong_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		struct text text = { .at = NULL };

		say_ms(&text, times[i].ms);
		assert_string_equal(text_str(&text), times[i].said);
		text_fini(&text);
	}
}

static void one_is_said_as_many(void **state)
{
	static const struct { uint64_t count; const char *said; } counts[] = {
		{ 0, "0 sockets" }, { 1, "1 socket" }, { 2, "2 sockets" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		struct text text = { .at = NULL };

		say_count(&text, counts[i].count, "socket", "sockets");
		assert_string_equal(text_str(&text), counts[i].said);
		text_fini(&text);
	}
}

/* One character of each length; what fits into so many bytes with the final NUL. */
static void a_sentence_is_cut_within_a_character_or_too_early(void **state)
{
	static const char whole[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
	static const size_t fits[] = { 0, 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11 };

	(void)state;
	assert_int_equal(sizeof(whole), 12);
	for (size_t room = 1; room < sizeof(fits) / sizeof(*fits); room++) {
		struct text text = { .at = NULL };
		char at[16];

		memset(at, 'x', sizeof(at));
		text_addf(&text, "%s", whole);
		say_fit(at, room, &text);
		assert_int_equal(strlen(at), fits[room]);
		assert_memory_equal(at, whole, fits[room]);
		assert_int_equal(at[room], 'x');
	}
}

static void a_sentence_of_continued_bytes_is_cut_before_its_beginning(void **state)
{
	struct text text = { .at = NULL };
	char at[4];

	(void)state;
	text_addf(&text, "\x80\x80\x80\x80\x80\x80");
	say_fit(at, sizeof(at), &text);
	assert_string_equal(at, "");
}

static void a_process_without_a_name_is_nobody(void **state)
{
	struct subject subject = { .process = (int32_t)snapshot_process(&seen, 77) };
	struct text text = { .at = NULL };

	(void)state;
	say_owner(&text, &seen, &subject);
	assert_string_equal(text_str(&text), "a process (pid 77)");
	text_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_is_rounded_up_or_told_in_the_wrong_unit),
		cmocka_unit_test(one_is_said_as_many),
		cmocka_unit_test(a_sentence_is_cut_within_a_character_or_too_early),
		cmocka_unit_test(a_sentence_of_continued_bytes_is_cut_before_its_beginning),
		cmocka_unit_test_setup_teardown(a_process_without_a_name_is_nobody, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
