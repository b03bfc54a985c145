/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/beside.h"

#include "collect/processors.h"

static int keep(void *ctx, const struct nlmsghdr *message)
{
	struct beside *beside = ctx;
	size_t step = NLMSG_ALIGN(message->nlmsg_len);

	if (beside->messages.count + step > BESIDE_MOST)
		return -ENOSPC;
	text_add(&beside->messages, (const char *)message, message->nlmsg_len);
	while (beside->messages.count % NLMSG_ALIGNTO)
		text_add(&beside->messages, "", 1);
	return 0;
}

static void *run(void *ctx)
{
	struct beside *beside = ctx;

	beside->err = wire_dump(&beside->wire, NULL);
	return NULL;
}

void beside_begin(struct beside *beside)
{
	if (beside->runs || !processors_can_run(2))
		return;
	beside->wire.take = keep;
	beside->wire.ctx = beside;
	beside->runs = processors_start(&beside->thread, run, beside);
}

bool beside_end(struct beside *beside)
{
	if (!beside->runs)
		return false;
	pthread_join(beside->thread, NULL);
	beside->runs = false;
	return !beside->err;
}

void beside_fini(struct beside *beside)
{
	text_fini(&beside->messages);
}
