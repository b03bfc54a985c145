/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_PROBE_H
#define COLLECT_PROBE_H

#include "collect/tape.h"
#include "model/bind.h"
#include "model/connect.h"

/*
 * Questions that are put to the kernel by doing what was asked about and
 * undoing it at once. A replay gives the recorded answer and does nothing.
 */

/* See collect_probe_bind() and collect_probe_ports(). */
void probe_bind(struct tape *tape, const struct bind_ask *ask, struct bind_probe *probe);
void probe_ports(struct tape *tape, const uint8_t *ports, struct port_probe *probe);

/* Why a probe was not made, or ended early: what probe/probe_ports share. */
enum { PROBE_REFUSAL = sizeof(((struct bind_probe *)0)->refusal) };
_Static_assert(sizeof(((struct port_probe *)0)->refusal) == PROBE_REFUSAL, "one size");

void probe_refuse(char refusal[PROBE_REFUSAL], const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Makes one from a recording safe to show: it is somebody else's text. */
void probe_recall_refusal(char refusal[PROBE_REFUSAL]);

#endif
