/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/bind_say.h"

#include "judge/say.h"
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

static void say_process(struct text *text, const struct snapshot *seen, uint32_t process)
{
	struct subject subject = { .kind = SUBJECT_PROCESS, .process = (int32_t)process };

	say_owner(text, seen, &subject);
}

bool is_held_by(const struct snapshot *seen, const struct sock *s, const char *comm)
{
	int32_t process = service_process(seen, s);
	const struct process *p;

	if (process < 0)
		return false;
	p = &seen->processes.at[process];
	return p->comm_size == strlen(comm) && memcmp(p->comm, comm, p->comm_size) == 0;
}

bool is_of_manager(const struct snapshot *seen, const struct sock *s)
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

/* ---- what ---- */

static void say_ends(struct text *text, const struct sock *s)
{
	say_address(text, &s->local, s->local_port);
	if (!s->remote_port)
		return;
	text_addf(text, " to ");
	say_address(text, &s->remote, s->remote_port);
}

/* A dual-stack wildcard is one socket that tools for IPv4 do not show. */
static void say_stack(struct text *text, const struct sock *s)
{
	if (s->family != FAMILY_IPV6 || !addr_is_any(&s->local) || addr_is_v4(&s->local))
		return;
	if (!(s->have & HAVE_V6ONLY))
		text_addf(text, " (if it is not IPv6 only, IPv4 as well)");
	else if (!s->v6only)
		text_addf(text, " (dual-stack: every IPv4 address as well)");
}

static void say_listener(struct text *text, const struct bind_case *c, const struct sock *s)
{
	say_holder(text, c->seen, s);
	text_addf(text, " listens on ");
	say_ends(text, s);
	say_stack(text, s);
}

static void say_bound(struct text *text, const struct bind_case *c, const struct sock *s)
{
	say_holder(text, c->seen, s);
	text_addf(text, " has bound ");
	say_ends(text, s);
	say_stack(text, s);
	text_addf(text, " and neither listens nor connects there");
}

static void say_connection(struct text *text, const struct bind_case *c, const struct sock *s,
			   const char *kind)
{
	if (sock_is_unaccepted(s)) {
		text_addf(text, "a connection from ");
		say_ends(text, s);
		text_addf(text, " still waits to be accepted");
		return;
	}
	say_holder(text, c->seen, s);
	text_addf(text, " has %s connection from ", kind);
	say_ends(text, s);
	text_addf(text, " (%s)", state_table[s->state].name);
}

static void say_closing(struct text *text, const struct bind_case *c, const struct sock *s)
{
	say_connection(text, c, s, "a closing");
	if (s->state == STATE_CLOSE_WAIT)
		text_addf(text, ", which the peer has closed: only its own close() ends it");
	else
		text_addf(text, s->state == STATE_FIN_WAIT_2 ?
			  ", which lasts until the peer closes too" :
			  ", which lasts until the peer acknowledges the end");
}

static void say_in_s(struct text *text, int64_t ms)
{
	text_addf(text, "%" PRId64 " s", (ms + 999) / 1000);
}

static void say_orphan(struct text *text, const struct bind_case *c, const struct sock *s)
{
	(void)c;
	text_addf(text, "no process: the kernel still closes ");
	say_ends(text, s);
	text_addf(text, " (%s)", state_table[s->state].name);
	if (sock_is_minisock(s)) {
		text_addf(text, ", gone in ");
		say_in_s(text, s->timer_ms);
	} else if (s->state == STATE_FIN_WAIT_2)
		text_addf(text, ", until the peer closes or net.ipv4.tcp_fin_timeout runs out");
	else
		text_addf(text, ", until the peer acknowledges or retransmissions run out");
}

static void say_time_wait(struct text *text, const struct bind_case *c, const struct sock *s)
{
	(void)c;
	text_addf(text, "no process: TIME_WAIT of ");
	say_ends(text, s);
	if (sock_is_minisock(s)) {
		text_addf(text, ", gone in ");
		say_in_s(text, s->timer_ms);
	}
}

static void say_datagram(struct text *text, const struct bind_case *c, const struct sock *s)
{
	say_holder(text, c->seen, s);
	text_addf(text, " has the UDP socket ");
	say_ends(text, s);
	say_stack(text, s);
}

static void say_child(struct text *text, const struct bind_case *c, const struct sock *s)
{
	say_connection(text, c, s, "an accepted");
}

static void say_client(struct text *text, const struct bind_case *c, const struct sock *s)
{
	say_connection(text, c, s, "an outgoing");
}

static void say_any(struct text *text, const struct bind_case *c, const struct sock *s)
{
	say_connection(text, c, s, "a");
}

static void (*const say_what[WHY_COUNT])(struct text *, const struct bind_case *,
					 const struct sock *) = {
	[WHY_LISTENER] = say_listener,  [WHY_BOUND] = say_bound,
	[WHY_CHILD] = say_child,        [WHY_CLIENT] = say_client,
	[WHY_CONNECTION] = say_any,     [WHY_CLOSING] = say_closing,
	[WHY_ORPHAN] = say_orphan,      [WHY_TIME_WAIT] = say_time_wait,
	[WHY_DATAGRAM] = say_datagram,
};

static void say_device(struct text *text, const struct snapshot *seen, const struct sock *s)
{
	const char *name = s->ifindex ? snapshot_link(seen, s->ifindex) : NULL;

	if (!s->ifindex)
		return;
	text_addf(text, ", on the device ");
	if (name)
		text_add_word(text, name, strlen(name));
	else
		text_addf(text, "number %" PRIu32, s->ifindex);
}

/* A child that inherited the descriptor keeps the port when its parent is gone. */
static void say_heirs(struct text *text, const struct snapshot *seen, const struct sock *s)
{
	if (!holders_beside(seen, s))
		return;
	text_addf(text, "; also held by ");
	say_holders_beside(text, seen, s);
	text_addf(text, ": the port is free when all have closed it");
}

void say_blocker(const struct bind_case *c, struct bind_blocker *blocker)
{
	const struct sock *s = &c->seen->socks.at[blocker->sock];
	struct text text = { .at = NULL }, *sentences = &c->answer->sentences;
	char sentence[300];

	say_what[blocker->why](&text, c, s);
	say_device(&text, c->seen, s);
	say_heirs(&text, c->seen, s);
	say_fit(sentence, sizeof(sentence), &text);
	blocker->text = (uint32_t)sentences->count;
	text_add(sentences, sentence, strlen(sentence) + 1);
}
