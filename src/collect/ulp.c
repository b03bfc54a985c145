/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/ulp.h"

#include "collect/nlattrs.h"

#include <linux/inet_diag.h>
#include <linux/mptcp.h>
#include <linux/tls.h>
#include <string.h>

/* A number of @size bytes, in the machine's byte order; false when there are fewer. */
static bool read_number(const struct nlattrs_one *one, void *number, size_t size)
{
	if (one->size < size)
		return false;
	memcpy(number, one->at, size);
	return true;
}

/* As 16 bits, or as 32: the number stands at another end of them on a big-endian machine. */
static bool read_length(const struct nlattrs_one *one, uint32_t *number)
{
	uint16_t half;

	if (one->size >= sizeof(*number))
		return read_number(one, number, sizeof(*number));
	if (!read_number(one, &half, sizeof(half)))
		return false;
	*number = half;
	return true;
}

static void take_tls(struct tls_state *tls, const struct nlattrs_one *nest)
{
	struct nlattrs walk = { .at = nest->at, .left = nest->size };
	struct nlattrs_one one;

	while (nlattrs_next(&walk, &one)) {
		if (one.type == TLS_INFO_VERSION)
			tls->have_version = read_number(&one, &tls->version, 2);
		else if (one.type == TLS_INFO_CIPHER)
			tls->have_cipher = read_number(&one, &tls->cipher, 2);
		else if (one.type == TLS_INFO_RXCONF)
			tls->have_rx = read_number(&one, &tls->rx, 2);
		else if (one.type == TLS_INFO_TXCONF)
			tls->have_tx = read_number(&one, &tls->tx, 2);
		else if (one.type == TLS_INFO_ZC_RO_TX)
			tls->zero_copy = true;
	}
}

/* Tokens and ids make sense together only; counted by the bits of @tokens. */
static void take_subflow_one(struct subflow_state *flow, unsigned *tokens,
			     const struct nlattrs_one *one)
{
	switch (one->type) {
	case MPTCP_SUBFLOW_ATTR_FLAGS:
		read_number(one, &flow->flags, 4);
		break;
	case MPTCP_SUBFLOW_ATTR_TOKEN_REM:
		*tokens |= read_number(one, &flow->remote_token, 4) ? 1 : 0;
		break;
	case MPTCP_SUBFLOW_ATTR_TOKEN_LOC:
		*tokens |= read_number(one, &flow->local_token, 4) ? 2 : 0;
		break;
	case MPTCP_SUBFLOW_ATTR_ID_REM:
		*tokens |= read_number(one, &flow->remote_id, 1) ? 4 : 0;
		break;
	case MPTCP_SUBFLOW_ATTR_ID_LOC:
		*tokens |= read_number(one, &flow->local_id, 1) ? 8 : 0;
		break;
	case MPTCP_SUBFLOW_ATTR_MAP_SEQ:
		flow->have_seq = read_number(one, &flow->seq, 8);
		break;
	case MPTCP_SUBFLOW_ATTR_MAP_SFSEQ:
		flow->have_subflow_seq = read_number(one, &flow->subflow_seq, 4);
		break;
	case MPTCP_SUBFLOW_ATTR_SSN_OFFSET:
		flow->have_offset = read_number(one, &flow->offset, 4);
		break;
	case MPTCP_SUBFLOW_ATTR_MAP_DATALEN:
		flow->have_length = read_length(one, &flow->length_bytes);
		break;
	default:
		break;
	}
}

static void take_subflow(struct subflow_state *flow, const struct nlattrs_one *nest)
{
	struct nlattrs walk = { .at = nest->at, .left = nest->size };
	struct nlattrs_one one;
	unsigned tokens = 0;

	while (nlattrs_next(&walk, &one))
		take_subflow_one(flow, &tokens, &one);
	flow->have_tokens = tokens == 15;
}

static void take_name(struct ulp *ulp, const struct nlattrs_one *one)
{
	size_t length = strnlen((const char *)one->at, one->size);

	if (length >= sizeof(ulp->name))
		return;
	memcpy(ulp->name, one->at, length);
	ulp->name[length] = '\0';       /* there may have been a longer one before */
}

void ulp_take(struct ulp *ulp, const uint8_t *bytes, size_t size)
{
	struct nlattrs walk = { .at = bytes, .left = size };
	struct nlattrs_one one;

	while (nlattrs_next(&walk, &one)) {
		if (one.type == INET_ULP_INFO_NAME) {
			take_name(ulp, &one);
		} else if (one.type == INET_ULP_INFO_TLS) {
			ulp->has_tls = true;
			take_tls(&ulp->tls, &one);
		} else if (one.type == INET_ULP_INFO_MPTCP) {
			ulp->has_subflow = true;
			take_subflow(&ulp->subflow, &one);
		}
	}
}
