/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/options.h"

#include "base/number.h"
#include "base/text.h"
#include "cmd/cmd.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define SHOWING  (FOR_CHECK | FOR_LIST | FOR_BIND | FOR_CONNECT)
#define SEEING   (SHOWING | FOR_RECORD)
#define DRAWING  (SHOWING | FOR_EXPLAIN)
#define EVERYONE (SEEING | FOR_EXPLAIN | FOR_TABLES)

#define AT(member)   offsetof(struct options, member)
#define FLAG(member) OPTION_FLAG, AT(member), 0, 0, 0
#define FORM(value)  OPTION_FORMAT, AT(format), value, value, FORMAT_TEXT
#define COLOR(member) OPTION_COLOR, AT(member), 0, 0, 0
#define TEXT(member) OPTION_TEXT, AT(member), 0, 0, 0
#define LIST(member) OPTION_LIST, AT(member), 0, 0, 0
#define NUMBER(member, low, high, usual) OPTION_NUMBER, AT(member), low, high, usual
#define SECONDS(member, low, high) OPTION_SECONDS, AT(member), low, high, 0
#define MAYBE(member, low, high) OPTION_MAYBE, AT(member), low, high, 0

#define DAY_MS    86400000
#define REPEAT_MS 1000          /* -c without a number */

/*
 * To add an option: a row here and a member of struct options. The parser, --help,
 * completions and the man page test read the row. A letter that ss has means what it
 * means there.
 */
const struct option_row option_table[] = {
	{ "json", 'j', NULL, SHOWING, SECTION_FORM, "print one JSON document", FORM(FORMAT_JSON) },
	{ "jsonl", 0, NULL, SHOWING, SECTION_FORM, "print JSON, one record a line", FORM(FORMAT_JSONL) },
	{ "ipv4", '4', NULL, SEEING, SECTION_SOCKETS, "only IPv4 sockets", FLAG(ipv4) },
	{ "ipv6", '6', NULL, SEEING, SECTION_SOCKETS, "only IPv6 sockets", FLAG(ipv6) },
	{ "netns", 'N', "NAME|PID|PATH", SEEING, SECTION_PLACE, "look into this network namespace", TEXT(netns) },
	{ "root", 0, "DIR", SEEING, SECTION_PLACE, "the root of the host is mounted on this folder: read its /proc, /sys, /run and /var/log", TEXT(root) },
	{ "from", 0, "FILE", SEEING, SECTION_PLACE, "read this recording (or dump of ss -D) instead of the kernel; - is standard input", TEXT(from) },
	{ "record", 0, "FILE", SHOWING, SECTION_PLACE, "also save everything that this run sees", TEXT(record) },
	{ "redact", 0, NULL, FOR_RECORD, SECTION_PLACE, "put pseudonyms in place of addresses and names; with --from, in a copy of a recording", FLAG(redact) },
	{ "deadline", 0, "SECONDS", SEEING, SECTION_PLACE, "give up on an answer of the kernel after this time (default 30)", SECONDS(deadline_ms, 1, DAY_MS) },
	{ "color", 0, "WHEN", DRAWING, SECTION_FORM, "use colours: auto, always or never", COLOR(color) },
	{ "ascii", 0, NULL, DRAWING, SECTION_FORM, "draw with ASCII characters only", FLAG(ascii) },
	{ "quiet", 'q', NULL, SEEING, SECTION_FORM, "print nothing when there is nothing to report", FLAG(quiet) },
	{ "verbose", 0, NULL, SEEING, SECTION_PLACE, "say on standard error how socket owners were found", FLAG(verbose) },
	{ "strict", 0, NULL, SEEING, SECTION_PLACE, "exit 3 if anything could not be seen", FLAG(strict) },
	{ "exact", 0, NULL, FOR_CHECK, SECTION_PLACE, "ask for everything about every socket at once", FLAG(exact) },
	{ "numeric", 'n', NULL, SHOWING, SECTION_FORM, "show numbers instead of names (the default for ports and addresses)", FLAG(numeric) },
	{ "resolve", 'r', NULL, FOR_LIST, SECTION_SHOWN, "show names of ports and addresses", FLAG(resolve) },
	{ "warn", 0, "ID=VALUE[,count=N]", FOR_CHECK | FOR_CONNECT, SECTION_LIMITS, "threshold for a warning", LIST(warn) },
	{ "crit", 0, "ID=VALUE[,count=N]", FOR_CHECK | FOR_CONNECT, SECTION_LIMITS, "threshold for a critical finding", LIST(crit) },
	{ "reuseaddr", 0, NULL, FOR_BIND, SECTION_PROGRAM, "the program sets SO_REUSEADDR", FLAG(reuseaddr) },
	{ "reuseport", 0, NULL, FOR_BIND, SECTION_PROGRAM, "the program sets SO_REUSEPORT", FLAG(reuseport) },
	{ "v6only", 0, NULL, FOR_BIND, SECTION_PROGRAM, "the program sets IPV6_V6ONLY", FLAG(v6only) },
	{ "dev", 0, "DEVICE", FOR_BIND | FOR_CONNECT, SECTION_PROGRAM, "the program sets SO_BINDTODEVICE", TEXT(device) },
	{ "uid", 0, "UID", FOR_BIND, SECTION_PROGRAM, "the program runs as this user (default: you)", NUMBER(uid, 0, UINT32_MAX - 1, UID_OF_CALLER) },
	{ "udp", 'u', NULL, FOR_BIND | FOR_LIST, SECTION_SOCKETS, "UDP sockets; for a unix name, a datagram socket", FLAG(udp) },
	{ "from-address", 0, "ADDRESS", FOR_CONNECT, SECTION_PROGRAM, "the program connects from this address (default: the route decides)", TEXT(source) },
	{ "bind-first", 0, NULL, FOR_CONNECT, SECTION_PROGRAM, "the program calls bind(address, 0) before connect()", FLAG(bind_first) },
	{ "probe", 0, NULL, FOR_BIND | FOR_CONNECT, SECTION_ACTION, "ask the kernel where a listing cannot tell: bind binds the port for a moment, connect sends no packet", FLAG(probe) },
	{ "tcp", 't', NULL, FOR_LIST, SECTION_SOCKETS, "TCP sockets (the default)", FLAG(tcp) },
	{ "all", 'a', NULL, FOR_LIST, SECTION_SOCKETS, "sockets in every state, also listeners and bound idle sockets", FLAG(all) },
	{ "listening", 'l', NULL, FOR_LIST, SECTION_SOCKETS, "only listeners and unconnected sockets", FLAG(listening) },
	{ "processes", 'p', NULL, FOR_LIST, SECTION_SHOWN, "show every process that holds the socket", FLAG(processes) },
	{ "extended", 'e', NULL, FOR_LIST, SECTION_SHOWN, "show uid, inode, cookie, cgroup and timer", FLAG(extended) },
	{ "options", 'o', NULL, FOR_LIST, SECTION_SHOWN, "show timers", FLAG(timers) },
	{ "memory", 'm', NULL, FOR_LIST, SECTION_SHOWN, "show socket memory", FLAG(memory) },
	{ "info", 'i', NULL, FOR_LIST, SECTION_SHOWN, "show what TCP knows of the connection (tcp_info)", FLAG(info) },
	{ "tos", 0, NULL, FOR_LIST, SECTION_SHOWN, "show type of service and traffic class", FLAG(tos) },
	{ "cgroup", 0, NULL, FOR_LIST, SECTION_SHOWN, "show the cgroup path", FLAG(cgroup) },
	{ "inet-sockopt", 0, NULL, FOR_LIST, SECTION_SHOWN, "show socket options", FLAG(sockopt) },
	{ "no-header", 'H', NULL, FOR_LIST, SECTION_FORM, "print no column headings", FLAG(no_header) },
	{ "oneline", 'O', NULL, FOR_LIST, SECTION_FORM, "print each socket on one line", FLAG(oneline) },
	{ "raw", 'w', NULL, FOR_LIST, SECTION_SOCKETS, "raw sockets", FLAG(raw) },
	{ "unix", 'x', NULL, FOR_LIST, SECTION_SOCKETS, "unix sockets", FLAG(unix_sockets) },
	{ "packet", '0', NULL, FOR_LIST, SECTION_SOCKETS, "packet sockets", FLAG(packet) },
	{ "mptcp", 'M', NULL, FOR_LIST, SECTION_SOCKETS, "MPTCP sockets", FLAG(mptcp) },
	{ "sctp", 'S', NULL, FOR_LIST, SECTION_UNSERVED, "SCTP sockets", FLAG(sctp) },
	{ "dccp", 'd', NULL, FOR_LIST, SECTION_UNSERVED, "DCCP sockets", FLAG(dccp) },
	{ "tipc", 0, NULL, FOR_LIST, SECTION_UNSERVED, "TIPC sockets", FLAG(tipc) },
	{ "vsock", 0, NULL, FOR_LIST, SECTION_UNSERVED, "vsock sockets", FLAG(vsock) },
	{ "xdp", 0, NULL, FOR_LIST, SECTION_UNSERVED, "XDP sockets", FLAG(xdp) },
	{ "family", 'f', "FAMILY", FOR_LIST, SECTION_SOCKETS, "sockets of a family: inet, inet6, unix, link or netlink (vsock, tipc and xdp are refused)", TEXT(family) },
	{ "query", 'A', "TABLE,...", FOR_LIST, SECTION_SOCKETS, "these tables of sockets, as in ss; !TABLE leaves one out", LIST(query) },
	{ "summary", 's', NULL, FOR_LIST, SECTION_ORDER, "print counts by protocol, as ss -s, and by state", FLAG(summary) },
	{ "bound-inactive", 'B', NULL, FOR_LIST, SECTION_SOCKETS, "sockets that are bound and neither listen nor connect", FLAG(bound) },
	{ "threads", 'T', NULL, FOR_LIST, SECTION_SHOWN, "show every thread that holds the socket; implies -p", FLAG(threads) },
	{ "bpf", 'b', NULL, FOR_LIST, SECTION_SHOWN, "show socket filters of packet sockets", FLAG(bpf) },
	{ "context", 'Z', NULL, FOR_LIST, SECTION_UNSERVED, "show security contexts of processes", FLAG(context) },
	{ "contexts", 'z', NULL, FOR_LIST, SECTION_UNSERVED, "show security contexts of processes and sockets", FLAG(contexts) },
	{ "tipcinfo", 0, NULL, FOR_LIST, SECTION_UNSERVED, "show internals of TIPC sockets", FLAG(tipc_info) },
	{ "no-queues", 'Q', NULL, FOR_LIST, SECTION_FORM, "print no columns Recv-Q and Send-Q", FLAG(no_queues) },
	{ "diag", 'D', "FILE", FOR_LIST, SECTION_UNSERVED, "save raw messages of the kernel; use --record instead", TEXT(diag) },
	{ "filter", 'F', "FILE", FOR_CHECK | FOR_LIST, SECTION_SOCKETS, "read a filter from this file; - is standard input", TEXT(filter_file) },
	{ "events", 'E', NULL, FOR_LIST, SECTION_ACTION, "report sockets as the kernel frees them", FLAG(events) },
	{ "kill", 'K', NULL, FOR_LIST, SECTION_ACTION, "close the sockets that match the filter; without --yes only list them", FLAG(kill) },
	{ "yes", 0, NULL, FOR_LIST, SECTION_ACTION, "with -K: close the sockets", FLAG(yes) },
	{ "max", 0, "N", FOR_LIST, SECTION_ACTION, "with -K: refuse if more sockets match (default 100); with -E: end after this many events", NUMBER(max, 1, 1000000, 0) },
	{ "continuous", 'c', "SECONDS", FOR_LIST, SECTION_ACTION, "repeat every second, or at this interval", MAYBE(repeat_ms, 10, DAY_MS) },
	{ "wide", 'W', NULL, FOR_LIST, SECTION_FORM, "never break a line", FLAG(wide) },
	{ "sort", 0, "COLUMN,-COLUMN", FOR_LIST, SECTION_ORDER, "sort by these columns; - in front means descending", TEXT(sort) },
	{ "by", 0, "KEY,...", FOR_LIST, SECTION_ORDER, "count by process, comm, unit, cgroup, uid, state, local, remote, sport, dport, local:port, remote:port or netns", TEXT(by) },
	{ "top", 0, "N", FOR_LIST, SECTION_ORDER, "print only the first N rows or groups", NUMBER(top, 1, UINT64_MAX - 1, UINT64_MAX) },
	{ "csv", 0, NULL, FOR_LIST, SECTION_FORM, "print comma-separated values", FORM(FORMAT_CSV) },
	{ "tsv", 0, NULL, FOR_LIST, SECTION_FORM, "print tab-separated values", FORM(FORMAT_TSV) },
	{ "pids", 0, NULL, FOR_LIST, SECTION_FORM, "print only the pids of the processes, one a line", FORM(FORMAT_PIDS) },
	{ "all-netns", 'G', NULL, FOR_CHECK | FOR_LIST | FOR_BIND, SECTION_PLACE, "look into every network namespace of this machine", FLAG(all_netns) },
	{ "columns", 'C', "NAME,...|+NAME,...", FOR_LIST, SECTION_SHOWN, "print these columns; + adds them to the usual ones (names: sockvet tables columns)", TEXT(columns) },
	{ "help", 'h', NULL, EVERYONE, SECTION_HELP, "print this help", FLAG(help) },
	{ "version", 'V', NULL, EVERYONE, SECTION_HELP, "print version and licence", FLAG(version) },
};
const size_t option_count = sizeof(option_table) / sizeof(*option_table);

/*
 * Further names that ss and netstat have for options of the table. They are accepted,
 * and not shown.
 */
static const struct { const char *name; char letter; const char *means; } spellings[] = {
	{ "net", 0, "netns" }, { "socket", 0, "query" }, { NULL, 'v', "version" },
	{ "extend", 0, "extended" }, { "timers", 0, "options" }, { "program", 0, "processes" },
	{ "programs", 0, "processes" }, { "numeric-hosts", 0, "numeric" },
	{ "numeric-ports", 0, "numeric" }, { "numeric-users", 0, "numeric" },
};

#define SPELLINGS (sizeof(spellings) / sizeof(*spellings))

#define LONG_BASE  256  /* values of getopt for rows: LONG_BASE + index */

_Static_assert(sizeof(option_table) / sizeof(*option_table) +
	       sizeof(spellings) / sizeof(*spellings) < OPTION_MAX,
	       "room for getopt's tables");

struct getopt_tables {
	struct option longs[OPTION_MAX + 1];
	char shorts[3 * OPTION_MAX + 2];
};

static bool is_named(const struct option_row *row, const char *name, size_t size)
{
	return strlen(row->name) == size && memcmp(row->name, name, size) == 0;
}

static const struct option_row *row_named(const char *name, size_t size)
{
	for (size_t i = 0; i < option_count; i++)
		if (is_named(&option_table[i], name, size))
			return &option_table[i];
	return NULL;
}

const struct option_row *options_row(const char *name)
{
	size_t i = 0;

	while (i < option_count - 1 && !is_named(&option_table[i], name, strlen(name)))
		i++;
	return &option_table[i];
}

static struct option long_option(const char *name, const struct option_row *row)
{
	return (struct option){
		.name = name,
		.has_arg = row->kind == OPTION_MAYBE ? optional_argument :
			   row->argument ? required_argument : no_argument,
		.val = LONG_BASE + (int)(row - option_table),
	};
}

static void add_spellings(struct option *longs, char *shorts)
{
	for (size_t i = 0; i < SPELLINGS; i++) {
		if (spellings[i].name)
			*longs++ = long_option(spellings[i].name, options_row(spellings[i].means));
		else
			*shorts++ = spellings[i].letter;
	}
}

/* Every command parses every option, so that the error can say which command has it. */
static void make_tables(struct getopt_tables *tables)
{
	char *at = tables->shorts;

	*at++ = ':';
	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *row = &option_table[i];

		tables->longs[i] = long_option(row->name, row);
		if (row->letter) {
			*at++ = row->letter;
			if (row->argument)
				*at++ = ':';
			if (row->kind == OPTION_MAYBE)
				*at++ = ':';
		}
	}
	add_spellings(tables->longs + option_count, at);
}

static const struct option_row *row_of(int value)
{
	if (value >= LONG_BASE)
		return &option_table[value - LONG_BASE];
	for (size_t i = 0; i < option_count; i++)
		if (option_table[i].letter == value)
			return &option_table[i];
	for (size_t i = 0; i < SPELLINGS; i++)
		if (spellings[i].letter && spellings[i].letter == value)
			return options_row(spellings[i].means);
	return NULL;
}

static void forget_tables(struct options *options)
{
	options->tcp = options->udp = options->raw = options->mptcp = false;
	options->dccp = options->sctp = false;
}

/* Writes "--max takes a number from 1 to 1000000, not 'x'". */
static int refuse_value(const struct option_row *row, const char *word, struct fault *fault)
{
	double unit = row->kind == OPTION_NUMBER ? 1 : 1000;
	char to[40] = "on";

	if (row->high <= UINT32_MAX)
		snprintf(to, sizeof(to), "to %.10g", (double)row->high / unit);
	return fault_set(fault, EINVAL, "--%s takes %s from %g %s, not '%s'", row->name,
			 row->kind == OPTION_NUMBER ? "a number" : "seconds",
			 (double)row->low / unit, to, QUOTE(word));
}

static int read_number(const struct option_row *row, const char *word, uint64_t *value,
		       struct fault *fault)
{
	double seconds;

	if (row->kind == OPTION_NUMBER) {
		if (number_whole(word, row->high, value) && *value >= row->low)
			return 0;
		return refuse_value(row, word, fault);
	}
	if (!number_decimal(word, &seconds) || seconds * 1000 < (double)row->low ||
	    seconds * 1000 > (double)row->high)
		return refuse_value(row, word, fault);
	*value = (uint64_t)(seconds * 1000);
	return 0;
}

static int read_color(enum color *color, const char *word, struct fault *fault)
{
	static const char *const words[] = {
		[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never",
	};

	for (int i = 0; i < 3; i++)
		if (strcmp(words[i], word) == 0) {
			*color = (enum color)i;
			return 0;
		}
	return fault_set(fault, EINVAL, "--color takes auto, always or never, not '%s'", QUOTE(word));
}

/* As in ss, the last one of -a, -l and -B counts. */
static void set_flag(struct options *options, bool *flag)
{
	if (flag == &options->all || flag == &options->listening || flag == &options->bound)
		options->all = options->listening = options->bound = false;
	*flag = true;
}

static int add_to_list(struct options *options, const struct option_row *row,
		       const char *argument, struct fault *fault)
{
	__typeof__(options->warn) *list = (void *)((char *)options + row->offset);

	if (list->count == SPECS_MAX)
		return fault_set(fault, EINVAL, "--%s was given more than %d times",
				 row->name, SPECS_MAX);
	/* as in ss, the first -A forgets the tables that were chosen before it */
	if (list == (void *)&options->query && !list->count)
		forget_tables(options);
	list->at[list->count++] = argument;
	return 0;
}

static int store(struct options *options, const struct option_row *row,
		 const char *argument, struct fault *fault)
{
	void *at = (char *)options + row->offset;

	switch (row->kind) {
	case OPTION_FLAG:
		set_flag(options, at);
		return 0;
	case OPTION_FORMAT:
		options->format = (enum format)row->low;
		options->formats |= 1u << row->low;
		return 0;
	case OPTION_COLOR:
		return read_color(at, argument, fault);
	case OPTION_TEXT:
		*(const char **)at = argument;
		return 0;
	case OPTION_LIST:
		return add_to_list(options, row, argument, fault);
	default:
		break;
	}
	if (row->kind == OPTION_MAYBE && (!argument || !*argument)) {
		*(uint64_t *)at = REPEAT_MS;
		return 0;
	}
	return read_number(row, argument, at, fault);
}

static int complain(int value, char **argv, enum command_bit command, struct fault *fault)
{
	const struct option_row *row;

	if (value == ':') {
		row = row_of(optopt);
		return fault_set(fault, EINVAL, "option '%s' needs its argument %s",
				 row ? row->name : QUOTE(argv[optind - 1]), row ? row->argument : "");
	}
	if (optopt > 0 && optopt < LONG_BASE)
		return fault_set(fault, EINVAL, "%s: no option -%c; see 'sockvet %s --help'",
				 command_name(command), optopt, command_name(command));
	if (optopt >= LONG_BASE)
		return fault_set(fault, EINVAL, "option --%s takes no argument",
				 option_table[optopt - LONG_BASE].name);
	return fault_set(fault, EINVAL, "%s: no option %s; see 'sockvet %s --help'",
			 command_name(command), QUOTE(argv[optind - 1]), command_name(command));
}

/*
 * Accepts "-c=5" as "-c5", because --help and the man page show one form for both names:
 * -c, --continuous[=S].
 */
static char *skip_equals(char **argv, int value)
{
	bool is_attached = optarg && optarg != argv[optind - 1];

	return is_attached && value < LONG_BASE && *optarg == '=' ? optarg + 1 : optarg;
}

/*
 * Splits "-ctan": the optional argument is a number, so letters behind -c are further
 * options, which getopt gets as a word of their own.
 */
static char *split_bundle(char **argv, const struct option_row *row, int value)
{
	if (row->kind != OPTION_MAYBE || value >= LONG_BASE || !optarg || !isalpha((unsigned char)*optarg))
		return optarg;
	argv[--optind] = optarg - 1;
	*argv[optind] = '-';
	return NULL;
}

static int take_option(struct options *options, int value, char **argv,
		       enum command_bit command, struct fault *fault)
{
	const struct option_row *row = row_of(value);

	/* '?' and ':' of getopt are not letters of a row */
	if (!row)
		return complain(value, argv, command, fault);
	optarg = skip_equals(argv, value);
	optarg = split_bundle(argv, row, value);
	if (!(row->commands & command))
		return fault_set(fault, EINVAL, "%s has no option --%s; %s has it",
				 command_name(command), row->name,
				 command_name(row->commands & -row->commands));
	options->by_letter[row - option_table] = value < LONG_BASE;
	options->bare = row->kind == OPTION_MAYBE && !optarg ? row :
			row == options->bare ? NULL : options->bare;
	return store(options, row, optarg, fault);
}

/* Accepts "-c 5": an optional argument that is a word of its own. */
static int take_bare(struct options *options, struct fault *fault)
{
	double number;

	if (!options->bare || !options->words_count || !number_decimal(options->words[0], &number))
		return 0;
	options->words_count--;
	return store(options, options->bare, *options->words++, fault);
}

int options_parse(struct options *options, int argc, char **argv,
		  enum command_bit command, struct fault *fault)
{
	struct getopt_tables tables = { .shorts = "" };
	int value, err = 0;

	memset(options, 0, sizeof(*options));
	for (size_t i = 0; i < option_count; i++) {
		void *at = (char *)options + option_table[i].offset;

		if (option_table[i].kind >= OPTION_NUMBER)
			*(uint64_t *)at = option_table[i].usual;
	}
	make_tables(&tables);
	opterr = 0;
	optind = 0;
	while (!err && (value = getopt_long(argc, argv, tables.shorts, tables.longs, NULL)) != -1)
		err = take_option(options, value, argv, command, fault);
	options->words = argv + optind;
	options->words_count = (size_t)(argc - optind);
	if (err || options->help || options->version)
		return err;
	return take_bare(options, fault);
}

static const struct option_row *row_spelled(const char *name, size_t size)
{
	for (size_t i = 0; i < SPELLINGS; i++)
		if (spellings[i].name && strlen(spellings[i].name) == size &&
		    memcmp(spellings[i].name, name, size) == 0)
			return options_row(spellings[i].means);
	return row_named(name, size);
}

bool options_is_listing(const char *word)
{
	const struct option_row *row;

	if (word[0] != '-' || !word[1])
		return false;
	if (word[1] == '-') {
		row = row_spelled(word + 2, strcspn(word + 2, "="));
		return row && row->commands == FOR_LIST;
	}
	for (const char *c = word + 1; *c; c++) {
		row = row_of(*c);
		if (row && row->commands == FOR_LIST)
			return true;
		if (row && row->argument)
			return false;
	}
	return false;
}
