/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_FUZZ_PROGRAM_H
#define TESTS_FUZZ_PROGRAM_H

#include "cmd/cmd.h"
#include "fuzz.h"

/*
 * The whole program in this process, as main.c runs it, on a recording, and with
 * everything off that would look at or change this machine.
 */
struct program_end {
	bool ran;               /* and not only refused, or not to be run at all */
	bool is_json, is_lines;
	enum status status;
	struct fuzz_captured captured;
};

/* @words: without the program's name; they are permuted. @from: recording to be read. */
struct program_end program_run(char **words, size_t count, const char *from);
void program_end_fini(struct program_end *end);

/*
 * What holds for every run: the status is one of the table, everything that was
 * written is safe on a terminal, errors are told, and JSON is JSON.
 */
void program_require_sane(const char *what, const struct program_end *end);

#endif
