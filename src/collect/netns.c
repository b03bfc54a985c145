/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/netns.h"

#include "base/grow.h"
#include "base/input.h"
#include "base/order.h"
#include "base/own.h"
#include "collect/host.h"
#include "collect/privilege.h"
#include "collect/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often the namespaces are searched, because a process that showed one may have ended. */
#define ROUNDS 3

#define NETNS_LINK "net:["      /* "net:[4026531840]" */

/* ---- the one that the user named ---- */

enum name_kind { BY_NAME, BY_PID, BY_PATH };

static enum name_kind kind_of(const char *name)
{
	if (strchr(name, '/'))
		return BY_PATH;
	return *name && name[strspn(name, "0123456789")] == '\0' ? BY_PID : BY_NAME;
}

static void path_of(struct text *path, const char *name)
{
	OWN_MEM char *there = NULL;
	struct text file = { 0 };

	if (kind_of(name) == BY_PATH) {
		text_addf(path, "%s", name);
		return;
	}
	text_addf(&file, kind_of(name) == BY_PID ? "/proc/%s/ns/net" : "/run/netns/%s", name);
	there = host_path(text_str(&file));
	text_addf(path, "%s", there);
	text_fini(&file);
}

static const char *what_to_do(const char *name, int err)
{
	if (err == EPERM || err == EACCES)
		return "run as root";
	switch (kind_of(name)) {
	case BY_PID:
		return err == ENOENT ? "no such process; name one that runs" : "name a process";
	case BY_PATH:
		return "name a file such as /proc/PID/ns/net";
	case BY_NAME:
		break;
	}
	return "`ip netns` lists the names; a PID or a path with a / will do too";
}

static int refuse_name(const char *name, int err, struct fault *fault)
{
	return fault_set(fault, err, "cannot enter the network namespace %s: %s; %s",
			 QUOTE(name), strerror(err), what_to_do(name, err));
}

int netns_enter(const char *name, struct fault *fault)
{
	struct text path = { 0 };
	struct input input;
	const char *why;
	int err;

	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return refuse_name(name, EINVAL, fault);
	path_of(&path, name);
	err = input_open(&input, text_str(&path), &why);
	text_fini(&path);
	if (!err && setns(input.fd, CLONE_NEWNET) < 0)
		err = -errno;
	input_close(&input);
	return err ? refuse_name(name, -err, fault) : 0;
}

uint64_t netns_inode(void)
{
	struct stat st;

	return host_stat("/proc/thread-self/ns/net", &st) == 0 ? (uint64_t)st.st_ino : 0;
}

/* ---- all that can be found ---- */

struct netns_found {
	struct netns_list list;         /* by inode, once they are sorted */
	struct map by_inode;            /* index + 1, until then */
	bool       whole;               /* no process and no namespace was hidden from us */
	bool       outside;             /* processes can be outside of what /proc shows */
	uint64_t   hidden;              /* processes whose namespaces we may not see */
	int32_t    hidden_pid;          /* the first of them */
};

struct netns_walk {
	struct netns_found *found;
	struct proc    proc;
	unsigned       how;
	bool           refused; /* something of the process at hand could not be read */
};

/* The first path is kept, because mounts come first and outlive a process. */
static struct netns *add_netns(struct netns_found *found, uint64_t inode, const char *path)
{
	uint32_t *slot = map_slot(&found->by_inode, inode, NULL);
	struct netns *netns;

	if (*slot)
		return found->list.at[*slot - 1];
	netns = grow_alloc(sizeof(*netns));
	*grow_add(&found->list) = netns;
	*slot = (uint32_t)found->list.count;
	netns->inode = inode;
	netns->path = grow_strdup(path);
	return netns;
}

static void set_name(struct netns *netns, const char *name)
{
	if (!netns->name && *name && strlen(name) <= NAME_MAX && !strchr(name, '/'))
		netns->name = grow_strdup(name);
}

/* ---- mounts and names ---- */

static const char *const folders[] = { "/run/netns/", "/var/run/netns/" };

static void take_mount(struct netns_found *found, const struct mount *mount)
{
	struct netns *netns;
	uint32_t inode;

	if (strcmp(mount->type, "nsfs") != 0 ||
	    !proc_link_inode(mount->root, strlen(mount->root), NETNS_LINK, &inode))
		return;
	netns = add_netns(found, inode, mount->point);
	for (unsigned i = 0; i < 2; i++) {
		OWN_MEM char *folder = host_path(folders[i]);

		if (strncmp(mount->point, folder, strlen(folder)) == 0)
			set_name(netns, mount->point + strlen(folder));
	}
}

static void find_mounts(struct netns_found *found)
{
	OWN_FILE FILE *mounts = host_fopen("/proc/thread-self/mountinfo");
	OWN_MEM char *line = NULL;
	size_t room = 0;
	struct mount mount;

	if (!mounts) {
		found->whole = false;
		return;
	}
	while (getline(&line, &room, mounts) > 0)
		if (mount_parse(line, &mount))
			take_mount(found, &mount);
	if (ferror(mounts))
		found->whole = false;
}

/* Returns the inode of the network namespace at a path, or 0 if it is not one. */
static uint64_t named_inode(const char *path)
{
	struct stat there, nsfs;
	OWN_FD int fd = -1;

	/* stat() comes before open(), which may block or act on what was put there */
	if (stat(path, &there) < 0 || host_stat("/proc/thread-self/ns/net", &nsfs) < 0 ||
	    there.st_dev != nsfs.st_dev)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd >= 0 && ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET && fstat(fd, &there) == 0 ?
	       (uint64_t)there.st_ino : 0;
}

/* Container engines leave symbolic links as names. */
static void find_names(struct netns_found *found, const char *of_host)
{
	OWN_MEM char *folder = host_path(of_host);
	OWN_DIR DIR *names = opendir(folder);
	const struct dirent *entry;
	int err = names || errno == ENOENT || errno == ENOTDIR ? 0 : errno;

	while (names && (entry = proc_entry(names, &err))) {
		struct text path = { 0 };
		uint64_t inode;

		text_addf(&path, "%s%s", folder, entry->d_name);
		inode = entry->d_type == DT_LNK ? named_inode(text_str(&path)) : 0;
		if (inode)
			set_name(add_netns(found, inode, text_str(&path)), entry->d_name);
		text_fini(&path);
	}
	if (err)
		found->whole = false;
}

/* ---- processes ---- */

/* A process that has ended hides nothing. */
static void note_failure(struct netns_walk *walk, int32_t pid, int err)
{
	if (proc_shows_nothing(pid, err))
		return;
	walk->found->whole = false;
	walk->refused = true;
}

/* Returns the namespace that a link below /proc shows, or NULL. */
static struct netns *take_link(struct netns_walk *walk, int32_t pid, const char *below)
{
	char link[64], file[64];
	OWN_MEM char *path = NULL;
	uint32_t inode;
	ssize_t size = readlinkat(dirfd(walk->proc.folder), below, link, sizeof(link));

	if (size < 0)
		note_failure(walk, pid, errno);
	if (size < 0 || !proc_link_inode(link, (size_t)size, NETNS_LINK, &inode))
		return NULL;
	snprintf(file, sizeof(file), "/proc/%s", below);
	path = host_path(file);
	return add_netns(walk->found, inode, path);
}

/* Takes the namespaces behind the numbered entries of a folder of a process. */
static void take_folder(struct netns_walk *walk, int32_t pid, const char *name, const char *rest)
{
	char below[PROC_PATH];
	OWN_DIR DIR *folder = NULL;
	const struct dirent *entry;
	int32_t number;
	int err = 0;

	proc_path(below, pid, name);
	folder = proc_folder(&walk->proc, below);
	if (!folder) {
		note_failure(walk, pid, errno);
		return;
	}
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

static void take_process(struct netns_walk *walk, int32_t pid)
{
	char below[PROC_PATH];
	struct netns *netns;

	walk->refused = false;
	proc_path(below, pid, "ns/net");
	netns = take_link(walk, pid, below);
	if (netns)
		*grow_add(&netns->pids) = pid;
	if (netns && (!netns->pid || pid < netns->pid))
		netns->pid = pid;
	if (walk->how & NETNS_HELD) {
		take_folder(walk, pid, "task", "/ns/net");
		take_folder(walk, pid, "fd", "");
	}
	if (!walk->refused)
		return;
	if (!walk->found->hidden++)
		walk->found->hidden_pid = pid;
}

static void find_processes(struct netns_found *found, unsigned how)
{
	struct netns_walk walk = { .found = found, .how = how };
	int32_t pid;

	if (proc_open(&walk.proc) < 0) {
		found->whole = false;
		return;
	}
	while (proc_next(&walk.proc, &pid))
		take_process(&walk, pid);
	if (walk.proc.err || proc_hides(&walk.proc))
		found->whole = false;
	found->outside = !proc_is_first(&walk.proc);
	proc_close(&walk.proc);
}

static int compare_netns(const void *a, const void *b)
{
	const struct netns *const *one = a, *const *other = b;

	return order_of((int64_t)(*one)->inode, (int64_t)(*other)->inode);
}

/* Finds all, our own among them. */
static void find_all(struct netns_found *found, unsigned how)
{
	*found = (struct netns_found){ .whole = true };
	find_mounts(found);
	for (unsigned i = 0; i < 2; i++)
		find_names(found, folders[i]);
	find_processes(found, how);
	if (found->list.count)
		qsort(found->list.at, found->list.count, sizeof(*found->list.at), compare_netns);
	map_fini(&found->by_inode);
}

/* ---- the tour ---- */

struct tour {
	unsigned    how;
	netns_look *look;
	void       *ctx;
	struct netns_list *visited;     /* gets those that were visited, or NULL */
	struct snapshot   *seen;        /* gets the gaps, or NULL */
	uint64_t    home;
	struct map  done;       /* inodes of those that were visited or refused us */
	struct map  lost;       /* inodes of those that were gone when they were opened */
	unsigned    round;
	bool        listed;     /* no namespace was hidden from us */
	bool        settled;    /* none was gone in this round */
	bool        read;       /* each could be entered, and @look was true everywhere */
	struct netns_found found;       /* in this round */
};

/*
 * Compares the inode after opening, because the pid may have been given to another
 * process. Returns 0 or an errno; ESRCH when the namespace is not there any more, also
 * when the descriptor that held it has become a socket, which cannot be opened.
 */
static int enter_netns(const struct netns *netns)
{
	OWN_FD int fd = open(netns->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT || errno == ENXIO ? ESRCH : errno;
	if (fstat(fd, &st) < 0 || (uint64_t)st.st_ino != netns->inode)
		return ESRCH;
	return setns(fd, CLONE_NEWNET) == 0 ? 0 : errno;
}

/* Moves it from the list of this round to @visited, if that is wanted. */
static void look_at(struct tour *tour, struct netns **slot)
{
	struct netns *netns = *slot;

	if (tour->visited) {
		*grow_add(tour->visited) = netns;
		*slot = NULL;
	}
	map_slot(&tour->done, netns->inode, NULL);
	if (!tour->look(tour->ctx, netns))
		tour->read = false;
}

static void refuse(struct tour *tour, const struct netns *netns, int err)
{
	char which[300];

	map_slot(&tour->done, netns->inode, NULL);
	tour->read = false;
	if (!tour->seen)
		return;
	if (netns->name)
		snprintf(which, sizeof(which), "the network namespace %s", QUOTE(netns->name));
	else if (netns->pid)
		snprintf(which, sizeof(which), "the network namespace of process %d", netns->pid);
	else
		snprintf(which, sizeof(which), "network namespace %llu",
			 (unsigned long long)netns->inode);
	snapshot_gap(tour->seen, GAP_NETNS, 1, "%s cannot be entered: %s", which, strerror(err));
}

/* We are in our own already: it cannot refuse us, and need not have been found. */
static void visit_own(struct tour *tour)
{
	struct netns_list *list = &tour->found.list;
	size_t i = 0;

	if (!(tour->how & NETNS_OWN) || map_find(&tour->done, tour->home))
		return;
	while (i < list->count && list->at[i]->inode != tour->home)
		i++;
	if (i == list->count) {
		*grow_add(list) = grow_alloc(sizeof(struct netns));
		list->at[i]->inode = tour->home;
	}
	list->at[i]->is_own = true;
	look_at(tour, &list->at[i]);
}

/*
 * Notes that a namespace was gone from its path, so that another path has to be found.
 * Returns false in later rounds for one that was not gone before: it is new, and was not
 * there when the tour began.
 */
static bool lose(struct tour *tour, const struct netns *netns)
{
	if (tour->round && !map_find(&tour->lost, netns->inode))
		return false;
	map_slot(&tour->lost, netns->inode, NULL);
	return true;
}

/* Returns false when the namespace was gone before it could be opened. */
static bool visit(struct tour *tour, struct netns **slot)
{
	const struct netns *netns = *slot;
	int err;

	if (!netns || netns->inode == tour->home || map_find(&tour->done, netns->inode))
		return true;
	err = enter_netns(netns);
	if (err == ESRCH || (netns->pid && proc_shows_nothing(netns->pid, err)))
		return !lose(tour, netns);
	if (err)
		refuse(tour, netns, err);
	else
		look_at(tour, slot);
	return true;
}

/* A namespace that was gone may still exist, if another process is in it. */
static void visit_all(struct tour *tour)
{
	find_all(&tour->found, tour->how);
	tour->listed &= tour->found.whole;
	tour->settled = true;
	visit_own(tour);
	for (size_t i = 0; i < tour->found.list.count; i++)
		tour->settled &= visit(tour, &tour->found.list.at[i]);
	netns_list_fini(&tour->found.list);
}

static void *run_tour(void *arg)
{
	struct tour *tour = arg;

	for (; !tour->settled && tour->round < ROUNDS; tour->round++)
		visit_all(tour);
	return NULL;
}

static void note_hidden(const struct tour *tour)
{
	const struct netns_found *found = &tour->found;

	if (found->outside)
		snapshot_gap(tour->seen, GAP_NETNS, 1, "network namespaces may be missing: those of "
			     "processes outside of this process namespace cannot be seen (look from the "
			     "host, or run with --pid=host, hostPID: true)");
	if (found->hidden)
		snapshot_gap(tour->seen, GAP_NETNS, found->hidden,
			     "network namespaces may be missing: those of %llu process%s could not be "
			     "read, the first is %d (%s)", (unsigned long long)found->hidden,
			     found->hidden == 1 ? "" : "es", found->hidden_pid, privilege_lacked());
	else if (found->outside)
		return;
	else if (tour->listed)
		snapshot_gap(tour->seen, GAP_NETNS, 1, "network namespaces may be missing: some came "
			     "and went faster than they could be looked into; try again");
	else
		snapshot_gap(tour->seen, GAP_NETNS, 1, "network namespaces may be missing: processes "
			     "or mounts could not all be listed (%s)", privilege_lacked());
}

int netns_tour(unsigned how, netns_look *look, void *ctx, struct netns_list *visited,
	       struct snapshot *seen)
{
	struct tour tour = {
		.how = how, .look = look, .ctx = ctx, .visited = visited, .seen = seen,
		.home = netns_inode(), .listed = true, .read = true,
	};
	pthread_t thread;
	int err = tour.home ? pthread_create(&thread, NULL, run_tour, &tour) : ENOENT;
	bool found;

	if (!err)
		pthread_join(thread, NULL);
	map_fini(&tour.done);
	map_fini(&tour.lost);
	found = tour.listed && tour.settled;
	if (!err && (!found || tour.found.outside) && seen)
		note_hidden(&tour);
	return err ? -err : !found || !tour.read;
}
