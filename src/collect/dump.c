/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/dump.h"

#include "collect/attrs.h"
#include "collect/proc_net.h"
#include "model/protocol.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <string.h>

struct dump dump_begin(struct recorder *recorder, const struct collect_ask *ask, enum ask_how how,
		       struct sink sink)
{
	struct dump dump = { .recorder = recorder, .ask = *ask, .how = how, .sink = sink,
			     .deliver = dump_deliver };

	if (!dump.ask.protocol)
		dump.ask.protocol = PROTOCOL_TCP;
	dump.is_bare = ask->bare && !recorder_replays(recorder) && !recorder_records(recorder);
	return dump;
}

/*
 * Notes rows that a word of the filter could not be decided for, because the kernel or
 * the recording did not tell what it asks for.
 */
static void note_undecided(struct dump *dump, struct snapshot *seen)
{
	bool mark = filter_has(dump->ask.filter, FILTER_FWMARK);
	bool replays = recorder_replays(dump->recorder);

	snapshot_gap(seen, replays ? GAP_RECORDING : GAP_ATTRIBUTE, dump->undecided,
		     "%s does not tell %s of every socket: the filter cannot be sure%s",
		     replays ? "the recording" : "the kernel",
		     mark ? "the mark" :
		     filter_has(dump->ask.filter, FILTER_AUTOBOUND) ? "where the port came from" :
		     "the control group",
		     mark ? " (marks are for CAP_NET_ADMIN)" : "");
	seen->socks_complete = false;
}

void dump_end(struct dump *dump, struct snapshot *seen)
{
	if (dump->undecided)
		note_undecided(dump, seen);
	ids_fini(&dump->explicit_ports);
	if (dump->senseless)
		snapshot_gap(seen, GAP_ATTRIBUTE, dump->senseless,
			     "socket messages or attributes made no sense and were left out");
	once_fini(&dump->delivered);
	inodes_fini(&dump->inodes);
}

struct frame_ask dump_asked(const struct dump *dump)
{
	const struct collect_ask *ask = &dump->ask;

	return (struct frame_ask){
		.states = ask->states,
		.families = (ask->ipv4 ? FAMILY_BIT_IPV4 : 0u) | (ask->ipv6 ? FAMILY_BIT_IPV6 : 0u),
		.ext = attrs_recorded(ask->need), .protocol = ask->protocol,
		.port_low = ask->port_low, .port_high = ask->port_high, .how = dump->how,
	};
}

/*
 * The key under which a socket is delivered once: its cookie if it has one, else its
 * addresses and inode.
 */
static uint64_t key_of(const struct inet_diag_msg *told)
{
	uint64_t cookie = message_cookie(told);

	return cookie != UINT64_MAX ? cookie :
	       map_hash(&told->id, sizeof(told->id)) ^ told->idiag_inode;
}

bool dump_wants_port(const struct collect_ask *ask, uint16_t port)
{
	return (!ask->port_low && !ask->port_high) ||
	       (port >= ask->port_low && port <= ask->port_high);
}

static bool is_fresh(struct dump *dump, const struct inet_diag_msg *told)
{
	enum once_kind kind = told->idiag_state == STATE_CLOSE ? ONCE_CLOSED :
			      told->idiag_timer == TIMER_TIME_WAIT ? ONCE_MINISOCK : ONCE_SOCKET;

	return once_add(dump->ask.once ? dump->ask.once : &dump->delivered, key_of(told), kind);
}

/* True when the socket was asked for and is not delivered yet. */
static bool is_wanted(struct dump *dump, const struct inet_diag_msg *told)
{
	enum state state = message_state(told, dump->ask.protocol);

	if ((told->idiag_family == AF_INET && !dump->ask.ipv4) ||
	    (told->idiag_family == AF_INET6 && !dump->ask.ipv6))
		return false;
	if (state != STATE_NONE && !(dump->ask.states & STATE_BIT(state)))
		return false;
	if (!dump_wants_port(&dump->ask, ntohs(told->id.idiag_sport)))
		return false;
	return is_fresh(dump, told);
}

/* True when only bound sockets are asked for, so that without them there is no answer. */
static bool wants_bound_alone(const struct dump *dump)
{
	const struct filter *filter = dump->ask.filter;
	uint32_t states = dump->ask.states;

	if (filter && filter->has_states)
		states &= filter->states;
	return states == STATE_BIT(STATE_BOUND);
}

void dump_lacks_bound(struct dump *dump, const char *where, const char *more,
		      struct snapshot *seen)
{
	bool alone = wants_bound_alone(dump);

	if (dump->ask.protocol != PROTOCOL_TCP || !(dump->ask.states & STATE_BIT(STATE_BOUND)))
		return;
	recorder_gap(dump->recorder, seen, alone ? GAP_DUMP : GAP_BOUND, 1,
		     "sockets that are only bound are not %s%s", where, more);
	seen->socks_complete &= !alone;
}

static bool is_wildcard(const __be32 *bytes)
{
	struct addr addr = addr_from_v6(bytes);

	return addr_is_zero(&addr);
}

/*
 * A bare row needs attributes where there is no connection: these tell whether an IPv6
 * wildcard is one of IPv4, too. Recordings are always read whole, so that live and
 * replay agree.
 */
static bool reads_attributes(const struct dump *dump, const struct inet_diag_msg *told)
{
	return !dump->is_bare || !told->id.idiag_dport ||
	       (told->idiag_family == AF_INET6 &&
		(is_wildcard(told->id.idiag_src) || is_wildcard(told->id.idiag_dst)));
}

static void tell_origin(const struct dump *dump, struct sock *sock)
{
	bool found = ids_has(&dump->explicit_ports, sock->cookie);

	if (!found && !dump->knows_origins)
		return;
	sock->port_explicit = found;
	sock->have |= HAVE_PORT_ORIGIN;
}

static bool passes(struct dump *dump, const struct sock *sock)
{
	const struct filter *filter = dump->ask.filter;
	enum filter_truth is = filter ? filter_test(filter, &dump->view, sock) : FILTER_TRUE;

	if (is == FILTER_UNKNOWN && filter_misses(filter, sock))
		dump->undecided++;
	return is == FILTER_TRUE;
}

/* The uid that a user namespace without a root shows for others: the usual overflowuid. */
enum { NOBODY = 65534 };

static bool is_told_as_root(const struct sock *sock)
{
	return !sock->inode && (!sock->uid || sock->uid == NOBODY);
}

static void save(struct dump *dump, const void *bytes, size_t size)
{
	if (recorder_records(dump->recorder))
		recorder_put(dump->recorder, FRAME_SOCK, NULL, bytes, size);
}

/* Counts a message that is cut off before its addresses. */
static void note_cut(struct dump *dump, const void *bytes, size_t size)
{
	if (size >= NLMSG_HDRLEN)
		save(dump, bytes, size);
	dump->senseless++;
}

/* Adds to a row what its message does not tell. */
static void complete(struct dump *dump, const void *bytes, struct sock *sock)
{
	if (dump->hides_orphan_uids && is_told_as_root(sock))
		sock->have &= ~(uint32_t)HAVE_UID;
	if (sock->state == STATE_LISTEN)
		proc_net_mark(bytes, sock);
	if (dump->tells_origins)
		tell_origin(dump, sock);
}

int dump_deliver(struct dump *dump, const void *bytes, size_t size)
{
	const char *message = (const char *)bytes + NLMSG_HDRLEN;
	struct inet_diag_msg *told = &dump->told;
	struct sock *sock = &dump->sock;
	int senseless, err;

	if (size < NLMSG_HDRLEN + sizeof(*told)) {
		note_cut(dump, bytes, size);
		return 0;
	}
	memcpy(told, message, sizeof(*told));
	if (!is_wanted(dump, told))
		return 0;
	save(dump, bytes, size);
	if (recorder_replays(dump->recorder) && !inodes_add(&dump->inodes, told->idiag_inode)) {
		dump->senseless++;
		return 0;
	}
	size = reads_attributes(dump, told) ? size - NLMSG_HDRLEN - sizeof(*told) : 0;
	senseless = message_take(told, message + sizeof(*told), size, dump->ask.protocol,
				 dump->ask.need, sock, &dump->detail);
	if (senseless < 0) {
		dump->senseless++;
		return 0;
	}
	dump->senseless += (unsigned)senseless;
	complete(dump, bytes, sock);
	err = passes(dump, sock) ? dump->sink.take(dump->sink.ctx, sock) : 0;
	if (sock->detail)
		detail_fini(&dump->detail);
	return err;
}

static int take_live(void *ctx, const struct nlmsghdr *message)
{
	struct dump *dump = ctx;

	return dump->deliver(dump, message, message->nlmsg_len);
}

int dump_try(struct dump *dump, struct wire_dump *wire, struct fault *fault)
{
	if (!wire->lister)
		wire->lister = wire_lister_of(dump->ask.protocol);
	wire->take = take_live;
	wire->ctx = dump;
	return wire_dump(wire, fault);
}

int dump_settle(struct dump *dump, const struct wire_dump *wire, int err, const char *what,
		struct snapshot *seen, int *failed)
{
	if (!err || wire->stopped)
		return err;
	*failed = err;
	recorder_gap(dump->recorder, seen, GAP_DUMP, 1,
		     "the listing of %s sockets is incomplete, asked %u times (%s)",
		     what, wire->tries, strerror(-err));
	seen->socks_complete = false;
	return 0;
}

int dump_live(struct dump *dump, struct wire_dump *wire, const char *what,
	      struct snapshot *seen, int *failed, struct fault *fault)
{
	return dump_settle(dump, wire, dump_try(dump, wire, fault), what, seen, failed);
}

/* ---- the answer from a recording ---- */

struct frame_ask replay_asked(const struct load *load, size_t head)
{
	struct frame frame = load_head(load, head);
	struct frame_ask asked = { 0 };
	size_t size;

	if (frame.type != FRAME_ASK)
		return asked;
	frame_open(&frame, &asked, &size);
	if (!asked.protocol)
		asked.protocol = PROTOCOL_TCP;
	return asked;
}

static void replay_dump_gap(struct dump *dump, struct snapshot *seen, const struct frame *frame)
{
	struct frame_gap gap;
	size_t size;

	frame_open(frame, &gap, &size);
	if (gap.kind == GAP_BOUND && !(dump->ask.states & STATE_BIT(STATE_BOUND)))
		return;
	recorder_replay_gap(seen, frame);
	if (gap.kind == GAP_DUMP || (gap.kind == GAP_BOUND && wants_bound_alone(dump)))
		seen->socks_complete = false;
}

int replay_section(struct dump *dump, size_t head, struct snapshot *seen)
{
	struct cursor cursor = load_begin(dump->recorder->load, head);
	struct frame frame;
	int err = 0;

	while (!err && load_next(&cursor, &frame)) {
		if (frame.type == FRAME_GAP)
			replay_dump_gap(dump, seen, &frame);
		else if (frame.type == FRAME_SOCK)
			err = dump->deliver(dump, frame.body, frame.size);
	}
	return err;
}

/* ---- the same question ---- */

static bool is_same_ask(const struct frame_ask *a, const struct frame_ask *b)
{
	return a->states == b->states && a->families == b->families && a->ext == b->ext &&
	       a->protocol == b->protocol && a->port_low == b->port_low &&
	       a->port_high == b->port_high && a->how == b->how;
}

/* The same question as in the live run, in its order, gets the same answer. */
static bool find_same_ask(struct dump *dump, size_t *head)
{
	const struct load *load = dump->recorder->load;
	struct frame_ask wanted = dump_asked(dump);
	size_t *used = &dump->recorder->used[FRAME_ASK];

	for (size_t i = *used; i < load_heads(load); i++) {
		struct frame_ask asked = replay_asked(load, i);

		if (!is_same_ask(&asked, &wanted))
			continue;
		*used = i + 1;
		*head = i;
		return true;
	}
	return false;
}

/* ---- another question ---- */

struct window { uint32_t low, high; };

static struct window window_of(const struct frame_ask *ask)
{
	if (!ask->port_low && !ask->port_high)
		return (struct window){ 0, UINT16_MAX };
	return (struct window){ ask->port_low, ask->port_high };
}

/*
 * A filtered section does not tell what the filter dropped, and only a walk over the
 * chain tells its order.
 */
static bool is_answer_to(const struct frame_ask *asked, const struct frame_ask *wanted)
{
	struct window has = window_of(asked), wants = window_of(wanted);

	if (asked->protocol != wanted->protocol || !(asked->states & wanted->states) ||
	    has.low > wants.high || has.high < wants.low)
		return false;
	return asked->how == wanted->how ||
	       (asked->how == ASK_CHAIN && wanted->how == ASK_LISTING);
}

/* Which part of the question was answered by sections, per family. */
struct cover {
	uint32_t states[2], detailed[2];
};

static void cover_add(struct cover *cover, const struct frame_ask *asked,
		      const struct frame_ask *wanted, bool detailed)
{
	struct window has = window_of(asked), wants = window_of(wanted);

	if (has.low > wants.low || has.high < wants.high)
		return;
	for (unsigned i = 0; i < 2; i++) {
		if (!(asked->families >> i & 1))
			continue;
		cover->states[i] |= asked->states;
		if (detailed)
			cover->detailed[i] |= asked->states;
	}
}

static void note_missing(const struct frame_ask *wanted, const struct cover *cover,
			 struct snapshot *seen)
{
	uint32_t missing = 0, coarse = 0;

	for (unsigned i = 0; i < 2; i++) {
		if (!(wanted->families >> i & 1))
			continue;
		missing |= wanted->states & ~cover->states[i];
		coarse |= wanted->states & cover->states[i] & ~cover->detailed[i];
	}
	if (missing) {
		snapshot_gap(seen, GAP_RECORDING, (uint64_t)__builtin_popcount(missing),
			     "the recording does not hold %s sockets of every state, family and port asked for",
			     protocol_row(wanted->protocol)->people);
		seen->socks_complete = false;
	}
	if (coarse)
		snapshot_gap(seen, GAP_RECORDING, (uint64_t)__builtin_popcount(coarse),
			     "the recording does not hold every detail asked for (tcp_info, memory)");
}

/* Answers from all sections that can, the most detailed first. */
static int replay_all(struct dump *dump, struct snapshot *seen)
{
	const struct load *load = dump->recorder->load;
	struct frame_ask wanted = dump_asked(dump);
	struct cover cover = { 0 };
	int err = 0;

	for (unsigned pass = 0; pass < 2; pass++) {
		for (size_t i = 0; !err && i < load_heads(load); i++) {
			struct frame_ask asked = replay_asked(load, i);
			bool detailed = !(wanted.ext & ~asked.ext);

			if (detailed != (pass == 0) || !is_answer_to(&asked, &wanted))
				continue;
			cover_add(&cover, &asked, &wanted, detailed);
			err = replay_section(dump, i, seen);
		}
	}
	note_missing(&wanted, &cover, seen);
	return err;
}

/*
 * Messages of ss do not tell their protocol. They are taken for TCP, which is what
 * people dump; questions about any other protocol get no answer from them.
 */
static int replay_foreign(struct dump *dump, struct snapshot *seen)
{
	struct cursor cursor = load_begin(dump->recorder->load, 0);
	struct frame_ask wanted = dump_asked(dump);
	struct frame frame;
	int err = 0;

	if (wanted.protocol != PROTOCOL_TCP || wanted.how != ASK_LISTING) {
		note_missing(&wanted, &(struct cover){ 0 }, seen);
		return 0;
	}
	snapshot_gap(seen, GAP_RECORDING, 1,
		     "a dump of ss holds sockets only, and those that ss was asked for");
	while (!err && load_next(&cursor, &frame)) {
		struct nlmsghdr header;

		memcpy(&header, frame.body, sizeof(header));
		if (header.nlmsg_type != NLMSG_DONE)
			err = dump_deliver(dump, frame.body, frame.size);
	}
	return err;
}

int replay_socks(struct dump *dump, struct snapshot *seen)
{
	size_t head;

	if (load_is_foreign(dump->recorder->load))
		return replay_foreign(dump, seen);
	if (find_same_ask(dump, &head))
		return replay_section(dump, head, seen);
	return replay_all(dump, seen);
}
