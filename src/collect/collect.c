/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/handle.h"

#include "base/grow.h"
#include "collect/cgroups.h"
#include "collect/descriptors.h"
#include "collect/destroy.h"
#include "collect/holders.h"
#include "collect/inet.h"
#include "collect/inet_ask.h"
#include "collect/netns.h"
#include "collect/netns_all.h"
#include "collect/others.h"
#include "collect/privilege.h"
#include "collect/proc_net.h"
#include "collect/raw_socks.h"
#include "collect/reconcile.h"
#include "collect/unix_bind.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#define DEADLINE_MS 30000

static int check_source(const struct collect_source *source, struct fault *fault)
{
	if (source->from && source->record)
		return fault_set(fault, EINVAL,
				 "a recording is made from the live kernel, not from another recording; copy the file");
	if (source->from && source->netns)
		return fault_set(fault, EINVAL,
				 "a recording holds the one network namespace in which it was made; leave -N away");
	return 0;
}

static void set_release(struct collect *collect, const char *bytes, size_t size)
{
	if (size >= sizeof(collect->release))
		size = sizeof(collect->release) - 1;
	for (size_t i = 0; i < size; i++)
		collect->release[i] = (char)(isgraph((unsigned char)bytes[i]) ? bytes[i] : '?');
	collect->release[size] = '\0';
}

/* Also before collect_basics(): the release decides how sockets are read. */
static void recall_release(struct collect *collect)
{
	for (size_t i = 0; i < load_heads(collect->tape.load); i++) {
		struct cursor cursor = load_begin(collect->tape.load, i);
		struct frame frame;

		if (load_head(collect->tape.load, i).type != FRAME_BASICS)
			continue;
		while (load_next(&cursor, &frame))
			if (frame.type == FRAME_KERNEL)
				set_release(collect, (const char *)frame.body, frame.size);
		return;
	}
}

static int open_live(struct collect *collect, struct fault *fault)
{
	struct utsname system;
	int err;

	if (uname(&system) == 0)
		set_release(collect, system.release, strlen(system.release));
	if (collect->source.netns || tape_records(&collect->tape))
		basics_machine(collect);
	if (!collect->source.netns)
		return 0;
	err = netns_enter(collect->source.netns, fault);
	return err ? err : privilege_settle(fault);
}

int collect_open(struct collect **result, const struct collect_source *source,
		 struct fault *fault)
{
	struct collect *collect;
	int err = check_source(source, fault);

	if (err)
		return err;
	collect = grow_alloc(sizeof(*collect));
	collect->source = *source;
	if (!collect->source.deadline_ms)
		collect->source.deadline_ms = DEADLINE_MS;
	wire_limit_routes(collect->source.deadline_ms);
	err = tape_open(&collect->tape, source->from, source->record, fault);
	if (!err && source->redact)
		tape_redact(&collect->tape);
	if (!err && !tape_replays(&collect->tape))
		err = open_live(collect, fault);
	if (err) {
		collect_close(collect, false, NULL);
		return err;
	}
	if (tape_replays(&collect->tape)) {
		recall_release(collect);
		basics_machine(collect);
	}
	*result = collect;
	return 0;
}

int collect_close(struct collect *collect, bool keep, struct fault *fault)
{
	int err;

	if (!collect)
		return 0;
	err = tape_close(&collect->tape, keep, fault);
	free(collect);
	return err;
}

int collect_socks(struct collect *collect, const struct collect_ask *ask,
		  struct sink sink, struct snapshot *seen, struct fault *fault)
{
	struct collect_ask possible = *ask;
	struct reconcile reconcile;
	int err;

	if (!arrival_can_have(collect, &possible))
		return 0;
	if (others_lists(ask->protocol))
		return others_collect(&collect->tape, ask, sink, collect->source.deadline_ms,
				      seen, fault);
	if (ask->protocol == PROTOCOL_RAW)
		return raw_socks_collect(&collect->tape, ask, sink, collect->release,
					 collect->source.deadline_ms, seen, fault);
	sink = reconcile_begin(&reconcile, &possible, sink, seen);
	err = inet_collect(&collect->tape, &possible, sink, collect->release,
			   collect->source.deadline_ms, seen, fault);
	if (!err)
		reconcile_end(&reconcile, &collect->tape, seen);
	return err;
}

void collect_again(struct collect *collect, const struct collect_ask *ask,
		   const struct sock *rows, const uint32_t *indices, size_t count,
		   struct sink sink, struct snapshot *seen)
{
	inet_again(&collect->tape, ask, rows, indices, count, sink, collect->release,
		   collect->source.deadline_ms, seen);
}

int collect_offers(struct collect *collect, enum protocol protocol, struct fault *fault)
{
	if (tape_replays(&collect->tape))
		return 0;
	if (others_lists(protocol))
		return others_offered(protocol, collect->source.deadline_ms, fault);
	if (protocol == PROTOCOL_RAW)
		return raw_socks_offered(collect->source.deadline_ms, fault);
	return proc_net_offered(protocol,
				inet_offered(protocol, collect->source.deadline_ms, fault));
}

int collect_holders(struct collect *collect, struct snapshot *seen,
		    const struct map *wanted, struct fault *fault)
{
	(void)fault;
	if (collect->crowd)
		crowd_holders(collect->crowd, seen, wanted);
	else if (tape_replays(&collect->tape))
		holders_replay(&collect->tape, seen, wanted);
	else
		holders_collect(&collect->tape, seen, wanted);
	return 0;
}

/* A recording holds every holder; the walk of all namespaces was made already. */
int collect_some_holders(struct collect *collect, const struct holder_ask *ask,
			 struct snapshot *seen, struct fault *fault)
{
	const struct map *wanted = ask->pids->count ? NULL : ask->inodes;

	if (collect->crowd || tape_replays(&collect->tape) || tape_records(&collect->tape))
		return collect_holders(collect, seen, wanted, fault);
	holders_collect_some(&collect->tape, seen, wanted, ask);
	return 0;
}

void collect_forget_socks(struct collect *collect)
{
	if (tape_replays(&collect->tape))
		load_forget(collect->tape.load, 1u << FRAME_ASK);
}

void collect_forget_owners(struct collect *collect)
{
	if (tape_replays(&collect->tape))
		load_forget(collect->tape.load, 1u << FRAME_HOLDERS | 1u << FRAME_DESCRIPTORS |
			    1u << FRAME_CGROUPS);
}

int collect_descriptors(struct collect *collect, struct snapshot *seen, struct fault *fault)
{
	(void)fault;
	if (seen->place)
		descriptors_collect_of(seen->place, seen);
	else if (tape_replays(&collect->tape))
		descriptors_replay(&collect->tape, seen);
	else
		descriptors_collect(&collect->tape, seen);
	return 0;
}

int collect_cgroups(struct collect *collect, struct snapshot *seen,
		    const struct map *wanted, struct fault *fault)
{
	(void)fault;
	if (collect->crowd)
		crowd_cgroups(collect->crowd, seen, wanted);
	else if (tape_replays(&collect->tape))
		cgroups_replay(&collect->tape, seen, wanted);
	else
		cgroups_collect(&collect->tape, seen, wanted);
	return 0;
}

int collect_explicit(struct collect *collect, const struct collect_ask *ask,
		     struct snapshot *seen, struct fault *fault)
{
	return inet_explicit(&collect->tape, ask, collect->source.deadline_ms, seen, fault);
}

int collect_chain(struct collect *collect, uint16_t port, struct snapshot *seen,
		  struct fault *fault)
{
	if (collect->crowd && !collect->udp_states)
		return 0;
	return inet_chain(&collect->tape, port, collect->source.deadline_ms, seen, fault);
}

int collect_elsewhere(struct collect *collect, const struct bind_ask *ask,
		      struct bind_scene *scene, struct fault *fault)
{
	(void)fault;
	netns_port_owners(&collect->tape, ask, scene, collect->source.deadline_ms);
	return 0;
}

int collect_unix(struct collect *collect, const struct unix_ask *ask,
		 struct unix_scene *scene, struct snapshot *seen, struct fault *fault)
{
	(void)fault;
	unix_bind_collect(&collect->tape, ask, scene, collect->source.deadline_ms, seen);
	return 0;
}

uint64_t collect_reached(const struct collect *collect, const struct sock *sock)
{
	return destroy_reached(sock, collect->source.deadline_ms);
}

int collect_destroy(struct collect *collect, const struct sock *sock,
		    const struct destroy_ask *ask, struct fate *fate, struct fault *fault)
{
	if (tape_replays(&collect->tape))
		return fault_set(fault, EINVAL, "a recording has no sockets to be closed");
	return destroy_sock(sock, ask, collect->release, collect->source.deadline_ms, fate, fault);
}
