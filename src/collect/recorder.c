/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/recorder.h"

#include "base/grow.h"
#include "base/input.h"
#include "base/own.h"
#include "collect/collect.h"
#include "collect/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

int recorder_open(struct recorder *recorder, const char *from, const char *record,
		  struct fault *fault)
{
	*recorder = (struct recorder){ 0 };
	if (from)
		return load_open(&recorder->load, from, fault);
	return record ? save_open(&recorder->save, record, fault) : 0;
}

int recorder_close(struct recorder *recorder, bool keep, struct fault *fault)
{
	int err = recorder->save ? save_close(recorder->save, keep, fault) : 0;

	if (recorder->load)
		load_close(recorder->load);
	*recorder = (struct recorder){ 0 };
	return err;
}

void recorder_redact(struct recorder *recorder)
{
	if (recorder->save)
		save_redact(recorder->save);
}

void recorder_put(struct recorder *recorder, enum frame_type type, const void *fixed,
		  const void *bytes, size_t size)
{
	if (recorder->save)
		save_put(recorder->save, type, fixed, bytes, size);
}

/*
 * Reads once into @room bytes. Some files of /proc/sys give only what fits into the
 * first read, so when it is full the caller tries again with more.
 */
static int read_within(int folder, const char *name, size_t room, struct text *content)
{
	OWN_FD int fd = folder == AT_FDCWD ? host_open(name) :
			openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got;

	if (fd < 0)
		return -errno;
	content->at = grow_room(content->at, &content->room, content->count + room + 1, 1);
	got = input_fill(fd, content->at + content->count, room);
	if (got > 0 && (size_t)got < room)
		content->count += (size_t)got;
	content->at[content->count] = '\0';
	return got < 0 ? (int)got : (size_t)got == room ? -EFBIG : 0;
}

int file_read(int folder, const char *name, struct text *content)
{
	int err = -EFBIG;

	for (size_t room = 4096; err == -EFBIG && room <= 1048576; room *= 16)
		err = read_within(folder, name, room, content);
	return err;
}

static int replay_file(const struct recorder *recorder, const char *name, struct text *content)
{
	const uint8_t *bytes;
	size_t size;
	int err;

	if (!load_file(recorder->load, name, &err, &bytes, &size))
		return -ENODATA;
	if (err)
		return err > 0 && err < 4096 ? -err : -EIO;
	text_add(content, (const char *)bytes, size);
	return 0;
}

int recorder_file(struct recorder *recorder, const char *name, struct text *content)
{
	struct text bytes = { 0 };
	struct frame_file file;
	int err;

	if (recorder->load)
		return replay_file(recorder, name, content);
	err = file_read(AT_FDCWD, name, content);
	file.err = -err;
	if (recorder->save) {
		text_add(&bytes, name, strlen(name) + 1);
		text_add(&bytes, text_str(content), content->count);
		recorder_put(recorder, FRAME_FILE, &file, bytes.at, bytes.count);
	}
	text_fini(&bytes);
	return err;
}

void recorder_answer(struct recorder *recorder, const struct question *question)
{
	struct frame_answer frame = {
		.kind = question->kind, .key_size = (uint32_t)question->key_size,
	};
	struct text bytes = { 0 };

	if (!recorder->save)
		return;
	text_add(&bytes, question->key, question->key_size);
	text_add(&bytes, question->head, answer_schemas[question->kind].head_size);
	text_add(&bytes, question->rows.at, question->rows.count);
	recorder_put(recorder, FRAME_ANSWER, &frame, bytes.at, bytes.count);
	text_fini(&bytes);
}

/*
 * The bytes of the answer when the frame answers that question and fits its schema, or
 * NULL.
 */
static const uint8_t *answer_of(const struct frame *frame, const struct question *question,
				size_t *size)
{
	struct frame_answer told;
	const uint8_t *bytes = frame_open(frame, &told, size);

	if (told.kind != (uint32_t)question->kind || told.key_size != question->key_size ||
	    *size < question->key_size || memcmp(bytes, question->key, question->key_size) != 0)
		return NULL;
	*size -= question->key_size;
	if (!answer_fits(&answer_schemas[question->kind], *size))
		return NULL;
	return bytes + question->key_size;
}

bool recorder_answered(const struct recorder *recorder, struct question *question)
{
	const struct answer_schema *schema = &answer_schemas[question->kind];
	bool found = false;

	for (size_t i = 0; i < load_heads(recorder->load) && (!found || schema->every); i++) {
		struct frame frame = load_head(recorder->load, i);
		const uint8_t *answer;
		size_t size;

		answer = frame.type == FRAME_ANSWER ? answer_of(&frame, question, &size) : NULL;
		if (!answer)
			continue;
		found = true;
		if (schema->head_size)
			memcpy(question->head, answer, schema->head_size);
		if (schema->row_size)
			text_add(&question->rows, answer + schema->head_size,
				 size - schema->head_size);
	}
	return found;
}

void recorder_gap(struct recorder *recorder, struct snapshot *seen, enum gap_kind kind,
		  uint64_t count, const char *fmt, ...)
{
	struct frame_gap gap = { .count = count, .kind = kind };
	char sentence[200];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	if (seen)
		snapshot_gap(seen, kind, count, "%s", sentence);
	recorder_put(recorder, FRAME_GAP, &gap, sentence, strlen(sentence));
}

void recorder_replay_gap(struct snapshot *seen, const struct frame *frame)
{
	struct frame_gap gap;
	char sentence[200];
	size_t size;
	const uint8_t *bytes = frame_open(frame, &gap, &size);

	if (gap.kind >= GAP_KIND_COUNT)
		gap.kind = GAP_RECORDING;
	if (size >= sizeof(sentence))
		size = sizeof(sentence) - 1;
	/* Our own sentences are plain ASCII; anything else was put there by somebody. */
	for (size_t i = 0; i < size; i++)
		sentence[i] = (char)(bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '?');
	sentence[size] = '\0';
	snapshot_gap(seen, gap.kind, gap.count, "%s", sentence);
}

bool recorder_section(struct recorder *recorder, enum frame_type type, struct frame *head,
		      struct cursor *cursor)
{
	size_t skip = recorder->used[type], last = 0;
	bool found = false;

	for (size_t i = 0; i < load_heads(recorder->load); i++) {
		if (load_head(recorder->load, i).type != type)
			continue;
		found = true;
		last = i;
		if (!skip--)
			break;
	}
	if (!found)
		return false;
	recorder->used[type]++;
	*head = load_head(recorder->load, last);
	*cursor = load_begin(recorder->load, last);
	return true;
}

/* ---- a recording out of another one ---- */

/*
 * Also copies recordings of an older version: a member that it lacks is 0, which is what
 * it meant.
 */
static void copy_frames(const struct load *load, struct save *save)
{
	struct cursor cursor = load_begin_all(load);
	struct frame frame;

	while (load_next(&cursor, &frame)) {
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
