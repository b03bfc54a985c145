/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/attrs.h"

#include "base/grow.h"
#include "collect/mptcp_info.h"
#include "collect/nlattrs.h"
#include "collect/tcp_info.h"
#include "collect/ulp.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <string.h>
#include <sys/socket.h>

struct taken {
	struct sock   *sock;
	struct detail *detail;
	unsigned       need;
};

static void take_info(struct taken *taken, const uint8_t *at, size_t size)
{
	/* under the same number, something else */
	if (taken->sock->protocol == PROTOCOL_MPTCP) {
		if (taken->need & NEED_TCP_INFO)
			mptcp_info_parse(at, size, &taken->detail->mptcp);
		return;
	}
	tcp_info_flow(at, size, taken->sock);
	if (taken->need & NEED_TCP_INFO)
		tcp_info_metrics(at, size, &taken->detail->metrics);
}

/* It grows at its end: the backlog came with Linux 3.5, the drops with 4.7. */
#define MEMORY_LEAST 7

bool attrs_memory(struct detail *detail, const uint8_t *bytes, size_t size)
{
	const size_t most = sizeof(detail->memory) / sizeof(*detail->memory);
	size_t count = size / sizeof(*detail->memory);

	if (count < MEMORY_LEAST)
		return false;
	count = count < most ? count : most;
	memset(detail->memory, 0, sizeof(detail->memory));
	memcpy(detail->memory, bytes, count * sizeof(*detail->memory));
	detail->memory_lacks = (uint8_t)(most - count);
	detail->have_memory = true;
	return true;
}

static void take_memory(struct taken *taken, const uint8_t *at, size_t size)
{
	attrs_memory(taken->detail, at, size);
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
		take_md5_peer(grow_add(&detail->md5), &told);
	}
	explicit_bzero(&told, sizeof(told));
}

static void take_ulp(struct taken *taken, const uint8_t *at, size_t size)
{
	ulp_take(&taken->detail->ulp, at, size);
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
	[INET_DIAG_SKMEMINFO] = { MEMORY_LEAST * sizeof(uint32_t), NEED_MEMORY, take_memory },
	[INET_DIAG_SHUTDOWN]  = { 1, 0, take_shutdown },
	[INET_DIAG_SKV6ONLY]  = { 1, 0, take_v6only },
	[INET_DIAG_MARK]      = { sizeof(uint32_t), 0, take_mark },
	[INET_DIAG_CGROUP_ID] = { sizeof(uint64_t), 0, take_cgroup },
	[INET_DIAG_SOCKOPT]   = { sizeof(struct inet_diag_sockopt), 0, take_sockopt },
};

#define ATTRS (sizeof(attrs) / sizeof(*attrs))

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
	struct nlattrs walk = { .at = bytes, .left = size };
	struct nlattrs_one one;
	unsigned senseless = 0;

	while (nlattrs_next(&walk, &one))
		senseless += !take_one(&taken, one.type, one.at, one.size);
	return senseless + walk.broken;
}
