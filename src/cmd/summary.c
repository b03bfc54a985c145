/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/session.h"

static struct out out;

static int count_state(void *ctx, const struct sock *sock)
{
	struct tcp_states *states = ctx;

	states->total++;
	states->of[sock->state]++;
	return 0;
}

/* As ss: what names a table or filters, and also -C, lists its rows below the summary. */
bool summary_is_all(const struct options *options)
{
	bool tables = options->tcp || options->udp || options->raw || options->unix_sockets ||
		      options->packet || options->mptcp || options->family || options->query.count ||
		      options->ipv4 || options->ipv6;

	return format_is_json(options->format) ||
	       !(tables || options->words_count || options->filter_file || options->columns);
}

static enum status summarize(struct session *session)
{
	static bool told;       /* once, not in each round of -c */
	struct tcp_states states = { 0 };
	struct collect_ask ask = {
		.states = STATE_ALL, .ipv4 = true, .ipv6 = true, .protocol = PROTOCOL_TCP,
	};

	if (collect_socks(session->collect, &ask,
			  (struct sink){ .take = count_state, .ctx = &states },
			  &session->seen, &session->fault) < 0)
		return cmd_fail(&session->fault);
	print_summary(&out, &session->style, &session->seen, &states);
	if (!told)
		session_tell_gaps(session);
	told = true;
	return STATUS_OK;
}

enum status summary_run(const struct options *options)
{
	struct session session;

	if (session_open(&session, options) < 0)
		return STATUS_UNKNOWN;
	out_init(&out, 1);
	return session_close(&session, &out, summarize(&session));
}
