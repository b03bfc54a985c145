/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/proc.h"

#include "base/grow.h"
#include "base/own.h"
#include "collect/host.h"
#include "collect/privilege.h"
#include "collect/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int proc_open(struct proc *proc)
{
	proc->err = 0;
	proc->folder = host_opendir("/proc");
	return proc->folder ? 0 : -errno;
}

void proc_close(struct proc *proc)
{
	if (proc->folder)
		closedir(proc->folder);
	proc->folder = NULL;
}

bool proc_number(const char *text, int32_t *number)
{
	char *end;
	long value;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtol(text, &end, 10);
	*number = (int32_t)value;
	return !*end && !errno && value <= INT32_MAX;
}

const struct dirent *proc_entry(DIR *folder, int *err)
{
	const struct dirent *entry;

	errno = 0;
	entry = readdir(folder);
	*err = entry ? 0 : errno;
	return entry;
}

bool proc_next(struct proc *proc, int32_t *pid)
{
	const struct dirent *entry;

	while (proc->folder && (entry = proc_entry(proc->folder, &proc->err)))
		if (proc_number(entry->d_name, pid))
			return true;
	return false;
}

/* True for the words of "hidepid=" that hide processes; "noaccess" shows them. */
static bool option_hides(const char *options)
{
	static const char *const hiding[] = { "2", "4", "invisible", "ptraceable" };
	const char *value = strstr(options, "hidepid="), *group = strstr(options, "gid=");
	size_t size;

	if (!value || (group && group_member((gid_t)strtoul(group + strlen("gid="), NULL, 10))))
		return false;
	value += strlen("hidepid=");
	size = strcspn(value, ", \n");
	for (size_t i = 0; i < sizeof(hiding) / sizeof(*hiding); i++)
		if (strlen(hiding[i]) == size && memcmp(value, hiding[i], size) == 0)
			return true;
	return false;
}

/* What is mounted last is what is seen. */
static bool mount_hides(void)
{
	OWN_FILE FILE *mounts = host_fopen("/proc/self/mountinfo");
	OWN_MEM char *line = NULL, *place = host_path("/proc");
	size_t room = 0;
	struct mount mount;
	bool hides = false;

	while (mounts && getline(&line, &room, mounts) > 0) {
		bool option = option_hides(strstr(line, " - ") ?: "");

		if (mount_parse(line, &mount) && strcmp(mount.point, place) == 0)
			hides = option && strcmp(mount.type, "proc") == 0;
	}
	return hides;
}

/* Every pid namespace has a process 1, so a /proc without it hides processes. */
const char *proc_hides(const struct proc *proc)
{
	if (!privilege_sees_all() && mount_hides())
		return "this /proc hides processes of other users (hidepid)";
	return faccessat(dirfd(proc->folder), "1", F_OK, 0) < 0 ?
	       "this /proc is not mounted, or hides processes" : NULL;
}

void proc_path(char path[PROC_PATH], int32_t pid, const char *rest)
{
	snprintf(path, PROC_PATH, "%d/%s", pid, rest);
}

int proc_read(const struct proc *proc, int32_t pid, const char *rest, struct text *content)
{
	char path[PROC_PATH];

	proc_path(path, pid, rest);
	return file_read(dirfd(proc->folder), path, content);
}

size_t proc_comm(const struct text *content, char *comm, size_t room)
{
	size_t size = content->count;

	if (size && content->at[size - 1] == '\n')
		size--;
	size = size < room ? size : room - 1;
	memcpy(comm, text_str(content), size);
	return size;
}

DIR *proc_folder(const struct proc *proc, const char *path)
{
	OWN_FD int fd = openat(dirfd(proc->folder), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder;

	if (fd < 0)
		return NULL;
	folder = fdopendir(fd);
	if (folder)
		own_give_fd(&fd);
	return folder;
}

void proc_threads(const struct proc *proc, int32_t pid, struct proc *threads)
{
	char path[PROC_PATH];

	proc_path(path, pid, "task");
	threads->folder = proc_folder(proc, path);
	threads->err = threads->folder ? 0 : errno;
}

enum { EXITING = 0x00000004, KERNEL_THREAD = 0x00200000 };      /* PF_... */

/* Returns false when @stat is not the file of a process. */
static bool read_state(const char *stat, char *state, unsigned *flags)
{
	/* the name may hold anything, also parentheses */
	const char *at = strrchr(stat, ')');

	return at && sscanf(at, ") %c %*d %*d %*d %*d %*d %u", state, flags) == 2;
}

bool proc_is_bare(const char *stat)
{
	char state;
	unsigned flags;

	return read_state(stat, &state, &flags) &&
	       (state == 'Z' || state == 'X' || flags & (EXITING | KERNEL_THREAD));
}

/* The kernel numbers the first namespaces: PROC_PID_INIT_INO. */
#define FIRST_PID_NAMESPACE UINT64_C(0xeffffffc)

/*
 * Our own namespace may be another one than that of /proc, but the first one is only in
 * its own /proc. There process 2 makes the kernel's threads, which are in no other. A
 * kernel without such namespaces has no link.
 */
bool proc_is_first(const struct proc *proc)
{
	int folder = dirfd(proc->folder);
	struct text stat = { 0 };
	struct stat st;
	char state;
	unsigned flags;
	bool first;

	if (fstatat(folder, "self/ns/pid", &st, 0) == 0 &&
	    (uint64_t)st.st_ino == FIRST_PID_NAMESPACE)
		return true;
	first = proc_read(proc, 2, "stat", &stat) == 0 &&
		read_state(text_str(&stat), &state, &flags) && flags & KERNEL_THREAD;
	text_fini(&stat);
	return first || (faccessat(folder, "self/ns", F_OK, 0) == 0 &&
			 faccessat(folder, "self/ns/pid", F_OK, AT_SYMLINK_NOFOLLOW) < 0);
}

bool proc_shows_nothing(int32_t pid, int err)
{
	char path[PROC_PATH + 8];
	struct text stat = { 0 };
	bool bare = false;

	if (err == EACCES || err == EPERM) {
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		err = -file_read(AT_FDCWD, path, &stat);
		bare = !err && proc_is_bare(text_str(&stat));
	}
	text_fini(&stat);
	return bare || err == ENOENT || err == ESRCH;
}

bool proc_link_inode(const char *link, size_t size, const char *before, uint32_t *inode)
{
	size_t from = strlen(before);
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

bool proc_socket(int fds, const char *name, int32_t *fd, uint32_t *inode, bool *ring, int *err)
{
	static const char is_ring[] = "anon_inode:[io_uring]";
	char link[64];
	ssize_t size;

	*err = 0;
	if (!proc_number(name, fd))
		return false;
	size = readlinkat(fds, name, link, sizeof(link));
	if (size < 0)
		*err = errno;
	if (ring)
		*ring = size == (ssize_t)strlen(is_ring) && memcmp(link, is_ring, (size_t)size) == 0;
	return size > 0 && proc_link_inode(link, (size_t)size, "socket:[", inode);
}

/* Takes "    1: socket:[4026]", a file by its number in the ring. */
static void take_ring_file(struct ring_files *inodes, const char *line)
{
	const char *link = strstr(line, ": socket:[");
	uint32_t inode;

	line += strspn(line, " ");
	if (!link || strspn(line, "0123456789") != (size_t)(link - line))
		return;
	link += strlen(": ");
	if (proc_link_inode(link, strcspn(link, "\n"), "socket:[", &inode))
		*grow_add(inodes) = inode;
}

enum { RING_TRIES = 20 };

int proc_ring_files(int fds, const char *name, struct ring_files *inodes)
{
	struct text content = { 0 };
	char path[PROC_PATH];
	int err;

	snprintf(path, sizeof(path), "../fdinfo/%.20s", name);
	/* the kernel leaves out what it would have to wait for */
	for (int i = 0; i < RING_TRIES; i++) {
		content.count = 0;
		err = file_read(fds, path, &content);
		if (err || strstr(text_str(&content), "\nUserFiles:"))
			break;
	}
	for (const char *line = text_str(&content); !err && line && *line;) {
		take_ring_file(inodes, line);
		line = strchr(line, '\n');
		line += line != NULL;
	}
	text_fini(&content);
	return err;
}

uint64_t proc_files_open(void)
{
	struct text content = { 0 };
	uint64_t open = 0;

	if (file_read(AT_FDCWD, "/proc/sys/fs/file-nr", &content) == 0)
		open = strtoull(text_str(&content), NULL, 10);
	text_fini(&content);
	return open;
}

/* ---- mounts ---- */

static bool is_octal(const char *at)
{
	return at[0] >= '0' && at[0] <= '3' && at[1] >= '0' && at[1] <= '7' &&
	       at[2] >= '0' && at[2] <= '7';
}

/* Decodes \ooo, as which mountinfo writes blanks and backslashes. */
static void decode(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++) {
		if (*at == '\\' && is_octal(at + 1)) {
			*to++ = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
			at += 3;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
}

bool mount_parse(char *line, struct mount *mount)
{
	/* any number of options and tags stand between mount point and type */
	char *type = strstr(line, " - ");
	char *rest = line;

	if (!type || sscanf(line, "%u %*u %u:%u", &mount->id, &mount->major, &mount->minor) != 3)
		return false;
	*type = '\0';
	mount->type = type + 3;
	mount->type[strcspn(mount->type, " \n")] = '\0';
	for (unsigned i = 0; i < 3; i++)
		strsep(&rest, " ");
	mount->root = strsep(&rest, " ");
	mount->point = strsep(&rest, " ");
	if (!mount->root || !mount->point)
		return false;
	decode(mount->root);
	decode(mount->point);
	return true;
}
