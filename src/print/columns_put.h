/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_COLUMNS_PUT_H
#define PRINT_COLUMNS_PUT_H

#include "print/columns.h"

/* What the rows of the column table write: one value, or that there is none. */
column_put put_netid, put_state, put_recv_queue, put_send_queue, put_local_addr,
	   put_local_port, put_peer_addr, put_peer_port, put_family, put_iface, put_pid, put_comm,
	   put_fd, put_uid, put_inode, put_cookie, put_cgroup, put_unit, put_container, put_pod,
	   put_timer, put_timer_ms, put_retrans, put_age_min, put_age_max, put_age, put_opener,
	   put_mark, put_rtt, put_cwnd, put_idle, put_sent, put_received, put_netns;

/* The same of TCP and UDP sockets, straight into the output. */
column_swift swift_state, swift_recv_queue, swift_send_queue;

#endif
