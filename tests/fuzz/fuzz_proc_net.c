/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of /proc/net/tcp and its like: family, a byte, then the lines. */
#include "fuzz.h"

#include "collect/attrs.h"
#include "collect/proc_net.h"

#include <stdlib.h>
#include <string.h>

/* Whatever it says, the message is one that the rest of the program can read. */
static void take(const struct proc_net_message *message, enum family family)
{
	struct sock sock;
	int senseless = message_parse(&message->told, sizeof(message->told), PROTOCOL_TCP, 0,
				      &sock, NULL);

	fuzz_require(senseless == 0, "a row that is none");
	fuzz_require(sock.family == family, "a row of the other family");
	fuzz_require(sock.cookie == UINT64_MAX, "a cookie out of nowhere");
	fuzz_require(sock.state > STATE_NONE && sock.state < STATE_COUNT, "state %d", sock.state);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input = { bytes, size };
	enum family family = fuzz_byte(&input) & 1 ? FAMILY_IPV6 : FAMILY_IPV4;

	(void)fuzz_byte(&input);        /* inputs of old had the size of pieces there */
	if (input.left > FUZZ_PAGED)
		return 0;
	while (input.left) {
		const uint8_t *end = memchr(input.at, '\n', input.left);
		size_t length = end ? (size_t)(end - input.at) : input.left;
		struct proc_net_message message;

		if (proc_net_parse((const char *)fuzz_at_page_end(input.at, length), length, family,
				   &message))
			take(&message, family);
		length += end != NULL;
		input.at += length;
		input.left -= length;
	}
	return 0;
}
