/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "value/filter_read.h"

#include "base/grow.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * ss cuts words at blanks only. Here parentheses and operators may also touch their
 * neighbours, `(sport=:80)`, where ss knows no such word. A word that ss would take as
 * it is, such as a path with parentheses in it, stays whole.
 */

bool filter_expect(struct filter_error *error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(error->expected, sizeof(error->expected), fmt, args);
	va_end(args);
	return false;
}

/* Adds the beginning of what stands at @offset, for the sentence. */
static void put_found(struct text *text, const struct filter *filter, size_t offset)
{
	const char *at = text_str(&filter->source) + offset;
	size_t size = strcspn(at, " ");

	if (!size) {
		text_addf(text, "its end");
		return;
	}
	text_addf(text, "\"%s\"", QUOTE_BYTES(at, size));
}

int filter_refuse(const struct filter *filter, const struct filter_error *error, int err,
		  struct fault *fault)
{
	struct text found = { 0 };
	size_t end = filter->source.count;
	int result;

	put_found(&found, filter, error->offset < end ? error->offset : end);
	result = fault_set(fault, err, "bad filter: expected %s, got %s",
			   error->expected, text_str(&found));
	text_fini(&found);
	return result;
}

uint32_t filter_keep(struct filter *filter, const char *bytes, size_t size)
{
	uint32_t place;

	if (!filter->words.count)
		text_add(&filter->words, "", 1);
	place = (uint32_t)filter->words.count;
	text_add(&filter->words, bytes, size);
	text_add(&filter->words, "", 1);
	return place;
}

const char *filter_word(const struct filter *filter, uint32_t word)
{
	return word ? filter->words.at + word : "";
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Lines that begin with '#' are comments. */
static void add_file(struct text *source, const char *at, size_t size)
{
	const char *end = at + size;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		const char *next = stop ? stop + 1 : end;

		stop = stop ? stop : end;
		while (at < stop && is_blank(*at))
			at++;
		if (at < stop && *at != '#') {
			text_add(source, source->count ? " " : "", source->count ? 1 : 0);
			text_add(source, at, (size_t)(stop - at));
		}
		at = next;
	}
}

static int join(struct filter *filter, const struct filter_source *from,
		struct filter_error *error, struct fault *fault)
{
	size_t total = from->file_size;

	for (size_t i = 0; i < from->word_count; i++)
		total += strlen(from->words[i]) + 1;
	if (total > FILTER_BYTES_MAX + 1) {
		filter_expect(error, "at most %d bytes", FILTER_BYTES_MAX);
		return fault_set(fault, E2BIG, "the filter has %zu bytes; %d are the most",
				 total, FILTER_BYTES_MAX);
	}
	for (size_t i = 0; i < from->word_count; i++) {
		text_add(&filter->source, " ", i ? 1 : 0);
		text_add(&filter->source, from->words[i], strlen(from->words[i]));
	}
	if (from->file)
		add_file(&filter->source, from->file, from->file_size);
	return 0;
}

/* The bytes of the operator or parenthesis that begins here, or 0. */
static size_t sign_size(const char *at)
{
	static const char *const signs[] = {
		"&&", "||", "==", "!=", ">=", "<=", "(", ")", "&", "|", "=", "!", ">", "<",
	};

	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (strncmp(at, signs[i], strlen(signs[i])) == 0)
			return strlen(signs[i]);
	return 0;
}

/* "and(" is two words, but "a(b)" may be a path. */
static bool is_joint(const struct text *word)
{
	const char *str = text_str(word);

	return strcmp(str, "and") == 0 || strcmp(str, "or") == 0 || strcmp(str, "not") == 0;
}

/* Cuts one word. Returns its end. */
static const char *cut_word(struct filter *filter, const char *at, struct filter_token *token)
{
	struct text word = { 0 };
	struct filter_row row;
	unsigned open = 0;

	for (; *at && !is_blank(*at); at++) {
		if (*at == '\\') {
			token->escaped = true;
			if (!*++at)
				break;
		} else if (*at == '(') {
			if (!token->escaped && is_joint(&word))
				break;
			open++;
		} else if (*at == ')' && open-- == 0) {
			break;
		} else if (strchr("=!<>", *at) && !token->escaped &&
			   filter_row_of(text_str(&word), word.count, &row)) {
			break;
		}
		text_add(&word, at, 1);
	}
	token->word = filter_keep(filter, text_str(&word), word.count);
	text_fini(&word);
	return at;
}

int filter_cut(struct filter *filter, const struct filter_source *source,
	       struct filter_tokens *tokens, struct filter_error *error, struct fault *fault)
{
	int err = join(filter, source, error, fault);
	const char *start = text_str(&filter->source), *at = start;

	if (err)
		return err;
	if (strlen(start) != filter->source.count) {
		error->offset = strlen(start);
		filter_expect(error, "text and no zero byte");
		return fault_set(fault, EINVAL, "bad filter: it holds a zero byte, so it is not text");
	}
	for (;;) {
		struct filter_token *token;

		while (is_blank(*at))
			at++;
		if (!*at)
			return 0;
		token = grow_add(tokens);
		token->offset = (uint32_t)(at - start);
		if (sign_size(at)) {
			token->word = filter_keep(filter, at, sign_size(at));
			at += sign_size(at);
		} else {
			at = cut_word(filter, at, token);
		}
	}
}

/* ---- the place of an error ---- */

#define DOTS "..."

/* The bytes of the first character of @str, which is valid UTF-8; 0 at its end. */
static size_t char_size(const char *str, size_t *columns)
{
	uint32_t code;
	size_t size = utf8_decode(str, strlen(str) < 4 ? strlen(str) : 4, &code);
	char one[5] = "";

	/* one byte more was zero: NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
	memcpy(one, str, size);
	*columns = utf8_width(one);
	return size;
}

/* The bytes at the beginning of @str that take at most @room columns. */
static size_t head_size(const char *str, size_t room)
{
	size_t used = 0, size, columns;

	while (str[used]) {
		size = char_size(str + used, &columns);
		if (!size || columns > room)
			break;
		room -= columns;
		used += size;
	}
	return used;
}

/* The end of @str that takes at most @room columns. */
static const char *tail_of(const char *str, size_t room)
{
	size_t left = utf8_width(str), size, columns;

	while (left > room && *str) {
		size = char_size(str, &columns);
		if (!size)
			break;
		left -= columns < left ? columns : left;
		str += size;
	}
	return str;
}

static void put_place(struct text *text, const char *before, const char *after, size_t width)
{
	size_t caret = utf8_width(before), shown;

	if (width && caret + utf8_width(after) > width) {
		size_t most = width * 2 / 3;

		if (caret > most) {
			before = tail_of(before, most - strlen(DOTS));
			text_addf(text, DOTS);
			caret = utf8_width(before) + strlen(DOTS);
		}
		text_addf(text, "%s", before);
		shown = head_size(after, width - caret);
		if (after[shown])
			shown = head_size(after, width - caret - strlen(DOTS));
		text_add(text, after, shown);
		text_addf(text, after[shown] ? DOTS : "");
	} else {
		text_addf(text, "%s%s", before, after);
	}
	text_addf(text, "\n%*s^\n", (int)caret, "");
}

void filter_error_format(struct text *text, const struct filter *filter,
			 const struct filter_error *error, size_t width)
{
	const char *source = text_str(&filter->source);
	size_t size = filter->source.count;
	size_t offset = error->offset < size ? error->offset : size;
	struct text before = { 0 }, after = { 0 };

	text_add_safe(&before, source, offset);
	text_add_safe(&after, source + offset, size - offset);
	/* a caret behind the end takes a column, too */
	if (width)
		width = width < 20 ? 19 : width - 1;
	put_place(text, text_str(&before), text_str(&after), width);
	text_fini(&before);
	text_fini(&after);
}
