/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cmd.h"

#include "base/errline.h"

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
	  "sockvet\tjudge what is there now\n"
	  "sockvet check -q || mail-somebody\tin cron: silent when all is well\n"
	  "sockvet check --json | jq .findings\tfor a pipeline\n"
	  "sockvet check --warn close-wait-leak=5m,count=50\tother thresholds\n"
	  "sockvet check -N 4711\tthe namespace of a process\n"
	  "sockvet check -G\teach network namespace of this machine\n"
	  "sockvet check 'dport = :443'\tonly findings about these sockets\n",
	  check_run },
	{ "list", FOR_LIST, "[OPTIONS] [FILTER]",
	  "list sockets; takes the fingers of ss and netstat users",
	  "sockvet -tanp\tevery socket with its processes\n"
	  "sockvet list -tn -C +AGE,OPENER state close-wait\thow long, and who connected\n"
	  "sockvet list -ta --json | jq '.sockets[].age_min_ms'\teverything, for a pipeline\n"
	  "sockvet list -t 'age > 5m and recvq > 0'\tolder than that, and unread\n"
	  "sockvet list -ta --by process,state --top 5\tcounts, the biggest group first\n"
	  "sockvet list -tlnp -G\tlisteners in every network namespace\n"
	  "sockvet list -E dport = :443\tas the kernel frees them\n"
	  "sockvet list -K finding close-wait-leak\twhat it would close; with --yes it does\n",
	  list_run },
	{ "bind", FOR_BIND, "[OPTIONS] [ADDR:]PORT | PATH | @NAME",
	  "would bind() and listen() work here now; who is in the way; when is it free",
	  "sockvet bind 8080\twhat holds port 8080\n"
	  "sockvet bind 127.0.0.1:http --reuseaddr\twith that option\n"
	  "sockvet bind [::]:443 --uid 33 --json\tas another user, for a script\n"
	  "sockvet bind 8080 --probe\task the kernel where a listing cannot tell\n"
	  "sockvet bind /run/x.sock\ta unix path: live or stale\n",
	  bind_run },
	{ "connect", FOR_CONNECT, "[OPTIONS] [HOST:PORT]",
	  "how many more connect()s fit before EADDRNOTAVAIL; what uses the ports",
	  "sockvet connect\tevery destination, the fullest first\n"
	  "sockvet connect 10.0.0.9:443\tone of them\n"
	  "sockvet connect 10.0.0.9:443 --probe\tto the last port, without a packet\n"
	  "sockvet connect 10.0.0.9:443 --from-address 10.0.0.5\tanother source address\n",
	  connect_run },
	{ "explain", FOR_EXPLAIN, "[STATE|FINDING|ERRNO]",
	  "the field guide: what it means, why it happens, what fixes it",
	  "sockvet explain CLOSE_WAIT\ta state, in any spelling\n"
	  "sockvet explain port-exhaustion\ta finding\n"
	  "sockvet explain EADDRINUSE\tan error\n",
	  explain_run },
	{ "record", FOR_RECORD, "[OPTIONS] FILE",
	  "save everything seen: kernel messages, owners, limits, counters",
	  "sockvet record incident.sockvet\tto be looked at later\n"
	  "sockvet check --from incident.sockvet\tby the same rules, on any machine\n",
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
