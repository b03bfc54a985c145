/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions that are answered by doing what was asked about and undoing it at once. A
 * replay gives the recorded answer and does nothing.
 */
#include "collect/handle.h"

#include "base/bits.h"
#include "base/own.h"
#include "collect/privilege.h"
#include "collect/processors.h"
#include "collect/sysctls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum { REFUSAL = sizeof(((struct bind_probe *)0)->refusal) };
_Static_assert(sizeof(((struct port_probe *)0)->refusal) == REFUSAL, "one size");

/* Keeps why a probe was not made, or ended early. */
__attribute__((format(printf, 2, 3)))
static void refuse(char refusal[REFUSAL], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(refusal, REFUSAL, fmt, args);
	va_end(args);
}

/* Makes a refusal from a recording safe to show, because it is somebody else's text. */
static void clean_refusal(char refusal[REFUSAL])
{
	struct text safe = { 0 };

	text_add_safe(&safe, refusal, strnlen(refusal, REFUSAL - 1));
	refuse(refusal, "%s", text_str(&safe));
	text_fini(&safe);
}

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? errno : 0;
}

/* ---- bind() ---- */

#define UNPRIVILEGED_PORT_START "/proc/sys/net/ipv4/ip_unprivileged_port_start"

#ifdef SYS_setresuid32  /* plain setresuid() takes 16 bits there */
#define SETRESUID SYS_setresuid32
#else
#define SETRESUID SYS_setresuid
#endif

/* @step is the last step that was taken. */
struct trial { const struct bind_ask *ask; uint32_t step; int err; };

/* Sets IPV6_V6ONLY in any case, because a sysctl decides its default. */
static int set_options(int fd, const struct bind_ask *ask)
{
	int err = set_option(fd, SOL_SOCKET, SO_REUSEADDR, ask->reuseaddr);

	if (!err)
		err = set_option(fd, SOL_SOCKET, SO_REUSEPORT, ask->reuseport);
	if (!err && ask->family == FAMILY_IPV6)
		err = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, ask->v6only);
	return err;
}

/* The device must exist, because the kernel would accept any ifindex. */
static int set_device(int fd, const struct bind_ask *ask)
{
	char name[IF_NAMESIZE];

	if (!ask->ifindex)
		return 0;
	if (!if_indextoname(ask->ifindex, name))
		return errno;
	return set_option(fd, SOL_SOCKET, SO_BINDTOIFINDEX, (int)ask->ifindex);
}

/* Only SO_REUSEPORT compares owners; without it the owner does not matter. */
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

/* Where it cannot be read, the limit is 1024 as in old kernels. */
static bool is_low(uint16_t port)
{
	struct text content = { 0 };
	long start = file_read(AT_FDCWD, UNPRIVILEGED_PORT_START, &content) == 0 ?
		     atol(text_str(&content)) : 1024;

	text_fini(&content);
	return port < start;
}

/* For a question about root: this capability is all that root has more for bind(). */
static int lacks_right_of_root(void)
{
	int has;

	if (prctl(PR_CAPBSET_READ, CAP_NET_BIND_SERVICE, 0, 0, 0) != 1)
		return 0;       /* root has no such capability here, either */
	has = privilege_has(CAP_NET_BIND_SERVICE);
	return has < 0 ? -has : has ? 0 : EPERM;
}

/*
 * A program of a uid other than 0 has only ambient capabilities, and those only when we
 * start it ourselves. Giving them up is always permitted, also where another uid cannot
 * be taken; getting those of root is not.
 *
 * Only the effective uid changes: whoever owns the user namespace of this network
 * namespace may do everything in it. The real and saved uid stay ours, because they
 * decide who may send us signals: a process of the asked uid must not be able to stop us
 * while the port is taken. The system call changes this thread only; the function of
 * libc would change all threads.
 */
static int set_rights(int fd, const struct bind_ask *ask)
{
	bool ours = ask->uid == geteuid();

	(void)fd;
	if (ask->uid == 0)
		return ours || !is_low(ask->port) ? 0 : lacks_right_of_root();
	if (ours && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_BIND_SERVICE, 0, 0) == 1)
		return 0;
	/* EINVAL: this user namespace lacks the uid, so that owns no namespace below it */
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
 * The steps of the thread, in order: it makes the socket and gives it to the asked uid
 * while we have every right, and binds it after those are gone. bind() looks only at the
 * caller's capabilities, at the caller's effective uid as owner of a namespace, and at
 * the socket's owner.
 */
static const struct step {
	int (*take)(int fd, const struct bind_ask *ask);
	const char *refusal;            /* what a failure of the step means */
} steps[] = {
	{ NULL,        "a socket to try it with could not be made" },
	{ set_options, "the options of the socket to try it with could not be set" },
	{ set_device,  "the socket to try it with could not be put on the device" },
	{ set_owner,   "SO_REUSEPORT compares uids and no socket of that uid could be made (run as that user, or as root outside of a user namespace)" },
	{ set_rights,  "the right of that uid to bind a low port could not be had (run as root)" },
	{ do_bind,     NULL },
};

enum { STEP_COUNT = sizeof(steps) / sizeof(*steps) };

/*
 * Runs in a thread of its own, because its rights end with the thread. The socket is
 * closed when it returns.
 */
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

/* No step blocks, so the thread always ends. */
static bool run_trial(struct trial *trial)
{
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	pthread_t thread;

	if (!processors_start(&thread, try_bind, trial))
		return false;
	pthread_join(thread, NULL);
	/*
	 * the change of uid cleared this flag, without which our own files in /proc are
	 * root's
	 */
	prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0);
	return true;
}

/* True for errors that say nothing about the port, such as lack of memory. */
static bool is_shortage(int err)
{
	return err == ENOMEM || err == ENOBUFS;
}

static void try_it(const struct bind_ask *ask, struct bind_probe *probe)
{
	struct trial trial = { .ask = ask };

	if (!run_trial(&trial)) {
		refuse(probe->refusal, "no thread could be had to try it in");
	} else if (steps[trial.step].refusal) {
		refuse(probe->refusal, "%s: %s", steps[trial.step].refusal,
		       strerror(trial.err));
	} else if (is_shortage(trial.err)) {
		refuse(probe->refusal, "the kernel was short of memory: %s",
		       strerror(trial.err));
	} else {
		probe->made = true;
		probe->err = trial.err;
	}
}

static bool may_ask(const struct bind_ask *ask, struct bind_probe *probe)
{
	if (ask->protocol != PROTOCOL_TCP)
		refuse(probe->refusal,
		       "UDP is not bound for a try: datagrams for others would come to it");
	else if (ask->uid == UINT32_MAX)        /* to setresuid() and fchown() this means "leave it" */
		refuse(probe->refusal, "nobody can have the uid 4294967295");
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

void collect_probe_bind(struct collect *collect, const struct bind_ask *ask,
			struct bind_probe *probe)
{
	struct recorder *recorder = &collect->recorder;
	struct answer_probe_bind_key key = key_of(ask);
	struct question question = { ANSWER_PROBE_BIND, &key, sizeof(key), .head = probe };

	*probe = (struct bind_probe){ 0 };
	if (!recorder_replays(recorder)) {
		if (may_ask(ask, probe))
			try_it(ask, probe);
		recorder_answer(recorder, &question);
		return;
	}
	if (!recorder_answered(recorder, &question))
		refuse(probe->refusal, "the recording holds no such probe");
	probe->made = probe->made == 1;
	if (probe->err < 0 || probe->err >= 4096)
		probe->err = 0;
	clean_refusal(probe->refusal);
}

/* ---- connect() ---- */

/*
 * A connect() with a deferred fast open chooses a local port as every connect() does and
 * leaves the SYN to the first write, which never comes. With a port range of one port it
 * tells whether connect() may use that port. The answer does not depend on the
 * destination; loopback is used so that nothing can leave the machine even if this
 * reasoning were wrong.
 */

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51          /* Linux 6.3 */
#endif

#define PORT_RANGE        "/proc/sys/net/ipv4/ip_local_port_range"
#define BLACKHOLE_TIMEOUT "/proc/sys/net/ipv4/tcp_fastopen_blackhole_timeout_sec"
#define NETSTAT           "/proc/thread-self/net/netstat"

enum reply {
	REPLY_USABLE, REPLY_BLOCKED,
	REPLY_NONE,             /* nothing about this port, or not now */
	REPLY_END,              /* no port can be asked about */
};

struct port_window { unsigned low, high; };

/*
 * Outside the namespace's range the socket's own range is ignored, and another port
 * would be asked about.
 */
static bool read_window(struct port_window *window)
{
	struct text content = { 0 };
	bool is = file_read(AT_FDCWD, PORT_RANGE, &content) == 0 &&
		  sscanf(text_str(&content), "%u %u", &window->low, &window->high) == 2;

	text_fini(&content);
	return is;
}

/*
 * After fast open was seen to fail, the kernel may switch it off for a while, and then a
 * real SYN would be sent. The kernel does not tell whether it is off now, only whether
 * it ever could be.
 */
static bool may_be_blackholed(void)
{
	struct text timeout = { 0 }, netstat = { 0 };
	int64_t times = 0;
	bool may = file_read(AT_FDCWD, BLACKHOLE_TIMEOUT, &timeout) == 0 &&
		   text_str(&timeout)[0] != '0' &&
		   file_read(AT_FDCWD, NETSTAT, &netstat) == 0 &&
		   counter_pairs(text_str(&netstat), "TcpExt:", "TCPFastOpenBlackhole", &times) &&
		   times > 0;

	text_fini(&timeout);
	text_fini(&netstat);
	return may;
}

/* Returns false with the reason when the socket cannot be made to send nothing. */
static bool prepare(int fd, unsigned port, struct port_probe *probe)
{
	int err = set_option(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, (int)(port | port << 16));

	if (err) {
		refuse(probe->refusal,
		       "the kernel cannot be asked about single ports: IP_LOCAL_PORT_RANGE: %s (needs Linux 6.3)",
		       strerror(err));
		return false;
	}
	err = set_option(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
	if (!err)
		err = set_option(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
	if (err == EOPNOTSUPP)
		refuse(probe->refusal,
		       "asking without a packet needs TCP fast open: net.ipv4.tcp_fastopen has bit 0 off (1 and 3 have it on)");
	else if (err)
		refuse(probe->refusal, "asking without a packet needs TCP fast open: %s",
		       strerror(err));
	return !err;
}

/* Proves for each socket that it sent nothing, by the socket's own count. */
static bool sent_nothing(int fd, struct port_probe *probe)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0 ||
	    size < offsetof(struct tcp_info, tcpi_segs_out) + sizeof(info.tcpi_segs_out)) {
		refuse(probe->refusal, "the kernel does not tell what a socket has sent");
		return false;
	}
	probe->packets_sent += info.tcpi_segs_out;
	if (info.tcpi_segs_out)
		refuse(probe->refusal,
		       "fast open did not hold back the SYN to 127.0.0.1; ended there");
	return !info.tcpi_segs_out;
}

static enum reply refuse_connect(int err, struct port_probe *probe)
{
	if (err == ENETUNREACH || err == EHOSTUNREACH)
		refuse(probe->refusal,
		       "127.0.0.1 cannot be reached in this network namespace, probably because lo is down (ip link set lo up)");
	else
		refuse(probe->refusal, "connect() to 127.0.0.1 fails: %s", strerror(err));
	return REPLY_END;
}

/* True when this very port was chosen, because the range may have been changed just now. */
static bool has_port(int fd, unsigned port)
{
	struct sockaddr_in local = { 0 };
	socklen_t size = sizeof(local);

	return getsockname(fd, (struct sockaddr *)&local, &size) == 0 &&
	       ntohs(local.sin_port) == port;
}

static enum reply connect_from(int fd, unsigned port, struct port_probe *probe)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(1),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int err = connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? errno : 0;

	probe->asked++;
	if (!sent_nothing(fd, probe))
		return REPLY_END;
	if (err == EADDRNOTAVAIL)
		return REPLY_BLOCKED;
	if (err == ENOMEM || err == ENOBUFS)
		return REPLY_NONE;
	if (err)
		return refuse_connect(err, probe);
	return has_port(fd, port) ? REPLY_USABLE : REPLY_NONE;
}

static enum reply ask_port(unsigned port, struct port_probe *probe)
{
	OWN_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);

	if (fd < 0) {
		refuse(probe->refusal, "a socket to ask with could not be made: %s",
		       strerror(errno));
		return REPLY_NONE;
	}
	return prepare(fd, port, probe) ? connect_from(fd, port, probe) : REPLY_END;
}

static void note_outside(const struct port_window *window, unsigned outside,
			 struct port_probe *probe)
{
	if (outside && !*probe->refusal)
		refuse(probe->refusal,
		       "%u %s outside of ip_local_port_range %u-%u, so not asked", outside,
		       outside == 1 ? "port was" : "ports were", window->low, window->high);
}

static void ask_ports(const uint8_t *ports, const struct port_window *window,
		      struct port_probe *probe)
{
	enum reply reply = REPLY_NONE;
	unsigned answered = 0, outside = 0;

	for (unsigned port = 1; port < 65536 && reply != REPLY_END; port++) {
		if (!bits_has(ports, port))
			continue;
		if (port < window->low || port > window->high) {
			outside++;
			continue;
		}
		reply = ask_port(port, probe);
		if (reply != REPLY_USABLE && reply != REPLY_BLOCKED)
			continue;
		bits_add(probe->answered, port);
		if (reply == REPLY_USABLE)
			bits_add(probe->usable, port);
		answered++;
	}
	note_outside(window, outside, probe);
	/* when there is nothing to ask about, that is an answer, too */
	probe->made = answered || (!outside && !probe->asked && reply != REPLY_END &&
				   !*probe->refusal);
}

static void ask_some(const uint8_t *ports, struct port_probe *probe)
{
	struct port_window window;

	if (!read_window(&window))
		refuse(probe->refusal, "ip_local_port_range could not be read");
	else if (may_be_blackholed())
		refuse(probe->refusal,
		       "fast open may be off for a while after a failure on its way (TCPFastOpenBlackhole), so that a packet would be sent; net.ipv4.tcp_fastopen_blackhole_timeout_sec=0 ends that");
	else
		ask_ports(ports, &window, probe);
}

/* Takes no more than was asked about, and as usable only what was answered. */
static void take_recorded(const uint8_t *ports, struct port_probe *probe)
{
	probe->made = probe->made == 1;
	clean_refusal(probe->refusal);
	for (size_t i = 0; i < sizeof(probe->answered); i++) {
		probe->answered[i] &= ports[i];
		probe->usable[i] &= probe->answered[i];
	}
}

void collect_probe_ports(struct collect *collect, const uint8_t *ports,
			 struct port_probe *probe)
{
	struct recorder *recorder = &collect->recorder;
	struct question question = {
		ANSWER_PROBE_PORTS, ports, sizeof(probe->answered), .head = probe,
	};

	*probe = (struct port_probe){ 0 };
	if (!recorder_replays(recorder)) {
		ask_some(ports, probe);
		recorder_answer(recorder, &question);
		return;
	}
	if (!recorder_answered(recorder, &question))
		refuse(probe->refusal, "the recording holds no such probe");
	take_recorded(ports, probe);
}
