/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/wire.h"

#include "base/grow.h"
#include "base/own.h"
#include "collect/relay.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* The kernel puts at most this much into one answer of a dump. */
#define BATCH 32768

/* After so many a second thread saves more than it takes to start. */
#define MANY_BATCHES 8

const struct wire_lister wire_tcp = { "TCP", "tcp_diag", "CONFIG_INET_TCP_DIAG" };
const struct wire_lister wire_udp = { "UDP", "udp_diag", "CONFIG_INET_UDP_DIAG" };

const struct wire_lister *wire_lister_of(enum protocol protocol)
{
	static const struct wire_lister raw = { "raw", "raw_diag", "CONFIG_INET_RAW_DIAG" };
	static const struct wire_lister mptcp = {
		"MPTCP", "mptcp_diag", "CONFIG_INET_MPTCP_DIAG",
	};

	switch (protocol) {
	case PROTOCOL_UDP:   return &wire_udp;
	case PROTOCOL_RAW:   return &raw;
	case PROTOCOL_MPTCP: return &mptcp;
	default:             return &wire_tcp;
	}
}

struct line {
	struct wire_dump   *dump;
	struct mnl_socket  *socket;
	uint32_t            sequence;
	char               *buffer;
	size_t              room;
	int64_t            *left_ms;    /* that may still be waited */
	bool                interrupted;
	bool                done;
};

static int64_t now_ms(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int refused(int err, struct fault *fault)
{
	return fault_set(fault, err,
			 "cannot open a netlink socket: %s; allow AF_NETLINK here (RestrictAddressFamilies=, seccomp)",
			 strerror(err));
}

static int line_open(struct line *line, struct fault *fault)
{
	line->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	if (!line->socket)
		return refused(errno, fault);
	if (mnl_socket_bind(line->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return refused(errno, fault);
	return 0;
}

static int line_ask(struct line *line, struct fault *fault)
{
	OWN_MEM char *buffer = grow_alloc(NLMSG_HDRLEN + NLMSG_ALIGN(line->dump->size));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	message->nlmsg_type = line->dump->type ? line->dump->type : SOCK_DIAG_BY_FAMILY;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = line->sequence;
	memcpy(mnl_nlmsg_put_extra_header(message, line->dump->size),
	       line->dump->request, line->dump->size);
	if (mnl_socket_sendto(line->socket, message, message->nlmsg_len) < 0)
		return fault_set(fault, errno, "cannot ask the kernel for its sockets: %s",
				 strerror(errno));
	return 0;
}

static int line_wait(struct line *line, struct fault *fault)
{
	struct pollfd ready = {
		.fd = mnl_socket_get_fd(line->socket), .events = POLLIN,
	};
	int64_t begin = now_ms();
	int got = *line->left_ms > 0 ? poll(&ready, 1, (int)*line->left_ms) : 0;

	*line->left_ms -= now_ms() - begin;
	if (got < 0 && errno != EINTR)
		return fault_set(fault, errno, "cannot wait for the kernel: %s", strerror(errno));
	if (got == 0)
		return fault_set(fault, ETIMEDOUT,
				 "the kernel did not finish its listing within %u s",
				 line->dump->deadline_ms / 1000);
	return 0;
}

/* A result of line_take(), beside 0 and -errno. */
enum { NOTHING_YET = 1 };

/* One datagram, if it is there. */
static int line_take(const struct line *line, char *buffer, size_t *size, struct fault *fault)
{
	struct sockaddr_nl sender = { 0 };
	struct iovec part = { .iov_base = buffer, .iov_len = line->room };
	struct msghdr message = {
		.msg_name = &sender, .msg_namelen = sizeof(sender),
		.msg_iov = &part, .msg_iovlen = 1,
	};
	ssize_t got = recvmsg(mnl_socket_get_fd(line->socket), &message, MSG_DONTWAIT);

	*size = 0;
	if (got < 0 && errno == EINTR)
		return 0;
	if (got < 0 && errno == EAGAIN)
		return NOTHING_YET;
	if (got < 0)
		return fault_set(fault, errno, "the kernel's listing broke off: %s", strerror(errno));
	if (got == 0)
		return fault_set(fault, EIO, "the kernel's listing broke off: empty answer");
	if (message.msg_flags & MSG_TRUNC)
		return fault_set(fault, ENOSPC, "the kernel's listing was cut short by a small buffer");
	/* Only the kernel (port 0) is believed. */
	if (message.msg_namelen == sizeof(sender) && sender.nl_pid == 0)
		*size = (size_t)got;
	return 0;
}

/*
 * Waits only when nothing is there: while a dump runs, reading one answer makes the
 * kernel prepare the next.
 */
static int line_receive(struct line *line, size_t *size, struct fault *fault)
{
	int err = line_take(line, line->buffer, size, fault);

	return err == NOTHING_YET ? line_wait(line, fault) : err;
}

static int line_error(const struct line *line, const struct nlmsghdr *message, struct fault *fault)
{
	const struct wire_lister *lister = line->dump->lister ? line->dump->lister : &wire_tcp;
	struct nlmsgerr told;
	int err;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(told))
		return fault_set(fault, EBADMSG, "the kernel's answer makes no sense");
	memcpy(&told, mnl_nlmsg_get_payload(message), sizeof(told));
	if (!told.error)
		return 0;
	err = wire_errno(told.error);
	if (err == ENOENT || err == EOPNOTSUPP || err == EPROTONOSUPPORT)
		return fault_set(fault, err,
				 "this kernel does not list %s sockets: %s; load %s (modprobe %s) or build it with %s",
				 lister->sockets, strerror(err), lister->module, lister->module,
				 lister->option);
	return fault_set(fault, err, "the kernel refused to list its sockets: %s", strerror(err));
}

static int line_done(struct line *line, const struct nlmsghdr *message, struct fault *fault)
{
	int told = 0;

	line->done = true;
	if (mnl_nlmsg_get_payload_len(message) >= sizeof(told))
		memcpy(&told, mnl_nlmsg_get_payload(message), sizeof(told));
	if (told < 0)
		return fault_set(fault, wire_errno(told), "the kernel's listing broke off: %s",
				 strerror(wire_errno(told)));
	line->dump->answered = true;
	return 0;
}

static int line_message(struct line *line, const struct nlmsghdr *message, struct fault *fault)
{
	int err;

	if (message->nlmsg_seq != line->sequence ||
	    message->nlmsg_pid != mnl_socket_get_portid(line->socket))
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

static int line_batch(struct line *line, const char *buffer, size_t size, struct fault *fault)
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

/* ---- a long listing: received ahead ---- */

struct ahead {
	const struct line *line;
	struct fault fault;
};

static int fill_ahead(void *ctx, char *buffer, size_t *size)
{
	struct ahead *ahead = ctx;

	return line_take(ahead->line, buffer, size, &ahead->fault);
}

/* Until nothing more is there without waiting, which is the end but for rare cases. */
static int listen_ahead(struct line *line, struct relay *relay, const struct ahead *ahead,
			struct fault *fault)
{
	while (!line->done) {
		const char *buffer;
		size_t size;
		int err = relay_next(relay, &buffer, &size);

		if (err == NOTHING_YET)
			return 0;
		if (err && fault)
			*fault = ahead->fault;
		if (!err)
			err = line_batch(line, buffer, size, fault);
		if (err)
			return err;
	}
	return 0;
}

static int line_hurry(struct line *line, struct fault *fault)
{
	struct ahead ahead = { .line = line };
	struct relay *relay = relay_begin(fill_ahead, &ahead, line->room);
	int err = 0;

	if (relay) {
		err = listen_ahead(line, relay, &ahead, fault);
		relay_end(relay);
	}
	return err;
}

static int line_listen(struct line *line, struct fault *fault)
{
	for (unsigned batch = 1; !line->done; batch++) {
		size_t size;
		int err = line_receive(line, &size, fault);

		if (!err)
			err = line_batch(line, line->buffer, size, fault);
		if (!err && line->dump->ahead && batch == MANY_BATCHES && !line->done)
			err = line_hurry(line, fault);
		if (err)
			return err;
	}
	if (line->interrupted)
		return fault_set(fault, EINTR, "the kernel's table changed while it was listed");
	return 0;
}

static int try_once(struct wire_dump *dump, unsigned number, int64_t *left_ms,
		    struct fault *fault)
{
	/* a listing that was cut short gets more room the next time */
	size_t room = (size_t)BATCH << number;
	OWN_MEM char *buffer = grow_space(room);
	struct line line = {
		.dump = dump, .sequence = (uint32_t)now_ms() + number,
		.buffer = buffer, .room = room, .left_ms = left_ms,
	};
	int err = line_open(&line, fault);

	if (!err)
		err = line_ask(&line, fault);
	if (!err)
		err = line_listen(&line, fault);
	if (line.socket)
		mnl_socket_close(line.socket);
	return err;
}

/* Asking again can help. */
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
		err = try_once(dump, number, &left_ms, fault);
		if (!err || dump->stopped || !is_passing(err))
			return err;
	}
	return err;
}
