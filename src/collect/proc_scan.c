/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/proc_scan.h"

#include "base/grow.h"
#include "base/own.h"
#include "collect/privilege.h"
#include "collect/processors.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORKERS 2
#define BATCH_BYTES (32 * 1024)

/* From this many descriptors on, a second thread is worth its start. */
#define MANY_DESCRIPTORS 2000

/* With a limit this low there is one worker, because a second one would need descriptors. */
#define FEW_ALLOWED 64

/* A process whose descriptors are being listed or looked at. */
struct folder {
	int      fd;
	int      err;           /* the last errno that means "cannot be read" */
	unsigned users;         /* the listing and each batch in work; 0: free for another process */
	bool     asked, gone;   /* name and cgroup were read; the process was gone */
	struct scanned scanned;
};

struct scan_workers {
	struct proc_scan *scan;
	struct owners  *owners;
	pthread_mutex_t lock;   /* protects this struct and what the two above point to */
	struct folder   folders[WORKERS];
	struct folder  *listed; /* NULL: the next process must be opened */
	size_t          looked_at;
	bool            has_second;
	pthread_t       second;
};

/* What one worker works on; no other thread sees it. */
struct batch {
	struct folder *folder;
	size_t         size;
	_Alignas(8) char entries[BATCH_BYTES];
	size_t         looked_at;
	int            err;
	struct { struct holder *at; size_t count, room; } found;
	struct ring_files registered;
};

/* ---- the walk ---- */

struct snapshot *scan_told(struct snapshot *seen, const struct map *wanted)
{
	return wanted && !wanted->count ? NULL : seen;
}

/* Without any cgroup2 mount, the other lines of a process tell. */
static void find_cgroups(struct proc_scan *scan)
{
	int err = cgroup_tree_find(&scan->tree);

	if (err && err != -ENOENT)
		recorder_gap(scan->recorder, scan_told(scan->seen, scan->wanted), GAP_CGROUPS, 1,
			     "cgroups of processes may be wrong: /proc/self/mountinfo: %s",
			     strerror(-err));
}

bool scan_open(struct proc_scan *scan, enum frame_type head)
{
	int err = proc_open(&scan->proc);
	bool outside = !err && !proc_is_first(&scan->proc);
	struct frame_flag made = { .is = err ? 0 : outside ? WALK_MADE | WALK_OUTSIDE : WALK_MADE };

	scan->seen->holders_outside |= outside;
	recorder_put(scan->recorder, head, &made, NULL, 0);
	if (err)
		recorder_gap(scan->recorder, scan_told(scan->seen, scan->wanted), GAP_OWNERS, 1,
			     "processes could not be listed: /proc: %s", strerror(-err));
	else    /* opened now, while no other descriptor is needed */
		find_cgroups(scan);
	scan->hidden = err ? NULL : proc_hides(&scan->proc);
	return !err;
}

void scan_close(struct proc_scan *scan)
{
	proc_close(&scan->proc);
	cgroup_tree_fini(&scan->tree);
}

void scan_failed(struct proc_scan *scan, int32_t pid, int err)
{
	if (proc_shows_nothing(pid, err))
		return;
	if (err == EACCES || err == EPERM) {
		scan->unreadable++;
	} else {
		scan->broken++;
		scan->broken_err = err;
	}
}

/* Opens the folder of the descriptors of a process, or a thread. -errno when it cannot. */
static int open_folder(const struct proc *proc, int32_t pid)
{
	char path[PROC_PATH];
	int fd;

	proc_path(path, pid, "fd");
	fd = openat(dirfd(proc->folder), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/*
 * Since Linux 6.2 the size of the folder is the count; before, the size is 0. The folder
 * of a zombie belongs to root.
 */
static bool may_be_empty(int fd)
{
	struct stat st;

	return fd == -EACCES || (fd >= 0 && fstat(fd, &st) == 0 && !st.st_size);
}

/* True when the first thread has ended and others of the process have not. */
static bool has_lost_first(const struct proc_scan *scan, int32_t pid)
{
	struct text content = { 0 };
	char path[PROC_PATH];
	struct stat st;
	bool lost;

	proc_path(path, pid, "task");
	/* a folder has a link for each thread, and two more */
	if (fstatat(dirfd(scan->proc.folder), path, &st, 0) < 0 || st.st_nlink <= 3)
		return false;
	lost = proc_read(&scan->proc, pid, "stat", &content) == 0 &&
	       proc_is_bare(text_str(&content));
	text_fini(&content);
	return lost;
}

/*
 * Opens the descriptors of a thread other than @pid. Negative, and counted, when none
 * can be opened.
 */
static int open_of_thread(struct proc_scan *scan, int32_t pid)
{
	struct proc threads;
	int32_t tid, failed = pid;
	int fd = -ENOENT;

	proc_threads(&scan->proc, pid, &threads);
	while (fd < 0 && proc_next(&threads, &tid)) {
		if (tid == pid)
			continue;
		fd = open_folder(&threads, tid);
		failed = tid;
	}
	if (fd < 0)
		scan_failed(scan, failed, threads.err ? threads.err : -fd);
	proc_close(&threads);
	return fd;
}

int scan_open_descriptors(struct proc_scan *scan, int32_t pid)
{
	int fd = open_folder(&scan->proc, pid);

	if (may_be_empty(fd) && has_lost_first(scan, pid)) {
		if (fd >= 0)
			close(fd);
		return open_of_thread(scan, pid);
	}
	if (fd < 0)
		scan_failed(scan, pid, -fd);
	return fd;
}

/* ---- a process ---- */

/* Reads the file @name of the process. Returns 0 or -errno. */
static int read_about(const struct proc_scan *scan, int descriptors,
		      const struct scanned *scanned, const char *name, struct text *content)
{
	char path[PROC_PATH];

	if (descriptors < 0)
		return proc_read(&scan->proc, scanned->pid, name, content);
	snprintf(path, sizeof(path), "../%s", name);
	return file_read(descriptors, path, content);
}

/* True for the errors of a process that has ended meanwhile. */
static bool is_gone(int err)
{
	return err == ENOENT || err == ESRCH;
}

bool scan_introduce(const struct proc_scan *scan, int descriptors, struct scanned *scanned)
{
	struct text comm = { 0 }, cgroup = { 0 };
	int err = read_about(scan, descriptors, scanned, "comm", &comm);

	if (!err)
		scanned->comm_size = proc_comm(&comm, scanned->comm, sizeof(scanned->comm));
	scanned->nameless = -err;
	if (read_about(scan, descriptors, scanned, "cgroup", &cgroup) == 0)
		scanned->cgroup_id = cgroup_home(&scan->tree, text_str(&cgroup), scan->seen);
	text_fini(&comm);
	text_fini(&cgroup);
	return !is_gone(-err);
}

static bool is_near(const struct proc_scan *scan, int32_t pid)
{
	struct scanned scanned = { .pid = pid };
	struct text cgroup = { 0 };
	uint64_t id = 0;

	if (map_find(scan->near->pids, (uint32_t)pid))
		return true;
	if (read_about(scan, -1, &scanned, "cgroup", &cgroup) == 0)
		id = cgroup_tree_id(&scan->tree, text_str(&cgroup));
	text_fini(&cgroup);
	return id && map_find(scan->near->cgroups, id);
}

/* True when the process is to be looked into in this round. */
static bool is_turn_of(const struct proc_scan *scan, int32_t pid)
{
	return scan->round == SCAN_ALL || is_near(scan, pid) == (scan->round == SCAN_NEAR);
}

void scan_save(struct proc_scan *scan, const struct scanned *scanned)
{
	struct frame_process frame = { .pid = scanned->pid, .cgroup_id = scanned->cgroup_id };
	struct frame_cgroup home = { .id = frame.cgroup_id };
	const struct cgroup *told = home.id & CGROUP_TOLD ? snapshot_cgroup(scan->seen, home.id) : NULL;

	recorder_put(scan->recorder, FRAME_PROCESS, &frame, scanned->comm, scanned->comm_size);
	if (told)
		recorder_put(scan->recorder, FRAME_CGROUP, &home, told->path, strlen(told->path));
}

uint32_t process_add(struct snapshot *seen, int32_t pid, uint64_t cgroup_id, const char *comm,
		     size_t comm_size)
{
	uint32_t index = snapshot_process(seen, pid);
	struct process *process = &seen->processes.at[index];

	if (!process->comm_size)
		snapshot_name_process(seen, index, comm, comm_size);
	if (!process->cgroup_id)
		process->cgroup_id = cgroup_id;
	return index;
}

uint32_t scanned_add(struct snapshot *seen, const struct scanned *scanned)
{
	return process_add(seen, scanned->pid, scanned->cgroup_id, scanned->comm,
			   scanned->comm_size);
}

void scanned_read(struct scanned *scanned, const struct frame *frame)
{
	struct frame_process told_of;
	size_t size;
	const uint8_t *comm = frame_open(frame, &told_of, &size);

	*scanned = (struct scanned){ .pid = told_of.pid, .cgroup_id = told_of.cgroup_id };
	scanned->comm_size = size < sizeof(scanned->comm) ? size : sizeof(scanned->comm) - 1;
	memcpy(scanned->comm, comm, scanned->comm_size);
}

/* ---- what could not be seen ---- */

static const char *processes(uint64_t count)
{
	return count == 1 ? "process" : "processes";
}

bool scan_note_gaps(struct proc_scan *scan, const char *what)
{
	struct snapshot *seen = scan_told(scan->seen, scan->wanted);

	if (scan->unreadable)
		recorder_gap(scan->recorder, seen, GAP_OWNERS, scan->unreadable,
			     "%s of %llu %s could not be read (%s)", what,
			     (unsigned long long)scan->unreadable, processes(scan->unreadable),
			     privilege_lacked());
	if (scan->hidden)
		recorder_gap(scan->recorder, seen, GAP_OWNERS, 1, "%s (%s)", scan->hidden,
			     privilege_sees_all() ? "mount -t proc proc /proc" : privilege_lacked());
	if (scan->broken)
		recorder_gap(scan->recorder, seen, GAP_RESOURCES, scan->broken,
			     "%s of %llu %s could not be read: %s", what,
			     (unsigned long long)scan->broken, processes(scan->broken),
			     strerror(scan->broken_err));
	if (scan->nameless)
		recorder_gap(scan->recorder, seen, GAP_OWNERS, scan->nameless,
			     "names of %llu %s could not be read: %s",
			     (unsigned long long)scan->nameless, processes(scan->nameless),
			     strerror(scan->nameless_err));
	return scan->unreadable || scan->hidden || scan->broken;
}

bool scan_note_early_end(struct proc_scan *scan)
{
	if (scan->proc.err)
		recorder_gap(scan->recorder, scan_told(scan->seen, scan->wanted), GAP_OWNERS, 1,
			     "processes could not be listed to the end: /proc: %s",
			     strerror(scan->proc.err));
	return scan->proc.err;
}

bool scan_replay(struct recorder *recorder, enum frame_type type, struct snapshot *seen,
		 bool *made, struct cursor *cursor)
{
	struct frame_flag flag;
	struct frame head;
	size_t size;

	if (!recorder_section(recorder, type, &head, cursor)) {
		if (seen)
			snapshot_gap(seen, GAP_RECORDING, 1,
				     type == FRAME_HOLDERS ?
				     "the recording does not hold the owners of sockets" :
				     "the recording does not hold the open files of processes");
		return false;
	}
	frame_open(&head, &flag, &size);
	*made = flag.is & WALK_MADE;
	if (seen)
		seen->holders_outside |= (flag.is & WALK_OUTSIDE) != 0;
	return true;
}

bool scan_wants(const struct proc_scan *scan, uint32_t inode)
{
	return recorder_records(scan->recorder) || !scan->wanted || map_find(scan->wanted, inode);
}

/* ---- descriptors: a batch, without the lock ---- */

/*
 * A file that is registered with a ring counts as held by the ring's descriptor. A ring
 * that is too busy to tell its files is none that could not be read.
 */
static void look_at_ring(const struct proc_scan *scan, struct batch *batch, const char *name,
			 struct holder holder)
{
	batch->registered.count = 0;
	(void)proc_ring_files(batch->folder->fd, name, &batch->registered);
	for (size_t i = 0; i < batch->registered.count; i++) {
		holder.inode = batch->registered.at[i];
		if (scan_wants(scan, holder.inode))
			*grow_add(&batch->found) = holder;
	}
}

/* A descriptor that is closed meanwhile does not make the process unreadable. */
static void look_at_descriptor(const struct proc_scan *scan, struct batch *batch,
			       const char *name)
{
	struct holder holder = { .process = (uint32_t)batch->folder->scanned.pid };
	int err;
	bool ring, is = proc_socket(batch->folder->fd, name, &holder.fd, &holder.inode, &ring, &err);

	batch->looked_at++;
	if (err && err != ENOENT)
		batch->err = err;
	if (is && scan_wants(scan, holder.inode))
		*grow_add(&batch->found) = holder;
	if (ring)
		look_at_ring(scan, batch, name, holder);
}

static void look_through_batch(const struct proc_scan *scan, struct batch *batch)
{
	batch->looked_at = batch->found.count = 0;
	batch->err = 0;
	for (size_t at = 0; at < batch->size;) {
		const struct dirent64 *entry = (const void *)(batch->entries + at);

		look_at_descriptor(scan, batch, entry->d_name);
		at += entry->d_reclen;
	}
}

/* ---- descriptors: the listing, under the lock ---- */

static void release_folder(struct scan_workers *workers, struct folder *folder)
{
	if (--folder->users)
		return;
	close(folder->fd);
	if (folder->err)
		scan_failed(workers->scan, folder->scanned.pid, folder->err);
}

static struct folder *free_folder(struct scan_workers *workers)
{
	size_t i = 0;

	/* there are as many entries as workers, and the caller uses none */
	while (i < WORKERS - 1 && workers->folders[i].users)
		i++;
	return &workers->folders[i];
}

/* Opens the next process that can be looked into. Returns false after the last. */
static bool open_next(struct scan_workers *workers)
{
	int32_t pid;

	while (proc_next(&workers->scan->proc, &pid)) {
		int fd;

		if (!is_turn_of(workers->scan, pid))
			continue;
		fd = scan_open_descriptors(workers->scan, pid);
		if (fd < 0)
			continue;
		workers->listed = free_folder(workers);
		*workers->listed = (struct folder){ .fd = fd, .users = 1, .scanned = { .pid = pid } };
		return true;
	}
	return false;
}

static void list_more(struct scan_workers *workers, struct batch *batch)
{
	struct folder *folder = workers->listed;
	ssize_t size = getdents64(folder->fd, batch->entries, sizeof(batch->entries));

	if (size > 0) {
		folder->users++;
		batch->folder = folder;
		batch->size = (size_t)size;
		return;
	}
	if (size < 0)
		folder->err = errno;
	workers->listed = NULL;
	release_folder(workers, folder);
}

/* Returns false when there is no batch left. */
static bool next_batch(struct scan_workers *workers, struct batch *batch)
{
	batch->folder = NULL;
	pthread_mutex_lock(&workers->lock);
	while (!batch->folder && (workers->listed || open_next(workers)))
		list_more(workers, batch);
	pthread_mutex_unlock(&workers->lock);
	return batch->folder;
}

/* Reads name and cgroup of a process only when it holds something of interest. */
static bool introduce_owner(struct scan_workers *workers, struct folder *folder)
{
	if (!folder->asked) {
		folder->asked = true;
		folder->gone = !scan_introduce(workers->scan, folder->fd, &folder->scanned);
		if (!folder->gone)
			*grow_add(&workers->owners->processes) = folder->scanned;
	}
	return !folder->gone;
}

static void keep_found(struct scan_workers *workers, struct batch *batch)
{
	struct folder *folder = batch->folder;
	struct snapshot *seen = workers->scan->seen;

	pthread_mutex_lock(&workers->lock);
	if (batch->found.count && introduce_owner(workers, folder))
		for (size_t i = 0; i < batch->found.count; i++)
			*grow_add(&seen->holders) = batch->found.at[i];
	if (batch->err)
		folder->err = batch->err;
	workers->looked_at += batch->looked_at;
	release_folder(workers, folder);
	pthread_mutex_unlock(&workers->lock);
}

/* ---- descriptors: the workers ---- */

static void batch_fini(struct batch *batch)
{
	grow_fini(&batch->found);
	grow_fini(&batch->registered);
}

static void *run_worker(void *ctx)
{
	struct scan_workers *workers = ctx;
	OWN_MEM struct batch *batch = grow_alloc(sizeof(*batch));

	while (next_batch(workers, batch)) {
		look_through_batch(workers->scan, batch);
		keep_found(workers, batch);
	}
	batch_fini(batch);
	return NULL;
}

static bool may_run_two(void)
{
	struct rlimit files;

	return processors_can_run(WORKERS) &&
	       getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur >= FEW_ALLOWED;
}

void scan_descriptors(struct proc_scan *scan, struct owners *owners)
{
	struct scan_workers workers = {
		.scan = scan, .owners = owners, .lock = PTHREAD_MUTEX_INITIALIZER,
	};
	OWN_MEM struct batch *batch = grow_alloc(sizeof(*batch));
	bool asked = false;

	while (next_batch(&workers, batch)) {
		look_through_batch(scan, batch);
		keep_found(&workers, batch);
		if (!asked && workers.looked_at >= MANY_DESCRIPTORS) {
			asked = true;
			workers.has_second = may_run_two() &&
					     processors_start(&workers.second, run_worker, &workers);
		}
	}
	batch_fini(batch);
	if (workers.has_second)
		pthread_join(workers.second, NULL);
	owners->threads = workers.has_second ? 2 : 1;
}
