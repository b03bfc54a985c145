/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/who.h"

#include "model/unit.h"
#include "print/cell.h"
#include "print/page.h"

#define HOLDERS_SHOWN 3

const char *who_severity(enum severity severity)
{
	return severity == SEVERITY_CRITICAL ? "critical" :
	       severity == SEVERITY_WARNING ? "warning" : "none";
}

const struct cgroup *who_cgroup(const struct snapshot *seen, const struct subject *subject)
{
	uint64_t id = subject->cgroup_id;

	if (!id && subject->process >= 0)
		id = seen->processes.at[subject->process].cgroup_id;
	return id ? snapshot_cgroup(seen, id) : NULL;
}

void who_process(struct text *text, const struct process *process)
{
	if (process->comm_size)
		text_add_value(text, process->comm, process->comm_size, TEXT_COMM);
	else
		cell_str(text, "process");
	text_addf(text, "[%d]", process->pid);
}

bool who_place(struct text *text, const struct cgroup *cgroup)
{
	if (!cgroup)
		return false;
	if (cgroup_unit(cgroup)) {
		cell_word(text, cgroup_unit(cgroup), strlen(cgroup_unit(cgroup)));
	} else if (cgroup_container(cgroup)) {
		cell_str(text, "container ");
		cell_word(text, cgroup_container(cgroup), container_shown(cgroup_container(cgroup)));
	} else if (cgroup->path[0] && cgroup->path[1]) {
		cell_str(text, "cgroup ");
		cell_word(text, cgroup->path, strlen(cgroup->path));
	} else {
		return false;
	}
	return true;
}

void who_placed(struct text *text, const struct cgroup *cgroup)
{
	size_t start = text->count;

	cell_str(text, " (");
	if (who_place(text, cgroup)) {
		cell_char(text, ')');
	} else {
		text->count = start;
		text->at[start] = '\0';
	}
}

/* Holders are sorted by process, so a process with two descriptors is named once. */
void who_holders(struct text *text, const struct snapshot *seen, uint32_t inode, size_t most)
{
	size_t count, named = 0, more = 0;
	const struct holder *holder = snapshot_holders(seen, inode, &count);

	for (size_t i = 0; i < count; i++) {
		if (i && holder[i].process == holder[i - 1].process)
			continue;
		if (named == most) {
			more++;
			continue;
		}
		cell_str(text, named++ ? ", " : "");
		who_process(text, &seen->processes.at[holder[i].process]);
	}
	if (more)
		text_addf(text, " and %zu more", more);
}

static void put_remote(struct text *text, const struct style *style,
		       const struct subject *subject)
{
	if (!subject->has_destination && !subject->port)
		return;
	cell_str(text, page_arrow(style));
	if (subject->has_destination)
		cell_end(text, &subject->destination, subject->family, subject->port);
	else
		text_addf(text, "port %u", subject->port);
}

static void put_owner(struct text *text, const struct style *style,
		      const struct snapshot *seen, const struct subject *subject, bool full)
{
	const struct cgroup *cgroup = who_cgroup(seen, subject);

	if (subject->process < 0) {
		if (!who_place(text, cgroup))
			cell_str(text, "hidden owner");
	} else {
		who_process(text, &seen->processes.at[subject->process]);
		if (full)
			who_placed(text, cgroup);
	}
	if (full)
		put_remote(text, style, subject);
}

static void put_destination(struct text *text, const struct style *style,
			    const struct subject *subject)
{
	if (subject->has_source)
		cell_host(text, &subject->source, subject->family);
	if (subject->has_source && subject->has_destination)
		cell_str(text, page_arrow(style));
	if (subject->has_destination)
		cell_end(text, &subject->destination, subject->family, subject->port);
	else if (!subject->has_source)
		cell_str(text, "several peers");
}

static void put_listener(struct text *text, const struct snapshot *seen,
			 const struct subject *subject, bool full)
{
	size_t count;

	cell_end(text, &subject->source, subject->family, subject->port);
	if (!full || !snapshot_holders(seen, subject->listener_inode, &count))
		return;
	cell_str(text, " of ");
	who_holders(text, seen, subject->listener_inode, HOLDERS_SHOWN);
}

void who_text(struct text *text, const struct style *style, const struct snapshot *seen,
	      const struct finding *finding, bool full)
{
	const struct subject *subject = &finding->subject;

	switch (subject->kind) {
	case SUBJECT_PROCESS:
		put_owner(text, style, seen, subject, full);
		break;
	case SUBJECT_DESTINATION:
		put_destination(text, style, subject);
		break;
	case SUBJECT_LISTENER:
		put_listener(text, seen, subject, full);
		break;
	case SUBJECT_NETNS:
		cell_str(text, "this network namespace");
		break;
	case SUBJECT_MACHINE:
		cell_str(text, "this machine");
		break;
	}
}
