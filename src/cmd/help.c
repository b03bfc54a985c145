/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cmd.h"

#include "base/out.h"
#include "base/wrap.h"
#include "cmd/session.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { HELP_WIDTH = 80, PROGRAM_EXAMPLES = 3 };  /* of each command */

static struct out out;

static void put_pair(const char *left, size_t left_size, const char *right, size_t column)
{
	out_str(&out, "  ");
	out_put(&out, left, left_size);
	out_pad(&out, ' ', left_size < column ? column - left_size : 2);
	column = left_size < column ? column : left_size + 2;
	wrap_put(&out, right, column + 2, column + 2, HELP_WIDTH);
}

/* At most @most of them. */
static void put_examples(const char *examples, unsigned most)
{
	while (*examples && most--) {
		size_t left = strcspn(examples, "\t"), line = strcspn(examples, "\n");
		char right[256];

		snprintf(right, sizeof(right), "%.*s", (int)(line - left - 1), examples + left + 1);
		put_pair(examples, left, right, 52);
		examples += line + 1;
	}
}

static void put_option(const struct option_row *row)
{
	bool maybe = row->kind == OPTION_MAYBE;
	char left[96], letter[] = "-x, ";
	int size;

	letter[1] = row->letter;
	size = snprintf(left, sizeof(left), "%s--%s%s%s%s", row->letter ? letter : "    ", row->name,
			maybe ? "[=" : row->argument ? " " : "", row->argument ? row->argument : "",
			maybe ? "]" : "");
	put_pair(left, (size_t)size, row->help, 34);
}

static void put_section(const struct command *command, enum option_section section)
{
	static const char *const titles[SECTION_COUNT] = {
		[SECTION_SOCKETS] = "Which sockets",
		[SECTION_SHOWN] = "What of each socket",
		[SECTION_ORDER] = "Order and counts",
		[SECTION_FORM] = "Form of the output",
		[SECTION_PLACE] = "Where to look",
		[SECTION_PROGRAM] = "What the program does",
		[SECTION_LIMITS] = "Thresholds",
		[SECTION_DEED] = "More than a look",
		[SECTION_UNSERVED] = "Options of ss that are not served, with the reason",
		[SECTION_HELP] = "Help",
	};
	bool titled = false;

	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *row = &option_table[i];

		if (row->section != section || !(row->commands & command->bit))
			continue;
		if (!titled)
			out_f(&out, "\n%s:\n", titles[section]);
		titled = true;
		put_option(row);
	}
}

static void put_command(const struct command *command)
{
	out_f(&out, "%s: ", command->name);
	wrap_put(&out, command->help, strlen(command->name) + 2, 2, HELP_WIDTH);
	out_char(&out, '\n');
	put_examples(command->examples, UINT_MAX);
	out_f(&out, "\nUsage: sockvet %s %s\n", command->name, command->usage);
	for (int section = 0; section < SECTION_COUNT; section++)
		put_section(command, (enum option_section)section);
}

static void put_program(void)
{
	out_str(&out, "sockvet judges the TCP sockets of this machine.\n\n");
	for (size_t i = 0; i < command_count; i++)
		put_examples(command_table[i].examples, PROGRAM_EXAMPLES);
	out_str(&out, "\nUsage: sockvet [COMMAND] [OPTIONS] [...]\n");
	for (size_t i = 0; i < command_count; i++)
		put_pair(command_table[i].name, strlen(command_table[i].name),
			 command_table[i].help, 10);
	out_str(&out, "\nOptions: 'sockvet COMMAND --help'.\n"
		"Status: 0 no finding, 1 warning, 2 critical, 3 could not be determined.\n");
}

enum status help_print(const struct command *command)
{
	out_init(&out, 1);
	if (command)
		put_command(command);
	else
		put_program();
	return session_flush(&out, STATUS_OK);
}

enum status version_print(void)
{
	out_init(&out, 1);
	out_str(&out, "sockvet " SOCKVET_VERSION "\n"
		"Licence GPL-2.0-or-later: free software, you may change and share it.\n"
		"There is no warranty, as far as the law permits.\n");
	return session_flush(&out, STATUS_OK);
}
