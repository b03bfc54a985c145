/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recordings: what can be loaded is replayed by every command, and redacted. What is invented from
 * a recording gets its number of frames and its checksum right again, or nothing
 * behind them would ever be reached.
 */
#include "fuzz.h"
#include "program.h"

#include "../unit/load_bytes.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of libFuzzer; not there in a replay, where nothing is invented. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t room) __attribute__((weak));

static int file = -1;
static char path[64];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	setlocale(LC_CTYPE, "C.UTF-8");
	setenv("NO_COLOR", "1", 1);
	file = memfd_create("recording", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	return 0;
}

/* ---- replay ---- */

#define WORDS 8

static const char *const lines[][WORDS] = {
	{ "check", "--json" },
	{ "check", "--warn", "close-wait-leak=0,count=1" },
	{ "check", "--jsonl", "-4" },
	{ "list", "-tanpoemi" },
	{ "list", "-tanoemi", "--json" },
	{ "list", "--csv", "-tua", "-C", "+AGE,OPENER,UNIT,CGROUP" },
	{ "list", "-a", "--tsv", "--sort", "-age,peer" },
	{ "list", "-xa0p" },
	{ "list", "-ta", "--by", "process,unit,state", "--json" },
	{ "list", "-ta", "age > 1s or comm sshd or cgroup /x" },
	{ "bind", "80", "--json" },
	{ "bind", "127.0.0.1:8080", "--reuseaddr" },
	{ "bind", "53", "--udp" },
	{ "bind", "/run/x.sock", "--json" },
	{ "connect", "--json" },
	{ "connect", "10.0.0.2:80" },
	{ "connect", "[::1]:80", "--json" },
};

static void replay(const char *const words[WORDS])
{
	char *own[WORDS], *copies[WORDS];
	struct program_end end;
	size_t count = 0;

	for (; count < WORDS && words[count]; count++)
		own[count] = copies[count] = strdup(words[count]);
	/* a descriptor that is handed over is read from where it stands */
	lseek(file, 0, SEEK_SET);
	end = program_run(own, count, path);
	program_require_sane(words[1], &end);
	program_end_fini(&end);
	fuzz_words_free(copies, count);
}

/* ---- without addresses and names ---- */

static void redact_one(struct redact *redact, const struct frame *frame)
{
	_Alignas(max_align_t) uint8_t fixed[64];
	struct text out = { 0 };
	size_t size;
	const uint8_t *bytes = frame_open(frame, fixed, &size);

	if (!redact_frame(redact, frame->type, fixed, bytes, size, &out))
		fuzz_require(!frame_is_head(frame->type), "a head that is left out");
	text_fini(&out);
}

static void redact_all(const struct load *load)
{
	struct redact *redact = redact_new();
	struct frame frame;

	for (size_t i = 0; i < load_heads(load); i++) {
		struct cursor cursor = load_begin(load, i);

		frame = load_head(load, i);
		redact_one(redact, &frame);
		while (load_next(&cursor, &frame))
			redact_one(redact, &frame);
	}
	redact_free(redact);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct load *load;
	struct fault fault = { 0 };

	if (load_bytes(&load, bytes, size, "NAME", &fault) < 0) {
		fuzz_require(strstr(fault.text, " at byte "), "without a place: %s", fault.text);
		return 0;
	}
	redact_all(load);
	load_close(load);
	fuzz_require(ftruncate(file, 0) == 0 && pwrite(file, bytes, size, 0) == (ssize_t)size,
		     "no place for the recording");
	/* an invented one by some of them, so that there is time for more of these */
	for (size_t i = 0, some = size ? bytes[size / 2] : 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (!LLVMFuzzerMutate || (i + some) % 4 == 0)
			replay(lines[i]);
	return 0;
}

/* ---- inventing ---- */

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed);

#define START sizeof(struct recording_header)
#define FRAMES_MAX 4096

struct frames {
	size_t at[FRAMES_MAX];
	size_t count;           /* the end is not one of them */
	size_t end;             /* behind the last */
};

static void find_frames(struct frames *frames, const uint8_t *bytes, size_t size)
{
	struct frame_header head;

	frames->count = 0;
	frames->end = START;
	while (frames->count < FRAMES_MAX && frames->end + sizeof(head) <= size) {
		memcpy(&head, bytes + frames->end, sizeof(head));
		if (head.type == FRAME_END || head.length > size - frames->end - sizeof(head))
			break;
		frames->at[frames->count++] = frames->end;
		frames->end += sizeof(head) + head.length;
	}
}

/* The payload of one frame is made another, and its length right. */
static size_t change_frame(const struct frames *frames, uint8_t *bytes, size_t size, size_t room,
			   size_t which)
{
	size_t at = frames->at[which], body = at + sizeof(struct frame_header);
	size_t next = which + 1 < frames->count ? frames->at[which + 1] : frames->end;
	uint8_t part[65536];
	size_t before = next - body, after;

	if (before > sizeof(part))
		return size;
	memcpy(part, bytes + body, before);
	after = LLVMFuzzerMutate(part, before, sizeof(part));
	if (size - before + after > room)
		return size;
	memmove(bytes + body + after, bytes + next, size - next);
	memcpy(bytes + body, part, after);
	memcpy(bytes + at + offsetof(struct frame_header, length), &(uint32_t){ (uint32_t)after },
	       sizeof(uint32_t));
	return size - before + after;
}

/* What stands behind the frames becomes the end that they should have. */
static size_t seal(uint8_t *bytes, size_t size, size_t room)
{
	struct recording_header top;
	struct frame_header head = { .type = FRAME_END };
	struct frame_end end = { 0 };
	struct frames frames;

	if (size < START)
		return size;
	memcpy(&top, bytes, sizeof(top));
	head.length = frame_fixed_in(top.version, FRAME_END);
	find_frames(&frames, bytes, size);
	if (frames.end + sizeof(head) + head.length > room)
		return size;
	end.frames = frames.count;
	end.sum = frame_sum(FRAME_SUM_START, bytes, frames.end);
	memcpy(bytes + frames.end, &head, sizeof(head));
	memcpy(bytes + frames.end + sizeof(head), &end, head.length);
	return frames.end + sizeof(head) + head.length;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed)
{
	bool is_ours = size >= START && memcmp(bytes, RECORDING_MAGIC, 8) == 0;
	struct frames frames;

	if (is_ours)
		find_frames(&frames, bytes, size);
	if (!is_ours || !frames.count || seed % 4 == 0)
		size = LLVMFuzzerMutate(bytes, size, room);
	else
		size = change_frame(&frames, bytes, size, room, seed / 4 % frames.count);
	is_ours = size >= START && memcmp(bytes, RECORDING_MAGIC, 8) == 0;
	/* now and then the end may be wrong, too */
	return is_ours && seed % 64 ? seal(bytes, size, room) : size;
}
