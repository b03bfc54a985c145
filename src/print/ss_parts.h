/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_SS_PARTS_H
#define PRINT_SS_PARTS_H

#include "base/text.h"
#include "model/sock.h"
#include "print/view.h"

/* Parts of ss_details(), which alone calls them. */

/* @name and the number behind it, decimal or hexadecimal. */
void ss_field(struct text *cell, const char *name, uint64_t value);
void ss_hex_field(struct text *cell, const char *name, uint64_t value);

/* -i of a TCP or MPTCP socket: each field with a blank in front. */
void ss_info(struct text *cell, const struct view *view, const struct sock *sock);

/* -m and -i: keys of MD5, and the upper layer protocol (kernel TLS, MPTCP). */
void ss_md5(struct text *cell, const struct detail *detail);
void ss_ulp(struct text *cell, const struct ulp *ulp);

/* -e, the directions that are shut down ("<-->"), and -m. */
void ss_extended(struct text *cell, const struct view *view, const struct sock *sock);
void ss_shutdown(struct text *cell, const struct sock *sock);
void ss_memory(struct text *cell, const struct detail *detail);

/* All of the details of a unix, packet or netlink socket. */
void ss_other(struct text *cell, const struct view *view, const struct sock *sock);

#endif
