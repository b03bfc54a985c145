/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "value/filter_read.h"

#include "base/grow.h"
#include "base/number.h"
#include "base/own.h"
#include "model/protocol.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers ---- */

static int digit_of(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	if (isxdigit((unsigned char)c))
		return tolower((unsigned char)c) - 'a' + 10;
	return 99;
}

/*
 * Reads a whole number as ss does: 0x is hexadecimal, a leading 0 octal. Returns its
 * end, or NULL when there is none or it is above @most.
 */
static const char *read_digits(const char *at, uint64_t most, uint64_t *value)
{
	const char *start;
	int base = 10;

	if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
		base = 16;
		at += 2;
	} else if (at[0] == '0') {
		base = 8;
	}
	*value = 0;
	for (start = at; digit_of(*at) < base; at++) {
		unsigned digit = (unsigned)digit_of(*at);

		if (*value > (most - digit) / (unsigned)base || digit > most)
			return NULL;
		*value = *value * (unsigned)base + digit;
	}
	return at == start ? NULL : at;
}

bool filter_number(const char *text, uint64_t most, uint64_t *value)
{
	const char *end = read_digits(text, most, value);

	return end && !*end;
}

struct unit { const char *name; double us; };

static const struct unit units[] = {
	{ "us", 1 }, { "ms", 1e3 }, { "s", 1e6 }, { "m", 60e6 }, { "min", 60e6 },
	{ "h", 3600e6 }, { "d", 86400e6 },
};

/* The result is in units of @step_us; a number without a unit is in units of @plain_us. */
static bool read_time(const char *text, double plain_us, double step_us, uint64_t *result)
{
	double value, factor = 0;
	const char *unit = number_read(text, &value, true);

	/* a double holds every whole number of up to 15 digits exactly */
	if (!unit || strspn(text, "0123456789") > 15)
		return false;
	if (!*unit)
		factor = plain_us;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(units[i].name, unit) == 0)
			factor = units[i].us;
	value = value * factor / step_us;
	if (factor == 0 || value > 100 * 365 * 86400e6)
		return false;
	*result = (uint64_t)(value + 0.5);
	return true;
}

/* ---- ports ---- */

/*
 * "" and "*" are every port; else a number, or a name that is looked up later. As in ss,
 * port 0 is a port like any other: that of a socket without a peer.
 */
static bool read_port(struct filter *filter, struct filter_node *node, const char *text,
		      struct filter_error *error)
{
	uint64_t port;

	node->port = -1;
	if (!*text || strcmp(text, "*") == 0)
		return true;
	if (filter_number(text, UINT64_MAX, &port)) {
		node->port = (int32_t)port;
		return port <= 65535 ||
		       filter_expect(error, "a port from 0 to 65535");
	}
	if (isdigit((unsigned char)*text) && strspn(text, "0123456789") == strlen(text))
		return filter_expect(error, "a port from 0 to 65535");
	if (strchr("-+:/[]", *text) || strlen(text) > 255)
		return filter_expect(error, "a port from 0 to 65535 or the name of a service");
	node->port_word = filter_keep(filter, text, strlen(text));
	node->port_pending = true;
	return true;
}

/* ---- addresses ---- */

/*
 * As in ss, a prefix "inet:" or "inet6:" applies to the whole filter: the last one
 * decides which family is listed.
 */
static const char *read_family(struct filter *filter, struct filter_node *node,
			       const char *text)
{
	bool v4 = strncmp(text, "inet:", 5) == 0;

	if (!v4 && strncmp(text, "inet6:", 6) != 0)
		return text;
	filter->family = node->family = v4 ? FAMILY_IPV4 : FAMILY_IPV6;
	filter->realm = REALM_INET;
	return text + (v4 ? 5 : 6);
}

/* Reads up to four parts; missing ones are 0: "10/8", "127.1" is 127.1.0.0. */
static bool read_v4(const char *text, uint8_t *bytes)
{
	uint64_t part;

	memset(bytes, 0, 4);
	for (int i = 0; i < 4; i++) {
		text = read_digits(text, 255, &part);
		if (!text)
			return false;
		bytes[i] = (uint8_t)part;
		if (!*text)
			return true;
		if (*text++ != '.')
			return false;
	}
	return false;
}

static bool read_address(const char *text, enum family family, struct filter_host *host)
{
	uint8_t bytes[16];

	if (strchr(text, ':')) {
		if (family == FAMILY_IPV4 || inet_pton(AF_INET6, text, bytes) != 1)
			return false;
		*host = (struct filter_host){ FAMILY_IPV6, 128, addr_from_v6(bytes) };
		return true;
	}
	if (family == FAMILY_IPV6 || !read_v4(text, bytes))
		return false;
	*host = (struct filter_host){ FAMILY_IPV4, 32, addr_from_v4(bytes) };
	return true;
}

/* Reads "8", or for IPv4 "255.0.0.0". */
static bool read_prefix(const char *text, struct filter_host *host)
{
	uint64_t bits;
	uint8_t b[4];
	uint32_t mask;

	if (filter_number(text, host->prefix, &bits)) {
		host->prefix = (uint8_t)bits;
		return true;
	}
	if (host->family != FAMILY_IPV4 || !strchr(text, '.') || !read_v4(text, b))
		return false;
	mask = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	if (~mask & (~mask + 1))
		return false;
	host->prefix = (uint8_t)__builtin_popcount(mask);
	return true;
}

static bool is_everything(const char *text)
{
	return !*text || strcmp(text, "*") == 0 || strcmp(text, "any") == 0 ||
	       strcmp(text, "all") == 0 || strcmp(text, "default") == 0;
}

/* Reads "*", an address with or without prefix length, or a name that is looked up later. */
static bool read_host(struct filter *filter, struct filter_node *node, char *text,
		      struct filter_error *error)
{
	char *slash = strchr(text, '/');
	struct filter_host host;

	if (is_everything(text))
		return true;
	if (slash)
		*slash++ = '\0';
	if (read_address(text, node->family, &host)) {
		if (slash && !read_prefix(slash, &host))
			return filter_expect(error, "a prefix length from 0 to %u after the /",
					     host.family == FAMILY_IPV4 ? 32u : 128u);
		node->first_host = (uint32_t)filter->hosts.count;
		node->host_count = 1;
		*grow_add(&filter->hosts) = host;
		return true;
	}
	/* digits alone are not a name: the resolver is not asked about "300.0.0.1" */
	if (slash || strchr(text, ':') || strspn(text, "0123456789.") == strlen(text) ||
	    strlen(text) > 255)
		return filter_expect(error, "an address%s: 10.0.0.0/8, [::1]:22, *:80",
				     node->family == FAMILY_IPV4 ? " of IPv4" :
				     node->family == FAMILY_IPV6 ? " of IPv6" : "");
	node->word = filter_keep(filter, text, strlen(text));
	node->host_pending = true;
	return true;
}

static bool is_v6(const char *text, const struct filter_node *node)
{
	struct filter_host host;

	return strchr(text, ':') && read_address(text, node->family, &host);
}

static bool is_port_number(const char *text)
{
	uint64_t port;

	return strspn(text, "0123456789") == strlen(text) &&
	       filter_number(text, 65535, &port) && port;
}

/*
 * Finds the port in "HOST:PORT" without brackets. As in ss, the last colon counts:
 * "::1:22" is port 22 of ::1. Only where that would leave no address or no port ("::1",
 * which ss refuses) is the whole word an address.
 */
static char *find_port(char *text, const struct filter_node *node)
{
	char *slash = strchr(text, '/');
	char *colon = strrchr(slash ? slash : text, ':');
	bool splits;

	if (!colon || slash || !is_v6(text, node))
		return colon;
	*colon = '\0';
	splits = is_port_number(colon + 1) && is_v6(text, node);
	*colon = ':';
	return splits ? colon : NULL;
}

/* Reads "[ADDR]", "[ADDR/BITS]" or "[ADDR]/BITS", each with or without ":PORT". */
static bool read_bracketed(struct filter *filter, struct filter_node *node, const char *text,
			   struct filter_error *error)
{
	const char *close = strchr(text, ']');
	struct text host = { 0 };
	const char *port;
	bool ok;

	if (!close)
		return filter_expect(error, "a closing bracket: [::1]:22");
	port = close + 1;
	text_add(&host, text + 1, (size_t)(close - text - 1));
	if (*port == '/') {
		size_t size = strcspn(port, ":");

		text_add(&host, port, size);
		port += size;
	}
	if (!host.count)
		ok = filter_expect(error, "an address inside the brackets: [::1]:22");
	else if (*port && *port != ':')
		ok = filter_expect(error, "nothing or a port after the bracket: [::1]:22");
	else
		ok = read_host(filter, node, host.at, error) &&
		     read_port(filter, node, *port ? port + 1 : port, error);
	text_fini(&host);
	return ok;
}

static bool read_endpoint(struct filter *filter, struct filter_node *node, const char *text,
			  struct filter_error *error)
{
	OWN_MEM char *copy = NULL;
	char *port;

	text = read_family(filter, node, text);
	if (*text == '[')
		return read_bracketed(filter, node, text, error);
	if (*text == '*')
		return read_port(filter, node, text + 1 + (text[1] == ':'), error);
	copy = grow_strdup(text);
	port = find_port(copy, node);
	if (port)
		*port++ = '\0';
	return read_host(filter, node, copy, error) &&
	       (!port || read_port(filter, node, port, error));
}

static bool read_port_test(struct filter *filter, struct filter_node *node, const char *text,
			   struct filter_error *error)
{
	text = read_family(filter, node, text);
	text += *text == ':';
	if (!read_port(filter, node, *text == '*' ? "" : text, error))
		return false;
	if (node->port < 0 && !node->port_pending &&
	    node->op != FILTER_EQ && node->op != FILTER_NE)
		return filter_expect(error, "a port to compare with");
	return true;
}

/* ---- the others ---- */

static bool read_mark(struct filter_node *node, const char *text)
{
	uint64_t mark, mask = UINT32_MAX;
	const char *rest = read_digits(text, UINT32_MAX, &mark);

	if (!rest || (*rest && *rest != '/'))
		return false;
	if (*rest && !filter_number(rest + 1, UINT32_MAX, &mask))
		return false;
	node->number = mark;
	node->mask = (uint32_t)mask;
	return true;
}

/* Reads a number, or a name that filter_resolve() looks up. */
static bool read_name(struct filter *filter, struct filter_node *node, const char *text)
{
	if (!*text)
		return false;
	node->word = filter_keep(filter, text, strlen(text));
	node->is_number = filter_number(text, node->kind == FILTER_NETNS ? UINT64_MAX : UINT32_MAX,
					&node->number);
	/* an interface may be called "7": as in ss, the name is tried first */
	node->name_pending = node->kind == FILTER_DEV || node->kind == FILTER_CGROUP ||
			     (node->kind == FILTER_USER && !node->is_number);
	return true;
}

/* @words lists the words of a column that has few: "here or peer". */
static bool is_one_of(const char *words, const char *text)
{
	size_t size = strlen(text);
	const char *at = strstr(words, text);

	return size && at && (at == words || at[-1] == ' ') && (!at[size] || at[size] == ' ');
}

uint64_t filter_most(const struct column *column)
{
	if (column->kind == KIND_PIDS || column->kind == KIND_FDS)
		return INT32_MAX;
	return column->metric || column->size == sizeof(uint64_t) ? UINT64_MAX : UINT32_MAX;
}

/* Reads a value as the kind of the column demands. */
static bool read_of_kind(struct filter *filter, struct filter_node *node, const char *words,
			 const char *text)
{
	switch (node->column->kind) {
	case KIND_MS: case KIND_AGE:
		return read_time(text, 1e6, 1e3, &node->number);
	case KIND_US:
		return read_time(text, 1e3, 1, &node->number);
	case KIND_WORD:
		return is_one_of(words, text) && read_name(filter, node, text);
	case KIND_STRING: case KIND_COMMS:
		return read_name(filter, node, text);
	default:
		return filter_number(text, filter_most(node->column), &node->number);
	}
}

/* ---- ends of sockets that are not internet sockets ---- */

/*
 * Ends of sockets that are not internet sockets follow ss's rules. The name of a unix
 * socket is a file name pattern in any case; the others are NUMBER[:PORT], where the
 * port is an interface (link) or a port id (netlink). As port of a unix socket ss takes
 * its inode.
 */
static const char *const prefixes[REALM_COUNT] = {
	[REALM_INET] = "", [REALM_UNIX] = "unix:", [REALM_LINK] = "link:",
	[REALM_NETLINK] = "netlink:", [REALM_VSOCK] = "vsock:",
};

const char *filter_realm_prefix(enum filter_realm realm)
{
	return prefixes[realm];
}

enum filter_realm filter_realm_of(const struct sock *s)
{
	if (!s->other)
		return REALM_INET;
	return protocol_is_unix(s->protocol) ? REALM_UNIX :
	       protocol_is_packet(s->protocol) ? REALM_LINK : REALM_NETLINK;
}

static enum filter_realm read_realm(const char **text, enum filter_realm usual)
{
	for (int i = REALM_INET + 1; i < REALM_COUNT; i++) {
		size_t size = strlen(prefixes[i]);

		if (strncmp(*text, prefixes[i], size) == 0) {
			*text += size;
			return (enum filter_realm)i;
		}
	}
	return usual;
}

static bool is_any(const char *text)
{
	return !text || !*text || strcmp(text, "*") == 0;
}

static bool read_integer(const char *text, int64_t least, int64_t most, int64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 0);
	return end != text && !*end && !errno && *value >= least && *value <= most;
}

static bool read_end_port(struct filter *filter, struct filter_node *node, const char *text,
		      struct filter_error *error)
{
	int64_t port = -1;

	if (is_any(text))
		return true;
	if (read_integer(text, INT32_MIN, node->realm == REALM_VSOCK ? UINT32_MAX : INT32_MAX,
			 &port)) {
		node->port = (int32_t)port;
		return true;
	}
	if (node->realm == REALM_NETLINK && strcmp(text, "kernel") == 0) {
		node->port = 0;
		return true;
	}
	if (node->realm != REALM_LINK)
		return filter_expect(error, node->realm == REALM_NETLINK ?
				     "a port id, or kernel, after the last colon" :
				     "a number after the last colon");
	node->port_word = filter_keep(filter, text, strlen(text));
	node->port_pending = true;
	return true;
}

/* Reads a number, or a name that filter_resolve() looks up. */
static bool read_end_number(struct filter *filter, struct filter_node *node, const char *text,
			struct filter_error *error)
{
	int64_t most = node->realm == REALM_LINK ? 65535 :
		       node->realm == REALM_NETLINK ? 255 : UINT32_MAX;
	int64_t value;

	if (is_any(text))
		return true;
	if (read_integer(text, 0, most, &value)) {
		node->number = (uint64_t)value;
		node->is_number = true;
		return true;
	}
	if (node->realm == REALM_VSOCK)
		return filter_expect(error, "a context id: vsock:2:80");
	node->word = filter_keep(filter, text, strlen(text));
	node->name_pending = true;
	return true;
}

static bool read_other_end(struct filter *filter, struct filter_node *node, const char *text,
		     struct filter_error *error)
{
	OWN_MEM char *copy = grow_strdup(text);
	char *port = strchr(copy, ':');

	if (node->realm == REALM_UNIX) {
		node->word = filter_keep(filter, text, strlen(text));
		return true;
	}
	if (node->kind == FILTER_SPORT || node->kind == FILTER_DPORT)
		return read_end_port(filter, node, text + (*text == ':'), error);
	if (port)
		*port++ = '\0';
	return read_end_number(filter, node, copy, error) && read_end_port(filter, node, port, error);
}

static bool is_inet(const char *text)
{
	return strncmp(text, "inet:", 5) == 0 || strncmp(text, "inet6:", 6) == 0;
}

/* In these realms a port and an address are written alike. */
static bool read_end(struct filter *filter, struct filter_node *node, const char *text,
		     struct filter_error *error)
{
	node->realm = read_realm(&text, is_inet(text) ? REALM_INET : node->realm);
	if (node->realm != REALM_INET) {
		filter->realm = node->realm;
		filter->family = 0;
		return read_other_end(filter, node, text, error);
	}
	return node->kind == FILTER_SRC || node->kind == FILTER_DST ?
	       read_endpoint(filter, node, text, error) :
	       read_port_test(filter, node, text, error);
}

bool filter_read_value(struct filter *filter, struct filter_node *node,
		       const struct filter_row *row, const char *text,
		       struct filter_error *error)
{
	bool ok;

	switch (node->kind) {
	case FILTER_SRC: case FILTER_DST: case FILTER_SPORT: case FILTER_DPORT:
		return read_end(filter, node, text, error);
	case FILTER_FWMARK:
		ok = read_mark(node, text);
		break;
	case FILTER_VALUE:
		ok = read_of_kind(filter, node, row->value, text);
		break;
	default:
		ok = read_name(filter, node, text);
	}
	return ok || filter_expect(error, "%s", row->value);
}
