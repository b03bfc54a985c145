/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WORDS_FILL_H
#define WORDS_FILL_H

#include "base/text.h"
#include "model/finding.h"

/*
 * Sentences are templates, and this fills them in:
 *
 *   {name}            the value, in the one format of its kind
 *   {name|one|many}   the value and a noun: "1 socket", "1,940 sockets"
 *   {name?one|many}   only the word that its number asks for: "is", "are"
 *   {name:word}       the value, or the word where there are no facts (explain)
 *   [part]            vanishes when a fact named in it is unknown or zero; parts nest
 */

/* Adds the filled template. @facts NULL: what is true of every case, for explain. */
void fill(struct text *text, const char *template, const struct facts *facts);

/* A sentence, or a part of one, with the conditions of fill_holds(). */
struct words_row { const char *when, *text; };

/* The rows that are meant, up to one without text: as one sentence, or as an advice each. */
void fill_rows(struct text *text, const struct words_row *rows, const struct facts *facts);
void fill_advice(struct advice *advice, const struct words_row *rows, const struct facts *facts);

/**
 * fill_holds - whether a row of a catalogue is meant
 * @when: conditions with a blank between, all of which have to hold; NULL holds.
 *        "name": known and not zero; "!name": the opposite; "name=word", "name!=word",
 *        "name>word": compared with the value called so, or else with the word itself
 */
bool fill_holds(const char *when, const struct facts *facts);

/* Adds a number in the format of its kind: "1,940", "5.8 s", "1.5 MiB", "3.33", "56%". */
void fill_number(struct text *text, enum fact_kind kind, double number);

#endif
