/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/cmd.h"

#include "collect/privilege.h"

#include <errno.h>
#include <string.h>

/* Options that name a file, change something, or show what the caller may not see. */
static const char *const refused[] = {
	"from", "record", "root", "filter", "diag", "netns", "all-netns", "kill",
};

void privileges_distrust(void)
{
	if (privilege_is_borrowed())
		privilege_forget_environment();
}

static int refuse(const char *dashes, const char *what, struct fault *fault)
{
	return fault_set(fault, EPERM,
			 "%s%s is not for a program that is set-user-id or has file capabilities: such a one only lists and checks; run it as root instead",
			 dashes, what);
}

int privileges_check(const struct command *command, const struct options *options,
		     struct fault *fault)
{
	if (!privilege_is_borrowed())
		return 0;
	if (command->bit & (FOR_RECORD | FOR_BIND | FOR_CONNECT))
		return refuse("", command->name, fault);
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		if (options_has(options, options_row(refused[i])))
			return refuse("--", refused[i], fault);
	return 0;
}

/* True for a unix socket: the answer depends on whether its folder may be written. */
static bool names_path(const struct options *options)
{
	return options->words_count && strchr(options->words[0], '/');
}

/* The privileges of a run that asks the kernel. */
static unsigned live_needs(const struct command *command, const struct options *options)
{
	unsigned needs = PRIVILEGE_OWNERS | PRIVILEGE_NET;

	if (options->record || command->bit == FOR_RECORD)
		needs |= PRIVILEGE_WRITE;
	if (options->netns || options->all_netns)
		needs |= PRIVILEGE_ENTER;
	if (command->bit != FOR_BIND)
		return needs;
	/* to see who has the port in other namespaces, and whether we may have a low one */
	needs |= PRIVILEGE_ENTER | PRIVILEGE_BIND;
	if (options->probe)
		needs |= PRIVILEGE_BECOME;
	return names_path(options) ? needs | PRIVILEGE_WRITE : needs;
}

/* The namespace of -N is entered once, unless the command enters it again later. */
static bool enters_once(const struct command *command, const struct options *options)
{
	return options->netns && !options->all_netns && command->bit != FOR_BIND &&
	       !options->repeat_ms && !options->events;
}

/*
 * Called before any file is opened that an argument names. What must be opened with more
 * privileges (somebody else's recording, the namespace of -N) gives them up right after
 * it was opened: privilege_settle(). A filter file is read with the privileges of the
 * listing.
 */
int privileges_limit(const struct command *command, const struct options *options,
		     struct fault *fault)
{
	unsigned needs;

	if (command->bit & (FOR_EXPLAIN | FOR_TABLES))
		return privilege_keep(0, 0, fault);
	if (options->from) {
		needs = command->bit == FOR_RECORD ? PRIVILEGE_WRITE : 0;
		return privilege_keep(needs | PRIVILEGE_READ, needs, fault);
	}
	needs = live_needs(command, options);
	return privilege_keep(needs, enters_once(command, options) ?
				     needs & ~(unsigned)PRIVILEGE_ENTER : needs, fault);
}
