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
 *   {name:word}       the value, or the word where there are no values (explain)
 *   [part]            vanishes when a value named in it is unknown or zero; parts nest
 */

/* What a name stands for. Zeroed memory is a value that is not known. */
struct value {
	enum fact_kind kind;
	bool   known;
	double number;
	struct text text;       /* FACT_TEXT: safe already, with names by text_add_word(); owned */
};

/* Whoever knows the values. */
struct values {
	/* Sets @value, which is zeroed, or leaves it alone when there is none of that name. */
	void (*find)(const struct values *values, const char *name, struct value *value);
};

/* Adds the filled template. @values NULL: what is true of every case, for explain. */
void fill(struct text *text, const char *template, const struct values *values);

/**
 * fill_holds - whether a row of a catalogue is meant
 * @when: conditions with a blank between, all of which have to hold; NULL holds.
 *        "name": known and not zero; "!name": the opposite; "name=word", "name!=word",
 *        "name>word": compared with the value called so, or else with the word itself
 */
bool fill_holds(const char *when, const struct values *values);

/* Adds a number in the format of its kind: "1,940", "5.8 s", "1.5 MiB", "3.33", "56%". */
void fill_number(struct text *text, enum fact_kind kind, double number);

#endif
