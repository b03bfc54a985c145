/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines, a word in each line: the whole program, on one recording. */
#include "fuzz.h"
#include "program.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

static const char *recording;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	setlocale(LC_CTYPE, "C.UTF-8");
	setenv("NO_COLOR", "1", 1);
	recording = getenv("FUZZ_RECORDING");
	if (!recording)
		recording = "tests/fuzz/corpus/recording/every-state";
	return 0;
}

#define WORDS 64

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *words[WORDS], *own[WORDS];
	size_t count = size <= 8192 ? fuzz_words(bytes, size, words, WORDS) : 0;
	struct program_end end;

	if (!count)
		return 0;
	/* getopt permutes what it gets */
	memcpy(own, words, sizeof(own));
	end = program_run(words, count, recording);
	program_require_sane("command line", &end);
	program_end_fini(&end);
	fuzz_words_free(own, count);
	return 0;
}
