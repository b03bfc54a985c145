/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/probe.h"

#include "base/own.h"
#include "collect/processors.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define UNPRIVILEGED_PORT_START "/proc/sys/net/ipv4/ip_unprivileged_port_start"

#ifdef SYS_setresuid32  /* where setresuid() of old takes 16 bits */
#define SETRESUID SYS_setresuid32
#else
#define SETRESUID SYS_setresuid
#endif

/* The last step that was taken. */
struct trial { const struct bind_ask *ask; uint32_t step; int err; };

void probe_refuse(char refusal[PROBE_REFUSAL], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(refusal, PROBE_REFUSAL, fmt, args);
	va_end(args);
}

void probe_recall_refusal(char refusal[PROBE_REFUSAL])
{
	struct text safe = { 0 };

	text_add_safe(&safe, refusal, strnlen(refusal, PROBE_REFUSAL - 1));
	probe_refuse(refusal, "%s", text_str(&safe));
	text_fini(&safe);
}

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

/* For root's: the right itself is all that root has more for bind(). */
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
 *
 * The effective uid only: who owns the user namespace of this network namespace may
 * do everything in it. The real and the saved one stay ours, for by them the kernel
 * decides who may send us signals: whoever has the asked uid must not stop us while
 * the port is taken. Of this thread only: libc would set it for all of them.
 */
static int set_rights(int fd, const struct bind_ask *ask)
{
	bool ours = ask->uid == geteuid();

	(void)fd;
	if (ask->uid == 0)
		return ours || !is_low(ask->port) ? 0 : lacks_right_of_root();
	if (ours && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_BIND_SERVICE, 0, 0) == 1)
		return 0;
	/* EINVAL: a uid that this user namespace has not, which owns none below it */
	if (!ours && syscall(SETRESUID, -1, ask->uid, -1) < 0 && errno == EPERM && is_low(ask->port))
		return EPERM;
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
 * What the thread does with its socket, in this order: it is made and given to
 * the asked uid while we have every right, and bound after they are gone. bind()
 * looks at the caller's capabilities, at his effective uid as the owner of a
 * namespace, and at the socket's owner, at nothing else.
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

/* A thread, because its rights end with it. The socket is closed when it returns. */
static void *try_bind(void *ctx)
{
	struct trial *trial = ctx;
	OWN_FD int fd = socket(trial->ask->family == FAMILY_IPV4 ? AF_INET : AF_INET6,
			       SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);

	trial->err = fd < 0 ? errno : 0;
	while (!trial->err && trial->step + 1 < STEP_COUNT)
		trial->err = steps[++trial->step].take(fd, trial->ask);
	return NULL;
}

/* None of the steps waits for anybody, so the thread comes to its end. */
static bool run_trial(struct trial *trial)
{
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	pthread_t thread;

	if (!processors_start(&thread, try_bind, trial))
		return false;
	pthread_join(thread, NULL);
	/* another effective uid takes our own files below /proc away from us */
	prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0);
	return true;
}

/* What says nothing of the port: it may be had as soon as there is memory. */
static bool is_shortage(int err)
{
	return err == ENOMEM || err == ENOBUFS;
}

static void ask_kernel(const struct bind_ask *ask, struct bind_probe *probe)
{
	struct trial trial = { .ask = ask };

	if (!run_trial(&trial)) {
		probe_refuse(probe->refusal, "no thread could be had to try it in");
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

static struct answer_probe_bind_key key_of(const struct bind_ask *ask)
{
	struct answer_probe_bind_key key = {
		.protocol = ask->protocol, .family = ask->family, .port = ask->port,
		.ifindex = ask->ifindex, .scope = ask->scope, .uid = ask->uid,
		.reuseaddr = ask->reuseaddr, .reuseport = ask->reuseport, .v6only = ask->v6only,
	};

	memcpy(key.addr, ask->addr.b, sizeof(key.addr));
	return key;
}

void probe_bind(struct tape *tape, const struct bind_ask *ask, struct bind_probe *probe)
{
	struct answer_probe_bind_key key = key_of(ask);
	struct question question = { ANSWER_PROBE_BIND, &key, sizeof(key), .head = probe };

	*probe = (struct bind_probe){ 0 };
	if (!tape_replays(tape)) {
		if (may_ask(ask, probe))
			ask_kernel(ask, probe);
		tape_answer_save(tape, &question);
		return;
	}
	if (!tape_answer_find(tape, &question))
		probe_refuse(probe->refusal, "the recording holds no such probe");
	probe->made = probe->made == 1;
	if (probe->err < 0 || probe->err >= 4096)
		probe->err = 0;
	probe_recall_refusal(probe->refusal);
}
