/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/inet.h"

#include "collect/attrs.h"
#include "collect/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)STATE_ESTABLISHED == (int)TCP_ESTABLISHED &&
	       (int)STATE_SYN_SENT == (int)TCP_SYN_SENT &&
	       (int)STATE_SYN_RECV == (int)TCP_SYN_RECV &&
	       (int)STATE_FIN_WAIT_1 == (int)TCP_FIN_WAIT1 &&
	       (int)STATE_FIN_WAIT_2 == (int)TCP_FIN_WAIT2 &&
	       (int)STATE_TIME_WAIT == (int)TCP_TIME_WAIT &&
	       (int)STATE_CLOSE == (int)TCP_CLOSE &&
	       (int)STATE_CLOSE_WAIT == (int)TCP_CLOSE_WAIT &&
	       (int)STATE_LAST_ACK == (int)TCP_LAST_ACK &&
	       (int)STATE_LISTEN == (int)TCP_LISTEN &&
	       (int)STATE_CLOSING == (int)TCP_CLOSING,
	       "the first eleven states are the kernel's");

/* Kernel-internal states that only masks and old kernels show. */
enum { KERNEL_NEW_SYN_RECV = 12, KERNEL_BOUND_INACTIVE = 13 };

/* One call of collect_socks(). */
struct dump {
	struct tape              *tape;
	const struct collect_ask *ask;
	struct sink               sink;
	struct map                delivered;    /* cookies */
	uint64_t                  senseless;    /* messages and attributes */
	bool                      hides_orphan_uids;
};

static uint32_t kernel_states(uint32_t states)
{
	uint32_t mask = states & ~STATE_BIT(STATE_BOUND);

	return states & STATE_BIT(STATE_BOUND) ? mask | 1u << KERNEL_BOUND_INACTIVE : mask;
}

static uint32_t family_bits(const struct collect_ask *ask)
{
	return (ask->ipv4 ? FAMILY_BIT_IPV4 : 0u) | (ask->ipv6 ? FAMILY_BIT_IPV6 : 0u);
}

/*
 * A socket in CLOSE is in no table but that of bound ports, so it is listed
 * only when bit 13 asked for it.
 */
static enum state state_of(const struct inet_diag_msg *told)
{
	if (told->idiag_state == KERNEL_NEW_SYN_RECV)
		return STATE_SYN_RECV;
	if (told->idiag_state == STATE_CLOSE && told->id.idiag_sport)
		return STATE_BOUND;
	return told->idiag_state <= STATE_CLOSING ? told->idiag_state : STATE_NONE;
}

/* Newer kernels tell further timers (delayed ACK): nobody waits for those. */
static void take_timer(struct sock *sock, const struct inet_diag_msg *told)
{
	if (told->idiag_timer == 0 || told->idiag_timer >= TIMER_COUNT)
		return;
	sock->timer = told->idiag_timer;
	sock->timer_ms = told->idiag_expires;
	sock->retransmits = told->idiag_retrans;
}

static void take_addresses(struct sock *sock, const struct inet_diag_msg *told)
{
	if (told->idiag_family == AF_INET) {
		sock->family = FAMILY_IPV4;
		sock->local = addr_from_v4(told->id.idiag_src);
		sock->remote = addr_from_v4(told->id.idiag_dst);
	} else {
		sock->family = FAMILY_IPV6;
		sock->local = addr_from_v6(told->id.idiag_src);
		sock->remote = addr_from_v6(told->id.idiag_dst);
	}
	sock->local_port = ntohs(told->id.idiag_sport);
	sock->remote_port = ntohs(told->id.idiag_dport);
	sock->ifindex = told->id.idiag_if;
}

/* Minisocks and request sockets are told with uid 0, which means nothing. */
static bool tells_uid(const struct sock *sock)
{
	return !sock_is_minisock(sock) && sock->state != STATE_TIME_WAIT &&
	       !(sock->state == STATE_SYN_RECV && sock->inode == 0);
}

static uint64_t cookie_of(const struct inet_diag_msg *told)
{
	return (uint64_t)told->id.idiag_cookie[1] << 32 | told->id.idiag_cookie[0];
}

static int take_message(struct sock *sock, const struct inet_diag_msg *told)
{
	*sock = (struct sock){ .protocol = PROTOCOL_TCP, .state = state_of(told) };
	if (sock->state == STATE_NONE)
		return -EBADMSG;
	if (told->idiag_family != AF_INET && told->idiag_family != AF_INET6)
		return -EBADMSG;
	take_addresses(sock, told);
	take_timer(sock, told);
	sock->recv_queue = told->idiag_rqueue;
	sock->send_queue = told->idiag_wqueue;
	sock->inode = told->idiag_inode;
	sock->cookie = cookie_of(told);
	if (tells_uid(sock)) {
		sock->uid = told->idiag_uid;
		sock->have |= HAVE_UID;
	}
	return 0;
}

#define NEED_DETAIL (NEED_TCP_INFO | NEED_MEMORY | NEED_CONGESTION | NEED_TOS)

int inet_parse(const void *message, size_t size, unsigned need,
	       struct sock *sock, struct detail *detail)
{
	struct inet_diag_msg told;
	int err;

	if (size < sizeof(told))
		return -EBADMSG;
	memcpy(&told, message, sizeof(told));
	err = take_message(sock, &told);
	if (err)
		return err;
	if (need & NEED_DETAIL) {
		memset(detail, 0, sizeof(*detail));
		sock->detail = detail;
	}
	return (int)attrs_parse((const char *)message + sizeof(told), size - sizeof(told),
				need, sock, detail);
}

/* The key under which a socket is delivered once: a cookie, if it has one. */
static uint64_t key_of(const struct inet_diag_msg *told)
{
	uint64_t cookie = cookie_of(told);

	return cookie != UINT64_MAX ? cookie :
	       map_hash(&told->id, sizeof(told->id)) ^ told->idiag_inode;
}

/* True when the message is a socket that was asked for and is not delivered yet. */
static bool is_wanted(struct dump *dump, const void *message, size_t size)
{
	struct inet_diag_msg told;
	bool fresh;

	if (size < sizeof(told))
		return true;    /* to be counted */
	memcpy(&told, message, sizeof(told));
	if ((told.idiag_family == AF_INET && !dump->ask->ipv4) ||
	    (told.idiag_family == AF_INET6 && !dump->ask->ipv6))
		return false;
	if (state_of(&told) != STATE_NONE && !(dump->ask->states & STATE_BIT(state_of(&told))))
		return false;
	map_slot(&dump->delivered, key_of(&told), &fresh);
	return fresh;
}

/* One netlink message, from the kernel or from a recording. */
static int deliver(struct dump *dump, const void *bytes, size_t size)
{
	const char *message = bytes;
	struct detail detail;
	struct sock sock;
	int senseless;

	if (size < NLMSG_HDRLEN) {
		dump->senseless++;
		return 0;
	}
	message += NLMSG_HDRLEN;
	if (!is_wanted(dump, message, size - NLMSG_HDRLEN))
		return 0;
	tape_put(dump->tape, FRAME_SOCK, NULL, bytes, size);
	senseless = inet_parse(message, size - NLMSG_HDRLEN, dump->ask->need, &sock, &detail);
	if (senseless < 0) {
		dump->senseless++;
		return 0;
	}
	dump->senseless += (unsigned)senseless;
	if (dump->hides_orphan_uids && !sock.inode && !sock.uid)
		sock.have &= ~(uint32_t)HAVE_UID;
	return dump->sink.take(dump->sink.ctx, &sock);
}

/* ---- live ---- */

static int take_live(void *ctx, const struct nlmsghdr *message)
{
	return deliver(ctx, message, message->nlmsg_len);
}

static const char *family_name(int family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

/* Returns what the sink said; a listing that broke is a gap and *@err. */
static int dump_family(struct dump *dump, int family, unsigned deadline_ms,
		       struct snapshot *seen, bool *answered, int *failed,
		       struct fault *fault)
{
	struct inet_diag_req_v2 request = {
		.sdiag_family = (uint8_t)family,
		.sdiag_protocol = IPPROTO_TCP,
		.idiag_ext = attrs_ext(dump->ask->need),
		.idiag_states = kernel_states(dump->ask->states),
	};
	struct wire_dump wire = {
		.request = &request, .size = sizeof(request),
		.deadline_ms = deadline_ms, .take = take_live, .ctx = dump,
	};
	int err = wire_dump(&wire, fault);

	*answered |= wire.answered;
	if (!err || wire.stopped)
		return err;
	*failed = err;
	tape_gap(dump->tape, seen, GAP_DUMP, 1,
		 "the listing of %s sockets is incomplete, asked %u times (%s)",
		 family_name(family), wire.tries, strerror(-err));
	seen->socks_complete = false;
	return 0;
}

static void note_kernel_age(struct dump *dump, const char *release, struct snapshot *seen)
{
	if (!(dump->ask->states & STATE_BIT(STATE_BOUND)) || release_at_least(release, 6, 8))
		return;
	tape_gap(dump->tape, seen, GAP_BOUND, 1,
		 "sockets that are only bound are not listed by this kernel (Linux 6.8 does)");
}

static int collect_live(struct dump *dump, const char *release, unsigned deadline_ms,
			struct snapshot *seen, struct fault *fault)
{
	struct frame_ask asked = {
		.states = dump->ask->states, .families = family_bits(dump->ask),
		.ext = attrs_ext(dump->ask->need),
	};
	static const int families[] = { AF_INET, AF_INET6 };
	bool answered = !asked.families;
	int err, failed = 0;

	tape_put(dump->tape, FRAME_ASK, &asked, NULL, 0);
	note_kernel_age(dump, release, seen);
	for (unsigned i = 0; i < 2; i++) {
		if (!(asked.families >> i & 1))
			continue;
		err = dump_family(dump, families[i], deadline_ms, seen, &answered,
				  &failed, fault);
		if (err)
			return err;
	}
	return answered ? 0 : failed;
}

/* ---- replay ---- */

static struct frame_ask section_ask(const struct load *load, size_t head)
{
	struct frame frame = load_head(load, head);
	struct frame_ask asked = { 0 };
	size_t size;

	if (frame.type == FRAME_ASK)
		frame_open(&frame, &asked, &size);
	return asked;
}

static void replay_dump_gap(struct dump *dump, struct snapshot *seen, const struct frame *frame)
{
	struct frame_gap gap;
	size_t size;

	frame_open(frame, &gap, &size);
	if (gap.kind == GAP_BOUND && !(dump->ask->states & STATE_BIT(STATE_BOUND)))
		return;
	tape_replay_gap(seen, frame);
	if (gap.kind == GAP_DUMP)
		seen->socks_complete = false;
}

static int replay_section(struct dump *dump, size_t head, struct snapshot *seen)
{
	struct cursor cursor = load_begin(dump->tape->load, head);
	struct frame frame;
	int err = 0;

	while (!err && load_next(&cursor, &frame)) {
		if (frame.type == FRAME_GAP)
			replay_dump_gap(dump, seen, &frame);
		else if (frame.type == FRAME_SOCK)
			err = deliver(dump, frame.body, frame.size);
	}
	return err;
}

/* The very question of the live run, in its order: the very same answer. */
static bool find_same_ask(struct dump *dump, size_t *head)
{
	const struct load *load = dump->tape->load;
	size_t *used = &dump->tape->used[FRAME_ASK];

	for (size_t i = *used; i < load_heads(load); i++) {
		struct frame_ask asked = section_ask(load, i);

		if (load_head(load, i).type != FRAME_ASK || asked.states != dump->ask->states ||
		    asked.families != family_bits(dump->ask) ||
		    asked.ext != attrs_ext(dump->ask->need))
			continue;
		*used = i + 1;
		*head = i;
		return true;
	}
	return false;
}

/* What of the question the sections answered, per family. */
struct cover {
	uint32_t states[2], detailed[2];
};

static void cover_add(struct cover *cover, const struct frame_ask *asked, bool detailed)
{
	for (unsigned i = 0; i < 2; i++) {
		if (!(asked->families >> i & 1))
			continue;
		cover->states[i] |= asked->states;
		if (detailed)
			cover->detailed[i] |= asked->states;
	}
}

static void note_missing(const struct dump *dump, const struct cover *cover, struct snapshot *seen)
{
	uint32_t states = dump->ask->states, missing = 0, coarse = 0;

	for (unsigned i = 0; i < 2; i++) {
		if (!(family_bits(dump->ask) >> i & 1))
			continue;
		missing |= states & ~cover->states[i];
		coarse |= states & cover->states[i] & ~cover->detailed[i];
	}
	if (missing) {
		snapshot_gap(seen, GAP_RECORDING, (uint64_t)__builtin_popcount(missing),
			     "the recording does not hold sockets of every state and family asked for");
		seen->socks_complete = false;
	}
	if (coarse)
		snapshot_gap(seen, GAP_RECORDING, (uint64_t)__builtin_popcount(coarse),
			     "the recording does not hold every detail asked for (tcp_info, memory)");
}

/* Another question than the recorded ones: from all of them, the detailed first. */
static int replay_all(struct dump *dump, struct snapshot *seen)
{
	const struct load *load = dump->tape->load;
	uint8_t ext = attrs_ext(dump->ask->need);
	struct cover cover = { 0 };
	int err = 0;

	for (unsigned pass = 0; pass < 2; pass++) {
		for (size_t i = 0; !err && i < load_heads(load); i++) {
			struct frame_ask asked = section_ask(load, i);
			bool detailed = !(ext & ~asked.ext);

			if (load_head(load, i).type != FRAME_ASK || detailed != (pass == 0) ||
			    !(asked.states & dump->ask->states))
				continue;
			cover_add(&cover, &asked, detailed);
			err = replay_section(dump, i, seen);
		}
	}
	note_missing(dump, &cover, seen);
	return err;
}

static int replay_foreign(struct dump *dump, struct snapshot *seen)
{
	struct cursor cursor = load_begin(dump->tape->load, 0);
	struct frame frame;
	int err = 0;

	snapshot_gap(seen, GAP_RECORDING, 1,
		     "a dump of ss holds sockets only, and those that ss was asked for");
	while (!err && load_next(&cursor, &frame)) {
		struct nlmsghdr header;

		memcpy(&header, frame.body, sizeof(header));
		if (header.nlmsg_type != NLMSG_DONE)
			err = deliver(dump, frame.body, frame.size);
	}
	return err;
}

static int replay(struct dump *dump, struct snapshot *seen)
{
	size_t head;

	if (load_is_foreign(dump->tape->load))
		return replay_foreign(dump, seen);
	if (find_same_ask(dump, &head))
		return replay_section(dump, head, seen);
	return replay_all(dump, seen);
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
	struct dump dump = {
		.tape = tape, .ask = ask, .sink = sink,
		/* Until 6.17 a socket without a file was told as root's. */
		.hides_orphan_uids = !release_at_least(release, 6, 17),
	};
	int err = tape_replays(tape) ? replay(&dump, seen) :
		  collect_live(&dump, release, deadline_ms, seen, fault);

	if (dump.senseless)
		snapshot_gap(seen, GAP_ATTRIBUTE, dump.senseless,
			     "socket messages or attributes made no sense and were left out");
	map_fini(&dump.delivered);
	return err;
}
