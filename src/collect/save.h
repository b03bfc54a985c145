/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_SAVE_H
#define COLLECT_SAVE_H

#include "base/fault.h"
#include "collect/frame.h"

#include <stdbool.h>

/*
 * A recording being written. Nothing stands under the name that the user gave
 * before save_close() put a complete, synced file there; until then the file
 * has no name at all, or a temporary one where the file system knows no
 * nameless files. Readable by its owner only.
 */
struct save;

/**
 * save_open - begin a recording
 * @path: the file to be made or replaced; replaced is only what is a recording,
 *        or empty. Root is refused where anybody may replace its files.
 */
int save_open(struct save **result, const char *path, struct fault *fault);

/* From now on addresses and names are replaced, see redact.h. */
void save_redact(struct save *save);

/*
 * Adds a frame: the fixed part of its payload, then bytes of any length. Keys
 * (TCP MD5 signatures) are blanked.
 */
void save_put(struct save *save, enum frame_type type, const void *fixed,
	      const void *bytes, size_t size);

/**
 * save_close - put the recording in place, or drop it
 * @keep: false leaves no trace
 */
int save_close(struct save *save, bool keep, struct fault *fault);

#endif
