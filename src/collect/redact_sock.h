/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_REDACT_SOCK_H
#define COLLECT_REDACT_SOCK_H

#include "base/text.h"
#include "collect/alias.h"

/* A netlink message about a socket; false: it is none that is known. */
bool redact_message(struct alias *alias, const void *bytes, size_t size, struct text *out);

#endif
