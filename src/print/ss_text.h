/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_SS_TEXT_H
#define PRINT_SS_TEXT_H

#include "base/text.h"
#include "model/sock.h"
#include "print/view.h"

/* users:(("name",pid=1,fd=3),...); nothing when no holder is known. */
void ss_users(struct text *cell, const struct view *view, const struct sock *sock);

/*
 * What -o -e -m -i --tos --cgroup --inet-sockopt add to a row, field by field
 * as ss spells and orders them. Each field starts with a blank; what ss puts
 * on a further line starts with "\n\t", unless the style asks for one line.
 */
void ss_details(struct text *cell, const struct view *view, const struct sock *sock);

/* Parts of ss_details(): @name and the number behind it, decimal or hexadecimal. */
void ss_field(struct text *cell, const char *name, uint64_t value);
void ss_hex_field(struct text *cell, const char *name, uint64_t value);

/* -i of a TCP or MPTCP socket: each field with a blank in front. */
void ss_info(struct text *cell, const struct view *view, const struct sock *sock);

/* -m and -i: keys of MD5, and the upper layer protocol (kernel TLS, MPTCP). */
void ss_md5(struct text *cell, const struct detail *detail);
void ss_ulp(struct text *cell, const struct ulp *ulp);

/* Names of kernel TLS as ss spells them; NULL for numbers that have none. */
const char *ss_tls_version(uint16_t number);
const char *ss_tls_cipher(uint16_t number);
const char *ss_tls_conf(uint16_t number);

/* How a fanout group of packet sockets shares its packets; NULL as above. */
const char *ss_fanout_type(uint16_t type);

/* Name i stands for bit i of a packet socket's flags; up to NULL. */
extern const char *const ss_packet_flags[];

/* Letter i stands for bit i of an MPTCP subflow's flags. */
extern const char ss_subflow_flags[];

#endif
