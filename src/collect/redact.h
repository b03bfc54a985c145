/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_REDACT_H
#define COLLECT_REDACT_H

#include "base/text.h"
#include "collect/frame.h"

/*
 * Frames of a recording without addresses and names: `record --redact`. What is
 * not known to be free of them is left out, so that whoever adds a frame, a file,
 * an answer or an attribute has to say here that it may stay.
 */
struct redact;

struct redact *redact_new(void);
void redact_free(struct redact *redact);

/**
 * redact_frame - what is to be written instead of a frame
 * @fixed: its fixed part, changed in its place
 * @bytes: what is behind that
 * @out:   gets what is to be behind it
 *
 * False: the frame is to be left out.
 */
bool redact_frame(struct redact *redact, enum frame_type type, void *fixed,
		  const void *bytes, size_t size, struct text *out);

/**
 * redact_keys - blank the keys of TCP MD5 signatures in a socket message
 *
 * The kernel shows them to root, nobody needs them, so no recording has them.
 * False, and nothing in @out: there are none.
 */
bool redact_keys(const void *bytes, size_t size, struct text *out);

#endif
