/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/cgroups.h"

#include "base/grow.h"
#include "base/own.h"
#include "collect/handle.h"
#include "collect/host.h"
#include "collect/proc.h"
#include "model/unit.h"

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

/* ---- where cgroup2 is mounted ---- */

/* Adds the mount of a line of mountinfo when it is one of cgroup2. */
static void add_mount(struct cgroup_tree *tree, char *line)
{
	struct mount mount;

	if (!mount_parse(line, &mount) || strcmp(mount.type, "cgroup2") != 0 || *mount.point != '/')
		return;
	*grow_add(&tree->mounts) = (struct cgroup_mount){
		.point = grow_strdup(mount.point),
		.root = grow_strdup(strcmp(mount.root, "/") == 0 ? "" : mount.root),
	};
}

int cgroup_tree_find(struct cgroup_tree *tree)
{
	OWN_FILE FILE *mounts = host_fopen("/proc/self/mountinfo");
	OWN_MEM char *line = NULL;
	size_t room = 0;

	if (!mounts)
		return -errno;
	while (getline(&line, &room, mounts) > 0)
		add_mount(tree, line);
	/* getline() out of memory sets no error of the file */
	return !feof(mounts) ? -errno : tree->mounts.count ? 0 : -ENOENT;
}

void cgroup_tree_fini(struct cgroup_tree *tree)
{
	for (size_t i = 0; i < tree->mounts.count; i++) {
		free(tree->mounts.at[i].point);
		free(tree->mounts.at[i].root);
	}
	grow_fini(&tree->mounts);
}

/* The number of "/.." in a path. */
static size_t climbs(const char *path, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i + 3 <= size; i++)
		count += memcmp(path + i, "/..", 3) == 0 && (i + 3 == size || path[i + 3] == '/');
	return count;
}

/*
 * True when the mount @a shows more than @b: it begins above, or does not begin as far
 * below, the root that this process sees.
 */
static bool shows_more(const struct cgroup_mount *a, const struct cgroup_mount *b)
{
	size_t up = climbs(a->root, strlen(a->root)), than = climbs(b->root, strlen(b->root));

	return up != than ? up > than : !up && strlen(a->root) < strlen(b->root);
}

/* Opens the mount that shows most. Returns a descriptor or -errno. */
static int open_mount(const struct cgroup_tree *tree, const struct cgroup_mount **opened)
{
	int best = -ENOENT;

	for (size_t i = 0; i < tree->mounts.count; i++) {
		const struct cgroup_mount *mount = &tree->mounts.at[i];
		int fd;

		if (best >= 0 && !shows_more(mount, *opened))
			continue;
		fd = open(mount->point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0) {
			best = best < 0 ? -errno : best;
			continue;
		}
		own_close_(&best);
		best = fd;
		*opened = mount;
	}
	return best;
}

/* ---- the cgroup of a process ---- */

/* One line of a /proc/PID/cgroup: "0::PATH" of v2, "NUMBER:CONTROLLERS:PATH" of v1. */
struct line {
	bool        is_v2, is_systemd;
	const char *path;
	size_t      size;
};

/* Reads the line at @at and steps behind it; false at the end. */
static bool next_line(const char **at, struct line *line)
{
	static const char deleted[] = " (deleted)", systemd[] = ":name=systemd:";
	size_t size = strcspn(*at, "\n"), tail = strlen(deleted);
	const char *from = memchr(*at, ':', size);
	const char *path = from ? memchr(from + 1, ':', (size_t)(*at + size - from) - 1) : NULL;

	if (!size)
		return false;
	*line = (struct line){ .path = "" };
	if (path) {
		line->is_v2 = strncmp(*at, "0::", 3) == 0;
		line->is_systemd = strncmp(from, systemd, strlen(systemd)) == 0;
		line->path = path + 1;
		line->size = (size_t)(*at + size - line->path);
	}
	if (line->size > tail && memcmp(line->path + line->size - tail, deleted, tail) == 0)
		line->size -= tail;
	*at += size + ((*at)[size] == '\n');
	return true;
}

/*
 * How much the path of a line tells. All hierarchies of a process of systemd have the
 * same path, or a shorter one; so of equal lines that of v2 is best, and then that of
 * systemd itself. 0: it tells nothing.
 */
static unsigned worth(const struct line *line)
{
	struct text path = { 0 };
	size_t up = climbs(line->path, line->size);
	unsigned tells;

	if (line->size <= 1 || line->size == 3 * up)
		return 0;
	text_add(&path, line->path, line->size);
	tells = path_tells(text_str(&path));
	text_fini(&path);
	return 4 * tells + (line->is_v2 ? 3 : line->is_systemd ? 2 : 1);
}

static unsigned best_line(const char *proc_cgroup, struct line *best)
{
	struct line line;
	unsigned most = 0;

	while (next_line(&proc_cgroup, &line)) {
		unsigned here = worth(&line);

		if (here <= most)
			continue;
		most = here;
		*best = line;
	}
	return most;
}

size_t cgroup_path(const char *proc_cgroup, const char **path)
{
	struct line best;

	if (!best_line(proc_cgroup, &best))
		return 0;
	*path = best.path;
	return best.size;
}

/* The part of a path that is below the root of a mount; NULL: it is not there. */
static const char *below(const struct cgroup_mount *mount, const char *path, size_t size)
{
	size_t root = strlen(mount->root);

	if (size < root || memcmp(path, mount->root, root) != 0 || (size > root && path[root] != '/'))
		return NULL;
	return climbs(path + root, size - root) ? NULL : path + root;
}

/* @failed becomes true when the path may well lead somewhere. */
static uint64_t id_below(const struct cgroup_mount *mount, const struct line *line, bool *failed)
{
	const char *rest = below(mount, line->path, line->size);
	struct text name = { 0 };
	struct stat st;
	uint64_t id = 0;

	if (!rest)
		return 0;
	text_add(&name, mount->point, strlen(mount->point));
	text_add(&name, rest, (size_t)(line->path + line->size - rest));
	if (stat(text_str(&name), &st) == 0)
		id = (uint64_t)st.st_ino;
	else
		*failed |= errno != ENOENT && errno != ENOTDIR;
	text_fini(&name);
	return id;
}

/* The line of v2. Returns its id, 0 when it leads nowhere, or @failed. */
static uint64_t id_of_v2(const struct cgroup_tree *tree, const char *proc_cgroup,
			 struct line *line, bool *failed)
{
	uint64_t id = 0;

	while (next_line(&proc_cgroup, line)) {
		if (!line->is_v2)
			continue;
		for (size_t i = 0; i < tree->mounts.count && !id && *line->path == '/'; i++)
			id = id_below(&tree->mounts.at[i], line, failed);
		return id;
	}
	*line = (struct line){ .path = "" };
	return 0;
}

uint64_t cgroup_tree_id(const struct cgroup_tree *tree, const char *proc_cgroup)
{
	struct line line;
	bool failed = false;

	return id_of_v2(tree, proc_cgroup, &line, &failed);
}

uint64_t cgroup_home(const struct cgroup_tree *tree, const char *proc_cgroup, struct snapshot *seen)
{
	struct line v2, best;
	bool failed = false;
	uint64_t id = id_of_v2(tree, proc_cgroup, &v2, &failed);
	unsigned most = best_line(proc_cgroup, &best);
	bool says_more = most / 4 > worth(&v2) / 4;
	struct text path = { 0 };

	if (!most || (id && !says_more))
		return id;
	if (failed && !says_more)
		best = v2;
	text_add(&path, best.path, best.size);
	id = frame_sum(FRAME_SUM_START, path.at, path.count) | CGROUP_TOLD;
	snapshot_add_cgroup(seen, id, text_str(&path));
	text_fini(&path);
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
	struct cgroup_tree tree = { 0 };
	const struct cgroup_mount *mount = NULL;
	struct text path = { 0 };
	int err = cgroup_tree_find(&tree), fd = err ? err : open_mount(&tree, &mount);
	struct frame_flag made = { .is = fd >= 0 };

	recorder_put(walk->recorder, FRAME_CGROUPS, &made, NULL, 0);
	if (fd < 0) {
		recorder_gap(walk->recorder, told, GAP_CGROUPS, 1,
			     "cgroups could not be named: no cgroup2 file system (%s)", strerror(-fd));
	} else {
		/* from the root that this process sees, or from above it */
		text_add(&path, mount->root, climbs(mount->root, strlen(mount->root)) ? 0 :
					     strlen(mount->root));
		walk_folder(walk, fd, &path, 0);
	}
	text_fini(&path);
	cgroup_tree_fini(&tree);
	return fd >= 0;
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

void cgroup_replay(struct snapshot *seen, const struct map *wanted, const struct frame *frame)
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
			cgroup_replay(seen, wanted, &frame);
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
