/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_HELP_H
#define CMD_HELP_H

#include "cmd/cmd.h"

/* Examples first, then the options of @command; of the program when NULL. */
enum status help_print(const struct command *command);
enum status version_print(void);

#endif
