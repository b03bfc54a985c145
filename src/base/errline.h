/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_ERRLINE_H
#define BASE_ERRLINE_H

/*
 * The one way to standard error. What a sentence holds may be anybody's (arguments, names
 * of files, processes, devices), so all of it is made safe here; shorten it with QUOTE().
 */

/* "sockvet: SENTENCE" and a new line, as one write; there is no other new line in it. */
void errline(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What belongs below a sentence: whole lines, each of them made safe. */
void errlines(const char *lines);

#endif
