/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/proc.h"

#include "base/own.h"
#include "collect/host.h"
#include "collect/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Every pid namespace has a process 1, so a /proc without it hides processes. */
bool proc_hides(const struct proc *proc)
{
	return faccessat(dirfd(proc->folder), "1", F_OK, 0) < 0;
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

bool proc_is_bare(const char *stat)
{
	enum { EXITING = 0x00000004, KERNEL_THREAD = 0x00200000 };      /* PF_... */
	/* the name may hold anything, also parentheses */
	const char *at = strrchr(stat, ')');
	char state = 0;
	unsigned flags = 0;

	if (!at || sscanf(at, ") %c %*d %*d %*d %*d %*d %u", &state, &flags) != 2)
		return false;
	return state == 'Z' || state == 'X' || flags & (EXITING | KERNEL_THREAD);
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

bool proc_socket(int fds, const char *name, int32_t *fd, uint32_t *inode, int *err)
{
	char link[64];
	ssize_t size;

	*err = 0;
	if (!proc_number(name, fd))
		return false;
	size = readlinkat(fds, name, link, sizeof(link));
	if (size < 0)
		*err = errno;
	return size > 0 && proc_link_inode(link, (size_t)size, "socket:[", inode);
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
