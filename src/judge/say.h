/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_SAY_H
#define JUDGE_SAY_H

#include "base/text.h"
#include "model/finding.h"

/*
 * Words of the sentences of bind and connect. Bytes of others pass text_add_word() here, once,
 * and nowhere else in this room.
 */

/* "nginx (pid 12)", "the unit cron.service" or "some program that was not seen". */
void say_owner(struct text *text, const struct snapshot *seen, const struct subject *subject);

/* "systemctl stop web.service", for a shell. */
void say_stop_unit(struct text *text, const char *unit);

/* "10.0.0.9:443", "[fd00::1]:443"; without the port when it is 0. */
void say_address(struct text *text, const struct addr *addr, uint16_t port);

/* Rounded down to what a person reads: "340 ms", "12 s", "7 min", "3 h". */
void say_ms(struct text *text, double ms);

/* "1 connection", "2 connections". */
void say_count(struct text *text, uint64_t count, const char *one, const char *many);

/* Moves @text into @at of @room bytes, cut between characters; frees @text. */
void say_fit(char *at, size_t room, struct text *text);

/* An address for a subject, with the family in which to print it. */
enum family say_family(const struct addr *addr);

#endif
