/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "value/column.h"

#include "model/protocol.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* ---- values that are no member of struct sock ---- */

static struct value number(bool known, uint64_t number)
{
	return (struct value){ .told = known ? TOLD_KNOWN : TOLD_UNKNOWN, .number = number };
}

/* NULL: there is none. */
static struct value string(const char *str)
{
	return (struct value){
		.told = str ? TOLD_KNOWN : TOLD_NONE,
		.bytes = str, .count = str ? (uint32_t)strlen(str) : 0,
	};
}

/* As in JSON: a wildcard is an address, and who has no peer has nothing. */
static struct value local_end(const struct sock *sock, const struct snapshot *seen)
{
	(void)sock, (void)seen;
	return (struct value){ .told = TOLD_KNOWN };
}

static struct value peer_end(const struct sock *sock, const struct snapshot *seen)
{
	(void)seen;
	return (struct value){ .told = sock_has_peer(sock) ? TOLD_KNOWN : TOLD_NONE };
}

static struct value local_port(const struct sock *sock, const struct snapshot *seen)
{
	int64_t port = sock_port(sock, false);
	bool is = sock->other ? sock->other->local_service_size : port;

	(void)seen;
	return (struct value){ .told = is ? TOLD_KNOWN : TOLD_NONE, .number = (uint64_t)port };
}

static struct value peer_port(const struct sock *sock, const struct snapshot *seen)
{
	int64_t port = sock_port(sock, true);
	bool is = sock->other ? sock->other->remote_service_size : port;

	(void)seen;
	return (struct value){ .told = is ? TOLD_KNOWN : TOLD_NONE, .number = (uint64_t)port };
}

/* Without a file there is no holder; that of a file may be hidden. */
static struct value holders(const struct sock *sock, const struct snapshot *seen)
{
	size_t count;
	const struct holder *holders = snapshot_holders(seen, sock->inode, &count);
	bool hidden = sock->inode && (!seen->holders_known || !seen->holders_complete);

	return (struct value){
		.told = count ? TOLD_KNOWN : hidden ? TOLD_UNKNOWN : TOLD_NONE,
		.holders = holders, .count = (uint32_t)count,
	};
}

static struct value family(const struct sock *sock, const struct snapshot *seen)
{
	const char *family = protocol_row(sock->protocol)->family;

	(void)seen;
	return string(family ? family : sock->family == FAMILY_IPV4 ? "ipv4" : "ipv6");
}

static struct value cookie(const struct sock *sock, const struct snapshot *seen)
{
	(void)seen;
	return number(sock->cookie != UINT64_MAX, sock->cookie);
}

/* NULL where it is not known. */
static const struct cgroup *cgroup_of(const struct sock *sock, const struct snapshot *seen)
{
	return sock->have & HAVE_CGROUP ? snapshot_cgroup(seen, sock->cgroup_id) : NULL;
}

static struct value cgroup_path(const struct sock *sock, const struct snapshot *seen)
{
	const struct cgroup *cgroup = cgroup_of(sock, seen);

	return cgroup ? string(cgroup->path) : number(false, 0);
}

static struct value unit(const struct sock *sock, const struct snapshot *seen)
{
	const struct cgroup *cgroup = cgroup_of(sock, seen);

	return cgroup ? string(cgroup_unit(cgroup)) : number(false, 0);
}

static struct value container(const struct sock *sock, const struct snapshot *seen)
{
	const struct cgroup *cgroup = cgroup_of(sock, seen);

	return cgroup ? string(cgroup_container(cgroup)) : number(false, 0);
}

static struct value pod(const struct sock *sock, const struct snapshot *seen)
{
	const struct cgroup *cgroup = cgroup_of(sock, seen);

	return cgroup ? string(cgroup_pod(cgroup)) : number(false, 0);
}

static struct value timer(const struct sock *sock, const struct snapshot *seen)
{
	(void)seen;
	return string(timer_name(sock->timer));
}

/* Where no timer runs there is no time, and nothing was sent in vain. */
static struct value timer_expires(const struct sock *sock, const struct snapshot *seen)
{
	(void)seen;
	return (struct value){
		.told = sock->timer != TIMER_NONE ? TOLD_KNOWN : TOLD_NONE,
		.number = sock->timer_ms,
	};
}

static struct value retransmits(const struct sock *sock, const struct snapshot *seen)
{
	(void)seen;
	return (struct value){
		.told = sock->other ? TOLD_UNKNOWN :
			sock->timer != TIMER_NONE ? TOLD_KNOWN : TOLD_NONE,
		.number = sock->retransmits,
	};
}

static struct value age(const struct sock *sock, const struct snapshot *seen)
{
	struct age age = sock_age(sock, &seen->limits);
	bool known = age.kind != AGE_UNKNOWN && (age.min_ms >= 0 || age.max_ms >= 0);

	return number(known, 0);
}

/* "Not acknowledged for at least" is no bound of the time in the state. */
static struct value age_min(const struct sock *sock, const struct snapshot *seen)
{
	struct age age = sock_age(sock, &seen->limits);
	bool known = age.kind != AGE_UNKNOWN && age.kind != AGE_UNACKED && age.min_ms >= 0;

	return number(known, (uint64_t)age.min_ms);
}

static struct value age_max(const struct sock *sock, const struct snapshot *seen)
{
	struct age age = sock_age(sock, &seen->limits);

	return number(age.kind != AGE_UNKNOWN && age.max_ms >= 0, (uint64_t)age.max_ms);
}

static struct value opener(const struct sock *sock, const struct snapshot *seen)
{
	enum opener opener = sock_opener(sock);

	(void)seen;
	if (opener == OPENER_UNKNOWN)
		return (struct value){ .told = TOLD_UNKNOWN };
	return string(opener == OPENER_HERE ? "here" : "peer");
}

static struct value idle(const struct sock *sock, const struct snapshot *seen)
{
	uint32_t sent = sock->flow.last_data_sent_ms, received = sock->flow.last_data_recv_ms;

	(void)seen;
	return number((sock->have & HAVE_FLOW) && sock->state != STATE_LISTEN,
		      sent < received ? sent : received);
}

/* Without -G it is the same for every row. */
static struct value netns(const struct sock *sock, const struct snapshot *seen)
{
	uint64_t inode = seen->place ? seen->place->inode : seen->netns_inode;

	(void)sock;
	return number(seen->place || seen->netns_name[0] || inode, inode);
}

/* ---- the table ---- */

#define SOCK(member) .offset = offsetof(struct sock, member), \
		     .size = sizeof(((struct sock *)0)->member)
#define TCP_INFO(name) .metric = METRIC_##name + 1

/*
 * THE column table. To add a column: a row here, with a member of struct sock or of
 * tcp_info, or a function above, and a line in the man page. The usual ones are in
 * ss's order.
 */
static const struct column columns[] = {
	{ .name = "NETID", .heading = "Netid", .kind = KIND_PROTOCOL,
	  SOCK(protocol), .member = "netid",
	  .help = "table of the socket as ss names it: tcp udp raw mptcp u_str u_dgr u_seq p_raw p_dgr nl" },
	{ .name = "STATE", .heading = "State", .kind = KIND_STATE,
	  SOCK(state), .usual = true, .member = "state",
	  .help = "state as ss spells it" },
	{ .name = "RECVQ", .heading = "Recv-Q", .kind = KIND_NUMBER,
	  SOCK(recv_queue), .of_live = true, .left = true, .usual = true, .member = "recv_queue",
	  .help = "bytes not read by the program; LISTEN: connections waiting for accept()" },
	{ .name = "SENDQ", .heading = "Send-Q", .kind = KIND_NUMBER,
	  SOCK(send_queue), .lacks = LACKS_BACKLOG, .of_live = true, .left = true, .usual = true,
	  .member = "send_queue",
	  .help = "bytes not acknowledged by the peer; LISTEN: limit of the accept queue" },
	{ .name = "LOCAL", .heading = "Local Address:Port", .kind = KIND_END,
	  .get = local_end, .usual = true, .need = NEED_LINKS, .parts = "LADDR,LPORT,IFACE",
	  .help = "this end, with the device it is bound to" },
	{ .name = "PEER", .heading = "Peer Address:Port", .kind = KIND_END,
	  .get = peer_end, .peer = true, .usual = true, .parts = "PADDR,PPORT",
	  .help = "the other end" },
	{ .name = "PROCESS", .heading = "Process", .kind = KIND_USERS,
	  .get = holders, .usual = true, .need = NEED_HOLDERS, .parts = "PID,COMM,FD",
	  .help = "every process and descriptor that holds it, as ss -p writes them" },
	{ .name = "LADDR", .heading = "Local-Address", .kind = KIND_HOST,
	  .get = local_end, .member = "local_address",
	  .help = "address of this end" },
	{ .name = "LPORT", .heading = "Local-Port", .kind = KIND_PORT,
	  .get = local_port, .member = "local_port",
	  .help = "port of this end" },
	{ .name = "PADDR", .heading = "Peer-Address", .kind = KIND_HOST,
	  .get = peer_end, .peer = true, .member = "remote_address",
	  .help = "address of the other end" },
	{ .name = "PPORT", .heading = "Peer-Port", .kind = KIND_PORT,
	  .get = peer_port, .peer = true, .member = "remote_port",
	  .help = "port of the other end" },
	{ .name = "FAMILY", .heading = "Family", .kind = KIND_WORD,
	  .get = family, .member = "family",
	  .help = "ipv4, ipv6, unix, packet or netlink, of the socket" },
	{ .name = "IFACE", .heading = "Iface", .kind = KIND_DEVICE,
	  SOCK(ifindex), .zero_is_none = true, .need = NEED_LINKS, .member = "interface",
	  .help = "device that it is bound to" },
	{ .name = "PID", .heading = "PID", .kind = KIND_PIDS,
	  .get = holders, .need = NEED_HOLDERS, .member = "pids",
	  .help = "processes that hold it" },
	{ .name = "COMM", .heading = "Comm", .kind = KIND_COMMS,
	  .get = holders, .need = NEED_HOLDERS, .member = "comms",
	  .help = "names of these processes" },
	{ .name = "FD", .heading = "FD", .kind = KIND_FDS,
	  .get = holders, .need = NEED_HOLDERS, .member = "fds",
	  .help = "their descriptors" },
	{ .name = "UID", .heading = "UID", .kind = KIND_NUMBER,
	  SOCK(uid), .have = HAVE_UID, .member = "uid",
	  .help = "user who made it; not told for TIME-WAIT and SYN-RECV" },
	{ .name = "INODE", .heading = "Inode", .kind = KIND_NUMBER,
	  SOCK(inode), .zero_is_none = true, .member = "inode",
	  .help = "inode of the socket file; none when no file holds it" },
	{ .name = "COOKIE", .heading = "Cookie", .kind = KIND_COOKIE,
	  .get = cookie, .member = "cookie",
	  .help = "the kernel's identity of the socket, hexadecimal as ss's sk:" },
	{ .name = "CGROUP", .heading = "Cgroup", .kind = KIND_STRING,
	  .get = cgroup_path, .need = NEED_CGROUP, .member = "cgroup",
	  .help = "path of its cgroup" },
	{ .name = "UNIT", .heading = "Unit", .kind = KIND_STRING,
	  .get = unit, .need = NEED_CGROUP, .member = "unit",
	  .help = "systemd unit that the cgroup path names" },
	{ .name = "CONTAINER", .heading = "Container", .kind = KIND_STRING,
	  .get = container, .need = NEED_CGROUP, .member = "container",
	  .help = "container that the cgroup path names" },
	{ .name = "POD", .heading = "Pod", .kind = KIND_STRING,
	  .get = pod, .need = NEED_CGROUP, .member = "pod",
	  .help = "kubernetes pod that the cgroup path names" },
	{ .name = "TIMER", .heading = "Timer", .kind = KIND_WORD,
	  .get = timer, .member = "timer_kind",
	  .help = "timer that runs: on (retransmit), keepalive, timewait, persist" },
	{ .name = "TIMERMS", .heading = "Timer-ms", .kind = KIND_NUMBER,
	  .get = timer_expires, .member = "timer_expires_ms",
	  .help = "milliseconds until it fires" },
	{ .name = "RETRANS", .heading = "Retrans", .kind = KIND_NUMBER,
	  .get = retransmits, .of_live = true, .member = "timer_retransmits",
	  .help = "retransmissions or probes without an answer" },
	{ .name = "AGE", .heading = "Age", .kind = KIND_AGE,
	  .get = age, .need = NEED_FLOW, .parts = "AGEMIN,AGEMAX",
	  .help = "time in the present state: exact, a range, or at least" },
	{ .name = "AGEMIN", .heading = "Age-min-ms", .kind = KIND_NUMBER,
	  .get = age_min, .need = NEED_FLOW, .member = "age_min_ms",
	  .help = "lower bound of the age in milliseconds" },
	{ .name = "AGEMAX", .heading = "Age-max-ms", .kind = KIND_NUMBER,
	  .get = age_max, .need = NEED_FLOW, .member = "age_max_ms",
	  .help = "upper bound of the age in milliseconds" },
	{ .name = "OPENER", .heading = "Opener", .kind = KIND_WORD,
	  .get = opener, .need = NEED_FLOW, .member = "opener",
	  .help = "who called connect(): here or peer" },
	{ .name = "MARK", .heading = "Mark", .kind = KIND_MARK,
	  SOCK(mark), .have = HAVE_MARK, .member = "mark",
	  .help = "firewall mark (needs CAP_NET_ADMIN)" },
	{ .name = "RTT", .heading = "RTT-ms", .kind = KIND_US,
	  TCP_INFO(RTT), .need = NEED_TCP_INFO, .member = "rtt_us",
	  .help = "smoothed round trip time in milliseconds" },
	{ .name = "CWND", .heading = "Cwnd", .kind = KIND_NUMBER,
	  TCP_INFO(SND_CWND), .need = NEED_TCP_INFO, .member = "snd_cwnd_segments",
	  .help = "congestion window in segments" },
	{ .name = "IDLE", .heading = "Idle", .kind = KIND_MS,
	  .get = idle, .need = NEED_FLOW, .member = "idle_ms",
	  .help = "since data last moved, either way" },
	{ .name = "SENT", .heading = "Sent", .kind = KIND_NUMBER,
	  SOCK(flow.bytes_sent), .have = HAVE_SENT, .need = NEED_FLOW, .member = "sent_bytes",
	  .help = "bytes sent, with retransmitted ones" },
	{ .name = "RECEIVED", .heading = "Received", .kind = KIND_NUMBER,
	  SOCK(flow.bytes_received), .have = HAVE_ACKED, .need = NEED_FLOW,
	  .member = "received_bytes",
	  .help = "bytes received" },
	{ .name = "NETNS", .heading = "Netns", .kind = KIND_NETNS,
	  .get = netns, .member = "netns",
	  .help = "network namespace: its name, container, pod, service or process" },
};

#define COLUMN_COUNT (sizeof(columns) / sizeof(*columns))

size_t columns_count(void)
{
	return COLUMN_COUNT;
}

const struct column *column_at(size_t i)
{
	return &columns[i];
}

const struct column *column_find(const char *name, size_t size)
{
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		if (strlen(columns[i].name) == size &&
		    strncasecmp(columns[i].name, name, size) == 0)
			return &columns[i];
	return NULL;
}

const struct column *column_with_word(size_t i)
{
	static size_t first = SIZE_MAX;

	/* asked for every row of a listing */
	if (first == SIZE_MAX)
		for (first = 0; first < COLUMN_COUNT && !columns[first].word;)
			first++;
	for (size_t at = first; at < COLUMN_COUNT; at++)
		if (columns[at].word && i-- == 0)
			return &columns[at];
	return NULL;
}

int column_unknown(const char *name, size_t size, struct fault *fault)
{
	struct text names = { 0 };
	int err;

	for (size_t i = 0; i < COLUMN_COUNT; i++)
		text_addf(&names, "%s%s", i ? " " : "", columns[i].name);
	err = fault_set(fault, EINVAL, size ? "no column is called '%s'; there are: %s"
			: "%sa column name is empty; there are: %s",
			QUOTE_BYTES(name, size), text_str(&names));
	text_fini(&names);
	return err;
}

/* ---- values ---- */

struct value column_metric(const struct column *column, const struct sock *sock)
{
	const struct metrics *metrics = sock->detail ? &sock->detail->metrics : NULL;
	unsigned metric = column->metric - 1u;
	bool known = metrics && metric_has(metrics, (enum metric)metric);

	return number(known, known ? metrics->value[metric] : 0);
}
