/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording as it was written, and cut, mutated, damaged, old, new and refused. */
#include "test.h"

#include "load_bytes.h"
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static void put_sock(struct save *save, uint8_t family, uint8_t state, uint64_t cookie, bool info)
{
	put_port(save, family, state, cookie, info, 5000);
}

static void put_file(struct save *save, const char *name, int err, const char *content)
{
	struct frame_file file = { .err = err };
	struct text both = { 0 };

	text_add(&both, name, strlen(name) + 1);
	text_add(&both, content, strlen(content));
	save_put(save, FRAME_FILE, &file, both.at, both.count);
	text_fini(&both);
}

static void put_everything(struct save *save)
{
	struct frame_clock clock = { .time_ms = 1700000000123 };
	struct frame_netns netns = { .inode = 4026531840 };
	struct frame_flag yes = { .is = 1 };
	struct frame_link link = { .index = 3 };
	struct frame_local local = { .family = FAMILY_IPV6, .ifindex = 3 };
	struct frame_ask ask = { .states = STATE_ALL, .families = 3, .ext = 2 };
	struct frame_ask coarse = { .states = STATE_BIT(STATE_LISTEN), .families = 1 };
	struct frame_gap gap = { .kind = GAP_OWNERS, .count = 4 };
	struct frame_process process = { .pid = 42, .cgroup_id = 1 };
	struct frame_holder holder = { .fd = 3, .inode = 77 };
	struct frame_limit limit = { .descriptors = 5, .limit = 1024, .have = 3 };
	struct frame_cgroup cgroup = { .id = 1 };

	put_file(save, "/proc/sys/net/ipv4/tcp_mem", 0, "1\t2\t3\n");
	save_put(save, FRAME_BASICS, NULL, NULL, 0);
	save_put(save, FRAME_CLOCK, &clock, NULL, 0);
	save_put(save, FRAME_KERNEL, NULL, "6.18.0", 6);
	save_put(save, FRAME_NETNS, &netns, "blue", 4);
	save_put(save, FRAME_LINKS, &yes, NULL, 0);
	save_put(save, FRAME_LINK, &link, "eth0", 4);
	save_put(save, FRAME_LOCAL, &local, NULL, 0);
	put_file(save, "/proc/sys/net/ipv4/ip_local_port_range", 0, "32768\t60999\n");
	put_file(save, "/proc/sys/net/ipv4/tcp_tw_reuse_delay", ENOENT, "");
	save_put(save, FRAME_ASK, &coarse, NULL, 0);
	put_sock(save, AF_INET, STATE_LISTEN, 10, false);
	save_put(save, FRAME_ASK, &ask, NULL, 0);
	put_sock(save, AF_INET, STATE_LISTEN, 10, true);
	put_sock(save, AF_INET, STATE_CLOSE_WAIT, 11, true);
	put_sock(save, AF_INET, STATE_CLOSE_WAIT, 11, true);
	put_sock(save, AF_INET6, STATE_TIME_WAIT, 12, false);
	save_put(save, FRAME_HOLDERS, &yes, NULL, 0);
	save_put(save, FRAME_PROCESS, &process, "leaker", 6);
	save_put(save, FRAME_HOLDER, &holder, NULL, 0);
	save_put(save, FRAME_GAP, &gap, "four \33[31mprocesses", 19);
	save_put(save, FRAME_DESCRIPTORS, &yes, NULL, 0);
	save_put(save, FRAME_PROCESS, &process, "leaker", 6);
	save_put(save, FRAME_LIMIT, &limit, NULL, 0);
	save_put(save, FRAME_CGROUPS, &yes, NULL, 0);
	save_put(save, FRAME_CGROUP, &cgroup, "/a.service", 10);
}

/* What the tests change. */
static struct { uint8_t *bytes; size_t size; } whole;

static int make_recording(void **state)
{
	struct save *save;
	struct stat st;
	int fd;

	if (make_folder(state) || save_open(&save, recorded.path, NULL))
		return -1;
	put_everything(save);
	if (access(recorded.path, F_OK) == 0 || save_close(save, true, NULL))
		return -1;
	fd = open(recorded.path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st) < 0 || (st.st_mode & 07777) != 0600)
		return -1;
	whole.size = (size_t)st.st_size;
	whole.bytes = malloc(whole.size);
	if (!whole.bytes || read(fd, whole.bytes, whole.size) != (ssize_t)whole.size)
		return -1;
	return close(fd);
}

static int drop_recording(void **state)
{
	free(whole.bytes);
	return drop_folder(state);
}

/* Everything that a command could ask of that recording. */
static int replay(const char *path, struct snapshot *seen, uint32_t states, unsigned need,
		  struct fault *fault)
{
	struct collect_source source = { .from = path };
	struct collect_ask ask = { .states = states, .need = need, .ipv4 = true, .ipv6 = true };
	struct collect *collect;
	int err = collect_open(&collect, &source, fault);

	if (err)
		return err;
	collect_basics(collect, seen, BASICS_WHOLE);
	err = collect_socks(collect, &ask, snapshot_sink(seen), seen, fault);
	collect_holders(collect, seen, NULL);
	collect_descriptors(collect, seen);
	collect_cgroups(collect, seen, NULL);
	collect_close(collect, true, fault);
	return err;
}

static void test_replay(void **state)
{
	struct snapshot seen;
	struct fault fault = { 0 };
	size_t count;

	(void)state;
	snapshot_init(&seen);
	assert_int_equal(replay(recorded.path, &seen, STATE_ALL, NEED_FLOW, &fault), 0);
	assert_true(seen.time_ms == 1700000000123);
	assert_string_equal(seen.version, "6.18.0");
	assert_string_equal(seen.netns->name, "blue");
	assert_int_equal(seen.limits.limit[LIMIT_PORT_HIGH].value, 60999);
	assert_int_equal(seen.limits.limit[LIMIT_TCP_MEM_HIGH].value, 3);
	assert_false(seen.limits.limit[LIMIT_TW_REUSE_DELAY_MS].is);
	assert_true(has_gap(&seen, GAP_LIMITS, "limits"));
	assert_int_equal(seen.socks.count, 3);
	assert_true(seen.socks_complete);
	assert_true(seen.socks.at[1].have & HAVE_FLOW);
	assert_non_null(snapshot_holders(&seen, 77, &count));
	assert_int_equal(count, 1);
	assert_string_equal(seen.processes.at[0].comm, "leaker");
	assert_int_equal(seen.processes.at[0].files->limit.value, 1024);
	assert_string_equal(snapshot_cgroup(&seen, 1)->path, "/a.service");
	assert_string_equal(snapshot_link(&seen, 3), "eth0");
	assert_true(seen.locals_known);
	assert_true(seen.holders_known);
	assert_false(seen.holders_complete);
	assert_true(has_gap(&seen, GAP_OWNERS, "four ?[31mprocesses"));
	assert_false(has_gap(&seen, GAP_RECORDING, ""));
	snapshot_fini(&seen);
}

/* Another question than the recorded ones is answered as far as it goes. */
static void test_replay_other_question(void **state)
{
	struct snapshot seen;
	struct fault fault = { 0 };

	(void)state;
	snapshot_init(&seen);
	assert_int_equal(replay(recorded.path, &seen, STATE_BIT(STATE_CLOSE_WAIT), NEED_MEMORY,
				&fault), 0);
	assert_int_equal(seen.socks.count, 1);
	assert_false(seen.socks.at[0].have & HAVE_FLOW);
	assert_true(has_gap(&seen, GAP_RECORDING, "detail"));
	assert_true(seen.socks_complete);
	snapshot_fini(&seen);
}

static void write_recording(int fd, const uint8_t *bytes, size_t size)
{
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, bytes, size, 0), (ssize_t)size);
}

static int replay_fd(int fd, struct fault *fault)
{
	struct snapshot seen;
	char path[40];
	int err;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	snapshot_init(&seen);
	err = replay(path, &seen, STATE_ALL, NEED_ALL, fault);
	snapshot_fini(&seen);
	return err;
}

static void test_cut_everywhere(void **state)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);

	(void)state;
	for (size_t size = 0; size < whole.size; size++) {
		struct fault fault = { 0 };

		write_recording(fd, whole.bytes, size);
		assert_int_equal(replay_fd(fd, &fault), -EBADMSG);
		assert_non_null(strstr(fault.text, "byte"));
	}
	close(fd);
}

/* Makes the checksum fit again, so that what stands before it is looked at. */
static void reseal(uint8_t *bytes, size_t size)
{
	size_t end = size - sizeof(struct frame_header) - sizeof(struct frame_end);
	uint64_t sum = frame_sum(FRAME_SUM_START, bytes, end);

	memcpy(bytes + size - sizeof(sum), &sum, sizeof(sum));
}

static void test_mutated_everywhere(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	int fd = memfd_create("recording", MFD_CLOEXEC);
	uint8_t *bytes = malloc(whole.size);

	(void)state;
	assert_non_null(bytes);
	for (size_t at = 0; at < whole.size; at++) {
		for (size_t i = 0; i < sizeof(values); i++) {
			struct fault fault = { 0 };

			memcpy(bytes, whole.bytes, whole.size);
			bytes[at] = values[i];
			reseal(bytes, whole.size);
			write_recording(fd, bytes, whole.size);
			if (replay_fd(fd, &fault) < 0)
				assert_true(fault.text[0]);
		}
	}
	free(bytes);
	close(fd);
}

/* A bit that turned over, wherever it stands, is never another verdict. */
static void test_flipped_bits(void **state)
{
	size_t end = whole.size - sizeof(struct frame_header) - sizeof(struct frame_end);
	uint8_t *bytes = malloc(whole.size);

	(void)state;
	assert_non_null(bytes);
	memcpy(bytes, whole.bytes, whole.size);
	for (size_t bit = 0; bit < whole.size * 8; bit++) {
		struct fault fault = { 0 };
		struct load *load;

		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(load_bytes(&load, bytes, whole.size, "x", &fault), -EBADMSG);
		if (bit / 8 >= sizeof(struct recording_header) && bit / 8 < end)
			assert_non_null(strstr(fault.text, "it was changed or damaged"));
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	free(bytes);
}

/* The same recording as version 1 wrote it: shorter FRAME_ASKs, no checksum. */
static size_t write_first_version(uint8_t *to, const uint8_t *from, size_t size)
{
	size_t at = sizeof(struct recording_header), out = at;
	uint32_t version = 1;

	memcpy(to, from, at);
	memcpy(to + offsetof(struct recording_header, version), &version, sizeof(version));
	while (at < size) {
		struct frame_header header;
		size_t length;

		memcpy(&header, from + at, sizeof(header));
		length = header.length;
		if (header.type == FRAME_ASK || header.type == FRAME_END)
			header.length = frame_fixed_in(1, header.type);
		memcpy(to + out, &header, sizeof(header));
		memcpy(to + out + sizeof(header), from + at + sizeof(header), header.length);
		out += sizeof(header) + header.length;
		at += sizeof(header) + length;
	}
	return out;
}

static void test_first_version(void **state)
{
	uint8_t *bytes = malloc(whole.size);
	struct fault fault = { 0 };
	struct load *load;
	int fd = memfd_create("recording", MFD_CLOEXEC);
	size_t size;

	(void)state;
	assert_non_null(bytes);
	assert_int_equal(frame_fixed_in(1, FRAME_ASK), 12);
	assert_int_equal(frame_fixed_in(1, FRAME_END), 8);
	assert_int_equal(frame_fixed_in(1, 12345), 0);
	size = write_first_version(bytes, whole.bytes, whole.size);
	assert_true(size < whole.size);
	write_recording(fd, bytes, size);
	assert_int_equal(replay_fd(fd, &fault), 0);
	/* one is not read as the other */
	bytes[offsetof(struct recording_header, version)] = 2;
	assert_int_equal(load_bytes(&load, bytes, size, "x", &fault), -EBADMSG);
	memcpy(bytes, whole.bytes, whole.size);
	bytes[offsetof(struct recording_header, version)] = 1;
	assert_int_equal(load_bytes(&load, bytes, whole.size, "x", &fault), -EBADMSG);
	free(bytes);
	close(fd);
}

static void expect_refusal(const uint8_t *bytes, size_t size, const char *part)
{
	struct fault fault = { 0 };
	struct load *load;

	assert_int_equal(load_bytes(&load, bytes, size, "x", &fault), -EBADMSG);
	assert_non_null(strstr(fault.text, part));
}

static void test_refused(void **state)
{
	uint8_t *bytes = malloc(whole.size + 1);
	uint32_t order = __builtin_bswap32(RECORDING_ORDER), version = RECORDING_VERSION + 1;

	(void)state;
	assert_non_null(bytes);
	memcpy(bytes, whole.bytes, whole.size);
	bytes[whole.size] = 0;
	expect_refusal(bytes, whole.size + 1, "behind the end");
	expect_refusal(bytes, 0, "empty");
	expect_refusal(bytes, whole.size - 1, "cut short");
	memcpy(bytes + 8, &version, 4);
	expect_refusal(bytes, whole.size, "newer");
	memcpy(bytes + 12, &order, 4);
	expect_refusal(bytes, whole.size, "byte order");
	bytes[0] = 'S';
	expect_refusal(bytes, whole.size, "no known start");
	free(bytes);
}

/* It does not tell what was asked: no answer about UDP or about origins. */
static void expect_nothing_else(void)
{
	struct collect_source source = { .from = recorded.path };
	struct collect *collect;

	assert_int_equal(collect_open(&collect, &source, NULL), 0);
	expect_answer(collect, (struct collect_ask){ .protocol = PROTOCOL_UDP }, 0, false);
	expect_answer(collect, (struct collect_ask){ .explicit_port = true }, 0, false);
	collect_close(collect, true, NULL);
}

/* ss -D: messages back to back, then the end of the dump. */
static void test_foreign(void **state)
{
	struct nlmsghdr header = { .nlmsg_type = SOCK_DIAG_BY_FAMILY };
	struct nlmsghdr done = { .nlmsg_type = NLMSG_DONE, .nlmsg_len = sizeof(done) };
	struct fault fault = { 0 };
	struct snapshot seen;
	struct mail mail;
	FILE *file;

	(void)state;
	mail_header(&mail, AF_INET, STATE_ESTABLISHED, 5);
	mail_attr(&mail, INET_DIAG_SHUTDOWN, "", 1);
	header.nlmsg_len = (uint32_t)(sizeof(header) + mail.size);
	file = fopen(recorded.path, "we");
	assert_non_null(file);
	for (unsigned i = 0; i < 2; i++) {
		fwrite(&header, sizeof(header), 1, file);
		fwrite(mail.at, mail.size, 1, file);
	}
	fwrite(&done, sizeof(done), 1, file);
	assert_int_equal(fclose(file), 0);
	snapshot_init(&seen);
	assert_int_equal(replay(recorded.path, &seen, STATE_ALL, NEED_FLOW, &fault), 0);
	assert_int_equal(seen.socks.count, 1);
	assert_false(seen.holders_known);
	assert_true(has_gap(&seen, GAP_RECORDING, "ss"));
	snapshot_fini(&seen);
	expect_nothing_else();
}

/* Nothing but a regular file is replaced, and a dropped one leaves no trace. */
static void test_save(void **state)
{
	char path[96];
	struct fault fault = { 0 };
	struct save *save;

	(void)state;
	snprintf(path, sizeof(path), "%s/link", recorded.folder);
	assert_int_equal(symlink("recording", path), 0);
	assert_int_equal(save_open(&save, path, &fault), -EEXIST);
	unlink(path);
	assert_int_equal(save_open(&save, "/dev/null", &fault), -EEXIST);
	assert_int_equal(save_open(&save, recorded.folder, &fault), -EEXIST);
	assert_int_equal(save_open(&save, "/nowhere/x", &fault), -ENOENT);
	assert_int_equal(save_open(&save, "", &fault), -EISDIR);
	assert_int_equal(save_open(&save, path, &fault), 0);
	assert_int_equal(save_close(save, false, &fault), 0);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_sources(void **state)
{
	struct collect_source both = { .from = "x", .record = "y" };
	struct collect_source inside = { .from = "x", .netns = "y" };
	struct collect_source nowhere = { .netns = "no\33such" };
	struct collect *collect;
	struct fault fault = { 0 };

	(void)state;
	assert_int_equal(collect_open(&collect, &both, &fault), -EINVAL);
	assert_int_equal(collect_open(&collect, &inside, &fault), -EINVAL);
	assert_int_equal(collect_open(&collect, &nowhere, &fault), -ENOENT);
	assert_non_null(strstr(fault.text, "no\\x1bsuch"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay), cmocka_unit_test(test_replay_other_question),
		cmocka_unit_test(test_cut_everywhere), cmocka_unit_test(test_mutated_everywhere),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_save),
		cmocka_unit_test(test_sources), cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_flipped_bits), cmocka_unit_test(test_first_version),
	};

	return cmocka_run_group_tests(tests, make_recording, drop_recording);
}
