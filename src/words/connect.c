/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sentences about connect(): the rows, and the names that they use besides the facts
 * of judge_connect(). fill.h and words.h describe the templates.
 */
#include "words/words.h"

#define LONGEST_S 1e9   /* no forecast goes further ahead */

#define NAT "NAT on the route has ports of its own: when they run out, connect() times out and " \
	"EADDRNOTAVAIL never comes."

/*
 * The verdict: first line of the page, which shows the numbers below it, and a member in
 * JSON.
 */
static const struct words_row cause[] = {
	{ "blind", "the ephemeral ports cannot be counted: net.ipv4.ip_local_port_range or "
	  "net.ipv4.ip_local_reserved_ports could not be read" },
	{ "!blind !left", "no local port is left" },
	{ "left !incomplete !doubt", "{left} of {capacity} local ports {left?is|are} left" },
	{ "left !incomplete doubt", "[at least {left_min} and ]at most {left_max} of {capacity} "
	  "local ports are left" },
	{ "left incomplete", "at most {left_max} of {capacity} local ports are left" },
	{ "!blind", " from {source} to {destination}" },
	{ "!blind bind_first", " for a bind() before connect()" },
	{ "capacity !left", " (of {capacity}[; perhaps {left_max}])" },
	{ "errno !bind_first", ": connect() fails with {errno}" },
	{ "errno bind_first", ": bind() to port 0 fails with {errno}" },
	{ "left", "[; no port is left in {exhausted_in_s} at the present rate]" },
	{ "!left", "[; the next one is free in {next_free_ms}]" },
	{ "runs_short first_waits", "; {first_user} are in TIME_WAIT" },
	{ "runs_short !first_waits", "[; {first_holder} holds {first_user} of them]" },
	{ NULL, NULL },
};

static const struct words_row fix[] = {
	{ "left_unbound>left", "Set IP_BIND_ADDRESS_NO_PORT before the bind() (Linux 4.2 and later): "
	  "connect() then chooses the port, and {left_unbound} more {left_unbound?works|work} now." },
	{ "bind_first", "Use more source addresses: each has the whole range for bind() again." },
	{ "largest_share=bind clients_bind", "[{blocker}: ]Set IP_BIND_ADDRESS_NO_PORT before "
	  "bind() (Linux 4.2 and later), with port 0, or leave bind() out: a bind() before connect() "
	  "takes a port from every destination." },
	{ "largest_share=bind !clients_bind", "[{blocker}: ]Move what is "
	  "bound there out of the range, or close it: {blocked_by_listeners} "
	  "{blocked_by_listeners?listens|listen}, {blocked_by_idle} {blocked_by_idle?is|are} bound "
	  "and idle, {blocked_by_accepted} {blocked_by_accepted?is|are} accepted." },
	REUSE_ROWS,
	{ "largest_share=in_use idle_state=CLOSE_WAIT", "[{holder}: ]Close the {close_wait} in "
	  "CLOSE_WAIT: {close_wait?its peer has|their peers have} closed, and only close() gives the "
	  "{close_wait?port|ports} back." },
	{ "largest_share=in_use idle_state=SYN_SENT", "[{holder}: ]Give connect() a timeout "
	  "and try fewer at a time: the destination has not answered {syn_sent} in SYN_SENT." },
	{ "largest_share=in_use !idle_state", "[{holder}: ]" FEWER_CONNECTIONS },
	{ "own_range_helps", "Set IP_LOCAL_PORT_RANGE to {range} on the connecting socket: without it "
	  "every connect() first scans {half_ports|port that is|ports that are} full." },
	{ "pairs_help", MORE_PAIRS },
	{ "much_reserved", "Release what needs no reservation: {reserved|port of the range is|ports of "
	  "the range are} in net.ipv4.ip_local_reserved_ports." },
	{ "range_narrow", "Widen net.ipv4.ip_local_port_range (now {range}) to an even number of "
	  "ports." },
	{ NULL, NULL },
};

static const struct words_row avoid[] = {
	{ "bind_first", "Further destinations: bind() chooses the port before it knows one." },
	{ "bind_first", "tcp_tw_reuse: it is for connect(); bind() takes no port over." },
	{ "largest_share=bind", "Further destinations: a bound port is lost to all of them." },
	{ "largest_share=bind", "tcp_tw_reuse: most of these ports are not in TIME_WAIT for this "
	  "destination." },
	{ "largest_share=bind", "ip_local_reserved_ports for ports in use: a reserved port is as lost "
	  "as a bound one." },
	{ "tw_reuse_step=timestamps", "tcp_tw_reuse alone: without tcp_timestamps it has no effect." },
	{ "tw_reuse_step=tw_reuse tw_reuse=2", "tcp_tw_reuse=2, the default: it is for loopback only, "
	  "and nothing is taken over between these addresses." },
	{ "largest_share=time_wait", "A smaller tcp_max_tw_buckets: it frees no port that waits now, "
	  "and later connections close without the protection of TIME_WAIT." },
	{ "largest_share=time_wait", "tcp_fin_timeout: it does not shorten TIME_WAIT, which is 60 s." },
	{ "largest_share=in_use", "tcp_tw_reuse: most of these are live connections, not TIME_WAIT." },
	{ "!bind_first !largest_share=bind", "SO_REUSEADDR or SO_REUSEPORT at the client: no two "
	  "connections can have the same four numbers." },
	{ "!left", "connect() in a loop until it works: each failure searches the whole range twice." },
	{ NULL, NULL },
};

static const struct words_row notes[] = {
	{ "doubt=incomplete", "Not everything could be seen: what is missing can only have taken "
	  "more ports." },
	{ "doubt=bound_unlisted bind_first", "The numbers are bounds: sockets that are bound and idle "
	  "are not listed." },
	{ "doubt=bound_unlisted !bind_first", "The numbers are bounds: sockets that are bound and idle "
	  "are not listed. --probe asks the kernel without sending a packet." },
	{ "doubt=ipv6_only", "{ambiguous|port|ports} may be free: the kernel does not say whether "
	  "{ambiguous?its owner is|their owners are} IPv6 only." },
	{ "doubt=bound", "{ambiguous|port|ports} may be blocked: the kernel does not say whether "
	  "{ambiguous?its owner|their owners} called bind(). --probe asks it without sending a "
	  "packet." },
	{ "doubt=not_asked", "{ambiguous|port|ports} may be blocked: the kernel was not asked about "
	  "{ambiguous?it|them}." },
	{ "doubt=time_wait", "{nearly_recyclable|TIME_WAIT is|TIME_WAITs are} about to be old enough to "
	  "be taken over, or it is not known whether {nearly_recyclable?it|they} can be." },
	{ "doubt=odd_range", "The numbers are bounds: the range has an odd number of ports, and a "
	  "search can miss one end of it." },
	{ "bound_unlisted", "This kernel does not list sockets that are bound and idle (Linux 6.8 "
	  "does): each takes a port away, unseen." },
	{ "autobind_reuse", "net.ipv4.ip_autobind_reuse is on: sockets that all set SO_REUSEADDR share "
	  "ports, and more of those fit." },
	{ "time_wait_full time_wait_overflow", "Raise net.ipv4.tcp_max_tw_buckets ({max_tw_buckets}, "
	  "nearly reached): {time_wait_overflow|connection has|connections have} closed without "
	  "TIME_WAIT since boot, and {time_wait_overflow?its port|their ports} came back "
	  "unprotected." },
	{ "recyclable", "{recyclable|TIME_WAIT counts|TIME_WAITs count} as left: connect() takes "
	  "{recyclable?it|them} over (tcp_tw_reuse), unless the other end refused timestamps." },
	{ "!blind !is_local !locals_unseen", "A " NAT },
	{ "!blind locals_unseen", "The addresses of this machine could not be read: unless {destination} "
	  "is on it, a " NAT },
	{ "is_local connects_to_itself", "Nobody listens on port {port}, which is in the range itself: "
	  "a connect() that is given that very port connects to itself." },
	{ "is_local !connects_to_itself", "The destination is on this machine: the other ends of these "
	  "connections are on its own port and take none of the range." },
	{ "own_range_possible", "A program that sets IP_LOCAL_PORT_RANGE has fewer ports than this; "
	  "other programs cannot see that." },
	{ NULL, NULL },
};

/* The user with most ports of one kind: lost to every destination, or in use for this one. */
static void tell_most(struct facts *facts, const struct snapshot *seen,
		      const struct connect_answer *a, bool blocks_all)
{
	for (size_t i = 0; i < a->users.count; i++) {
		const struct port_user *user = &a->users.at[i];

		if (user->blocks_all != blocks_all || user->process < 0)
			continue;
		who_process_is(facts_words(facts, blocks_all ? "blocker" : "holder"), seen,
			       (uint32_t)user->process);
		return;
	}
}

/* The user with most ports that this destination cannot have. */
static void tell_first(struct facts *facts, const struct snapshot *seen,
		       const struct connect_answer *a)
{
	const struct port_user *user = a->users.at;

	if (!a->users.count)
		return;
	facts_number(facts, "first_user", FACT_COUNT, user->count);
	facts_bool(facts, "first_waits", user->count == user->states[STATE_TIME_WAIT]);
	if (user->process >= 0)
		who_process_is(facts_words(facts, "first_holder"), seen, (uint32_t)user->process);
	else if (user->cgroup_id)
		who_cgroup_is(facts_words(facts, "first_holder"), seen, user->cgroup_id);
}

static void tell_numbers(struct facts *facts, const struct connect_answer *a)
{
	facts_number(facts, "capacity", FACT_COUNT, a->capacity);
	facts_number(facts, "reserved", FACT_COUNT, a->reserved);
	facts_number(facts, "left", FACT_COUNT, a->ports.left);
	facts_number(facts, "left_min", FACT_COUNT, a->ports.left_min);
	facts_number(facts, "left_max", FACT_COUNT, a->ports.left_max);
	facts_number(facts, "recyclable", FACT_COUNT, a->ports.recyclable);
	facts_number(facts, "ambiguous", FACT_COUNT, a->ambiguous);
	facts_number(facts, "close_wait", FACT_COUNT, a->states[STATE_CLOSE_WAIT]);
	facts_number(facts, "syn_sent", FACT_COUNT, a->states[STATE_SYN_SENT]);
	facts_known(facts, "next_free_ms", FACT_LEFT_MS, &a->next_free_ms);
	if (a->ports.exhaustion_known && a->ports.exhausted_in_s < LONGEST_S)
		facts_number(facts, "exhausted_in_s", FACT_S, a->ports.exhausted_in_s);
}

void words_connect(const struct snapshot *seen, const struct connect_ask *ask,
		   struct connect_answer *a)
{
	struct facts facts = { .next = &a->facts };
	bool is_local = a->facts.count && snapshot_is_local(seen, &ask->destination);

	tell_numbers(&facts, a);
	tell_first(&facts, seen, a);
	tell_most(&facts, seen, a, true);
	tell_most(&facts, seen, a, false);
	who_address(facts_words(&facts, "source"), &ask->source, 0);
	who_address(facts_words(&facts, "destination"), &ask->destination, ask->port);
	facts_number(&facts, "port", FACT_ID, ask->port);
	facts_word(&facts, "errno", errno_name(a->err));
	facts_bool(&facts, "bind_first", ask->bind_first);
	facts_bool(&facts, "blind", a->ports.verdict == CONNECT_UNKNOWN && !a->capacity);
	facts_bool(&facts, "is_local", is_local);
	facts_bool(&facts, "locals_unseen", !is_local && !seen->locals_known);
	facts_bool(&facts, "incomplete", !snapshot_is_complete(seen));
	fill_rows(&a->cause, cause, &facts);
	if (fill_holds("runs_short", &facts)) {
		fill_advice(&a->advice, fix, &facts);
		fill_advice(&a->avoid, avoid, &facts);
	}
	fill_advice(&a->notes, notes, &facts);
	facts_fini(&facts);
}
