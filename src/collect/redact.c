/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/recorder.h"

#include "base/grow.h"
#include "base/map.h"
#include "collect/others.h"

#include <ctype.h>
#include <errno.h>
#include <linux/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

/*
 * Pseudonyms for what tells whose machine it was. The same thing always gets the same
 * pseudonym, two things never share one, and the kind of the thing stays visible. They
 * are numbered in the order of their first use, so nothing can be computed back from
 * them.
 */
enum name_kind {
	NAME_PROCESS,           /* "proc-1", fits into a comm */
	NAME_GROUP,             /* "group-1", one part of a cgroup path */
	NAME_CONTAINER,         /* 64 hexadecimal digits */
	NAME_POD,               /* a uid, in the spelling of cgroup paths */
	NAME_SOCKET,            /* "sock-1", a unix socket */
	NAME_NETNS,             /* "netns-1" */
	NAME_HOME,              /* a number: the id of a cgroup that was made from its path */
	NAME_KIND_COUNT,
};

enum address_range {
	RANGE_V4, RANGE_V4_LINK, RANGE_V4_GROUP,
	RANGE_V6, RANGE_V6_LINK, RANGE_V6_GROUP,
	RANGE_COUNT,
};

struct redact {
	struct map ranges[RANGE_COUNT];
	struct map names[NAME_KIND_COUNT];
	char       boot_id[40]; /* another one for each redacted recording */
};

/* One frame while it is redacted. */
struct part {
	struct redact *redact;
	void          *fixed;
	const char    *bytes;
	size_t         size;
	struct text   *out;
};

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* ---- addresses ---- */

/* A number from 1 on, the same for the same bytes. */
static uint32_t number_of(struct map *map, const void *bytes, size_t size)
{
	uint32_t *slot = map_slot_bytes(map, bytes, size, NULL);

	if (!*slot)
		*slot = (uint32_t)map->count;
	return *slot;
}

/* Writes the low @bytes bytes of @number at the end of an address of @size bytes. */
static void put_number(uint8_t *at, size_t size, uint32_t number, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[size - 1 - i] = (uint8_t)(number >> (8 * i));
}

/*
 * Replaces an address in place, in network order. Wildcard, loopback and 255.255.255.255
 * stay. Link-local addresses stay link-local, multicast ones stay multicast, with their
 * scope. All others become addresses of 240.0.0.0/4 or 2001:db8::/32, which belong to
 * nobody. An IPv4 address inside an IPv6 address becomes the same one as alone.
 */
static void replace_v4(struct redact *redact, uint8_t *at)
{
	static const uint8_t none[4], all[4] = { 255, 255, 255, 255 };
	uint32_t number;

	if (memcmp(at, none, 4) == 0 || memcmp(at, all, 4) == 0 || at[0] == 127)
		return;
	if (at[0] == 169 && at[1] == 254) {
		number = number_of(&redact->ranges[RANGE_V4_LINK], at, 4);
		put_number(at, 4, number, 2);
	} else if (at[0] >> 4 == 14) {
		number = number_of(&redact->ranges[RANGE_V4_GROUP], at, 4);
		at[0] = 239;
		put_number(at, 4, number, 3);
	} else {
		number = number_of(&redact->ranges[RANGE_V4], at, 4);
		put_number(at, 4, number, 4);
		at[0] |= 240;
	}
}

static void number_v6(struct redact *redact, enum address_range range, uint8_t *at, size_t kept)
{
	uint32_t number = number_of(&redact->ranges[range], at, 16);

	memset(at + kept, 0, 16 - kept);
	put_number(at, 16, number, 4);
}

static void replace_v6(struct redact *redact, uint8_t *at)
{
	static const uint8_t none[16], one[16] = { [15] = 1 };
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t nobodys[4] = { 0x20, 0x01, 0x0d, 0xb8 };

	if (memcmp(at, none, 16) == 0 || memcmp(at, one, 16) == 0)
		return;
	if (memcmp(at, mapped, sizeof(mapped)) == 0) {
		replace_v4(redact, at + sizeof(mapped));
	} else if (at[0] == 0xfe && (at[1] & 0xc0) == 0x80) {
		number_v6(redact, RANGE_V6_LINK, at, 2);
	} else if (at[0] == 0xff) {
		number_v6(redact, RANGE_V6_GROUP, at, 2);
	} else {
		number_v6(redact, RANGE_V6, at, 0);
		memcpy(at, nobodys, sizeof(nobodys));
	}
}

/* ---- names ---- */

/* The number of a pod, whose uid has dashes or, in the names of slices, underscores. */
static uint32_t number_of_pod(struct redact *redact, const char *uid, size_t size)
{
	struct text plain = { 0 };
	uint32_t number;

	text_add(&plain, uid, size);
	for (size_t i = 0; i < size; i++)
		if (plain.at[i] == '-')
			plain.at[i] = '_';
	number = number_of(&redact->names[NAME_POD], plain.at, size);
	text_fini(&plain);
	return number;
}

/* Adds the pseudonym of a name; an empty name stays empty. */
static void add_name(struct redact *redact, enum name_kind kind, const void *name, size_t size,
		struct text *out)
{
	static const char *const words[NAME_KIND_COUNT] = {
		[NAME_PROCESS] = "proc", [NAME_GROUP] = "group",
		[NAME_SOCKET] = "sock", [NAME_NETNS] = "netns",
	};
	uint32_t number;

	if (!size)
		return;
	number = kind == NAME_POD ? number_of_pod(redact, name, size) :
		 number_of(&redact->names[kind], name, size);
	if (kind == NAME_CONTAINER)
		text_addf(out, "%064x", number);
	else if (kind == NAME_POD)
		text_addf(out, "00000000_0000_0000_0000_%012x", number);
	else
		text_addf(out, "%s-%u", words[kind], number);
}

/* ---- cgroup paths ---- */

#define CONTAINER_ID 64
#define POD_UID      32         /* at least; with its dashes 36 */

/* Parts of paths that every machine of their kind has. */
static const char *const known_parts[] = {
	"system.slice", "user.slice", "machine.slice", "init.scope", "-.slice", "app.slice",
	"session.slice", "background.slice", "kubepods", "kubepods.slice", "besteffort",
	"burstable", "kubepods-besteffort.slice", "kubepods-burstable.slice", "docker",
	"cri-containerd", "lxc", "lxc.payload", "lxc.monitor", "payload", "..",
};

/* The longer ones come first. */
static const char *const heads[] = {
	"docker-", "libpod-conmon-", "libpod-", "crio-conmon-", "crio-", "cri-containerd-",
	"lxc.payload.", "lxc.monitor.", "kubepods-besteffort-pod", "kubepods-burstable-pod",
	"kubepods-pod", "pod", "systemd-nspawn@", "machine-qemu\\x2d", "machine-", "session-", "user-runtime-dir@", "user-", "user@",
};

static const char *const tails[] = {
	".service", ".scope", ".socket", ".slice", ".mount", ".swap",
};

static bool is_known(const char *part, size_t size)
{
	for (size_t i = 0; i < COUNT(known_parts); i++)
		if (strlen(known_parts[i]) == size && memcmp(known_parts[i], part, size) == 0)
			return true;
	return false;
}

/* The length of the word of a list that a part begins with, or ends with; 0: none. */
static size_t word_length(const char *const *words, size_t count, bool at_end, const char *part,
			  size_t size)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(words[i]);

		if (length < size &&
		    memcmp(words[i], at_end ? part + size - length : part, length) == 0)
			return length;
	}
	return 0;
}

static bool is_made_of(const char *at, size_t size, int (*is)(int))
{
	for (size_t i = 0; i < size; i++)
		if (!is((unsigned char)at[i]))
			return false;
	return size > 0;
}

static bool ends_in(const char *part, size_t head, const char *word)
{
	size_t size = strlen(word);

	return head >= size && memcmp(part + head - size, word, size) == 0;
}

/* Adds what stands between the head and the tail of a part. */
static void add_middle(struct redact *redact, const char *part, size_t head, size_t size,
		       struct text *out)
{
	const char *at = part + head;
	size_t before = size > CONTAINER_ID ? size - CONTAINER_ID : 0;

	if (head && is_made_of(at, size, isdigit)) {
		text_add(out, at, size);        /* a uid or a session number stays */
	} else if (ends_in(part, head, "pod") && size >= POD_UID) {
		add_name(redact, NAME_POD, at, size, out);
	} else if (size >= CONTAINER_ID && is_made_of(at + before, CONTAINER_ID, isxdigit) &&
		   (!before || at[before - 1] == '-')) {
		add_name(redact, NAME_GROUP, at, before, out);
		text_add(out, "-", before ? 1 : 0);
		add_name(redact, NAME_CONTAINER, at + before, CONTAINER_ID, out);
	} else {
		add_name(redact, NAME_GROUP, at, size, out);
	}
}

static void add_part(struct redact *redact, const char *part, size_t size, struct text *out)
{
	size_t head, tail;

	if (is_known(part, size)) {
		text_add(out, part, size);
		return;
	}
	tail = word_length(tails, COUNT(tails), true, part, size);
	head = word_length(heads, COUNT(heads), false, part, size - tail);
	text_add(out, part, head);
	add_middle(redact, part, head, size - head - tail, out);
	text_add(out, part + size - tail, tail);
}

/* A slash parts folders, and a colon what containerd puts into the name of one. */
static bool parts(char c)
{
	return c == '/' || c == ':';
}

/*
 * Adds a cgroup path part by part. What every machine has (system.slice), and what tells
 * the kind of a part (".service", "docker-", "kubepods-"), stays.
 */
static void add_path(struct redact *redact, const char *path, size_t size, struct text *out)
{
	const char *end = path + size;

	while (path < end) {
		const char *stop = path;

		while (stop < end && !parts(*stop))
			stop++;
		if (stop > path)
			add_part(redact, path, (size_t)(stop - path), out);
		text_add(out, stop, stop < end);
		path = stop + 1;
	}
}

/* ---- files ---- */

static bool begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

static void keep_content(struct redact *redact, const char *at, size_t size, struct text *out)
{
	(void)redact;
	text_add(out, at, size);
}

/*
 * Recordings of one boot can be compared, but a redacted one must not tell which boot it
 * was.
 */
static void write_boot_id(struct redact *redact, const char *at, size_t size, struct text *out)
{
	(void)at;
	if (size)
		text_addf(out, "%s\n", redact->boot_id);
}

static void write_comm_file(struct redact *redact, const char *at, size_t size, struct text *out)
{
	size -= size && at[size - 1] == '\n';
	if (comm_publishes_ports(at, size))
		text_add(out, at, size);
	else
		add_name(redact, NAME_PROCESS, at, size, out);
	text_add(out, "\n", 1);
}

/* THE table of files by the end of their name; others are told as not there. */
static const struct file_row {
	const char *folder, *end;
	void (*write)(struct redact *redact, const char *at, size_t size, struct text *out);
} files[] = {
	{ "/proc/sys/net/", "", keep_content },
	{ "/proc/sys/kernel/random/", "/boot_id", write_boot_id },
	{ "/proc/", "/net/netstat", keep_content }, { "/proc/", "/net/snmp", keep_content },
	{ "/proc/", "/net/sockstat", keep_content }, { "/proc/", "/net/sockstat6", keep_content },
	{ "/proc/", "/net/protocols", keep_content },
	{ "/proc/", "/comm", write_comm_file },
};

static const struct file_row *file_row(const char *name)
{
	size_t size = strlen(name);

	for (size_t i = 0; i < COUNT(files); i++) {
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
		row->write(part->redact, part->bytes + name + 1, part->size - name - 1, part->out);
	else
		file->err = ENOENT;
	return true;
}

/* ---- fields ---- */

/* Replaces a name in place; the room may be too short for its pseudonym. */
static void replace_name(struct redact *redact, enum name_kind kind, char *at, size_t room)
{
	struct text name = { 0 };

	add_name(redact, kind, at, strnlen(at, room), &name);
	memset(at, 0, room);
	memcpy(at, text_str(&name), name.count < room ? name.count : room - 1);
	text_fini(&name);
}

/* An id that was made from a path would tell whether that path is a guessed one. */
static void replace_cgroup_id(struct redact *redact, void *at)
{
	uint64_t id;

	memcpy(&id, at, sizeof(id));
	if (!(id & CGROUP_TOLD))
		return;
	id = CGROUP_TOLD | number_of(&redact->names[NAME_HOME], &id, sizeof(id));
	memcpy(at, &id, sizeof(id));
}

/*
 * Replaces the field within the first @size bytes at @at; a field that is not wholly
 * there is none.
 */
static void replace_field(struct redact *redact, const struct field *field, void *at, size_t size)
{
	static const enum name_kind kinds[] = {
		[FIELD_COMM] = NAME_PROCESS, [FIELD_NETNS] = NAME_NETNS, [FIELD_POD] = NAME_POD,
		[FIELD_CONTAINER] = NAME_CONTAINER, [FIELD_NAME] = NAME_GROUP,
	};

	if (!field->size || (size_t)field->at + field->size > size)
		return;
	if (field->kind == FIELD_ADDRESS)
		replace_v6(redact, (uint8_t *)at + field->at);
	else if (field->kind == FIELD_CGROUP_ID)
		replace_cgroup_id(redact, (uint8_t *)at + field->at);
	else
		replace_name(redact, kinds[field->kind], (char *)at + field->at, field->size);
}

/* Replaces the fields of a question and its answer. */
static void replace_fields(struct part *part, const struct answer_schema *schema, size_t key_size)
{
	char *at = part->out->at, *end = at + part->out->count;

	for (unsigned i = 0; i < 2; i++)
		replace_field(part->redact, &schema->key[i], at, key_size);
	at += key_size;
	replace_field(part->redact, &schema->head, at, schema->head_size);
	for (at += schema->head_size; at < end; at += schema->row_size)
		for (unsigned i = 0; i < ANSWER_ROW_FIELDS; i++)
			replace_field(part->redact, &schema->row[i], at, schema->row_size);
}

/*
 * The head frame of an answer is never left out, because it separates what stands before
 * it from what follows.
 */
static bool write_answer(struct part *part)
{
	struct frame_answer *frame = part->fixed;
	bool known = frame->kind < ANSWER_KIND_COUNT && frame->key_size <= part->size;
	const struct answer_schema *schema = &answer_schemas[known ? frame->kind : 0];

	if (!schema->plain || !answer_fits(schema, part->size - frame->key_size)) {
		*frame = (struct frame_answer){ 0 };
		return true;
	}
	text_add(part->out, part->bytes, part->size);
	replace_fields(part, schema, frame->key_size);
	return true;
}

/* ---- messages of the kernel ---- */

/* The table for the message behind a netlink header; NULL when it is not about a socket. */
static const struct attr_table *table_of(const uint8_t *message, size_t size)
{
	const struct attr_table *table;
	uint8_t family = size > NLMSG_HDRLEN ? message[NLMSG_HDRLEN] : AF_UNSPEC;

	table = family == AF_INET || family == AF_INET6 ? &inet_attrs : others_attrs(family);
	return table && size >= NLMSG_HDRLEN + table->fixed ? table : NULL;
}

/* An iterator over the attributes of such a message. */
static struct nlattrs attrs_of(const struct attr_table *table, const uint8_t *message, size_t size)
{
	size_t before = NLMSG_HDRLEN + table->fixed;

	return (struct nlattrs){ .at = message + before, .left = size - before };
}

static enum attr_redaction redaction_of(const struct attr_table *table, unsigned type)
{
	return type < table->count ? table->attrs[type].redaction : REDACT_DROP;
}

/*
 * Replaces an address of 16 bytes; of an IPv4 address, the bytes behind its 4 mean
 * nothing.
 */
static void replace_end(struct redact *redact, uint8_t family, uint8_t *at)
{
	if (family == AF_INET6) {
		replace_v6(redact, at);
	} else {
		replace_v4(redact, at);
		memset(at + 4, 0, 12);
	}
}

/*
 * Blanks keys always, replaces addresses only with @redact. Ignores bytes behind the
 * last signature.
 */
static void replace_signatures(struct redact *redact, uint8_t *at, size_t size)
{
	struct tcp_diag_md5sig told;

	for (; size >= sizeof(told); at += sizeof(told), size -= sizeof(told)) {
		memcpy(&told, at, sizeof(told));
		memset(told.tcpm_key, 0, sizeof(told.tcpm_key));
		told.tcpm_keylen = 0;
		if (redact)
			replace_end(redact, told.tcpm_family, (uint8_t *)told.tcpm_addr);
		memcpy(at, &told, sizeof(told));
	}
	memset(at, 0, size);
}

/* A name begins with "/" (a path) or with a NUL (an abstract name). */
static void add_socket_name(struct redact *redact, const struct nlattrs_one *one, struct text *out)
{
	if (!one->size)
		return;
	text_add(out, one->at[0] ? "/" : "", 1);
	add_name(redact, NAME_SOCKET, one->at, one->size, out);
}

static void add_content(struct redact *redact, enum attr_redaction redaction,
			const struct nlattrs_one *one, struct text *out)
{
	size_t start = out->count;

	switch (redaction) {
	case REDACT_KEEP:
		text_add(out, one->at, one->size);
		return;
	case REDACT_SIGNATURES:
		text_add(out, one->at, one->size);
		replace_signatures(redact, (uint8_t *)out->at + start, one->size);
		return;
	case REDACT_SOCKET_NAME:
		add_socket_name(redact, one, out);
		return;
	case REDACT_EMPTY:
	case REDACT_DROP:
		return;
	}
}

static void add_attr(struct redact *redact, enum attr_redaction redaction,
		     const struct nlattrs_one *one, struct text *out)
{
	static const char padding[NLA_ALIGNTO];
	struct nlattr head = { .nla_type = (uint16_t)one->type };
	size_t start = out->count;

	if (redaction == REDACT_DROP)
		return;
	text_add(out, &head, sizeof(head));
	add_content(redact, redaction, one, out);
	head.nla_len = (uint16_t)(out->count - start);
	memcpy(out->at + start, &head, sizeof(head));
	text_add(out, padding, (size_t)NLA_ALIGN(head.nla_len) - head.nla_len);
}

static bool write_message(struct part *part)
{
	struct redact *redact = part->redact;
	const uint8_t *message = (const uint8_t *)part->bytes;
	const struct attr_table *table = table_of(message, part->size);
	struct text *out = part->out;
	struct nlattrs walk;
	struct nlattrs_one one;
	uint32_t length;

	if (!table)
		return false;
	text_add(out, message, NLMSG_HDRLEN + table->fixed);
	for (size_t i = 0; i < 2 && table->ends[i]; i++)
		replace_end(redact, message[NLMSG_HDRLEN],
			    (uint8_t *)out->at + NLMSG_HDRLEN + table->ends[i]);
	walk = attrs_of(table, message, part->size);
	while (nlattrs_next(&walk, &one))
		add_attr(redact, redaction_of(table, one.type), &one, out);
	length = (uint32_t)out->count;
	memcpy(out->at + offsetof(struct nlmsghdr, nlmsg_len), &length, sizeof(length));
	return true;
}

bool redact_keys(const void *bytes, size_t size, struct text *out)
{
	const uint8_t *message = bytes;
	const struct attr_table *table = table_of(message, size);
	struct nlattrs walk = { 0 };
	struct nlattrs_one one;

	if (table)
		walk = attrs_of(table, message, size);
	while (nlattrs_next(&walk, &one)) {
		if (redaction_of(table, one.type) != REDACT_SIGNATURES)
			continue;
		if (!out->count)
			text_add(out, bytes, size);
		replace_signatures(NULL, (uint8_t *)out->at + (one.at - message), one.size);
	}
	return out->count > 0;
}

/* ---- frames ---- */

/*
 * Names a link by its number, which other frames use. The name of loopback is the same
 * everywhere and stays.
 */
static void add_link(const struct part *part)
{
	const struct frame_link *link = part->fixed;

	if (part->size == 2 && memcmp(part->bytes, "lo", 2) == 0)
		text_addf(part->out, "lo");
	else
		text_addf(part->out, "if%u", link->index);
}

/* Writes what follows the fixed part. Returns false when the frame must be left out. */
static bool write_rest(struct part *part, enum field_kind kind)
{
	struct redact *redact = part->redact;

	switch (kind) {
	case FIELD_FILE:    return write_file(part);
	case FIELD_MESSAGE: return write_message(part);
	case FIELD_ANSWER:  return write_answer(part);
	case FIELD_LINK:    add_link(part); return true;
	case FIELD_NONE:    return true;
	case FIELD_PLAIN:   text_add(part->out, part->bytes, part->size); return true;
	case FIELD_CGROUP:  add_path(redact, part->bytes, part->size, part->out); return true;
	case FIELD_COMM:
		add_name(redact, NAME_PROCESS, part->bytes, part->size, part->out);
		return true;
	case FIELD_NETNS:
		add_name(redact, NAME_NETNS, part->bytes, part->size, part->out);
		return true;
	default:
		return false;
	}
}

bool redact_frame(struct redact *redact, enum frame_type type, void *fixed,
		  const void *bytes, size_t size, struct text *out)
{
	const struct frame_schema *schema = &frame_schemas[type < FRAME_TYPE_COUNT ? type : 0];
	struct part part = {
		.redact = redact, .fixed = fixed, .bytes = bytes, .size = size, .out = out,
	};

	replace_field(redact, &schema->field, fixed, schema->fixed);
	return write_rest(&part, schema->rest);
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
	for (unsigned i = 0; i < RANGE_COUNT; i++)
		map_fini(&redact->ranges[i]);
	for (unsigned i = 0; i < NAME_KIND_COUNT; i++)
		map_fini(&redact->names[i]);
	free(redact);
}
