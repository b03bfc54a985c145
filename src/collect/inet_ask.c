/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/inet_ask.h"

#include "collect/attrs.h"
#include "collect/proc_net.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* Masks only have this bit: bound, and neither listening nor connected (Linux 6.8). */
enum { KERNEL_BOUND_INACTIVE = 13 };

static uint32_t kernel_states(uint32_t states)
{
	uint32_t mask = states & ~STATE_BIT(STATE_BOUND);

	return states & STATE_BIT(STATE_BOUND) ? mask | 1u << KERNEL_BOUND_INACTIVE : mask;
}

/* ---- a request ---- */

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

	if (!err || !code->program.count || !is_refused(wire, err))
		return err;
	filter_compile(&plain, &dump->ask, NULL, NULL);
	err = try_family(dump, wire, family, &plain, fault);
	filter_code_fini(&plain);
	return err;
}

static int tell_broken(struct dump *dump, const char *what, int err, const struct wire_dump *wire,
		       struct snapshot *seen, int *failed)
{
	if (!err || wire->stopped)
		return err;
	*failed = err;
	dump_broke(dump, wire, err, what, seen);
	return 0;
}

static int list_each(struct dump *dump, const struct filter_code *code, struct wire_dump *wire,
		     struct snapshot *seen, struct fault *fault)
{
	bool answered = !dump->ask.ipv4 && !dump->ask.ipv6;
	int err = 0, failed = 0;

	if (dump->ask.ipv4) {
		err = walk(dump, AF_INET, code, wire, fault);
		err = proc_net_instead(dump, wire, FAMILY_IPV4, err, seen);
		err = tell_broken(dump, "IPv4", err, wire, seen, &failed);
		answered |= wire->answered;
	}
	if (!err && dump->ask.ipv6) {
		err = walk(dump, AF_INET6, code, wire, fault);
		err = proc_net_instead(dump, wire, FAMILY_IPV6, err, seen);
		err = tell_broken(dump, "IPv6", err, wire, seen, &failed);
		answered |= wire->answered;
	}
	if (err)
		return err;
	return answered ? 0 : failed;
}

/*
 * Each request makes the kernel walk the table of all namespaces, whatever is in it. So
 * both families are listed in one walk where the legacy request can ask for it. Sockets
 * that are only bound are in a table of their own, which the kernel walks before the
 * connections; a request for them alone would walk all connections once more.
 */
int inet_ask(struct dump *dump, const struct filter_code *code, unsigned deadline_ms,
	     struct snapshot *seen, struct fault *fault)
{
	struct wire_dump wire = { .deadline_ms = deadline_ms, .ahead = dump->ask.ahead };
	int err, failed = 0;

	if (!dump->ask.ipv4 || !dump->ask.ipv6 || dump->ask.protocol != PROTOCOL_TCP)
		return list_each(dump, code, &wire, seen, fault);
	err = walk(dump, AF_UNSPEC, code, &wire, fault);
	if (err && !wire.answered && err != -ETIMEDOUT)
		return list_each(dump, code, &wire, seen, fault);
	err = tell_broken(dump, "IPv4 and IPv6", err, &wire, seen, &failed);
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
