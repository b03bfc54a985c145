/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/check.h"

#include "print/json.h"
#include "print/page.h"
#include "words/words.h"

#include <string.h>

static void put_summary(struct json *json, const struct report *report)
{
	json_open(json, "summary", '{');
	json_u64(json, "sockets", report->summary.total);
	json_open(json, "states", '{');
	for (int i = 1; i < STATE_COUNT; i++)
		json_count(json, state_table[i].name, !report->summary.untold[i],
			   report->summary.count[i]);
	json_close(json, '}');
	/*
	 * always empty: the schema keeps its members, and every state is counted by its
	 * sockets
	 */
	json_open(json, "from_counters", '[');
	json_close(json, ']');
	json_close(json, '}');
}

static void put_port_range(struct json *json, const struct known *low, const struct known *high)
{
	if (!json_open_if(json, "port_range", low->is && high->is, '['))
		return;
	json_i64(json, NULL, low->value);
	json_i64(json, NULL, high->value);
	json_close(json, ']');
}

static void put_limits(struct json *json, const struct limits *limits)
{
	json_open(json, "limits", '{');
	put_port_range(json, &limits->limit[LIMIT_PORT_LOW], &limits->limit[LIMIT_PORT_HIGH]);
	json_count(json, "reserved_ports", limits->reserved_known,
		   limits->reserved_known ? bits_count(limits->reserved, 0, UINT16_MAX) : 0);
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (limit_table[i].name)
			json_known(json, limit_table[i].name, &limits->limit[i]);
	json_close(json, '}');
	json_open(json, "counters", '{');
	for (int i = 0; i < COUNTER_COUNT; i++)
		if (counter_table[i].name)
			json_known(json, counter_table[i].name, &limits->counter[i]);
	json_close(json, '}');
}

/* Who holds the members, most first; null where no holder was seen. */
static void put_processes(struct json *json, const struct snapshot *seen, const struct finding *f)
{
	size_t count = f->processes.count;

	if (!json_open_if(json, "processes", count || !f->hidden, '['))
		return;
	for (size_t i = 0; i < count && i < EXAMPLE_HOLDERS_MAX; i++) {
		json_open(json, NULL, '{');
		json_process(json, &seen->processes.at[f->processes.at[i].process]);
		json_u64(json, "count", f->processes.at[i].count);
		json_close(json, '}');
	}
	json_close(json, ']');
	if (count > EXAMPLE_HOLDERS_MAX)
		json_u64(json, "processes_left_out", count - EXAMPLE_HOLDERS_MAX);
}

static void put_owner(struct json *json, const struct snapshot *seen,
		      const struct subject *subject)
{
	const struct cgroup *cgroup = who_cgroup(seen, subject);

	json_process(json, subject->process < 0 ? NULL : &seen->processes.at[subject->process]);
	json_cgroup(json, cgroup);
	if (subject->has_destination || subject->port)
		json_address_port(json, "remote",
				  subject->has_destination ? &subject->destination : NULL,
				  subject->family, subject->port);
	else
		json_null(json, "remote");
}

static void put_destination(struct json *json, const struct subject *subject)
{
	json_addr(json, "source", subject->has_source ? &subject->source : NULL, subject->family);
	json_addr(json, "destination", subject->has_destination ? &subject->destination : NULL,
		  subject->family);
	json_count(json, "port", subject->port, subject->port);
}

static void put_listener(struct json *json, const struct snapshot *seen,
			 const struct subject *subject)
{
	json_addr(json, "address", &subject->source, subject->family);
	json_count(json, "port", subject->port, subject->port);
	json_holders(json, seen, subject->listener_inode, EXAMPLE_HOLDERS_MAX);
}

static void put_subject(struct json *json, const struct snapshot *seen, const struct finding *f)
{
	const struct subject *subject = &f->subject;
	static const char *const kinds[] = {
		[SUBJECT_PROCESS] = "process", [SUBJECT_DESTINATION] = "destination",
		[SUBJECT_LISTENER] = "listener", [SUBJECT_NETNS] = "netns",
		[SUBJECT_MACHINE] = "machine",
	};

	json_open(json, "subject", '{');
	json_string(json, "kind", kinds[subject->kind]);
	if (subject->kind == SUBJECT_PROCESS || (subject->kind == SUBJECT_NETNS && f->has_processes))
		put_owner(json, seen, subject);
	else if (subject->kind == SUBJECT_DESTINATION)
		put_destination(json, subject);
	else if (subject->kind == SUBJECT_LISTENER)
		put_listener(json, seen, subject);
	if (f->has_processes)
		put_processes(json, seen, f);
	json_close(json, '}');
}

/*
 * Many processes that share a socket may each have a finding with that socket as
 * example. All holders in each finding would be a square number of them, so they are
 * limited.
 */
static void put_members(struct json *json, const struct finding *f,
			const struct snapshot *seen, const struct style *style)
{
	struct style brief = *style;

	brief.most_holders = EXAMPLE_HOLDERS_MAX;
	json_open(json, "sockets", '[');
	for (size_t i = 0; i < f->members.count && i < EXAMPLES_MAX; i++)
		json_sock(json, &seen->socks.at[f->members.at[i]], seen, &brief);
	json_close(json, ']');
}

static void put_words(struct json *json, const struct finding *f, const struct snapshot *seen)
{
	struct text cause = { .at = NULL };
	struct advice fix, avoid;

	words_cause(&cause, seen, f);
	json_string(json, "cause", text_str(&cause));
	words_advice(&fix, &avoid, seen, f);
	json_advice(json, "fix", &fix);
	json_advice(json, "avoid", &avoid);
	advice_fini(&fix);
	advice_fini(&avoid);
	text_fini(&cause);
}

static void put_finding(struct json *json, const struct style *style, const struct snapshot *seen,
			const struct finding *f)
{
	answer_item(json, "finding", false);
	if (style->with_netns && json->is_records)
		json_netns(json, seen->netns);
	json_string(json, "id", f->id);
	json_string(json, "severity", who_severity(f->severity));
	put_subject(json, seen, f);
	json_count(json, "count", !f->count_unknown, f->count);
	json_count(json, "age_min_ms", f->age.min_ms >= 0, (uint64_t)f->age.min_ms);
	json_count(json, "age_max_ms", f->age.max_ms >= 0, (uint64_t)f->age.max_ms);
	json_evidence(json, &f->facts);
	put_words(json, f, seen);
	put_members(json, f, seen, style);
	answer_item_end(json);
}

static void put_area(struct json *json, const struct style *style, const struct check_area *area)
{
	put_summary(json, &area->report);
	put_limits(json, &area->seen->limits);
	answer_list(json, "findings");
	for (size_t i = 0; i < area->report.findings.count; i++)
		put_finding(json, style, area->seen, &area->report.findings.at[i]);
	answer_list_end(json);
}

/* In a document each namespace has its own "end". */
static void put_netns(struct json *json, const struct style *style, const struct check_area *area)
{
	answer_item(json, "namespace", false);
	json_netns(json, area->seen->netns);
	put_area(json, style, area);
	if (!json->is_records)
		json_end(json, area->seen, area->report.summary.total, NULL,
			 snapshot_is_complete(area->seen));
	answer_item_end(json);
}

void check_json(struct out *out, const struct style *style, const struct snapshot *seen,
		const struct check_sum *sum)
{
	struct json json;

	answer_begin(&json, out, style->format, "check", seen);
	if (style->with_netns) {
		answer_list(&json, "namespaces");
		for (size_t i = 0; i < sum->count; i++)
			put_netns(&json, style, &sum->areas[i]);
		answer_list_end(&json);
	} else {
		put_area(&json, style, sum->areas);
	}
	answer_end(&json, seen, sum->of_all.summary.total, NULL, snapshot_is_complete(seen));
}
