/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/surveying.h"

#include "base/grow.h"
#include "judge/survey.h"
#include "model/once.h"

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

static bool is_new(struct once *once, const struct sock *row)
{
	enum once_kind kind = row->state == STATE_BOUND ? ONCE_CLOSED :
			      sock_is_minisock(row) ? ONCE_MINISOCK : ONCE_SOCKET;

	return row->cookie == UINT64_MAX || once_add(once, row->cookie, kind);
}

/* One that moved on between two questions is one socket: as it was seen first. */
static void keep_rows(struct snapshot *seen, struct pass *pass, struct once *once)
{
	struct sink sink = snapshot_sink(seen);

	for (size_t i = 0; i < pass->rows.count; i++)
		if (is_new(once, &pass->rows.at[i]))
			sink.take(sink.ctx, &pass->rows.at[i]);
	grow_fini(&pass->rows);
}

/* Those of the first question are many, and none is there twice: they are not copied. */
static void hand_over(struct snapshot *seen, struct pass *pass)
{
	seen->socks.at = pass->rows.at;
	seen->socks.count = pass->rows.count;
	seen->socks.room = pass->rows.room;
}

static bool have_rows(const struct pass *passes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (passes[i].rows.count)
			return true;
	return false;
}

static void keep_all(struct snapshot *seen, struct pass *passes, size_t count)
{
	struct once once = { 0 };
	size_t first = 0;

	if (!seen->socks.count && !seen->socks.at)
		hand_over(seen, &passes[first++]);
	if (!have_rows(passes + first, count - first))
		return;
	for (size_t i = 0; i < seen->socks.count; i++)
		is_new(&once, &seen->socks.at[i]);
	for (size_t i = first; i < count; i++)
		keep_rows(seen, &passes[i], &once);
	once_fini(&once);
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
