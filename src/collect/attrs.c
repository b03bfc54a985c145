/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/attrs.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/mptcp.h>
#include <linux/tcp.h>
#include <linux/tls.h>
#include <string.h>

struct taken {
	struct sock   *sock;
	struct detail *detail;
	unsigned       need;
};

/* Where a number stands in the kernel's tcp_info. */
struct place {
	uint16_t offset;
	uint8_t  size;
	uint8_t  shift, bits;   /* of a bit-field; 0 bits: all of it */
};

#define AT(member) { .offset = offsetof(struct tcp_info, tcpi_##member), \
		     .size = sizeof(((struct tcp_info *)0)->tcpi_##member) }

/* Bit-fields fill their byte from the low end, or from the high one. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BITS(byte, from, count) { .offset = (byte), .size = 1, .shift = (from), .bits = (count) }
#else
#define BITS(byte, from, count) \
	{ .offset = (byte), .size = 1, .shift = 8 - (from) - (count), .bits = (count) }
#endif

/*
 * tcp_info only ever grows at its end: a member is there when the attribute
 * is long enough. Members younger than the oldest header that builds this
 * program are written as numbers (6.2: rcv_wnd, rehash; 6.7: the total_rto
 * ones; 6.18: accurate ECN; checked against the type information of 6.18).
 * The last word is two 16-bit numbers in 6.18 (fail_mode, opt_seen) and bits in
 * 7.0 (ecn_mode:2, opt_seen:2, fail_mode:4): it is told as it is. Not here are
 * the state, which the message tells too, and last_ack_sent, which no kernel
 * has ever filled.
 */
static const struct place places[METRIC_COUNT] = {
	[METRIC_CA_STATE]       = AT(ca_state),
	[METRIC_PROBES]         = AT(probes),
	[METRIC_BACKOFF]        = AT(backoff),
	[METRIC_OPTIONS]        = AT(options),
	[METRIC_SND_WSCALE]     = BITS(6, 0, 4),
	[METRIC_RCV_WSCALE]     = BITS(6, 4, 4),
	[METRIC_APP_LIMITED]    = BITS(7, 0, 1),
	[METRIC_FASTOPEN_FAIL]  = BITS(7, 1, 2),
	[METRIC_RTO]            = AT(rto),
	[METRIC_ATO]            = AT(ato),
	[METRIC_SND_MSS]        = AT(snd_mss),
	[METRIC_RCV_MSS]        = AT(rcv_mss),
	[METRIC_UNACKED]        = AT(unacked),
	[METRIC_SACKED]         = AT(sacked),
	[METRIC_LOST]           = AT(lost),
	[METRIC_RETRANS]        = AT(retrans),
	[METRIC_FACKETS]        = AT(fackets),
	[METRIC_LAST_DATA_SENT] = AT(last_data_sent),
	[METRIC_LAST_DATA_RECV] = AT(last_data_recv),
	[METRIC_LAST_ACK_RECV]  = AT(last_ack_recv),
	[METRIC_PMTU]           = AT(pmtu),
	[METRIC_RCV_SSTHRESH]   = AT(rcv_ssthresh),
	[METRIC_RTT]            = AT(rtt),
	[METRIC_RTTVAR]         = AT(rttvar),
	[METRIC_SND_SSTHRESH]   = AT(snd_ssthresh),
	[METRIC_SND_CWND]       = AT(snd_cwnd),
	[METRIC_ADVMSS]         = AT(advmss),
	[METRIC_REORDERING]     = AT(reordering),
	[METRIC_RCV_RTT]        = AT(rcv_rtt),
	[METRIC_RCV_SPACE]      = AT(rcv_space),
	[METRIC_TOTAL_RETRANS]  = AT(total_retrans),
	[METRIC_PACING_RATE]    = AT(pacing_rate),
	[METRIC_MAX_PACING_RATE] = AT(max_pacing_rate),
	[METRIC_BYTES_ACKED]    = AT(bytes_acked),
	[METRIC_BYTES_RECEIVED] = AT(bytes_received),
	[METRIC_SEGS_OUT]       = AT(segs_out),
	[METRIC_SEGS_IN]        = AT(segs_in),
	[METRIC_NOTSENT_BYTES]  = AT(notsent_bytes),
	[METRIC_MIN_RTT]        = AT(min_rtt),
	[METRIC_DATA_SEGS_IN]   = AT(data_segs_in),
	[METRIC_DATA_SEGS_OUT]  = AT(data_segs_out),
	[METRIC_DELIVERY_RATE]  = AT(delivery_rate),
	[METRIC_BUSY_TIME]      = AT(busy_time),
	[METRIC_RWND_LIMITED]   = AT(rwnd_limited),
	[METRIC_SNDBUF_LIMITED] = AT(sndbuf_limited),
	[METRIC_DELIVERED]      = AT(delivered),
	[METRIC_DELIVERED_CE]   = AT(delivered_ce),
	[METRIC_BYTES_SENT]     = AT(bytes_sent),
	[METRIC_BYTES_RETRANS]  = AT(bytes_retrans),
	[METRIC_DSACK_DUPS]     = AT(dsack_dups),
	[METRIC_REORD_SEEN]     = AT(reord_seen),
	[METRIC_RCV_OOOPACK]    = AT(rcv_ooopack),
	[METRIC_SND_WND]        = AT(snd_wnd),
	[METRIC_RCV_WND]        = { .offset = 232, .size = 4 },
	[METRIC_REHASH]         = { .offset = 236, .size = 4 },
	[METRIC_TOTAL_RTO]      = { .offset = 240, .size = 2 },
	[METRIC_TOTAL_RTO_RECOVERIES] = { .offset = 242, .size = 2 },
	[METRIC_TOTAL_RTO_TIME] = { .offset = 244, .size = 4 },
	[METRIC_RETRANSMITS]    = AT(retransmits),
	[METRIC_RECEIVED_CE]        = { .offset = 248, .size = 4 },
	[METRIC_DELIVERED_E1_BYTES] = { .offset = 252, .size = 4 },
	[METRIC_DELIVERED_E0_BYTES] = { .offset = 256, .size = 4 },
	[METRIC_DELIVERED_CE_BYTES] = { .offset = 260, .size = 4 },
	[METRIC_RECEIVED_E1_BYTES]  = { .offset = 264, .size = 4 },
	[METRIC_RECEIVED_E0_BYTES]  = { .offset = 268, .size = 4 },
	[METRIC_RECEIVED_CE_BYTES]  = { .offset = 272, .size = 4 },
	[METRIC_ACCECN]             = { .offset = 276, .size = 4 },
};

#define KNOWN_BYTES 280

/* False when this kernel's tcp_info ends before that member. */
static bool read_metric(const uint8_t *info, size_t size, enum metric which, uint64_t *value)
{
	const struct place *place = &places[which];
	uint8_t one;
	uint16_t two;
	uint32_t four;

	if ((size_t)place->offset + place->size > size)
		return false;
	info += place->offset;
	switch (place->size) {
	case 1:
		memcpy(&one, info, sizeof(one));
		*value = place->bits ? (uint64_t)(one >> place->shift & ((1 << place->bits) - 1)) : one;
		return true;
	case 2:
		memcpy(&two, info, sizeof(two));
		*value = two;
		return true;
	case 4:
		memcpy(&four, info, sizeof(four));
		*value = four;
		return true;
	default:
		memcpy(value, info, sizeof(*value));
		return true;
	}
}

static void take_metrics(const uint8_t *info, size_t size, struct metrics *metrics)
{
	uint64_t value;

	for (unsigned i = 0; i < METRIC_COUNT; i++)
		if (read_metric(info, size, i, &value))
			metric_set(metrics, i, value);
	metrics->unknown_bytes = size > KNOWN_BYTES ? (uint32_t)(size - KNOWN_BYTES) : 0;
}

static bool read_u32(const uint8_t *info, size_t size, enum metric which, uint32_t *value)
{
	uint64_t wide;

	if (!read_metric(info, size, which, &wide))
		return false;
	*value = (uint32_t)wide;
	return true;
}

/* The three times stand together; without the last there is no flow. */
static void take_flow(const uint8_t *info, size_t size, struct sock *sock)
{
	struct flow *flow = &sock->flow;

	if (!read_u32(info, size, METRIC_LAST_ACK_RECV, &flow->last_ack_recv_ms))
		return;
	read_u32(info, size, METRIC_LAST_DATA_SENT, &flow->last_data_sent_ms);
	read_u32(info, size, METRIC_LAST_DATA_RECV, &flow->last_data_recv_ms);
	read_u32(info, size, METRIC_RTO, &flow->rto_us);
	read_u32(info, size, METRIC_BACKOFF, &flow->backoff);
	sock->have |= HAVE_FLOW;
	if (read_metric(info, size, METRIC_BYTES_ACKED, &flow->bytes_acked) &&
	    read_metric(info, size, METRIC_BYTES_RECEIVED, &flow->bytes_received))
		sock->have |= HAVE_ACKED;
	if (read_u32(info, size, METRIC_NOTSENT_BYTES, &flow->notsent_bytes))
		sock->have |= HAVE_NOTSENT;
	if (read_metric(info, size, METRIC_BYTES_SENT, &flow->bytes_sent) &&
	    read_metric(info, size, METRIC_BYTES_RETRANS, &flow->bytes_retrans))
		sock->have |= HAVE_SENT;
}

static void take_info(struct taken *taken, const uint8_t *at, size_t size)
{
	take_flow(at, size, taken->sock);
	if (taken->need & NEED_TCP_INFO)
		take_metrics(at, size, &taken->detail->metrics);
}

static void take_memory(struct taken *taken, const uint8_t *at, size_t size)
{
	(void)size;
	memcpy(taken->detail->memory, at, sizeof(taken->detail->memory));
	taken->detail->have_memory = true;
}

static void take_congestion(struct taken *taken, const uint8_t *at, size_t size)
{
	char *name = taken->detail->congestion;
	size_t room = sizeof(taken->detail->congestion) - 1;

	size = strnlen((const char *)at, size < room ? size : room);
	memcpy(name, at, size);
	name[size] = '\0';
	taken->detail->have_congestion = size > 0;
}

static void take_vegas(struct taken *taken, const uint8_t *at, size_t size)
{
	struct congestion_state *state = &taken->detail->congestion_state;
	struct tcpvegas_info told;

	(void)size;
	memcpy(&told, at, sizeof(told));
	state->kind = CONGESTION_VEGAS;
	state->enabled = told.tcpv_enabled;
	state->rtt_count = told.tcpv_rttcnt;
	state->rtt_us = told.tcpv_rtt;
	state->min_rtt_us = told.tcpv_minrtt;
}

static void take_dctcp(struct taken *taken, const uint8_t *at, size_t size)
{
	struct congestion_state *state = &taken->detail->congestion_state;
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
static void take_bbr(struct taken *taken, const uint8_t *at, size_t size)
{
	struct congestion_state *state = &taken->detail->congestion_state;
	struct tcp_bbr_info told;

	(void)size;
	memcpy(&told, at, sizeof(told));
	state->kind = CONGESTION_BBR;
	state->bandwidth_bytes_per_s = (uint64_t)told.bbr_bw_hi << 32 | told.bbr_bw_lo;
	state->min_rtt_us = told.bbr_min_rtt;
	state->pacing_gain = told.bbr_pacing_gain;
	state->cwnd_gain = told.bbr_cwnd_gain;
}

static void take_class_id(struct taken *taken, const uint8_t *at, size_t size)
{
	(void)size;
	memcpy(&taken->detail->class_id, at, sizeof(taken->detail->class_id));
	taken->detail->have_class_id = true;
}

static void take_md5_peer(struct md5_peer *peer, const struct tcp_diag_md5sig *told)
{
	peer->family = told->tcpm_family == AF_INET6 ? FAMILY_IPV6 : FAMILY_IPV4;
	peer->prefix = told->tcpm_prefixlen;
	peer->addr = peer->family == FAMILY_IPV6 ? addr_from_v6(told->tcpm_addr) :
		     addr_from_v4(told->tcpm_addr);
}

static void take_md5(struct taken *taken, const uint8_t *at, size_t size)
{
	struct detail *detail = taken->detail;
	struct tcp_diag_md5sig told;

	for (; size >= sizeof(told); at += sizeof(told), size -= sizeof(told)) {
		memcpy(&told, at, sizeof(told));
		if (detail->md5_count < MD5_PEERS)
			take_md5_peer(&detail->md5[detail->md5_count], &told);
		detail->md5_count++;
	}
	explicit_bzero(&told, sizeof(told));
}

/* The next of nested attributes: its length with *@at and *@type, -1 at the end. */
static int next_nested(const uint8_t **bytes, size_t *left, unsigned *type, const uint8_t **at)
{
	struct nlattr attr;
	size_t step;

	if (*left < sizeof(attr))
		return -1;
	memcpy(&attr, *bytes, sizeof(attr));
	if (attr.nla_len < sizeof(attr) || attr.nla_len > *left)
		return -1;
	*type = attr.nla_type & (unsigned)NLA_TYPE_MASK;
	*at = *bytes + sizeof(attr);
	step = NLA_ALIGN(attr.nla_len);
	*bytes += step < *left ? step : *left;
	*left -= step < *left ? step : *left;
	return attr.nla_len - (int)sizeof(attr);
}

/* A number of that size, in the machine's byte order; false when it is shorter. */
static bool read_number(const uint8_t *at, int has, void *number, size_t size)
{
	if (has < (int)size)
		return false;
	memcpy(number, at, size);
	return true;
}

static void take_tls(struct tls_state *tls, const uint8_t *bytes, size_t left)
{
	const uint8_t *at;
	unsigned type;
	int size;

	while ((size = next_nested(&bytes, &left, &type, &at)) >= 0) {
		if (type == TLS_INFO_VERSION)
			tls->have_version = read_number(at, size, &tls->version, 2);
		else if (type == TLS_INFO_CIPHER)
			tls->have_cipher = read_number(at, size, &tls->cipher, 2);
		else if (type == TLS_INFO_RXCONF)
			tls->have_rx = read_number(at, size, &tls->rx, 2);
		else if (type == TLS_INFO_TXCONF)
			tls->have_tx = read_number(at, size, &tls->tx, 2);
		else if (type == TLS_INFO_ZC_RO_TX)
			tls->zero_copy = true;
	}
}

/* Tokens and ids make sense together only; counted by the bits of @tokens. */
static void take_subflow_one(struct subflow_state *flow, unsigned *tokens, unsigned type,
			     const uint8_t *at, int size)
{
	switch (type) {
	case MPTCP_SUBFLOW_ATTR_FLAGS:
		read_number(at, size, &flow->flags, 4);
		break;
	case MPTCP_SUBFLOW_ATTR_TOKEN_REM:
		*tokens |= read_number(at, size, &flow->remote_token, 4) ? 1 : 0;
		break;
	case MPTCP_SUBFLOW_ATTR_TOKEN_LOC:
		*tokens |= read_number(at, size, &flow->local_token, 4) ? 2 : 0;
		break;
	case MPTCP_SUBFLOW_ATTR_ID_REM:
		*tokens |= read_number(at, size, &flow->remote_id, 1) ? 4 : 0;
		break;
	case MPTCP_SUBFLOW_ATTR_ID_LOC:
		*tokens |= read_number(at, size, &flow->local_id, 1) ? 8 : 0;
		break;
	case MPTCP_SUBFLOW_ATTR_MAP_SEQ:
		flow->have_seq = read_number(at, size, &flow->seq, 8);
		break;
	case MPTCP_SUBFLOW_ATTR_MAP_SFSEQ:
		flow->have_subflow_seq = read_number(at, size, &flow->subflow_seq, 4);
		break;
	case MPTCP_SUBFLOW_ATTR_SSN_OFFSET:
		flow->have_offset = read_number(at, size, &flow->offset, 4);
		break;
	case MPTCP_SUBFLOW_ATTR_MAP_DATALEN:
		flow->length_bytes = 0;
		flow->have_length = read_number(at, size, &flow->length_bytes,
						size < 4 ? 2 : 4);
		break;
	default:
		break;
	}
}

static void take_subflow(struct subflow_state *flow, const uint8_t *bytes, size_t left)
{
	const uint8_t *at;
	unsigned type, tokens = 0;
	int size;

	while ((size = next_nested(&bytes, &left, &type, &at)) >= 0)
		take_subflow_one(flow, &tokens, type, at, size);
	flow->have_tokens = tokens == 15;
}

static void take_ulp(struct taken *taken, const uint8_t *bytes, size_t left)
{
	struct ulp *ulp = &taken->detail->ulp;
	const uint8_t *at;
	unsigned type;
	int size;

	while ((size = next_nested(&bytes, &left, &type, &at)) >= 0) {
		if (type == INET_ULP_INFO_NAME) {
			size_t length = strnlen((const char *)at, (size_t)size);

			if (length < sizeof(ulp->name))
				memcpy(ulp->name, at, length);
		} else if (type == INET_ULP_INFO_TLS) {
			ulp->has_tls = true;
			take_tls(&ulp->tls, at, (size_t)size);
		} else if (type == INET_ULP_INFO_MPTCP) {
			ulp->has_subflow = true;
			take_subflow(&ulp->subflow, at, (size_t)size);
		}
	}
}

static void take_tos(struct taken *taken, const uint8_t *at, size_t size)
{
	(void)size;
	taken->detail->tos = *at;
	taken->detail->have_tos = true;
}

static void take_tclass(struct taken *taken, const uint8_t *at, size_t size)
{
	(void)size;
	taken->detail->tclass = *at;
	taken->detail->have_tclass = true;
}

static void take_shutdown(struct taken *taken, const uint8_t *at, size_t size)
{
	(void)size;
	taken->sock->shutdown = *at;
	taken->sock->have |= HAVE_SHUTDOWN;
}

static void take_v6only(struct taken *taken, const uint8_t *at, size_t size)
{
	(void)size;
	taken->sock->v6only = *at;
	taken->sock->have |= HAVE_V6ONLY;
}

static void take_mark(struct taken *taken, const uint8_t *at, size_t size)
{
	(void)size;
	memcpy(&taken->sock->mark, at, sizeof(taken->sock->mark));
	taken->sock->have |= HAVE_MARK;
}

static void take_cgroup(struct taken *taken, const uint8_t *at, size_t size)
{
	(void)size;
	memcpy(&taken->sock->cgroup_id, at, sizeof(taken->sock->cgroup_id));
	taken->sock->have |= HAVE_CGROUP;
}

static void take_sockopt(struct taken *taken, const uint8_t *at, size_t size)
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
	taken->sock->sockopt = (uint16_t)options;
	taken->sock->have |= HAVE_SOCKOPT;
}

struct attr {
	size_t   least;         /* bytes; shorter makes no sense */
	unsigned need;          /* any of these asks for it; 0: comes by itself */
	void   (*take)(struct taken *taken, const uint8_t *at, size_t size);
};

/*
 * THE attribute table: one row both asks and reads. To add one: its row here.
 * Only attributes 1 to 8 can be asked for (idiag_ext is a byte); later ones
 * come by themselves or not at all. What any congestion control tells of itself
 * comes with VEGASINFO. INFO may have any length that covers the
 * byte members: see read_metric().
 */
static const struct attr attrs[] = {
	[INET_DIAG_INFO]      = { 8, NEED_FLOW | NEED_TCP_INFO, take_info },
	[INET_DIAG_VEGASINFO] = { sizeof(struct tcpvegas_info), NEED_TCP_INFO, take_vegas },
	[INET_DIAG_DCTCPINFO] = { sizeof(struct tcp_dctcp_info), NEED_TCP_INFO, take_dctcp },
	[INET_DIAG_BBRINFO]   = { sizeof(struct tcp_bbr_info), NEED_TCP_INFO, take_bbr },
	[INET_DIAG_CONG]      = { 1, NEED_CONGESTION, take_congestion },
	[INET_DIAG_TOS]       = { 1, NEED_TOS, take_tos },
	[INET_DIAG_TCLASS]    = { 1, NEED_TOS, take_tclass },
	[INET_DIAG_CLASS_ID]  = { sizeof(uint32_t), NEED_TOS, take_class_id },
	[INET_DIAG_MD5SIG]    = { sizeof(struct tcp_diag_md5sig), NEED_TCP_INFO | NEED_MEMORY,
				  take_md5 },
	[INET_DIAG_ULP_INFO]  = { 0, NEED_TCP_INFO | NEED_MEMORY, take_ulp },
	[INET_DIAG_SKMEMINFO] = { 9 * sizeof(uint32_t), NEED_MEMORY, take_memory },
	[INET_DIAG_SHUTDOWN]  = { 1, 0, take_shutdown },
	[INET_DIAG_SKV6ONLY]  = { 1, 0, take_v6only },
	[INET_DIAG_MARK]      = { sizeof(uint32_t), 0, take_mark },
	[INET_DIAG_CGROUP_ID] = { sizeof(uint64_t), 0, take_cgroup },
	[INET_DIAG_SOCKOPT]   = { sizeof(struct inet_diag_sockopt), 0, take_sockopt },
};

#define ATTRS (sizeof(attrs) / sizeof(*attrs))

_Static_assert(sizeof(((struct detail *)0)->memory) == 9 * sizeof(uint32_t),
	       "the memory row copies all of it");

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

/* False when the attribute is one of ours and makes no sense. */
static bool take_one(struct taken *taken, unsigned type, const uint8_t *at, size_t size)
{
	const struct attr *attr = type < ATTRS ? &attrs[type] : NULL;

	if (!attr || !attr->take || (attr->need && !(attr->need & taken->need)))
		return true;
	if (size < attr->least)
		return false;
	attr->take(taken, at, size);
	return true;
}

unsigned attrs_parse(const void *bytes, size_t size, unsigned need,
		     struct sock *sock, struct detail *detail)
{
	struct taken taken = { .sock = sock, .detail = detail, .need = need };
	const uint8_t *at = bytes;
	unsigned senseless = 0;

	while (size >= sizeof(struct nlattr)) {
		struct nlattr attr;
		size_t step;

		memcpy(&attr, at, sizeof(attr));
		if (attr.nla_len < sizeof(attr) || attr.nla_len > size)
			return senseless + 1;
		senseless += !take_one(&taken, attr.nla_type & (unsigned)NLA_TYPE_MASK,
				       at + sizeof(attr), attr.nla_len - sizeof(attr));
		step = NLA_ALIGN(attr.nla_len);
		if (step >= size)
			return senseless;
		at += step;
		size -= step;
	}
	return senseless + (size > 0);
}
