/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/inet.h"

#include "collect/attrs.h"
#include "collect/dump.h"
#include "collect/filter_code.h"
#include "collect/handle.h"
#include "collect/privilege.h"
#include "collect/proc_net.h"
#include "model/age.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ---- a request ---- */

/* Masks only have this bit: bound, and neither listening nor connected (Linux 6.8). */
enum { KERNEL_BOUND_INACTIVE = 13 };

static uint32_t kernel_states(uint32_t states)
{
	uint32_t mask = states & ~STATE_BIT(STATE_BOUND);

	return states & STATE_BIT(STATE_BOUND) ? mask | 1u << KERNEL_BOUND_INACTIVE : mask;
}

/*
 * The legacy request names no family and lists TCP only, so the kernel walks its table
 * once.
 */
static void write_old_head(struct text *request, const struct collect_ask *ask)
{
	struct inet_diag_req head = {
		.idiag_ext = attrs_ext(ask->need), .idiag_states = kernel_states(ask->states),
	};

	text_add(request, (const char *)&head, sizeof(head));
}

static void write_head(struct text *request, const struct collect_ask *ask, int family)
{
	uint32_t protocol = ask->protocol;
	struct inet_diag_req_v2 head = {
		.sdiag_family = (uint8_t)family,
		/*
		 * as in ss, a protocol number above 8 bits goes into an attribute of its
		 * own
		 */
		.sdiag_protocol = (uint8_t)(protocol > UINT8_MAX ? IPPROTO_RAW : protocol),
		.idiag_ext = attrs_ext(ask->need),
		.idiag_states = kernel_states(ask->states),
	};
	struct nlattr attr = { sizeof(attr) + sizeof(protocol), INET_DIAG_REQ_PROTOCOL };

	text_add(request, (const char *)&head, sizeof(head));
	if (protocol > UINT8_MAX) {
		text_add(request, (const char *)&attr, sizeof(attr));
		text_add(request, (const char *)&protocol, sizeof(protocol));
	}
}

/* Writes the request as it is sent: head, attributes, and the program of the filter. */
static void write_request(struct text *request, const struct dump *dump, struct wire_dump *wire,
			  int family, const struct text *program)
{
	struct nlattr attr = {
		(uint16_t)(sizeof(attr) + program->count), INET_DIAG_REQ_BYTECODE,
	};

	if (family == AF_UNSPEC)
		write_old_head(request, &dump->ask);
	else
		write_head(request, &dump->ask, family);
	if (program->count) {
		text_add(request, (const char *)&attr, sizeof(attr));
		text_add(request, text_str(program), program->count);
	}
	wire->type = family == AF_UNSPEC ? TCPDIAG_GETSOCK : SOCK_DIAG_BY_FAMILY;
	wire->request = request->at;
	wire->size = request->count;
}

static int try_family(struct dump *dump, struct wire_dump *wire, int family,
		      const struct filter_code *code, struct fault *fault)
{
	struct text request = { 0 };
	int err;

	write_request(&request, dump, wire, family, &code->program);
	dump->view.granted = code->granted;
	err = dump_try(dump, wire, fault);
	dump->view.granted = NULL;
	wire->request = NULL;
	text_fini(&request);
	return err;
}

/* ---- live ---- */

/*
 * True when the program was refused, and not the question, by a kernel built without
 * some test.
 */
static bool is_refused(const struct wire_dump *wire, int err)
{
	return !wire->answered && (err == -EINVAL || err == -EPERM || err == -EOPNOTSUPP);
}

static int walk(struct dump *dump, int family, const struct filter_code *code,
		struct wire_dump *wire, struct fault *fault)
{
	int err = try_family(dump, wire, family, code, fault);
	struct filter_code plain;

	if (!err || !is_refused(wire, err))
		return err;
	filter_compile(&plain, &dump->ask, NULL, NULL);
	/* where no part of it is the filter's, the program is the question, and the same again */
	if (plain.program.count != code->program.count)
		err = try_family(dump, wire, family, &plain, fault);
	filter_code_fini(&plain);
	return err;
}

static int list_each(struct dump *dump, const struct filter_code *code, struct wire_dump *wire,
		     struct snapshot *seen, struct fault *fault)
{
	bool answered = !dump->ask.ipv4 && !dump->ask.ipv6;
	int err = 0, failed = 0;

	if (dump->ask.ipv4) {
		err = walk(dump, AF_INET, code, wire, fault);
		err = proc_net_instead(dump, wire, FAMILY_IPV4, err, seen);
		err = dump_settle(dump, wire, err, "IPv4", seen, &failed);
		answered |= wire->answered;
	}
	if (!err && dump->ask.ipv6) {
		err = walk(dump, AF_INET6, code, wire, fault);
		err = proc_net_instead(dump, wire, FAMILY_IPV6, err, seen);
		err = dump_settle(dump, wire, err, "IPv6", seen, &failed);
		answered |= wire->answered;
	}
	if (err)
		return err;
	return answered ? 0 : failed;
}

/*
 * Puts the question of @dump to the kernel in as few listings as possible. TCP sockets come
 * in the kernel's order: those that listen, those that are only bound, connections. A
 * listing that broke is a gap; without sock_diag the tables of /proc/net are read. Returns
 * 0, the sink's error, or -errno when nothing was answered at all.
 *
 * Each request makes the kernel walk the table of all namespaces, whatever is in it. So
 * both families are listed in one walk where the legacy request can ask for it. Sockets
 * that are only bound are in a table of their own, which the kernel walks before the
 * connections; a request for them alone would walk all connections once more. No counter
 * proves that there are none: "alloc" in /proc/net/sockstat counts sockets of every
 * namespace, and those that were never bound, while it changes.
 */
static int ask_kernel(struct dump *dump, const struct filter_code *code, unsigned deadline_ms,
		      struct snapshot *seen, struct fault *fault)
{
	struct wire_dump wire = { .deadline_ms = deadline_ms, .ahead = dump->ask.ahead };
	int err, failed = 0;

	if (!dump->ask.ipv4 || !dump->ask.ipv6 || dump->ask.protocol != PROTOCOL_TCP)
		return list_each(dump, code, &wire, seen, fault);
	err = walk(dump, AF_UNSPEC, code, &wire, fault);
	if (err && !wire.answered && err != -ETIMEDOUT)
		return list_each(dump, code, &wire, seen, fault);
	err = dump_settle(dump, &wire, err, "IPv4 and IPv6", seen, &failed);
	return err || wire.answered ? err : failed;
}

/* The request asks for no state, so the kernel walks no table. */
int inet_offered(enum protocol protocol, unsigned deadline_ms, struct fault *fault)
{
	struct text request = { 0 };
	struct wire_dump wire = { .lister = wire_lister_of(protocol), .deadline_ms = deadline_ms };
	int err;

	write_head(&request, &(struct collect_ask){ .protocol = protocol }, AF_INET);
	wire.request = request.at;
	wire.size = request.count;
	err = wire_answers(&wire, fault);
	text_fini(&request);
	return err;
}

static int list_live(struct dump *dump, unsigned deadline_ms, struct snapshot *seen,
		     struct fault *fault)
{
	struct filter_code code;
	int err;

	filter_compile(&code, &dump->ask, NULL, NULL);
	err = ask_kernel(dump, &code, deadline_ms, seen, fault);
	filter_code_fini(&code);
	return err;
}

/* ---- live, filtered by the kernel ---- */

static void note_kernel_age(struct dump *dump, struct snapshot *seen)
{
	if (!release_at_least(dump->release, 6, 8))
		dump_lacks_bound(dump, "listed by this kernel", " (Linux 6.8 does)", seen);
}

/* Narrows the question to what the filter can match, which saves testing it here. */
static void narrow(struct collect_ask *ask)
{
	const struct filter *filter = ask->filter;

	if (filter->has_states)
		ask->states &= filter->states;
	ask->ipv4 &= filter->family != FAMILY_IPV6;
	ask->ipv6 &= filter->family != FAMILY_IPV4;
}

static int list_filtered(struct dump *dump, const struct filter_code *code, unsigned deadline_ms,
			 struct snapshot *seen, struct fault *fault)
{
	narrow(&dump->ask);
	note_kernel_age(dump, seen);
	return ask_kernel(dump, code, deadline_ms, seen, fault);
}

static void save_ask(struct dump *dump)
{
	struct frame_ask asked = dump_asked(dump);

	recorder_put(dump->recorder, FRAME_ASK, &asked, NULL, 0);
}

bool release_at_least(const char *release, unsigned major, unsigned minor)
{
	unsigned long have_major, have_minor = 0;
	char *end;

	have_major = strtoul(release, &end, 10);
	if (*end == '.')
		have_minor = strtoul(end + 1, NULL, 10);
	return have_major > major || (have_major == major && have_minor >= minor);
}

/* ---- where a port came from ---- */

static int take_cookie(void *ctx, const struct sock *sock)
{
	ids_add(ctx, sock->cookie);
	return 0;
}

/*
 * All states except those that never have a port of their own, because a socket may have
 * changed its state since it was seen; of listeners alone only those.
 */
static struct collect_ask explicit_ask(const struct collect_ask *ask)
{
	struct collect_ask question = *ask;

	if (ask->states != STATE_BIT(STATE_LISTEN))
		question.states = STATE_ALL & ~(STATE_BIT(STATE_SYN_RECV) | STATE_BIT(STATE_TIME_WAIT));
	question.need = 0;
	question.protocol = PROTOCOL_TCP;
	question.explicit_port = true;
	question.filter = NULL;
	question.findings = NULL;
	question.port_origins = false;
	return question;
}

/*
 * Collects the cookies of the explicit sockets. Returns false when some of them may be
 * missing.
 */
static bool list_explicit(struct recorder *recorder, const struct collect_ask *ask,
			  unsigned deadline_ms, struct ids *cookies)
{
	struct sink sink = { .take = take_cookie, .ctx = cookies };
	struct dump dump = dump_begin(recorder, ask, ASK_EXPLICIT, sink);
	struct snapshot aside;  /* its gaps do not concern the caller */
	bool whole;
	int err;

	snapshot_init(&aside);
	if (recorder_replays(recorder)) {
		err = replay_socks(&dump, &aside);
	} else {
		save_ask(&dump);
		err = list_live(&dump, deadline_ms, &aside, NULL);
	}
	whole = !err && !dump.senseless && aside.socks_complete;
	dump_end(&dump, &aside);
	snapshot_fini(&aside);
	return whole;
}

/* ---- both ---- */

/* Lists all rows and filters them here: from a recording, or for one. */
static int list_all(struct dump *dump, unsigned deadline_ms, struct snapshot *seen,
		    struct fault *fault)
{
	if (recorder_replays(dump->recorder))
		return replay_socks(dump, seen);
	save_ask(dump);
	note_kernel_age(dump, seen);
	return list_live(dump, deadline_ms, seen, fault);
}

/* The kernel tells that a row is explicit only by leaving out the others. */
static void learn_origins(struct dump *dump, unsigned deadline_ms)
{
	struct collect_ask question = explicit_ask(&dump->ask);

	question.protocol = dump->ask.protocol;
	dump->tells_origins = true;
	dump->knows_origins = list_explicit(dump->recorder, &question, deadline_ms,
					    &dump->explicit_ports);
}

static int list_matching(struct dump *dump, unsigned deadline_ms, struct snapshot *seen,
			 struct fault *fault)
{
	const struct filter *filter = dump->ask.filter;
	bool here = recorder_replays(dump->recorder) || recorder_records(dump->recorder);
	struct filter_kernel kernel;
	struct filter_code code;
	int err;

	filter_kernel_init(&kernel, dump->release, privilege_has(CAP_NET_ADMIN) > 0, &seen->limits);
	filter_compile(&code, &dump->ask, filter, &kernel);
	dump->view = (struct filter_view){ .seen = seen, .findings = dump->ask.findings };
	if (dump->ask.port_origins || ((here || !code.exact) && filter_has(filter, FILTER_AUTOBOUND)))
		learn_origins(dump, deadline_ms);
	err = here ? list_all(dump, deadline_ms, seen, fault) :
		     list_filtered(dump, &code, deadline_ms, seen, fault);
	filter_code_fini(&code);
	return err;
}

/* Begins a listing of that machine's sockets; dump_end() frees it. */
static struct dump begin(struct recorder *recorder, const struct collect_ask *ask, struct sink sink,
			 const char *release)
{
	struct dump dump = dump_begin(recorder, ask,
				      ask->explicit_port ? ASK_EXPLICIT : ASK_LISTING, sink);

	/* until 6.17 the kernel told a TCP socket without a file as root's */
	dump.hides_orphan_uids = dump.ask.protocol == PROTOCOL_TCP &&
				 !release_at_least(release, 6, 17);
	dump.release = release;
	return dump;
}

int inet_collect(struct recorder *recorder, const struct collect_ask *ask, struct sink sink,
		 const char *release, unsigned deadline_ms, struct snapshot *seen,
		 struct fault *fault)
{
	struct dump dump = begin(recorder, ask, sink, release);
	int err;

	if (ask->filter) {
		err = list_matching(&dump, deadline_ms, seen, fault);
	} else {
		if (ask->port_origins)
			learn_origins(&dump, deadline_ms);
		err = list_all(&dump, deadline_ms, seen, fault);
	}
	dump_end(&dump, seen);
	return err;
}

/* ---- of sockets seen before ---- */

static void put_addr(__be32 to[4], const struct addr *addr, enum family family)
{
	if (family == FAMILY_IPV6)
		memcpy(to, addr->b, 16);
	else
		memcpy(to, addr->b + 12, 4);
}

struct inet_diag_req_v2 inet_request(const struct sock *sock, unsigned need, bool swap)
{
	struct inet_diag_req_v2 request = {
		.sdiag_family = sock->family == FAMILY_IPV6 ? AF_INET6 : AF_INET,
		.sdiag_protocol = (uint8_t)sock->protocol,
		.idiag_ext = attrs_ext(need),
		.idiag_states = STATE_BIT(sock->state),
	};
	struct inet_diag_sockid *id = &request.id;

	id->idiag_sport = htons(swap ? sock->remote_port : sock->local_port);
	id->idiag_dport = htons(swap ? sock->local_port : sock->remote_port);
	put_addr(id->idiag_src, swap ? &sock->remote : &sock->local, sock->family);
	put_addr(id->idiag_dst, swap ? &sock->local : &sock->remote, sock->family);
	id->idiag_if = sock->ifindex;
	id->idiag_cookie[0] = (uint32_t)sock->cookie;
	id->idiag_cookie[1] = (uint32_t)(sock->cookie >> 32);
	return request;
}

/* A socket that is gone, or whose addresses another socket has, is not a gap. */
static int take_again(void *ctx, const struct nlmsghdr *answer)
{
	int refusal = wire_refusal(answer);

	if (refusal < 0)
		return dump_deliver(ctx, answer, answer->nlmsg_len);
	return refusal == ENOENT || refusal == ESTALE ? 0 : -refusal;
}

/* Answers to so many questions take a tenth of the receive buffer; more at once save no time (measured). */
enum { AT_ONCE = 8 };

static int ask_some(struct dump *dump, struct wire *wire, const struct sock *rows,
		    const uint32_t *indices, size_t count, unsigned deadline_ms)
{
	struct inet_diag_req_v2 requests[AT_ONCE];
	struct wire_question questions[AT_ONCE];

	for (size_t i = 0; i < count; i++) {
		requests[i] = inet_request(&rows[indices[i]], dump->ask.need, false);
		questions[i] = (struct wire_question){
			.payload = &requests[i], .size = sizeof(requests[i]),
		};
	}
	return wire_ask_each(wire, questions, count, deadline_ms, take_again, dump);
}

void collect_again(struct collect *collect, const struct collect_ask *ask,
		   const struct sock *rows, const uint32_t *indices, size_t count,
		   struct sink sink, struct snapshot *seen)
{
	struct dump dump = begin(&collect->recorder, ask, sink, collect->release);
	struct wire wire;
	int err = wire_open(&wire, NETLINK_SOCK_DIAG, WIRE_ROOM, NULL);

	for (size_t i = 0; i < count && !err; i += AT_ONCE)
		err = ask_some(&dump, &wire, rows, indices + i,
			       count - i < AT_ONCE ? count - i : AT_ONCE,
			       collect->source.deadline_ms);
	wire_close(&wire);
	if (err) {
		snapshot_gap(seen, GAP_DUMP, 1,
			     "sockets that were listed could not be looked at again (%s)",
			     strerror(-err));
		seen->socks_complete = false;
	}
	dump_end(&dump, seen);
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
 * True when its absence among the explicit sockets tells something. An accepted
 * connection has the port of its listener, however that got it, and is never among them;
 * neither are minisocks and request sockets.
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

/*
 * A TCP socket that is not among the explicit ones is known not to be explicit only if it
 * listens, is bound, or called connect() itself (sock_opener(), which needs NEED_FLOW): an
 * accepted connection or a minisock is never among them, whatever its port.
 */
void collect_explicit(struct collect *collect, const struct collect_ask *ask,
		      struct snapshot *seen)
{
	struct collect_ask question = explicit_ask(ask);
	struct ids cookies = { 0 };
	bool whole = list_explicit(&collect->recorder, &question, collect->source.deadline_ms,
				   &cookies);

	for (size_t i = 0; i < seen->socks.count; i++) {
		struct sock *sock = &seen->socks.at[i];

		if (!was_asked_for(sock, ask))
			continue;
		sock->port_explicit = ids_has(&cookies, sock->cookie);
		if (sock->port_explicit || (whole && has_own_port(sock)))
			sock->have |= HAVE_PORT_ORIGIN;
	}
	ids_fini(&cookies);
}

/* ---- UDP sockets in the order of their chain ---- */

/*
 * The legacy request has no family and no field for a protocol; an attribute tells that.
 * It is the only way to walk both families in one go.
 */
struct chain_request {
	struct inet_diag_req head;
	struct nlattr        attr;
	uint32_t             protocol;
};

_Static_assert(sizeof(struct chain_request) == sizeof(struct inet_diag_req) + 8,
	       "it is sent as it stands in memory");

static int list_chain(struct dump *dump, unsigned deadline_ms, struct snapshot *seen,
		     struct fault *fault)
{
	struct chain_request request = {
		.head = { .id.idiag_sport = htons(dump->ask.port_low), .idiag_states = ~0u },
		.attr = { .nla_len = 8, .nla_type = INET_DIAG_REQ_PROTOCOL },
		.protocol = IPPROTO_UDP,
	};
	struct wire_dump wire = {
		.type = TCPDIAG_GETSOCK, .request = &request, .size = sizeof(request),
		.deadline_ms = deadline_ms,
	};
	struct frame_ask asked = dump_asked(dump);
	int err, failed = 0;

	/* kernels before 5.9 ignore the attribute and list TCP sockets instead */
	if (!release_at_least(dump->release, 5, 9))
		return fault_set(fault, EOPNOTSUPP,
				 "this kernel does not list UDP sockets in the order of its table (Linux 5.9 does)");
	recorder_put(dump->recorder, FRAME_ASK, &asked, NULL, 0);
	err = dump_live(dump, &wire, "UDP", seen, &failed, fault);
	if (err)
		return err;
	return wire.answered ? 0 : failed;
}

/* Port 0: the sockets of all ports, for a recording. */
int collect_chain(struct collect *collect, uint16_t port, struct snapshot *seen,
		  struct fault *fault)
{
	struct recorder *recorder = &collect->recorder;
	struct collect_ask ask = {
		.states = STATE_ALL, .ipv4 = true, .ipv6 = true, .protocol = PROTOCOL_UDP,
		.port_low = port, .port_high = port,
	};
	struct dump dump = dump_begin(recorder, &ask, ASK_CHAIN, snapshot_sink(seen));
	int err = 0;

	dump.release = collect->release;
	if (recorder_replays(recorder))
		err = replay_socks(&dump, seen);
	else if (!collect->cache || collect->udp_states)
		err = list_chain(&dump, collect->source.deadline_ms, seen, fault);
	dump_end(&dump, seen);
	return err;
}
