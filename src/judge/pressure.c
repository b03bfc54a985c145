/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * orphan-pressure, conntrack-pressure
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
 *
 * nf_conntrack tracks a connection once a rule of the firewall or NAT needs it. Each
 * namespace has a count of its own and, up to 6.18, one nf_conntrack_max for all. At the
 * limit the kernel drops entries that have seen one direction only, and if there are
 * none, the packet: new connections time out, and only the log of the kernel tells why.
 * An ESTABLISHED entry stays for nf_conntrack_tcp_timeout_established (5 days) after the
 * last packet when its end was not seen.
 */
#include "judge/weigh.h"

static double percent_of(const struct known *used, const struct known *limit)
{
	if (!used->is || !limit->is || limit->value <= 0)
		return 0;
	return 100.0 * (double)used->value / (double)limit->value;
}

static void put_facts(struct finding *f, const struct limits *limits)
{
	facts_known(&f->facts, "orphans", FACT_COUNT, &limits->counter[COUNTER_ORPHANS]);
	facts_known(&f->facts, "max_orphans", FACT_COUNT, &limits->limit[LIMIT_MAX_ORPHANS]);
	facts_known(&f->facts, "memory_pages", FACT_COUNT, &limits->counter[COUNTER_MEM_PAGES]);
	facts_known(&f->facts, "memory_pressure_pages", FACT_COUNT,
		    &limits->limit[LIMIT_TCP_MEM_PRESSURE]);
	facts_known(&f->facts, "memory_high_pages", FACT_COUNT, &limits->limit[LIMIT_TCP_MEM_HIGH]);
	facts_known(&f->facts, "abort_on_memory", FACT_COUNT,
		    &limits->counter[COUNTER_ABORT_ON_MEMORY]);
}

WEIGH(pressure)
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
	f->count_unknown = !orphans->is;
	put_facts(f, limits);
}

WEIGH(conntrack)
{
	const struct limits *limits = &seen->limits;
	const struct known *entries = &limits->counter[COUNTER_CONNTRACK];
	const struct known *most = &limits->limit[LIMIT_CONNTRACK_MAX];
	double percent = percent_of(entries, most);
	enum severity severity = threshold_level(t, percent);
	struct finding *f;

	if (!entries->is || !most->is || (uint64_t)entries->value < t->least || !severity)
		return;
	f = report_add(report, "conntrack-pressure");
	f->severity = severity;
	f->subject.kind = SUBJECT_NETNS;
	f->count = (uint64_t)entries->value;
	facts_known(&f->facts, "conntrack_max", FACT_COUNT, most);
	facts_number(&f->facts, "share_percent", FACT_PERCENT, percent);
	facts_known(&f->facts, "established_timeout_s", FACT_S,
		    &limits->limit[LIMIT_CONNTRACK_ESTABLISHED_S]);
}
