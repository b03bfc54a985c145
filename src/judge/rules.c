/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/weigh.h"

#include "base/grow.h"
#include "base/number.h"
#include "model/need.h"

#include <stdlib.h>
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
 * limit or a number for one subject, never a number for the whole host. What needs no
 * action is a notice.
 */
/* The states in which data can wait to be sent. */
#define SENDING (STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSE_WAIT) | \
		 STATE_BIT(STATE_FIN_WAIT_1) | STATE_BIT(STATE_CLOSING) | STATE_BIT(STATE_LAST_ACK))

const struct rule rules[] = {
	{
		.id      = "close-wait-leak",
		.measure = MEASURE_AGE,
		.usual   = { 60e3, 600e3, 5, false },
		.states  = STATE_BIT(STATE_CLOSE_WAIT),
		.beside  = STATE_BIT(STATE_LISTEN),
		.need    = NEED_FLOW,
		.picks   = picks_close_wait,
		.settles = true,
		.needs_diag = true,
		.key     = KEY_SERVICE,
		.level   = level_close_wait,
		.facts   = facts_close_wait,
		.weigh   = weigh_close_wait,
	}, {
		.id      = "accept-stalled",
		.measure = MEASURE_AGE,
		.usual   = { 10e3, 60e3, 1, false },
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
		.usual   = { 100, 101, 1, false },
		.states  = STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSE_WAIT) |
			   STATE_BIT(STATE_LISTEN) | STATE_BIT(STATE_SYN_RECV),
		.need    = NEED_FLOW,
		.picks   = picks_accept_queue,
		.needs_diag = true,
		.weigh   = weigh_accept_queue,
	}, {
		.id      = "syn-queue-full",
		.measure = MEASURE_PERCENT,
		.usual   = { 90, THRESHOLD_NEVER, 1, false },
		.states  = STATE_BIT(STATE_SYN_RECV),
		.beside  = STATE_BIT(STATE_LISTEN),
		.needs_diag = true,
		.weigh   = weigh_syn_queue,
	}, {
		.id      = "port-exhaustion",
		.measure = MEASURE_PERCENT,
		.usual   = { 80, 95, 1, false },
		.states  = STATE_ALL & ~STATE_BIT(STATE_SYN_RECV),
		.need    = NEED_FLOW,
		.is_short = is_short_port_exhaustion,
		.weigh   = weigh_port_exhaustion,
	}, {
		.id      = "time-wait-overflow",
		.measure = MEASURE_PERCENT,
		.usual   = { 80, 95, 1, false },
		.states  = STATE_BIT(STATE_TIME_WAIT) | STATE_BIT(STATE_FIN_WAIT_2),
		.picks   = picks_time_wait,
		.weigh   = weigh_time_wait,
	}, {
		.id      = "fin-wait-2-held",
		.measure = MEASURE_AGE,
		.usual   = { 300e3, 3600e3, 3, false },
		.states  = STATE_BIT(STATE_FIN_WAIT_2),
		.beside  = STATE_BIT(STATE_CLOSE_WAIT) | STATE_BIT(STATE_LISTEN),
		.need    = NEED_FLOW,
		.picks   = picks_fin_wait_2_held,
		.settles = true,
		.needs_diag = true,
		.names_peers = true,
		.key     = KEY_SERVICE,
		.age_ms  = age_ms_fin_wait_2_held,
		.facts   = facts_fin_wait_2_held,
	}, {
		.id      = "fin-wait-2-orphans",
		.measure = MEASURE_COUNT,
		.usual   = { 1000, 10000, 1, false },
		.states  = STATE_BIT(STATE_FIN_WAIT_2),
		.need    = NEED_FLOW,
		.picks   = picks_fin_wait_2_orphans,
		.key     = KEY_PEER,
		.spread_percent = 25,
		.facts   = facts_fin_wait_2_orphans,
	}, {
		.id      = "last-ack-stuck",
		.measure = MEASURE_AGE,
		.usual   = { 30e3, 300e3, 10, false },
		.states  = STATE_BIT(STATE_FIN_WAIT_1) | STATE_BIT(STATE_CLOSING) |
			   STATE_BIT(STATE_LAST_ACK),
		.need    = NEED_FLOW,
		.picks   = picks_last_ack,
		.needs_diag = true,
		.key     = KEY_PEER,
		.spread_least = 20,
		.spread_percent = 5,
		.facts   = facts_last_ack,
	}, {
		.id      = "peer-silent",
		.measure = MEASURE_AGE,
		.usual   = { 5e3, 60e3, 3, false },
		.states  = SENDING,
		.beside  = STATE_BIT(STATE_LISTEN),
		.need    = NEED_FLOW,
		.picks   = picks_peer_silent,
		.yields_to = "close-wait-leak",
		.needs_diag = true,
		.key     = KEY_REMOTE,
		.spread_least = 10,
		.spread_percent = 5,
		.age_ms  = age_ms_peer_silent,
		.facts   = facts_peer_silent,
	}, {
		.id      = "peer-not-reading",
		.measure = MEASURE_AGE,
		.usual   = { 60e3, 600e3, 3, false },
		.states  = SENDING,
		.beside  = STATE_BIT(STATE_LISTEN),
		.need    = NEED_FLOW,
		.picks   = picks_peer_not_reading,
		.needs_diag = true,
		.names_peers = true,
		.key     = KEY_REMOTE,
		.spread_least = 10,
		.spread_percent = 5,
		.age_ms  = age_ms_peer_not_reading,
		.facts   = facts_peer_not_reading,
	}, {
		.id      = "not-reading",
		.measure = MEASURE_AGE,
		.usual   = { 60e3, 600e3, 3, false },
		.states  = STATE_BIT(STATE_ESTABLISHED),
		.beside  = STATE_BIT(STATE_LISTEN),
		.need    = NEED_FLOW,
		.picks   = picks_not_reading,
		.needs_diag = true,
		.looks_twice = true,
		.key     = KEY_SERVICE,
		.age_ms  = age_ms_not_reading,
		.facts   = facts_not_reading,
	}, {
		.id      = "syn-sent-stuck",
		.measure = MEASURE_AGE,
		.usual   = { 5e3, 60e3, 3, false },
		.states  = STATE_BIT(STATE_SYN_SENT),
		.need    = NEED_FLOW,
		.needs_diag = true,
		.key     = KEY_DESTINATION,
		.spread_least = 10,
		.spread_percent = 5,
		.facts   = facts_syn_sent,
	}, {
		.id      = "fd-exhaustion",
		.measure = MEASURE_PERCENT,
		.usual   = { 80, 95, 20, false },
		.counts_sockets = true,
		.looks_into = looks_into_descriptors,
		.weigh   = weigh_descriptors,
	}, {
		.id      = "dead-descriptors",
		.measure = MEASURE_COUNT,
		.usual   = { 25, THRESHOLD_NEVER, 1, false },
		.looks_into = looks_into_dead,
		.weigh   = weigh_dead,
	}, {
		.id      = "orphan-pressure",
		.measure = MEASURE_PERCENT,
		.usual   = { 80, 95, 1, false },
		.weigh   = weigh_pressure,
	}, {
		.id      = "conntrack-pressure",
		.measure = MEASURE_PERCENT,
		.usual   = { 80, 95, 1, false },
		.weigh   = weigh_conntrack,
	}, {
		.id      = "ephemeral-listener",
		.measure = MEASURE_COUNT,
		.usual   = { 1, THRESHOLD_NEVER, 1, true },
		.states  = STATE_BIT(STATE_LISTEN),
		.weigh   = weigh_ephemeral_listener,
	}, {
		.id      = "bound-unused",
		.measure = MEASURE_AGE,
		.usual   = { 0, THRESHOLD_NEVER, 100, false },
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
		.usual   = { 50, THRESHOLD_NEVER, 1, true },
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

/* ---- thresholds --------------------------------------------------------- */

struct thresholds {
	size_t count;                   /* entries of rules[]; each has a threshold */
	struct threshold at[];
};

struct unit { const char *name; double factor; };

static const struct unit age_units[] = {
	{ "", 1e3 }, { "ms", 1 }, { "s", 1e3 }, { "m", 60e3 }, { "min", 60e3 },
	{ "h", 3600e3 }, { "d", 86400e3 }, { .name = NULL },
};
static const struct unit percent_units[] = { { "", 1 }, { "%", 1 }, { .name = NULL } };
static const struct unit count_units[] = { { "", 1 }, { .name = NULL } };

static const struct {
	const struct unit *units;
	bool   fraction;
	double most;
	enum threshold_error error;
} measures[] = {
	[MEASURE_AGE] = { age_units, true, 100 * 365 * 86400e3, THRESHOLD_NO_AGE },
	[MEASURE_PERCENT] = { percent_units, true, 1000, THRESHOLD_NO_PERCENT },
	[MEASURE_COUNT] = { count_units, false, 1e15, THRESHOLD_NO_COUNT },
};

struct thresholds *thresholds_new(void)
{
	struct thresholds *thresholds =
		grow_alloc(sizeof(*thresholds) + rules_count * sizeof(struct threshold));

	thresholds->count = rules_count;
	for (size_t i = 0; i < thresholds->count; i++)
		thresholds->at[i] = rules[i].usual;
	return thresholds;
}

void thresholds_free(struct thresholds *thresholds)
{
	free(thresholds);
}

const struct threshold *thresholds_get(const struct thresholds *thresholds, const char *id)
{
	const struct rule *rule = rule_by_id(id);

	return rule ? &thresholds->at[rule - rules] : NULL;
}

static bool read_value(const char *at, size_t size, enum measure measure, double *value)
{
	const struct unit *unit = measures[measure].units;
	const char *rest = number_read(at, value, measures[measure].fraction);
	size_t left;

	if (!rest)
		return false;
	left = size - (size_t)(rest - at);
	while (unit->name && (strlen(unit->name) != left || memcmp(unit->name, rest, left) != 0))
		unit++;
	*value *= unit->factor;
	return unit->name && *value <= measures[measure].most;
}

/* Reads ",count=N" up to the end of the string. */
static bool read_count(const char *at, uint64_t *count)
{
	static const char name[] = ",count=";
	double value;
	const char *end;

	if (strncmp(at, name, sizeof(name) - 1) != 0)
		return false;
	end = number_read(at + sizeof(name) - 1, &value, false);
	if (!end || *end || value > measures[MEASURE_COUNT].most)
		return false;
	*count = (uint64_t)value;
	return true;
}

enum threshold_error thresholds_set(struct thresholds *thresholds, const char *spec, bool crit)
{
	const char *equals = strchr(spec, '='), *comma;
	const struct rule *rule = NULL;
	struct threshold *threshold;
	uint64_t count = 0;
	double value;

	for (size_t i = 0; i < rules_count && equals; i++)
		if (strlen(rules[i].id) == (size_t)(equals - spec) &&
		    memcmp(rules[i].id, spec, (size_t)(equals - spec)) == 0)
			rule = &rules[i];
	if (!rule)
		return THRESHOLD_NO_RULE;
	comma = strchrnul(equals, ',');
	if (!read_value(equals + 1, (size_t)(comma - equals - 1), rule->measure, &value))
		return measures[rule->measure].error;
	if (*comma && !read_count(comma, &count))
		return THRESHOLD_NO_LEAST;
	threshold = &thresholds->at[rule - rules];
	*(crit ? &threshold->crit : &threshold->warn) = value;
	threshold->notice &= crit;
	threshold->least = *comma ? count : threshold->least;
	return THRESHOLD_TAKEN;
}
