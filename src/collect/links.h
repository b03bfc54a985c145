/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_LINKS_H
#define COLLECT_LINKS_H

#include "collect/recorder.h"

/*
 * Interface names and own addresses: libnl-route reads the messages. Its headers
 * and <linux/tcp.h> do not go together: nothing of it leaves links.c.
 */
void links_collect(struct recorder *recorder, struct snapshot *seen);

/* The VRF that a device is, or is part of: its ifindex and table; 0 if none. */
struct vrf {
	uint32_t ifindex;
	uint32_t table;
};

/* Returns 0 or -errno. */
int links_vrf(uint32_t ifindex, struct vrf *vrf);

/* A FRAME_LINKS, FRAME_LINK or FRAME_LOCAL again; others are left alone. */
void links_replay(struct snapshot *seen, const struct frame *frame);

#endif
