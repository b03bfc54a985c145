/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/columns.h"

#include "model/age.h"
#include "model/need.h"
#include "model/protocol.h"
#include "print/cell.h"
#include "print/endpoint.h"
#include "print/ss_text.h"
#include "print/where.h"

#include <string.h>

/* No value: a dash, so that the fields of a line can be counted; for machines nothing. */
static void put_none(struct text *cell, const struct view *view)
{
	if (!view->machine)
		cell_char(cell, '-');
}

static void put_known(struct text *cell, const struct view *view, bool known, uint64_t value)
{
	if (known)
		cell_u64(cell, value);
	else
		put_none(cell, view);
}

static void put_netid(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct protocol_row *row = protocol_row(sock->protocol);

	cell_str(cell, view->machine ? row->name : row->netid);
}

static void put_state(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct state_row *row = &state_table[sock->state];

	cell_str(cell, view->machine ? row->name : row->ss);
}

static void put_recv_queue(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)view;
	cell_u64(cell, sock->recv_queue);
}

static void put_send_queue(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_known(cell, view, !(sock->have & LACKS_BACKLOG), sock->send_queue);
}

/* -- the same of TCP and UDP sockets, straight into the output -- */

static char *swift_state(char *to, const struct sock *sock, unsigned *tail)
{
	(void)tail;
	return stpcpy(to, state_table[sock->state].ss);
}

static char *swift_recv_queue(char *to, const struct sock *sock, unsigned *tail)
{
	(void)tail;
	return digits_u64(to, sock->recv_queue);
}

static char *swift_send_queue(char *to, const struct sock *sock, unsigned *tail)
{
	(void)tail;
	if (sock->have & LACKS_BACKLOG) {
		*to++ = '-';
		return to;
	}
	return digits_u64(to, sock->send_queue);
}

/* As in JSON: a wildcard is an address, and who has no peer has nothing. */
static void put_machine_host(struct text *cell, const struct sock *sock, bool peer)
{
	const struct addr *addr = peer ? &sock->remote : &sock->local;

	if (sock->other && peer)
		cell_foreign(cell, sock->other->remote, sock->other->remote_size);
	else if (sock->other)
		cell_foreign(cell, sock->other->local, sock->other->local_size);
	else if (!peer || sock->remote_port || !addr_is_any(addr))
		cell_addr(cell, addr, sock->family);
}

static void put_machine_port(struct text *cell, const struct sock *sock, bool peer)
{
	const struct other *other = sock->other;
	uint16_t port = peer ? sock->remote_port : sock->local_port;

	if (other && peer)
		cell_foreign(cell, other->remote_service, other->remote_service_size);
	else if (other)
		cell_foreign(cell, other->local_service, other->local_service_size);
	else if (port)
		cell_u64(cell, port);
}

static void put_local_addr(struct text *cell, const struct view *view, const struct sock *sock)
{
	if (view->machine)
		put_machine_host(cell, sock, false);
	else
		endpoint_local_host(cell, view, sock);
}

static void put_local_port(struct text *cell, const struct view *view, const struct sock *sock)
{
	if (view->machine)
		put_machine_port(cell, sock, false);
	else
		endpoint_local_port(cell, view, sock);
}

static void put_peer_addr(struct text *cell, const struct view *view, const struct sock *sock)
{
	if (view->machine)
		put_machine_host(cell, sock, true);
	else
		endpoint_peer_host(cell, view, sock);
}

static void put_peer_port(struct text *cell, const struct view *view, const struct sock *sock)
{
	if (view->machine)
		put_machine_port(cell, sock, true);
	else
		endpoint_peer_port(cell, view, sock);
}

static void put_family(struct text *cell, const struct view *view, const struct sock *sock)
{
	const char *family = protocol_row(sock->protocol)->family;

	(void)view;
	cell_str(cell, family ? family : sock->family == FAMILY_IPV4 ? "ipv4" : "ipv6");
}

static void put_iface(struct text *cell, const struct view *view, const struct sock *sock)
{
	if (sock->ifindex)
		endpoint_link(cell, view, sock->ifindex);
	else
		put_none(cell, view);
}

/* Holders as "a,b,c": PID, COMM and FD name the same ones in the same order. */
enum part { PART_PID, PART_COMM, PART_FD };

static void put_holders(struct text *cell, const struct view *view, const struct sock *sock,
			enum part part)
{
	size_t count;
	const struct holder *holder = snapshot_holders(view->seen, sock->inode, &count);

	if (!count)
		put_none(cell, view);
	for (size_t i = 0; i < count; i++, holder++) {
		const struct process *process = &view->seen->processes.at[holder->process];

		if (i)
			cell_char(cell, ',');
		if (part == PART_PID)
			cell_u64(cell, (uint64_t)process->pid);
		else if (part == PART_FD)
			cell_u64(cell, (uint64_t)holder->fd);
		else
			cell_foreign(cell, process->comm, process->comm_size);
	}
}

static void put_pid(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_holders(cell, view, sock, PART_PID);
}

static void put_comm(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_holders(cell, view, sock, PART_COMM);
}

static void put_fd(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_holders(cell, view, sock, PART_FD);
}

static void put_uid(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_known(cell, view, sock->have & HAVE_UID, sock->uid);
}

static void put_inode(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_known(cell, view, sock->inode, sock->inode);
}

static void put_cookie(struct text *cell, const struct view *view, const struct sock *sock)
{
	if (sock->cookie == UINT64_MAX || view->machine)
		put_known(cell, view, sock->cookie != UINT64_MAX, sock->cookie);
	else
		cell_hex(cell, sock->cookie);
}

static void put_string(struct text *cell, const struct view *view, const char *bytes)
{
	if (bytes)
		cell_foreign(cell, bytes, strlen(bytes));
	else
		put_none(cell, view);
}

static const struct cgroup *cgroup_of(const struct view *view, const struct sock *sock)
{
	return sock->have & HAVE_CGROUP ? snapshot_cgroup(view->seen, sock->cgroup_id) : NULL;
}

static void put_cgroup(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct cgroup *cgroup = cgroup_of(view, sock);

	put_string(cell, view, cgroup ? cgroup->path : NULL);
}

static void put_unit(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct cgroup *cgroup = cgroup_of(view, sock);

	put_string(cell, view, cgroup ? cgroup->unit : NULL);
}

static void put_container(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct cgroup *cgroup = cgroup_of(view, sock);

	put_string(cell, view, cgroup ? cgroup->container : NULL);
}

static void put_pod(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct cgroup *cgroup = cgroup_of(view, sock);

	put_string(cell, view, cgroup ? cgroup->pod : NULL);
}

static void put_timer(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_string(cell, view, timer_name(sock->timer));
}

static void put_timer_ms(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_known(cell, view, sock->timer != TIMER_NONE, sock->timer_ms);
}

static void put_retrans(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_known(cell, view, sock->timer != TIMER_NONE, sock->retransmits);
}

static void put_age_range(struct text *cell, const struct age *age)
{
	struct text high = { 0 };
	size_t start = cell->count;

	cell_duration(cell, age->min_ms, false);
	cell_duration(&high, age->max_ms, false);
	if (strcmp(text_str(&high), cell->at + start) != 0) {
		cell_char(cell, '-');
		cell_duration(cell, age->max_ms, true);
	}
	text_fini(&high);
}

/* As in JSON: "not acknowledged for at least" is no bound of the time in the state. */
static void put_age_min(struct text *cell, const struct view *view, const struct sock *sock)
{
	struct age age = sock_age(sock, &view->seen->limits);
	bool known = age.kind != AGE_UNKNOWN && age.kind != AGE_UNACKED && age.min_ms >= 0;

	put_known(cell, view, known, (uint64_t)age.min_ms);
}

static void put_age_max(struct text *cell, const struct view *view, const struct sock *sock)
{
	struct age age = sock_age(sock, &view->seen->limits);

	put_known(cell, view, age.kind != AGE_UNKNOWN && age.max_ms >= 0, (uint64_t)age.max_ms);
}

static void put_age(struct text *cell, const struct view *view, const struct sock *sock)
{
	struct age age = sock_age(sock, &view->seen->limits);

	if (view->machine) {
		put_age_min(cell, view, sock);
	} else if (age.kind == AGE_UNKNOWN || (age.min_ms < 0 && age.max_ms < 0)) {
		put_none(cell, view);
	} else if (age.kind == AGE_UNACKED) {
		cell_str(cell, "unacked>=");
		cell_duration(cell, age.min_ms, false);
	} else if (age.max_ms < 0) {
		cell_str(cell, ">=");
		cell_duration(cell, age.min_ms, false);
	} else if (age.min_ms < 0) {
		cell_str(cell, "<=");
		cell_duration(cell, age.max_ms, true);
	} else {
		put_age_range(cell, &age);
	}
}

static void put_opener(struct text *cell, const struct view *view, const struct sock *sock)
{
	static const char *const names[] = {
		[OPENER_UNKNOWN] = NULL, [OPENER_HERE] = "here", [OPENER_PEER] = "peer",
	};

	put_string(cell, view, names[sock_opener(sock)]);
}

static void put_mark(struct text *cell, const struct view *view, const struct sock *sock)
{
	if (!(sock->have & HAVE_MARK) || view->machine) {
		put_known(cell, view, sock->have & HAVE_MARK, sock->mark);
	} else {
		cell_str(cell, "0x");
		cell_hex(cell, sock->mark);
	}
}

static void put_rtt(struct text *cell, const struct view *view, const struct sock *sock)
{
	bool known = sock->detail && metric_has(&sock->detail->metrics, METRIC_RTT);

	if (!known || view->machine)
		put_known(cell, view, known, known ? sock->detail->metrics.value[METRIC_RTT] : 0);
	else
		cell_us_as_ms(cell, sock->detail->metrics.value[METRIC_RTT]);
}

static void put_cwnd(struct text *cell, const struct view *view, const struct sock *sock)
{
	bool known = sock->detail && metric_has(&sock->detail->metrics, METRIC_SND_CWND);

	put_known(cell, view, known, known ? sock->detail->metrics.value[METRIC_SND_CWND] : 0);
}

static void put_idle(struct text *cell, const struct view *view, const struct sock *sock)
{
	uint32_t sent = sock->flow.last_data_sent_ms, received = sock->flow.last_data_recv_ms;
	uint32_t idle = sent < received ? sent : received;
	bool known = (sock->have & HAVE_FLOW) && sock->state != STATE_LISTEN;

	if (!known || view->machine)
		put_known(cell, view, known, idle);
	else
		cell_duration(cell, idle, false);
}

static void put_sent(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_known(cell, view, sock->have & HAVE_SENT, sock->flow.bytes_sent);
}

static void put_received(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_known(cell, view, sock->have & HAVE_ACKED, sock->flow.bytes_received);
}

/* Without -G it is the same for every row. */
static void put_netns(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct snapshot *seen = view->seen;

	(void)sock;
	if (seen->place && view->machine)
		where_value(cell, seen->place);
	else if (seen->place)
		where_word(cell, seen->place);
	else if (seen->netns_name[0])
		put_string(cell, view, seen->netns_name);
	else
		put_known(cell, view, seen->netns_inode, seen->netns_inode);
}

/*
 * THE column table. To add a column: a put function above that adds one value
 * (or put_none) and a row here; help, completion, -C, the man page test and
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
