/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/probe.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define UNPRIVILEGED_PORT_START "/proc/sys/net/ipv4/ip_unprivileged_port_start"

/* From the child: the last step it took. One write to a pipe comes whole or not at all. */
struct trial { uint32_t step; int32_t err; };

/* As recorded: fixed members without padding. */
struct bind_key {
	uint32_t protocol, family, port, ifindex, scope, uid;
	uint32_t reuseaddr, reuseport, v6only;
	uint8_t  addr[16];
};
struct bind_told { int32_t made, err; char refusal[PROBE_REFUSAL]; };

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? errno : 0;
}

/* IPV6_V6ONLY always, because a sysctl chooses what it starts with. */
static int set_options(int fd, const struct bind_ask *ask)
{
	int err = set_option(fd, SOL_SOCKET, SO_REUSEADDR, ask->reuseaddr);

	if (!err)
		err = set_option(fd, SOL_SOCKET, SO_REUSEPORT, ask->reuseport);
	if (!err && ask->family == FAMILY_IPV6)
		err = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, ask->v6only);
	return err;
}

/* The kernel would take the number of a device that is not there. */
static int set_device(int fd, const struct bind_ask *ask)
{
	char name[IF_NAMESIZE];

	if (!ask->ifindex)
		return 0;
	if (!if_indextoname(ask->ifindex, name))
		return errno;
	return set_option(fd, SOL_SOCKET, SO_BINDTOIFINDEX, (int)ask->ifindex);
}

/* Only SO_REUSEPORT compares owners: without it, anybody's socket will do. */
static int set_owner(int fd, const struct bind_ask *ask)
{
	if (ask->uid == geteuid() || fchown(fd, ask->uid, (gid_t)-1) == 0)
		return 0;
	return ask->reuseport ? errno : 0;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capset, &header, none) < 0 ? errno : 0;
}

/* 1024 where it cannot be read: the limit of old. */
static bool is_low(uint16_t port)
{
	struct text content = { 0 };
	long start = tape_read(AT_FDCWD, UNPRIVILEGED_PORT_START, &content) == 0 ?
		     atol(text_str(&content)) : 1024;

	text_fini(&content);
	return port < start;
}

static int become(uint32_t uid)
{
	/* EPERM: some user namespaces forbid it; bind() does not look at groups. */
	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return errno;
	return setresuid(uid, uid, uid) < 0 ? errno : 0;
}

/* Who becomes root by CAP_SETUID alone is root without capabilities. */
static int lacks_right_of_root(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (prctl(PR_CAPBSET_READ, CAP_NET_BIND_SERVICE, 0, 0, 0) != 1)
		return 0;       /* then root has none here either */
	if (syscall(SYS_capget, &header, sets) < 0)
		return errno;
	return sets[0].effective >> CAP_NET_BIND_SERVICE & 1 ? 0 : EPERM;
}

/*
 * A program of a uid other than 0 has no capability but the ambient ones, and
 * those only if it is started by us as we are. To give them up is always
 * permitted, also where another uid cannot be taken; to get those of root is not.
 */
static int set_rights(int fd, const struct bind_ask *ask)
{
	bool ours = ask->uid == geteuid();
	int err = ours ? 0 : become(ask->uid);

	(void)fd;
	if (ask->uid == 0 && !ours && !err)
		err = lacks_right_of_root();
	if (ask->uid == 0)
		return err && is_low(ask->port) ? err : 0;
	if (ours && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_BIND_SERVICE, 0, 0) == 1)
		return 0;
	return drop_capabilities();
}

static int do_bind(int fd, const struct bind_ask *ask)
{
	struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons(ask->port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(ask->port),
				    .sin6_scope_id = ask->scope };
	bool is_v4 = ask->family == FAMILY_IPV4;
	const void *at = is_v4 ? (const void *)&in4 : &in6;

	memcpy(&in4.sin_addr, ask->addr.b + 12, 4);
	memcpy(&in6.sin6_addr, ask->addr.b, 16);
	return bind(fd, at, is_v4 ? sizeof(in4) : sizeof(in6)) < 0 ? errno : 0;
}

/*
 * What the child does with its socket, in this order: it is made and given to
 * the asked uid while we have every right, and bound after they are gone. bind()
 * looks at the caller's capabilities and at the socket's owner, at nothing else.
 */
static const struct step {
	int (*take)(int fd, const struct bind_ask *ask);
	const char *refusal;            /* what a failure means */
} steps[] = {
	{ NULL,        "a socket to try it with could not be made" },
	{ set_options, "the options of the socket to try it with could not be set" },
	{ set_device,  "the socket to try it with could not be put on the device" },
	{ set_owner,   "SO_REUSEPORT compares uids and no socket of that uid could be made (run as that user, or as root outside of a user namespace)" },
	{ set_rights,  "the right of that uid to bind a low port could not be had (run as root)" },
	{ do_bind,     NULL },
};

enum { STEP_COUNT = sizeof(steps) / sizeof(*steps) };

/* The socket is closed when it returns, and so before anybody hears of it. */
static struct trial try_bind(const struct bind_ask *ask)
{
	OWN_FD int fd = socket(ask->family == FAMILY_IPV4 ? AF_INET : AF_INET6,
			       SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	struct trial trial = { .err = fd < 0 ? errno : 0 };

	while (!trial.err && trial.step + 1 < STEP_COUNT)
		trial.err = steps[++trial.step].take(fd, ask);
	return trial;
}

/* Returns the child, with the end of the pipe in *@from; or -1 with errno. */
static pid_t start_child(const struct bind_ask *ask, int *from)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	child = fork();
	if (child == 0) {
		struct trial trial = try_bind(ask);

		_exit(write(ends[1], &trial, sizeof(trial)) != (ssize_t)sizeof(trial));
	}
	close(ends[1]);
	*from = ends[0];
	return child;
}

static bool hear(int from, struct trial *trial)
{
	ssize_t size;

	do
		size = read(from, trial, sizeof(*trial));
	while (size < 0 && errno == EINTR);
	return size == (ssize_t)sizeof(*trial) && trial->step < STEP_COUNT;
}

/* What says nothing of the port: it may be had as soon as there is memory. */
static bool is_shortage(int err)
{
	return err == ENOMEM || err == ENOBUFS;
}

/* ECHILD where SIGCHLD is ignored: it is gone all the same. */
static void bury(pid_t child)
{
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

static void ask_kernel(const struct bind_ask *ask, struct bind_probe *probe)
{
	OWN_FD int from = -1;
	struct trial trial;
	pid_t child = start_child(ask, &from);
	bool heard;

	if (child < 0) {
		probe_refuse(probe->refusal, "no process could be made to try it in: %s",
			     strerror(errno));
		return;
	}
	heard = hear(from, &trial);
	bury(child);
	if (!heard) {
		probe_refuse(probe->refusal, "the process that was to try it was killed");
	} else if (steps[trial.step].refusal) {
		probe_refuse(probe->refusal, "%s: %s", steps[trial.step].refusal,
			     strerror(trial.err));
	} else if (is_shortage(trial.err)) {
		probe_refuse(probe->refusal, "the kernel was short of memory: %s",
			     strerror(trial.err));
	} else {
		probe->made = true;
		probe->err = trial.err;
	}
}

static bool may_ask(const struct bind_ask *ask, struct bind_probe *probe)
{
	if (ask->protocol != PROTOCOL_TCP)
		probe_refuse(probe->refusal,
			     "UDP is not bound for a try: datagrams for others would come to it");
	else if (ask->uid == UINT32_MAX)        /* "leave it" to setresuid() and fchown() */
		probe_refuse(probe->refusal, "nobody can have the uid 4294967295");
	else
		return true;
	return false;
}

static struct bind_key key_of(const struct bind_ask *ask)
{
	struct bind_key key = {
		.protocol = ask->protocol, .family = ask->family, .port = ask->port,
		.ifindex = ask->ifindex, .scope = ask->scope, .uid = ask->uid,
		.reuseaddr = ask->reuseaddr, .reuseport = ask->reuseport, .v6only = ask->v6only,
	};

	memcpy(key.addr, ask->addr.b, sizeof(key.addr));
	return key;
}

static void save(struct tape *tape, const struct bind_key *key, const struct bind_probe *probe)
{
	struct bind_told told = { .made = probe->made, .err = probe->err };

	probe_refuse(told.refusal, "%s", probe->refusal);
	tape_answer(tape, ANSWER_PROBE_BIND, key, sizeof(*key), &told, sizeof(told));
}

static void replay(const struct tape *tape, const struct bind_key *key, struct bind_probe *probe)
{
	size_t size = 0;
	const uint8_t *at = tape_answered(tape, ANSWER_PROBE_BIND, key, sizeof(*key), &size);
	struct bind_told told;

	if (!at || size != sizeof(told)) {
		probe_refuse(probe->refusal, "the recording holds no such probe");
		return;
	}
	memcpy(&told, at, sizeof(told));
	probe->made = told.made == 1;
	probe->err = told.err > 0 && told.err < 4096 ? told.err : 0;
	probe_recall_refusal(probe->refusal, told.refusal);
}

void probe_bind(struct tape *tape, const struct bind_ask *ask, struct bind_probe *probe)
{
	struct bind_key key = key_of(ask);

	*probe = (struct bind_probe){ 0 };
	if (tape_replays(tape)) {
		replay(tape, &key, probe);
		return;
	}
	if (may_ask(ask, probe))
		ask_kernel(ask, probe);
	save(tape, &key, probe);
}
