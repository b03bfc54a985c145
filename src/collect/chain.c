/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/chain.h"

#include "collect/dump.h"
#include "collect/inet.h"
#include "collect/recall.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <sys/utsname.h>

/*
 * The old request has no family and no room for a protocol, which an attribute
 * tells. That makes it the one way to walk both families in one go.
 */
struct request {
	struct inet_diag_req head;
	struct nlattr        attr;
	uint32_t             protocol;
};

_Static_assert(sizeof(struct request) == sizeof(struct inet_diag_req) + 8,
	       "it is sent as it stands in memory");

/* Before 5.9 the attribute was not looked at, and TCP sockets came instead. */
static bool kernel_takes_protocol(void)
{
	struct utsname system;

	return uname(&system) == 0 && release_at_least(system.release, 5, 9);
}

static int list_live(struct dump *dump, unsigned deadline_ms, struct snapshot *seen,
		     struct fault *fault)
{
	struct request request = {
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

	if (!kernel_takes_protocol())
		return fault_set(fault, EOPNOTSUPP,
				 "this kernel does not list UDP sockets in the order of its table (Linux 5.9 does)");
	tape_put(dump->tape, FRAME_ASK, &asked, NULL, 0);
	err = dump_live(dump, &wire, "UDP", seen, &failed, fault);
	if (err)
		return err;
	return wire.answered ? 0 : failed;
}

int chain_collect(struct tape *tape, uint16_t port, unsigned deadline_ms,
		  struct snapshot *seen, struct fault *fault)
{
	struct collect_ask ask = {
		.states = STATE_ALL, .ipv4 = true, .ipv6 = true, .protocol = PROTOCOL_UDP,
		.port_low = port, .port_high = port,
	};
	struct dump dump = dump_begin(tape, &ask, ASK_CHAIN, snapshot_sink(seen));
	int err = tape_replays(tape) ? recall(&dump, seen) :
		  list_live(&dump, deadline_ms, seen, fault);

	dump_end(&dump, seen);
	return err;
}
