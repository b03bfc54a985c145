/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/message.h"

#include "collect/attrs.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>

_Static_assert((int)STATE_ESTABLISHED == (int)TCP_ESTABLISHED &&
	       (int)STATE_SYN_SENT == (int)TCP_SYN_SENT &&
	       (int)STATE_SYN_RECV == (int)TCP_SYN_RECV &&
	       (int)STATE_FIN_WAIT_1 == (int)TCP_FIN_WAIT1 &&
	       (int)STATE_FIN_WAIT_2 == (int)TCP_FIN_WAIT2 &&
	       (int)STATE_TIME_WAIT == (int)TCP_TIME_WAIT &&
	       (int)STATE_CLOSE == (int)TCP_CLOSE &&
	       (int)STATE_CLOSE_WAIT == (int)TCP_CLOSE_WAIT &&
	       (int)STATE_LAST_ACK == (int)TCP_LAST_ACK &&
	       (int)STATE_LISTEN == (int)TCP_LISTEN &&
	       (int)STATE_CLOSING == (int)TCP_CLOSING,
	       "the first eleven states are the kernel's");

/*
 * Until Linux 4.20 a timer that was overdue, because it waited for the socket's lock,
 * was told as a negative number of jiffies, taken for unsigned and multiplied. No
 * segment is sent again later than TCP_RTO_MAX, two minutes.
 */
enum { OVERDUE_MS = 10 * 60 * 1000 };

static uint32_t expires_ms(const struct sock *sock, uint32_t told_ms)
{
	bool sends_again = sock->timer == TIMER_RETRANSMIT || sock->timer == TIMER_PROBE;

	return sends_again && told_ms > OVERDUE_MS ? 0 : told_ms;
}

/* A timer that only later kernels have is ignored. */
static void take_timer(struct sock *sock, const struct inet_diag_msg *told)
{
	if (told->idiag_timer == 0 || told->idiag_timer >= TIMER_COUNT)
		return;
	sock->timer = told->idiag_timer;
	sock->timer_ms = expires_ms(sock, told->idiag_expires);
	/* a repeated delayed ACK is not a retransmission */
	if (sock->timer != TIMER_DELAYED_ACK)
		sock->retransmits = told->idiag_retrans;
}

static void take_addresses(struct sock *sock, const struct inet_diag_msg *told)
{
	if (told->idiag_family == AF_INET) {
		sock->family = FAMILY_IPV4;
		sock->local = addr_from_v4(told->id.idiag_src);
		sock->remote = addr_from_v4(told->id.idiag_dst);
	} else {
		sock->family = FAMILY_IPV6;
		sock->local = addr_from_v6(told->id.idiag_src);
		sock->remote = addr_from_v6(told->id.idiag_dst);
	}
	sock->local_port = ntohs(told->id.idiag_sport);
	sock->remote_port = ntohs(told->id.idiag_dport);
	sock->ifindex = told->id.idiag_if;
}

/* Minisocks and request sockets are told with uid 0, which means nothing. */
static bool tells_uid(const struct sock *sock)
{
	return !sock_is_minisock(sock) && sock->state != STATE_TIME_WAIT &&
	       !(sock->state == STATE_SYN_RECV && sock->inode == 0);
}

/*
 * Clears in parts of a few stores each; the compiler would turn one clear of everything
 * into a string instruction, which is slow to start.
 */
static inline void clear(void *at, size_t size)
{
	enum { PART = 64 };
	char *to = at;

#pragma GCC unroll 8
	for (; size >= PART; to += PART, size -= PART)
		memset(to, 0, PART);
	memset(to, 0, size);
}

static int take_message(struct sock *sock, const struct inet_diag_msg *told,
			enum protocol protocol)
{
	clear(sock, sizeof(*sock));
	sock->protocol = protocol;
	sock->state = message_state(told, protocol);
	if (sock->state == STATE_NONE)
		return -EBADMSG;
	if (told->idiag_family != AF_INET && told->idiag_family != AF_INET6)
		return -EBADMSG;
	take_addresses(sock, told);
	take_timer(sock, told);
	sock->recv_queue = told->idiag_rqueue;
	sock->send_queue = told->idiag_wqueue;
	sock->inode = told->idiag_inode;
	sock->cookie = message_cookie(told);
	if (tells_uid(sock)) {
		sock->uid = told->idiag_uid;
		sock->have |= HAVE_UID;
	}
	return 0;
}

#define NEED_DETAIL (NEED_TCP_INFO | NEED_MEMORY | NEED_CONGESTION | NEED_TOS)

int message_take(const struct inet_diag_msg *told, const void *attrs, size_t size,
		 enum protocol protocol, unsigned need, struct sock *sock, struct detail *detail)
{
	struct parsed parsed = { .sock = sock, .detail = detail, .need = need };
	int err = take_message(sock, told, protocol);

	if (err)
		return err;
	if (need & NEED_DETAIL) {
		clear(detail, offsetof(struct detail, metrics.value));
		sock->detail = detail;
	}
	return size ? (int)attrs_parse(&inet_attrs, attrs, size, &parsed) : 0;
}

int message_parse(const void *message, size_t size, enum protocol protocol, unsigned need,
		  struct sock *sock, struct detail *detail)
{
	struct inet_diag_msg told;

	if (size < sizeof(told))
		return -EBADMSG;
	memcpy(&told, message, sizeof(told));
	return message_take(&told, (const char *)message + sizeof(told), size - sizeof(told),
			    protocol, need, sock, detail);
}
