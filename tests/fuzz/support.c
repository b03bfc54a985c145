/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

#include "base/text.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- input ---- */

uint8_t fuzz_byte(struct fuzz_input *input)
{
	if (!input->left)
		return 0;
	input->left--;
	return *input->at++;
}

uint16_t fuzz_u16(struct fuzz_input *input)
{
	uint16_t low = fuzz_byte(input);

	return (uint16_t)(low | fuzz_byte(input) << 8);
}

char *fuzz_string(const uint8_t *bytes, size_t size)
{
	size_t length = strnlen((const char *)bytes, size);
	char *string = malloc(length + 1);

	fuzz_require(string, "no memory for an input");
	memcpy(string, bytes, length);
	string[length] = '\0';
	return string;
}

size_t fuzz_words(const uint8_t *bytes, size_t size, char **words, size_t room)
{
	int between = memchr(bytes, '\0', size) ? '\0' : '\n';
	size_t count = 0;

	while (size && count < room) {
		const uint8_t *end = memchr(bytes, between, size);
		size_t length = end ? (size_t)(end - bytes) : size;

		words[count++] = fuzz_string(bytes, length);
		length += end != NULL;
		bytes += length;
		size -= length;
	}
	return count;
}

void fuzz_words_free(char **words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(words[i]);
}

const uint8_t *fuzz_at_page_end(const uint8_t *bytes, size_t size)
{
	static uint8_t *pages;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *place;

	if (!pages) {
		void *mapped = mmap(NULL, FUZZ_PAGED + page, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		fuzz_require(mapped != MAP_FAILED, "no memory for an input");
		pages = mapped;
		mprotect(pages + FUZZ_PAGED, page, PROT_NONE);
	}
	fuzz_require(size <= FUZZ_PAGED, "too large an input");
	place = pages + FUZZ_PAGED - size;
	memcpy(place, bytes, size);
	return place;
}

/* ---- output ---- */

static int kept[2] = { -1, -1 };        /* what is written */
static int real[2] = { -1, -1 };        /* stdout and stderr of before */

void fuzz_capture(void)
{
	for (int i = 0; i < 2; i++) {
		if (kept[i] < 0) {
			kept[i] = memfd_create("output", MFD_CLOEXEC);
			real[i] = fcntl(i + 1, F_DUPFD_CLOEXEC, 10);
		}
		fuzz_require(kept[i] >= 0 && real[i] >= 0, "no place for output");
		dup2(kept[i], i + 1);
	}
}

static char *take_back(int i, size_t *size)
{
	off_t end = lseek(kept[i], 0, SEEK_END);
	char *text = end < 0 ? NULL : malloc((size_t)end + 1);

	dup2(real[i], i + 1);
	fuzz_require(text && pread(kept[i], text, (size_t)end, 0) == end, "output is lost");
	text[end] = '\0';
	*size = (size_t)end;
	fuzz_require(ftruncate(kept[i], 0) == 0 && lseek(kept[i], 0, SEEK_SET) == 0,
		     "output cannot be forgotten");
	return text;
}

struct fuzz_captured fuzz_captured(void)
{
	struct fuzz_captured captured;

	fflush(stdout);
	fflush(stderr);
	captured.out = take_back(0, &captured.out_size);
	captured.err = take_back(1, &captured.err_size);
	return captured;
}

void fuzz_captured_free(struct fuzz_captured *captured)
{
	free(captured->out);
	free(captured->err);
}

void fuzz_broken(const char *fmt, ...)
{
	va_list args;

	if (real[1] >= 0)
		dup2(real[1], 2);
	va_start(args, fmt);
	fputs("fuzz: ", stderr);
	vfprintf(stderr, fmt, args);
	fputs("\n", stderr);
	va_end(args);
	abort();
}

/* ---- what may stand in text ---- */

/* A list of its own: the one of base/text.c is what is tested. */
static bool steers(uint32_t c)
{
	return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c <= 0x9f) || c == 0xad ||
	       c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || (c >= 0xe000 && c <= 0xf8ff) || c == 0xfeff ||
	       (c >= 0xfff9 && c <= 0xfffb) || c >= 0xe0000;
}

void fuzz_require_safe(const char *what, const char *bytes, size_t size)
{
	uint32_t code = 0;
	size_t used;

	for (size_t i = 0; i < size; i += used) {
		used = utf8_decode(bytes + i, size - i, &code);
		fuzz_require(used, "%s: byte %zu (0x%02x) is no UTF-8", what, i, (uint8_t)bytes[i]);
		fuzz_require(!steers(code), "%s: U+%04X at byte %zu", what, code, i);
	}
}
