/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/proc_net.h"
#include "collect/host.h"

#include "base/own.h"
#include "model/protocol.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert((int)STATE_ESTABLISHED == (int)TCP_ESTABLISHED &&
	       (int)STATE_SYN_SENT == (int)TCP_SYN_SENT &&
	       (int)STATE_SYN_RECV == (int)TCP_SYN_RECV &&
	       (int)STATE_FIN_WAIT_1 == (int)TCP_FIN_WAIT1 &&
	       (int)STATE_FIN_WAIT_2 == (int)TCP_FIN_WAIT2 &&
	       (int)STATE_TIME_WAIT == (int)TCP_TIME_WAIT &&
	       (int)STATE_CLOSE == (int)TCP_CLOSE &&
	       (int)STATE_CLOSE_WAIT == (int)TCP_CLOSE_WAIT &&
	       (int)STATE_LAST_ACK == (int)TCP_LAST_ACK &&
	       (int)STATE_LISTEN == (int)TCP_LISTEN &&
	       (int)STATE_CLOSING == (int)TCP_CLOSING,
	       "the first eleven states are the kernel's");

/* ---- a line ---- */

/* A line that is read from left to right; after the first mistake nothing more is read. */
struct reading {
	const char *at, *end;
	bool        failed;
};

static void skip_blanks(struct reading *r)
{
	while (r->at < r->end && *r->at == ' ')
		r->at++;
}

static void expect(struct reading *r, char c)
{
	if (r->at < r->end && *r->at == c)
		r->at++;
	else
		r->failed = true;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

static uint64_t read_digits(struct reading *r, unsigned base, unsigned least, unsigned most)
{
	uint64_t value = 0;
	unsigned digits = 0;

	while (r->at < r->end && digits < most && digit_of(*r->at) < (int)base) {
		value = value * base + (unsigned)digit_of(*r->at++);
		digits++;
	}
	r->failed |= digits < least;
	return value;
}

/* Reads a hexadecimal number with all its leading zeros, at most 8 digits. */
static uint32_t read_hex(struct reading *r, unsigned digits)
{
	return (uint32_t)read_digits(r, 16, digits, digits);
}

/* Reads a number that is padded with blanks on its left. */
static uint32_t read_decimal(struct reading *r)
{
	uint64_t value;

	expect(r, ' ');
	skip_blanks(r);
	value = read_digits(r, 10, 1, 10);
	r->failed |= value > UINT32_MAX;
	return (uint32_t)value;
}

/* Reads an address, as 32-bit words in memory order, and the port. */
static void read_end(struct reading *r, enum family family, uint32_t *words, __be16 *port)
{
	size_t count = family == FAMILY_IPV4 ? 1 : 4;

	expect(r, ' ');
	for (size_t i = 0; i < count; i++)
		words[i] = read_hex(r, 8);
	expect(r, ':');
	*port = htons((uint16_t)read_hex(r, 4));
}

/* Reads when the timer fires, in hundredths of a second whatever the kernel's tick is. */
static uint32_t read_expiry_ms(struct reading *r)
{
	uint64_t ticks;

	expect(r, ':');
	ticks = read_digits(r, 16, 1, 16);
	return ticks > UINT32_MAX / 10 ? UINT32_MAX : (uint32_t)ticks * 10;
}

static uint8_t clamp(uint32_t value)
{
	return value > UINT8_MAX ? UINT8_MAX : (uint8_t)value;
}

/* Two counts become inet_diag's one: a timer either repeats data or probes the peer. */
static void read_timer(struct reading *r, struct inet_diag_msg *told)
{
	uint32_t retransmits, probes;

	expect(r, ' ');
	told->idiag_timer = (uint8_t)read_hex(r, 2);
	told->idiag_expires = read_expiry_ms(r);
	expect(r, ' ');
	retransmits = read_hex(r, 8);
	told->idiag_uid = read_decimal(r);
	probes = read_decimal(r);
	told->idiag_retrans = clamp(told->idiag_timer == TIMER_RETRANSMIT ? retransmits : probes);
}

/* Reads "sl local remote st tx:rx tr:when retrnsmt uid timeout inode"; ignores the rest. */
static void read_line(struct reading *r, enum family family, struct inet_diag_msg *told)
{
	skip_blanks(r);
	read_digits(r, 10, 1, 20);
	expect(r, ':');
	read_end(r, family, told->id.idiag_src, &told->id.idiag_sport);
	read_end(r, family, told->id.idiag_dst, &told->id.idiag_dport);
	expect(r, ' ');
	told->idiag_state = (uint8_t)read_hex(r, 2);
	expect(r, ' ');
	told->idiag_wqueue = read_hex(r, 8);
	expect(r, ':');
	told->idiag_rqueue = read_hex(r, 8);
	read_timer(r, told);
	told->idiag_inode = read_decimal(r);
	if (r->at < r->end)
		expect(r, ' ');
}

bool proc_net_parse(const char *line, size_t size, enum family family,
		    struct proc_net_message *message)
{
	struct reading r = { .at = line, .end = line + size };

	*message = (struct proc_net_message){
		.header = { .nlmsg_len = sizeof(*message), .nlmsg_type = PROC_NET_TYPE },
		.told = {
			.idiag_family = family == FAMILY_IPV4 ? AF_INET : AF_INET6,
			.id.idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE },
		},
	};
	read_line(&r, family, &message->told);
	return !r.failed && message->told.idiag_state &&
	       message->told.idiag_state <= STATE_BOUND;
}

void proc_net_mark(const void *message, struct sock *sock)
{
	struct nlmsghdr header;

	memcpy(&header, message, sizeof(header));
	if (header.nlmsg_type == PROC_NET_TYPE && sock->state == STATE_LISTEN)
		sock->have |= LACKS_BACKLOG;
}

/* ---- a file ---- */

struct source {
	enum protocol protocol;
	const char   *file[2];          /* by family */
	const char   *names;            /* both names, for a sentence */
};

#define PROC_NET "/proc/thread-self/net/"

static const struct source sources[] = {
	{ PROTOCOL_TCP, { PROC_NET "tcp", PROC_NET "tcp6" }, "/proc/net/tcp and tcp6" },
	{ PROTOCOL_UDP, { PROC_NET "udp", PROC_NET "udp6" }, "/proc/net/udp and udp6" },
	{ PROTOCOL_RAW, { PROC_NET "raw", PROC_NET "raw6" }, "/proc/net/raw and raw6" },
};

static const struct source *source_of(enum protocol protocol)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++)
		if (sources[i].protocol == protocol)
			return &sources[i];
	return NULL;
}

/* True when the kernel does not list such sockets, or does not let us ask. */
static bool is_refusal(int err)
{
	switch (-err) {
	case ENOENT: case EOPNOTSUPP: case EPROTONOSUPPORT: case EAFNOSUPPORT:
	case EPERM: case EACCES:
		return true;
	default:
		return false;
	}
}

/* Delivers a line. One that was cut (it has no newline) or makes no sense is counted. */
static int take_line(struct dump *dump, enum family family, const char *line, size_t size)
{
	struct proc_net_message message;

	if (line[size] == '\n' && proc_net_parse(line, size, family, &message))
		return dump_deliver(dump, &message, sizeof(message));
	dump->senseless++;
	return 0;
}

/* The first line is the heading. The kernel writes no line that is longer than the buffer. */
static int take_lines(struct dump *dump, enum family family, FILE *file)
{
	bool is_heading = true, is_begin = true;
	char line[512];
	int err = 0;

	while (!err && fgets(line, sizeof(line), file)) {
		size_t size = strcspn(line, "\n");

		if (is_begin && !is_heading)
			err = take_line(dump, family, line, size);
		is_begin = line[size] == '\n';
		is_heading &= !is_begin;
	}
	return err;
}

/* ---- what /proc/net does not tell ---- */

/*
 * Ages and cgroups are members of every row in JSON, and null there, so they are not a
 * gap.
 */
#define NEED_UNTOLD (NEED_TCP_INFO | NEED_MEMORY | NEED_CONGESTION | NEED_TOS)

static bool asks_for_more(const struct collect_ask *ask)
{
	const struct filter *filter = ask->filter;

	return ask->need & NEED_UNTOLD || ask->port_origins ||
	       (filter && (filter_need(filter) & (NEED_UNTOLD | NEED_FLOW | NEED_CGROUP) ||
			   filter_has(filter, FILTER_DEV) || filter_has_word(filter, "sendq")));
}

static void tell_source(struct dump *dump, const struct source *source, int refusal,
			struct snapshot *seen)
{
	const char *people = protocol_row(source->protocol)->people;

	recorder_gap(dump->recorder, seen, GAP_SOURCE, 1,
		     "%s sockets were read from %s (sock_diag: %s), which tell no cookie, group, device, %s",
		     people, source->names, strerror(-refusal),
		     source->protocol == PROTOCOL_TCP ? "backlog and tcp_info" : "memory and options");
	if (asks_for_more(&dump->ask))
		recorder_gap(dump->recorder, seen, GAP_ATTRIBUTE, 1,
			     "%s do not tell all that options or filter ask for", source->names);
}

static void tell_broken(struct dump *dump, const char *file, int err, struct snapshot *seen)
{
	recorder_gap(dump->recorder, seen, GAP_DUMP, 1, "reading %s broke off (%s)", file,
		     strerror(-err));
	seen->socks_complete = false;
}

/* Lists the file @fd, and closes it. */
static int list_file(struct dump *dump, struct wire_dump *wire, enum family family,
		     const char *name, int fd, struct snapshot *seen)
{
	OWN_FILE FILE *file = fdopen(fd, "r");
	int err;

	if (!file) {
		tell_broken(dump, name, -errno, seen);
		close(fd);
		return 0;
	}
	err = take_lines(dump, family, file);
	wire->stopped = err;
	if (!err && ferror(file))
		tell_broken(dump, name, -errno, seen);
	return err;
}

int proc_net_instead(struct dump *dump, struct wire_dump *wire, enum family family, int err,
		     struct snapshot *seen)
{
	const struct source *source = source_of(dump->ask.protocol);
	const char *file = source ? source->file[family == FAMILY_IPV6] : NULL;
	OWN_FD int fd = -1;

	/* no file has a listing of explicit ports, or one in the kernel's order */
	if (!is_refusal(err) || wire->answered || !file || dump->how != ASK_LISTING)
		return err;
	fd = host_open(file);
	/* without IPv6 there is no such file, and nothing is missing */
	if (fd < 0 && (errno != ENOENT || family != FAMILY_IPV6 ||
		       access(source->file[0], R_OK) != 0))
		return err;
	wire->answered = true;
	tell_source(dump, source, err, seen);
	dump_lacks_bound(dump, "in ", source->names, seen);
	return fd < 0 ? 0 : list_file(dump, wire, family, file, own_give_fd(&fd), seen);
}

int proc_net_offered(enum protocol protocol, int err)
{
	const struct source *source = source_of(protocol);

	return is_refusal(err) && source && access(source->file[0], R_OK) == 0 ? 0 : err;
}
