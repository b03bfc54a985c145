/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_ADDR_H
#define MODEL_ADDR_H

#include "base/digits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * An address of either family: 16 bytes in network order, with IPv4 as ::ffff:a.b.c.d,
 * so that a dual-stack socket and an IPv4 socket compare equal. The socket says which
 * family it is of; its address does not.
 */
struct addr {
	uint8_t b[16];
};

enum family { FAMILY_IPV4 = 4, FAMILY_IPV6 = 6 };

#define ADDR_TEXT 48    /* room for the longest text form, NUL included */

/* Addresses from 4 and from 16 bytes in network order. */
static inline struct addr addr_from_v4(const void *bytes)
{
	struct addr addr = { { [10] = 0xff, [11] = 0xff } };

	memcpy(addr.b + 12, bytes, 4);
	return addr;
}

static inline struct addr addr_from_v6(const void *bytes)
{
	struct addr addr;

	memcpy(addr.b, bytes, 16);
	return addr;
}

bool addr_equal(const struct addr *a, const struct addr *b);
bool addr_is_v4(const struct addr *a);          /* ::ffff:0:0/96 */
/* True for :: only; addr_is_any() is also true for the IPv4 wildcard. */
static inline bool addr_is_zero(const struct addr *a)
{
	uint64_t half[2];

	memcpy(half, a->b, sizeof(half));
	return !(half[0] | half[1]);
}

bool addr_is_any(const struct addr *a);         /* 0.0.0.0 or :: */
bool addr_is_loopback(const struct addr *a);    /* 127/8 (mapped too) or ::1 */

/* fe80::/10 */
static inline bool addr_is_link_local(const struct addr *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* 224/4 (mapped too) or ff00::/8 */
static inline bool addr_is_multicast(const struct addr *a)
{
	return addr_is_v4(a) ? a->b[12] >> 4 == 14 : a->b[0] == 0xff;
}

/*
 * Writes @addr without brackets (RFC 5952): in IPv4 form when @family is IPv4, otherwise
 * a mapped address as "::ffff:a.b.c.d". @text has ADDR_TEXT bytes. Returns the length.
 */
size_t addr_format(char *text, const struct addr *addr, enum family family);

/* The same without a NUL. Returns the end. */
static inline char *addr_write(char *text, const struct addr *addr, enum family family)
{
	return family == FAMILY_IPV4 ? digits_v4(text, addr->b + 12) : digits_v6(text, addr->b);
}

/*
 * Writes "10.0.0.9:443" or "[fd00::1]:443"; a mapped address in IPv4 form. A port of 0
 * is left out.
 */
#define ADDR_PORT_TEXT (ADDR_TEXT + 8)
void addr_format_port(char *text, const struct addr *addr, uint16_t port);

/* The family in whose form the address is written: IPv4 for a mapped one. */
static inline enum family addr_family(const struct addr *a)
{
	return addr_is_v4(a) ? FAMILY_IPV4 : FAMILY_IPV6;
}

/* Reads "a.b.c.d", "x::y" or "[x::y]"; false when @text is not an address. */
bool addr_parse(const char *text, struct addr *addr, enum family *family);

#endif
