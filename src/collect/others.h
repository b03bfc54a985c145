/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_OTHERS_H
#define COLLECT_OTHERS_H

#include "collect/collect.h"
#include "collect/tape.h"

/*
 * Sockets that are not of the internet. Their tables are small and have no
 * filter in the kernel worth the name: each is listed whole, and what was asked
 * for is picked here. So one section of a recording answers every question
 * about its table.
 */

/* Storage of one row; sock points to the other two. */
struct other_row {
	struct sock   sock;
	struct other  other;
	struct detail detail;
};

/* One attribute; false when it makes no sense. */
typedef bool other_attr(struct other_row *row, unsigned type, const uint8_t *at, size_t size);

/**
 * others_attrs - go through the attributes behind a message
 * @bytes: where they begin; any alignment, no length is trusted
 *
 * Returns how many made no sense.
 */
unsigned others_attrs(const void *bytes, size_t size, other_attr *take, struct other_row *row);

/* The skmem attribute: memory, and the queues where the table has no others. */
bool others_memory(struct other_row *row, const uint8_t *at, size_t size, bool queues);

/* True for protocols that others_collect() lists. */
bool others_lists(enum protocol protocol);

/* collect_socks() for them. */
int others_collect(struct tape *tape, const struct collect_ask *ask, struct sink sink,
		   unsigned deadline_ms, struct snapshot *seen, struct fault *fault);

/* Whether this kernel lists them: 0, or -errno and the sentence. */
int others_offered(enum protocol protocol, unsigned deadline_ms, struct fault *fault);

#endif
