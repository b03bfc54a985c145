/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a redacted recording holds of files, names and answers. */
#include "test.h"

#include "collect/recorder.h"
#include "model/bind.h"
#include "model/connect.h"

#include <errno.h>
#include <string.h>

static bool redact(struct redact *redact, enum frame_type type, void *fixed, const void *bytes,
		   size_t size, struct text *out)
{
	text_fini(out);
	return redact_frame(redact, type, fixed, bytes, size, out);
}

/*
 * A line of /proc/net as the kernel of this machine writes it: the words of addresses
 * in its own byte order. @line is of a little-endian one.
 */
static void add_line(struct text *out, const char *line)
{
	while (*line) {
		size_t digits = strspn(line, "0123456789ABCDEF");

		if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ || !digits || digits % 8) {
			digits = digits ? digits : 1;
			text_add(out, line, digits);
		} else {
			for (size_t i = 0; i < digits; i += 2)
				text_add(out, line + (i & ~(size_t)7) + 6 - (i & 7), 2);
		}
		line += digits;
	}
}

/* A file as it is after its name; NULL: told as not there. */
static void expect_file(struct redact *by, const char *name, const char *content, const char *to)
{
	struct text bytes = { 0 }, out = { 0 }, wanted = { 0 };
	struct frame_file file = { 0 };

	text_add(&bytes, name, strlen(name) + 1);
	add_line(&bytes, content);
	add_line(&wanted, to ? to : "");
	assert_true(redact(by, FRAME_FILE, &file, bytes.at, bytes.count, &out));
	assert_string_equal(out.at, name);
	assert_string_equal(out.at + strlen(name) + 1, text_str(&wanted));
	assert_int_equal(file.err, to ? 0 : ENOENT);
	text_fini(&wanted);
	text_fini(&bytes);
	text_fini(&out);
}

static void test_file_that_tells_whose_machine_it_is_is_dropped(void **state)
{
	struct redact *by = redact_new();
	struct frame_file file = { 0 };
	struct text out = { 0 };

	(void)state;
	expect_file(by, "/proc/sys/net/ipv4/tcp_fin_timeout", "60\n", "60\n");
	expect_file(by, "/etc/hosts", "192.0.2.1 shop\n", NULL);
	expect_file(by, "/proc/thread-self/net/raw", " 0: 080000C0:0016", NULL);
	expect_file(by, "/proc/77/comm", "shop\n", "proc-1\n");
	expect_file(by, "/proc/78/comm", "shop", "proc-1\n");
	expect_file(by, "/proc/79/comm", "", "\n");
	expect_file(by, "/proc/sys/kernel/random/boot_id", "", "");
	/* a name without its end */
	assert_false(redact(by, FRAME_FILE, &file, "/proc/sys/net/", 14, &out));
	assert_int_equal(out.count, 0);
	redact_free(by);
	redact_free(NULL);
}

static void test_boot_is_not_told_by_a_redacted_recording(void **state)
{
	static const char id[] = "/proc/sys/kernel/random/boot_id\0"
				 "01234567-89ab-cdef-0123-456789abcdef\n";
	struct text once = { 0 }, twice = { 0 };
	struct redact *one = redact_new(), *other = redact_new();
	struct frame_file file = { 0 };

	(void)state;
	assert_true(redact(one, FRAME_FILE, &file, id, sizeof(id) - 1, &once));
	assert_true(redact(other, FRAME_FILE, &file, id, sizeof(id) - 1, &twice));
	assert_int_equal(once.count, sizeof(id) - 1);
	assert_int_equal(twice.count, sizeof(id) - 1);
	assert_memory_not_equal(once.at, id, sizeof(id) - 1);
	assert_memory_not_equal(once.at, twice.at, sizeof(id) - 1);
	text_fini(&once);
	text_fini(&twice);
	redact_free(one);
	redact_free(other);
}

static void test_answer_whose_names_cannot_be_replaced_is_dropped(void **state)
{
	struct frame_answer unknown = { .kind = ANSWER_UNIX, .key_size = 4 };
	struct frame_answer longer = { .kind = ANSWER_FLAGS, .key_size = 9 };
	struct frame_answer empty = { .kind = ANSWER_FLAGS };
	struct redact *by = redact_new();
	struct text out = { 0 };

	(void)state;
	assert_true(redact(by, FRAME_ANSWER, &unknown, "/run/shop", 9, &out));
	assert_int_equal(out.count + unknown.kind + unknown.key_size, 0);
	assert_true(redact(by, FRAME_ANSWER, &longer, "12345678", 8, &out));
	assert_int_equal(out.count + longer.kind + longer.key_size, 0);
	/* an empty one keeps its kind */
	assert_true(redact(by, FRAME_ANSWER, &empty, "", 0, &out));
	assert_int_equal(out.count, 0);
	assert_int_equal(empty.kind, ANSWER_FLAGS);
	text_fini(&out);
	redact_free(by);
}

/* Rows of 32 bytes with a name of 16 at 16; with half a row behind them nothing of it is kept. */
static void test_name_of_a_thread_is_replaced(void **state)
{
	struct frame_answer frame = { .kind = ANSWER_THREADS, .key_size = 4 };
	char bytes[4 + 2 * 32 + 7] = "key";
	struct redact *by = redact_new();
	struct text out = { 0 };

	(void)state;
	memcpy(bytes + 4, "numbers", 7);
	memcpy(bytes + 4 + 16, "shop-worker-long", 16);
	memcpy(bytes + 4 + 32 + 16, "eve", 3);
	assert_true(redact(by, FRAME_ANSWER, &frame, bytes, sizeof(bytes) - 7, &out));
	assert_int_equal(out.count, sizeof(bytes) - 7);
	assert_memory_equal(out.at, bytes, 4 + 16);
	assert_string_equal(out.at + 4 + 16, "proc-1");
	assert_string_equal(out.at + 4 + 32 + 16, "proc-2");
	assert_null(memmem(out.at, out.count, "worker", 6));
	assert_true(redact(by, FRAME_ANSWER, &frame, bytes, sizeof(bytes), &out));
	assert_int_equal(out.count + frame.kind, 0);
	text_fini(&out);
	redact_free(by);
}

/* A route question with its answer: three addresses, wherever their structs have them. */
static void every_address_of_an_answer_is_replaced(void **state)
{
	static const uint8_t here[16] = { 0xfd, [15] = 1 }, there[16] = { 0xfd, [15] = 2 };
	struct { struct answer_route_key key; struct chosen_route chosen; } route = { .key.family = 10 };
	struct { struct answer_bind_context_key key; uint32_t told[3]; } context = { .key.uid = 7 };
	struct { struct answer_probe_bind_key key; struct bind_probe told; } probe = { .key.port = 80 };
	struct frame_answer frame = { ANSWER_ROUTE, sizeof(route.key) };
	struct redact *by = redact_new();
	struct text out = { 0 };

	(void)state;
	memcpy(route.key.destination, there, 16);
	memcpy(route.key.source, here, 16);
	memcpy(route.chosen.source.b, here, 16);
	memcpy(context.key.addr, here, 16);
	memcpy(probe.key.addr, there, 16);
	assert_true(redact(by, FRAME_ANSWER, &frame, &route, sizeof(route), &out));
	memcpy(&route, out.at, sizeof(route));
	assert_memory_not_equal(route.key.destination, there, 16);
	assert_memory_not_equal(route.key.source, here, 16);
	assert_memory_equal(route.chosen.source.b, route.key.source, 16);
	assert_int_equal(route.key.family, 10);
	frame = (struct frame_answer){ ANSWER_BIND_CONTEXT, sizeof(context.key) };
	assert_true(redact(by, FRAME_ANSWER, &frame, &context, sizeof(context), &out));
	memcpy(&context, out.at, sizeof(context));
	assert_memory_equal(context.key.addr, route.key.source, 16);
	assert_int_equal(context.key.uid, 7);
	frame = (struct frame_answer){ ANSWER_PROBE_BIND, sizeof(probe.key) };
	assert_true(redact(by, FRAME_ANSWER, &frame, &probe, sizeof(probe), &out));
	memcpy(&probe, out.at, sizeof(probe));
	assert_memory_equal(probe.key.addr, route.key.destination, 16);
	assert_int_equal(probe.key.port, 80);
	text_fini(&out);
	redact_free(by);
}

static void names_of_other_namespaces_and_their_processes_are_replaced(void **state)
{
	struct {
		struct answer_elsewhere_key key;
		uint32_t known;
		char rows[2 * sizeof(struct elsewhere)];
	} bytes = { { 6, 80 }, 1, "" };
	struct elsewhere rows[2] = {
		{ .netns_inode = 5, .pid = 7, .listeners = 1, .comm_size = 12, .name = "blue",
		  .comm = "shop-counter" },
		{ .netns_inode = 6, .pid = 8, .others = 3 },
	};
	struct frame_answer frame = { ANSWER_ELSEWHERE, sizeof(bytes.key) };
	struct redact *by = redact_new();
	struct text out = { 0 };

	(void)state;
	memcpy(bytes.rows, rows, sizeof(rows));
	assert_true(redact(by, FRAME_ANSWER, &frame, &bytes, sizeof(bytes), &out));
	assert_int_equal(frame.kind, ANSWER_ELSEWHERE);
	assert_int_equal(out.count, sizeof(bytes));
	memcpy(rows, out.at + offsetof(__typeof__(bytes), rows), sizeof(rows));
	assert_string_equal(rows[0].name, "netns-1");
	assert_string_equal(rows[0].comm, "proc-1");
	assert_int_equal(rows[0].pid, 7);
	assert_string_equal(rows[1].name, "");
	assert_string_equal(rows[1].comm, "");
	assert_null(memmem(out.at, out.count, "counter", 7));
	text_fini(&out);
	redact_free(by);
}

static void test_frame_of_no_known_type_is_dropped(void **state)
{
	struct redact *by = redact_new();
	struct frame_link link = { .index = 7 };
	struct frame_process process = { .pid = 1 };
	struct text out = { 0 };

	(void)state;
	assert_false(redact(by, 0, NULL, "leak", 4, &out));
	assert_false(redact(by, FRAME_TYPE_COUNT, NULL, "leak", 4, &out));
	assert_int_equal(out.count, 0);
	assert_true(redact(by, FRAME_LINK, &link, "lo", 2, &out));
	assert_string_equal(text_str(&out), "lo");
	assert_true(redact(by, FRAME_LINK, &link, "wan0", 4, &out));
	assert_string_equal(text_str(&out), "if7");
	assert_true(redact(by, FRAME_NETNS, NULL, "shop", 4, &out));
	assert_string_equal(text_str(&out), "netns-1");
	assert_true(redact(by, FRAME_PROCESS, &process, "shop", 4, &out));
	assert_string_equal(text_str(&out), "proc-1");
	text_fini(&out);
	redact_free(by);
}

static void every_frame_has_a_schema(void **state)
{
	(void)state;
	for (unsigned type = 1; type < FRAME_TYPE_COUNT; type++)
		assert_int_not_equal(frame_schemas[type].rest, FIELD_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_that_tells_whose_machine_it_is_is_dropped),
		cmocka_unit_test(test_boot_is_not_told_by_a_redacted_recording),
		cmocka_unit_test(test_answer_whose_names_cannot_be_replaced_is_dropped),
		cmocka_unit_test(test_name_of_a_thread_is_replaced),
		cmocka_unit_test(every_address_of_an_answer_is_replaced),
		cmocka_unit_test(names_of_other_namespaces_and_their_processes_are_replaced),
		cmocka_unit_test(test_frame_of_no_known_type_is_dropped),
		cmocka_unit_test(every_frame_has_a_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
