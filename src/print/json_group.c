/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/group.h"

#include "print/answer.h"
#include "print/cell.h"
#include "print/json_shapes.h"
#include "print/where.h"

static void json_owner(struct json *json, const struct snapshot *seen, const struct group *group,
		       bool by_name)
{
	static const char *const words[] = {
		[OWNER_SEEN] = "seen", [OWNER_HIDDEN] = "hidden", [OWNER_NONE] = "none",
	};
	const struct process *process = group->owner == OWNER_SEEN ?
					&seen->processes.at[group->process] : NULL;

	if (by_name)
		json_foreign(json, "comm", process && process->comm_size ? process->comm : NULL,
			     process ? process->comm_size : 0);
	else
		json_process(json, process);
	json_string(json, "owner", words[group->owner]);
}

static void json_ends(struct json *json, const struct group *group, enum group_key key)
{
	bool peer = key == GROUP_REMOTE;
	const struct group_example *sock = &group->example;
	const struct addr *addr = peer ? &sock->remote : &sock->local;
	uint16_t port = peer ? sock->remote_port : sock->local_port;
	const char *name = peer ? group->remote : group->local;

	json_open(json, group_table[key].member, '{');
	if (name)
		json_name(json, "address", *name ? name : NULL);
	else if (peer && !port && addr_is_any(addr))
		json_null(json, "address");
	else
		json_addr(json, "address", addr, group_family(addr));
	json_count(json, "port", port && !name, port);
	json_close(json, '}');
}

static void json_text(struct json *json, const struct group_page *view, const struct group *group,
		      enum group_key key)
{
	struct text text = { 0 };

	group_value(&text, view, group, key);
	json_string(json, group_table[key].member, text.count ? text.at : NULL);
	text_fini(&text);
}

static void json_netns(struct json *json, const struct snapshot *seen, const struct group *group)
{
	if (group->place) {
		json_place(json, "netns", group->place);
		return;
	}
	json_open(json, "netns", '{');
	json_name(json, "name", seen->netns_name[0] ? seen->netns_name : NULL);
	json_count(json, "inode", seen->netns_inode, seen->netns_inode);
	json_close(json, '}');
}

static void json_key(struct json *json, const struct group_page *view, const struct group *group,
		     enum group_key key)
{
	const struct group_example *sock = &group->example;
	const struct cgroup *cgroup = group_cgroup(view->page.seen, group);

	switch (key) {
	case GROUP_PROCESS:
		json_owner(json, view->page.seen, group, false);
		break;
	case GROUP_COMM:
		/* With the process its name is there already. */
		if (!groups_have(view->groups, GROUP_PROCESS))
			json_owner(json, view->page.seen, group, true);
		break;
	case GROUP_UNIT:
	case GROUP_CGROUP:
		json_name(json, group_table[key].member,
			  !cgroup ? NULL : key == GROUP_UNIT ? cgroup_unit(cgroup) : cgroup->path);
		break;
	case GROUP_UID:
		json_count(json, "uid", sock->uid_known, sock->uid);
		break;
	case GROUP_LOCAL_PORT:
		json_count(json, "local_port", sock->local_port, sock->local_port);
		break;
	case GROUP_REMOTE_PORT:
		json_count(json, "remote_port", sock->remote_port, sock->remote_port);
		break;
	case GROUP_LOCAL:
	case GROUP_REMOTE:
		json_ends(json, group, key);
		break;
	case GROUP_NETNS:
		json_netns(json, view->page.seen, group);
		break;
	default:
		json_text(json, view, group, key);
	}
}

static void json_group(struct json *json, const struct group_page *view, const struct group *group)
{
	struct group_states states = group_states(view->groups, group);

	for (size_t i = 0; i < view->groups->keys_count; i++)
		json_key(json, view, group, view->groups->keys[i]);
	json_u64(json, "count", group->count);
	json_u64(json, "recv_queue_bytes", group->recv_queue_bytes);
	json_u64(json, "send_queue_bytes", group->send_queue_bytes);
	json_states(json, "states", states.count);
}

static void json_frame(struct json *json, const struct group_page *view)
{
	json_open(json, "by", '[');
	for (size_t i = 0; i < view->groups->keys_count; i++)
		json_string(json, NULL, group_table[view->groups->keys[i]].name);
	json_close(json, ']');
	json_u64(json, "groups_found", view->groups->list.count);
}

void group_json(const struct group_page *view)
{
	const struct snapshot *seen = view->page.seen;
	struct json json;

	answer_begin(&json, view->page.out, view->page.style->format, "list", seen);
	json_frame(&json, view);
	answer_list(&json, "groups");
	for (size_t i = 0; i < view->shown; i++) {
		answer_item(&json, "group", false);
		json_group(&json, view, &view->groups->list.at[i]);
		answer_item_end(&json);
	}
	answer_list_end(&json);
	answer_end(&json, seen, view->groups->sockets, NULL, snapshot_lists_all(seen));
}
