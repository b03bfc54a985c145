/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/others.h"

#include <linux/netlink.h>
#include <linux/netlink_diag.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const struct netlink_diag_req request = {
	.sdiag_family = AF_NETLINK, .sdiag_protocol = NDIAG_PROTO_ALL,
	.ndiag_show = NDIAG_SHOW_GROUPS | NDIAG_SHOW_MEMINFO,
};

/* A protocol without any groups tells an empty attribute. */
static void take_groups(struct parsed *parsed, const uint8_t *at, size_t size)
{
	if (size >= sizeof(parsed->other->groups))
		memcpy(&parsed->other->groups, at, sizeof(parsed->other->groups));
}

/* THE table of netlink_diag; the request says what is asked for. */
static const struct attr attrs[] = {
	[NETLINK_DIAG_MEMINFO] = { REDACT_KEEP, ATTR_MEMORY_LEAST, 0, attr_take_queues },
	[NETLINK_DIAG_GROUPS]  = { REDACT_KEEP, 0, 0, take_groups },
	[NETLINK_DIAG_RX_RING] = { REDACT_KEEP, 0, 0, NULL },
	[NETLINK_DIAG_TX_RING] = { REDACT_KEEP, 0, 0, NULL },
	[NETLINK_DIAG_FLAGS]   = { REDACT_KEEP, 0, 0, NULL },
};

/* The spelling of ss and its nl_protos; a protocol that is not here is shown as a number. */
static const char *const names[] = {
	[NETLINK_ROUTE] = "rtnl", [NETLINK_UNUSED] = "unused",
	[NETLINK_USERSOCK] = "usersock", [NETLINK_FIREWALL] = "fw",
	[NETLINK_SOCK_DIAG] = "tcpdiag", [NETLINK_NFLOG] = "nflog",
	[NETLINK_XFRM] = "xfrm", [NETLINK_SELINUX] = "selinux",
	[NETLINK_ISCSI] = "iscsi", [NETLINK_AUDIT] = "audit",
	[NETLINK_FIB_LOOKUP] = "fiblookup", [NETLINK_CONNECTOR] = "connector",
	[NETLINK_NETFILTER] = "nft", [NETLINK_IP6_FW] = "ip6fw",
	[NETLINK_DNRTMSG] = "dec-rt", [NETLINK_KOBJECT_UEVENT] = "uevent",
	[NETLINK_GENERIC] = "genl", [NETLINK_SCSITRANSPORT] = "scsi-trans",
	[NETLINK_ECRYPTFS] = "ecryptfs", [NETLINK_RDMA] = "rdma",
	[NETLINK_CRYPTO] = "crypto",
};

static const char *name_of(uint8_t number)
{
	return number < sizeof(names) / sizeof(*names) ? names[number] : NULL;
}

bool netlink_socks_number(const char *name, uint32_t *number)
{
	for (uint32_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i] && strcmp(names[i], name) == 0) {
			*number = i;
			return true;
		}
	}
	return false;
}

/* A port id as a process id, which it often is; those that the kernel chose are negative. */
static void write_ends(struct other *other, const struct netlink_diag_msg *told)
{
	const char *name = name_of(told->ndiag_protocol);

	other->number = told->ndiag_protocol;
	other->port_id = told->ndiag_portid;
	if (name)
		OTHER_PUT(other, local, "%s", name);
	else
		OTHER_PUT(other, local, "%u", told->ndiag_protocol);
	if (other->port_id == UINT32_MAX)
		OTHER_PUT(other, local_service, "*");
	else
		OTHER_PUT(other, local_service, "%d", (int32_t)other->port_id);
	if (!told->ndiag_dst_portid && !told->ndiag_dst_group)
		return;
	OTHER_PUT(other, remote, "%u", told->ndiag_dst_group);
	OTHER_PUT(other, remote_service, "%d", (int32_t)told->ndiag_dst_portid);
}

static bool parse(const void *message, struct other_row *row)
{
	struct netlink_diag_msg told;

	memcpy(&told, message, sizeof(told));
	row->sock.protocol = PROTOCOL_NETLINK;
	row->sock.state = STATE_CLOSE;
	row->sock.inode = told.ndiag_ino;
	row->sock.cookie = (uint64_t)told.ndiag_cookie[1] << 32 | told.ndiag_cookie[0];
	write_ends(&row->other, &told);
	return true;
}

/*
 * Names the process whose pid is the port id: a habit of programs, not a rule of the
 * kernel.
 */
static void complete(struct recorder *recorder, const struct snapshot *seen, struct other_row *row)
{
	struct other *other = &row->other;
	struct text comm = { 0 };
	char name[32];

	(void)seen;
	if (other->port_id == 0) {
		OTHER_PUT(other, local_service, "kernel");
		return;
	}
	if ((int32_t)other->port_id < 0)
		return;
	snprintf(name, sizeof(name), "/proc/%u/comm", other->port_id);
	if (recorder_file(recorder, name, &comm) == 0)
		OTHER_PUT(other, local_service, "%.*s/%d", (int)strcspn(text_str(&comm), "\n"),
			  text_str(&comm), (int32_t)other->port_id);
	text_fini(&comm);
}

const struct other_table netlink_socks = {
	.protocol = PROTOCOL_NETLINK, .family = AF_NETLINK,
	.lister = { "netlink", "netlink_diag", "CONFIG_NETLINK_DIAG" },
	.attrs = { ATTR_TABLE(netlink_diag_msg, attrs) },
	.request = &request, .request_size = sizeof(request), .parse = parse, .complete = complete,
};
