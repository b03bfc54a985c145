/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of --sort, and values for machines. */
#include "print/columns.h"
#include "print/delimited.h"

#include "base/grow.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct snapshot seen;

/* < 0 when @left comes first. */
static int compare(const char *spec, const struct sock *left, const struct sock *right)
{
	struct text a = { 0 }, b = { 0 };
	struct order order;
	int result;

	assert_int_equal(order_choose(&order, spec, NULL), 0);
	order_key(&a, &order, &seen, left);
	order_key(&b, &order, &seen, right);
	result = memcmp(a.at, b.at, a.count < b.count ? a.count : b.count);
	if (!result)
		result = (a.count > b.count) - (a.count < b.count);
	text_fini(&a);
	text_fini(&b);
	return result;
}

static void before(const char *spec, const struct sock *left, const struct sock *right)
{
	assert_true(compare(spec, left, right) < 0);
	assert_true(compare(spec, right, left) > 0);
	assert_int_equal(compare(spec, left, left), 0);
}

static void numbers_as_numbers(void **state)
{
	struct sock a = { .state = STATE_ESTABLISHED, .recv_queue = 9 }, b = a;

	(void)state;
	b.recv_queue = 100000;
	before("recvq", &a, &b);
	before("-recvq", &b, &a);
	a.send_queue = b.send_queue = 5;
	before("sendq,-RecvQ", &b, &a);
	a.cookie = 1;
	b.cookie = UINT64_MAX - 1;
	before("cookie", &a, &b);
}

static void unknown_last_both_ways(void **state)
{
	struct sock known = { .state = STATE_ESTABLISHED, .have = HAVE_UID }, not = known;

	(void)state;
	not.have = 0;
	before("uid", &known, &not);
	before("-uid", &known, &not);
	known.inode = 4;
	before("inode", &known, &not);
	before("-inode", &known, &not);
}

static void addresses_as_addresses(void **state)
{
	struct sock a = { .family = FAMILY_IPV4, .state = STATE_ESTABLISHED }, b;

	(void)state;
	a.remote.b[10] = a.remote.b[11] = 0xff;
	a.remote.b[12] = 10;
	a.remote_port = 80;
	b = a;
	a.remote.b[15] = 9;
	b.remote.b[15] = 10;
	before("peer", &a, &b);
	before("-paddr", &b, &a);
	b = a;
	b.remote_port = 443;
	before("peer", &a, &b);
	memset(&b.remote, 0, sizeof(b.remote));
	b.remote_port = 0;
	before("peer", &a, &b);
	before("-peer", &a, &b);
}

static void words_by_bytes_and_prefix_first(void **state)
{
	struct sock a = { .state = STATE_CLOSE }, b = { .state = STATE_CLOSE_WAIT };

	(void)state;
	before("state", &a, &b);
	before("-state", &b, &a);
	a.recv_queue = 9;
	before("state,recvq", &a, &b);
}

static void no_order_without_columns(void **state)
{
	static const char *const wrong[] = { "", "-", ",", "age,", "agee", "--age", "age,,uid" };
	struct order order;
	struct fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(order_choose(&order, wrong[i], &fault), -EINVAL);
}

static void value_is(enum format format, const char *value, bool foreign, const char *want)
{
	struct text text = { 0 }, line = { 0 };

	text_add(&text, value, strlen(value));
	delimited_put(&line, format, &text, foreign);
	assert_string_equal(text_str(&line), want);
	text_fini(&text);
	text_fini(&line);
}

static void quoted_as_the_rfc_says(void **state)
{
	(void)state;
	value_is(FORMAT_CSV, "", true, "");
	value_is(FORMAT_CSV, "plain text", true, "plain text");
	value_is(FORMAT_CSV, "a,b", true, "\"a,b\"");
	value_is(FORMAT_CSV, "say \"no\"", true, "\"say \"\"no\"\"\"");
	value_is(FORMAT_CSV, " edge", true, "\" edge\"");
	value_is(FORMAT_TSV, "a,\"b\"", true, "a,\"b\"");
	value_is(FORMAT_TSV, "\\x1b\t\n", true, "\\\\x1b\\t\\n");
}

static void formulas_are_text(void **state)
{
	static const char *const cells[] = { "=1+1", "+1", "-1", "@SUM(A1)" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct text want = { 0 };

		text_addf(&want, "'%s", cells[i]);
		value_is(FORMAT_CSV, cells[i], true, want.at);
		value_is(FORMAT_CSV, cells[i], false, cells[i]);
		value_is(FORMAT_TSV, cells[i], true, cells[i]);
		text_fini(&want);
	}
	value_is(FORMAT_CSV, "=a,b", true, "\"'=a,b\"");
}

/* Whoever adds a column is told here that machines do not get it. */
static void every_column_is_for_machines(void **state)
{
	(void)state;
	for (size_t i = 0; i < columns_count(); i++) {
		const struct column *column = column_find(column_name(i), strlen(column_name(i)));

		assert_non_null(column);
		assert_true(!column->member != !column->parts);
	}
}

static void every_part_is_a_column(void **state)
{
	(void)state;
	for (size_t i = 0; i < columns_count(); i++) {
		const struct column *column = column_find(column_name(i), strlen(column_name(i)));
		const char *part = column->parts;

		while (part) {
			size_t size = strcspn(part, ",");

			assert_non_null(column_find(part, size));
			assert_non_null(column_find(part, size)->member);
			part = part[size] ? part + size + 1 : NULL;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_as_numbers),
		cmocka_unit_test(unknown_last_both_ways),
		cmocka_unit_test(addresses_as_addresses),
		cmocka_unit_test(words_by_bytes_and_prefix_first),
		cmocka_unit_test(no_order_without_columns),
		cmocka_unit_test(quoted_as_the_rfc_says),
		cmocka_unit_test(formulas_are_text),
		cmocka_unit_test(every_column_is_for_machines),
		cmocka_unit_test(every_part_is_a_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
