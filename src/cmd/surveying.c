/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/surveying.h"

#include "base/grow.h"
#include "base/ids.h"
#include "judge/survey.h"

#include <stdlib.h>

/*
 * A question and its rows. They go to the snapshot when all questions of a step are
 * answered: before, two threads may be at it.
 */
struct pass {
	struct survey  *survey;
	enum survey_use use;
	struct { struct sock *at; size_t count, room; } rows;
};

/* States that a socket can leave for one that is asked for in a later step. */
static const uint32_t passing = STATE_BIT(STATE_SYN_SENT) | STATE_BIT(STATE_SYN_RECV) |
				STATE_BIT(STATE_FIN_WAIT_1) | STATE_BIT(STATE_FIN_WAIT_2) |
				STATE_BIT(STATE_CLOSING);

static int take(void *ctx, const struct sock *sock)
{
	struct pass *pass = ctx;
	struct sock *row;

	if (!survey_take(pass->survey, pass->use, sock))
		return 0;
	row = grow_add(&pass->rows);
	*row = *sock;
	row->detail = NULL;
	return 0;
}

/* Sockets that were seen in one step and may come again in the next. */
static void remember_passing(struct ids *keys, const struct snapshot *seen)
{
	for (size_t i = 0; i < seen->socks.count; i++)
		if (STATE_BIT(seen->socks.at[i].state) & passing)
			ids_add(keys, seen->socks.at[i].cookie);
}

/*
 * A connection can go into TIME_WAIT while its file is open: then two rows of one
 * cookie hold the port, the closed socket and the minisock.
 */
static uint64_t key_of(const struct sock *row)
{
	return row->state == STATE_BOUND ? ~row->cookie : row->cookie;
}

/* One that moved on between two questions is one socket: as it was seen first. */
static void keep_rows(struct snapshot *seen, struct pass *pass, struct ids *keys)
{
	struct sink sink = snapshot_sink(seen);

	for (size_t i = 0; i < pass->rows.count; i++) {
		const struct sock *row = &pass->rows.at[i];

		if (row->cookie == UINT64_MAX || ids_add(keys, key_of(row)))
			sink.take(sink.ctx, row);
	}
	grow_fini(&pass->rows);
}

/* Those of the first step are many, and of one question: they are not copied. */
static void hand_over(struct snapshot *seen, struct pass *pass)
{
	seen->socks.at = pass->rows.at;
	seen->socks.count = pass->rows.count;
	seen->socks.room = pass->rows.room;
}

static void keep_all(struct snapshot *seen, struct pass *passes, size_t count)
{
	struct ids keys = { 0 };
	size_t first = 0;

	if (!seen->socks.count && !seen->socks.at)
		hand_over(seen, &passes[first++]);
	remember_passing(&keys, seen);
	for (size_t i = first; i < count; i++)
		keep_rows(seen, &passes[i], &keys);
	ids_fini(&keys);
}

static int ask_all(struct session *session, struct survey *survey,
		   const struct survey_ask *asks, size_t count)
{
	struct collect_walk walks[SURVEY_ASKS];
	struct pass passes[SURVEY_ASKS];
	int err;

	for (size_t i = 0; i < count; i++) {
		passes[i] = (struct pass){ .survey = survey, .use = asks[i].use };
		walks[i].ask = session_ask(session->options, asks[i].states, asks[i].need);
		walks[i].ask.port_low = asks[i].port_low;
		walks[i].ask.port_high = asks[i].port_high;
		walks[i].sink = (struct sink){ .take = take, .ctx = &passes[i] };
	}
	err = collect_walks(session->collect, walks, count, &session->seen, &session->fault);
	keep_all(&session->seen, passes, count);
	return err;
}

int surveying_run(struct session *session, const struct thresholds *thresholds)
{
	struct survey *survey = survey_new(&session->seen, thresholds);
	struct survey_ask asks[SURVEY_ASKS];
	size_t count;
	int err = 0;

	while (!err && (count = survey_asks(survey, asks)))
		err = ask_all(session, survey, asks, count);
	survey_free(survey);
	return err;
}
