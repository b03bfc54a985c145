/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_COLUMNS_H
#define PRINT_COLUMNS_H

#include "base/text.h"
#include "print/view.h"

/* COLON: the last colons stand below each other, as in "Local Address:Port". */
enum align { ALIGN_LEFT, ALIGN_RIGHT, ALIGN_COLON };

struct column {
	const char *name;       /* what -C takes */
	const char *heading;
	enum align  align;
	unsigned    need;       /* enum need: what has to be collected for it */
	bool        usual;      /* shown without -C */
	bool        foreign;    /* may hold characters beyond ASCII */
	const char *help;
	void (*put)(struct text *cell, const struct view *view, const struct sock *sock);
};

#endif
