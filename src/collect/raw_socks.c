/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/raw_socks.h"

#include "collect/inet.h"
#include "collect/inet_ask.h"
#include "model/once.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const files[2] = {
	"/proc/thread-self/net/raw", "/proc/thread-self/net/raw6",
};

/* ---- lines of /proc ---- */

/* Words of 32 bits as they stand in memory. */
static bool read_addr(const char *hex, size_t size, enum family family, struct addr *addr)
{
	uint32_t words[4] = { 0 };
	size_t count = family == FAMILY_IPV4 ? 1 : 4;

	if (size != 8 * count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (sscanf(hex + 8 * i, "%8x", &words[i]) != 1)
			return false;
	*addr = family == FAMILY_IPV4 ? addr_from_v4(words) : addr_from_v6(words);
	return true;
}

bool raw_socks_parse(const char *line, enum family family, struct sock *sock)
{
	char local[33], remote[33];
	unsigned local_port, remote_port, state, send_queue, recv_queue, uid, inode;

	*sock = (struct sock){
		.family = family, .protocol = PROTOCOL_RAW, .cookie = UINT64_MAX,
		.have = HAVE_UID,
	};
	if (sscanf(line, " %*u: %32[0-9A-Fa-f]:%4x %32[0-9A-Fa-f]:%4x %2x %8x:%8x "
		   "%*2x:%*8x %*8x %u %*u %u",
		   local, &local_port, remote, &remote_port, &state, &send_queue, &recv_queue,
		   &uid, &inode) != 9)
		return false;
	if (!state || state > STATE_CLOSING ||
	    !read_addr(local, strlen(local), family, &sock->local) ||
	    !read_addr(remote, strlen(remote), family, &sock->remote))
		return false;
	sock->state = state;
	sock->local_port = (uint16_t)local_port;
	sock->remote_port = (uint16_t)remote_port;
	sock->send_queue = send_queue;
	sock->recv_queue = recv_queue;
	sock->uid = uid;
	sock->inode = inode;
	return true;
}

struct reader {
	const struct collect_ask *ask;
	struct sink      sink;
	struct snapshot *seen;
	struct inodes    inodes;
	uint64_t         senseless;
};

static bool is_wanted(const struct reader *reader, const struct sock *sock)
{
	const struct collect_ask *ask = reader->ask;
	struct filter_view view = { .seen = reader->seen, .findings = ask->findings };

	if (!(ask->states & STATE_BIT(sock->state)))
		return false;
	return !ask->filter || filter_test(ask->filter, &view, sock) == FILTER_TRUE;
}

static int read_lines(struct reader *reader, char *content, enum family family)
{
	char *rest = NULL, *line = strtok_r(content, "\n", &rest);
	int err = 0;

	/* the first is the heading */
	while (!err && line && (line = strtok_r(NULL, "\n", &rest))) {
		struct sock sock;

		if (!raw_socks_parse(line, family, &sock) ||
		    !inodes_add(&reader->inodes, sock.inode))
			reader->senseless++;
		else if (is_wanted(reader, &sock))
			err = reader->sink.take(reader->sink.ctx, &sock);
	}
	return err;
}

/* Without IPv6 there is no raw6, and nothing is missing. */
static int read_family(struct recorder *recorder, struct reader *reader, enum family family,
		       struct fault *fault)
{
	const char *name = files[family == FAMILY_IPV6];
	struct text content = { 0 };
	int err = recorder_file(recorder, name, &content);

	if (!err && content.count)
		err = read_lines(reader, content.at, family);
	else if (err == -ENOENT && family == FAMILY_IPV6)
		err = 0;
	else if (err)
		fault_set(fault, -err, "this kernel does not list raw sockets: no raw_diag, and %s: %s",
			  name, strerror(-err));
	text_fini(&content);
	return err;
}

static int read_files(struct recorder *recorder, const struct collect_ask *ask, struct sink sink,
		      struct snapshot *seen, struct fault *fault)
{
	struct reader reader = { .ask = ask, .sink = sink, .seen = seen };
	int err = 0;

	if (ask->ipv4)
		err = read_family(recorder, &reader, FAMILY_IPV4, fault);
	if (!err && ask->ipv6)
		err = read_family(recorder, &reader, FAMILY_IPV6, fault);
	if (!err)
		snapshot_gap(seen, GAP_SOURCE, 1,
			     "raw sockets were read from /proc/net/raw and raw6 (no raw_diag), which tell no cookie, group, device, memory and options");
	if (reader.senseless)
		snapshot_gap(seen, GAP_ATTRIBUTE, reader.senseless,
			     "lines of /proc/net/raw made no sense and were left out");
	inodes_fini(&reader.inodes);
	return err;
}

/* ---- which of the two ---- */

/* A recording has the files where there was no other way. */
static bool was_read_from_files(const struct recorder *recorder)
{
	const uint8_t *content;
	size_t size;
	int err;

	return load_file(recorder->load, files[0], &err, &content, &size) ||
	       load_file(recorder->load, files[1], &err, &content, &size);
}

int raw_socks_collect(struct recorder *recorder, const struct collect_ask *ask, struct sink sink,
		      const char *release, unsigned deadline_ms, struct snapshot *seen,
		      struct fault *fault)
{
	bool by_files = recorder_replays(recorder) ? was_read_from_files(recorder) :
			inet_offered(PROTOCOL_RAW, deadline_ms, NULL) < 0;

	return by_files ? read_files(recorder, ask, sink, seen, fault) :
	       inet_collect(recorder, ask, sink, release, deadline_ms, seen, fault);
}

int raw_socks_offered(unsigned deadline_ms, struct fault *fault)
{
	return access(files[0], R_OK) == 0 ? 0 : inet_offered(PROTOCOL_RAW, deadline_ms, fault);
}
