/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_BPF_TASK_FILES_H
#define COLLECT_BPF_TASK_FILES_H

#include "base/text.h"
#include "collect/bpf/task_file.h"

#include <stdbool.h>

typedef void task_files_take(void *ctx, const struct task_file *file);

/**
 * task_files_read - every descriptor of a socket, by one pass in the kernel
 * @take: gets each, those of a process one after the other
 * @why: gets the reason when it was not done; "" in a build without BPF
 *
 * Done only where a walk through /proc would see the very same: when this /proc is
 * that of our own pid namespace, and we may look into every process in it. And only
 * where it pays: to load the program takes longer than to walk a few thousand
 * descriptors. False when it was not done to the end, whatever @take got.
 */
#ifdef SOCKVET_BPF
bool task_files_read(task_files_take *take, void *ctx, struct text *why);
#else
static inline bool task_files_read(task_files_take *take, void *ctx, struct text *why)
{
	(void)take;
	(void)ctx;
	(void)why;
	return false;
}
#endif

#endif
