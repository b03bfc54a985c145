/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"
#include "base/wrap.h"
#include "cmd/guide.h"
#include "cmd/session.h"
#include "judge/judge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH  12
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

static void put_part(const char *label, const char *text)
{
	if (!text || !*text)
		return;
	out_f(&out, "\n  %s", label);
	out_pad(&out, ' ', LABEL_WIDTH - strlen(label));
	wrap_put(&out, text, LABEL_WIDTH + 2, LABEL_WIDTH + 2, prose_width());
}

static void put_page(const struct guide_page *page)
{
	put_title(page->name);
	put_part("What", page->what);
	put_part("Whose turn", page->turn);
	put_part("How long", page->lasts);
	put_part("Why", page->causes);
	put_part("What helps", page->cure);
	put_part("What not", page->avoid);
	put_part("Look", page->look);
}

static void put_rule(const struct rule *rule)
{
	char warn[32], crit[32], line[256];

	cmd_threshold(warn, sizeof(warn), rule->measure, rule->usual.warn);
	cmd_threshold(crit, sizeof(crit), rule->measure, rule->usual.crit);
	snprintf(line, sizeof(line), "warning from %s, critical from %s, at least %llu of them; "
		 "--warn and --crit %s=VALUE[,count=N] change it", warn, crit,
		 (unsigned long long)rule->usual.least, rule->id);
	put_title(rule->id);
	put_part("What", rule->title);
	put_part("About", rule->subject);
	put_part("Why", rule->why);
	put_part("What helps", rule->remedy);
	put_part("What not", rule->avoid);
	put_part("From when", line);
}

static void put_index_line(const char *name, const char *text)
{
	char sentence[256];
	const char *end = strstr(text, ". ");

	/* The first sentence is enough for an index. */
	snprintf(sentence, sizeof(sentence), "%.*s",
		 end ? (int)(end - text + 1) : (int)strlen(text), text);
	out_f(&out, "  %s", name);
	out_pad(&out, ' ', strlen(name) < NAME_WIDTH ? NAME_WIDTH - strlen(name) : 1);
	wrap_put(&out, sentence, NAME_WIDTH + 2, NAME_WIDTH + 2, prose_width());
}

static void put_index(void)
{
	put_title("States and errors");
	for (size_t i = 0; i < guide_count; i++)
		put_index_line(guide_table[i].name, guide_table[i].what);
	out_char(&out, '\n');
	put_title("Findings");
	for (size_t i = 0; i < rules_count; i++)
		put_index_line(rules[i].id, rules[i].title);
}

static bool put_topic(const char *word)
{
	const struct guide_page *page = guide_by_name(word);
	const struct rule *rule = rule_by_id(word);

	if (page)
		put_page(page);
	else if (rule)
		put_rule(rule);
	return page || rule;
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
			fault_set(&fault, EINVAL, "nothing is known about '%s'; 'sockvet explain' "
				  "lists the states, findings and errors", QUOTE(options->words[i]));
			return cmd_fail(&fault);
		}
	}
	return session_flush(&out, STATUS_OK);
}
