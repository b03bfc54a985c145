/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_SESSION_H
#define CMD_SESSION_H

#include "base/out.h"
#include "cmd/cmd.h"
#include "collect/collect.h"
#include "print/print.h"

/* One run of a command that looks at sockets, from opening its source to the last byte. */
struct session {
	const struct options *options;
	struct collect *collect;
	struct snapshot seen;
	struct style style;
	struct fault fault;
	bool told;              /* the gaps are on standard error already */
	size_t gaps_told;       /* how many of them */
	bool judges;            /* silence would be a verdict, so limits must be known, too */
	bool recorded;          /* set by session_close() when the recording is in its place */
	bool tells_gaps;        /* session_close() prints gaps once a recording is in its place */
	bool answered;          /* the verdict allows for what was not seen */
	bool left_links;        /* collect_links() was not called yet */
	struct { struct session **at; size_t count, room; } visits;     /* of session_each() */
};

/* Opens the source and reads the basics. Returns 0, or -errno after printing the error. */
int session_open(struct session *session, const struct options *options);

/* The same, reading no more than the answer needs. */
int session_open_with(struct session *session, const struct options *options,
		      enum basics basics);

/*
 * Called in a network namespace with its session. Returns 0, 1 when the session is not
 * needed any more, or -errno, which ends the round.
 */
typedef int session_visit(void *ctx, struct session *session);

/**
 * session_each - visit the session's network namespace, or with -G every one
 * @filter: with -G, its devices are looked up in each namespace; or NULL
 * @apart: with -G, what was seen in a namespace is kept apart from the others
 *
 * @visit gets @session itself, which goes from namespace to namespace. With -G and @apart
 * it gets a session of each, which lasts until session_close() and whose gaps are added to
 * @session; a gap about the whole machine is added once. Returns 0, or the -errno of the
 * last visit with the sentence in @session's fault.
 */
int session_each(struct session *session, struct filter *filter, bool apart,
		 session_visit *visit, void *ctx);

/* Collects interface names, if that was left, when a row shows one. */
void session_row(struct session *session, const struct sock *sock);

/*
 * Prints what could not be seen as notes on standard error, each once; for text only, and
 * not with -q.
 */
void session_tell_gaps(struct session *session);

/*
 * Closes the source. Returns @status, or STATUS_UNKNOWN when the recording or the output
 * could not be completed, when what was seen is incomplete, or when there is any gap
 * with --strict. @out may be NULL.
 */
enum status session_close(struct session *session, struct out *out, enum status status);

/* Flushes @out. Returns @status, or STATUS_UNKNOWN after printing why that failed. */
enum status session_flush(struct out *out, enum status status);

/* Finds colour, width and character set from options, environment and terminal. */
void session_style(struct style *style, const struct options *options);

/* Reads every --warn and --crit. */
int session_thresholds(const struct options *options, struct thresholds *thresholds,
		       struct fault *fault);

/* Adds an id to a set; 0 stands for none and is not added. */
static inline void session_want(struct map *ids, uint64_t id)
{
	if (id)
		map_slot(ids, id, NULL);
}

/*
 * Adds the ids by which the cgroup of a socket is found to a set: @own, which the kernel
 * tells of it (0: nothing), and that of its holder (an index, or -1).
 */
void session_want_home(struct map *ids, const struct snapshot *seen, uint64_t own,
		       int32_t process);

/*
 * The index of a device in the namespace, by its name. Returns 0 after printing that
 * there is none.
 */
uint32_t session_device(struct session *session, const char *name);
/* The same without printing. */
uint32_t session_link(const struct snapshot *seen, const char *name);

/*
 * Collects the names in an answer: the holders of these inodes, then the cgroups of all
 * sockets and processes seen.
 */
void session_name(struct session *session, const struct map *inodes);

/*
 * Adds the gap about @count sockets whose owners were looked for and not seen, unless
 * another gap says why.
 */
void session_note_unheld(struct snapshot *seen, uint64_t count);

/*
 * Collects owners and cgroup paths of all sockets as @need (enum need) asks; with -T
 * threads, too.
 */
void session_owners(struct session *session, unsigned need);

/* Collects the paths of cgroups, @ids NULL: of all, and names those of pods. */
void session_cgroups(struct session *session, const struct map *ids);

/* The question about TCP sockets that the options ask. */
struct collect_ask session_ask(const struct options *options, uint32_t states, unsigned need);

#endif
