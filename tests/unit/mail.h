/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_MAIL_H
#define TESTS_UNIT_MAIL_H

/* Messages as the kernel sends them, in pieces; to be included behind cmocka's header. */

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* All that attributes answer. */
#define NEED_ALL (NEED_FLOW | NEED_TCP_INFO | NEED_MEMORY | NEED_CONGESTION | NEED_TOS)

/* A message being built. */
struct mail { uint8_t at[8192]; size_t size; };

static inline void mail_add(struct mail *mail, const void *bytes, size_t size)
{
	assert_true(mail->size + size <= sizeof(mail->at));
	if (size)
		memcpy(mail->at + mail->size, bytes, size);
	mail->size += size;
}

static inline void mail_attr(struct mail *mail, unsigned type, const void *bytes, size_t size)
{
	struct nlattr attr = {
		.nla_len = (uint16_t)(sizeof(attr) + size), .nla_type = (uint16_t)type,
	};

	mail_add(mail, &attr, sizeof(attr));
	mail_add(mail, bytes, size);
	mail->size = NLA_ALIGN(mail->size);
}

/* Begins with what every TCP and UDP socket has. */
static inline void mail_header(struct mail *mail, uint8_t family, uint8_t state, uint64_t cookie)
{
	struct inet_diag_msg told = {
		.idiag_family = family, .idiag_state = state,
		.id = { .idiag_sport = htons(5000), .idiag_dport = htons(443),
			.idiag_src = { htonl(0x7f000001) }, .idiag_dst = { htonl(0x7f000002) },
			.idiag_cookie = { (uint32_t)cookie, (uint32_t)(cookie >> 32) } },
		.idiag_rqueue = 7, .idiag_wqueue = 9, .idiag_uid = 1234, .idiag_inode = 77,
	};

	mail->size = 0;
	mail_add(mail, &told, sizeof(told));
}

/* The very end of a page behind which nothing may be read. */
struct guarded { char *at, *mapped; size_t room; };

static inline struct guarded guard(const void *bytes, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct guarded g = { .room = (size / page + 1) * page };

	g.mapped = mmap(NULL, g.room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			-1, 0);
	assert_ptr_not_equal(g.mapped, MAP_FAILED);
	assert_int_equal(mprotect(g.mapped + g.room, page, PROT_NONE), 0);
	g.at = g.mapped + g.room - size;
	memcpy(g.at, bytes, size);
	return g;
}

static inline void unguard(const struct guarded *g)
{
	munmap(g->mapped, g->room + (size_t)sysconf(_SC_PAGESIZE));
}

/* tcp_info in which every byte is another one. */
static inline void fill_info(uint8_t *info, size_t size)
{
	for (size_t i = 0; i < size; i++)
		info[i] = (uint8_t)(i + 1);
}

#endif
