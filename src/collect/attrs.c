/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/attrs.h"

#include "base/grow.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/mptcp.h>
#include <linux/tcp.h>
#include <linux/tls.h>
#include <string.h>
#include <sys/socket.h>

/* The times came with Linux 6.10, the last of them at the end. */
static void mptcp_flow(const struct mptcp_state *state, struct sock *sock)
{
	if (!(state->have >> MPTCP_LAST_ACK_RECV & 1))
		return;
	sock->have |= HAVE_FLOW;
	sock->flow.last_data_sent_ms = (uint32_t)state->value[MPTCP_LAST_DATA_SENT];
	sock->flow.last_data_recv_ms = (uint32_t)state->value[MPTCP_LAST_DATA_RECV];
	sock->flow.last_ack_recv_ms = (uint32_t)state->value[MPTCP_LAST_ACK_RECV];
}

static void take_info(struct parsed *parsed, const uint8_t *at, size_t size)
{
	/* MPTCP has something else under the same number */
	if (parsed->sock->protocol == PROTOCOL_MPTCP) {
		struct mptcp_state state = { .have = 0 };

		mptcp_info_parse(at, size, &state);
		mptcp_flow(&state, parsed->sock);
		if (parsed->need & NEED_TCP_INFO)
			parsed->detail->mptcp = state;
		return;
	}
	tcp_info_flow(at, size, parsed->sock);
	if (parsed->need & NEED_TCP_INFO)
		tcp_info_metrics(at, size, &parsed->detail->metrics);
}

/* The attribute grows at its end: the backlog came with Linux 3.5, the drops with 4.7. */
void attr_take_memory(struct parsed *parsed, const uint8_t *at, size_t size)
{
	struct detail *detail = parsed->detail;
	const size_t most = sizeof(detail->memory) / sizeof(*detail->memory);
	size_t count = size / sizeof(*detail->memory);

	count = count < most ? count : most;
	memset(detail->memory, 0, sizeof(detail->memory));
	memcpy(detail->memory, at, count * sizeof(*detail->memory));
	detail->memory_lacks = (uint8_t)(most - count);
	detail->have_memory = true;
}

void attr_take_queues(struct parsed *parsed, const uint8_t *at, size_t size)
{
	attr_take_memory(parsed, at, size);
	parsed->sock->recv_queue = parsed->detail->memory[0];
	parsed->sock->send_queue = parsed->detail->memory[2];
}

static void take_congestion(struct parsed *parsed, const uint8_t *at, size_t size)
{
	char *name = parsed->detail->congestion;
	size_t room = sizeof(parsed->detail->congestion) - 1;

	size = strnlen((const char *)at, size < room ? size : room);
	memcpy(name, at, size);
	name[size] = '\0';
	parsed->detail->have_congestion = size > 0;
}

static void take_vegas(struct parsed *parsed, const uint8_t *at, size_t size)
{
	struct congestion_state *state = &parsed->detail->congestion_state;
	struct tcpvegas_info told;

	(void)size;
	memcpy(&told, at, sizeof(told));
	state->kind = CONGESTION_VEGAS;
	state->enabled = told.tcpv_enabled;
	state->rtt_count = told.tcpv_rttcnt;
	state->rtt_us = told.tcpv_rtt;
	state->min_rtt_us = told.tcpv_minrtt;
}

static void take_dctcp(struct parsed *parsed, const uint8_t *at, size_t size)
{
	struct congestion_state *state = &parsed->detail->congestion_state;
	struct tcp_dctcp_info told;

	(void)size;
	memcpy(&told, at, sizeof(told));
	state->kind = CONGESTION_DCTCP;
	state->enabled = told.dctcp_enabled;
	state->ce_state = told.dctcp_ce_state;
	state->alpha = told.dctcp_alpha;
	state->ecn_bytes = told.dctcp_ab_ecn;
	state->acked_bytes = told.dctcp_ab_tot;
}

/* Later versions of BBR tell more behind these. */
static void take_bbr(struct parsed *parsed, const uint8_t *at, size_t size)
{
	struct congestion_state *state = &parsed->detail->congestion_state;
	struct tcp_bbr_info told;

	(void)size;
	memcpy(&told, at, sizeof(told));
	state->kind = CONGESTION_BBR;
	state->bandwidth_bytes_per_s = (uint64_t)told.bbr_bw_hi << 32 | told.bbr_bw_lo;
	state->min_rtt_us = told.bbr_min_rtt;
	state->pacing_gain = told.bbr_pacing_gain;
	state->cwnd_gain = told.bbr_cwnd_gain;
}

/* An attribute that is one number: a member gets it, and a second says that it was there. */
#define TAKE_NUMBER(function, type, member, known)					\
	void function(struct parsed *parsed, const uint8_t *at, size_t size)		\
	{										\
		type told;								\
											\
		(void)size;								\
		memcpy(&told, at, sizeof(told));					\
		parsed->member = told;							\
		parsed->known;								\
	}

TAKE_NUMBER(attr_take_shutdown, uint8_t,  sock->shutdown,   sock->have |= HAVE_SHUTDOWN)
TAKE_NUMBER(attr_take_uid,      uint32_t, sock->uid,        sock->have |= HAVE_UID)
static TAKE_NUMBER(take_v6only, uint8_t,  sock->v6only,     sock->have |= HAVE_V6ONLY)
static TAKE_NUMBER(take_mark,   uint32_t, sock->mark,       sock->have |= HAVE_MARK)
static TAKE_NUMBER(take_cgroup, uint64_t, sock->cgroup_id,  sock->have |= HAVE_CGROUP)
static TAKE_NUMBER(take_tos,    uint8_t,  detail->tos,      detail->have_tos = true)
static TAKE_NUMBER(take_tclass, uint8_t,  detail->tclass,   detail->have_tclass = true)
static TAKE_NUMBER(take_class_id, uint32_t, detail->class_id, detail->have_class_id = true)

static void take_md5_peer(struct md5_peer *peer, const struct tcp_diag_md5sig *told)
{
	peer->family = told->tcpm_family == AF_INET6 ? FAMILY_IPV6 : FAMILY_IPV4;
	peer->prefix = told->tcpm_prefixlen;
	peer->addr = peer->family == FAMILY_IPV6 ? addr_from_v6(told->tcpm_addr) :
		     addr_from_v4(told->tcpm_addr);
}

static void take_md5(struct parsed *parsed, const uint8_t *at, size_t size)
{
	struct detail *detail = parsed->detail;
	struct tcp_diag_md5sig told;

	for (; size >= sizeof(told); at += sizeof(told), size -= sizeof(told)) {
		memcpy(&told, at, sizeof(told));
		take_md5_peer(grow_add(&detail->md5), &told);
	}
	explicit_bzero(&told, sizeof(told));
}

static void take_sockopt(struct parsed *parsed, const uint8_t *at, size_t size)
{
	struct inet_diag_sockopt told;
	unsigned options = 0;

	(void)size;
	memcpy(&told, at, sizeof(told));
	options |= told.recverr ? SOCKOPT_RECVERR : 0;
	options |= told.is_icsk ? SOCKOPT_IS_ICSK : 0;
	options |= told.freebind ? SOCKOPT_FREEBIND : 0;
	options |= told.hdrincl ? SOCKOPT_HDRINCL : 0;
	options |= told.mc_loop ? SOCKOPT_MC_LOOP : 0;
	options |= told.transparent ? SOCKOPT_TRANSPARENT : 0;
	options |= told.mc_all ? SOCKOPT_MC_ALL : 0;
	options |= told.nodefrag ? SOCKOPT_NODEFRAG : 0;
	options |= told.bind_address_no_port ? SOCKOPT_BIND_ADDRESS_NO_PORT : 0;
	options |= told.recverr_rfc4884 ? SOCKOPT_RECVERR_RFC4884 : 0;
	options |= told.defer_connect ? SOCKOPT_DEFER_CONNECT : 0;
	parsed->sock->sockopt = (uint16_t)options;
	parsed->sock->have |= HAVE_SOCKOPT;
}

/* ---- protocols above TCP: attributes in an attribute ---- */

/* Where the number of such an attribute is kept, and its size; a shorter one is broken. */
struct nested { uint8_t type, size; uint16_t at; };

#define NESTED(number, type, member) \
	{ number, sizeof(((struct type *)0)->member), offsetof(struct type, member) }

/* Reads the numbers in @nest into @into. Returns a mask of the rows that were there. */
static unsigned take_numbers(const struct nested *rows, unsigned count,
			     const struct nlattrs_one *nest, void *into)
{
	struct nlattrs walk = { .at = nest->at, .left = nest->size };
	struct nlattrs_one one;
	unsigned told = 0;

	while (nlattrs_next(&walk, &one)) {
		for (unsigned i = 0; i < count; i++) {
			if (rows[i].type != one.type || one.size < rows[i].size)
				continue;
			memcpy((uint8_t *)into + rows[i].at, one.at, rows[i].size);
			told |= 1u << i;
		}
	}
	return told;
}

static void take_tls(struct tls_state *tls, const struct nlattrs_one *nest)
{
	static const struct nested rows[] = {
		NESTED(TLS_INFO_VERSION, tls_state, version),
		NESTED(TLS_INFO_CIPHER, tls_state, cipher),
		NESTED(TLS_INFO_RXCONF, tls_state, rx),
		NESTED(TLS_INFO_TXCONF, tls_state, tx),
		{ TLS_INFO_ZC_RO_TX, 0, 0 },
	};
	unsigned told = take_numbers(rows, sizeof(rows) / sizeof(*rows), nest, tls);

	tls->have_version = told >> 0 & 1;
	tls->have_cipher = told >> 1 & 1;
	tls->have_rx = told >> 2 & 1;
	tls->have_tx = told >> 3 & 1;
	tls->zero_copy = told >> 4 & 1;
}

/* Kernels send the length of a mapping with 16 bits or with 32. */
struct subflow_told { struct subflow_state state; uint16_t short_length; };

/* Tokens and ids, the first four rows, are used only when all are there. */
static void take_subflow(struct subflow_state *flow, const struct nlattrs_one *nest)
{
	static const struct nested rows[] = {
		NESTED(MPTCP_SUBFLOW_ATTR_TOKEN_REM, subflow_told, state.remote_token),
		NESTED(MPTCP_SUBFLOW_ATTR_TOKEN_LOC, subflow_told, state.local_token),
		NESTED(MPTCP_SUBFLOW_ATTR_ID_REM, subflow_told, state.remote_id),
		NESTED(MPTCP_SUBFLOW_ATTR_ID_LOC, subflow_told, state.local_id),
		NESTED(MPTCP_SUBFLOW_ATTR_MAP_SEQ, subflow_told, state.seq),
		NESTED(MPTCP_SUBFLOW_ATTR_MAP_SFSEQ, subflow_told, state.subflow_seq),
		NESTED(MPTCP_SUBFLOW_ATTR_SSN_OFFSET, subflow_told, state.offset),
		NESTED(MPTCP_SUBFLOW_ATTR_MAP_DATALEN, subflow_told, state.length_bytes),
		NESTED(MPTCP_SUBFLOW_ATTR_MAP_DATALEN, subflow_told, short_length),
		NESTED(MPTCP_SUBFLOW_ATTR_FLAGS, subflow_told, state.flags),
	};
	struct subflow_told into = { 0 };
	unsigned told = take_numbers(rows, sizeof(rows) / sizeof(*rows), nest, &into);

	*flow = into.state;
	flow->have_tokens = (told & 15) == 15;
	flow->have_seq = told >> 4 & 1;
	flow->have_subflow_seq = told >> 5 & 1;
	flow->have_offset = told >> 6 & 1;
	flow->have_length = told >> 8 & 1;
	if (!(told >> 7 & 1))
		flow->length_bytes = into.short_length;
}

static void take_ulp_name(struct ulp *ulp, const struct nlattrs_one *one)
{
	size_t length = strnlen((const char *)one->at, one->size);

	if (length >= sizeof(ulp->name))
		return;
	memcpy(ulp->name, one->at, length);
	ulp->name[length] = '\0';       /* a longer name may have been there before */
}

/* Reads the name of the protocol and what kernel TLS or MPTCP tell of themselves. */
static void take_ulp(struct parsed *parsed, const uint8_t *at, size_t size)
{
	struct ulp *ulp = &parsed->detail->ulp;
	struct nlattrs walk = { .at = at, .left = size };
	struct nlattrs_one one;

	while (nlattrs_next(&walk, &one)) {
		if (one.type == INET_ULP_INFO_NAME) {
			take_ulp_name(ulp, &one);
		} else if (one.type == INET_ULP_INFO_TLS) {
			ulp->has_tls = true;
			take_tls(&ulp->tls, &one);
		} else if (one.type == INET_ULP_INFO_MPTCP) {
			ulp->has_subflow = true;
			take_subflow(&ulp->subflow, &one);
		}
	}
}

/* ---- the table ---- */

/*
 * THE table of inet_diag: a row asks for an attribute, reads it and redacts it. Only
 * attributes 1 to 8 can be asked for (idiag_ext is one byte); the kernel sends later
 * ones unasked or not at all. VEGASINFO asks for what any congestion control tells of
 * itself. INFO may have any length that covers the byte members: see read_metric().
 */
static const struct attr attrs[] = {
	[INET_DIAG_MEMINFO]   = { REDACT_KEEP, 0, 0, NULL },
	[INET_DIAG_INFO]      = { REDACT_KEEP, 8, NEED_FLOW | NEED_TCP_INFO, take_info },
	[INET_DIAG_VEGASINFO] = { REDACT_KEEP, sizeof(struct tcpvegas_info), NEED_TCP_INFO,
				  take_vegas },
	[INET_DIAG_CONG]      = { REDACT_KEEP, 1, NEED_CONGESTION, take_congestion },
	[INET_DIAG_TOS]       = { REDACT_KEEP, 1, NEED_TOS, take_tos },
	[INET_DIAG_TCLASS]    = { REDACT_KEEP, 1, NEED_TOS, take_tclass },
	[INET_DIAG_SKMEMINFO] = { REDACT_KEEP, ATTR_MEMORY_LEAST, NEED_MEMORY, attr_take_memory },
	[INET_DIAG_SHUTDOWN]  = { REDACT_KEEP, 1, 0, attr_take_shutdown },
	[INET_DIAG_DCTCPINFO] = { REDACT_KEEP, sizeof(struct tcp_dctcp_info), NEED_TCP_INFO,
				  take_dctcp },
	[INET_DIAG_PROTOCOL]  = { REDACT_KEEP, 0, 0, NULL },
	[INET_DIAG_SKV6ONLY]  = { REDACT_KEEP, 1, 0, take_v6only },
	[INET_DIAG_PAD]       = { REDACT_KEEP, 0, 0, NULL },
	[INET_DIAG_MARK]      = { REDACT_KEEP, sizeof(uint32_t), 0, take_mark },
	[INET_DIAG_BBRINFO]   = { REDACT_KEEP, sizeof(struct tcp_bbr_info), NEED_TCP_INFO,
				  take_bbr },
	[INET_DIAG_CLASS_ID]  = { REDACT_KEEP, sizeof(uint32_t), NEED_TOS, take_class_id },
	[INET_DIAG_MD5SIG]    = { REDACT_SIGNATURES, sizeof(struct tcp_diag_md5sig),
				  NEED_TCP_INFO | NEED_MEMORY, take_md5 },
	[INET_DIAG_ULP_INFO]  = { REDACT_KEEP, 0, NEED_TCP_INFO | NEED_MEMORY, take_ulp },
	[INET_DIAG_CGROUP_ID] = { REDACT_KEEP, sizeof(uint64_t), 0, take_cgroup },
	[INET_DIAG_SOCKOPT]   = { REDACT_KEEP, sizeof(struct inet_diag_sockopt), 0, take_sockopt },
};

const struct attr_table inet_attrs = {
	ATTR_TABLE(inet_diag_msg, attrs),
	.ends = { offsetof(struct inet_diag_msg, id.idiag_src),
		  offsetof(struct inet_diag_msg, id.idiag_dst) },
};

uint8_t attrs_ext(unsigned need)
{
	unsigned ext = 0;

	for (unsigned i = 1; i <= 8; i++)
		if (attrs[i].need & need)
			ext |= 1u << (i - 1);
	return (uint8_t)ext;
}

uint8_t attrs_recorded(unsigned need)
{
	return attrs_ext(need) & (uint8_t)~(1u << (INET_DIAG_VEGASINFO - 1));
}

static void take_one(const struct attr_table *table, const struct nlattrs_one *one,
		     struct parsed *parsed)
{
	const struct attr *attr = one->type < table->count ? &table->attrs[one->type] : NULL;

	if (!attr || !attr->take || (attr->need && !(attr->need & parsed->need)))
		return;
	if (one->size < attr->least)
		parsed->senseless++;
	else
		attr->take(parsed, one->at, one->size);
}

unsigned attrs_parse(const struct attr_table *table, const void *bytes, size_t size,
		     struct parsed *parsed)
{
	struct nlattrs walk = { .at = bytes, .left = size };
	struct nlattrs_one one;

	while (nlattrs_next(&walk, &one))
		take_one(table, &one, parsed);
	return parsed->senseless + walk.broken;
}

/* ---- a message ---- */

/*
 * Until Linux 4.20 a timer that was overdue, because it waited for the socket's lock,
 * was told as a negative number of jiffies, taken for unsigned and multiplied. No
 * segment is sent again later than TCP_RTO_MAX, two minutes.
 */
enum { OVERDUE_MS = 10 * 60 * 1000 };

static uint32_t expires_ms(const struct sock *sock, uint32_t told_ms)
{
	bool sends_again = sock->timer == TIMER_RETRANSMIT || sock->timer == TIMER_PROBE;

	return sends_again && told_ms > OVERDUE_MS ? 0 : told_ms;
}

/* A timer that only later kernels have is ignored. */
static void take_timer(struct sock *sock, const struct inet_diag_msg *told)
{
	if (told->idiag_timer == 0 || told->idiag_timer >= TIMER_COUNT)
		return;
	sock->timer = told->idiag_timer;
	sock->timer_ms = expires_ms(sock, told->idiag_expires);
	/* a repeated delayed ACK is not a retransmission */
	if (sock->timer != TIMER_DELAYED_ACK)
		sock->retransmits = told->idiag_retrans;
}

static void take_addresses(struct sock *sock, const struct inet_diag_msg *told)
{
	if (told->idiag_family == AF_INET) {
		sock->family = FAMILY_IPV4;
		sock->local = addr_from_v4(told->id.idiag_src);
		sock->remote = addr_from_v4(told->id.idiag_dst);
	} else {
		sock->family = FAMILY_IPV6;
		sock->local = addr_from_v6(told->id.idiag_src);
		sock->remote = addr_from_v6(told->id.idiag_dst);
	}
	sock->local_port = ntohs(told->id.idiag_sport);
	sock->remote_port = ntohs(told->id.idiag_dport);
	sock->ifindex = told->id.idiag_if;
}

/* Minisocks and request sockets are told with uid 0, which means nothing. */
static bool tells_uid(const struct sock *sock)
{
	return !sock_is_minisock(sock) && sock->state != STATE_TIME_WAIT &&
	       !(sock->state == STATE_SYN_RECV && sock->inode == 0);
}

/*
 * Clears in parts of a few stores each; the compiler would turn one clear of everything
 * into a string instruction, which is slow to start.
 */
static inline void clear(void *at, size_t size)
{
	enum { PART = 64 };
	char *to = at;

#pragma GCC unroll 8
	for (; size >= PART; to += PART, size -= PART)
		memset(to, 0, PART);
	memset(to, 0, size);
}

static int take_message(struct sock *sock, const struct inet_diag_msg *told,
			enum protocol protocol)
{
	clear(sock, sizeof(*sock));
	sock->protocol = protocol;
	sock->state = message_state(told, protocol);
	if (sock->state == STATE_NONE)
		return -EBADMSG;
	if (told->idiag_family != AF_INET && told->idiag_family != AF_INET6)
		return -EBADMSG;
	take_addresses(sock, told);
	take_timer(sock, told);
	sock->recv_queue = told->idiag_rqueue;
	sock->send_queue = told->idiag_wqueue;
	sock->inode = told->idiag_inode;
	sock->cookie = message_cookie(told);
	if (tells_uid(sock)) {
		sock->uid = told->idiag_uid;
		sock->have |= HAVE_UID;
	}
	return 0;
}

#define NEED_DETAIL (NEED_TCP_INFO | NEED_MEMORY | NEED_CONGESTION | NEED_TOS)

int message_take(const struct inet_diag_msg *told, const void *rest, size_t size,
		 enum protocol protocol, unsigned need, struct sock *sock, struct detail *detail)
{
	struct parsed parsed = { .sock = sock, .detail = detail, .need = need };
	int err = take_message(sock, told, protocol);

	if (err)
		return err;
	if (need & NEED_DETAIL) {
		clear(detail, offsetof(struct detail, metrics.value));
		sock->detail = detail;
	}
	return size ? (int)attrs_parse(&inet_attrs, rest, size, &parsed) : 0;
}

int message_parse(const void *message, size_t size, enum protocol protocol, unsigned need,
		  struct sock *sock, struct detail *detail)
{
	struct inet_diag_msg told;

	if (size < sizeof(told))
		return -EBADMSG;
	memcpy(&told, message, sizeof(told));
	return message_take(&told, (const char *)message + sizeof(told), size - sizeof(told),
			    protocol, need, sock, detail);
}
