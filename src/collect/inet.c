/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/inet.h"

#include "collect/attrs.h"
#include "collect/bytecode.h"
#include "collect/dump.h"
#include "collect/recall.h"
#include "model/age.h"

#include <linux/sock_diag.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Only masks show it: bound, and neither listening nor connected (Linux 6.8). */
enum { KERNEL_BOUND_INACTIVE = 13 };

static uint32_t kernel_states(uint32_t states)
{
	uint32_t mask = states & ~STATE_BIT(STATE_BOUND);

	return states & STATE_BIT(STATE_BOUND) ? mask | 1u << KERNEL_BOUND_INACTIVE : mask;
}

/* ---- live ---- */

struct request {
	struct inet_diag_req_v2 head;
	struct bytecode         filter;
};

_Static_assert(sizeof(struct request) <= WIRE_REQUEST &&
	       offsetof(struct request, filter) == sizeof(struct inet_diag_req_v2),
	       "it is sent as it stands in memory");

static int list_family(struct dump *dump, int family, unsigned deadline_ms,
		       struct snapshot *seen, bool *answered, int *failed,
		       struct fault *fault)
{
	struct request request = { .head = {
		.sdiag_family = (uint8_t)family,
		.sdiag_protocol = (uint8_t)dump->ask.protocol,
		.idiag_ext = attrs_ext(dump->ask.need),
		.idiag_states = kernel_states(dump->ask.states),
	} };
	struct wire_dump wire = { .request = &request, .deadline_ms = deadline_ms };
	int err;

	wire.size = sizeof(request.head) + bytecode_compile(&request.filter, &dump->ask);
	err = dump_live(dump, &wire, family == AF_INET ? "IPv4" : "IPv6", seen, failed, fault);
	*answered |= wire.answered;
	return err;
}

static int list_live(struct dump *dump, unsigned deadline_ms, struct snapshot *seen,
		     struct fault *fault)
{
	bool answered = !dump->ask.ipv4 && !dump->ask.ipv6;
	int err = 0, failed = 0;

	if (dump->ask.ipv4)
		err = list_family(dump, AF_INET, deadline_ms, seen, &answered, &failed, fault);
	if (!err && dump->ask.ipv6)
		err = list_family(dump, AF_INET6, deadline_ms, seen, &answered, &failed, fault);
	if (err)
		return err;
	return answered ? 0 : failed;
}

static void note_kernel_age(struct dump *dump, const char *release, struct snapshot *seen)
{
	if (dump->ask.protocol != PROTOCOL_TCP || !(dump->ask.states & STATE_BIT(STATE_BOUND)) ||
	    release_at_least(release, 6, 8))
		return;
	tape_gap(dump->tape, seen, GAP_BOUND, 1,
		 "sockets that are only bound are not listed by this kernel (Linux 6.8 does)");
}

static void save_ask(struct dump *dump)
{
	struct frame_ask asked = dump_asked(dump);

	tape_put(dump->tape, FRAME_ASK, &asked, NULL, 0);
}

/* ---- both ---- */

bool release_at_least(const char *release, unsigned major, unsigned minor)
{
	unsigned long have_major, have_minor = 0;
	char *end;

	have_major = strtoul(release, &end, 10);
	if (*end == '.')
		have_minor = strtoul(end + 1, NULL, 10);
	return have_major > major || (have_major == major && have_minor >= minor);
}

int inet_collect(struct tape *tape, const struct collect_ask *ask, struct sink sink,
		 const char *release, unsigned deadline_ms, struct snapshot *seen,
		 struct fault *fault)
{
	struct dump dump = dump_begin(tape, ask, ask->explicit_port ? ASK_EXPLICIT : ASK_LISTING,
				      sink);
	int err;

	/* Until 6.17 a TCP socket without a file was told as root's. */
	dump.hides_orphan_uids = dump.ask.protocol == PROTOCOL_TCP &&
				 !release_at_least(release, 6, 17);
	if (tape_replays(tape)) {
		err = recall(&dump, seen);
	} else {
		save_ask(&dump);
		note_kernel_age(&dump, release, seen);
		err = list_live(&dump, deadline_ms, seen, fault);
	}
	dump_end(&dump, seen);
	return err;
}

/* ---- where a port came from ---- */

static int take_cookie(void *ctx, const struct sock *sock)
{
	map_slot(ctx, sock->cookie, NULL);
	return 0;
}

/*
 * All states but those that never have a port of their own: a socket may have
 * moved on since it was seen.
 */
static struct collect_ask explicit_ask(const struct collect_ask *ask)
{
	struct collect_ask question = *ask;

	question.states = STATE_ALL & ~(STATE_BIT(STATE_SYN_RECV) | STATE_BIT(STATE_TIME_WAIT));
	question.need = 0;
	question.protocol = PROTOCOL_TCP;
	question.explicit_port = true;
	return question;
}

/* The cookies of the explicit ones. False when some of them may be missing. */
static bool list_explicit(struct tape *tape, const struct collect_ask *ask, unsigned deadline_ms,
			  struct map *cookies)
{
	struct sink sink = { .take = take_cookie, .ctx = cookies };
	struct dump dump = dump_begin(tape, ask, ASK_EXPLICIT, sink);
	struct snapshot aside;  /* its gaps are no gaps of the caller's */
	bool whole;
	int err;

	snapshot_init(&aside);
	if (tape_replays(tape)) {
		err = recall(&dump, &aside);
	} else {
		save_ask(&dump);
		err = list_live(&dump, deadline_ms, &aside, NULL);
	}
	whole = !err && !dump.senseless && aside.socks_complete;
	dump_end(&dump, &aside);
	snapshot_fini(&aside);
	return whole;
}

static bool was_asked_for(const struct sock *sock, const struct collect_ask *ask)
{
	if (sock->protocol != PROTOCOL_TCP || sock->cookie == UINT64_MAX)
		return false;
	if (sock->family == FAMILY_IPV4 ? !ask->ipv4 : !ask->ipv6)
		return false;
	return dump_wants_port(ask, sock->local_port);
}

/*
 * Whether its absence among the explicit ones tells anything. An accepted
 * connection has the port of its listener, however that got it, and is never
 * among them; nor is what the kernel keeps of a socket in short form.
 */
static bool has_own_port(const struct sock *sock)
{
	switch (sock->state) {
	case STATE_LISTEN: case STATE_BOUND:
		return true;
	default:
		return sock_opener(sock) == OPENER_HERE;
	}
}

int inet_explicit(struct tape *tape, const struct collect_ask *ask, unsigned deadline_ms,
		  struct snapshot *seen, struct fault *fault)
{
	struct collect_ask question = explicit_ask(ask);
	struct map cookies = { 0 };
	bool whole = list_explicit(tape, &question, deadline_ms, &cookies);

	(void)fault;
	for (size_t i = 0; i < seen->socks.count; i++) {
		struct sock *sock = &seen->socks.at[i];

		if (!was_asked_for(sock, ask))
			continue;
		sock->port_explicit = map_find(&cookies, sock->cookie) != NULL;
		if (sock->port_explicit || (whole && has_own_port(sock)))
			sock->have |= HAVE_PORT_ORIGIN;
	}
	map_fini(&cookies);
	return 0;
}
