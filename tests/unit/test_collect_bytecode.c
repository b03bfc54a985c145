/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program that makes the kernel leave out ports: sound, and right for every port. */
#include "test.h"

#include "collect/filter_code.h"

#include <linux/inet_diag.h>

/* What the kernel checks of a program: all "yes" arrive at the end, no jump goes too far. */
static bool is_sound(const struct bytecode *code, unsigned count)
{
	unsigned at = 0;

	while (at < count) {
		const struct inet_diag_bc_op *op = &code->op[at];
		bool by_port = op->code == INET_DIAG_BC_S_GE || op->code == INET_DIAG_BC_S_LE;
		unsigned least = by_port ? 2 : 1;

		if (op->no < least * 4 || op->no > (count - at) * 4 + 4 || op->no % 4 ||
		    op->yes < least * 4 || op->yes > (count - at) * 4 + 4 || op->yes % 4)
			return false;
		at += op->yes / 4u;
	}
	return at == count;
}

static bool passes(const struct bytecode *code, unsigned count, uint16_t port, bool is_auto)
{
	unsigned at = 0;

	while (at < count) {
		const struct inet_diag_bc_op *op = &code->op[at];
		bool yes = op->code == INET_DIAG_BC_S_GE ? port >= op[1].no :
			   op->code == INET_DIAG_BC_S_LE ? port <= op[1].no :
			   op->code == INET_DIAG_BC_AUTO && is_auto;

		at += (yes ? op->yes : op->no) / 4u;
	}
	return at == count;
}

static void test_bytecode(void **state)
{
	static const struct { uint16_t low, high; bool is_explicit; } rows[] = {
		{ 80, 80, false }, { 0, 1023, false }, { 32768, 65535, false },
		{ 0, 0, true }, { 80, 80, true }, { 1, 65535, true },
	};
	static const uint16_t ports[] = { 0, 1, 79, 80, 81, 1023, 1024, 32767, 32768, 65535 };
	struct bytecode code;

	(void)state;
	assert_int_equal(bytecode_compile(&code, &(struct collect_ask){ 0 }, 0), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct collect_ask ask = {
			.port_low = rows[i].low, .port_high = rows[i].high,
			.explicit_port = rows[i].is_explicit,
		};
		bool any = !rows[i].low && !rows[i].high;
		size_t size = bytecode_compile(&code, &ask, 0);
		unsigned count = (unsigned)((size - sizeof(code.attr)) / 4);

		assert_int_equal(size, code.attr.nla_len);
		assert_true(count && count <= BYTECODE_MAX && is_sound(&code, count));
		for (size_t j = 0; j < sizeof(ports) / sizeof(*ports); j++) {
			bool inside = any || (ports[j] >= rows[i].low && ports[j] <= rows[i].high);

			assert_int_equal(passes(&code, count, ports[j], false), inside);
			assert_int_equal(passes(&code, count, ports[j], true),
					 inside && !rows[i].is_explicit);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytecode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
