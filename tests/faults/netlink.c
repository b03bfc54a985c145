/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netlink: preloaded into sockvet, spoils what the kernel answers on netlink sockets.
 *
 *   SPOIL       how, see the table of spoilers below
 *   SPOIL_BUS   the netlink protocol whose answers are spoiled; not set: 4, sock_diag
 *   SPOIL_FROM  the first datagram that is, from 1; not set: 1
 *   SPOIL_TIMES how many are; not set: all
 *   SPOIL_ERR   an errno, where one is told
 *
 * Datagrams of all dumps of the process are counted together.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

typedef ssize_t receive(int fd, struct msghdr *message, int flags);

/* What is spoiled: a datagram of @size bytes that came into @bytes. */
struct mail {
	struct msghdr *message;
	unsigned char *bytes;
	size_t         size;
};

static struct {
	int  bus, err;
	long from, times, count;
	bool again;             /* the datagram at hand is thrown away */
} spoil;

/* The datagram that comes a second time. */
static struct {
	unsigned char bytes[65536];
	size_t        size;
} copy;

static receive *really;

/* ---- messages within a datagram ---- */

static struct nlmsghdr *next(struct mail *mail, size_t *at)
{
	struct nlmsghdr *head = (void *)(mail->bytes + *at);

	if (mail->size - *at < sizeof(*head) || head->nlmsg_len < sizeof(*head) ||
	    head->nlmsg_len > mail->size - *at)
		return NULL;
	*at += NLMSG_ALIGN(head->nlmsg_len);
	if (*at > mail->size)
		*at = mail->size;
	return head;
}

static struct nlmsghdr *find_done(struct mail *mail)
{
	struct nlmsghdr *head;
	size_t at = 0;

	while ((head = next(mail, &at)))
		if (head->nlmsg_type == NLMSG_DONE)
			return head;
	return NULL;
}

/* ---- the spoilers ---- */

static void truncated(struct mail *mail)
{
	mail->message->msg_flags |= MSG_TRUNC;
}

static void interrupted(struct mail *mail)
{
	struct nlmsghdr *head;
	size_t at = 0;

	while ((head = next(mail, &at)))
		head->nlmsg_flags |= NLM_F_DUMP_INTR;
}

static void sequence(struct mail *mail)
{
	((struct nlmsghdr *)(void *)mail->bytes)->nlmsg_seq += 1;
}

static void port(struct mail *mail)
{
	((struct nlmsghdr *)(void *)mail->bytes)->nlmsg_pid += 1;
}

static void sender(struct mail *mail)
{
	((struct sockaddr_nl *)mail->message->msg_name)->nl_pid = 4711;
}

static void keep_copy(const struct mail *mail)
{
	if (mail->size > sizeof(copy.bytes))
		return;
	memcpy(copy.bytes, mail->bytes, mail->size);
	copy.size = mail->size;
}

/* Somebody else's rows come first, then the kernel's. */
static void stranger(struct mail *mail)
{
	struct nlmsghdr *head;
	size_t at = 0;

	keep_copy(mail);
	sender(mail);
	while ((head = next(mail, &at)))
		for (size_t i = NLMSG_HDRLEN + 4; i < head->nlmsg_len; i++)
			((unsigned char *)head)[i] ^= 0x55;
}

/* The second message of the datagram, so that something good came before. */
static void error(struct mail *mail)
{
	struct nlmsgerr told = { .error = -spoil.err };
	struct nlmsghdr *head;
	size_t at = 0;

	head = next(mail, &at);
	head = head ? next(mail, &at) : NULL;
	if (!head || head->nlmsg_len < NLMSG_LENGTH(sizeof(told)))
		return;
	head->nlmsg_type = NLMSG_ERROR;
	memcpy(NLMSG_DATA(head), &told, sizeof(told));
}

static void done(struct mail *mail)
{
	struct nlmsghdr *head = find_done(mail);
	int told = -spoil.err;

	if (head && head->nlmsg_len >= NLMSG_LENGTH(sizeof(told)))
		memcpy(NLMSG_DATA(head), &told, sizeof(told));
}

/* The end of the dump never comes. */
static void endless(struct mail *mail)
{
	struct nlmsghdr *head = find_done(mail);

	if (!head)
		return;
	mail->size = (size_t)((unsigned char *)head - mail->bytes);
	spoil.again = !mail->size;
}

/* A whole datagram is missing, but never the end. */
static void lost(struct mail *mail)
{
	spoil.again = !find_done(mail);
}

static void repeated(struct mail *mail)
{
	if (!find_done(mail))
		keep_copy(mail);
}

/* A length that leads out of the datagram. */
static void overlong(struct mail *mail)
{
	((struct nlmsghdr *)(void *)mail->bytes)->nlmsg_len = (unsigned)mail->size + 4;
}

/* The first message is of no family. */
static void nonsense(struct mail *mail)
{
	size_t at = 0;
	struct nlmsghdr *head = next(mail, &at);

	if (head && head->nlmsg_len > NLMSG_HDRLEN && head->nlmsg_type != NLMSG_DONE)
		*(unsigned char *)NLMSG_DATA(head) = 0xff;
}

static const struct spoiler {
	const char *name;
	void (*act)(struct mail *mail);
} spoilers[] = {
	{ "truncated", truncated }, { "interrupted", interrupted }, { "sequence", sequence },
	{ "port", port }, { "sender", sender },
	{ "stranger", stranger }, { "error", error }, { "done", done }, { "endless", endless },
	{ "lost", lost }, { "repeated", repeated }, { "overlong", overlong }, { "nonsense", nonsense },
	{ "small", NULL },
};

/* ---- what is preloaded ---- */

static const struct spoiler *wish;

static long number(const char *name, long otherwise)
{
	const char *word = getenv(name);

	return word ? strtol(word, NULL, 10) : otherwise;
}

__attribute__((constructor)) static void begin(void)
{
	const char *how = getenv("SPOIL");

	really = (receive *)dlsym(RTLD_NEXT, "recvmsg");
	for (size_t i = 0; how && i < sizeof(spoilers) / sizeof(*spoilers); i++)
		if (strcmp(how, spoilers[i].name) == 0)
			wish = &spoilers[i];
	if (how && !wish)
		abort();
	spoil.bus = (int)number("SPOIL_BUS", NETLINK_SOCK_DIAG);
	spoil.err = (int)number("SPOIL_ERR", EIO);
	spoil.from = number("SPOIL_FROM", 1);
	spoil.times = number("SPOIL_TIMES", 1000000000);
}

static bool is_ours(int fd)
{
	int domain = 0, bus = -1;
	socklen_t size = sizeof(domain);

	if (!wish || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 ||
	    domain != AF_NETLINK)
		return false;
	size = sizeof(bus);
	return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &bus, &size) == 0 && bus == spoil.bus;
}

static bool is_due(void)
{
	return ++spoil.count >= spoil.from && spoil.count < spoil.from + spoil.times;
}

static ssize_t give_copy(struct msghdr *message)
{
	size_t size = copy.size;

	memcpy(message->msg_iov->iov_base, copy.bytes, size);
	*(struct sockaddr_nl *)message->msg_name = (struct sockaddr_nl){ .nl_family = AF_NETLINK };
	message->msg_namelen = sizeof(struct sockaddr_nl);
	message->msg_flags = 0;
	copy.size = 0;
	return (ssize_t)size;
}

/* "small": less room than one answer needs, the kernel itself cuts it. */
static ssize_t receive_small(int fd, struct msghdr *message, int flags)
{
	size_t room = message->msg_iov->iov_len;
	ssize_t got;

	if (is_due() && room > 512)
		message->msg_iov->iov_len = 512;
	got = really(fd, message, flags);
	message->msg_iov->iov_len = room;
	return got;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	if (!is_ours(fd))
		return really(fd, message, flags);
	if (!wish->act)
		return receive_small(fd, message, flags);
	if (copy.size && copy.size <= message->msg_iov->iov_len)
		return give_copy(message);
	for (;;) {
		ssize_t got = really(fd, message, flags);
		struct mail mail = { message, message->msg_iov->iov_base, (size_t)got };

		if (got < (ssize_t)sizeof(struct nlmsghdr) || !is_due())
			return got;
		spoil.again = false;
		wish->act(&mail);
		if (!spoil.again)
			return (ssize_t)mail.size;
	}
}
