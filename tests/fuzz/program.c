/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "program.h"

#include <string.h>

#define WORDS 80

static const struct command *choose(char **words, size_t count)
{
	const struct command *named = count ? command_by_name(words[0]) : NULL;

	if (named || !count || !options_is_listing(words[0]))
		return named ? named : &command_table[0];
	return command_by_name("list");
}

/* Reads the recording only, writes to standard output only, and comes to an end. */
static void make_harmless(struct options *options, const char *from)
{
	options->from = from;
	options->record = options->netns = options->diag = options->filter_file = NULL;
	options->repeat_ms = 0;
	options->all_netns = options->kill = options->events = options->probe = false;
	options->resolve = false;
	options->color = COLOR_NEVER;
}

static enum status run(const struct command *command, int argc, char **argv, const char *from,
		       struct program_end *end)
{
	struct options options;
	struct fault fault = { 0 };

	if (options_parse(&options, argc, argv, command->bit, &fault) < 0)
		return cmd_fail(&fault);
	if (options.help || options.version || command->bit == FOR_RECORD)
		return STATUS_OK;
	if (options_check(&options, command->bit, &fault) < 0)
		return cmd_fail(&fault);
	make_harmless(&options, from);
	end->ran = true;
	end->is_json = format_is_json(options.format);
	end->is_lines = options.format == FORMAT_JSONL;
	return command->run(&options);
}

struct program_end program_run(char **words, size_t count, const char *from)
{
	const struct command *command = choose(words, count);
	char name[] = "sockvet", *argv[WORDS + 2] = { name };
	size_t skip = count && command_by_name(words[0]) ? 1 : 0, argc = 1;
	struct program_end end = { .ran = false };

	while (skip < count && argc <= WORDS)
		argv[argc++] = words[skip++];
	fuzz_capture();
	end.status = run(command, (int)argc, argv, from, &end);
	end.captured = fuzz_captured();
	return end;
}

void program_end_fini(struct program_end *end)
{
	fuzz_captured_free(&end->captured);
}

void program_require_sane(const char *what, const struct program_end *end)
{
	const struct fuzz_captured *captured = &end->captured;

	fuzz_require((unsigned)end->status <= STATUS_UNKNOWN, "%s: status %d", what, (int)end->status);
	fuzz_require_safe(what, captured->err, captured->err_size);
	fuzz_require_safe(what, captured->out, captured->out_size);
	fuzz_require(end->status != STATUS_UNKNOWN || captured->err_size || captured->out_size,
		     "%s: status 3 without a word", what);
	fuzz_require(!captured->err_size || strncmp(captured->err, "sockvet: ", 9) == 0,
		     "%s: on stderr: %s", what, captured->err);
	if (end->ran && end->is_json && captured->out_size)
		fuzz_require_json(what, captured->out, captured->out_size, end->is_lines);
}
