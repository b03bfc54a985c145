/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys of --sort. */
#include "value/order.h"

#include "base/grow.h"

#include <errno.h>
#include <string.h>

#include "test.h"

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

static void an_order_needs_columns(void **state)
{
	static const char *const wrong[] = { "", "-", ",", "age,", "agee", "--age", "age,,uid" };
	struct order order;
	struct fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(order_choose(&order, wrong[i], &fault), -EINVAL);
}

static void processes_by_name_and_pid(void **state)
{
	struct sock a = { .state = STATE_ESTABLISHED, .inode = 1 }, b = a, hidden = a;
	uint32_t nine, ten;

	(void)state;
	b.inode = 2;
	hidden.inode = 3;
	snapshot_init(&seen);
	nine = snapshot_process(&seen, 9);
	ten = snapshot_process(&seen, 10);
	*grow_add(&seen.holders) = (struct holder){ .inode = 1, .process = nine };
	*grow_add(&seen.holders) = (struct holder){ .inode = 2, .process = ten };
	snapshot_sort_holders(&seen);
	before("process", &a, &b);
	before("pid", &a, &b);
	before("-process", &b, &a);
	before("process", &b, &hidden);
	before("-pid", &b, &hidden);
	snapshot_fini(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_as_numbers),
		cmocka_unit_test(unknown_last_both_ways),
		cmocka_unit_test(addresses_as_addresses),
		cmocka_unit_test(words_by_bytes_and_prefix_first),
		cmocka_unit_test(an_order_needs_columns),
		cmocka_unit_test(processes_by_name_and_pid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
