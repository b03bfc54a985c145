/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/holders.h"

#include "base/grow.h"
#include "base/own.h"
#include "collect/walk.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool holder_inode(const char *link, size_t size, uint32_t *inode)
{
	static const char before[] = "socket:[";
	size_t from = sizeof(before) - 1;
	uint64_t value = 0;

	if (size < from + 2 || memcmp(link, before, from) != 0 || link[size - 1] != ']')
		return false;
	for (size_t i = from; i < size - 1; i++) {
		if (link[i] < '0' || link[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(link[i] - '0');
		if (value > UINT32_MAX)
			return false;
	}
	*inode = (uint32_t)value;
	return true;
}

static void add_holder(struct snapshot *seen, const struct map *wanted,
		       const struct person *person, int32_t fd, uint32_t inode)
{
	struct holder holder = { .inode = inode, .fd = fd };

	if (wanted && !map_find(wanted, inode))
		return;
	person_add(seen, person, &holder.process);
	*grow_add(&seen->holders) = holder;
}

static bool is_wanted(const struct walk *walk, uint32_t inode)
{
	return tape_records(walk->tape) || !walk->wanted || map_find(walk->wanted, inode);
}

/* Returns 0 or a positive errno that says that the process is not readable. */
static int walk_descriptor(struct walk *walk, int folder, const char *name)
{
	char link[64];
	ssize_t size;
	struct frame_holder frame;

	if (!proc_number(name, &frame.fd))
		return 0;
	size = readlinkat(folder, name, link, sizeof(link));
	if (size < 0)
		return errno;
	if (!holder_inode(link, (size_t)size, &frame.inode) || !is_wanted(walk, frame.inode))
		return 0;
	walk_introduce(walk);
	tape_put(walk->tape, FRAME_HOLDER, &frame, NULL, 0);
	add_holder(walk->seen, walk->wanted, &walk->person, frame.fd, frame.inode);
	return 0;
}

/* One that closes meanwhile is no failure of the process. */
static int walk_descriptors(struct walk *walk, DIR *folder)
{
	const struct dirent *entry;
	int err = 0, ended;

	while ((entry = proc_entry(folder, &ended))) {
		int now = walk_descriptor(walk, dirfd(folder), entry->d_name);

		if (now && now != ENOENT)
			err = now;
	}
	return err ? err : ended;
}

static void walk_holder(struct walk *walk, int32_t pid)
{
	OWN_DIR DIR *folder = walk_descriptor_folder(walk, pid);
	int err;

	walk->person = (struct person){ .pid = pid };
	walk->introduced = false;
	err = folder ? walk_descriptors(walk, folder) : errno;
	if (err)
		walk_failed(walk, pid, err);
}

/* True when something could not be seen. */
static bool note_owner_gaps(struct walk *walk)
{
	struct snapshot *seen = walk_told(walk->seen, walk->wanted);
	bool hidden = proc_hides(&walk->proc);

	if (walk->unreadable)
		tape_gap(walk->tape, seen, GAP_OWNERS, walk->unreadable,
			 "descriptors of %llu %s could not be read (%s)",
			 (unsigned long long)walk->unreadable, walk_processes(walk->unreadable),
			 walk_way_out());
	if (walk->broken)
		tape_gap(walk->tape, seen, GAP_RESOURCES, walk->broken,
			 "descriptors of %llu %s could not be read: %s",
			 (unsigned long long)walk->broken, walk_processes(walk->broken),
			 strerror(walk->broken_err));
	if (hidden)
		tape_gap(walk->tape, seen, GAP_OWNERS, 1,
			 "this /proc hides processes of others (hidepid, subset; run as root to see all owners)");
	return walk_note_early_end(walk) || hidden || walk->unreadable || walk->broken;
}

static void finish(struct snapshot *seen, bool known, bool complete)
{
	snapshot_sort_holders(seen);
	seen->holders_known = known;
	seen->holders_complete = known && complete;
}

void holders_collect(struct tape *tape, struct snapshot *seen, const struct map *wanted)
{
	struct walk walk = { .tape = tape, .seen = seen, .wanted = wanted };
	bool known = true, complete = true;
	int32_t pid;

	if (!wanted || wanted->count || tape_records(tape)) {
		known = walk_open(&walk, FRAME_HOLDERS);
		while (known && proc_next(&walk.proc, &pid))
			walk_holder(&walk, pid);
		if (known)
			complete = !note_owner_gaps(&walk);
		walk_close(&walk);
	}
	finish(seen, known, complete);
}

/* False when the frame says that something could not be seen. */
static bool replay_holder(struct snapshot *seen, const struct map *wanted,
			  struct person *person, const struct frame *frame)
{
	struct frame_holder holder;
	size_t size;

	switch (frame->type) {
	case FRAME_PROCESS:
		person_read(person, frame);
		return true;
	case FRAME_HOLDER:
		frame_open(frame, &holder, &size);
		add_holder(seen, wanted, person, holder.fd, holder.inode);
		return true;
	case FRAME_GAP:
		if (walk_told(seen, wanted))
			tape_replay_gap(seen, frame);
		return false;
	default:
		return true;
	}
}

void holders_replay(struct tape *tape, struct snapshot *seen, const struct map *wanted)
{
	struct person person = { 0 };
	bool known = !walk_told(seen, wanted), complete = true;
	struct cursor cursor;
	struct frame frame;

	if (walk_replay(tape, FRAME_HOLDERS, walk_told(seen, wanted), &known, &cursor))
		while (load_next(&cursor, &frame))
			complete &= replay_holder(seen, wanted, &person, &frame);
	finish(seen, known, complete);
}
