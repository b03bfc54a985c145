/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/addr.h"

#include <arpa/inet.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff };

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool addr_is_v4(const struct addr *a)
{
	return memcmp(a->b, mapped_prefix, 12) == 0;
}

bool addr_is_any(const struct addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->b, zero, 16) == 0 ||
	       (addr_is_v4(a) && memcmp(a->b + 12, zero, 4) == 0);
}

bool addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return memcmp(a->b, one, 16) == 0 || (addr_is_v4(a) && a->b[12] == 127);
}

size_t addr_format(char *text, const struct addr *addr, enum family family)
{
	char *end = addr_write(text, addr, family);

	*end = '\0';
	return (size_t)(end - text);
}

void addr_format_port(char *text, const struct addr *addr, uint16_t port)
{
	enum family family = addr_family(addr);
	bool brackets = port && family == FAMILY_IPV6;
	char *end = text;

	if (brackets)
		*end++ = '[';
	end = addr_write(end, addr, family);
	if (brackets)
		*end++ = ']';
	if (port) {
		*end++ = ':';
		end = digits_u64(end, port);
	}
	*end = '\0';
}

bool addr_parse(const char *text, struct addr *addr, enum family *family)
{
	char bare[ADDR_TEXT];
	size_t size = strlen(text);
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1) {
		*addr = addr_from_v4(bytes);
		*family = FAMILY_IPV4;
		return true;
	}
	if (size > 2 && text[0] == '[' && text[size - 1] == ']') {
		text++;
		size -= 2;
	}
	if (size >= sizeof(bare))
		return false;
	memcpy(bare, text, size);
	bare[size] = '\0';
	if (inet_pton(AF_INET6, bare, bytes) != 1)
		return false;
	*addr = addr_from_v6(bytes);
	*family = FAMILY_IPV6;
	return true;
}
