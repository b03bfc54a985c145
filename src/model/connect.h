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

/* The route to a destination. Recorded as it is. */
struct chosen_route {
	uint32_t known;                 /* 0 or 1 */
	uint32_t ifindex;
	int32_t  err;                   /* ENETUNREACH, EHOSTUNREACH, ...: no route; else 0 */
	struct addr source;             /* the address that the kernel would choose */
};

/*
 * What the kernel answered about single ports when it was probed without sending a
 * packet. Recorded as it is.
 */
struct port_probe {
	uint32_t made;                  /* 0 or 1 */
	uint32_t asked;
	uint32_t packets_sent;          /* measured; stays 0 */
	char     refusal[200];          /* why it was not made, or ended early */
	uint8_t  answered[65536 / 8];   /* one bit a port: probed and answered */
	uint8_t  usable[65536 / 8];     /* one bit a port, of those: connect() may use it */
};

enum connect_verdict { CONNECT_OK, CONNECT_TIGHT, CONNECT_EXHAUSTED, CONNECT_UNKNOWN };

/* An owner of ports that this destination cannot use. */
struct port_user {
	int32_t  process;               /* index in snapshot, -1: none or not seen */
	uint64_t cgroup_id;             /* 0: unknown */
	bool     blocks_all;            /* these ports are lost to every destination */
	uint32_t count;
	uint32_t states[STATE_COUNT];
};

/* A destination from one source address and device, and the ports that it uses and leaves. */
struct destination {
	struct addr source, destination;
	uint16_t port;
	uint32_t ifindex;
	uint32_t used;                  /* ports with a socket on this very 4-tuple */
	uint32_t time_wait, established, other, recyclable;
	uint32_t left, left_min, left_max;
	bool     rate_known;
	double   close_rate_per_s;
	bool     exhaustion_known;
	double   exhausted_in_s;
	bool     cliff;                 /* connect() scans more than half of the range in vain */
	enum connect_verdict verdict;
	double   percent_gone;          /* of the capacity */
};

struct connect_answer {
	struct destination ports;       /* what it asks for is in the question */
	uint32_t capacity, reserved;
	uint32_t states[STATE_COUNT];   /* used ports by state */
	uint32_t blocked_for_all;       /* ports whose owner certainly took them from everybody */
	uint32_t used_and_blocked;      /* ports that both of the above count */
	uint32_t ambiguous;             /* ports whose owner may have called bind() */
	struct known next_free_ms;      /* until the next TIME_WAIT gives its port back */
	int      err;                   /* EADDRNOTAVAIL, EADDRINUSE (bind first), or 0 */
	struct { struct port_user *at; size_t count, room; } users;     /* most first */
	struct facts facts;             /* further facts that the sentences need */
	/*
	 * Filled by words_connect(): the verdict in one sentence, what helps, what does
	 * not, and notes.
	 */
	struct text cause;
	struct advice advice, avoid, notes;
	uint8_t  open[65536 / 8];       /* ambiguous ports, which a probe would ask about */
};
void connect_answer_fini(struct connect_answer *answer);

struct destinations {
	uint32_t capacity, reserved, blocked_for_all;
	struct { struct destination *at; size_t count, room; } list;    /* the fullest destination first */
	enum connect_verdict worst;
};
void destinations_fini(struct destinations *destinations);

#endif
