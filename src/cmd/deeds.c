/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/deeds.h"

#include "base/errline.h"

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

static unsigned needs(const struct deed *deed, const struct options *options)
{
	unsigned need = filter_need(&deed->filter);

	if (format_is_json(options->format))
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
	deed->max = options->max ? options->max : max;
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
