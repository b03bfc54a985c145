/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/recorder.h"

#include "base/grow.h"
#include "base/out.h"
#include "base/own.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

/*
 * The temporary name of the one recording that is being made. A signal handler removes
 * it, so that nothing stays when the program ends early.
 */
static struct {
	volatile sig_atomic_t is_there;
	int  folder;
	char name[64];
} temporary;

struct save {
	int         folder;     /* O_PATH of the directory */
	int         fd;
	bool        nameless;   /* made with O_TMPFILE */
	char       *place;      /* the folder's path */
	char       *name;       /* within the folder */
	struct quote shown;     /* the path, escaped for sentences */
	uint64_t    frames;
	uint64_t    sum;        /* checksum of all that was written */
	struct redact *redact;  /* NULL: nothing is replaced */
	struct out  out;
};

static int fail(struct save *save, int err, const char *what, struct fault *fault)
{
	return fault_set(fault, err, "cannot %s the recording %s: %s", what,
			 save->shown.at, strerror(err));
}

/* Safe in a signal handler. */
static void remove_temporary(void)
{
	if (temporary.is_there)
		unlinkat(temporary.folder, temporary.name, 0);
	temporary.is_there = false;
}

static void end_by_signal(int number)
{
	remove_temporary();
	raise(number);          /* takes effect when this handler returns (SA_RESETHAND) */
}

/*
 * A signal that the caller ignores, or that another part of the program handles, stays
 * as it is.
 */
static void catch_endings(void)
{
	static const int numbers[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM };
	struct sigaction old, new = { .sa_handler = end_by_signal, .sa_flags = (int)SA_RESETHAND };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(numbers[i], &new, NULL);
	fault_cleanup = remove_temporary;
}

static void save_free(struct save *save)
{
	if (save->fd >= 0)
		close(save->fd);
	remove_temporary();
	if (save->folder >= 0)
		close(save->folder);
	redact_free(save->redact);
	free(save->place);
	free(save->name);
	free(save);
}

static int open_folder(struct save *save, const char *path, struct fault *fault)
{
	const char *slash = strrchr(path, '/');
	/* in "/x" the slash is the folder itself */
	size_t size = slash ? (size_t)(slash - path) + (slash == path) : 0;

	save->name = grow_strdup(slash ? slash + 1 : path);
	save->place = grow_strdup(slash ? path : ".");
	if (slash)
		save->place[size] = '\0';
	if (!*save->name)
		return fail(save, EISDIR, "write", fault);
	save->folder = open(save->place, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return save->folder < 0 ? fail(save, errno, "write", fault) : 0;
}

/*
 * Whoever may rename the folder may have put another folder, or a link, in its place.
 * The recording goes into the folder that was opened, which then is not where it was
 * asked for, so this is an error.
 */
static int check_place(struct save *save, struct fault *fault)
{
	struct stat named, opened;

	if (stat(save->place, &named) == 0 && fstat(save->folder, &opened) == 0 &&
	    named.st_dev == opened.st_dev && named.st_ino == opened.st_ino)
		return 0;
	return fault_set(fault, ESTALE,
			 "cannot write the recording %s: its folder was moved or replaced meanwhile; nothing was written",
			 save->shown.at);
}

/*
 * Where anybody may rename root's files, nobody can know that a recording is the one
 * that root made.
 */
static int check_folder(struct save *save, struct fault *fault)
{
	struct stat st;

	if (fstat(save->folder, &st) < 0)
		return fail(save, errno, "write", fault);
	if (geteuid() != 0 || !(st.st_mode & S_IWOTH) || st.st_mode & S_ISVTX)
		return 0;
	return fault_set(fault, EPERM,
			 "cannot write the recording %s: anybody may replace files in its folder; use another, or chmod +t it",
			 save->shown.at);
}

static int refuse_target(const struct save *save, const char *what, struct fault *fault)
{
	return fault_set(fault, EEXIST,
			 "cannot write the recording %s: it exists and is not a %s; name another file",
			 save->shown.at, what);
}

/*
 * A typing mistake must not destroy anything: only a recording, or an empty file as
 * mktemp makes it, is replaced. It is opened without blocking, because it may have
 * become a FIFO.
 */
static int check_content(const struct save *save, struct fault *fault)
{
	OWN_FD int fd = openat(save->folder, save->name,
			       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char start[sizeof(RECORDING_MAGIC) - 1];
	ssize_t got = fd < 0 ? -1 : read(fd, start, sizeof(start));

	if (got < 0)
		return fault_set(fault, errno, "cannot replace %s, which may not be a recording: %s",
				 save->shown.at, strerror(errno));
	if (got == 0 || (got == sizeof(start) && memcmp(start, RECORDING_MAGIC, sizeof(start)) == 0))
		return 0;
	return refuse_target(save, "recording", fault);
}

/* Devices, FIFOs, links and folders are never replaced. */
static int check_target(struct save *save, struct fault *fault)
{
	struct stat st;

	if (fstatat(save->folder, save->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail(save, errno, "write", fault);
	return S_ISREG(st.st_mode) ? check_content(save, fault) :
				     refuse_target(save, "regular file", fault);
}

static void make_temporary_name(const struct save *save)
{
	uint64_t chance = 0;

	if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) != sizeof(chance))
		chance = (uint64_t)getpid() << 32 ^ (uintptr_t)save;
	snprintf(temporary.name, sizeof(temporary.name), ".sockvet-%016llx.tmp",
		 (unsigned long long)chance);
	temporary.folder = save->folder;
}

/* Signals are blocked while the name is made, because the handler would not know it yet. */
static int with_temporary_name(struct save *save, int (*make)(struct save *save))
{
	sigset_t all, before;
	int got;

	catch_endings();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	got = make(save);
	temporary.is_there = got >= 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return got;
}

static int create_named(struct save *save)
{
	return openat(save->folder, temporary.name,
		      O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0600);
}

static int open_file(struct save *save, struct fault *fault)
{
	make_temporary_name(save);
	/* a nameless file leaves nothing behind, however the program ends */
	save->fd = openat(save->folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	save->nameless = save->fd >= 0;
	if (save->fd < 0)
		save->fd = with_temporary_name(save, create_named);
	return save->fd < 0 ? fail(save, errno, "write", fault) : 0;
}

static void put(struct save *save, const void *bytes, size_t size)
{
	save->sum = frame_sum(save->sum, bytes, size);
	out_put(&save->out, bytes, size);
}

int save_open(struct save **result, const char *path, struct fault *fault)
{
	struct recording_header header = {
		.magic = "sockvet", .version = RECORDING_VERSION, .order = RECORDING_ORDER,
	};
	struct save *save = grow_alloc(sizeof(*save));
	int err;

	save->folder = save->fd = -1;
	save->sum = FRAME_SUM_START;
	text_quote(&save->shown, path, strlen(path));
	err = open_folder(save, path, fault);
	if (!err)
		err = check_folder(save, fault);
	if (!err)
		err = check_target(save, fault);
	if (!err)
		err = open_file(save, fault);
	if (err) {
		save_free(save);
		return err;
	}
	header.magic[7] = '\n';
	out_init(&save->out, save->fd);
	put(save, &header, sizeof(header));
	*result = save;
	return 0;
}

void save_redact(struct save *save)
{
	if (!save->redact)
		save->redact = redact_new();
}

static void put_frame(struct save *save, enum frame_type type, const void *fixed,
		      const void *bytes, size_t size)
{
	size_t before = frame_schemas[type].fixed;
	struct frame_header header = { .type = type, .length = (uint32_t)(before + size) };

	put(save, &header, sizeof(header));
	if (before)
		put(save, fixed, before);
	if (size)
		put(save, bytes, size);
	save->frames++;
}

/* Writes a frame with names and addresses replaced. */
static void put_redacted(struct save *save, enum frame_type type, const void *fixed,
			 const void *bytes, size_t size)
{
	uint64_t copy[8] = { 0 };
	struct text out = { 0 };

	if (frame_schemas[type].fixed)
		memcpy(copy, fixed, frame_schemas[type].fixed);
	if (redact_frame(save->redact, type, copy, bytes, size, &out))
		put_frame(save, type, copy, out.at, out.count);
	text_fini(&out);
}

void save_put(struct save *save, enum frame_type type, const void *fixed,
	      const void *bytes, size_t size)
{
	struct text out = { 0 };

	if (save->redact)
		put_redacted(save, type, fixed, bytes, size);
	else if (type == FRAME_SOCK && redact_keys(bytes, size, &out))
		put_frame(save, type, fixed, out.at, out.count);
	else
		put_frame(save, type, fixed, bytes, size);
	text_fini(&out);
}

static int give_name(struct save *save, const char *name)
{
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", save->fd);
	if (linkat(AT_FDCWD, self, save->folder, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno == EEXIST)
		return -1;
	/* without /proc: this form needs a capability */
	return linkat(save->fd, "", save->folder, name, AT_EMPTY_PATH);
}

static int link_temporary(struct save *save)
{
	return give_name(save, temporary.name);
}

static int put_in_place(struct save *save, struct fault *fault)
{
	int err = check_place(save, fault);

	if (!err)
		err = check_target(save, fault);
	if (err)
		return err;
	/*
	 * When nothing is to be replaced the final name is given at once, and nobody
	 * ever sees another one.
	 */
	if (save->nameless && give_name(save, save->name) == 0)
		return 0;
	if (save->nameless && with_temporary_name(save, link_temporary) < 0)
		return fail(save, errno, "name", fault);
	if (renameat(save->folder, temporary.name, save->folder, save->name) < 0)
		return fail(save, errno, "name", fault);
	temporary.is_there = false;
	return 0;
}

/* The name survives a crash only when its folder is on disk, too. */
static int sync_folder(struct save *save, struct fault *fault)
{
	OWN_FD int folder = openat(save->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* a folder that may be written but not read cannot be synced */
	if (folder < 0 || fsync(folder) == 0 || errno == EINVAL)
		return 0;
	return fail(save, errno, "write", fault);
}

static int finish(struct save *save, struct fault *fault)
{
	struct frame_end end = { .frames = save->frames, .sum = save->sum };
	int err;

	save_put(save, FRAME_END, &end, NULL, 0);
	err = out_flush(&save->out);
	if (err < 0)
		return fail(save, -err, "write", fault);
	if (fsync(save->fd) < 0 && errno != EINVAL)
		return fail(save, errno, "write", fault);
	err = put_in_place(save, fault);
	return err ? err : sync_folder(save, fault);
}

int save_close(struct save *save, bool keep, struct fault *fault)
{
	int err = keep ? finish(save, fault) : 0;

	save_free(save);
	return err;
}
