/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "words/who.h"

#include <inttypes.h>
#include <string.h>

enum { SHORT_ID = 12, LONG_ID = 64 };   /* digits of a container that people use, and all */

void who_is(struct text *text, const char *comm, size_t size, int64_t pid)
{
	if (size)
		text_add_value(text, comm, size, TEXT_COMM);
	else
		text_addf(text, "process");
	text_addf(text, "[%" PRId64 "]", pid);
}

void who_process_is(struct text *text, const struct snapshot *seen, uint32_t process)
{
	const struct process *p = &seen->processes.at[process];

	who_is(text, p->comm, p->comm_size, p->pid);
}

void who_address(struct text *text, const struct addr *addr, uint16_t port)
{
	enum family family = addr_is_v4(addr) ? FAMILY_IPV4 : FAMILY_IPV6;
	char name[ADDR_TEXT];

	addr_format(name, addr, family);
	if (!port)
		text_addf(text, "%s", name);
	else
		text_addf(text, family == FAMILY_IPV6 ? "[%s]:%u" : "%s:%u", name, port);
}

size_t who_container_size(const char *container)
{
	size_t size = strlen(container);

	return size == LONG_ID ? SHORT_ID : size;
}
