/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/handle.h"

#include "base/map.h"
#include "base/own.h"
#include "collect/lender.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

struct flags {
	struct snapshot *seen;
	struct lender    lender;
	struct text     *rows;          /* the flags that were read, to be recorded */
};

static bool ask_option(int fd, int level, int name, int *value)
{
	socklen_t size = sizeof(*value);

	return getsockopt(fd, level, name, value, &size) == 0;
}

/*
 * Pids, descriptor numbers and inodes are used again; cookies are not. An MPTCP socket
 * has another cookie than the TCP socket below it, which the kernel lists. It passes its
 * options to the TCP socket that it binds or listens with, but not to every further
 * connection.
 */
static bool is_that_socket(int fd, const struct sock *sock)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);
	int protocol = 0;
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_ino != sock->inode ||
	    !ask_option(fd, SOL_SOCKET, SO_PROTOCOL, &protocol))
		return false;
	if (protocol == IPPROTO_MPTCP)
		return sock->protocol == PROTOCOL_TCP &&
		       (sock->state == STATE_LISTEN || sock->state == STATE_BOUND);
	return protocol == (int)sock->protocol &&
	       getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 &&
	       (cookie == sock->cookie || sock->cookie == UINT64_MAX);
}

static void take_option(struct answer_flags *told, enum recorded_flag flag, bool is, int value)
{
	if (!is)
		return;
	told->have = (uint16_t)(told->have | flag);
	if (value)
		told->set = (uint16_t)(told->set | flag);
}

static void ask_options(int fd, const struct sock *sock, struct answer_flags *told)
{
	int value = 0;
	bool is = ask_option(fd, SOL_SOCKET, SO_REUSEADDR, &value);

	take_option(told, RECORDED_REUSEADDR, is, value);
	is = ask_option(fd, SOL_SOCKET, SO_REUSEPORT, &value);
	take_option(told, RECORDED_REUSEPORT, is, value);
	if (sock->family == FAMILY_IPV6) {
		is = ask_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value);
		take_option(told, RECORDED_V6ONLY, is, value);
	}
}

/*
 * Reads the flags from the descriptor of one holder. Returns false when the descriptor
 * cannot be had or is another socket's by now.
 */
static bool ask_holder(struct flags *flags, const struct holder *holder,
		       const struct sock *sock, struct answer_flags *told)
{
	int32_t pid = flags->seen->processes.at[holder->process].pid;
	OWN_FD int fd = lender_borrow(&flags->lender, pid, holder->fd);

	if (fd < 0 || !is_that_socket(fd, sock))
		return false;
	ask_options(fd, sock, told);
	return true;
}

static void apply(struct sock *sock, const struct answer_flags *told)
{
	if (told->have & RECORDED_REUSEADDR) {
		sock->have |= HAVE_REUSEADDR;
		sock->reuseaddr = told->set & RECORDED_REUSEADDR;
	}
	if (told->have & RECORDED_REUSEPORT) {
		sock->have |= HAVE_REUSEPORT;
		sock->reuseport = told->set & RECORDED_REUSEPORT;
	}
	if (told->have & RECORDED_V6ONLY && sock->family == FAMILY_IPV6) {
		sock->have |= HAVE_V6ONLY;
		sock->v6only = told->set & RECORDED_V6ONLY;
	}
}

/* Asks one holder after the other until one answers: all hold the same socket. */
static void ask_sock(struct flags *flags, struct sock *sock)
{
	struct answer_flags told = { .cookie = sock->cookie, .inode = sock->inode };
	size_t count;
	const struct holder *holders = snapshot_holders(flags->seen, sock->inode, &count);

	for (size_t i = 0; i < count; i++) {
		if (!ask_holder(flags, &holders[i], sock, &told))
			continue;
		apply(sock, &told);
		text_add(flags->rows, &told, sizeof(told));
		return;
	}
}

static void ask_all(struct snapshot *seen, struct text *rows)
{
	struct flags flags = { .seen = seen, .rows = rows };

	lender_init(&flags.lender);
	for (size_t i = 0; i < seen->socks.count; i++)
		if (seen->socks.at[i].inode)
			ask_sock(&flags, &seen->socks.at[i]);
	lender_fini(&flags.lender);
}

struct identity { uint64_t cookie, inode; };

/* A socket may have been asked more than once; the last answer counts. */
static void find_last(const struct text *rows, struct map *known)
{
	struct answer_flags told;

	for (size_t at = 0; at < rows->count; at += sizeof(told)) {
		memcpy(&told, rows->at + at, sizeof(told));
		*map_slot_bytes(known, &(struct identity){ told.cookie, told.inode },
				sizeof(struct identity), NULL) = (uint32_t)told.have << 16 | told.set;
	}
}

static void apply_all(struct snapshot *seen, const struct text *rows)
{
	struct map known = { 0 };

	find_last(rows, &known);
	for (size_t i = 0; i < seen->socks.count; i++) {
		struct sock *sock = &seen->socks.at[i];
		struct identity identity = { sock->cookie, sock->inode };
		const uint32_t *slot = map_find_bytes(&known, &identity, sizeof(identity));
		struct answer_flags told = { 0 };

		if (!slot)
			continue;
		told.have = (uint16_t)(*slot >> 16);
		told.set = (uint16_t)*slot;
		apply(sock, &told);
	}
	map_fini(&known);
}

/*
 * A replay returns every recorded answer, because its sockets may differ from those of
 * the live run.
 */
void collect_flags(struct collect *collect, struct snapshot *seen)
{
	struct recorder *recorder = &collect->recorder;
	struct question question = { .kind = ANSWER_FLAGS, .key = "" };

	if (recorder_replays(recorder)) {
		recorder_answered(recorder, &question);
		apply_all(seen, &question.rows);
	} else {
		ask_all(seen, &question.rows);
		if (question.rows.count)
			recorder_answer(recorder, &question);
	}
	text_fini(&question.rows);
}
