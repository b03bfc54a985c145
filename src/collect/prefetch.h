/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_PREFETCH_H
#define COLLECT_PREFETCH_H

#include <stddef.h>

/*
 * A second thread that receives ahead while this one works on earlier answers. It pays
 * because the kernel makes the next answer of a listing inside the call that receives
 * one.
 */
struct prefetch;

/* Receives into @buffer and sets @size. A result other than 0 is the last. */
typedef int prefetch_fill(void *ctx, char *buffer, size_t *size);

/**
 * prefetch_begin - start the thread, which calls @fill
 * @room: bytes of each buffer
 *
 * The thread owns @ctx until prefetch_end(). Returns NULL where there is no second
 * processor or no thread can be had: then the caller goes on alone.
 */
struct prefetch *prefetch_begin(prefetch_fill *fill, void *ctx, size_t room);

/*
 * Waits for the next result of @fill, in order. @buffer is valid until the next call.
 * Must not be called again after the last result.
 */
int prefetch_next(struct prefetch *prefetch, const char **buffer, size_t *size);

/* Ends the thread after its current call, and frees everything. */
void prefetch_end(struct prefetch *prefetch);

#endif
