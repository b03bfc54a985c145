/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "value/column.h"

#include "model/protocol.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* ---- values that are no member of struct sock ---- */

#define UNUSED __attribute__((unused))

/* The function header of a column_get. */
#define GET(name) \
	static struct value name(UNUSED const struct column *column, UNUSED const struct sock *sock, \
				 UNUSED const struct snapshot *seen)

static struct value number(bool known, uint64_t number)
{
	return (struct value){ .told = known ? TOLD_KNOWN : TOLD_UNKNOWN, .number = number };
}

static struct value there(bool is, uint64_t number)
{
	return (struct value){ .told = is ? TOLD_KNOWN : TOLD_NONE, .number = number };
}

/* A string value; NULL becomes "none". */
static struct value string(const char *str)
{
	return (struct value){
		.told = str ? TOLD_KNOWN : TOLD_NONE,
		.bytes = str, .count = str ? (uint32_t)strlen(str) : 0,
	};
}

/* As in JSON, a wildcard is an address, and a socket without a peer has no value. */
GET(end)
{
	return there(!column->peer || sock_has_peer(sock), 0);
}

GET(port)
{
	struct sock_end end = sock_end(sock, column->peer);

	return there(end.port || end.service_size, (uint64_t)sock_port(sock, column->peer));
}

/* A socket without a file has no holder; the holder of a file may be hidden. */
GET(holders)
{
	size_t count;
	const struct holder *holders = snapshot_holders(seen, sock->inode, &count);
	bool hidden = sock->inode && !snapshot_sees_holders(seen);

	return (struct value){
		.told = count ? TOLD_KNOWN : hidden ? TOLD_UNKNOWN : TOLD_NONE,
		.holders = holders, .count = (uint32_t)count,
	};
}

GET(family)
{
	const char *family = protocol_row(sock->protocol)->family;

	return string(family ? family : sock->family == FAMILY_IPV4 ? "ipv4" : "ipv6");
}

GET(cookie)
{
	return number(sock->cookie != UINT64_MAX, sock->cookie);
}

GET(cgroup)
{
	const struct cgroup *cgroup = snapshot_home_of(seen, sock);

	return cgroup ? string(cgroup->path) : number(false, 0);
}

/* A cgroup that is known has the name in its path, or is known to have none. */
GET(of_cgroup)
{
	const struct cgroup *cgroup = snapshot_home_of(seen, sock);
	const void *at = cgroup && cgroup->names ?
			 (const char *)cgroup->names + column->offset : NULL;

	if (!cgroup)
		return number(false, 0);
	return string(at ? *(const char *const *)at : NULL);
}

GET(timer)
{
	return string(timer_name(sock->timer));
}

/* Where no timer runs, there is no time and there were no retransmissions. */
GET(of_timer)
{
	return sock->other ? number(false, 0) :
			     there(sock->timer != TIMER_NONE, column_member(column, sock));
}

GET(age)
{
	struct age age = sock_age(sock, &seen->limits);

	return number(age.kind != AGE_UNKNOWN && (age.min_ms >= 0 || age.max_ms >= 0), 0);
}

/* "Not acknowledged for at least" does not bound the time in the state. */
GET(age_min)
{
	struct age age = sock_age(sock, &seen->limits);
	bool known = age.kind != AGE_UNKNOWN && age.kind != AGE_UNACKED && age.min_ms >= 0;

	return number(known, (uint64_t)age.min_ms);
}

GET(age_max)
{
	struct age age = sock_age(sock, &seen->limits);

	return number(age.kind != AGE_UNKNOWN && age.max_ms >= 0, (uint64_t)age.max_ms);
}

GET(opener)
{
	enum opener opener = sock_opener(sock);

	return opener == OPENER_UNKNOWN ? number(false, 0) :
	       string(opener == OPENER_HERE ? "here" : "peer");
}

/*
 * A retransmission renews the time of the last data sent, but what it sends is not new:
 * no new data was sent for as long as the oldest has been unacknowledged.
 */
GET(idle)
{
	uint32_t sent = sock->flow.last_data_sent_ms, received = sock->flow.last_data_recv_ms;
	struct age unacked = sock_unacked(sock, &seen->limits);

	if (sock->retransmits && unacked.min_ms > sent)
		sent = (uint32_t)unacked.min_ms;
	return number((sock->have & HAVE_FLOW) && sock->state != STATE_LISTEN &&
		      sock->state != STATE_SYN_SENT, sent < received ? sent : received);
}

/* Without -G every row has the same namespace. */
GET(netns)
{
	const struct netns *netns = seen->netns;

	return number(netns->visited || netns->name || netns->inode, netns->inode);
}

/* ---- the table ---- */

#define SOCK(member) .offset = offsetof(struct sock, member), \
		     .size = sizeof(((struct sock *)0)->member)
#define CGROUP(string) .offset = offsetof(struct cgroup_names, string)
#define TCP_INFO(name) .metric = METRIC_##name + 1

/*
 * THE column table. To add a column: a row here, with a member of struct sock or of
 * tcp_info or a function above, and a line in the man page. The usual columns stand in
 * the order of ss.
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
	  .get = end, .usual = true, .need = NEED_LINKS, .parts = "LADDR,LPORT,IFACE",
	  .help = "this end, with the device it is bound to" },
	{ .name = "PEER", .heading = "Peer Address:Port", .kind = KIND_END,
	  .get = end, .peer = true, .usual = true, .parts = "PADDR,PPORT",
	  .help = "the other end" },
	{ .name = "PROCESS", .heading = "Process", .kind = KIND_USERS,
	  .get = holders, .usual = true, .need = NEED_HOLDERS, .parts = "PID,COMM,FD",
	  .help = "every process and descriptor that holds it, as ss -p writes them" },
	{ .name = "LADDR", .heading = "Local-Address", .kind = KIND_HOST,
	  .get = end, .member = "local_address",
	  .help = "address of this end" },
	{ .name = "LPORT", .heading = "Local-Port", .kind = KIND_PORT,
	  .get = port, .member = "local_port",
	  .help = "port of this end" },
	{ .name = "PADDR", .heading = "Peer-Address", .kind = KIND_HOST,
	  .get = end, .peer = true, .member = "remote_address",
	  .help = "address of the other end" },
	{ .name = "PPORT", .heading = "Peer-Port", .kind = KIND_PORT,
	  .get = port, .peer = true, .member = "remote_port",
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
	  .get = cgroup, .need = NEED_CGROUP, .member = "cgroup",
	  .help = "path of its cgroup" },
	{ .name = "UNIT", .heading = "Unit", .kind = KIND_STRING,
	  .get = of_cgroup, CGROUP(unit), .need = NEED_CGROUP, .member = "unit",
	  .help = "systemd unit that the cgroup path names" },
	{ .name = "CONTAINER", .heading = "Container", .kind = KIND_STRING,
	  .get = of_cgroup, CGROUP(container), .need = NEED_CGROUP, .member = "container",
	  .help = "container that the cgroup path names" },
	{ .name = "POD", .heading = "Pod", .kind = KIND_STRING,
	  .get = of_cgroup, CGROUP(pod), .need = NEED_CGROUP, .member = "pod",
	  .help = "kubernetes pod that the cgroup path names" },
	{ .name = "PODNAME", .heading = "Pod-Name", .kind = KIND_STRING,
	  .get = of_cgroup, CGROUP(pod_name), .need = NEED_CGROUP, .member = "pod_name",
	  .help = "name of this pod, from the kubelet's logs" },
	{ .name = "PODNS", .heading = "Pod-Namespace", .kind = KIND_STRING,
	  .get = of_cgroup, CGROUP(pod_namespace), .need = NEED_CGROUP, .member = "pod_namespace",
	  .help = "Kubernetes namespace of this pod" },
	{ .name = "CNAME", .heading = "Container-Name", .kind = KIND_STRING,
	  .get = of_cgroup, CGROUP(container_name), .need = NEED_CGROUP,
	  .member = "container_name",
	  .help = "name of the container in this pod" },
	{ .name = "TIMER", .heading = "Timer", .kind = KIND_WORD,
	  .get = timer, .member = "timer_kind",
	  .help = "timer that runs: on (retransmit), keepalive, timewait, persist" },
	{ .name = "TIMERMS", .heading = "Timer-ms", .kind = KIND_NUMBER,
	  .get = of_timer, SOCK(timer_ms), .member = "timer_expires_ms",
	  .help = "milliseconds until it fires" },
	{ .name = "RETRANS", .heading = "Retrans", .kind = KIND_NUMBER,
	  .get = of_timer, SOCK(retransmits), .of_live = true, .member = "timer_retransmits",
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
	  .help = "since new data last moved, either way; a retransmission is none" },
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

	/* the table is searched once, because every row of a listing asks */
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
	bool known = metrics && metric_known(metrics, (enum metric)metric);

	return number(known, known ? metrics->value[metric] : 0);
}
