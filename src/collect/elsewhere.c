/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/elsewhere.h"

#include "base/grow.h"
#include "collect/census.h"
#include "collect/inet.h"
#include "collect/netns.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

/* More of them say nothing more. */
#define ELSEWHERE_MAX 64

/* As recorded: the question, the answer and its rows, without padding. */
struct key {
	uint32_t protocol, port;
};

struct told {
	uint32_t known;
};

struct row {
	uint64_t inode;
	int32_t  pid;
	uint32_t listeners, others, comm_size;
	char     name[256];
	char     comm[64];
};

struct search {
	const struct bind_ask *ask;
	struct bind_scene     *scene;
	struct utsname         system;
	int64_t                end_ms;
};

/* Rows of one namespace. */
struct count {
	const struct bind_ask *ask;
	uint32_t listeners, others;
};

static int64_t now_ms(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int count_sock(void *ctx, const struct sock *sock)
{
	struct count *count = ctx;

	if (sock->local_port != count->ask->port)
		return 0;
	if (count->ask->protocol == PROTOCOL_UDP || sock->state == STATE_LISTEN)
		count->listeners++;
	else
		count->others++;
	return 0;
}

/* One dump, of which nothing is recorded. False when it is not whole. */
static bool count_socks(const struct search *search, uint32_t states, struct count *count)
{
	struct collect_ask ask = {
		.states = states, .ipv4 = true, .ipv6 = true, .protocol = search->ask->protocol,
		.port_low = search->ask->port, .port_high = search->ask->port,
	};
	int64_t left_ms = search->end_ms - now_ms();
	struct tape none = { 0 };
	struct snapshot seen;
	bool whole;

	if (left_ms <= 0)
		return false;
	snapshot_init(&seen);
	seen.socks_complete = true;
	whole = inet_collect(&none, &ask, (struct sink){ count_sock, count },
			     search->system.release, (unsigned)left_ms, &seen, NULL) == 0 &&
		seen.socks_complete;
	snapshot_fini(&seen);
	return whole;
}

static void set_comm(struct elsewhere *there)
{
	struct text comm = { 0 };
	char path[64];
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/comm", there->pid);
	if (there->pid && tape_read(AT_FDCWD, path, &comm) == 0) {
		size = comm.count && comm.at[comm.count - 1] == '\n' ? comm.count - 1 : comm.count;
		there->comm_size = (uint8_t)(size < sizeof(there->comm) ? size :
					     sizeof(there->comm) - 1);
		memcpy(there->comm, text_str(&comm), there->comm_size);
	}
	text_fini(&comm);
}

static bool look(void *ctx, struct place *place)
{
	struct search *search = ctx;
	struct count count = { .ask = search->ask };
	/* a request owns no port */
	uint32_t states = census_states(search->ask->protocol) & ~STATE_BIT(STATE_SYN_RECV);
	bool whole = !states || count_socks(search, states, &count);
	struct elsewhere *there;

	if (!count.listeners && !count.others)
		return whole;
	there = grow_add(&search->scene->elsewhere);
	*there = (struct elsewhere){
		.netns_inode = place->inode, .pid = place->pid,
		.listeners = count.listeners, .others = count.others,
	};
	if (place->name)
		snprintf(there->name, sizeof(there->name), "%s", place->name);
	set_comm(there);
	return whole;
}

static int compare(const void *a, const void *b)
{
	const struct elsewhere *one = a, *other = b;

	return one->netns_inode < other->netns_inode ? -1 : one->netns_inode > other->netns_inode;
}

static void save(struct tape *tape, const struct key *key, const struct bind_scene *scene)
{
	struct told told = { .known = scene->elsewhere_known };
	struct text bytes = { 0 };

	text_add(&bytes, (const char *)&told, sizeof(told));
	for (size_t i = 0; i < scene->elsewhere.count; i++) {
		const struct elsewhere *there = &scene->elsewhere.at[i];
		struct row row = {
			.inode = there->netns_inode, .pid = there->pid,
			.listeners = there->listeners, .others = there->others,
			.comm_size = there->comm_size,
		};

		memcpy(row.name, there->name, sizeof(row.name));
		memcpy(row.comm, there->comm, sizeof(row.comm));
		text_add(&bytes, (const char *)&row, sizeof(row));
	}
	tape_answer(tape, ANSWER_ELSEWHERE, key, sizeof(*key), bytes.at, bytes.count);
	text_fini(&bytes);
}

static void recall_row(struct bind_scene *scene, const uint8_t *bytes)
{
	struct elsewhere *there = grow_add(&scene->elsewhere);
	struct row row;

	memcpy(&row, bytes, sizeof(row));
	there->netns_inode = row.inode;
	there->pid = row.pid > 0 ? row.pid : 0;
	there->listeners = row.listeners;
	there->others = row.others;
	there->comm_size = (uint8_t)(row.comm_size < sizeof(there->comm) ? row.comm_size :
				     sizeof(there->comm) - 1);
	memcpy(there->comm, row.comm, there->comm_size);
	memcpy(there->name, row.name, sizeof(there->name) - 1);
}

static void recall(const struct tape *tape, const struct key *key, struct bind_scene *scene)
{
	struct told told;
	size_t size;
	const uint8_t *bytes = tape_answered(tape, ANSWER_ELSEWHERE, key, sizeof(*key), &size);

	if (!bytes || size < sizeof(told) || (size - sizeof(told)) % sizeof(struct row))
		return;
	memcpy(&told, bytes, sizeof(told));
	scene->elsewhere_known = told.known;
	for (size_t at = sizeof(told); at < size && scene->elsewhere.count < ELSEWHERE_MAX;
	     at += sizeof(struct row))
		recall_row(scene, bytes + at);
}

void elsewhere_collect(struct tape *tape, const struct bind_ask *ask, struct bind_scene *scene,
		       unsigned deadline_ms)
{
	struct key key = { .protocol = ask->protocol, .port = ask->port };
	struct search search = {
		.ask = ask, .scene = scene, .end_ms = now_ms() + (int64_t)deadline_ms,
	};

	if (tape_replays(tape)) {
		recall(tape, &key, scene);
		return;
	}
	uname(&search.system);
	scene->elsewhere_known = netns_tour(0, look, &search);
	if (scene->elsewhere.count)
		qsort(scene->elsewhere.at, scene->elsewhere.count, sizeof(*scene->elsewhere.at),
		      compare);
	if (scene->elsewhere.count > ELSEWHERE_MAX)
		scene->elsewhere.count = ELSEWHERE_MAX;
	save(tape, &key, scene);
}
