/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WORDS_WHO_H
#define WORDS_WHO_H

#include "model/finding.h"

/* Names in sentences: bytes of others are made safe here, and each is one word. */

/* "nginx[12]"; without a name "process[12]". */
void who_is(struct text *text, const char *comm, size_t size, int64_t pid);
void who_process_is(struct text *text, const struct snapshot *seen, uint32_t process);

/* The part of a container id that people type. */
void who_container_is(struct text *text, const char *container);

/* "the unit cron.service"; "a process hidden from you" when the cgroup is not known. */
void who_cgroup_is(struct text *text, const struct snapshot *seen, uint64_t id);

/* "10.0.0.9:443", "[fd00::1]:443"; without the port when it is 0. v4-mapped ones are IPv4. */
void who_address(struct text *text, const struct addr *addr, uint16_t port);

#endif
