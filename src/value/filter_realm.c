/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "value/filter_read.h"

#include "base/grow.h"
#include "base/own.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "model/protocol.h"

/*
 * Ends of sockets that are not of the internet, by ss's rules: the name of a unix
 * socket is a pattern of files, whatever the case; the others are NUMBER[:PORT],
 * where the port is an interface (link) or a port id (netlink). As a port ss
 * takes the inode of a unix socket.
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

/* ---- reading ---- */

enum filter_realm filter_read_realm(const char **text, enum filter_realm usual)
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

static bool read_port(struct filter *filter, struct filter_node *node, const char *text,
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

/* A name is looked up by filter_resolve(). */
static bool read_number(struct filter *filter, struct filter_node *node, const char *text,
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

bool filter_read_end(struct filter *filter, struct filter_node *node, const char *text,
		     struct filter_error *error)
{
	OWN_MEM char *copy = grow_strdup(text);
	char *port = strchr(copy, ':');

	if (node->realm == REALM_UNIX) {
		node->word = filter_keep(filter, text, strlen(text));
		return true;
	}
	if (node->kind == FILTER_SPORT || node->kind == FILTER_DPORT)
		return read_port(filter, node, text + (*text == ':'), error);
	if (port)
		*port++ = '\0';
	return read_number(filter, node, copy, error) && read_port(filter, node, port, error);
}

/* ---- comparing ---- */

/* Of the peer nothing is told: no name, and the number 0. */
static bool has_end(const struct filter *filter, const struct filter_node *node,
		    const struct sock *s, bool local)
{
	char name[sizeof(s->other->local) + 1] = "";

	if (node->realm == REALM_UNIX) {
		if (local)
			memcpy(name, s->other->local, s->other->local_size);
		return fnmatch(filter_word(filter, node->word), name, FNM_CASEFOLD) == 0;
	}
	if (node->port != -1 && node->port != sock_port(s, !local))
		return false;
	if (node->realm == REALM_INET)
		return !node->host_count || !filter->hosts.at[node->first_host].prefix;
	return !node->is_number || node->number == (local ? s->other->number : 0);
}

/* `>=` of an end without a port holds for every socket, and `<=` for none. */
static bool port_compares(const struct filter_node *node, int64_t port)
{
	bool least = node->port == -1 || port >= node->port;
	bool most = node->port != -1 && port <= node->port;

	switch (node->op) {
	case FILTER_GE: return least;
	case FILTER_LT: return !least;
	case FILTER_LE: return most;
	default:        return !most;
	}
}

bool filter_end_matches(const struct filter *filter, const struct filter_node *node,
			const struct sock *s)
{
	bool local = node->kind == FILTER_SRC || node->kind == FILTER_SPORT;
	bool fits = s->other && (node->realm == REALM_INET || node->realm == filter_realm_of(s));

	if (node->op == FILTER_EQ || node->op == FILTER_NE)
		return (fits && has_end(filter, node, s, local)) == (node->op == FILTER_EQ);
	return fits && port_compares(node, sock_port(s, !local));
}

/* "@" and five digits: what the kernel makes up where bind() is given no name. */
static bool is_made_up(const struct other *other)
{
	return other->local_size == 6 && !other->local_is_path && other->local[0] == '@' &&
	       strspn(other->local + 1, "0123456789abcdef") >= 5;
}

bool filter_end_is_autobound(const struct sock *s)
{
	switch (filter_realm_of(s)) {
	case REALM_UNIX: return !s->other->local_size || is_made_up(s->other);
	case REALM_LINK: return !s->ifindex && !s->other->number;
	default:         return sock_port(s, false) < 0;
	}
}
