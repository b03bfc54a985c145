/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/arrange.h"

#include "base/grow.h"
#include "base/number.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SPARE_ROWS 4096         /* kept beyond --top before they are thinned out */

/* A row for later: @sock's detail and other are copies, owned by it. */
struct kept {
	struct sock sock;
	size_t   key;                   /* in the keys */
	uint32_t key_size;
	uint32_t scene;                 /* index */
};

/* What a snapshot tells of one network namespace only; with -G there are several. */
struct scene {
	const struct place *place;
	uint64_t netns_inode;
	char     netns_name[sizeof(((struct snapshot *)0)->netns_name)];
	struct limits limits;
	__typeof__(((struct snapshot *)0)->links) links;
};

static int read_top(struct arrangement *arrangement, const char *word, struct fault *fault)
{
	uint64_t top;

	arrangement->top = UINT64_MAX;
	if (!word)
		return 0;
	if (!number_whole(word, UINT64_MAX - 1, &top) || top == 0)
		return fault_set(fault, EINVAL, "--top takes a number of rows from 1 on, not '%s'",
				 QUOTE(word));
	arrangement->top = top;
	return 0;
}

int arrange_choose(struct arrangement *arrangement, const struct options *options,
		   struct fault *fault)
{
	memset(arrangement, 0, sizeof(*arrangement));
	if (options->sort && order_choose(&arrangement->order, options->sort, fault) < 0)
		return -EINVAL;
	return read_top(arrangement, options->top_word, fault);
}

/* -- what is kept -------------------------------------------------------- */

static void add_scene(struct arrangement *arrangement)
{
	const struct snapshot *seen = arrangement->seen;
	struct scene *scene = grow_add(&arrangement->scenes);

	scene->place = seen->place;
	scene->netns_inode = seen->netns_inode;
	memcpy(scene->netns_name, seen->netns_name, sizeof(scene->netns_name));
	scene->limits = seen->limits;
	/* Without -G the snapshot keeps its own. */
	for (size_t i = 0; seen->place && i < seen->links.count; i++)
		*grow_add(&scene->links) = seen->links.at[i];
}

/* Namespaces come one after the other. */
static uint32_t scene_now(struct arrangement *arrangement)
{
	size_t count = arrangement->scenes.count;

	if (!count || arrangement->scenes.at[count - 1].place != arrangement->seen->place)
		add_scene(arrangement);
	return (uint32_t)(arrangement->scenes.count - 1);
}

static void keep(struct arrangement *arrangement, const struct sock *sock)
{
	uint32_t scene = scene_now(arrangement);
	size_t start = arrangement->keys.count;
	struct kept *kept = grow_add(&arrangement->rows);

	kept->sock = *sock;
	kept->sock.detail = detail_copy(sock->detail);
	kept->sock.other = other_copy(sock->other);
	kept->scene = scene;
	order_key(&arrangement->keys, &arrangement->order, arrangement->seen, sock);
	kept->key = start;
	kept->key_size = (uint32_t)(arrangement->keys.count - start);
}

static void release(struct kept *kept)
{
	detail_free((struct detail *)kept->sock.detail);
	other_free((struct other *)kept->sock.other);
}

/* Equal rows stay as they came: thinning out keeps them in that order. */
static int compare_rows(const void *left, const void *right, void *keys)
{
	const struct kept *a = *(const struct kept *const *)left;
	const struct kept *b = *(const struct kept *const *)right;
	size_t size = a->key_size < b->key_size ? a->key_size : b->key_size;
	int order = memcmp((const char *)keys + a->key, (const char *)keys + b->key, size);

	if (!order)
		order = (a->key_size > b->key_size) - (a->key_size < b->key_size);
	return order ? order : (a > b) - (a < b);
}

/* The rows in their order. The caller frees the array, not the rows. */
static struct kept **sorted(struct arrangement *arrangement)
{
	size_t count = arrangement->rows.count;
	struct kept **rows = grow_alloc((count + 1) * sizeof(struct kept *));

	for (size_t i = 0; i < count; i++)
		rows[i] = &arrangement->rows.at[i];
	if (count)
		qsort_r(rows, count, sizeof(*rows), compare_rows, arrangement->keys.at);
	return rows;
}

/* A new list of the first ones: memory goes with --top and not with the sockets. */
static void thin_out(struct arrangement *arrangement)
{
	__typeof__(arrangement->rows) rows = { 0 };
	struct text keys = { 0 };
	struct kept **all = sorted(arrangement);

	for (size_t i = 0; i < arrangement->rows.count; i++) {
		struct kept *kept = all[i];
		size_t start = keys.count;

		if (i >= arrangement->top) {
			release(kept);
			continue;
		}
		text_add(&keys, arrangement->keys.at + kept->key, kept->key_size);
		kept->key = start;
		*grow_add(&rows) = *kept;
	}
	free(all);
	grow_fini(&arrangement->rows);
	text_fini(&arrangement->keys);
	arrangement->rows = rows;
	arrangement->keys = keys;
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

/* Lends it to the snapshot, whose own names of devices are kept by the caller. */
static void show_scene(struct snapshot *seen, const struct scene *scene)
{
	seen->place = scene->place;
	seen->netns_inode = scene->netns_inode;
	memcpy(seen->netns_name, scene->netns_name, sizeof(seen->netns_name));
	seen->limits = scene->limits;
	seen->links.at = scene->links.at;
	seen->links.count = scene->links.count;
	seen->links.room = scene->links.room;
}

static int deliver(struct arrangement *arrangement)
{
	struct snapshot *seen = arrangement->seen;
	__typeof__(seen->links) links = seen->links;
	struct kept **rows = sorted(arrangement);
	size_t count = arrangement->rows.count, shown = SIZE_MAX;
	int err = 0;

	for (size_t i = 0; i < count && i < arrangement->top && !err; i++) {
		const struct scene *scene = &arrangement->scenes.at[rows[i]->scene];

		if (rows[i]->scene != shown && scene->place)
			show_scene(seen, scene);
		shown = rows[i]->scene;
		arrangement->passed++;
		err = arrangement->next.take(arrangement->next.ctx, &rows[i]->sock);
	}
	seen->links = links;
	free(rows);
	return err;
}

int arrange_end(struct arrangement *arrangement)
{
	int err = deliver(arrangement);

	for (size_t i = 0; i < arrangement->rows.count; i++)
		release(&arrangement->rows.at[i]);
	for (size_t i = 0; i < arrangement->scenes.count; i++)
		grow_fini(&arrangement->scenes.at[i].links);
	grow_fini(&arrangement->rows);
	grow_fini(&arrangement->scenes);
	text_fini(&arrangement->keys);
	return err;
}
