/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/netns.h"

#include "base/grow.h"
#include "model/unit.h"

#include <stdlib.h>
#include <string.h>

void netns_free(struct netns *netns)
{
	if (!netns)
		return;
	free(netns->name);
	free(netns->path);
	free(netns->unit);
	free(netns->container);
	free(netns->pod);
	grow_fini(&netns->pids);
	free(netns);
}

void netns_list_fini(struct netns_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		netns_free(list->at[i]);
	grow_fini(list);
}

static void put_string(struct text *text, const char *string, const char *also)
{
	text_add_escaped(text, string, strlen(string), also);
}

/* A name that equals one of our own words is marked, so that the two differ. */
static void put_name(struct text *text, const struct netns *netns, const char *also)
{
	const char *name = netns->name;

	if (netns->visited && (strcmp(name, "here") == 0 || strcmp(name, "init") == 0))
		text_addf(text, "netns:");
	text_add_value(text, name, strlen(name), also);
}

void netns_word(struct text *text, const struct netns *netns, const char *also)
{
	if (netns->is_own) {
		text_addf(text, "here");
	} else if (netns->name) {
		put_name(text, netns, also);
	} else if (netns->is_init) {
		text_addf(text, "init");
	} else if (netns->container) {
		text_addf(text, "container:");
		text_add_escaped(text, netns->container, container_shown(netns->container), also);
	} else if (netns->pod) {
		text_addf(text, "pod:");
		put_string(text, netns->pod, also);
	} else if (unit_is(netns->unit, ".service")) {
		/*
		 * Sessions and slices span many namespaces; a service is hardly ever in
		 * more than one.
		 */
		put_string(text, netns->unit, also);
		text_addf(text, ":%d", netns->pid);
	} else if (netns->pid) {
		text_addf(text, "%d:", netns->pid);
		text_add_escaped(text, netns->comm, netns->comm_size, also);
	} else {
		text_addf(text, "%llu", (unsigned long long)netns->inode);
	}
}
