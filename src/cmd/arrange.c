/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/arrange.h"

#include "base/grow.h"
#include "base/order.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define SPARE_ROWS 4096         /* rows kept beyond --top before the last ones are dropped */

/* A row that is kept: its key, and behind it in the bytes what sock_pack() made of it. */
struct kept {
	size_t   key;
	uint32_t key_size, size;        /* of the key, and of key and row */
	uint32_t netns;                 /* index */
	uint32_t number;                /* the order in which rows came */
};

/* What a snapshot has of one network namespace only; with -G there are several. */
struct kept_netns {
	const struct netns *netns;
	struct limits limits;
	__typeof__(((struct snapshot *)0)->links) links;
};

int arrange_choose(struct arrangement *arrangement, const struct options *options,
		   struct fault *fault)
{
	memset(arrangement, 0, sizeof(*arrangement));
	arrangement->top = options->top;
	return options->sort ? order_choose(&arrangement->order, options->sort, fault) : 0;
}

/* -- what is kept -------------------------------------------------------- */

static void add_netns(struct arrangement *arrangement)
{
	const struct snapshot *seen = arrangement->seen;
	struct kept_netns *netns = grow_add(&arrangement->namespaces);

	netns->netns = seen->netns;
	netns->limits = seen->limits;
	/* Without -G the snapshot keeps its own. */
	for (size_t i = 0; seen->netns->visited && i < seen->links.count; i++)
		*grow_add(&netns->links) = seen->links.at[i];
}

/* Namespaces come one after the other, so only the last one is compared. */
static uint32_t netns_now(struct arrangement *arrangement)
{
	size_t count = arrangement->namespaces.count;

	if (!count || arrangement->namespaces.at[count - 1].netns != arrangement->seen->netns)
		add_netns(arrangement);
	return (uint32_t)(arrangement->namespaces.count - 1);
}

static void keep(struct arrangement *arrangement, const struct sock *sock)
{
	uint32_t netns = netns_now(arrangement);
	struct text *bytes = &arrangement->bytes;
	struct kept *kept = grow_add(&arrangement->rows);

	kept->netns = netns;
	kept->key = bytes->count;
	order_key(bytes, &arrangement->order, arrangement->seen, sock);
	kept->key_size = (uint32_t)(bytes->count - kept->key);
	sock_pack(bytes, sock);
	kept->size = (uint32_t)(bytes->count - kept->key);
	kept->number = (uint32_t)arrangement->rows.count;
}

/* Rows with equal keys keep the order in which they came; thin_out() relies on that. */
static int compare_rows(const void *left, const void *right, void *bytes)
{
	const struct kept *a = left, *b = right;
	size_t size = a->key_size < b->key_size ? a->key_size : b->key_size;
	int order = memcmp((const char *)bytes + a->key, (const char *)bytes + b->key, size);

	return order ?: order_of(a->key_size, b->key_size) ?: order_of(a->number, b->number);
}

static void sort(struct arrangement *arrangement)
{
	if (arrangement->rows.count)
		qsort_r(arrangement->rows.at, arrangement->rows.count,
			sizeof(*arrangement->rows.at), compare_rows, arrangement->bytes.at);
}

/*
 * Keeps the first rows only, in new memory, so that memory grows with --top and not with
 * the number of sockets.
 */
static void thin_out(struct arrangement *arrangement)
{
	struct text bytes = { 0 };

	sort(arrangement);
	arrangement->rows.count = arrangement->top;
	for (size_t i = 0; i < arrangement->rows.count; i++) {
		struct kept *kept = &arrangement->rows.at[i];
		size_t start = bytes.count;

		text_add(&bytes, arrangement->bytes.at + kept->key, kept->size);
		kept->key = start;
		kept->number = (uint32_t)i + 1;
	}
	text_fini(&arrangement->bytes);
	arrangement->bytes = bytes;
}

/* -- sinks --------------------------------------------------------------- */

static int keep_row(void *ctx, const struct sock *sock)
{
	struct arrangement *arrangement = ctx;

	keep(arrangement, sock);
	arrangement->matched++;
	if (arrange_cuts(arrangement) && arrangement->top <= SIZE_MAX / 4 &&
	    arrangement->rows.count >= 2 * arrangement->top + SPARE_ROWS)
		thin_out(arrangement);
	return 0;
}

static int pass_row(void *ctx, const struct sock *sock)
{
	struct arrangement *arrangement = ctx;

	if (arrangement->matched++ >= arrangement->top)
		return 0;
	arrangement->passed++;
	return arrangement->next.take(arrangement->next.ctx, sock);
}

struct sink arrange_begin(struct arrangement *arrangement, struct snapshot *seen, struct sink next)
{
	arrangement->seen = seen;
	arrangement->next = next;
	if (arrangement->order.count)
		return (struct sink){ .take = keep_row, .ctx = arrangement };
	if (arrange_cuts(arrangement))
		return (struct sink){ .take = pass_row, .ctx = arrangement };
	return next;
}

/* Lends the namespace to the snapshot; its own device names stay with the caller. */
static void show_netns(struct snapshot *seen, const struct kept_netns *netns)
{
	seen->netns = netns->netns;
	seen->limits = netns->limits;
	seen->links.at = netns->links.at;
	seen->links.count = netns->links.count;
	seen->links.room = netns->links.room;
}

static int deliver_row(struct arrangement *arrangement, const struct kept *kept)
{
	struct sock_row row;
	int err;

	sock_unpack(&row, arrangement->bytes.at + kept->key + kept->key_size);
	arrangement->passed++;
	err = arrangement->next.take(arrangement->next.ctx, &row.sock);
	sock_row_fini(&row);
	return err;
}

static int deliver(struct arrangement *arrangement)
{
	struct snapshot *seen = arrangement->seen;
	__typeof__(seen->links) links = seen->links;
	size_t count = arrangement->rows.count, shown = SIZE_MAX;
	int err = 0;

	sort(arrangement);
	for (size_t i = 0; i < count && i < arrangement->top && !err; i++) {
		const struct kept *kept = &arrangement->rows.at[i];
		const struct kept_netns *netns = &arrangement->namespaces.at[kept->netns];

		if (kept->netns != shown && netns->netns->visited)
			show_netns(seen, netns);
		shown = kept->netns;
		err = deliver_row(arrangement, kept);
	}
	seen->links = links;
	snapshot_return(seen);
	return err;
}

int arrange_end(struct arrangement *arrangement)
{
	int err = deliver(arrangement);

	for (size_t i = 0; i < arrangement->namespaces.count; i++)
		grow_fini(&arrangement->namespaces.at[i].links);
	grow_fini(&arrangement->rows);
	grow_fini(&arrangement->namespaces);
	text_fini(&arrangement->bytes);
	return err;
}
