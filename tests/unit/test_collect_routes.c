/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages about routes that this machine's kernel does not send, whole and broken. */
#include "test.h"

#include "collect/routes.c"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

static const struct addr six = { { 0x20, 1, 0xd, 0xb8, [15] = 1 } };
static const uint8_t four_bytes[4] = { 192, 0, 2, 77 };

/* The message at hand, and where it lies. */
static char bytes[512] __attribute__((aligned(NLMSG_ALIGNTO)));
static struct nlmsghdr *message;

static void begin(struct rtmsg told)
{
	memset(bytes, 0, sizeof(bytes));
	message = mnl_nlmsg_put_header(bytes);
	message->nlmsg_type = RTM_NEWROUTE;
	memcpy(mnl_nlmsg_put_extra_header(message, sizeof(told)), &told, sizeof(told));
}

/* ---- the answer to one question ---- */

static struct route read_route(void)
{
	struct route route = { 0 };

	take_answer(message, &route);
	return route;
}

static void test_route_that_refuses_is_an_error(void **state)
{
	static const struct { uint8_t type; enum addr_kind told; int err; } rows[] = {
		{ RTN_UNICAST, ADDR_KIND_NONE, 0 }, { RTN_ANYCAST, ADDR_KIND_NONE, 0 },
		{ RTN_LOCAL, ADDR_KIND_LOCAL, 0 }, { RTN_BROADCAST, ADDR_KIND_BROADCAST, 0 },
		{ RTN_MULTICAST, ADDR_KIND_MULTICAST, 0 }, { RTN_BLACKHOLE, ADDR_KIND_NONE, EINVAL },
		{ RTN_UNREACHABLE, ADDR_KIND_NONE, EHOSTUNREACH }, { RTN_PROHIBIT, ADDR_KIND_NONE, EACCES },
		{ RTN_THROW, ADDR_KIND_NONE, ENETUNREACH }, { 200, ADDR_KIND_NONE, ENETUNREACH },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct route route;

		begin((struct rtmsg){ .rtm_family = AF_INET6, .rtm_type = rows[i].type });
		route = read_route();
		assert_int_equal(route.kind, rows[i].told);
		assert_int_equal(route.err, rows[i].err);
		assert_int_equal(route.ifindex, 0);
		assert_false(route.has_source);
	}
}

static void test_source_has_the_length_of_its_family(void **state)
{
	const struct rtmsg told = { .rtm_family = AF_INET6, .rtm_type = RTN_UNICAST };
	struct route route;

	(void)state;
	begin(told);
	mnl_attr_put(message, RTA_PREFSRC, 4, four_bytes);
	mnl_attr_put(message, RTA_OIF, 2, four_bytes);
	route = read_route();
	assert_int_equal(route.kind, ADDR_KIND_NONE);
	assert_false(route.has_source);
	assert_int_equal(route.ifindex, 0);

	begin(told);
	mnl_attr_put(message, RTA_PREFSRC, 16, six.b);
	mnl_attr_put_u32(message, RTA_OIF, 9);
	route = read_route();
	assert_true(route.has_source && addr_equal(&route.source, &six));
	assert_int_equal(route.ifindex, 9);
}

static void test_message_without_a_route_says_nothing(void **state)
{
	struct route route;

	(void)state;
	begin((struct rtmsg){ .rtm_type = RTN_LOCAL });
	message->nlmsg_len--;
	route = read_route();
	assert_int_equal(route.kind, ADDR_KIND_UNKNOWN);
	assert_int_equal(route.err, 0);
	begin((struct rtmsg){ .rtm_type = RTN_LOCAL });
	message->nlmsg_type = RTM_NEWLINK;
	assert_int_equal(read_route().kind, ADDR_KIND_UNKNOWN);
}

/* ---- one table ---- */

static struct lookup lookup;

static struct rtmsg entry(uint8_t bits, uint8_t type)
{
	return (struct rtmsg){
		.rtm_family = AF_INET, .rtm_dst_len = bits, .rtm_type = type,
		.rtm_table = RT_TABLE_LOCAL,
	};
}

/* The type of the best route after this entry, whose prefix is of our address. */
static enum addr_kind after(struct rtmsg told)
{
	begin(told);
	mnl_attr_put(message, RTA_DST, 4, four_bytes);
	assert_int_equal(take_entry(&lookup, message), 0);
	return lookup.best.kind;
}

static void look_in(uint32_t table)
{
	lookup = (struct lookup){ .address = four_bytes, .table = table };
}

static void test_entry_that_does_not_count_is_left_out(void **state)
{
	struct rtmsg told = entry(32, RTN_LOCAL);

	(void)state;
	look_in(RT_TABLE_LOCAL);
	told.rtm_family = AF_INET6;
	assert_int_equal(after(told), ADDR_KIND_UNKNOWN);
	assert_int_equal(after(entry(33, RTN_LOCAL)), ADDR_KIND_UNKNOWN);
	told = entry(32, RTN_LOCAL);
	told.rtm_tos = 4;
	assert_int_equal(after(told), ADDR_KIND_UNKNOWN);
	told = entry(32, RTN_LOCAL);
	told.rtm_flags = RTNH_F_DEAD;
	assert_int_equal(after(told), ADDR_KIND_UNKNOWN);
	told.rtm_flags = RTM_F_CLONED;
	assert_int_equal(after(told), ADDR_KIND_UNKNOWN);
	told = entry(32, RTN_LOCAL);
	told.rtm_table = RT_TABLE_MAIN;
	assert_int_equal(after(told), ADDR_KIND_UNKNOWN);
	message->nlmsg_len = NLMSG_LENGTH(sizeof(told)) - 1;
	assert_int_equal(take_entry(&lookup, message), 0);
	assert_false(lookup.found);
}

static void test_attribute_has_the_number_of_the_table(void **state)
{
	(void)state;
	look_in(1000);
	begin(entry(0, RTN_LOCAL));
	mnl_attr_put_u32(message, RTA_TABLE, 1000);
	take_entry(&lookup, message);
	assert_int_equal(lookup.best.kind, ADDR_KIND_LOCAL);
	look_in(RT_TABLE_LOCAL);
	take_entry(&lookup, message);
	assert_false(lookup.found);
	/* one that is too short is none */
	begin(entry(0, RTN_BROADCAST));
	mnl_attr_put(message, RTA_TABLE, 2, four_bytes);
	take_entry(&lookup, message);
	assert_int_equal(lookup.best.kind, ADDR_KIND_BROADCAST);
}

static void test_longest_prefix_wins_and_the_first_of_equal_ones(void **state)
{
	(void)state;
	look_in(RT_TABLE_LOCAL);
	/* a prefix of another length than four bytes, or none, is 0.0.0.0 */
	begin(entry(8, RTN_BROADCAST));
	mnl_attr_put(message, RTA_DST, 16, six.b);
	take_entry(&lookup, message);
	assert_false(lookup.found);
	begin(entry(0, RTN_UNICAST));
	take_entry(&lookup, message);
	assert_int_equal(lookup.best.kind, ADDR_KIND_NONE);
	assert_int_equal(after(entry(24, RTN_LOCAL)), ADDR_KIND_LOCAL);
	assert_int_equal(after(entry(24, RTN_BROADCAST)), ADDR_KIND_LOCAL);
	assert_int_equal(after(entry(16, RTN_BROADCAST)), ADDR_KIND_LOCAL);
	assert_int_equal(after(entry(32, RTN_BROADCAST)), ADDR_KIND_BROADCAST);
	assert_int_equal(lookup.best.prefix, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_route_that_refuses_is_an_error),
		cmocka_unit_test(test_source_has_the_length_of_its_family),
		cmocka_unit_test(test_message_without_a_route_says_nothing),
		cmocka_unit_test(test_entry_that_does_not_count_is_left_out),
		cmocka_unit_test(test_attribute_has_the_number_of_the_table),
		cmocka_unit_test(test_longest_prefix_wins_and_the_first_of_equal_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
