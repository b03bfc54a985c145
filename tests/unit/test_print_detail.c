/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this machine's kernel and its sockets may never show: rings, MPTCP, BBR, containers. */
#include "print/print.h"

#include "base/grow.h"
#include "print/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"
#include "seen.h"

static char *listed(enum format format, const struct sock *sock)
{
	struct style style = {
		.format = format, .oneline = true, .with_extended = true, .with_info = true,
		.with_memory = true, .with_tos = true, .with_bpf = true,
	};
	struct columns columns;
	struct listing *listing;

	assert_int_equal(columns_choose(&columns, NULL, &style, STATE_ALL, NULL), 0);
	begin_capture();
	listing = listing_begin(&out, &style, &columns, &seen);
	assert_int_equal(listing_row(listing, sock), 0);
	assert_int_equal(listing_end(listing), 0);
	return end_capture();
}

/* Both forms of one socket: each has its part. */
static void shows(const struct sock *sock, const char *text, const char *json)
{
	char *as_text = listed(FORMAT_TEXT, sock), *as_json = listed(FORMAT_JSONL, sock);

	if (!strstr(as_text, text))
		fail_msg("%s is not in %s", text, as_text);
	if (!strstr(as_json, json))
		fail_msg("%s is not in %s", json, as_json);
	free(as_text);
	free(as_json);
}

static struct sock make(enum protocol protocol, const struct other *other)
{
	struct sock sock = {
		.family = FAMILY_IPV4, .protocol = protocol, .state = STATE_ESTABLISHED,
		.inode = 77, .cookie = 3, .other = other,
	};

	return sock;
}

static void a_file_or_who_waits_at_it_is_left_out(void **state)
{
	uint32_t waiting[] = { 811, 812 };
	struct other other = {
		.local_size = 6, .local = "/run/x", .peer_inode = 9, .have_vfs = true,
		.vfs_inode = 40, .vfs_device = 254u << 20 | 3, .have_waiting = true,
		.waiting = { .at = waiting, .count = 2 },
	};
	struct sock sock = make(PROTOCOL_UNIX_STREAM, &other);

	(void)state;
	shows(&sock, " ino:40 dev:", "\"file\":{\"inode\":40,\"device\":\"254:3\"},"
	      "\"waiting_inodes\":[811,812]");
	shows(&sock, " peers: 811 812", "\"peer_inode\":9,\"groups\":null,\"port_id\":null,"
	      "\"protocol_number\":null");
	other.have_vfs = other.have_waiting = false;
	other.peer_inode = 0;
	shows(&sock, "/run/x", "\"file\":null,\"waiting_inodes\":null");
	shows(&sock, "/run/x", "\"peer_inode\":null");
}

static void a_ring_or_its_fanout_is_left_out(void **state)
{
	struct bpf_step steps[] = { { 0x28, 0, 0, 12 }, { 6, 1, 2, 65535 } };
	struct other other = {
		.local_size = 2, .local = "ip", .local_service_size = 4, .local_service = "eth0",
		.number = 2048,
		.packet = { .have_info = true, .version = 2, .copy_threshold = 7, .flags = 3,
			    .rx = { true, 4096, 8, 2048, 16, 60, 1 }, .have_fanout = true,
			    .fanout_id = 5, .fanout_type = 1,
			    .filter = { .at = steps, .count = 2 } },
	};
	struct sock sock = make(PROTOCOL_PACKET_RAW, &other);

	(void)state;
	shows(&sock, "ver:2 cpy_thresh:7 flags( running auxdata )", "\"packet\":{\"version\":2,"
	      "\"copy_threshold_bytes\":7,\"running\":true,\"auxdata\":true,\"origdev\":false");
	shows(&sock, "ring_rx(blk_size:4096,blk_nr:8,frm_size:2048,frm_nr:16,tmo:60,features:0x1)",
	      "\"receive_ring\":{\"block_bytes\":4096,\"blocks\":8,\"frame_bytes\":2048,"
	      "\"frames\":16,\"retire_ms\":60,\"features\":1},\"send_ring\":null");
	shows(&sock, "fanout(id:5,type:lb)",
	      "\"fanout\":{\"id\":5,\"type_number\":1,\"type\":\"lb\"}");
	shows(&sock, "bpf filter (2):  0x28 0 0 12, 0x06 1 2 65535,",
	      "\"bpf\":[{\"code\":40,\"jump_true\":0,\"jump_false\":0,\"value\":12},{");
	other.packet.fanout_type = 200;
	other.packet.tx = other.packet.rx;
	shows(&sock, "type:0xc8", "\"type_number\":200,\"type\":null");
	shows(&sock, "ring_tx(blk_size:4096", "\"send_ring\":{\"block_bytes\":4096");
}

static void a_filter_that_is_hidden_is_none(void **state)
{
	struct other other = { .local_size = 2, .local = "ip" };
	struct sock sock = make(PROTOCOL_PACKET_DGRAM, &other);

	(void)state;
	shows(&sock, "ip", "\"packet\":null");
	shows(&sock, "ip", "\"bpf\":[]");
	other.packet.filter_hidden = true;
	shows(&sock, "ip", "\"bpf\":null");
	other.packet.have_info = true;
	shows(&sock, "flags( 0 )", "\"running\":false");
	shows(&sock, "flags( 0 )", "\"fanout\":null");
	sock = make(PROTOCOL_TCP, NULL);
	shows(&sock, "ESTAB", "\"bpf\":null");
}

static void the_kernels_own_netlink_socket_has_a_port(void **state)
{
	struct detail detail = { .have_memory = true, .memory_lacks = 2 };
	struct other other = { .local_size = 4, .local = "rtnl", .groups = 5, .port_id = 0 };
	struct sock sock = make(PROTOCOL_NETLINK, &other);

	(void)state;
	sock.detail = &detail;
	shows(&sock, "groups=0x00000005", "\"groups\":5,\"port_id\":0,\"protocol_number\":0");
	shows(&sock, "skmem:(r0,rb0,", "\"backlog_bytes\":null,\"drops\":null");
	other.port_id = UINT32_MAX;
	detail.memory_lacks = 1;
	shows(&sock, "rtnl", "\"port_id\":null");
	shows(&sock, "rtnl", "\"backlog_bytes\":0,\"drops\":null");
}

static void congestion_control_is_left_out(void **state)
{
	struct detail detail = {
		.congestion_state = { .kind = CONGESTION_BBR, .bandwidth_bytes_per_s = 125,
				      .min_rtt_us = 1500, .pacing_gain = 739, .cwnd_gain = 512 },
	};
	struct sock sock = make(PROTOCOL_TCP, NULL);

	(void)state;
	sock.detail = &detail;
	metric_set(&detail.metrics, METRIC_RTT, 1000);
	shows(&sock, " bbr:(bw:1kbps,mrtt:1.5,pacing_gain:2.88672,cwnd_gain:2)",
	      "\"congestion_state\":{\"bandwidth_bytes_per_s\":125,\"min_rtt_us\":1500,"
	      "\"pacing_gain\":2.88671875,\"cwnd_gain\":2}");
	detail.congestion_state.pacing_gain = detail.congestion_state.cwnd_gain = 0;
	shows(&sock, " bbr:(bw:1kbps,mrtt:1.5)", "\"pacing_gain\":0,");
	detail.congestion_state = (struct congestion_state){
		.kind = CONGESTION_DCTCP, .enabled = true, .alpha = 512, .ce_state = 1,
	};
	shows(&sock, "dctcp:(ce_state:1,alpha:512",
	      "\"congestion_state\":{\"enabled\":true,\"ce_state\":1,\"alpha\":0.5,");
	detail.congestion_state = (struct congestion_state){
		.kind = CONGESTION_VEGAS, .enabled = true, .rtt_count = 4, .rtt_us = 7,
	};
	shows(&sock, "ESTAB",
	    "\"congestion_state\":{\"enabled\":true,\"rtt_samples\":4,\"rtt_us\":7");
}

static void a_path_of_mptcp_is_left_out(void **state)
{
	struct detail detail = { .ulp = { .name = "mptcp", .has_subflow = true } };
	struct subflow_state *flow = &detail.ulp.subflow;
	struct sock sock = make(PROTOCOL_TCP, NULL);

	(void)state;
	sock.detail = &detail;
	shows(&sock, "ESTAB", "\"mptcp\":{\"flags\":\"\",\"remote_token\":null,\"remote_id\":null,"
	      "\"local_token\":null,\"local_id\":null,\"map_seq\":null");
	*flow = (struct subflow_state){ true, true, true, true, true, 5, 0xab, 0xcd, 1, 2, 16, 17,
	    18, 19 };
	shows(&sock, " tcp-ulp-mptcp flags:MJ token:00ab(id:1)/00cd(id:2) seq:10 sfseq:11 ssnoff:12"
	      " maplen:13", "\"mptcp\":{\"flags\":\"MJ\",\"remote_token\":171,\"remote_id\":1,"
	      "\"local_token\":205,\"local_id\":2,\"map_seq\":\"16\",\"map_subflow_seq\":17,"
	      "\"subflow_offset\":18,\"map_length_bytes\":19}");
}

static void tls_that_was_not_told_is_made_up(void **state)
{
	struct detail detail = { .ulp = { .name = "tls", .has_tls = true } };
	struct sock sock = make(PROTOCOL_TCP, NULL);

	(void)state;
	sock.detail = &detail;
	shows(&sock, "tcp-ulp-tls", "\"tls\":{\"version\":null,\"cipher\":null,\"receive\":null,"
	      "\"send\":null,\"zero_copy_send\":false}");
	detail.ulp.tls = (struct tls_state){ true, true, true, true, true, 9, 9, 9, 3 };
	shows(&sock, " version: unknown(9) rxconf: unknown(9) txconf: hw zc_ro_tx",
	      "\"tls\":{\"version\":null,\"cipher\":null,\"receive\":null,\"send\":\"hw\","
	      "\"zero_copy_send\":true}");
}

static void mptcp_that_was_not_told_is_zero(void **state)
{
	struct detail detail = { .mptcp = { .have = 1u << MPTCP_SUBFLOWS | 1u << MPTCP_FLAGS |
						    1u << MPTCP_WRITE_SEQ } };
	struct sock sock = make(PROTOCOL_MPTCP, NULL);
	char *text;

	(void)state;
	shows(&sock, "ESTAB", "\"mptcp_info\":null");
	sock.detail = &detail;
	detail.mptcp.value[MPTCP_SUBFLOWS] = 2;
	detail.mptcp.value[MPTCP_FLAGS] = MPTCP_FALLBACK | MPTCP_REMOTE_KEY;
	detail.mptcp.value[MPTCP_WRITE_SEQ] = 31;
	shows(&sock, " subflows:2 fallback remote_key write_seq:1f", "\"mptcp_info\":{");
	text = listed(FORMAT_JSONL, &sock);
	assert_non_null(strstr(text, "\"write_seq\":\"31\""));
	assert_non_null(strstr(text, "\"checksum_enabled\":null"));
	free(text);
}

/* What is known of each decides alone: the first that is set names the namespace. */
static void a_namespace_has_the_name_of_another(void **state)
{
	char id[65];
	struct netns netns = { .inode = 4026531840, .visited = true };
	const struct { const char *word; } wanted[] = {
		{ "here" }, { "netns:here" }, { "netns:init" }, { "a\\x20b" }, { "init" },
		{ "container:dddddddddddd" }, { "container:short" }, { "pod:uid" },
		{ "web.service:7" }, { "7:sh" }, { "7:" }, { "4026531840" },
	};

	(void)state;
	memset(id, 'd', 64);
	id[64] = '\0';
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		struct text text = { 0 };

		netns.is_own = i == 0;
		netns.name = (char *)(i == 1 ? "here" : i == 2 ? "init" : i == 3 ? "a b" : NULL);
		netns.is_init = i == 4;
		netns.container = (char *)(i == 5 ? id : i == 6 ? "short" : NULL);
		netns.pod = (char *)(i == 7 ? "uid" : NULL);
		netns.unit = (char *)(i == 8 ? "web.service" : i == 9 ? "user.slice" : NULL);
		netns.pid = i == 11 ? 0 : 7;
		netns.comm_size = i == 9 ? 2 : 0;
		memcpy(netns.comm, "sh", 2);
		netns_word(&text, &netns, TEXT_WORD);
		assert_string_equal(text_str(&text), wanted[i].word);
		text_fini(&text);
	}
}

static void says(const struct finding *finding, bool full, const char *wanted)
{
	struct style style = { .ascii = true };
	struct text text = { 0 };

	who_text(&text, &style, &seen, finding, full);
	assert_string_equal(text_str(&text), wanted);
	text_fini(&text);
}

static void whom_it_is_about_is_not_told(void **state)
{
	uint32_t nameless = snapshot_process(&seen, 812);
	struct finding finding = { .subject = { .kind = SUBJECT_PROCESS,
	    .process = (int32_t)nameless,
						.family = FAMILY_IPV4, .port = 443 } };
	struct subject *about = &finding.subject;

	(void)state;
	says(&finding, false, "process[812]");
	says(&finding, true, "process[812] -> port 443");
	about->process = -1;
	about->port = 0;
	says(&finding, true, "hidden owner");
	snapshot_add_cgroup(&seen, 5, "/made/by/hand");
	snapshot_add_cgroup(&seen, 6,
	    "/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	about->cgroup_id = 5;
	says(&finding, true, "cgroup /made/by/hand");
	about->cgroup_id = 6;
	says(&finding, true, "container 0123456789ab");
	about->kind = SUBJECT_DESTINATION;
	says(&finding, true, "several peers");
	about->has_source = about->has_destination = true;
	about->source = addr_from_v4("\x0a\0\0\1");
	about->destination = addr_from_v4("\x0a\0\0\2");
	about->port = 80;
	says(&finding, true, "10.0.0.1 -> 10.0.0.2:80");
	about->has_destination = false;
	says(&finding, true, "10.0.0.1");
	about->kind = SUBJECT_LISTENER;
	says(&finding, true, "10.0.0.1:80");
	about->kind = SUBJECT_NETNS;
	says(&finding, true, "this network namespace");
	about->kind = SUBJECT_MACHINE;
	says(&finding, true, "this machine");
}

static void a_crowd_is_named_whole(void **state)
{
	struct text text = { 0 };

	(void)state;
	for (int32_t pid = 1; pid <= 5; pid++)
		for (int32_t fd = 3; fd < 5; fd++)
			*grow_add(&seen.holders) =
				(struct holder){ 77, snapshot_process(&seen, pid), fd };
	snapshot_sort_holders(&seen);
	who_holders(&text, &seen, 77, 2);
	assert_string_equal(text_str(&text), "process[1], process[2] and 3 more");
	text_fini(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_or_who_waits_at_it_is_left_out),
		TEST(a_ring_or_its_fanout_is_left_out),
		TEST(a_filter_that_is_hidden_is_none),
		TEST(the_kernels_own_netlink_socket_has_a_port),
		TEST(congestion_control_is_left_out),
		TEST(a_path_of_mptcp_is_left_out),
		TEST(tls_that_was_not_told_is_made_up),
		TEST(mptcp_that_was_not_told_is_zero),
		TEST(a_namespace_has_the_name_of_another),
		TEST(whom_it_is_about_is_not_told),
		TEST(a_crowd_is_named_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
