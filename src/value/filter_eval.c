/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "value/filter_read.h"

#include "model/age.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static enum filter_truth truth(bool is)
{
	return is ? FILTER_TRUE : FILTER_FALSE;
}

static enum filter_truth both(enum filter_truth a, enum filter_truth b)
{
	return a < b ? a : b;
}

static enum filter_truth either(enum filter_truth a, enum filter_truth b)
{
	return a > b ? a : b;
}

static enum filter_truth opposite(enum filter_truth a)
{
	return (enum filter_truth)(FILTER_TRUE - a);
}

static bool compares(uint64_t value, enum filter_op op, uint64_t with)
{
	switch (op) {
	case FILTER_GT: return value > with;
	case FILTER_LT: return value < with;
	case FILTER_GE: return value >= with;
	case FILTER_LE: return value <= with;
	case FILTER_NE: return value != with;
	default:        return value == with;
	}
}

/* As in ss, `!=` is the negation of `=`. */
static enum filter_truth equal_or_not(enum filter_truth equal, const struct filter_node *node)
{
	return node->op == FILTER_NE ? opposite(equal) : equal;
}

/* ---- words of ss ---- */

/* The kernel's rule: bitstring_match() in net/ipv4/inet_diag.c. */
static bool host_covers(const struct filter_host *host, const struct addr *addr,
			enum family family)
{
	unsigned bits = host->prefix + (host->family == FAMILY_IPV4 ? 96u : 0u);
	unsigned bytes = bits / 8, rest = bits % 8;

	if (host->family == FAMILY_IPV6 && family != FAMILY_IPV6)
		return false;
	if (memcmp(host->addr.b, addr->b, bytes) != 0)
		return false;
	return !rest || (host->addr.b[bytes] ^ addr->b[bytes]) >> (8 - rest) == 0;
}

static bool covers(const struct filter *filter, const struct filter_node *node,
		   const struct addr *addr, uint16_t port, enum family family)
{
	if (node->port >= 0 && node->port != port)
		return false;
	for (uint32_t i = 0; i < node->host_count; i++)
		if (host_covers(&filter->hosts.at[node->first_host + i], addr, family))
			return true;
	return !node->host_count;
}

static enum filter_truth port_test(const struct filter_node *node, uint16_t port)
{
	if (node->port < 0)
		return truth(node->op == FILTER_EQ);
	return truth(compares(port, node->op, (uint64_t)node->port));
}

/* True for minisocks and request sockets, of which the kernel keeps only a short form. */
static bool is_stub(const struct sock *s)
{
	return sock_is_minisock(s) || s->state == STATE_TIME_WAIT ||
	       (s->state == STATE_SYN_RECV && !s->inode);
}

/*
 * The short forms have no cgroup, and that is known; kernels before 5.7 tell no cgroup
 * at all.
 */
static enum filter_truth cgroup_test(const struct filter_node *node, const struct sock *s)
{
	if (s->have & HAVE_CGROUP)
		return equal_or_not(truth(s->cgroup_id == node->number), node);
	return is_stub(s) ? equal_or_not(FILTER_FALSE, node) : FILTER_UNKNOWN;
}

static enum filter_truth mark_test(const struct filter_node *node, const struct sock *s)
{
	if (!(s->have & HAVE_MARK))
		return FILTER_UNKNOWN;
	return equal_or_not(truth((s->mark & node->mask) == node->number), node);
}

/*
 * ss asks the kernel whether a port was given to bind(), and tests itself whether the
 * port is ephemeral; both must hold. The kernel keeps no such record for the short
 * forms.
 */
static enum filter_truth autobound_test(const struct filter_view *view, const struct sock *s)
{
	const struct known *low = &view->seen->limits.limit[LIMIT_PORT_LOW];
	const struct known *high = &view->seen->limits.limit[LIMIT_PORT_HIGH];
	enum filter_truth chosen = is_stub(s) ? FILTER_TRUE : FILTER_UNKNOWN;
	enum filter_truth ephemeral = FILTER_UNKNOWN;

	if (s->have & HAVE_PORT_ORIGIN)
		chosen = truth(!s->port_explicit);
	if (low->is && high->is)
		ephemeral = truth(s->local_port >= low->value && s->local_port <= high->value);
	return both(chosen, ephemeral);
}

/* ---- values of columns ---- */

static bool is_holder(const struct filter *filter, const struct filter_node *node,
		      const struct holder *holder, const struct process *process)
{
	enum filter_op op = node->op == FILTER_NE ? FILTER_EQ : node->op;

	if (node->column->kind == KIND_PIDS)
		return compares((uint64_t)process->pid, op, node->number);
	if (node->column->kind == KIND_FDS)
		return compares((uint64_t)holder->fd, op, node->number);
	return fnmatch(filter_word(filter, node->word), process->comm ? process->comm : "", 0) == 0;
}

/*
 * The test holds when it holds for one of several holders. A holder that was not found
 * is unknown, unless every process could be read.
 */
static enum filter_truth holders_test(const struct filter *filter, const struct filter_node *node,
				      const struct snapshot *seen, const struct value *value)
{
	const struct holder *holder = value->holders;

	for (size_t i = 0; i < value->count; i++)
		if (is_holder(filter, node, &holder[i], &seen->processes.at[holder[i].process]))
			return equal_or_not(FILTER_TRUE, node);
	return equal_or_not(FILTER_FALSE, node);
}

/* An age is a range; a comparison is true when it holds for all of the range. */
static enum filter_truth range_test(int64_t min, int64_t max, const struct filter_node *node)
{
	int64_t with = (int64_t)node->number;
	bool above = min > with, below = max >= 0 && max < with;

	switch (node->op) {
	case FILTER_GT:
		return above ? FILTER_TRUE :
		       max >= 0 && max <= with ? FILTER_FALSE : FILTER_UNKNOWN;
	case FILTER_GE:
		return min >= with ? FILTER_TRUE : below ? FILTER_FALSE : FILTER_UNKNOWN;
	case FILTER_LT:
		return below ? FILTER_TRUE : min >= with ? FILTER_FALSE : FILTER_UNKNOWN;
	case FILTER_LE:
		return above ? FILTER_FALSE :
		       max >= 0 && max <= with ? FILTER_TRUE : FILTER_UNKNOWN;
	default:
		return equal_or_not(above || below ? FILTER_FALSE :
				    min == with && max == with ? FILTER_TRUE :
				    FILTER_UNKNOWN, node);
	}
}

static enum filter_truth age_test(const struct filter_node *node, const struct snapshot *seen,
				  const struct sock *s)
{
	struct age age = sock_age(s, &seen->limits);

	return range_test(age.min_ms < 0 ? 0 : age.min_ms, age.max_ms, node);
}

/* When there is no value, a number counts as 0 and a name matches no name. */
static enum filter_truth value_test(const struct filter *filter, const struct filter_node *node,
				    const struct filter_view *view, const struct sock *s)
{
	struct value value = column_value(node->column, s, view->seen);

	if (value.told == TOLD_UNKNOWN || (view->is_freed && node->column->of_live))
		return FILTER_UNKNOWN;
	switch (node->column->kind) {
	case KIND_PIDS: case KIND_COMMS: case KIND_FDS:
		return view->is_stranger ? FILTER_UNKNOWN :
		       holders_test(filter, node, view->seen, &value);
	case KIND_WORD: case KIND_STRING:
		return equal_or_not(truth(value.told == TOLD_KNOWN &&
					  fnmatch(filter_word(filter, node->word), value.bytes,
						  0) == 0), node);
	case KIND_AGE:
		return age_test(node, view->seen, s);
	default:
		return truth(compares(value.number, node->op, node->number));
	}
}

static enum filter_truth netns_test(const struct filter *filter, const struct filter_node *node,
				    const struct filter_view *view)
{
	const struct netns *netns = view->seen->netns;
	const char *word = filter_word(filter, node->word);
	bool named = netns->name && fnmatch(word, netns->name, 0) == 0;

	if (named)
		return equal_or_not(FILTER_TRUE, node);
	if (node->is_number && netns->inode)
		return equal_or_not(truth(netns->inode == node->number), node);
	/* One that was visited has the name that it was found by, or none. */
	return netns->name || netns->visited ? equal_or_not(FILTER_FALSE, node) : FILTER_UNKNOWN;
}

/* ---- findings ---- */

/* Identifies a socket by its cookie, or where it has none by its addresses. */
struct socket_key {
	uint64_t cookie;
	struct addr local, remote;
	uint16_t local_port, remote_port;
	uint32_t inode;
};

_Static_assert(sizeof(struct socket_key) == 48, "a hole would be hashed");

static struct socket_key key_of(const struct sock *s)
{
	if (s->cookie != UINT64_MAX)
		return (struct socket_key){ .cookie = s->cookie };
	return (struct socket_key){
		.cookie = s->cookie, .local = s->local, .remote = s->remote,
		.local_port = s->local_port, .remote_port = s->remote_port, .inode = s->inode,
	};
}

/* Where there is a cookie, only the cookie is hashed and kept, which saves memory. */
static size_t size_of(const struct socket_key *key)
{
	return key->cookie != UINT64_MAX ? sizeof(key->cookie) : sizeof(*key);
}

static uint32_t bit_of(struct filter_findings *findings, const char *id)
{
	static const size_t most = sizeof(findings->ids) / sizeof(*findings->ids);

	for (size_t i = 0; i < findings->id_count; i++)
		if (strcmp(findings->ids[i], id) == 0)
			return 1u << i;
	if (findings->id_count == most)
		return 0;
	findings->ids[findings->id_count] = id;
	return 1u << findings->id_count++;
}

static bool names_finding(const struct filter *filter, const char *id)
{
	for (size_t i = 0; i < filter->nodes.count; i++) {
		const struct filter_node *node = &filter->nodes.at[i];

		if (node->kind == FILTER_FINDING &&
		    fnmatch(filter_word(filter, node->word), id, 0) == 0)
			return true;
	}
	return false;
}

void filter_findings_add(struct filter_findings *findings, const struct filter *filter,
			 const struct snapshot *seen, const struct report *report)
{
	for (size_t i = 0; i < report->findings.count; i++) {
		const struct finding *f = &report->findings.at[i];
		uint32_t bit;

		if (filter && !names_finding(filter, f->id))
			continue;
		bit = bit_of(findings, f->id);
		for (size_t m = 0; m < f->members.count; m++) {
			struct socket_key key = key_of(&seen->socks.at[f->members.at[m]]);

			*map_slot_bytes(&findings->by_socket, &key, size_of(&key), NULL) |= bit;
		}
	}
}

void filter_findings_fini(struct filter_findings *findings)
{
	map_fini(&findings->by_socket);
}

static enum filter_truth finding_test(const struct filter *filter,
				      const struct filter_node *node,
				      const struct filter_view *view, const struct sock *s)
{
	const struct filter_findings *findings = view->findings;
	struct socket_key key;
	const uint32_t *bits;

	if (!findings)
		return FILTER_UNKNOWN;
	key = key_of(s);
	bits = map_find_bytes(&findings->by_socket, &key, size_of(&key));
	for (size_t i = 0; bits && i < findings->id_count; i++)
		if (*bits >> i & 1 &&
		    fnmatch(filter_word(filter, node->word), findings->ids[i], 0) == 0)
			return equal_or_not(FILTER_TRUE, node);
	return equal_or_not(FILTER_FALSE, node);
}

/* ---- ends of sockets that are not internet sockets ---- */

/* The kernel does not tell the peer's end: it has no name, and its number is 0. */
static bool has_end(const struct filter *filter, const struct filter_node *node,
		    const struct sock *s, bool local)
{
	char name[sizeof(s->other->local) + 1] = "";

	if (node->realm == REALM_UNIX) {
		if (local)
			memcpy(name, s->other->local, s->other->local_size);
		return fnmatch(filter_word(filter, node->word), name, FNM_CASEFOLD) == 0;
	}
	if (node->port != -1 && node->port != sock_port(s, !local))
		return false;
	if (node->realm == REALM_INET)
		return !node->host_count || !filter->hosts.at[node->first_host].prefix;
	return !node->is_number || node->number == (local ? s->other->number : 0);
}

/* For an end without a port, `>=` holds and `<=` does not. */
static bool port_compares(const struct filter_node *node, int64_t port)
{
	bool least = node->port == -1 || port >= node->port;
	bool most = node->port != -1 && port <= node->port;

	switch (node->op) {
	case FILTER_GE: return least;
	case FILTER_LT: return !least;
	case FILTER_LE: return most;
	default:        return !most;
	}
}

static bool end_matches(const struct filter *filter, const struct filter_node *node,
			const struct sock *s)
{
	bool local = node->kind == FILTER_SRC || node->kind == FILTER_SPORT;
	bool fits = s->other && (node->realm == REALM_INET || node->realm == filter_realm_of(s));

	if (node->op == FILTER_EQ || node->op == FILTER_NE)
		return (fits && has_end(filter, node, s, local)) == (node->op == FILTER_EQ);
	return fits && port_compares(node, sock_port(s, !local));
}

/* "@" and five digits: the name that the kernel gives when bind() was called without one. */
static bool is_made_up(const struct other *other)
{
	return other->local_size == 6 && !other->local_is_path && other->local[0] == '@' &&
	       strspn(other->local + 1, "0123456789abcdef") >= 5;
}

static bool end_is_autobound(const struct sock *s)
{
	switch (filter_realm_of(s)) {
	case REALM_UNIX: return !s->other->local_size || is_made_up(s->other);
	case REALM_LINK: return !s->ifindex && !s->other->number;
	default:         return sock_port(s, false) < 0;
	}
}

/* ---- the tree ---- */

static enum filter_truth end_test(const struct filter *filter, const struct filter_node *node,
				  const struct sock *s)
{
	bool peer = node->kind == FILTER_DST || node->kind == FILTER_DPORT;
	struct sock_end end = sock_end(s, peer);

	if (s->other || node->realm != REALM_INET)
		return truth(end_matches(filter, node, s));
	if (node->kind == FILTER_SPORT || node->kind == FILTER_DPORT)
		return port_test(node, end.port);
	return equal_or_not(truth(covers(filter, node, end.addr, end.port, s->family)), node);
}

/*
 * Ends of sockets that are not internet sockets are compared as ss does. Such a socket
 * has no mark and no cgroup, and nothing is known of a connection.
 */
static enum filter_truth test(const struct filter *filter, const struct filter_node *node,
			      const struct filter_view *view, const struct sock *s)
{
	switch (node->kind) {
	case FILTER_SRC: case FILTER_DST: case FILTER_SPORT: case FILTER_DPORT:
		return end_test(filter, node, s);
	case FILTER_DEV:
		return truth(compares(s->ifindex, node->op, node->number));
	case FILTER_FWMARK:
		return s->other ? equal_or_not(truth(!node->number), node) : mark_test(node, s);
	case FILTER_CGROUP:
		return s->other ? equal_or_not(FILTER_FALSE, node) : cgroup_test(node, s);
	case FILTER_AUTOBOUND:
		return s->other ? truth(end_is_autobound(s)) : autobound_test(view, s);
	case FILTER_NETNS:
		return netns_test(filter, node, view);
	case FILTER_FINDING:
		return finding_test(filter, node, view, s);
	default:
		if (s->other && node->column->need & (NEED_FLOW | NEED_TCP_INFO | NEED_CGROUP))
			return FILTER_UNKNOWN;
		return value_test(filter, node, view, s);
	}
}

/* The recursion is bounded by FILTER_TESTS_MAX + FILTER_DEPTH_MAX. */
static enum filter_truth eval(const struct filter *filter, uint32_t at,
			      const struct filter_view *view, const struct sock *s)
{
	const struct filter_node *node = &filter->nodes.at[at];
	enum filter_truth left;

	if (view->granted && view->granted[at])
		return FILTER_TRUE;
	switch (node->kind) {
	case FILTER_AND:
		left = eval(filter, node->left, view, s);
		return left == FILTER_FALSE ? left :
		       both(left, eval(filter, node->right, view, s));
	case FILTER_OR:
		left = eval(filter, node->left, view, s);
		return left == FILTER_TRUE ? left :
		       either(left, eval(filter, node->right, view, s));
	case FILTER_NOT:
		return opposite(eval(filter, node->left, view, s));
	default:
		return test(filter, node, view, s);
	}
}

enum filter_truth filter_test(const struct filter *filter, const struct filter_view *view,
			      const struct sock *sock)
{
	if (filter->has_states && !(filter->states & STATE_BIT(sock->state)))
		return FILTER_FALSE;
	if ((filter->family && filter->family != sock->family) ||
	    (filter->realm && filter->realm != filter_realm_of(sock)))
		return FILTER_FALSE;
	return filter->has_expression ? eval(filter, filter->root, view, sock) : FILTER_TRUE;
}

bool filter_matches(const struct filter *filter, const struct filter_view *view,
		    const struct sock *sock)
{
	return filter_test(filter, view, sock) == FILTER_TRUE;
}

/* ---- filters that say nothing ---- */

static bool is_every_address(const struct filter *filter, const struct filter_node *node)
{
	return node->realm == REALM_INET && node->port < 0 && !node->port_pending &&
	       !node->host_pending &&
	       (!node->host_count || !filter->hosts.at[node->first_host].prefix);
}

/* TRUE or FALSE when the comparison gives that for every number from 0 to @most. */
static enum filter_truth foregone_number(const struct filter_node *node, uint64_t with,
					 uint64_t most)
{
	bool low = compares(0, node->op, with), high = compares(most, node->op, with);

	if (node->op == FILTER_EQ || node->op == FILTER_NE || low != high)
		return FILTER_UNKNOWN;
	return truth(low);
}

static enum filter_truth foregone_test(const struct filter *filter,
				       const struct filter_node *node)
{
	switch (node->kind) {
	case FILTER_SRC: case FILTER_DST:
		return is_every_address(filter, node) ? truth(node->op == FILTER_EQ) :
							FILTER_UNKNOWN;
	case FILTER_SPORT: case FILTER_DPORT:
		if (node->realm != REALM_INET || node->port_pending)
			return FILTER_UNKNOWN;
		return node->port < 0 ? port_test(node, 0) :
		       foregone_number(node, (uint64_t)node->port, 65535);
	case FILTER_VALUE:
		return node->column->kind == KIND_NUMBER ?
		       foregone_number(node, node->number, filter_most(node->column)) :
		       FILTER_UNKNOWN;
	default:
		return FILTER_UNKNOWN;
	}
}

/* TRUE or FALSE when the node gives that for every socket. */
static enum filter_truth foregone(const struct filter *filter, uint32_t at)
{
	const struct filter_node *node = &filter->nodes.at[at];

	switch (node->kind) {
	case FILTER_AND:
		return both(foregone(filter, node->left), foregone(filter, node->right));
	case FILTER_OR:
		return either(foregone(filter, node->left), foregone(filter, node->right));
	case FILTER_NOT:
		return opposite(foregone(filter, node->left));
	default:
		return foregone_test(filter, node);
	}
}

bool filter_is_idle(const struct filter *filter)
{
	if (filter->has_states && filter->states != STATE_ALL)
		return false;
	return !filter->has_expression || foregone(filter, filter->root) == FILTER_TRUE;
}

bool filter_misses(const struct filter *filter, const struct sock *sock)
{
	uint32_t have = sock->have | (is_stub(sock) ? HAVE_CGROUP | HAVE_PORT_ORIGIN : 0u);

	return (!(have & HAVE_MARK) && filter_has(filter, FILTER_FWMARK)) ||
	       (!(have & HAVE_CGROUP) && filter_has(filter, FILTER_CGROUP)) ||
	       (!(have & HAVE_PORT_ORIGIN) && filter_has(filter, FILTER_AUTOBOUND));
}
