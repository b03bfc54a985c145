/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_OFFERS_H
#define COLLECT_OFFERS_H

#include "collect/wire.h"
#include "model/sock.h"

/*
 * Whether the kernel answers a question at all: 0, or -errno and the sentence.
 * The first message of an answer is enough and ends it.
 */
int offers_answer(struct wire_dump *wire, struct fault *fault);

/* The same of sock_diag for a protocol of the internet. */
int offers_inet(enum protocol protocol, unsigned deadline_ms, struct fault *fault);

#endif
