/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PRINT_PICTURE_H
#define PRINT_PICTURE_H

#include "model/finding.h"
#include "print/print.h"

/*
 * Shapes with their numbers beside them. @indent: columns before a label, @label:
 * columns for the label.
 */

/* Prints a bar for each state that has sockets. */
void picture_states(struct out *out, const struct style *style, const struct report *report,
		    unsigned indent);

/*
 * Prints sockets by age, a column for each doubling. A leak leans to the right, a burst
 * to the left.
 */
void picture_ages(struct out *out, const struct style *style, const struct finding *finding,
		  unsigned indent, unsigned label);

/* Prints the port range as a strip that shows how full each part is. */
void picture_strip(struct out *out, const struct style *style, const struct port_strip *strip,
		   unsigned indent, unsigned label);

#endif
