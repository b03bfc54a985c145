/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which variable names the character set, and in which spellings. */
#include "test.h"

#include "base/locale.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a process of its own, as the C library's locale is set up once. */
static bool is_utf8(const char *all, const char *ctype, const char *lang)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		unsetenv("LC_ALL");
		unsetenv("LC_CTYPE");
		unsetenv("LANG");
		if (all)
			setenv("LC_ALL", all, 1);
		if (ctype)
			setenv("LC_CTYPE", ctype, 1);
		if (lang)
			setenv("LANG", lang, 1);
		/* a name without a character set is looked up, one with it is believed */
		exit(locale_is_utf8() | (locale_width(0x4e00) == 2) << 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	/* where characters are shown, wide ones have their width, also without that locale */
	assert_int_equal(WEXITSTATUS(status) >> 1, WEXITSTATUS(status) & 1);
	return WEXITSTATUS(status) & 1;
}

static void test_character_set_is_read_right(void **state)
{
	(void)state;
	assert_false(is_utf8(NULL, NULL, NULL));
	assert_false(is_utf8("C", NULL, "C.UTF-8"));
	assert_true(is_utf8("", "", "C.UTF-8"));
	assert_true(is_utf8(NULL, "C.UTF-8", "C"));
	assert_true(is_utf8("xx_XX.utf8", NULL, NULL));
	assert_true(is_utf8("xx_XX.UTF-8@euro", NULL, NULL));
	assert_true(is_utf8("xx_XX.Utf-8", NULL, NULL));
	assert_false(is_utf8("xx_XX.ISO-8859-15@euro", NULL, NULL));
	assert_false(is_utf8("xx_XX.UTF-16", NULL, NULL));
	assert_false(is_utf8("xx_XX.UTF-9", NULL, NULL));
	assert_false(is_utf8("xx_XX.utf9", NULL, NULL));
	assert_false(is_utf8("xx_XX.", NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_character_set_is_read_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
