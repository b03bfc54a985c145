/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the names in the catalogue stand for, and the rows that are meant put together. */
#include "words/fill.h"
#include "words/findings.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHORT_ID = 12, LONG_ID = 64 };   /* digits of a container that people use, and all */

struct finding_values {
	struct values values;
	const struct snapshot *seen;
	const struct finding *f;
};

/* ---- of the subject ---------------------------------------------------- */

static void put_process(struct text *text, const char *comm, size_t size, int64_t pid)
{
	if (size)
		text_add_value(text, comm, size, TEXT_COMM);
	else
		text_addf(text, "process");
	text_addf(text, "[%" PRId64 "]", pid);
}

static void put_one(struct text *text, const struct snapshot *seen, uint32_t process)
{
	const struct process *p = &seen->processes.at[process];

	put_process(text, p->comm, p->comm_size, p->pid);
}

static void put_cgroup(struct text *text, const struct snapshot *seen, uint64_t id)
{
	const struct cgroup *cgroup = id ? snapshot_cgroup(seen, id) : NULL;
	const char *unit, *container, *name;

	if (!cgroup) {
		text_addf(text, "a process hidden from you");
		return;
	}
	unit = cgroup_unit(cgroup);
	container = cgroup_container(cgroup);
	name = unit ?: container ?: cgroup->path;
	text_addf(text, unit ? "the unit " : container ? "the container " :
		  "the cgroup ");
	text_add_word(text, name, name == container && strlen(name) == LONG_ID ?
		      SHORT_ID : strlen(name));
}

static void put_owner(struct text *text, const struct finding_values *v)
{
	const struct subject *subject = &v->f->subject;
	size_t count = 0;
	const struct holder *holders = subject->listener_inode ?
		snapshot_holders(v->seen, subject->listener_inode, &count) : NULL;

	if (subject->process >= 0)
		put_one(text, v->seen, (uint32_t)subject->process);
	else if (count)
		put_one(text, v->seen, holders[0].process);
	else
		put_cgroup(text, v->seen, subject->cgroup_id);
}

static void put_address(struct text *text, const struct addr *addr, enum family family,
			uint16_t port)
{
	char name[ADDR_TEXT];

	addr_format(name, addr, family);
	if (!port)
		text_addf(text, "%s", name);
	else
		text_addf(text, family == FAMILY_IPV6 ? "[%s]:%u" : "%s:%u", name, port);
}

static enum family family_of(const struct addr *addr)
{
	return addr_is_v4(addr) ? FAMILY_IPV4 : FAMILY_IPV6;
}

static void find_owner(const struct finding_values *v, struct value *value)
{
	value->known = true;
	value->kind = FACT_TEXT;
	put_owner(&value->text, v);
}

static void find_destination(const struct finding_values *v, struct value *value)
{
	const struct subject *subject = &v->f->subject;

	value->known = subject->has_destination;
	value->kind = FACT_TEXT;
	if (value->known)
		put_address(&value->text, &subject->destination,
			    family_of(&subject->destination), subject->port);
}

static void find_source(const struct finding_values *v, struct value *value)
{
	value->known = v->f->subject.has_source;
	value->kind = FACT_TEXT;
	if (value->known)
		put_address(&value->text, &v->f->subject.source,
			    family_of(&v->f->subject.source), 0);
}

static void find_listener(const struct finding_values *v, struct value *value)
{
	const struct subject *subject = &v->f->subject;

	value->known = subject->has_source;
	value->kind = FACT_TEXT;
	if (value->known)
		put_address(&value->text, &subject->source, subject->family, subject->port);
}

static void find_pid(const struct finding_values *v, struct value *value)
{
	value->known = v->f->subject.process >= 0;
	value->kind = FACT_ID;
	if (value->known)
		value->number = v->seen->processes.at[v->f->subject.process].pid;
}

static void find_port(const struct finding_values *v, struct value *value)
{
	value->known = v->f->subject.port;
	value->kind = FACT_ID;
	value->number = v->f->subject.port;
}

static void find_count(const struct finding_values *v, struct value *value)
{
	value->known = true;
	value->number = (double)v->f->count;
}

static void find_oldest(const struct finding_values *v, struct value *value)
{
	value->known = v->f->age.kind != AGE_UNKNOWN && v->f->age.min_ms >= 0;
	value->kind = FACT_MS;
	value->number = (double)v->f->age.min_ms;
}

static const struct {
	const char *name;
	void (*find)(const struct finding_values *v, struct value *value);
} names[] = {
	{ "owner", find_owner },       { "destination", find_destination },
	{ "source", find_source },     { "listener", find_listener },
	{ "pid", find_pid },           { "port", find_port },
	{ "count", find_count },       { "oldest", find_oldest },
};

/* ---- of the facts ------------------------------------------------------ */

static const struct fact *fact_called(const struct finding *f, const char *name)
{
	const char *dot = strchr(name, '.');
	char group[32];

	if (!dot || (size_t)(dot - name) >= sizeof(group))
		return finding_find(f, NULL, name);
	memcpy(group, name, (size_t)(dot - name));
	group[dot - name] = '\0';
	return finding_find(f, group, dot + 1);
}

static void find_fact(const struct fact *fact, struct value *value)
{
	value->known = fact->known;
	value->kind = fact->kind;
	value->number = fact->value;
	if (fact->known && fact->kind == FACT_TEXT)
		text_add_escaped(&value->text, fact->text,
				 strnlen(fact->text, sizeof(fact->text)), TEXT_WORD);
}

/* A process that two facts tell: NAME_pid and NAME_comm. */
static void find_process(const struct finding *f, const char *name, struct value *value)
{
	char both[2][64];
	const struct fact *pid, *comm;

	snprintf(both[0], sizeof(both[0]), "%s_pid", name);
	snprintf(both[1], sizeof(both[1]), "%s_comm", name);
	pid = fact_called(f, both[0]);
	comm = fact_called(f, both[1]);
	if (!pid || !pid->known)
		return;
	value->known = true;
	value->kind = FACT_TEXT;
	put_process(&value->text, comm ? comm->text : "",
		    comm ? strnlen(comm->text, sizeof(comm->text)) : 0, (int64_t)pid->value);
}

static void find(const struct values *values, const char *name, struct value *value)
{
	const struct finding_values *v = (const struct finding_values *)values;
	const struct fact *fact = fact_called(v->f, name);

	if (fact) {
		find_fact(fact, value);
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i].name, name) == 0) {
			names[i].find(v, value);
			return;
		}
	}
	find_process(v->f, name, value);
}

/* ---- what the rows rest on ---------------------------------------------- */

/* True when the name that ends where one of @ends stands begins at @at; so does {peer} for peer_pid. */
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

static bool rows_tell(const struct words_row *rows, const struct values *values, const char *name)
{
	for (size_t i = 0; rows[i].text; i++)
		if (row_tells(&rows[i], name) && fill_holds(rows[i].when, values))
			return true;
	return false;
}

bool words_tell(const struct snapshot *seen, const struct finding *f, const char *group,
		const char *name)
{
	struct finding_values v = { { find }, seen, f };
	const struct finding_words *words = finding_words(f->id);
	char whole[96];

	snprintf(whole, sizeof(whole), "%s%s%s", group ? group : "", group ? "." : "", name);
	return words && (rows_tell(words->cause, &v.values, whole) ||
			 rows_tell(words->fix, &v.values, whole));
}

/* ---- rows -------------------------------------------------------------- */

void words_cause(struct text *text, const struct snapshot *seen, const struct finding *f)
{
	struct finding_values v = { { find }, seen, f };
	const struct finding_words *words = finding_words(f->id);

	for (size_t i = 0; words && words->cause[i].text; i++)
		if (fill_holds(words->cause[i].when, &v.values))
			fill(text, words->cause[i].text, &v.values);
}

static void advise(struct advice *advice, const struct words_row *rows,
		   const struct snapshot *seen, const struct finding *f)
{
	struct finding_values v = { { find }, seen, f };

	for (size_t i = 0; rows[i].text; i++) {
		struct text text = { .at = NULL };

		if (!fill_holds(rows[i].when, &v.values))
			continue;
		fill(&text, rows[i].text, &v.values);
		advice_add(advice, "%s", text_str(&text));
		text_fini(&text);
	}
}

void words_fix(struct advice *advice, const struct snapshot *seen, const struct finding *f)
{
	const struct finding_words *words = finding_words(f->id);

	if (words)
		advise(advice, words->fix, seen, f);
}

void words_reuse(struct advice *advice, const struct finding *f)
{
	advise(advice, reuse_rows, NULL, f);
}

void words_avoid(struct advice *advice, const struct snapshot *seen, const struct finding *f)
{
	const struct finding_words *words = finding_words(f->id);

	if (words)
		advise(advice, words->avoid, seen, f);
}
