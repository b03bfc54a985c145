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
	bool     met, gone;     /* its person was read; in vain */
	struct person person;
};

struct crew {
	struct walk    *walk;
	struct roll    *roll;
	pthread_mutex_t lock;   /* of everything here and behind the two above */
	struct folder   folders[WORKERS];
	struct folder  *listed; /* NULL: the next process is to be opened */
	size_t          looked_at;
	bool            has_helper;
	pthread_t       helper;
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

bool crew_wants(const struct walk *walk, uint32_t inode)
{
	return tape_records(walk->tape) || !walk->wanted || map_find(walk->wanted, inode);
}

/* ---- a batch, without the lock ---- */

/* A descriptor that is closed meanwhile is no failure of the process. */
static void look_at(const struct walk *walk, struct batch *batch, const char *name)
{
	struct holder holder = { .process = (uint32_t)batch->folder->person.pid };
	char link[64];
	ssize_t size;

	if (!proc_number(name, &holder.fd))
		return;
	batch->looked_at++;
	size = readlinkat(batch->folder->fd, name, link, sizeof(link));
	if (size < 0 && errno != ENOENT)
		batch->err = errno;
	if (size > 0 && holder_inode(link, (size_t)size, &holder.inode) &&
	    crew_wants(walk, holder.inode))
		batch->found[batch->count++] = holder;
}

static void look_through(const struct walk *walk, struct batch *batch)
{
	batch->looked_at = batch->count = 0;
	batch->err = 0;
	for (size_t at = 0; at < batch->size;) {
		const struct dirent64 *entry = (const void *)(batch->entries + at);

		look_at(walk, batch, entry->d_name);
		at += entry->d_reclen;
	}
}

/* ---- the listing, under the lock ---- */

static void leave(struct crew *crew, struct folder *folder)
{
	if (--folder->users)
		return;
	close(folder->fd);
	if (folder->err)
		walk_failed(crew->walk, folder->person.pid, folder->err);
}

static struct folder *free_folder(struct crew *crew)
{
	size_t i = 0;

	/* there are as many as workers, and who asks holds none */
	while (i < WORKERS - 1 && crew->folders[i].users)
		i++;
	return &crew->folders[i];
}

/* The next process that can be looked into; false after the last. */
static bool open_next(struct crew *crew)
{
	int32_t pid;

	while (proc_next(&crew->walk->proc, &pid)) {
		int fd;

		if (!walk_is_turn_of(crew->walk, pid))
			continue;
		fd = walk_descriptor_folder(crew->walk, pid);
		if (fd < 0) {
			walk_failed(crew->walk, pid, -fd);
			continue;
		}
		crew->listed = free_folder(crew);
		*crew->listed = (struct folder){ .fd = fd, .users = 1, .person = { .pid = pid } };
		return true;
	}
	return false;
}

static void list_more(struct crew *crew, struct batch *batch)
{
	struct folder *folder = crew->listed;
	ssize_t size = getdents64(folder->fd, batch->entries, sizeof(batch->entries));

	if (size > 0) {
		folder->users++;
		batch->folder = folder;
		batch->size = (size_t)size;
		return;
	}
	if (size < 0)
		folder->err = errno;
	crew->listed = NULL;
	leave(crew, folder);
}

/* False when there is none left. */
static bool take_batch(struct crew *crew, struct batch *batch)
{
	batch->folder = NULL;
	pthread_mutex_lock(&crew->lock);
	while (!batch->folder && (crew->listed || open_next(crew)))
		list_more(crew, batch);
	pthread_mutex_unlock(&crew->lock);
	return batch->folder;
}

/* Who holds nothing of interest is never asked for its name. */
static bool meet(struct crew *crew, struct folder *folder)
{
	if (!folder->met) {
		folder->met = true;
		folder->gone = !walk_introduce(crew->walk, folder->fd, &folder->person);
		if (!folder->gone)
			*grow_add(&crew->roll->persons) = folder->person;
	}
	return !folder->gone;
}

static void hand_in(struct crew *crew, struct batch *batch)
{
	struct folder *folder = batch->folder;
	struct snapshot *seen = crew->walk->seen;

	pthread_mutex_lock(&crew->lock);
	if (batch->count && meet(crew, folder))
		for (size_t i = 0; i < batch->count; i++)
			*grow_add(&seen->holders) = batch->found[i];
	if (batch->err)
		folder->err = batch->err;
	crew->looked_at += batch->looked_at;
	leave(crew, folder);
	pthread_mutex_unlock(&crew->lock);
}

/* ---- the workers ---- */

static void *help(void *ctx)
{
	struct crew *crew = ctx;
	OWN_MEM struct batch *batch = grow_alloc(sizeof(*batch));

	while (take_batch(crew, batch)) {
		look_through(crew->walk, batch);
		hand_in(crew, batch);
	}
	return NULL;
}

static bool may_have_help(void)
{
	struct rlimit files;

	return processors_can_run(WORKERS) &&
	       getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur >= FEW_ALLOWED;
}

void crew_walk(struct walk *walk, struct roll *roll)
{
	struct crew crew = { .walk = walk, .roll = roll, .lock = PTHREAD_MUTEX_INITIALIZER };
	OWN_MEM struct batch *batch = grow_alloc(sizeof(*batch));
	bool asked = false;

	while (take_batch(&crew, batch)) {
		look_through(walk, batch);
		hand_in(&crew, batch);
		if (!asked && crew.looked_at >= MANY_DESCRIPTORS) {
			asked = true;
			crew.has_helper = may_have_help() &&
					  processors_start(&crew.helper, help, &crew);
		}
	}
	if (crew.has_helper)
		pthread_join(crew.helper, NULL);
	roll->workers = crew.has_helper ? 2 : 1;
}
