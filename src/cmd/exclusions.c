/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/options.h"

#include "base/text.h"
#include "cmd/cmd.h"

#include <errno.h>
#include <string.h>

/* Sets of options for the table; FORMAT and FORM_OF_LIST follow from the option table. */
#define FORMAT       "FORMAT"
#define FORM_OF_LIST "FORM_OF_LIST"    /* formats that only list has */
#define DETAILS      "options extended memory info tos cgroup inet-sockopt"

/* A row with UNSERVED names options of ss that this program never serves. */
enum relation { EXCLUDES, NEEDS, UNSERVED };

/*
 * THE table of options that contradict each other. An option that merely adds nothing
 * beside another is accepted, because old command lines have it. Both sides are long
 * names separated by blanks. @why says what can be written instead, where that is not
 * obvious.
 */
static const struct exclusion {
	const char *options;
	enum relation relation;
	const char *others;
	const char *why;        /* follows a colon; NULL: it is obvious */
	unsigned commands;      /* 0: all */
} exclusions[] = {
	{ FORMAT, EXCLUDES, FORMAT, NULL, 0 },
	{ "from", EXCLUDES, "record", "a recording is recorded already", 0 },
	{ "from", EXCLUDES, "netns", "a recording is of one network namespace", 0 },
	{ "from", EXCLUDES, "root", "a recording holds all that is read of the host", 0 },
	{ "from", NEEDS, "redact", "an unchanged recording is made by copying the file", FOR_RECORD },
	{ "from", EXCLUDES, "ipv4 ipv6", "a recording is redacted as a whole", FOR_RECORD },
	{ "all-netns", EXCLUDES, "netns", "-G is of every network namespace and -N of one", 0 },
	{ "all-netns", EXCLUDES, "from", "a recording is of one network namespace", 0 },
	{ "all-netns", EXCLUDES, "record", "a recording is of one network namespace; record each with -N", 0 },
	{ "all-netns", EXCLUDES, "kill events summary probe",
	  "it is for one network namespace, which -N names", 0 },
	{ "all-netns", EXCLUDES, "resolve",
	  "the names of one network namespace are not those of another; use -N", 0 },
	{ "all-netns", EXCLUDES, "dev", "every network namespace has its own devices; use -N", 0 },
	{ "continuous", EXCLUDES, "from record", "a recording is of one moment", 0 },
	{ "continuous", EXCLUDES, "events", "events come by themselves", 0 },
	{ "continuous", EXCLUDES, "kill", "sockets are closed once", 0 },
	{ "kill", EXCLUDES, "events", NULL, 0 },
	{ "kill events", EXCLUDES, "from", "the sockets of a recording are gone; both need the live kernel", 0 },
	{ "kill events", EXCLUDES, "summary diag record", NULL, 0 },
	{ "kill events summary", EXCLUDES, FORM_OF_LIST " sort by top", NULL, 0 },
	{ "yes", NEEDS, "kill", "there is nothing to confirm", 0 },
	{ "max", NEEDS, "kill events", "--top N limits a listing", 0 },
	{ "by", EXCLUDES, "sort", "the biggest group comes first", 0 },
	{ "by", EXCLUDES, "columns", "the keys are the columns", 0 },
	{ "by pids", EXCLUDES, DETAILS, "it has no place for details of a socket", 0 },
	{ FORM_OF_LIST, EXCLUDES, DETAILS, "choose columns with -C, or take --json, which has it all", 0 },
	{ "probe", EXCLUDES, "udp",
	  "a UDP socket that is bound for a moment takes datagrams that were meant for others", 0 },
	{ "tipcinfo", UNSERVED, NULL, "TIPC sockets are not listed by this program; 'ss --tipc --tipcinfo' does", 0 },
	{ "diag", UNSERVED, NULL, "this program saves with --record FILE, which holds owners and limits, "
	  "too; --from reads it, and dumps of ss -D", 0 },
	{ "context contexts", UNSERVED, NULL,
	  "security contexts (SELinux) are not read by this program; 'ss -Z' shows them", 0 },
};

bool options_has(const struct options *options, const struct option_row *row)
{
	const void *at = (const char *)options + row->offset;

	switch (row->kind) {
	case OPTION_FLAG:
		return *(const bool *)at;
	case OPTION_FORMAT:
		return options->formats >> row->low & 1;
	case OPTION_COLOR:
		return options->color != COLOR_AUTO;
	case OPTION_TEXT:
		return *(const char *const *)at;
	case OPTION_LIST:
		return ((const __typeof__(options->warn) *)at)->count;
	default:
		return *(const uint64_t *)at != row->usual;
	}
}

/* True when @row is one of these words. */
static bool is_among(const char *words, const struct option_row *row)
{
	for (size_t size; *words; words += size + (words[size] == ' ')) {
		size = strcspn(words, " ");
		if (strlen(row->name) == size && memcmp(words, row->name, size) == 0)
			return true;
		if (row->kind == OPTION_FORMAT && strncmp(words, FORMAT, size) == 0)
			return true;
		if (row->kind == OPTION_FORMAT && row->commands == FOR_LIST &&
		    strncmp(words, FORM_OF_LIST, size) == 0)
			return true;
	}
	return false;
}

/* The first option given among @words, after @after. */
static const struct option_row *given(const struct options *options, const char *words,
				      const struct option_row *after)
{
	for (const struct option_row *row = after ? after + 1 : option_table;
	     row < option_table + option_count; row++)
		if (options_has(options, row) && is_among(words, row))
			return row;
	return NULL;
}

/* Writes the option as it was typed. */
static void put_name(struct text *text, const struct options *options, const struct option_row *row)
{
	if (options->by_letter[row - option_table])
		text_addf(text, "-%c", row->letter);
	else
		text_addf(text, "--%s", row->name);
}

/* Writes "-K or -E". */
static void put_needed(struct text *text, const char *words)
{
	const char *before = "";

	for (size_t i = 0; i < option_count; i++) {
		if (!is_among(words, &option_table[i]))
			continue;
		if (option_table[i].letter)
			text_addf(text, "%s-%c", before, option_table[i].letter);
		else
			text_addf(text, "%s--%s", before, option_table[i].name);
		before = " or ";
	}
}

static int refuse(const struct options *options, const struct exclusion *exclusion,
		  const struct option_row *one, const struct option_row *other, struct fault *fault)
{
	struct text text = { 0 };
	int err;

	put_name(&text, options, one);
	if (exclusion->relation == NEEDS) {
		text_addf(&text, " needs ");
		put_needed(&text, exclusion->others);
	} else if (exclusion->relation == EXCLUDES) {
		text_addf(&text, " and ");
		put_name(&text, options, other);
		text_addf(&text, " cannot be used together");
	}
	err = fault_set(fault, EINVAL, "%s%s%s", text_str(&text), exclusion->why ? ": " : "",
			exclusion->why ? exclusion->why : "");
	text_fini(&text);
	return err;
}

static int check(const struct options *options, const struct exclusion *exclusion,
		 struct fault *fault)
{
	const struct option_row *one = given(options, exclusion->options, NULL), *other = NULL;
	bool same = exclusion->others && strcmp(exclusion->options, exclusion->others) == 0;

	if (!one)
		return 0;
	if (exclusion->others)
		other = given(options, exclusion->others, same ? one : NULL);
	if ((exclusion->relation == EXCLUDES && !other) || (exclusion->relation == NEEDS && other))
		return 0;
	return refuse(options, exclusion, one, other, fault);
}

int options_check(const struct options *options, enum command_bit command, struct fault *fault)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(exclusions) / sizeof(*exclusions) && !err; i++)
		if (!exclusions[i].commands || exclusions[i].commands & command)
			err = check(options, &exclusions[i], fault);
	return err;
}
