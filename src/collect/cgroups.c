/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/cgroups.h"

#include "base/grow.h"
#include "base/own.h"
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
	int               err;          /* the errno of the last of them */
};

char *cgroup_mount(char *line)
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
		const char *path = cgroup_mount(line);
		int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

		if (fd >= 0 && point)
			*point = grow_strdup(path);
		if (fd >= 0)
			return fd;
		if (path)
			err = errno;
	}
	return -err;
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

/* Finds the path behind "0::", the one in cgroup2. Returns its size, 0 when there is none. */
static size_t find_path(const char *proc_cgroup, const char **path)
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
	size_t size = find_path(proc_cgroup, &path);
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

/* ---- the old hierarchies ---- */

/* True when the list "a,b,c" up to @end has that word. */
static bool has_word(const char *at, const char *end, const char *word)
{
	size_t size = strlen(word);

	while (at < end) {
		size_t length = strcspn(at, ",:");

		if (length == size && memcmp(at, word, size) == 0)
			return true;
		at += length + 1;
	}
	return false;
}

/*
 * The cgroup in the v1 hierarchy with that controller; NULL, with size 0, when there is
 * none.
 */
static const char *group_of(const char *groups, const char *controller, size_t *size)
{
	for (const char *line = groups, *next; line; line = next ? next + 1 : NULL) {
		const char *words = strchr(line, ':');
		const char *path = words ? strchr(words + 1, ':') : NULL;

		next = strchr(line, '\n');
		if (!path || (next && path > next) || !has_word(words + 1, path, controller))
			continue;
		*size = strcspn(path, "\n");
		return path;
	}
	*size = 0;
	return NULL;
}

static bool same_group(const char *ours, const char *theirs, const char *controller)
{
	size_t our_size, their_size;
	const char *our_group = group_of(ours, controller, &our_size);
	const char *their_group = group_of(theirs, controller, &their_size);

	return our_size == their_size &&
	       (!our_size || memcmp(our_group, their_group, our_size) == 0);
}

bool cgroup_same_class(const char *ours, const char *theirs)
{
	return same_group(ours, theirs, "net_cls") && same_group(ours, theirs, "net_prio");
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

/* A cgroup that is removed during the walk is not a gap. */
static void note_failure(struct walk *walk, int err)
{
	if (!err || err == ENOENT || err == ENODEV)
		return;
	walk->unreadable++;
	walk->err = err;
}

static void walk_folder(struct walk *walk, int fd, struct text *path, unsigned depth);

static void walk_child(struct walk *walk, int parent, const char *name, struct text *path,
		       unsigned depth)
{
	size_t before = path->count;
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

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
	while (depth < DEPTH_MAX && !is_enough(walk) &&
	       (entry = proc_entry(folder, &err)))
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

void cgroups_collect(struct recorder *recorder, struct snapshot *seen, const struct map *wanted)
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
			     strerror(walk.err));
}

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

void cgroups_replay(struct recorder *recorder, struct snapshot *seen, const struct map *wanted)
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
