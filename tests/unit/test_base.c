/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/errline.h"
#include "base/fault.h"
#include "base/grow.h"
#include "base/ids.h"
#include "base/map.h"
#include "base/number.h"
#include "base/out.h"
#include "base/text.h"
#include "base/wrap.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "utf8.h"

static void expect_safe(const char *bytes, size_t size, const char *shown)
{
	struct text text = { 0 };

	text_add_safe(&text, bytes, size);
	assert_string_equal(text_str(&text), shown);
	text_fini(&text);
}

static void foreign_bytes_cannot_steer_a_terminal(void **state)
{
	(void)state;
	expect_safe("nginx", 5, "nginx");
	expect_safe("\033[31m", 5, "\\x1b[31m");
	expect_safe("a\nb", 3, "a\\x0ab");
	expect_safe("\x9b" "2J", 3, "\\x9b2J");
	expect_safe("\xc2\x9b" "2J", 4, "\\u{9b}2J");
	expect_safe("\xff", 1, "\\xff");
	expect_safe("a\\b", 3, "a\\x5cb");
	expect_safe("\xe2\x80\xae", 3, "\\u{202e}");
	expect_safe("\xe2\x80\x8b", 3, "\\u{200b}");
	expect_safe("gr\xc3\xbc\xc3\x9f", 6, "gr\xc3\xbc\xc3\x9f");
}

static void expect_word(const char *name, const char *shown)
{
	struct text text = { 0 };

	text_add_word(&text, name, strlen(name));
	assert_string_equal(text_str(&text), shown);
	text_fini(&text);
}

static void a_name_is_one_word(void **state)
{
	(void)state;
	expect_word("nginx", "nginx");
	expect_word("(sd-pam)", "(sd-pam)");
	expect_word("", "-");
	expect_word("-", "\\x2d");
	expect_word("*", "\\x2a");
	expect_word("--", "--");
	expect_word("a b", "a\\x20b");
	expect_word("b (pid 6)", "b\\x20(pid\\x206)");
	expect_word("x\",pid=1,fd=3)", "x\\x22,pid\\x3d1,fd\\x3d3)");
	expect_word("x[6]", "x[6]");
	expect_word("'\\", "\\x27\\x5c");
	/* blanks of Unicode: str.split() of Python parts at them */
	expect_word("a\xc2\xa0" "b\xe3\x80\x80" "c", "a\\u{a0}b\\u{3000}c");
}

static void a_quotation_is_short_and_ends_between_characters(void **state)
{
	char many[10000];
	struct quote quote;

	(void)state;
	assert_string_equal(QUOTE("a\n\033b"), "a\\x0a\\x1bb");
	assert_string_equal(QUOTE(""), "");
	memset(many, 'a', sizeof(many));
	assert_int_equal(strlen(text_quote(&quote, many, QUOTE_MOST)), QUOTE_MOST);
	assert_int_equal(strlen(text_quote(&quote, many, QUOTE_MOST + 1)), QUOTE_MOST + 3);
	assert_string_equal(QUOTE_BYTES(many, sizeof(many)) + QUOTE_MOST - 1, "a...");
	memset(many, 1, sizeof(many));
	assert_string_equal(QUOTE_BYTES(many, sizeof(many)) + QUOTE_MOST - 4, "\\x01...");
	/* an escape that does not fit is left out, not cut */
	memset(many, 'a', QUOTE_MOST - 1);
	assert_string_equal(QUOTE_BYTES(many, sizeof(many)) + QUOTE_MOST - 2, "a...");
}

/* What @tell writes to standard error. */
static void expect_lines(void (*tell)(void), const char *wanted)
{
	char told[200] = "";
	int before = dup(STDERR_FILENO), file = memfd_create("told", 0);

	assert_true(before >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
	tell();
	assert_true(dup2(before, STDERR_FILENO) >= 0);
	assert_true(pread(file, told, sizeof(told) - 1, 0) >= 0);
	close(file);
	close(before);
	assert_string_equal(told, wanted);
}

static void tell_forged(void)
{
	errline("no %s", "a\nsockvet: note: \033[31m\\x0a");
}

static void tell_two_lines(void)
{
	errlines("a\033b\n  ^\n");
}

static void a_line_on_standard_error_is_one(void **state)
{
	(void)state;
	expect_lines(tell_forged, "sockvet: no a\\x0asockvet: note: \\x1b[31m\\x0a\n");
	expect_lines(tell_two_lines, "a\\x1bb\n  ^\n");
}

static void a_number_is_decimal_digits(void **state)
{
	static const char *const none[] = {
		"", " 1", "1 ", "+1", "-1", "0x10", "1e3", "inf", "nan", ".5", "5.", "1.2.3", "1,5",
	};
	uint64_t whole;
	double value;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		assert_false(number_decimal(none[i], &value));
		assert_false(number_whole(none[i], UINT64_MAX, &whole));
	}
	assert_true(number_decimal("0.5", &value) && value >= 0.5 && value <= 0.5);
	assert_true(number_whole("010", 10, &whole) && whole == 10);
	assert_false(number_whole("11", 10, &whole));
	assert_true(number_whole("18446744073709551615", UINT64_MAX, &whole) && whole == UINT64_MAX);
	assert_false(number_whole("18446744073709551616", UINT64_MAX, &whole));
	assert_false(number_whole("99999999999999999999999", UINT64_MAX, &whole));
}

static void every_byte_pair_comes_out_harmless(void **state)
{
	(void)state;
	for (int a = 0; a < 256; a++)
		for (int b = 0; b < 256; b++) {
			char pair[2] = { (char)a, (char)b };
			struct text text = { 0 };

			text_add_safe(&text, pair, 2);
			assert_true(utf8_valid(text_str(&text), text.count));
			for (size_t i = 0; i < text.count; i++)
				assert_true((unsigned char)text.at[i] >= 0x20 && text.at[i] != 0x7f);
			text_fini(&text);
		}
}

static void utf8_refuses_overlong_and_surrogates(void **state)
{
	uint32_t code;

	(void)state;
	assert_int_equal(utf8_decode("\xc0\x80", 2, &code), 0);
	assert_int_equal(utf8_decode("\xe0\x80\x80", 3, &code), 0);
	assert_int_equal(utf8_decode("\xed\xa0\x80", 3, &code), 0);
	assert_int_equal(utf8_decode("\xf4\x90\x80\x80", 4, &code), 0);
	assert_int_equal(utf8_decode("\xe2\x82", 2, &code), 0);
	assert_int_equal(utf8_decode("\xe2\x82\xac", 3, &code), 3);
	assert_int_equal(code, 0x20ac);
}

static void width_counts_columns_and_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(utf8_width("abc"), 3);
	assert_int_equal(utf8_width("\xc3\xa4" "b"), 2);
	assert_int_equal(utf8_width("\xe6\xbc\xa2"), 2);
}

static void map_keeps_what_was_put_in(void **state)
{
	struct map map = { 0 };
	bool fresh;

	(void)state;
	assert_null(map_find(&map, 0));
	for (uint64_t key = 0; key < 10000; key++)
		*map_slot(&map, key * 7919, &fresh) = (uint32_t)key;
	for (uint64_t key = 0; key < 10000; key++)
		assert_int_equal(*map_find(&map, key * 7919), key);
	assert_null(map_find(&map, 1));
	map_slot(&map, 7919, &fresh);
	assert_false(fresh);
	assert_int_equal(map.count, 10000);
	map_fini(&map);
}

/* Runs, lone ones, and the ends of the range: each once, in any order. */
static void an_id_is_new_once_whatever_its_neighbours(void **state)
{
	static const uint64_t strides[] = { 1, 63, 64, 4096, (uint64_t)1 << 32, (uint64_t)1 << 49 };
	struct ids ids = { 0 };

	(void)state;
	assert_false(ids_has(&ids, 0));
	for (unsigned turn = 0; turn < 2; turn++) {
		assert_int_equal(ids_add(&ids, UINT64_MAX), turn == 0);
		assert_int_equal(ids_add(&ids, 0), turn == 0);
		for (unsigned i = 0; i < 6; i++)
			for (uint64_t j = 1; j < 5000; j++)
				ids_add(&ids, strides[i] * j + 7000000000000000000u);
	}
	for (uint64_t j = 1; j < 5000; j++)
		assert_true(ids_has(&ids, strides[3] * j + 7000000000000000000u));
	assert_false(ids_has(&ids, 1));
	assert_false(ids_has(&ids, UINT64_MAX - 1));
	ids_fini(&ids);
	assert_false(ids_has(&ids, 0));
}

/* A listing of a million must not keep a million entries. */
static void ids_in_a_row_share_their_place(void **state)
{
	struct ids ids = { 0 };

	(void)state;
	for (uint64_t id = 1000; id < 1001000; id++)
		assert_true(ids_add(&ids, id));
	assert_true(ids.room <= 65536);
	ids_fini(&ids);
}

static void growing_keeps_old_and_zeroes_new(void **state)
{
	struct { int *at; size_t count, room; } list = { 0 };

	(void)state;
	for (int i = 1; i <= 1000; i++) {
		int *slot = grow_add(&list);

		assert_int_equal(*slot, 0);
		*slot = i;
	}
	assert_int_equal(list.at[0], 1);
	assert_int_equal(list.at[999], 1000);
	grow_fini(&list);
}

static void a_full_disk_is_remembered(void **state)
{
	static struct out out;
	int fd = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(fd >= 0);
	out_init(&out, fd);
	out_str(&out, "anything");
	assert_int_equal(out_flush(&out), -ENOSPC);
	out_str(&out, "more");
	assert_int_equal(out_flush(&out), -ENOSPC);
	close(fd);
}

static char *written(void (*write_it)(struct out *))
{
	static char text[200000];
	static struct out out;
	int fd = memfd_create("out", 0);
	ssize_t size;

	out_init(&out, fd);
	write_it(&out);
	assert_int_equal(out_flush(&out), 0);
	size = pread(fd, text, sizeof(text) - 1, 0);
	text[size] = '\0';
	close(fd);
	return text;
}

static void write_much(struct out *out)
{
	for (int i = 0; i < 10000; i++)
		out_u64(out, 1000000000u);
	out_f(out, "%0600d", 7);
}

static void output_larger_than_the_buffer_is_whole(void **state)
{
	(void)state;
	assert_int_equal(strlen(written(write_much)), 100600);
}

static void write_paragraph(struct out *out)
{
	out_str(out, "> ");
	wrap_put(out, "one two three four", 2, 2, 10);
}

static void paragraphs_break_at_blanks(void **state)
{
	(void)state;
	assert_string_equal(written(write_paragraph), "> one two\n  three\n  four\n");
}

static void a_fault_holds_its_sentence(void **state)
{
	struct fault fault;

	(void)state;
	assert_int_equal(fault_set(&fault, EPERM, "no %s", "way"), -EPERM);
	assert_int_equal(fault.err, EPERM);
	assert_string_equal(fault.text, "no way");
	assert_int_equal(fault_set(NULL, EIO, "dropped"), -EIO);
}

/* Writes more than a pipe holds, while an alarm of 100 ms would end it. */
static void write_under_an_alarm(void)
{
	static struct out out;

	setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { 0, 100000 } }, NULL);
	out_init(&out, STDOUT_FILENO);
	out_pad(&out, 'x', 200000);
	_exit(out_flush(&out) < 0);
}

static void the_time_of_a_reader_does_not_count(void **state)
{
	char part[4096];
	int ends[2], status;
	size_t size = 0;
	ssize_t got;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		dup2(ends[1], STDOUT_FILENO);
		write_under_an_alarm();
	}
	close(ends[1]);
	usleep(300000);
	while ((got = read(ends[0], part, sizeof(part))) > 0)
		size += (size_t)got;
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(size, 200000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foreign_bytes_cannot_steer_a_terminal),
		cmocka_unit_test(a_name_is_one_word),
		cmocka_unit_test(a_quotation_is_short_and_ends_between_characters),
		cmocka_unit_test(a_line_on_standard_error_is_one),
		cmocka_unit_test(a_number_is_decimal_digits),
		cmocka_unit_test(every_byte_pair_comes_out_harmless),
		cmocka_unit_test(utf8_refuses_overlong_and_surrogates),
		cmocka_unit_test(width_counts_columns_and_not_bytes),
		cmocka_unit_test(map_keeps_what_was_put_in),
		cmocka_unit_test(an_id_is_new_once_whatever_its_neighbours),
		cmocka_unit_test(ids_in_a_row_share_their_place),
		cmocka_unit_test(growing_keeps_old_and_zeroes_new),
		cmocka_unit_test(a_full_disk_is_remembered),
		cmocka_unit_test(output_larger_than_the_buffer_is_whole),
		cmocka_unit_test(the_time_of_a_reader_does_not_count),
		cmocka_unit_test(paragraphs_break_at_blanks),
		cmocka_unit_test(a_fault_holds_its_sentence),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
