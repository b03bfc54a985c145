/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/prefetch.h"

#include "base/grow.h"
#include "collect/processors.h"

#include <stdlib.h>

/* This many slots keep both threads going past a single slow answer. */
enum { SLOTS = 8 };

struct slot {
	char  *buffer;
	size_t size;
	int    err;
};

struct prefetch {
	prefetch_fill  *fill;
	void           *ctx;
	pthread_t       thread;
	pthread_mutex_t lock;           /* protects the members below */
	pthread_cond_t  changed;
	struct slot     slots[SLOTS];
	size_t          filled, taken;  /* counts so far; the slot taken last is still in use */
	bool            stop;
};

/* The slot to be filled next, or NULL when no more are wanted. */
static struct slot *wait_for_room(struct prefetch *prefetch)
{
	struct slot *slot;

	pthread_mutex_lock(&prefetch->lock);
	while (!prefetch->stop && prefetch->taken + SLOTS - 1 <= prefetch->filled)
		pthread_cond_wait(&prefetch->changed, &prefetch->lock);
	slot = prefetch->stop ? NULL : &prefetch->slots[prefetch->filled % SLOTS];
	pthread_mutex_unlock(&prefetch->lock);
	return slot;
}

static void hand_over(struct prefetch *prefetch)
{
	pthread_mutex_lock(&prefetch->lock);
	prefetch->filled++;
	pthread_cond_signal(&prefetch->changed);
	pthread_mutex_unlock(&prefetch->lock);
}

static void *run(void *ctx)
{
	struct prefetch *prefetch = ctx;
	struct slot *slot;
	int err = 0;

	while (!err && (slot = wait_for_room(prefetch))) {
		err = slot->err = prefetch->fill(prefetch->ctx, slot->buffer, &slot->size);
		hand_over(prefetch);
	}
	return NULL;
}

static void prefetch_free(struct prefetch *prefetch)
{
	for (size_t i = 0; i < SLOTS; i++)
		free(prefetch->slots[i].buffer);
	pthread_cond_destroy(&prefetch->changed);
	pthread_mutex_destroy(&prefetch->lock);
	free(prefetch);
}

struct prefetch *prefetch_begin(prefetch_fill *fill, void *ctx, size_t room)
{
	struct prefetch *prefetch;

	if (!processors_can_run(2))
		return NULL;
	prefetch = grow_alloc(sizeof(*prefetch));
	prefetch->fill = fill;
	prefetch->ctx = ctx;
	pthread_mutex_init(&prefetch->lock, NULL);
	pthread_cond_init(&prefetch->changed, NULL);
	for (size_t i = 0; i < SLOTS; i++)
		prefetch->slots[i].buffer = grow_space(room);
	if (processors_start(&prefetch->thread, run, prefetch))
		return prefetch;
	prefetch_free(prefetch);
	return NULL;
}

int prefetch_next(struct prefetch *prefetch, const char **buffer, size_t *size)
{
	const struct slot *slot;

	pthread_mutex_lock(&prefetch->lock);
	while (prefetch->taken == prefetch->filled)
		pthread_cond_wait(&prefetch->changed, &prefetch->lock);
	slot = &prefetch->slots[prefetch->taken++ % SLOTS];
	pthread_cond_signal(&prefetch->changed);
	pthread_mutex_unlock(&prefetch->lock);
	*buffer = slot->buffer;
	*size = slot->size;
	return slot->err;
}

void prefetch_end(struct prefetch *prefetch)
{
	pthread_mutex_lock(&prefetch->lock);
	prefetch->stop = true;
	pthread_cond_signal(&prefetch->changed);
	pthread_mutex_unlock(&prefetch->lock);
	pthread_join(prefetch->thread, NULL);
	prefetch_free(prefetch);
}
