/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_BIND_SAY_H
#define JUDGE_BIND_SAY_H

#include "base/text.h"
#include "judge/verdict.h"

/* Everything about one question, as the words for its answer need it. */
struct bind_case {
	const struct snapshot *seen;
	const struct bind_ask *asked;
	struct bind_ask ask;            /* effective */
	const struct bind_scene *scene;
	struct ruling ruling;           /* of the asked options, after the probe */
	struct ruling by_rule;          /* before it */
	struct bind_answer *answer;
};

/* The process that holds @sock ("nginx (pid 12)"), or why there is none. */
void say_holder(struct text *text, const struct snapshot *seen, const struct sock *sock);

/* Processes beside the first one that hold @sock: how many. */
size_t holders_beside(const struct snapshot *seen, const struct sock *sock);

/* "worker (pid 900), worker (pid 901) and 3 more": all but the first. */
void say_holders_beside(struct text *text, const struct snapshot *seen, const struct sock *sock);

/*
 * The unit or container that @sock lives in: its cgroup, or that of the process
 * that holds it; NULL when that is neither.
 */
const struct cgroup *sock_home(const struct snapshot *seen, const struct sock *sock);

/* True when @home is a unit whose name ends in @kind (".service"); @home may be NULL. */
bool is_unit(const struct cgroup *home, const char *kind);

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

/* Takes @phrase, which is about @process or NO_PROCESS. */
void tell(struct telling *t, int32_t process, struct text *phrase);

/*
 * Whom to stop for @sock: each process that holds it, with its unit or container; where
 * systemd has it for a unit, that unit and whom it was handed to; or who it may be.
 */
void tell_owners(struct telling *t, const struct snapshot *seen, const struct sock *sock);

/* Adds all of them to @text, with @between; frees them. */
void say_telling(struct text *text, struct telling *t, const char *between);

/* True when the service manager holds @sock, for a socket unit. */
bool is_of_manager(const struct snapshot *seen, const struct sock *sock);

/* The name of its process is @comm. */
bool is_held_by(const struct snapshot *seen, const struct sock *sock, const char *comm);

/* @blocker->why is set: the sentence about it. */
void say_blocker(const struct bind_case *c, struct bind_blocker *blocker);

/* answer->cause and answer->settles. */
void say_verdict(const struct bind_case *c);

/* The options that were asked for. */
enum bind_with with_of(const struct bind_ask *ask);

/* The outcome with @more options (bits of enum bind_with) than were asked for. */
const struct bind_outcome *with_more(const struct bind_case *c, unsigned more);

/* An outgoing connection is among the blockers. */
bool has_client(const struct bind_answer *answer);

/* How to keep outgoing connections off the port; into @advice, when it applies. */
void advise_reserve(const struct bind_case *c, struct advice *advice);

/* answer->advice and answer->notes. */
void advise_bind(const struct bind_case *c);
void note_bind(const struct bind_case *c);

#endif
