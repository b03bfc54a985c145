/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cmd.h"

#include "base/errline.h"
#include "base/out.h"
#include "base/wrap.h"
#include "cmd/session.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/*
 * To add a command: a file with its run function, a row here, a word in enum
 * command_bit. Dispatch, help, completions and the man page test read the row.
 */
const struct command command_table[] = {
	{ "check", FOR_CHECK, "[OPTIONS] [FILTER]",
	  "judge this machine's TCP sockets: summary and findings (the default)",
	  "sockvet\tjudge all TCP sockets of this machine\n"
	  "sockvet check -q || mail-somebody\tin cron: prints nothing when all is well\n"
	  "sockvet check --json | jq .findings\tfindings for a pipeline\n"
	  "sockvet check --warn close-wait-leak=5m,count=50\tset a threshold\n"
	  "sockvet check -N 4711\tlook into the network namespace of a process\n"
	  "sockvet check -G\tlook into every network namespace\n"
	  "sockvet check 'dport = :443'\tonly findings about these sockets\n",
	  check_run },
	{ "list", FOR_LIST, "[OPTIONS] [FILTER]",
	  "list sockets; understands the options of ss and netstat",
	  "sockvet -tanp\tevery TCP socket with its processes\n"
	  "sockvet list -tn -C +AGE,OPENER state close-wait\thow long, and which side connected\n"
	  "sockvet list -ta --json | jq '.sockets[].age_min_ms'\tages for a pipeline\n"
	  "sockvet list -t 'age > 5m and recvq > 0'\tin its state for 5 minutes, with unread data\n"
	  "sockvet list -ta --by process,state --top 5\tcounts, the biggest groups first\n"
	  "sockvet list -tlnp -G\tlisteners in every network namespace\n"
	  "sockvet list -E dport = :443\treport sockets as the kernel frees them\n"
	  "sockvet list -K finding close-wait-leak\tlist what --yes would close\n",
	  list_run },
	{ "bind", FOR_BIND, "[OPTIONS] [ADDR:]PORT | PATH | @NAME",
	  "would bind() and listen() work now; who has the port; when is it free",
	  "sockvet bind 8080\twould it work, and who has port 8080\n"
	  "sockvet bind 127.0.0.1:http --reuseaddr\tthe program sets SO_REUSEADDR\n"
	  "sockvet bind [::]:443 --uid 33 --json\tthe program runs as another user; for a script\n"
	  "sockvet bind 8080 --probe\task the kernel where a listing cannot tell\n"
	  "sockvet bind /run/x.sock\ta unix socket: live or stale\n",
	  bind_run },
	{ "connect", FOR_CONNECT, "[OPTIONS] [HOST:PORT]",
	  "how many more connect()s work before EADDRNOTAVAIL; what uses the ports",
	  "sockvet connect\tevery destination, the fullest first\n"
	  "sockvet connect 10.0.0.9:443\tone destination\n"
	  "sockvet connect 10.0.0.9:443 --probe\tthe exact number, without sending a packet\n"
	  "sockvet connect 10.0.0.9:443 --from-address 10.0.0.5\tfrom another source address\n",
	  connect_run },
	{ "explain", FOR_EXPLAIN, "[STATE|FINDING|ERRNO]",
	  "explain a state, a finding or an errno: meaning, cause and cure",
	  "sockvet explain CLOSE_WAIT\ta state, in any spelling\n"
	  "sockvet explain port-exhaustion\ta finding\n"
	  "sockvet explain EADDRINUSE\tan errno\n",
	  explain_run },
	{ "record", FOR_RECORD, "[OPTIONS] FILE",
	  "save everything that can be seen: kernel messages, owners, limits, counters",
	  "sockvet record incident.sockvet\tsave now, judge later\n"
	  "sockvet check --from incident.sockvet\tthe same judgement on any machine\n",
	  record_run },
	{ "tables", FOR_TABLES, "[WHAT]",
	  "print a table of the program: commands options columns findings states formats topics filters",
	  "sockvet tables findings\tids, thresholds, titles\n",
	  tables_run },
};
const size_t command_count = sizeof(command_table) / sizeof(*command_table);

const struct command *command_by_name(const char *name)
{
	for (size_t i = 0; i < command_count; i++)
		if (strcmp(command_table[i].name, name) == 0)
			return &command_table[i];
	return NULL;
}

const char *command_name(unsigned bit)
{
	for (size_t i = 0; i < command_count; i++)
		if (command_table[i].bit == bit)
			return command_table[i].name;
	return "sockvet";
}

void cmd_threshold(char *text, size_t size, enum measure measure, double value)
{
	static const char *const units[] = {
		[MEASURE_AGE] = "s", [MEASURE_PERCENT] = "%", [MEASURE_COUNT] = "",
	};

	if (isinf(value))
		snprintf(text, size, "never");
	else
		snprintf(text, size, "%g%s", measure == MEASURE_AGE ? value / 1000 : value,
			 units[measure]);
}

enum status cmd_fail(const struct fault *fault)
{
	errline("%s", fault->text);
	return STATUS_UNKNOWN;
}

/* -- --help and --version ------------------------------------------------- */

enum { HELP_WIDTH = 80, PROGRAM_EXAMPLES = 3 };  /* examples of each command */

static struct out out;

/* Prints at most @most of the examples. */
static void put_examples(const char *examples, unsigned most)
{
	while (*examples && most--) {
		size_t left = strcspn(examples, "\t"), line = strcspn(examples, "\n");
		char right[256];

		snprintf(right, sizeof(right), "%.*s", (int)(line - left - 1), examples + left + 1);
		wrap_pair(&out, examples, left, 52, right, 0, HELP_WIDTH);
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
	wrap_pair(&out, left, (size_t)size, 34, row->help, 0, HELP_WIDTH);
}

static void put_section(const struct command *command, enum option_section section)
{
	static const char *const titles[SECTION_COUNT] = {
		[SECTION_SOCKETS] = "Which sockets",
		[SECTION_SHOWN] = "What to show of each socket",
		[SECTION_ORDER] = "Order and counts",
		[SECTION_FORM] = "Output",
		[SECTION_PLACE] = "Where to look",
		[SECTION_PROGRAM] = "What your program does",
		[SECTION_LIMITS] = "Thresholds",
		[SECTION_ACTION] = "Actions",
		[SECTION_UNSERVED] = "Options of ss that are refused with a reason",
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
		wrap_pair(&out, command_table[i].name, strlen(command_table[i].name), 10,
			  command_table[i].help, 0, HELP_WIDTH);
	out_str(&out, "\n'sockvet COMMAND --help' explains the options of a command.\n"
		"Exit status: 0 no finding, 1 warning, 2 critical, 3 could not be determined.\n");
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
