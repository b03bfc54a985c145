/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_CONNECT_H
#define MODEL_CONNECT_H

#include "model/finding.h"
#include "model/snapshot.h"

/* A question about connect(), what was seen for it, and its answer. */

struct connect_ask {
	enum family family;
	struct addr source, destination;
	uint16_t port;
	uint32_t ifindex;               /* SO_BINDTODEVICE; 0: none */
	bool     bind_first;            /* bind(source, 0) without IP_BIND_ADDRESS_NO_PORT */
};

/* The route to a destination; recorded as it is. */
struct chosen_route {
	uint32_t known;                 /* 0 or 1 */
	uint32_t ifindex;
	int32_t  err;                   /* ENETUNREACH, EHOSTUNREACH, ...: none */
	struct addr source;             /* the kernel would pick */
};

/* The zero-packet probe: what the kernel said of single ports; recorded as it is. */
struct port_probe {
	uint32_t made;                  /* 0 or 1 */
	uint32_t asked;
	uint32_t packets_sent;          /* measured; stays 0 */
	char     refusal[200];          /* why it was not made, or ended early */
	uint8_t  answered[65536 / 8];   /* bit per port that was asked and answered */
	uint8_t  usable[65536 / 8];     /* of those, connect() may use it */
};

enum connect_verdict { CONNECT_OK, CONNECT_TIGHT, CONNECT_EXHAUSTED, CONNECT_UNKNOWN };

/* Who holds ports that this destination cannot have. */
struct port_user {
	int32_t  process;               /* index in snapshot, -1: none or not seen */
	uint64_t cgroup_id;             /* 0: unknown */
	bool     blocks_all;            /* ports lost to every destination */
	uint32_t count;
	uint32_t states[STATE_COUNT];
};

struct connect_answer {
	uint32_t capacity, reserved;
	uint32_t left, left_min, left_max;
	uint32_t used_by_destination;   /* ports with a socket on this very 4-tuple */
	uint32_t states[STATE_COUNT];   /* of those */
	uint32_t recyclable;
	uint32_t blocked_for_all;       /* ports whose owner certainly took them from everybody */
	uint32_t used_and_blocked;      /* ports that count as both of these */
	uint32_t ambiguous;             /* ports that perhaps are so */
	struct known next_free_ms;      /* until the next TIME_WAIT gives its port back */
	bool     rate_known;
	double   close_rate_per_s;
	bool     exhaustion_known;
	double   exhausted_in_s;
	bool     cliff;                 /* more than half of the range is searched in vain */
	enum connect_verdict verdict;
	int      err;                   /* EADDRNOTAVAIL, EADDRINUSE (bind first), or 0 */
	struct { struct port_user *at; size_t count, room; } users;     /* most first */
	struct facts facts;             /* what else the words rest on */
	/* By words_connect(): the verdict in a sentence, what helps, what does not, what else matters. */
	struct text cause;
	struct advice advice, avoid, notes;
	uint8_t  open[65536 / 8];       /* ports that are ambiguous: what a probe is to ask */
};
void connect_answer_fini(struct connect_answer *answer);

/* One line of the list of all destinations. */
struct destination {
	struct addr source, destination;
	uint16_t port;
	uint32_t ifindex;
	uint32_t used, time_wait, established, other, recyclable;
	uint32_t left, left_min, left_max;
	bool     rate_known, exhaustion_known;
	double   close_rate_per_s, exhausted_in_s;
	bool     cliff;
	enum connect_verdict verdict;
	double   percent_gone;
};

struct destinations {
	uint32_t capacity, reserved, blocked_for_all;
	struct { struct destination *at; size_t count, room; } list;    /* fullest first */
	enum connect_verdict worst;
};
void destinations_fini(struct destinations *destinations);

#endif
