/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_RESOLVE_H
#define PRINT_RESOLVE_H

#include "base/text.h"
#include "model/limits.h"
#include "model/addr.h"

/*
 * Names of services and hosts from the system's databases; each is asked for once.
 * Others choose these names (DNS), so they are escaped here.
 */
struct resolver;
struct resolver *resolver_new(const struct limits *limits);
void resolver_free(struct resolver *resolver);

/*
 * Adds the name. Returns false, with nothing added, when there is none. Ephemeral ports
 * have no service: a name of theirs in /etc/services is a coincidence.
 */
bool resolver_service(struct resolver *resolver, struct text *cell, uint16_t port);
bool resolver_host(struct resolver *resolver, struct text *cell,
		   const struct addr *addr, enum family family);

#endif
