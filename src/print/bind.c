/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/bind.h"

int print_bind(struct out *out, const struct style *style, const struct snapshot *seen,
	       const struct bind_ask *ask, const struct bind_scene *scene,
	       const struct bind_answer *answer)
{
	struct bind_page page = { seen, ask, scene, answer };

	if (is_silent(style, seen, answer->asked.verdict == VERDICT_OK))
		return -out->err;
	if (style->format == FORMAT_TEXT)
		bind_text(out, style, &page);
	else
		bind_json(out, style, &page);
	return -out->err;
}

int print_unix(struct out *out, const struct style *style, const struct snapshot *seen,
	       const struct unix_ask *ask, const struct unix_scene *scene,
	       const struct unix_answer *answer)
{
	struct unix_page page = { seen, ask, scene, answer };

	if (is_silent(style, seen, answer->asked.verdict == VERDICT_OK))
		return -out->err;
	if (style->format == FORMAT_TEXT)
		unix_text(out, style, &page);
	else
		unix_json(out, style, &page);
	return -out->err;
}
