/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef WORDS_WHO_H
#define WORDS_WHO_H

#include "model/finding.h"

/* Names in sentences. Each is one word, and foreign bytes in it are escaped. */

/* Adds "nginx[12]", or "process[12]" when the name is not known. */
void who_is(struct text *text, const char *comm, size_t size, int64_t pid);
void who_process_is(struct text *text, const struct snapshot *seen, uint32_t process);

/* Adds the part of a container id that people type. */
void who_container_is(struct text *text, const char *container);

/*
 * Adds "the unit cron.service", or "a process hidden from you" when the cgroup is not
 * known.
 */
void who_cgroup_is(struct text *text, const struct snapshot *seen, uint64_t id);

/*
 * Adds "10.0.0.9:443" or "[fd00::1]:443", mapped addresses in IPv4 form; without the
 * port when it is 0.
 */
void who_address(struct text *text, const struct addr *addr, uint16_t port);

#endif
