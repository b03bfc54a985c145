/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/action.h"

#include <errno.h>
#include <string.h>

static int check_families(const struct families *families, const char *letter,
			  struct fault *fault)
{
	for (size_t i = 0; i < families->count; i++)
		if (families->at[i] != PROTOCOL_TCP && families->at[i] != PROTOCOL_UDP)
			return fault_set(fault, EOPNOTSUPP, "%s knows TCP and UDP sockets only; name them with -t, -u",
					 letter);
	return 0;
}

static unsigned needs(const struct action *action, const struct options *options)
{
	unsigned need = filter_need(&action->filter);

	if (format_is_json(options->format))
		need |= NEED_FLOW | NEED_CGROUP | NEED_LINKS;
	if (options->processes)
		need |= NEED_HOLDERS;
	return need;
}

int action_read(struct action *action, const struct options *options, const char *letter, size_t max)
{
	struct fault fault;
	int err;

	memset(action, 0, sizeof(*action));
	action->max = options->max ? options->max : max;
	err = families_choose(&action->families, options, &fault);
	if (!err)
		err = check_families(&action->families, letter, &fault);
	if (err) {
		cmd_fail(&fault);
		return err;
	}
	err = filters_read(&action->filter, options);
	if (!err)
		err = filters_need_inet(&action->filter, letter);
	action->states = filters_states(&action->filter, families_states(options));
	action->need = needs(action, options);
	return err;
}

void action_fini(struct action *action)
{
	filter_findings_fini(&action->findings);
	filter_fini(&action->filter);
}

struct collect_ask action_ask(const struct action *action, size_t i)
{
	return (struct collect_ask){
		.states = action->states, .need = action->need, .protocol = action->families.at[i],
		.ipv4 = action->families.ipv4, .ipv6 = action->families.ipv6,
		.port_origins = filter_has(&action->filter, FILTER_AUTOBOUND),
	};
}
