/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/finding.h"

#include "base/grow.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- facts -------------------------------------------------------------- */

int32_t subject_holder(const struct snapshot *seen, const struct subject *subject)
{
	return subject->process >= 0 ? subject->process :
	       snapshot_owner(seen, subject->listener_inode);
}

void facts_fini(struct facts *facts)
{
	for (size_t i = 0; i < facts->count; i++)
		text_fini(&facts->at[i].text);
	grow_fini(facts);
}

struct fact *facts_add(struct facts *facts, const char *name, enum fact_kind kind)
{
	struct fact *fact = grow_add(facts);

	fact->name = name;
	fact->kind = kind;
	return fact;
}

struct fact *facts_number(struct facts *facts, const char *name, enum fact_kind kind, double value)
{
	struct fact *fact = facts_add(facts, name, kind);

	fact->known = true;
	fact->value = value;
	return fact;
}

void facts_known(struct facts *facts, const char *name, enum fact_kind kind,
		 const struct known *value)
{
	struct fact *fact = facts_add(facts, name, kind);

	fact->known = value->is;
	fact->value = value->is ? (double)value->value : 0;
}

void facts_bytes(struct facts *facts, const char *name, const char *bytes, size_t size)
{
	struct fact *fact = facts_add(facts, name, FACT_TEXT);

	fact->known = true;
	text_add(&fact->text, bytes, size);
}

void facts_word(struct facts *facts, const char *name, const char *word)
{
	if (word)
		facts_bytes(facts, name, word, strlen(word));
	else
		facts_add(facts, name, FACT_TEXT);
}

void facts_range(struct facts *facts, unsigned low, unsigned high)
{
	char range[16];

	snprintf(range, sizeof(range), "%u-%u", low, high);
	facts_word(facts, "range", range);
}

void facts_bool(struct facts *facts, const char *name, bool value)
{
	facts_number(facts, name, FACT_BOOL, value);
}

struct text *facts_words(struct facts *facts, const char *name)
{
	struct fact *fact = facts_add(facts, name, FACT_WORDS);

	fact->known = true;
	return &fact->text;
}

static bool is_same(const char *word, const char *name, size_t size)
{
	return strncmp(word, name, size) == 0 && word[size] == '\0';
}

static bool is_called(const struct fact *fact, const char *name, size_t size)
{
	size_t group = fact->group ? strlen(fact->group) : 0;

	if (!fact->group)
		return *fact->name == *name && is_same(fact->name, name, size);
	return size > group && name[group] == '.' && strncmp(fact->group, name, group) == 0 &&
	       is_same(fact->name, name + group + 1, size - group - 1);
}

const struct fact *facts_named(const struct facts *facts, const char *name, size_t size)
{
	for (; facts; facts = facts->next)
		for (size_t i = 0; i < facts->count; i++)
			if (is_called(&facts->at[i], name, size))
				return &facts->at[i];
	return NULL;
}

/* ---- findings ----------------------------------------------------------- */

void report_init(struct report *report)
{
	memset(report, 0, sizeof(*report));
}

void advice_fini(struct advice *advice)
{
	for (size_t i = 0; i < advice->count; i++)
		free(advice->text[i]);
	advice->count = 0;
}

static void finding_fini(struct finding *f)
{
	facts_fini(&f->facts);
	grow_fini(&f->members);
	grow_fini(&f->processes);
	free(f->strip);
}

void report_fini(struct report *report)
{
	for (size_t i = 0; i < report->findings.count; i++)
		finding_fini(&report->findings.at[i]);
	grow_fini(&report->findings);
	grow_fini(&report->left);
}

void report_rate(struct report *report)
{
	report->worst = SEVERITY_NONE;
	for (size_t i = 0; i < report->findings.count; i++) {
		enum severity severity = report->findings.at[i].severity;

		if (severity > report->worst && severity > SEVERITY_NOTICE)
			report->worst = severity;
	}
}

void report_keep(struct report *report, const bool *keep)
{
	struct finding *at = report->findings.at;
	size_t kept = 0;

	for (size_t i = 0; i < report->findings.count; i++) {
		if (keep[i])
			at[kept++] = at[i];
		else
			finding_fini(&at[i]);
	}
	report->findings.count = kept;
	report_rate(report);
}

struct finding *report_add(struct report *report, const char *id)
{
	struct finding *f = grow_add(&report->findings);

	f->id = id;
	f->subject.process = -1;
	f->age.min_ms = f->age.max_ms = -1;
	return f;
}

void advice_add(struct advice *advice, const char *fmt, ...)
{
	va_list args;
	char *text;

	if (advice->count == ADVICE_MAX)
		return;
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = grow_strdup("");
	va_end(args);
	advice->text[advice->count++] = text;
}

static unsigned age_bucket(int64_t age_ms)
{
	unsigned bucket = 0;

	for (int64_t upper = 1000; age_ms >= upper && bucket < AGE_BUCKETS - 1; upper *= 2)
		bucket++;
	return bucket;
}

struct age finding_member(struct finding *f, const struct snapshot *seen, uint32_t index)
{
	struct age age = sock_age(&seen->socks.at[index], &seen->limits);

	*grow_add(&f->members) = index;
	if (age.kind == AGE_UNKNOWN || age.min_ms < 0)
		f->ages_unknown++;
	else
		f->ages[age_bucket(age.min_ms)]++;
	return age;
}
