/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP descriptors whose connection is gone. A socket that was reset, given up or killed is
 * in state CLOSE and in no table; only its descriptor is left, so /proc/PID/fd is walked,
 * of few processes. The name of the protocol (system.sockprotoname) finds the TCP sockets,
 * and a duplicate of the descriptor tells the rest: one in another state lives in another
 * namespace; one in CLOSE that has neither sent nor received a segment was never
 * connected, or was disconnected to be used again. SO_ERROR is not read: reading clears
 * it, and the program would miss it.
 *
 * An MPTCP connection tells of its first subflow, which may end before the others, and whose
 * counters begin anew then. That the whole has ended is what poll() says, and its flags
 * stay when it was connected.
 *
 * The times of tcp_info keep running: since the last segment, for 49.7 days. A busy program
 * has always some connections that ended just now and that it is about to close, so one
 * that was heard of within the last second counts when its descriptor is still there a
 * moment later.
 */
#include "collect/handle.h"

#include "base/grow.h"
#include "base/ids.h"
#include "base/own.h"
#include "collect/lender.h"
#include "collect/proc_scan.h"

#include <errno.h>
#include <linux/mptcp.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif

enum { YOUNG_MS = 1000, MOMENT_MS = 100 };

/*
 * Of a process with more descriptors a sample is asked first. Where it has no dead one,
 * their share is about 1 % at most, and asking all would take as long as listing the
 * sockets.
 */
enum { SAMPLE = 256 };

struct young { size_t row; int32_t fd; uint32_t inode; };

struct dead_walk {
	struct proc_scan scan;
	struct lender    lender;
	struct ids       listed;        /* inodes of rows */
	struct text     *rows;
	struct { struct young *at; size_t count, room; } young;
	uint64_t         unasked;       /* processes that could not be asked, and why */
	int              unasked_err;
};

static bool is_listed(const struct dead_walk *walk, uint32_t inode)
{
	const struct folded *folded = walk->scan.seen->folded;

	return ids_has(&walk->listed, inode) || (folded && ids_has(&folded->inodes, inode));
}

static bool is_tcp(int folder, const char *name)
{
	static const char *const names[] = { "TCP", "TCPv6", "MPTCP", "MPTCPv6" };
	char path[64], protocol[16];
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%.20s", folder, name);
	size = getxattr(path, "system.sockprotoname", protocol, sizeof(protocol));
	/* the NUL is part of the value */
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (size == (ssize_t)strlen(names[i]) + 1 && strcmp(protocol, names[i]) == 0)
			return true;
	return false;
}

static uint32_t least_of(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static bool was_connected(int fd, const struct tcp_info *info)
{
	struct mptcp_info whole = { .mptcpi_flags = 0 };
	socklen_t size = sizeof(whole);

	return info->tcpi_segs_in || info->tcpi_segs_out ||
	       (getsockopt(fd, SOL_MPTCP, MPTCP_INFO, &whole, &size) == 0 && whole.mptcpi_flags);
}

static bool has_ended(int fd)
{
	struct pollfd ended = { .fd = fd };

	return poll(&ended, 1, 0) == 1 && ended.revents & POLLHUP;
}

static void add_dead(struct dead_walk *walk, struct answer_dead *told, const struct tcp_info *info,
		     struct young young)
{
	uint32_t silent_ms = least_of(info->tcpi_last_ack_recv,
				      least_of(info->tcpi_last_data_recv, info->tcpi_last_data_sent));
	/* without an answer of the peer the stamps are not set, and say since boot */
	bool stamped = info->tcpi_bytes_acked || info->tcpi_bytes_received;

	told->dead++;
	if (stamped && silent_ms > told->silent_ms)
		told->silent_ms = silent_ms;
	if (!stamped || silent_ms < YOUNG_MS)
		*grow_add(&walk->young) = young;
}

/*
 * True for a descriptor whose connection is gone. Another socket may have the number by
 * now: it is asked at the next look.
 */
static bool ask(struct dead_walk *walk, struct answer_dead *told, int32_t fd, uint32_t inode,
		struct tcp_info *info)
{
	OWN_FD int borrowed = lender_borrow(&walk->lender, told->pid, fd);
	socklen_t size = sizeof(*info);
	struct stat st;

	memset(info, 0, sizeof(*info));
	if (borrowed < 0 && errno != EBADF && errno != ESRCH) {
		walk->unasked_err = errno;
		told->unasked++;
	}
	return borrowed >= 0 && fstat(borrowed, &st) == 0 && st.st_ino == inode &&
	       getsockopt(borrowed, IPPROTO_TCP, TCP_INFO, info, &size) == 0 &&
	       info->tcpi_state == STATE_CLOSE && was_connected(borrowed, info) && has_ended(borrowed);
}

/* True for a TCP socket that is in no table. */
static bool is_unlisted(const struct dead_walk *walk, int folder, const char *name, int32_t *fd,
			uint32_t *inode)
{
	int err;

	return proc_socket(folder, name, fd, inode, NULL, &err) && !is_listed(walk, *inode) &&
	       is_tcp(folder, name);
}

/* The numbers below this can be descriptors; 0 when it is not known. */
static unsigned long table_size(const struct dead_walk *walk, int32_t pid)
{
	struct text status = { 0 };
	const char *line = proc_read(&walk->scan.proc, pid, "status", &status) == 0 ?
			   strstr(text_str(&status), "\nFDSize:") : NULL;
	unsigned long size = line ? strtoul(line + strlen("\nFDSize:"), NULL, 10) : 0;

	text_fini(&status);
	return size < INT32_MAX ? size : 0;
}

/* Where one may not be asked, none may. */
static bool is_worth_it(struct dead_walk *walk, const struct process *process, int folder,
			struct answer_dead *told)
{
	unsigned long size = process->files->open.value <= SAMPLE ||
			     recorder_records(walk->scan.recorder) ? 0 :
			     table_size(walk, process->pid);
	struct tcp_info info;
	uint32_t inode;
	int32_t fd;
	char name[24];

	/* the step is odd, because every other descriptor may be the other end */
	for (unsigned long i = 0; i < size && !told->unasked; i += size / SAMPLE | 1) {
		snprintf(name, sizeof(name), "%lu", i);
		if (is_unlisted(walk, folder, name, &fd, &inode) &&
		    ask(walk, told, fd, inode, &info))
			return true;
	}
	return !size;
}

static void look_through(struct dead_walk *walk, DIR *folder, struct answer_dead *told)
{
	const struct dirent *entry;
	int err = 0;

	while (!told->unasked && (entry = proc_entry(folder, &err))) {
		struct tcp_info info;
		int32_t fd;
		uint32_t inode;

		if (is_unlisted(walk, dirfd(folder), entry->d_name, &fd, &inode) &&
		    ask(walk, told, fd, inode, &info))
			add_dead(walk, told, &info,
				 (struct young){ walk->rows->count, .fd = fd, .inode = inode });
	}
	if (err)
		scan_failed(&walk->scan, told->pid, err);
	if (!told->unasked || told->dead)
		text_add(walk->rows, told, sizeof(*told));
}

static void look_into(struct dead_walk *walk, const struct process *process)
{
	struct answer_dead told = { .pid = process->pid };
	int fd = scan_open_descriptors(&walk->scan, told.pid);
	OWN_DIR DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (folder && is_worth_it(walk, process, fd, &told))
		look_through(walk, folder, &told);
	walk->unasked += told.unasked > 0;
}

static bool is_held(const struct dead_walk *walk, int32_t pid, const struct young *young)
{
	char path[PROC_PATH], rest[24], link[64];
	uint32_t inode;
	ssize_t size;

	snprintf(rest, sizeof(rest), "fd/%d", young->fd);
	proc_path(path, pid, rest);
	size = readlinkat(dirfd(walk->scan.proc.folder), path, link, sizeof(link));
	return size > 0 && proc_link_inode(link, (size_t)size, "socket:[", &inode) &&
	       inode == young->inode;
}

static void drop_closed(struct dead_walk *walk)
{
	const struct timespec moment = { .tv_nsec = MOMENT_MS * 1000000L };

	if (walk->young.count)
		nanosleep(&moment, NULL);
	for (size_t i = 0; i < walk->young.count; i++) {
		const struct young *young = &walk->young.at[i];
		struct answer_dead told;

		memcpy(&told, walk->rows->at + young->row, sizeof(told));
		told.dead -= !is_held(walk, told.pid, young);
		memcpy(walk->rows->at + young->row, &told, sizeof(told));
	}
	grow_fini(&walk->young);
}

static const char *why_unasked(int err)
{
	return err == EPERM ? "needs CAP_SYS_PTRACE" :
	       err == EXDEV ? "pids of this /proc are of another process namespace" :
	       err == EBUSY ? "duplicating them would change their traffic class (cgroup v1)" :
	       strerror(err);
}

static void note_gaps(struct dead_walk *walk)
{
	struct snapshot *seen = walk->scan.seen;

	scan_note_gaps(&walk->scan, "descriptors");
	if (walk->unasked)
		recorder_gap(walk->scan.recorder, seen, GAP_OWNERS, walk->unasked,
			     "TCP descriptors of %llu %s could not be asked whether their connections "
			     "are gone: %s", (unsigned long long)walk->unasked,
			     walk->unasked == 1 ? "process" : "processes",
			     why_unasked(walk->unasked_err));
}

static void walk_all(struct recorder *recorder, struct snapshot *seen, const struct map *pids,
		     struct text *rows)
{
	struct dead_walk walk = { .scan = { .recorder = recorder, .seen = seen }, .rows = rows };

	if (proc_open(&walk.scan.proc) < 0)
		return;
	lender_init(&walk.lender);
	for (size_t i = 0; i < seen->socks.count; i++)
		if (seen->socks.at[i].inode)
			ids_add(&walk.listed, seen->socks.at[i].inode);
	for (size_t i = 0; i < seen->processes.count; i++) {
		const struct process *process = &seen->processes.at[i];

		if (process->files && !process->tid &&
		    (recorder_records(recorder) || map_find(pids, (uint32_t)process->pid)))
			look_into(&walk, process);
	}
	drop_closed(&walk);
	note_gaps(&walk);
	ids_fini(&walk.listed);
	lender_fini(&walk.lender);
	proc_close(&walk.scan.proc);
}

static void add_all(struct snapshot *seen, const struct text *rows)
{
	for (size_t at = 0; at < rows->count; at += sizeof(struct answer_dead)) {
		struct answer_dead told;
		struct process_files *files;

		memcpy(&told, rows->at + at, sizeof(told));
		files = snapshot_process_files(seen, snapshot_process(seen, told.pid));
		files->dead = (struct known){ true, told.dead };
		files->dead_silent_ms = (struct known){ told.silent_ms > 0, told.silent_ms };
	}
}

void collect_dead(struct collect *collect, struct snapshot *seen, const struct map *pids)
{
	struct recorder *recorder = &collect->recorder;
	struct question question = { .kind = ANSWER_DEAD, .key = "" };

	if (recorder_replays(recorder)) {
		if (!recorder_answered(recorder, &question) && pids->count)
			snapshot_gap(seen, GAP_OWNERS, 1, "the recording does not tell which "
				     "descriptors have connections that are gone");
	} else {
		walk_all(recorder, seen, pids, &question.rows);
		recorder_answer(recorder, &question);
	}
	add_all(seen, &question.rows);
	text_fini(&question.rows);
}
