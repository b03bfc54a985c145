/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_SS_TEXT_H
#define PRINT_SS_TEXT_H

#include "base/text.h"
#include "model/sock.h"
#include "print/columns.h"

/* users:(("name",pid=1,fd=3),...); nothing without holders. */
void ss_users(struct text *cell, const struct view *view, const struct holder *holders,
	      size_t count);

/*
 * What -o -e -m -i --tos --cgroup --inet-sockopt add to a row, field by field in the
 * spelling and order of ss. Each field begins with a blank; what ss puts on a further
 * line begins with "\n\t", unless the style asks for one line.
 */
void ss_details(struct text *cell, const struct view *view, const struct sock *sock);

/* For parts of ss_details(): adds @name and a number, decimal or hexadecimal. */
void ss_field(struct text *cell, const char *name, uint64_t value);
void ss_hex_field(struct text *cell, const char *name, uint64_t value);

/* What -i adds for a TCP or MPTCP socket; each field begins with a blank. */
void ss_info(struct text *cell, const struct view *view, const struct sock *sock);

/* What -m and -i add: MD5 keys, and the protocol above TCP (kernel TLS, MPTCP). */
void ss_md5(struct text *cell, const struct detail *detail);
void ss_ulp(struct text *cell, const struct ulp *ulp);

/* Names of kernel TLS in the spelling of ss; NULL for a number without a name. */
const char *ss_tls_version(uint16_t number);
const char *ss_tls_cipher(uint16_t number);
const char *ss_tls_conf(uint16_t number);

/* How a fanout group of packet sockets shares its packets; NULL as above. */
const char *ss_fanout_type(uint16_t type);

/* Name i belongs to bit i of a packet socket's flags; NULL ends the list. */
extern const char *const ss_packet_flags[];

/* Letter i belongs to bit i of an MPTCP subflow's flags. */
extern const char ss_subflow_flags[];

#endif
