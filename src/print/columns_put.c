/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/columns_put.h"

#include "model/age.h"
#include "model/protocol.h"
#include "print/cell.h"
#include "print/endpoint.h"
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

void put_netid(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct protocol_row *row = protocol_row(sock->protocol);

	cell_str(cell, view->machine ? row->name : row->netid);
}

void put_state(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct state_row *row = &state_table[sock->state];

	cell_str(cell, view->machine ? row->name : row->ss);
}

void put_recv_queue(struct text *cell, const struct view *view, const struct sock *sock)
{
	(void)view;
	cell_u64(cell, sock->recv_queue);
}

void put_send_queue(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_known(cell, view, !(sock->have & LACKS_BACKLOG), sock->send_queue);
}

/* -- the same of TCP and UDP sockets, straight into the output -- */

/* Copied whole with what is behind it, which is faster than to look for its end. */
struct state_word {
	char     text[16];
	unsigned size;
};

static const struct state_word *state_word(enum state state)
{
	static struct state_word words[STATE_COUNT];
	struct state_word *word = &words[state];

	if (!word->size) {
		word->size = (unsigned)strnlen(state_table[state].ss, sizeof(word->text));
		memcpy(word->text, state_table[state].ss, word->size);
	}
	return word;
}

char *swift_state(char *to, const struct sock *sock, unsigned *tail)
{
	const struct state_word *word = state_word(sock->state);

	(void)tail;
	memcpy(to, word->text, sizeof(word->text));
	return to + word->size;
}

char *swift_recv_queue(char *to, const struct sock *sock, unsigned *tail)
{
	(void)tail;
	return digits_u64(to, sock->recv_queue);
}

char *swift_send_queue(char *to, const struct sock *sock, unsigned *tail)
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

void put_local_addr(struct text *cell, const struct view *view, const struct sock *sock)
{
	if (view->machine)
		put_machine_host(cell, sock, false);
	else
		endpoint_local_host(cell, view, sock);
}

void put_local_port(struct text *cell, const struct view *view, const struct sock *sock)
{
	if (view->machine)
		put_machine_port(cell, sock, false);
	else
		endpoint_local_port(cell, view, sock);
}

void put_peer_addr(struct text *cell, const struct view *view, const struct sock *sock)
{
	if (view->machine)
		put_machine_host(cell, sock, true);
	else
		endpoint_peer_host(cell, view, sock);
}

void put_peer_port(struct text *cell, const struct view *view, const struct sock *sock)
{
	if (view->machine)
		put_machine_port(cell, sock, true);
	else
		endpoint_peer_port(cell, view, sock);
}

void put_family(struct text *cell, const struct view *view, const struct sock *sock)
{
	const char *family = protocol_row(sock->protocol)->family;

	(void)view;
	cell_str(cell, family ? family : sock->family == FAMILY_IPV4 ? "ipv4" : "ipv6");
}

void put_iface(struct text *cell, const struct view *view, const struct sock *sock)
{
	if (sock->ifindex)
		endpoint_link(cell, view, sock->ifindex);
	else
		put_none(cell, view);
}

/* Holders as "a,b,c": PID, COMM and FD name the same ones in the same order. */
enum part { PART_PID, PART_COMM, PART_FD };

/* A comma would end it. */
static void put_item(struct text *cell, const struct view *view, const char *bytes, size_t size)
{
	text_add_value(cell, bytes, size, view->machine ? "," : TEXT_COMM ",");
}

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
			put_item(cell, view, process->comm, process->comm_size);
	}
}

void put_pid(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_holders(cell, view, sock, PART_PID);
}

void put_comm(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_holders(cell, view, sock, PART_COMM);
}

void put_fd(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_holders(cell, view, sock, PART_FD);
}

void put_uid(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_known(cell, view, sock->have & HAVE_UID, sock->uid);
}

void put_inode(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_known(cell, view, sock->inode, sock->inode);
}

void put_cookie(struct text *cell, const struct view *view, const struct sock *sock)
{
	if (sock->cookie == UINT64_MAX || view->machine)
		put_known(cell, view, sock->cookie != UINT64_MAX, sock->cookie);
	else
		cell_hex(cell, sock->cookie);
}

static void put_string(struct text *cell, const struct view *view, const char *bytes)
{
	if (!bytes)
		put_none(cell, view);
	else if (view->machine)
		cell_foreign(cell, bytes, strlen(bytes));
	else
		cell_word(cell, bytes, strlen(bytes));
}

static const struct cgroup *cgroup_of(const struct view *view, const struct sock *sock)
{
	return sock->have & HAVE_CGROUP ? snapshot_cgroup(view->seen, sock->cgroup_id) : NULL;
}

void put_cgroup(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct cgroup *cgroup = cgroup_of(view, sock);

	put_string(cell, view, cgroup ? cgroup->path : NULL);
}

void put_unit(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct cgroup *cgroup = cgroup_of(view, sock);

	put_string(cell, view, cgroup ? cgroup_unit(cgroup) : NULL);
}

void put_container(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct cgroup *cgroup = cgroup_of(view, sock);

	put_string(cell, view, cgroup ? cgroup_container(cgroup) : NULL);
}

void put_pod(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct cgroup *cgroup = cgroup_of(view, sock);

	put_string(cell, view, cgroup ? cgroup_pod(cgroup) : NULL);
}

void put_timer(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_string(cell, view, timer_name(sock->timer));
}

void put_timer_ms(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_known(cell, view, sock->timer != TIMER_NONE, sock->timer_ms);
}

void put_retrans(struct text *cell, const struct view *view, const struct sock *sock)
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
void put_age_min(struct text *cell, const struct view *view, const struct sock *sock)
{
	struct age age = sock_age(sock, &view->seen->limits);
	bool known = age.kind != AGE_UNKNOWN && age.kind != AGE_UNACKED && age.min_ms >= 0;

	put_known(cell, view, known, (uint64_t)age.min_ms);
}

void put_age_max(struct text *cell, const struct view *view, const struct sock *sock)
{
	struct age age = sock_age(sock, &view->seen->limits);

	put_known(cell, view, age.kind != AGE_UNKNOWN && age.max_ms >= 0, (uint64_t)age.max_ms);
}

void put_age(struct text *cell, const struct view *view, const struct sock *sock)
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

void put_opener(struct text *cell, const struct view *view, const struct sock *sock)
{
	static const char *const names[] = {
		[OPENER_UNKNOWN] = NULL, [OPENER_HERE] = "here", [OPENER_PEER] = "peer",
	};

	put_string(cell, view, names[sock_opener(sock)]);
}

void put_mark(struct text *cell, const struct view *view, const struct sock *sock)
{
	if (!(sock->have & HAVE_MARK) || view->machine) {
		put_known(cell, view, sock->have & HAVE_MARK, sock->mark);
	} else {
		cell_str(cell, "0x");
		cell_hex(cell, sock->mark);
	}
}

void put_rtt(struct text *cell, const struct view *view, const struct sock *sock)
{
	bool known = sock->detail && metric_has(&sock->detail->metrics, METRIC_RTT);

	if (!known || view->machine)
		put_known(cell, view, known, known ? sock->detail->metrics.value[METRIC_RTT] : 0);
	else
		cell_us_as_ms(cell, sock->detail->metrics.value[METRIC_RTT]);
}

void put_cwnd(struct text *cell, const struct view *view, const struct sock *sock)
{
	bool known = sock->detail && metric_has(&sock->detail->metrics, METRIC_SND_CWND);

	put_known(cell, view, known, known ? sock->detail->metrics.value[METRIC_SND_CWND] : 0);
}

void put_idle(struct text *cell, const struct view *view, const struct sock *sock)
{
	uint32_t sent = sock->flow.last_data_sent_ms, received = sock->flow.last_data_recv_ms;
	uint32_t idle = sent < received ? sent : received;
	bool known = (sock->have & HAVE_FLOW) && sock->state != STATE_LISTEN;

	if (!known || view->machine)
		put_known(cell, view, known, idle);
	else
		cell_duration(cell, idle, false);
}

void put_sent(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_known(cell, view, sock->have & HAVE_SENT, sock->flow.bytes_sent);
}

void put_received(struct text *cell, const struct view *view, const struct sock *sock)
{
	put_known(cell, view, sock->have & HAVE_ACKED, sock->flow.bytes_received);
}

/* Without -G it is the same for every row. */
void put_netns(struct text *cell, const struct view *view, const struct sock *sock)
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
