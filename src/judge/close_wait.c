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
 * (still_sending). That is counted, but never alone a leak. Bytes that wait for
 * the peer's window count as well: the peer does not read. Bytes that nobody
 * acknowledges do not: the peer has vanished, and retransmissions are no progress.
 * Then a program that reads is peer-silent's, one that does not read leaks.
 *
 * What the queue cannot tell: 1 may also be an end of file that was only peeked
 * at, or an urgent byte taken out of band before it; and an accepted connection
 * with 0 and nothing to send may have a handler that still works on the answer,
 * because a client may half-close when it has sent its job. So the latter is a
 * warning at most.
 *
 * CLOSE_WAIT is passed through by every healthy server, and lasts as long as
 * the answer takes. So the age decides and not the number: only sockets whose
 * proven age reaches the threshold count, a burst of young ones is silent. The
 * least number is small, because a few that stay for ever are a leak just as
 * well. Nearness to the descriptor limit makes it critical.
 *
 * Each answered probe of a keepalive or of a closed window renews the
 * acknowledgement that the lower bound comes from, so no age above the interval
 * of the probes can be proven. Many programs and languages switch keepalive on
 * by default. There, being idle for the threshold counts as old enough, for a
 * warning. An idle connection that is closed in this very moment looks the same,
 * so one that was acknowledged within the last second counts only beside others, or
 * when a second look finds it again.
 *
 * A connection that was opened here, carried data both ways and has only the end of
 * file unread is what a server leaves in an idle pool when its keep-alive timeout is
 * over; the client notices at the next use. A pool is bounded, so this is a warning
 * at most, unless there are so many that it is none.
 *
 * A connection that was never accepted has no inode, and is accept-stalled's.
 */
#include "judge/weigh.h"

#include "base/grow.h"

#include <stdlib.h>

/*
 * A half-close counts as moving when data went out within this time of the last
 * acknowledgement, and as broken when data is unacknowledged for that long.
 */
enum { PROGRESS_MS = 5000 };

/* So many idle connections to one service are not a pool. */
enum { POOL_MOST = 100 };

static const double near_limit_percent = 80;

enum cause { EOF_UNREAD, CLOSE_FORGOTTEN, DATA_UNREAD, STILL_SENDING, CAUSES };

static const char *const cause_names[CAUSES] = {
	[EOF_UNREAD] = "eof_unread", [CLOSE_FORGOTTEN] = "close_forgotten",
	[DATA_UNREAD] = "data_unread", [STILL_SENDING] = "still_sending",
};

struct sums {
	uint64_t cause[CAUSES], opener[3], unread_bytes;
	uint64_t mptcp;
	uint64_t pool, pool_crit;       /* of those with an unread end: as in an idle pool */
	uint64_t may_answer;            /* of those read to the end */
	uint64_t silent;                /* of those not still sending: the peer has vanished */
	uint64_t hidden;                /* of those that are too young to prove anything */
	uint64_t unsettled;             /* of those that look hidden and may be just closed */
	struct aged aged;
};

/*
 * True when data has been retransmitted for some time and nothing was acknowledged, or
 * probes of a closed window are not answered.
 */
static bool is_silent(const struct weighing *w, const struct sock *s)
{
	double ms = (double)sock_unacked(s, &w->seen->limits).min_ms;

	if (s->timer == TIMER_PROBE)
		return s->retransmits > 1;
	return s->send_queue && (ms >= PROGRESS_MS || ms >= w->t->warn);
}

static bool is_sending(const struct weighing *w, const struct sock *s)
{
	const struct flow *f = &s->flow;

	if (!s->send_queue || !(s->have & HAVE_FLOW) || is_silent(w, s))
		return false;
	return s->timer == TIMER_PROBE ||
	       f->last_data_sent_ms < (uint64_t)f->last_ack_recv_ms + PROGRESS_MS;
}

static enum cause cause_of(const struct weighing *w, const struct sock *s)
{
	if (is_sending(w, s))
		return STILL_SENDING;
	if (s->recv_queue == 0)
		return CLOSE_FORGOTTEN;
	return s->recv_queue == 1 ? EOF_UNREAD : DATA_UNREAD;
}

/* True when the socket has been idle for the threshold, and probes hide its age. */
static bool is_hidden(const struct weighing *w, const struct sock *s)
{
	struct age age = sock_age(s, &w->seen->limits);

	if (age.kind != AGE_STATE || (double)age.max_ms < w->t->warn)
		return false;
	return s->send_queue ? s->timer == TIMER_PROBE : keepalive_hides(s);
}

/* True when the answer to what was read may still be worked on. */
static bool may_answer(const struct sock *s, enum role role)
{
	return role != ROLE_OPENED && !s->recv_queue && !s->send_queue;
}

static bool is_as_in_a_pool(const struct sock *s, enum role role)
{
	/* the FIN is one of the bytes received */
	return role == ROLE_OPENED && s->recv_queue == 1 && !s->send_queue &&
	       s->flow.bytes_sent > 0 && s->flow.bytes_received > 1;
}

/* Counts the age of a socket that is not still sending. */
static void add_age(struct sums *sums, const struct weighing *w, const struct sock *s,
		    enum role role)
{
	double ms = aged_ms(w->seen, s);
	bool answers = may_answer(s, role), pool = is_as_in_a_pool(s, role);

	sums->may_answer += answers;
	sums->pool += pool;
	sums->pool_crit += pool && ms >= w->t->crit;

	if (ms < w->t->warn && is_hidden(w, s))
		/* data that is unread was there before the end */
		*(s->recv_queue > 1 || is_settled(s) ? &sums->hidden : &sums->unsettled) += 1;
	else if (answers || pool)
		sums->aged.warn += threshold_level(w->t, ms) != SEVERITY_NONE;
	else
		aged_add(&sums->aged, w->t, ms);
}

static struct sums add_up(const struct weighing *w, const struct service_group *group)
{
	struct sums sums = { .unread_bytes = 0 };

	tally_each(group->tally, group->group, i) {
		const struct sock *s = &w->seen->socks.at[i];
		enum cause cause = cause_of(w, s);
		enum role role = service_role(w->listeners, s);

		sums.cause[cause]++;
		sums.opener[role]++;
		sums.mptcp += s->protocol == PROTOCOL_MPTCP;
		/* the FIN counts as one byte; MPTCP tells the memory in use */
		if (s->recv_queue && s->protocol != PROTOCOL_MPTCP)
			sums.unread_bytes += s->recv_queue - 1;
		if (cause == STILL_SENDING)
			continue;
		sums.silent += is_silent(w, s);
		add_age(&sums, w, s, role);
	}
	if (sums.pool >= POOL_MOST)
		sums.aged.crit += sums.pool_crit;
	return sums;
}

/*
 * Ages that keepalive hides are worth a warning at most. Where one is seen, the others of
 * the group were not just closed, either.
 */
static enum severity level_of(const struct sums *sums, const struct threshold *t, uint64_t least)
{
	enum severity severity = aged_level(&sums->aged, t, least);
	uint64_t old = sums->aged.warn + sums->hidden;

	old += old ? sums->unsettled : 0;
	return !severity && old && old >= least ? SEVERITY_WARNING : severity;
}

static enum cause largest(const struct sums *sums)
{
	enum cause best = EOF_UNREAD;

	for (enum cause c = EOF_UNREAD; c < STILL_SENDING; c++)
		if (sums->cause[c] > sums->cause[best])
			best = c;
	return best;
}

static void put_count(struct finding *f, const char *group, const char *name, uint64_t count)
{
	facts_number(&f->facts, name, FACT_COUNT, (double)count)->group = group;
}

static void put_facts(struct finding *f, const struct snapshot *seen, const struct sums *sums,
		      enum role role)
{
	static const struct process_files unknown;
	int32_t process = f->subject.process;
	struct known limit;
	const struct process_files *files = process < 0 ? NULL : seen->processes.at[process].files;

	for (enum cause c = EOF_UNREAD; c < CAUSES; c++)
		put_count(f, "causes", cause_names[c], sums->cause[c]);
	facts_word(&f->facts, "main_cause", cause_names[largest(sums)]);
	put_count(f, "openers", "opened_here", sums->opener[ROLE_OPENED]);
	put_count(f, "openers", "accepted_here", sums->opener[ROLE_ACCEPTED]);
	put_count(f, "openers", "unknown", sums->opener[ROLE_UNKNOWN]);
	facts_word(&f->facts, "main_opener", service_opener(role));
	facts_number(&f->facts, "may_still_answer", FACT_COUNT, (double)sums->may_answer);
	facts_number(&f->facts, "as_in_idle_pool", FACT_COUNT, (double)sums->pool);
	facts_number(&f->facts, "unacknowledged", FACT_COUNT, (double)sums->silent);
	facts_number(&f->facts, "mptcp", FACT_COUNT, (double)sums->mptcp);
	facts_number(&f->facts, "age_hidden_by_keepalive", FACT_COUNT,
		     (double)(sums->hidden + sums->unsettled));
	facts_number(&f->facts, "unread_bytes", FACT_BYTES, (double)sums->unread_bytes);
	if (!files)
		files = &unknown;
	facts_known(&f->facts, "descriptors", FACT_COUNT, &files->open);
	limit = files->limit;
	limit.is = limit.is && limit.value >= 0;        /* else it has none */
	facts_known(&f->facts, "descriptor_limit", FACT_COUNT, &limit);
}

static bool is_near_limit(const struct snapshot *seen, const struct subject *subject)
{
	return subject->process >= 0 &&
	       descriptors_percent(&seen->processes.at[subject->process]) >= near_limit_percent;
}

LEVEL(close_wait)
{
	struct sums sums = add_up(w, group);
	enum severity severity = level_of(&sums, w->t, group->least);

	return severity && is_near_limit(w->seen, &group->subject) ? SEVERITY_CRITICAL : severity;
}

FACTS(close_wait)
{
	struct sums sums = add_up(w, group);

	put_facts(f, w->seen, &sums, group->role);
}

PICKS(close_wait)
{
	return s->inode;
}

/* The bytes of a program that reads and whose peer has vanished are peer-silent's. */
static bool is_concerned(const struct weighing *w, const struct sock *s)
{
	if (s->state != STATE_CLOSE_WAIT || !s->inode || (!s->recv_queue && is_silent(w, s)))
		return false;
	return threshold_level(w->t, aged_ms(w->seen, s)) || is_hidden(w, s);
}

WEIGH(close_wait)
{
	struct { uint32_t *at; size_t count, room; } old = { NULL, 0, 0 };
	struct listeners listeners;
	struct weighing w = {
		.rule = rule_by_id("close-wait-leak"), .seen = seen, .t = t, .report = report,
		.listeners = &listeners,
	};

	for (size_t i = 0; i < seen->socks.count; i++)
		if (is_concerned(&w, &seen->socks.at[i]))
			*grow_add(&old) = (uint32_t)i;
	listeners_init(&listeners, seen);
	weigh_levels(&w, old.at, old.count);
	listeners_fini(&listeners);
	grow_fini(&old);
}
