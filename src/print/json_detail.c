/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The details of one socket in JSON: memory, tcp_info, congestion control, protocols
 * above TCP. Every member is always there; what the kernel did not tell is null.
 */
#include "print/json_parts.h"

#include "print/ss_text.h"

static void put_memory(struct json *json, const struct detail *detail)
{
	char *at = json_parts_begin(json);
	const uint32_t *memory = detail ? detail->memory : NULL;

	if (!memory || !detail->have_memory) {
		json_parts_end(json, PUT(at, ",\"memory\":null"));
		return;
	}
	at = digits_u64(PUT(at, ",\"memory\":{\"receive_alloc_bytes\":"), memory[0]);
	at = PUT_NUMBER(at, "receive_buffer_bytes", true, memory[1]);
	at = PUT_NUMBER(at, "send_alloc_bytes", true, memory[2]);
	at = PUT_NUMBER(at, "send_buffer_bytes", true, memory[3]);
	at = PUT_NUMBER(at, "forward_alloc_bytes", true, memory[4]);
	at = PUT_NUMBER(at, "send_queued_bytes", true, memory[5]);
	at = PUT_NUMBER(at, "option_bytes", true, memory[6]);
	at = PUT_NUMBER(at, "backlog_bytes", detail->memory_lacks < 2, memory[7]);
	at = PUT_NUMBER(at, "drops", !detail->memory_lacks, memory[8]);
	*at++ = '}';
	json_parts_end(json, at);
}

static char *put_vegas(char *at, const struct congestion_state *state)
{
	at = put_bool(PUT(at, ",\"congestion_state\":{\"enabled\":"), state->enabled);
	at = PUT_NUMBER(at, "rtt_samples", true, state->rtt_count);
	at = PUT_NUMBER(at, "rtt_us", true, state->rtt_us);
	return PUT_NUMBER(at, "min_rtt_us", true, state->min_rtt_us);
}

static char *put_dctcp(char *at, const struct congestion_state *state)
{
	at = put_bool(PUT(at, ",\"congestion_state\":{\"enabled\":"), state->enabled);
	at = PUT_NUMBER(at, "ce_state", true, state->ce_state);
	at = PUT_REAL(at, "alpha", state->alpha / 1024.0);
	at = PUT_NUMBER(at, "ecn_marked_bytes", true, state->ecn_bytes);
	return PUT_NUMBER(at, "acked_bytes", true, state->acked_bytes);
}

static char *put_bbr(char *at, const struct congestion_state *state)
{
	at = digits_u64(PUT(at, ",\"congestion_state\":{\"bandwidth_bytes_per_s\":"),
			state->bandwidth_bytes_per_s);
	at = PUT_NUMBER(at, "min_rtt_us", true, state->min_rtt_us);
	at = PUT_REAL(at, "pacing_gain", state->pacing_gain / 256.0);
	return PUT_REAL(at, "cwnd_gain", state->cwnd_gain / 256.0);
}

static char *put_congestion_state(char *at, const struct congestion_state *state)
{
	switch (state->kind) {
	case CONGESTION_VEGAS:
		at = put_vegas(at, state);
		break;
	case CONGESTION_DCTCP:
		at = put_dctcp(at, state);
		break;
	case CONGESTION_BBR:
		at = put_bbr(at, state);
		break;
	default:
		return PUT(at, ",\"congestion_state\":null");
	}
	*at++ = '}';
	return at;
}

static void put_tls(struct json *json, const struct tls_state *tls)
{
	json_open(json, "tls", '{');
	json_string(json, "version", tls->have_version ? ss_tls_version(tls->version) : NULL);
	json_string(json, "cipher", tls->have_cipher ? ss_tls_cipher(tls->cipher) : NULL);
	json_string(json, "receive", tls->have_rx ? ss_tls_conf(tls->rx) : NULL);
	json_string(json, "send", tls->have_tx ? ss_tls_conf(tls->tx) : NULL);
	json_bool(json, "zero_copy_send", tls->zero_copy);
	json_close(json, '}');
}

static void put_subflow(struct json *json, const struct subflow_state *flow)
{
	char flags[16];
	size_t count = 0;

	for (unsigned i = 0; ss_subflow_flags[i]; i++)
		if (flow->flags >> i & 1)
			flags[count++] = ss_subflow_flags[i];
	flags[count] = '\0';
	json_open(json, "mptcp", '{');
	json_string(json, "flags", flags);
	json_count(json, "remote_token", flow->have_tokens, flow->remote_token);
	json_count(json, "remote_id", flow->have_tokens, flow->remote_id);
	json_count(json, "local_token", flow->have_tokens, flow->local_token);
	json_count(json, "local_id", flow->have_tokens, flow->local_id);
	if (flow->have_seq)
		json_id(json, "map_seq", flow->seq);
	else
		json_null(json, "map_seq");
	json_count(json, "map_subflow_seq", flow->have_subflow_seq, flow->subflow_seq);
	json_count(json, "subflow_offset", flow->have_offset, flow->offset);
	json_count(json, "map_length_bytes", flow->have_length, flow->length_bytes);
	json_close(json, '}');
}

static void put_ulp(struct json *json, const struct ulp *ulp)
{
	json_open(json, "ulp", '{');
	json_foreign(json, "name", ulp->name, strnlen(ulp->name, sizeof(ulp->name)));
	if (ulp->has_tls)
		put_tls(json, &ulp->tls);
	if (ulp->has_subflow)
		put_subflow(json, &ulp->subflow);
	json_close(json, '}');
}

/* Writes which peers have keys, and how many there are; never a key. */
static void put_md5(struct json *json, const struct detail *detail)
{
	json_open(json, "md5_keys", '[');
	for (size_t i = 0; i < detail->md5.count; i++) {
		const struct md5_peer *peer = &detail->md5.at[i];

		json_open(json, NULL, '{');
		json_addr(json, "address", &peer->addr, peer->family);
		json_u64(json, "prefix", peer->prefix);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_u64(json, "md5_keys_count", detail->md5.count);
}

static bool has_ulp(const struct ulp *ulp)
{
	return ulp->name[0] || ulp->has_tls || ulp->has_subflow;
}

/* The kernel shows keys to those to whom it shows the mark, even when the mark is 0. */
static void put_above_tcp(struct json *json, const struct sock *sock)
{
	const struct detail *detail = sock->detail;
	bool keys_known = sock->have & HAVE_MARK;
	char *at = json_parts_begin(json);

	if (!detail) {
		json_parts_end(json, PUT(at, ",\"congestion_state\":null,\"ulp\":null"
					     ",\"md5_keys\":null,\"md5_keys_count\":null"));
		return;
	}
	at = put_congestion_state(at, &detail->congestion_state);
	if (!has_ulp(&detail->ulp) && !detail->md5.count) {
		json_parts_end(json, keys_known ?
			PUT(at, ",\"ulp\":null,\"md5_keys\":[],\"md5_keys_count\":0") :
			PUT(at, ",\"ulp\":null,\"md5_keys\":null,\"md5_keys_count\":null"));
		return;
	}
	json_parts_end(json, at);
	if (has_ulp(&detail->ulp))
		put_ulp(json, &detail->ulp);
	else
		json_null(json, "ulp");
	if (keys_known || detail->md5.count) {
		put_md5(json, detail);
	} else {
		json_null(json, "md5_keys");
		json_null(json, "md5_keys_count");
	}
}

#define METRICS_ROOM (METRIC_COUNT * (METRIC_MEMBER + DIGITS_U64) + 2 * METRIC_MEMBER + DIGITS_U64)
_Static_assert(METRICS_ROOM <= OUT_SPACE, "tcp_info is written in its place");

static inline char *put_metric(char *at, unsigned i, bool known, uint64_t value)
{
	const struct metric_row *row = &metric_table[i];

	memcpy(at, row->member, sizeof(row->member));
	return put_number(at + row->member_size, known, value);
}

static char *put_all_metrics(char *at, const uint64_t *value)
{
	for (unsigned i = 0; i < METRIC_COUNT; i++)
		at = put_metric(at, i, value[i] != METRIC_UNSET, value[i]);
	return at;
}

static char *put_some_metrics(char *at, const struct metrics *metrics)
{
	for (unsigned i = 0; i < METRIC_COUNT; i++)
		at = put_metric(at, i, metric_known(metrics, i), metrics->value[i]);
	return at;
}

/* Writes each metric with a comma in front; the first comma becomes the bracket. */
static char *put_metrics(char *at, const struct metrics *metrics)
{
	char *first = at;

	at = metric_all(metrics) ? put_all_metrics(at, metrics->value) :
	     put_some_metrics(at, metrics);
	*first = '{';
	at = PUT_NUMBER(at, "unknown_bytes", true, metrics->unknown_bytes);
	*at++ = '}';
	return at;
}

/* Before a connection exists nothing was sent or came: the kernel counts from its start. */
static char *put_metrics_of(char *at, const struct sock *sock)
{
	struct metrics metrics;

	if (sock->state != STATE_SYN_SENT)
		return put_metrics(at, &sock->detail->metrics);
	metrics = sock->detail->metrics;
	metrics.value[METRIC_LAST_DATA_SENT] = metrics.value[METRIC_LAST_DATA_RECV] =
		metrics.value[METRIC_LAST_ACK_RECV] = METRIC_UNSET;
	return put_metrics(at, &metrics);
}

static void put_tcp_info(struct json *json, const struct sock *sock)
{
	const struct detail *detail = sock->detail;
	const char *congestion = detail && detail->have_congestion ? detail->congestion : NULL;
	char *at = PUT_FOREIGN(json, json_parts_begin(json), "congestion", congestion);

	json_parts_end(json, at);
	at = PUT(json_parts_begin(json), ",\"tcp_info\":");
	at = detail && metric_any(&detail->metrics) ? put_metrics_of(at, sock) :
	     PUT(at, "null");
	json_parts_end(json, at);
}

static void put_mptcp(struct json *json, const struct sock *sock)
{
	const struct mptcp_state *state = sock->detail ? &sock->detail->mptcp : NULL;

	if (!json_open_if(json, "mptcp_info", state && state->have, '{'))
		return;
	for (unsigned i = 0; i < MPTCP_NUMBER_COUNT; i++) {
		bool known = state->have >> i & 1;

		if (known && mptcp_table[i].is_id)
			json_id(json, mptcp_table[i].name, state->value[i]);
		else
			json_count(json, mptcp_table[i].name, known, state->value[i]);
	}
	json_close(json, '}');
}

static void put_tos(struct json *json, const struct detail *detail)
{
	char *at = json_parts_begin(json);

	at = PUT_NUMBER(at, "tos", detail && detail->have_tos, detail ? detail->tos : 0);
	at = PUT_NUMBER(at, "tclass", detail && detail->have_tclass, detail ? detail->tclass : 0);
	at = PUT_NUMBER(at, "class_id", detail && detail->have_class_id,
			detail ? detail->class_id : 0);
	json_parts_end(json, at);
}

void json_detail(struct json *json, const struct sock *sock, const struct style *style)
{
	if (style->with_tos)
		put_tos(json, sock->detail);
	if (style->with_memory)
		put_memory(json, sock->detail);
	if (!style->with_info)
		return;
	put_tcp_info(json, sock);
	if (sock->protocol == PROTOCOL_MPTCP)
		put_mptcp(json, sock);
	put_above_tcp(json, sock);
}
