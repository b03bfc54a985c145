/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"
#include "base/wrap.h"
#include "cmd/session.h"
#include "judge/judge.h"
#include "words/words.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH  15
#define PROSE_WIDTH  80
#define NAME_WIDTH   22

static struct out out;
static struct style style;

static size_t prose_width(void)
{
	return style.width && style.width < PROSE_WIDTH ? style.width : PROSE_WIDTH;
}

static void put_title(const char *title)
{
	out_f(&out, style.colour ? "\033[1m%s\033[0m\n" : "%s\n", title);
}

/* Further lines of @text begin @hang columns to the right of its first line. */
static void put_labelled(const char *label, const char *text, unsigned hang)
{
	wrap_pair(&out, label, strlen(label), LABEL_WIDTH, text, hang, prose_width());
}

static void put_part(const char *label, const char *text)
{
	if (!text || !*text)
		return;
	out_char(&out, '\n');
	put_labelled(label, text, 0);
}

/* Prints what check says about a finding, without the parts that depend on the case. */
static void put_rows(const char *label, const struct words_row *rows)
{
	for (size_t i = 0; rows && rows[i].text; i++) {
		struct text text = { .at = NULL };

		text_addf(&text, "- ");
		fill(&text, rows[i].text, NULL);
		out_str(&out, i ? "" : "\n");
		put_labelled(i ? "" : label, text_str(&text), 2);
		text_fini(&text);
	}
}

static void put_page(const struct term *term)
{
	const struct finding_words *words = term->finding ? finding_words(term->finding) : NULL;

	put_title(term->name);
	put_part("Meaning", term->what);
	put_part("Whose move", term->turn);
	put_part("How long", term->lasts);
	put_part("Why", term->causes);
	put_part("What helps", term->cure);
	put_rows("What helps", words ? words->fix : NULL);
	put_part("What does not", term->avoid);
	put_rows("What does not", words ? words->avoid : NULL);
	put_part("See", term->look);
}

/* Adds "warning at 80% or more" or "never critical". */
static void add_threshold(struct text *text, const struct rule *rule, const char *what, double value)
{
	char number[32];

	cmd_threshold(number, sizeof(number), rule->measure, value);
	if (isinf(value))
		text_addf(text, "never %s", what);
	else
		text_addf(text, "%s at %s or more", what, number);
}

static void put_thresholds(const struct rule *rule)
{
	struct text text = { .at = NULL };

	add_threshold(&text, rule, rule->usual.notice ? "notice" : "warning", rule->usual.warn);
	text_addf(&text, ", ");
	add_threshold(&text, rule, "critical", rule->usual.crit);
	if (rule->usual.least > 1)
		text_addf(&text, ", for at least %llu of them",
			  (unsigned long long)rule->usual.least);
	text_addf(&text, "; --warn and --crit %s=VALUE[,count=N] change it", rule->id);
	put_part("Threshold", text_str(&text));
	text_fini(&text);
}

static void put_rule(const struct rule *rule)
{
	const struct finding_words *words = finding_words(rule->id);

	put_title(rule->id);
	put_part("Meaning", words->title);
	put_part("About", words->about);
	put_part("Why", words->why);
	put_rows("What helps", words->fix);
	put_rows("What does not", words->avoid);
	put_thresholds(rule);
}

static void put_index_line(const char *name, const char *text)
{
	char sentence[256];
	const char *end = strstr(text, ". ");

	/* an index shows the first sentence only */
	snprintf(sentence, sizeof(sentence), "%.*s",
		 end ? (int)(end - text + 1) : (int)strlen(text), text);
	wrap_pair(&out, name, strlen(name), NAME_WIDTH, sentence, 0, prose_width());
}

static void put_index(void)
{
	put_title("States and errors");
	for (size_t i = 0; i < terms_count; i++)
		put_index_line(terms[i].name, terms[i].what);
	out_char(&out, '\n');
	put_title("Findings");
	for (size_t i = 0; i < rules_count; i++)
		put_index_line(rules[i].id, finding_words(rules[i].id)->title);
}

static bool put_topic(const char *word)
{
	const struct term *term = term_by_name(word);
	const struct rule *rule = rule_by_id(word);

	if (term)
		put_page(term);
	else if (rule)
		put_rule(rule);
	return term || rule;
}

enum status explain_run(const struct options *options)
{
	struct fault fault;

	out_init(&out, 1);
	session_style(&style, options);
	if (options->words_count == 0)
		put_index();
	for (size_t i = 0; i < options->words_count; i++) {
		if (i)
			out_char(&out, '\n');
		if (!put_topic(options->words[i])) {
			fault_set(&fault, EINVAL, "'%s' is not a state, finding or errno; "
				  "'sockvet explain' lists them", QUOTE(options->words[i]));
			return cmd_fail(&fault);
		}
	}
	return session_flush(&out, STATUS_OK);
}
