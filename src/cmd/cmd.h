/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "cmd/options.h"
#include "judge/judge.h"

/*
 * The only room that prints errors. A command returns its exit status, after it printed
 * what went wrong.
 */
enum status {
	STATUS_OK = 0, STATUS_WARNING = 1, STATUS_CRITICAL = 2,
	STATUS_UNKNOWN = 3,     /* could not be determined, or not be written */
};

struct command {
	const char *name;
	enum command_bit bit;
	const char *usage;      /* what follows the name */
	const char *help;       /* one line */
	const char *examples;   /* lines "command<TAB>what it does" */
	enum status (*run)(const struct options *options);
};

/* THE command table; the first row is what plain `sockvet` does. */
extern const struct command command_table[];
extern const size_t command_count;

const struct command *command_by_name(const char *name);
const char *command_name(unsigned bit);

enum status check_run(const struct options *options);
enum status list_run(const struct options *options);
enum status kill_run(const struct options *options);    /* list -K */
enum status events_run(const struct options *options);  /* list -E */

enum status bind_run(const struct options *options);
enum status connect_run(const struct options *options);
enum status explain_run(const struct options *options);
enum status record_run(const struct options *options);
enum status tables_run(const struct options *options);

/* Prints examples first, then the options of @command; help about the program when NULL. */
enum status help_print(const struct command *command);
enum status version_print(void);

/* In privileges.c, for main(). */
/* Clears the environment when somebody else controls it; called before anything reads it. */
void privileges_distrust(void);

/*
 * Refuses with -EPERM when this program is set-user-id or has file capabilities and is
 * asked for more than a listing: it would read, write or quote a file with rights that
 * the caller does not have.
 */
int privileges_check(const struct command *command, const struct options *options,
		     struct fault *fault);

/* Gives up every privilege that this command line does not need, before anything is read. */
int privileges_limit(const struct command *command, const struct options *options,
		     struct fault *fault);

/* A threshold as people write it: "60s", "80%", "10", or "never". */
void cmd_threshold(char *text, size_t size, enum measure measure, double value);

/* Prints "sockvet: <sentence>" on standard error. Returns STATUS_UNKNOWN. */
enum status cmd_fail(const struct fault *fault);

#endif
