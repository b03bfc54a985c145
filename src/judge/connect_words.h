/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_CONNECT_WORDS_H
#define JUDGE_CONNECT_WORDS_H

#include "judge/port_map.h"

/*
 * The sentences of a connect verdict: what it rests on, what helps in this very
 * case, which popular cures do not, and what else matters.
 */
struct connect_words {
	const struct port_map *map;
	const struct connect_ask *ask;
	const struct port_probe *probe; /* or NULL */
	const struct port_use *use;
	struct lost_ports lost;
	struct known left_unbound;      /* what would fit if bind() took no port */
	struct connect_answer *answer;  /* with all its numbers; gets the words */
};

void connect_words_put(const struct connect_words *words);

/* The notes alone; connect_words_put() puts them, too. */
void connect_notes_put(const struct connect_words *words);

/* The cause when neither range nor reserved ports are known. */
void connect_words_blind(struct connect_answer *answer);

#endif
