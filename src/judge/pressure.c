/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * orphan-pressure
 *
 * An orphan is a full socket that no descriptor holds any more: FIN_WAIT_1,
 * LAST_ACK, CLOSING, and FIN_WAIT_2 above 60 s of tcp_fin_timeout. It still has
 * data in memory to deliver. tcp_max_orphans bounds their number and tcp_mem
 * the pages of all TCP buffers; both are one for the whole machine, whatever
 * namespace asks. Over either the kernel resets orphans (TCPAbortOnMemory), and
 * over tcp_mem it also drops what comes in.
 *
 * The kernel counts an orphan that has not been answered double or four times,
 * so trouble can begin at a quarter of tcp_max_orphans already; the usual
 * threshold is nevertheless close to the limit, for on a healthy machine the
 * share is below one percent or it is under attack. Memory is measured against
 * the third number of tcp_mem, the one that is never exceeded; the second,
 * where the kernel begins to moderate, is told beside it.
 */
#include "judge/weigh.h"

#include "judge/say.h"

#include <inttypes.h>

static double percent_of(const struct known *used, const struct known *limit)
{
	if (!used->is || !limit->is || limit->value <= 0)
		return 0;
	return 100.0 * (double)used->value / (double)limit->value;
}

static void say_share(struct text *text, const char *what, const struct known *used,
		      const struct known *limit, const char *knob)
{
	if (!used->is || !limit->is)
		return;
	text_addf(text, "%s%" PRId64 " of %" PRId64 " %s (%s)", text->count ? ", " : "",
		  used->value, limit->value, what, knob);
}

static void put_texts(struct finding *f, const struct limits *limits)
{
	const struct known *orphans = &limits->counter[COUNTER_ORPHANS];
	const struct known *pages = &limits->counter[COUNTER_MEM_PAGES];
	const struct known *most = &limits->limit[LIMIT_MAX_ORPHANS];
	const struct known *high = &limits->limit[LIMIT_TCP_MEM_HIGH];
	struct text text = { .at = NULL };

	fact_known(f, NULL, "orphans", FACT_COUNT, orphans);
	fact_known(f, NULL, "max_orphans", FACT_COUNT, most);
	fact_known(f, NULL, "memory_pages", FACT_COUNT, pages);
	fact_known(f, NULL, "memory_pressure_pages", FACT_COUNT,
		   &limits->limit[LIMIT_TCP_MEM_PRESSURE]);
	fact_known(f, NULL, "memory_high_pages", FACT_COUNT, high);
	fact_known(f, NULL, "abort_on_memory", FACT_COUNT,
		   &limits->counter[COUNTER_ABORT_ON_MEMORY]);
	say_share(&text, "orphaned sockets", orphans, most, "tcp_max_orphans");
	say_share(&text, "pages of TCP buffers", pages, high, "tcp_mem");
	text_addf(&text, " on the whole machine; at the limit the kernel resets connections");
	say_cause(f, &text);
	finding_fix(f, "Find whose they are: last-ack-stuck names peers that do not answer, list -m "
		       "shows sockets with much memory.");
	finding_fix(f, "If the machine has the memory: raise net.ipv4.tcp_max_orphans (up to 64 KiB "
		       "each) or net.ipv4.tcp_mem.");
	finding_avoid(f, "tcp_orphan_retries=1 cuts off slow clients that are alive.");
}

void weigh_pressure(const struct snapshot *seen, const struct threshold *t,
		    struct report *report)
{
	const struct limits *limits = &seen->limits;
	const struct known *orphans = &limits->counter[COUNTER_ORPHANS];
	uint64_t count = orphans->is ? (uint64_t)orphans->value : 0;
	double many = percent_of(orphans, &limits->limit[LIMIT_MAX_ORPHANS]);
	double much = percent_of(&limits->counter[COUNTER_MEM_PAGES],
				 &limits->limit[LIMIT_TCP_MEM_HIGH]);
	enum severity severity = threshold_level(t, much);
	struct finding *f;

	if (count >= t->least && threshold_level(t, many) > severity)
		severity = threshold_level(t, many);
	if (!severity)
		return;
	f = report_add(report, "orphan-pressure");
	f->severity = severity;
	f->subject.kind = SUBJECT_MACHINE;
	f->count = count;
	put_texts(f, limits);
}
