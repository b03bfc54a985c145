/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WORDS_CONNECT_H
#define WORDS_CONNECT_H

#include "model/connect.h"

/* Adds the sentences to what judge_connect() has answered. */
void words_connect(const struct snapshot *seen, const struct connect_ask *ask,
		   struct connect_answer *answer);

#endif
