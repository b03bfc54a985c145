/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/witness.h"

#include "base/grow.h"

#include <stdlib.h>
#include <time.h>

#define REST_MIN_MS 2000
#define REST_FACTOR 50  /* of what a look took */

static int64_t now_ms(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void glance_fini(struct glance *glance)
{
	if (!glance->taken)
		return;
	snapshot_fini(&glance->seen);
	map_fini(&glance->by_cookie);
	grow_fini(&glance->traces);
	glance->taken = false;
}

static int take_trace(void *ctx, const struct sock *sock)
{
	struct glance *glance = ctx;
	uint32_t *slot;
	bool fresh;

	slot = map_slot(&glance->by_cookie, sock->cookie, &fresh);
	if (fresh) {
		*slot = (uint32_t)glance->traces.count;
		grow_add(&glance->traces);
	}
	glance->traces.at[*slot] = (struct trace){
		.cgroup_id = sock->cgroup_id, .inode = sock->inode, .uid = sock->uid,
		.have = sock->have & (HAVE_UID | HAVE_CGROUP), .state = sock->state,
		.local = sock->local, .remote = sock->remote,
		.local_port = sock->local_port, .remote_port = sock->remote_port,
	};
	return 0;
}

/*
 * Sockets first: a holder that is found afterwards holds what was listed. Those
 * that no file holds are listed too, and have nobody.
 */
static int take_glance(struct glance *glance, struct deed *deed)
{
	struct session *session = &deed->session;
	int err;

	snapshot_init(&glance->seen);
	glance->taken = true;
	err = collect_basics(session->collect, &glance->seen, &session->fault);
	for (size_t i = 0; i < deed->families.count && !err; i++) {
		struct collect_ask ask = deed_ask(deed, i);

		ask.states = STATE_ALL;
		ask.need = 0;
		ask.port_origins = false;
		err = collect_socks(session->collect, &ask,
				    (struct sink){ .take = take_trace, .ctx = glance },
				    &glance->seen, &session->fault);
	}
	if (!err)
		err = collect_holders(session->collect, &glance->seen, NULL, &session->fault);
	if (!err && (deed->need & NEED_CGROUP))
		err = collect_cgroups(session->collect, &glance->seen, NULL, &session->fault);
	return err;
}

int witness_look(struct witness *witness, struct deed *deed)
{
	int64_t begin = now_ms(), took;
	struct glance fresh = { .taken = false };
	int err = take_glance(&fresh, deed);

	if (err) {
		glance_fini(&fresh);
		return err;
	}
	glance_fini(&witness->before);
	witness->before = witness->now;
	witness->now = fresh;
	took = now_ms() - begin;
	witness->next_ms = begin + took + (took * REST_FACTOR > REST_MIN_MS ?
					   took * REST_FACTOR : REST_MIN_MS);
	return 0;
}

void witness_fini(struct witness *witness)
{
	glance_fini(&witness->now);
	glance_fini(&witness->before);
}

int witness_due_ms(const struct witness *witness)
{
	int64_t left = witness->next_ms - now_ms();

	return left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left;
}

static const struct trace *find(const struct glance *glance, uint64_t cookie)
{
	uint32_t *slot = glance->taken ? map_find(&glance->by_cookie, cookie) : NULL;

	return slot ? &glance->traces.at[*slot] : NULL;
}

static bool has_holder(const struct glance *glance, const struct trace *trace)
{
	size_t count;

	return trace && snapshot_holders(&glance->seen, trace->inode, &count) && count;
}

const struct trace *witness_recall(const struct witness *witness, uint64_t cookie,
				   const struct snapshot **seen)
{
	const struct trace *now = find(&witness->now, cookie);
	const struct trace *before = find(&witness->before, cookie);

	/* Its holder let go between the two looks: who that was is known. */
	if (before && (!now || (!has_holder(&witness->now, now) &&
				has_holder(&witness->before, before)))) {
		*seen = &witness->before.seen;
		return before;
	}
	if (now)
		*seen = &witness->now.seen;
	return now;
}
