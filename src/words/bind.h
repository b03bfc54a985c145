/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WORDS_BIND_H
#define WORDS_BIND_H

#include "model/bind.h"

/* Adds the sentences to what judge_bind() has answered. */
void words_bind(const struct snapshot *seen, const struct bind_ask *ask,
		const struct bind_scene *scene, struct bind_answer *answer);

#endif
