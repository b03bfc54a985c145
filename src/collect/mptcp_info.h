/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_MPTCP_INFO_H
#define COLLECT_MPTCP_INFO_H

#include "model/mptcp.h"

#include <stddef.h>

/* The kernel's mptcp_info, as much of it as there is; any alignment. */
void mptcp_info_parse(const void *bytes, size_t size, struct mptcp_state *state);

#endif
