/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sentences about sockets that list -K was to close. */
#include "words/words.h"

#include <errno.h>
#include <string.h>

const char *const outcome_names[OUTCOME_COUNT] = {
	[OUTCOME_DESTROYED] = "destroyed", [OUTCOME_GONE] = "gone",
	[OUTCOME_CHANGED] = "changed", [OUTCOME_DENIED] = "denied",
	[OUTCOME_UNSUPPORTED] = "unsupported", [OUTCOME_FAILED] = "failed",
};

static const struct words_row rows[] = {
	{ "outcome=destroyed now", "it stays bound until its program closes it" },
	{ "outcome=gone", "it was closed or reset meanwhile" },
	{ "outcome=changed moved", "it is in {now} now" },
	{ "outcome=changed !moved", "the filter does not match it any more" },
	{ "outcome=denied", "that takes CAP_NET_ADMIN" },
	{ "outcome=unsupported errno=ENODATA", "the kernel tells no cookie of it" },
	{ "outcome=unsupported not_found bound", "the kernel does not close a socket that is only bound" },
	{ "outcome=unsupported not_found !bound", "the kernel finds another socket under its address" },
	{ "outcome=unsupported !not_found errno!=ENODATA",
	  "this kernel does not close such sockets (CONFIG_INET_DIAG_DESTROY)" },
	{ "outcome=failed", "{error}" },
	{ NULL, NULL },
};

void words_kill(struct text *text, const struct kill_target *target)
{
	const struct kill_result *result = &target->result;
	struct facts facts = { .count = 0 };

	facts_word(&facts, "outcome", outcome_names[result->outcome]);
	if (result->now != STATE_NONE)
		facts_word(&facts, "now", state_table[result->now].ss);
	facts_bool(&facts, "moved", result->now != target->sock.state);
	facts_bool(&facts, "bound", target->sock.state == STATE_BOUND);
	facts_bool(&facts, "not_found", result->err == ENOENT || result->err == ESTALE);
	facts_word(&facts, "errno", errno_name(result->err) ?: "none");
	text_addf(facts_words(&facts, "error"), "%s", strerror(result->err));
	fill_rows(text, rows, &facts);
	facts_fini(&facts);
}
