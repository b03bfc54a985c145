/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/say.h"

#include <inttypes.h>
#include <string.h>

static void say_cgroup(struct text *text, const struct snapshot *seen, uint64_t id)
{
	const struct cgroup *cgroup = id ? snapshot_cgroup(seen, id) : NULL;
	const char *name;

	if (!cgroup) {
		text_addf(text, "some program that was not seen");
		return;
	}
	name = cgroup_unit(cgroup) ? cgroup_unit(cgroup) : cgroup_container(cgroup) ? cgroup_container(cgroup) : cgroup->path;
	text_addf(text, cgroup_unit(cgroup) ? "the unit " : cgroup_container(cgroup) ? "the container " :
		  "the cgroup ");
	text_add_word(text, name, strlen(name));
}

void say_owner(struct text *text, const struct snapshot *seen, const struct subject *subject)
{
	const struct process *process;

	if (subject->process < 0) {
		say_cgroup(text, seen, subject->cgroup_id);
		return;
	}
	process = &seen->processes.at[subject->process];
	if (process->comm_size)
		text_add_value(text, process->comm, process->comm_size, TEXT_COMM);
	else
		text_addf(text, "a process");
	text_addf(text, " (pid %" PRId32 ")", process->pid);
}

/* Whoever makes a cgroup chooses its name, and the advice may be pasted. */
void say_stop_unit(struct text *text, const char *unit)
{
	text_addf(text, "systemctl stop ");
	text_add_escaped(text, unit, strlen(unit), TEXT_WORD "$`;|&<>(){}!#*?~");
}

enum family say_family(const struct addr *addr)
{
	return addr_is_v4(addr) ? FAMILY_IPV4 : FAMILY_IPV6;
}

void say_address(struct text *text, const struct addr *addr, uint16_t port)
{
	enum family family = say_family(addr);
	char name[ADDR_TEXT];

	addr_format(name, addr, family);
	if (!port)
		text_addf(text, "%s", name);
	else
		text_addf(text, family == FAMILY_IPV6 ? "[%s]:%u" : "%s:%u", name, port);
}

void say_ms(struct text *text, double ms)
{
	static const struct { double from, unit; const char *name; } units[] = {
		{ 2 * 86400e3, 86400e3, "days" }, { 2 * 3600e3, 3600e3, "h" },
		{ 2 * 60e3, 60e3, "min" },        { 2e3, 1e3, "s" },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (ms >= units[i].from) {
			text_addf(text, "%" PRIu64 " %s", (uint64_t)(ms / units[i].unit),
				  units[i].name);
			return;
		}
	}
	text_addf(text, "%" PRIu64 " ms", (uint64_t)ms);
}

void say_count(struct text *text, uint64_t count, const char *one, const char *many)
{
	text_addf(text, "%" PRIu64 " %s", count, count == 1 ? one : many);
}

void say_fit(char *at, size_t room, struct text *text)
{
	size_t size = text->count;

	if (size >= room) {
		size = room - 1;
		while (size && ((unsigned char)text->at[size] & 0xc0) == 0x80)
			size--;
	}
	memcpy(at, text_str(text), size);
	at[size] = '\0';
	text_fini(text);
}
