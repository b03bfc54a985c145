/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `bind`: asks for the owners of one port, who holds them and which options they have,
 * then judges. The options of a socket are read from its own descriptor; only --probe
 * binds anything.
 */
#include "base/errline.h"
#include "base/grow.h"
#include "base/own.h"
#include "cmd/session.h"
#include "cmd/target.h"
#include "judge/bind.h"
#include "words/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct out out;

/* One question about a bind() of TCP or UDP in one namespace, and its answer. */
struct binding {
	struct bind_ask     ask;
	struct bind_context context;
	struct bind_answer  answer;
};

static int check_options(const struct target *target, const struct options *options,
			 struct fault *fault)
{
	bool flags = options->reuseaddr || options->reuseport || options->v6only;

	if (target->kind != TARGET_INET && (flags || options->device || options->probe))
		return fault_set(fault, EINVAL, "a unix socket knows no %s; leave it away",
				 options->reuseport ? "--reuseport" : options->reuseaddr ? "--reuseaddr" :
				 options->v6only ? "--v6only" : options->device ? "--dev" : "--probe");
	if (target->kind != TARGET_INET && options->uid != UID_OF_CALLER)
		return fault_set(fault, EINVAL, "--uid is for TCP and UDP: whether a folder can be "
				 "written to is looked at as who you are; run sockvet as that user");
	if (target->kind == TARGET_INET && options->v6only && target->family != FAMILY_IPV6)
		return fault_set(fault, EINVAL, "--v6only is an option of IPv6 sockets, and this address is IPv4");
	return 0;
}

static int check_everywhere(const struct target *target, const struct options *options,
			    struct fault *fault)
{
	if (options->all_netns && target->kind != TARGET_INET)
		return fault_set(fault, EINVAL, "bind -G is for TCP and UDP ports; ask about a unix socket with -N");
	if (options->all_netns && *target->device)
		return fault_set(fault, EINVAL, "an address with %%%s belongs to one network namespace; use -N",
				 target->device);
	return 0;
}

/* Without IPv6, every address is an IPv4 address, and the wildcard is 0.0.0.0. */
static void prefer_family(struct bind_ask *ask, const struct target *target,
			  const struct snapshot *seen)
{
	static const uint8_t zeros[4];

	if (!target->any || ask->family != FAMILY_IPV6 || seen->limits.limit[LIMIT_BINDV6ONLY].is ||
	    !seen->locals_known)
		return;
	for (size_t i = 0; i < seen->locals.count; i++)
		if (seen->locals.at[i].family == FAMILY_IPV6)
			return;
	ask->family = FAMILY_IPV4;
	ask->addr = addr_from_v4(zeros);
}

static int fill_ask(struct session *session, const struct target *target, struct bind_ask *ask)
{
	const struct options *options = session->options;
	const struct known *v6only = &session->seen.limits.limit[LIMIT_BINDV6ONLY];

	*ask = (struct bind_ask){
		.protocol = options->udp ? PROTOCOL_UDP : PROTOCOL_TCP,
		.family = target->family, .addr = target->addr, .port = target->port,
		.reuseaddr = options->reuseaddr, .reuseport = options->reuseport,
		.uid = options->uid == UID_OF_CALLER ? (uint32_t)geteuid() : (uint32_t)options->uid,
	};
	if (!options->v6only && !options->ipv6)
		prefer_family(ask, target, &session->seen);
	ask->v6only = ask->family == FAMILY_IPV6 &&
		      (options->v6only || (v6only->is && v6only->value));
	if (options->device)
		ask->ifindex = session_device(session, options->device);
	if (*target->device)
		ask->scope = session_device(session, target->device);
	return (options->device && !ask->ifindex) || (*target->device && !ask->scope) ? -ENODEV : 0;
}

static int look_at_port(struct session *session, const struct bind_ask *ask)
{
	struct collect_ask port = {
		.states = STATE_ALL, .need = NEED_FLOW, .ipv4 = true, .ipv6 = true,
		.port_low = ask->port, .port_high = ask->port,
	};
	struct snapshot *seen = &session->seen;
	int err;

	if (ask->protocol == PROTOCOL_UDP)
		return collect_chain(session->collect, ask->port, seen, &session->fault);
	err = collect_socks(session->collect, &port, snapshot_sink(seen), seen, &session->fault);
	if (!err && (!seen->netns->visited || seen->socks.count))
		collect_explicit(session->collect, &port, seen);
	return err;
}

static void look(struct session *session, const struct bind_ask *ask, struct bind_context *context)
{
	struct collect *collect = session->collect;
	struct snapshot *seen = &session->seen;
	struct map inodes = { 0 };

	for (size_t i = 0; i < seen->socks.count; i++)
		session_want(&inodes, seen->socks.at[i].inode);
	session_name(session, &inodes);
	map_fini(&inodes);
	collect_flags(collect, seen);
	collect_bind_context(collect, ask, context, seen);
	/* all are being looked at anyway */
	context->elsewhere_known = seen->netns->visited;
	if (!seen->netns->visited)
		collect_elsewhere(collect, ask, context);
	if (session->options->probe)
		collect_probe_bind(collect, ask, &context->probe);
}

static enum status status_of(const struct bind_answer *answer)
{
	switch (answer->asked.verdict) {
	case VERDICT_OK:
		return STATUS_OK;
	case VERDICT_FAILS:
		for (unsigned i = 0; i < WITH_COUNT; i++)
			if (answer->with[i].verdict == VERDICT_OK)
				return STATUS_WARNING;
		return STATUS_CRITICAL;
	default:
		return STATUS_UNKNOWN;
	}
}

/* A probe that was asked for and could not be made is an error, whatever the verdict is. */
static enum status check_probe(const struct session *session, const char *refusal,
			       enum status status)
{
	if (!session->options->probe || !*refusal)
		return status;
	errline("--probe: %s", refusal);
	return STATUS_UNKNOWN;
}

static void binding_free(struct binding *binding)
{
	bind_answer_fini(&binding->answer);
	bind_context_fini(&binding->context);
	free(binding);
}

/*
 * Looks at the port and judges. With -G, @judged is false for a namespace other than
 * ours in which nobody has the port; then nothing more was looked at. Returns 0, or
 * -errno with the sentence in the session's fault. Call binding_free() in every case.
 */
static int judge_port(struct session *session, const struct target *target,
		      struct binding *binding, bool *judged)
{
	const struct snapshot *seen = &session->seen;
	int err;

	binding->context.addr_kind = ADDR_KIND_UNKNOWN;
	err = fill_ask(session, target, &binding->ask);
	if (!err)
		err = look_at_port(session, &binding->ask);
	collect_forget_socks(session->collect);
	*judged = !err && (!seen->netns->visited || seen->netns->is_own || seen->socks.count);
	if (*judged)
		look(session, &binding->ask, &binding->context);
	collect_forget_owners(session->collect);
	if (*judged) {
		judge_bind(seen, &binding->ask, &binding->context, &binding->answer);
		words_bind(seen, &binding->ask, &binding->context, &binding->answer);
	}
	return err;
}

/* The namespace; with -G ours, and each in which somebody has the port. */
struct bindings {
	const struct target *target;
	struct { struct binding **at; size_t count, room; } each;
	struct { struct bind_page *at; size_t count, room; } pages;
	size_t vacant;          /* namespaces in which nobody has it */
};

static int bind_netns(void *ctx, struct session *session)
{
	struct bindings *bindings = ctx;
	struct binding *binding = grow_alloc(sizeof(*binding));
	bool judged;
	int err = judge_port(session, bindings->target, binding, &judged);

	if (!judged) {
		binding_free(binding);
		bindings->vacant++;
		return err ? err : 1;
	}
	*grow_add(&bindings->each) = binding;
	*grow_add(&bindings->pages) = (struct bind_page){
		&session->seen, &binding->ask, &binding->context, &binding->answer,
	};
	return 0;
}

/*
 * The worst verdict counts, because who asks about all namespaces wants to know whether
 * one refuses.
 */
static enum status tell(struct session *session, const struct bindings *bindings)
{
	enum status worst = STATUS_OK;

	/*
	 * a probe can say OK although the listing broke off; that is told, and
	 * is not status 0
	 */
	session->answered = !session->options->all_netns &&
			    bindings->each.at[0]->answer.asked.verdict != VERDICT_OK;
	print_bind(&out, &session->style, &session->seen, bindings->pages.at,
		   bindings->pages.count, bindings->vacant);
	for (size_t i = 0; i < bindings->each.count; i++) {
		const struct binding *binding = bindings->each.at[i];
		enum status status = check_probe(session, binding->context.probe.refusal,
						 status_of(&binding->answer));

		worst = status > worst ? status : worst;
	}
	return worst;
}

static enum status bind_inet(struct session *session, const struct target *target)
{
	struct bindings bindings = { .target = target };
	int err = session_each(session, NULL, true, bind_netns, &bindings);
	enum status status = err ? cmd_fail(&session->fault) : tell(session, &bindings);

	for (size_t i = 0; i < bindings.each.count; i++)
		binding_free(bindings.each.at[i]);
	grow_fini(&bindings.each);
	grow_fini(&bindings.pages);
	return status;
}

/* -- unix sockets ------------------------------------------------------------ */

static void look_at_name(struct session *session, const struct unix_ask *ask,
			struct unix_context *context)
{
	struct map inodes = { 0 };

	collect_unix(session->collect, ask, context, &session->seen);
	for (size_t i = 0; i < context->socks.count; i++)
		map_slot(&inodes, context->socks.at[i].inode, NULL);
	session_name(session, &inodes);
	map_fini(&inodes);
}

static enum status bind_unix(struct session *session, const struct target *target)
{
	struct unix_ask ask = {
		.name = target->name, .size = strlen(target->name),
		.abstract = target->kind == TARGET_ABSTRACT,
		.type = session->options->udp ? UNIX_DGRAM : UNIX_STREAM,
	};
	struct unix_context context = { .file = UNIX_FILE_UNKNOWN };
	struct bind_answer answer = { .cause = { .at = NULL } };
	enum status status;

	session->seen.socks_complete = true;    /* no internet socket matters here */
	look_at_name(session, &ask, &context);
	judge_unix(&ask, &context, &answer);
	words_unix(&session->seen, &ask, &context, &answer);
	session->answered = answer.asked.verdict != VERDICT_OK;
	out_init(&out, 1);
	print_unix(&out, &session->style, &session->seen, &ask, &context, &answer);
	status = answer.asked.verdict == VERDICT_OK ? STATUS_OK :
		 answer.asked.verdict == VERDICT_FAILS ? STATUS_CRITICAL : STATUS_UNKNOWN;
	bind_answer_fini(&answer);
	unix_context_fini(&context);
	return status;
}

enum status bind_run(const struct options *options)
{
	struct session session;
	struct target target;
	struct fault fault;
	enum status status;

	if (options->words_count != 1)
		return cmd_fail(&(struct fault){ .err = EINVAL, .text =
			"bind takes one address and port, as 127.0.0.1:80, [::1]:80 or 80, "
			"or one unix path or @name" });
	if (target_parse(&target, options->words[0], options, options->udp ? "udp" : "tcp", &fault) < 0 ||
	    check_options(&target, options, &fault) < 0 || check_everywhere(&target, options, &fault) < 0)
		return cmd_fail(&fault);
	if (session_open(&session, options) < 0)
		return STATUS_UNKNOWN;
	out_init(&out, 1);
	status = target.kind == TARGET_INET ? bind_inet(&session, &target) : bind_unix(&session, &target);
	return session_close(&session, &out, status);
}
