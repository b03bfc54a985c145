/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A target is one file fuzz_WHAT.c with LLVMFuzzerTestOneInput(): under libFuzzer
 * it meets invented inputs (`make fuzz`), with replay.c those of corpus/WHAT (`make
 * check`). What must never be ends in abort(), which both take for a find.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Called once before. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Says what is wrong on the real stderr and aborts. */
_Noreturn void fuzz_broken(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define fuzz_require(condition, ...) \
	((condition) ? (void)0 : fuzz_broken(__VA_ARGS__))

/* ---- input ---- */

/* The input as it is used up from its start; 0 when there is no more. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};
uint8_t fuzz_byte(struct fuzz_input *input);
uint16_t fuzz_u16(struct fuzz_input *input);

/* A string in memory of just its size, up to the first NUL; the caller frees. */
char *fuzz_string(const uint8_t *bytes, size_t size);

/*
 * Its pieces between newlines (or, if there is one, NULs), each in memory of its
 * own; at most @room. The caller gives them to fuzz_words_free().
 */
size_t fuzz_words(const uint8_t *bytes, size_t size, char **words, size_t room);
void fuzz_words_free(char **words, size_t count);

/*
 * The bytes right before a page that cannot be read, so that one byte too many
 * ends the program. At most FUZZ_PAGED; good until the next call.
 */
#define FUZZ_PAGED 65536
const uint8_t *fuzz_at_page_end(const uint8_t *bytes, size_t size);

/* ---- output ---- */

/* From here on, what is written to descriptors 1 and 2 is kept in memory. */
void fuzz_capture(void);

struct fuzz_captured {
	char  *out, *err;               /* NUL behind the end; the caller frees both */
	size_t out_size, err_size;
};
struct fuzz_captured fuzz_captured(void);
void fuzz_captured_free(struct fuzz_captured *captured);

/*
 * Text for people that holds foreign bytes: valid UTF-8 without controls (but
 * newline, and tab), without C1, format, bidi and private characters.
 */
void fuzz_require_safe(const char *what, const char *bytes, size_t size);

/* One document of strict JSON; with @lines, one in each line. */
void fuzz_require_json(const char *what, const char *bytes, size_t size, bool lines);

#endif
