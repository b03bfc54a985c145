/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers about routes and VRFs that this machine does not give: libnl is called
 * through a table, of which tests put in what they need.
 */
#include "test.h"

#include "collect/libnl.h"
#include "collect/routes.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

static struct libnl real;

/* What the next talk is answered with. */
static struct {
	struct nl_msg *messages[8];
	size_t         count;
	struct nl_msg *end;             /* of a dump */
	int            result, refused;
	unsigned       talks;
} answer;

static struct {
	nl_recvmsg_msg_cb_t valid, finish;
	nl_recvmsg_err_cb_t error;
	void *ctx;
} heard;

static int fake_connect(struct nl_sock *socket, int protocol)
{
	(void)socket;
	assert_int_equal(protocol, NETLINK_ROUTE);
	return 0;
}

static int fake_fd(const struct nl_sock *socket)
{
	(void)socket;
	return -1;
}

static int fake_modify(struct nl_sock *socket, enum nl_cb_type type, enum nl_cb_kind kind,
		       nl_recvmsg_msg_cb_t take, void *ctx)
{
	(void)socket;
	(void)kind;
	*(type == NL_CB_VALID ? &heard.valid : &heard.finish) = take;
	heard.ctx = ctx;
	return 0;
}

static int fake_modify_error(struct nl_sock *socket, enum nl_cb_kind kind,
			     nl_recvmsg_err_cb_t take, void *ctx)
{
	(void)socket;
	(void)kind;
	(void)ctx;
	heard.error = take;
	return 0;
}

static int fake_send(struct nl_sock *socket, struct nl_msg *message)
{
	(void)socket;
	(void)message;
	answer.talks++;
	return 1;
}

static int fake_receive(struct nl_sock *socket)
{
	struct nlmsgerr told = { .error = answer.refused };

	(void)socket;
	for (size_t i = 0; i < answer.count; i++)
		heard.valid(answer.messages[i], heard.ctx);
	if (answer.refused)
		heard.error(NULL, &told, heard.ctx);
	else if (answer.end)
		heard.finish(answer.end, heard.ctx);
	return answer.result;
}

static int begin(void **state)
{
	(void)state;
	if (!libnl_load())
		return -1;
	real = libnl;
	libnl.nl_connect = fake_connect;
	libnl.nl_socket_get_fd = fake_fd;
	libnl.nl_socket_modify_cb = fake_modify;
	libnl.nl_socket_modify_err_cb = fake_modify_error;
	libnl.nl_send_auto = fake_send;
	libnl.nl_recvmsgs_default = fake_receive;
	memset(&answer, 0, sizeof(answer));
	return 0;
}

static void drop_answers(void)
{
	for (size_t i = 0; i < answer.count; i++)
		real.nlmsg_free(answer.messages[i]);
	if (answer.end)
		real.nlmsg_free(answer.end);
	memset(&answer, 0, sizeof(answer));
}

static int end(void **state)
{
	(void)state;
	drop_answers();
	libnl = real;
	return 0;
}

/* ---- answers ---- */

static struct nl_msg *add_route(int flags, struct rtmsg told)
{
	struct nl_msg *message = real.nlmsg_alloc_simple(RTM_NEWROUTE, flags);

	assert_non_null(message);
	assert_int_equal(real.nlmsg_append(message, &told, sizeof(told), NLMSG_ALIGNTO), 0);
	assert_true(answer.count < COUNT(answer.messages));
	answer.messages[answer.count++] = message;
	return message;
}

static void add_end(int err)
{
	answer.end = real.nlmsg_alloc_simple(NLMSG_DONE, NLM_F_MULTI);
	assert_int_equal(real.nlmsg_append(answer.end, &err, sizeof(err), NLMSG_ALIGNTO), 0);
}

static const struct addr six = { { 0x20, 1, 0xd, 0xb8, [15] = 1 } };
static const uint8_t four_bytes[4] = { 192, 0, 2, 77 };

static int ask(struct route *route)
{
	return routes_ask_from(FAMILY_IPV6, &six, &six, 3, route);
}

static void test_refusing_route_is_a_way(void **state)
{
	static const struct { uint8_t type; enum route_type told; int err; } rows[] = {
		{ RTN_UNICAST, ROUTE_UNICAST, 0 }, { RTN_ANYCAST, ROUTE_UNICAST, 0 },
		{ RTN_LOCAL, ROUTE_LOCAL, 0 }, { RTN_BROADCAST, ROUTE_BROADCAST, 0 },
		{ RTN_MULTICAST, ROUTE_MULTICAST, 0 }, { RTN_BLACKHOLE, ROUTE_NONE, EINVAL },
		{ RTN_UNREACHABLE, ROUTE_NONE, EHOSTUNREACH }, { RTN_PROHIBIT, ROUTE_NONE, EACCES },
		{ RTN_THROW, ROUTE_NONE, ENETUNREACH }, { 200, ROUTE_NONE, ENETUNREACH },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct route route;

		add_route(0, (struct rtmsg){ .rtm_family = AF_INET6, .rtm_type = rows[i].type });
		assert_int_equal(ask(&route), 0);
		assert_int_equal(route.type, rows[i].told);
		assert_int_equal(route.err, rows[i].err);
		assert_int_equal(route.ifindex, 0);
		assert_false(route.has_source);
		drop_answers();
	}
}

static void test_source_of_another_length_is_taken(void **state)
{
	struct nl_msg *message;
	struct route route;

	(void)state;
	message = add_route(0, (struct rtmsg){ .rtm_family = AF_INET6, .rtm_type = RTN_UNICAST });
	real.nla_put(message, RTA_PREFSRC, 4, four_bytes);
	real.nla_put(message, RTA_OIF, 2, four_bytes);
	assert_int_equal(ask(&route), 0);
	assert_false(route.has_source);
	assert_int_equal(route.ifindex, 0);
	drop_answers();

	message = add_route(0, (struct rtmsg){ .rtm_family = AF_INET6, .rtm_type = RTN_UNICAST });
	real.nla_put(message, RTA_PREFSRC, 16, six.b);
	real.nla_put_u32(message, RTA_OIF, 9);
	assert_int_equal(ask(&route), 0);
	assert_true(route.has_source && addr_equal(&route.source, &six));
	assert_int_equal(route.ifindex, 9);
}

/* An answer that is too short for its own head says nothing. */
static void test_short_answer_is_read(void **state)
{
	struct route route;

	(void)state;
	answer.messages[answer.count++] = real.nlmsg_alloc_simple(RTM_NEWROUTE, 0);
	assert_int_equal(ask(&route), 0);
	assert_int_equal(route.type, ROUTE_NONE);
	assert_int_equal(route.err, 0);
}

static void test_errno_of_a_refusal_changes_its_sign(void **state)
{
	struct route route;

	(void)state;
	answer.refused = -ENETUNREACH;
	assert_int_equal(ask(&route), 0);
	assert_int_equal(route.err, ENETUNREACH);
	answer.refused = EHOSTUNREACH;
	assert_int_equal(ask(&route), 0);
	assert_int_equal(route.err, EHOSTUNREACH);
}

/* ---- what cannot be asked ---- */

static int put_nothing(struct nl_msg *message, int type, int size, const void *bytes)
{
	(void)message;
	(void)type;
	(void)size;
	(void)bytes;
	return -NLE_NOMEM;
}

static int put_no_u32(struct nl_msg *message, int type, uint32_t value)
{
	(void)value;
	return put_nothing(message, type, 0, NULL);
}

static int put_no_u8(struct nl_msg *message, int type, uint8_t value)
{
	(void)value;
	return put_nothing(message, type, 0, NULL);
}

static int append_nothing(struct nl_msg *message, void *bytes, size_t size, int align)
{
	(void)align;
	return put_nothing(message, 0, (int)size, bytes);
}

static struct nl_msg *no_message(int type, int flags)
{
	(void)type;
	(void)flags;
	return NULL;
}

static struct nl_sock *no_socket(void)
{
	return NULL;
}

static int connect_fails(struct nl_sock *socket, int protocol)
{
	(void)socket;
	(void)protocol;
	return -NLE_AF_NOSUPPORT;
}

static int send_fails(struct nl_sock *socket, struct nl_msg *message)
{
	(void)socket;
	(void)message;
	return -NLE_NOACCESS;
}

/* Both questions: each must fail with @err, and the table is as it was after that. */
static void expect_both(int err)
{
	struct addr four = addr_from_v4(four_bytes);
	struct route route;
	struct vrf vrf;

	assert_int_equal(ask(&route), err);
	assert_int_equal(route.type, ROUTE_NONE);
	assert_int_equal(routes_local(&four, 0, &route), err);
	assert_int_equal(route.type, ROUTE_NONE);
	if (err == -EPROTONOSUPPORT)
		assert_int_equal(routes_vrf(3, &vrf), err);
	end(NULL);
	begin(NULL);
}

static void test_question_that_cannot_be_asked_has_an_answer(void **state)
{
	struct route route;
	struct vrf vrf;

	(void)state;
	libnl.nlmsg_alloc_simple = no_message;
	expect_both(-ENOMEM);
	libnl.nlmsg_append = append_nothing;
	expect_both(-ENOMEM);
	libnl.nla_put_u32 = put_no_u32;
	expect_both(-ENOMEM);
	libnl.nl_socket_alloc = no_socket;
	expect_both(-ENOMEM);
	libnl.nl_connect = connect_fails;
	expect_both(-EPROTONOSUPPORT);
	libnl.nl_send_auto = send_fails;
	expect_both(-EIO);
	libnl.nla_put = put_nothing;
	assert_int_equal(ask(&route), -ENOMEM);
	libnl.nla_put = real.nla_put;
	libnl.nla_put_u8 = put_no_u8;
	assert_int_equal(ask(&route), -ENOMEM);
	libnl.nl_socket_alloc = no_socket;
	assert_int_equal(routes_vrf(3, &vrf), -EPROTONOSUPPORT);
	assert_int_equal(routes_vrf(0, &vrf), 0);
}

/* ---- one table ---- */

static struct rtmsg entry(uint8_t bits, uint8_t type)
{
	return (struct rtmsg){
		.rtm_family = AF_INET, .rtm_dst_len = bits, .rtm_type = type,
		.rtm_table = RT_TABLE_LOCAL,
	};
}

/* With a prefix of the address; its bits are those of the head. */
static struct nl_msg *add_entry(struct rtmsg told)
{
	struct nl_msg *message = add_route(NLM_F_MULTI, told);

	real.nla_put(message, RTA_DST, 4, four_bytes);
	return message;
}

static enum route_type local_type(uint32_t table)
{
	struct addr four = addr_from_v4(four_bytes);
	struct route route;

	assert_int_equal(routes_local(&four, table, &route), 0);
	return route.type;
}

static void test_entry_that_does_not_count_is_taken(void **state)
{
	struct rtmsg told;

	(void)state;
	add_end(0);
	assert_int_equal(local_type(0), ROUTE_NONE);
	told = entry(32, RTN_LOCAL);
	told.rtm_family = AF_INET6;
	add_entry(told);
	told = entry(33, RTN_LOCAL);
	add_entry(told);
	told = entry(32, RTN_LOCAL);
	told.rtm_tos = 4;
	add_entry(told);
	told = entry(32, RTN_LOCAL);
	told.rtm_flags = RTNH_F_DEAD;
	add_entry(told);
	told = entry(32, RTN_LOCAL);
	told.rtm_flags = RTM_F_CLONED;
	add_entry(told);
	told = entry(32, RTN_LOCAL);
	told.rtm_table = RT_TABLE_MAIN;
	add_entry(told);
	/* the attribute has the number of the table where it is there */
	real.nla_put_u32(add_entry(entry(32, RTN_LOCAL)), RTA_TABLE, 1000);
	answer.messages[answer.count++] = real.nlmsg_alloc_simple(RTM_NEWROUTE, NLM_F_MULTI);
	assert_int_equal(local_type(0), ROUTE_NONE);
	assert_int_equal(local_type(1000), ROUTE_LOCAL);
}

static void test_shorter_prefix_wins(void **state)
{
	(void)state;
	add_end(0);
	/* a prefix of another length than four bytes, or none, is 0.0.0.0 */
	real.nla_put(add_route(NLM_F_MULTI, entry(8, RTN_BROADCAST)), RTA_DST, 16, six.b);
	assert_int_equal(local_type(0), ROUTE_NONE);
	add_route(NLM_F_MULTI, entry(0, RTN_UNICAST));
	assert_int_equal(local_type(0), ROUTE_UNICAST);
	add_entry(entry(24, RTN_LOCAL));
	assert_int_equal(local_type(0), ROUTE_LOCAL);
	add_entry(entry(24, RTN_BROADCAST));
	assert_int_equal(local_type(0), ROUTE_LOCAL);
	add_entry(entry(16, RTN_BROADCAST));
	assert_int_equal(local_type(0), ROUTE_LOCAL);
	real.nla_put(add_entry(entry(32, RTN_BROADCAST)), RTA_TABLE, 2, four_bytes);
	assert_int_equal(local_type(0), ROUTE_BROADCAST);
}

static void test_end_of_a_table_with_an_errno_is_an_empty_table(void **state)
{
	struct addr four = addr_from_v4(four_bytes);
	struct route route;

	(void)state;
	add_end(-ENOENT);
	assert_int_equal(local_type(77), ROUTE_NO_TABLE);
	drop_answers();
	add_end(-EPERM);
	assert_int_equal(routes_local(&four, 0, &route), -EPERM);
	drop_answers();
	/* an end without a number, and with one that is none */
	answer.end = real.nlmsg_alloc_simple(NLMSG_DONE, NLM_F_MULTI);
	assert_int_equal(local_type(0), ROUTE_NONE);
	drop_answers();
	add_end(5);
	assert_int_equal(local_type(0), ROUTE_NONE);
}

static void test_table_that_changed_is_not_asked_for_again(void **state)
{
	struct addr four = addr_from_v4(four_bytes);
	struct route route;

	(void)state;
	add_entry(entry(32, RTN_LOCAL));
	add_end(0);
	answer.result = -NLE_DUMP_INTR;
	assert_int_equal(routes_local(&four, 0, &route), -EAGAIN);
	assert_int_equal(answer.talks, 3);
	assert_int_equal(route.type, ROUTE_NONE);
	drop_answers();
	/* silence */
	answer.result = -NLE_AGAIN;
	assert_int_equal(routes_local(&four, 0, &route), -EAGAIN);
	drop_answers();
	/* what failed after the end fails no more */
	add_entry(entry(32, RTN_LOCAL));
	add_end(0);
	answer.result = -NLE_NOMEM;
	assert_int_equal(local_type(0), ROUTE_LOCAL);
}

/* ---- VRF: devices 5 (a VRF), 6 (in it), 7 (in a bridge, 8), 9 (alone), 10 (in one that is gone) ---- */

static int links_held;

static struct rtnl_link *link_of(int ifindex)
{
	return (struct rtnl_link *)(uintptr_t)ifindex;
}

static int index_of(struct rtnl_link *link)
{
	return (int)(uintptr_t)link;
}

static int fake_link(struct nl_sock *socket, int ifindex, const char *name, struct rtnl_link **link)
{
	(void)socket;
	(void)name;
	if (ifindex < 5 || ifindex > 10)
		return -NLE_OBJ_NOTFOUND;
	links_held++;
	*link = link_of(ifindex);
	return 0;
}

static int fake_is_vrf(struct rtnl_link *link)
{
	return index_of(link) == 5;
}

static int fake_master(struct rtnl_link *link)
{
	static const int masters[] = { [6] = 5, [7] = 8, [10] = 11 };

	return index_of(link) < 11 ? masters[index_of(link)] : 0;
}

static int fake_table(struct rtnl_link *link, uint32_t *table)
{
	assert_int_equal(index_of(link), 5);
	*table = 100;
	return 0;
}

static int no_table(struct rtnl_link *link, uint32_t *table)
{
	(void)link;
	(void)table;
	return -NLE_OPNOTSUPP;
}

static void fake_put(struct rtnl_link *link)
{
	assert_true(index_of(link) >= 5);
	links_held--;
}

static void test_device_is_in_another_vrf(void **state)
{
	static const struct { uint32_t ifindex; int err; uint32_t vrf; } rows[] = {
		{ 5, 0, 5 }, { 6, 0, 5 }, { 7, 0, 0 }, { 9, 0, 0 }, { 10, 0, 0 }, { 3, -ENODEV, 0 },
	};
	struct vrf vrf;

	(void)state;
	libnl.rtnl_link_get_kernel = fake_link;
	libnl.rtnl_link_is_vrf = fake_is_vrf;
	libnl.rtnl_link_get_master = fake_master;
	libnl.rtnl_link_vrf_get_tableid = fake_table;
	libnl.rtnl_link_get_ifindex = index_of;
	libnl.rtnl_link_put = fake_put;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(routes_vrf(rows[i].ifindex, &vrf), rows[i].err);
		assert_int_equal(vrf.ifindex, rows[i].vrf);
		assert_int_equal(vrf.table, rows[i].vrf ? 100 : 0);
		assert_int_equal(links_held, 0);
	}
	libnl.rtnl_link_vrf_get_tableid = no_table;
	assert_int_equal(routes_vrf(5, &vrf), 0);
	assert_int_equal(vrf.ifindex + vrf.table, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_refusing_route_is_a_way),
		TEST(test_source_of_another_length_is_taken),
		TEST(test_short_answer_is_read),
		TEST(test_errno_of_a_refusal_changes_its_sign),
		TEST(test_question_that_cannot_be_asked_has_an_answer),
		TEST(test_entry_that_does_not_count_is_taken),
		TEST(test_shorter_prefix_wins),
		TEST(test_end_of_a_table_with_an_errno_is_an_empty_table),
		TEST(test_table_that_changed_is_not_asked_for_again),
		TEST(test_device_is_in_another_vrf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
