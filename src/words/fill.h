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

/* A sentence or a part of one, used when fill_holds(@when). */
struct words_row { const char *when, *text; };

/*
 * Adds the rows whose conditions hold; the first row without text ends the list.
 * fill_rows() makes one sentence of them, fill_advice() one advice of each.
 */
void fill_rows(struct text *text, const struct words_row *rows, const struct facts *facts);
void fill_advice(struct advice *advice, const struct words_row *rows, const struct facts *facts);

/**
 * fill_holds - whether the conditions of a row hold
 * @when: conditions separated by blanks, all of which must hold; NULL always holds.
 *        "name": known and not zero; "!name": the opposite;
 *        "name=word", "name!=word", "name>word": the fact compared with the fact @word,
 *        or where there is none with the word itself
 */
bool fill_holds(const char *when, const struct facts *facts);

/* Adds a number in the format of its kind: "1,940", "5.8 s", "1.5 MiB", "3.33", "56%". */
void fill_number(struct text *text, enum fact_kind kind, double number);

/* ---- names ---- */

/* Names in sentences. Each is one word, and foreign bytes in it are escaped. */

/* Adds "nginx[12]", or "process[12]" when the name is not known. */
void who_is(struct text *text, const char *comm, size_t size, int64_t pid);
void who_process_is(struct text *text, const struct snapshot *seen, uint32_t process);

/*
 * Adds the processes that hold members of @f: "nginx[12]", or of several their number and
 * the first names, "6 processes (nginx, php-fpm)".
 */
void who_processes_are(struct text *text, const struct snapshot *seen, const struct finding *f);

/*
 * Adds the part of a container id that people type, of a cgroup in a container. Where the
 * kubelet names them: "nginx (ab12ab12ab12) of the pod shop/web-0".
 */
void who_container_is(struct text *text, const struct cgroup *cgroup);

/*
 * Adds "the unit cron.service", or "a process hidden from you" when the cgroup is the root or not
 * known.
 */
void who_cgroup_is(struct text *text, const struct snapshot *seen, uint64_t id);

/*
 * Adds the same about so many sockets, which can be "one or more processes hidden from you".
 * Returns 1 when what it added is singular.
 */
size_t who_hidden_is(struct text *text, const struct snapshot *seen, uint64_t id,
		     uint64_t sockets);

/*
 * Adds "10.0.0.9:443" or "[fd00::1]:443", mapped addresses in IPv4 form; without the
 * port when it is 0.
 */
void who_address(struct text *text, const struct addr *addr, uint16_t port);

#endif
