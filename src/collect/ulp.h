/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_ULP_H
#define COLLECT_ULP_H

#include "model/sock.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The upper layer protocol of a TCP socket, nested in INET_DIAG_ULP_INFO: its
 * name, and what kernel TLS or MPTCP tell of themselves. What makes no sense is
 * left unset.
 */
void ulp_take(struct ulp *ulp, const uint8_t *bytes, size_t size);

#endif
