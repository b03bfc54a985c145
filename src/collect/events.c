/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/collect.h"

#include "base/clock.h"
#include "base/grow.h"
#include "collect/attrs.h"
#include "collect/wire.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Room for a burst while the program is busy; the kernel may allow less. */
#define ROOM_BYTES (8 << 20)

struct collect_events {
	struct wire   wire;
	unsigned      need;
	uint32_t      dropped;  /* the kernel's count when it was read last */
	struct detail detail;
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

	for (int i = 0; i < 2; i++) {
		if (!wanted[i])
			continue;
		if (setsockopt(events->wire.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
			       &groups[i], sizeof(groups[i])) < 0)
			return refused(errno, fault);
		events->wire.groups |= 1u << (groups[i] - 1);
	}
	return 0;
}

static void make_room(const struct collect_events *events)
{
	int room = ROOM_BYTES, fd = events->wire.fd;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
}

int collect_events_open(struct collect_events **result, const struct collect_ask *asks,
			size_t count, struct fault *fault)
{
	struct collect_events *events = grow_alloc(sizeof(*events));
	int err = wire_open(&events->wire, NETLINK_SOCK_DIAG, 8192, fault);

	if (!err)
		make_room(events);
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
	wire_close(&events->wire);
	detail_fini(&events->detail);
	free(events);
}

int collect_events_fd(const struct collect_events *events)
{
	return events->wire.fd;
}

/* Only an attribute tells the protocol; without it the protocol is not known. */
static enum protocol protocol_of(const uint8_t *bytes, size_t size)
{
	struct nlattrs walk = { .at = bytes, .left = size };
	struct nlattrs_one one;

	while (nlattrs_next(&walk, &one))
		if (one.type == INET_DIAG_PROTOCOL && one.size)
			return (enum protocol)one.at[0];
	return 0;
}

/* One message as received, which nothing is trusted of: 0, or -EBADMSG when it tells of no socket. */
static int parse_event(const void *bytes, size_t size, unsigned need, struct sock *sock,
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

/*
 * The number of lost events. The kernel counts messages that found no room; where the
 * count cannot be read or has not changed, the number is 1.
 */
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
	size_t size;
	int err = wire_take(&events->wire, events->wire.buffer, &size);

	detail_fini(&events->detail);
	*event = (struct event){ .time_ms = clock_ms(CLOCK_REALTIME) };
	if (err > 0)
		return 0;
	if (err == -ENOBUFS)
		event->lost = lost(events);
	else if (err && err != -ENOSPC)
		return refused(-err, fault);
	/* a message that makes no sense counts as lost */
	else if (err || parse_event(events->wire.buffer, size, events->need, &event->sock,
				    &events->detail) < 0)
		event->lost = 1;
	return 1;
}
