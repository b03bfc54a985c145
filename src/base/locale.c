/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/locale.h"

#include <langinfo.h>
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>

/* The name of the locale by LC_ALL, LC_CTYPE and LANG, in this order; "" when none is set. */
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

/*
 * The charset in LANGUAGE_COUNTRY.CHARSET@VARIANT goes to *@at. Returns its length, 0
 * when the name has none.
 */
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

/* Widths come from another UTF-8 locale where the one that is asked for is not installed. */
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

	/*
	 * the name tells the charset of the terminal, even if that locale is not
	 * installed here
	 */
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
