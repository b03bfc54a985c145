/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_ATTRS_H
#define COLLECT_ATTRS_H

#include "model/need.h"
#include "model/sock.h"

#include <stddef.h>

/* The idiag_ext byte that asks for what @need names. */
uint8_t attrs_ext(unsigned need);

/*
 * The same as a recording compares it. Recordings from before the congestion
 * controls were asked about themselves still answer for tcp_info.
 */
uint8_t attrs_recorded(unsigned need);

/**
 * attrs_parse - read the attributes behind an inet_diag_msg
 * @bytes: where they begin; any alignment, nothing about them is trusted
 * @need:  what to read of the attributes that must be asked for
 *
 * Unknown attributes are skipped. Returns how many made no sense: shorter than
 * any kernel makes them, or with a length that goes past the end.
 */
unsigned attrs_parse(const void *bytes, size_t size, unsigned need,
		     struct sock *sock, struct detail *detail);

/* The skmem attribute, of any table of sockets. False when it makes no sense. */
bool attrs_memory(struct detail *detail, const uint8_t *bytes, size_t size);

#endif
