/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/connect.h"

#include "print/json.h"

/* The schema has no word for "unknown": it is null. */
static const char *verdict_word(enum connect_verdict verdict)
{
	static const char *const words[] = {
		[CONNECT_OK] = "ok", [CONNECT_TIGHT] = "tight",
		[CONNECT_EXHAUSTED] = "exhausted", [CONNECT_UNKNOWN] = NULL,
	};

	return words[verdict];
}

static void put_cost(struct json *json, bool is, bool cliff)
{
	json_string(json, "search_cost", !is ? NULL : cliff ? "cliff" : "flat");
}

/* -- one destination ----------------------------------------------------- */

static void put_ask(struct json *json, const struct connect_page *page)
{
	const struct connect_ask *ask = page->ask;
	const char *device = ask->ifindex ? snapshot_link(page->seen, ask->ifindex) : NULL;

	json_address_port(json, "destination", &ask->destination, ask->family, ask->port);
	json_open(json, "source", '{');
	json_addr(json, "address", &ask->source, ask->family);
	json_string(json, "chosen_by", page->by_route ? "route" : "user");
	json_name(json, "device", device);
	json_close(json, '}');
	json_bool(json, "bind_first", ask->bind_first);
}

static void put_budget(struct json *json, const struct connect_answer *a)
{
	bool known = !connect_is_blind(a), whole = a->verdict != CONNECT_UNKNOWN;

	json_count(json, "capacity", known, a->capacity);
	json_count(json, "left", whole, a->left);
	json_count(json, "left_min", whole, a->left_min);
	json_count(json, "left_max", known, a->left_max);
	json_count(json, "used_by_destination", known, a->used_by_destination);
	if (known)
		json_states(json, "by_state", a->states);
	else
		json_null(json, "by_state");
	json_count(json, "recyclable", known, a->recyclable);
	json_count(json, "blocked_for_all", known, a->blocked_for_all);
	json_count(json, "used_and_blocked", known, a->used_and_blocked);
	json_count(json, "ambiguous", known, a->ambiguous);
	json_count(json, "reserved", known, a->reserved);
	json_known(json, "next_free_ms", &a->next_free_ms);
	json_real_of(json, "close_rate_per_s", known && a->rate_known, a->close_rate_per_s);
	json_real_of(json, "exhausted_in_s", known && a->exhaustion_known, a->exhausted_in_s);
	put_cost(json, known, a->cliff);
}

static void put_probe(struct json *json, const struct port_probe *probe)
{
	if (json_open_if(json, "probe", probe && probe->made, '{')) {
		json_u64(json, "ports_asked", probe->asked);
		json_u64(json, "packets_sent", probe->packets_sent);
		json_close(json, '}');
	}
	json_sentence(json, "probe_refused", probe ? probe->refusal : "");
}

static void put_user(struct json *json, const struct snapshot *seen,
		     const struct port_user *user)
{
	bool pretty = json_begin_line(json);

	json_process(json, user->process < 0 ? NULL : &seen->processes.at[user->process]);
	json_cgroup(json, user_cgroup(seen, user));
	json_bool(json, "blocks_all", user->blocks_all);
	json_u64(json, "count", user->count);
	json_states(json, "by_state", user->states);
	json_end_line(json, pretty);
}

static void put_users(struct json *json, const struct connect_page *page)
{
	if (!json_open_if(json, "users", !connect_is_blind(page->answer), '['))
		return;
	for (size_t i = 0; i < page->answer->users.count; i++)
		put_user(json, page->seen, &page->answer->users.at[i]);
	json_close(json, ']');
}

void connect_json(struct out *out, const struct style *style, const struct connect_page *page)
{
	const struct connect_answer *a = page->answer;
	struct json json;

	answer_begin(&json, out, style->format, "connect", page->seen);
	answer_part(&json, "verdict");
	put_ask(&json, page);
	put_budget(&json, a);
	json_string(&json, "verdict", verdict_word(a->verdict));
	json_string(&json, "errno", errno_name(a->err));
	json_evidence(&json, &a->facts);
	json_sentence(&json, "cause", text_str(&a->cause));
	put_probe(&json, page->probe);
	put_users(&json, page);
	json_advice(&json, "advice", &a->advice);
	json_advice(&json, "avoid", &a->avoid);
	json_advice(&json, "notes", &a->notes);
	answer_end(&json, page->seen, page->seen->socks.count, NULL, snapshot_is_complete(page->seen));
}

/* -- all destinations ---------------------------------------------------- */

static void put_overview(struct json *json, const struct destinations *all)
{
	bool known = all->worst != CONNECT_UNKNOWN || all->capacity;

	json_count(json, "capacity", known, all->capacity);
	json_count(json, "reserved", known, all->reserved);
	json_count(json, "blocked_for_all", known, all->blocked_for_all);
	json_string(json, "verdict", verdict_word(all->worst));
}

static void put_destination(struct json *json, const struct snapshot *seen,
			    const struct destination *d)
{
	bool known = d->verdict != CONNECT_UNKNOWN;

	json_addr(json, "source", &d->source, addr_family(&d->destination));
	json_addr(json, "destination", &d->destination, addr_family(&d->destination));
	json_u64(json, "port", d->port);
	json_name(json, "device", d->ifindex ? snapshot_link(seen, d->ifindex) : NULL);
	json_u64(json, "used", d->used);
	json_open(json, "by_state", '{');
	json_u64(json, state_table[STATE_ESTABLISHED].name, d->established);
	json_u64(json, state_table[STATE_TIME_WAIT].name, d->time_wait);
	json_u64(json, "other", d->other);
	json_close(json, '}');
	json_u64(json, "recyclable", d->recyclable);
	json_count(json, "left", known, d->left);
	json_count(json, "left_min", known, d->left_min);
	json_u64(json, "left_max", d->left_max);
	json_real_of(json, "gone_percent", known, d->percent_gone);
	json_real_of(json, "close_rate_per_s", d->rate_known, d->close_rate_per_s);
	json_real_of(json, "exhausted_in_s", d->exhaustion_known, d->exhausted_in_s);
	put_cost(json, true, d->cliff);
	json_string(json, "verdict", verdict_word(d->verdict));
}

void destinations_json(struct out *out, const struct style *style, const struct snapshot *seen,
		       const struct destinations *destinations)
{
	struct json json;

	answer_begin(&json, out, style->format, "connect", seen);
	put_overview(&json, destinations);
	answer_list(&json, "destinations");
	for (size_t i = 0; i < destinations->list.count; i++) {
		answer_item(&json, "destination", true);
		put_destination(&json, seen, &destinations->list.at[i]);
		answer_item_end(&json);
	}
	answer_list_end(&json);
	answer_end(&json, seen, seen->socks.count, NULL, snapshot_is_complete(seen));
}
