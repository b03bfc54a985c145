/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ss -i: what TCP knows of a connection, its congestion control, TLS and MPTCP. */

#include "print/cell.h"
#include "print/ss_text.h"

/* A number that ss leaves out when it is 0. */
static void put_metric(struct text *cell, const struct metrics *m, const char *name,
		       enum metric which)
{
	if (m->value[which])
		ss_field(cell, name, m->value[which]);
}

static void put_metric_ms(struct text *cell, const char *name, uint64_t us)
{
	if (!us)
		return;
	cell_str(cell, name);
	cell_us_as_ms(cell, us);
}

/* Writes three digits and a prefix (1.31Tbps), or with -n the exact number. */
static void put_rate(struct text *cell, const struct view *view, const char *name,
		     double bits_per_s)
{
	static const struct { double from; const char *prefix; } prefixes[] = {
		{ 1e12, "T" }, { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" },
	};
	size_t i = 0, count = sizeof(prefixes) / sizeof(*prefixes);

	cell_str(cell, name);
	while (i < count && bits_per_s < prefixes[i].from)
		i++;
	if (view->style->numeric)
		text_addf(cell, "%.0f", bits_per_s);
	else if (i < count)
		text_addf(cell, "%.3g%s", bits_per_s / prefixes[i].from, prefixes[i].prefix);
	else
		text_addf(cell, "%g", bits_per_s);
	cell_str(cell, "bps");
}

/* Names the TCPI_OPT_* flags that ss names. */
static void put_options(struct text *cell, uint64_t options)
{
	static const struct { unsigned bit; const char *name; } names[] = {
		{ 1, " ts" }, { 64, " usec_ts" }, { 2, " sack" }, { 8, " ecn" },
		{ 16, " ecnseen" }, { 32, " fastopen" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (options & names[i].bit)
			cell_str(cell, names[i].name);
}

static void put_sender(struct text *cell, const struct detail *detail)
{
	const struct metrics *m = &detail->metrics;
	const uint64_t *v = m->value;

	if (detail->have_congestion && detail->congestion[0]) {
		cell_char(cell, ' ');
		cell_word(cell, detail->congestion,
			     strnlen(detail->congestion, sizeof(detail->congestion)));
	}
	if (v[METRIC_OPTIONS] & 4) {
		ss_field(cell, " wscale:", v[METRIC_SND_WSCALE]);
		ss_field(cell, ",", v[METRIC_RCV_WSCALE]);
	}
	if (v[METRIC_RTO] != 3000000)
		put_metric_ms(cell, " rto:", v[METRIC_RTO]);
	put_metric(cell, m, " backoff:", METRIC_BACKOFF);
	if (metric_known(m, METRIC_RTT)) {
		put_metric_ms(cell, " rtt:", v[METRIC_RTT]);
		cell_char(cell, '/');
		cell_us_as_ms(cell, v[METRIC_RTTVAR]);
	}
	put_metric_ms(cell, " ato:", v[METRIC_ATO]);
	put_metric(cell, m, " mss:", METRIC_SND_MSS);
	put_metric(cell, m, " pmtu:", METRIC_PMTU);
	put_metric(cell, m, " rcvmss:", METRIC_RCV_MSS);
	put_metric(cell, m, " advmss:", METRIC_ADVMSS);
	put_metric(cell, m, " cwnd:", METRIC_SND_CWND);
	if (v[METRIC_SND_SSTHRESH] < 0xffff)
		put_metric(cell, m, " ssthresh:", METRIC_SND_SSTHRESH);
}

static void put_traffic(struct text *cell, const struct metrics *m)
{
	put_metric(cell, m, " bytes_sent:", METRIC_BYTES_SENT);
	put_metric(cell, m, " bytes_retrans:", METRIC_BYTES_RETRANS);
	put_metric(cell, m, " bytes_acked:", METRIC_BYTES_ACKED);
	put_metric(cell, m, " bytes_received:", METRIC_BYTES_RECEIVED);
	put_metric(cell, m, " segs_out:", METRIC_SEGS_OUT);
	put_metric(cell, m, " segs_in:", METRIC_SEGS_IN);
	put_metric(cell, m, " data_segs_out:", METRIC_DATA_SEGS_OUT);
	put_metric(cell, m, " data_segs_in:", METRIC_DATA_SEGS_IN);
}

static void put_dctcp(struct text *cell, const struct congestion_state *state)
{
	if (!state->enabled) {
		cell_str(cell, " dctcp:fallback_mode");
		return;
	}
	ss_field(cell, " dctcp:(ce_state:", state->ce_state);
	ss_field(cell, ",alpha:", state->alpha);
	ss_field(cell, ",ab_ecn:", state->ecn_bytes);
	ss_field(cell, ",ab_tot:", state->acked_bytes);
	cell_char(cell, ')');
}

static void put_bbr(struct text *cell, const struct view *view,
		    const struct congestion_state *state)
{
	put_rate(cell, view, " bbr:(bw:", (double)state->bandwidth_bytes_per_s * 8);
	cell_str(cell, ",mrtt:");
	cell_us_as_ms(cell, state->min_rtt_us);
	if (state->pacing_gain)
		text_addf(cell, ",pacing_gain:%g", state->pacing_gain / 256.0);
	if (state->cwnd_gain)
		text_addf(cell, ",cwnd_gain:%g", state->cwnd_gain / 256.0);
	cell_char(cell, ')');
}

static void put_congestion_state(struct text *cell, const struct view *view,
				 const struct congestion_state *state)
{
	if (state->kind == CONGESTION_DCTCP)
		put_dctcp(cell, state);
	else if (state->kind == CONGESTION_BBR)
		put_bbr(cell, view, state);
}

/*
 * ss uses the round trip time that Vegas measures for `send`, because it is better than
 * the kernel's smoothed one.
 */
static uint64_t send_rtt_us(const struct detail *detail)
{
	const struct congestion_state *state = &detail->congestion_state;
	bool measured = state->kind == CONGESTION_VEGAS && state->enabled && state->rtt_us &&
			state->rtt_us != INT32_MAX;

	if (measured)
		return state->rtt_us;
	return metric_known(&detail->metrics, METRIC_RTT) ? detail->metrics.value[METRIC_RTT] : 0;
}

static void put_rates(struct text *cell, const struct view *view, const struct detail *detail)
{
	const struct metrics *m = &detail->metrics;
	const uint64_t *v = m->value;
	uint64_t rtt_us = send_rtt_us(detail);

	if (rtt_us && v[METRIC_SND_MSS] && v[METRIC_SND_CWND])
		put_rate(cell, view, " send ", (double)v[METRIC_SND_CWND] *
			 (double)v[METRIC_SND_MSS] * 8e6 / (double)rtt_us);
	put_metric(cell, m, " lastsnd:", METRIC_LAST_DATA_SENT);
	put_metric(cell, m, " lastrcv:", METRIC_LAST_DATA_RECV);
	put_metric(cell, m, " lastack:", METRIC_LAST_ACK_RECV);
	if (v[METRIC_PACING_RATE] && v[METRIC_PACING_RATE] != METRIC_UNSET) {
		put_rate(cell, view, " pacing_rate ", (double)v[METRIC_PACING_RATE] * 8);
		if (v[METRIC_MAX_PACING_RATE] && v[METRIC_MAX_PACING_RATE] != METRIC_UNSET)
			put_rate(cell, view, "/", (double)v[METRIC_MAX_PACING_RATE] * 8);
	}
	if (v[METRIC_DELIVERY_RATE])
		put_rate(cell, view, " delivery_rate ", (double)v[METRIC_DELIVERY_RATE] * 8);
	put_metric(cell, m, " delivered:", METRIC_DELIVERED);
	put_metric(cell, m, " delivered_ce:", METRIC_DELIVERED_CE);
	if (v[METRIC_APP_LIMITED])
		cell_str(cell, " app_limited");
}

static void put_share(struct text *cell, const char *name, uint64_t us, uint64_t busy)
{
	if (us)
		text_addf(cell, "%s%llums(%.1f%%)", name, (unsigned long long)us / 1000,
			  100.0 * (double)us / (double)busy);
}

static void put_losses(struct text *cell, const struct metrics *m, enum state state)
{
	const uint64_t *v = m->value;

	if (v[METRIC_BUSY_TIME]) {
		ss_field(cell, " busy:", v[METRIC_BUSY_TIME] / 1000);
		cell_str(cell, "ms");
		put_share(cell, " rwnd_limited:", v[METRIC_RWND_LIMITED], v[METRIC_BUSY_TIME]);
		put_share(cell, " sndbuf_limited:", v[METRIC_SNDBUF_LIMITED],
			  v[METRIC_BUSY_TIME]);
	}
	put_metric(cell, m, " unacked:", METRIC_UNACKED);
	if (v[METRIC_RETRANS] || v[METRIC_TOTAL_RETRANS]) {
		ss_field(cell, " retrans:", v[METRIC_RETRANS]);
		ss_field(cell, "/", v[METRIC_TOTAL_RETRANS]);
	}
	put_metric(cell, m, " lost:", METRIC_LOST);
	if (state != STATE_LISTEN)
		put_metric(cell, m, " sacked:", METRIC_SACKED);
	put_metric(cell, m, " dsack_dups:", METRIC_DSACK_DUPS);
	put_metric(cell, m, " fackets:", METRIC_FACKETS);
	if (metric_has(m, METRIC_REORDERING) && v[METRIC_REORDERING] != 3)
		ss_field(cell, " reordering:", v[METRIC_REORDERING]);
	put_metric(cell, m, " reord_seen:", METRIC_REORD_SEEN);
}

static void put_receiver(struct text *cell, const struct metrics *m)
{
	const uint64_t *v = m->value;

	if (metric_known(m, METRIC_RCV_RTT))
		put_metric_ms(cell, " rcv_rtt:", v[METRIC_RCV_RTT]);
	put_metric(cell, m, " rcv_space:", METRIC_RCV_SPACE);
	put_metric(cell, m, " rcv_ssthresh:", METRIC_RCV_SSTHRESH);
	put_metric(cell, m, " notsent:", METRIC_NOTSENT_BYTES);
	if (v[METRIC_MIN_RTT] != METRIC_UNSET)
		put_metric_ms(cell, " minrtt:", v[METRIC_MIN_RTT]);
	put_metric(cell, m, " rcv_ooopack:", METRIC_RCV_OOOPACK);
	put_metric(cell, m, " snd_wnd:", METRIC_SND_WND);
}

void ss_md5(struct text *cell, const struct detail *detail)
{
	for (size_t i = 0; i < detail->md5.count; i++) {
		const struct md5_peer *peer = &detail->md5.at[i];

		cell_str(cell, i ? "," : " md5keys:");
		cell_addr(cell, &peer->addr, peer->family);
		ss_field(cell, "/", peer->prefix);
		cell_char(cell, '=');
	}
}

/* Names of a few numbers; ss calls any other unknown(NUMBER). */
struct tls_name { uint16_t number; const char *name; };

static const char *tls_name(const struct tls_name *names, size_t count, uint16_t number)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].number == number)
			return names[i].name;
	return NULL;
}

static void put_tls_name(struct text *cell, const char *what, const char *name, uint16_t number)
{
	cell_str(cell, what);
	if (name) {
		cell_str(cell, name);
	} else {
		ss_field(cell, "unknown(", number);
		cell_char(cell, ')');
	}
}

const char *ss_tls_version(uint16_t number)
{
	static const struct tls_name names[] = { { 0x0303, "1.2" }, { 0x0304, "1.3" } };

	return tls_name(names, sizeof(names) / sizeof(*names), number);
}

const char *ss_tls_cipher(uint16_t number)
{
	static const struct tls_name names[] = {
		{ 51, "aes-gcm-128" }, { 52, "aes-gcm-256" }, { 53, "aes-ccm-128" },
		{ 54, "chacha20-poly1305" }, { 55, "sm4-gcm" }, { 56, "sm4-ccm" },
		{ 57, "aria-gcm-128" }, { 58, "aria-gcm-256" },
	};

	return tls_name(names, sizeof(names) / sizeof(*names), number);
}

const char *ss_tls_conf(uint16_t number)
{
	static const struct tls_name names[] = {
		{ 1, "none" }, { 2, "sw" }, { 3, "hw" }, { 4, "hw-record" },
	};

	return tls_name(names, sizeof(names) / sizeof(*names), number);
}

static void put_tls(struct text *cell, const struct tls_state *tls)
{
	if (tls->have_version)
		put_tls_name(cell, " version: ", ss_tls_version(tls->version), tls->version);
	if (tls->have_cipher && ss_tls_cipher(tls->cipher))
		put_tls_name(cell, " cipher: ", ss_tls_cipher(tls->cipher), tls->cipher);
	if (tls->have_rx)
		put_tls_name(cell, " rxconf: ", ss_tls_conf(tls->rx), tls->rx);
	if (tls->have_tx)
		put_tls_name(cell, " txconf: ", ss_tls_conf(tls->tx), tls->tx);
	if (tls->zero_copy)
		cell_str(cell, " zc_ro_tx");
}

const char ss_subflow_flags[] = "MmJjBbecv";

static void put_subflow(struct text *cell, const struct subflow_state *flow)
{
	if (flow->flags)
		cell_str(cell, " flags:");
	for (unsigned i = 0; ss_subflow_flags[i]; i++)
		if (flow->flags >> i & 1)
			cell_char(cell, ss_subflow_flags[i]);
	if (flow->have_tokens)
		text_addf(cell, " token:%04x(id:%u)/%04x(id:%u)", flow->remote_token,
			  flow->remote_id, flow->local_token, flow->local_id);
	if (flow->have_seq)
		ss_hex_field(cell, " seq:", flow->seq);
	if (flow->have_subflow_seq)
		ss_hex_field(cell, " sfseq:", flow->subflow_seq);
	if (flow->have_offset)
		ss_hex_field(cell, " ssnoff:", flow->offset);
	if (flow->have_length)
		ss_hex_field(cell, " maplen:", flow->length_bytes);
}

void ss_ulp(struct text *cell, const struct ulp *ulp)
{
	if (ulp->name[0]) {
		cell_str(cell, " tcp-ulp-");
		cell_word(cell, ulp->name, strnlen(ulp->name, sizeof(ulp->name)));
	}
	if (ulp->has_tls)
		put_tls(cell, &ulp->tls);
	if (ulp->has_subflow)
		put_subflow(cell, &ulp->subflow);
}

static void put_mptcp_flags(struct text *cell, uint64_t flags)
{
	if (flags & MPTCP_FALLBACK)
		cell_str(cell, " fallback");
	if (flags & MPTCP_REMOTE_KEY)
		cell_str(cell, " remote_key");
}

/* In the order of ss, which leaves out what is 0. */
static void put_mptcp(struct text *cell, const struct mptcp_state *state)
{
	static const struct { enum mptcp_number number; const char *name; bool hex; } fields[] = {
		{ MPTCP_SUBFLOWS, " subflows:", false },
		{ MPTCP_ADD_ADDR_SIGNAL, " add_addr_signal:", false },
		{ MPTCP_ADD_ADDR_ACCEPTED, " add_addr_accepted:", false },
		{ MPTCP_SUBFLOWS_MAX, " subflows_max:", false },
		{ MPTCP_ADD_ADDR_SIGNAL_MAX, " add_addr_signal_max:", false },
		{ MPTCP_ADD_ADDR_ACCEPTED_MAX, " add_addr_accepted_max:", false },
		{ MPTCP_FLAGS, NULL, false }, { MPTCP_TOKEN, " token:", true },
		{ MPTCP_WRITE_SEQ, " write_seq:", true }, { MPTCP_SND_UNA, " snd_una:", true },
		{ MPTCP_RCV_NXT, " rcv_nxt:", true },
		{ MPTCP_LOCAL_ADDR_USED, " local_addr_used:", false },
		{ MPTCP_LOCAL_ADDR_MAX, " local_addr_max:", false },
		{ MPTCP_CSUM_ENABLED, " csum_enabled:", false },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		uint64_t value = state->value[fields[i].number];

		if (!fields[i].name)
			put_mptcp_flags(cell, value);
		else if (value && fields[i].hex)
			ss_hex_field(cell, fields[i].name, value);
		else if (value)
			ss_field(cell, fields[i].name, value);
	}
}

void ss_info(struct text *cell, const struct view *view, const struct sock *sock)
{
	const struct metrics *m = &sock->detail->metrics;

	if (sock->detail->mptcp.have)
		put_mptcp(cell, &sock->detail->mptcp);
	if (!metric_any(m))
		return;
	if (view->style->with_timer || view->style->with_extended)
		put_options(cell, m->value[METRIC_OPTIONS]);
	put_sender(cell, sock->detail);
	put_traffic(cell, m);
	put_congestion_state(cell, view, &sock->detail->congestion_state);
	put_rates(cell, view, sock->detail);
	put_losses(cell, m, sock->state);
	put_receiver(cell, m);
}
