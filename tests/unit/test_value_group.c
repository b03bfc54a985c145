/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "value/group.h"

#include "base/grow.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct sock sock_in(enum state state, uint16_t port, uint32_t inode)
{
	struct sock sock = {
		.family = FAMILY_IPV4, .protocol = PROTOCOL_TCP, .state = state,
		.local_port = port, .inode = inode, .recv_queue = 10, .send_queue = 3,
	};

	sock.local.b[10] = sock.local.b[11] = 0xff;
	sock.remote = sock.local;
	return sock;
}

static void add_holder(struct snapshot *seen, uint32_t inode, int32_t pid, const char *comm, int fd)
{
	uint32_t index = snapshot_process(seen, pid);

	snapshot_name_process(seen, index, comm, strlen(comm));
	*grow_add(&seen->holders) = (struct holder){ .inode = inode, .process = index, .fd = fd };
}

static void choose(struct groups *groups, const char *spec)
{
	memset(groups, 0, sizeof(*groups));
	assert_int_equal(groups_choose(groups, spec, NULL), 0);
}

static void a_key_that_is_not_there_is_refused(void **state)
{
	static const char *const wrong[] = { "", ",", "state,", "stat", "states", "state,,uid", "remote:" };
	struct groups groups = { 0 };
	struct fault fault;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_int_equal(groups_choose(&groups, wrong[i], &fault), -EINVAL);
	assert_int_equal(groups_choose(&groups, "State,UID,state", &fault), 0);
	assert_int_equal(groups.keys_count, 2);
}

static void biggest_first_and_equals_by_key(void **state)
{
	struct snapshot seen;
	struct groups groups;

	(void)state;
	snapshot_init(&seen);
	choose(&groups, "sport");
	for (int i = 0; i < 6; i++) {
		struct sock sock = sock_in(STATE_ESTABLISHED, (uint16_t[]){ 9, 300, 7, 300, 9, 300 }[i], 0);

		groups_add(&groups, &seen, &sock);
	}
	groups_sort(&groups);
	assert_int_equal(groups.list.count, 3);
	assert_int_equal(group_end(&groups, &groups.list.at[0], 0).port, 300);
	assert_int_equal(groups.list.at[0].count, 3);
	assert_int_equal(group_end(&groups, &groups.list.at[1], 0).port, 9);
	assert_int_equal(group_end(&groups, &groups.list.at[2], 0).port, 7);
	assert_int_equal(groups.sockets, 6);
	groups_fini(&groups);
	snapshot_fini(&seen);
}

static void listeners_have_no_bytes(void **state)
{
	struct sock listener = sock_in(STATE_LISTEN, 80, 5), open = sock_in(STATE_ESTABLISHED, 80, 6);
	struct snapshot seen;
	struct groups groups;

	(void)state;
	snapshot_init(&seen);
	choose(&groups, "sport");
	groups_add(&groups, &seen, &listener);
	groups_add(&groups, &seen, &open);
	assert_int_equal(groups.list.count, 1);
	assert_int_equal(group_more(&groups, &groups.list.at[0]).recv_queue_bytes, 10);
	assert_int_equal(group_more(&groups, &groups.list.at[0]).send_queue_bytes, 3);
	assert_int_equal(group_more(&groups, &groups.list.at[0]).count[STATE_LISTEN], 1);
	groups_fini(&groups);
	snapshot_fini(&seen);
}

static const struct group *group_of(const struct groups *groups, enum owner owner, uint32_t process)
{
	for (size_t i = 0; i < groups->list.count; i++)
		if (groups->list.at[i].owner == owner &&
		    (owner != OWNER_SEEN || groups->list.at[i].process == process))
			return &groups->list.at[i];
	return NULL;
}

static void count_owners(const char *spec, struct snapshot *seen, struct groups *groups)
{
	const uint32_t inodes[] = { 50, 51, 52, 0 };

	choose(groups, spec);
	for (size_t i = 0; i < 4; i++) {
		struct sock sock = sock_in(STATE_ESTABLISHED, 80, inodes[i]);

		groups_add(groups, seen, &sock);
	}
	groups_sort(groups);
}

/* 50: two workers, one of them twice; 51: one; 52: hidden; 0: the kernel's. */
static void each_holder_counts_once(void **state)
{
	struct snapshot seen;
	struct groups groups;

	(void)state;
	snapshot_init(&seen);
	add_holder(&seen, 50, 7, "web", 3);
	add_holder(&seen, 50, 7, "web", 4);
	add_holder(&seen, 50, 8, "web", 3);
	add_holder(&seen, 51, 8, "web", 5);
	snapshot_sort_holders(&seen);
	count_owners("process", &seen, &groups);
	assert_int_equal(groups.list.count, 4);
	assert_int_equal(group_of(&groups, OWNER_SEEN, 0)->count, 1);
	assert_int_equal(group_of(&groups, OWNER_SEEN, 1)->count, 2);
	assert_int_equal(group_of(&groups, OWNER_HIDDEN, 0)->count, 1);
	assert_int_equal(group_of(&groups, OWNER_NONE, 0)->count, 1);
	groups_fini(&groups);
	count_owners("comm", &seen, &groups);
	assert_int_equal(groups.list.count, 3);
	assert_int_equal(groups.list.at[0].count, 2);
	groups_fini(&groups);
	snapshot_fini(&seen);
}

static void one_peer_through_both_families(void **state)
{
	struct sock four = sock_in(STATE_ESTABLISHED, 80, 1), six = four, none = four;
	struct snapshot seen;
	struct groups groups;

	(void)state;
	four.remote.b[15] = six.remote.b[15] = 1;
	four.remote_port = six.remote_port = 99;
	six.family = FAMILY_IPV6;
	snapshot_init(&seen);
	choose(&groups, "remote:port");
	groups_add(&groups, &seen, &four);
	groups_add(&groups, &seen, &six);
	groups_add(&groups, &seen, &none);
	none.family = FAMILY_IPV6;
	memset(&none.remote, 0, sizeof(none.remote));
	groups_add(&groups, &seen, &none);
	assert_int_equal(groups.list.count, 2);
	groups_fini(&groups);
	snapshot_fini(&seen);
}

/* ---- sockets that have no internet address ---- */

static struct other unix_names(const char *local, const char *remote)
{
	struct other other = {
		.local_size = (uint8_t)strlen(local), .remote_size = (uint8_t)strlen(remote),
	};

	memcpy(other.local, local, strlen(local));
	memcpy(other.remote, remote, strlen(remote));
	memcpy(other.local_service, "77", 2);
	other.local_service_size = 2;
	return other;
}

static size_t count_groups(const char *by, const struct other *others, size_t count, char *first)
{
	struct groups groups = { 0 };
	struct snapshot seen;
	struct sock_end end;
	size_t result;

	snapshot_init(&seen);
	assert_int_equal(groups_choose(&groups, by, NULL), 0);
	for (size_t i = 0; i < count; i++) {
		struct sock sock = { .protocol = PROTOCOL_UNIX, .other = &others[i] };

		groups_add(&groups, &seen, &sock);
	}
	groups_sort(&groups);
	result = groups.list.count;
	end = group_end(&groups, &groups.list.at[0], 0);
	snprintf(first, 64, "%.*s %.*s", end.name_size, end.name, end.service_size, end.service);
	groups_fini(&groups);
	snapshot_fini(&seen);
	return result;
}

static void unix_sockets_of_other_names_are_one_group(void **state)
{
	const struct other others[] = {
		unix_names("/run/a", "/run/x"), unix_names("/run/b", "/run/x"), unix_names("/run/b", ""),
	};
	char first[64];

	(void)state;
	assert_int_equal(count_groups("local", others, 3, first), 2);
	assert_string_equal(first, "/run/b ");
	assert_int_equal(count_groups("local:port", others, 3, first), 2);
	assert_string_equal(first, "/run/b 77");
	assert_int_equal(count_groups("sport", others, 3, first), 1);
	assert_string_equal(first, " 77");
	assert_int_equal(count_groups("remote:port", others, 3, first), 2);
	assert_string_equal(first, "/run/x ");
	assert_int_equal(count_groups("remote", others, 3, first), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_that_is_not_there_is_refused),
		cmocka_unit_test(biggest_first_and_equals_by_key),
		cmocka_unit_test(listeners_have_no_bytes),
		cmocka_unit_test(each_holder_counts_once),
		cmocka_unit_test(one_peer_through_both_families),
		cmocka_unit_test(unix_sockets_of_other_names_are_one_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
