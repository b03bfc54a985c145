/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_LINKS_H
#define COLLECT_LINKS_H

#include "collect/recorder.h"

/*
 * Interface names and own addresses, read with libnl-route. Its headers conflict with
 * <linux/tcp.h>, so only links.c includes them.
 */
void links_collect(struct recorder *recorder, struct snapshot *seen);

/* The VRF that a device is, or belongs to: its ifindex and table; 0 if there is none. */
struct vrf {
	uint32_t ifindex;
	uint32_t table;
};

/* Returns 0 or -errno. */
int links_vrf(uint32_t ifindex, struct vrf *vrf);

/* Takes a FRAME_LINKS, FRAME_LINK or FRAME_LOCAL of a recording; ignores other frames. */
void links_replay(struct snapshot *seen, const struct frame *frame);

#endif
