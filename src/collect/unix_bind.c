/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/handle.h"

#include "base/grow.h"
#include "base/order.h"
#include "base/own.h"
#include "collect/host.h"
#include "collect/netns.h"
#include "collect/others.h"
#include "collect/proc.h"
#include "collect/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <libmnl/libmnl.h>
#include <linux/magic.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/vfs.h>

/* No header has the kernel's names of these two. */
enum { OVERLAYFS = 0x794c7630, ZFS = 0x2fc12fc1 };

/* A socket with the name in question, before accepted connections are told apart. */
struct unix_match {
	struct unix_sock sock;
	bool     connected;             /* it was bound itself, or accepted by a listener that was */
	uint32_t peer;                  /* inode of the other end, 0: none */
};

struct unix_search {
	const struct unix_ask *ask;
	struct map  named;              /* inode -> 1 + whether it has a name */
	struct { struct unix_match *at; size_t count, room; } matches;
	uint32_t    owned;              /* types (as bits) of sockets that were bound, not accepted */
	/* the file; a socket has these of its own file */
	bool        has_file;
	uint32_t    inode;
	uint32_t    device;             /* as sockets tell it */
	bool        device_known;       /* else @device is only what stat() says */
	unsigned    deadline_ms;
	bool        senseless;          /* a message was: who it is about is not known */
};

/* ---- the file ---- */

static const char *kind_of_mode(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG: return "regular file";
	case S_IFDIR: return "directory";
	case S_IFCHR: return "character device";
	case S_IFBLK: return "block device";
	case S_IFIFO: return "FIFO";
	default:      return "file";
	}
}

/*
 * True for file systems that take socket files. For others it is not known: a driver, a
 * server or a mount option decides.
 */
static bool takes_socket_files(const struct statfs *fs)
{
	static const uint32_t magics[] = {
		EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, TMPFS_MAGIC, RAMFS_MAGIC,
		OVERLAYFS, F2FS_SUPER_MAGIC, NFS_SUPER_MAGIC, ZFS,
	};

	for (size_t i = 0; i < sizeof(magics) / sizeof(*magics); i++)
		if ((uint32_t)fs->f_type == magics[i])
			return true;
	return false;
}

/*
 * The errno of bind() for the folder of @path, which must exist, be writable and
 * searchable, and take socket files. Returns 0 or an errno, -1 when that is not known.
 */
static int folder_error(const char *path)
{
	OWN_MEM char *copy = grow_strdup(path);
	const char *folder = dirname(copy);
	struct stat st;
	struct statfs fs;

	if (stat(folder, &st) < 0)
		return errno;
	if (statfs(folder, &fs) < 0)
		return -1;
	/* the folder was removed, but some process is still in it */
	if (!st.st_nlink || fs.f_type == PROC_SUPER_MAGIC)
		return ENOENT;
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0)
		return errno;
	return takes_socket_files(&fs) ? 0 : -1;
}

static void set_other(struct unix_context *context, const char *kind)
{
	context->file = UNIX_FILE_OTHER;
	snprintf(context->file_kind, sizeof(context->file_kind), "%s", kind);
}

static void look_at_link(struct unix_context *context, const char *path, struct stat *st)
{
	int err = stat(path, st) < 0 ? errno : 0;

	if (!err && S_ISSOCK(st->st_mode))
		context->file = UNIX_FILE_SOCKET;
	else if (err == ENOENT)
		context->file = UNIX_FILE_DANGLING;
	else
		set_other(context, "symbolic link");
}

/* "name/": bind() makes no folder, but it finds one of that name without the slash. */
static bool cut_slashes(char *path)
{
	size_t size = strlen(path), left = size;

	while (left > 1 && path[left - 1] == '/')
		path[--left] = '\0';
	return left < size;
}

/* @err: of lstat(). A name that ends in a slash cannot be made, whatever the folder takes. */
static void look_at_folder(struct unix_context *context, const char *path, bool slash, int err)
{
	bool none = err == ENOENT || err == ENOTDIR;

	if (err == ENOENT && !slash)
		err = folder_error(path);
	context->file = none && err >= 0 ? UNIX_FILE_NONE : UNIX_FILE_UNKNOWN;
	context->parent_err = err > 0 ? err : 0;
}

static void look_at_file(struct unix_context *context, char *path, struct stat *st)
{
	bool slash = cut_slashes(path);

	if (lstat(path, st) < 0)
		look_at_folder(context, path, slash, errno);
	else if (S_ISLNK(st->st_mode))
		look_at_link(context, path, st);
	else if (S_ISSOCK(st->st_mode))
		context->file = UNIX_FILE_SOCKET;
	else
		set_other(context, kind_of_mode(st->st_mode));
}

/* The kernel's own form of a device number, as unix_diag tells it. */
static uint32_t kernel_device(uint32_t major, uint32_t minor)
{
	return major << 20 | (minor & 0xfffff);
}

/* Sets the device of the mount that @path is in. Returns false when it is not known. */
static bool find_mount(struct unix_search *search, const char *path)
{
	OWN_FILE FILE *mounts = host_fopen("/proc/thread-self/mountinfo");
	OWN_MEM char *line = NULL;
	size_t room = 0;
	struct mount mount;
	struct statx st;

	if (!mounts || statx(AT_FDCWD, path, 0, STATX_MNT_ID, &st) < 0 ||
	    !(st.stx_mask & STATX_MNT_ID))
		return false;
	while (getline(&line, &room, mounts) > 0) {
		if (!mount_parse(line, &mount) || mount.id != st.stx_mnt_id)
			continue;
		search->device = kernel_device(mount.major, mount.minor);
		return true;
	}
	return false;
}

/*
 * A socket belongs to the path if it is bound to the file there: the name that it was
 * bound to may be relative, or have been moved or replaced since. btrfs and overlayfs
 * may make up a device for stat(); sockets tell that of the mount, and Linux 5.8 tells
 * which mount it is.
 */
static void find_file(struct unix_search *search, const char *path, const struct stat *st)
{
	struct statfs fs;

	search->has_file = true;
	search->inode = (uint32_t)st->st_ino;
	search->device = kernel_device(major(st->st_dev), minor(st->st_dev));
	search->device_known = find_mount(search, path) ||
			       (statfs(path, &fs) == 0 && fs.f_type != OVERLAYFS &&
				(uint32_t)fs.f_type != BTRFS_SUPER_MAGIC);
}

/* ---- the sockets ---- */

/* An abstract name is compared in the form in which it is shown; see unix_socks.c. */
static bool is_match(const struct unix_search *search, const struct other *other)
{
	const struct unix_ask *ask = search->ask;

	if (ask->abstract)
		return other->local_size == ask->size + 1 && !other->local_is_path &&
		       memcmp(other->local + 1, ask->name, ask->size) == 0;
	return search->has_file && other->have_vfs && other->vfs_inode == search->inode &&
	       other->vfs_device == search->device;
}

/* Abstract names of the other socket types are separate. */
static bool is_in_the_way(const struct unix_ask *ask, const struct unix_sock *sock)
{
	return !ask->abstract || sock->type == ask->type;
}

static enum unix_type type_of(enum protocol protocol)
{
	return protocol == PROTOCOL_UNIX_STREAM ? UNIX_STREAM :
	       protocol == PROTOCOL_UNIX_SEQPACKET ? UNIX_SEQPACKET : UNIX_DGRAM;
}

static void add_match(struct unix_search *search, const struct other_row *row)
{
	const struct sock *sock = &row->sock;
	struct unix_match *match = grow_add(&search->matches);

	match->sock = (struct unix_sock){
		.inode = sock->inode, .type = type_of(sock->protocol),
		.listens = sock->state == STATE_LISTEN,
		.recv_queue = sock->recv_queue, .send_queue = sock->send_queue,
	};
	match->connected = sock->state == STATE_ESTABLISHED && match->sock.type != UNIX_DGRAM;
	match->peer = row->other.peer_inode;
	if (!match->connected)
		search->owned |= 1u << match->sock.type;
}

/*
 * A message may come again after a broken try, so each socket is taken once. A socket
 * without an inode waits to be accepted, and was never bound itself.
 */
static int take_unix_sock(void *ctx, const struct nlmsghdr *message)
{
	struct unix_search *search = ctx;
	struct other_row row = { .sock.detail = NULL };
	bool fresh, is = others_parse(&unix_socks, mnl_nlmsg_get_payload(message),
				      mnl_nlmsg_get_payload_len(message), &row) >= 0;

	search->senseless |= !is;
	if (!is || !row.sock.inode)
		return 0;
	*map_slot(&search->named, row.sock.inode, &fresh) = 1 + (row.other.local_size > 0);
	if (fresh && is_match(search, &row.other))
		add_match(search, &row);
	return 0;
}

/* Lists the unix sockets of this namespace. Returns 0 or -errno. */
static int list_unix_socks(struct unix_search *search)
{
	struct wire_dump dump = {
		.request = unix_socks.request, .size = unix_socks.request_size,
		.deadline_ms = search->deadline_ms, .take = take_unix_sock, .ctx = search,
	};
	int err;

	search->senseless = false;
	err = wire_dump(&dump, NULL);
	return err ? err : search->senseless ? -EBADMSG : 0;
}

static bool list_unix_there(void *ctx, struct netns *netns)
{
	(void)netns;
	return list_unix_socks(ctx) == 0;
}

/*
 * An accepted connection tells the name of its listener, but does not hold it. A
 * connected socket is certainly accepted when another socket has that name and type, or
 * when its peer has no name: the end that was called has one.
 */
static bool is_accepted(const struct unix_search *search, const struct unix_match *match)
{
	const uint32_t *peer;

	if (!match->connected || search->owned & 1u << match->sock.type)
		return match->connected;
	peer = map_find(&search->named, match->peer);
	return peer && *peer == 1;
}

static int by_inode(const void *a, const void *b)
{
	const struct unix_sock *one = a, *other = b;

	return order_of(one->inode, other->inode);
}

static void keep_owners(const struct unix_search *search, struct unix_context *context)
{
	for (size_t i = 0; i < search->matches.count; i++)
		if (!is_accepted(search, &search->matches.at[i]) &&
		    is_in_the_way(search->ask, &search->matches.at[i].sock))
			*grow_add(&context->socks) = search->matches.at[i].sock;
	if (context->socks.count)
		qsort(context->socks.at, context->socks.count, sizeof(*context->socks.at),
		      by_inode);
}

/*
 * Each network namespace has its own list of sockets, but a file is visible in all of
 * them. So when nobody here has the file, somebody may have it in another namespace.
 */
static int look_at_name(const struct unix_ask *ask, struct unix_context *context,
			unsigned deadline_ms)
{
	struct unix_search search = { .ask = ask, .deadline_ms = deadline_ms };
	OWN_MEM char *path = grow_alloc(ask->size + 1);
	struct stat st = { 0 };
	int err;

	memcpy(path, ask->name, ask->size);
	if (!ask->abstract)
		look_at_file(context, path, &st);
	if (context->file == UNIX_FILE_SOCKET)
		find_file(&search, path, &st);
	err = list_unix_socks(&search);
	context->listed = !err;
	keep_owners(&search, context);
	if (!err && search.has_file && !context->socks.count) {
		context->elsewhere_known = !netns_tour(NETNS_HELD, list_unix_there, &search, NULL, NULL) &&
					 search.device_known;
		keep_owners(&search, context);
	}
	map_fini(&search.named);
	grow_fini(&search.matches);
	return err;
}

/* ---- recording ---- */

static void make_unix_key(struct text *key, const struct unix_ask *ask)
{
	uint32_t fixed[2] = { ask->abstract, ask->type };

	text_add(key, (const char *)fixed, sizeof(fixed));
	text_add(key, ask->name, ask->size);
}

static struct answer_unix unix_answer_of(const struct unix_context *context, int list_err)
{
	struct answer_unix told = {
		.file = context->file, .parent_err = context->parent_err, .listed = context->listed,
		.elsewhere_known = context->elsewhere_known, .list_err = list_err,
	};

	memcpy(told.file_kind, context->file_kind, sizeof(told.file_kind));
	return told;
}

/* Returns the error of the recorded listing. */
static int replay_unix(struct unix_context *context, const struct answer_unix *told)
{
	context->file = told->file <= UNIX_FILE_DANGLING ? told->file : UNIX_FILE_UNKNOWN;
	context->parent_err = told->parent_err > 0 && told->parent_err < 4096 ? told->parent_err : 0;
	context->listed = told->listed;
	context->elsewhere_known = told->elsewhere_known;
	/* our own text is plain ASCII; anything else was put there by somebody */
	for (size_t i = 0; i < sizeof(context->file_kind) - 1 && told->file_kind[i]; i++)
		context->file_kind[i] = (char)(told->file_kind[i] >= ' ' && told->file_kind[i] <= '~' ?
					     told->file_kind[i] : '?');
	return told->list_err > -4096 && told->list_err < 0 ? told->list_err : 0;
}

static void replay_unix_socks(const struct unix_ask *ask, const struct text *rows,
			      struct unix_context *context)
{
	struct unix_sock sock;

	for (size_t at = 0; at < rows->count; at += sizeof(sock)) {
		memcpy(&sock, rows->at + at, sizeof(sock));
		if (is_in_the_way(ask, &sock))
			*grow_add(&context->socks) = sock;
	}
}

void collect_unix(struct collect *collect, const struct unix_ask *ask,
		  struct unix_context *context, struct snapshot *seen)
{
	struct recorder *recorder = &collect->recorder;
	struct answer_unix told;
	struct question question = { .kind = ANSWER_UNIX, .head = &told };
	struct text key = { 0 };
	int err = 0;

	make_unix_key(&key, ask);
	question.key = key.at;
	question.key_size = key.count;
	/* an abstract name has its NUL in front, a path behind it */
	context->name_max = (struct known){ true, sizeof(((struct sockaddr_un *)0)->sun_path) - 1 };
	if (!recorder_replays(recorder)) {
		err = look_at_name(ask, context, collect->source.deadline_ms);
		told = unix_answer_of(context, err);
		text_add(&question.rows, context->socks.at,
			 context->socks.count * sizeof(*context->socks.at));
		recorder_answer(recorder, &question);
	} else if (recorder_answered(recorder, &question)) {
		err = replay_unix(context, &told);
		replay_unix_socks(ask, &question.rows, context);
	} else {
		snapshot_gap(seen, GAP_RECORDING, 1,
			     "the recording does not hold what was at that name");
	}
	if (err)
		snapshot_gap(seen, GAP_DUMP, 1, "unix sockets could not be listed (%s)",
			     strerror(-err));
	text_fini(&question.rows);
	text_fini(&key);
}
