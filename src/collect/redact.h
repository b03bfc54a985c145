/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_REDACT_H
#define COLLECT_REDACT_H

#include "base/text.h"
#include "collect/frame.h"

/*
 * Frames of a recording without addresses and names: `record --redact`. What is not
 * known to be free of them is left out. So whoever adds a frame, a file, an answer or an
 * attribute says in its table that it may stay.
 */
struct redact;

struct redact *redact_new(void);
void redact_free(struct redact *redact);

/**
 * redact_frame - what is written in place of a frame
 * @fixed: its fixed part, changed in place
 * @bytes: what follows that
 * @out:   gets what is to follow it
 *
 * Returns false when the frame must be left out.
 */
bool redact_frame(struct redact *redact, enum frame_type type, void *fixed,
		  const void *bytes, size_t size, struct text *out);

/**
 * redact_keys - blank the keys of TCP MD5 signatures in a socket message
 *
 * The kernel shows the keys to root. No recording has them, because nobody needs them
 * there. Returns false, with nothing in @out, when the message has no keys.
 */
bool redact_keys(const void *bytes, size_t size, struct text *out);

#endif
