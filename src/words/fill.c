/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words/fill.h"

#include "base/digits.h"
#include "base/number.h"
#include "model/unit.h"

#include <string.h>

static void add_str(struct text *text, const char *str)
{
	text_add(text, str, strlen(str));
}

static void cut_at(struct text *text, size_t count)
{
	text->count = count;
	if (text->at)
		text->at[count] = '\0';
}

/* ---- a value ----------------------------------------------------------- */

static void add_bytes(struct text *text, double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	while (bytes >= 1024 && unit + 1 < sizeof(units) / sizeof(*units)) {
		bytes /= 1024;
		unit++;
	}
	text_addf(text, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

static void add_count(struct text *text, double count)
{
	char digits[DIGITS_THOUSANDS];

	if (count < 0)
		text_addf(text, "%.0f", count);
	else
		text_add(text, digits, (size_t)(digits_thousands(digits, (uint64_t)count) - digits));
}

static void add_duration(struct text *text, double ms, bool up)
{
	char digits[DIGITS_DURATION];
	uint64_t whole = ms > 0 ? (uint64_t)ms : 0;

	text_add(text, digits, (size_t)(digits_duration(digits, whole, up, " ") - digits));
}

void fill_number(struct text *text, enum fact_kind kind, double number)
{
	if (kind == FACT_MS || kind == FACT_S || kind == FACT_LEFT_MS)
		add_duration(text, kind == FACT_S ? number * 1000 + 0.5 : number,
			     kind == FACT_LEFT_MS);
	else if (kind == FACT_BYTES)
		add_bytes(text, number);
	else if (kind == FACT_PERCENT)
		text_addf(text, "%.0f%%", number);
	else if (kind == FACT_ID)
		text_addf(text, "%.0f", number);
	else if (kind == FACT_RATE && number < 100)
		text_addf(text, "%.3g", number);
	else
		add_count(text, number);
}

static bool is_text(const struct fact *fact)
{
	return fact->kind == FACT_TEXT || fact->kind == FACT_WORDS;
}

static bool is_something(const struct fact *fact)
{
	return fact && fact->known && (is_text(fact) ? fact->text.count > 0 : fact->value > 0);
}

static void add_value(struct text *text, const struct fact *fact)
{
	if (!fact || !fact->known)
		add_str(text, "unknown");
	else if (fact->kind == FACT_WORDS)
		text_add(text, text_str(&fact->text), fact->text.count);
	else if (fact->kind == FACT_TEXT)
		text_add_escaped(text, text_str(&fact->text), fact->text.count, TEXT_WORD);
	else
		fill_number(text, fact->kind, fact->value);
}

/* ---- a template -------------------------------------------------------- */

/* A name in braces with what follows it: {name|one|many}. */
struct slot {
	const char *name;
	size_t name_size;
	char mark;              /* one of "|?:", or '}' when nothing follows */
	const char *one, *many; /* for {name:word}, @one is the word */
	size_t one_size, many_size;
};

/* Reads from behind the '{'. Returns what follows the '}'. */
static const char *read_slot(struct slot *slot, const char *at)
{
	size_t size = strcspn(at, "|?:}");

	*slot = (struct slot){ .name = at, .name_size = size, .mark = at[size] };
	at += size + (at[size] != '\0');
	if (slot->mark == '}' || slot->mark == '\0')
		return at;
	slot->one = at;
	slot->one_size = strcspn(at, "|}");
	at += slot->one_size + (at[slot->one_size] == '|');
	slot->many = at;
	slot->many_size = strcspn(at, "}");
	at += slot->many_size;
	return *at ? at + 1 : at;
}

/* Returns false when the part around the slot must vanish. */
static bool add_slot(struct text *text, const struct slot *slot, const struct facts *facts)
{
	const struct fact *fact = facts_named(facts, slot->name, slot->name_size);
	bool one = fact && fact->value == 1;

	if (!facts) {
		if (slot->mark == ':')
			text_add(text, slot->one, slot->one_size);
		return false;
	}
	if (slot->mark != '?')
		add_value(text, fact);
	if (slot->mark == '|')
		add_str(text, " ");
	if (slot->mark == '|' || slot->mark == '?')
		text_add(text, one ? slot->one : slot->many,
			 one ? slot->one_size : slot->many_size);
	return is_something(fact);
}

/*
 * Fills a part up to the ']' that ends it. Sets *@whole to false when the part must
 * vanish.
 */
static const char *fill_part(struct text *text, const char *at, const struct facts *facts,
			     bool *whole)
{
	struct slot slot;

	while (*at && *at != ']') {
		if (*at == '[') {
			size_t start = text->count;
			bool inner = true;

			at = fill_part(text, at + 1, facts, &inner);
			at += *at == ']';
			if (!inner)
				cut_at(text, start);
		} else if (*at == '{') {
			at = read_slot(&slot, at + 1);
			*whole = add_slot(text, &slot, facts) && *whole;
		} else {
			size_t size = strcspn(at, "[]{");

			text_add(text, at, size);
			at += size;
		}
	}
	return at;
}

void fill(struct text *text, const char *template, const struct facts *facts)
{
	bool whole = true;

	fill_part(text, template, facts, &whole);
}

/* ---- a condition ------------------------------------------------------- */

static bool compares(const struct fact *fact, char mark, const char *word, size_t size,
		     const struct facts *facts)
{
	const struct fact *other;
	double than;

	if (is_text(fact))
		return (fact->text.count == size && memcmp(text_str(&fact->text), word, size) == 0) ==
		       (mark == '=');
	other = facts_named(facts, word, size);
	if (other && other->known)
		than = other->value;
	else if (number_read(word, &than, true) != word + size)
		return mark == '!';     /* an unknown value is not equal, so only != holds */
	return mark == '>' ? fact->value > than : (fact->value == than) == (mark == '=');
}

/* Up to a blank, a mark or the end, which are all below the letters. */
static size_t span_name(const char *at)
{
	const char *end = at;

	while (*end > '>' || (*end > '!' && *end < '='))
		end++;
	return (size_t)(end - at);
}

/* Tests one condition and moves *@at behind it. */
static bool holds(const char **at, const struct facts *facts)
{
	bool not = **at == '!', is;
	const char *name = *at + not, *word;
	size_t size = span_name(name), word_size;
	const struct fact *fact = facts_named(facts, name, size);
	char mark = name[size];

	word = name + size + (mark == '!' ? strlen("!=") : mark == '=' || mark == '>');
	word_size = span_name(word);
	is = word > name + size ?
	     fact && fact->known && compares(fact, mark, word, word_size, facts) : is_something(fact);
	*at = word + word_size;
	return is != not;
}

bool fill_holds(const char *when, const struct facts *facts)
{
	for (const char *at = when; at && *at; at += strspn(at, " "))
		if (!holds(&at, facts))
			return false;
	return true;
}

/* ---- rows --------------------------------------------------------------- */

void fill_rows(struct text *text, const struct words_row *rows, const struct facts *facts)
{
	for (; rows->text; rows++)
		if (fill_holds(rows->when, facts))
			fill(text, rows->text, facts);
}

void fill_advice(struct advice *advice, const struct words_row *rows, const struct facts *facts)
{
	for (; rows->text; rows++) {
		struct text text = { .at = NULL };

		if (!fill_holds(rows->when, facts))
			continue;
		fill(&text, rows->text, facts);
		advice_add(advice, "%s", text_str(&text));
		text_fini(&text);
	}
}

/* ---- names -------------------------------------------------------------- */

void who_is(struct text *text, const char *comm, size_t size, int64_t pid)
{
	char digits[DIGITS_U64];

	if (size)
		text_add_value(text, comm, size, TEXT_COMM);
	else
		text_add(text, "process", strlen("process"));
	text_add(text, pid < 0 ? "[-" : "[", pid < 0 ? 2 : 1);
	text_add(text, digits, (size_t)(digits_u64(digits, (uint64_t)(pid < 0 ? -pid : pid)) - digits));
	text_add(text, "]", 1);
}

void who_process_is(struct text *text, const struct snapshot *seen, uint32_t process)
{
	const struct process *p = &seen->processes.at[process];

	who_is(text, p->comm, p->comm_size, p->pid);
}

/* The names of a finding's processes, each once, up to these. */
enum { COMMS_SHOWN = 3 };

static bool is_called_like(const struct process *a, const struct process *b)
{
	return a->comm_size == b->comm_size && memcmp(a->comm ?: "", b->comm ?: "", a->comm_size) == 0;
}

/* Adds the names, those of most members first. */
static void add_comms(struct text *text, const struct snapshot *seen, const struct finding *f)
{
	const struct process *shown[COMMS_SHOWN];
	size_t count = 0;

	for (size_t i = 0; i < f->processes.count; i++) {
		const struct process *p = &seen->processes.at[f->processes.at[i].process];
		size_t like = 0;

		while (like < count && !is_called_like(shown[like], p))
			like++;
		if (like < count || !p->comm_size)
			continue;
		if (count == COMMS_SHOWN) {
			add_str(text, " ...");
			break;
		}
		shown[count++] = p;
		add_str(text, count > 1 ? ", " : "");
		text_add_value(text, p->comm, p->comm_size, TEXT_COMM);
	}
}

void who_processes_are(struct text *text, const struct snapshot *seen, const struct finding *f)
{
	size_t start;

	if (f->processes.count == 1) {
		who_process_is(text, seen, f->processes.at[0].process);
		return;
	}
	add_count(text, (double)f->processes.count);
	add_str(text, " processes");
	start = text->count;
	add_str(text, " (");
	add_comms(text, seen, f);
	if (text->count == start + strlen(" ("))
		cut_at(text, start);
	else
		add_str(text, ")");
}

static void add_word(struct text *text, const char *word)
{
	text_add_word(text, word, strlen(word));
}

void who_container_is(struct text *text, const struct cgroup *cgroup)
{
	const char *id = cgroup_container(cgroup), *name = CGROUP_NAME(cgroup, container_name);
	const char *pod = CGROUP_NAME(cgroup, pod_name);

	if (name) {
		add_word(text, name);
		text_addf(text, " (");
	}
	text_add_word(text, id, container_shown(id));
	text_addf(text, name ? ")" : "");
	if (pod) {
		text_addf(text, " of the pod ");
		add_word(text, cgroup->names->pod_namespace);
		text_addf(text, "/");
		add_word(text, pod);
	}
}

/* The root cgroup tells apart nobody. */
static const struct cgroup *telling_cgroup(const struct snapshot *seen, uint64_t id)
{
	const struct cgroup *cgroup = id ? snapshot_cgroup(seen, id) : NULL;

	return cgroup && strcmp(cgroup->path, "/") != 0 ? cgroup : NULL;
}

size_t who_hidden_is(struct text *text, const struct snapshot *seen, uint64_t id, uint64_t sockets)
{
	bool several = sockets > 1 && !telling_cgroup(seen, id);

	if (several)
		text_addf(text, "one or more processes hidden from you");
	else
		who_cgroup_is(text, seen, id);
	return several ? 2 : 1;
}

void who_cgroup_is(struct text *text, const struct snapshot *seen, uint64_t id)
{
	const struct cgroup *cgroup = telling_cgroup(seen, id);
	const char *unit, *container, *name;

	if (!cgroup) {
		text_addf(text, "a process hidden from you");
		return;
	}
	unit = cgroup_unit(cgroup);
	container = cgroup_container(cgroup);
	/* the scope of a container in a pod is named by its id alone */
	if (container && cgroup->names->pod_name)
		unit = NULL;
	name = unit ?: cgroup->path;
	text_addf(text, unit ? "the unit " : container ? "the container " : "the cgroup ");
	if (!unit && container)
		who_container_is(text, cgroup);
	else
		text_add_word(text, name, strlen(name));
}

void who_address(struct text *text, const struct addr *addr, uint16_t port)
{
	char name[ADDR_PORT_TEXT];

	addr_format_port(name, addr, port);
	text_add(text, name, strlen(name));
}
