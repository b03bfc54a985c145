/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sock.h"

#include "base/grow.h"

#include <stdlib.h>
#include <string.h>

const char *timer_name(enum timer timer)
{
	static const char *const names[TIMER_COUNT] = {
		[TIMER_RETRANSMIT] = "on", [TIMER_KEEPALIVE] = "keepalive",
		[TIMER_TIME_WAIT] = "timewait", [TIMER_PROBE] = "persist",
		[TIMER_DELAYED_ACK] = "delack",
	};

	return timer < TIMER_COUNT ? names[timer] : NULL;
}

/* Gives @copy, which is a flat copy of @from, an array of its own. */
#define COPY_LIST(copy, from, list)                                           \
	((copy)->list.room = (copy)->list.count,                              \
	 (copy)->list.at = copy_of((from)->list.at,                           \
				   (from)->list.count * sizeof(*(from)->list.at)))

static void *copy_of(const void *from, size_t size)
{
	return size ? memcpy(grow_alloc(size), from, size) : NULL;
}

void detail_fini(struct detail *detail)
{
	grow_fini(&detail->md5);
}

struct detail *detail_copy(const struct detail *detail)
{
	struct detail *copy = detail ? copy_of(detail, sizeof(*detail)) : NULL;

	if (copy)
		COPY_LIST(copy, detail, md5);
	return copy;
}

void detail_free(struct detail *detail)
{
	if (detail)
		detail_fini(detail);
	free(detail);
}

void other_fini(struct other *other)
{
	grow_fini(&other->waiting);
	grow_fini(&other->packet.filter);
}

struct other *other_copy(const struct other *other)
{
	struct other *copy = other ? copy_of(other, sizeof(*other)) : NULL;

	if (copy) {
		COPY_LIST(copy, other, waiting);
		COPY_LIST(copy, other, packet.filter);
	}
	return copy;
}

void other_free(struct other *other)
{
	if (other)
		other_fini(other);
	free(other);
}
