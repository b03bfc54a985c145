/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/probe.h"

#include "base/bits.h"
#include "base/own.h"
#include "collect/knobs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/*
 * connect() with a deferred fast open chooses a local port as every connect()
 * does, and leaves the SYN to the first write, which never comes. With a port
 * range of one port it tells whether connect() may use that very port. The
 * destination does not matter for what is asked; loopback never leaves the
 * machine, even if all that is said here were wrong.
 */

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51          /* Linux 6.3 */
#endif

#define PORT_RANGE        "/proc/sys/net/ipv4/ip_local_port_range"
#define BLACKHOLE_TIMEOUT "/proc/sys/net/ipv4/tcp_fastopen_blackhole_timeout_sec"
#define NETSTAT           "/proc/thread-self/net/netstat"

enum reply {
	REPLY_USABLE, REPLY_BLOCKED,
	REPLY_NONE,             /* not of this port, or not now */
	REPLY_END,              /* no port can be asked */
};

struct port_window { unsigned low, high; };

/* Outside of the range of the namespace a port is ignored: another would be asked. */
static bool read_window(struct port_window *window)
{
	struct text content = { 0 };
	bool is = tape_read(AT_FDCWD, PORT_RANGE, &content) == 0 &&
		  sscanf(text_str(&content), "%u %u", &window->low, &window->high) == 2;

	text_fini(&content);
	return is;
}

/*
 * After fast open was seen to fail on its way, the kernel may keep it off for a
 * while, and a SYN would really go out. It does not say whether it does now; what
 * it says is whether it ever could.
 */
static bool may_be_blackholed(void)
{
	struct text timeout = { 0 }, netstat = { 0 };
	int64_t times = 0;
	bool may = tape_read(AT_FDCWD, BLACKHOLE_TIMEOUT, &timeout) == 0 &&
		   text_str(&timeout)[0] != '0' &&
		   tape_read(AT_FDCWD, NETSTAT, &netstat) == 0 &&
		   knob_pairs(text_str(&netstat), "TcpExt:", "TCPFastOpenBlackhole", &times) &&
		   times > 0;

	text_fini(&timeout);
	text_fini(&netstat);
	return may;
}

static int set_option(int fd, int level, int name, uint32_t value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? errno : 0;
}

/* Returns false with the reason when the socket cannot be made to send nothing. */
static bool prepare(int fd, unsigned port, struct port_probe *probe)
{
	int err = set_option(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, port | port << 16);

	if (err) {
		probe_refuse(probe->refusal,
			     "the kernel cannot be asked about single ports: IP_LOCAL_PORT_RANGE: %s (needs Linux 6.3)",
			     strerror(err));
		return false;
	}
	err = set_option(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
	if (!err)
		err = set_option(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
	if (err == EOPNOTSUPP)
		probe_refuse(probe->refusal,
			     "asking without a packet needs TCP fast open: net.ipv4.tcp_fastopen has bit 0 off (1 and 3 have it on)");
	else if (err)
		probe_refuse(probe->refusal, "asking without a packet needs TCP fast open: %s",
			     strerror(err));
	return !err;
}

/* The proof, of each socket: it counts what it sends. */
static bool sent_nothing(int fd, struct port_probe *probe)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0 ||
	    size < offsetof(struct tcp_info, tcpi_segs_out) + sizeof(info.tcpi_segs_out)) {
		probe_refuse(probe->refusal, "the kernel does not tell what a socket has sent");
		return false;
	}
	probe->packets_sent += info.tcpi_segs_out;
	if (info.tcpi_segs_out)
		probe_refuse(probe->refusal,
			     "fast open did not hold back the SYN to 127.0.0.1; ended there");
	return !info.tcpi_segs_out;
}

static enum reply refuse_connect(int err, struct port_probe *probe)
{
	if (err == ENETUNREACH || err == EHOSTUNREACH)
		probe_refuse(probe->refusal,
			     "127.0.0.1 cannot be reached in this network namespace, probably because lo is down (ip link set lo up)");
	else
		probe_refuse(probe->refusal, "connect() to 127.0.0.1 fails: %s", strerror(err));
	return REPLY_END;
}

/* Whether it is this port that was chosen: the range may have just been changed. */
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
		probe_refuse(probe->refusal, "a socket to ask with could not be made: %s",
			     strerror(errno));
		return REPLY_NONE;
	}
	return prepare(fd, port, probe) ? connect_from(fd, port, probe) : REPLY_END;
}

static void note_outside(const struct port_window *window, unsigned outside,
			 struct port_probe *probe)
{
	if (outside && !*probe->refusal)
		probe_refuse(probe->refusal,
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
	/* Nothing to ask is an answer too. */
	probe->made = answered || (!outside && !probe->asked && reply != REPLY_END &&
				   !*probe->refusal);
}

static void ask_kernel(const uint8_t *ports, struct port_probe *probe)
{
	struct port_window window;

	if (!read_window(&window))
		probe_refuse(probe->refusal, "ip_local_port_range could not be read");
	else if (may_be_blackholed())
		probe_refuse(probe->refusal,
			     "fast open may be off for a while after a failure on its way (TCPFastOpenBlackhole), so that a packet would be sent; net.ipv4.tcp_fastopen_blackhole_timeout_sec=0 ends that");
	else
		ask_ports(ports, &window, probe);
}

/* Never more than was asked, and usable only what was answered. */
static void take_recorded(const uint8_t *ports, struct port_probe *probe)
{
	probe->made = probe->made == 1;
	probe_recall_refusal(probe->refusal);
	for (size_t i = 0; i < sizeof(probe->answered); i++) {
		probe->answered[i] &= ports[i];
		probe->usable[i] &= probe->answered[i];
	}
}

void probe_ports(struct tape *tape, const uint8_t *ports, struct port_probe *probe)
{
	struct question question = {
		ANSWER_PROBE_PORTS, ports, sizeof(probe->answered), .head = probe,
	};

	*probe = (struct port_probe){ 0 };
	if (!tape_replays(tape)) {
		ask_kernel(ports, probe);
		tape_answer_save(tape, &question);
		return;
	}
	if (!tape_answer_find(tape, &question))
		probe_refuse(probe->refusal, "the recording holds no such probe");
	take_recorded(ports, probe);
}
