/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/relay.h"

#include "base/grow.h"
#include "collect/processors.h"

#include <stdlib.h>

/* Enough that neither waits for the other because of a single slow answer. */
enum { SLOTS = 8 };

struct slot {
	char  *buffer;
	size_t size;
	int    err;
};

struct relay {
	relay_fill     *fill;
	void           *ctx;
	pthread_t       thread;
	pthread_mutex_t lock;           /* of the members below */
	pthread_cond_t  changed;
	struct slot     slots[SLOTS];
	size_t          filled, taken;  /* so far; the slot taken last is still in use */
	bool            stop;
};

/* The slot to be filled next, or NULL when no more are wanted. */
static struct slot *wait_for_room(struct relay *relay)
{
	struct slot *slot;

	pthread_mutex_lock(&relay->lock);
	while (!relay->stop && relay->taken + SLOTS - 1 <= relay->filled)
		pthread_cond_wait(&relay->changed, &relay->lock);
	slot = relay->stop ? NULL : &relay->slots[relay->filled % SLOTS];
	pthread_mutex_unlock(&relay->lock);
	return slot;
}

static void hand_over(struct relay *relay)
{
	pthread_mutex_lock(&relay->lock);
	relay->filled++;
	pthread_cond_signal(&relay->changed);
	pthread_mutex_unlock(&relay->lock);
}

static void *run(void *ctx)
{
	struct relay *relay = ctx;
	struct slot *slot;
	int err = 0;

	while (!err && (slot = wait_for_room(relay))) {
		err = slot->err = relay->fill(relay->ctx, slot->buffer, &slot->size);
		hand_over(relay);
	}
	return NULL;
}

static void relay_free(struct relay *relay)
{
	for (size_t i = 0; i < SLOTS; i++)
		free(relay->slots[i].buffer);
	pthread_cond_destroy(&relay->changed);
	pthread_mutex_destroy(&relay->lock);
	free(relay);
}

struct relay *relay_begin(relay_fill *fill, void *ctx, size_t room)
{
	struct relay *relay;

	if (!processors_can_run(2))
		return NULL;
	relay = grow_alloc(sizeof(*relay));
	relay->fill = fill;
	relay->ctx = ctx;
	pthread_mutex_init(&relay->lock, NULL);
	pthread_cond_init(&relay->changed, NULL);
	for (size_t i = 0; i < SLOTS; i++)
		relay->slots[i].buffer = grow_space(room);
	if (processors_start(&relay->thread, run, relay))
		return relay;
	relay_free(relay);
	return NULL;
}

int relay_next(struct relay *relay, const char **buffer, size_t *size)
{
	const struct slot *slot;

	pthread_mutex_lock(&relay->lock);
	while (relay->taken == relay->filled)
		pthread_cond_wait(&relay->changed, &relay->lock);
	slot = &relay->slots[relay->taken++ % SLOTS];
	pthread_cond_signal(&relay->changed);
	pthread_mutex_unlock(&relay->lock);
	*buffer = slot->buffer;
	*size = slot->size;
	return slot->err;
}

void relay_end(struct relay *relay)
{
	pthread_mutex_lock(&relay->lock);
	relay->stop = true;
	pthread_cond_signal(&relay->changed);
	pthread_mutex_unlock(&relay->lock);
	pthread_join(relay->thread, NULL);
	relay_free(relay);
}
