/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `bind` for a person who was woken up by it, in this order: one line with the
 * verdict, what is in the way and when it is gone; each blocker; which options
 * would help; what to do; what else is worth knowing.
 */
#include "print/bind.h"

#include "print/cell.h"
#include "print/endpoint.h"
#include "print/grid.h"
#include "print/page.h"
#include "words/words.h"

#include <errno.h>

#define LABEL         11        /* columns for "settled by" and a blank */
#define UNIX_LABEL    8         /* for "blocker" and a blank */
#define HOLDERS_NAMED 4         /* by the sentence about a blocker; all are named if more */
#define BLOCKERS_MAX  8         /* on a terminal; what to do stands below them */

static enum ink ink_of(enum verdict verdict)
{
	return verdict == VERDICT_OK ? INK_GREEN : verdict == VERDICT_FAILS ? INK_RED : INK_YELLOW;
}

/* -- what was asked ------------------------------------------------------ */

/* "0.0.0.0:8080", "[fe80::1%eth0]:80" */
static void put_endpoint(struct text *text, const struct snapshot *seen, const struct addr *addr,
			 enum family family, uint16_t port, uint32_t scope)
{
	bool brackets = family == FAMILY_IPV6;

	if (brackets)
		cell_char(text, '[');
	cell_addr(text, addr, family);
	if (scope) {
		cell_char(text, '%');
		endpoint_link(text, &(struct view){ .seen = seen }, scope);
	}
	cell_str(text, brackets ? "]:" : ":");
	cell_u64(text, port);
}

/* What decides beside the address: protocol, options, device, and who asks. */
static void put_ask(struct text *text, const struct snapshot *seen, const struct bind_ask *ask)
{
	bool any6 = ask->family == FAMILY_IPV6 && addr_is_any(&ask->addr) &&
		    !addr_is_v4(&ask->addr);

	put_endpoint(text, seen, &ask->addr, ask->family, ask->port, ask->scope);
	cell_str(text, ask->protocol == PROTOCOL_UDP ? " (UDP" : " (TCP");
	if (any6)
		cell_str(text, ask->v6only ? ", IPv6 only" : ", IPv4 too");
	if (ask->ifindex) {
		cell_str(text, ", on ");
		endpoint_link(text, &(struct view){ .seen = seen }, ask->ifindex);
	}
	cell_str(text, ask->reuseaddr ? ", SO_REUSEADDR" : "");
	cell_str(text, ask->reuseport ? ", SO_REUSEPORT" : "");
	if (ask->uid)
		text_addf(text, ", uid %u", ask->uid);
	cell_char(text, ')');
}

/* -- one blocker --------------------------------------------------------- */

static void put_flag(struct text *text, const char *name, bool known, bool value)
{
	text_addf(text, ", %s %s", name, !known ? "not known" : value ? "on" : "off");
}

static void put_flags(struct text *text, const struct sock *sock)
{
	if (!(sock->have & (HAVE_REUSEADDR | HAVE_REUSEPORT))) {
		cell_str(text, ", options not known");
		return;
	}
	put_flag(text, "SO_REUSEADDR", sock->have & HAVE_REUSEADDR, sock->reuseaddr);
	put_flag(text, "SO_REUSEPORT", sock->have & HAVE_REUSEPORT, sock->reuseport);
}

static void put_since(struct text *text, const struct page *page, const struct sock *sock)
{
	struct age age = sock_age(sock, &page->seen->limits);

	if (age.kind != AGE_STATE || age.min_ms <= 0 || sock_is_minisock(sock))
		return;
	cell_str(text, ", so for at least ");
	cell_duration(text, age.min_ms, false);
}

/* The sentence about it names a few; their descriptors find the place in the program. */
static void put_holders(struct text *text, const struct page *page, const struct sock *sock)
{
	size_t count;
	const struct holder *holders = snapshot_holders(page->seen, sock->inode, &count);

	for (size_t i = 0; i < count && count <= HOLDERS_NAMED; i++)
		text_addf(text, ", pid %d fd %d", page->seen->processes.at[holders[i].process].pid,
			  holders[i].fd);
	if (count <= HOLDERS_NAMED)
		return;
	cell_str(text, ", held by ");
	who_holders(text, page->seen, sock->inode, SIZE_MAX);
}

/* "LISTEN 127.0.0.1:80", "TIME_WAIT 127.0.0.1:80 -> 127.0.0.1:51820" */
static void put_ends(struct text *text, const struct page *page, const struct sock *sock)
{
	cell_str(text, sock->protocol == PROTOCOL_UDP ? "UDP" : state_table[sock->state].name);
	cell_char(text, ' ');
	put_endpoint(text, page->seen, &sock->local, sock->family, sock->local_port, 0);
	if (!sock->remote_port)
		return;
	cell_str(text, page_arrow(page->style));
	put_endpoint(text, page->seen, &sock->remote, sock->family, sock->remote_port, 0);
}

/* The judge's sentence unless the first line has it, and what it leaves out. */
static void put_blocker(struct text *text, const struct page *page,
			const struct bind_answer *answer, const struct bind_blocker *blocker)
{
	const struct sock *sock = &page->seen->socks.at[blocker->sock];
	struct text sentence = { .at = NULL };

	words_blocker(&sentence, page->seen, blocker);
	cell_str(text, blocker->certain ? "" : "perhaps: ");
	if (sentence.count && !strstr(text_str(&answer->cause), sentence.at))
		text_add_sentence(text, sentence.at);
	else
		put_ends(text, page, sock);
	text_fini(&sentence);
	put_holders(text, page, sock);
	put_since(text, page, sock);
	put_flags(text, sock);
}

/* "and 3,992 more: 3,990 TIME_WAIT, 2 ESTABLISHED" */
static void print_more(const struct page *page, const struct bind_answer *answer, size_t shown)
{
	uint32_t states[STATE_COUNT] = { 0 };
	struct text text = { 0 };

	for (size_t i = shown; i < answer->blockers.count; i++)
		states[page->seen->socks.at[answer->blockers.at[i].sock].state]++;
	cell_str(&text, "and ");
	cell_thousands(&text, answer->blockers.count - shown);
	cell_str(&text, " more: ");
	page_states(&text, states);
	cell_str(&text, "; a pipe and --json get all of them");
	page_labelled(page, "", text.at);
	text_fini(&text);
}

static void print_blockers(const struct page *page, const struct bind_answer *answer)
{
	size_t count = answer->blockers.count, shown = count;

	/* "1 more" would take the line that it saves. */
	if (page->style->width && count > BLOCKERS_MAX + 1)
		shown = BLOCKERS_MAX;
	for (size_t i = 0; i < shown; i++) {
		struct text text = { 0 };

		cell_str(&text, count > 1 ? "- " : "");
		put_blocker(&text, page, answer, &answer->blockers.at[i]);
		page_labelled(page, i ? "" : "blocker", text.at);
		text_fini(&text);
	}
	if (shown < count)
		print_more(page, answer, shown);
}

/* -- the first line ------------------------------------------------------ */

static void put_free(struct text *text, const struct bind_answer *answer)
{
	if (answer->free_in_ms.is) {
		cell_str(text, "; frees itself in ");
		fill_number(text, FACT_LEFT_MS, (double)answer->free_in_ms.value);
	} else {
		cell_str(text, answer->lasting ? "; will not free itself" :
			 "; when it frees itself is not known");
	}
}

static void put_reason(struct text *text, const struct bind_answer *answer)
{
	cell_str(text, answer->cause.count ? ": " : "");
	text_add_sentence(text, text_str(&answer->cause));
	if (answer->blockers.count)
		put_free(text, answer);
}

/* Which call gives the error. */
static const char *bind_call(const struct bind_outcome *outcome)
{
	return outcome->at_listen ? "listen() after bind()" : "bind()";
}

/* "FAILS: bind() to 0.0.0.0:80 (TCP) would fail with EADDRINUSE" */
static void put_verdict(struct text *text, const struct bind_outcome *asked, bool listens,
			const char *what)
{
	const char *name = errno_name(asked->err);

	switch (asked->verdict) {
	case VERDICT_OK:
		text_addf(text, listens ? "OK: bind() and listen() on %s work" :
			  "OK: bind() to %s works", what);
		break;
	case VERDICT_FAILS:
		text_addf(text, "FAILS: %s to %s", bind_call(asked), what);
		text_addf(text, name ? " would fail with %s" : " would fail", name);
		break;
	case VERDICT_DEPENDS:
		text_addf(text, "DEPENDS: bind() to %s", what);
		text_addf(text, name ? " may fail with %s" : " may fail", name);
		break;
	default:
		text_addf(text, "UNKNOWN: cannot tell whether bind() to %s works", what);
	}
}

static void put_headline(struct text *text, const struct page *page, const struct bind_page *bind)
{
	struct bind_outcome asked = bind->answer->asked;
	struct text what = { 0 };

	/* Where sockets may be in the way there is but one errno. */
	if (asked.verdict == VERDICT_DEPENDS && !asked.err && bind->answer->blockers.count)
		asked.err = EADDRINUSE;
	put_ask(&what, page->seen, bind->ask);
	put_verdict(text, &asked, bind->ask->protocol != PROTOCOL_UDP, text_str(&what));
	put_reason(text, bind->answer);
	text_fini(&what);
}

static void print_headline(const struct page *page, const struct bind_page *bind)
{
	struct text text = { 0 };

	put_headline(&text, page, bind);
	page_headline(page, ink_of(bind->answer->asked.verdict), text.at);
	text_fini(&text);
}

/* -- options ------------------------------------------------------------- */

static const char *const option_names[WITH_COUNT] = {
	[WITH_NONE] = "none", [WITH_REUSEADDR] = "SO_REUSEADDR",
	[WITH_REUSEPORT] = "SO_REUSEPORT", [WITH_BOTH] = "both",
};

static const char *depends_words(const struct bind_page *bind, enum bind_depends depends)
{
	switch (depends) {
	case DEPENDS_OPTION:
		return bind->ask->protocol == PROTOCOL_UDP ? "if the other socket set it, too" :
			"if the old server set it, too";
	case DEPENDS_SHORTCUT:
		return "probably fails";
	default:
		return "not known";
	}
}

static void put_with(struct text *text, const struct bind_page *bind, enum bind_with with)
{
	const struct bind_outcome *outcome = &bind->answer->with[with];
	const char *name = errno_name(outcome->err);

	switch (outcome->verdict) {
	case VERDICT_OK:
		cell_str(text, "works");
		break;
	case VERDICT_FAILS:
		cell_str(text, "fails");
		if (name && (outcome->at_listen || strcmp(name, "EADDRINUSE") != 0))
			text_addf(text, " with %s from %s", name, bind_call(outcome));
		break;
	case VERDICT_DEPENDS:
		cell_str(text, depends_words(bind, outcome->depends));
		break;
	default:
		cell_str(text, "not known");
	}
	if (with == bind_with_of(bind->ask))
		cell_str(text, " (as asked)");
}

static bool is_same_for_all(const struct bind_answer *answer, enum verdict verdict)
{
	for (int i = 0; i < WITH_COUNT; i++)
		if (answer->with[i].verdict != verdict)
			return false;
	return true;
}

static void print_option(const struct page *page, const struct bind_page *bind,
			 enum bind_with with)
{
	const char *name = option_names[with];
	struct text text = { 0 };

	put_with(&text, bind, with);
	page_label(page, with == WITH_NONE ? "options" : "");
	out_str(page->out, name);
	out_pad(page->out, ' ', strlen("SO_REUSEADDR") + 2 - strlen(name));
	out_str(page->out, screen_ink(page->style, ink_of(bind->answer->with[with].verdict)));
	out_str(page->out, text.at);
	out_str(page->out, screen_plain(page->style));
	out_char(page->out, '\n');
	text_fini(&text);
}

static void print_with(const struct page *page, const struct bind_page *bind)
{
	if (is_same_for_all(bind->answer, VERDICT_UNKNOWN))
		return;
	if (is_same_for_all(bind->answer, VERDICT_OK))
		page_labelled(page, "options",
			      "every combination of SO_REUSEADDR and SO_REUSEPORT works");
	else if (is_same_for_all(bind->answer, VERDICT_FAILS))
		page_labelled(page, "options",
			      "no combination of SO_REUSEADDR and SO_REUSEPORT works");
	else
		for (int i = 0; i < WITH_COUNT; i++)
			print_option(page, bind, (enum bind_with)i);
}

/* -- the rest ------------------------------------------------------------ */

static void print_probe(const struct page *page, const struct bind_probe *probe)
{
	struct text text = { 0 };

	if (probe->made) {
		cell_str(&text, "asked the kernel: bind() ");
		cell_str(&text, probe->err ? "gave " : "succeeded");
		cell_str(&text, probe->err ? errno_name(probe->err) : "");
		cell_str(&text, "; closed at once, listen() was not called");
	} else if (*probe->refusal) {
		cell_str(&text, "the kernel was not asked: ");
		text_add_sentence(&text, probe->refusal);
	}
	if (text.count)
		page_labelled(page, "probe", text.at);
	text_fini(&text);
}

static void bind_text(struct out *out, const struct style *style, const struct bind_page *bind)
{
	const struct bind_answer *answer = bind->answer;
	struct page page = { out, style, bind->seen, LABEL };

	print_headline(&page, bind);
	if (!style->quiet) {
		print_blockers(&page, answer);
		page_sentence(&page, "settled by", text_str(&answer->settles));
		print_with(&page, bind);
		page_advice(&page, "fix", &answer->advice);
		page_advice(&page, "note", &answer->notes);
		print_probe(&page, &bind->context->probe);
	}
	page_gaps(&page);
}

/* -- -G: what bind() would do in each network namespace --------------------- */

static const struct grid_column netns_columns[] = {
	{ .heading = "NETNS" }, { .heading = "VERDICT" }, { .heading = "ERRNO", .spare = 1 },
	{ .heading = "FIRST IN THE WAY", .words = true },
};

static const enum verdict worst_first[VERDICT_COUNT] = {
	VERDICT_FAILS, VERDICT_DEPENDS, VERDICT_UNKNOWN, VERDICT_OK,
};

static size_t count_of(enum verdict verdict, const struct bind_page *pages, size_t count)
{
	size_t same = 0;

	for (size_t i = 0; i < count; i++)
		same += pages[i].answer->asked.verdict == verdict;
	return same;
}

/* "fails in 2, works in 1" */
static void put_verdicts(struct text *text, const struct bind_page *pages, size_t count)
{
	static const char *const words[VERDICT_COUNT] = {
		[VERDICT_FAILS] = "fails", [VERDICT_DEPENDS] = "depends",
		[VERDICT_UNKNOWN] = "cannot be told", [VERDICT_OK] = "works",
	};
	const char *before = "";

	for (size_t i = 0; i < VERDICT_COUNT; i++) {
		size_t same = count_of(worst_first[i], pages, count);

		if (!same)
			continue;
		text_addf(text, "%s%s in %zu", before, words[worst_first[i]], same);
		before = ", ";
	}
	text_addf(text, " of %zu network namespace%s", count, count == 1 ? "" : "s");
}

static enum verdict worst_of(const struct bind_page *pages, size_t count)
{
	size_t i = 0;

	while (worst_first[i] != VERDICT_OK && !count_of(worst_first[i], pages, count))
		i++;
	return worst_first[i];
}

static void print_all_headline(const struct page *page, const struct bind_page *pages,
			       size_t count, size_t vacant)
{
	static const char *const heads[VERDICT_COUNT] = {
		[VERDICT_OK] = "OK", [VERDICT_FAILS] = "FAILS", [VERDICT_DEPENDS] = "DEPENDS",
		[VERDICT_UNKNOWN] = "UNKNOWN",
	};
	enum verdict worst = worst_of(pages, count);
	struct text text = { 0 };

	text_addf(&text, "%s: bind() to port %u (%s) ", heads[worst], pages[0].ask->port,
		  pages[0].ask->protocol == PROTOCOL_UDP ? "UDP" : "TCP");
	put_verdicts(&text, pages, count);
	if (vacant)
		text_addf(&text, "; nobody has that port in the %zu other%s", vacant,
			  vacant == 1 ? "" : "s");
	page_headline(page, ink_of(worst), text.at);
	text_fini(&text);
}

static void put_first(struct text *text, const struct bind_page *bind)
{
	const struct bind_answer *answer = bind->answer;
	struct text sentence = { .at = NULL };

	if (answer->blockers.count) {
		words_blocker(&sentence, bind->seen, answer->blockers.at);
		text_add_sentence(text, text_str(&sentence));
	} else if (answer->asked.verdict != VERDICT_OK) {
		text_add_sentence(text, text_str(&answer->cause));
	}
	if (answer->blockers.count > 1)
		text_addf(text, " (and %zu more)", answer->blockers.count - 1);
	text_fini(&sentence);
}

static void put_netns_row(struct grid *grid, size_t row)
{
	const struct bind_page *bind = (const struct bind_page *)grid->ctx + row;
	const struct bind_answer *answer = bind->answer;
	const char *name = errno_name(answer->asked.err);
	struct grid_cell *cell = grid_add(grid);

	netns_word(&cell->text, bind->seen->netns, TEXT_WORD);
	cell = grid_add(grid);
	cell->ink = ink_of(answer->asked.verdict);
	cell_str(&cell->text, verdict_name(answer->asked.verdict));
	cell = grid_add(grid);
	cell_str(&cell->text, name ? name : "-");
	cell = grid_add(grid);
	put_first(&cell->text, bind);
}

static void bind_table(struct out *out, const struct style *style, const struct snapshot *seen,
		       const struct bind_page *pages, size_t count, size_t vacant)
{
	struct page page = { out, style, seen, LABEL };
	struct grid grid = {
		.columns = netns_columns,
		.columns_count = sizeof(netns_columns) / sizeof(*netns_columns),
		.rows = count, .put_row = put_netns_row, .ctx = pages,
	};

	print_all_headline(&page, pages, count, vacant);
	grid_print(&grid, &page);
	if (worst_of(pages, count) != VERDICT_OK)
		out_str(out, "\nsockvet bind -N tells what to do in one of them.\n");
	page_gaps(&page);
}

int print_bind(struct out *out, const struct style *style, const struct snapshot *seen,
	       const struct bind_page *pages, size_t count, size_t vacant)
{
	if (is_silent(style, seen, worst_of(pages, count) == VERDICT_OK))
		return -out->err;
	if (format_is_json(style->format))
		bind_json(out, style, seen, pages, count, vacant);
	else if (style->with_netns)
		bind_table(out, style, seen, pages, count, vacant);
	else
		bind_text(out, style, pages);
	return -out->err;
}

/* -- unix ---------------------------------------------------------------- */

static void print_unix_headline(const struct page *page, const struct unix_page *named)
{
	const struct bind_answer *answer = named->answer;
	struct text what = { 0 }, text = { 0 };

	cell_str(&what, named->ask->abstract ? "@" : "");
	cell_word(&what, named->ask->name, named->ask->size);
	text_addf(&what, " (unix %s)", unix_type_name(named->ask->type));
	put_verdict(&text, &answer->asked, false, what.at);
	cell_str(&text, answer->cause.count ? ": " : "");
	text_add_sentence(&text, text_str(&answer->cause));
	page_headline(page, ink_of(answer->asked.verdict), text.at);
	text_fini(&what);
	text_fini(&text);
}

static void put_unix_sock(struct text *text, const struct page *page,
			  const struct unix_sock *sock)
{
	const struct snapshot *seen = page->seen;
	size_t count;
	const struct holder *holder = snapshot_holders(seen, sock->inode, &count);

	cell_str(text, unix_type_name(sock->type));
	cell_str(text, sock->listens ? ", listens, " : ", does not listen, ");
	if (count) {
		uint64_t home = seen->processes.at[holder->process].cgroup_id;

		who_holders(text, seen, sock->inode, SIZE_MAX);
		who_placed(text, home ? snapshot_cgroup(seen, home) : NULL);
	} else {
		cell_str(text, "of a process that cannot be seen");
	}
	if (count == 1)
		text_addf(text, ", pid %d fd %d", seen->processes.at[holder->process].pid, holder->fd);
	text_addf(text, ", inode %u", sock->inode);
	if (sock->listens && sock->recv_queue)
		text_addf(text, ", %u waiting for accept()", sock->recv_queue);
}

static void print_unix_socks(const struct page *page, const struct unix_page *named)
{
	for (size_t i = 0; i < named->context->socks.count; i++) {
		const struct unix_sock *sock = &named->context->socks.at[i];
		struct text text = { 0 };

		put_unix_sock(&text, page, sock);
		page_labelled(page, i ? "" : "blocker", text.at);
		text_fini(&text);
	}
}

static void unix_text(struct out *out, const struct style *style, const struct unix_page *named)
{
	const struct bind_answer *answer = named->answer;
	struct page page = { out, style, named->seen, UNIX_LABEL };

	print_unix_headline(&page, named);
	if (!style->quiet) {
		print_unix_socks(&page, named);
		page_advice(&page, "fix", &answer->advice);
		page_advice(&page, "note", &answer->notes);
	}
	page_gaps(&page);
}

int print_unix(struct out *out, const struct style *style, const struct snapshot *seen,
	       const struct unix_ask *ask, const struct unix_context *context,
	       const struct bind_answer *answer)
{
	struct unix_page page = { seen, ask, context, answer };

	if (is_silent(style, seen, answer->asked.verdict == VERDICT_OK))
		return -out->err;
	if (style->format == FORMAT_TEXT)
		unix_text(out, style, &page);
	else
		unix_json(out, style, &page);
	return -out->err;
}
