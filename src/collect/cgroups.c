/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/cgroups.h"

#include "base/grow.h"
#include "base/own.h"
#include "collect/handle.h"
#include "collect/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 64

struct walk {
	struct recorder  *recorder;
	struct snapshot  *seen;
	const struct map *wanted;
	size_t            found;        /* cgroups of @wanted that were found */
	uint64_t          unreadable;   /* folders that could not be read */
	int               err;          /* the errno of the last of them; 0: it is too deep */
};

/* The mount point in a line of mountinfo, which is left decoded there; NULL: of something else. */
static const char *mount_point(char *line)
{
	struct mount mount;

	if (!mount_parse(line, &mount) || strcmp(mount.type, "cgroup2") != 0)
		return NULL;
	return *mount.point == '/' ? mount.point : NULL;
}

/*
 * Opens the first cgroup2 mount and sets *@point, unless NULL, to its path. Returns a
 * descriptor or -errno.
 */
static int open_mount(char **point)
{
	OWN_FILE FILE *mounts = fopen("/proc/self/mountinfo", "re");
	OWN_MEM char *line = NULL;
	size_t room = 0;
	int err = ENOENT;

	if (!mounts)
		return -errno;
	while (getline(&line, &room, mounts) > 0) {
		const char *path = mount_point(line);
		int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

		if (fd >= 0 && point)
			*point = grow_strdup(path);
		if (fd >= 0)
			return fd;
		if (path)
			err = errno;
	}
	return ferror(mounts) ? -errno : -err;
}

void cgroup_tree_find(struct cgroup_tree *tree)
{
	OWN_FD int fd = open_mount(&tree->point);

	(void)fd;
}

void cgroup_tree_fini(struct cgroup_tree *tree)
{
	free(tree->point);
	tree->point = NULL;
}

size_t cgroup_path(const char *proc_cgroup, const char **path)
{
	const char *line = strncmp(proc_cgroup, "0::", 3) == 0 ? proc_cgroup :
			   strstr(proc_cgroup, "\n0::");

	if (!line)
		return 0;
	*path = strchr(line, ':') + 2;
	return strcspn(*path, "\n");
}

/* True for "/../other": a process in a cgroup namespace sees the cgroups outside it so. */
static bool climbs(const char *path, size_t size)
{
	for (size_t i = 0; i + 3 <= size; i++)
		if (memcmp(path + i, "/..", 3) == 0 && (i + 3 == size || path[i + 3] == '/'))
			return true;
	return false;
}

uint64_t cgroup_tree_id(const struct cgroup_tree *tree, const char *proc_cgroup)
{
	const char *path = NULL;
	size_t size = cgroup_path(proc_cgroup, &path);
	struct text name = { 0 };
	struct stat st;
	uint64_t id;

	if (!tree->point || !size || *path != '/' || climbs(path, size))
		return 0;
	text_add(&name, tree->point, strlen(tree->point));
	text_add(&name, path, size);
	id = stat(text_str(&name), &st) == 0 ? (uint64_t)st.st_ino : 0;
	text_fini(&name);
	return id;
}

/* ---- the walk ---- */

static void add(struct snapshot *seen, const struct map *wanted, uint64_t id, const char *path)
{
	if (!wanted || map_find(wanted, id))
		snapshot_add_cgroup(seen, id, path);
}

static void take(struct walk *walk, uint64_t id, const struct text *path)
{
	struct frame_cgroup frame = { .id = id };
	const char *shown = path->count ? text_str(path) : "/";

	recorder_put(walk->recorder, FRAME_CGROUP, &frame, shown, strlen(shown));
	add(walk->seen, walk->wanted, id, shown);
	walk->found += walk->wanted && map_find(walk->wanted, id);
}

static bool is_enough(const struct walk *walk)
{
	return walk->wanted && !recorder_records(walk->recorder) && walk->found >= walk->wanted->count;
}

static void note_unread(struct walk *walk, int err)
{
	walk->unreadable++;
	walk->err = err;
}

/* A cgroup that is removed during the walk is not a gap. */
static void note_failure(struct walk *walk, int err)
{
	if (err && err != ENOENT && err != ENODEV)
		note_unread(walk, err);
}

static void walk_folder(struct walk *walk, int fd, struct text *path, unsigned depth);

static void walk_child(struct walk *walk, int parent, const char *name, struct text *path,
		       unsigned depth)
{
	size_t before = path->count;
	int fd;

	if (depth == DEPTH_MAX) {
		note_unread(walk, 0);
		return;
	}
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		note_failure(walk, errno);
		return;
	}
	text_addf(path, "/%s", name);
	walk_folder(walk, fd, path, depth + 1);
	path->count = before;
	path->at[before] = '\0';
}

static bool is_child(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
	       strcmp(entry->d_name, "..") != 0;
}

/* Walks below the folder @fd, and closes it. */
static void walk_folder(struct walk *walk, int fd, struct text *path, unsigned depth)
{
	OWN_DIR DIR *folder = fdopendir(fd);
	const struct dirent *entry;
	struct stat st;
	int err = 0;

	if (!folder || fstat(fd, &st) < 0) {
		note_failure(walk, errno);
		if (!folder)
			close(fd);
		return;
	}
	take(walk, (uint64_t)st.st_ino, path);
	while (!is_enough(walk) && (entry = proc_entry(folder, &err)))
		if (is_child(entry))
			walk_child(walk, fd, entry->d_name, path, depth);
	note_failure(walk, err);
}

static bool walk_tree(struct walk *walk, struct snapshot *told)
{
	struct text path = { 0 };
	int fd = open_mount(NULL);
	struct frame_flag made = { .is = fd >= 0 };

	recorder_put(walk->recorder, FRAME_CGROUPS, &made, NULL, 0);
	if (fd < 0) {
		recorder_gap(walk->recorder, told, GAP_CGROUPS, 1,
			     "cgroups could not be named: no cgroup2 file system (%s)", strerror(-fd));
		return false;
	}
	text_add(&path, "", 0);
	walk_folder(walk, fd, &path, 0);
	text_fini(&path);
	return true;
}

static void walk_cgroups(struct recorder *recorder, struct snapshot *seen, const struct map *wanted)
{
	struct walk walk = { .recorder = recorder, .seen = seen, .wanted = wanted };
	bool asked = !wanted || wanted->count;
	struct snapshot *told = asked ? seen : NULL;

	if (!asked && !recorder_records(recorder))
		return;
	if (walk_tree(&walk, told) && walk.unreadable)
		recorder_gap(recorder, told, GAP_CGROUPS, walk.unreadable,
			     "%llu cgroup%s could not be read (%s)",
			     (unsigned long long)walk.unreadable, walk.unreadable == 1 ? "" : "s",
			     walk.err ? strerror(walk.err) : "more than 64 folders deep");
}

/* ---- of a recording ---- */

static void replay_cgroup(struct snapshot *seen, const struct map *wanted, const struct frame *frame)
{
	struct text path = { 0 };
	struct frame_cgroup cgroup;
	size_t size;
	const uint8_t *bytes = frame_open(frame, &cgroup, &size);

	text_add(&path, (const char *)bytes, size);
	add(seen, wanted, cgroup.id, text_str(&path));
	text_fini(&path);
}

static void replay_cgroups(struct recorder *recorder, struct snapshot *seen,
			   const struct map *wanted)
{
	bool asked = !wanted || wanted->count;
	struct cursor cursor;
	struct frame frame;

	if (!recorder_section(recorder, FRAME_CGROUPS, &frame, &cursor)) {
		if (asked)
			snapshot_gap(seen, GAP_RECORDING, 1,
				     "the recording does not hold the names of cgroups");
		return;
	}
	while (load_next(&cursor, &frame)) {
		if (frame.type == FRAME_CGROUP)
			replay_cgroup(seen, wanted, &frame);
		else if (frame.type == FRAME_GAP && asked)
			recorder_replay_gap(seen, &frame);
	}
}

/* ---- looked up once for all namespaces ---- */

static void copy_cgroups(struct owner_cache *cache, struct snapshot *seen, const struct map *wanted)
{
	const struct snapshot *groups = &cache->groups;
	struct recorder none = { 0 };

	if (wanted && !wanted->count)
		return;
	if (!cache->named) {
		snapshot_init(&cache->groups);
		walk_cgroups(&none, &cache->groups, NULL);
		cache->named = true;
	}
	for (size_t i = 0; i < groups->cgroups.count; i++)
		add(seen, wanted, groups->cgroups.at[i].id, groups->cgroups.at[i].path);
	owner_cache_gaps(seen, groups);
}

void collect_cgroups(struct collect *collect, struct snapshot *seen, const struct map *wanted)
{
	if (collect->cache)
		copy_cgroups(collect->cache, seen, wanted);
	else if (recorder_replays(&collect->recorder))
		replay_cgroups(&collect->recorder, seen, wanted);
	else
		walk_cgroups(&collect->recorder, seen, wanted);
}
