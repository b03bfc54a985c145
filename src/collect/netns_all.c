/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work in every network namespace of this machine: -G judges or lists each, and bind
 * looks for owners of its port.
 */
#include "collect/handle.h"

#include "base/clock.h"
#include "base/grow.h"
#include "base/order.h"
#include "base/own.h"
#include "base/text.h"
#include "collect/cgroups.h"
#include "collect/host.h"
#include "collect/inet.h"
#include "collect/netns.h"
#include "collect/proc.h"
#include "collect/sysctls.h"
#include "model/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The room for a process name in struct netns and in struct elsewhere. */
#define COMM_ROOM sizeof(((struct netns *)0)->comm)

/* ---- states that can be in a namespace ---- */

/* Without IPv6 there is no second file. If a file cannot be read, any socket may exist. */
static bool read_stat(struct text *stat)
{
	int err;

	if (file_read(AT_FDCWD, "/proc/thread-self/net/sockstat", stat) < 0)
		return false;
	err = file_read(AT_FDCWD, "/proc/thread-self/net/sockstat6", stat);
	return !err || err == -ENOENT;
}

/* False only if the counter is there and 0. */
static bool may_have(const struct text *stat, const char *line, const char *key)
{
	int64_t value;

	return !counter_inline(text_str(stat), line, key, &value) || value > 0;
}

/* If the line of sockstat6 is missing there is no IPv6 socket. */
static bool has_ipv6(const struct text *stat, const char *line)
{
	int64_t value;

	return counter_inline(text_str(stat), line, "inuse", &value) && value > 0;
}

/* If no segment ever arrived, no handshake can be under way. */
static bool may_have_requests(void)
{
	struct text snmp = { 0 };
	int64_t value = 0;
	bool may = file_read(AT_FDCWD, "/proc/thread-self/net/snmp", &snmp) < 0 ||
		   !counter_pairs(text_str(&snmp), "Tcp:", "InSegs", &value) || value > 0;

	text_fini(&snmp);
	return may;
}

/*
 * "inuse" counts listeners and connections, orphans too; "tw" counts TIME_WAIT; sockets
 * that are only bound are among all that are "used". Nothing counts requests, which
 * outlive their listener by some seconds.
 */
static uint32_t tcp_states(const struct text *stat)
{
	uint32_t states = 0;

	if (may_have(stat, "TCP:", "inuse") || has_ipv6(stat, "TCP6:") ||
	    may_have(stat, "TCP:", "tw"))
		return STATE_ALL;
	if (may_have(stat, "sockets:", "used"))
		states |= STATE_BIT(STATE_BOUND);
	if (may_have_requests())
		states |= STATE_BIT(STATE_SYN_RECV);
	return states;
}

/*
 * Returns the states that sockets of @protocol can be in here, by the kernel's counters:
 * STATE_ALL when these prove nothing, 0 when there is no such socket. Call it before a
 * netlink socket is opened here, which would be counted as one that may be bound.
 */
static uint32_t states_of(enum protocol protocol)
{
	struct text stat = { 0 };
	uint32_t states = STATE_ALL;

	if (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP)
		return states;
	if (!read_stat(&stat))
		states = STATE_ALL;
	else if (protocol == PROTOCOL_TCP)
		states = tcp_states(&stat);
	else if (!may_have(&stat, "UDP:", "inuse") && !has_ipv6(&stat, "UDP6:"))
		states = 0;
	text_fini(&stat);
	return states;
}

/* ---- -G ---- */

/* Returns the length of the process name, or 0 if it could not be read. */
static uint8_t read_comm(int32_t pid, char comm[COMM_ROOM])
{
	struct text content = { 0 };
	char path[PROC_PATH + 8];
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	(void)file_read(AT_FDCWD, path, &content);
	size = proc_comm(&content, comm, COMM_ROOM);
	text_fini(&content);
	return (uint8_t)size;
}

struct visits {
	netns_visitor   *visit;
	void            *ctx;
	uint64_t         init;          /* inode of the namespace of process 1, or 0 */
	int              err;           /* of the visit that ended the tour */
};

/* Reads unit, container and pod from the path of the process in cgroup2. */
static void read_owner(struct netns *netns)
{
	struct text groups = { 0 }, group = { 0 };
	char path[PROC_PATH + 8];
	const char *at;
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", netns->pid);
	if (file_read(AT_FDCWD, path, &groups) == 0 &&
	    (size = cgroup_path(text_str(&groups), &at))) {
		text_add(&group, at, size);
		netns->unit = unit_of_path(group.at);
		netns->container = container_of_path(group.at);
		netns->pod = pod_of_path(group.at);
	}
	text_fini(&groups);
	text_fini(&group);
}

static void describe(struct netns *netns, uint64_t init)
{
	netns->visited = true;
	netns->init_known = init;
	netns->is_init = netns->inode == init;
	if (netns->pid) {
		netns->comm_size = read_comm(netns->pid, netns->comm);
		read_owner(netns);
	}
}

static bool visit_netns(void *ctx, struct netns *netns)
{
	struct visits *visits = ctx;

	if (visits->err)
		return false;
	describe(netns, visits->init);
	visits->err = visits->visit(visits->ctx, netns);
	return !visits->err;
}

static uint64_t inode_of(const char *path)
{
	struct stat st;

	return host_stat(path, &st) == 0 ? (uint64_t)st.st_ino : 0;
}

int collect_everywhere(struct collect *collect, netns_visitor *visit, void *ctx,
		       struct snapshot *seen, struct fault *fault)
{
	struct visits visits = { .visit = visit, .ctx = ctx, .init = inode_of("/proc/1/ns/net") };
	/* its 20 KiB are much for a stack whose limit was lowered */
	OWN_MEM struct owner_cache *cache = grow_alloc(sizeof(*cache));
	int err;

	basics_machine(collect);
	collect->cache = cache;
	err = netns_tour(NETNS_HELD | NETNS_OWN, visit_netns, &visits, &collect->visited, seen);
	owner_cache_fini(cache);
	collect->cache = NULL;
	/* the calling thread never left its namespace */
	snapshot_return(seen);
	if (err < 0)
		return fault_set(fault, -err, "network namespaces cannot be visited: %s",
				 strerror(-err));
	return visits.err;
}

void collect_arrival(struct collect *collect, const struct netns *netns, struct snapshot *seen)
{
	/* this comes first, before a netlink socket of our own is counted */
	collect->tcp_states = states_of(PROTOCOL_TCP);
	collect->udp_states = states_of(PROTOCOL_UDP);
	snapshot_enter(seen, netns);
	(void)collect_basics(collect, seen, BASICS_WHOLE);
}

bool arrival_can_have(const struct collect *collect, struct collect_ask *ask)
{
	enum protocol protocol = ask->protocol ? ask->protocol : PROTOCOL_TCP;

	if (recorder_replays(&collect->recorder) || recorder_records(&collect->recorder))
		return true;
	if (!collect->cache)
		ask->states &= states_of(protocol);
	else if (protocol == PROTOCOL_UDP)
		ask->states &= collect->udp_states;
	else if (protocol == PROTOCOL_TCP)
		ask->states &= collect->tcp_states;
	return ask->states != 0;
}

/* ---- owners of a port in other namespaces ---- */

/* So many are recorded and shown at most. */
#define ELSEWHERE_MAX 64

struct port_search {
	const struct bind_ask *ask;
	struct bind_context   *context;
	const char            *release;
	int64_t                end_ms;
};

/* The count of one namespace. */
struct port_count {
	const struct bind_ask *ask;
	uint32_t listeners, others;
};

static int count_sock(void *ctx, const struct sock *sock)
{
	struct port_count *count = ctx;

	if (sock->local_port != count->ask->port)
		return 0;
	if (count->ask->protocol == PROTOCOL_UDP || sock->state == STATE_LISTEN)
		count->listeners++;
	else
		count->others++;
	return 0;
}

/* Lists once, and records nothing. Returns false when the listing is not complete. */
static bool count_socks(const struct port_search *search, uint32_t states,
			struct port_count *count)
{
	struct collect_ask ask = {
		.states = states, .ipv4 = true, .ipv6 = true, .protocol = search->ask->protocol,
		.port_low = search->ask->port, .port_high = search->ask->port,
	};
	int64_t left_ms = search->end_ms - clock_ms(CLOCK_MONOTONIC);
	struct recorder none = { 0 };
	struct snapshot seen;
	bool whole;

	if (left_ms <= 0)
		return false;
	snapshot_init(&seen);
	seen.socks_complete = true;
	whole = inet_collect(&none, &ask, (struct sink){ count_sock, count },
			     search->release, (unsigned)left_ms, &seen, NULL) == 0 &&
		seen.socks_complete;
	snapshot_fini(&seen);
	return whole;
}

static bool visit_other(void *ctx, struct netns *netns)
{
	struct port_search *search = ctx;
	struct port_count count = { .ask = search->ask };
	/* a request does not own a port */
	uint32_t states = states_of(search->ask->protocol) & ~STATE_BIT(STATE_SYN_RECV);
	bool whole = !states || count_socks(search, states, &count);
	struct elsewhere *there;

	if (!count.listeners && !count.others)
		return whole;
	there = grow_add(&search->context->elsewhere);
	*there = (struct elsewhere){
		.netns_inode = netns->inode, .pid = netns->pid,
		.listeners = count.listeners, .others = count.others,
	};
	if (netns->name)
		snprintf(there->name, sizeof(there->name), "%s", netns->name);
	if (there->pid)
		there->comm_size = read_comm(there->pid, there->comm);
	return whole;
}

static int compare_elsewhere(const void *a, const void *b)
{
	const struct elsewhere *one = a, *other = b;

	return order_of((int64_t)one->netns_inode, (int64_t)other->netns_inode);
}

/* A recording is foreign: the number of rows and the ends of names are checked. */
static void replay_port_owners(struct bind_context *context, const struct text *rows)
{
	for (size_t at = 0; at < rows->count && context->elsewhere.count < ELSEWHERE_MAX;
	     at += sizeof(struct elsewhere)) {
		struct elsewhere *there = grow_add(&context->elsewhere);

		memcpy(there, rows->at + at, sizeof(*there));
		there->pid = there->pid > 0 ? there->pid : 0;
		there->name[sizeof(there->name) - 1] = '\0';
		/* a pseudonym may have another length */
		there->comm_size = (uint32_t)strnlen(there->comm, sizeof(there->comm) - 1);
	}
}

static void find_port_owners(const struct collect *collect, const struct bind_ask *ask,
			     struct bind_context *context)
{
	struct port_search search = {
		.ask = ask, .context = context, .release = collect->release,
		.end_ms = clock_ms(CLOCK_MONOTONIC) + collect->source.deadline_ms,
	};

	context->elsewhere_known = !netns_tour(0, visit_other, &search, NULL, NULL);
	if (context->elsewhere.count)
		qsort(context->elsewhere.at, context->elsewhere.count,
		      sizeof(*context->elsewhere.at), compare_elsewhere);
	if (context->elsewhere.count > ELSEWHERE_MAX)
		context->elsewhere.count = ELSEWHERE_MAX;
}

void collect_elsewhere(struct collect *collect, const struct bind_ask *ask,
		       struct bind_context *context)
{
	struct answer_elsewhere_key key = { .protocol = ask->protocol, .port = ask->port };
	struct recorder *recorder = &collect->recorder;
	struct answer_elsewhere told = { .known = false };
	struct question question = { ANSWER_ELSEWHERE, &key, sizeof(key), .head = &told };

	if (!recorder_replays(recorder)) {
		find_port_owners(collect, ask, context);
		told.known = context->elsewhere_known;
		text_add(&question.rows, context->elsewhere.at,
			 context->elsewhere.count * sizeof(*context->elsewhere.at));
		recorder_answer(recorder, &question);
	} else if (recorder_answered(recorder, &question)) {
		context->elsewhere_known = told.known;
		replay_port_owners(context, &question.rows);
	}
	text_fini(&question.rows);
}
