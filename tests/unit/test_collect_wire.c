/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is no answer to our question: messages of other senders, of another sequence number
 * or port. The functions below stand before those of the C library and give them.
 */
#include "test.h"

#include "base/clock.h"
#include "collect/links.h"
#include "collect/wire.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* A datagram that comes, or an error in its place. */
struct mail {
	uint32_t sender, groups;
	int      sequence, port;        /* beside those of the question */
	uint16_t type;                  /* 0: an acknowledgement, NLMSG_ERROR with 0 */
	int      err;                   /* of recvmsg(), positive */
};

/* They come one after the other; behind the last nothing does, or the first again. */
static struct {
	const struct mail *at;
	size_t    count, next;
	bool      for_ever;
	unsigned  asked;
	unsigned  refusals;             /* so often poll() fails, with this errno */
	int       refusal;
	uint32_t  sequence;             /* of the last question */
	uint32_t  ifindex;              /* that it is about */
	void    (*fill)(struct nlmsghdr *message);
} kernel;

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
	const struct nlmsghdr *message = bytes;

	(void)fd, (void)flags;
	kernel.asked++;
	kernel.sequence = message->nlmsg_seq;
	if (message->nlmsg_type == RTM_GETLINK)
		kernel.ifindex = (uint32_t)((const struct ifinfomsg *)
					    mnl_nlmsg_get_payload(message))->ifi_index;
	return (ssize_t)size;
}

static void put_acknowledgement(struct nlmsghdr *message)
{
	message->nlmsg_type = NLMSG_ERROR;
	mnl_nlmsg_put_extra_header(message, sizeof(struct nlmsgerr));
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	const struct mail *mail = &kernel.at[kernel.next];
	struct nlmsghdr *head = mnl_nlmsg_put_header(message->msg_iov->iov_base);
	struct sockaddr_nl ours, sender = { .nl_family = AF_NETLINK };
	socklen_t size = sizeof(ours);

	(void)flags;
	errno = kernel.next < kernel.count ? mail->err : EAGAIN;
	if (errno && kernel.next < kernel.count)
		kernel.next++;
	if (errno)
		return -1;
	kernel.next = kernel.for_ever ? (kernel.next + 1) % kernel.count : kernel.next + 1;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&ours, &size), 0);
	sender.nl_pid = mail->sender;
	sender.nl_groups = mail->groups;
	memcpy(message->msg_name, &sender, sizeof(sender));
	message->msg_flags = 0;
	head->nlmsg_seq = kernel.sequence + (uint32_t)mail->sequence;
	head->nlmsg_pid = ours.nl_pid + (uint32_t)mail->port;
	if (mail->type)
		head->nlmsg_type = mail->type;
	else
		(kernel.fill ? kernel.fill : put_acknowledgement)(head);
	return head->nlmsg_len;
}

int poll(struct pollfd *ready, nfds_t count, int timeout_ms)
{
	struct timespec wait = { timeout_ms / 1000, timeout_ms % 1000 * 1000000L };

	if (kernel.refusals) {
		kernel.refusals--;
		errno = kernel.refusal;
		return -1;
	}
	return kernel.next < kernel.count ? 1 : ppoll(ready, count, &wait, NULL);
}

/* What poll() is called where the compiler looks after sizes. */
int __poll_chk(struct pollfd *ready, nfds_t count, int timeout_ms, size_t size);
int __poll_chk(struct pollfd *ready, nfds_t count, int timeout_ms, size_t size)
{
	(void)size;
	return poll(ready, count, timeout_ms);
}

static void tell(const struct mail *mails, size_t count)
{
	kernel.at = mails;
	kernel.count = count;
	kernel.next = 0;
	kernel.asked = kernel.refusals = 0;
	kernel.for_ever = false;
	kernel.fill = NULL;
}

static const struct mail good[] = { { .type = 0 } };

static int ask_once(unsigned deadline_ms)
{
	static const char nothing[4];
	const struct nlmsghdr *answer;
	struct wire wire;
	int err = wire_open(&wire, NETLINK_SOCK_DIAG, 4096, NULL);

	assert_int_equal(err, 0);
	err = wire_ask(&wire, &(struct wire_question){ .payload = nothing, .size = 4 },
		       deadline_ms, &answer);
	if (!err)
		assert_int_equal(wire_refusal(answer), 0);
	wire_close(&wire);
	return err;
}

/* Each kind of message that is no answer. */
static const struct mail strangers[] = {
	{ .sender = 4711 }, { .groups = 1 }, { .sender = 4711, .groups = 1 },
	{ .sequence = -1 }, { .sequence = 1 }, { .port = 1 }, { .port = -1, .sequence = -1 },
};

static void test_what_is_no_answer_is_passed_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++) {
		const struct mail mails[] = { strangers[i], { .err = EINTR }, strangers[i], good[0] };

		tell(mails, 3);
		assert_int_equal(ask_once(20), -ETIMEDOUT);
		tell(mails, 4);
		kernel.refusals = 2;
		kernel.refusal = EINTR;
		assert_int_equal(ask_once(10000), 0);
	}
	tell(NULL, 0);
	kernel.refusals = 1;
	kernel.refusal = ENOMEM;
	assert_int_equal(ask_once(10000), -ENOMEM);
}

static void test_lost_messages_do_not_lose_the_answer(void **state)
{
	const struct mail mails[] = { { .err = ENOBUFS }, good[0] };
	const struct mail broken[] = { { .err = EIO }, good[0] };

	(void)state;
	tell(mails, 2);
	assert_int_equal(ask_once(10000), 0);
	tell(mails, 1);
	assert_int_equal(ask_once(20), -ETIMEDOUT);
	tell(broken, 2);
	assert_int_equal(ask_once(10000), -EIO);
}

static int take(void *ctx, const struct nlmsghdr *message)
{
	(void)message;
	++*(unsigned *)ctx;
	return 0;
}

static int ask_three(unsigned deadline_ms, unsigned *taken)
{
	static const struct wire_question questions[] = {
		{ .payload = "one", .size = 4 }, { .payload = "two", .size = 4 },
		{ .payload = "three", .size = 6 },
	};
	struct wire wire;
	int err = wire_open(&wire, NETLINK_SOCK_DIAG, 4096, NULL);

	*taken = 0;
	assert_int_equal(err, 0);
	err = wire_ask_each(&wire, questions, 3, deadline_ms, take, taken);
	wire_close(&wire);
	return err;
}

/* The sequence is that of the first question that was sent last. */
static void test_questions_sent_at_once_are_all_answered_whatever_is_lost(void **state)
{
	static const struct {
		struct mail mails[6];
		unsigned count, asked, taken;
		int err;
	} rows[] = {
		{ { { .type = 0 }, { .sequence = 1 }, { .sequence = 2 } }, 3, 1, 3, 0 },
		{ { { .type = 0 }, { .sender = 4711, .sequence = 1 }, { .sequence = 1 }, { .sequence = 2 } }, 4, 1, 3, 0 },
		{ { { .type = 0 }, { .sequence = 2 }, { .type = 0 }, { .type = 0 } }, 4, 3, 3, 0 },
		{ { { .err = ENOBUFS }, { .type = 0 }, { .type = 0 }, { .type = 0 } }, 4, 4, 3, 0 },
		{ { { .type = 0 }, { .sequence = 1 }, { .err = ENOBUFS }, { .err = ENOBUFS }, { .type = 0 } }, 5, 2, 3, 0 },
		{ { { .type = 0 }, { .sequence = 1 } }, 2, 1, 2, -ETIMEDOUT },
		{ { { .type = 0 }, { .err = EIO } }, 2, 1, 1, -EIO },
	};
	unsigned taken;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		tell(rows[i].mails, rows[i].count);
		assert_int_equal(ask_three(rows[i].err == -ETIMEDOUT ? 20 : 10000, &taken), rows[i].err);
		assert_int_equal(kernel.asked, rows[i].asked);
		assert_int_equal(taken, rows[i].taken);
	}
}

static int dump_once(unsigned deadline_ms, unsigned *taken, struct fault *fault)
{
	static const char nothing[4];
	struct wire_dump dump = {
		.request = nothing, .size = 4, .deadline_ms = deadline_ms, .take = take, .ctx = taken,
	};

	*taken = 0;
	return wire_dump(&dump, fault);
}

static void test_flood_does_not_make_the_wait_longer(void **state)
{
	unsigned taken;

	(void)state;
	for (size_t i = 0; i < sizeof(strangers) / sizeof(*strangers); i++) {
		int64_t begin = clock_ms(CLOCK_MONOTONIC);

		tell(&strangers[i], 1);
		kernel.for_ever = true;
		assert_int_equal(ask_once(30), -ETIMEDOUT);
		assert_true(clock_ms(CLOCK_MONOTONIC) - begin < 5000);
	}
	tell(strangers, 3);
	kernel.for_ever = true;
	assert_int_equal(dump_once(30, &taken, NULL), -ETIMEDOUT);
	assert_int_equal(kernel.asked, 1);
}

static void test_listing_is_asked_again_after_an_answer_to_something_else(void **state)
{
	const struct mail once[] = {
		{ .type = 100 }, { .sequence = 1, .type = 100 }, { .type = 100 }, { .type = NLMSG_DONE },
	};
	const struct mail always[] = { { .port = 1, .type = 100 } };
	const struct mail forged[] = {
		{ .sender = 1, .type = 100 }, { .type = 100 }, { .type = NLMSG_DONE },
	};
	struct fault fault = { 0 };
	unsigned taken;

	(void)state;
	tell(once, 4);
	assert_int_equal(dump_once(10000, &taken, &fault), 0);
	assert_int_equal(kernel.asked, 2);
	assert_int_equal(taken, 2);
	tell(always, 1);
	kernel.for_ever = true;
	assert_int_equal(dump_once(10000, &taken, &fault), -EPROTO);
	assert_int_equal(kernel.asked, WIRE_TRIES);
	assert_int_equal(taken, 0);
	tell(forged, 3);
	assert_int_equal(dump_once(10000, &taken, &fault), 0);
	assert_int_equal(kernel.asked, 1);
	assert_int_equal(taken, 1);
}

static void test_refusal_is_told_by_its_errno(void **state)
{
	char bytes[64] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);
	struct nlmsgerr *told;

	(void)state;
	message->nlmsg_type = NLMSG_ERROR;
	assert_int_equal(wire_refusal(message), EBADMSG);
	told = mnl_nlmsg_put_extra_header(message, sizeof(*told));
	assert_int_equal(wire_refusal(message), 0);
	told->error = -ENOENT;
	assert_int_equal(wire_refusal(message), ENOENT);
	told->error = ENOENT;
	assert_int_equal(wire_refusal(message), ENOENT);
	told->error = INT32_MIN;
	assert_int_equal(wire_refusal(message), EPROTO);
	message->nlmsg_type = RTM_NEWLINK;
	assert_int_equal(wire_refusal(message), -1);
}

/* ---- VRF: devices 5 (a VRF), 6 (in it), 7 (in a bridge, 8), 9 (alone), 10 (in one that is gone) ---- */

static void put_vrf(struct nlmsghdr *message)
{
	struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO), *data;

	mnl_attr_put_strz(message, IFLA_INFO_KIND, "vrf");
	data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
	mnl_attr_put_u32(message, IFLA_VRF_TABLE, 100);
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, info);
}

static void put_device(struct nlmsghdr *message)
{
	static const uint32_t masters[] = { [6] = 5, [7] = 8, [10] = 11 };
	struct ifinfomsg *told;

	if (kernel.ifindex < 5 || kernel.ifindex > 10) {
		put_acknowledgement(message);
		((struct nlmsgerr *)mnl_nlmsg_get_payload(message))->error = -ENODEV;
		return;
	}
	message->nlmsg_type = RTM_NEWLINK;
	told = mnl_nlmsg_put_extra_header(message, sizeof(*told));
	told->ifi_index = (int)kernel.ifindex;
	mnl_attr_put_strz(message, IFLA_IFNAME, "device");
	if (masters[kernel.ifindex])
		mnl_attr_put_u32(message, IFLA_MASTER, masters[kernel.ifindex]);
	if (kernel.ifindex == 5)
		put_vrf(message);
}

static void test_device_is_in_the_vrf_of_its_master(void **state)
{
	static const struct { uint32_t ifindex; int err; uint32_t vrf; } rows[] = {
		{ 5, 0, 5 }, { 6, 0, 5 }, { 7, 0, 0 }, { 9, 0, 0 }, { 10, 0, 0 }, { 3, -ENODEV, 0 },
	};
	const struct mail mails[] = { good[0], good[0] };
	struct vrf vrf;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		tell(mails, 2);
		kernel.fill = put_device;
		assert_int_equal(links_vrf(rows[i].ifindex, &vrf), rows[i].err);
		assert_int_equal(vrf.ifindex, rows[i].vrf);
		assert_int_equal(vrf.table, rows[i].vrf ? 100 : 0);
	}
	assert_int_equal(links_vrf(0, &vrf), 0);
	assert_int_equal(vrf.ifindex + vrf.table, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_no_answer_is_passed_over),
		cmocka_unit_test(test_lost_messages_do_not_lose_the_answer),
		cmocka_unit_test(test_questions_sent_at_once_are_all_answered_whatever_is_lost),
		cmocka_unit_test(test_flood_does_not_make_the_wait_longer),
		cmocka_unit_test(test_listing_is_asked_again_after_an_answer_to_something_else),
		cmocka_unit_test(test_refusal_is_told_by_its_errno),
		cmocka_unit_test(test_device_is_in_the_vrf_of_its_master),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
