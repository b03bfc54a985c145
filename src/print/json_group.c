/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/group.h"

#include "print/answer.h"
#include "print/json_shapes.h"

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

static void json_ends(struct json *json, const struct group_page *view,
		      const struct group *group, size_t i)
{
	const struct group_key *key = &view->groups->keys[i];
	struct sock_end end = group_end(view->groups, group, i);
	struct text name = { 0 };

	json_open(json, key->member, '{');
	if (end.name) {
		group_name(&name, &end);
		json_name(json, "address", name.count ? name.at : NULL);
		text_fini(&name);
	} else if (key->column->peer && !end.port && addr_is_any(end.addr)) {
		json_null(json, "address");
	} else {
		json_addr(json, "address", end.addr, addr_family(end.addr));
	}
	json_count(json, "port", end.port && !end.name, end.port);
	json_close(json, '}');
}

static void json_address(struct json *json, const struct group_page *view,
			 const struct group *group, size_t i)
{
	struct text text = { 0 };

	group_cell(&text, view, group, i);
	json_string(json, view->groups->keys[i].member, text.count ? text.at : NULL);
	text_fini(&text);
}

static void json_key(struct json *json, const struct group_page *view, const struct group *group,
		     size_t i)
{
	const struct group_key *key = &view->groups->keys[i];
	enum kind kind = key->column->kind;
	struct value value;
	uint16_t port;

	switch (kind) {
	case KIND_PIDS:
		json_owner(json, view->page.seen, group, false);
		break;
	case KIND_COMMS:
		/* with a key of the process, the name is already a member */
		if (!groups_have(view->groups, KIND_PIDS))
			json_owner(json, view->page.seen, group, true);
		break;
	case KIND_HOST:
		json_address(json, view, group, i);
		break;
	case KIND_PORT:
		port = group_end(view->groups, group, i).port;
		json_count(json, key->member, port, port);
		break;
	case KIND_END:
		json_ends(json, view, group, i);
		break;
	case KIND_NETNS:
		json_netns(json, group_netns(view->groups, group, i));
		break;
	default:
		value = group_value(view->groups, group, i);
		json_value(json, key->member, kind, &value);
	}
}

static void json_group(struct json *json, const struct group_page *view, const struct group *group)
{
	struct group_more more = group_more(view->groups, group);

	for (size_t i = 0; i < view->groups->keys_count; i++)
		json_key(json, view, group, i);
	json_u64(json, "count", group->count);
	json_u64(json, "recv_queue_bytes", more.recv_queue_bytes);
	json_u64(json, "send_queue_bytes", more.send_queue_bytes);
	json_states(json, "states", more.count);
}

static void json_frame(struct json *json, const struct group_page *view)
{
	json_open(json, "by", '[');
	for (size_t i = 0; i < view->groups->keys_count; i++)
		json_string(json, NULL, view->groups->keys[i].name);
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
