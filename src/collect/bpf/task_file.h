/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_BPF_TASK_FILE_H
#define COLLECT_BPF_TASK_FILE_H

/* What the program in the kernel tells of a descriptor of a socket. */
struct task_file {
	int          pid;       /* in the pid namespace of who reads */
	int          fd;
	unsigned int inode;
};

#endif
