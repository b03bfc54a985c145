/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/reconcile.h"

#include "collect/sysctls.h"

#include <inttypes.h>

/* Connections come and go during a listing, so this many may be missing without a gap. */
enum { SLACK = 64, SLACK_SHARE = 16 };

static const uint32_t counted = STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSE_WAIT);

static int take(void *ctx, const struct sock *sock)
{
	struct reconcile *reconcile = ctx;

	reconcile->connections += (STATE_BIT(sock->state) & counted) != 0;
	return reconcile->sink.take(reconcile->sink.ctx, sock);
}

static bool lists_all(const struct collect_ask *ask)
{
	return (!ask->protocol || ask->protocol == PROTOCOL_TCP) &&
	       (ask->states & counted) == counted && ask->ipv4 && ask->ipv6 && !ask->filter &&
	       !ask->port_high && !ask->explicit_port;
}

struct sink reconcile_begin(struct reconcile *reconcile, const struct collect_ask *ask,
			    struct sink sink, const struct snapshot *seen)
{
	*reconcile = (struct reconcile){ .sink = sink };
	reconcile->is_possible = lists_all(ask) && seen->limits.counter[COUNTER_CURR_ESTAB].is;
	return reconcile->is_possible ? (struct sink){ .take = take, .ctx = reconcile } : sink;
}

static bool is_short(const struct reconcile *reconcile, int64_t count)
{
	return count > 0 && count < INT32_MAX &&
	       reconcile->connections + SLACK + (uint64_t)count / SLACK_SHARE < (uint64_t)count;
}

void reconcile_end(const struct reconcile *reconcile, struct recorder *recorder,
		   struct snapshot *seen)
{
	const struct known *before = &seen->limits.counter[COUNTER_CURR_ESTAB];
	struct known now;

	if (!reconcile->is_possible || recorder_replays(recorder) || !is_short(reconcile,
									       before->value))
		return;
	now = counter_again(COUNTER_CURR_ESTAB);
	if (now.is && is_short(reconcile, now.value))
		recorder_gap(recorder, seen, GAP_DUMP, (uint64_t)now.value - reconcile->connections,
			     "the kernel counts %" PRId64 " connection%s and its listing has %" PRIu64
			     "; sockets are missing, try again", now.value, now.value == 1 ? "" : "s",
			     reconcile->connections);
}
