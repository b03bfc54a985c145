/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verdict about a unix path or abstract name
 *
 * A path that exists is in use, whatever stands there: bind() makes the file
 * and never takes one over. What can be told apart is whether it may be removed:
 * only a socket file that no socket is behind. An abstract name belongs to its
 * network namespace and socket type and goes with its last descriptor.
 */
#include "judge/bind.h"

#include "base/text.h"
#include "judge/service.h"
#include "model/unit.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { PATH_MAX_BYTES = 107 };

/* ---- what is told once ---- */

/*
 * What is to be named once, such as whom to stop. A process counts as itself. Phrases are
 * compared as a whole: part of a name that somebody chose can look like another one.
 */
enum { TELLING_MAX = 3, NO_PROCESS = -1 };
struct telling {
	struct text at[TELLING_MAX];
	int32_t process[TELLING_MAX];   /* index, or NO_PROCESS */
	size_t count, again, unnamed;   /* of these: told already, beyond what is named */
};

static bool is_told(const struct telling *t, int32_t process, const struct text *phrase)
{
	for (size_t i = 0; i < t->count; i++)
		if (process < 0 ? strcmp(text_str(&t->at[i]), text_str(phrase)) == 0 :
				  t->process[i] == process)
			return true;
	return false;
}

/* Takes @phrase, which is about @process or NO_PROCESS. */
static void tell(struct telling *t, int32_t process, struct text *phrase)
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

/* Adds all of them to @text, with @between; frees them. */
static void say_telling(struct text *text, struct telling *t, const char *between)
{
	for (size_t i = 0; i < t->count; i++) {
		text_addf(text, "%s%s", i ? between : "", text_str(&t->at[i]));
		text_fini(&t->at[i]);
	}
}

/* ---- who ---- */

enum { NAMED_BESIDE = 3 };      /* holders with a name in one sentence */

static void say_process(struct text *text, const struct snapshot *seen, uint32_t index)
{
	const struct process *process = &seen->processes.at[index];

	if (process->comm_size)
		text_add_value(text, process->comm, process->comm_size, TEXT_COMM);
	else
		text_addf(text, "a process");
	text_addf(text, " (pid %" PRId32 ")", process->pid);
}

static bool is_of_manager(const struct snapshot *seen, const struct sock *s)
{
	int32_t process = service_process(seen, s);

	return process >= 0 && seen->processes.at[process].pid == 1 &&
	       process_is_called(&seen->processes.at[process], "systemd");
}

static const struct cgroup *home_of(const struct snapshot *seen, uint64_t cgroup_id)
{
	const struct cgroup *cgroup = cgroup_id ? snapshot_cgroup(seen, cgroup_id) : NULL;

	return cgroup && (cgroup_unit(cgroup) || cgroup_container(cgroup)) ? cgroup : NULL;
}

/*
 * The unit or container that @s lives in: its cgroup, or that of the process that
 * holds it; NULL when that is neither.
 */
static const struct cgroup *sock_home(const struct snapshot *seen, const struct sock *s)
{
	return home_of(seen, service_cgroup(seen, s));
}

/* True when @home is a unit whose name ends in @kind (".service"); @home may be NULL. */
static bool is_unit(const struct cgroup *home, const char *kind)
{
	return home && unit_is(cgroup_unit(home), kind);
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
	text_add_word(text, name, cgroup_container(home) ? container_shown(name) : strlen(name));
}

/* "nginx (pid 12) of web.service" */
static void say_resident(struct text *text, const struct snapshot *seen, uint32_t process)
{
	const struct cgroup *home = home_of(seen, seen->processes.at[process].cgroup_id);

	say_process(text, seen, process);
	if (home)
		say_home(text, home);
}

/* The process that holds @s ("nginx (pid 12)"), or why there is none. */
static void say_holder(struct text *text, const struct snapshot *seen, const struct sock *s)
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

struct naming { struct text *text; size_t named; };

static void name_beside(void *ctx, const struct snapshot *seen, uint32_t process)
{
	struct naming *naming = ctx;

	if (naming->named == NAMED_BESIDE)
		return;
	text_addf(naming->text, naming->named++ ? ", " : "");
	say_process(naming->text, seen, process);
}

/* "worker (pid 900), worker (pid 901) and 3 more": all but the first. */
static void say_holders_beside(struct text *text, const struct snapshot *seen, const struct sock *s)
{
	struct naming naming = { text, 0 };
	size_t found = snapshot_each_beside(seen, s->inode, name_beside, &naming);

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
		text_addf(text, "the unit: systemctl stop ");
		text_add_escaped(text, unit, strlen(unit), TEXT_PASTED);
	} else
		text_addf(text, "the socket unit of systemd (systemctl list-sockets names it)");
}

static void tell_process(void *t, const struct snapshot *seen, uint32_t process)
{
	struct text phrase = { .at = NULL };

	say_resident(&phrase, seen, process);
	tell(t, (int32_t)process, &phrase);
}

/*
 * Whom to stop for @s: each process that holds it, with its unit or container; where
 * systemd has it for a unit, that unit and whom it was handed to; or who it may be.
 */
static void tell_owners(struct telling *t, const struct snapshot *seen, const struct sock *s)
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
	snapshot_each_beside(seen, s->inode, tell_process, t);
}

/* ---- one question ---- */

struct unix_case {
	const struct snapshot *seen;
	const struct unix_ask *ask;
	const struct unix_context *context;
	struct unix_answer *answer;
	struct text cause;
};

static void fails(struct unix_case *c, int err)
{
	c->answer->asked = (struct bind_outcome){ .verdict = VERDICT_FAILS, .err = err };
}

/* ---- who is behind the name ---- */

static struct sock as_sock(const struct unix_sock *s)
{
	return (struct sock){ .inode = s->inode };
}

/* "app (pid 12) listens on it (stream)". */
static void say_unix_sock(struct text *text, const struct unix_case *c,
			  const struct unix_sock *s)
{
	struct sock held = as_sock(s);

	say_holder(text, c->seen, &held);
	if (s->type == UNIX_DGRAM)
		text_addf(text, " has it (dgram)");
	else
		text_addf(text, "%s (%s)", s->listens ? " listens on it" :
			  " has it without listening", unix_type_name(s->type));
	if (!snapshot_each_beside(c->seen, s->inode, NULL, NULL))
		return;
	text_addf(text, "; also held by ");
	say_holders_beside(text, c->seen, &held);
}

/* Connections have the name of their listener, and mostly its process. */
static void say_socks(struct text *text, const struct unix_case *c)
{
	struct telling t = { .count = 0 };

	for (size_t i = 0; i < c->context->socks.count; i++) {
		struct text phrase = { .at = NULL };

		say_unix_sock(&phrase, c, &c->context->socks.at[i]);
		tell(&t, NO_PROCESS, &phrase);
	}
	say_telling(text, &t, "; ");
	if (t.again + t.unnamed)
		text_addf(text, "; and %zu more", t.again + t.unnamed);
}

static void advise_ending(struct unix_case *c)
{
	struct telling t = { .count = 0 };
	struct text text = { .at = NULL };

	for (size_t i = 0; i < c->context->socks.count; i++) {
		struct sock held = as_sock(&c->context->socks.at[i]);

		tell_owners(&t, c->seen, &held);
	}
	say_telling(&text, &t, ", ");
	advice_add(&c->answer->advice, "Stop %s%s%s", text_str(&text),
		   t.unnamed ? " and the others" : "", c->ask->abstract ?
		   ": the name is free with the last descriptor." :
		   ", then remove the file if it is still there.");
	text_fini(&text);
}

/* ---- paths ---- */

/* What bind() says to a folder. */
static const struct { int err; const char *cause, *advice; } folder_words[] = {
	{ ENOENT, "the folder is not there, or it takes no files",
	  "Make the folder first (a unit can with RuntimeDirectory=), where files can be made." },
	{ ENOTDIR, "a part of the path is no folder", "Take a path whose parts are folders." },
	{ EACCES, "the folder does not let this user write or enter",
	  "Give the user the right to write to the folder and to enter it, or take a folder of its "
	  "own." },
	{ EROFS, "the file system is read-only",
	  "Take a path on a file system that can be written to, such as /run." },
	{ EPERM, "its file system has no socket files, or the folder is immutable",
	  "Take a path on a file system for files, such as /run." },
	{ 0, "the folder cannot be used", "Take another folder." },
};

static void judge_no_folder(struct unix_case *c)
{
	size_t i = 0;

	while (folder_words[i].err && folder_words[i].err != c->context->parent_err)
		i++;
	fails(c, c->context->parent_err);
	text_addf(&c->cause, "%s", folder_words[i].cause);
	advice_add(&c->answer->advice, "%s", folder_words[i].advice);
}

static void judge_socket_file(struct unix_case *c)
{
	fails(c, EADDRINUSE);
	if (c->context->socks.count) {
		text_addf(&c->cause, "live: ");
		say_socks(&c->cause, c);
		advise_ending(c);
		advice_add(&c->answer->advice, "Or take another path.");
		advice_add(&c->answer->notes, "Removing the file alone would let bind() work, and "
			   "leave the other socket alive where nobody can reach it.");
	} else if (c->context->listed && !c->context->elsewhere_known) {
		text_addf(&c->cause, "a socket file stands there that no socket of this network "
			  "namespace is behind; other namespaces could not all be looked into");
		advice_add(&c->answer->advice, "Try to connect() to it: ECONNREFUSED from a stream "
			   "socket means that nobody listens; then remove the file.");
	} else if (c->context->listed) {
		text_addf(&c->cause, "stale: the socket file is left over, no socket is behind it "
			  "(connect() gives ECONNREFUSED)");
		advice_add(&c->answer->advice, "Remove the file (unlink() before bind()): nobody "
			   "uses it.");
	} else {
		text_addf(&c->cause, "a socket file stands there; whether it is live is not known, "
			  "as not every unix socket could be listed");
		advice_add(&c->answer->advice, "Take another path; or try to connect() to it: "
			   "ECONNREFUSED from a stream socket means that nobody listens.");
	}
}

static void judge_file(struct unix_case *c)
{
	switch (c->context->file) {
	case UNIX_FILE_NONE:
		c->answer->asked.verdict = VERDICT_OK;
		text_addf(&c->cause, "nothing stands at the path");
		break;
	case UNIX_FILE_SOCKET:
		judge_socket_file(c);
		break;
	case UNIX_FILE_OTHER:
		fails(c, EADDRINUSE);
		text_addf(&c->cause, "what stands there is not a socket but a %s",
			  *c->context->file_kind ? c->context->file_kind : "file of another kind");
		advice_add(&c->answer->advice, "Take another path, or move away what stands there "
			   "if nobody needs it.");
		break;
	case UNIX_FILE_DANGLING:
		fails(c, EADDRINUSE);
		text_addf(&c->cause, "a symbolic link to nothing stands there, and bind() does not "
			  "follow it");
		advice_add(&c->answer->advice, "Remove the symbolic link, or bind to what it "
			   "points to.");
		break;
	case UNIX_FILE_UNKNOWN:
		c->answer->asked.verdict = VERDICT_UNKNOWN;
		text_addf(&c->cause, "what stands at the path, or whether its file system takes "
			  "socket files, could not be seen");
		break;
	}
}

/* ---- abstract names ---- */

static void judge_abstract(struct unix_case *c)
{
	if (c->context->socks.count) {
		fails(c, EADDRINUSE);
		say_socks(&c->cause, c);
		advise_ending(c);
		advice_add(&c->answer->notes, "SO_REUSEADDR has no effect on unix sockets.");
	} else if (c->context->listed) {
		c->answer->asked.verdict = VERDICT_OK;
		text_addf(&c->cause, "no %s socket of this network namespace has the name",
			  unix_type_name(c->ask->type));
	} else {
		c->answer->asked.verdict = VERDICT_UNKNOWN;
		text_addf(&c->cause, "not every unix socket could be listed");
	}
}

/* ---- both ---- */

static void judge_long(struct unix_case *c, int64_t most)
{
	fails(c, EINVAL);
	text_addf(&c->cause, "the name has %zu bytes and sun_path takes %lld (some programs say "
		  "ENAMETOOLONG instead)", c->ask->size, (long long)most);
	advice_add(&c->answer->advice, c->ask->abstract ? "Take a shorter name." :
		   "Take a shorter path, or change into the folder and bind a relative one.");
}

void judge_unix(const struct snapshot *seen, const struct unix_ask *ask,
		const struct unix_context *context, struct unix_answer *answer)
{
	struct unix_case c = { .seen = seen, .ask = ask, .context = context, .answer = answer };
	int64_t most = context->name_max.is ? context->name_max.value : PATH_MAX_BYTES;

	memset(answer, 0, sizeof(*answer));
	if ((int64_t)ask->size > most)
		judge_long(&c, most);
	else if (ask->abstract)
		judge_abstract(&c);
	else if (context->parent_err)
		judge_no_folder(&c);
	else
		judge_file(&c);
	answer->cause = c.cause;
}
