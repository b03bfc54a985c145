/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ephemeral-listener
 *
 * A server on a port inside ip_local_port_range works until it restarts: while
 * its port is free, connect() of any program may pick that port, and the
 * server's bind() fails with EADDRINUSE for as long as that connection and its
 * TIME_WAIT live. SO_REUSEADDR of the server does not help, for the other
 * socket did not set it. ip_local_reserved_ports is made for it.
 *
 * bind() to port 0 gives such a port too, and nobody minds, for the next time any other
 * will do: that is a notice. It is a warning where the program certainly chose the port:
 * the kernel tells that bind() was given one, and the holder was seen and is none of
 * those that publish ports of containers, which take one from the range themselves.
 *
 * A port on loopback only can be taken by nothing but a connection over loopback, and
 * most helpers with bind(0) live there: a listener on loopback counts as nothing, and
 * only a threshold of 0 shows it. The cure is one line for all ports, so there is one
 * finding about those that were chosen and one about the others.
 */
#include "judge/weigh.h"

#include "base/grow.h"
#include "base/own.h"
#include "judge/port_map.h"

/* What becomes one finding. */
struct listed {
	enum severity severity;
	uint8_t  ports[65536 / 8];
	uint32_t count;                 /* ports */
	bool     chosen;
};

static bool is_chosen(const struct weighing *w, const struct sock *s)
{
	int32_t holder = service_process(w->seen, s);

	if (!(s->have & HAVE_PORT_ORIGIN) || !s->port_explicit)
		return false;
	/* who holds it is only known when that was looked up */
	return holder < 0 ? w->report->tentative :
	       !process_publishes_ports(&w->seen->processes.at[holder]);
}

static enum severity level_of(const struct threshold *t, double reachable, bool chosen)
{
	enum severity severity = threshold_level(t, reachable);

	return severity == SEVERITY_NOTICE && chosen ? SEVERITY_WARNING : severity;
}

static void list_port(const struct weighing *w, const struct tally *tally,
		      const struct tally_group *group, struct listed lists[2])
{
	enum severity severity;
	uint64_t reachable = 0;
	bool chosen = false;

	tally_each(tally, group, i) {
		const struct sock *s = &w->seen->socks.at[i];

		reachable += !addr_is_loopback(&s->local);
		chosen |= is_chosen(w, s);
	}
	severity = level_of(w->t, (double)reachable, chosen);
	if (group->count < w->t->least || !severity)
		return;
	bits_add(lists[chosen].ports, group->key.port);
	lists[chosen].count++;
	if (severity > lists[chosen].severity)
		lists[chosen].severity = severity;
}

/* "80,443,8000-8005": @more and @ports together. */
static void put_ports(struct facts *facts, const char *name, const uint8_t *ports,
		      const uint8_t *more)
{
	struct text text = { .at = NULL };

	for (unsigned from = 0, to; from < 65536; from = to + 1) {
		for (to = from; to < 65536 && (bits_has(ports, to) || bits_has(more, to)); to++)
			;
		if (to == from)
			continue;
		text_addf(&text, text.count ? ",%u" : "%u", from);
		if (to - from > 1)
			text_addf(&text, "-%u", to - 1);
	}
	facts_bytes(facts, name, text_str(&text), text.count);
	text_fini(&text);
}

static void set_subject(const struct weighing *w, struct finding *f, const struct listed *list)
{
	const struct sock *first = &w->seen->socks.at[f->members.at[0]];

	if (list->count == 1) {
		f->subject = subject_of_listener(first);
		return;
	}
	put_extent(w, f);
	f->subject.kind = f->processes.count == 1 && !f->hidden ? SUBJECT_PROCESS : SUBJECT_NETNS;
	f->subject.process = f->subject.kind == SUBJECT_PROCESS ? (int32_t)f->processes.at[0].process : -1;
}

static void report_ports(const struct weighing *w, const struct tally *tally,
			 const struct listed *list, const struct port_range *range)
{
	static const uint8_t none[65536 / 8];
	struct finding *f = report_add(w->report, w->rule->id);

	f->severity = list->severity;
	for (size_t i = 0; i < tally->groups.count; i++)
		if (bits_has(list->ports, tally->groups.at[i].key.port))
			tally_each(tally, &tally->groups.at[i], index)
				concern(f, w->seen, index);
	set_subject(w, f, list);
	if (list->count == 1)
		facts_number(&f->facts, "port", FACT_ID, f->subject.port);
	facts_range(&f->facts, range->low, range->high);
	put_ports(&f->facts, "listening", list->ports, none);
	put_ports(&f->facts, "reserve", list->ports, w->seen->limits.reserved);
	facts_bool(&f->facts, "chosen", list->chosen);
}

bool judge_wants_origins(const struct snapshot *seen)
{
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		if (s->state == STATE_LISTEN && !addr_is_loopback(&s->local) &&
		    limits_is_ephemeral(&seen->limits, s->local_port))
			return true;
	}
	return false;
}

WEIGH(ephemeral_listener)
{
	struct listeners listeners = { .seen = seen };
	const struct weighing w = {
		.rule = rule_by_id("ephemeral-listener"), .seen = seen, .t = t, .report = report,
		.listeners = &listeners,
	};
	OWN_MEM struct listed *lists = grow_alloc(2 * sizeof(*lists));
	struct port_range range;
	struct tally tally;

	if (!port_range_of(&range, &seen->limits))
		return;
	lists[true].chosen = true;
	tally_init(&tally, seen->socks.count);
	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		if (s->state == STATE_LISTEN && limits_is_ephemeral(&seen->limits, s->local_port))
			tally_add(&tally, &(struct tally_key){ .port = s->local_port },
				  (uint32_t)i);
	}
	for (size_t i = 0; i < tally.groups.count; i++)
		list_port(&w, &tally, &tally.groups.at[i], lists);
	for (int i = 1; i >= 0; i--)
		if (lists[i].count)
			report_ports(&w, &tally, &lists[i], &range);
	tally_fini(&tally);
}
