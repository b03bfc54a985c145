/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No target asks a name server: these are all the hosts that there are. */
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

static struct sockaddr_in first = { .sin_family = AF_INET };
static struct sockaddr_in6 second = { .sin6_family = AF_INET6 };
static struct addrinfo behind = {
	.ai_family = AF_INET6, .ai_addr = (struct sockaddr *)&second,
};
static struct addrinfo one = {
	.ai_family = AF_INET, .ai_addr = (struct sockaddr *)&first,
};
static struct addrinfo both = {
	.ai_family = AF_INET, .ai_addr = (struct sockaddr *)&first, .ai_next = &behind,
};

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		struct addrinfo **found)
{
	(void)service;
	(void)hints;
	*found = strcmp(node, "one") == 0 ? &one : &both;
	return strcmp(node, "one") == 0 || strcmp(node, "both") == 0 ? 0 : EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *list)
{
	(void)list;
}
