/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/state.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/*
 * To add a state: a row here and its enum word. Printers, filters, `explain`,
 * completions and the man page test read the row.
 */
const struct state_row state_table[STATE_COUNT] = {
	[STATE_NONE] = { "UNKNOWN", "UNKNOWN", "unknown", "", TURN_NOBODY,
		"A state that this program does not know." },
	[STATE_ESTABLISHED] = { "ESTABLISHED", "ESTAB", "established", "estab", TURN_PROGRAM,
		"The connection is open in both directions." },
	[STATE_SYN_SENT] = { "SYN_SENT", "SYN-SENT", "syn-sent", "", TURN_PEER,
		"connect() sent a SYN that nobody has answered yet." },
	[STATE_SYN_RECV] = { "SYN_RECV", "SYN-RECV", "syn-recv", "syn-rcv syn_received", TURN_PEER,
		"A SYN was answered and the last step of the handshake has not come." },
	[STATE_FIN_WAIT_1] = { "FIN_WAIT_1", "FIN-WAIT-1", "fin-wait-1", "finwait1 fin_wait1", TURN_PEER,
		"This side closed first and the peer has not acknowledged it." },
	[STATE_FIN_WAIT_2] = { "FIN_WAIT_2", "FIN-WAIT-2", "fin-wait-2", "finwait2 fin_wait2", TURN_PEER,
		"This side closed, the peer acknowledged and has not closed its own half." },
	[STATE_TIME_WAIT] = { "TIME_WAIT", "TIME-WAIT", "time-wait", "timewait", TURN_KERNEL,
		"Both sides closed, this one first; the kernel keeps the pair of ports quiet for 60 s." },
	[STATE_CLOSE] = { "CLOSE", "UNCONN", "unconnected", "closed unconn", TURN_PROGRAM,
		"A socket without a connection." },
	[STATE_CLOSE_WAIT] = { "CLOSE_WAIT", "CLOSE-WAIT", "close-wait", "", TURN_PROGRAM,
		"The peer closed; this program has not, and nothing but its close() ends it." },
	[STATE_LAST_ACK] = { "LAST_ACK", "LAST-ACK", "last-ack", "", TURN_PEER,
		"This side closed second and waits for the last acknowledgement." },
	[STATE_LISTEN] = { "LISTEN", "LISTEN", "listening", "", TURN_PROGRAM,
		"A server socket that takes new connections." },
	[STATE_CLOSING] = { "CLOSING", "CLOSING", "closing", "", TURN_PEER,
		"Both sides closed at the same time and ours is not acknowledged yet." },
	[STATE_BOUND] = { "BOUND", "UNCONN", "bound-inactive", "bound bound-idle", TURN_PROGRAM,
		"A program holds the port with bind() and neither listens nor connects." },
};

static const struct { const char *name; uint32_t mask; } groups[] = {
	{ "all", STATE_ALL },
	{ "connected", STATE_CONNECTED },
	{ "synchronized", STATE_CONNECTED & ~STATE_BIT(STATE_SYN_SENT) },
	{ "bucket", STATE_BIT(STATE_SYN_RECV) | STATE_BIT(STATE_TIME_WAIT) },
	{ "big", STATE_ALL & ~(STATE_BIT(STATE_SYN_RECV) | STATE_BIT(STATE_TIME_WAIT)) },
};

/* Letters and digits only: "FIN-WAIT-2", "fin_wait2" and "FINWAIT2" agree. */
static bool same_letters(const char *a, size_t a_size, const char *b)
{
	const char *end = a + a_size;

	for (;;) {
		while (a < end && !isalnum((unsigned char)*a))
			a++;
		while (*b && !isalnum((unsigned char)*b))
			b++;
		if (a == end || !*b)
			return a == end && !*b;
		if (tolower((unsigned char)*a++) != tolower((unsigned char)*b++))
			return false;
	}
}

static bool is_called(const struct state_row *row, const char *word)
{
	const char *alias = row->aliases;
	size_t size;

	if (same_letters(row->name, strlen(row->name), word) ||
	    same_letters(row->ss, strlen(row->ss), word) ||
	    same_letters(row->filter, strlen(row->filter), word))
		return true;
	for (; *alias; alias += size + (alias[size] == ' ')) {
		size = strcspn(alias, " ");
		if (same_letters(alias, size, word))
			return true;
	}
	return false;
}

uint32_t state_mask_by_name(const char *word)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (strcasecmp(groups[i].name, word) == 0)
			return groups[i].mask;
	for (int i = 1; i < STATE_COUNT; i++)
		if (is_called(&state_table[i], word))
			mask |= STATE_BIT(i);
	return mask;
}

const char *turn_name(enum turn turn)
{
	static const char *const names[] = {
		[TURN_NOBODY] = "nobody", [TURN_PROGRAM] = "the program",
		[TURN_PEER] = "the peer", [TURN_KERNEL] = "the kernel",
	};

	return names[turn];
}
