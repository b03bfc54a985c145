/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/locale.h"

#include <langinfo.h>
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>

/* In the order of precedence; "" when none is set. */
static const char *name(void)
{
	static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
		const char *value = getenv(variables[i]);

		if (value && *value)
			return value;
	}
	return "";
}

/* LANGUAGE_PLACE.CHARSET@VARIANT: its charset and the length of that, 0: not told. */
static size_t charset(const char **at)
{
	*at = strchr(name(), '.');
	return *at ? strcspn(++*at, "@") : 0;
}

static bool is_named_utf8(void)
{
	const char *at;
	size_t size = charset(&at);

	return (size == 5 && strncasecmp(at, "UTF-8", size) == 0) ||
	       (size == 4 && strncasecmp(at, "utf8", size) == 0);
}

/* Where that locale is not installed, the widths of another one serve. */
static void set_up(void)
{
	if (!setlocale(LC_CTYPE, "") && is_named_utf8())
		setlocale(LC_CTYPE, "C.UTF-8");
}

static void need(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, set_up);
}

bool locale_is_utf8(void)
{
	const char *at;

	/* the charset is the terminal's, whatever is installed here */
	if (charset(&at))
		return is_named_utf8();
	need();
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int locale_width(uint32_t code)
{
	need();
	return wcwidth((wchar_t)code);
}
