/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limit: what the kernel needs to answer, and nothing else. Each answer is received and thrown away.
 *
 *   limit dump        the sockets of both families in one walk, with the least of attributes
 *   limit dump-bound  the same and sockets that are only bound
 *   limit dump-info   the first with tcp_info
 *   limit walk        the link of every descriptor of every process
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BUFFER_BYTES = 32768, EVERY_STATE = 0xfff, BOUND_ONLY = 1 << 13 };

static _Alignas(struct dirent64) char buffer[BUFFER_BYTES];

static int ask(int fd, uint8_t ext, uint32_t states)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req request;
	} message = {
		.head = { .nlmsg_len = sizeof(message), .nlmsg_type = TCPDIAG_GETSOCK,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.request = { .idiag_family = AF_INET, .idiag_ext = ext, .idiag_states = states },
	};

	return send(fd, &message, sizeof(message), 0) == sizeof(message) ? 0 : -1;
}

/* 1 when the last message is among these, -1 when the kernel refused or makes no sense. */
static int is_last(size_t size)
{
	struct nlmsghdr head;

	for (size_t at = 0; at + sizeof(head) <= size; at += NLMSG_ALIGN(head.nlmsg_len)) {
		memcpy(&head, buffer + at, sizeof(head));
		if (head.nlmsg_type == NLMSG_DONE)
			return 1;
		if (head.nlmsg_type == NLMSG_ERROR || head.nlmsg_len < sizeof(head))
			return -1;
	}
	return 0;
}

static int dump(uint8_t ext, uint32_t states)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), last = 0;

	if (fd < 0 || ask(fd, ext, states) < 0)
		return 1;
	while (!last) {
		ssize_t got = recv(fd, buffer, sizeof(buffer), 0);

		last = got > 0 ? is_last((size_t)got) : -1;
	}
	return last < 0;
}

/* Calls `visit` for each entry whose name is a number. */
static void each_number(int dir, char *entries, size_t size, void (*visit)(int dir, const char *name))
{
	long got;

	while ((got = syscall(SYS_getdents64, dir, entries, size)) > 0)
		for (long at = 0; at < got;) {
			const struct dirent64 *entry = (const void *)(entries + at);

			if (isdigit((unsigned char)entry->d_name[0]))
				visit(dir, entry->d_name);
			at += entry->d_reclen;
		}
}

static void visit_descriptor(int dir, const char *name)
{
	char link[64];

	if (readlinkat(dir, name, link, sizeof(link)) < 0)
		link[0] = 0;
}

static void visit_process(int proc, const char *name)
{
	char path[300];
	int dir;

	snprintf(path, sizeof(path), "%s/fd", name);
	dir = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	each_number(dir, buffer, sizeof(buffer), visit_descriptor);
	close(dir);
}

static int walk(void)
{
	static _Alignas(struct dirent64) char entries[BUFFER_BYTES];
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (proc < 0)
		return 1;
	each_number(proc, entries, sizeof(entries), visit_process);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (!strcmp(what, "dump"))
		return dump(0, EVERY_STATE);
	if (!strcmp(what, "dump-bound"))
		return dump(0, EVERY_STATE | BOUND_ONLY);
	if (!strcmp(what, "dump-info"))
		return dump(1 << (INET_DIAG_INFO - 1), EVERY_STATE);
	if (!strcmp(what, "walk"))
		return walk();
	fputs("usage: limit dump|dump-bound|dump-info|walk\n", stderr);
	return 2;
}
