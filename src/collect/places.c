/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/places.h"

#include "base/grow.h"
#include "base/text.h"
#include "collect/proc.h"
#include "collect/netns.h"
#include "collect/tape.h"
#include "model/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct round {
	struct snapshot *seen;
	place_visit     *visit;
	void            *ctx;
	uint64_t         init;          /* its inode */
	int              err;           /* of a visit that ended the round */
};

static void read_comm(struct place *place)
{
	struct text comm = { 0 };
	char path[PROC_PATH + 8];
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/comm", place->pid);
	if (tape_read(AT_FDCWD, path, &comm) == 0) {
		size = comm.count && comm.at[comm.count - 1] == '\n' ? comm.count - 1 : comm.count;
		size = size < sizeof(place->comm) ? size : sizeof(place->comm) - 1;
		memcpy(place->comm, text_str(&comm), size);
		place->comm_size = (uint8_t)size;
	}
	text_fini(&comm);
}

/* From the path in the one tree of cgroup2. */
static void read_owner(struct place *place)
{
	struct text groups = { 0 };
	char path[PROC_PATH + 8], *line, *end;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", place->pid);
	if (tape_read(AT_FDCWD, path, &groups) == 0 && groups.count) {
		line = strncmp(groups.at, "0::", 3) == 0 ? groups.at : strstr(groups.at, "\n0::");
		line = line ? strchr(line, '/') : NULL;
		end = line ? strchr(line, '\n') : NULL;
		if (end)
			*end = '\0';
		place->unit = line ? unit_of_path(line) : NULL;
		place->container = line ? container_of_path(line) : NULL;
		place->pod = line ? pod_of_path(line) : NULL;
	}
	text_fini(&groups);
}

static void describe(struct place *place, uint64_t init)
{
	place->init_known = init;
	place->is_init = place->inode == init;
	if (place->pid) {
		read_comm(place);
		read_owner(place);
	}
}

static bool look(void *ctx, struct place *place)
{
	struct round *round = ctx;

	if (round->err)
		return false;
	describe(place, round->init);
	round->err = round->visit(round->ctx, place);
	return !round->err;
}

static void refused(void *ctx, const struct place *place, int err)
{
	struct round *round = ctx;

	if (place->name)
		snapshot_gap(round->seen, GAP_NETNS, 1, "the network namespace %s cannot be entered: %s",
			     QUOTE(place->name), strerror(err));
	else if (place->pid)
		snapshot_gap(round->seen, GAP_NETNS, 1,
			     "the network namespace of process %d cannot be entered: %s",
			     place->pid, strerror(err));
	else
		snapshot_gap(round->seen, GAP_NETNS, 1, "network namespace %llu cannot be entered: %s",
			     (unsigned long long)place->inode, strerror(err));
}

static uint64_t inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_ino : 0;
}

static void note_hidden(struct snapshot *seen, const struct netns_tour_end *end)
{
	const char *way_out = geteuid() ? "run as root" :
			      "not even root may (a user namespace or security module guards them)";

	if (end->hidden)
		snapshot_gap(seen, GAP_NETNS, end->hidden,
			     "network namespaces may be missing: those of %llu process%s could not be "
			     "read, the first is %d; %s", (unsigned long long)end->hidden,
			     end->hidden == 1 ? "" : "es", end->hidden_pid, way_out);
	else if (end->listed)
		snapshot_gap(seen, GAP_NETNS, 1, "network namespaces may be missing: some came and "
			     "went faster than they could be looked into; try again");
	else
		snapshot_gap(seen, GAP_NETNS, 1, "network namespaces may be missing: processes or "
			     "mounts could not all be listed%s", geteuid() ? "; run as root" : "");
}

int places_visit(struct places *places, place_visit *visit, void *ctx, struct snapshot *seen,
		 struct fault *fault)
{
	struct round round = {
		.seen = seen, .visit = visit, .ctx = ctx,
		.init = inode_of("/proc/1/ns/net"),
	};
	struct netns_tour_end end = netns_visit(NETNS_HELD | NETNS_OWN, look, refused, &round,
						places);

	if (end.err)
		return fault_set(fault, end.err, "network namespaces cannot be visited: %s",
				 strerror(end.err));
	if (!end.found)
		note_hidden(seen, &end);
	return round.err;
}
