/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/target.h"

#include "base/number.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define HOST_MAX 256

static bool is_digits(const char *word)
{
	return *word && word[strspn(word, "0123456789")] == '\0';
}

bool has_services(void)
{
	bool found;

	setservent(0);
	found = getservent();
	endservent();
	return found;
}

static int parse_port(struct target *target, const char *word, const char *service,
		      struct fault *fault)
{
	struct servent *entry;
	uint64_t port;

	if (is_digits(word) || (word[0] == '-' && is_digits(word + 1))) {
		if (!number_whole(word, 65535, &port))
			return fault_set(fault, EINVAL, "'%s' is not a port: ports are 1 to 65535",
					 QUOTE(word));
		if (!port)
			return fault_set(fault, EINVAL,
					 "port 0 lets the kernel choose; name a port from 1 to 65535");
		target->port = (uint16_t)port;
		return 0;
	}
	entry = *word ? getservbyname(word, service) : NULL;
	if (!entry && *word && !has_services())
		return fault_set(fault, EINVAL, "'%s' is not a number, and there is no list of services "
				 "here (/etc/services; Debian's netbase); give a number from 1 to 65535",
				 word);
	if (!entry)
		return fault_set(fault, EINVAL, "'%s' is neither a port nor a service that /etc/services "
				 "has for %s; give a number from 1 to 65535", QUOTE(word), service);
	target->port = ntohs((uint16_t)entry->s_port);
	return 0;
}

static int check_family(const struct target *target, const char *word,
			const struct options *options, struct fault *fault)
{
	bool wrong = (options->ipv4 && !options->ipv6 && target->family != FAMILY_IPV4) ||
		     (options->ipv6 && !options->ipv4 && target->family != FAMILY_IPV6);

	if (!wrong)
		return 0;
	return fault_set(fault, EINVAL, "%s is an %s address, and -%c asks for the other family",
			 QUOTE(word), target->family == FAMILY_IPV4 ? "IPv4" : "IPv6",
			 options->ipv4 ? '4' : '6');
}

static void take_found(struct target *target, const struct addrinfo *found)
{
	if (found->ai_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, found->ai_addr, sizeof(v4));
		target->family = FAMILY_IPV4;
		target->addr = addr_from_v4(&v4.sin_addr);
	} else {
		struct sockaddr_in6 v6;

		memcpy(&v6, found->ai_addr, sizeof(v6));
		target->family = FAMILY_IPV6;
		target->addr = addr_from_v6(&v6.sin6_addr);
	}
}

/* Writes the different addresses of an answer one behind the other. Returns their number. */
static unsigned count_found(const struct addrinfo *list, struct text *names)
{
	struct target each = { .kind = TARGET_INET }, before[16];
	unsigned count = 0;

	for (; list; list = list->ai_next) {
		char shown[ADDR_TEXT];
		bool again = false;

		if (list->ai_family != AF_INET && list->ai_family != AF_INET6)
			continue;
		take_found(&each, list);
		for (unsigned i = 0; i < count && i < 16; i++)
			again |= addr_equal(&before[i].addr, &each.addr);
		if (again)
			continue;
		if (count < 16)
			before[count] = each;
		addr_format(shown, &each.addr, each.family);
		text_addf(names, "%s%s", count ? ", " : "", shown);
		count++;
	}
	return count;
}

static int look_up(struct target *target, const char *host, const struct options *options,
		   struct fault *fault)
{
	struct addrinfo hints = {
		.ai_family = options->ipv4 == options->ipv6 ? AF_UNSPEC :
			     options->ipv4 ? AF_INET : AF_INET6,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *list;
	struct text names = { 0 };
	int err = getaddrinfo(host, NULL, &hints, &list);
	unsigned count;

	if (err)
		return fault_set(fault, EINVAL, "the host name '%s' has no address: %s; give the address",
				 QUOTE(host), err == EAI_SYSTEM ? strerror(errno) : gai_strerror(err));
	count = count_found(list, &names);
	if (count)
		take_found(target, list);
	freeaddrinfo(list);
	err = 0;
	if (count != 1)
		err = fault_set(fault, EINVAL, "the host name '%s' has %u addresses (%s), none of them "
				"was judged; give the one that is meant, or -4 or -6", QUOTE(host), count,
				text_str(&names));
	text_fini(&names);
	return err;
}

/* Removes "%device" from an IPv6 address. */
static int split_device(struct target *target, char *host, struct fault *fault)
{
	char *percent = strchr(host, '%');

	if (!percent)
		return 0;
	if (!percent[1] || strlen(percent + 1) >= sizeof(target->device))
		return fault_set(fault, EINVAL, "'%s' is not the name of a device", QUOTE(percent + 1));
	snprintf(target->device, sizeof(target->device), "%s", percent + 1);
	*percent = '\0';
	return 0;
}

static void take_any(struct target *target, const struct options *options)
{
	static const uint8_t zeros[16];
	bool v4 = options->ipv4 && !options->ipv6;

	target->any = true;
	target->family = v4 ? FAMILY_IPV4 : FAMILY_IPV6;
	target->addr = v4 ? addr_from_v4(zeros) : addr_from_v6(zeros);
}

/* @bracketed: it stood in brackets, so it must be an IPv6 address. */
static int parse_host(struct target *target, const char *word, size_t size, bool bracketed,
		      const struct options *options, struct fault *fault)
{
	char host[HOST_MAX];
	int err;

	if (size >= sizeof(host))
		return fault_set(fault, EINVAL, "the address is too long: %zu characters", size);
	memcpy(host, word, size);
	host[size] = '\0';
	if (!size || strcmp(host, "*") == 0) {
		take_any(target, options);
		return 0;
	}
	err = split_device(target, host, fault);
	if (err)
		return err;
	if (addr_parse(host, &target->addr, &target->family) && host[0] != '[') {
		if (bracketed && target->family != FAMILY_IPV6)
			return fault_set(fault, EINVAL, "[%s]: only IPv6 addresses stand in brackets", QUOTE(host));
		if (*target->device && target->family != FAMILY_IPV6)
			return fault_set(fault, EINVAL, "%s%%%s: only IPv6 addresses have a device",
					 QUOTE(host), QUOTE(target->device));
		return check_family(target, host, options, fault);
	}
	if (bracketed || *target->device || host[strspn(host, "0123456789.")] == '\0')
		return fault_set(fault, EINVAL, "'%s' is not an IP address", QUOTE(host));
	return look_up(target, host, options, fault);
}

/* Reads "[address]:port"; @word begins with the bracket. */
static int parse_bracketed(struct target *target, const char *word, const struct options *options,
			   const char *service, struct fault *fault)
{
	const char *end = strchr(word, ']');
	int err;

	if (!end)
		return fault_set(fault, EINVAL, "'%s' lacks the closing bracket", QUOTE(word));
	if (end[1] != ':' || end == word + 1)
		return fault_set(fault, EINVAL, "'%s' is not of the form [ADDRESS]:PORT", QUOTE(word));
	err = parse_host(target, word + 1, (size_t)(end - word - 1), true, options, fault);
	return err ? err : parse_port(target, end + 2, service, fault);
}

static int parse_unix(struct target *target, const char *word, struct fault *fault)
{
	target->kind = word[0] == '@' ? TARGET_ABSTRACT : TARGET_PATH;
	target->name = word[0] == '@' ? word + 1 : word;
	if (!*target->name)
		return fault_set(fault, EINVAL, "'@' needs the name of an abstract socket behind it");
	return 0;
}

int target_parse(struct target *target, const char *word, const struct options *options,
		 const char *service, struct fault *fault)
{
	const char *colon = strrchr(word, ':');
	int err;

	*target = (struct target){ .kind = TARGET_INET };
	if (word[0] == '@' || strchr(word, '/'))
		return parse_unix(target, word, fault);
	if (word[0] == '[')
		return parse_bracketed(target, word, options, service, fault);
	if (!colon) {
		struct addr addr;
		enum family family;

		if (addr_parse(word, &addr, &family))
			return fault_set(fault, EINVAL, "%s is an address without a port; write %s:PORT",
					 word, word);
		take_any(target, options);
		return parse_port(target, word, service, fault);
	}
	if (strchr(word, ':') != colon)
		return fault_set(fault, EINVAL, "'%s' has several colons; write IPv6 addresses as "
				 "[ADDRESS]:PORT", QUOTE(word));
	err = parse_host(target, word, (size_t)(colon - word), false, options, fault);
	return err ? err : parse_port(target, colon + 1, service, fault);
}

int target_address(struct target *target, const char *word, const struct options *options,
		   struct fault *fault)
{
	size_t size = strlen(word);
	bool bracketed = size > 2 && word[0] == '[' && word[size - 1] == ']';

	*target = (struct target){ .kind = TARGET_INET };
	if (!size)
		return fault_set(fault, EINVAL, "an address is missing");
	return parse_host(target, bracketed ? word + 1 : word, bracketed ? size - 2 : size,
			  bracketed, options, fault);
}
