/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/judge.h"

#include "base/grow.h"
#include "base/number.h"

#include <stdlib.h>
#include <string.h>

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
	threshold->least = *comma ? count : threshold->least;
	return THRESHOLD_TAKEN;
}
