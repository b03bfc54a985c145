/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording out of another one. */
#include "collect/collect.h"
#include "collect/load.h"
#include "collect/save.h"

#include <errno.h>

/* Also of an older version: what it did not have is 0, which is what it means. */
static void copy_frames(const struct load *load, struct save *save)
{
	struct cursor cursor = load_begin_all(load);
	struct frame frame;

	while (load_next_of_all(&cursor, &frame)) {
		uint64_t fixed[8];
		size_t size;
		const uint8_t *bytes = frame_open(&frame, fixed, &size);

		save_put(save, frame.type, fixed, bytes, size);
	}
}

int collect_redact(const char *from, const char *to, struct fault *fault)
{
	struct load *load;
	struct save *save;
	int err = load_open(&load, from, fault);

	if (err)
		return err;
	if (load_is_foreign(load))
		err = fault_set(fault, EINVAL, "a dump of ss cannot be redacted: record with sockvet record --redact");
	if (!err)
		err = save_open(&save, to, fault);
	if (!err) {
		save_redact(save);
		copy_frames(load, save);
		err = save_close(save, true, fault);
	}
	load_close(load);
	return err;
}
