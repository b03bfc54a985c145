/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words/who.h"

#include "model/unit.h"

#include <inttypes.h>
#include <string.h>

void who_is(struct text *text, const char *comm, size_t size, int64_t pid)
{
	if (size)
		text_add_value(text, comm, size, TEXT_COMM);
	else
		text_addf(text, "process");
	text_addf(text, "[%" PRId64 "]", pid);
}

void who_process_is(struct text *text, const struct snapshot *seen, uint32_t process)
{
	const struct process *p = &seen->processes.at[process];

	who_is(text, p->comm, p->comm_size, p->pid);
}

void who_container_is(struct text *text, const char *container)
{
	text_add_word(text, container, container_shown(container));
}

void who_cgroup_is(struct text *text, const struct snapshot *seen, uint64_t id)
{
	const struct cgroup *cgroup = id ? snapshot_cgroup(seen, id) : NULL;
	const char *unit, *container, *name;

	if (!cgroup) {
		text_addf(text, "a process hidden from you");
		return;
	}
	unit = cgroup_unit(cgroup);
	container = cgroup_container(cgroup);
	name = unit ?: cgroup->path;
	text_addf(text, unit ? "the unit " : container ? "the container " : "the cgroup ");
	if (!unit && container)
		who_container_is(text, container);
	else
		text_add_word(text, name, strlen(name));
}

void who_address(struct text *text, const struct addr *addr, uint16_t port)
{
	char name[ADDR_PORT_TEXT];

	addr_format_port(name, addr, port);
	text_add(text, name, strlen(name));
}
