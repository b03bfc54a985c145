/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WORDS_TERMS_H
#define WORDS_TERMS_H

#include "model/state.h"

#include <stddef.h>

/*
 * The field guide that `explain` prints: a page for each TCP state and for
 * each errno that sockets are short of something with. Findings are explained
 * from the judge's rules. Every text is one paragraph without a line break;
 * wrapping is the printer's.
 */
struct term {
	const char *name;       /* "CLOSE_WAIT" or "EMFILE" */
	enum state  state;      /* STATE_NONE: the page of an errno */
	const char *what;       /* what it is */
	const char *turn;       /* whose turn it is, and what ends it */
	const char *lasts;      /* how long, normally and at worst */
	const char *causes;     /* why it stays or why it happens */
	const char *finding;    /* whose rows say what helps and what does not; else NULL, and: */
	const char *cure;
	const char *avoid;      /* popular cures that are wrong */
	const char *look;       /* the command that shows it */
};

extern const struct term terms[];
extern const size_t terms_count;

/*
 * The page of a state, in every spelling that state_mask_by_name() takes, or
 * of an errno, in any case. NULL when there is none; a group of states ("big")
 * has none. "UNCONN", which ss prints for CLOSE and BOUND, is CLOSE.
 */
const struct term *term_by_name(const char *word);

#endif
