/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_STATE_H
#define MODEL_STATE_H

#include <stdint.h>

/*
 * TCP states. The first eleven numbers are the kernel's (include/net/tcp_states.h;
 * collect/ asserts that). BOUND is a socket that is bound and neither listening nor
 * connected; the kernel tells it as CLOSE when asked with bit 13.
 */
enum state {
	STATE_NONE,
	STATE_ESTABLISHED,
	STATE_SYN_SENT,
	STATE_SYN_RECV,
	STATE_FIN_WAIT_1,
	STATE_FIN_WAIT_2,
	STATE_TIME_WAIT,
	STATE_CLOSE,
	STATE_CLOSE_WAIT,
	STATE_LAST_ACK,
	STATE_LISTEN,
	STATE_CLOSING,
	STATE_BOUND,
	STATE_COUNT,
};

/* Sets of states are masks of these bits. */
#define STATE_BIT(state) (1u << (state))
#define STATE_ALL        ((1u << STATE_COUNT) - 2u)
/* All states that are or were a connection. */
#define STATE_CONNECTED \
	(STATE_ALL & ~(STATE_BIT(STATE_LISTEN) | STATE_BIT(STATE_CLOSE) | \
		       STATE_BIT(STATE_BOUND)))

/* What ss shows without -a and -l. */
#define STATE_SHOWN \
	(STATE_CONNECTED & ~(STATE_BIT(STATE_SYN_RECV) | STATE_BIT(STATE_TIME_WAIT)))

/* Who has to act before the socket can leave the state. */
enum turn { TURN_NOBODY, TURN_PROGRAM, TURN_PEER, TURN_KERNEL };

struct state_row {
	const char *name;       /* JSON spelling: "CLOSE_WAIT" */
	const char *ss;         /* ss's column: "CLOSE-WAIT" */
	const char *filter;     /* ss's filter word: "close-wait" */
	const char *aliases;    /* further spellings, blank-separated, or "" */
	enum turn   turn;
	const char *meaning;    /* one sentence */
};

/* THE state table, indexed by enum state; row 0 is "UNKNOWN". */
extern const struct state_row state_table[STATE_COUNT];

/*
 * The states that @word means, as a mask: one state in any spelling of ss, netstat, lsof
 * or ours, in any case, or a group of ss (all connected synchronized bucket big). 0 when
 * @word names no state.
 */
uint32_t state_mask_by_name(const char *word);

/* "the program", "the peer", "the kernel" or "nobody". */
const char *turn_name(enum turn turn);

#endif
