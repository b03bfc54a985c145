/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values on a command line: which parser, then the word. Names of hosts are looked
 * up in hosts.c.
 */
#include "fuzz.h"

#include "cmd/target.h"
#include "judge/judge.h"
#include "value/group.h"
#include "value/order.h"
#include "model/state.h"
#include "model/unit.h"
#include "print/print.h"

#include <stdlib.h>
#include <string.h>

static void target(const char *word)
{
	struct fault fault = { 0 };
	struct target target;

	for (int i = 0; i < 3; i++) {
		struct options options = { .ipv4 = i == 1, .ipv6 = i == 2 };

		if (target_parse(&target, word, &options, "tcp", &fault) == 0)
			fuzz_require(target.kind != TARGET_INET ? *target.name != '\0' :
				     target.port && (target.family == FAMILY_IPV4 ||
						     target.family == FAMILY_IPV6),
				     "half a target: %s", word);
		else
			fuzz_require(*fault.text, "refused without a word: %s", word);
	}
}

static void source_address(const char *word)
{
	struct options options = { 0 };
	struct fault fault = { 0 };
	struct target target;

	if (target_address(&target, word, &options, &fault) < 0)
		fuzz_require(*fault.text, "refused without a word: %s", word);
}

/* An address comes back from its text. */
static void address(const char *word)
{
	struct addr addr, again;
	enum family family, again_family;
	char text[ADDR_TEXT];

	if (!addr_parse(word, &addr, &family))
		return;
	fuzz_require(addr_format(text, &addr, family) == strlen(text), "the length of %s", text);
	fuzz_require(addr_parse(text, &again, &again_family) && addr_equal(&addr, &again) &&
		     family == again_family, "%s is not %s", text, word);
}

static void threshold(const char *word)
{
	struct thresholds *thresholds = thresholds_new();

	for (int crit = 0; crit < 2; crit++)
		fuzz_require(thresholds_set(thresholds, word, crit) < THRESHOLD_ERRORS,
			     "refused for no reason: %s", word);
	for (size_t i = 0; i < rules_count; i++) {
		const struct threshold *t = thresholds_get(thresholds, rules[i].id);

		fuzz_require(t->warn >= 0 && t->crit >= 0, "less than nothing: %s", word);
	}
	thresholds_free(thresholds);
}

static void columns(const char *word)
{
	struct style style = { .format = FORMAT_TEXT };
	struct columns columns;
	struct fault fault = { 0 };

	if (columns_choose(&columns, word, &style, STATE_ALL, &fault) == 0)
		columns_need(&columns, &style);
	else
		fuzz_require(*fault.text, "refused without a word: %s", word);
}

static void order(const char *word)
{
	struct order order = { .count = 0 };
	struct snapshot seen;
	struct text key = { 0 };
	struct sock sock = { .family = FAMILY_IPV4, .protocol = PROTOCOL_TCP, .state = STATE_LISTEN };
	struct fault fault = { 0 };

	snapshot_init(&seen);
	if (order_choose(&order, word, &fault) == 0)
		order_key(&key, &order, &seen, &sock);
	else
		fuzz_require(*fault.text, "refused without a word: %s", word);
	text_fini(&key);
	snapshot_fini(&seen);
}

static void group(const char *word)
{
	struct groups groups = { .keys_count = 0 };
	struct fault fault = { 0 };

	if (groups_choose(&groups, word, &fault) == 0)
		fuzz_require(groups.keys_count, "groups without a key: %s", word);
	else
		fuzz_require(*fault.text, "refused without a word: %s", word);
	groups_fini(&groups);
}

static void state(const char *word)
{
	fuzz_require(!(state_mask_by_name(word) & ~STATE_ALL), "a state that is none: %s", word);
}

static void owner(const char *word)
{
	char *unit = unit_of_path(word), *container = container_of_path(word),
	     *pod = pod_of_path(word);

	fuzz_require(!unit || strlen(unit) <= strlen(word), "longer than its path: %s", word);
	fuzz_require(!container || strlen(container) <= strlen(word), "longer than its path: %s", word);
	free(unit);
	free(container);
	free(pod);
}

static void reserved_ports(const char *word)
{
	struct limits limits = { 0 };

	limits_reserve(&limits, word);
}

static void listing_option(const char *word)
{
	options_is_listing(word);
}

static void (*const parsers[])(const char *word) = {
	target, source_address, address, threshold, columns, order, group, state, owner,
	reserved_ports, listing_option,
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input = { bytes, size };
	size_t which = fuzz_byte(&input) % (sizeof(parsers) / sizeof(*parsers));
	char *word = fuzz_string(input.at, input.left);

	parsers[which](word);
	free(word);
	return 0;
}
