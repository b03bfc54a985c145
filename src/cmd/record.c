/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/session.h"

#include "base/errline.h"
#include "base/grow.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

struct tally {
	uint64_t socks;
	struct sink keep;
	struct folded *folded;  /* inodes of all rows */
};

/*
 * Keeps only sockets that own a port for themselves: they are few, so their options can
 * be asked one by one. There may be a million others.
 */
static int count_row(void *ctx, const struct sock *sock)
{
	struct tally *tally = ctx;

	tally->socks++;
	if (sock->inode)
		ids_add(&tally->folded->inodes, sock->inode);
	if (sock->state != STATE_LISTEN && sock->state != STATE_BOUND)
		return 0;
	return tally->keep.take(tally->keep.ctx, sock);
}

/* Records what only `bind` and `connect` ask, about the sockets that were kept. */
static void record_ports(struct session *session, const struct collect_ask *ask)
{
	struct collect *collect = session->collect;
	struct snapshot *seen = &session->seen;
	struct fault unlisted = { 0 };

	collect_explicit(collect, ask, seen);
	/* a kernel without udp_diag has everything else */
	if (collect_chain(collect, 0, seen, &unlisted) < 0)
		snapshot_gap(seen, GAP_RECORDING, 1, "UDP sockets are not in the recording: %s",
			     unlisted.text);
	collect_flags(collect, seen);
}

/* Records everything that any command may ask of a recording. */
static int record_all(struct session *session, struct tally *tally)
{
	struct collect_ask ask = session_ask(session->options, STATE_ALL,
		NEED_FLOW | NEED_TCP_INFO | NEED_MEMORY | NEED_CONGESTION | NEED_TOS);
	struct collect *collect = session->collect;
	struct snapshot *seen = &session->seen;
	const struct map nobody = { 0 };
	int err;

	tally->keep = snapshot_sink(seen);
	tally->folded = seen->folded = grow_alloc(sizeof(*seen->folded));
	collect_descriptors(collect, seen);
	collect_holders(collect, seen, NULL);
	session_cgroups(session, NULL);
	err = collect_socks(collect, &ask, (struct sink){ .take = count_row, .ctx = tally }, seen,
			    &session->fault);
	if (err)
		return err;
	collect_dead(collect, seen, &nobody);
	record_ports(session, &ask);
	return 0;
}

/* Runs record --from OLD --redact NEW. */
static enum status redact_recording(const struct options *options)
{
	struct fault fault;

	if (collect_redact(options->from, options->words[0], &fault) < 0)
		return cmd_fail(&fault);
	if (!options->quiet)
		errline("%s with pseudonyms for addresses and names in %s",
			QUOTE(options->from), QUOTE(options->words[0]));
	return STATUS_OK;
}

static void tell(const char *name, uint64_t socks, size_t holders)
{
	errline("%llu socket%s, %zu holder%s recorded in %s", (unsigned long long)socks,
		socks == 1 ? "" : "s", holders, holders == 1 ? "" : "s", QUOTE(name));
}

enum status record_run(const struct options *options)
{
	struct options wanted = *options;
	struct session session;
	struct tally tally = { 0 };
	enum status status;
	size_t holders;

	if (options->words_count != 1)
		return cmd_fail(&(struct fault){ .err = EINVAL, .text =
			"record takes the name of one file to write" });
	if (options->from)
		return redact_recording(options);
	wanted.record = options->words[0];
	if (session_open(&session, &wanted) < 0)
		return STATUS_UNKNOWN;
	status = record_all(&session, &tally) < 0 ? cmd_fail(&session.fault) : STATUS_OK;
	holders = session.seen.holders.count;
	session.tells_gaps = true;
	status = session_close(&session, NULL, status);
	if (session.recorded && !options->quiet)
		tell(wanted.record, tally.socks, holders);
	return status;
}
