/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/judge.h"

#include "base/grow.h"
#include "base/own.h"
#include "judge/peers.h"

#include <string.h>

static void want(struct map *inodes, uint32_t inode)
{
	if (inode)
		map_slot(inodes, inode, NULL);
}

struct indices { uint32_t *at; size_t count, room; };

static void add_held(struct indices *held, const struct finding *f)
{
	if (strcmp(f->id, "fin-wait-2-held") != 0)
		return;
	for (size_t i = 0; i < f->members.count; i++)
		*grow_add(held) = f->members.at[i];
}

/* The other ends on this machine, the guilty ones; one search for all findings. */
static void want_peers(const struct snapshot *seen, struct indices *held, struct map *inodes)
{
	OWN_MEM uint32_t *peers = grow_alloc(held->count * sizeof(*peers));

	if (held->count)
		peers_find(seen, held->at, held->count, peers);
	for (size_t i = 0; i < held->count; i++)
		if (peers[i])
			want(inodes, seen->socks.at[peers[i] - 1].inode);
	grow_fini(held);
}

/* All listeners of the port: with SO_REUSEPORT each has its own process. */
static void want_listeners(const struct snapshot *seen, const uint8_t *ports, struct map *inodes)
{
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		if (s->state == STATE_LISTEN && (ports[s->local_port / 8] >> (s->local_port % 8) & 1))
			want(inodes, s->inode);
	}
}

/* How many sockets a process holds is only told when all were looked up. */
static bool wants_all(const struct report *report)
{
	for (size_t i = 0; i < report->findings.count; i++)
		if (strcmp(report->findings.at[i].id, "fd-exhaustion") == 0)
			return true;
	return false;
}

bool judge_wants(const struct snapshot *seen, const struct report *report, struct map *inodes)
{
	uint8_t ports[65536 / 8] = { 0 };
	struct indices held = { NULL, 0, 0 };
	bool listeners = false;

	if (wants_all(report))
		return false;
	for (size_t i = 0; i < report->findings.count; i++) {
		const struct finding *f = &report->findings.at[i];
		unsigned port = f->subject.port;

		for (size_t j = 0; j < f->members.count; j++)
			want(inodes, seen->socks.at[f->members.at[j]].inode);
		want(inodes, f->subject.listener_inode);
		if (f->subject.kind == SUBJECT_LISTENER) {
			ports[port / 8] |= (uint8_t)(1u << (port % 8));
			listeners = true;
		}
		add_held(&held, f);
	}
	want_peers(seen, &held, inodes);
	if (listeners)
		want_listeners(seen, ports, inodes);
	return true;
}
