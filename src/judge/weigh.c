/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/weigh.h"

#include "judge/say.h"

#include <string.h>

double aged_ms(const struct snapshot *seen, const struct sock *sock)
{
	struct age age = sock_age(sock, &seen->limits);

	return age.min_ms > 0 ? (double)age.min_ms : 0;
}

bool aged_add(struct aged *aged, const struct threshold *t, double age_ms)
{
	bool warn = age_ms >= t->warn, crit = age_ms >= t->crit;

	aged->warn += warn;
	aged->crit += crit;
	return warn || crit;
}

enum severity aged_level(const struct aged *aged, const struct threshold *t)
{
	if (aged->crit && aged->crit >= t->least)
		return SEVERITY_CRITICAL;
	return aged->warn && aged->warn >= t->least ? SEVERITY_WARNING : SEVERITY_NONE;
}

struct subject subject_of_listener(const struct sock *listener)
{
	return (struct subject){
		.kind = SUBJECT_LISTENER, .process = -1, .has_source = true,
		.source = listener->local, .family = listener->family,
		.port = listener->local_port, .listener_inode = listener->inode,
		.cgroup_id = listener->cgroup_id,
	};
}

void concern(struct finding *f, const struct snapshot *seen, uint32_t index)
{
	struct age age = sock_age(&seen->socks.at[index], &seen->limits);

	finding_member(f, seen, index);
	f->count++;
	if (age.kind != AGE_UNKNOWN && age.min_ms > f->age.min_ms)
		f->age = age;
}

void fact_known(struct finding *f, const char *group, const char *name,
		enum fact_kind kind, const struct known *value)
{
	if (value->is)
		finding_fact(f, group, name, kind, (double)value->value);
	else
		finding_unknown(f, group, name, kind);
}

void fact_word(struct finding *f, const char *name, const char *word)
{
	if (word)
		finding_text(f, NULL, name, word, strlen(word));
	else
		finding_unknown(f, NULL, name, FACT_TEXT);
}

double descriptors_percent(const struct process *process)
{
	const struct process_files *files = process->files;

	if (!files || !files->open.is || !files->limit.is || files->limit.value <= 0)
		return -1;
	return 100.0 * (double)files->open.value / (double)files->limit.value;
}
