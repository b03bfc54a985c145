/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/wire.h"

#include "base/clock.h"
#include "base/grow.h"
#include "base/own.h"
#include "collect/prefetch.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* After this many answers a second thread saves more time than its start takes. */
#define MANY_BATCHES 8

static const struct wire_lister tcp = { "TCP", "tcp_diag", "CONFIG_INET_TCP_DIAG" };

const struct wire_lister *wire_lister_of(enum protocol protocol)
{
	static const struct wire_lister udp = { "UDP", "udp_diag", "CONFIG_INET_UDP_DIAG" };
	static const struct wire_lister raw = { "raw", "raw_diag", "CONFIG_INET_RAW_DIAG" };
	static const struct wire_lister mptcp = {
		"MPTCP", "mptcp_diag", "CONFIG_INET_MPTCP_DIAG",
	};

	switch (protocol) {
	case PROTOCOL_UDP:   return &udp;
	case PROTOCOL_RAW:   return &raw;
	case PROTOCOL_MPTCP: return &mptcp;
	default:             return &tcp;
	}
}

unsigned wire_route_ms = 5000;

void wire_limit_routes(unsigned deadline_ms)
{
	if (deadline_ms < wire_route_ms)
		wire_route_ms = deadline_ms;
}

/* ---- a socket and one question ---- */

static int refused(int err, struct fault *fault)
{
	return fault_set(fault, err,
			 "cannot open a netlink socket: %s; allow AF_NETLINK here (RestrictAddressFamilies=, seccomp)",
			 strerror(err));
}

int wire_open(struct wire *wire, int bus, size_t room, struct fault *fault)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK }, ours = { 0 };
	socklen_t size = sizeof(ours);
	int one = 1;

	*wire = (struct wire){ .room = room, .sequence = (uint32_t)clock_ms(CLOCK_MONOTONIC) };
	wire->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, bus);
	if (wire->fd < 0)
		return refused(errno, fault);
	wire->buffer = grow_space(room);
	if (connect(wire->fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0 ||
	    getsockname(wire->fd, (struct sockaddr *)&ours, &size) < 0)
		return refused(errno, fault);
	wire->port = ours.nl_pid;
	/*
	 * Since 4.20 the kernel then heeds every member of a request; before, the caller
	 * filters.
	 */
	if (bus == NETLINK_ROUTE)
		(void)setsockopt(wire->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	return 0;
}

void wire_close(struct wire *wire)
{
	if (wire->fd >= 0)
		close(wire->fd);
	free(wire->buffer);
	*wire = (struct wire){ .fd = -1 };
}

static size_t put_question(struct wire *wire, const struct wire_question *question, char *at)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(at);

	message->nlmsg_type = question->type ? question->type : SOCK_DIAG_BY_FAMILY;
	message->nlmsg_flags = NLM_F_REQUEST | question->flags;
	message->nlmsg_seq = ++wire->sequence;
	memcpy(mnl_nlmsg_put_extra_header(message, question->size), question->payload,
	       question->size);
	return message->nlmsg_len;
}

static int wire_send(struct wire *wire, const struct wire_question *questions, size_t count)
{
	OWN_MEM char *buffer = NULL;
	size_t room = 0, size = 0;

	for (size_t i = 0; i < count; i++)
		room += NLMSG_HDRLEN + NLMSG_ALIGN(questions[i].size);
	buffer = grow_alloc(room);
	for (size_t i = 0; i < count; i++)
		size += put_question(wire, &questions[i], buffer + size);
	return send(wire->fd, buffer, size, 0) < 0 ? -errno : 0;
}

/*
 * Only the kernel is believed: its port is 0, and its events come to groups that we
 * joined.
 */
static bool is_kernel(const struct wire *wire, const struct msghdr *message)
{
	const struct sockaddr_nl *sender = message->msg_name;

	return message->msg_namelen == sizeof(*sender) && !sender->nl_pid &&
	       (sender->nl_groups == 0 || sender->nl_groups & wire->groups);
}

int wire_take(const struct wire *wire, char *buffer, size_t *size)
{
	struct sockaddr_nl sender = { 0 };
	struct iovec part = { .iov_base = buffer, .iov_len = wire->room };
	struct msghdr message = {
		.msg_name = &sender, .msg_namelen = sizeof(sender),
		.msg_iov = &part, .msg_iovlen = 1,
	};
	ssize_t got = recvmsg(wire->fd, &message, MSG_DONTWAIT);

	*size = got > 0 ? (size_t)got : 0;
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? WIRE_NOTHING : -errno;
	if (got == 0)
		return -EIO;
	if (!is_kernel(wire, &message))
		return WIRE_OTHER;
	return message.msg_flags & MSG_TRUNC ? -ENOSPC : 0;
}

/*
 * It waits only when nothing is there: during a dump, receiving one answer makes the
 * kernel prepare the next. A message that is thrown away does not extend the wait.
 */
static int wire_receive(const struct wire *wire, int64_t end_ms, size_t *size)
{
	struct pollfd ready = { .fd = wire->fd, .events = POLLIN };
	int err;

	while ((err = wire_take(wire, wire->buffer, size)) > 0) {
		int64_t left_ms = end_ms - clock_ms(CLOCK_MONOTONIC);
		int got = left_ms <= 0 ? 0 : err == WIRE_OTHER ? 1 : poll(&ready, 1, (int)left_ms);

		if (got == 0)
			return -ETIMEDOUT;
		if (got < 0 && errno != EINTR)
			return -errno;
	}
	return err;
}

/* A late answer to an earlier question, for example, is not an answer to this one. */
static bool is_answer(const struct wire *wire, const struct nlmsghdr *message, uint32_t sequence)
{
	return message->nlmsg_seq == sequence && message->nlmsg_pid == wire->port;
}

/* The kernel answers questions in their order, so a later answer says that this one was lost. */
static bool is_later(const struct wire *wire, const struct nlmsghdr *message, uint32_t sequence)
{
	return message->nlmsg_pid == wire->port && message->nlmsg_seq - sequence - 1 <
						   wire->sequence - sequence;
}

/* Waits for the answer to question @sequence. -ENOBUFS: answers were lost, perhaps this one. */
static int wire_await(struct wire *wire, uint32_t sequence, int64_t end_ms)
{
	const struct nlmsghdr *message = (const void *)wire->buffer;
	int err = 0;

	while (!err) {
		size_t size;

		err = wire_receive(wire, end_ms, &size);
		if (!err && !wire_holds(message, size))
			return -EBADMSG;
		if (!err && is_answer(wire, message, sequence))
			return 0;
		if (!err)
			err = is_later(wire, message, sequence) ? -ENOBUFS :
			      clock_ms(CLOCK_MONOTONIC) < end_ms ? 0 : -ETIMEDOUT;
	}
	return err;
}

int wire_ask(struct wire *wire, const struct wire_question *question, unsigned deadline_ms,
	     const struct nlmsghdr **answer)
{
	int64_t end_ms = clock_ms(CLOCK_MONOTONIC) + deadline_ms;
	int err = wire_send(wire, question, 1);

	*answer = (const void *)wire->buffer;
	if (err)
		return err;
	/* after a loss the answer may still be there */
	for (unsigned losses = 0; losses < WIRE_TRIES; losses++) {
		err = wire_await(wire, wire->sequence, end_ms);
		if (err != -ENOBUFS)
			break;
	}
	return err;
}

int wire_ask_each(struct wire *wire, const struct wire_question *questions, size_t count,
		  unsigned deadline_ms, wire_message *take, void *ctx)
{
	const struct nlmsghdr *answer = (const void *)wire->buffer;
	int64_t end_ms = clock_ms(CLOCK_MONOTONIC) + deadline_ms;
	int err = wire_send(wire, questions, count);
	uint32_t first = wire->sequence + 1 - (uint32_t)count;
	bool lost = false;

	for (size_t i = 0; i < count && !err; i++) {
		if (!lost)
			err = wire_await(wire, first + (uint32_t)i, end_ms);
		lost |= err == -ENOBUFS;
		if (lost)
			err = wire_ask(wire, &questions[i], deadline_ms, &answer);
		if (!err)
			err = take(ctx, answer);
	}
	return err;
}

int wire_refusal(const struct nlmsghdr *message)
{
	struct nlmsgerr told;

	if (message->nlmsg_type != NLMSG_ERROR)
		return -1;
	if (mnl_nlmsg_get_payload_len(message) < sizeof(told))
		return EBADMSG;
	memcpy(&told, mnl_nlmsg_get_payload(message), sizeof(told));
	return told.error == INT32_MIN ? EPROTO : abs(told.error);
}

/* ---- a listing ---- */

struct wire_line {
	struct wire_dump *dump;
	struct wire       wire;
	int64_t          *left_ms;      /* time that may still be spent waiting */
	bool              interrupted;
	bool              done;
	struct prefetch  *prefetch;     /* while a second thread receives; or NULL */
	struct fault      fault;        /* of that thread */
};

static int broke_off(const struct wire_line *line, int err, struct fault *fault)
{
	switch (-err) {
	case 0:
		return 0;
	case ETIMEDOUT:
		return fault_set(fault, ETIMEDOUT,
				 "the kernel did not finish its listing within %u s",
				 line->dump->deadline_ms / 1000);
	case ENOSPC:
		return fault_set(fault, ENOSPC,
				 "the kernel's listing was cut short by a small buffer");
	default:
		return fault_set(fault, -err, "the kernel's listing broke off: %s", strerror(-err));
	}
}

/* The kernel makes the first answer within this call, which takes time. */
static int line_ask(struct wire_line *line, struct fault *fault)
{
	int err = wire_send(&line->wire, &(struct wire_question){
		.type = line->dump->type, .flags = NLM_F_DUMP,
		.payload = line->dump->request, .size = line->dump->size }, 1);

	return err ? fault_set(fault, -err, "cannot ask the kernel for its sockets: %s",
			       strerror(-err)) : 0;
}

static int line_receive(struct wire_line *line, size_t *size, struct fault *fault)
{
	int64_t end_ms = clock_ms(CLOCK_MONOTONIC) + *line->left_ms;
	int err = wire_receive(&line->wire, end_ms, size);

	*line->left_ms = end_ms - clock_ms(CLOCK_MONOTONIC);
	return broke_off(line, err, fault);
}

static int line_error(const struct wire_line *line, const struct nlmsghdr *message, struct fault *fault)
{
	const struct wire_lister *lister = line->dump->lister ? line->dump->lister : &tcp;
	int err = wire_refusal(message);

	if (!err)
		return 0;
	if (err == EBADMSG)
		return fault_set(fault, EBADMSG, "the kernel's answer makes no sense");
	if (err == ENOENT || err == EOPNOTSUPP || err == EPROTONOSUPPORT)
		return fault_set(fault, err,
				 "this kernel does not list %s sockets: %s; load %s (modprobe %s) or build it with %s",
				 lister->sockets, strerror(err), lister->module, lister->module,
				 lister->option);
	return fault_set(fault, err, "the kernel refused to list its sockets: %s", strerror(err));
}

static int line_done(struct wire_line *line, const struct nlmsghdr *message, struct fault *fault)
{
	int told = 0;

	line->done = true;
	if (mnl_nlmsg_get_payload_len(message) >= sizeof(told))
		memcpy(&told, mnl_nlmsg_get_payload(message), sizeof(told));
	if (told < 0)
		return broke_off(line, told == INT32_MIN ? -EPROTO : told, fault);
	line->dump->answered = true;
	return 0;
}

static int line_message(struct wire_line *line, const struct nlmsghdr *message, struct fault *fault)
{
	int err;

	/*
	 * nothing of an earlier question can be left on a fresh socket, so a part is
	 * missing
	 */
	if (!is_answer(&line->wire, message, line->wire.sequence))
		return fault_set(fault, EPROTO, "the kernel answered something else than what was asked");
	line->interrupted |= (message->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
	switch (message->nlmsg_type) {
	case NLMSG_NOOP:
		return 0;
	case NLMSG_ERROR:
		return line_error(line, message, fault);
	case NLMSG_OVERRUN:
		return fault_set(fault, ENOBUFS, "the kernel's listing lost messages");
	case NLMSG_DONE:
		return line_done(line, message, fault);
	default:
		line->dump->answered = true;
		err = line->dump->take(line->dump->ctx, message);
		line->dump->stopped = err != 0;
		return err;
	}
}

static int line_batch(struct wire_line *line, const char *buffer, size_t size, struct fault *fault)
{
	const struct nlmsghdr *message = (const void *)buffer;
	int left = (int)size;

	while (!line->done && left > 0 && wire_holds(message, (size_t)left)) {
		int err = line_message(line, message, fault);

		if (err)
			return err;
		message = mnl_nlmsg_next(message, &left);
	}
	if (!line->done && left > 0)
		return fault_set(fault, EBADMSG, "the kernel's answer makes no sense");
	return 0;
}

/* ---- received ahead, by a second thread ---- */

static int line_prefetch(void *ctx, char *buffer, size_t *size)
{
	struct wire_line *line = ctx;
	int err = wire_take(&line->wire, buffer, size);

	return err < 0 ? broke_off(line, err, &line->fault) : err;
}

static void line_end_prefetch(struct wire_line *line)
{
	if (line->prefetch)
		prefetch_end(line->prefetch);
	line->prefetch = NULL;
}

/* Takes answers until none is there without waiting, which but for rare cases is the end. */
static int line_take_prefetched(struct wire_line *line, struct fault *fault)
{
	int err = 0;

	while (!err && !line->done) {
		const char *buffer;
		size_t size;
		int got = prefetch_next(line->prefetch, &buffer, &size);

		if (got > 0)
			break;
		if (got && fault)
			*fault = line->fault;
		err = got ? got : line_batch(line, buffer, size, fault);
	}
	line_end_prefetch(line);
	return err;
}

static int line_listen(struct wire_line *line, struct fault *fault)
{
	for (unsigned batch = 1; !line->done; batch++) {
		size_t size;
		int err;

		if (line->dump->ahead && batch == MANY_BATCHES + 1)
			line->prefetch = prefetch_begin(line_prefetch, line, line->wire.room);
		if (line->prefetch) {
			err = line_take_prefetched(line, fault);
		} else {
			err = line_receive(line, &size, fault);
			if (!err)
				err = line_batch(line, line->wire.buffer, size, fault);
		}
		if (err)
			return err;
	}
	if (line->interrupted)
		return fault_set(fault, EINTR, "the kernel's table changed while it was listed");
	return 0;
}

/* ---- a try ---- */

static int line_open(struct wire_line *line, unsigned number, struct fault *fault)
{
	/* after an answer that was cut short the next try has more room */
	return wire_open(&line->wire, line->dump->routing ? NETLINK_ROUTE : NETLINK_SOCK_DIAG,
			 (size_t)WIRE_ROOM << number, fault);
}

static void line_close(struct wire_line *line)
{
	line_end_prefetch(line);
	wire_close(&line->wire);
}

static int try_once(struct wire_dump *dump, unsigned number, int64_t *left_ms,
		    struct fault *fault)
{
	struct wire_line line = { .dump = dump, .left_ms = left_ms };
	int err = line_open(&line, number, fault);

	if (!err)
		err = line_ask(&line, fault);
	if (!err)
		err = line_listen(&line, fault);
	line_close(&line);
	return err;
}

/* True for errors that may not happen again. */
static bool is_passing(int err)
{
	switch (-err) {
	case ENOBUFS: case EINTR: case ENOSPC: case EPROTO: case EBADMSG:
	case EIO: case EAGAIN: case ENOMEM: case EBUSY: case ECONNREFUSED:
		return true;
	default:
		return false;
	}
}

int wire_dump(struct wire_dump *dump, struct fault *fault)
{
	int64_t left_ms = dump->deadline_ms;
	int err = 0;

	dump->stopped = dump->answered = false;
	for (unsigned number = 0; number < WIRE_TRIES; number++) {
		dump->tries = number + 1;
		if (dump->again)
			dump->again(dump->ctx);
		err = try_once(dump, number, &left_ms, fault);
		if (!err || dump->stopped || !is_passing(err))
			return err;
	}
	return err;
}

static int stop(void *ctx, const struct nlmsghdr *message)
{
	(void)ctx, (void)message;
	return -ECANCELED;
}

int wire_answers(struct wire_dump *dump, struct fault *fault)
{
	int err;

	dump->take = stop;
	err = wire_dump(dump, fault);
	return dump->stopped ? 0 : err;
}
