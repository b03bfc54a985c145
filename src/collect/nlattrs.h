/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_NLATTRS_H
#define COLLECT_NLATTRS_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A walk over netlink attributes that trusts no length and no alignment, as
 * those of a recording may be anything. @broken tells, after the last one, that
 * there was more and it made no sense.
 */
struct nlattrs {
	const uint8_t *at;
	size_t         left;
	bool           broken;
};

struct nlattrs_one {
	unsigned       type;    /* without NLA_F_NESTED and the like */
	const uint8_t *at;      /* any alignment */
	size_t         size;    /* bytes */
};

/* False at the end. Inline: it runs some ten times for each socket. */
static inline bool nlattrs_next(struct nlattrs *walk, struct nlattrs_one *one)
{
	struct nlattr head;
	size_t step;

	walk->broken = walk->left > 0;
	if (walk->left < sizeof(head))
		return false;
	memcpy(&head, walk->at, sizeof(head));
	if (head.nla_len < sizeof(head) || head.nla_len > walk->left)
		return false;
	*one = (struct nlattrs_one){
		.type = head.nla_type & (unsigned)NLA_TYPE_MASK,
		.at = walk->at + sizeof(head), .size = head.nla_len - sizeof(head),
	};
	step = (size_t)NLA_ALIGN(head.nla_len);
	step = step < walk->left ? step : walk->left;
	walk->at += step;
	walk->left -= step;
	return true;
}

#endif
