/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Computes the names that the catalogue uses, and joins the rows of a finding into its
 * sentences.
 */
#include "words/words.h"
#include "words/who.h"

#include <stdio.h>
#include <string.h>

/* ---- names -------------------------------------------------------------- */

static void say_owner(struct text *text, const struct snapshot *seen, const struct subject *subject)
{
	size_t count = 0;
	const struct holder *holders = subject->listener_inode ?
		snapshot_holders(seen, subject->listener_inode, &count) : NULL;

	if (subject->process >= 0)
		who_process_is(text, seen, (uint32_t)subject->process);
	else if (count)
		who_process_is(text, seen, holders[0].process);
	else
		who_cgroup_is(text, seen, subject->cgroup_id);
}

static void tell_subject(struct facts *facts, const struct snapshot *seen,
			 const struct subject *subject)
{
	say_owner(facts_words(facts, "owner"), seen, subject);
	if (subject->has_destination)
		who_address(facts_words(facts, "destination"), &subject->destination, subject->port);
	if (subject->has_source)
		who_address(facts_words(facts, "source"), &subject->source, 0);
	if (subject->has_source && subject->kind == SUBJECT_LISTENER)
		who_address(facts_words(facts, "listener"), &subject->source, subject->port);
	if (subject->process >= 0)
		facts_number(facts, "pid", FACT_ID, seen->processes.at[subject->process].pid);
	if (subject->port)
		facts_number(facts, "port", FACT_ID, subject->port);
}

/* Two facts NAME_pid and NAME_comm together give the name {NAME}. */
static void tell_process(struct facts *facts, const struct fact *pid)
{
	static const char *const names[] = { "peer", "holder" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t size = strlen(names[i]);
		const struct fact *comm;
		char name[32];

		if (strncmp(pid->name, names[i], size) != 0 || strcmp(pid->name + size, "_pid") != 0)
			continue;
		snprintf(name, sizeof(name), "%s_comm", names[i]);
		comm = facts_find(facts->next, name);
		who_is(facts_words(facts, names[i]), comm ? text_str(&comm->text) : "",
		       comm ? comm->text.count : 0, (int64_t)pid->value);
	}
}

/* The facts of a finding, and those that JSON keeps in other members. */
static struct facts all_of(const struct snapshot *seen, const struct finding *f)
{
	struct facts facts = { .next = &f->facts };

	tell_subject(&facts, seen, &f->subject);
	for (size_t i = 0; i < f->facts.count; i++)
		if (f->facts.at[i].known)
			tell_process(&facts, &f->facts.at[i]);
	if (!facts_find(&f->facts, "count") && !f->count_unknown)
		facts_number(&facts, "count", FACT_COUNT, (double)f->count);
	if (f->age.kind != AGE_UNKNOWN && f->age.min_ms >= 0)
		facts_number(&facts, "oldest", FACT_MS, (double)f->age.min_ms);
	return facts;
}

/* ---- what the rows rest on ---------------------------------------------- */

/*
 * True when the name that begins at @at and ends at one of @ends is @name. {peer} also
 * names the facts peer_pid and peer_comm.
 */
static bool is_named(const char *at, const char *name, const char *ends)
{
	size_t size = strcspn(at, ends);

	return strncmp(at, name, size) == 0 &&
	       (!name[size] || strcmp(name + size, "_pid") == 0 || strcmp(name + size, "_comm") == 0);
}

static bool row_tells(const struct words_row *row, const char *name)
{
	const char *when = row->when ? row->when : "";

	for (const char *at = strchr(row->text, '{'); at; at = strchr(at + 1, '{'))
		if (is_named(at + 1, name, "|?:}"))
			return true;
	for (const char *at = when + strspn(when, " "); *at; at += strspn(at, " ")) {
		if (is_named(at, name, "!=> "))
			return true;
		at += strcspn(at, " ");
	}
	return false;
}

static bool rows_tell(const struct words_row *rows, const struct facts *facts, const char *name)
{
	for (size_t i = 0; rows[i].text; i++)
		if (row_tells(&rows[i], name) && fill_holds(rows[i].when, facts))
			return true;
	return false;
}

bool words_tell(const struct snapshot *seen, const struct finding *f, const char *group,
		const char *name)
{
	struct facts facts = all_of(seen, f);
	const struct finding_words *words = finding_words(f->id);
	char whole[96];
	bool tell;

	snprintf(whole, sizeof(whole), "%s%s%s", group ? group : "", group ? "." : "", name);
	tell = words && (rows_tell(words->cause, &facts, whole) ||
			 rows_tell(words->fix, &facts, whole));
	facts_fini(&facts);
	return tell;
}

/* ---- rows -------------------------------------------------------------- */

void words_cause(struct text *text, const struct snapshot *seen, const struct finding *f)
{
	struct facts facts = all_of(seen, f);
	const struct finding_words *words = finding_words(f->id);

	if (words)
		fill_rows(text, words->cause, &facts);
	facts_fini(&facts);
}

void words_advice(struct advice *fix, struct advice *avoid, const struct snapshot *seen,
		  const struct finding *f)
{
	struct facts facts = all_of(seen, f);
	const struct finding_words *words = finding_words(f->id);

	memset(fix, 0, sizeof(*fix));
	memset(avoid, 0, sizeof(*avoid));
	if (words) {
		fill_advice(fix, words->fix, &facts);
		fill_advice(avoid, words->avoid, &facts);
	}
	facts_fini(&facts);
}
