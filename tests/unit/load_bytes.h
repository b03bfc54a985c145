/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording from memory: checked as one that is read from a file. */
#include "collect/load.c"

static int load_bytes(struct load **result, const void *bytes, size_t size, const char *shown,
		      struct fault *fault)
{
	struct load *load = grow_alloc(sizeof(*load));
	int err;

	text_quote(&load->shown, shown, strlen(shown));
	load->bytes.at = grow_room(NULL, &load->bytes.room, size + 1, 1);
	if (size)
		memcpy(load->bytes.at, bytes, size);
	load->bytes.count = load->most = size;
	err = check(load, true, fault);
	if (err)
		load_close(load);
	else
		*result = load;
	return err;
}
