/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/connect.h"

const struct cgroup *user_cgroup(const struct snapshot *seen, const struct port_user *user)
{
	uint64_t id = user->process < 0 ? 0 : seen->processes.at[user->process].cgroup_id;

	id = id ? id : user->cgroup_id;
	return id ? snapshot_cgroup(seen, id) : NULL;
}

int print_connect(struct out *out, const struct style *style, const struct snapshot *seen,
		  const struct connect_ask *ask, bool by_route, const struct port_probe *probe,
		  const struct connect_answer *answer)
{
	struct connect_page page = { seen, ask, by_route, probe, answer };

	if (is_silent(style, seen, answer->verdict == CONNECT_OK))
		return -out->err;
	if (style->format == FORMAT_TEXT)
		connect_text(out, style, &page);
	else
		connect_json(out, style, &page);
	return -out->err;
}

int print_destinations(struct out *out, const struct style *style, const struct snapshot *seen,
		       const struct destinations *destinations)
{
	if (is_silent(style, seen, destinations->worst == CONNECT_OK))
		return -out->err;
	if (style->format == FORMAT_TEXT)
		destinations_text(out, style, seen, destinations);
	else
		destinations_json(out, style, seen, destinations);
	return -out->err;
}
