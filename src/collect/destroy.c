/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/handle.h"

#include "collect/inet.h"
#include "collect/attrs.h"
#include "collect/wire.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>

/*
 * Two requests about one socket: a lookup (SOCK_DIAG_BY_FAMILY without NLM_F_DUMP), and
 * the order to close it (SOCK_DESTROY). Both name the socket by its cookie. The kernel
 * answers ESTALE when another socket has the address by then, so the order cannot reach
 * another one, however late it comes.
 */

/* The state of one order. */
struct job {
	const struct sock        *sock;
	const struct destroy_ask *ask;
	const struct collect     *collect;
	struct wire               wire;
	bool                      found;
	enum state                state;        /* the state in which it was found */
	struct kill_result       *result;
};

/* What the answer to SOCK_DESTROY means; @err is 0 or a positive errno. */
static enum outcome outcome_of(int err)
{
	switch (err) {
	case 0:
		return OUTCOME_DESTROYED;
	case ENOENT: case ESTALE:
		return OUTCOME_GONE;
	case EPERM: case EACCES:
		return OUTCOME_DENIED;
	case EOPNOTSUPP: case EINVAL: case ENOSYS:
		return OUTCOME_UNSUPPORTED;
	default:
		return OUTCOME_FAILED;
	}
}

static int broken(int err, struct fault *fault)
{
	return fault_set(fault, err, "cannot talk to the kernel about a socket: %s", strerror(err));
}

static int ask(struct job *job, uint16_t type, uint16_t flags,
	       const struct inet_diag_req_v2 *request, const struct nlmsghdr **answer,
	       struct fault *fault)
{
	const struct wire_question question = {
		.type = type, .flags = flags, .payload = request, .size = sizeof(*request),
	};
	int err = wire_ask(&job->wire, &question, job->collect->source.deadline_ms, answer);

	return err ? broken(-err, fault) : 0;
}

/*
 * Compares the socket as it is now with the listed one. The filter is tested again,
 * because the user may have gone by an age or a queue.
 */
static void compare(struct job *job, const struct sock *now)
{
	job->found = true;
	job->state = now->state;
	if (now->state == job->sock->state &&
	    filter_matches(job->ask->filter, job->ask->view, now))
		return;
	job->result->outcome = OUTCOME_CHANGED;
	job->result->now = now->state;
}

static int take_same(void *ctx, const struct sock *now)
{
	struct job *job = ctx;
	struct sock same = *now;

	if (now->cookie != job->sock->cookie)
		return 0;
	/* only listings tell where a port came from; that never changes */
	same.port_explicit = job->sock->port_explicit;
	same.have |= job->sock->have & HAVE_PORT_ORIGIN;
	compare(job, &same);
	return 0;
}

/*
 * For addresses that several sockets share, where the exact lookup finds one of them, or
 * none because it does not search that table: lists all sockets on the local port.
 */
static int look_at_port(struct job *job, struct fault *fault)
{
	struct collect_ask ask = {
		.states = STATE_ALL, .need = job->ask->need, .protocol = job->sock->protocol,
		.ipv4 = job->sock->family == FAMILY_IPV4,
		.ipv6 = job->sock->family == FAMILY_IPV6,
		.port_low = job->sock->local_port, .port_high = job->sock->local_port,
	};
	struct recorder nowhere = { .save = NULL };
	struct snapshot aside;
	bool whole;
	int err;

	snapshot_init(&aside);
	err = inet_collect(&nowhere, &ask, (struct sink){ .take = take_same, .ctx = job },
			   job->collect->release, job->collect->source.deadline_ms, &aside, fault);
	whole = snapshot_lists_all(&aside);
	snapshot_fini(&aside);
	if (!err && !whole && !job->found)
		return fault_set(fault, EAGAIN, "the listing of port %u is incomplete",
				 job->sock->local_port);
	return err;
}

/*
 * A port that a program bound stays bound: of a listener or UDP socket, the kernel
 * closes only the conversation. That is not a failure, but the result has to say it.
 */
static void tell_remains(struct job *job)
{
	struct kill_result result = *job->result;

	job->found = false;
	if (look_at_port(job, NULL) == 0 && job->found)
		result.now = job->state;
	*job->result = result;
}

/* False for a connection, which has its address for itself. Other sockets may share one. */
static bool may_share(const struct sock *sock)
{
	return sock->protocol != PROTOCOL_TCP || sock->state == STATE_LISTEN ||
	       sock->state == STATE_BOUND || sock->state == STATE_CLOSE;
}

/*
 * Sets @found, and the result if the socket is not as it was listed. For historical
 * reasons, the lookup of one UDP socket (unlike the order to destroy it) takes the
 * remote end for the source.
 */
static int look(struct job *job, struct fault *fault)
{
	struct inet_diag_req_v2 request = inet_request(job->sock, job->ask->need,
						       job->sock->protocol == PROTOCOL_UDP);
	const struct nlmsghdr *message;
	struct detail detail;
	struct sock now;
	int err = ask(job, SOCK_DIAG_BY_FAMILY, 0, &request, &message, fault);

	job->found = false;
	if (err)
		return err;
	err = wire_refusal(message);
	if (err < 0 && message_parse(mnl_nlmsg_get_payload(message),
				     mnl_nlmsg_get_payload_len(message), job->sock->protocol,
				     job->ask->need, &now, &detail) >= 0) {
		if (now.detail)
			detail_fini(&detail);
		now.detail = NULL;
		return take_same(job, &now);
	}
	if ((err == ENOENT || err == ESTALE) && !may_share(job->sock))
		return 0;
	return look_at_port(job, fault);
}

static int order(struct job *job, struct fault *fault)
{
	struct inet_diag_req_v2 request = inet_request(job->sock, 0, false);
	const struct nlmsghdr *message;
	int err = ask(job, SOCK_DESTROY, NLM_F_ACK, &request, &message, fault);

	if (err)
		return err;
	err = wire_refusal(message);
	if (err < 0)
		return broken(EPROTO, fault);
	job->result->err = err;
	job->result->outcome = outcome_of(err);
	return 0;
}

/*
 * The order found no such socket. If a lookup finds it nevertheless, orders cannot reach it,
 * which is UNSUPPORTED and not GONE.
 */
static int tell_gone_from_unreached(struct job *job, struct fault *fault)
{
	struct kill_result result = *job->result;
	int err = look(job, fault);

	if (err || (job->found && job->result->outcome == OUTCOME_CHANGED))
		return err;
	*job->result = result;
	if (job->found)
		job->result->outcome = OUTCOME_UNSUPPORTED;
	return 0;
}

static int destroy_on(struct job *job, struct fault *fault)
{
	int err = look(job, fault);

	if (err || job->result->outcome == OUTCOME_CHANGED)
		return err;
	if (!job->found) {
		job->result->outcome = OUTCOME_GONE;
		return 0;
	}
	err = order(job, fault);
	if (!err && job->result->outcome == OUTCOME_GONE)
		err = tell_gone_from_unreached(job, fault);
	else if (!err && job->result->outcome == OUTCOME_DESTROYED && may_share(job->sock))
		tell_remains(job);
	return err;
}

int collect_destroy(struct collect *collect, const struct sock *sock,
		    const struct destroy_ask *ask, struct kill_result *result, struct fault *fault)
{
	struct job job = { .sock = sock, .ask = ask, .collect = collect, .result = result };
	int err;

	if (recorder_replays(&collect->recorder))
		return fault_set(fault, EINVAL, "a recording has no sockets to be closed");
	*result = (struct kill_result){ .outcome = OUTCOME_NONE };
	/* to the kernel, all ones mean "any socket at this address": never ask for that */
	if (sock->cookie == UINT64_MAX) {
		*result = (struct kill_result){ .outcome = OUTCOME_UNSUPPORTED, .err = ENODATA };
		return 0;
	}
	err = wire_open(&job.wire, NETLINK_SOCK_DIAG, WIRE_ROOM, fault);
	if (!err)
		err = destroy_on(&job, fault);
	wire_close(&job.wire);
	return err;
}

uint64_t collect_reached(const struct collect *collect, const struct sock *sock)
{
	struct sock any = *sock, found = { .cookie = UINT64_MAX };
	struct job job = { .collect = collect };
	struct inet_diag_req_v2 request;
	const struct nlmsghdr *message;
	struct detail detail;

	any.cookie = UINT64_MAX;
	request = inet_request(&any, 0, sock->protocol == PROTOCOL_UDP);
	if (wire_open(&job.wire, NETLINK_SOCK_DIAG, WIRE_ROOM, NULL) == 0 &&
	    ask(&job, SOCK_DIAG_BY_FAMILY, 0, &request, &message, NULL) == 0 &&
	    wire_refusal(message) < 0 &&
	    message_parse(mnl_nlmsg_get_payload(message), mnl_nlmsg_get_payload_len(message),
			  sock->protocol, 0, &found, &detail) < 0)
		found.cookie = UINT64_MAX;
	wire_close(&job.wire);
	return found.cookie;
}
