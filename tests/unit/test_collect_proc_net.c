/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of /proc/net/tcp and its like: what they say, and what is none. */
#include "test.h"

#include "collect/attrs.h"
#include "collect/proc_net.h"

#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof(*(rows)))

/* A word of four bytes is printed as the number that it is to the machine. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define WORD(a, b, c, d) d c b a
#else
#define WORD(a, b, c, d) a b c d
#endif
#define NEAR  WORD("7F", "00", "00", "01")
#define FAR   WORD("7F", "00", "00", "02")
#define ZERO  "00000000"
#define SIX_NEAR ZERO ZERO ZERO WORD("00", "00", "00", "01")
#define SIX_FAR  ZERO ZERO WORD("00", "00", "FF", "FF") NEAR

#define LISTENS  "   0: " NEAR ":1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 42042 1 0000000000000000 100 0 0 10 0"
#define RESENDS  "  12: " NEAR ":DCF0 " FAR ":0050 01 0000002A:00000007 01:0000012C 00000004     0        9 77 2 0000000000000000 20 4 0 10 -1"
#define PROBES   "  12: " NEAR ":DCF0 " FAR ":0050 01 0000002A:00000000 04:00000001 00000009     0        3 77 2 0000000000000000 20 4 0 10 -1"
#define WAITS    "9999: " NEAR ":DCF0 " FAR ":0050 06 00000000:00000000 03:0000176F 00000000     0        0 0 3 0000000000000000"
#define SIX      "   1: " SIX_NEAR ":1F91 " SIX_FAR ":C001 08 00000000:00000001 00:00000000 00000000     0        0 5 1 0000000000000000 20 4 0 10 -1"

#define RAW      "   1: " NEAR ":0059 00000000:0000 07 00000001:0000000A 00:00000000 00000000  1000        0 4711 2 0000000000000000 0"

static struct sock read_row(const char *line, enum family family, enum protocol protocol)
{
	struct proc_net_message message;
	struct sock sock;

	assert_true(proc_net_parse(line, strlen(line), family, &message));
	assert_int_equal(message_parse(&message.told, sizeof(message.told), protocol, 0,
				       &sock, NULL), 0);
	proc_net_mark(&message, &sock);
	return sock;
}

/* Checks what both kinds of rows tell. */
static void check_row(const struct sock *sock, enum state state, uint16_t port,
		      uint32_t recv_queue, uint32_t inode)
{
	assert_int_equal(sock->state, state);
	assert_int_equal(sock->local_port, port);
	assert_int_equal(sock->recv_queue, recv_queue);
	assert_int_equal(sock->uid, 1000);
	assert_int_equal(sock->inode, inode);
	assert_true(sock->cookie == UINT64_MAX);
}

static void test_listener(void **ctx)
{
	struct sock sock = read_row(LISTENS, FAMILY_IPV4, PROTOCOL_TCP);
	char text[ADDR_TEXT];

	(void)ctx;
	addr_format(text, &sock.local, FAMILY_IPV4);
	assert_string_equal(text, "127.0.0.1");
	check_row(&sock, STATE_LISTEN, 8080, 3, 42042);
	/* a limit of 0 would be a lie */
	assert_int_equal(sock.have, HAVE_UID | LACKS_BACKLOG);
}

static void test_timers(void **ctx)
{
	struct sock resends = read_row(RESENDS, FAMILY_IPV4, PROTOCOL_TCP);
	struct sock probes = read_row(PROBES, FAMILY_IPV4, PROTOCOL_TCP);
	struct sock waits = read_row(WAITS, FAMILY_IPV4, PROTOCOL_TCP);

	(void)ctx;
	assert_int_equal(resends.timer, TIMER_RETRANSMIT);
	assert_int_equal(resends.timer_ms, 3000);
	assert_int_equal(resends.retransmits, 4);
	assert_int_equal(resends.send_queue, 42);
	assert_int_equal(probes.timer, TIMER_PROBE);
	assert_int_equal(probes.retransmits, 3);
	assert_int_equal(waits.timer, TIMER_TIME_WAIT);
	assert_int_equal(waits.timer_ms, 59990);
	assert_int_equal(waits.have, 0);
}

static void test_ipv6(void **ctx)
{
	struct sock sock = read_row(SIX, FAMILY_IPV6, PROTOCOL_TCP);
	char text[ADDR_TEXT];

	(void)ctx;
	addr_format(text, &sock.local, FAMILY_IPV6);
	assert_string_equal(text, "::1");
	addr_format(text, &sock.remote, FAMILY_IPV6);
	assert_string_equal(text, "::ffff:127.0.0.1");
	assert_int_equal(sock.remote_port, 0xc001);
}

static void test_nonsense(void **ctx)
{
	static const char *const bad[] = {
		"", " ", "sl local", "0:",
		"   0: 0100007F:1F90 00000000:0000 0A",
		/* an address too short, too long, of no digits; a port; a sign */
		"   0: 100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1",
		"   0: 00100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1",
		"   0: 0100007G:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1",
		"   0: 0100007F:1F9 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1",
		"  -1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1",
		/* states that are none */
		"   0: 0100007F:1F90 00000000:0000 00 00000000:00000000 00:00000000 00000000 0 0 1",
		"   0: 0100007F:1F90 00000000:0000 0D 00000000:00000000 00:00000000 00000000 0 0 1",
		/* numbers that nothing here can hold, and one that ends in something else */
		"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 4294967296 0 1",
		"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 99999999999",
		"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1x",
		"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000000000000 00000000 0 0 1",
	};
	struct proc_net_message message;

	(void)ctx;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (proc_net_parse(bad[i], strlen(bad[i]), FAMILY_IPV4, &message))
			fail_msg("passes: %s", bad[i]);
	assert_false(proc_net_parse(SIX, strlen(SIX), FAMILY_IPV4, &message));
	assert_false(proc_net_parse(LISTENS, strlen(LISTENS), FAMILY_IPV6, &message));
	/* cut anywhere before the inode */
	for (size_t size = 0; size < strlen(RESENDS) - 45; size++)
		assert_false(proc_net_parse(RESENDS, size, FAMILY_IPV4, &message));
}

/* Instead of a port it has a protocol; and CLOSE is not the same as only bound. */
static void test_raw(void **ctx)
{
	struct sock sock = read_row(RAW, FAMILY_IPV4, PROTOCOL_RAW);

	(void)ctx;
	check_row(&sock, STATE_CLOSE, 89, 10, 4711);
	assert_int_equal(sock.protocol, PROTOCOL_RAW);
	assert_int_equal(sock.send_queue, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listener), cmocka_unit_test(test_timers),
		cmocka_unit_test(test_ipv6), cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_raw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
