/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/bind_say.h"

#include "judge/service.h"

#include <inttypes.h>
#include <string.h>

enum { NAMED_BESIDE = 3 };      /* holders with a name in one sentence */

static bool is_told(const struct telling *t, int32_t process, const struct text *phrase)
{
	for (size_t i = 0; i < t->count; i++)
		if (process < 0 ? strcmp(text_str(&t->at[i]), text_str(phrase)) == 0 :
				  t->process[i] == process)
			return true;
	return false;
}

void tell(struct telling *t, int32_t process, struct text *phrase)
{
	if (is_told(t, process, phrase))
		t->again++;
	else if (t->count >= TELLING_MAX)
		t->unnamed++;
	else {
		t->process[t->count] = process;
		t->at[t->count++] = *phrase;
		return;
	}
	text_fini(phrase);
}

void say_telling(struct text *text, struct telling *t, const char *between)
{
	for (size_t i = 0; i < t->count; i++) {
		text_addf(text, "%s%s", i ? between : "", text_str(&t->at[i]));
		text_fini(&t->at[i]);
	}
}

/* ---- who ---- */

static void say_cgroup(struct text *text, const struct snapshot *seen, uint64_t id)
{
	const struct cgroup *cgroup = id ? snapshot_cgroup(seen, id) : NULL;
	const char *name;

	if (!cgroup) {
		text_addf(text, "some program that was not seen");
		return;
	}
	name = cgroup_unit(cgroup) ?: cgroup_container(cgroup) ?: cgroup->path;
	text_addf(text, cgroup_unit(cgroup) ? "the unit " : cgroup_container(cgroup) ? "the container " :
		  "the cgroup ");
	text_add_word(text, name, strlen(name));
}

static void say_owner(struct text *text, const struct snapshot *seen, const struct subject *subject)
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
static void say_stop_unit(struct text *text, const char *unit)
{
	text_addf(text, "systemctl stop ");
	text_add_escaped(text, unit, strlen(unit), TEXT_WORD "$`;|&<>(){}!#*?~");
}

static void say_process(struct text *text, const struct snapshot *seen, uint32_t process)
{
	struct subject subject = { .kind = SUBJECT_PROCESS, .process = (int32_t)process };

	say_owner(text, seen, &subject);
}

static bool is_held_by(const struct snapshot *seen, const struct sock *s, const char *comm)
{
	int32_t process = service_process(seen, s);
	const struct process *p;

	if (process < 0)
		return false;
	p = &seen->processes.at[process];
	return p->comm_size == strlen(comm) && memcmp(p->comm, comm, p->comm_size) == 0;
}

static bool is_of_manager(const struct snapshot *seen, const struct sock *s)
{
	int32_t process = service_process(seen, s);

	return process >= 0 && seen->processes.at[process].pid == 1 &&
	       is_held_by(seen, s, "systemd");
}

static const struct cgroup *home_of(const struct snapshot *seen, uint64_t cgroup_id)
{
	const struct cgroup *cgroup = cgroup_id ? snapshot_cgroup(seen, cgroup_id) : NULL;

	return cgroup && (cgroup_unit(cgroup) || cgroup_container(cgroup)) ? cgroup : NULL;
}

const struct cgroup *sock_home(const struct snapshot *seen, const struct sock *s)
{
	return home_of(seen, service_cgroup(seen, s));
}

bool is_unit(const struct cgroup *home, const char *kind)
{
	const char *end = home && cgroup_unit(home) ? strrchr(cgroup_unit(home), '.') : NULL;

	return end && strcmp(end, kind) == 0;
}

/* The "*.socket" unit whose cgroup @s was made in, or NULL. */
static const char *socket_unit(const struct snapshot *seen, const struct sock *s)
{
	const struct cgroup *home = sock_home(seen, s);

	return is_unit(home, ".socket") ? cgroup_unit(home) : NULL;
}

static void say_home(struct text *text, const struct cgroup *home)
{
	const char *name = cgroup_container(home) ? cgroup_container(home) : cgroup_unit(home);

	text_addf(text, cgroup_container(home) ? " in the container " :
		  is_unit(home, ".socket") ? " for " : " of ");
	/* What people type of a container id is its beginning. */
	text_add_word(text, name, cgroup_container(home) && strlen(name) == 64 ? 12 : strlen(name));
}

/* "nginx (pid 12) of web.service" */
static void say_resident(struct text *text, const struct snapshot *seen, uint32_t process)
{
	const struct cgroup *home = home_of(seen, seen->processes.at[process].cgroup_id);

	say_process(text, seen, process);
	if (home)
		say_home(text, home);
}

void say_holder(struct text *text, const struct snapshot *seen, const struct sock *s)
{
	int32_t process = service_process(seen, s);
	const struct cgroup *home = sock_home(seen, s);

	if (process >= 0)
		say_process(text, seen, (uint32_t)process);
	else if (!s->inode)
		text_addf(text, "the kernel itself (no file holds the socket)");
	else if (seen->holders_complete)
		text_addf(text, "something that shows in no process");
	else
		text_addf(text, "a process that cannot be seen from here");
	if (is_of_manager(seen, s) && !is_unit(home, ".socket"))
		text_addf(text, " for a socket unit");
	else if (home && s->inode)
		say_home(text, home);
}

/* Calls @take for each process beside the first one that holds @s; returns how many. */
static size_t each_beside(const struct snapshot *seen, const struct sock *s,
			  void (*take)(void *ctx, const struct snapshot *seen, uint32_t process),
			  void *ctx)
{
	int32_t first = service_process(seen, s);
	size_t count, found = 0;
	const struct holder *holders = snapshot_holders(seen, s->inode, &count);

	for (size_t i = 0; i < count; i++) {
		uint32_t process = holders[i].process;

		if ((int32_t)process == first || (i && holders[i - 1].process == process))
			continue;
		found++;
		if (take)
			take(ctx, seen, process);
	}
	return found;
}

size_t holders_beside(const struct snapshot *seen, const struct sock *s)
{
	return each_beside(seen, s, NULL, NULL);
}

struct naming { struct text *text; size_t named; };

static void name_beside(void *ctx, const struct snapshot *seen, uint32_t process)
{
	struct naming *naming = ctx;

	if (naming->named == NAMED_BESIDE)
		return;
	text_addf(naming->text, naming->named++ ? ", " : "");
	say_process(naming->text, seen, process);
}

void say_holders_beside(struct text *text, const struct snapshot *seen, const struct sock *s)
{
	struct naming naming = { text, 0 };
	size_t found = each_beside(seen, s, name_beside, &naming);

	if (found > NAMED_BESIDE)
		text_addf(text, " and %zu more", found - NAMED_BESIDE);
}

/* ---- whom to stop ---- */

/* Where no process is known to hold a socket, or several: they are told once. */
static void say_hidden(struct text *text, const struct snapshot *seen)
{
	text_addf(text, seen->holders_complete ?
		  "what has it without showing in a process: a service of the kernel (VXLAN, "
		  "WireGuard, NFS), a descriptor in a message that nobody took, or a thread with "
		  "descriptors of its own" :
		  "whoever has it (root can see who)");
}

static void say_manager_unit(struct text *text, const struct snapshot *seen, const struct sock *s)
{
	const char *unit = socket_unit(seen, s);

	if (unit) {
		text_addf(text, "the unit: ");
		say_stop_unit(text, unit);
	} else
		text_addf(text, "the socket unit of systemd (systemctl list-sockets names it)");
}

static void tell_process(void *t, const struct snapshot *seen, uint32_t process)
{
	struct text phrase = { .at = NULL };

	say_resident(&phrase, seen, process);
	tell(t, (int32_t)process, &phrase);
}

/* systemd itself is not meant when it holds the socket of a unit. */
void tell_owners(struct telling *t, const struct snapshot *seen, const struct sock *s)
{
	int32_t first = service_process(seen, s);
	struct text phrase = { .at = NULL };

	if (first < 0)
		say_hidden(&phrase, seen);
	else if (is_of_manager(seen, s))
		say_manager_unit(&phrase, seen, s);
	else
		say_holder(&phrase, seen, s);
	tell(t, first, &phrase);
	each_beside(seen, s, tell_process, t);
}
