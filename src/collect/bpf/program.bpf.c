/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs in the kernel, once for each open file of each task that the reader's pid
 * namespace shows: tells which process holds which socket at which descriptor.
 * The structures name only what is read; where it stands is looked up in the
 * running kernel's own type information when the program is loaded.
 */
typedef unsigned char      __u8;
typedef signed short       __s16;
typedef unsigned short     __u16;
typedef signed int         __s32;
typedef unsigned int       __u32;
typedef signed long long   __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
enum bpf_map_type { BPF_MAP_TYPE_UNSPEC };

#include <bpf/bpf_helpers.h>
#include <stdbool.h>
#include "collect/bpf/task_file.h"

#define OF_KERNEL __attribute__((preserve_access_index))

struct pid_namespace;
struct upid { int nr; struct pid_namespace *ns; } OF_KERNEL;
struct pid { unsigned int level; struct upid numbers[]; } OF_KERNEL;
struct task_struct { int pid, tgid; struct pid *thread_pid; } OF_KERNEL;
struct inode { unsigned long i_ino; } OF_KERNEL;
struct file { struct inode *f_inode; } OF_KERNEL;
struct seq_file;
struct bpf_iter_meta { struct seq_file *seq; } OF_KERNEL;
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
} OF_KERNEL;

char terms[] SEC("license") = "GPL";

/* As the reader's pid namespace numbers it; false when it does not. */
static bool read_number(const struct pid *pid, int *number)
{
	const struct task_struct *reader = bpf_get_current_task_btf();
	unsigned int level = reader->thread_pid->level;
	const char *at = (const char *)pid->numbers;

	at += level * sizeof(struct upid);
	return level <= pid->level && bpf_probe_read_kernel(number, sizeof(*number), at) == 0;
}

/* Threads are left out: their files are those of their process, or their own affair. */
SEC("iter/task_file")
int list_task_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct task_file found = { 0 };

	if (!task || !file || task->pid != task->tgid || !bpf_sock_from_file(file))
		return 0;
	if (!read_number(task->thread_pid, &found.pid))
		return 0;
	found.fd = (int)ctx->fd;
	found.inode = (__u32)file->f_inode->i_ino;
	bpf_seq_write(ctx->meta->seq, &found, sizeof(found));
	return 0;
}
