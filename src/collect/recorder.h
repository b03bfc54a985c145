/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_RECORDER_H
#define COLLECT_RECORDER_H

#include "base/fault.h"
#include "base/text.h"
#include "collect/frame.h"
#include "model/snapshot.h"

/* ---- reading: load.c ---- */

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

/* ---- writing: save.c ---- */

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

/* ---- both: recorder.c ---- */

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
