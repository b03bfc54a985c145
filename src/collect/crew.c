/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/crew.h"

#include "base/grow.h"
#include "base/own.h"
#include "collect/processors.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define WORKERS 2
#define BATCH_BYTES (32 * 1024)

/* Of struct dirent64 with the shortest name. */
#define ENTRY_BYTES 24

/* From so many descriptors on a thread is worth its start. */
#define MANY_DESCRIPTORS 2000

/* With so few allowed nobody else takes a descriptor from the first worker. */
#define FEW_ALLOWED 64

/* A process whose descriptors are listed, or still looked at. */
struct folder {
	int      fd;
	int      err;           /* the last that says that it cannot be read */
	unsigned users;         /* the listing and each batch in hand; 0: free for another */
	bool     asked, gone;   /* its name and cgroup were read; in vain */
	struct scanned scanned;
};

struct scan_workers {
	struct proc_scan *scan;
	struct owners  *owners;
	pthread_mutex_t lock;   /* of everything here and behind the two above */
	struct folder   folders[WORKERS];
	struct folder  *listed; /* NULL: the next process is to be opened */
	size_t          looked_at;
	bool            has_second;
	pthread_t       second;
};

/* What a worker has in hand; nobody else sees it. */
struct batch {
	struct folder *folder;
	size_t         size;
	_Alignas(8) char entries[BATCH_BYTES];
	size_t         looked_at, count;
	int            err;
	struct holder  found[BATCH_BYTES / ENTRY_BYTES];
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

bool scan_wants(const struct proc_scan *scan, uint32_t inode)
{
	return tape_records(scan->tape) || !scan->wanted || map_find(scan->wanted, inode);
}

/* ---- a batch, without the lock ---- */

/* A descriptor that is closed meanwhile is no failure of the process. */
static void look_at_descriptor(const struct proc_scan *scan, struct batch *batch,
			       const char *name)
{
	struct holder holder = { .process = (uint32_t)batch->folder->scanned.pid };
	char link[64];
	ssize_t size;

	if (!proc_number(name, &holder.fd))
		return;
	batch->looked_at++;
	size = readlinkat(batch->folder->fd, name, link, sizeof(link));
	if (size < 0 && errno != ENOENT)
		batch->err = errno;
	if (size > 0 && holder_inode(link, (size_t)size, &holder.inode) &&
	    scan_wants(scan, holder.inode))
		batch->found[batch->count++] = holder;
}

static void look_through_batch(const struct proc_scan *scan, struct batch *batch)
{
	batch->looked_at = batch->count = 0;
	batch->err = 0;
	for (size_t at = 0; at < batch->size;) {
		const struct dirent64 *entry = (const void *)(batch->entries + at);

		look_at_descriptor(scan, batch, entry->d_name);
		at += entry->d_reclen;
	}
}

/* ---- the listing, under the lock ---- */

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

	/* there are as many as workers, and who asks holds none */
	while (i < WORKERS - 1 && workers->folders[i].users)
		i++;
	return &workers->folders[i];
}

/* The next process that can be looked into; false after the last. */
static bool open_next(struct scan_workers *workers)
{
	int32_t pid;

	while (proc_next(&workers->scan->proc, &pid)) {
		int fd;

		if (!scan_is_turn_of(workers->scan, pid))
			continue;
		fd = scan_descriptor_folder(workers->scan, pid);
		if (fd < 0) {
			scan_failed(workers->scan, pid, -fd);
			continue;
		}
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

/* False when there is none left. */
static bool next_batch(struct scan_workers *workers, struct batch *batch)
{
	batch->folder = NULL;
	pthread_mutex_lock(&workers->lock);
	while (!batch->folder && (workers->listed || open_next(workers)))
		list_more(workers, batch);
	pthread_mutex_unlock(&workers->lock);
	return batch->folder;
}

/* Who holds nothing of interest is never asked for its name. */
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
	if (batch->count && introduce_owner(workers, folder))
		for (size_t i = 0; i < batch->count; i++)
			*grow_add(&seen->holders) = batch->found[i];
	if (batch->err)
		folder->err = batch->err;
	workers->looked_at += batch->looked_at;
	release_folder(workers, folder);
	pthread_mutex_unlock(&workers->lock);
}

/* ---- the workers ---- */

static void *run_worker(void *ctx)
{
	struct scan_workers *workers = ctx;
	OWN_MEM struct batch *batch = grow_alloc(sizeof(*batch));

	while (next_batch(workers, batch)) {
		look_through_batch(workers->scan, batch);
		keep_found(workers, batch);
	}
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
	if (workers.has_second)
		pthread_join(workers.second, NULL);
	owners->threads = workers.has_second ? 2 : 1;
}
