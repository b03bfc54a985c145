/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/weigh.h"

#include "model/need.h"

#include <string.h>

/*
 * THE rule table, in the order in which findings of equal severity appear.
 *
 * To add a rule: a file here that opens with its theory and has one function,
 * that function's name in weigh.h, a row here, and its sentences as a row of
 * words/findings.c. `check`, `explain`, `tables`, --warn and --crit, completion
 * and the man page test read the rows. The row here tells what is to be listed for
 * it: a rule about a state that most sockets are in has a second function, which
 * picks those of them that can matter. The usual
 * thresholds must be silent on a healthy busy machine: an age, a share of a
 * limit or a number for one subject, never a number for the whole host.
 */
const struct rule rules[] = {
	{
		.id      = "close-wait-leak",
		.measure = MEASURE_AGE,
		.usual   = { 60e3, 600e3, 5 },
		.states  = STATE_BIT(STATE_CLOSE_WAIT) | STATE_BIT(STATE_LISTEN),
		.need    = NEED_FLOW,
		.picks   = picks_close_wait,
		.needs_diag = true,
		.weigh   = weigh_close_wait,
	}, {
		.id      = "accept-stalled",
		.measure = MEASURE_AGE,
		.usual   = { 10e3, 60e3, 1 },
		.states  = STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSE_WAIT) |
			   STATE_BIT(STATE_LISTEN),
		.need    = NEED_FLOW,
		.picks   = picks_accept,
		.needs_diag = true,
		.weigh   = weigh_accept_stalled,
	}, {
		.id      = "accept-queue-full",
		.measure = MEASURE_PERCENT,
		.usual   = { 100, 101, 1 },
		.states  = STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSE_WAIT) |
			   STATE_BIT(STATE_LISTEN) | STATE_BIT(STATE_SYN_RECV),
		.need    = NEED_FLOW,
		.picks   = picks_accept,
		.needs_diag = true,
		.weigh   = weigh_accept_queue,
	}, {
		.id      = "port-exhaustion",
		.measure = MEASURE_PERCENT,
		.usual   = { 80, 95, 1 },
		.states  = STATE_ALL & ~STATE_BIT(STATE_SYN_RECV),
		.need    = NEED_FLOW,
		.is_short = is_short_port_exhaustion,
		.weigh   = weigh_port_exhaustion,
	}, {
		.id      = "time-wait-overflow",
		.measure = MEASURE_PERCENT,
		.usual   = { 80, 95, 1 },
		.states  = STATE_BIT(STATE_TIME_WAIT) | STATE_BIT(STATE_FIN_WAIT_2),
		.picks   = picks_time_wait,
		.weigh   = weigh_time_wait,
	}, {
		.id      = "fin-wait-2-held",
		.measure = MEASURE_AGE,
		.usual   = { 300e3, 3600e3, 3 },
		.states  = STATE_BIT(STATE_FIN_WAIT_2) | STATE_BIT(STATE_CLOSE_WAIT) |
			   STATE_BIT(STATE_LISTEN),
		.need    = NEED_FLOW,
		.picks   = picks_fin_wait_2_held,
		.needs_diag = true,
		.names_peers = true,
		.weigh   = weigh_fin_wait_2_held,
	}, {
		.id      = "fin-wait-2-orphans",
		.measure = MEASURE_COUNT,
		.usual   = { 1000, 10000, 1 },
		.states  = STATE_BIT(STATE_FIN_WAIT_2),
		.need    = NEED_FLOW,
		.picks   = picks_fin_wait_2_orphans,
		.weigh   = weigh_fin_wait_2_orphans,
	}, {
		.id      = "last-ack-stuck",
		.measure = MEASURE_AGE,
		.usual   = { 30e3, 300e3, 10 },
		.states  = STATE_BIT(STATE_FIN_WAIT_1) | STATE_BIT(STATE_CLOSING) |
			   STATE_BIT(STATE_LAST_ACK),
		.need    = NEED_FLOW,
		.picks   = picks_last_ack,
		.needs_diag = true,
		.weigh   = weigh_last_ack,
	}, {
		.id      = "syn-sent-stuck",
		.measure = MEASURE_AGE,
		.usual   = { 5e3, 60e3, 3 },
		.states  = STATE_BIT(STATE_SYN_SENT),
		.need    = NEED_FLOW,
		.picks   = picks_syn_sent,
		.needs_diag = true,
		.weigh   = weigh_syn_sent,
	}, {
		.id      = "fd-exhaustion",
		.measure = MEASURE_PERCENT,
		.usual   = { 80, 95, 20 },
		.counts_sockets = true,
		.weigh   = weigh_descriptors,
	}, {
		.id      = "orphan-pressure",
		.measure = MEASURE_PERCENT,
		.usual   = { 80, 95, 1 },
		.weigh   = weigh_pressure,
	}, {
		.id      = "ephemeral-listener",
		.measure = MEASURE_COUNT,
		.usual   = { 1, THRESHOLD_NEVER, 1 },
		.states  = STATE_BIT(STATE_LISTEN),
		.weigh   = weigh_ephemeral_listener,
	}, {
		.id      = "bound-unused",
		.measure = MEASURE_AGE,
		.usual   = { 0, THRESHOLD_NEVER, 100 },
		.states  = STATE_BIT(STATE_BOUND) | STATE_BIT(STATE_LISTEN),
		.needs_diag = true,
		.needs_bound = true,
		.weigh   = weigh_bound_unused,
	}, {
		.id      = "connect-search-cliff",
		.measure = MEASURE_PERCENT,
		.usual   = { 50, THRESHOLD_NEVER, 1 },
		.states  = STATE_ALL & ~STATE_BIT(STATE_SYN_RECV),
		.need    = NEED_FLOW,
		.is_short = is_short_search_cliff,
		.weigh   = weigh_search_cliff,
	},
};

const size_t rules_count = sizeof(rules) / sizeof(*rules);

const struct rule *rule_by_id(const char *id)
{
	for (size_t i = 0; i < rules_count; i++)
		if (strcmp(rules[i].id, id) == 0)
			return &rules[i];
	return NULL;
}
