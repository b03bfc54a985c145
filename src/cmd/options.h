/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "base/fault.h"
#include "print/print.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The commands that take an option. */
enum command_bit {
	FOR_CHECK = 1 << 0, FOR_LIST = 1 << 1, FOR_EXPLAIN = 1 << 2,
	FOR_RECORD = 1 << 3, FOR_TABLES = 1 << 4, FOR_BIND = 1 << 5,
	FOR_CONNECT = 1 << 6,
};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

#define OPTION_MAX 96
#define SPECS_MAX 32
#define UID_OF_CALLER UINT32_MAX

/* A command line. Strings are borrowed from argv. */
struct options {
	bool ipv4, ipv6, ascii, quiet, verbose, strict, numeric, resolve;
	bool help, version;
	bool tcp, all, listening, processes, extended, timers, memory, info;
	bool no_header, oneline, tos, cgroup, sockopt;
	bool reuseaddr, reuseport, v6only, udp, probe, bind_first;
	bool raw, unix_sockets, packet, mptcp, sctp, dccp, tipc, vsock, xdp;
	bool exact;
	bool summary, threads, bpf, context, contexts, bound, no_queues, tipc_info;
	bool events, kill, yes, all_netns, wide, redact;
	const char *netns, *root, *from, *record, *columns, *device, *source;
	const char *family, *diag, *filter_file, *sort, *by;
	struct { const char *at[SPECS_MAX]; size_t count; } warn, crit, query;

	enum format format;     /* the last one given */
	unsigned formats;       /* every format given, one bit each */
	enum color color;
	uint64_t deadline_ms, repeat_ms;        /* 0: not given */
	uint64_t max;           /* 0: not given */
	uint64_t top;           /* UINT64_MAX: all */
	uint64_t uid;           /* UID_OF_CALLER: not given */
	char   **words;         /* the remaining words: a filter, topics, a file */
	size_t   words_count;
	bool     by_letter[OPTION_MAX]; /* the rows given by letter, for sentences */
	const struct option_row *bare;  /* the row that lacks its optional argument */
};

/* The sections of --help, in this order. */
enum option_section {
	SECTION_SOCKETS, SECTION_SHOWN, SECTION_ORDER, SECTION_FORM, SECTION_PLACE,
	SECTION_PROGRAM, SECTION_LIMITS, SECTION_ACTION, SECTION_UNSERVED, SECTION_HELP,
	SECTION_COUNT,
};

/* How an argument is read, and the type of the member at @offset. */
enum option_kind {
	OPTION_FLAG,            /* bool; no argument */
	OPTION_FORMAT,          /* enum format, set to @low; no argument */
	OPTION_COLOR,           /* enum color */
	OPTION_TEXT,            /* const char * */
	OPTION_LIST,            /* a list of at most SPECS_MAX */
	OPTION_NUMBER,          /* uint64_t */
	OPTION_SECONDS,         /* uint64_t in milliseconds, as are the limits */
	OPTION_MAYBE,           /* the same with an optional argument */
};

struct option_row {
	const char *name;       /* long name */
	char        letter;     /* short one, or 0 */
	const char *argument;   /* name of its argument, or NULL */
	unsigned    commands;   /* enum command_bit */
	enum option_section section;
	const char *help;
	enum option_kind kind;
	size_t      offset;     /* in struct options */
	uint64_t    low, high;  /* of a number */
	uint64_t    usual;      /* the value when the option is not given */
};

/* THE option table. */
extern const struct option_row option_table[];
extern const size_t option_count;

/**
 * options_parse - read a command line
 * @argv: argv[0] is the command's name; reordered as getopt does
 * @command: enum command_bit of the command; an option of another command is an error
 *           that names the command
 *
 * Returns 0 or -EINVAL with the sentence.
 */
int options_parse(struct options *options, int argc, char **argv,
		  enum command_bit command, struct fault *fault);

/* The row of @name, which must be in the table. */
const struct option_row *options_row(const char *name);

/* True when the option of that row was given. */
bool options_has(const struct options *options, const struct option_row *row);

/* In exclusions.c: returns -EINVAL with a sentence for options that exclude each other. */
int options_check(const struct options *options, enum command_bit command, struct fault *fault);

/* True when @word ("-tanp", "--listening") holds an option that only list has. */
bool options_is_listing(const char *word);

#endif
