/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tables of the program as lines with tabs, the name first. Completions, the man
 * page test and people read them.
 */
#include "cmd/session.h"
#include "judge/judge.h"
#include "value/column.h"
#include "value/filter.h"
#include "words/words.h"

#include <errno.h>
#include <string.h>

static struct out out;

static void put_commands(void)
{
	for (size_t i = 0; i < command_count; i++)
		out_f(&out, "%s\t%s\n", command_table[i].name, command_table[i].help);
}

static void put_takers(unsigned commands)
{
	const char *comma = "";

	for (size_t i = 0; i < command_count; i++)
		if (commands & command_table[i].bit) {
			out_f(&out, "%s%s", comma, command_table[i].name);
			comma = ",";
		}
}

static void put_options(void)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *row = &option_table[i];

		out_f(&out, "--%s\t", row->name);
		if (row->letter)
			out_f(&out, "-%c", row->letter);
		out_f(&out, "\t%s\t", row->argument ? row->argument : "");
		put_takers(row->commands);
		out_f(&out, "\t%s\n", row->help);
	}
}

static void put_columns(void)
{
	for (size_t i = 0; i < columns_count(); i++)
		out_f(&out, "%s\t%s\n", column_at(i)->name, column_at(i)->help);
}

static void put_findings(void)
{
	for (size_t i = 0; i < rules_count; i++) {
		const struct rule *rule = &rules[i];
		const struct finding_words *words = finding_words(rule->id);
		char warn[32], crit[32];

		cmd_threshold(warn, sizeof(warn), rule->measure, rule->usual.warn);
		cmd_threshold(crit, sizeof(crit), rule->measure, rule->usual.crit);
		out_f(&out, "%s\t%s\t%s=%s\tcrit=%s\tcount=%llu\t%s\n", rule->id, words->title,
		      rule->usual.notice ? "notice" : "warn", warn, crit, (unsigned long long)rule->usual.least, words->about);
	}
}

static void put_states(void)
{
	for (int i = 1; i < STATE_COUNT; i++)
		out_f(&out, "%s\t%s\t%s\t%s\n", state_table[i].filter, state_table[i].name,
		      turn_name(state_table[i].turn), state_table[i].meaning);
}

static void put_formats(void)
{
	for (int i = 0; i < FORMAT_COUNT; i++)
		out_f(&out, "%s\t%s\n", format_table[i].name, format_table[i].help);
}

/* Prints what `explain` takes. */
static void put_topics(void)
{
	for (size_t i = 0; i < terms_count; i++)
		out_f(&out, "%s\t%s\n", terms[i].name, terms[i].what);
	for (size_t i = 0; i < rules_count; i++)
		out_f(&out, "%s\t%s\n", rules[i].id, finding_words(rules[i].id)->title);
}

/* Prints what may begin a condition: word, operators, value, meaning. */
static void put_filters(void)
{
	static const char *const takes[] = {
		[FILTER_OPS_NONE] = "", [FILTER_OPS_EQUAL] = "= !=",
		[FILTER_OPS_ORDER] = "= != > < >= <=",
	};
	struct filter_row row;

	out_f(&out, "state\t\tthe name of a state\tonly this state; may come again\n"
		    "exclude\t\tthe name of a state\tall states but this; may come again\n"
		    "not\t\t\tthe opposite of what follows\n");
	for (size_t i = 0; filter_row_at(i, &row); i++)
		out_f(&out, "%s\t%s\t%s\t%s\n", row.name, takes[row.ops], row.value, row.meaning);
}

static const struct { const char *name; void (*put)(void); } tables[] = {
	{ "commands", put_commands }, { "options", put_options },
	{ "columns", put_columns },   { "findings", put_findings },
	{ "states", put_states },     { "formats", put_formats },
	{ "topics", put_topics },     { "filters", put_filters },
};

enum status tables_run(const struct options *options)
{
	size_t count = sizeof(tables) / sizeof(*tables);

	out_init(&out, 1);
	if (options->words_count == 0) {
		for (size_t i = 0; i < count; i++)
			out_f(&out, "%s\n", tables[i].name);
		return session_flush(&out, STATUS_OK);
	}
	for (size_t i = 0; i < count; i++)
		if (options->words_count == 1 && strcmp(tables[i].name, options->words[0]) == 0) {
			tables[i].put();
			return session_flush(&out, STATUS_OK);
		}
	return cmd_fail(&(struct fault){ .err = EINVAL, .text =
		"tables takes one of: commands options columns findings states formats topics filters" });
}
