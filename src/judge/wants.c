/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/weigh.h"

#include "base/bits.h"
#include "base/grow.h"
#include "base/own.h"

#include <string.h>

/* Its holder is looked for in the control group that it was made in. */
static void want(struct wants *wants, const struct sock *s)
{
	if (!s->inode)
		return;
	map_slot(&wants->inodes, s->inode, NULL);
	if (s->cgroup_id)
		map_slot(&wants->cgroups, s->cgroup_id, NULL);
	else
		wants->thorough = true;
}

struct indices { uint32_t *at; size_t count, room; };

static void add_members(struct indices *held, const struct finding *f)
{
	for (size_t i = 0; i < f->members.count; i++)
		*grow_add(held) = f->members.at[i];
}

/* The other ends on this machine, the guilty ones; one search for all findings. */
static void want_peers(const struct snapshot *seen, struct indices *held, struct wants *wants)
{
	OWN_MEM uint32_t *peers = grow_alloc(held->count * sizeof(*peers));

	if (held->count)
		peers_find(seen, held->at, held->count, peers);
	for (size_t i = 0; i < held->count; i++)
		if (peers[i])
			want(wants, &seen->socks.at[peers[i] - 1]);
	grow_fini(held);
}

/*
 * All listeners of the port: with SO_REUSEPORT each has its own process. They are
 * handed out by those that made them, and whoever holds one can accept(): each counts.
 */
static void want_listeners(const struct snapshot *seen, const uint8_t *ports,
			   struct wants *wants)
{
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		if (s->state != STATE_LISTEN || !s->inode || !bits_has(ports, s->local_port))
			continue;
		map_slot(&wants->inodes, s->inode, NULL);
		wants->thorough = true;
	}
}

/* How many of its descriptors are sockets is only told when all were looked up. */
static void want_process(const struct snapshot *seen, const struct finding *f,
			 struct wants *wants)
{
	if (f->subject.process >= 0)
		map_slot(&wants->pids, (uint32_t)seen->processes.at[f->subject.process].pid, NULL);
}

void judge_wants(const struct snapshot *seen, const struct report *report, struct wants *wants)
{
	uint8_t ports[65536 / 8] = { 0 };
	struct indices held = { NULL, 0, 0 };

	memset(wants, 0, sizeof(*wants));
	for (size_t i = 0; i < report->findings.count; i++) {
		const struct finding *f = &report->findings.at[i];
		const struct rule *rule = rule_by_id(f->id);
		unsigned port = f->subject.port;

		for (size_t j = 0; j < f->members.count; j++)
			want(wants, &seen->socks.at[f->members.at[j]]);
		if (f->subject.kind == SUBJECT_LISTENER)
			bits_add(ports, port);
		if (rule->counts_sockets)
			want_process(seen, f, wants);
		if (rule->names_peers)
			add_members(&held, f);
	}
	want_peers(seen, &held, wants);
	want_listeners(seen, ports, wants);
}

void wants_fini(struct wants *wants)
{
	map_fini(&wants->inodes);
	map_fini(&wants->pids);
	map_fini(&wants->cgroups);
}
