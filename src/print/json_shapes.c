/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/json.h"

#include "print/cell.h"

/* Writes null when @is is false. */
static bool is_told(struct json *json, const char *name, bool is)
{
	if (!is)
		json_null(json, name);
	return is;
}

void json_known(struct json *json, const char *name, const struct known *known)
{
	if (is_told(json, name, known->is))
		json_i64(json, name, known->value);
}

bool json_open_if(struct json *json, const char *name, bool is, char bracket)
{
	if (is_told(json, name, is))
		json_open(json, name, bracket);
	return is;
}

void json_count(struct json *json, const char *name, bool is, uint64_t value)
{
	if (is_told(json, name, is))
		json_u64(json, name, value);
}

void json_flag(struct json *json, const char *name, bool is, bool value)
{
	if (is_told(json, name, is))
		json_bool(json, name, value);
}

void json_real_of(struct json *json, const char *name, bool is, double value)
{
	if (is_told(json, name, is))
		json_real(json, name, value);
}

static void put_visited(struct json *json, const struct netns *netns)
{
	json_u64(json, "inode", netns->inode);
	json_name(json, "name", netns->name);
	json_count(json, "pid", netns->pid > 0, (uint64_t)netns->pid);
	json_foreign(json, "comm", netns->comm_size ? netns->comm : NULL, netns->comm_size);
	json_name(json, "container", netns->container);
	json_string(json, "pod", netns->pod);
	json_name(json, "unit", netns->unit);
	json_bool(json, "own", netns->is_own);
	json_flag(json, "init", netns->init_known, netns->is_init);
}

void json_netns(struct json *json, const struct netns *netns)
{
	json_open(json, "netns", '{');
	if (netns->visited) {
		put_visited(json, netns);
	} else {
		json_name(json, "name", netns->name);
		json_count(json, "inode", netns->inode, netns->inode);
	}
	json_close(json, '}');
}

void json_value(struct json *json, const char *name, enum kind kind, const struct value *value)
{
	bool known = value->told == TOLD_KNOWN;

	if (kind == KIND_STRING)
		json_name(json, name, known ? value->bytes : NULL);
	else if (!known)
		json_null(json, name);
	else if (kind == KIND_WORD)
		json_string(json, name, value->bytes);
	else if (kind == KIND_STATE)
		json_string(json, name, state_table[value->number].name);
	else if (kind == KIND_COOKIE)
		json_id(json, name, value->number);
	else
		json_u64(json, name, value->number);
}

void json_sentence(struct json *json, const char *name, const char *sentence)
{
	json_string(json, name, *sentence ? sentence : NULL);
}

void json_name(struct json *json, const char *name, const char *bytes)
{
	json_foreign(json, name, bytes, bytes ? strlen(bytes) : 0);
}

void json_addr(struct json *json, const char *name, const struct addr *addr, enum family family)
{
	struct text text = { 0 };

	if (addr)
		cell_addr(&text, addr, family);
	json_string(json, name, text.at);
	text_fini(&text);
}

void json_address_port(struct json *json, const char *name, const struct addr *addr,
		       enum family family, uint16_t port)
{
	json_open(json, name, '{');
	json_addr(json, "address", addr, family);
	json_count(json, "port", port, port);
	json_close(json, '}');
}

void json_advice(struct json *json, const char *name, const struct advice *advice)
{
	json_open(json, name, '[');
	for (size_t i = 0; i < advice->count; i++)
		json_string(json, NULL, advice->text[i]);
	json_close(json, ']');
}

void json_states(struct json *json, const char *name, const uint32_t count[STATE_COUNT])
{
	json_open(json, name, '{');
	for (int i = 1; i < STATE_COUNT; i++)
		json_u64(json, state_table[i].name, count[i]);
	json_close(json, '}');
}

void json_process(struct json *json, const struct process *process)
{
	if (process)
		json_i64(json, "pid", process->pid);
	else
		json_null(json, "pid");
	json_foreign(json, "comm", process && process->comm_size ? process->comm : NULL,
		     process ? process->comm_size : 0);
}

void json_cgroup(struct json *json, const struct cgroup *cgroup)
{
	json_name(json, "cgroup", cgroup ? cgroup->path : NULL);
	json_name(json, "unit", cgroup ? cgroup_unit(cgroup) : NULL);
	json_name(json, "container", cgroup ? cgroup_container(cgroup) : NULL);
	json_pod(json, cgroup);
}

void json_pod(struct json *json, const struct cgroup *cgroup)
{
	json_string(json, "pod", cgroup ? cgroup_pod(cgroup) : NULL);
	json_name(json, "pod_name", CGROUP_NAME(cgroup, pod_name));
	json_name(json, "pod_namespace", CGROUP_NAME(cgroup, pod_namespace));
	json_name(json, "container_name", CGROUP_NAME(cgroup, container_name));
}

void json_holders(struct json *json, const struct snapshot *seen, uint32_t inode, size_t most)
{
	size_t count;
	const struct holder *holders = snapshot_holders(seen, inode, &count);

	/* no holder could be seen: null, which does not mean "none" */
	if (is_told(json, "processes", count))
		json_holder_list(json, seen, holders, count, most, false);
}

void json_holder_list(struct json *json, const struct snapshot *seen, const struct holder *holders,
		      size_t count, size_t most, bool with_threads)
{
	size_t shown = most && count > most ? most : count;

	json_open(json, "processes", '[');
	for (size_t i = 0; i < shown; i++) {
		const struct process *process = &seen->processes.at[holders[i].process];

		json_open(json, NULL, '{');
		json_process(json, process);
		json_i64(json, "fd", holders[i].fd);
		if (with_threads)
			json_i64(json, "tid", process->tid ? process->tid : process->pid);
		json_close(json, '}');
	}
	json_close(json, ']');
	if (shown < count)
		json_u64(json, "processes_left_out", count - shown);
}

bool json_begin_line(struct json *json)
{
	bool pretty = json->pretty;

	json_open(json, NULL, '{');
	json->pretty = false;
	return pretty;
}

void json_end_line(struct json *json, bool pretty)
{
	json_close(json, '}');
	json->pretty = pretty;
}

static void put_fact(struct json *json, const struct fact *fact)
{
	bool whole = fact->value > -9e15 && fact->value < 9e15;

	if (fact->kind == FACT_TEXT)
		json_foreign(json, fact->name, fact->known ? text_str(&fact->text) : NULL,
			     fact->text.count);
	else if (!fact->known)
		json_null(json, fact->name);
	else if (fact->kind == FACT_BOOL)
		json_bool(json, fact->name, fact->value != 0);
	else if (whole && (fact->kind == FACT_COUNT || fact->kind == FACT_BYTES ||
			   fact->kind == FACT_MS || fact->kind == FACT_ID ||
			   fact->kind == FACT_LEFT_MS))
		json_i64(json, fact->name, (int64_t)fact->value);
	else
		json_real(json, fact->name, fact->value);
}

static bool is_in_group(const struct fact *fact, const char *group)
{
	return fact->group && strcmp(fact->group, group) == 0;
}

void json_evidence(struct json *json, const struct facts *facts)
{
	const struct fact *at = facts->at;
	size_t count = facts->count, before;

	json_open(json, "evidence", '{');
	for (size_t i = 0; i < count; i++) {
		if (!at[i].group) {
			put_fact(json, &at[i]);
			continue;
		}
		for (before = 0; before < i && !is_in_group(&at[before], at[i].group); before++)
			;
		if (before < i)
			continue;
		json_open(json, at[i].group, '{');
		for (size_t j = i; j < count; j++)
			if (is_in_group(&at[j], at[i].group))
				put_fact(json, &at[j]);
		json_close(json, '}');
	}
	json_close(json, '}');
}
