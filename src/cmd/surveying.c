/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/surveying.h"

#include "judge/survey.h"

/* A question and where its rows go. */
struct pass {
	struct survey  *survey;
	struct sink     rows;
	enum survey_use use;
};

static int take(void *ctx, const struct sock *sock)
{
	const struct pass *pass = ctx;

	return survey_take(pass->survey, pass->use, sock) ?
	       pass->rows.take(pass->rows.ctx, sock) : 0;
}

static int ask_all(struct session *session, struct survey *survey,
		   const struct survey_ask *asks, size_t count)
{
	struct collect_walk walks[SURVEY_ASKS];
	struct pass passes[SURVEY_ASKS];

	for (size_t i = 0; i < count; i++) {
		passes[i] = (struct pass){
			.survey = survey, .use = asks[i].use,
			.rows = snapshot_sink(&session->seen),
		};
		walks[i].ask = session_ask(session->options, asks[i].states, asks[i].need);
		walks[i].ask.port_low = asks[i].port_low;
		walks[i].ask.port_high = asks[i].port_high;
		walks[i].sink = (struct sink){ .take = take, .ctx = &passes[i] };
	}
	return collect_walks(session->collect, walks, count, &session->seen, &session->fault);
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
