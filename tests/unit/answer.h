/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_UNIT_ANSWER_H
#define TESTS_UNIT_ANSWER_H

#include "collect/recorder.h"

/* An answer in a recording, of any size: as no sockvet writes it. */
static inline void put_answer(struct recorder *by, enum answer_kind kind, const void *key,
			      size_t key_size, const void *answer, size_t size)
{
	struct frame_answer frame = { .kind = kind, .key_size = (uint32_t)key_size };
	struct text bytes = { 0 };

	text_add(&bytes, key, key_size);
	text_add(&bytes, answer, size);
	recorder_put(by, FRAME_ANSWER, &frame, bytes.at, bytes.count);
	text_fini(&bytes);
}

#endif
