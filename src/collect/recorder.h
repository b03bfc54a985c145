/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_RECORDER_H
#define COLLECT_RECORDER_H

#include "base/text.h"
#include "collect/load.h"
#include "collect/save.h"
#include "model/snapshot.h"

/*
 * The seam where everything enters the program. Live, what was seen passes
 * through and is saved when a recording is made; in a replay the recording
 * answers, and nothing of the machine is touched.
 */
struct recorder {
	struct save *save;      /* a recording is being made */
	struct load *load;      /* a recording is being replayed */
	size_t       used[FRAME_LAST_HEAD + 1]; /* sections replayed, by type */
};

/* Live: at most one of the names is not NULL. */
int recorder_open(struct recorder *recorder, const char *from, const char *record,
		  struct fault *fault);
int recorder_close(struct recorder *recorder, bool keep, struct fault *fault);

/* What is recorded from now on has pseudonyms for addresses and names. */
void recorder_redact(struct recorder *recorder);

static inline bool recorder_replays(const struct recorder *recorder)
{
	return recorder->load;
}

static inline bool recorder_records(const struct recorder *recorder)
{
	return recorder->save;
}

/* Saves a frame when a recording is made. */
void recorder_put(struct recorder *recorder, enum frame_type type, const void *fixed,
		  const void *bytes, size_t size);

/**
 * recorder_file - content of a file by its name, live or as recorded
 * @content: gets the bytes; must be empty
 *
 * Returns 0, -errno of the reading, or -ENODATA when the recording has no such
 * file.
 */
int recorder_file(struct recorder *recorder, const char *name, struct text *content);

/* Adds a small file of /proc whole, less than 1 MiB. Nothing is saved. */
int file_read(int folder, const char *name, struct text *content);

/* A question to the kernel and its answer, as recorded: see answer_schemas. */
struct question {
	enum answer_kind kind;
	const void      *key;           /* fixed bytes without padding */
	size_t           key_size;
	void            *head;          /* of the answer, if it has one */
	struct text      rows;          /* of the answer, if it has any; text_fini() frees them */
};

/* Saves the answer that the kernel gave when a recording is made. */
void recorder_answer(struct recorder *recorder, const struct question *question);

/* Fills in the recorded answer to the same question; false when there is none. */
bool recorder_answered(const struct recorder *recorder, struct question *question);

/**
 * recorder_gap - note a gap, and save it for the replay
 *
 * For what cannot be told again from other frames. The sentence is ours: plain
 * ASCII, no foreign bytes. Without @seen it is only saved.
 */
void recorder_gap(struct recorder *recorder, struct snapshot *seen, enum gap_kind kind,
		  uint64_t count, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* A gap that was recorded: into the snapshot again. */
void recorder_replay_gap(struct snapshot *seen, const struct frame *frame);

/*
 * The next recorded section of that type: replays ask in the order of the
 * live run; the last one answers further asks. False when there is none.
 */
bool recorder_section(struct recorder *recorder, enum frame_type type, struct frame *head,
		      struct cursor *cursor);

#endif
