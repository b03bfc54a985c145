/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_SOCK_H
#define MODEL_SOCK_H

#include "base/text.h"
#include "model/addr.h"
#include "model/metric.h"
#include "model/mptcp.h"
#include "model/state.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The kernel's numbers where the kernel has one for this kind of socket. A raw socket
 * has its protocol in place of a port.
 */
enum protocol {
	PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_RAW = 255, PROTOCOL_MPTCP = 262,
	/* not internet protocols: of the ends, struct sock has only @other */
	PROTOCOL_UNIX_STREAM = 1001, PROTOCOL_UNIX_DGRAM, PROTOCOL_UNIX_SEQPACKET,
	PROTOCOL_PACKET_RAW, PROTOCOL_PACKET_DGRAM, PROTOCOL_NETLINK,
	/* for questions only: sockets of any type */
	PROTOCOL_UNIX, PROTOCOL_PACKET,
};

enum timer {
	TIMER_NONE,
	TIMER_RETRANSMIT,       /* ss: on */
	TIMER_KEEPALIVE,        /* also an orphaned FIN_WAIT_2 in its first phase */
	TIMER_TIME_WAIT,        /* a minisock: TIME_WAIT or orphaned FIN_WAIT_2 */
	TIMER_PROBE,            /* ss: persist */
	TIMER_DELAYED_ACK,      /* ss: delack; told by kernels later than 6.18 */
	TIMER_COUNT,
};

/* In ss's spelling; NULL for none. */
const char *timer_name(enum timer timer);

/* Which members of struct sock the kernel told. */
enum have {
	HAVE_FLOW     = 1 << 0,
	HAVE_SENT     = 1 << 1,  /* bytes_sent, bytes_retrans: Linux 4.19 */
	HAVE_ACKED    = 1 << 2,  /* bytes_acked, bytes_received: Linux 4.1 */
	HAVE_NOTSENT  = 1 << 3,  /* notsent_bytes: Linux 4.6 */
	HAVE_LASTED   = 1 << 16, /* it was in its state at a second look, too (suspects.c) */
	HAVE_READ     = 1 << 15, /* its program took bytes between two looks (suspects.c) */
	HAVE_PEER_WINDOW = 1 << 14,      /* peer_window_bytes: Linux 5.4 */
	HAVE_UID      = 1 << 4,  /* not for minisocks and request sockets */
	HAVE_MARK     = 1 << 5,  /* needs CAP_NET_ADMIN */
	HAVE_CGROUP   = 1 << 6,
	HAVE_SHUTDOWN = 1 << 7,
	HAVE_V6ONLY   = 1 << 8,
	HAVE_SOCKOPT  = 1 << 9,
	HAVE_REUSEADDR = 1 << 10,        /* asked of its descriptor */
	HAVE_REUSEPORT = 1 << 11,
	HAVE_PORT_ORIGIN = 1 << 12,
	LACKS_BACKLOG = 1 << 13, /* LISTEN: send_queue is not told */
};

/* What ages and openers are derived from, of tcp_info. Times count back from now. */
struct flow {
	uint32_t last_data_sent_ms;
	uint32_t last_data_recv_ms;
	uint32_t last_ack_recv_ms;
	uint32_t rto_us;
	uint32_t notsent_bytes;
	uint32_t backoff;
	uint32_t peer_window_bytes;
	uint32_t rto_time_ms;           /* since the first timeout, if there was one trouble; or 0 */
	uint64_t bytes_acked;
	uint64_t bytes_sent;
	uint64_t bytes_retrans;
	uint64_t bytes_received;
};

/* The congestion controls that tell something of themselves. */
enum congestion_kind {
	CONGESTION_PLAIN, CONGESTION_VEGAS, CONGESTION_DCTCP, CONGESTION_BBR,
};

struct congestion_state {
	enum congestion_kind kind;
	bool     enabled;               /* DCTCP, Vegas */
	uint16_t ce_state;              /* DCTCP, as the following */
	uint32_t alpha;                 /* 1024 means 1 */
	uint32_t ecn_bytes, acked_bytes;
	uint32_t rtt_count;             /* Vegas, as the following */
	uint32_t rtt_us, min_rtt_us;    /* the second for BBR, too */
	uint64_t bandwidth_bytes_per_s; /* BBR, as the following */
	uint32_t pacing_gain, cwnd_gain;/* 256 means 1 */
};

/* Kernel TLS of a socket in the kernel's numbers; what was not told is absent. */
struct tls_state {
	bool     have_version, have_cipher, have_rx, have_tx, zero_copy;
	uint16_t version, cipher, rx, tx;
};

/* One path of an MPTCP connection. */
struct subflow_state {
	bool     have_tokens, have_seq, have_subflow_seq, have_offset, have_length;
	uint32_t flags;                 /* bit i: letter i of "MmJjBbecv" */
	uint32_t remote_token, local_token;
	uint8_t  remote_id, local_id;
	uint64_t seq;
	uint32_t subflow_seq, offset, length_bytes;
};

/* A protocol above TCP inside the kernel ("tls", "mptcp"). */
struct ulp {
	char     name[16];              /* "": none was told */
	bool     has_tls, has_subflow;
	struct tls_state tls;
	struct subflow_state subflow;
};

/* The peer that an MD5 key (RFC 2385) is for. The key itself is secret and is not kept. */
struct md5_peer {
	enum family family;
	uint8_t     prefix;             /* bits */
	struct addr addr;
};

/*
 * Parts of a row that few options ask for. It lives as long as the row is shown;
 * detail_fini() frees what it holds.
 */
struct detail {
	bool     have_memory;
	uint8_t  memory_lacks;          /* how many of the last numbers this kernel does not tell */
	uint32_t memory[9];             /* skmem: r rb t tb f w o bl d */
	bool     have_congestion;
	char     congestion[16];
	struct congestion_state congestion_state;
	bool     have_tos, have_tclass, have_class_id;
	uint8_t  tos, tclass;
	uint32_t class_id;              /* priority, or the class of net_cls */
	struct mptcp_state mptcp;       /* of an MPTCP socket, which has no metrics */
	struct ulp ulp;
	struct { struct md5_peer *at; size_t count, room; } md5;
	struct metrics metrics;         /* last, so that a row need not clear the values */
};

/* Frees what @detail holds, not @detail itself. */
void detail_fini(struct detail *detail);

/*
 * One socket. It owns nothing, so a sock can be copied, without @detail, which is
 * borrowed and valid only inside the sink that gets the row.
 */
struct sock {
	enum family   family;           /* the family of the socket, not of its addresses */
	enum protocol protocol;
	enum state    state;
	enum timer    timer;
	struct addr   local, remote;
	uint16_t      local_port, remote_port;
	uint32_t      ifindex;          /* 0: not bound to a device */
	uint32_t      recv_queue;       /* bytes; LISTEN: waiting for accept() */
	uint32_t      send_queue;       /* bytes; LISTEN: limit of that queue */
	uint32_t      timer_ms;         /* until the timer fires, 0: due */
	uint32_t      retransmits;
	uint32_t      uid;
	uint32_t      inode;            /* 0: no file holds it */
	uint32_t      mark;
	uint32_t      have;             /* enum have */
	uint64_t      cookie;           /* identity while the machine is up; ~0: none */
	uint64_t      cgroup_id;
	uint8_t       shutdown;         /* shut down: bit 0 the receiving half, bit 1 the sending half */
	bool          v6only;
	bool          reuseaddr, reuseport;
	bool          port_explicit;    /* the program gave a port to bind() */
	uint16_t      sockopt;          /* bits of enum sockopt */
	struct flow   flow;             /* all 0 without HAVE_FLOW */
	const struct detail *detail;
	const struct other *other;      /* NULL for internet protocols */
};

/* A ring buffer that a packet socket shares with its program. */
struct ring_state {
	bool     told;
	uint32_t block_bytes, blocks, frame_bytes, frames, retire_ms, features;
};

/* One instruction of a socket filter, as the kernel was given it. */
struct bpf_step {
	uint16_t code;
	uint8_t  jump_true, jump_false;
	uint32_t value;
};

/* What only packet sockets have. */
struct packet_state {
	bool     have_info, have_fanout;
	bool     filter_hidden;         /* the kernel tells the filter to CAP_NET_ADMIN only */
	uint32_t version, copy_threshold;
	uint32_t flags;                 /* enum packet_flag */
	struct ring_state rx, tx;
	uint16_t fanout_id, fanout_type;
	struct { struct bpf_step *at; size_t count, room; } filter;
};

/* In the order in which ss prints them. */
enum packet_flag {
	PACKET_FLAG_RUNNING = 1 << 0, PACKET_FLAG_AUXDATA = 1 << 1,
	PACKET_FLAG_ORIGDEV = 1 << 2, PACKET_FLAG_VNETHDR = 1 << 3, PACKET_FLAG_LOSS = 1 << 4,
};

/*
 * The two ends of a socket that is not an internet socket, in the two parts that ss
 * prints: "/run/x.sock 1234", "rtnl:udevd/42", "[34525]:eth0". Foreign bytes; it lives
 * as long as @detail. other_fini() frees what it holds.
 */
struct other {
	uint8_t  local_size, local_service_size, remote_size, remote_service_size;
	char     local[128], local_service[64], remote[128], remote_service[64];
	bool     local_is_path;         /* UNIX: a file, not an abstract name */
	uint32_t peer_inode;            /* UNIX: of the other end, 0: none */
	uint32_t groups;                /* NETLINK: the first 32 multicast groups */
	uint32_t number;                /* PACKET: ethertype, NETLINK: its protocol */
	uint32_t port_id;               /* NETLINK: 0: the kernel, ~0: none */
	bool     have_vfs;              /* UNIX: the file of its name is known */
	uint32_t vfs_inode, vfs_device; /* the kernel's number of the device */
	bool     have_waiting;          /* UNIX: inodes of connections that wait for accept() */
	struct { uint32_t *at; size_t count, room; } waiting;
	struct packet_state packet;
};

/* Frees what @other holds, not @other itself. */
void other_fini(struct other *other);

/* A socket with all that the kernel told of it. */
struct sock_row {
	struct sock   sock;
	struct detail detail;
	struct other  other;
};

/*
 * Appends @sock with its detail and other to @rows in packed form: most bytes of a
 * socket are 0, and what the kernel did not tell takes next to no room.
 */
void sock_pack(struct text *rows, const struct sock *sock);

/* Unpacks the row that begins at @packed; sock_row_fini() frees it. */
void sock_unpack(struct sock_row *row, const char *packed);
void sock_row_fini(struct sock_row *row);

/*
 * False for a socket that listens or is not connected. Sockets of other kinds than the
 * internet's always have a peer end of their own form.
 */
bool sock_has_peer(const struct sock *sock);

/*
 * One end of a socket. Of an internet socket the names are empty; of any other the
 * address is ::.
 */
struct sock_end {
	const struct addr *addr;
	const char *name, *service;     /* foreign bytes */
	uint8_t     name_size, service_size;
	uint16_t    port;
};

static inline struct sock_end sock_end(const struct sock *sock, bool peer)
{
	const struct other *other = sock->other;
	struct sock_end end = {
		.addr = peer ? &sock->remote : &sock->local,
		.port = peer ? sock->remote_port : sock->local_port,
	};

	if (!other)
		return end;
	end.name = peer ? other->remote : other->local;
	end.name_size = peer ? other->remote_size : other->local_size;
	end.service = peer ? other->remote_service : other->local_service;
	end.service_size = peer ? other->remote_service_size : other->local_service_size;
	return end;
}

/* The port of an end; for other sockets the number that ss takes for a port. */
int64_t sock_port(const struct sock *sock, bool peer);

/* Socket options that inet_diag tells, in the order in which ss prints them. */
enum sockopt {
	SOCKOPT_RECVERR = 1 << 0, SOCKOPT_IS_ICSK = 1 << 1, SOCKOPT_FREEBIND = 1 << 2,
	SOCKOPT_HDRINCL = 1 << 3, SOCKOPT_MC_LOOP = 1 << 4, SOCKOPT_TRANSPARENT = 1 << 5,
	SOCKOPT_MC_ALL = 1 << 6, SOCKOPT_NODEFRAG = 1 << 7,
	SOCKOPT_BIND_ADDRESS_NO_PORT = 1 << 8, SOCKOPT_RECVERR_RFC4884 = 1 << 9,
	SOCKOPT_DEFER_CONNECT = 1 << 10,
};

/*
 * True for TIME_WAIT and orphaned FIN_WAIT_2 in the kernel's short form, without file
 * and owner.
 */
static inline bool sock_is_minisock(const struct sock *s)
{
	return s->timer == TIMER_TIME_WAIT;
}

/*
 * True for a connection to itself. connect() to a port of the ephemeral range where nobody
 * listens makes one when the kernel gives it that very port (RFC 9293 section 3.5:
 * simultaneous open).
 */
static inline bool sock_is_own_peer(const struct sock *s)
{
	return s->remote_port && s->local_port == s->remote_port &&
	       addr_equal(&s->local, &s->remote);
}

/*
 * True when no timer waits for the peer or its program. A delayed ACK does not count: it
 * answers what has come, and is over within milliseconds.
 */
static inline bool sock_timer_is_off(const struct sock *s)
{
	return s->timer == TIMER_NONE || s->timer == TIMER_DELAYED_ACK;
}

/* True for what is or was a connection; false for what listens or is at most bound. */
static inline bool sock_is_connection(const struct sock *s)
{
	return STATE_BIT(s->state) & STATE_CONNECTED;
}

/* True for a full socket in a connection state that no accept() has returned yet. */
static inline bool sock_is_unaccepted(const struct sock *s)
{
	return s->inode == 0 && !sock_is_minisock(s) &&
	       (s->state == STATE_ESTABLISHED || s->state == STATE_CLOSE_WAIT);
}

/*
 * True for a full socket with a peer: for these the kernel tells ages and byte counts
 * (tcp_info).
 */
static inline bool sock_tells_flow(const struct sock *s)
{
	static const uint32_t without = STATE_BIT(STATE_LISTEN) | STATE_BIT(STATE_SYN_RECV) |
					STATE_BIT(STATE_BOUND) | STATE_BIT(STATE_CLOSE) |
					STATE_BIT(STATE_TIME_WAIT);

	return !(STATE_BIT(s->state) & without) && !sock_is_minisock(s);
}

#endif
