/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_UNIX_BIND_H
#define COLLECT_UNIX_BIND_H

#include "collect/recorder.h"
#include "model/bind.h"

/* Implements collect_unix(). */
void unix_bind_collect(struct recorder *recorder, const struct unix_ask *ask,
		       struct unix_context *context, unsigned deadline_ms, struct snapshot *seen);

#endif
