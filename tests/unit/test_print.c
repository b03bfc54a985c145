/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/print.h"

#include "base/grow.h"
#include "model/need.h"
#include "print/cell.h"
#include "print/json.h"
#include "print/page.h"

#include <arpa/inet.h>
#include <errno.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture.h"

/* -- a strict decoder: RFC 8259, UTF-8, no duplicate commas, nothing behind -- */

static const char *skip_value(const char *at);

static const char *skip_blank(const char *at)
{
	return at + strspn(at, " \n");
}

static const char *skip_string(const char *at)
{
	assert_int_equal(*at, '"');
	for (at++; *at != '"';) {
		uint32_t code;
		size_t used;

		if (*at == '\\') {
			assert_non_null(strchr("\"\\/bfnrtu", at[1]));
			if (at[1] == 'u')
				assert_int_equal(strspn(at + 2, "0123456789abcdefABCDEF") >= 4, 1);
			at += at[1] == 'u' ? 6 : 2;
			continue;
		}
		used = utf8_decode(at, strlen(at), &code);
		assert_true(used > 0);
		assert_true(code >= 0x20 && !(code >= 0x7f && code < 0xa0));
		assert_true(code != 0x2028 && code != 0x2029);
		at += used;
	}
	return at + 1;
}

static const char *skip_members(const char *at, char end)
{
	at = skip_blank(at + 1);
	if (*at == end)
		return at + 1;
	for (;;) {
		if (end == '}') {
			at = skip_blank(skip_string(at));
			assert_int_equal(*at, ':');
			at = skip_blank(at + 1);
		}
		at = skip_blank(skip_value(at));
		if (*at == end)
			return at + 1;
		assert_int_equal(*at, ',');
		at = skip_blank(at + 1);
	}
}

static const char *skip_value(const char *at)
{
	char *end;

	if (*at == '{')
		return skip_members(at, '}');
	if (*at == '[')
		return skip_members(at, ']');
	if (*at == '"')
		return skip_string(at);
	if (strncmp(at, "null", 4) == 0 || strncmp(at, "true", 4) == 0)
		return at + 4;
	if (strncmp(at, "false", 5) == 0)
		return at + 5;
	assert_true(strchr("-0123456789", *at) != NULL);
	strtod(at, &end);
	assert_true(end > at);
	return end;
}

static void assert_json(const char *text)
{
	const char *end = skip_blank(skip_value(skip_blank(text)));

	assert_string_equal(end, "");
}

static void assert_clean(const char *text)
{
	for (const char *at = text; *at; at++)
		assert_true((unsigned char)*at >= 0x20 || *at == '\n' || *at == '\t');
	assert_null(strstr(text, " \n"));
}

/* -- a machine ----------------------------------------------------------- */

static const char nasty[] = "a\"b\\c\x1b[31m\n\x07\x80\xff\xc3\xa9\xe2\x80\xae";

static struct sock make_sock(enum state state)
{
	struct sock sock = {
		.family = FAMILY_IPV4, .protocol = PROTOCOL_TCP, .state = state,
		.local_port = 8080, .remote_port = 51820, .inode = 77, .cookie = 0x53a1,
	};

	sock.local = addr_from_v4("\x7f\0\0\1");
	sock.remote = addr_from_v4("\x0a\0\0\x09");
	return sock;
}

static void hold(struct snapshot *seen, uint32_t inode, int32_t pid, int32_t fd,
		 const char *comm, size_t size)
{
	uint32_t index = snapshot_process(seen, pid);

	snapshot_name_process(seen, index, comm, size);
	*grow_add(&seen->holders) = (struct holder){ inode, index, fd };
	seen->holders_known = true;
	snapshot_sort_holders(seen);
}

static char *list(const struct snapshot *seen, const struct style *style, const char *spec,
		  const struct sock *socks, size_t count)
{
	struct columns columns;
	struct listing *listing;

	assert_int_equal(columns_choose(&columns, spec, style, STATE_ALL, NULL), 0);
	begin_capture();
	listing = listing_begin(&out, style, &columns, seen);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(listing_row(listing, &socks[i]), 0);
	assert_int_equal(listing_end(listing), 0);
	return end_capture();
}

static char *check(const struct snapshot *seen, const struct style *style,
		   const struct report *report)
{
	const struct check_area area = { seen, *report, 1 };

	begin_capture();
	assert_int_equal(print_check(&out, style, seen, &area, 1), 0);
	return end_capture();
}

static struct finding *add_finding(struct report *report, struct snapshot *seen)
{
	struct finding *f = report_add(report, "close-wait-leak");

	*grow_add(&seen->socks) = make_sock(STATE_CLOSE_WAIT);
	f->severity = report->worst = SEVERITY_CRITICAL;
	f->subject.process = (int32_t)snapshot_process(seen, 812);
	f->count = 1;
	snapshot_name_process(seen, (uint32_t)f->subject.process, "x\x1b[2J", 5);
	facts_number(&f->facts, "close_forgotten", FACT_COUNT, 9007199254740992.0)->group = "causes";
	facts_add(&f->facts, "descriptors", FACT_COUNT);
	facts_bytes(&f->facts, "holder", nasty, sizeof(nasty) - 1);
	facts_bytes(&f->facts, "main_opener", "opened_here", 11);
	finding_member(f, seen, (uint32_t)seen->socks.count - 1);
	f->has_ages = true;
	f->strip = grow_alloc(sizeof(*f->strip));
	return f;
}

/* -- tests: JSON --------------------------------------------------------- */

static void test_json_strings(void **state)
{
	struct json json;
	char *text;

	(void)state;
	begin_capture();
	json_begin(&json, &out, false);
	json_open(&json, NULL, '{');
	json_foreign(&json, "comm", nasty, sizeof(nasty) - 1);
	json_foreign(&json, "plain", "nginx", 5);
	json_foreign(&json, "none", NULL, 0);
	json_string(&json, "lines", "\xe2\x80\xa8\x7f\xc2\x85");
	json_id(&json, "id", UINT64_MAX);
	json_u64(&json, "big", 9007199254740993u);
	json_i64(&json, "least", INT64_MIN);
	json_real(&json, "tenth", 0.1);
	json_real(&json, "nan", strtod("nan", NULL));
	json_close(&json, '}');
	text = end_capture();
	assert_json(text);
	assert_clean(text);
	assert_string_equal(text,
		"{\"comm\":\"a\\\"b\\\\c\\u001b[31m\\u000a\\u0007\xef\xbf\xbd\xef\xbf\xbd"
		"\xc3\xa9\\u202e\",\"comm_hex\":\"6122625c631b5b33316d0a0780ffc3a9e280ae\","
		"\"plain\":\"nginx\",\"none\":null,"
		"\"lines\":\"\\u2028\\u007f\\u0085\",\"id\":\"18446744073709551615\","
		"\"big\":9007199254740993,\"least\":-9223372036854775808,\"tenth\":0.1,"
		"\"nan\":null}");
	free(text);
}

static void test_json_random_bytes(void **state)
{
	(void)state;
	srandom(7);
	for (int round = 0; round < 2000; round++) {
		char bytes[40];
		struct json json;
		char *text;

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)(random() % 3 ? random() : 0xc0 + random() % 64);
		begin_capture();
		json_begin(&json, &out, round % 2);
		json_open(&json, NULL, '[');
		json_foreign(&json, NULL, bytes, sizeof(bytes));
		json_close(&json, ']');
		text = end_capture();
		assert_json(text);
		free(text);
	}
}

static void test_json_unknown_is_null(void **state)
{
	struct style style = { .format = FORMAT_JSON, .with_extended = true, .with_tos = true,
			       .with_info = true, .with_memory = true };
	struct sock sock = make_sock(STATE_TIME_WAIT);
	struct snapshot seen;
	static const char *const wanted[] = {
		"\"uid\":null", "\"inode\":null", "\"cookie\":null", "\"cgroup\":null",
		"\"cgroup_id\":null", "\"timer\":null", "\"opener\":null", "\"age_min_ms\":null",
		"\"age_max_ms\":null", "\"processes\":[]", "\"tcp_info\":null",
		"\"memory\":null", "\"sockopt\":null", "\"tos\":null", "\"v6only\":null",
		"\"interface\":null", "\"time\": null", "\"complete\": true", "\"inode\": null",
	};
	char *text;

	(void)state;
	sock.inode = 0;
	sock.cookie = UINT64_MAX;
	snapshot_init(&seen);
	text = list(&seen, &style, NULL, &sock, 1);
	assert_json(text);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (!strstr(text, wanted[i]))
			fail_msg("%s is not in %s", wanted[i], text);
	free(text);
	/* Held by somebody whom nobody looked for. */
	sock.inode = 77;
	text = list(&seen, &style, NULL, &sock, 1);
	assert_non_null(strstr(text, "\"processes\":null"));
	free(text);
	snapshot_fini(&seen);
}

static void test_json_lists(void **state)
{
	struct style style = { .format = FORMAT_JSONL };
	struct sock socks[2] = { make_sock(STATE_ESTABLISHED), make_sock(STATE_LISTEN) };
	struct snapshot seen;
	char *text, *line, *rest;

	(void)state;
	snapshot_init(&seen);
	seen.time_ms = 1700000000123;
	snapshot_gap(&seen, GAP_OWNERS, 3, "3 processes could not be read");
	hold(&seen, 77, 812, 5, nasty, sizeof(nasty) - 1);
	text = list(&seen, &style, NULL, socks, 2);
	assert_non_null(strstr(text, "\"time\":\"2023-11-14T22:13:20.123Z\""));
	assert_non_null(strstr(text, "\"end\":{\"complete\":true,\"sockets\":2,\"gaps\":[{\"kind\":"
			       "\"owners\",\"count\":3,"));
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		assert_json(line);
	free(text);
	style.format = FORMAT_JSON;
	text = list(&seen, &style, NULL, socks, 0);
	assert_json(text);
	assert_non_null(strstr(text, "\"sockets\": []"));
	free(text);
	snapshot_fini(&seen);
}

static void test_json_check(void **state)
{
	struct style style = { .format = FORMAT_JSON };
	struct report report;
	struct snapshot seen;
	char *text;

	(void)state;
	snapshot_init(&seen);
	report_init(&report);
	add_finding(&report, &seen);
	hold(&seen, 77, 812, 5, nasty, sizeof(nasty) - 1);
	text = check(&seen, &style, &report);
	assert_json(text);
	assert_clean(text);
	assert_non_null(strstr(text, "\"close_forgotten\": 9007199254740992"));
	assert_non_null(strstr(text, "\"descriptors\": null"));
	assert_non_null(strstr(text, "\"port_range\": null"));
	assert_non_null(strstr(text, "\"BOUND\": 0"));
	assert_non_null(strstr(text, "\"count\": 1"));
	free(text);
	report.findings.at[0].count_unknown = true;
	text = check(&seen, &style, &report);
	assert_non_null(strstr(text, "\"count\": null"));
	free(text);
	report_fini(&report);
	snapshot_fini(&seen);
}

/* -- tests: list as text ------------------------------------------------- */

static void test_list_is_ss(void **state)
{
	struct style style = { .header = true };
	struct sock socks[3] = { make_sock(STATE_ESTABLISHED), make_sock(STATE_LISTEN),
				 make_sock(STATE_LISTEN) };
	static const struct addr any;
	struct snapshot seen;
	char *text;

	(void)state;
	snapshot_init(&seen);
	*grow_add(&seen.links) = (struct link){ 1, "lo" };
	socks[0].ifindex = 1;
	for (int i = 1; i < 3; i++) {
		socks[i].family = FAMILY_IPV6;
		socks[i].local = socks[i].remote = any;
		socks[i].local_port = 80;
		socks[i].remote_port = 0;
	}
	socks[2].v6only = true;
	text = list(&seen, &style, NULL, socks, 3);
	assert_string_equal(text,
		"State  Recv-Q Send-Q Local Address:Port Peer Address:Port  Process\n"
		"ESTAB  0      0       127.0.0.1%lo:8080     10.0.0.9:51820\n"
		"LISTEN 0      0                  *:80              *:*\n"
		"LISTEN 0      0               [::]:80           [::]:*\n");
	free(text);
	style.header = false;
	text = list(&seen, &style, "STATE,AGE,PID,UID", socks, 1);
	assert_string_equal(text, "ESTAB - - -\n");
	free(text);
	snapshot_fini(&seen);
}

static void test_list_users(void **state)
{
	struct style style = { .with_process = true };
	struct sock sock = make_sock(STATE_ESTABLISHED);
	struct snapshot seen;
	char *text;

	(void)state;
	snapshot_init(&seen);
	hold(&seen, 77, 812, 5, nasty, sizeof(nasty) - 1);
	hold(&seen, 77, 900, 6, "x", 1);
	text = list(&seen, &style, NULL, &sock, 1);
	assert_clean(text);
	assert_non_null(strstr(text, "users:((\"a\\x22b\\x5cc\\x1b[31m\\x0a\\x07\\x80\\xff"));
	assert_non_null(strstr(text, "\\u{202e}\",pid=812,fd=5),(\"x\",pid=900,fd=6))\n"));
	free(text);
	/* A small terminal: broken, not cut, and never wider than it. */
	style.width = 40;
	text = list(&seen, &style, NULL, &sock, 1);
	assert_non_null(strstr(text, "(\"x\",pid=900,fd=6))"));
	assert_non_null(strstr(text, "\n\t"));
	free(text);
	snapshot_fini(&seen);
}

/* What this machine's kernel may not have, in ss's words. */
static void test_list_protocols(void **state)
{
	struct md5_peer keys[] = {
		{ FAMILY_IPV4, 32, { { 0 } } }, { FAMILY_IPV6, 64, { { 0x20, 1 } } },
	};
	struct style style = { .with_info = true, .with_tos = true, .oneline = true };
	struct detail detail = {
		.congestion_state = { .kind = CONGESTION_DCTCP, .enabled = true, .alpha = 1024,
				      .ecn_bytes = 5, .acked_bytes = 7 },
		.have_class_id = true, .class_id = 0x10,
		.ulp = { .name = "tls", .has_tls = true,
			 .tls = { .have_version = true, .version = 0x0304, .have_cipher = true,
				  .cipher = 52, .have_rx = true, .rx = 2, .have_tx = true,
				  .tx = 9, .zero_copy = true } },
		.md5 = { .at = keys, .count = 2 },
	};
	struct sock sock = make_sock(STATE_ESTABLISHED);
	struct snapshot seen;
	char *text;

	(void)state;
	snapshot_init(&seen);
	sock.detail = &detail;
	metric_set(&detail.metrics, METRIC_RTT, 1000);
	metric_set(&detail.metrics, METRIC_SND_MSS, 1000);
	metric_set(&detail.metrics, METRIC_SND_CWND, 10);
	text = list(&seen, &style, NULL, &sock, 1);
	assert_non_null(strstr(text, " class_id:0x10 "));
	assert_non_null(strstr(text, " dctcp:(ce_state:0,alpha:1024,ab_ecn:5,ab_tot:7) send 80Mbps"));
	assert_non_null(strstr(text, " md5keys:0.0.0.0/32=,2001::/64= tcp-ulp-tls version: 1.3"
			       " cipher: aes-gcm-256 rxconf: sw txconf: unknown(9) zc_ro_tx\n"));
	free(text);
	detail.congestion_state = (struct congestion_state){
		.kind = CONGESTION_VEGAS, .enabled = true, .rtt_us = 500,
	};
	style.numeric = true;
	text = list(&seen, &style, NULL, &sock, 1);
	assert_non_null(strstr(text, " send 160000000bps"));
	free(text);
	detail.congestion_state = (struct congestion_state){ .kind = CONGESTION_DCTCP };
	text = list(&seen, &style, NULL, &sock, 1);
	assert_non_null(strstr(text, " dctcp:fallback_mode send "));
	free(text);
	snapshot_fini(&seen);
}

static void test_list_details(void **state)
{
	struct style style = { .with_timer = true, .with_memory = true, .with_info = true };
	struct detail detail = { .have_memory = true, .memory = { 1, 2, 3, 4, 5, 6, 7, 8, 9 },
				 .have_congestion = true, .congestion = "cubic" };
	struct sock sock = make_sock(STATE_ESTABLISHED);
	struct snapshot seen;
	char *text;

	(void)state;
	snapshot_init(&seen);
	sock.timer = TIMER_KEEPALIVE;
	sock.timer_ms = 59500;
	sock.detail = &detail;
	detail.metrics.have[0] = detail.metrics.have[1] = ~(uint64_t)0;
	detail.metrics.value[METRIC_OPTIONS] = 7;
	detail.metrics.value[METRIC_RTT] = 12030;
	detail.metrics.value[METRIC_RTTVAR] = 1;
	detail.metrics.value[METRIC_REORDERING] = 3;
	text = list(&seen, &style, NULL, &sock, 1);
	assert_non_null(strstr(text, " timer:(keepalive,59sec,0)\n\t skmem:(r1,rb2,t3,tb4,f5,w6,"
			       "o7,bl8,d9) ts sack cubic wscale:0,0 rtt:12.03/0.001\n"));
	free(text);
	style.oneline = true;
	text = list(&seen, &style, NULL, &sock, 1);
	assert_null(strchr(text, '\t'));
	free(text);
	snapshot_fini(&seen);
}

/* Every column, every width: clean, and no cell is lost. */
static void test_list_widths(void **state)
{
	struct sock socks[2] = { make_sock(STATE_ESTABLISHED), make_sock(STATE_TIME_WAIT) };
	struct snapshot seen;
	struct text spec = { 0 };

	(void)state;
	for (size_t i = 0; i < columns_count(); i++)
		text_addf(&spec, "%s%s", i ? "," : "", column_at(i)->name);
	snapshot_init(&seen);
	socks[1].inode = 0;
	hold(&seen, 77, 812, 5, nasty, sizeof(nasty) - 1);
	for (unsigned width = 0; width < 200; width++) {
		struct style style = { .width = width, .header = true, .with_process = true,
				       .with_timer = true, .with_extended = true };
		char *text = list(&seen, &style, width % 2 ? spec.at : NULL, socks, 2);

		assert_clean(text);
		assert_non_null(strstr(text, "pid=812"));
		assert_non_null(strstr(text, "ino:77"));
		assert_non_null(strstr(text, "sk:53a1"));
		free(text);
	}
	text_fini(&spec);
	snapshot_fini(&seen);
}

/* Widths come from the first rows; later ones stream, nothing is lost. */
static void test_list_streams(void **state)
{
	enum { ROWS = 2000 };
	struct sock *socks = grow_alloc(ROWS * sizeof(*socks));
	struct style style = { .header = true };
	struct snapshot seen;
	size_t lines = 0;
	char *text;

	(void)state;
	for (uint16_t i = 0; i < ROWS; i++) {
		socks[i] = make_sock(STATE_ESTABLISHED);
		socks[i].remote_port = (uint16_t)(i + 1);
	}
	snapshot_init(&seen);
	text = list(&seen, &style, NULL, socks, ROWS);
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, ROWS + 1);
	assert_non_null(strstr(text, "10.0.0.9:2000\n"));
	assert_clean(text);
	free(text);
	free(socks);
	snapshot_fini(&seen);
}

static void test_columns(void **state)
{
	struct style style = { .with_process = true };
	struct columns columns;
	struct fault fault = { 0 };

	(void)state;
	assert_int_equal(columns_choose(&columns, "STATE,WHAT", &style, STATE_ALL, &fault),
			 -EINVAL);
	assert_non_null(strstr(fault.text, "WHAT"));
	for (size_t i = 0; i < columns_count(); i++)
		assert_non_null(strstr(fault.text, column_at(i)->name));
	assert_int_equal(columns_choose(&columns, "", &style, STATE_ALL, &fault), -EINVAL);
	assert_int_equal(columns_choose(&columns, "STATE,", &style, STATE_ALL, &fault), -EINVAL);
	assert_int_equal(columns_choose(&columns, "state,Age", &style, STATE_ALL, &fault), 0);
	assert_int_equal(columns_choose(&columns, NULL, &style, STATE_ALL, &fault), 0);
	assert_int_equal(columns.count, 6);
	assert_true(columns_need(&columns, &style) & NEED_HOLDERS);
	assert_int_equal(columns_choose(&columns, NULL, &style, STATE_BIT(STATE_LISTEN), &fault),
			 0);
	assert_int_equal(columns.count, 5);
	style.with_process = false;
	assert_int_equal(columns_choose(&columns, "+AGE,+", &style, STATE_ALL, &fault), -EINVAL);
	assert_int_equal(columns_choose(&columns, "+AGE", &style, STATE_ALL, &fault), 0);
	assert_int_equal(columns.count, 6);
	assert_false(columns_need(&columns, &style) & NEED_HOLDERS);
	assert_true(columns_need(&columns, &style) & NEED_FLOW);
}

/* -- tests: check as text ------------------------------------------------ */

static void test_check_incomplete_is_not_ok(void **state)
{
	struct style style = { .ascii = true };
	struct report report;
	struct snapshot seen;
	char *text;

	(void)state;
	snapshot_init(&seen);
	report_init(&report);
	text = check(&seen, &style, &report);
	assert_string_equal(text, "OK: 0 sockets, no findings\n");
	free(text);
	style.quiet = true;
	text = check(&seen, &style, &report);
	assert_string_equal(text, "");
	free(text);
	snapshot_gap(&seen, GAP_DUMP, 1, "the kernel's listing was interrupted");
	text = check(&seen, &style, &report);
	assert_null(strstr(text, "OK:"));
	assert_non_null(strstr(text, "incomplete"));
	assert_non_null(strstr(text, "interrupted"));
	free(text);
	style.quiet = false;
	text = check(&seen, &style, &report);
	assert_null(strstr(text, "OK:"));
	free(text);
	seen.gaps.count = 0;
	seen.socks_complete = false;
	text = check(&seen, &style, &report);
	assert_null(strstr(text, "OK:"));
	free(text);
	report_fini(&report);
	snapshot_fini(&seen);
}

static void test_check_is_safe(void **state)
{
	struct report report;
	struct snapshot seen;

	(void)state;
	snapshot_init(&seen);
	report_init(&report);
	add_finding(&report, &seen);
	hold(&seen, 77, 812, 5, nasty, sizeof(nasty) - 1);
	for (unsigned width = 0; width < 130; width++) {
		struct style style = { .ascii = width % 2, .quiet = width % 3 == 0,
				       .width = width };
		char *text = check(&seen, &style, &report);

		assert_clean(text);
		assert_non_null(strstr(text, "CRITICAL"));
		free(text);
	}
	report_fini(&report);
	snapshot_fini(&seen);
}

static void test_bars(void **state)
{
	struct style style = { .ascii = true };
	struct text text = { 0 };

	(void)state;
	for (uint64_t value = 0; value <= 400; value++) {
		text.count = 0;
		style.ascii = value % 2;
		screen_bar(&text, &style, value, 400, 20);
		assert_int_equal(text.count > 0, value > 0);
		assert_true(!value || utf8_width(text_str(&text)) <= 20);
		if (value == 400)
			assert_int_equal(utf8_width(text.at), 20);
		text.count = 0;
		screen_column(&text, &style, value, 400);
		assert_int_equal(utf8_width(text.at), 1);
		text.count = 0;
		screen_shade(&text, &style, (unsigned)value, 0, 400);
		assert_int_equal(utf8_width(text.at), 1);
		assert_int_equal(strcmp(text.at, style.ascii ? "@" : "\xe2\x96\x88") == 0,
				 value == 400);
	}
	text_fini(&text);
}

/* -- tests: cells -------------------------------------------------------- */

static void test_addresses(void **state)
{
	struct text text = { 0 };
	char wanted[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	(void)state;
	srandom(3);
	for (int round = 0; round < 200000; round++) {
		struct addr addr;

		for (size_t i = 0; i < 16; i++)
			bytes[i] = (uint8_t)(random() % 4 ? 0 : random());
		if (round % 8 == 0)
			bytes[10] = bytes[11] = 0xff;
		addr = addr_from_v6(bytes);
		text.count = 0;
		cell_addr(&text, &addr, FAMILY_IPV6);
		inet_ntop(AF_INET6, bytes, wanted, sizeof(wanted));
		assert_string_equal(text.at, wanted);
		text.count = 0;
		cell_addr(&text, &addr, FAMILY_IPV4);
		inet_ntop(AF_INET, bytes + 12, wanted, sizeof(wanted));
		assert_string_equal(text.at, wanted);
	}
	text_fini(&text);
}

static void test_numbers(void **state)
{
	static const struct { int64_t ms; const char *down, *up; } durations[] = {
		{ 0, "0ms", "0ms" }, { 999, "999ms", "999ms" }, { 12345, "12.3s", "12.4s" },
		{ 12000, "12s", "12s" }, { 59990, "59.9s", "1m00s" }, { 61500, "1m01s", "1m02s" },
		{ 3599500, "59m59s", "1h00m" }, { 7384000, "2h03m", "2h04m" },
		{ 200000000, "2d07h", "2d08h" },
	};
	struct text text = { 0 };
	char wanted[40];

	(void)state;
	for (size_t i = 0; i < sizeof(durations) / sizeof(*durations); i++) {
		text.count = 0;
		cell_duration(&text, durations[i].ms, false);
		assert_string_equal(text.at, durations[i].down);
		text.count = 0;
		cell_duration(&text, durations[i].ms, true);
		assert_string_equal(text.at, durations[i].up);
	}
	for (uint64_t us = 0; us < 3000000; us += 997) {
		text.count = 0;
		cell_us_as_ms(&text, us);
		snprintf(wanted, sizeof(wanted), "%g", (double)us / 1000);
		assert_string_equal(text.at, wanted);
	}
	text.count = 0;
	cell_thousands(&text, 1234567);
	assert_string_equal(text.at, "1,234,567");
	text_fini(&text);
}

static void test_full_disk(void **state)
{
	struct style style = { .header = true };
	struct sock sock = make_sock(STATE_ESTABLISHED);
	struct columns columns;
	struct listing *listing;
	struct snapshot seen;
	struct out full;
	int err = 0;

	(void)state;
	snapshot_init(&seen);
	out_init(&full, -1);
	assert_int_equal(columns_choose(&columns, NULL, &style, STATE_ALL, NULL), 0);
	listing = listing_begin(&full, &style, &columns, &seen);
	for (int i = 0; i < 100000 && !err; i++)
		err = listing_row(listing, &sock);
	assert_int_equal(err, -EBADF);
	assert_int_equal(listing_end(listing), -EBADF);
	snapshot_fini(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_strings),
		cmocka_unit_test(test_json_random_bytes),
		cmocka_unit_test(test_json_unknown_is_null),
		cmocka_unit_test(test_json_lists),
		cmocka_unit_test(test_json_check),
		cmocka_unit_test(test_list_is_ss),
		cmocka_unit_test(test_list_users),
		cmocka_unit_test(test_list_details), cmocka_unit_test(test_list_protocols),
		cmocka_unit_test(test_list_widths),
		cmocka_unit_test(test_list_streams),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_check_incomplete_is_not_ok),
		cmocka_unit_test(test_check_is_safe),
		cmocka_unit_test(test_bars),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_full_disk),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
