/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_PRIVILEGES_H
#define CMD_PRIVILEGES_H

#include "cmd/cmd.h"

/* Forgets the environment, where that is somebody else's; before anything reads it. */
void privileges_distrust(void);

/*
 * -EPERM when this program was made set-user-id or given file capabilities and is
 * asked for more than a listing: a file named by anybody would be read, written
 * or quoted with rights that the caller does not have.
 */
int privileges_check(const struct command *command, const struct options *options,
		     struct fault *fault);

/* Gives up what this command line needs no privilege for, before anything is read. */
int privileges_limit(const struct command *command, const struct options *options,
		     struct fault *fault);

#endif
