/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/replay.h"

#include "model/protocol.h"

#include <linux/netlink.h>
#include <string.h>

struct frame_ask replay_asked(const struct load *load, size_t head)
{
	struct frame frame = load_head(load, head);
	struct frame_ask asked = { 0 };
	size_t size;

	if (frame.type != FRAME_ASK)
		return asked;
	frame_open(&frame, &asked, &size);
	if (!asked.protocol)
		asked.protocol = PROTOCOL_TCP;
	return asked;
}

static void replay_dump_gap(struct dump *dump, struct snapshot *seen, const struct frame *frame)
{
	struct frame_gap gap;
	size_t size;

	frame_open(frame, &gap, &size);
	if (gap.kind == GAP_BOUND && !(dump->ask.states & STATE_BIT(STATE_BOUND)))
		return;
	recorder_replay_gap(seen, frame);
	if (gap.kind == GAP_DUMP || (gap.kind == GAP_BOUND && dump_wants_bound_alone(dump)))
		seen->socks_complete = false;
}

static int replay_section(struct dump *dump, size_t head, struct snapshot *seen)
{
	struct cursor cursor = load_begin(dump->recorder->load, head);
	struct frame frame;
	int err = 0;

	while (!err && load_next(&cursor, &frame)) {
		if (frame.type == FRAME_GAP)
			replay_dump_gap(dump, seen, &frame);
		else if (frame.type == FRAME_SOCK)
			err = dump_deliver(dump, frame.body, frame.size);
	}
	return err;
}

/* ---- the same question ---- */

static bool is_same_ask(const struct frame_ask *a, const struct frame_ask *b)
{
	return a->states == b->states && a->families == b->families && a->ext == b->ext &&
	       a->protocol == b->protocol && a->port_low == b->port_low &&
	       a->port_high == b->port_high && a->how == b->how;
}

/* The same question as in the live run, in its order, gets the same answer. */
static bool find_same_ask(struct dump *dump, size_t *head)
{
	const struct load *load = dump->recorder->load;
	struct frame_ask wanted = dump_asked(dump);
	size_t *used = &dump->recorder->used[FRAME_ASK];

	for (size_t i = *used; i < load_heads(load); i++) {
		struct frame_ask asked = replay_asked(load, i);

		if (!is_same_ask(&asked, &wanted))
			continue;
		*used = i + 1;
		*head = i;
		return true;
	}
	return false;
}

/* ---- another question ---- */

struct window { uint32_t low, high; };

static struct window window_of(const struct frame_ask *ask)
{
	if (!ask->port_low && !ask->port_high)
		return (struct window){ 0, UINT16_MAX };
	return (struct window){ ask->port_low, ask->port_high };
}

/*
 * A filtered section does not tell what the filter dropped, and only a walk over the
 * chain tells its order.
 */
static bool is_answer_to(const struct frame_ask *asked, const struct frame_ask *wanted)
{
	struct window has = window_of(asked), wants = window_of(wanted);

	if (asked->protocol != wanted->protocol || !(asked->states & wanted->states) ||
	    has.low > wants.high || has.high < wants.low)
		return false;
	return asked->how == wanted->how ||
	       (asked->how == ASK_CHAIN && wanted->how == ASK_LISTING);
}

/* Which part of the question was answered by sections, per family. */
struct cover {
	uint32_t states[2], detailed[2];
};

static void cover_add(struct cover *cover, const struct frame_ask *asked,
		      const struct frame_ask *wanted, bool detailed)
{
	struct window has = window_of(asked), wants = window_of(wanted);

	if (has.low > wants.low || has.high < wants.high)
		return;
	for (unsigned i = 0; i < 2; i++) {
		if (!(asked->families >> i & 1))
			continue;
		cover->states[i] |= asked->states;
		if (detailed)
			cover->detailed[i] |= asked->states;
	}
}

static void note_missing(const struct frame_ask *wanted, const struct cover *cover,
			 struct snapshot *seen)
{
	uint32_t missing = 0, coarse = 0;

	for (unsigned i = 0; i < 2; i++) {
		if (!(wanted->families >> i & 1))
			continue;
		missing |= wanted->states & ~cover->states[i];
		coarse |= wanted->states & cover->states[i] & ~cover->detailed[i];
	}
	if (missing) {
		snapshot_gap(seen, GAP_RECORDING, (uint64_t)__builtin_popcount(missing),
			     "the recording does not hold %s sockets of every state, family and port asked for",
			     protocol_row(wanted->protocol)->people);
		seen->socks_complete = false;
	}
	if (coarse)
		snapshot_gap(seen, GAP_RECORDING, (uint64_t)__builtin_popcount(coarse),
			     "the recording does not hold every detail asked for (tcp_info, memory)");
}

/* Answers from all sections that can, the most detailed first. */
static int replay_all(struct dump *dump, struct snapshot *seen)
{
	const struct load *load = dump->recorder->load;
	struct frame_ask wanted = dump_asked(dump);
	struct cover cover = { 0 };
	int err = 0;

	for (unsigned pass = 0; pass < 2; pass++) {
		for (size_t i = 0; !err && i < load_heads(load); i++) {
			struct frame_ask asked = replay_asked(load, i);
			bool detailed = !(wanted.ext & ~asked.ext);

			if (detailed != (pass == 0) || !is_answer_to(&asked, &wanted))
				continue;
			cover_add(&cover, &asked, &wanted, detailed);
			err = replay_section(dump, i, seen);
		}
	}
	note_missing(&wanted, &cover, seen);
	return err;
}

/*
 * Messages of ss do not tell their protocol. They are taken for TCP, which is what
 * people dump; questions about any other protocol get no answer from them.
 */
static int replay_foreign(struct dump *dump, struct snapshot *seen)
{
	struct cursor cursor = load_begin(dump->recorder->load, 0);
	struct frame_ask wanted = dump_asked(dump);
	struct frame frame;
	int err = 0;

	if (wanted.protocol != PROTOCOL_TCP || wanted.how != ASK_LISTING) {
		note_missing(&wanted, &(struct cover){ 0 }, seen);
		return 0;
	}
	snapshot_gap(seen, GAP_RECORDING, 1,
		     "a dump of ss holds sockets only, and those that ss was asked for");
	while (!err && load_next(&cursor, &frame)) {
		struct nlmsghdr header;

		memcpy(&header, frame.body, sizeof(header));
		if (header.nlmsg_type != NLMSG_DONE)
			err = dump_deliver(dump, frame.body, frame.size);
	}
	return err;
}

int replay_socks(struct dump *dump, struct snapshot *seen)
{
	size_t head;

	if (load_is_foreign(dump->recorder->load))
		return replay_foreign(dump, seen);
	if (find_same_ask(dump, &head))
		return replay_section(dump, head, seen);
	return replay_all(dump, seen);
}
