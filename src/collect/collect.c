/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/handle.h"

#include "base/clock.h"
#include "base/grow.h"
#include "collect/host.h"
#include "collect/inet.h"
#include "collect/links.h"
#include "collect/netns.h"
#include "collect/others.h"
#include "collect/privilege.h"
#include "collect/proc_net.h"
#include "collect/sysctls.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
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

/* Called before collect_basics(), too, because the release decides how sockets are read. */
static void replay_release(struct collect *collect)
{
	struct recorder aside = collect->recorder;      /* for which no section is used up */
	struct cursor cursor;
	struct frame frame;

	if (!recorder_section(&aside, FRAME_BASICS, &frame, &cursor))
		return;
	while (load_next(&cursor, &frame))
		if (frame.type == FRAME_KERNEL)
			set_release(collect, (const char *)frame.body, frame.size);
}

static int open_live(struct collect *collect, struct fault *fault)
{
	struct utsname system;
	int err = host_set(collect->source.root, fault);

	if (err)
		return err;
	if (uname(&system) == 0)
		set_release(collect, system.release, strlen(system.release));
	if (collect->source.netns || recorder_records(&collect->recorder))
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
	err = recorder_open(&collect->recorder, source->from, source->record, fault);
	if (!err && source->redact)
		recorder_redact(&collect->recorder);
	if (!err && !recorder_replays(&collect->recorder))
		err = open_live(collect, fault);
	if (err) {
		collect_close(collect, false, NULL);
		return err;
	}
	if (recorder_replays(&collect->recorder)) {
		replay_release(collect);
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
	err = recorder_close(&collect->recorder, keep, fault);
	netns_list_fini(&collect->visited);
	free(collect);
	return err;
}

/* ---- listings ---- */

/*
 * A dump that lacks sockets looks like any other. Where it should list all connections,
 * its count is compared with the kernel's own.
 */
struct reconcile {
	struct sink sink;               /* the caller's sink */
	bool        is_possible;
	uint64_t    connections;        /* listed in ESTABLISHED and CLOSE_WAIT */
};

/* Connections come and go during a listing, so this many may be missing without a gap. */
enum { SLACK = 64, SLACK_SHARE = 16 };

static const uint32_t counted = STATE_BIT(STATE_ESTABLISHED) | STATE_BIT(STATE_CLOSE_WAIT);

static int count_connection(void *ctx, const struct sock *sock)
{
	struct reconcile *reconcile = ctx;

	reconcile->connections += (STATE_BIT(sock->state) & counted) != 0;
	return reconcile->sink.take(reconcile->sink.ctx, sock);
}

static bool lists_all(const struct collect_ask *ask)
{
	return (!ask->protocol || ask->protocol == PROTOCOL_TCP) &&
	       (ask->states & counted) == counted && ask->ipv4 && ask->ipv6 && !ask->filter &&
	       !ask->port_high && !ask->explicit_port;
}

/* Returns the sink to use in place of @sink. @reconcile must live as long as the dump. */
static struct sink reconcile_begin(struct reconcile *reconcile, const struct collect_ask *ask,
				   struct sink sink, const struct snapshot *seen)
{
	*reconcile = (struct reconcile){ .sink = sink };
	reconcile->is_possible = lists_all(ask) && seen->limits.counter[COUNTER_CURR_ESTAB].is;
	return reconcile->is_possible ?
	       (struct sink){ .take = count_connection, .ctx = reconcile } : sink;
}

static bool is_short(const struct reconcile *reconcile, int64_t count)
{
	return count > 0 && count < INT32_MAX &&
	       reconcile->connections + SLACK + (uint64_t)count / SLACK_SHARE < (uint64_t)count;
}

/*
 * Adds a GAP_DUMP when the listing has clearly fewer connections than the kernel counted
 * before it and counts now. More connections are believed, because CurrEstab of older
 * kernels is known to lose some.
 */
static void reconcile_end(const struct reconcile *reconcile, struct recorder *recorder,
			  struct snapshot *seen)
{
	const struct known *before = &seen->limits.counter[COUNTER_CURR_ESTAB];
	struct known now;

	if (!reconcile->is_possible || recorder_replays(recorder) ||
	    !is_short(reconcile, before->value))
		return;
	now = counter_again(COUNTER_CURR_ESTAB);
	if (now.is && is_short(reconcile, now.value))
		recorder_gap(recorder, seen, GAP_DUMP, (uint64_t)now.value - reconcile->connections,
			     "the kernel counts %" PRId64 " connection%s and its listing has %" PRIu64
			     "; sockets are missing, try again", now.value, now.value == 1 ? "" : "s",
			     reconcile->connections);
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
		return others_collect(&collect->recorder, ask, sink, collect->source.deadline_ms,
				      seen, fault);
	sink = reconcile_begin(&reconcile, &possible, sink, seen);
	err = inet_collect(&collect->recorder, &possible, sink, collect->release,
			   collect->source.deadline_ms, seen, fault);
	if (!err)
		reconcile_end(&reconcile, &collect->recorder, seen);
	return err;
}

int collect_offers(struct collect *collect, enum protocol protocol, struct fault *fault)
{
	if (recorder_replays(&collect->recorder))
		return 0;
	if (others_lists(protocol))
		return others_offered(protocol, collect->source.deadline_ms, fault);
	return proc_net_offered(protocol,
				inet_offered(protocol, collect->source.deadline_ms, fault));
}

void collect_forget_socks(struct collect *collect)
{
	if (recorder_replays(&collect->recorder))
		load_forget(collect->recorder.load, 1u << FRAME_ASK);
}

void collect_forget_owners(struct collect *collect)
{
	if (recorder_replays(&collect->recorder))
		load_forget(collect->recorder.load, 1u << FRAME_HOLDERS | 1u << FRAME_DESCRIPTORS |
			    1u << FRAME_CGROUPS);
}

/* ---- time, limits, counters and interfaces ---- */

void basics_machine(struct collect *collect)
{
	if (!collect->machine_is_read)
		sysctls_read(&collect->recorder, SYSCTL_MACHINE, collect->release,
			     &collect->machine);
	collect->machine_is_read = true;
}

static void read_identity(struct collect *collect, struct snapshot *seen)
{
	const char *name = collect->source.netns ? collect->source.netns : "";
	struct frame_netns netns = { .inode = netns_inode() };
	struct frame_clock clock = { .time_ms = clock_ms(CLOCK_REALTIME) };

	recorder_put(&collect->recorder, FRAME_CLOCK, &clock, NULL, 0);
	recorder_put(&collect->recorder, FRAME_KERNEL, NULL, collect->release,
		     strlen(collect->release));
	recorder_put(&collect->recorder, FRAME_NETNS, &netns, name, strlen(name));
	seen->time_ms = clock.time_ms;
	if (!seen->netns->visited)
		snapshot_set_netns(seen, netns.inode, name, strlen(name));
}

static void replay_identity(struct snapshot *seen, const struct frame *frame)
{
	struct frame_clock clock;
	struct frame_netns netns;
	const uint8_t *name;
	size_t size;

	if (frame->type == FRAME_CLOCK) {
		frame_open(frame, &clock, &size);
		seen->time_ms = clock.time_ms;
	} else if (frame->type == FRAME_NETNS) {
		name = frame_open(frame, &netns, &size);
		snapshot_set_netns(seen, netns.inode, (const char *)name, size);
	}
}

static bool replay_basics(struct collect *collect, struct snapshot *seen)
{
	struct cursor cursor;
	struct frame frame;

	if (!recorder_section(&collect->recorder, FRAME_BASICS, &frame, &cursor)) {
		snapshot_gap(seen, GAP_RECORDING, 1,
			     "the recording holds no time, limits, counters and interfaces");
		return false;
	}
	while (load_next(&cursor, &frame)) {
		replay_identity(seen, &frame);
		links_replay(seen, &frame);
		if (frame.type == FRAME_GAP)
			recorder_replay_gap(seen, &frame);
	}
	snapshot_sort_links(seen);
	return true;
}

/*
 * The id of a recording is somebody else's text: only hexadecimal digits and dashes are
 * accepted.
 */
static void read_boot_id(struct collect *collect, struct snapshot *seen)
{
	struct text content = { 0 };
	size_t size;

	recorder_file(&collect->recorder, "/proc/sys/kernel/random/boot_id", &content);
	size = strspn(text_str(&content), "0123456789abcdef-");
	if (size < sizeof(seen->boot_id))
		memcpy(seen->boot_id, text_str(&content), size);
	text_fini(&content);
}

static void copy_machine(struct collect *collect, struct snapshot *seen)
{
	for (unsigned i = 0; i < LIMIT_COUNT; i++)
		if (collect->machine.limit[i].is)
			seen->limits.limit[i] = collect->machine.limit[i];
}

/* A recording has the files that limits are read from, and nothing else of them. */
static void read_limits(struct collect *collect, struct snapshot *seen)
{
	unsigned missing = sysctls_read(&collect->recorder, SYSCTL_NETNS, collect->release, &seen->limits) +
			   counters_read(&collect->recorder, &seen->limits);

	basics_machine(collect);
	copy_machine(collect, seen);
	read_boot_id(collect, seen);
	if (missing)
		snapshot_gap(seen, GAP_LIMITS, missing,
			     "kernel limits or counters could not be read (/proc/sys/net, /proc/net)");
}

bool collect_basics(struct collect *collect, struct snapshot *seen, enum basics basics)
{
	snprintf(seen->version, sizeof(seen->version), "%s", collect->release);
	if (recorder_replays(&collect->recorder)) {
		if (replay_basics(collect, seen))
			read_limits(collect, seen);
		return false;
	}
	if (recorder_records(&collect->recorder))
		basics = BASICS_WHOLE;
	recorder_put(&collect->recorder, FRAME_BASICS, NULL, NULL, 0);
	read_identity(collect, seen);
	/* Counters come first, because the socket that asks for links would be counted. */
	if (basics >= BASICS_FIGURES)
		read_limits(collect, seen);
	if (basics >= BASICS_WHOLE)
		collect_links(collect, seen);
	return basics < BASICS_WHOLE;
}

void collect_links(struct collect *collect, struct snapshot *seen)
{
	links_collect(&collect->recorder, seen);
	snapshot_sort_links(seen);
}
