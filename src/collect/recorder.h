/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_RECORDER_H
#define COLLECT_RECORDER_H

#include "base/fault.h"
#include "base/text.h"
#include "collect/frame.h"
#include "model/snapshot.h"

/* ---- reading: load.c ---- */

/*
 * A recording that is being read: ours, or a dump of `ss -D` (netlink messages back to
 * back). It is somebody else's file: all lengths are checked once when it is opened,
 * memory stays within a small multiple of what was read, and the content of frames is
 * not trusted after that, either.
 */
struct load;

/**
 * load_open - read a whole recording and check its form
 * @path: the file, "-" for standard input
 *
 * Before it reads, it gives up the privileges that were kept only to open the file
 * (privilege.h). The sentences for errors name the offset: not a recording, other byte
 * order, newer format, cut short, changed or damaged (its checksum, from version 2 on),
 * a frame that makes no sense, larger than LOAD_MAX.
 */
int load_open(struct load **result, const char *path, struct fault *fault);

void load_close(struct load *load);

/* Frees the sections of these heads (one bit a frame_type): they are empty from then on. */
void load_forget(struct load *load, uint32_t heads);

#define LOAD_MAX ((size_t)1 << 30)

/* True for a dump of `ss -D`, which has FRAME_SOCKs in one section without a head. */
bool load_is_foreign(const struct load *load);

struct frame {
	enum frame_type type;
	size_t          size;   /* of the payload */
	size_t          fixed;  /* bytes of its fixed part in this recording */
	const uint8_t  *body;   /* not aligned */
};

/* The number of heads, and the head of that number. A foreign file has none. */
size_t load_heads(const struct load *load);
struct frame load_head(const struct load *load, size_t head);

/* A position in one section or in all of them. */
struct cursor {
	const struct load *load;
	size_t at;
	bool   all;             /* it does not stop at heads */
};

/* A cursor behind the head of that number, or at the start of a foreign file. */
struct cursor load_begin(const struct load *load, size_t head);

/* A cursor at the first frame of all; at the end for a foreign file. */
struct cursor load_begin_all(const struct load *load);

/* Moves to the next frame. Returns false at the end of the section, or of the file. */
bool load_next(struct cursor *cursor, struct frame *frame);

/*
 * The first FRAME_FILE of that name: its errno and content. Returns false when there is
 * none.
 */
bool load_file(const struct load *load, const char *name, int *err,
	       const uint8_t **content, size_t *size);

/*
 * Copies the fixed part of @frame's payload to @fixed (a struct of the frame's type) and
 * returns the bytes behind it. Members that an older version lacks are 0.
 */
const uint8_t *frame_open(const struct frame *frame, void *fixed, size_t *size);

/* ---- without addresses and names: redact.c ---- */

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

/* ---- writing: save.c ---- */

/*
 * A recording that is being written. Under the name that the user gave, nothing stands
 * before save_close() puts a complete, synced file there. Until then the file has no
 * name at all, or a temporary one where the file system has no nameless files. Only its
 * owner can read it.
 */
struct save;

/**
 * save_open - begin a recording
 * @path: the file to be made; an existing file is replaced only if it is a recording or
 *        empty
 *
 * Refused to root where anybody may replace root's files.
 */
int save_open(struct save **result, const char *path, struct fault *fault);

/* Replaces addresses and names from now on. */
void save_redact(struct save *save);

/*
 * Adds a frame: the fixed part of its payload, then bytes of any length. Blanks keys
 * (TCP MD5 signatures).
 */
void save_put(struct save *save, enum frame_type type, const void *fixed,
	      const void *bytes, size_t size);

/**
 * save_close - put the recording into its place, or drop it
 * @keep: false leaves nothing behind
 */
int save_close(struct save *save, bool keep, struct fault *fault);

/* ---- both: recorder.c ---- */

/*
 * Everything from outside enters the program here. Live, what was seen passes through,
 * and is saved when a recording is made; in a replay the recording answers, and nothing
 * of the machine is touched.
 */
struct recorder {
	struct save *save;      /* a recording is being made */
	struct load *load;      /* a recording is being replayed */
	size_t       used[FRAME_LAST_HEAD + 1]; /* how many sections of each type were replayed */
};

/* Live: at most one of the two names is not NULL. */
int recorder_open(struct recorder *recorder, const char *from, const char *record,
		  struct fault *fault);
int recorder_close(struct recorder *recorder, bool keep, struct fault *fault);

/* Writes pseudonyms for addresses and names from now on. */
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
 * recorder_file - the content of a file, live or as recorded
 * @content: gets the bytes; must be empty
 *
 * Returns 0, -errno of the reading, or -ENODATA when the recording has no such file.
 */
int recorder_file(struct recorder *recorder, const char *name, struct text *content);

/*
 * Adds all of a small file of /proc, less than 1 MiB; without a folder (AT_FDCWD) where
 * host.h says that it is. Saves nothing.
 */
int file_read(int folder, const char *name, struct text *content);

/*
 * A question to the kernel and its answer as they are recorded; answer_schemas describes
 * both.
 */
struct question {
	enum answer_kind kind;
	const void      *key;           /* fixed bytes without padding */
	size_t           key_size;
	void            *head;          /* of the answer, if it has one */
	struct text      rows;          /* of the answer, if it has any; text_fini() frees them */
};

/* Saves the kernel's answer when a recording is made. */
void recorder_answer(struct recorder *recorder, const struct question *question);

/* Fills in the recorded answer to the same question. Returns false when there is none. */
bool recorder_answered(const struct recorder *recorder, struct question *question);

/**
 * recorder_gap - note a gap, and save it for the replay
 *
 * Only for gaps that a replay cannot find again from other frames. The sentence is ours:
 * plain ASCII, no foreign bytes. Without @seen it is only saved.
 */
void recorder_gap(struct recorder *recorder, struct snapshot *seen, enum gap_kind kind,
		  uint64_t count, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Adds a recorded gap to the snapshot. */
void recorder_replay_gap(struct snapshot *seen, const struct frame *frame);

/*
 * Finds the next recorded section of that type: a replay asks in the order of the live
 * run, and the last section answers all further questions. Returns false when there is
 * none.
 */
bool recorder_section(struct recorder *recorder, enum frame_type type, struct frame *head,
		      struct cursor *cursor);

#endif
