/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/spaces.h"

#include "base/grow.h"
#include "base/own.h"
#include "collect/mounts.h"
#include "collect/netns.h"
#include "collect/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* A namespace whose process went away is looked for again this often. */
#define ROUNDS 3

struct walk {
	struct spaces *spaces;
	struct proc    proc;
	unsigned       how;
	bool           refused; /* something of the present process */
};

/* "net:[4026531840]" */
static bool parse_link(const char *link, size_t size, uint64_t *inode)
{
	static const char before[] = "net:[";
	size_t from = sizeof(before) - 1;
	uint64_t value = 0;

	if (size < from + 2 || memcmp(link, before, from) != 0 || link[size - 1] != ']')
		return false;
	for (size_t i = from; i < size - 1; i++) {
		if (link[i] < '0' || link[i] > '9' || value > UINT64_MAX / 16)
			return false;
		value = value * 10 + (uint64_t)(link[i] - '0');
	}
	*inode = value;
	return true;
}

/* The first path stays: what is mounted does not end with a process. */
static struct space *add(struct spaces *spaces, uint64_t inode, const char *path)
{
	uint32_t *slot = map_slot(&spaces->by_inode, inode, NULL);
	struct space *space;

	if (*slot)
		return &spaces->list.at[*slot - 1];
	space = grow_add(&spaces->list);
	*slot = (uint32_t)spaces->list.count;
	space->inode = inode;
	space->path = grow_strdup(path);
	return space;
}

static void set_name(struct space *space, const char *name)
{
	if (!*space->name && *name && strlen(name) < sizeof(space->name) && !strchr(name, '/'))
		snprintf(space->name, sizeof(space->name), "%s", name);
}

/* ---- mounts and names ---- */

static const char *const folders[] = { "/run/netns/", "/var/run/netns/" };

static void take_mount(struct spaces *spaces, const struct mount *mount)
{
	struct space *space;
	uint64_t inode;

	if (strcmp(mount->type, "nsfs") != 0 ||
	    !parse_link(mount->root, strlen(mount->root), &inode))
		return;
	space = add(spaces, inode, mount->point);
	for (unsigned i = 0; i < 2; i++)
		if (strncmp(mount->point, folders[i], strlen(folders[i])) == 0)
			set_name(space, mount->point + strlen(folders[i]));
}

static void find_mounts(struct spaces *spaces)
{
	OWN_FILE FILE *mounts = fopen("/proc/thread-self/mountinfo", "re");
	OWN_MEM char *line = NULL;
	size_t room = 0;
	struct mount mount;

	if (!mounts) {
		spaces->whole = false;
		return;
	}
	while (getline(&line, &room, mounts) > 0)
		if (mount_parse(line, &mount))
			take_mount(spaces, &mount);
}

/* What a name leads to, if that is a network namespace; or 0. */
static uint64_t named_inode(const char *path)
{
	struct stat there, nsfs;
	OWN_FD int fd = -1;

	/* before it is opened: anything may have been put there */
	if (stat(path, &there) < 0 || stat("/proc/thread-self/ns/net", &nsfs) < 0 ||
	    there.st_dev != nsfs.st_dev)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd >= 0 && ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET && fstat(fd, &there) == 0 ?
	       (uint64_t)there.st_ino : 0;
}

/* Names that are symbolic links, as container engines leave them. */
static void find_names(struct spaces *spaces, const char *folder)
{
	OWN_DIR DIR *names = opendir(folder);
	const struct dirent *entry;
	int err;

	while (names && (entry = proc_entry(names, &err))) {
		struct text path = { 0 };
		uint64_t inode;

		text_addf(&path, "%s%s", folder, entry->d_name);
		inode = entry->d_type == DT_LNK ? named_inode(text_str(&path)) : 0;
		if (inode)
			set_name(add(spaces, inode, text_str(&path)), entry->d_name);
		text_fini(&path);
	}
}

/* ---- processes ---- */

/* Gone is nothing that was hidden. */
static void note_failure(struct walk *walk, int32_t pid, int err)
{
	if (proc_shows_nothing(pid, err))
		return;
	walk->spaces->whole = false;
	walk->refused = true;
}

/* The namespace that a link below /proc shows; NULL when it shows none. */
static struct space *take_link(struct walk *walk, int32_t pid, const char *below)
{
	char link[64], path[64];
	uint64_t inode;
	ssize_t size = readlinkat(dirfd(walk->proc.folder), below, link, sizeof(link));

	if (size < 0)
		note_failure(walk, pid, errno);
	if (size < 0 || !parse_link(link, (size_t)size, &inode))
		return NULL;
	snprintf(path, sizeof(path), "/proc/%s", below);
	return add(walk->spaces, inode, path);
}

/* Each numbered entry of a folder of a process. */
static void take_folder(struct walk *walk, int32_t pid, const char *name, const char *rest)
{
	char below[PROC_PATH];
	OWN_FD int fd = -1;
	OWN_DIR DIR *folder = NULL;
	const struct dirent *entry;
	int32_t number;
	int err = 0;

	proc_path(below, pid, name);
	fd = openat(dirfd(walk->proc.folder), below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	folder = fd < 0 ? NULL : fdopendir(fd);
	if (!folder) {
		note_failure(walk, pid, errno);
		return;
	}
	own_give_fd(&fd);
	while ((entry = proc_entry(folder, &err))) {
		char member[64];

		if (!proc_number(entry->d_name, &number))
			continue;
		snprintf(member, sizeof(member), "%d/%s/%d%s", pid, name, number, rest);
		take_link(walk, pid, member);
	}
	if (err)
		note_failure(walk, pid, err);
}

static void take_process(struct walk *walk, int32_t pid)
{
	char below[PROC_PATH];
	struct space *space;

	walk->refused = false;
	proc_path(below, pid, "ns/net");
	space = take_link(walk, pid, below);
	if (space)
		*grow_add(&space->pids) = pid;
	if (space && (!space->pid || pid < space->pid))
		space->pid = pid;
	if (walk->how & SPACES_HELD) {
		take_folder(walk, pid, "task", "/ns/net");
		take_folder(walk, pid, "fd", "");
	}
	if (!walk->refused)
		return;
	if (!walk->spaces->hidden++)
		walk->spaces->hidden_pid = pid;
}

static void find_processes(struct spaces *spaces, unsigned how)
{
	struct walk walk = { .spaces = spaces, .how = how };
	int32_t pid;

	if (proc_open(&walk.proc) < 0) {
		spaces->whole = false;
		return;
	}
	while (proc_next(&walk.proc, &pid))
		take_process(&walk, pid);
	if (walk.proc.err || proc_hides(&walk.proc))
		spaces->whole = false;
	proc_close(&walk.proc);
}

static int compare(const void *a, const void *b)
{
	const struct space *one = a, *other = b;

	return one->inode < other->inode ? -1 : one->inode > other->inode;
}

void spaces_find(struct spaces *spaces, unsigned how)
{
	*spaces = (struct spaces){ .whole = true };
	find_mounts(spaces);
	for (unsigned i = 0; i < 2; i++)
		find_names(spaces, folders[i]);
	find_processes(spaces, how);
	if (spaces->list.count)
		qsort(spaces->list.at, spaces->list.count, sizeof(*spaces->list.at), compare);
	map_fini(&spaces->by_inode);
}

void spaces_fini(struct spaces *spaces)
{
	for (size_t i = 0; i < spaces->list.count; i++) {
		free(spaces->list.at[i].path);
		grow_fini(&spaces->list.at[i].pids);
	}
	grow_fini(&spaces->list);
	map_fini(&spaces->by_inode);
}

/* ---- the tour ---- */

struct tour {
	unsigned    how;
	space_look *look;
	space_refused *refused; /* or NULL */
	void       *ctx;
	uint64_t    home;
	struct map  seen;       /* inodes that were looked into, or refused */
	struct map  lost;       /* those that were gone when they were to be opened */
	unsigned    round;
	struct tour_end end;
};

/*
 * The number is compared after opening: a pid may be somebody else's by now.
 * Returns 0, or an errno; ESRCH: it is not there any more. A descriptor may be
 * a socket meanwhile, which cannot be opened.
 */
static int enter(const struct space *space)
{
	OWN_FD int fd = open(space->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT || errno == ENXIO ? ESRCH : errno;
	if (fstat(fd, &st) < 0 || (uint64_t)st.st_ino != space->inode)
		return ESRCH;
	return setns(fd, CLONE_NEWNET) == 0 ? 0 : errno;
}

static void look_at(struct tour *tour, const struct space *space)
{
	map_slot(&tour->seen, space->inode, NULL);
	if (!tour->look(tour->ctx, space))
		tour->end.read = false;
}

static void refuse(struct tour *tour, const struct space *space, int err)
{
	map_slot(&tour->seen, space->inode, NULL);
	tour->end.read = false;
	if (tour->refused)
		tour->refused(tour->ctx, space, err);
}

/* We are in it already, so nothing can refuse it. */
static void visit_own(struct tour *tour, const struct spaces *spaces)
{
	struct space own = { .inode = tour->home };

	if (!(tour->how & SPACES_OWN) || map_find(&tour->seen, tour->home))
		return;
	for (size_t i = 0; i < spaces->list.count; i++)
		if (spaces->list.at[i].inode == tour->home)
			own = spaces->list.at[i];
	own.is_own = true;
	look_at(tour, &own);
}

/*
 * True when the place where a namespace was found had nothing to open any more,
 * so that another has to be looked for. In later rounds only of those that were
 * lost before: what is new then was not there when the tour began.
 */
static bool lose(struct tour *tour, const struct space *space)
{
	if (tour->round && !map_find(&tour->lost, space->inode))
		return false;
	map_slot(&tour->lost, space->inode, NULL);
	return true;
}

/* False when somebody took a namespace away before it could be opened. */
static bool visit(struct tour *tour, const struct space *space)
{
	int err;

	if (space->inode == tour->home || map_find(&tour->seen, space->inode))
		return true;
	err = enter(space);
	if (err == ESRCH || (space->pid && proc_shows_nothing(space->pid, err)))
		return !lose(tour, space);
	if (err)
		refuse(tour, space, err);
	else
		look_at(tour, space);
	return true;
}

/* What vanished is either gone for good, or in it lives another process. */
static bool visit_all(struct tour *tour)
{
	struct spaces spaces;
	bool settled = true;

	spaces_find(&spaces, tour->how);
	tour->end.listed &= spaces.whole;
	tour->end.hidden = spaces.hidden;
	tour->end.hidden_pid = spaces.hidden_pid;
	visit_own(tour, &spaces);
	for (size_t i = 0; i < spaces.list.count; i++)
		settled &= visit(tour, &spaces.list.at[i]);
	spaces_fini(&spaces);
	return settled;
}

static void *travel(void *arg)
{
	struct tour *tour = arg;
	bool settled = false;

	for (; !settled && tour->round < ROUNDS; tour->round++)
		settled = visit_all(tour);
	tour->end.found = tour->end.listed && settled;
	return NULL;
}

struct tour_end spaces_visit(unsigned how, space_look *look, space_refused *refused, void *ctx)
{
	struct tour tour = {
		.how = how, .look = look, .refused = refused, .ctx = ctx, .home = netns_inode(),
		.end = { .listed = true, .read = true },
	};
	pthread_t traveller;

	tour.end.err = tour.home ? pthread_create(&traveller, NULL, travel, &tour) : ENOENT;
	if (!tour.end.err)
		pthread_join(traveller, NULL);
	map_fini(&tour.seen);
	map_fini(&tour.lost);
	return tour.end;
}

bool spaces_tour(unsigned how, space_look *look, void *ctx)
{
	struct tour_end end = spaces_visit(how, look, NULL, ctx);

	return !end.err && end.found && end.read;
}
