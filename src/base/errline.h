/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_ERRLINE_H
#define BASE_ERRLINE_H

/*
 * The only functions that write to standard error. A sentence may quote bytes that
 * somebody else chose (arguments, names of files, processes, devices), so all of it is
 * escaped here. QUOTE() shortens such a quotation.
 */

/*
 * Writes "sockvet: SENTENCE" and a newline in one write(); the sentence holds no other
 * newline.
 */
void errline(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Writes the lines that follow an error sentence, such as a filter and its caret; each
 * is escaped.
 */
void errlines(const char *lines);

#endif
