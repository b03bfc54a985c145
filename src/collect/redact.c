/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/redact.h"

#include "base/grow.h"
#include "collect/alias.h"
#include "collect/nlattrs.h"
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

/* Recordings of one boot are compared; of a redacted one nobody is to know which. */
static void write_boot_id(struct redact *redact, const char *at, size_t size, struct text *out)
{
	(void)at;
	if (size)
		text_addf(out, "%s\n", redact->boot_id);
}

static void write_comm_file(struct redact *redact, const char *at, size_t size, struct text *out)
{
	size -= size && at[size - 1] == '\n';
	alias_name(&redact->alias, ALIAS_PROCESS, at, size, out);
	text_add(out, "\n", 1);
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
static void write_table(struct redact *redact, const char *at, size_t size, struct text *out)
{
	for (size_t i = 0; i < size;) {
		size_t digits = i && at[i - 1] != ' ' ? 0 : address_digits(at + i, size - i);

		if (digits)
			write_address(redact, at + i, digits, out);
		else
			text_add(out, at + i, 1);
		i += digits ? digits : 1;
	}
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
	{ "/proc/", "/net/tcp", write_table }, { "/proc/", "/net/tcp6", write_table },
	{ "/proc/", "/net/udp", write_table }, { "/proc/", "/net/udp6", write_table },
	{ "/proc/", "/net/raw", write_table }, { "/proc/", "/net/raw6", write_table },
	{ "/proc/", "/comm", write_comm_file },
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
		row->write(part->redact, part->bytes + name + 1, part->size - name - 1, part->out);
	else
		file->err = ENOENT;
	return true;
}

/* ---- fields ---- */

/* A name in its place, which may be too short for its pseudonym. */
static void replace_name(struct redact *redact, enum alias_kind kind, char *at, size_t room)
{
	struct text name = { 0 };

	alias_name(&redact->alias, kind, at, strnlen(at, room), &name);
	memset(at, 0, room);
	memcpy(at, text_str(&name), name.count < room ? name.count : room - 1);
	text_fini(&name);
}

/* In the first @size bytes at @at; a field that is not there whole is none. */
static void replace_field(struct redact *redact, const struct field *field, void *at, size_t size)
{
	if (!field->size || (size_t)field->at + field->size > size)
		return;
	if (field->kind == FIELD_ADDRESS)
		alias_v6(&redact->alias, (uint8_t *)at + field->at);
	else
		replace_name(redact, ALIAS_PROCESS, (char *)at + field->at, field->size);
}

/* Never left out: as a head it parts what is before it from what is behind it. */
static bool write_answer(struct part *part)
{
	struct frame_answer *frame = part->fixed;
	bool known = frame->kind < ANSWER_KIND_COUNT && frame->key_size <= part->size;
	const struct answer_schema *schema = &answer_schemas[known ? frame->kind : 0];
	size_t size = part->size - frame->key_size;
	char *answer;

	if (!schema->plain) {
		*frame = (struct frame_answer){ 0 };
		return true;
	}
	text_add(part->out, part->bytes, part->size);
	for (unsigned i = 0; i < 2; i++)
		replace_field(part->redact, &schema->key[i], part->out->at, frame->key_size);
	answer = part->out->at + frame->key_size;
	replace_field(part->redact, &schema->head, answer, size);
	for (; schema->row_size && size >= schema->row_size; size -= schema->row_size) {
		replace_field(part->redact, &schema->row, answer, schema->row_size);
		answer += schema->row_size;
	}
	return true;
}

/* ---- messages of the kernel ---- */

/* Of the message behind its netlink header; NULL: no message about a socket that is known. */
static const struct attr_table *table_of(const uint8_t *message, size_t size)
{
	const struct attr_table *table;
	uint8_t family = size > NLMSG_HDRLEN ? message[NLMSG_HDRLEN] : AF_UNSPEC;

	table = family == AF_INET || family == AF_INET6 ? &inet_attrs : others_attrs(family);
	return table && size >= NLMSG_HDRLEN + table->fixed ? table : NULL;
}

/* A walk over the attributes of such a message. */
static struct nlattrs attrs_of(const struct attr_table *table, const uint8_t *message, size_t size)
{
	size_t before = NLMSG_HDRLEN + table->fixed;

	return (struct nlattrs){ .at = message + before, .left = size - before };
}

static enum attr_redaction redaction_of(const struct attr_table *table, unsigned type)
{
	return type < table->count ? table->attrs[type].redaction : REDACT_DROP;
}

/* An address of 16 bytes; of an IPv4 one what stands behind its 4 means nothing. */
static void replace_end(struct alias *alias, uint8_t family, uint8_t *at)
{
	if (family == AF_INET6) {
		alias_v6(alias, at);
	} else {
		alias_v4(alias, at);
		memset(at + 4, 0, 12);
	}
}

/* Keys always go, addresses only with @alias. What is behind the last one is none. */
static void replace_signatures(struct alias *alias, uint8_t *at, size_t size)
{
	struct tcp_diag_md5sig told;

	for (; size >= sizeof(told); at += sizeof(told), size -= sizeof(told)) {
		memcpy(&told, at, sizeof(told));
		memset(told.tcpm_key, 0, sizeof(told.tcpm_key));
		told.tcpm_keylen = 0;
		if (alias)
			replace_end(alias, told.tcpm_family, (uint8_t *)told.tcpm_addr);
		memcpy(at, &told, sizeof(told));
	}
	memset(at, 0, size);
}

/* "/" or the NUL of an abstract name says which of the two it is. */
static void add_socket_name(struct alias *alias, const struct nlattrs_one *one, struct text *out)
{
	if (!one->size)
		return;
	text_add(out, one->at[0] ? "/" : "", 1);
	alias_name(alias, ALIAS_SOCKET, one->at, one->size, out);
}

static void add_content(struct alias *alias, enum attr_redaction redaction,
			const struct nlattrs_one *one, struct text *out)
{
	size_t start = out->count;

	switch (redaction) {
	case REDACT_KEEP:
		text_add(out, one->at, one->size);
		return;
	case REDACT_SIGNATURES:
		text_add(out, one->at, one->size);
		replace_signatures(alias, (uint8_t *)out->at + start, one->size);
		return;
	case REDACT_SOCKET_NAME:
		add_socket_name(alias, one, out);
		return;
	case REDACT_EMPTY:
	case REDACT_DROP:
		return;
	}
}

static void add_attr(struct alias *alias, enum attr_redaction redaction,
		     const struct nlattrs_one *one, struct text *out)
{
	static const char padding[NLA_ALIGNTO];
	struct nlattr head = { .nla_type = (uint16_t)one->type };
	size_t start = out->count;

	if (redaction == REDACT_DROP)
		return;
	text_add(out, &head, sizeof(head));
	add_content(alias, redaction, one, out);
	head.nla_len = (uint16_t)(out->count - start);
	memcpy(out->at + start, &head, sizeof(head));
	text_add(out, padding, (size_t)NLA_ALIGN(head.nla_len) - head.nla_len);
}

static bool write_message(struct part *part)
{
	struct alias *alias = &part->redact->alias;
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
		replace_end(alias, message[NLMSG_HDRLEN],
			    (uint8_t *)out->at + NLMSG_HDRLEN + table->ends[i]);
	walk = attrs_of(table, message, part->size);
	while (nlattrs_next(&walk, &one))
		add_attr(alias, redaction_of(table, one.type), &one, out);
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

/* By its number, which other frames go by. The name of loopback is everybody's. */
static void add_link(const struct part *part)
{
	const struct frame_link *link = part->fixed;

	if (part->size == 2 && memcmp(part->bytes, "lo", 2) == 0)
		text_addf(part->out, "lo");
	else
		text_addf(part->out, "if%u", link->index);
}

/* What is behind the fixed part; false: the frame is left out. */
static bool write_rest(struct part *part, enum field_kind kind)
{
	struct alias *alias = &part->redact->alias;

	switch (kind) {
	case FIELD_FILE:    return write_file(part);
	case FIELD_MESSAGE: return write_message(part);
	case FIELD_ANSWER:  return write_answer(part);
	case FIELD_LINK:    add_link(part); return true;
	case FIELD_NONE:    return true;
	case FIELD_PLAIN:   text_add(part->out, part->bytes, part->size); return true;
	case FIELD_CGROUP:  alias_path(alias, part->bytes, part->size, part->out); return true;
	case FIELD_COMM:
		alias_name(alias, ALIAS_PROCESS, part->bytes, part->size, part->out);
		return true;
	case FIELD_NETNS:
		alias_name(alias, ALIAS_NETNS, part->bytes, part->size, part->out);
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
	alias_fini(&redact->alias);
	free(redact);
}
