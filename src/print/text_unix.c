/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bind` of a path or an abstract name, for a person. */
#include "print/bind.h"

#include "print/cell.h"
#include "print/page.h"
#include "print/who.h"

#define LABEL 8         /* columns for "blocker" and a blank */

static void put_name(struct text *text, const struct unix_ask *ask)
{
	cell_str(text, ask->abstract ? "@" : "");
	cell_word(text, ask->name, ask->size);
	text_addf(text, " (unix %s)", unix_type_name(ask->type));
}

static void print_unix_headline(const struct page *page, const struct unix_page *named)
{
	const struct bind_outcome *asked = &named->answer->asked;
	const char *name = errno_name(asked->err);
	struct text text = { 0 };

	switch (asked->verdict) {
	case VERDICT_OK:
		cell_str(&text, "OK: bind() of ");
		put_name(&text, named->ask);
		cell_str(&text, " works");
		break;
	case VERDICT_FAILS:
		text_addf(&text, "FAILS: %s of ", bind_call(asked));
		put_name(&text, named->ask);
		text_addf(&text, name ? " says %s" : " fails", name);
		break;
	case VERDICT_DEPENDS:
		cell_str(&text, "DEPENDS: bind() of ");
		put_name(&text, named->ask);
		text_addf(&text, name ? " may say %s" : " may fail", name);
		break;
	default:
		cell_str(&text, "UNKNOWN: what bind() of ");
		put_name(&text, named->ask);
		cell_str(&text, " says cannot be told");
	}
	cell_str(&text, *named->answer->cause ? ": " : "");
	text_add_sentence(&text, named->answer->cause);
	page_headline(page, bind_ink(asked->verdict), text.at);
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
	text_addf(text, ", inode %u", sock->inode);
	if (sock->listens && sock->recv_queue)
		text_addf(text, ", %u waiting for accept()", sock->recv_queue);
}

static void print_unix_socks(const struct page *page, const struct unix_page *named)
{
	const char *label = "blocker";

	for (size_t i = 0; i < named->scene->socks.count; i++) {
		const struct unix_sock *sock = &named->scene->socks.at[i];
		struct text text = { 0 };

		if (!unix_is_blocker(named, sock))
			continue;
		put_unix_sock(&text, page, sock);
		page_labelled(page, label, text.at);
		label = "";
		text_fini(&text);
	}
}

void unix_text(struct out *out, const struct style *style, const struct unix_page *named)
{
	const struct unix_answer *answer = named->answer;
	struct page page = { out, style, named->seen, LABEL };
	bool ok = answer->asked.verdict == VERDICT_OK;

	if (style->quiet && ok && snapshot_is_complete(named->seen))
		return;
	print_unix_headline(&page, named);
	if (!style->quiet) {
		print_unix_socks(&page, named);
		page_advice(&page, "fix", &answer->advice);
		page_advice(&page, "note", &answer->notes);
	}
	page_gaps(&page);
}
