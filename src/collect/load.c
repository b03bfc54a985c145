/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/recorder.h"

#include "base/grow.h"
#include "base/input.h"
#include "base/text.h"
#include "collect/privilege.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct load {
	struct { uint8_t *at; size_t count, room; } bytes;
	struct { size_t *at; size_t count, room; } heads;  /* offsets */
	struct { size_t *at; size_t count, room; } files;
	bool foreign;
	bool ended;             /* FRAME_END was found ... */
	size_t last;            /* ... at this offset */
	size_t checked;         /* bytes of whole frames or messages */
	uint64_t frames;        /* frames in these bytes */
	size_t most;            /* the highest number of bytes that there can be */
	uint32_t version;
	uint32_t forgotten;     /* heads whose sections were freed, one bit a type */
	struct quote shown;
};

/* Read after the header. A recording that ends within it is checked by its sum first. */
#define FIRST_BLOCK 65536

static int broken(const struct load *load, size_t offset, const char *what,
		  struct fault *fault)
{
	return fault_set(fault, EBADMSG, "cannot read the recording %s: %s at byte %zu; record it again",
			 load->shown.at, what, offset);
}

static int unknown(const struct load *load, struct fault *fault)
{
	return fault_set(fault, EBADMSG,
			 "cannot read the recording %s: no known start at byte 0; name a file that `sockvet record` or `ss -D` made",
			 load->shown.at);
}

void load_close(struct load *load)
{
	grow_fini(&load->bytes);
	grow_fini(&load->heads);
	grow_fini(&load->files);
	free(load);
}

bool load_is_foreign(const struct load *load)
{
	return load->foreign;
}

/* The frame at @offset, whose lengths index_frames() has checked. */
static struct frame frame_at(const struct load *load, size_t offset)
{
	struct frame_header header;

	memcpy(&header, load->bytes.at + offset, sizeof(header));
	return (struct frame){
		.type = header.type,
		.size = header.length,
		.fixed = frame_fixed_in(load->version, header.type),
		.body = load->bytes.at + offset + sizeof(header),
	};
}

size_t load_heads(const struct load *load)
{
	return load->heads.count;
}

struct frame load_head(const struct load *load, size_t head)
{
	return frame_at(load, load->heads.at[head]);
}

struct cursor load_begin(const struct load *load, size_t head)
{
	struct cursor cursor = { .load = load };
	struct frame frame;

	if (load->foreign) {
		cursor.at = load->forgotten >> FRAME_ASK & 1 ? load->bytes.count : 0;
		return cursor;
	}
	frame = load_head(load, head);
	if (load->forgotten >> frame.type & 1) {
		cursor.at = load->last;
		return cursor;
	}
	cursor.at = load->heads.at[head] + sizeof(struct frame_header) + frame.size;
	return cursor;
}

/* Frees whole pages, which read as zeros from then on. */
static void forget_bytes(struct load *load, size_t from, size_t to)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t begin = ((uintptr_t)load->bytes.at + from + page - 1) / page * page;
	uintptr_t end = ((uintptr_t)load->bytes.at + to) / page * page;

	if (begin < end)
		madvise(load->bytes.at + (begin - (uintptr_t)load->bytes.at), end - begin,
			MADV_DONTNEED);
}

static size_t end_of(const struct load *load, size_t offset)
{
	return offset + sizeof(struct frame_header) + frame_at(load, offset).size;
}

void load_forget(struct load *load, uint32_t heads)
{
	size_t file = 0;

	load->forgotten |= heads;
	if (load->foreign && heads >> FRAME_ASK & 1)
		forget_bytes(load, 0, load->bytes.count);
	for (size_t i = 0; i < load->heads.count; i++) {
		size_t from = end_of(load, load->heads.at[i]);
		size_t to = i + 1 < load->heads.count ? load->heads.at[i + 1] : load->last;
		bool goes = heads >> load_head(load, i).type & 1;

		/*
		 * files may stand in any section and are looked up without it, so they
		 * stay
		 */
		for (; file < load->files.count && load->files.at[file] < to; file++) {
			if (goes && load->files.at[file] > from)
				forget_bytes(load, from, load->files.at[file]);
			if (load->files.at[file] >= from)
				from = end_of(load, load->files.at[file]);
		}
		if (goes)
			forget_bytes(load, from, to);
	}
}

/* Netlink aligns each message to 4 bytes; the last one may lack its padding. */
static size_t message_step(const struct load *load, size_t at, size_t length)
{
	size_t left = load->bytes.count - at, step = NLMSG_ALIGN(length);

	return step < left ? step : left;
}

static bool next_message(struct cursor *cursor, struct frame *frame)
{
	const struct load *load = cursor->load;
	struct nlmsghdr header;
	size_t at = cursor->at;

	if (load->bytes.count - at < sizeof(header))
		return false;
	memcpy(&header, load->bytes.at + at, sizeof(header));
	*frame = (struct frame){
		.type = FRAME_SOCK,
		.size = header.nlmsg_len,
		.body = load->bytes.at + at,
	};
	cursor->at += message_step(load, at, header.nlmsg_len);
	return true;
}

struct cursor load_begin_all(const struct load *load)
{
	return (struct cursor){
		.load = load, .at = sizeof(struct recording_header), .all = true,
	};
}

bool load_next(struct cursor *cursor, struct frame *frame)
{
	if (cursor->load->foreign)
		return !cursor->all && next_message(cursor, frame);
	*frame = frame_at(cursor->load, cursor->at);
	if ((frame_is_head(frame->type) && !cursor->all) || frame->type == FRAME_END)
		return false;
	cursor->at += sizeof(struct frame_header) + frame->size;
	return true;
}

const uint8_t *frame_open(const struct frame *frame, void *fixed, size_t *size)
{
	memset(fixed, 0, frame_schemas[frame->type].fixed);
	memcpy(fixed, frame->body, frame->fixed);
	*size = frame->size - frame->fixed;
	return frame->body + frame->fixed;
}

bool load_file(const struct load *load, const char *name, int *err,
	       const uint8_t **content, size_t *size)
{
	size_t length = strlen(name) + 1;

	for (size_t i = 0; i < load->files.count; i++) {
		struct frame frame = frame_at(load, load->files.at[i]);
		struct frame_file file;

		*content = frame_open(&frame, &file, size);
		if (*size < length || memcmp(*content, name, length) != 0)
			continue;
		*err = file.err;
		*content += length;
		*size -= length;
		return true;
	}
	return false;
}

static bool is_foreign_type(uint16_t type)
{
	return type == SOCK_DIAG_BY_FAMILY || type == TCPDIAG_GETSOCK || type == NLMSG_DONE;
}

/*
 * Checks a dump of `ss -D`, which has netlink messages and nothing around them. @whole:
 * nothing more will come.
 */
static int check_messages(struct load *load, bool whole, struct fault *fault)
{
	while (load->checked < load->bytes.count) {
		struct nlmsghdr header;
		size_t at = load->checked, left = load->bytes.count - at;

		if (left < sizeof(header))
			return whole ? broken(load, at, "it ends within a message", fault) : 0;
		memcpy(&header, load->bytes.at + at, sizeof(header));
		if (!is_foreign_type(header.nlmsg_type) || header.nlmsg_len < sizeof(header))
			return broken(load, at, "it holds something that is not a socket message", fault);
		if ((uint64_t)at + header.nlmsg_len > load->most)
			return broken(load, at, "it ends within a message", fault);
		if (!whole && NLMSG_ALIGN((size_t)header.nlmsg_len) > left)
			return 0;
		load->checked += message_step(load, at, header.nlmsg_len);
	}
	return 0;
}

static int check_header(struct load *load, struct fault *fault)
{
	struct recording_header header;
	size_t version = offsetof(struct recording_header, version);
	size_t order = offsetof(struct recording_header, order);

	if (load->bytes.count < sizeof(header))
		return broken(load, load->bytes.count, "it ends within its header", fault);
	memcpy(&header, load->bytes.at, sizeof(header));
	if (header.order == __builtin_bswap32(RECORDING_ORDER))
		return fault_set(fault, EBADMSG,
				 "cannot read the recording %s: byte order of another kind of machine at byte %zu; read it on such a machine",
				 load->shown.at, order);
	if (header.order != RECORDING_ORDER)
		return broken(load, order, "no byte-order mark", fault);
	if (header.version > RECORDING_VERSION)
		return fault_set(fault, EBADMSG,
				 "cannot read the recording %s: format %u at byte %zu is newer than this sockvet (%u); use a newer sockvet",
				 load->shown.at, header.version, version, RECORDING_VERSION);
	if (!header.version)
		return broken(load, version, "format 0, which never was,", fault);
	load->version = header.version;
	load->checked = sizeof(header);
	return 0;
}

/*
 * The sum is checked before the content is read. A file that does not end in a FRAME_END
 * is cut short, which index_frames() tells better.
 */
static int check_sum(const struct load *load, struct fault *fault)
{
	size_t length = sizeof(struct frame_header) + frame_schemas[FRAME_END].fixed;
	size_t at, size;
	struct frame frame;
	struct frame_end end;

	if (load->version < 2 || load->bytes.count < sizeof(struct recording_header) + length)
		return 0;
	at = load->bytes.count - length;
	frame = frame_at(load, at);
	if (frame.type != FRAME_END || frame.size != frame.fixed)
		return 0;
	frame_open(&frame, &end, &size);
	if (end.sum == frame_sum(FRAME_SUM_START, load->bytes.at, at))
		return 0;
	return broken(load, at, "it was changed or damaged: the checksum does not fit", fault);
}

static void note_frame(struct load *load, enum frame_type type, size_t at)
{
	if (frame_is_head(type))
		*grow_add(&load->heads) = at;
	else if (type == FRAME_FILE)
		*grow_add(&load->files) = at;
}

static int check_end(struct load *load, size_t at, struct fault *fault)
{
	struct frame frame = frame_at(load, at);
	struct frame_end end;
	size_t size;

	frame_open(&frame, &end, &size);
	if (end.frames != load->frames)
		return broken(load, at, "the number of frames is not what was written", fault);
	if (size)
		return broken(load, at, "something stands behind the end", fault);
	load->ended = true;
	load->last = at;
	return 0;
}

static int check_frame(const struct load *load, const struct frame_header *header,
		       struct fault *fault)
{
	size_t at = load->checked;

	if (!header->type || header->type >= FRAME_TYPE_COUNT ||
	    header->length < frame_fixed_in(load->version, header->type))
		return broken(load, at, "there is a frame that makes no sense", fault);
	if ((uint64_t)at + sizeof(*header) + header->length > load->most)
		return broken(load, at, "it is cut short: a frame is longer than the file", fault);
	if (!load->heads.count && !frame_is_head(header->type) && header->type != FRAME_FILE &&
	    header->type != FRAME_END)
		return broken(load, at, "a frame stands outside every section", fault);
	return 0;
}

/*
 * Checks the lengths of all frames that are there, and remembers where sections and
 * files are. Without @whole the last frame may be there in part; the next call goes on
 * with it.
 */
static int index_frames(struct load *load, bool whole, struct fault *fault)
{
	for (;; load->frames++) {
		struct frame_header header;
		size_t at = load->checked, left = load->bytes.count - at;
		int err;

		if (load->ended)
			return left ? broken(load, at, "something stands behind the end", fault) : 0;
		if (left < sizeof(header))
			return whole ? broken(load, load->bytes.count, "it is cut short", fault) : 0;
		memcpy(&header, load->bytes.at + at, sizeof(header));
		err = check_frame(load, &header, fault);
		if (err || header.length > left - sizeof(header))
			return err;
		load->checked += sizeof(header) + header.length;
		err = header.type == FRAME_END ? check_end(load, at, fault) : 0;
		if (err)
			return err;
		note_frame(load, header.type, at);
	}
}

static bool has_magic(const struct load *load)
{
	size_t size = load->bytes.count < 8 ? load->bytes.count : 8;

	return size && memcmp(load->bytes.at, RECORDING_MAGIC, size) == 0;
}

/* True while the bytes read so far can be the start of a recording. */
static bool starts_well(const struct load *load)
{
	struct nlmsghdr header;

	if (has_magic(load))
		return true;
	if (load->bytes.count < sizeof(header))
		return false;
	memcpy(&header, load->bytes.at, sizeof(header));
	return is_foreign_type(header.nlmsg_type) && header.nlmsg_len >= sizeof(header);
}

/*
 * Checks what is there by now; @whole: nothing more will come. What cannot become a
 * recording any more is refused without waiting for the rest.
 */
static int check(struct load *load, bool whole, struct fault *fault)
{
	int err = 0;

	if (!load->bytes.count)
		return broken(load, 0, "it is empty", fault);
	if (!load->checked) {
		if (!starts_well(load))
			return unknown(load, fault);
		load->foreign = !has_magic(load);
		err = load->foreign ? 0 : check_header(load, fault);
	}
	if (whole)
		load->most = load->bytes.count;
	if (!err && load->foreign)
		return check_messages(load, whole, fault);
	if (!err && whole)
		err = check_sum(load, fault);
	return err ? err : index_frames(load, whole, fault);
}

static int read_failed(const struct load *load, int err, const char *why, struct fault *fault)
{
	return fault_set(fault, err, "cannot read the recording %s: %s",
			 load->shown.at, why);
}

static int too_large(const struct load *load, struct fault *fault)
{
	return broken(load, LOAD_MAX, "it is larger than 1 GiB", fault);
}

/* Reads in steps, the header first, so that no memory is taken for what will be refused. */
static int read_all(struct load *load, int fd, struct fault *fault)
{
	size_t step = sizeof(struct recording_header);
	bool whole = false;
	int err = 0;

	while (!whole && !err) {
		ssize_t got;

		load->bytes.at = grow_room(load->bytes.at, &load->bytes.room,
					   load->bytes.count + step, 1);
		got = input_fill(fd, load->bytes.at + load->bytes.count, step);
		if (got < 0)
			return read_failed(load, (int)-got, strerror((int)-got), fault);
		load->bytes.count += (size_t)got;
		if (load->bytes.count > LOAD_MAX)
			return too_large(load, fault);
		whole = (size_t)got < step;
		step = load->bytes.count < FIRST_BLOCK ? FIRST_BLOCK : load->bytes.count;
		err = check(load, whole, fault);
	}
	return err;
}

/* Lowers the limit to the size of a regular file. */
static int limit(struct load *load, int fd, struct fault *fault)
{
	struct stat st;

	load->most = LOAD_MAX;
	/* files of /proc have size 0 */
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !st.st_size)
		return 0;
	if ((uint64_t)st.st_size > LOAD_MAX)
		return too_large(load, fault);
	load->most = (size_t)st.st_size;
	return 0;
}

int load_open(struct load **result, const char *path, struct fault *fault)
{
	const char *shown = strcmp(path, "-") == 0 ? "on standard input" : path;
	struct load *load = grow_alloc(sizeof(*load));
	struct input input;
	const char *why;
	int err = input_open(&input, path, &why);

	text_quote(&load->shown, shown, strlen(shown));
	if (err)
		read_failed(load, -err, why, fault);
	else
		err = privilege_settle(fault);
	if (!err)
		err = limit(load, input.fd, fault);
	if (!err)
		err = read_all(load, input.fd, fault);
	input_close(&input);
	if (err)
		load_close(load);
	else
		*result = load;
	return err;
}
