/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_TAPE_H
#define COLLECT_TAPE_H

#include "base/text.h"
#include "collect/load.h"
#include "collect/save.h"
#include "model/snapshot.h"

/*
 * The seam where everything enters the program. Live, what was seen passes
 * through and is saved when a recording is made; in a replay the recording
 * answers, and nothing of the machine is touched.
 */
struct tape {
	struct save *save;      /* a recording is being made */
	struct load *load;      /* a recording is being replayed */
	size_t       used[FRAME_LAST_HEAD + 1]; /* sections replayed, by type */
};

/* Live: at most one of the names is not NULL. */
int tape_open(struct tape *tape, const char *from, const char *record,
	      struct fault *fault);
int tape_close(struct tape *tape, bool keep, struct fault *fault);

/* What is recorded from now on has pseudonyms for addresses and names. */
void tape_redact(struct tape *tape);

static inline bool tape_replays(const struct tape *tape)
{
	return tape->load;
}

static inline bool tape_records(const struct tape *tape)
{
	return tape->save;
}

/* Saves a frame when a recording is made. */
void tape_put(struct tape *tape, enum frame_type type, const void *fixed,
	      const void *bytes, size_t size);

/**
 * tape_file - content of a file by its name, live or as recorded
 * @content: gets the bytes; must be empty
 *
 * Returns 0, -errno of the reading, or -ENODATA when the recording has no such
 * file.
 */
int tape_file(struct tape *tape, const char *name, struct text *content);

/* Adds a small file of /proc whole, less than 1 MiB. Nothing is saved. */
int tape_read(int folder, const char *name, struct text *content);

/* A question to the kernel and its answer, as recorded: see answer_schemas. */
struct question {
	enum answer_kind kind;
	const void      *key;           /* fixed bytes without padding */
	size_t           key_size;
	void            *head;          /* of the answer, if it has one */
	struct text      rows;          /* of the answer, if it has any; text_fini() frees them */
};

/* Saves the answer that the kernel gave when a recording is made. */
void tape_answer(struct tape *tape, const struct question *question);

/* Fills in the recorded answer to the same question; false when there is none. */
bool tape_answered(const struct tape *tape, struct question *question);

/**
 * tape_gap - note a gap, and save it for the replay
 *
 * For what cannot be told again from other frames. The sentence is ours: plain
 * ASCII, no foreign bytes. Without @seen it is only saved.
 */
void tape_gap(struct tape *tape, struct snapshot *seen, enum gap_kind kind,
	      uint64_t count, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* A gap that was recorded: into the snapshot again. */
void tape_replay_gap(struct snapshot *seen, const struct frame *frame);

/*
 * The next recorded section of that type: replays ask in the order of the
 * live run; the last one answers further asks. False when there is none.
 */
bool tape_section(struct tape *tape, enum frame_type type, struct frame *head,
		  struct cursor *cursor);

#endif
