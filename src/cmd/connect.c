/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `connect`: asks for the owners of the ephemeral ports, judges what is left towards one
 * destination, lets the kernel decide what is ambiguous if --probe was given, and names
 * the owners of the ports that are taken.
 */
#include "cmd/session.h"

#include "base/errline.h"
#include "base/grow.h"
#include "base/own.h"
#include "base/text.h"
#include "cmd/target.h"
#include "judge/connect.h"
#include "words/words.h"

#include <errno.h>
#include <string.h>

static struct out out;

static const struct threshold *tight_from(const struct thresholds *thresholds)
{
	return thresholds_get(thresholds, "port-exhaustion");
}

/* Asks for owners of ports of the range; when that is not known, for all sockets. */
static int look_at_range(struct session *session)
{
	const struct known *low = &session->seen.limits.limit[LIMIT_PORT_LOW];
	const struct known *high = &session->seen.limits.limit[LIMIT_PORT_HIGH];
	struct collect_ask range = {
		.states = STATE_ALL, .need = NEED_FLOW, .ipv4 = true, .ipv6 = true,
	};
	struct snapshot *seen = &session->seen;
	int err;

	if (low->is && high->is && low->value > 0 && high->value < 65536) {
		range.port_low = (uint16_t)low->value;
		range.port_high = (uint16_t)high->value;
	}
	err = collect_socks(session->collect, &range, snapshot_sink(seen), seen, &session->fault);
	if (!err)
		collect_explicit(session->collect, &range, seen);
	return err;
}

static int no_way(struct session *session, const struct connect_ask *ask, int err)
{
	char shown[ADDR_TEXT], from[ADDR_TEXT + sizeof(" from ")] = "";

	addr_format(shown, &ask->destination, ask->family);
	if (session->options->source) {
		memcpy(from, " from ", sizeof(" from "));
		addr_format(from + strlen(from), &ask->source, ask->family);
	}
	if (err)
		return fault_set(&session->fault, err, "no route to %s%s in this network namespace: "
				 "connect() fails with '%s' before it looks for a port; see 'ip route get %s%s'",
				 shown, from, strerror(err), shown, from);
	return fault_set(&session->fault, ENODATA, "the source address towards %s is not known; "
			 "give it with --from-address", shown);
}

/*
 * The scope of a link-local address binds the socket to its device, as SO_BINDTODEVICE
 * does; for other addresses the scope is ignored.
 */
static int take_scope(struct session *session, const struct target *target, struct connect_ask *ask)
{
	uint32_t scope;

	if (!*target->device)
		return 0;
	scope = session_device(session, target->device);
	if (!scope)
		return -ENODEV;
	if (!addr_is_link_local(&target->addr))
		return 0;
	if (ask->ifindex && ask->ifindex != scope)
		return fault_set(&session->fault, EINVAL, "the address is of device %s and the socket is "
				 "bound to another: connect() fails with EINVAL", QUOTE(target->device));
	ask->ifindex = scope;
	return 0;
}

/*
 * Whether bind() accepts the source; each family has a sysctl that allows addresses of
 * others.
 */
static int check_local(struct session *session, const struct addr *source)
{
	const struct snapshot *seen = &session->seen;
	const struct known *nonlocal = &seen->limits.limit[addr_is_v4(source) ? LIMIT_NONLOCAL_BIND :
							   LIMIT_NONLOCAL_BIND6];

	if (!seen->locals_known || snapshot_is_local(seen, source) || (nonlocal->is && nonlocal->value))
		return 0;
	if (!nonlocal->is)
		return fault_set(&session->fault, ENODATA, "%s is not an address of this network namespace, and "
				 "ip_nonlocal_bind could not be read, which says whether bind() takes it",
				 QUOTE(session->options->source));
	return fault_set(&session->fault, EADDRNOTAVAIL, "%s is not an address of this network namespace: "
			 "bind() fails with EADDRNOTAVAIL", QUOTE(session->options->source));
}

static int take_source(struct session *session, struct connect_ask *ask)
{
	const struct options *options = session->options;
	struct target source;

	if (target_address(&source, options->source, options, &session->fault) < 0)
		return -EINVAL;
	if (addr_is_v4(&source.addr) != addr_is_v4(&ask->destination) && !source.any)
		return fault_set(&session->fault, EINVAL, "--from-address %s and the destination are of "
				 "different families", QUOTE(options->source));
	if (addr_is_any(&source.addr) || source.any)
		return fault_set(&session->fault, EINVAL, "--from-address takes one address of this machine; "
				 "leave it away and the route decides");
	if (check_local(session, &source.addr) < 0)
		return -session->fault.err;
	ask->source = source.addr;
	return take_scope(session, &source, ask);
}

static int fill_ask(struct session *session, const struct target *target, struct connect_ask *ask)
{
	struct chosen_route chosen = { .known = false };
	int err;

	*ask = (struct connect_ask){
		.family = target->family, .destination = target->addr, .port = target->port,
		.bind_first = session->options->bind_first,
	};
	if (session->options->device && !(ask->ifindex = session_device(session, session->options->device)))
		return -ENODEV;
	err = take_scope(session, target, ask);
	if (!err && session->options->source)
		err = take_source(session, ask);
	if (err)
		return err;
	collect_route(session->collect, ask, &chosen, &session->seen);
	if (chosen.known && chosen.err)
		return no_way(session, ask, chosen.err);
	if (session->options->source)
		return 0;
	if (!chosen.known)
		return no_way(session, ask, 0);
	ask->source = chosen.source;
	return 0;
}

static void name_users(struct session *session, const struct connect_ask *ask)
{
	struct map inodes = { 0 };

	judge_connect_wants(&session->seen, ask, &inodes);
	session_name(session, &inodes);
	map_fini(&inodes);
}

/*
 * Judges twice: without the probe for the list of ports to probe, and again when all is
 * known.
 */
static int look_and_judge(struct session *session, const struct connect_ask *ask,
			  struct port_probe *probe, const struct threshold *tight,
			  struct connect_answer *answer)
{
	bool probes = session->options->probe;
	int err = look_at_range(session);

	if (err)
		return err;
	if (probes && judge_connect(&session->seen, ask, NULL, tight, answer))
		collect_probe_ports(session->collect, answer->open, probe);
	name_users(session, ask);
	connect_answer_fini(answer);
	*answer = (struct connect_answer){ .users = { 0 } };
	judge_connect(&session->seen, ask, probes ? probe : NULL, tight, answer);
	words_connect(&session->seen, ask, answer);
	return 0;
}

static enum status status_of(enum connect_verdict verdict, double gone, const struct threshold *tight)
{
	switch (verdict) {
	case CONNECT_OK:
		return STATUS_OK;
	case CONNECT_TIGHT:
		return gone >= tight->crit ? STATUS_CRITICAL : STATUS_WARNING;
	case CONNECT_EXHAUSTED:
		return STATUS_CRITICAL;
	default:
		return STATUS_UNKNOWN;
	}
}

static enum status connect_one(struct session *session, const struct target *target,
			       const struct threshold *tight)
{
	/* its sets of ports take 24 KiB, which is much for a stack that was limited */
	OWN_MEM struct connect_answer *answer = grow_alloc(sizeof(*answer));
	OWN_MEM struct port_probe *probe = grow_alloc(sizeof(*probe));
	enum status status = STATUS_UNKNOWN;
	struct connect_ask ask;

	if (fill_ask(session, target, &ask) < 0 ||
	    look_and_judge(session, &ask, probe, tight, answer) < 0) {
		status = cmd_fail(&session->fault);
	} else {
		session->answered = true;
		out_init(&out, 1);
		print_connect(&out, &session->style, &session->seen, &ask, !session->options->source,
			      session->options->probe ? probe : NULL, answer);
		status = status_of(answer->ports.verdict, answer->ports.percent_gone, tight);
		if (*probe->refusal) {
			errline("--probe: %s", probe->refusal);
			session->told = true;
			status = STATUS_UNKNOWN;
		}
	}
	connect_answer_fini(answer);
	return status;
}

static enum status connect_all(struct session *session, const struct threshold *tight)
{
	const struct options *options = session->options;
	bool both = options->ipv4 == options->ipv6;
	struct destinations all = { .list = { 0 } };
	enum status status = STATUS_UNKNOWN;

	if (look_at_range(session) < 0) {
		status = cmd_fail(&session->fault);
	} else if (!judge_destinations(&session->seen, tight, both || options->ipv4,
				       both || options->ipv6, &all)) {
		fault_set(&session->fault, ENODATA, "the range of ephemeral ports could not be read "
			  "(/proc/sys/net/ipv4/ip_local_port_range)");
		status = cmd_fail(&session->fault);
	} else {
		double gone = all.list.count ? all.list.at[0].percent_gone : 0;

		session->answered = true;
		out_init(&out, 1);
		print_destinations(&out, &session->style, &session->seen, &all);
		status = status_of(all.worst, gone, tight);
	}
	destinations_fini(&all);
	return status;
}

static int check_words(const struct options *options, struct target *target, struct fault *fault)
{
	if (options->words_count > 1)
		return fault_set(fault, EINVAL, "connect takes one HOST:PORT, or none to list all destinations");
	if (!options->words_count) {
		if (options->source || options->bind_first || options->probe || options->device)
			return fault_set(fault, EINVAL, "--from-address, --bind-first, --dev and --probe "
					 "need a HOST:PORT");
		return 0;
	}
	if (target_parse(target, options->words[0], options, "tcp", fault) < 0)
		return -EINVAL;
	if (target->kind != TARGET_INET || target->any || addr_is_any(&target->addr))
		return fault_set(fault, EINVAL, "connect needs the address or name of a host and a port, "
				 "as 10.0.0.9:443; '%s' has none", QUOTE(options->words[0]));
	return 0;
}

enum status connect_run(const struct options *options)
{
	struct thresholds *thresholds = thresholds_new();
	enum status status = STATUS_UNKNOWN;
	struct session session;
	struct target target = { .any = false };
	struct fault fault;

	if (check_words(options, &target, &fault) < 0 || session_thresholds(options, thresholds, &fault) < 0) {
		cmd_fail(&fault);
	} else if (session_open(&session, options) == 0) {
		session.judges = true;
		out_init(&out, 1);
		status = options->words_count ? connect_one(&session, &target, tight_from(thresholds)) :
			 connect_all(&session, tight_from(thresholds));
		status = session_close(&session, &out, status);
	}
	thresholds_free(thresholds);
	return status;
}
