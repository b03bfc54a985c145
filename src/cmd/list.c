/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/session.h"

#include <errno.h>
#include <stdio.h>

static struct out out;

static uint32_t default_states(const struct options *options)
{
	if (options->all)
		return STATE_ALL;
	if (options->listening)
		return STATE_BIT(STATE_LISTEN) | STATE_BIT(STATE_CLOSE);
	return STATE_SHOWN;
}

static unsigned all_needs(const struct session *session, const struct columns *columns)
{
	unsigned need = columns_need(columns, &session->style);

	/* Ages, openers and cgroup paths are members of every JSON socket. */
	if (session->style.format != FORMAT_TEXT)
		need |= NEED_FLOW | NEED_CGROUP | NEED_LINKS;
	if (session->style.with_process)
		need |= NEED_HOLDERS;
	return need;
}

/* Owners and paths first: rows are printed while they come. */
static int prepare(struct session *session, unsigned need)
{
	int err = 0;

	if (need & NEED_HOLDERS)
		err = collect_holders(session->collect, &session->seen, NULL, &session->fault);
	if (!err && (need & NEED_CGROUP))
		err = collect_cgroups(session->collect, &session->seen, NULL, &session->fault);
	return err;
}

static int take_row(void *ctx, const struct sock *sock)
{
	return listing_row(ctx, sock);
}

static enum status stream(struct session *session, const struct columns *columns,
			  uint32_t states)
{
	unsigned need = all_needs(session, columns);
	struct collect_ask ask = session_ask(session->options, states, need);
	struct listing *listing;
	int err;

	if (prepare(session, need) < 0)
		return cmd_fail(&session->fault);
	out_init(&out, 1);
	listing = listing_begin(&out, &session->style, columns, &session->seen);
	err = collect_socks(session->collect, &ask,
			    (struct sink){ .take = take_row, .ctx = listing },
			    &session->seen, &session->fault);
	if (err && !out.err)
		session->seen.socks_complete = false;
	listing_end(listing);
	if (err && !out.err)
		return cmd_fail(&session->fault);
	return STATUS_OK;
}

/* As netstat does: a blank owner must not be taken for "nobody". */
static void tell_gaps(struct session *session)
{
	if (session->style.format != FORMAT_TEXT || session->style.quiet)
		return;
	for (size_t i = 0; i < session->seen.gaps.count; i++)
		fprintf(stderr, "sockvet: note: %s\n", session->seen.gaps.at[i].text);
	session->told = session->seen.gaps.count > 0;
}

enum status list_run(const struct options *options)
{
	uint32_t states = default_states(options);
	struct columns columns;
	struct session session;
	struct style style;
	struct fault fault;
	enum status status;

	session_style(&style, options);
	if (session_states(options, &states, &fault) < 0 ||
	    columns_choose(&columns, options->columns, &style, states, &fault) < 0)
		return cmd_fail(&fault);
	if (session_open(&session, options) < 0)
		return STATUS_UNKNOWN;
	status = stream(&session, &columns, states);
	tell_gaps(&session);
	return session_close(&session, &out, status);
}
