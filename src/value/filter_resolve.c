/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "value/filter_read.h"

#include "base/grow.h"

#include <errno.h>

/* State of a lookup, for the functions below. */
struct lookup {
	struct filter *filter;
	const struct filter_names *names;
	struct filter_error *error;
};

static bool resolve_host(struct lookup *l, struct filter_node *node)
{
	struct filter_host found[FILTER_HOSTS_MAX];
	size_t count = 0;

	if (l->names->host)
		count = l->names->host(l->names->ctx, filter_word(l->filter, node->word),
				       node->family, found, FILTER_HOSTS_MAX);
	if (!count)
		return filter_expect(l->error, "%s",
				     "an address or the name of a host that can be found");
	node->first_host = (uint32_t)l->filter->hosts.count;
	node->host_count = (uint32_t)count;
	for (size_t i = 0; i < count; i++)
		*grow_add(&l->filter->hosts) = found[i];
	node->host_pending = false;
	return true;
}

/* Packet sockets have a device in place of a port. */
static bool resolve_port_link(struct lookup *l, struct filter_node *node)
{
	uint32_t index = 0;

	if (l->names->link)
		index = l->names->link(l->names->ctx, filter_word(l->filter, node->port_word));
	if (!index)
		return filter_expect(l->error, "the name or number of an interface that is there");
	node->port = index > INT32_MAX ? INT32_MAX : (int32_t)index;
	node->port_pending = false;
	return true;
}

static bool resolve_port(struct lookup *l, struct filter_node *node)
{
	int32_t port = 0;

	if (node->realm == REALM_LINK)
		return resolve_port_link(l, node);
	if (l->names->service)
		port = l->names->service(l->names->ctx, filter_word(l->filter, node->port_word));
	if (port == -2)
		return filter_expect(l->error, "a port from 0 to 65535 (there is no list of "
				     "services here (/etc/services; Debian's netbase))");
	if (port < 0)
		return filter_expect(l->error, "a service that has one port and not several");
	if (port == 0 || port > 65535)
		return filter_expect(l->error, "a port from 0 to 65535 or the name of a service");
	node->port = port;
	node->port_pending = false;
	return true;
}

/* An interface that is gone can still be named by its number. */
static bool resolve_link(struct lookup *l, struct filter_node *node)
{
	uint32_t index = 0;

	if (l->names->link)
		index = l->names->link(l->names->ctx, filter_word(l->filter, node->word));
	if (index)
		node->number = index;
	return index || node->is_number ||
	       filter_expect(l->error, "the name or number of an interface that is there");
}

static bool resolve_number(struct lookup *l, struct filter_node *node)
{
	uint32_t number;

	if (!l->names->number || !l->names->number(l->names->ctx, node->realm,
						   filter_word(l->filter, node->word), &number))
		return filter_expect(l->error, node->realm == REALM_LINK ?
				     "an ethertype: ip, ipv6, arp, 0x800" :
				     "a netlink protocol: rtnl, genl, 0 to 255");
	node->number = number;
	node->is_number = true;
	return true;
}

static bool resolve_name(struct lookup *l, struct filter_node *node)
{
	const char *word = filter_word(l->filter, node->word);
	uint32_t uid;

	if (node->realm != REALM_INET) {
		if (!resolve_number(l, node))
			return false;
	} else if (node->kind == FILTER_DEV) {
		if (!resolve_link(l, node))
			return false;
	} else if (node->kind == FILTER_CGROUP) {
		if (!l->names->cgroup || !l->names->cgroup(l->names->ctx, word, &node->number))
			return filter_expect(l->error, "the path of a cgroup that is there");
	} else {
		if (!l->names->user || !l->names->user(l->names->ctx, word, &uid))
			return filter_expect(l->error, "a uid or the name of a user who is there");
		node->number = uid;
	}
	node->name_pending = false;
	return true;
}

int filter_resolve(struct filter *filter, const struct filter_names *names,
		   struct filter_error *error, struct fault *fault)
{
	struct lookup l = { .filter = filter, .names = names, .error = error };

	for (size_t i = 0; i < filter->nodes.count; i++) {
		struct filter_node *node = &filter->nodes.at[i];

		error->offset = node->offset;
		if ((node->host_pending && !resolve_host(&l, node)) ||
		    (node->port_pending && !resolve_port(&l, node)) ||
		    (node->name_pending && !resolve_name(&l, node)))
			return filter_refuse(filter, error, ENOENT, fault);
	}
	return 0;
}
