/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef CMD_SESSION_H
#define CMD_SESSION_H

#include "base/out.h"
#include "cmd/cmd.h"
#include "collect/collect.h"
#include "print/print.h"

/* One run of a command that looks at sockets: from opening to the last byte. */
struct session {
	const struct options *options;
	struct collect *collect;
	struct snapshot seen;
	struct style style;
	struct fault fault;
	bool told;              /* the gaps stand on stderr already */
	bool judges;            /* silence is a verdict: limits must be known too */
};

/* Opens the source and reads the basics. Returns 0 or -errno, told already. */
int session_open(struct session *session, const struct options *options);

/*
 * Closes the source; @status becomes STATUS_UNKNOWN when the recording or the
 * output could not be completed, when what was seen is incomplete, or when
 * --strict meets any gap. @out may be NULL.
 */
enum status session_close(struct session *session, struct out *out, enum status status);

/* Flushes; a failure is told and is STATUS_UNKNOWN, otherwise @status. */
enum status session_flush(struct out *out, enum status status);

/* Colour, width and characters from options, environment and terminal. */
void session_style(struct style *style, const struct options *options);

/* Reads `state X` and `exclude X`; @states holds the default set. */
int session_states(const struct options *options, uint32_t *states, struct fault *fault);

/* Asks for TCP sockets as the options say. */
struct collect_ask session_ask(const struct options *options, uint32_t states, unsigned need);

#endif
