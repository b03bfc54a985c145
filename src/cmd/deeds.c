/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/deeds.h"

#include "base/errline.h"
#include "base/number.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

#define MAX_MOST 1000000

/* An option that is given and would be without effect is worse than an error. */
static int refuse_others(const struct options *options, const char *letter, struct fault *fault)
{
	const struct { const char *name; bool given; } others[] = {
		{ "--csv", options->csv }, { "--tsv", options->tsv }, { "--pids", options->pids },
		{ "--sort", options->sort }, { "--by", options->by }, { "--top", options->top_word },
		{ "--summary", options->summary }, { "--continuous", options->repeat_word },
		{ "--all-netns", options->all_netns }, { "--diag", options->diag },
		{ "--record", options->record }, { "--explain-filter", options->explain_filter },
	};

	if (options->kill && options->events)
		return fault_set(fault, EINVAL, "-K and -E exclude each other");
	if (options->from)
		return fault_set(fault, EINVAL,
				 "%s needs the live kernel: a recording (--from) has no sockets any more",
				 letter);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (others[i].given)
			return fault_set(fault, EINVAL, "%s and %s exclude each other",
					 letter, others[i].name);
	return 0;
}

static int read_max(const char *word, size_t usual, size_t *max, struct fault *fault)
{
	uint64_t value;

	*max = usual;
	if (!word)
		return 0;
	if (!number_whole(word, MAX_MOST, &value) || !value)
		return fault_set(fault, EINVAL, "--max takes a number from 1 to %d, not '%s'",
				 MAX_MOST, QUOTE(word));
	*max = value;
	return 0;
}

static int check_families(const struct families *families, const char *letter,
			  struct fault *fault)
{
	for (size_t i = 0; i < families->count; i++)
		if (families->at[i] != PROTOCOL_TCP && families->at[i] != PROTOCOL_UDP)
			return fault_set(fault, EOPNOTSUPP, "%s knows TCP and UDP sockets only; name them with -t, -u",
					 letter);
	return 0;
}

static unsigned needs(const struct deed *deed, const struct options *options)
{
	unsigned need = filter_need(&deed->filter);

	if (options->json || options->jsonl)
		need |= NEED_FLOW | NEED_CGROUP | NEED_LINKS;
	if (options->processes)
		need |= NEED_HOLDERS;
	return need;
}

int deed_read(struct deed *deed, const struct options *options, const char *letter, size_t max)
{
	struct fault fault;
	int err;

	memset(deed, 0, sizeof(*deed));
	err = refuse_others(options, letter, &fault);
	if (!err)
		err = read_max(options->max_word, max, &deed->max, &fault);
	if (!err)
		err = families_choose(&deed->families, options, &fault);
	if (!err)
		err = check_families(&deed->families, letter, &fault);
	if (err) {
		cmd_fail(&fault);
		return err;
	}
	err = filters_read(&deed->filter, options);
	if (!err)
		err = filters_need_inet(&deed->filter, letter);
	deed->states = filters_states(&deed->filter, families_states(options));
	deed->need = needs(deed, options);
	return err;
}

void deed_fini(struct deed *deed)
{
	filter_findings_fini(&deed->findings);
	filter_fini(&deed->filter);
}

int deed_prepare(struct deed *deed)
{
	struct session *session = &deed->session;
	int err = 0;

	if (deed->need & NEED_HOLDERS)
		err = collect_holders(session->collect, &session->seen, NULL, &session->fault);
	if (!err && (deed->need & NEED_CGROUP))
		err = collect_cgroups(session->collect, &session->seen, NULL, &session->fault);
	return err;
}

struct collect_ask deed_ask(const struct deed *deed, size_t i)
{
	return (struct collect_ask){
		.states = deed->states, .need = deed->need, .protocol = deed->families.at[i],
		.ipv4 = deed->families.ipv4, .ipv6 = deed->families.ipv6,
		.port_origins = filter_has(&deed->filter, FILTER_AUTOBOUND),
	};
}
