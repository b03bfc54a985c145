/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/handle.h"

#include "collect/knobs.h"
#include "collect/links.h"
#include "collect/netns.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void basics_machine(struct collect *collect)
{
	if (!collect->machine_is_read)
		knobs_read(&collect->tape, KNOB_MACHINE, collect->release, &collect->machine);
	collect->machine_is_read = true;
}

static void read_identity(struct collect *collect, struct snapshot *seen)
{
	const char *name = collect->source.netns ? collect->source.netns : "";
	struct frame_netns netns = { .inode = netns_inode() };
	struct frame_clock clock = { 0 };
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	clock.time_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	tape_put(&collect->tape, FRAME_CLOCK, &clock, NULL, 0);
	tape_put(&collect->tape, FRAME_KERNEL, NULL, collect->release, strlen(collect->release));
	tape_put(&collect->tape, FRAME_NETNS, &netns, name, strlen(name));
	seen->time_ms = clock.time_ms;
	seen->netns_inode = netns.inode;
	snprintf(seen->netns_name, sizeof(seen->netns_name), "%s", name);
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
		seen->netns_inode = netns.inode;
		snprintf(seen->netns_name, sizeof(seen->netns_name), "%.*s",
			 (int)(size < 255 ? size : 255), (const char *)name);
	}
}

static bool replay_basics(struct collect *collect, struct snapshot *seen)
{
	struct cursor cursor;
	struct frame frame;

	if (!tape_section(&collect->tape, FRAME_BASICS, &frame, &cursor)) {
		snapshot_gap(seen, GAP_RECORDING, 1,
			     "the recording holds no time, limits, counters and interfaces");
		return false;
	}
	while (load_next(&cursor, &frame)) {
		replay_identity(seen, &frame);
		links_replay(seen, &frame);
		if (frame.type == FRAME_GAP)
			tape_replay_gap(seen, &frame);
	}
	snapshot_sort_links(seen);
	return true;
}

/* Of a recording it is somebody else's text: hexadecimal digits and dashes. */
static void read_boot_id(struct collect *collect, struct snapshot *seen)
{
	struct text content = { 0 };
	size_t size;

	tape_file(&collect->tape, "/proc/sys/kernel/random/boot_id", &content);
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

/* Told again by the files of a recording: nothing but those is saved. */
static void read_limits(struct collect *collect, struct snapshot *seen)
{
	unsigned missing = knobs_read(&collect->tape, KNOB_NETNS, collect->release, &seen->limits) +
			   knobs_count(&collect->tape, &seen->limits);

	basics_machine(collect);
	copy_machine(collect, seen);
	read_boot_id(collect, seen);
	if (missing)
		snapshot_gap(seen, GAP_LIMITS, missing,
			     "kernel limits or counters could not be read (/proc/sys/net, /proc/net)");
}

/* Without names and addresses; those of a recording come along. */
static void read_figures(struct collect *collect, struct snapshot *seen)
{
	snprintf(seen->version, sizeof(seen->version), "%s", collect->release);
	if (tape_replays(&collect->tape)) {
		if (replay_basics(collect, seen))
			read_limits(collect, seen);
		return;
	}
	tape_put(&collect->tape, FRAME_BASICS, NULL, NULL, 0);
	read_identity(collect, seen);
	read_limits(collect, seen);
}

int collect_basics(struct collect *collect, struct snapshot *seen, struct fault *fault)
{
	(void)fault;
	/* Counters first: the socket that asks for links would be one of those counted. */
	read_figures(collect, seen);
	if (!tape_replays(&collect->tape))
		collect_links(collect, seen);
	return 0;
}

int collect_figures(struct collect *collect, struct snapshot *seen, bool *left_links,
		    struct fault *fault)
{
	*left_links = !tape_replays(&collect->tape) && !tape_records(&collect->tape);
	if (!*left_links)
		return collect_basics(collect, seen, fault);
	read_figures(collect, seen);
	return 0;
}

int collect_brief(struct collect *collect, struct snapshot *seen, bool *left_links,
		  struct fault *fault)
{
	*left_links = !tape_replays(&collect->tape) && !tape_records(&collect->tape);
	if (!*left_links)
		return collect_basics(collect, seen, fault);
	snprintf(seen->version, sizeof(seen->version), "%s", collect->release);
	read_identity(collect, seen);
	return 0;
}

void collect_links(struct collect *collect, struct snapshot *seen)
{
	links_collect(&collect->tape, seen);
	snapshot_sort_links(seen);
}
