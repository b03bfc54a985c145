/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/events.h"

#include "base/grow.h"
#include "collect/message.h"
#include "collect/nlattrs.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* Room for a burst while the program is busy; less when it is not allowed. */
#define ROOM_BYTES (8 << 20)

struct collect_events {
	struct mnl_socket *socket;
	unsigned           need;
	uint32_t           dropped;     /* as told last time */
	struct detail      detail;
	char               buffer[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
};

static int refused(int err, struct fault *fault)
{
	return fault_set(fault, err, "cannot follow the kernel's socket events: %s", strerror(err));
}

static int join(struct collect_events *events, const struct collect_ask *ask, struct fault *fault)
{
	bool tcp = ask->protocol != PROTOCOL_UDP;
	int groups[2] = {
		tcp ? SKNLGRP_INET_TCP_DESTROY : SKNLGRP_INET_UDP_DESTROY,
		tcp ? SKNLGRP_INET6_TCP_DESTROY : SKNLGRP_INET6_UDP_DESTROY,
	};
	bool wanted[2] = { ask->ipv4, ask->ipv6 };

	for (int i = 0; i < 2; i++)
		if (wanted[i] && mnl_socket_setsockopt(events->socket, NETLINK_ADD_MEMBERSHIP,
						       &groups[i], sizeof(groups[i])) < 0)
			return refused(errno, fault);
	return 0;
}

static int open_socket(struct collect_events *events, struct fault *fault)
{
	int room = ROOM_BYTES, fd;

	events->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!events->socket)
		return refused(errno, fault);
	fd = mnl_socket_get_fd(events->socket);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	/* Binding takes memberships away, so it comes first. */
	if (mnl_socket_bind(events->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return refused(errno, fault);
	return 0;
}

int collect_events_open(struct collect_events **result, const struct collect_ask *asks,
			size_t count, struct fault *fault)
{
	struct collect_events *events = grow_alloc(sizeof(*events));
	int err = open_socket(events, fault);

	for (size_t i = 0; i < count && !err; i++) {
		events->need |= asks[i].need;
		err = join(events, &asks[i], fault);
	}
	if (err) {
		collect_events_close(events);
		return err;
	}
	*result = events;
	return 0;
}

void collect_events_close(struct collect_events *events)
{
	if (!events)
		return;
	if (events->socket)
		mnl_socket_close(events->socket);
	detail_fini(&events->detail);
	free(events);
}

int collect_events_fd(const struct collect_events *events)
{
	return mnl_socket_get_fd(events->socket);
}

/* Only an attribute says it; without one there is no telling what it was. */
static enum protocol protocol_of(const uint8_t *bytes, size_t size)
{
	struct nlattrs walk = { .at = bytes, .left = size };
	struct nlattrs_one one;

	while (nlattrs_next(&walk, &one))
		if (one.type == INET_DIAG_PROTOCOL && one.size)
			return (enum protocol)one.at[0];
	return 0;
}

int events_parse(const void *bytes, size_t size, unsigned need, struct sock *sock,
		 struct detail *detail)
{
	const size_t fixed = NLMSG_HDRLEN + sizeof(struct inet_diag_msg);
	const char *payload = (const char *)bytes + NLMSG_HDRLEN;
	struct nlmsghdr head;
	enum protocol protocol;

	if (size < fixed)
		return -EBADMSG;
	memcpy(&head, bytes, sizeof(head));
	if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY || head.nlmsg_len < fixed || head.nlmsg_len > size)
		return -EBADMSG;
	protocol = protocol_of((const uint8_t *)bytes + fixed, head.nlmsg_len - fixed);
	if (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP)
		return -EBADMSG;
	if (message_parse(payload, head.nlmsg_len - NLMSG_HDRLEN, protocol, need, sock, detail) < 0)
		return -EBADMSG;
	/* A freed socket is told as CLOSE, with what is left of its members. */
	sock->state = STATE_NONE;
	sock->timer = TIMER_NONE;
	sock->recv_queue = sock->send_queue = sock->timer_ms = 0;
	sock->have &= ~(uint32_t)HAVE_UID;
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The kernel counts what found no room; a number that is not told is 1 at least. */
static uint64_t lost(struct collect_events *events)
{
	uint32_t told[SK_MEMINFO_VARS] = { 0 };
	socklen_t size = sizeof(told);
	uint32_t before = events->dropped;

	if (getsockopt(collect_events_fd(events), SOL_SOCKET, SO_MEMINFO, told, &size) < 0 ||
	    size < sizeof(told) || told[SK_MEMINFO_DROPS] == before)
		return 1;
	events->dropped = told[SK_MEMINFO_DROPS];
	return events->dropped - before;
}

int collect_events_next(struct collect_events *events, struct event *event, struct fault *fault)
{
	struct sockaddr_nl sender = { 0 };
	struct iovec part = { .iov_base = events->buffer, .iov_len = sizeof(events->buffer) };
	struct msghdr message = {
		.msg_name = &sender, .msg_namelen = sizeof(sender),
		.msg_iov = &part, .msg_iovlen = 1,
	};
	ssize_t size = recvmsg(collect_events_fd(events), &message, MSG_DONTWAIT);

	detail_fini(&events->detail);
	*event = (struct event){ .time_ms = now_ms() };
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (size < 0 && errno == ENOBUFS) {
		event->lost = lost(events);
		return 1;
	}
	if (size < 0)
		return refused(errno, fault);
	/* Only the kernel (port 0) is believed; what makes no sense is lost. */
	if (sender.nl_pid == 0 &&
	    ((message.msg_flags & MSG_TRUNC) ||
	     events_parse(events->buffer, (size_t)size, events->need, &event->sock,
			  &events->detail) < 0))
		event->lost = 1;
	event->is_other = sender.nl_pid != 0;
	return 1;
}
