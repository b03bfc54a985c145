/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A listing as the kernel could send it: the input is what each recvmsg() gives.
 * First a byte of what happens (enum happening), two bytes of length, then that many
 * bytes. The functions that would go to the kernel are those of this file.
 */
#include "fuzz.h"

#include "base/grow.h"
#include "collect/dump.h"
#include "collect/wire.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum happening {
	EVENT_ANSWER,           /* sequence and port are made right */
	EVENT_RAW,              /* as it stands */
	EVENT_STRANGER,         /* from another program */
	EVENT_CUT,              /* MSG_TRUNC */
	EVENT_ERROR,            /* an errno, the length's low byte */
	EVENT_EMPTY,            /* 0 bytes */
	EVENT_WAIT,             /* EAGAIN, then poll() */
	EVENT_COUNT,
};

static struct fuzz_input script;
static uint32_t sequence;
static unsigned opened;

static struct mnl_socket *const line = (struct mnl_socket *)&opened;

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	(void)bus;
	(void)flags;
	opened++;
	return line;
}

int mnl_socket_bind(struct mnl_socket *socket, unsigned groups, pid_t pid)
{
	(void)socket;
	(void)groups;
	(void)pid;
	return 0;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *socket, const void *request, size_t size)
{
	(void)socket;
	sequence = ((const struct nlmsghdr *)request)->nlmsg_seq;
	return (ssize_t)size;
}

int mnl_socket_close(struct mnl_socket *socket)
{
	(void)socket;
	opened--;
	return 0;
}

int mnl_socket_get_fd(const struct mnl_socket *socket)
{
	(void)socket;
	return -1;
}

unsigned mnl_socket_get_portid(const struct mnl_socket *socket)
{
	(void)socket;
	return 77;
}

/* Nothing comes any more when the script is at its end. */
int poll(struct pollfd *ready, nfds_t count, int timeout)
{
	(void)ready;
	(void)count;
	(void)timeout;
	return script.left > 0;
}

/* What poll() is called where the compiler checks sizes, and no header names it where not. */
int __poll_chk(struct pollfd *ready, nfds_t count, int timeout, size_t room);

int __poll_chk(struct pollfd *ready, nfds_t count, int timeout, size_t room)
{
	fuzz_require(count * sizeof(*ready) <= room, "poll() of more than there is");
	return poll(ready, count, timeout);
}

static void make_right(uint8_t *bytes, size_t size)
{
	struct nlmsghdr head;

	for (size_t at = 0; at + sizeof(head) <= size; at += NLMSG_ALIGN(head.nlmsg_len)) {
		memcpy(&head, bytes + at, sizeof(head));
		head.nlmsg_seq = sequence;
		head.nlmsg_pid = 77;
		memcpy(bytes + at, &head, sizeof(head));
		if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > size - at)
			break;
	}
}

static int fail(int err)
{
	errno = err;
	return -1;
}

static size_t take_bytes(void *to, size_t room, size_t length)
{
	size_t size = length < script.left ? length : script.left;

	size = size < room ? size : room;
	memcpy(to, script.at, size);
	script.at += size;
	script.left -= size;
	return size;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	enum happening event = script.left ? fuzz_byte(&script) % EVENT_COUNT : EVENT_WAIT;
	uint16_t length = event < EVENT_EMPTY ? fuzz_u16(&script) : 0;
	struct sockaddr_nl *sender = message->msg_name;
	size_t size;

	(void)fd;
	(void)flags;
	if (event == EVENT_WAIT)
		return fail(EAGAIN);
	if (event == EVENT_ERROR)
		return fail(length % 133 ? length % 133 : EINTR);
	if (event == EVENT_EMPTY)
		return 0;
	*sender = (struct sockaddr_nl){ .nl_pid = event == EVENT_STRANGER ? 5 : 0 };
	message->msg_namelen = sizeof(*sender);
	message->msg_flags = event == EVENT_CUT ? MSG_TRUNC : 0;
	size = take_bytes(message->msg_iov->iov_base, message->msg_iov->iov_len, length);
	if (event == EVENT_ANSWER)
		make_right(message->msg_iov->iov_base, size);
	return size ? (ssize_t)size : fail(EAGAIN);
}

static bool is_closed(const struct sock *sock)
{
	return sock->state == STATE_CLOSE || sock->state == STATE_BOUND;
}

/* A closed socket and its minisock have one cookie and are two rows, in whichever order. */
static bool are_two(const struct sock *a, const struct sock *b)
{
	return (is_closed(a) && b->timer == TIMER_TIME_WAIT) ||
	       (is_closed(b) && a->timer == TIMER_TIME_WAIT);
}

/* Each socket once, whatever came how often. */
static int take_row(void *ctx, const struct sock *sock)
{
	struct snapshot *seen = ctx;

	fuzz_require(sock->state > STATE_NONE && sock->state < STATE_COUNT,
		     "a socket in state %d", sock->state);
	for (size_t i = 0; i < seen->socks.count && sock->cookie != UINT64_MAX; i++)
		fuzz_require(seen->socks.at[i].cookie != sock->cookie ||
			     are_two(&seen->socks.at[i], sock), "a socket came twice");
	*grow_add(&seen->socks) = *sock;
	return seen->socks.count < 2000 ? 0 : -ECANCELED;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct recorder recorder = { 0 };
	struct collect_ask ask = {
		.states = STATE_ALL, .need = ~0u, .ipv4 = true, .ipv6 = true,
	};
	struct wire_dump wire = { .request = "1234", .size = 4, .deadline_ms = 30000 };
	struct fault fault = { 0 };
	struct snapshot seen;
	struct dump dump;
	int err, failed = 0;

	script = (struct fuzz_input){ bytes, size };
	snapshot_init(&seen);
	seen.socks_complete = true;
	dump = dump_begin(&recorder, &ask, ASK_LISTING, (struct sink){ take_row, &seen });
	err = dump_live(&dump, &wire, "TCP", &seen, &failed, &fault);
	dump_end(&dump, &seen);
	fuzz_require(err <= 0 && failed <= 0, "an error that is none: %d %d", err, failed);
	fuzz_require(!failed || (*fault.text && !seen.socks_complete && seen.gaps.count),
		     "a broken listing passes for a whole one");
	fuzz_require(wire.tries >= 1 && wire.tries <= WIRE_TRIES, "asked %u times", wire.tries);
	fuzz_require(!opened, "a socket was left open");
	snapshot_fini(&seen);
	return 0;
}
