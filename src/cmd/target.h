/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_TARGET_H
#define CMD_TARGET_H

#include "base/fault.h"
#include "cmd/options.h"
#include "model/addr.h"

/*
 * What `bind` and `connect` are asked about, as people write it: "80", ":80", "*:http",
 * "127.0.0.1:80", "[::1]:80", "[fe80::1%eth0]:80", "host:80", and for unix sockets
 * "/run/x.sock" and "@name".
 */
enum target_kind { TARGET_INET, TARGET_PATH, TARGET_ABSTRACT };

struct target {
	enum target_kind kind;
	bool        any;                /* no address was given, or "*" */
	enum family family;             /* of @addr; without one by -4 or -6, else IPv6 */
	struct addr addr;
	uint16_t    port;
	char        device[32];         /* behind a %, or "" */
	const char *name;               /* PATH, ABSTRACT: without the leading @; borrowed */
};

/**
 * target_parse - read one word
 * @service: "tcp" or "udp", for names of ports
 *
 * Host names are looked up. Returns 0, or -EINVAL with the sentence: the port or address
 * does not exist, or a host name has none or several.
 */
int target_parse(struct target *target, const char *word, const struct options *options,
		 const char *service, struct fault *fault);

/*
 * True when ports have names here: /etc/services is there, or nsswitch.conf names
 * another list.
 */
bool has_services(void);

/* Reads an address, bare or in brackets, perhaps with %device. */
int target_address(struct target *target, const char *word, const struct options *options,
		   struct fault *fault);

#endif
