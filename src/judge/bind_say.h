/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_BIND_SAY_H
#define JUDGE_BIND_SAY_H

#include "base/text.h"
#include "judge/verdict.h"

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

#endif
