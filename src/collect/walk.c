/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- the walk ---- */

struct snapshot *walk_told(struct snapshot *seen, const struct map *wanted)
{
	return wanted && !wanted->count ? NULL : seen;
}

bool walk_open(struct walk *walk, enum frame_type head)
{
	int err = proc_open(&walk->proc);
	struct frame_flag made = { .is = !err };

	tape_put(walk->tape, head, &made, NULL, 0);
	if (err)
		tape_gap(walk->tape, walk_told(walk->seen, walk->wanted), GAP_OWNERS, 1,
			 "processes could not be listed: /proc: %s", strerror(-err));
	else    /* now, while no other descriptor is needed */
		cgroup_tree_find(&walk->tree);
	return !err;
}

void walk_close(struct walk *walk)
{
	proc_close(&walk->proc);
	cgroup_tree_fini(&walk->tree);
}

void walk_failed(struct walk *walk, int32_t pid, int err)
{
	if (proc_shows_nothing(pid, err))
		return;
	if (err == EACCES || err == EPERM) {
		walk->unreadable++;
	} else {
		walk->broken++;
		walk->broken_err = err;
	}
}

int walk_descriptor_folder(const struct walk *walk, int32_t pid)
{
	char path[PROC_PATH];
	int fd;

	proc_path(path, pid, "fd");
	fd = openat(dirfd(walk->proc.folder), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* ---- a process ---- */

/* Reads @name of the process whole. Returns 0 or -errno. */
static int read_about(const struct walk *walk, int descriptors, const struct person *person,
		      const char *name, struct text *content)
{
	char path[PROC_PATH];

	if (descriptors < 0)
		return proc_read(&walk->proc, person->pid, name, content);
	snprintf(path, sizeof(path), "../%s", name);
	return tape_read(descriptors, path, content);
}

static void set_comm(struct person *person, const struct text *comm)
{
	size_t size = comm->count;

	if (size && comm->at[size - 1] == '\n')
		size--;
	person->comm_size = size < sizeof(person->comm) ? size : sizeof(person->comm) - 1;
	memcpy(person->comm, text_str(comm), person->comm_size);
}

bool walk_introduce(const struct walk *walk, int descriptors, struct person *person)
{
	struct text comm = { 0 }, cgroup = { 0 };
	int err = read_about(walk, descriptors, person, "comm", &comm);

	if (!err)
		set_comm(person, &comm);
	person->nameless = -err;
	if (read_about(walk, descriptors, person, "cgroup", &cgroup) == 0)
		person->cgroup_id = cgroup_tree_id(&walk->tree, text_str(&cgroup));
	text_fini(&comm);
	text_fini(&cgroup);
	return !walk_is_gone(-err);
}

static bool is_near(const struct walk *walk, int32_t pid)
{
	struct person person = { .pid = pid };
	struct text cgroup = { 0 };
	uint64_t id = 0;

	if (map_find(walk->near->pids, (uint32_t)pid))
		return true;
	if (read_about(walk, -1, &person, "cgroup", &cgroup) == 0)
		id = cgroup_tree_id(&walk->tree, text_str(&cgroup));
	text_fini(&cgroup);
	return id && map_find(walk->near->cgroups, id);
}

bool walk_is_turn_of(const struct walk *walk, int32_t pid)
{
	return walk->round == WALK_ALL || is_near(walk, pid) == (walk->round == WALK_NEAR);
}

void walk_save(struct walk *walk, const struct person *person)
{
	struct frame_process frame = { .pid = person->pid, .cgroup_id = person->cgroup_id };

	tape_put(walk->tape, FRAME_PROCESS, &frame, person->comm, person->comm_size);
}

void person_add(struct snapshot *seen, const struct person *person, uint32_t *index)
{
	struct process *process;

	*index = snapshot_process(seen, person->pid);
	process = &seen->processes.at[*index];
	if (!process->comm_size)
		snapshot_name_process(seen, *index, person->comm, person->comm_size);
	if (!process->cgroup_id)
		process->cgroup_id = person->cgroup_id;
}

void person_read(struct person *person, const struct frame *frame)
{
	struct frame_process told_of;
	size_t size;
	const uint8_t *comm = frame_open(frame, &told_of, &size);

	*person = (struct person){ .pid = told_of.pid, .cgroup_id = told_of.cgroup_id };
	person->comm_size = size < sizeof(person->comm) ? size : sizeof(person->comm) - 1;
	memcpy(person->comm, comm, person->comm_size);
}

/* ---- what could not be seen ---- */

const char *walk_processes(uint64_t count)
{
	return count == 1 ? "process" : "processes";
}

const char *walk_way_out(void)
{
	return geteuid() ? "run as root to see all owners" :
	       "a user namespace or security module guards them";
}

bool walk_note_early_end(struct walk *walk)
{
	if (walk->proc.err)
		tape_gap(walk->tape, walk_told(walk->seen, walk->wanted), GAP_OWNERS, 1,
			 "processes could not be listed to the end: /proc: %s",
			 strerror(walk->proc.err));
	return walk->proc.err;
}

bool walk_replay(struct tape *tape, enum frame_type type, struct snapshot *seen,
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
