/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_RESOLVE_H
#define PRINT_RESOLVE_H

#include "base/text.h"
#include "model/limits.h"
#include "model/addr.h"

/*
 * Names of services and hosts from the system's databases, each asked once.
 * Names come from elsewhere (DNS): they are made safe here.
 */
struct resolver;
struct resolver *resolver_new(const struct limits *limits);
void resolver_free(struct resolver *resolver);

/*
 * Adds the name; false, and nothing added, when there is none. Ephemeral ports
 * have no service: whatever /etc/services says of them is an accident.
 */
bool resolver_service(struct resolver *resolver, struct text *cell, uint16_t port);
bool resolver_host(struct resolver *resolver, struct text *cell,
		   const struct addr *addr, enum family family);

#endif
