/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `list --by`: the groups of sockets, and how many sockets each has. */
#include "print/listing.h"

#include "print/cell.h"
#include "print/columns.h"
#include "print/grid.h"
#include "print/json.h"
#include "words/fill.h"

#define LABEL     9
#define BAR_MOST  24
#define STATES    3     /* the largest ones have names, the rest is one sum */

/* -- values -------------------------------------------------------------- */

static const char *owner_word(enum owner owner)
{
	return owner == OWNER_SEEN ? "seen" : owner == OWNER_HIDDEN ? "not seen" : "no process";
}

static void put_owner(struct text *text, const struct group_page *view, const struct group *group,
		      bool by_name)
{
	const struct process *process = &view->page.seen->processes.at[group->process];

	if (group->owner != OWNER_SEEN)
		cell_str(text, view->machine ? "" : owner_word(group->owner));
	else if (by_name)
		text_add_value(text, process->comm, process->comm_size,
			       view->machine ? "" : TEXT_WORD);
	else
		who_process_is(text, view->page.seen, group->process);
}

/* Of an end that is not of the internet: "NAME:SERVICE", or the one of them that is the key. */
static void group_name(struct text *text, const struct sock_end *end, enum kind kind)
{
	text_add(text, end->name, end->name_size);
	text_add(text, ":", kind == KIND_END && end->service_size);
	text_add(text, end->service, end->service_size);
}

/* As in the rows of list, no name is no value, and "*" is the kernel's word for "any". */
static void put_name(struct text *text, const struct group_page *view, const struct text *name)
{
	if (view->machine || (name->count == 1 && *name->at == '*'))
		cell_foreign(text, text_str(name), name->count);
	else if (name->count)
		cell_word(text, name->at, name->count);
}

static void put_end(struct text *text, const struct group_page *view, const struct group *group,
		    size_t i)
{
	struct sock_end end = group_end(view->groups, group, i);
	const struct column *column = view->groups->keys[i].column;
	struct text name = { 0 };

	if (end.name) {
		group_name(&name, &end, column->kind);
		put_name(text, view, &name);
		text_fini(&name);
	} else if (column->kind == KIND_PORT) {
		if (end.port)
			cell_u64(text, end.port);
	} else if (!column->peer || end.port || !addr_is_any(end.addr)) {
		if (column->kind == KIND_HOST)
			cell_addr(text, end.addr, addr_family(end.addr));
		else
			cell_host(text, end.addr, addr_family(end.addr));
		if (column->kind == KIND_END && end.port)
			text_addf(text, ":%u", end.port);
		else if (column->kind == KIND_END)
			cell_str(text, ":*");
	}
}

static void put_netns(struct text *text, const struct group_page *view, const struct group *group,
		      size_t i)
{
	const struct netns *netns = group_netns(view->groups, group, i);

	if (netns->visited || netns->name)
		netns_word(text, netns, view->machine ? "" : TEXT_WORD);
	else if (netns->inode)
		text_addf(text, "net:[%llu]", (unsigned long long)netns->inode);
}

/* The value of key number @i as a field; empty when it is not known. */
static void group_cell(struct text *text, const struct group_page *view, const struct group *group,
		       size_t i)
{
	const struct column *column = view->groups->keys[i].column;
	struct view cells = {
		.seen = view->page.seen, .style = view->page.style, .machine = view->machine,
	};
	struct value value;

	switch (column->kind) {
	case KIND_PIDS: case KIND_COMMS:
		put_owner(text, view, group, column->kind == KIND_COMMS);
		break;
	case KIND_HOST: case KIND_PORT: case KIND_END:
		put_end(text, view, group, i);
		break;
	case KIND_NETNS:
		put_netns(text, view, group, i);
		break;
	default:
		value = group_value(view->groups, group, i);
		if (value.told == TOLD_KNOWN)
			value_put(text, &cells, column->kind, &value);
	}
}

/* -- text ---------------------------------------------------------------- */

static void put_percent(struct text *text, uint64_t count, uint64_t all)
{
	double percent = all ? 100.0 * (double)count / (double)all : 0;

	page_percent(text, percent);
}

static enum state next_state(const struct group_more *more, uint32_t done)
{
	enum state best = STATE_NONE;

	for (int i = 1; i < STATE_COUNT; i++)
		if (more->count[i] && !(done & STATE_BIT(i)) &&
		    (!best || more->count[i] > more->count[best]))
			best = (enum state)i;
	return best;
}

/* "1,204 ESTAB, 3 CLOSE-WAIT" */
static void put_states(struct text *text, const struct group_more *more, uint64_t rest)
{
	uint32_t done = 0;
	enum state state;

	for (int i = 0; i < STATES && (state = next_state(more, done)); i++) {
		cell_str(text, i ? ", " : "");
		cell_thousands(text, more->count[state]);
		cell_char(text, ' ');
		cell_str(text, state_table[state].ss);
		done |= STATE_BIT(state);
		rest -= more->count[state];
	}
	page_amount(text, ", ", rest, " others");
}

static void put_row(struct grid *grid, size_t row)
{
	const struct group_page *view = grid->ctx;
	const struct groups *groups = view->groups;
	const struct group *group = &groups->list.at[row];
	struct group_more more = group_more(groups, group);
	struct grid_cell *bar;

	for (size_t i = 0; i < groups->keys_count; i++) {
		struct text *text = &grid_add(grid)->text;

		group_cell(text, view, group, i);
		if (!text->count)
			cell_char(text, '-');
	}
	cell_thousands(&grid_add(grid)->text, group->count);
	put_percent(&grid_add(grid)->text, group->count, groups->sockets);
	bar = grid_add(grid);
	bar->ink = INK_CYAN;
	if (grid->bar)
		screen_bar(&bar->text, view->page.style, group->count, groups->list.at[0].count,
			   grid->bar);
	cell_thousands(&grid_add(grid)->text, more.recv_queue_bytes);
	cell_thousands(&grid_add(grid)->text, more.send_queue_bytes);
	put_states(&grid_add(grid)->text, &more, group->count);
}

enum { COUNT, SHARE, BAR, RECV_QUEUE, SEND_QUEUE, IN_STATES, FIGURES };

static void name_columns(struct grid_column *columns, const struct groups *groups)
{
	static const struct grid_column figures[FIGURES] = {
		[COUNT] = { .heading = "COUNT", .right = true },
		[SHARE] = { .heading = "SHARE", .right = true, .spare = 3 },
		[BAR] = { .heading = "", .bar = BAR_MOST },
		[RECV_QUEUE] = { .heading = "RECV-Q", .right = true, .spare = 2 },
		[SEND_QUEUE] = { .heading = "SEND-Q", .right = true, .spare = 2 },
		[IN_STATES] = { .heading = "STATES", .spare = 1 },
	};

	for (size_t i = 0; i < groups->keys_count; i++)
		columns[i].heading = groups->keys[i].heading;
	memcpy(columns + groups->keys_count, figures, sizeof(figures));
}

void group_text(const struct group_page *view)
{
	struct grid_column columns[GROUP_KEYS_MOST + FIGURES] = { { .heading = "" } };
	struct grid grid = {
		.columns = columns, .columns_count = view->groups->keys_count + FIGURES,
		.rows = view->shown, .put_row = put_row, .ctx = view,
		.bare = !view->page.style->header,
	};

	name_columns(columns, view->groups);
	grid_print(&grid, &view->page);
}

/* -- CSV ----------------------------------------------------------------- */

struct line {
	struct text text, value;
	enum format format;
};

static void add_field(struct line *line, bool foreign)
{
	cell_char(&line->text, delimiter(line->format));
	delimited_put(&line->text, line->format, &line->value, foreign);
	line->value.count = 0;
}

static void add_word(struct line *line, const char *word)
{
	cell_str(&line->value, word);
	add_field(line, false);
}

static void add_number(struct line *line, uint64_t number)
{
	cell_u64(&line->value, number);
	add_field(line, false);
}

/* A process is two fields, a number and a name. */
static void put_names(struct line *line, const struct groups *groups)
{
	for (size_t i = 0; i < groups->keys_count; i++) {
		add_word(line, groups->keys[i].member);
		if (groups->keys[i].column->kind == KIND_PIDS)
			add_word(line, "comm");
	}
	add_word(line, "count");
	add_word(line, "recv_queue_bytes");
	add_word(line, "send_queue_bytes");
}

static void put_keys(struct line *line, const struct group_page *view, const struct group *group)
{
	for (size_t i = 0; i < view->groups->keys_count; i++) {
		if (view->groups->keys[i].column->kind == KIND_PIDS) {
			if (group->owner == OWNER_SEEN)
				cell_u64(&line->value, (uint64_t)
					 view->page.seen->processes.at[group->process].pid);
			add_field(line, false);
			put_owner(&line->value, view, group, true);
		} else {
			group_cell(&line->value, view, group, i);
		}
		add_field(line, true);
	}
}

void group_lines(const struct group_page *view)
{
	struct line line = { .format = view->page.style->format };

	if (view->page.style->header) {
		put_names(&line, view->groups);
		delimited_end(&line.text, view->page.out);
	}
	for (size_t i = 0; i < view->shown; i++) {
		const struct group *group = &view->groups->list.at[i];
		struct group_more more = group_more(view->groups, group);

		put_keys(&line, view, group);
		add_number(&line, group->count);
		add_number(&line, more.recv_queue_bytes);
		add_number(&line, more.send_queue_bytes);
		delimited_end(&line.text, view->page.out);
	}
	text_fini(&line.text);
	text_fini(&line.value);
}

/* -- JSON -- */

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

	if (!end.name) {
		bool none = key->column->peer && !end.port && addr_is_any(end.addr);

		json_address_port(json, key->member, none ? NULL : end.addr,
				  addr_family(end.addr), end.port);
		return;
	}
	group_name(&name, &end, KIND_END);
	json_open(json, key->member, '{');
	json_name(json, "address", name.count ? name.at : NULL);
	json_null(json, "port");
	json_close(json, '}');
	text_fini(&name);
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

int print_groups(struct out *out, const struct style *style, const struct snapshot *seen,
		 const struct groups *groups, size_t most)
{
	size_t count = groups->list.count;
	struct group_page view = {
		.page = { out, style, seen, LABEL }, .groups = groups,
		.shown = count < most ? count : most, .machine = style->format != FORMAT_TEXT,
	};

	format_table[style->format].groups(&view);
	return -out->err;
}
