/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_RECORDING_H
#define TESTS_UNIT_RECORDING_H

/* Recordings frame by frame, in a folder of their own; to be included behind cmocka's header. */

#include "collect/collect.h"
#include "collect/recorder.h"

#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "mail.h"

/* The file that the tests of a group write and read. */
static struct { char folder[64], path[80]; } recorded;

static inline int make_folder(void **state)
{
	(void)state;
	strcpy(recorded.folder, "/tmp/test_collect.XXXXXX");
	if (!mkdtemp(recorded.folder))
		return -1;
	snprintf(recorded.path, sizeof(recorded.path), "%s/recording", recorded.folder);
	return 0;
}

static inline int drop_folder(void **state)
{
	(void)state;
	unlink(recorded.path);
	return rmdir(recorded.folder);
}

static inline void put_port(struct save *save, uint8_t family, uint8_t state, uint64_t cookie,
			    bool info, uint16_t port)
{
	struct nlmsghdr header = { .nlmsg_type = SOCK_DIAG_BY_FAMILY };
	size_t place = offsetof(struct inet_diag_msg, id.idiag_sport);
	uint16_t told = htons(port);
	struct mail mail;
	uint8_t both[9000], bytes[280];

	fill_info(bytes, sizeof(bytes));
	mail_header(&mail, family, state, cookie);
	memcpy(mail.at + place, &told, sizeof(told));
	mail_attr(&mail, INET_DIAG_SHUTDOWN, "", 1);
	if (info)
		mail_attr(&mail, INET_DIAG_INFO, bytes, sizeof(bytes));
	header.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + mail.size);
	memcpy(both, &header, sizeof(header));
	memcpy(both + NLMSG_HDRLEN, mail.at, mail.size);
	save_put(save, FRAME_SOCK, NULL, both, header.nlmsg_len);
}

static inline bool has_gap(const struct snapshot *seen, enum gap_kind kind, const char *part)
{
	for (size_t i = 0; i < seen->gaps.count; i++)
		if (seen->gaps.at[i].kind == kind && strstr(seen->gaps.at[i].text, part))
			return true;
	return false;
}

static inline void take_socks(struct collect *collect, const struct collect_ask *ask,
			      struct snapshot *seen)
{
	struct fault fault = { 0 };

	snapshot_init(seen);
	assert_int_equal(collect_socks(collect, ask, snapshot_sink(seen), seen, &fault), 0);
}

/* Number of sockets, and whether that is all. */
static inline void expect_answer(struct collect *collect, struct collect_ask ask, size_t count,
				 bool whole)
{
	struct snapshot seen;

	ask.states = STATE_ALL;
	ask.ipv4 = ask.ipv6 = true;
	take_socks(collect, &ask, &seen);
	assert_int_equal(seen.socks.count, count);
	assert_int_equal(seen.socks_complete, whole);
	assert_int_equal(has_gap(&seen, GAP_RECORDING, "does not hold"), !whole);
	snapshot_fini(&seen);
}

#endif
