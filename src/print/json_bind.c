/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/bind.h"

#include "print/json.h"
#include "words/words.h"

#include <string.h>

/* -- what both kinds have in common -------------------------------------- */

static const char *fails_at(const struct bind_outcome *outcome)
{
	return outcome->verdict != VERDICT_FAILS ? NULL : outcome->at_listen ? "listen" : "bind";
}

static void put_outcome(struct json *json, const struct bind_outcome *outcome)
{
	json_string(json, "verdict", verdict_name(outcome->verdict));
	json_string(json, "errno", errno_name(outcome->err));
	json_string(json, "fails_at", fails_at(outcome));
}

static const char *known_verdict(const struct bind_outcome *outcome)
{
	return outcome->verdict == VERDICT_UNKNOWN ? NULL : verdict_name(outcome->verdict);
}

/* -- TCP and UDP --------------------------------------------------------- */

static const char *link_name(const struct snapshot *seen, uint32_t ifindex)
{
	return ifindex ? snapshot_link(seen, ifindex) : NULL;
}

static void put_ask(struct json *json, const struct snapshot *seen, const struct bind_ask *ask)
{
	json_string(json, "protocol", ask->protocol == PROTOCOL_UDP ? "udp" : "tcp");
	json_string(json, "family", ask->family == FAMILY_IPV4 ? "ipv4" : "ipv6");
	json_addr(json, "address", &ask->addr, ask->family);
	json_name(json, "scope", link_name(seen, ask->scope));
	json_u64(json, "port", ask->port);
	json_open(json, "options", '{');
	json_bool(json, "reuseaddr", ask->reuseaddr);
	json_bool(json, "reuseport", ask->reuseport);
	json_bool(json, "v6only", ask->v6only);
	json_name(json, "device", link_name(seen, ask->ifindex));
	json_count(json, "ifindex", ask->ifindex, ask->ifindex);
	json_u64(json, "uid", ask->uid);
	json_close(json, '}');
}

static void put_with(struct json *json, const struct bind_answer *answer)
{
	json_open(json, "with", '{');
	for (int i = 0; i < WITH_COUNT; i++)
		json_string(json, bind_with_name[i], known_verdict(&answer->with[i]));
	json_close(json, '}');
}

static void put_blocker(struct json *json, const struct style *style,
			const struct snapshot *seen, const struct bind_blocker *blocker)
{
	struct text sentence = { .at = NULL };
	const struct sock *sock = &seen->socks.at[blocker->sock];
	bool pretty = json_begin_line(json);

	json_sock_members(json, sock, seen, style);
	json_string(json, "why", bind_why_name[blocker->why]);
	json_bool(json, "certain", blocker->certain);
	json_open(json, "flags", '{');
	json_flag(json, "reuseaddr", sock->have & HAVE_REUSEADDR, sock->reuseaddr);
	json_flag(json, "reuseport", sock->have & HAVE_REUSEPORT, sock->reuseport);
	json_close(json, '}');
	json_known(json, "frees_in_ms", &blocker->frees_in_ms);
	words_blocker(&sentence, seen, blocker);
	json_sentence(json, "text", text_str(&sentence));
	text_fini(&sentence);
	json_end_line(json, pretty);
}

static void put_blockers(struct json *json, const struct style *style,
			 const struct bind_page *bind)
{
	json_open(json, "blockers", '[');
	for (size_t i = 0; i < bind->answer->blockers.count; i++)
		put_blocker(json, style, bind->seen, &bind->answer->blockers.at[i]);
	json_close(json, ']');
}

static void put_probe(struct json *json, const struct bind_probe *probe)
{
	if (json_open_if(json, "probe", probe->made, '{')) {
		json_string(json, "errno", errno_name(probe->err));
		json_close(json, '}');
	}
	json_sentence(json, "probe_refused", probe->refusal);
}

static void put_elsewhere(struct json *json, const struct bind_context *context)
{
	if (!json_open_if(json, "elsewhere", context->elsewhere_known || context->elsewhere.count, '['))
		return;
	for (size_t i = 0; i < context->elsewhere.count; i++) {
		const struct elsewhere *other = &context->elsewhere.at[i];
		bool named = other->comm_size, pretty = json_begin_line(json);

		json_count(json, "netns_inode", other->netns_inode, other->netns_inode);
		json_name(json, "name", *other->name ? other->name : NULL);
		json_count(json, "pid", other->pid > 0, (uint64_t)other->pid);
		json_foreign(json, "comm", named ? other->comm : NULL, other->comm_size);
		json_u64(json, "listeners", other->listeners);
		json_u64(json, "sockets", other->listeners + (uint64_t)other->others);
		json_end_line(json, pretty);
	}
	json_close(json, ']');
}

/* When the address is the reason, lists the addresses that bind() could use. */
static void put_own_addresses(struct json *json, const struct bind_page *bind)
{
	if (!facts_find(&bind->answer->facts, "works_with_address"))
		return;
	json_open(json, "own_addresses", '[');
	for (size_t i = 0; i < bind->seen->locals.count; i++)
		json_addr(json, NULL, &bind->seen->locals.at[i].addr,
			  addr_family(&bind->seen->locals.at[i].addr));
	json_close(json, ']');
}

static void put_members(struct json *json, const struct style *style, const struct bind_page *bind)
{
	const struct bind_answer *answer = bind->answer;

	put_ask(json, bind->seen, bind->ask);
	put_outcome(json, &answer->asked);
	json_evidence(json, &answer->facts);
	json_sentence(json, "cause", text_str(&answer->cause));
	json_sentence(json, "settles", text_str(&answer->settles));
	put_with(json, answer);
	put_blockers(json, style, bind);
	json_known(json, "free_in_ms", &answer->free_in_ms);
	if (answer->rival.is) {
		json_open(json, "bound_too", '{');
		json_holders(json, bind->seen, bind->seen->socks.at[answer->rival.value].inode, 0);
		json_close(json, '}');
	}
	put_own_addresses(json, bind);
	put_probe(json, &bind->context->probe);
	json_advice(json, "advice", &answer->advice);
	json_advice(json, "notes", &answer->notes);
}

static uint64_t count_socks(const struct bind_page *pages, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += pages[i].seen->socks.count;
	return sum;
}

static void put_netns(struct json *json, const struct style *style, const struct bind_page *bind)
{
	answer_item(json, "verdict", false);
	json_netns(json, bind->seen->netns);
	put_members(json, style, bind);
	answer_item_end(json);
}

static void put_each(struct json *json, const struct style *style, const struct bind_page *pages,
		     size_t count, size_t vacant)
{
	answer_list(json, "namespaces");
	for (size_t i = 0; i < count; i++)
		put_netns(json, style, &pages[i]);
	answer_list_end(json);
	answer_tail(json);
	json_u64(json, "without_owner", vacant);
}

void bind_json(struct out *out, const struct style *style, const struct snapshot *seen,
	       const struct bind_page *pages, size_t count, size_t vacant)
{
	struct json json;

	answer_begin(&json, out, style->format, "bind", seen);
	if (style->with_netns) {
		put_each(&json, style, pages, count, vacant);
	} else {
		answer_part(&json, "verdict");
		put_members(&json, style, pages);
		put_elsewhere(&json, pages->context);
	}
	answer_end(&json, seen, count_socks(pages, count), NULL, snapshot_is_complete(seen));
}

/* -- unix ---------------------------------------------------------------- */

static void put_name(struct json *json, const struct unix_ask *ask)
{
	struct text name = { 0 };

	text_add(&name, "@", ask->abstract);
	text_add(&name, ask->name, ask->size);
	json_foreign(json, "address", text_str(&name), name.count);
	text_fini(&name);
	json_null(json, "port");
	json_string(json, "type", unix_type_name(ask->type));
}

/* Writes the options as null, because none of them means anything for unix sockets. */
static void put_no_options(struct json *json)
{
	static const char *const names[] = {
		"reuseaddr", "reuseport", "v6only", "device", "uid",
	};

	json_open(json, "options", '{');
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		json_null(json, names[i]);
	json_close(json, '}');
}

static void put_unix_sock(struct json *json, const struct snapshot *seen,
			  const struct unix_sock *sock)
{
	bool pretty = json_begin_line(json);

	json_u64(json, "inode", sock->inode);
	json_string(json, "type", unix_type_name(sock->type));
	json_bool(json, "listens", sock->listens);
	json_u64(json, "recv_queue", sock->recv_queue);
	json_u64(json, "send_queue", sock->send_queue);
	json_holders(json, seen, sock->inode, 0);
	json_null(json, "frees_in_ms");
	json_end_line(json, pretty);
}

static void put_file(struct json *json, const struct unix_page *named)
{
	static const char *const names[] = {
		[UNIX_FILE_UNKNOWN] = NULL, [UNIX_FILE_NONE] = "none",
		[UNIX_FILE_SOCKET] = "socket", [UNIX_FILE_OTHER] = "other",
		[UNIX_FILE_DANGLING] = "dangling symbolic link",
	};
	const struct unix_context *context = named->context;
	bool other = context->file == UNIX_FILE_OTHER && *context->file_kind;

	json_string(json, "file", named->ask->abstract ? NULL :
		    other ? context->file_kind : names[context->file]);
}

void unix_json(struct out *out, const struct style *style, const struct unix_page *named)
{
	const struct bind_answer *answer = named->answer;
	struct json json;

	answer_begin(&json, out, style->format, "bind", named->seen);
	answer_part(&json, "verdict");
	json_string(&json, "protocol", "unix");
	put_name(&json, named->ask);
	put_no_options(&json);
	put_outcome(&json, &answer->asked);
	json_evidence(&json, &answer->facts);
	json_sentence(&json, "cause", text_str(&answer->cause));
	put_with(&json, answer);
	put_file(&json, named);
	json_open(&json, "blockers", '[');
	for (size_t i = 0; i < named->context->socks.count; i++)
		put_unix_sock(&json, named->seen, &named->context->socks.at[i]);
	json_close(&json, ']');
	json_known(&json, "free_in_ms", &answer->free_in_ms);
	json_null(&json, "probe");
	json_advice(&json, "advice", &answer->advice);
	json_advice(&json, "notes", &answer->notes);
	answer_end(&json, named->seen, named->context->socks.count, NULL,
		   snapshot_is_complete(named->seen));
}
