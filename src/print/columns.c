/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/columns.h"

#include "model/age.h"
#include "model/need.h"
#include "print/cell.h"
#include "print/endpoint.h"
#include "print/ss_text.h"

#include <errno.h>
#include <strings.h>

/* No value: a dash, so that the fields of a line can be counted. */
static void put_none(struct text *cell)
{
	cell_char(cell, '-');
}

static void put_known(struct text *cell, bool known, uint64_t value)
{
	if (known)
		cell_u64(cell, value);
	else
		put_none(cell);
}

static void put_netid(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)view, (void)sock;
	cell_str(cell, "tcp");
}

static void put_state(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)view;
	cell_str(cell, state_table[sock->state].ss);
}

static void put_recv_queue(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)view;
	cell_u64(cell, sock->recv_queue);
}

static void put_send_queue(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)view;
	cell_u64(cell, sock->send_queue);
}

static void put_local_addr(struct text *cell, const struct view *view, const struct sock *sock)
{
	endpoint_host(cell, view, sock, &sock->local);
}

static void put_local_port(struct text *cell, const struct view *view, const struct sock *sock)
{
	endpoint_port(cell, view, sock->local_port);
}

static void put_peer_addr(struct text *cell, const struct view *view, const struct sock *sock)
{
	endpoint_host(cell, view, sock, &sock->remote);
}

static void put_peer_port(struct text *cell, const struct view *view, const struct sock *sock)
{
	endpoint_port(cell, view, sock->remote_port);
}

static void put_family(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)view;
	cell_str(cell, sock->family == FAMILY_IPV4 ? "ipv4" : "ipv6");
}

static void put_iface(struct text *cell, const struct view *view, const struct sock *sock)
{
	if (sock->ifindex)
		endpoint_link(cell, view, sock->ifindex);
	else
		put_none(cell);
}

/* Holders as "a,b,c": PID, COMM and FD name the same ones in the same order. */
enum part { PART_PID, PART_COMM, PART_FD };

static void put_holders(struct text *cell, const struct view *view, const struct sock *sock,
			enum part part)
{
	size_t count;
	const struct holder *holder = snapshot_holders(view->seen, sock->inode, &count);

	if (!count)
		put_none(cell);
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
	(void)view;
	put_known(cell, sock->have & HAVE_UID, sock->uid);
}

static void put_inode(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)view;
	put_known(cell, sock->inode, sock->inode);
}

static void put_cookie(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)view;
	if (sock->cookie == UINT64_MAX)
		put_none(cell);
	else
		cell_hex(cell, sock->cookie);
}

static void put_string(struct text *cell, const char *bytes)
{
	if (bytes)
		cell_foreign(cell, bytes, strlen(bytes));
	else
		put_none(cell);
}

static const struct cgroup *cgroup_of(const struct view *view, const struct sock *sock)
{
	return sock->have & HAVE_CGROUP ? snapshot_cgroup(view->seen, sock->cgroup_id) : NULL;
}

static void put_cgroup(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct cgroup *cgroup = cgroup_of(view, sock);

	put_string(cell, cgroup ? cgroup->path : NULL);
}

static void put_unit(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct cgroup *cgroup = cgroup_of(view, sock);

	put_string(cell, cgroup ? cgroup->unit : NULL);
}

static void put_container(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct cgroup *cgroup = cgroup_of(view, sock);

	put_string(cell, cgroup ? cgroup->container : NULL);
}

static void put_pod(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct cgroup *cgroup = cgroup_of(view, sock);

	put_string(cell, cgroup ? cgroup->pod : NULL);
}

static void put_timer(struct text *cell, const struct view *view, const struct sock *sock)
{
	static const char *const names[TIMER_COUNT] = {
		[TIMER_NONE] = "-", [TIMER_RETRANSMIT] = "on", [TIMER_KEEPALIVE] = "keepalive",
		[TIMER_TIME_WAIT] = "timewait", [TIMER_PROBE] = "persist",
	};

	(void)view;
	cell_str(cell, sock->timer < TIMER_COUNT ? names[sock->timer] : "-");
}

static void put_timer_ms(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)view;
	put_known(cell, sock->timer != TIMER_NONE, sock->timer_ms);
}

static void put_retrans(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)view;
	put_known(cell, sock->timer != TIMER_NONE, sock->retransmits);
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

static void put_age(struct text *cell, const struct view *view, const struct sock *sock)
{
	struct age age = sock_age(sock, &view->seen->limits);

	if (age.kind == AGE_UNKNOWN || (age.min_ms < 0 && age.max_ms < 0)) {
		put_none(cell);
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
	enum opener opener = sock_opener(sock);

	(void)view;
	cell_str(cell, opener == OPENER_HERE ? "here" : opener == OPENER_PEER ? "peer" : "-");
}

static void put_mark(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)view;
	if (sock->have & HAVE_MARK) {
		cell_str(cell, "0x");
		cell_hex(cell, sock->mark);
	} else {
		put_none(cell);
	}
}

static void put_rtt(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)view;
	if (sock->detail && metric_has(&sock->detail->metrics, METRIC_RTT))
		cell_us_as_ms(cell, sock->detail->metrics.value[METRIC_RTT]);
	else
		put_none(cell);
}

static void put_cwnd(struct text *cell, const struct view *view, const struct sock *sock)
{
	bool known = sock->detail && metric_has(&sock->detail->metrics, METRIC_SND_CWND);

	(void)view;
	put_known(cell, known, known ? sock->detail->metrics.value[METRIC_SND_CWND] : 0);
}

static void put_idle(struct text *cell, const struct view *view, const struct sock *sock)
{
	uint32_t sent = sock->flow.last_data_sent_ms, received = sock->flow.last_data_recv_ms;

	(void)view;
	if ((sock->have & HAVE_FLOW) && sock->state != STATE_LISTEN)
		cell_duration(cell, sent < received ? sent : received, false);
	else
		put_none(cell);
}

static void put_sent(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)view;
	put_known(cell, sock->have & HAVE_SENT, sock->flow.bytes_sent);
}

static void put_received(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)view;
	put_known(cell, sock->have & HAVE_ACKED, sock->flow.bytes_received);
}

/*
 * THE column table. To add a column: a put function above that adds one value
 * (or put_none) and a row here; help, completion, -C, the man page test and
 * what is asked of the kernel follow from the row. The usual ones are in ss's
 * order.
 */
static const struct column columns[] = {
	{ .name = "NETID", .heading = "Netid", .put = put_netid,
	  .help = "protocol" },
	{ .name = "STATE", .heading = "State", .put = put_state, .usual = true,
	  .help = "state as ss spells it" },
	{ .name = "RECVQ", .heading = "Recv-Q", .put = put_recv_queue, .usual = true,
	  .help = "bytes not read by the program; LISTEN: connections waiting for accept()" },
	{ .name = "SENDQ", .heading = "Send-Q", .put = put_send_queue, .usual = true,
	  .help = "bytes not acknowledged by the peer; LISTEN: limit of the accept queue" },
	{ .name = "LOCAL", .heading = "Local Address:Port", .put = endpoint_local, .usual = true,
	  .align = ALIGN_COLON, .need = NEED_LINKS, .foreign = true,
	  .help = "this end, with the device it is bound to" },
	{ .name = "PEER", .heading = "Peer Address:Port", .put = endpoint_peer, .usual = true,
	  .align = ALIGN_COLON, .foreign = true,
	  .help = "the other end" },
	{ .name = "PROCESS", .heading = "Process", .put = ss_users, .usual = true,
	  .need = NEED_HOLDERS, .foreign = true,
	  .help = "every process and descriptor that holds it, as ss -p writes them" },
	{ .name = "LADDR", .heading = "Local-Address", .put = put_local_addr, .foreign = true,
	  .help = "address of this end" },
	{ .name = "LPORT", .heading = "Local-Port", .put = put_local_port, .align = ALIGN_RIGHT,
	  .foreign = true, .help = "port of this end" },
	{ .name = "PADDR", .heading = "Peer-Address", .put = put_peer_addr, .foreign = true,
	  .help = "address of the other end" },
	{ .name = "PPORT", .heading = "Peer-Port", .put = put_peer_port, .align = ALIGN_RIGHT,
	  .foreign = true, .help = "port of the other end" },
	{ .name = "FAMILY", .heading = "Family", .put = put_family,
	  .help = "ipv4 or ipv6, of the socket" },
	{ .name = "IFACE", .heading = "Iface", .put = put_iface, .need = NEED_LINKS,
	  .foreign = true, .help = "device that it is bound to" },
	{ .name = "PID", .heading = "PID", .put = put_pid, .need = NEED_HOLDERS,
	  .help = "processes that hold it" },
	{ .name = "COMM", .heading = "Comm", .put = put_comm, .need = NEED_HOLDERS,
	  .foreign = true, .help = "names of these processes" },
	{ .name = "FD", .heading = "FD", .put = put_fd, .need = NEED_HOLDERS,
	  .help = "their descriptors" },
	{ .name = "UID", .heading = "UID", .put = put_uid, .align = ALIGN_RIGHT,
	  .help = "user who made it; not told for TIME-WAIT and SYN-RECV" },
	{ .name = "INODE", .heading = "Inode", .put = put_inode, .align = ALIGN_RIGHT,
	  .help = "inode of the socket file; none when no file holds it" },
	{ .name = "COOKIE", .heading = "Cookie", .put = put_cookie, .align = ALIGN_RIGHT,
	  .help = "the kernel's identity of the socket, hexadecimal as ss's sk:" },
	{ .name = "CGROUP", .heading = "Cgroup", .put = put_cgroup, .need = NEED_CGROUP,
	  .foreign = true, .help = "path of its cgroup" },
	{ .name = "UNIT", .heading = "Unit", .put = put_unit, .need = NEED_CGROUP,
	  .foreign = true, .help = "systemd unit that the cgroup path names" },
	{ .name = "CONTAINER", .heading = "Container", .put = put_container, .need = NEED_CGROUP,
	  .foreign = true, .help = "container that the cgroup path names" },
	{ .name = "POD", .heading = "Pod", .put = put_pod, .need = NEED_CGROUP, .foreign = true,
	  .help = "kubernetes pod that the cgroup path names" },
	{ .name = "TIMER", .heading = "Timer", .put = put_timer,
	  .help = "timer that runs: on (retransmit), keepalive, timewait, persist" },
	{ .name = "TIMERMS", .heading = "Timer-ms", .put = put_timer_ms, .align = ALIGN_RIGHT,
	  .help = "milliseconds until it fires" },
	{ .name = "RETRANS", .heading = "Retrans", .put = put_retrans, .align = ALIGN_RIGHT,
	  .help = "retransmissions or probes without an answer" },
	{ .name = "AGE", .heading = "Age", .put = put_age, .align = ALIGN_RIGHT, .need = NEED_FLOW,
	  .help = "time in the present state: exact, a range, or at least" },
	{ .name = "OPENER", .heading = "Opener", .put = put_opener, .need = NEED_FLOW,
	  .help = "who called connect(): here or peer" },
	{ .name = "MARK", .heading = "Mark", .put = put_mark, .align = ALIGN_RIGHT,
	  .help = "firewall mark (needs CAP_NET_ADMIN)" },
	{ .name = "RTT", .heading = "RTT-ms", .put = put_rtt, .align = ALIGN_RIGHT,
	  .need = NEED_TCP_INFO, .help = "smoothed round trip time in milliseconds" },
	{ .name = "CWND", .heading = "Cwnd", .put = put_cwnd, .align = ALIGN_RIGHT,
	  .need = NEED_TCP_INFO, .help = "congestion window in segments" },
	{ .name = "IDLE", .heading = "Idle", .put = put_idle, .align = ALIGN_RIGHT,
	  .need = NEED_FLOW, .help = "since data last moved, either way" },
	{ .name = "SENT", .heading = "Sent", .put = put_sent, .align = ALIGN_RIGHT,
	  .need = NEED_FLOW, .help = "bytes sent, with retransmitted ones" },
	{ .name = "RECEIVED", .heading = "Received", .put = put_received, .align = ALIGN_RIGHT,
	  .need = NEED_FLOW, .help = "bytes received" },
};

#define COLUMN_COUNT (sizeof(columns) / sizeof(*columns))
_Static_assert(COLUMN_COUNT <= sizeof(((struct columns *)0)->at) / sizeof(void *),
	       "struct columns has room for every column");

static void put_nothing(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)cell, (void)view, (void)sock;
}

/* Without -p ss keeps the heading, and so do we; /proc is not walked for it. */
static const struct column empty_process = {
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

unsigned column_need(size_t i)
{
	return columns[i].need;
}

static void add(struct columns *chosen, const struct column *column)
{
	if (chosen->count < sizeof(chosen->at) / sizeof(*chosen->at))
		chosen->at[chosen->count++] = column;
}

static bool has_put(const struct columns *chosen, const struct column *column)
{
	for (size_t i = 0; i < chosen->count; i++)
		if (chosen->at[i] == column)
			return true;
	return false;
}

static bool is_one_state(uint32_t states)
{
	return states && !(states & (states - 1));
}

static void add_usual(struct columns *chosen, const struct style *style, uint32_t states)
{
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		if (!columns[i].usual || (columns[i].put == put_state && is_one_state(states)))
			continue;
		if (columns[i].put == ss_users && !style->with_process)
			add(chosen, &empty_process);
		else
			add(chosen, &columns[i]);
	}
}

static const struct column *find(const char *name, size_t size)
{
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		if (strlen(columns[i].name) == size &&
		    strncasecmp(columns[i].name, name, size) == 0)
			return &columns[i];
	return NULL;
}

static int no_such_column(const char *name, size_t size, struct fault *fault)
{
	struct text names = { 0 }, safe = { 0 };
	int err;

	for (size_t i = 0; i < COLUMN_COUNT; i++)
		text_addf(&names, "%s%s", i ? " " : "", columns[i].name);
	text_add_safe(&safe, name, size < 40 ? size : 40);
	err = fault_set(fault, EINVAL, size ? "no column is called '%s'; there are: %s"
			: "%sa column name is empty; there are: %s",
			text_str(&safe), text_str(&names));
	text_fini(&names);
	text_fini(&safe);
	return err;
}

static int add_named(struct columns *chosen, const char *spec, struct fault *fault)
{
	size_t size;

	for (;; spec += size + 1) {
		size = strcspn(spec, ",");
		const struct column *column = find(spec, size);

		if (!column)
			return no_such_column(spec, size, fault);
		if (!has_put(chosen, column))
			add(chosen, column);
		if (!spec[size])
			return 0;
	}
}

int columns_choose(struct columns *chosen, const char *spec, const struct style *style,
		   uint32_t states, struct fault *fault)
{
	const struct column *process;
	int err;

	chosen->count = 0;
	if (!spec || *spec == '+')
		add_usual(chosen, style, states);
	if (!spec)
		return 0;
	if (*spec != '+') {
		err = add_named(chosen, spec, fault);
		if (!err && style->with_process && !has_put(chosen, find("PROCESS", 7)))
			add(chosen, find("PROCESS", 7));
		return err;
	}
	/* Process stays last: it may be empty, and fields are counted from the left. */
	process = chosen->at[--chosen->count];
	err = add_named(chosen, spec + 1, fault);
	if (process != &empty_process && !has_put(chosen, process))
		add(chosen, process);
	return err;
}

unsigned columns_need(const struct columns *chosen, const struct style *style)
{
	unsigned need = 0;

	for (size_t i = 0; i < chosen->count; i++)
		need |= chosen->at[i]->need;
	if (style->with_process)
		need |= NEED_HOLDERS;
	if (style->with_memory)
		need |= NEED_MEMORY;
	if (style->with_info)
		need |= NEED_TCP_INFO | NEED_CONGESTION;
	if (style->with_tos)
		need |= NEED_TOS;
	if (style->with_cgroup || style->with_extended)
		need |= NEED_CGROUP;
	return need;
}
