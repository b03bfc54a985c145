/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/holders.h"

#include "base/grow.h"
#include "base/own.h"
#include "collect/cgroups.h"
#include "collect/netns.h"
#include "collect/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* A process as it is met, before anybody knows whether it matters. */
struct person {
	int32_t  pid;
	uint64_t cgroup_id;
	size_t   comm_size;
	char     comm[64];
};

struct walk {
	struct tape      *tape;
	struct snapshot  *seen;
	const struct map *wanted;
	struct proc       proc;
	struct cgroup_tree tree;
	uint64_t          unreadable;   /* processes */
	uint64_t          broken;       /* processes, for want of descriptors or memory */
	int               broken_err;
	struct person     person;       /* whose descriptors are being looked at */
	bool              introduced;   /* and who was read and saved already */
};

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

bool holder_limit(const char *limits, int64_t *limit)
{
	static const char name[] = "Max open files";
	const char *line = strstr(limits, name);
	char *end;

	if (!line || (line != limits && line[-1] != '\n'))
		return false;
	line += sizeof(name) - 1;
	line += strspn(line, " ");
	*limit = -1;
	if (strncmp(line, "unlimited", 9) == 0)
		return true;
	errno = 0;
	*limit = strtoll(line, &end, 10);
	return end != line && !errno && *limit >= 0;
}

bool holder_is_bare(const char *stat)
{
	enum { KERNEL_THREAD = 0x00200000 };    /* PF_KTHREAD */
	/* the name may hold anything, also parentheses */
	const char *at = strrchr(stat, ')');
	char state = 0;
	unsigned flags = 0;

	if (!at || sscanf(at, ") %c %*d %*d %*d %*d %*d %u", &state, &flags) != 2)
		return false;
	return state == 'Z' || state == 'X' || flags & KERNEL_THREAD;
}

static bool is_bare(const struct walk *walk, int32_t pid)
{
	struct text stat = { 0 };
	bool bare = proc_read(&walk->proc, pid, "stat", &stat) == 0 &&
		    holder_is_bare(text_str(&stat));

	text_fini(&stat);
	return bare;
}

/* A process that cannot be looked into. Gone is no gap, and bare has nothing. */
static void note_failure(struct walk *walk, int32_t pid, int err)
{
	if (err == ENOENT || err == ESRCH)
		return;
	if ((err == EACCES || err == EPERM) && !is_bare(walk, pid)) {
		walk->unreadable++;
	} else if (err != EACCES && err != EPERM) {
		walk->broken++;
		walk->broken_err = err;
	}
}

static void read_comm(const struct walk *walk, struct person *person)
{
	struct text comm = { 0 };

	if (proc_read(&walk->proc, person->pid, "comm", &comm) == 0) {
		size_t size = comm.count;
		const char *at = text_str(&comm);

		if (size && at[size - 1] == '\n')
			size--;
		person->comm_size = size < sizeof(person->comm) ? size : sizeof(person->comm) - 1;
		memcpy(person->comm, at, person->comm_size);
	}
	text_fini(&comm);
}

/* Name and cgroup, read once, and only of a process that matters. */
static void introduce(struct walk *walk)
{
	struct person *person = &walk->person;
	struct frame_process frame = { .pid = person->pid };
	struct text content = { 0 };

	if (walk->introduced)
		return;
	walk->introduced = true;
	read_comm(walk, person);
	if (proc_read(&walk->proc, person->pid, "cgroup", &content) == 0)
		person->cgroup_id = cgroup_tree_id(&walk->tree, text_str(&content));
	text_fini(&content);
	frame.cgroup_id = person->cgroup_id;
	tape_put(walk->tape, FRAME_PROCESS, &frame, person->comm, person->comm_size);
}

/* Into the snapshot; the same way for live and replay. */
static struct process *add_process(struct snapshot *seen, const struct person *person,
				   uint32_t *index)
{
	struct process *process;

	*index = snapshot_process(seen, person->pid);
	process = &seen->processes.at[*index];
	if (!process->comm_size) {
		process->comm_size = (uint8_t)person->comm_size;
		memcpy(process->comm, person->comm, person->comm_size);
	}
	if (!process->cgroup_id)
		process->cgroup_id = person->cgroup_id;
	return process;
}

static void add_holder(struct snapshot *seen, const struct map *wanted,
		       const struct person *person, int32_t fd, uint32_t inode)
{
	struct holder holder = { .inode = inode, .fd = fd };

	if (wanted && !map_find(wanted, inode))
		return;
	add_process(seen, person, &holder.process);
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
	introduce(walk);
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

static DIR *open_descriptors(const struct walk *walk, int32_t pid)
{
	char path[PROC_PATH];
	OWN_FD int fd = -1;
	DIR *folder;

	proc_path(path, pid, "fd");
	fd = openat(dirfd(walk->proc.folder), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	folder = fdopendir(fd);
	if (folder)
		own_give_fd(&fd);
	return folder;
}

static void walk_holder(struct walk *walk, int32_t pid)
{
	OWN_DIR DIR *folder = open_descriptors(walk, pid);
	int err;

	walk->person = (struct person){ .pid = pid };
	walk->introduced = false;
	err = folder ? walk_descriptors(walk, folder) : errno;
	if (err)
		note_failure(walk, pid, err);
}

/* Nobody wanted an owner: worth saving, not worth telling. */
static struct snapshot *told(struct snapshot *seen, const struct map *wanted)
{
	return wanted && !wanted->count ? NULL : seen;
}

static const char *processes(uint64_t count)
{
	return count == 1 ? "process" : "processes";
}

/* Root meets other obstacles than the rest of us. */
static const char *way_out(void)
{
	return geteuid() ? "run as root to see all owners" :
	       "a user namespace or security module guards them";
}

/* The listing of /proc itself ended early. */
static bool note_early_end(struct walk *walk)
{
	if (walk->proc.err)
		tape_gap(walk->tape, told(walk->seen, walk->wanted), GAP_OWNERS, 1,
			 "processes could not be listed to the end: /proc: %s",
			 strerror(walk->proc.err));
	return walk->proc.err;
}

/* True when something could not be seen. */
static bool note_owner_gaps(struct walk *walk)
{
	struct snapshot *seen = told(walk->seen, walk->wanted);
	bool hidden = proc_hides(&walk->proc);

	if (walk->unreadable)
		tape_gap(walk->tape, seen, GAP_OWNERS, walk->unreadable,
			 "descriptors of %llu %s could not be read (%s)",
			 (unsigned long long)walk->unreadable, processes(walk->unreadable),
			 way_out());
	if (walk->broken)
		tape_gap(walk->tape, seen, GAP_RESOURCES, walk->broken,
			 "descriptors of %llu %s could not be read: %s",
			 (unsigned long long)walk->broken, processes(walk->broken),
			 strerror(walk->broken_err));
	if (hidden)
		tape_gap(walk->tape, seen, GAP_OWNERS, 1,
			 "this /proc hides processes of others (hidepid, subset; run as root to see all owners)");
	return note_early_end(walk) || hidden || walk->unreadable || walk->broken;
}

/* Opens /proc for a walk, and says in the recording whether there is one. */
static bool walk_open(struct walk *walk, enum frame_type head)
{
	int err = proc_open(&walk->proc);
	struct frame_flag made = { .is = !err };

	tape_put(walk->tape, head, &made, NULL, 0);
	if (err)
		tape_gap(walk->tape, told(walk->seen, walk->wanted), GAP_OWNERS, 1,
			 "processes could not be listed: /proc: %s", strerror(-err));
	return !err;
}

static void walk_close(struct walk *walk)
{
	proc_close(&walk->proc);
	cgroup_tree_fini(&walk->tree);
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

static void read_person(struct person *person, const struct frame *frame)
{
	struct frame_process told_of;
	size_t size;
	const uint8_t *comm = frame_open(frame, &told_of, &size);

	*person = (struct person){ .pid = told_of.pid, .cgroup_id = told_of.cgroup_id };
	person->comm_size = size < sizeof(person->comm) ? size : sizeof(person->comm) - 1;
	memcpy(person->comm, comm, person->comm_size);
}

/* False when the frame says that something could not be seen. */
static bool replay_holder(struct snapshot *seen, const struct map *wanted,
			  struct person *person, const struct frame *frame)
{
	struct frame_holder holder;
	size_t size;

	switch (frame->type) {
	case FRAME_PROCESS:
		read_person(person, frame);
		return true;
	case FRAME_HOLDER:
		frame_open(frame, &holder, &size);
		add_holder(seen, wanted, person, holder.fd, holder.inode);
		return true;
	case FRAME_GAP:
		if (told(seen, wanted))
			tape_replay_gap(seen, frame);
		return false;
	default:
		return true;
	}
}

/* The head of the next section of that type; a gap when there is none. */
static bool replay_open(struct tape *tape, enum frame_type type, struct snapshot *seen,
			bool *made, struct cursor *cursor)
{
	struct frame_flag flag;
	struct frame head;
	size_t size;

	if (!tape_section(tape, type, &head, cursor)) {
		if (seen)
			snapshot_gap(seen, GAP_RECORDING, 1,
				     type == FRAME_HOLDERS ?
				     "the recording does not hold the owners of sockets" :
				     "the recording does not hold the open files of processes");
		return false;
	}
	frame_open(&head, &flag, &size);
	*made = flag.is;
	return true;
}

void holders_replay(struct tape *tape, struct snapshot *seen, const struct map *wanted)
{
	struct person person = { 0 };
	bool known = !told(seen, wanted), complete = true;
	struct cursor cursor;
	struct frame frame;

	if (replay_open(tape, FRAME_HOLDERS, told(seen, wanted), &known, &cursor))
		while (load_next(&cursor, &frame))
			complete &= replay_holder(seen, wanted, &person, &frame);
	finish(seen, known, complete);
}

/* ---- descriptors ---- */

/* Returns 0 and whether the process lives in that namespace, or an errno. */
static int is_inside(const struct walk *walk, int32_t pid, uint64_t netns, bool *inside)
{
	char path[PROC_PATH];
	struct stat st;

	proc_path(path, pid, "ns/net");
	if (fstatat(dirfd(walk->proc.folder), path, &st, 0) < 0)
		return errno;
	*inside = (uint64_t)st.st_ino == netns;
	return 0;
}

static int count_listed(const struct walk *walk, int32_t pid, int64_t *count)
{
	OWN_DIR DIR *folder = open_descriptors(walk, pid);
	const struct dirent *entry;
	int err;

	*count = 0;
	if (!folder)
		return errno;
	while ((entry = proc_entry(folder, &err)))
		*count += entry->d_name[0] != '.';
	return err;
}

/* Since Linux 6.2 the size of the folder tells; before it is 0. */
static int count_descriptors(const struct walk *walk, int32_t pid, int64_t *count)
{
	char path[PROC_PATH];
	struct stat st;

	proc_path(path, pid, "fd");
	if (fstatat(dirfd(walk->proc.folder), path, &st, 0) < 0)
		return errno;
	*count = st.st_size;
	return st.st_size ? 0 : count_listed(walk, pid, count);
}

static void read_limit(const struct walk *walk, int32_t pid, struct frame_limit *frame)
{
	struct text limits = { 0 };

	if (proc_read(&walk->proc, pid, "limits", &limits) == 0 &&
	    holder_limit(text_str(&limits), &frame->limit))
		frame->have |= 2;
	text_fini(&limits);
}

static void add_limit(struct snapshot *seen, const struct person *person,
		      const struct frame_limit *frame)
{
	uint32_t index;
	struct process *process = add_process(seen, person, &index);

	if (frame->have & 1)
		process->descriptors = (struct known){ true, frame->descriptors };
	if (frame->have & 2)
		process->descriptor_limit = (struct known){ true, frame->limit };
}

static void count_process(struct walk *walk, int32_t pid)
{
	struct frame_limit frame = { .have = 1 };
	int err = count_descriptors(walk, pid, &frame.descriptors);

	if (err)
		note_failure(walk, pid, err);
	if (err || !frame.descriptors)
		return;
	walk->person = (struct person){ .pid = pid };
	walk->introduced = false;
	introduce(walk);
	read_limit(walk, pid, &frame);
	tape_put(walk->tape, FRAME_LIMIT, &frame, NULL, 0);
	add_limit(walk->seen, &walk->person, &frame);
}

static void walk_process(struct walk *walk, int32_t pid, uint64_t netns)
{
	bool inside = false;
	int err = is_inside(walk, pid, netns, &inside);

	if (err)
		note_failure(walk, pid, err);
	else if (inside)
		count_process(walk, pid);
}

static void note_descriptor_gaps(struct walk *walk)
{
	if (walk->unreadable)
		tape_gap(walk->tape, walk->seen, GAP_OWNERS, walk->unreadable,
			 "open files of %llu %s could not be counted (%s)",
			 (unsigned long long)walk->unreadable, processes(walk->unreadable),
			 way_out());
	if (walk->broken)
		tape_gap(walk->tape, walk->seen, GAP_RESOURCES, walk->broken,
			 "open files of %llu %s could not be counted: %s",
			 (unsigned long long)walk->broken, processes(walk->broken),
			 strerror(walk->broken_err));
}

void descriptors_collect(struct tape *tape, struct snapshot *seen)
{
	struct walk walk = { .tape = tape, .seen = seen };
	uint64_t netns = netns_inode();
	bool known = walk_open(&walk, FRAME_DESCRIPTORS);
	int32_t pid;

	while (known && proc_next(&walk.proc, &pid))
		walk_process(&walk, pid, netns);
	if (known) {
		note_descriptor_gaps(&walk);
		note_early_end(&walk);
	}
	walk_close(&walk);
}

void descriptors_collect_of(const struct place *place, struct snapshot *seen)
{
	struct tape none = { 0 };
	struct walk walk = { .tape = &none, .seen = seen };
	bool known = walk_open(&walk, FRAME_DESCRIPTORS);

	for (size_t i = 0; known && i < place->pids.count; i++)
		count_process(&walk, place->pids.at[i]);
	if (known)
		note_descriptor_gaps(&walk);
	walk_close(&walk);
}

void descriptors_replay(struct tape *tape, struct snapshot *seen)
{
	struct person person = { 0 };
	struct frame_limit limit;
	struct cursor cursor;
	struct frame frame;
	size_t size;
	bool made;

	if (!replay_open(tape, FRAME_DESCRIPTORS, seen, &made, &cursor))
		return;
	while (load_next(&cursor, &frame)) {
		if (frame.type == FRAME_PROCESS) {
			read_person(&person, &frame);
		} else if (frame.type == FRAME_LIMIT) {
			frame_open(&frame, &limit, &size);
			add_limit(seen, &person, &limit);
		} else if (frame.type == FRAME_GAP) {
			tape_replay_gap(seen, &frame);
		}
	}
}
