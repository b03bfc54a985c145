/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/tcp and its like: family, size of the pieces, then the text. */
#include "fuzz.h"

#include "collect/message.h"
#include "collect/proc_net.h"

#include <stdlib.h>
#include <string.h>

struct seen {
	enum family family;
	size_t rows;
};

/* Whatever it says, the message is one that the rest of the program can read. */
static int take(void *ctx, const struct proc_net_message *message)
{
	struct seen *seen = ctx;
	struct sock sock;
	int senseless = message_parse(&message->told, sizeof(message->told), PROTOCOL_TCP, 0,
				      &sock, NULL);

	fuzz_require(senseless == 0, "a row that is none");
	fuzz_require(sock.family == seen->family, "a row of the other family");
	fuzz_require(sock.cookie == UINT64_MAX, "a cookie out of nowhere");
	fuzz_require(sock.state > STATE_NONE && sock.state < STATE_COUNT, "state %d", sock.state);
	seen->rows++;
	return 0;
}

static size_t lines(const uint8_t *bytes, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += bytes[i] == '\n';
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input = { bytes, size };
	struct seen seen = { .family = fuzz_byte(&input) & 1 ? FAMILY_IPV6 : FAMILY_IPV4 };
	struct proc_net reader = { .family = seen.family, .take = take, .ctx = &seen };
	size_t step = fuzz_byte(&input) + 1u, whole;

	if (input.left > FUZZ_PAGED)
		return 0;
	whole = lines(input.at, input.left);
	while (input.left) {
		size_t part = step < input.left ? step : input.left;

		proc_net_feed(&reader, (const char *)fuzz_at_page_end(input.at, part), part);
		input.at += part;
		input.left -= part;
	}
	proc_net_end(&reader);
	fuzz_require(seen.rows + reader.senseless + 1 >= whole &&
		     seen.rows + reader.senseless <= whole + 1,
		     "%zu rows and %zu without sense of %zu lines", seen.rows,
		     (size_t)reader.senseless, whole);
	return 0;
}
