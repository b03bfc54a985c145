/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers out of recordings that nobody honest made: too short, too long, with
 * numbers out of range and text for a terminal. None may be believed further
 * than it goes, and what a recording does not hold is a gap.
 */
#include "test.h"

#include "base/grow.h"
#include "collect/handle.h"
#include "collect/others.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

static char recording[] = "/tmp/sockvet-test-replay.XXXXXX";
static struct collect handle;
static struct snapshot seen;

static void begin(void)
{
	snapshot_init(&seen);
	assert_int_equal(recorder_open(&handle.recorder, NULL, recording, NULL), 0);
	recorder_put(&handle.recorder, FRAME_BASICS, NULL, NULL, 0);
}

static void replay(void)
{
	assert_int_equal(recorder_close(&handle.recorder, true, NULL), 0);
	assert_int_equal(recorder_open(&handle.recorder, recording, NULL, NULL), 0);
}

static void end(void)
{
	recorder_close(&handle.recorder, false, NULL);
	snapshot_fini(&seen);
}

static struct addr address(const char *v4, size_t size)
{
	return size == 4 ? addr_from_v4((const uint8_t *)v4) : addr_from_v6((const uint8_t *)v4);
}

#define V4(bytes) address(bytes, 4)
#define V6(bytes) address(bytes, 16)
#define PUBLIC6 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define LINK6   "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define LOOP6   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"

static void add_local(struct addr addr, uint32_t ifindex, bool tentative)
{
	*grow_add(&seen.locals) = (struct local){
		.addr = addr, .family = addr_is_v4(&addr) ? FAMILY_IPV4 : FAMILY_IPV6,
		.ifindex = ifindex, .tentative = tentative,
	};
}

/* ---- bind: the kind of an address ---- */

static enum addr_kind kind_of(struct addr addr, uint32_t ifindex, uint32_t scope)
{
	struct bind_ask ask = {
		.family = addr_is_v4(&addr) ? FAMILY_IPV4 : FAMILY_IPV6, .addr = addr,
		.ifindex = ifindex, .scope = scope,
	};
	struct bind_context context = { 0 };

	collect_bind_context(&handle, &ask, &context, &seen);
	assert_false(context.may_bind_low.is);
	return context.addr_kind;
}

static void test_address_of_another_question_is_told_right(void **state)
{
	(void)state;
	begin();
	replay();
	assert_int_equal(kind_of(V4("\0\0\0\0"), 0, 0), ADDR_KIND_ANY);
	assert_int_equal(kind_of(V4("\xff\xff\xff\xff"), 0, 0), ADDR_KIND_BROADCAST);
	assert_int_equal(kind_of(V4("\xe0\0\0\1"), 0, 0), ADDR_KIND_MULTICAST);
	assert_int_equal(kind_of(V6("\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), 0, 0), ADDR_KIND_MULTICAST);
	/* no addresses were recorded */
	assert_int_equal(kind_of(V4("\x0a\0\0\1"), 0, 0), ADDR_KIND_UNKNOWN);
	assert_int_equal(kind_of(V6(PUBLIC6), 0, 0), ADDR_KIND_UNKNOWN);
	seen.locals_known = true;
	add_local(V4("\x0a\0\0\1"), 2, false);
	add_local(V6(LOOP6), 1, false);
	add_local(V6(LINK6), 2, false);
	add_local(V6(PUBLIC6), 2, true);
	assert_int_equal(kind_of(V4("\x0a\0\0\1"), 0, 0), ADDR_KIND_LOCAL);
	assert_int_equal(kind_of(V4("\x0a\0\0\2"), 0, 0), ADDR_KIND_UNKNOWN);
	/* 127/8 is local when lo was given any of it */
	assert_int_equal(kind_of(V4("\x7f\0\0\2"), 0, 0), ADDR_KIND_UNKNOWN);
	add_local(V4("\x7f\0\0\1"), 1, false);
	assert_int_equal(kind_of(V4("\x7f\0\0\2"), 0, 0), ADDR_KIND_LOCAL);
	assert_int_equal(kind_of(V6(LOOP6), 1, 0), ADDR_KIND_LOCAL);
	assert_int_equal(kind_of(V6(LOOP6), 2, 0), ADDR_KIND_ELSEWHERE);
	/* its scope is the device, whichever another one is bound to; ::1 has none */
	assert_int_equal(kind_of(V6(LINK6), 0, 2), ADDR_KIND_LOCAL);
	assert_int_equal(kind_of(V6(LINK6), 1, 2), ADDR_KIND_LOCAL);
	assert_int_equal(kind_of(V6(LINK6), 0, 3), ADDR_KIND_ELSEWHERE);
	assert_int_equal(kind_of(V6(LOOP6), 1, 2), ADDR_KIND_LOCAL);
	assert_int_equal(kind_of(V6(PUBLIC6), 0, 0), ADDR_KIND_TENTATIVE);
	add_local(V6(PUBLIC6), 3, false);
	assert_int_equal(kind_of(V6(PUBLIC6), 0, 0), ADDR_KIND_LOCAL);
	end();
}

static void test_kind_of_an_address_out_of_range_is_not_believed(void **state)
{
	const struct bind_ask ask = { .family = FAMILY_IPV4, .addr = V4("\x0a\0\0\1"), .uid = 7 };
	struct { uint32_t family, ifindex, scope, uid; uint8_t addr[16]; } key = {
		.family = FAMILY_IPV4, .uid = 7,
	};
	const uint32_t told[3] = { ADDR_KIND_COUNT, 1, 9 };
	struct bind_context context = { 0 };

	(void)state;
	memcpy(key.addr, ask.addr.b, 16);
	begin();
	put_answer(&handle.recorder, ANSWER_BIND_CONTEXT, &key, sizeof(key), told, sizeof(told));
	replay();
	collect_bind_context(&handle, &ask, &context, &seen);
	assert_int_equal(context.addr_kind, ADDR_KIND_UNKNOWN);
	assert_true(context.may_bind_low.is);
	assert_int_equal(context.may_bind_low.value, 1);
	end();
	begin();
	put_answer(&handle.recorder, ANSWER_BIND_CONTEXT, &key, sizeof(key), told,
		   sizeof(told) - 1);
	replay();
	assert_int_equal(kind_of(ask.addr, 0, 0), ADDR_KIND_UNKNOWN);
	end();
}

/* ---- connect: the way ---- */

static struct chosen_route route_to(struct addr destination, struct addr source)
{
	struct connect_ask ask = {
		.family = addr_is_v4(&destination) ? FAMILY_IPV4 : FAMILY_IPV6,
		.destination = destination, .source = source,
	};
	struct chosen_route chosen;

	collect_route(&handle, &ask, &chosen, &seen);
	return chosen;
}

static void test_route_to_an_own_address_is_not_inferred(void **state)
{
	const struct addr none = { { 0 } }, one = V4("\x0a\0\0\1"), two = V4("\x0a\0\0\2");
	const struct addr loop = V6(LOOP6);
	struct chosen_route chosen;

	(void)state;
	begin();
	replay();
	chosen = route_to(V4("\x7f\0\0\5"), none);
	assert_true(chosen.known);
	assert_true(addr_is_v4(&chosen.source) && addr_is_loopback(&chosen.source));
	chosen = route_to(loop, none);
	assert_true(chosen.known);
	assert_true(addr_equal(&chosen.source, &loop));
	assert_false(route_to(V4("\x7f\0\0\5"), two).known);
	assert_false(route_to(one, none).known);
	add_local(one, 2, false);
	add_local(two, 2, false);
	add_local(V6(PUBLIC6), 2, false);
	assert_true(route_to(one, none).known);
	/* perhaps a secondary one, for which the first one speaks */
	assert_false(route_to(two, none).known);
	assert_true(route_to(V6(PUBLIC6), none).known);
	assert_false(route_to(V6(LINK6), none).known);
	end();
}

static void test_errno_of_a_route_out_of_range_is_not_believed(void **state)
{
	static const struct { int32_t told; int err; } cases[] = {
		{ 0, 0 }, { ENETUNREACH, ENETUNREACH }, { 4095, 4095 }, { 4096, EIO }, { -1, EIO },
	};
	struct { uint32_t family, ifindex; uint8_t destination[16]; } key = { FAMILY_IPV4, 0, { 0 } };
	const struct addr none = { { 0 } }, to = V4("\x0a\0\0\1");

	(void)state;
	memcpy(key.destination, to.b, 16);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct { uint32_t known, ifindex; int32_t err; uint8_t source[16]; } told = {
			1, 5, cases[i].told, { 0 },
		};

		begin();
		put_answer(&handle.recorder, ANSWER_ROUTE, &key, sizeof(key), &told, sizeof(told));
		replay();
		assert_int_equal(route_to(to, none).err, cases[i].err);
		assert_int_equal(route_to(to, none).ifindex, 5);
		end();
	}
	begin();
	put_answer(&handle.recorder, ANSWER_ROUTE, &key, sizeof(key), "short", 5);
	replay();
	assert_false(route_to(to, none).known);
	end();
}

/* ---- other namespaces ---- */

struct elsewhere_row {
	uint64_t inode;
	int32_t  pid;
	uint32_t listeners, others, comm_size;
	char     name[256], comm[64];
};

static void replay_elsewhere(size_t rows, size_t more, struct bind_context *context)
{
	const struct bind_ask ask = { .protocol = PROTOCOL_TCP, .port = 80 };
	const uint32_t key[2] = { PROTOCOL_TCP, 80 }, known = 1;
	struct elsewhere_row row = { .inode = 7, .pid = -3, .listeners = 2, .comm_size = 4000 };
	struct text bytes = { 0 };

	memset(row.name, 'n', sizeof(row.name));
	memset(row.comm, 'c', sizeof(row.comm));
	text_add(&bytes, (const char *)&known, sizeof(known));
	for (size_t i = 0; i < rows; i++)
		text_add(&bytes, (const char *)&row, sizeof(row));
	text_add(&bytes, "junk", more);
	begin();
	put_answer(&handle.recorder, ANSWER_ELSEWHERE, key, sizeof(key), bytes.at, bytes.count);
	replay();
	collect_elsewhere(&handle, &ask, context);
	text_fini(&bytes);
	end();
}

static void test_rows_of_other_namespaces_do_not_run_over(void **state)
{
	struct bind_context context = { 0 };

	(void)state;
	replay_elsewhere(1, 0, &context);
	assert_true(context.elsewhere_known);
	assert_int_equal(context.elsewhere.count, 1);
	assert_int_equal(context.elsewhere.at[0].pid, 0);
	assert_int_equal(context.elsewhere.at[0].listeners, 2);
	assert_int_equal(context.elsewhere.at[0].comm_size, sizeof(context.elsewhere.at[0].comm) - 1);
	assert_int_equal(strlen(context.elsewhere.at[0].name), sizeof(context.elsewhere.at[0].name) - 1);
	bind_context_fini(&context);
	context = (struct bind_context){ 0 };
	replay_elsewhere(65, 0, &context);
	assert_int_equal(context.elsewhere.count, 64);
	bind_context_fini(&context);
	context = (struct bind_context){ 0 };
	replay_elsewhere(1, 4, &context);
	assert_false(context.elsewhere_known);
	assert_int_equal(context.elsewhere.count, 0);
}

/* ---- unix names ---- */

struct unix_told {
	uint32_t file;
	int32_t  parent_err;
	uint32_t listed, elsewhere_known;
	int32_t  list_err;
	char     file_kind[24];
};

static void replay_unix(const struct unix_told *told, size_t size, struct unix_context *context)
{
	const struct unix_ask ask = { .name = "/x", .size = 2, .type = UNIX_STREAM };
	const struct { uint32_t abstract, type; char name[2]; } key = { 0, UNIX_STREAM, "/x" };

	put_answer(&handle.recorder, ANSWER_UNIX, &key, 10, told, size);
	replay();
	collect_unix(&handle, &ask, context, &seen);
	assert_true(context->name_max.is);
}

static void test_what_stands_at_a_path_out_of_range_is_not_believed(void **state)
{
	struct unix_told told = {
		.file = UNIX_FILE_DANGLING + 1, .parent_err = 4096, .listed = 1, .list_err = -4096,
	};
	struct unix_context context = { 0 };

	(void)state;
	memcpy(told.file_kind, "\x1b[31mred\x7f\xff and more than fits", sizeof(told.file_kind));
	begin();
	replay_unix(&told, sizeof(told), &context);
	assert_int_equal(context.file, UNIX_FILE_UNKNOWN);
	assert_int_equal(context.parent_err, 0);
	assert_memory_equal(context.file_kind, "?[31mred??", 10);
	assert_int_equal(strlen(context.file_kind), sizeof(context.file_kind) - 1);
	assert_int_equal(seen.gaps.count, 0);
	end();
	unix_context_fini(&context);

	told.parent_err = -1;
	told.list_err = -ENOMEM;
	context = (struct unix_context){ 0 };
	begin();
	replay_unix(&told, sizeof(told), &context);
	assert_int_equal(context.parent_err, 0);
	assert_true(snapshot_has_gap(&seen, GAP_DUMP));
	end();
	unix_context_fini(&context);
}

/* Recordings were made that hold them. */
static void test_a_socket_of_another_type_is_not_at_an_abstract_name(void **state)
{
	const struct unix_ask ask = { .name = "x", .size = 1, .abstract = true, .type = UNIX_STREAM };
	const struct { uint32_t abstract, type; char name[1]; } key = { 1, UNIX_STREAM, "x" };
	const struct { struct unix_told told; struct unix_sock socks[2]; } answer = {
		{ .listed = 1 }, { { 70, UNIX_DGRAM, 0, 0, 0 }, { 71, UNIX_STREAM, 1, 0, 0 } },
	};
	struct unix_context context = { 0 };

	(void)state;
	begin();
	put_answer(&handle.recorder, ANSWER_UNIX, &key, 9, &answer, sizeof(answer));
	replay();
	collect_unix(&handle, &ask, &context, &seen);
	assert_int_equal(context.socks.count, 1);
	assert_int_equal(context.socks.at[0].inode, 71);
	end();
	unix_context_fini(&context);
}

static void test_unix_answer_of_a_wrong_size_is_not_used(void **state)
{
	const struct unix_told told = { .file = UNIX_FILE_SOCKET, .listed = 1 };
	const struct { struct unix_told told; char more; } longer = { .told = told };
	struct unix_context context = { 0 };

	(void)state;
	for (size_t size = sizeof(told) - 1; size <= sizeof(told) + 1; size += 2) {
		begin();
		replay_unix(&longer.told, size, &context);
		assert_int_equal(context.file, UNIX_FILE_UNKNOWN);
		assert_true(snapshot_has_gap(&seen, GAP_RECORDING));
		end();
	}
}

/* ---- probes ---- */

static void test_answer_of_a_probe_is_believed_as_far_as_it_goes(void **state)
{
	static const struct { int32_t told; int err; } cases[] = {
		{ 0, 0 }, { EADDRINUSE, EADDRINUSE }, { 4095, 4095 }, { 4096, 0 }, { -1, 0 },
	};
	const struct bind_ask ask = { .protocol = PROTOCOL_TCP, .port = 80 };
	struct bind_probe probe;
	uint32_t key[13] = { PROTOCOL_TCP, 0, 80 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct { int32_t made, err; char refusal[200]; } told = { 1, cases[i].told, "" };

		memset(told.refusal, '\a', sizeof(told.refusal));
		begin();
		put_answer(&handle.recorder, ANSWER_PROBE_BIND, key, sizeof(key), &told, sizeof(told) - (i == 4));
		replay();
		collect_probe_bind(&handle, &ask, &probe);
		assert_int_equal(probe.made, i != 4);
		assert_int_equal(probe.err, cases[i].err);
		assert_null(strchr(probe.refusal, '\a'));
		end();
	}
}

struct ports_told {
	uint32_t made, asked, packets_sent;
	char     refusal[200];
	uint8_t  answered[8192], usable[8192];
};

static void test_port_that_was_not_asked_is_not_usable(void **state)
{
	static struct ports_told told = { .made = 1, .asked = 3 };
	static uint8_t ports[8192];
	static struct port_probe probe;

	(void)state;
	memset(told.answered, 0xf0, sizeof(told.answered));
	memset(told.usable, 0x3f, sizeof(told.usable));
	memset(ports, 0x18, sizeof(ports));
	for (size_t cut = 0; cut < 2; cut++) {
		begin();
		put_answer(&handle.recorder, ANSWER_PROBE_PORTS, ports, sizeof(ports), &told, sizeof(told) - cut);
		replay();
		collect_probe_ports(&handle, ports, &probe);
		assert_int_equal(probe.made, !cut);
		assert_int_equal(probe.answered[77], cut ? 0 : 0x10);
		assert_int_equal(probe.usable[77], cut ? 0 : 0x10);
		assert_int_equal(!*probe.refusal, !cut);
		end();
	}
}

/* ---- flags of sockets ---- */

static void test_flags_are_not_given_to_another_socket(void **state)
{
	struct { uint64_t cookie; uint32_t inode; uint16_t have, set; } told[] = {
		{ 5, 50, 7, 0 }, { 5, 50, 7, 1 }, { 6, 60, 7, 7 },
	};
	struct sock sock = { .cookie = 5, .inode = 50, .family = FAMILY_IPV4 };

	(void)state;
	begin();
	*grow_add(&seen.socks) = sock;
	sock.inode = 60;
	*grow_add(&seen.socks) = sock;
	sock = (struct sock){ .cookie = 6, .inode = 60, .family = FAMILY_IPV6 };
	*grow_add(&seen.socks) = sock;
	/* the first has a key, and is none of these; nor is the last, which is half a row */
	put_answer(&handle.recorder, ANSWER_FLAGS, "key", 3, told, sizeof(told));
	put_answer(&handle.recorder, ANSWER_BIND_CONTEXT, "", 0, told, sizeof(told));
	put_answer(&handle.recorder, ANSWER_FLAGS, "", 0, told, sizeof(told[0]));
	put_answer(&handle.recorder, ANSWER_FLAGS, "", 0, told + 1, sizeof(told[1]));
	put_answer(&handle.recorder, ANSWER_FLAGS, "", 0, told + 2, sizeof(told[2]) / 2);
	replay();
	collect_flags(&handle, &seen);
	assert_true(seen.socks.at[0].have & HAVE_REUSEADDR);
	assert_true(seen.socks.at[0].have & HAVE_REUSEPORT);
	assert_true(seen.socks.at[0].reuseaddr);
	assert_false(seen.socks.at[0].reuseport);
	/* of IPv6 only */
	assert_false(seen.socks.at[0].have & HAVE_V6ONLY);
	assert_false(seen.socks.at[1].have & (HAVE_REUSEADDR | HAVE_REUSEPORT));
	assert_false(seen.socks.at[2].have & (HAVE_REUSEADDR | HAVE_REUSEPORT));
	end();
}

/* ---- sections ---- */

static void test_missing_section_is_a_gap(void **state)
{
	const struct collect_ask ask = { .protocol = PROTOCOL_PACKET, .states = UINT32_MAX };
	struct map wanted = { 0 };

	(void)state;
	begin();
	replay();
	collect_cgroups(&handle, &seen, &wanted);
	assert_int_equal(seen.gaps.count, 0);
	collect_cgroups(&handle, &seen, NULL);
	assert_int_equal(seen.gaps.count, 1);
	seen.socks_complete = true;
	assert_int_equal(others_collect(&handle.recorder, &ask, (struct sink){ 0 }, 0, &seen, NULL),
			 0);
	assert_false(seen.socks_complete);
	assert_int_equal(seen.gaps.count, 2);
	end();
}

static void test_cgroup_gap_is_not_told_where_none_was_asked(void **state)
{
	const struct frame_flag made = { 1 };
	struct frame_cgroup group = { .id = 9 };
	struct map wanted = { 0 };

	(void)state;
	for (unsigned asked = 0; asked < 2; asked++) {
		begin();
		recorder_put(&handle.recorder, FRAME_CGROUPS, &made, NULL, 0);
		recorder_put(&handle.recorder, FRAME_CGROUP, &group, "/shop", 5);
		recorder_gap(&handle.recorder, NULL, GAP_CGROUPS, 1, "cut");
		replay();
		if (asked)
			map_slot(&wanted, 9, NULL);
		collect_cgroups(&handle, &seen, &wanted);
		assert_int_equal(seen.gaps.count, asked);
		assert_int_equal(seen.cgroups.count, asked);
		end();
	}
	map_fini(&wanted);
}

static int count_row(void *ctx, const struct sock *sock)
{
	(void)sock;
	++*(int *)ctx;
	return 0;
}

static void test_senseless_message_of_another_family_is_a_gap(void **state)
{
	const struct collect_ask ask = { .protocol = PROTOCOL_UNIX, .states = UINT32_MAX };
	const struct frame_ask asked = { .states = UINT32_MAX, .protocol = PROTOCOL_UNIX };
	int rows = 0;
	const struct sink sink = { .take = count_row, .ctx = &rows };

	(void)state;
	begin();
	recorder_put(&handle.recorder, FRAME_ASK, &asked, NULL, 0);
	recorder_put(&handle.recorder, FRAME_SOCK, NULL, "", 0);
	recorder_put(&handle.recorder, FRAME_SOCK, NULL, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 17);
	recorder_gap(&handle.recorder, NULL, GAP_DUMP, 1, "broke off");
	replay();
	seen.socks_complete = true;
	assert_int_equal(others_collect(&handle.recorder, &ask, sink, 0, &seen, NULL), 0);
	assert_int_equal(rows, 0);
	assert_false(seen.socks_complete);
	assert_true(snapshot_has_gap(&seen, GAP_ATTRIBUTE));
	assert_true(snapshot_has_gap(&seen, GAP_DUMP));
	end();
}

/* ---- gaps and files ---- */

static void put_file(const char *name, int err, const char *content)
{
	struct frame_file file = { .err = err };
	struct text bytes = { 0 };

	text_add(&bytes, name, strlen(name) + 1);
	text_add(&bytes, content, strlen(content));
	recorder_put(&handle.recorder, FRAME_FILE, &file, bytes.at, bytes.count);
	text_fini(&bytes);
}

static void test_sentence_of_a_gap_neither_runs_over_nor_steers_a_terminal(void **state)
{
	const struct frame_flag made = { 1 };
	struct frame_gap gap = { .count = 3, .kind = GAP_KIND_COUNT };
	char sentence[300];

	(void)state;
	memset(sentence, '\x1b', sizeof(sentence));
	begin();
	recorder_put(&handle.recorder, FRAME_CGROUPS, &made, NULL, 0);
	recorder_put(&handle.recorder, FRAME_GAP, &gap, sentence, sizeof(sentence));
	replay();
	collect_cgroups(&handle, &seen, NULL);
	assert_int_equal(seen.gaps.count, 1);
	assert_int_equal(seen.gaps.at[0].kind, GAP_RECORDING);
	assert_int_equal(strspn(seen.gaps.at[0].text, "?"), sizeof(seen.gaps.at[0].text) - 1);
	end();
}

static void test_gaps_without_end_do_not_fill_memory(void **state)
{
	const struct frame_flag made = { 1 };

	(void)state;
	begin();
	recorder_put(&handle.recorder, FRAME_CGROUPS, &made, NULL, 0);
	for (unsigned i = 0; i < 700; i++)
		recorder_gap(&handle.recorder, NULL, GAP_CGROUPS, 1, "gap %u", i);
	replay();
	collect_cgroups(&handle, &seen, NULL);
	assert_int_equal(seen.gaps.count, 501);
	assert_string_equal(seen.gaps.at[500].text, "and more of these");
	assert_int_equal(seen.gaps.at[500].count, 200);
	end();
}

static void test_errno_of_a_file_out_of_range_is_not_believed(void **state)
{
	static const struct { int told, err; } cases[] = {
		{ EACCES, -EACCES }, { 4095, -4095 }, { 4096, -EIO }, { -1, -EIO },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct text content = { 0 };

		begin();
		put_file("/x", cases[i].told, "not to be read");
		replay();
		assert_int_equal(recorder_file(&handle.recorder, "/x", &content), cases[i].err);
		assert_int_equal(recorder_file(&handle.recorder, "/y", &content), -ENODATA);
		assert_int_equal(content.count, 0);
		end();
	}
}

/* Longer than each buffer in turn, and than the largest. */
static void test_long_file_is_read_whole(void **state)
{
	static const size_t sizes[] = { 0, 4095, 4096, 65535, 65536, 1048575, 1048576 };
	char block[4096];
	struct text none = { 0 };

	(void)state;
	memset(block, 'x', sizeof(block));
	for (size_t i = 0; i < COUNT(sizes); i++) {
		FILE *file = fopen(recording, "w");
		struct text content = { 0 };
		bool fits = sizes[i] < 1048576;

		assert_non_null(file);
		for (size_t left = sizes[i]; left;) {
			size_t part = left < sizeof(block) ? left : sizeof(block);

			assert_int_equal(fwrite(block, 1, part, file), part);
			left -= part;
		}
		fclose(file);
		assert_int_equal(file_read(-1, recording, &content), fits ? 0 : -EFBIG);
		assert_int_equal(content.count, fits ? sizes[i] : 0);
		text_fini(&content);
	}
	assert_int_equal(file_read(-1, "/", &none), -EISDIR);
	text_fini(&none);
	assert_int_equal(truncate(recording, 0), 0);
}

static int make_name(void **state)
{
	int fd = mkstemp(recording);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int drop_name(void **state)
{
	(void)state;
	return unlink(recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address_of_another_question_is_told_right),
		cmocka_unit_test(test_kind_of_an_address_out_of_range_is_not_believed),
		cmocka_unit_test(test_route_to_an_own_address_is_not_inferred),
		cmocka_unit_test(test_errno_of_a_route_out_of_range_is_not_believed),
		cmocka_unit_test(test_rows_of_other_namespaces_do_not_run_over),
		cmocka_unit_test(test_what_stands_at_a_path_out_of_range_is_not_believed),
		cmocka_unit_test(test_a_socket_of_another_type_is_not_at_an_abstract_name),
		cmocka_unit_test(test_unix_answer_of_a_wrong_size_is_not_used),
		cmocka_unit_test(test_answer_of_a_probe_is_believed_as_far_as_it_goes),
		cmocka_unit_test(test_port_that_was_not_asked_is_not_usable),
		cmocka_unit_test(test_flags_are_not_given_to_another_socket),
		cmocka_unit_test(test_missing_section_is_a_gap),
		cmocka_unit_test(test_cgroup_gap_is_not_told_where_none_was_asked),
		cmocka_unit_test(test_senseless_message_of_another_family_is_a_gap),
		cmocka_unit_test(test_sentence_of_a_gap_neither_runs_over_nor_steers_a_terminal),
		cmocka_unit_test(test_gaps_without_end_do_not_fill_memory),
		cmocka_unit_test(test_errno_of_a_file_out_of_range_is_not_believed),
		cmocka_unit_test(test_long_file_is_read_whole),
	};

	return cmocka_run_group_tests(tests, make_name, drop_name);
}
