/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_NEED_H
#define MODEL_NEED_H

/*
 * What can be asked for beyond the plain row of a socket. Columns and rules say what
 * they need; collect asks the kernel for the union.
 */
enum need {
	NEED_FLOW     = 1 << 0,  /* struct flow: ages, opener, retransmission */
	NEED_TCP_INFO = 1 << 1,  /* every tcp_info member (struct detail) */
	NEED_MEMORY   = 1 << 2,  /* socket memory */
	NEED_CONGESTION = 1 << 3,/* name of the congestion control */
	NEED_TOS      = 1 << 4,  /* TOS and traffic class */
	NEED_HOLDERS  = 1 << 5,  /* processes: a walk through /proc */
	NEED_CGROUP   = 1 << 6,  /* cgroup paths: a walk through the cgroup tree */
	NEED_LINKS    = 1 << 7,  /* interface names */
	NEED_WAITING  = 1 << 8,  /* unix: who waits for accept() */
	NEED_BPF      = 1 << 9,  /* packet: filters, which only CAP_NET_ADMIN may see */
};

#endif
