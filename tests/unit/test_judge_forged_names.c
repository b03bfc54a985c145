/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/grow.h"
#include "judge/bind.h"
#include "words/words.h"

#include <string.h>

#include "test.h"
#include "seen.h"

/* A program names itself like another one and its pid, so that the other is not told. */

static uint32_t add_process(int32_t pid, const char *comm)
{
	uint32_t index = snapshot_process(&seen, pid);

	snapshot_name_process(&seen, index, comm, strlen(comm));
	return index;
}

static void hold(uint32_t inode, uint32_t process)
{
	*grow_add(&seen.holders) = (struct holder){ inode, process, 3 };
	seen.holders_known = true;
}

/* Sockets 70 and 71: of the one with the forged name, and of its victim. */
static void add_both(void)
{
	hold(70, add_process(5, "b[6]"));
	hold(71, add_process(6, "b"));
	snapshot_sort_holders(&seen);
}

static void a_forged_name_hides_no_owner_of_a_unix_path(void **state)
{
	struct unix_ask ask = { .name = "x", .size = 1, .type = UNIX_STREAM };
	struct unix_context context = { .file = UNIX_FILE_SOCKET, .listed = true };
	struct bind_answer answer;

	(void)state;
	add_both();
	*grow_add(&context.socks) = (struct unix_sock){ .inode = 70, .type = UNIX_STREAM };
	*grow_add(&context.socks) = (struct unix_sock){ .inode = 71, .type = UNIX_STREAM };
	judge_unix(&ask, &context, &answer);
	words_unix(&seen, &ask, &context, &answer);
	assert_string_equal(text_str(&answer.cause), "live: b\\x5b6][5] has it without listening "
			    "(stream); b[6] has it without listening (stream)");
	assert_string_equal(answer.advice.text[0], "Stop b\\x5b6][5] and b[6], then "
			    "remove the file if it is still there.");
	bind_answer_fini(&answer);
	unix_context_fini(&context);
}

static void a_forged_name_hides_no_owner_of_a_port(void **state)
{
	struct bind_ask ask = { .protocol = PROTOCOL_TCP, .family = FAMILY_IPV4, .port = 8080 };
	struct bind_context context = { .addr_kind = ADDR_KIND_ANY, .may_bind_low = { true, 1 } };
	struct sock s = { .protocol = PROTOCOL_TCP, .family = FAMILY_IPV4, .state = STATE_LISTEN,
			  .local_port = 8080 };
	struct bind_answer answer;

	(void)state;
	add_both();
	assert_true(addr_parse("0.0.0.0", &ask.addr, &ask.family));
	assert_true(addr_parse("127.0.0.1", &s.local, &s.family));
	for (s.inode = 70; s.inode <= 71; s.inode++) {
		*grow_add(&seen.socks) = s;
		s.local.b[15]++;
	}
	judge_bind(&seen, &ask, &context, &answer);
	words_bind(&seen, &ask, &context, &answer);
	assert_string_equal(answer.advice.text[0], "Stop b\\x5b6][5] and b[6].");
	bind_answer_fini(&answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_forged_name_hides_no_owner_of_a_unix_path, begin, end),
		cmocka_unit_test_setup_teardown(a_forged_name_hides_no_owner_of_a_port, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
