/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "judge/judge.h"
#include "base/grow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

/*
 * However a number of stuck sockets is spread over processes, units, ports and peers: where
 * they are enough for the namespace, some finding is about them, no socket is in two, and
 * few are never one.
 */

enum { ROUNDS = 300, PROCESSES = 8 };

static struct snapshot seen;

static void add_process(int32_t pid)
{
	struct process *process = grow_add(&seen.processes);

	process->pid = pid;
	process->comm = rand() % 2 ? "worker" : "other";
	process->comm_size = (uint8_t)strlen(process->comm);
	process->cgroup_id = (uint64_t)(rand() % 3);
}

/* The spread of a round: how many processes, ports and addresses there are. */
struct spread { int processes, ports, addresses; };

static void add_stuck(const struct spread *spread, uint32_t number)
{
	struct sock *s = grow_add(&seen.socks);
	struct holder *holder;

	s->state = STATE_CLOSE_WAIT;
	s->family = FAMILY_IPV4;
	s->protocol = PROTOCOL_TCP;
	s->local = addr_from_v4((const uint8_t []){ 10, 0, 0, 1 });
	s->remote = addr_from_v4((const uint8_t []){ 10, 1, 0, (uint8_t)(rand() % spread->addresses) });
	s->local_port = (uint16_t)(40000 + number);
	s->remote_port = (uint16_t)(1000 + rand() % spread->ports);
	s->inode = 100 + number;
	s->have = HAVE_FLOW | HAVE_ACKED;
	s->flow.last_data_sent_ms = s->flow.last_data_recv_ms = s->flow.last_ack_recv_ms = 100000;
	if (rand() % 4 == 0)
		return;
	holder = grow_add(&seen.holders);
	holder->inode = s->inode;
	holder->process = (uint32_t)(rand() % spread->processes);
}

static size_t members_of(const struct report *report)
{
	uint8_t *taken = grow_alloc(seen.socks.count);
	size_t count = 0;

	for (size_t i = 0; i < report->findings.count; i++)
		for (size_t j = 0; j < report->findings.at[i].members.count; j++) {
			assert_false(taken[report->findings.at[i].members.at[j]]++);
			count++;
		}
	free(taken);
	return count;
}

static void one_round(uint32_t stuck, uint32_t healthy)
{
	const struct spread spread = {
		1 + rand() % PROCESSES, 1 + rand() % 60, 1 + rand() % 60,
	};
	struct thresholds *usual = thresholds_new();
	struct report report;
	size_t members;

	snapshot_init(&seen);
	for (int32_t i = 0; i < PROCESSES; i++)
		add_process(100 + i);
	for (uint32_t i = 0; i < stuck; i++)
		add_stuck(&spread, i);
	for (uint32_t i = 0; i < healthy; i++)
		((struct sock *)grow_add(&seen.socks))->state = STATE_ESTABLISHED;
	seen.holders_known = true;
	snapshot_sort_holders(&seen);
	report_init(&report);
	judge(&seen, usual, &report);
	members = members_of(&report);
	if (stuck < 5 && members)
		fail_msg("%u are %zu", stuck, members);
	if (stuck >= 5 && stuck * 100 >= stuck + healthy && stuck - members >= 5 &&
	    (stuck - members) * 100 >= stuck + healthy)
		fail_msg("%u of %u: %zu are found", stuck, stuck + healthy, members);
	report_fini(&report);
	for (size_t i = 0; i < seen.processes.count; i++)
		seen.processes.at[i].comm = NULL;
	snapshot_fini(&seen);
	thresholds_free(usual);
}

static void no_spread_hides_what_is_enough(void **state)
{
	(void)state;
	srand(1);
	for (int i = 0; i < ROUNDS; i++)
		one_round((uint32_t)(rand() % 60), (uint32_t)(rand() % 2000));
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(no_spread_hides_what_is_enough) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
