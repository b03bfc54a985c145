/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_LOAD_H
#define COLLECT_LOAD_H

#include "base/fault.h"
#include "collect/frame.h"

#include <stdbool.h>

/*
 * A recording being read: ours, or a dump of `ss -D` (netlink messages back to
 * back). It is somebody else's file: every length is checked once when it is
 * opened, memory never exceeds a small multiple of what was really read, and
 * what the frames say is still not trusted after that.
 */
struct load;

/**
 * load_open - read a whole recording and check its form
 * @path: the file, "-" for standard input
 *
 * What was kept only to open it is given up before it is read (privilege.h).
 * Errors name the offset: no recording, other byte order, newer format, cut
 * short, changed or damaged (its checksum, from version 2 on), a frame that
 * makes no sense, larger than LOAD_MAX.
 */
int load_open(struct load **result, const char *path, struct fault *fault);

/* The same from memory, which is copied; @shown is the name in sentences. */
int load_bytes(struct load **result, const void *bytes, size_t size,
	       const char *shown, struct fault *fault);

void load_close(struct load *load);

/* Gives the memory of sections of these heads (a bit per frame_type) back: they are empty now. */
void load_forget(struct load *load, uint32_t heads);

#define LOAD_MAX ((size_t)1 << 30)

/* A dump of `ss -D`: it has FRAME_SOCKs in one section without a head. */
bool load_is_foreign(const struct load *load);

struct frame {
	enum frame_type type;
	size_t          size;   /* of the payload */
	size_t          fixed;  /* bytes of its fixed part in this recording */
	const uint8_t  *body;   /* not aligned */
};

/* Number of heads, and what the numbered one is. A foreign file has none. */
size_t load_heads(const struct load *load);
struct frame load_head(const struct load *load, size_t head);

/* A position in a section or in all of them. */
struct cursor {
	const struct load *load;
	size_t at;
	bool   all;             /* goes over heads */
};

/* Starts behind the numbered head, or at the start of a foreign file. */
struct cursor load_begin(const struct load *load, size_t head);

/* Starts at the first frame of all. Of a foreign file there is none. */
struct cursor load_begin_all(const struct load *load);

/* Steps to the next frame; false at the end of the section, or of them all. */
bool load_next(struct cursor *cursor, struct frame *frame);

/* The first FRAME_FILE of that name: errno and content. False: not there. */
bool load_file(const struct load *load, const char *name, int *err,
	       const uint8_t **content, size_t *size);

/*
 * Copies the fixed part of @frame's payload to @fixed (a struct of the frame's
 * type) and gives the bytes behind it. Members that an older version did not
 * have are 0.
 */
const uint8_t *frame_open(const struct frame *frame, void *fixed, size_t *size);

#endif
