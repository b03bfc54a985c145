/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/others.h"

#include "base/grow.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/packet_diag.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static const struct packet_diag_req request = {
	.sdiag_family = AF_PACKET,
	.pdiag_show = PACKET_SHOW_INFO | PACKET_SHOW_MEMINFO | PACKET_SHOW_RING_CFG |
		      PACKET_SHOW_FANOUT | PACKET_SHOW_FILTER,
};

static void take_info(struct parsed *parsed, const uint8_t *at, size_t size)
{
	struct packet_state *packet = &parsed->other->packet;
	struct packet_diag_info info;

	(void)size;
	memcpy(&info, at, sizeof(info));
	parsed->sock->ifindex = info.pdi_index;
	packet->have_info = true;
	packet->version = info.pdi_version;
	packet->copy_threshold = info.pdi_copy_thresh;
	packet->flags = info.pdi_flags;
}

static struct ring_state ring_of(const uint8_t *at)
{
	struct packet_diag_ring told;

	memcpy(&told, at, sizeof(told));
	return (struct ring_state){
		.told = true, .block_bytes = told.pdr_block_size, .blocks = told.pdr_block_nr,
		.frame_bytes = told.pdr_frame_size, .frames = told.pdr_frame_nr,
		.retire_ms = told.pdr_retire_tmo, .features = told.pdr_features,
	};
}

static void take_rx_ring(struct parsed *parsed, const uint8_t *at, size_t size)
{
	(void)size;
	parsed->other->packet.rx = ring_of(at);
}

static void take_tx_ring(struct parsed *parsed, const uint8_t *at, size_t size)
{
	(void)size;
	parsed->other->packet.tx = ring_of(at);
}

/* The low half is the group, the high half how it chooses among its members. */
static void take_fanout(struct parsed *parsed, const uint8_t *at, size_t size)
{
	struct packet_state *packet = &parsed->other->packet;
	uint32_t told;

	(void)size;
	memcpy(&told, at, sizeof(told));
	packet->have_fanout = true;
	packet->fanout_id = told & 0xffff;
	packet->fanout_type = (uint16_t)(told >> 16);
}

/*
 * An empty attribute: there may be a filter that the kernel does not show. No attribute:
 * there is none.
 */
static void take_filter(struct parsed *parsed, const uint8_t *at, size_t size)
{
	struct packet_state *packet = &parsed->other->packet;
	struct sock_filter told;

	packet->filter_hidden = size == 0;
	for (; size >= sizeof(told); at += sizeof(told), size -= sizeof(told)) {
		memcpy(&told, at, sizeof(told));
		*grow_add(&packet->filter) = (struct bpf_step){
			.code = told.code, .jump_true = told.jt, .jump_false = told.jf,
			.value = told.k,
		};
	}
	parsed->senseless += size != 0;
}

/*
 * THE table of packet_diag; the request says what is asked for. Constants of a filter
 * may be addresses, so redaction drops it.
 */
static const struct attr attrs[] = {
	[PACKET_DIAG_INFO]    = { REDACT_KEEP, sizeof(struct packet_diag_info), 0, take_info },
	[PACKET_DIAG_MCLIST]  = { REDACT_DROP, 0, 0, NULL },
	[PACKET_DIAG_RX_RING] = { REDACT_KEEP, sizeof(struct packet_diag_ring), 0, take_rx_ring },
	[PACKET_DIAG_TX_RING] = { REDACT_KEEP, sizeof(struct packet_diag_ring), 0, take_tx_ring },
	[PACKET_DIAG_FANOUT]  = { REDACT_KEEP, sizeof(uint32_t), 0, take_fanout },
	[PACKET_DIAG_UID]     = { REDACT_KEEP, sizeof(uint32_t), 0, attr_take_uid },
	[PACKET_DIAG_MEMINFO] = { REDACT_KEEP, ATTR_MEMORY_LEAST, 0, attr_take_queues },
	[PACKET_DIAG_FILTER]  = { REDACT_EMPTY, 0, 0, take_filter },
};

/* The spelling of ss; an ethertype that is not here is shown as a number. */
static const struct { uint16_t number; const char *name; } ethertypes[] = {
	{ ETH_P_IP, "ip" }, { ETH_P_IPV6, "ipv6" }, { ETH_P_ARP, "arp" },
	{ ETH_P_8021Q, "802.1Q" }, { ETH_P_8021AD, "802.1ad" }, { ETH_P_RARP, "rarp" },
	{ ETH_P_LOOP, "loop" }, { ETH_P_PUP, "pup" }, { ETH_P_PUPAT, "pupat" },
	{ ETH_P_X25, "x25" }, { ETH_P_BPQ, "bpq" }, { ETH_P_IEEEPUP, "ieeepup" },
	{ ETH_P_IEEEPUPAT, "ieeepupat" }, { ETH_P_DEC, "dec" },
	{ ETH_P_DNA_DL, "dna_dl" }, { ETH_P_DNA_RC, "dna_rc" },
	{ ETH_P_DNA_RT, "dna_rt" }, { ETH_P_LAT, "lat" }, { ETH_P_DIAG, "diag" },
	{ ETH_P_CUST, "cust" }, { ETH_P_SCA, "sca" }, { ETH_P_ATALK, "atalk" },
	{ ETH_P_AARP, "aarp" }, { ETH_P_IPX, "ipx" }, { ETH_P_PPP_DISC, "ppp_disc" },
	{ ETH_P_PPP_SES, "ppp_ses" }, { ETH_P_ATMMPOA, "atmmpoa" },
	{ ETH_P_ATMFATE, "atmfate" }, { ETH_P_802_3, "802_3" }, { ETH_P_AX25, "ax25" },
	{ ETH_P_802_2, "802_2" }, { ETH_P_SNAP, "snap" }, { ETH_P_CAN, "can" },
	{ ETH_P_TIPC, "tipc" }, { ETH_P_AOE, "aoe" }, { ETH_P_MPLS_UC, "mpls_uc" },
	{ ETH_P_MPLS_MC, "mpls_mc" }, { ETH_P_TEB, "teb" },
};

static const char *ethertype_name(uint16_t number)
{
	for (size_t i = 0; i < sizeof(ethertypes) / sizeof(*ethertypes); i++)
		if (ethertypes[i].number == number)
			return ethertypes[i].name;
	return NULL;
}

bool packet_socks_number(const char *name, uint32_t *number)
{
	bool all = strcasecmp(name, "all") == 0;

	*number = ETH_P_ALL;
	for (size_t i = 0; i < sizeof(ethertypes) / sizeof(*ethertypes) && !all; i++) {
		if (strcasecmp(ethertypes[i].name, name) == 0) {
			*number = ethertypes[i].number;
			return true;
		}
	}
	return all;
}

static void write_ends(struct other *other, uint16_t number)
{
	const char *name = number == ETH_P_ALL ? "*" : ethertype_name(number);

	if (name)
		OTHER_PUT(other, local, "%s", name);
	else
		OTHER_PUT(other, local, "[%u]", number);
	other->number = number;
	OTHER_PUT(other, local_service, "*");
}

_Static_assert((int)PACKET_FLAG_RUNNING == PDI_RUNNING && (int)PACKET_FLAG_AUXDATA == PDI_AUXDATA &&
	       (int)PACKET_FLAG_ORIGDEV == PDI_ORIGDEV && (int)PACKET_FLAG_VNETHDR == PDI_VNETHDR &&
	       (int)PACKET_FLAG_LOSS == PDI_LOSS, "the flags are the kernel's");

static bool parse(const void *message, struct other_row *row)
{
	struct packet_diag_msg told;

	memcpy(&told, message, sizeof(told));
	row->sock.protocol = told.pdiag_type == SOCK_RAW ? PROTOCOL_PACKET_RAW :
			     PROTOCOL_PACKET_DGRAM;
	row->sock.state = STATE_CLOSE;
	row->sock.inode = told.pdiag_ino;
	row->sock.cookie = (uint64_t)told.pdiag_cookie[1] << 32 | told.pdiag_cookie[0];
	write_ends(&row->other, told.pdiag_num);
	return true;
}

/* Adds the name of the device. */
static void complete(struct recorder *recorder, const struct snapshot *seen, struct other_row *row)
{
	uint32_t index = row->sock.ifindex;
	const char *name = index ? snapshot_link(seen, index) : NULL;

	(void)recorder;
	if (name)
		OTHER_PUT(&row->other, local_service, "%s", name);
	else if (index)
		OTHER_PUT(&row->other, local_service, "if%u", index);
}

const struct other_table packet_socks = {
	.protocol = PROTOCOL_PACKET, .family = AF_PACKET,
	.lister = { "packet", "af_packet_diag", "CONFIG_PACKET_DIAG" },
	.attrs = { ATTR_TABLE(packet_diag_msg, attrs) },
	.request = &request, .request_size = sizeof(request), .parse = parse, .complete = complete,
};
