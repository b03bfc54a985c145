/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/weigh.h"

#include "model/need.h"

#include <string.h>

/*
 * THE rule table, in the order in which findings of equal severity appear.
 *
 * To add a rule: a row here, its sentences as a row of words/findings.c, and a file
 * beside this one that opens with its theory and has the functions that the row names
 * (declared in weigh.h). `check`, `explain`, `tables`, --warn and --crit, completion and the
 * man page test read the rows. Most rules are about sockets that are alike: a row says
 * which (.states, .picks), what is to be known of them (.need), which belong together
 * (.key), and its file has the facts. What is listed follows from the rows. The usual
 * thresholds must be silent on a healthy busy machine: an age, a share of a
 * limit or a number for one subject, never a number for the whole host.
 */
const struct rule rules[] = {
	{
		.id      = "close-wait-leak",
		.measure = MEASURE_AGE,
		.usual   = { 60e3, 600e3, 5 },
		.states  = STATE_BIT(STATE_CLOSE_WAIT),
		.beside  = STATE_BIT(STATE_LISTEN),
		.need    = NEED_FLOW,
		.picks   = picks_close_wait,
		.needs_diag = true,
		.weigh   = weigh_close_wait,
	}, {
		.id      = "accept-stalled",
		.measure = MEASURE_AGE,
		.usual   = { 10e3, 60e3, 1 },
		.states  = STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSE_WAIT),
		.beside  = STATE_BIT(STATE_LISTEN),
		.need    = NEED_FLOW,
		.picks   = picks_accept_stalled,
		.needs_diag = true,
		.key     = KEY_LISTENER,
		.age_ms  = age_ms_accept_stalled,
		.facts   = facts_accept_stalled,
	}, {
		.id      = "accept-queue-full",
		.measure = MEASURE_PERCENT,
		.usual   = { 100, 101, 1 },
		.states  = STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSE_WAIT) |
			   STATE_BIT(STATE_LISTEN) | STATE_BIT(STATE_SYN_RECV),
		.need    = NEED_FLOW,
		.picks   = picks_accept_queue,
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
		.states  = STATE_BIT(STATE_FIN_WAIT_2),
		.beside  = STATE_BIT(STATE_CLOSE_WAIT) | STATE_BIT(STATE_LISTEN),
		.need    = NEED_FLOW,
		.picks   = picks_fin_wait_2_held,
		.needs_diag = true,
		.names_peers = true,
		.key     = KEY_SERVICE,
		.age_ms  = age_ms_fin_wait_2_held,
		.facts   = facts_fin_wait_2_held,
	}, {
		.id      = "fin-wait-2-orphans",
		.measure = MEASURE_COUNT,
		.usual   = { 1000, 10000, 1 },
		.states  = STATE_BIT(STATE_FIN_WAIT_2),
		.need    = NEED_FLOW,
		.picks   = picks_fin_wait_2_orphans,
		.key     = KEY_PEER,
		.facts   = facts_fin_wait_2_orphans,
	}, {
		.id      = "last-ack-stuck",
		.measure = MEASURE_AGE,
		.usual   = { 30e3, 300e3, 10 },
		.states  = STATE_BIT(STATE_FIN_WAIT_1) | STATE_BIT(STATE_CLOSING) |
			   STATE_BIT(STATE_LAST_ACK),
		.need    = NEED_FLOW,
		.picks   = picks_last_ack,
		.needs_diag = true,
		.key     = KEY_PEER,
		.facts   = facts_last_ack,
	}, {
		.id      = "syn-sent-stuck",
		.measure = MEASURE_AGE,
		.usual   = { 5e3, 60e3, 3 },
		.states  = STATE_BIT(STATE_SYN_SENT),
		.need    = NEED_FLOW,
		.needs_diag = true,
		.key     = KEY_DESTINATION,
		.facts   = facts_syn_sent,
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
		.states  = STATE_BIT(STATE_BOUND),
		.beside  = STATE_BIT(STATE_LISTEN),
		.picks   = picks_bound_unused,
		.needs_diag = true,
		.needs_bound = true,
		.key     = KEY_SERVICE,
		.facts   = facts_bound_unused,
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
