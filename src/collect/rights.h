/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_RIGHTS_H
#define COLLECT_RIGHTS_H

#include "model/limits.h"

#include <stdint.h>

/**
 * rights_bind_low - has @uid CAP_NET_BIND_SERVICE in this network namespace?
 *
 * 1 or 0, unknown when the kernel does not tell whose namespace it is. Our own
 * uid is judged by our effective capabilities; root has what our bounding set
 * leaves; of anybody else no file or ambient capabilities are known, so none.
 * Whoever made the user namespace that owns this one has all in it.
 */
struct known rights_bind_low(uint32_t uid);

#endif
