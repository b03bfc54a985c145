/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOLD_SAY_H
#define TOLD_SAY_H

#include "base/text.h"
#include "told_read.h"

#include "judge/bind.h"
#include "judge/connect.h"
#include "words/words.h"

#include <inttypes.h>

/* What judge answers, as lines: all of an answer, so that nothing changes unseen. */

/* 0-4 6: indices that rise by one are a run. */
static inline void say_indices(struct text *out, const uint32_t *at, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t end = i;

		while (end + 1 < count && at[end + 1] == at[end] + 1)
			end++;
		text_addf(out, end > i ? " %" PRIu32 "-%" PRIu32 : " %" PRIu32, at[i], at[end]);
		i = end;
	}
}

static inline void say_advice_lines(struct text *out, const char *what, const struct advice *advice)
{
	for (size_t i = 0; i < advice->count; i++)
		text_addf(out, "  %s: %s\n", what, advice->text[i]);
}

static inline void say_known(struct text *out, const char *what, const struct known *value)
{
	if (value->is)
		text_addf(out, " %s %" PRId64, what, value->value);
	else
		text_addf(out, " %s ?", what);
}

static inline void say_addr(struct text *out, const struct addr *addr)
{
	char name[ADDR_TEXT];

	addr_format(name, addr, addr_is_v4(addr) ? FAMILY_IPV4 : FAMILY_IPV6);
	text_addf(out, " %s", name);
}

/* ---- check -------------------------------------------------------------- */

static inline void say_subject(struct text *out, const struct snapshot *seen,
			       const struct subject *subject)
{
	static const char *const kinds[] = { "process", "destination", "listener", "netns", "machine" };

	text_addf(out, "  about a %s", kinds[subject->kind]);
	if (subject->kind == SUBJECT_PROCESS && subject->process >= 0)
		text_addf(out, " pid %" PRId32, seen->processes.at[subject->process].pid);
	if (subject->cgroup_id)
		text_addf(out, " cgroup %" PRIu64, subject->cgroup_id);
	if (subject->has_source)
		say_addr(out, &subject->source);
	if (subject->has_destination) {
		text_addf(out, " to");
		say_addr(out, &subject->destination);
	}
	if (subject->port)
		text_addf(out, " port %u", subject->port);
	if (subject->kind == SUBJECT_LISTENER || subject->kind == SUBJECT_DESTINATION)
		text_addf(out, " ipv%d", (int)subject->family);
	if (subject->listener_inode)
		text_addf(out, " inode %" PRIu32, subject->listener_inode);
	text_addf(out, "\n");
}

static inline void say_fact(struct text *out, const struct fact *fact)
{
	static const char *const units[] = { "", " ms", " s", " bytes", "/s", " %", "", "", "", " ms", "" };

	text_addf(out, " %s%s%s ", fact->group ? fact->group : "", fact->group ? "." : "", fact->name);
	if (!fact->known)
		text_addf(out, "?");
	else if (fact->kind == FACT_TEXT)
		text_addf(out, "%s", text_str(&fact->text));
	else
		text_addf(out, "%.10g%s", fact->value, units[fact->kind]);
}

/* One process, port or address, or one that is not known, is not worth a word. */
static inline bool is_single(const struct fact *fact)
{
	return fact->value <= 1 && (strcmp(fact->name, "processes") == 0 ||
	       strcmp(fact->name, "ports") == 0 || strcmp(fact->name, "addresses") == 0);
}

static inline void say_facts(struct text *out, const struct facts *facts)
{
	const char *before = "";

	text_addf(out, "  facts");
	for (size_t i = 0; i < facts->count; i++) {
		if (is_single(&facts->at[i]))
			continue;
		text_addf(out, "%s", before);
		say_fact(out, &facts->at[i]);
		before = ",";
	}
	text_addf(out, "\n");
}

static inline bool same_cell(const struct port_strip *strip, size_t a, size_t b)
{
	return strip->used[a] == strip->used[b] && strip->size[a] == strip->size[b] &&
	       strip->reserved[a] == strip->reserved[b];
}

static inline void say_pictures(struct text *out, const struct finding *f)
{
	const struct port_strip *strip = f->strip;

	if (f->has_ages) {
		text_addf(out, "  ages");
		for (size_t i = 0; i < AGE_BUCKETS; i++)
			text_addf(out, " %" PRIu32, f->ages[i]);
		text_addf(out, " ? %" PRIu32 "\n", f->ages_unknown);
	}
	if (!strip)
		return;
	text_addf(out, "  strip %u-%u:", strip->low, strip->high);
	for (size_t i = 0; i < STRIP_CELLS; i++) {
		size_t same = i + 1;

		while (same < STRIP_CELLS && same_cell(strip, i, same))
			same++;
		text_addf(out, " %zux%u/%u-%u", same - i, strip->used[i], strip->size[i],
			  strip->reserved[i]);
		i = same - 1;
	}
	text_addf(out, "\n");
}

static inline void say_what_helps(struct text *out, const struct snapshot *seen,
				   const struct finding *f)
{
	struct advice fix, avoid;

	words_advice(&fix, &avoid, seen, f);
	say_advice_lines(out, "fix", &fix);
	say_advice_lines(out, "avoid", &avoid);
	advice_fini(&fix);
	advice_fini(&avoid);
}

static inline void say_finding(struct text *out, const struct snapshot *seen, const struct finding *f,
			       bool advice)
{
	static const char *const severities[] = {
		[SEVERITY_NONE] = "none", [SEVERITY_NOTICE] = "notice",
		[SEVERITY_WARNING] = "warning", [SEVERITY_CRITICAL] = "critical",
	};

	text_addf(out, "%s %s, ", severities[f->severity], f->id);
	text_addf(out, f->count_unknown ? "?\n" : "%" PRIu64 "\n", f->count);
	say_subject(out, seen, &f->subject);
	text_addf(out, "  sockets");
	say_indices(out, f->members.at, f->members.count);
	text_addf(out, "\n  age %d: %" PRId64 "..%" PRId64 " ms\n", (int)f->age.kind, f->age.min_ms,
		  f->age.max_ms);
	say_facts(out, &f->facts);
	say_pictures(out, f);
	text_addf(out, "  cause: ");
	words_cause(out, seen, f);
	text_addf(out, "\n");
	if (advice)
		say_what_helps(out, seen, f);
}

static inline void say_wants(struct text *out, const struct snapshot *seen, const struct report *report)
{
	struct wants wants;

	judge_wants(seen, report, &wants);
	text_addf(out, wants.thorough ? "wants, wherever they are" : "wants");
	for (uint32_t inode = 0; inode < 20000; inode++)
		if (map_find(&wants.inodes, inode))
			text_addf(out, " %" PRIu32, inode);
	for (uint32_t pid = 0; pid < 70000; pid++)
		if (map_find(&wants.pids, pid))
			text_addf(out, " of %" PRIu32, pid);
	text_addf(out, "\n");
	wants_fini(&wants);
}

static inline void say_summary(struct text *out, const struct report *report)
{
	text_addf(out, "worst %d, total %" PRIu64, (int)report->worst, report->summary.total);
	for (int i = 0; i < STATE_COUNT; i++)
		if (report->summary.count[i])
			text_addf(out, ", %s %" PRIu64, state_table[i].name, report->summary.count[i]);
	text_addf(out, "\n");
}

/* check [advice] [wants] [summary] */
static inline void ask_check(struct text *out, struct told *t, const struct words *w)
{
	struct report report;

	report_init(&report);
	judge(&t->seen, t->thresholds, &report);
	for (size_t i = 0; i < report.findings.count; i++)
		say_finding(out, &t->seen, &report.findings.at[i], word_is(w, "advice"));
	if (!report.findings.count)
		text_addf(out, "nothing\n");
	if (word_is(w, "wants"))
		say_wants(out, &t->seen, &report);
	if (word_is(w, "summary"))
		say_summary(out, &report);
	report_fini(&report);
}

/* ---- bind --------------------------------------------------------------- */

static inline void say_outcome(struct text *out, const struct bind_outcome *outcome)
{
	static const char *const depends[] = {
		[DEPENDS_UNSEEN] = "", [DEPENDS_OPTION] = " on an option", [DEPENDS_SHORTCUT] = " on the shortcut",
	};

	text_addf(out, "%s%s", verdict_name(outcome->verdict),
		  outcome->verdict == VERDICT_DEPENDS ? depends[outcome->depends] : "");
	if (outcome->err)
		text_addf(out, " %s%s", errno_name(outcome->err), outcome->at_listen ? " at listen" : "");
}

static inline void say_blockers(struct text *out, const struct snapshot *seen,
				const struct bind_answer *answer)
{
	for (size_t i = 0; i < answer->blockers.count; i++) {
		const struct bind_blocker *b = &answer->blockers.at[i];

		text_addf(out, "  %s %" PRIu32 " %s", b->certain ? "blocked by" : "perhaps by", b->sock,
			  bind_why_name[b->why]);
		say_known(out, "frees in ms", &b->frees_in_ms);
		text_addf(out, "\n    ");
		words_blocker(out, seen, b);
		text_addf(out, "\n");
	}
}

static inline enum addr_kind kind_of(const struct words *w)
{
	static const char *const names[ADDR_KIND_COUNT] = {
		"unknown", "any", "local", "broadcast", "multicast", "tentative", "elsewhere", "none",
	};
	const char *name = word_value(w, "kind");

	for (int i = 0; name && i < ADDR_KIND_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return (enum addr_kind)i;
	return ADDR_KIND_LOCAL;
}

static inline void read_bind_context(struct bind_context *context, const struct words *w)
{
	context->addr_kind = kind_of(w);
	memset(&context->probe, 0, sizeof(context->probe));
	if (word_value(w, "low"))
		know(&context->may_bind_low, word_value(w, "low"));
	if (word_value(w, "probe")) {
		context->probe.made = true;
		context->probe.err = (int)word_number(w, "probe", 0);
	}
	if (word_value(w, "refused"))
		snprintf(context->probe.refusal, sizeof(context->probe.refusal), "%s", word_value(w, "refused"));
}

/* bind ADDRESS:PORT [udp] [flags=ap6] [uid=N] [dev=N] [scope=N] [kind=K] [low=0|1|?] [probe=ERR] */
static inline void ask_bind(struct text *out, struct told *t, const struct words *w)
{
	const char *flags = word_value(w, "flags") ? word_value(w, "flags") : "";
	struct bind_ask ask = { .protocol = word_is(w, "udp") ? PROTOCOL_UDP : PROTOCOL_TCP };
	struct bind_answer answer;

	ask.addr = read_end(w->at[1], &ask.family, &ask.port);
	ask.reuseaddr = strchr(flags, 'a');
	ask.reuseport = strchr(flags, 'p');
	ask.v6only = strchr(flags, '6');
	ask.uid = (uint32_t)word_number(w, "uid", 0);
	ask.ifindex = (uint32_t)word_number(w, "dev", 0);
	ask.scope = (uint32_t)word_number(w, "scope", 0);
	read_bind_context(&t->context, w);
	judge_bind(&t->seen, &ask, &t->context, &answer);
	words_bind(&t->seen, &ask, &t->context, &answer);
	say_outcome(out, &answer.asked);
	for (int i = 0; i < WITH_COUNT; i++) {
		text_addf(out, "; %s ", bind_with_name[i]);
		say_outcome(out, &answer.with[i]);
	}
	text_addf(out, ";");
	say_known(out, "free in ms", &answer.free_in_ms);
	text_addf(out, "%s\n", answer.lasting ? ", lasting" : "");
	say_blockers(out, &t->seen, &answer);
	say_facts(out, &answer.facts);
	text_addf(out, "  cause: %s\n", text_str(&answer.cause));
	if (answer.settles.count)
		text_addf(out, "  settles: %s\n", text_str(&answer.settles));
	say_advice_lines(out, "advice", &answer.advice);
	say_advice_lines(out, "note", &answer.notes);
	bind_answer_fini(&answer);
}

static inline void read_unix_context(struct unix_context *context, const struct words *w)
{
	static const char *const files[] = { "unknown", "none", "socket", "other", "dangling" };
	const char *file = word_value(w, "file");

	context->file = UNIX_FILE_UNKNOWN;
	for (int i = 0; file && i <= UNIX_FILE_DANGLING; i++)
		if (strcmp(files[i], file) == 0)
			context->file = (enum unix_file)i;
	context->file_kind[0] = '\0';
	if (word_value(w, "kind"))
		snprintf(context->file_kind, sizeof(context->file_kind), "%s", word_value(w, "kind"));
	context->parent_err = (int)word_number(w, "parent", 0);
	context->listed = word_is(w, "listed");
	context->elsewhere_known = word_is(w, "elsewhere");
	context->name_max = (struct known){ .is = false };
	if (word_value(w, "most"))
		know(&context->name_max, word_value(w, "most"));
}

/* unix path|abstract TYPE SIZE [file=F] [kind=K] [parent=ERR] [listed] [elsewhere] [most=N] */
static inline void ask_unix(struct text *out, struct told *t, const struct words *w)
{
	struct unix_ask ask = { .name = "x", .size = (size_t)atoi(w->at[3]),
				.abstract = strcmp(w->at[1], "abstract") == 0, .type = UNIX_STREAM };
	struct bind_answer answer;

	if (strcmp(w->at[2], "stream") != 0)
		ask.type = strcmp(w->at[2], "dgram") == 0 ? UNIX_DGRAM : UNIX_SEQPACKET;
	read_unix_context(&t->unix_context, w);
	judge_unix(&ask, &t->unix_context, &answer);
	words_unix(&t->seen, &ask, &t->unix_context, &answer);
	say_outcome(out, &answer.asked);
	text_addf(out, "\n  cause: %s\n", text_str(&answer.cause));
	say_advice_lines(out, "advice", &answer.advice);
	say_advice_lines(out, "note", &answer.notes);
	bind_answer_fini(&answer);
}

/* ---- connect ------------------------------------------------------------ */

static const char *const connect_verdicts[] = { "ok", "tight", "exhausted", "unknown" };

static inline void say_states(struct text *out, const uint32_t *states)
{
	for (int i = 0; i < STATE_COUNT; i++)
		if (states[i])
			text_addf(out, " %s %" PRIu32, state_table[i].name, states[i]);
}

static inline void say_users(struct text *out, const struct told *t, const struct connect_answer *a)
{
	for (size_t i = 0; i < a->users.count; i++) {
		const struct port_user *u = &a->users.at[i];

		text_addf(out, "  user pid %" PRId32 " cgroup %" PRIu64 "%s: %" PRIu32,
			  u->process < 0 ? -1 : t->seen.processes.at[u->process].pid, u->cgroup_id,
			  u->blocks_all ? " of all" : "", u->count);
		say_states(out, u->states);
		text_addf(out, "\n");
	}
}

static inline void say_connect(struct text *out, const struct told *t, const struct connect_answer *a)
{
	text_addf(out, "%s%s%s left %" PRIu32 " (%" PRIu32 "..%" PRIu32 ") of %" PRIu32 "\n",
		  connect_verdicts[a->ports.verdict], a->err ? " " : "", a->err ? errno_name(a->err) : "",
		  a->ports.left, a->ports.left_min, a->ports.left_max, a->capacity);
	text_addf(out, "  reserved %" PRIu32 " used %" PRIu32 " recyclable %" PRIu32 " blocked %" PRIu32
		  " both %" PRIu32 " ambiguous %" PRIu32, a->reserved, a->ports.used, a->ports.recyclable,
		  a->blocked_for_all, a->used_and_blocked, a->ambiguous);
	say_known(out, "next free in ms", &a->next_free_ms);
	text_addf(out, a->ports.cliff ? " cliff\n  states" : " flat\n  states");
	say_states(out, a->states);
	text_addf(out, "\n");
	if (a->ports.rate_known)
		text_addf(out, "  rate %.10g/s\n", a->ports.close_rate_per_s);
	if (a->ports.exhaustion_known)
		text_addf(out, "  exhausted in %.10g s\n", a->ports.exhausted_in_s);
	say_users(out, t, a);
	say_facts(out, &a->facts);
	text_addf(out, "  cause: %s\n", text_str(&a->cause));
	say_advice_lines(out, "advice", &a->advice);
	say_advice_lines(out, "avoid", &a->avoid);
	say_advice_lines(out, "note", &a->notes);
}

/* connect SOURCE DESTINATION:PORT [dev=N] [first] [refused=X] [wants] */
static inline void ask_connect(struct text *out, struct told *t, const struct words *w)
{
	struct connect_ask ask = { .ifindex = (uint32_t)word_number(w, "dev", 0) };
	struct port_probe *probe = calloc(1, sizeof(*probe));
	struct connect_answer answer;
	struct map inodes = { 0 };
	enum family family;

	ask.source = read_addr(w->at[1], &ask.family);
	ask.destination = read_end(w->at[2], &family, &ask.port);
	ask.bind_first = word_is(w, "first");
	if (word_value(w, "refused"))
		snprintf(probe->refusal, sizeof(probe->refusal), "%s", word_value(w, "refused"));
	if (!judge_connect(&t->seen, &ask, word_value(w, "refused") ? probe : NULL,
			   thresholds_get(t->thresholds, "port-exhaustion"), &answer))
		text_addf(out, "not known: ");
	words_connect(&t->seen, &ask, &answer);
	say_connect(out, t, &answer);
	if (word_is(w, "wants")) {
		judge_connect_wants(&t->seen, &ask, &inodes);
		text_addf(out, "  wants %zu\n", (size_t)inodes.count);
		map_fini(&inodes);
	}
	connect_answer_fini(&answer);
	free(probe);
}

/* destinations [4] [6] */
static inline void ask_destinations(struct text *out, struct told *t, const struct words *w)
{
	struct destinations d;

	if (!judge_destinations(&t->seen, thresholds_get(t->thresholds, "port-exhaustion"),
				!word_is(w, "6"), !word_is(w, "4"), &d))
		text_addf(out, "not known: ");
	text_addf(out, "%s capacity %" PRIu32 " reserved %" PRIu32 " blocked %" PRIu32 "\n",
		  connect_verdicts[d.worst], d.capacity, d.reserved, d.blocked_for_all);
	for (size_t i = 0; i < d.list.count; i++) {
		const struct destination *to = &d.list.at[i];

		text_addf(out, "  %s", connect_verdicts[to->verdict]);
		say_addr(out, &to->source);
		text_addf(out, " to");
		say_addr(out, &to->destination);
		text_addf(out, " port %u dev %" PRIu32 " used %" PRIu32 " (%" PRIu32 " %" PRIu32 " %" PRIu32
			  ") recyclable %" PRIu32 " left %" PRIu32 " (%" PRIu32 "..%" PRIu32 ") %.4g %% gone%s",
			  to->port, to->ifindex, to->used, to->time_wait, to->established, to->other,
			  to->recyclable, to->left, to->left_min, to->left_max, to->percent_gone,
			  to->cliff ? " cliff" : "");
		if (to->rate_known)
			text_addf(out, " rate %.10g/s", to->close_rate_per_s);
		if (to->exhaustion_known)
			text_addf(out, " exhausted in %.10g s", to->exhausted_in_s);
		text_addf(out, "\n");
	}
	destinations_fini(&d);
}

static const struct {
	const char *verb;
	void (*ask)(struct text *, struct told *, const struct words *);
} told_asks[] = {
	{ "check", ask_check }, { "bind", ask_bind }, { "unix", ask_unix },
	{ "connect", ask_connect }, { "destinations", ask_destinations },
};

static inline bool told_ask(struct text *out, struct told *t, const struct words *w)
{
	for (size_t i = 0; i < sizeof(told_asks) / sizeof(*told_asks); i++) {
		if (strcmp(told_asks[i].verb, w->at[0]) == 0) {
			told_asks[i].ask(out, t, w);
			return true;
		}
	}
	return false;
}

#endif
