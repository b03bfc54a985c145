/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/redact.h"

#include "base/grow.h"
#include "collect/alias.h"
#include "collect/redact_sock.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct redact {
	struct alias alias;
	char         boot_id[40];       /* another one for each recording */
};

/* What a frame becomes; false: it is left out. */
struct part {
	struct redact *redact;
	void          *fixed;
	const char    *bytes;
	size_t         size;
	struct text   *out;
};
typedef bool part_writer(struct part *part);

/* ---- files ---- */

static bool begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

static bool keep_content(struct redact *redact, const char *at, size_t size, struct text *out)
{
	(void)redact;
	text_add(out, at, size);
	return true;
}

/* Recordings of one boot are compared; of a redacted one nobody is to know which. */
static bool write_boot_id(struct redact *redact, const char *at, size_t size, struct text *out)
{
	(void)at;
	if (size)
		text_addf(out, "%s\n", redact->boot_id);
	return true;
}

static bool write_comm(struct redact *redact, const char *at, size_t size, struct text *out)
{
	size -= size && at[size - 1] == '\n';
	alias_name(&redact->alias, ALIAS_PROCESS, at, size, out);
	text_add(out, "\n", 1);
	return true;
}

/* "0100007F:1F90", or 32 digits before the colon: words as they stand in memory. */
static size_t address_digits(const char *at, size_t left)
{
	size_t digits = 0, port = 0;

	while (digits < left && isxdigit((unsigned char)at[digits]))
		digits++;
	if ((digits != 8 && digits != 32) || digits == left || at[digits] != ':')
		return 0;
	while (digits + 1 + port < left && isxdigit((unsigned char)at[digits + 1 + port]))
		port++;
	return port == 4 ? digits : 0;
}

static void write_address(struct redact *redact, const char *at, size_t digits, struct text *out)
{
	uint32_t words[4] = { 0 };

	for (size_t i = 0; i < digits / 8; i++) {
		char word[9] = { 0 };

		memcpy(word, at + 8 * i, 8);
		words[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	if (digits == 8)
		alias_v4(&redact->alias, (uint8_t *)words);
	else
		alias_v6(&redact->alias, (uint8_t *)words);
	for (size_t i = 0; i < digits / 8; i++)
		text_addf(out, "%08X", words[i]);
}

/* The tables of sockets in /proc/net. */
static bool write_table(struct redact *redact, const char *at, size_t size, struct text *out)
{
	for (size_t i = 0; i < size;) {
		size_t digits = i && at[i - 1] != ' ' ? 0 : address_digits(at + i, size - i);

		if (digits)
			write_address(redact, at + i, digits, out);
		else
			text_add(out, at + i, 1);
		i += digits ? digits : 1;
	}
	return true;
}

/* THE table of files by the end of their name; others are told as not there. */
static const struct file_row {
	const char *folder, *end;
	bool (*write)(struct redact *redact, const char *at, size_t size, struct text *out);
} files[] = {
	{ "/proc/sys/net/", "", keep_content },
	{ "/proc/sys/kernel/random/", "/boot_id", write_boot_id },
	{ "/proc/", "/net/netstat", keep_content }, { "/proc/", "/net/snmp", keep_content },
	{ "/proc/", "/net/sockstat", keep_content }, { "/proc/", "/net/sockstat6", keep_content },
	{ "/proc/", "/net/tcp", write_table }, { "/proc/", "/net/tcp6", write_table },
	{ "/proc/", "/net/udp", write_table }, { "/proc/", "/net/udp6", write_table },
	{ "/proc/", "/net/raw", write_table }, { "/proc/", "/net/raw6", write_table },
	{ "/proc/", "/comm", write_comm },
};

static const struct file_row *file_row(const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		size_t end = strlen(files[i].end);

		if (begins(name, files[i].folder) && size >= end &&
		    strcmp(name + size - end, files[i].end) == 0)
			return &files[i];
	}
	return NULL;
}

static bool write_file(struct part *part)
{
	struct frame_file *file = part->fixed;
	size_t name = strnlen(part->bytes, part->size);
	const struct file_row *row;

	if (name == part->size)
		return false;
	row = file_row(part->bytes);
	text_add(part->out, part->bytes, name + 1);
	if (row)
		return row->write(part->redact, part->bytes + name + 1, part->size - name - 1,
				  part->out);
	file->err = ENOENT;
	return true;
}

/* ---- answers ---- */

/* Bytes of a struct; size 0: none. */
struct place { uint16_t at, size; };
#define PLACE(type, member) { offsetof(struct type, member), sizeof(((struct type *)0)->member) }

/*
 * Where addresses and names stand in the answers of the kernel (frame.h). An answer without
 * a row holds names that cannot be replaced in their place.
 */
static const struct answer_row {
	enum answer_kind kind;
	struct place key_addresses[2];  /* in the question */
	struct place address;           /* in the answer */
	uint16_t step;                  /* of an array of rows, each with a name: */
	struct place comm;
} answers[] = {
	{ .kind = ANSWER_FLAGS },
	{ .kind = ANSWER_PROBE_PORTS },
	{ .kind = ANSWER_SCENE, .key_addresses = { PLACE(answer_scene_key, addr) } },
	{ .kind = ANSWER_PROBE_BIND, .key_addresses = { PLACE(answer_probe_bind_key, addr) } },
	{ .kind = ANSWER_WAY, .key_addresses = { PLACE(answer_way_key, destination),
						 PLACE(answer_way_key, source) },
	  .address = PLACE(answer_way, source) },
	{ .kind = ANSWER_THREADS, .step = sizeof(struct answer_thread),
	  .comm = PLACE(answer_thread, comm) },
};

static const struct answer_row *answer_row(uint32_t kind)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++)
		if ((uint32_t)answers[i].kind == kind)
			return &answers[i];
	return NULL;
}

static void replace_address(struct redact *redact, char *at, size_t size, struct place place)
{
	if (place.size && (size_t)place.at + place.size <= size)
		alias_v6(&redact->alias, (uint8_t *)at + place.at);
}

static void replace_comms(struct redact *redact, char *at, size_t size,
			  const struct answer_row *row)
{
	for (; row->step && size >= row->step; at += row->step, size -= row->step) {
		struct text name = { 0 };
		size_t room = row->comm.size;
		char *comm = at + row->comm.at;

		alias_name(&redact->alias, ALIAS_PROCESS, comm, strnlen(comm, room), &name);
		memset(comm, 0, room);
		memcpy(comm, text_str(&name), name.count < room ? name.count : room - 1);
		text_fini(&name);
	}
}

/* Never left out: as a head it parts what is before it from what is behind it. */
static bool write_answer(struct part *part)
{
	struct frame_answer *frame = part->fixed;
	const struct answer_row *row = answer_row(frame->kind);
	size_t key = frame->key_size;
	char *answer;

	if (!row || key > part->size) {
		*frame = (struct frame_answer){ 0 };
		return true;
	}
	text_add(part->out, part->bytes, part->size);
	if (!part->size)
		return true;
	for (unsigned i = 0; i < 2; i++)
		replace_address(part->redact, part->out->at, key, row->key_addresses[i]);
	answer = part->out->at + key;
	replace_address(part->redact, answer, part->size - key, row->address);
	replace_comms(part->redact, answer, part->size - key, row);
	return true;
}

/* ---- the others ---- */

static bool write_same(struct part *part)
{
	text_add(part->out, part->bytes, part->size);
	return true;
}

static bool write_netns(struct part *part)
{
	alias_name(&part->redact->alias, ALIAS_NETNS, part->bytes, part->size, part->out);
	return true;
}

/* By their number, which other frames go by. That of loopback is everybody's. */
static bool write_link(struct part *part)
{
	const struct frame_link *link = part->fixed;

	if (part->size == 2 && memcmp(part->bytes, "lo", 2) == 0)
		text_addf(part->out, "lo");
	else
		text_addf(part->out, "if%u", link->index);
	return true;
}

static bool write_local(struct part *part)
{
	struct frame_local *local = part->fixed;

	alias_v6(&part->redact->alias, local->addr);
	return true;
}

static bool write_sock(struct part *part)
{
	return redact_message(&part->redact->alias, part->bytes, part->size, part->out);
}

static bool write_process(struct part *part)
{
	alias_name(&part->redact->alias, ALIAS_PROCESS, part->bytes, part->size, part->out);
	return true;
}

static bool write_cgroup(struct part *part)
{
	alias_path(&part->redact->alias, part->bytes, part->size, part->out);
	return true;
}

/* THE table of frames; one without a row is left out. */
static part_writer *const writers[FRAME_TYPE_COUNT] = {
	[FRAME_BASICS] = write_same, [FRAME_ASK] = write_same, [FRAME_HOLDERS] = write_same,
	[FRAME_DESCRIPTORS] = write_same, [FRAME_CGROUPS] = write_same,
	[FRAME_CLOCK] = write_same, [FRAME_KERNEL] = write_same, [FRAME_LINKS] = write_same,
	[FRAME_HOLDER] = write_same, [FRAME_LIMIT] = write_same, [FRAME_GAP] = write_same,
	[FRAME_END] = write_same,
	[FRAME_FILE] = write_file, [FRAME_NETNS] = write_netns, [FRAME_LINK] = write_link,
	[FRAME_LOCAL] = write_local, [FRAME_SOCK] = write_sock, [FRAME_PROCESS] = write_process,
	[FRAME_CGROUP] = write_cgroup, [FRAME_ANSWER] = write_answer,
};

bool redact_frame(struct redact *redact, enum frame_type type, void *fixed,
		  const void *bytes, size_t size, struct text *out)
{
	struct part part = {
		.redact = redact, .fixed = fixed, .bytes = bytes, .size = size, .out = out,
	};

	return type < FRAME_TYPE_COUNT && writers[type] && writers[type](&part);
}

struct redact *redact_new(void)
{
	struct redact *redact = grow_alloc(sizeof(*redact));
	uint64_t chance[2] = { 0 };

	if (getrandom(chance, sizeof(chance), GRND_NONBLOCK) < 0)
		chance[0] = (uintptr_t)redact;
	snprintf(redact->boot_id, sizeof(redact->boot_id), "%08x-%04x-%04x-%04x-%012llx",
		 (unsigned)chance[0], (unsigned)(chance[0] >> 32 & 0xffff),
		 (unsigned)(chance[0] >> 48), (unsigned)(chance[1] & 0xffff),
		 (unsigned long long)(chance[1] >> 16));
	return redact;
}

void redact_free(struct redact *redact)
{
	if (!redact)
		return;
	alias_fini(&redact->alias);
	free(redact);
}
