/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which commands take an option. */
enum command_bit {
	FOR_CHECK = 1 << 0, FOR_LIST = 1 << 1, FOR_EXPLAIN = 1 << 2,
	FOR_RECORD = 1 << 3, FOR_TABLES = 1 << 4, FOR_BIND = 1 << 5,
	FOR_CONNECT = 1 << 6,
};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

#define SPECS_MAX 32

/* What the command line said. Strings are borrowed from argv. */
struct options {
	bool json, jsonl, ipv4, ipv6, ascii, quiet, verbose, strict, numeric, resolve;
	bool help, version;
	bool tcp, all, listening, processes, extended, timers, memory, info;
	bool no_header, oneline, tos, cgroup, sockopt;
	bool reuseaddr, reuseport, v6only, udp, probe, bind_first;
	bool raw, unix_sockets, packet, mptcp, sctp, dccp, tipc, vsock, xdp;
	bool exact;
	bool summary, threads, bpf, context, contexts, bound, no_queues, tipc_info;
	bool events, kill, yes, explain_filter, all_netns, wide, csv, tsv, pids, redact;
	const char *netns, *from, *record, *columns, *color_word, *deadline_word;
	const char *device, *uid_word, *source;
	const char *family, *diag, *filter_file, *repeat_word, *sort, *by;
	const char *top_word, *max_word;
	struct { const char *at[SPECS_MAX]; size_t count; } warn, crit, query;

	enum color color;
	unsigned   deadline_ms;
	bool       uid_given;
	uint32_t   uid;
	char     **words;       /* what is left: filter words, topics, a file */
	size_t     words_count;
};

/* Where --help shows an option, in this order. */
enum option_section {
	SECTION_SOCKETS, SECTION_SHOWN, SECTION_ORDER, SECTION_FORM, SECTION_PLACE,
	SECTION_PROGRAM, SECTION_LIMITS, SECTION_DEED, SECTION_UNSERVED, SECTION_HELP,
	SECTION_COUNT,
};

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_LIST, OPTION_MAYBE };  /* MAYBE: argument optional, "" */

struct option_row {
	const char *name;       /* long name */
	char        letter;     /* short one, or 0 */
	const char *argument;   /* name of its argument, or NULL */
	unsigned    commands;   /* enum command_bit */
	enum option_section section;
	const char *help;
	enum option_kind kind;
	size_t      offset;     /* in struct options */
};

/* THE option table. */
extern const struct option_row option_table[];
extern const size_t option_count;

/**
 * options_parse - read a command line
 * @argv:    argv[0] is the command's name; permuted as getopt does
 * @command: enum command_bit of the command; other commands' options are
 *           errors that name the command which has them
 *
 * Returns 0 or -EINVAL with the sentence.
 */
int options_parse(struct options *options, int argc, char **argv,
		  enum command_bit command, struct fault *fault);

/* True when @word ("-tanp", "--listening") holds an option that only list has. */
bool options_is_listing(const char *word);

#endif
