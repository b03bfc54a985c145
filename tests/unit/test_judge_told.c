/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "told_read.h"
#include "told_say.h"

/*
 * Situations with all that judge says of them: the files below, see README in
 * their folder. With TOLD=again in the environment the files are written with what is
 * said now, to be read in the diff.
 */

static const char *const files[] = {
	"tests/unit/told/check.told", "tests/unit/told/ports.told", "tests/unit/told/bind.told",
	"tests/unit/told/unix.told", "tests/unit/told/connect.told",
};

/* A file as it stands, and as it would be with what is said now. */
struct telling {
	struct told told;
	struct text now;
	char title[200];
};

static char *read_whole(const char *path)
{
	FILE *file = fopen(path, "re");
	char *all = calloc(1, 1 << 20);

	if (!file)
		fail_msg("cannot read %s: tests run from the top folder", path);
	assert_true(fread(all, 1, (1 << 20) - 1, file) < (1 << 20) - 1);
	fclose(file);
	return all;
}

/* Each line of an answer goes behind "> ". */
static void take_answer(struct telling *t, const struct text *answer)
{
	const char *at = text_str(answer);

	for (const char *end; (end = strchr(at, '\n')); at = end + 1)
		text_addf(&t->now, "> %.*s\n", (int)(end - at), at);
}

static void take_line(struct telling *t, char *line)
{
	struct text answer = { .at = NULL };
	struct words w;

	if (*line == '>')
		return;
	text_addf(&t->now, "%s\n", line);
	if (*line == '=') {
		told_end(&t->told);
		told_begin(&t->told);
		snprintf(t->title, sizeof(t->title), "%s", line + 1);
	}
	if (*line == '=' || *line == '#' || !*line)
		return;
	w = words_of(line);
	if (!told_read(&t->told, &w) && !told_ask(&answer, &t->told, &w))
		fail_msg("%s: no such line: %s", t->title, w.at[0]);
	take_answer(t, &answer);
	text_fini(&answer);
}

/* Names the situation in which the two part, and the lines. */
static void compare(const char *path, const char *was, const char *now)
{
	const char *title = was;
	size_t same = 0, start = 0;

	for (; was[same] && was[same] == now[same]; same++) {
		if (was[same] != '\n')
			continue;
		start = same + 1;
		if (was[start] == '=')
			title = was + start;
	}
	if (was[same] != now[same])
		fail_msg("%s: %.*s:\nwas %.*s\nnow %.*s", path, (int)strcspn(title, "\n"), title,
			 (int)strcspn(was + start, "\n"), was + start,
			 (int)strcspn(now + start, "\n"), now + start);
}

static void write_again(const char *path, const char *now)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(now, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void a_situation_is_judged_in_another_way_than_it_should(void **state)
{
	const char *path = *state;
	char *all = read_whole(path), *copy = strdup(all), *rest = copy;
	struct telling t = { .title = "" };

	told_begin(&t.told);
	for (char *line; (line = strsep(&rest, "\n")) && rest;)
		take_line(&t, line);
	told_end(&t.told);
	if (getenv("TOLD"))
		write_again(path, text_str(&t.now));
	else
		compare(path, all, text_str(&t.now));
	text_fini(&t.now);
	free(copy);
	free(all);
}

int main(void)
{
	struct CMUnitTest tests[sizeof(files) / sizeof(*files)];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		tests[i] = (struct CMUnitTest){ files[i], a_situation_is_judged_in_another_way_than_it_should,
						NULL, NULL, (void *)files[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
