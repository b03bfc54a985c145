/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * close-wait-leak
 *
 * RFC 9293 section 3.6: a FIN closes one direction only. The side that gets it
 * is in CLOSE_WAIT and may go on sending for as long as it likes, so no kernel
 * has a timer for this state: close() by the program is the only way out. A
 * program that never calls it loses a descriptor and a socket each time, and
 * ends with EMFILE.
 *
 * What the program did shows in the receive queue, in which an unread FIN
 * counts as one byte:
 *   1     the FIN came on an empty queue and nothing was read since: the
 *         program does not look at this socket (eof_unread)
 *   0     everything was consumed, the FIN too: close() was forgotten. A FIN
 *         behind unread data goes with the last of them, so read() need not
 *         have returned 0 yet (close_forgotten)
 *   more  unread bytes before the FIN: stuck, or too slow (data_unread)
 * With bytes still going out the half-close is being used as it was meant
 * (still_sending). That is counted, but never alone a leak.
 *
 * CLOSE_WAIT is passed through by every healthy server, and lasts as long as
 * the answer takes. So the age decides and not the number: only sockets whose
 * proven age reaches the threshold count, a burst of young ones is silent. The
 * least number is small, because a few that stay for ever are a leak just as
 * well. Nearness to the descriptor limit makes it critical.
 *
 * Each answered keepalive probe renews the acknowledgement that the lower bound
 * comes from, so with SO_KEEPALIVE no age above the interval can ever be
 * proven, and many programs and languages switch it on by default. Where
 * keepalive hides the age, idle for the threshold and in CLOSE_WAIT for more
 * than a second counts as old enough, for a warning.
 *
 * A connection that was never accepted has no inode, and is accept-stalled's.
 */
#include "judge/weigh.h"

#include "base/grow.h"
#include "judge/say.h"
#include "judge/service.h"

#include <stdlib.h>

/* Data went out this long before or after the last acknowledgement: moving. */
enum { PROGRESS_MS = 5000 };

/* Behind a keepalive timer: no longer the moment between FIN and close(). */
enum { SETTLED_MS = 1000 };

static const double near_limit_percent = 80;

enum cause { EOF_UNREAD, CLOSE_FORGOTTEN, DATA_UNREAD, STILL_SENDING, CAUSES };

static const struct {
	const char *name, *one, *many, *fix;
} causes[CAUSES] = {
	[EOF_UNREAD] = { "eof_unread", "has not noticed it (the end of stream is unread)",
		"have not noticed it (the end of stream is unread)",
		"Watch idle connections too: keep them in the poll set (POLLIN|POLLRDHUP) and "
		"close() when read() returns 0." },
	[CLOSE_FORGOTTEN] = { "close_forgotten",
		"consumed everything and was forgotten (no close())",
		"consumed everything and were forgotten (no close())",
		"Call close() when read() returns 0, on every path: look at the error and "
		"timeout branches of the code that drops the connection." },
	[DATA_UNREAD] = { "data_unread", "has unread data (stuck or too slow)",
		"have unread data (stuck or too slow)",
		"Find what the reader waits for (a stack trace of the process shows it); it must "
		"read on, or give up and close()." },
	[STILL_SENDING] = { "still_sending", "is still sending (legitimate)",
		"are still sending (legitimate)", NULL },
};

struct weighing {
	const struct snapshot *seen;
	const struct threshold *t;
	struct report *report;
	const struct listeners *listeners;
};

struct sums {
	uint64_t cause[CAUSES], opener[3], unread_bytes;
	uint64_t hidden;                /* of those too young to prove anything */
	struct aged aged;
};

/* Old enough as far as can be told, though keepalive hides how old. */
static bool is_hidden(const struct weighing *w, const struct sock *s)
{
	struct age age = sock_age(s, &w->seen->limits);

	return age.kind == AGE_STATE && age.keepalive && s->send_queue == 0 &&
	       age.min_ms >= SETTLED_MS && (double)age.max_ms >= w->t->warn;
}

static enum cause cause_of(const struct sock *s)
{
	const struct flow *f = &s->flow;

	if (s->send_queue && (s->have & HAVE_FLOW) &&
	    f->last_data_sent_ms < (uint64_t)f->last_ack_recv_ms + PROGRESS_MS)
		return STILL_SENDING;
	if (s->recv_queue == 0)
		return CLOSE_FORGOTTEN;
	return s->recv_queue == 1 ? EOF_UNREAD : DATA_UNREAD;
}

static struct sums add_up(const struct weighing *w, const struct service_group *group)
{
	struct sums sums = { .unread_bytes = 0 };

	tally_each(group->tally, group->group, i) {
		const struct sock *s = &w->seen->socks.at[i];
		enum cause cause = cause_of(s);

		sums.cause[cause]++;
		sums.opener[service_role(w->listeners, s)]++;
		/* The FIN counts as one. */
		sums.unread_bytes += s->recv_queue ? s->recv_queue - 1 : 0;
		if (cause != STILL_SENDING && !aged_add(&sums.aged, w->t, aged_ms(w->seen, s)))
			sums.hidden += is_hidden(w, s);
	}
	return sums;
}

/* Hidden ages alone are worth a warning and never more. */
static enum severity level_of(const struct sums *sums, const struct threshold *t)
{
	enum severity severity = aged_level(&sums->aged, t);
	uint64_t old = sums->aged.warn + sums->hidden;

	return !severity && old && old >= t->least ? SEVERITY_WARNING : severity;
}

static enum cause largest(const struct sums *sums)
{
	enum cause best = EOF_UNREAD;

	for (enum cause c = EOF_UNREAD; c < STILL_SENDING; c++)
		if (sums->cause[c] > sums->cause[best])
			best = c;
	return best;
}

static void put_facts(struct finding *f, const struct snapshot *seen, const struct sums *sums)
{
	static const struct process_files unknown;
	int32_t process = f->subject.process;
	const struct process_files *files = process < 0 ? NULL : seen->processes.at[process].files;

	for (enum cause c = EOF_UNREAD; c < CAUSES; c++)
		finding_fact(f, "causes", causes[c].name, FACT_COUNT, (double)sums->cause[c]);
	finding_fact(f, "openers", "opened_here", FACT_COUNT, (double)sums->opener[ROLE_OPENED]);
	finding_fact(f, "openers", "accepted_here", FACT_COUNT,
		     (double)sums->opener[ROLE_ACCEPTED]);
	finding_fact(f, "openers", "unknown", FACT_COUNT, (double)sums->opener[ROLE_UNKNOWN]);
	finding_fact(f, NULL, "age_hidden_by_keepalive", FACT_COUNT, (double)sums->hidden);
	finding_fact(f, NULL, "unread_bytes", FACT_BYTES, (double)sums->unread_bytes);
	if (!files)
		files = &unknown;
	fact_known(f, NULL, "descriptors", FACT_COUNT, &files->open);
	fact_known(f, NULL, "descriptor_limit", FACT_COUNT, &files->limit);
}

static void put_cause(struct finding *f, const struct snapshot *seen, const struct sums *sums,
		      const struct service_group *group)
{
	struct text text = { .at = NULL };
	const char *comma = ": ";

	say_owner(&text, seen, &f->subject);
	text_addf(&text, " still holds ");
	say_count(&text, f->count, "connection", "connections");
	service_say(&text, group);
	text_addf(&text, " that the peer closed, the oldest at least ");
	say_oldest(&text, f);
	text_addf(&text, " ago");
	if (sums->hidden)
		text_addf(&text, " (keepalive hides the rest of the age of %llu)",
			  (unsigned long long)sums->hidden);
	for (enum cause c = EOF_UNREAD; c < CAUSES; c++) {
		if (!sums->cause[c])
			continue;
		text_addf(&text, "%s", comma);
		say_count(&text, sums->cause[c], causes[c].one, causes[c].many);
		comma = ", ";
	}
	say_cause(f, &text);
}

static void put_advice(struct finding *f, const struct sums *sums)
{
	finding_fix(f, "%s", causes[largest(sums)].fix);
	if (sums->opener[ROLE_OPENED] > sums->opener[ROLE_ACCEPTED])
		finding_fix(f, "It opened these itself: in a connection pool, drop idle connections "
			       "sooner than the server does and check a connection before reuse.");
	else if (sums->opener[ROLE_ACCEPTED])
		finding_fix(f, "It accepted these: look at the end of the request handler, and at "
			       "children that inherited the descriptor (SOCK_CLOEXEC).");
	finding_fix(f, "Until it is repaired, restarting the process frees the descriptors.");
	finding_avoid(f, "No sysctl ends CLOSE_WAIT: it has no kernel timer.");
	finding_avoid(f, "SO_KEEPALIVE only hides it: the socket leaves every table and the "
			 "descriptor stays open.");
	finding_avoid(f, "ss -K does the same: the connection goes, the descriptor stays.");
	finding_avoid(f, "A higher ulimit -n only delays the end.");
}

static bool is_near_limit(const struct snapshot *seen, const struct subject *subject)
{
	return subject->process >= 0 &&
	       descriptors_percent(&seen->processes.at[subject->process]) >= near_limit_percent;
}

static bool take(void *ctx, const struct service_group *group)
{
	const struct weighing *w = ctx;
	struct sums sums = add_up(w, group);
	enum severity severity = level_of(&sums, w->t);
	struct finding *f;

	if (!severity)
		return false;
	f = report_add(w->report, "close-wait-leak");
	f->severity = is_near_limit(w->seen, &group->subject) ? SEVERITY_CRITICAL : severity;
	f->subject = group->subject;
	f->has_ages = true;
	tally_each(group->tally, group->group, i)
		concern(f, w->seen, i);
	put_facts(f, w->seen, &sums);
	put_cause(f, w->seen, &sums, group);
	put_advice(f, &sums);
	return true;
}

void weigh_close_wait(const struct snapshot *seen, const struct threshold *t,
		      struct report *report)
{
	struct { uint32_t *at; size_t count, room; } old = { NULL, 0, 0 };
	struct listeners listeners;
	struct weighing w = { seen, t, report, &listeners };

	for (size_t i = 0; i < seen->socks.count; i++) {
		const struct sock *s = &seen->socks.at[i];

		if (s->state == STATE_CLOSE_WAIT && s->inode &&
		    (threshold_level(t, aged_ms(seen, s)) || is_hidden(&w, s)))
			*grow_add(&old) = (uint32_t)i;
	}
	listeners_init(&listeners, seen);
	service_each(&listeners, old.at, old.count, take, &w);
	listeners_fini(&listeners);
	grow_fini(&old);
}
