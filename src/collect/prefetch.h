/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_PREFETCH_H
#define COLLECT_PREFETCH_H

#include <stddef.h>

/*
 * A second thread that receives ahead, while this one works on what came before: the
 * kernel makes the next answer of a listing within the call that takes it away.
 */
struct prefetch;

/* Receives into @buffer and tells how much in @size; a result that is not 0 is the last. */
typedef int prefetch_fill(void *ctx, char *buffer, size_t *size);

/**
 * prefetch_begin - the thread begins to call @fill
 * @room: bytes of each buffer
 *
 * Until prefetch_end() @ctx is the thread's. NULL where there is no second processor or no
 * thread to be had: the caller goes on alone.
 */
struct prefetch *prefetch_begin(prefetch_fill *fill, void *ctx, size_t room);

/*
 * The results of @fill in their order; waits for the next. @buffer is good until the
 * next call. Not to be called again after the last.
 */
int prefetch_next(struct prefetch *prefetch, const char **buffer, size_t *size);

/* Ends the thread after the call it is in, and frees everything. */
void prefetch_end(struct prefetch *prefetch);

#endif
