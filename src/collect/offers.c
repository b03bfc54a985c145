/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/offers.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

static int stop(void *ctx, const struct nlmsghdr *message)
{
	(void)ctx, (void)message;
	return -ECANCELED;
}

int offers_answer(struct wire_dump *wire, struct fault *fault)
{
	int err;

	wire->take = stop;
	err = wire_dump(wire, fault);
	return wire->stopped ? 0 : err;
}

/* MPTCP has a number that only an attribute can hold. */
struct request {
	struct inet_diag_req_v2 head;
	struct nlattr           attr;
	uint32_t                protocol;
};

_Static_assert(sizeof(struct request) == sizeof(struct inet_diag_req_v2) + 8,
	       "it is sent as it stands in memory");

/* No state is asked for, so that nothing is walked through. */
int offers_inet(enum protocol protocol, unsigned deadline_ms, struct fault *fault)
{
	struct request request = {
		.head = { .sdiag_family = AF_INET,
			  .sdiag_protocol = (uint8_t)(protocol > UINT8_MAX ? IPPROTO_RAW : protocol) },
		.attr = { .nla_len = 8, .nla_type = INET_DIAG_REQ_PROTOCOL },
		.protocol = protocol,
	};
	struct wire_dump wire = {
		.request = &request, .lister = wire_lister_of(protocol), .deadline_ms = deadline_ms,
		.size = protocol > UINT8_MAX ? sizeof(request) : sizeof(request.head),
	};

	return offers_answer(&wire, fault);
}
