/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_BIND_H
#define JUDGE_BIND_H

#include "model/bind.h"

/*
 * What bind() and then listen() would do now.
 *
 * Pure, like everything in judge: it cannot fail, and the same input gives the same
 * answer. The answer points into @seen; bind_answer_fini() frees it.
 * @seen: the sockets on the port, UDP ones in chain order; holders, cgroups and flags as
 *        far as they could be had
 */
void judge_bind(const struct snapshot *seen, const struct bind_ask *ask,
		const struct bind_context *context, struct bind_answer *answer);

/*
 * The same for a unix path or abstract name. SO_REUSEPORT is not for such sockets: in @with
 * its verdicts are unknown.
 */
void judge_unix(const struct unix_ask *ask, const struct unix_context *context,
		struct bind_answer *answer);

#endif
