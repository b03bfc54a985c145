/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/columns.h"

#include "model/need.h"
#include "print/columns_put.h"
#include "print/endpoint.h"
#include "print/ss_text.h"

/*
 * THE column table. To add a column: a function in columns_put.c that adds one
 * value and a row here; help, completion, -C, the man page test and
 * what is asked of the kernel follow from the row. The usual ones are in ss's
 * order.
 */
static const struct column columns[] = {
	{ .name = "NETID", .heading = "Netid", .put = put_netid,
	  .member = "netid",
	  .help = "table of the socket as ss names it: tcp udp raw mptcp u_str u_dgr u_seq p_raw p_dgr nl" },
	{ .name = "STATE", .heading = "State", .put = put_state, .usual = true,
	  .swift = swift_state,
	  .member = "state",
	  .help = "state as ss spells it" },
	{ .name = "RECVQ", .heading = "Recv-Q", .put = put_recv_queue, .usual = true,
	  .swift = swift_recv_queue,
	  .member = "recv_queue", .order = ORDER_NUMBER,
	  .help = "bytes not read by the program; LISTEN: connections waiting for accept()" },
	{ .name = "SENDQ", .heading = "Send-Q", .put = put_send_queue, .usual = true,
	  .swift = swift_send_queue,
	  .member = "send_queue", .order = ORDER_NUMBER,
	  .help = "bytes not acknowledged by the peer; LISTEN: limit of the accept queue" },
	{ .name = "LOCAL", .heading = "Local Address:Port", .put = endpoint_local, .usual = true,
	  .swift = endpoint_swift_local,
	  .align = ALIGN_COLON, .need = NEED_LINKS, .foreign = true,
	  .parts = "LADDR,LPORT,IFACE", .order = ORDER_LOCAL,
	  .help = "this end, with the device it is bound to" },
	{ .name = "PEER", .heading = "Peer Address:Port", .put = endpoint_peer, .usual = true,
	  .swift = endpoint_swift_peer,
	  .align = ALIGN_COLON, .foreign = true,
	  .parts = "PADDR,PPORT", .order = ORDER_PEER,
	  .help = "the other end" },
	{ .name = "PROCESS", .heading = "Process", .put = ss_users, .usual = true,
	  .need = NEED_HOLDERS, .foreign = true,
	  .parts = "PID,COMM,FD",
	  .help = "every process and descriptor that holds it, as ss -p writes them" },
	{ .name = "LADDR", .heading = "Local-Address", .put = put_local_addr, .foreign = true,
	  .member = "local_address", .order = ORDER_LOCAL,
	  .help = "address of this end" },
	{ .name = "LPORT", .heading = "Local-Port", .put = put_local_port, .align = ALIGN_RIGHT,
	  .foreign = true, .member = "local_port", .order = ORDER_NUMBER,
	  .help = "port of this end" },
	{ .name = "PADDR", .heading = "Peer-Address", .put = put_peer_addr, .foreign = true,
	  .member = "remote_address", .order = ORDER_PEER,
	  .help = "address of the other end" },
	{ .name = "PPORT", .heading = "Peer-Port", .put = put_peer_port, .align = ALIGN_RIGHT,
	  .foreign = true, .member = "remote_port", .order = ORDER_NUMBER,
	  .help = "port of the other end" },
	{ .name = "FAMILY", .heading = "Family", .put = put_family,
	  .member = "family",
	  .help = "ipv4, ipv6, unix, packet or netlink, of the socket" },
	{ .name = "IFACE", .heading = "Iface", .put = put_iface, .need = NEED_LINKS,
	  .foreign = true, .member = "interface",
	  .help = "device that it is bound to" },
	{ .name = "PID", .heading = "PID", .put = put_pid, .need = NEED_HOLDERS,
	  .member = "pids", .order = ORDER_NUMBER,
	  .help = "processes that hold it" },
	{ .name = "COMM", .heading = "Comm", .put = put_comm, .need = NEED_HOLDERS,
	  .foreign = true, .member = "comms",
	  .help = "names of these processes" },
	{ .name = "FD", .heading = "FD", .put = put_fd, .need = NEED_HOLDERS,
	  .member = "fds", .order = ORDER_NUMBER,
	  .help = "their descriptors" },
	{ .name = "UID", .heading = "UID", .put = put_uid, .align = ALIGN_RIGHT,
	  .member = "uid", .order = ORDER_NUMBER,
	  .help = "user who made it; not told for TIME-WAIT and SYN-RECV" },
	{ .name = "INODE", .heading = "Inode", .put = put_inode, .align = ALIGN_RIGHT,
	  .member = "inode", .order = ORDER_NUMBER,
	  .help = "inode of the socket file; none when no file holds it" },
	{ .name = "COOKIE", .heading = "Cookie", .put = put_cookie, .align = ALIGN_RIGHT,
	  .member = "cookie", .order = ORDER_NUMBER,
	  .help = "the kernel's identity of the socket, hexadecimal as ss's sk:" },
	{ .name = "CGROUP", .heading = "Cgroup", .put = put_cgroup, .need = NEED_CGROUP,
	  .foreign = true, .member = "cgroup",
	  .help = "path of its cgroup" },
	{ .name = "UNIT", .heading = "Unit", .put = put_unit, .need = NEED_CGROUP,
	  .foreign = true, .member = "unit",
	  .help = "systemd unit that the cgroup path names" },
	{ .name = "CONTAINER", .heading = "Container", .put = put_container, .need = NEED_CGROUP,
	  .foreign = true, .member = "container",
	  .help = "container that the cgroup path names" },
	{ .name = "POD", .heading = "Pod", .put = put_pod, .need = NEED_CGROUP, .foreign = true,
	  .member = "pod",
	  .help = "kubernetes pod that the cgroup path names" },
	{ .name = "TIMER", .heading = "Timer", .put = put_timer,
	  .member = "timer_kind",
	  .help = "timer that runs: on (retransmit), keepalive, timewait, persist" },
	{ .name = "TIMERMS", .heading = "Timer-ms", .put = put_timer_ms, .align = ALIGN_RIGHT,
	  .member = "timer_expires_ms", .order = ORDER_NUMBER,
	  .help = "milliseconds until it fires" },
	{ .name = "RETRANS", .heading = "Retrans", .put = put_retrans, .align = ALIGN_RIGHT,
	  .member = "timer_retransmits", .order = ORDER_NUMBER,
	  .help = "retransmissions or probes without an answer" },
	{ .name = "AGE", .heading = "Age", .put = put_age, .align = ALIGN_RIGHT, .need = NEED_FLOW,
	  .parts = "AGEMIN,AGEMAX", .order = ORDER_NUMBER,
	  .help = "time in the present state: exact, a range, or at least" },
	{ .name = "AGEMIN", .heading = "Age-min-ms", .put = put_age_min, .align = ALIGN_RIGHT,
	  .need = NEED_FLOW, .member = "age_min_ms", .order = ORDER_NUMBER,
	  .help = "lower bound of the age in milliseconds" },
	{ .name = "AGEMAX", .heading = "Age-max-ms", .put = put_age_max, .align = ALIGN_RIGHT,
	  .need = NEED_FLOW, .member = "age_max_ms", .order = ORDER_NUMBER,
	  .help = "upper bound of the age in milliseconds" },
	{ .name = "OPENER", .heading = "Opener", .put = put_opener, .need = NEED_FLOW,
	  .member = "opener",
	  .help = "who called connect(): here or peer" },
	{ .name = "MARK", .heading = "Mark", .put = put_mark, .align = ALIGN_RIGHT,
	  .member = "mark", .order = ORDER_NUMBER,
	  .help = "firewall mark (needs CAP_NET_ADMIN)" },
	{ .name = "RTT", .heading = "RTT-ms", .put = put_rtt, .align = ALIGN_RIGHT,
	  .need = NEED_TCP_INFO, .member = "rtt_us", .order = ORDER_NUMBER,
	  .help = "smoothed round trip time in milliseconds" },
	{ .name = "CWND", .heading = "Cwnd", .put = put_cwnd, .align = ALIGN_RIGHT,
	  .need = NEED_TCP_INFO, .member = "snd_cwnd_segments", .order = ORDER_NUMBER,
	  .help = "congestion window in segments" },
	{ .name = "IDLE", .heading = "Idle", .put = put_idle, .align = ALIGN_RIGHT,
	  .need = NEED_FLOW, .member = "idle_ms", .order = ORDER_NUMBER,
	  .help = "since data last moved, either way" },
	{ .name = "SENT", .heading = "Sent", .put = put_sent, .align = ALIGN_RIGHT,
	  .need = NEED_FLOW, .member = "sent_bytes", .order = ORDER_NUMBER,
	  .help = "bytes sent, with retransmitted ones" },
	{ .name = "RECEIVED", .heading = "Received", .put = put_received, .align = ALIGN_RIGHT,
	  .need = NEED_FLOW, .member = "received_bytes", .order = ORDER_NUMBER,
	  .help = "bytes received" },
	{ .name = "NETNS", .heading = "Netns", .put = put_netns, .foreign = true,
	  .member = "netns", .help = "network namespace: its name, container, pod, service or process" },
};

#define COLUMN_COUNT (sizeof(columns) / sizeof(*columns))
_Static_assert(COLUMN_COUNT <= sizeof(((struct columns *)0)->at) / sizeof(void *),
	       "struct columns has room for every column");

static void put_nothing(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)cell, (void)view, (void)sock;
}

/* Without -p ss keeps the heading, and so do we; /proc is not walked for it. */
const struct column column_empty_process = {
	.name = "", .heading = "Process", .put = put_nothing, .help = "",
};

size_t columns_count(void)
{
	return COLUMN_COUNT;
}

const char *column_name(size_t i)
{
	return columns[i].name;
}

const char *column_help(size_t i)
{
	return columns[i].help;
}

const struct column *column_at(size_t i)
{
	return &columns[i];
}
