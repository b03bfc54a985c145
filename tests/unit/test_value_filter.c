/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/grow.h"
#include "filter_format.h"
#include "value/filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "test.h"
#include "utf8.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- names that this test knows ---- */

static size_t add_host(struct filter_host *hosts, size_t count, const char *text)
{
	struct filter_host *host = &hosts[count];

	assert_true(addr_parse(text, &host->addr, &host->family));
	host->prefix = host->family == FAMILY_IPV4 ? 32 : 128;
	return count + 1;
}

static size_t find_host(void *ctx, const char *name, enum family family,
			struct filter_host *hosts, size_t room)
{
	size_t count = 0;

	(void)ctx;
	assert_true(room >= 2);
	if (strcmp(name, "localhost") == 0 && family != FAMILY_IPV6)
		count = add_host(hosts, count, "127.0.0.1");
	if (strcmp(name, "localhost") == 0 && family != FAMILY_IPV4)
		count = add_host(hosts, count, "::1");
	if (strcmp(name, "web") == 0 && family != FAMILY_IPV6)
		count = add_host(hosts, count, "10.0.0.1");
	return count;
}

static int32_t find_service(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "http") == 0 ? 80 : strcmp(name, "https") == 0 ? 443 :
	       strcmp(name, "http-alt") == 0 ? 8080 : strcmp(name, "twice") == 0 ? -1 : 0;
}

static uint32_t find_link(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "lo") == 0 ? 1 : strcmp(name, "eth0") == 0 ? 2 :
	       strcmp(name, "7") == 0 ? 9 : 0;
}

static bool find_cgroup(void *ctx, const char *path, uint64_t *id)
{
	(void)ctx;
	*id = 100;
	return strncmp(path, "/a", 2) == 0;
}

static bool find_user(void *ctx, const char *name, uint32_t *uid)
{
	(void)ctx;
	*uid = strcmp(name, "root") == 0 ? 0 : 33;
	return *uid == 0 || strcmp(name, "www-data") == 0;
}

static bool find_number(void *ctx, enum filter_realm realm, const char *name, uint32_t *number)
{
	(void)ctx;
	*number = realm == REALM_NETLINK ? 16 : strcmp(name, "arp") == 0 ? 0x806 : 0x800;
	return strcmp(name, "genl") == 0 || strcasecmp(name, "ip") == 0 || strcmp(name, "arp") == 0;
}

static const struct filter_names names = {
	.number = find_number, .host = find_host, .service = find_service, .link = find_link,
	.cgroup = find_cgroup, .user = find_user,
};

static int read_filter(struct filter *filter, const char *text, struct filter_error *error,
		       struct fault *fault)
{
	const char *words[] = { text };
	struct filter_source source = { .words = words, .word_count = 1 };
	int err = filter_parse(filter, &source, error, fault);

	return err ? err : filter_resolve(filter, &names, error, fault);
}

static void must_read(struct filter *filter, const char *text)
{
	struct filter_error error;
	struct fault fault = { 0 };

	if (read_filter(filter, text, &error, &fault))
		fail_msg("%s: %s", text, fault.text);
}

/* ---- reading ---- */

static const struct { const char *text, *canonical; } accepted[] = {
	{ "sport = :80", "sport = :80" },
	{ "sport=:80", "sport = :80" },
	{ "sport :80", "sport = :80" },
	{ "sport 80", "sport = :80" },
	{ "sport = 80", "sport = :80" },
	{ "sport == 80", "sport = :80" },
	{ "sport eq 80", "sport = :80" },
	{ "sport != :80", "sport != :80" },
	{ "sport ne 80", "sport != :80" },
	{ "sport neq 80", "sport != :80" },
	{ "sport > :1024", "sport > :1024" },
	{ "sport gt 1024", "sport > :1024" },
	{ "sport >= 1024", "sport >= :1024" },
	{ "sport>=1024", "sport >= :1024" },
	{ "sport ge 1024", "sport >= :1024" },
	{ "sport geq 1024", "sport >= :1024" },
	{ "sport < 1024", "sport < :1024" },
	{ "sport lt 1024", "sport < :1024" },
	{ "sport <= 1024", "sport <= :1024" },
	{ "sport le 1024", "sport <= :1024" },
	{ "sport leq 1024", "sport <= :1024" },
	{ "dport = :http", "dport = :80" },
	{ "dport http", "dport = :80" },
	{ "dport = https", "dport = :443" },
	{ "dport :http-alt", "dport = :8080" },
	{ "sport = :http\\-alt", "sport = :8080" },
	{ "sport = 0x1f90", "sport = :8080" },
	{ "sport = :017620", "sport = :8080" },
	{ "dport = :0", "dport = :0" }, { "sport > 0", "sport > :0" },
	{ "dst 10.0.0.1:0", "dst = 10.0.0.1:0" },
	{ "sport = *", "sport = :*" },
	{ "sport = :*", "sport = :*" },
	{ "sport = :", "sport = :*" },
	{ "sport = *8080", "sport = :*" },
	{ "sport != *", "sport != :*" },
	{ "sport = inet:80", "sport = inet::80" },
	{ "sport = inet6:80", "sport = inet6::80" },
	{ "sport = inet::80", "sport = inet::80" },
	{ "dport = 65535", "dport = :65535" },
	{ "dport = 1", "dport = :1" },
	{ "src 10.0.0.0/8", "src = 10.0.0.0/8" },
	{ "src = 10.0.0.0/8", "src = 10.0.0.0/8" },
	{ "src == 10.0.0.0/8", "src = 10.0.0.0/8" },
	{ "src eq 10.1.2.3/8", "src = 10.1.2.3/8" },
	{ "src != 10.0.0.0/8", "src != 10.0.0.0/8" },
	{ "src=10.0.0.1", "src = 10.0.0.1" },
	{ "src 10.0.0.1:22", "src = 10.0.0.1:22" },
	{ "src 10/8", "src = 10.0.0.0/8" },
	{ "src 127.1", "src = 127.1.0.0" },
	{ "src 127.0.0.1/255.0.0.0", "src = 127.0.0.1/8" },
	{ "src 127.0.0.1/0x8", "src = 127.0.0.1/8" },
	{ "src 127.0.0.1/8:8080", "src = 127.0.0.1/8:8080" },
	{ "src 127.0.0.1:", "src = 127.0.0.1" },
	{ "src 0.0.0.0/0", "src = 0.0.0.0/0" },
	{ "src [::1]:22", "src = [::1]:22" },
	{ "src [::1]", "src = [::1]" },
	{ "src [::1/64]:7000", "src = [::1/64]:7000" },
	{ "src [::1]/64:7000", "src = [::1/64]:7000" },
	{ "src [::1]/64", "src = [::1/64]" },
	{ "src ::1", "src = [::1]" },
	{ "src ::1:7000", "src = [::1]:7000" },
	{ "src ::", "src = [::]" },
	{ "src fe80::", "src = [fe80::]" },
	{ "src fe80::/10", "src = [fe80::/10]" },
	{ "dst fe80::/10:443", "dst = [fe80::/10]:443" },
	{ "dst 2001:db8::5:1", "dst = [2001:db8::5]:1" },
	{ "dst 2001:db8:1:2:3:4:5:6", "dst = [2001:db8:1:2:3:4:5:6]" },
	{ "dst [::ffff:127.0.0.1]", "dst = [::ffff:127.0.0.1]" },
	{ "dst ::ffff:127.0.0.1:7000", "dst = [::ffff:127.0.0.1]:7000" },
	{ "dst ::ffff:127.0.0.1", "dst = [::ffff:127.0.0.1]" },
	{ "dst [::ffff:0:0/96]", "dst = [::ffff:0.0.0.0/96]" },
	{ "src *:80", "src = *:80" },
	{ "src :80", "src = *:80" },
	{ "src *", "src = *" },
	{ "src *:*", "src = *" },
	{ "src *80", "src = *:80" },
	{ "src any", "src = *" },
	{ "src all:80", "src = *:80" },
	{ "src default", "src = *" },
	{ "src [127.0.0.1]:8080", "src = 127.0.0.1:8080" },
	{ "src localhost", "src = 127.0.0.1 or src = [::1]" },
	{ "src localhost:http", "src = 127.0.0.1:80 or src = [::1]:80" },
	{ "src != localhost:80", "src != 127.0.0.1:80 and src != [::1]:80" },
	{ "src [localhost]:8080", "src = 127.0.0.1:8080 or src = [::1]:8080" },
	{ "src inet:localhost", "src = inet:127.0.0.1" },
	{ "src inet6:localhost:22", "src = inet6:[::1]:22" },
	{ "src inet:*", "src = inet:*" },
	{ "src unix:/a\\ b*", "src = unix:/a\\ b*" }, { "src unix:", "src = unix:" },
	{ "src unix:a or dst b", "src = unix:a or dst = unix:b" },
	{ "src link:IP:lo", "src = link:2048:1" }, { "sport ge link:lo", "sport >= link::1" },
	{ "src link:*:*", "src = link:*" }, { "sport = link:*", "sport = link:*" },
	{ "src netlink:genl:kernel", "src = netlink:16:0" },
	{ "src vsock:2:4294967294", "src = vsock:2:4294967294" },
	{ "src unix:a and dst inet:*:80 and sport = :80",
	  "src = unix:a and dst = inet:*:80 and sport = inet::80" },
	{ "src inet6:[::1]:7000", "src = inet6:[::1]:7000" },
	{ "src inet::8080", "src = inet:*:8080" },
	{ "src inet:127.0.0.1:8080", "src = inet:127.0.0.1:8080" },
	{ "src web:80", "src = 10.0.0.1:80" },
	{ "sport = inet:80 or dport = inet6:81", "sport = inet6::80 or dport = inet6::81" },
	{ "dev = eth0", "dev = eth0" },
	{ "dev eth0", "dev = eth0" },
	{ "dev=eth0", "dev = eth0" },
	{ "dev != lo", "dev != lo" },
	{ "dev = 3", "dev = 3" },
	{ "dev = 7", "dev = 7" },
	{ "fwmark = 0x10", "fwmark = 0x10" },
	{ "fwmark 16", "fwmark = 0x10" },
	{ "fwmark = 0x10/0xff", "fwmark = 0x10/0xff" },
	{ "fwmark != 1/1", "fwmark != 0x1/0x1" },
	{ "fwmark=010/010", "fwmark = 0x8/0x8" },
	{ "fwmark = 0/0", "fwmark = 0x0/0x0" },
	{ "cgroup = /a", "cgroup = /a" },
	{ "cgroup /a/b", "cgroup = /a/b" },
	{ "cgroup != /a(b)", "cgroup != /a\\(b\\)" },
	{ "cgroup = /a\\ b", "cgroup = /a\\ b" },
	{ "autobound", "autobound" },
	{ "not autobound", "not autobound" },
	{ "! autobound", "not autobound" },
	{ "!autobound", "not autobound" },
	{ "autobound autobound", "autobound and autobound" },
	{ "pid = 1", "pid = 1" },
	{ "pid 1", "pid = 1" },
	{ "pid != 1", "pid != 1" },
	{ "pid > 100", "pid > 100" },
	{ "user = root", "user = root" },
	{ "user root", "user = root" },
	{ "user != www-data", "user != www-data" },
	{ "user = 1000", "user = 1000" },
	{ "comm = nginx", "comm = nginx" },
	{ "comm nginx*", "comm = nginx*" },
	{ "comm != ssh?", "comm != ssh?" },
	{ "comm = \\(sd-pam\\)", "comm = \\(sd-pam\\)" },
	{ "comm = a\\ b", "comm = a\\ b" },
	{ "comm = and", "comm = and" },
	{ "comm = \\=x", "comm = \\=x" },
	{ "comm = a\\\\*", "comm = a\\\\*" },
	{ "unit = nginx.service", "unit = nginx.service" },
	{ "unit = *.scope", "unit = *.scope" },
	{ "netns = blue", "netns = blue" },
	{ "netns = 4026531840", "netns = 4026531840" },
	{ "netns != blue", "netns != blue" },
	{ "age > 5m", "age > 300000ms" },
	{ "age > 300", "age > 300000ms" },
	{ "age >= 500ms", "age >= 500ms" },
	{ "age < 1.5h", "age < 5400000ms" },
	{ "age<2d", "age < 172800000ms" },
	{ "age = 90s", "age = 90000ms" },
	{ "age 1min", "age = 60000ms" },
	{ "idle > 90", "idle > 90000ms" },
	{ "idle <= 0", "idle <= 0ms" },
	{ "recvq > 0", "recvq > 0" },
	{ "recvq = 1", "recvq = 1" },
	{ "sendq >= 0x1000", "sendq >= 4096" },
	{ "retrans > 3", "retrans > 3" },
	{ "retrans 0", "retrans = 0" },
	{ "rtt > 20", "rtt > 20000us" },
	{ "rtt < 1.5", "rtt < 1500us" },
	{ "rtt >= 500us", "rtt >= 500us" },
	{ "rtt > 2s", "rtt > 2000000us" },
	{ "opener = here", "opener = here" },
	{ "opener peer", "opener = peer" },
	{ "opener != peer", "opener != peer" },
	{ "finding = close-wait-leak", "finding = close-wait-leak" },
	{ "finding close-*", "finding = close-*" },
	{ "sport = :80 and dport = :81", "sport = :80 and dport = :81" },
	{ "sport = :80 & dport = :81", "sport = :80 and dport = :81" },
	{ "sport = :80 && dport = :81", "sport = :80 and dport = :81" },
	{ "sport = :80 dport = :81", "sport = :80 and dport = :81" },
	{ "sport = :80 or dport = :81", "sport = :80 or dport = :81" },
	{ "sport = :80 | dport = :81", "sport = :80 or dport = :81" },
	{ "sport = :80 || dport = :81", "sport = :80 or dport = :81" },
	{ "sport = :80 or sport = :81 and dport = :82",
	  "( sport = :80 or sport = :81 ) and dport = :82" },
	{ "sport = :80 or sport = :81 dport = :82",
	  "( sport = :80 or sport = :81 ) and dport = :82" },
	{ "sport = :80 and sport = :81 or dport = :82",
	  "( sport = :80 and sport = :81 ) or dport = :82" },
	{ "sport = :80 or ( sport = :81 and dport = :82 )",
	  "sport = :80 or ( sport = :81 and dport = :82 )" },
	{ "( sport = :80 or sport = :81 ) and dport = :82",
	  "( sport = :80 or sport = :81 ) and dport = :82" },
	{ "sport = :80 and ( sport = :81 and dport = :82 )",
	  "sport = :80 and ( sport = :81 and dport = :82 )" },
	{ "sport = :80 or sport = :81 or sport = :82",
	  "sport = :80 or sport = :81 or sport = :82" },
	{ "not sport = :80 sport = :81", "not sport = :80 and sport = :81" },
	{ "not ( sport = :80 or sport = :81 )", "not ( sport = :80 or sport = :81 )" },
	{ "not not sport = :80", "not not sport = :80" },
	{ "! ! sport = :80", "not not sport = :80" },
	{ "!!sport = :80", "not not sport = :80" },
	{ "!(sport = :80)", "not sport = :80" },
	{ "(sport = :80)", "sport = :80" },
	{ "( ( sport = :80 ) )", "sport = :80" },
	{ "((sport=:80)and(dport=:81))", "sport = :80 and dport = :81" },
	{ "(sport = :80)||(dport = :81)", "sport = :80 or dport = :81" },
	{ "(sport=:80 or sport=:443) not dst 10.0.0.0/8",
	  "( sport = :80 or sport = :443 ) and not dst = 10.0.0.0/8" },
	{ "sport = :80 and not dst 127.0.0.0/8", "sport = :80 and not dst = 127.0.0.0/8" },
	{ "state established", "state established" },
	{ "state ESTABLISHED", "state established" },
	{ "state estab", "state established" },
	{ "state close-wait state last-ack", "state close-wait state last-ack" },
	{ "state all", "state all" },
	{ "state connected",
	  "state established state syn-sent state syn-recv state fin-wait-1 state "
	  "fin-wait-2 state time-wait state close-wait state last-ack state closing" },
	{ "state synchronized",
	  "state established state syn-recv state fin-wait-1 state fin-wait-2 state "
	  "time-wait state close-wait state last-ack state closing" },
	{ "state bucket", "state syn-recv state time-wait" },
	{ "state big",
	  "state established state syn-sent state fin-wait-1 state fin-wait-2 state "
	  "unconnected state close-wait state last-ack state listening state closing "
	  "state bound-inactive" },
	{ "state listening sport = :80", "state listening sport = :80" },
	{ "exclude listening",
	  "state established state syn-sent state syn-recv state fin-wait-1 state "
	  "fin-wait-2 state time-wait state unconnected state close-wait state "
	  "last-ack state closing state bound-inactive" },
	{ "excl time-wait",
	  "state established state syn-sent state syn-recv state fin-wait-1 state "
	  "fin-wait-2 state unconnected state close-wait state last-ack state "
	  "listening state closing state bound-inactive" },
	{ "exclude bucket",
	  "state established state syn-sent state fin-wait-1 state fin-wait-2 state "
	  "unconnected state close-wait state last-ack state listening state closing "
	  "state bound-inactive" },
	{ "exclude listening exclude established",
	  "state syn-sent state syn-recv state fin-wait-1 state fin-wait-2 state "
	  "time-wait state unconnected state close-wait state last-ack state closing "
	  "state bound-inactive" },
	{ "exclude listening state listening", "state all" },
	{ "state connected exclude time-wait",
	  "state established state syn-sent state syn-recv state fin-wait-1 state "
	  "fin-wait-2 state close-wait state last-ack state closing" },
	{ "state syn-rcv", "state syn-recv" },
	{ "state fin_wait2 age > 1m", "state fin-wait-2 age > 60000ms" },
	{ "state bound-inactive", "state bound-inactive" },
	{ "state close-wait ( comm = java or pid = 7 )",
	  "state close-wait comm = java or pid = 7" },
	{ "state established not ( src 127.0.0.0/8 or src [::1] )",
	  "state established not ( src = 127.0.0.0/8 or src = [::1] )" },
	{ "dst fe80::1:abcd", "dst = [fe80::1:abcd]" },
	{ "dst fe80::1:0", "dst = [fe80::1:0]" },
	{ "dst 2001:db8::1", "dst = [2001:db8::1]" },
	{ "dst ::1:99", "dst = [::1]:99" },
	{ "src inet6:::1", "src = inet6:[::1]" },
	{ "src inet:10/8", "src = inet:10.0.0.0/8" },
	{ "not(sport = :80)", "not sport = :80" },
	{ "comm = x or(pid = 1)", "comm = x or pid = 1" },
};

static void a_filter_is_read_and_written_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(accepted); i++) {
		struct filter filter, again;
		struct text once = { 0 }, twice = { 0 };

		must_read(&filter, accepted[i].text);
		filter_format(&once, &filter);
		assert_string_equal(text_str(&once), accepted[i].canonical);
		must_read(&again, text_str(&once));
		filter_format(&twice, &again);
		assert_string_equal(text_str(&twice), accepted[i].canonical);
		assert_int_equal(filter.has_states, again.has_states);
		assert_int_equal(filter.states, again.states);
		assert_int_equal(filter.family, again.family);
		text_fini(&once);
		text_fini(&twice);
		filter_fini(&filter);
		filter_fini(&again);
	}
}

static const struct { const char *text; size_t offset; const char *expected; } refused[] = {
	{ "dev = and", 6, "the name or nu" },
	{ "sport = :80 and", 15, "a condition su" },
	{ "sport = :80 or", 14, "a condition su" },
	{ "and sport = :80", 0, "a condition su" },
	{ "sport", 5, "a port: 443, :" },
	{ "sport =", 7, "a port: 443, :" },
	{ "sport = and", 8, "a port from 0" },
	{ "sport and", 6, "a port: 443, :" },
	{ "sport = (", 8, "a port: 443, :" },
	{ "sport = )", 8, "a port: 443, :" },
	{ "sport <> 80", 9, "a condition su" },
	{ "sport == == 80", 12, "a condition su" },
	{ "sport => 80", 9, "a condition su" },
	{ "sport = :65536", 8, "a port from 0" },
	{ "sport = 99999999999999999999999", 8, "a port from 0" },
	{ "sport = :-1", 8, "a port from 0" },
	{ "sport = -1", 8, "a port from 0" },
	{ "sport = :1e3", 8, "a port from 0" },
	{ "sport = ::80", 8, "a port from 0" },
	{ "sport = 127.0.0.1:80", 8, "a port from 0" },
	{ "sport = nosuch", 8, "a port from 0" },
	{ "sport = :twice", 8, "a service that" },
	{ "sport >= *", 9, "a port to comp" },
	{ "sport = netlink:x", 8, "a port id, or" },
	{ "src 10.0.0.1/33", 4, "a prefix lengt" },
	{ "src [::1]/129", 4, "a prefix lengt" },
	{ "src ::1/129", 4, "a prefix lengt" },
	{ "src 10.0.0.0/x", 4, "a prefix lengt" },
	{ "src 10.0.0.0/", 4, "a prefix lengt" },
	{ "src 10.0.0.0/08", 4, "a prefix lengt" },
	{ "src 10.0.0.0/255.0.255.0", 4, "a prefix lengt" },
	{ "src 300.0.0.1", 4, "an address: 10" },
	{ "src 1.2.3.4.5", 4, "an address: 10" },
	{ "src [::1", 4, "a closing brac" },
	{ "src []", 4, "an address ins" },
	{ "src [::1]x", 4, "nothing or a p" },
	{ "src [::1]:70000", 4, "a port from 0" },
	{ "src [::1]22", 4, "nothing or a p" },
	{ "src 10.0.0.1:99999", 4, "a port from 0" },
	{ "src nosuch", 4, "an address or" },
	{ "src nosuch:80", 4, "an address or" },
	{ "src localhost/8", 4, "an address: 10" },
	{ "src 127.0.0.1:80/8", 4, "an address: 10" },
	{ "src inet:::1", 4, "an address of" },
	{ "src inet6:127.0.0.1", 4, "an address of" },
	{ "src vsock:x", 4, "a context id" },
	{ "src vsock:2:x", 4, "a number after" },
	{ "src netlink:0:x", 4, "a port id, or" },
	{ "src */8", 4, "a port from 0" },
	{ "src > 10.0.0.1", 4, "= or != after" },
	{ "src", 3, "an address: 10" },
	{ "dst", 3, "an address: 10" },
	{ "dev", 3, "the name or nu" },
	{ "dev = nosuch", 6, "the name or nu" },
	{ "dev > 1", 4, "= or != after" },
	{ "fwmark", 6, "a mark or mark" },
	{ "fwmark = abc", 9, "a mark or mark" },
	{ "fwmark = 0x1g", 9, "a mark or mark" },
	{ "fwmark = 1/", 9, "a mark or mark" },
	{ "fwmark = -1", 9, "a mark or mark" },
	{ "fwmark = 0x100000000", 9, "a mark or mark" },
	{ "fwmark > 1", 7, "= or != after" },
	{ "cgroup = /nosuch", 9, "the path of a" },
	{ "cgroup", 6, "the path of a" },
	{ "autobound = 1", 10, "no operator af" },
	{ "autobound 1", 10, "a condition su" },
	{ "autobound eq", 10, "no operator af" },
	{ "pid = x", 6, "a process id" },
	{ "pid = -1", 6, "a process id" },
	{ "pid = 99999999999", 6, "a process id" },
	{ "user = nobodyhere", 7, "a uid or the n" },
	{ "user > 3", 5, "= or != after" },
	{ "comm > a", 5, "= or != after" },
	{ "comm", 4, "a process name" },
	{ "age > x", 6, "a time: 500ms" },
	{ "age > 5y", 6, "a time: 500ms" },
	{ "age > 5m5", 6, "a time: 500ms" },
	{ "age > -1", 6, "a time: 500ms" },
	{ "age > 1.", 6, "a time: 500ms" },
	{ "age > .5", 6, "a time: 500ms" },
	{ "age > 1e3", 6, "a time: 500ms" },
	{ "age", 3, "a time: 500ms" },
	{ "rtt > fast", 6, "a time: 20ms" },
	{ "recvq > 1k", 8, "a number of by" },
	{ "recvq > 4294967296", 8, "a number of by" },
	{ "opener = me", 9, "here or peer" },
	{ "opener > here", 7, "= or != after" },
	{ "finding > x", 8, "= or != after" },
	{ "( sport = :80", 13, "a closing pare" },
	{ "sport = :80 )", 12, "and, or, a con" },
	{ "( )", 2, "a condition su" },
	{ "()", 1, "a condition su" },
	{ "(", 1, "a condition su" },
	{ ")", 0, "a condition su" },
	{ "not", 3, "a condition su" },
	{ "!", 1, "a condition su" },
	{ "sport = :80 sport", 17, "a port: 443, :" },
	{ "sport = :80 nonsense", 12, "a condition su" },
	{ "nonsense", 0, "a condition su" },
	{ "SPORT = :80", 0, "a condition su" },
	{ "sport EQ :80", 9, "a condition su" },
	{ "10.0.0.1", 0, "a condition su" },
	{ "state", 5, "the name of a" },
	{ "state nosuch", 6, "the name of a" },
	{ "exclude all", 8, "a state that i" },
	{ "state listening exclude listening", 24, "a state that i" },
	{ "sport = :80 state listening", 12, "states before" },
	{ "sport = :80 or state listening", 15, "states before" },
	{ "state listening or sport = :80", 16, "a condition su" },
	{ "sport = :80 or or sport = :81", 15, "a condition su" },
	{ "sport = :80 not", 15, "a condition su" },
	{ "sport = :80 & & sport = :81", 14, "a condition su" },
	{ "=", 0, "a condition su" },
	{ "or", 0, "a condition su" },
	{ "sport = :80;", 8, "a port from 0" },
	{ "sport = :80 ( ", 14, "a condition su" },
	{ "sport = :80) and (dport = :81", 11, "and, or, a con" },
	{ "comm = x and (pid = 1 or (age > 1m)", 35, "a closing pare" },
	{ "dst 2001:db8::1:70000", 4, "a port from 0" },
};

static void an_error_shows_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct filter_error error;
		struct fault fault = { 0 };
		struct filter filter;
		struct text shown = { 0 };

		if (!read_filter(&filter, refused[i].text, &error, &fault))
			fail_msg("%s: accepted", refused[i].text);
		assert_int_equal(error.offset, refused[i].offset);
		if (strncmp(error.expected, refused[i].expected, strlen(refused[i].expected)))
			fail_msg("%s: expected %s", refused[i].text, error.expected);
		assert_non_null(strstr(fault.text, error.expected));
		assert_null(strchr(fault.text, '\n'));
		filter_error_format(&shown, &filter, &error, 0);
		assert_int_equal(shown.at[shown.count - 2], '^');
		assert_true(strlen(refused[i].text) + 1 + error.offset + 2 == shown.count);
		text_fini(&shown);
		filter_fini(&filter);
	}
}

static void a_long_expression_is_cut_around_the_place(void **state)
{
	struct text text = { 0 }, shown = { 0 };
	struct filter_error error;
	struct fault fault = { 0 };
	struct filter filter;

	(void)state;
	for (int i = 0; i < 200; i++)
		text_addf(&text, i == 120 ? "wrong\x1b[2J " : "sport = :%d or ", 1000 + i);
	assert_int_equal(read_filter(&filter, text_str(&text), &error, &fault), -EINVAL);
	for (size_t width = 10; width < 200; width++) {
		char *first, *second;
		size_t caret;

		text_fini(&shown);
		filter_error_format(&shown, &filter, &error, width);
		first = strtok(shown.at, "\n");
		second = strtok(NULL, "\n");
		caret = strlen(second) - 1;
		assert_true(strlen(first) <= (width < 20 ? 20 : width));
		assert_null(strchr(first, '\x1b'));
		assert_int_equal(second[caret], '^');
		assert_true(strncmp(first + caret, "wrong", 4) == 0);
		assert_true(strncmp(first, "...", 3) == 0);
	}
	assert_null(strchr(fault.text, '\x1b'));
	text_fini(&text);
	text_fini(&shown);
	filter_fini(&filter);
}

static void foreign_bytes_stay_harmless(void **state)
{
	static const char *const texts[] = {
		"\x1b]0;x\x07", "sport = \xff\xfe", "src \xe2\x80\xae", "comm", "\\", "sport = \\",
		"\\(", "comm = \\", "((((", "))))", "src [", "src ]", "src /", "src :", "src ::::",
		"src [[::1]]", "src [::1]]:2", "=!=<>=", "&&||", "!!!!", "state state", "src inet:", "src unix:[", "sport ge link:", "src vsock:-1:",
		"src inet6:[", "fwmark /", "age 99999999999999999999999999", "src 1.2.3.4/",
		"\xf0\x9f",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct filter_error error;
		struct fault fault = { 0 };
		struct filter filter;

		if (read_filter(&filter, texts[i], &error, &fault)) {
			struct text shown = { 0 };

			filter_error_format(&shown, &filter, &error, 40);
			assert_null(strchr(shown.at, '\x1b'));
			assert_true(utf8_valid(shown.at, shown.count));
			assert_true(utf8_valid(fault.text, strlen(fault.text)));
			text_fini(&shown);
		}
		filter_fini(&filter);
	}
}

/* Random pieces of the language, and of no language: nothing may break. */
static void any_text_is_read_or_refused(void **state)
{
	static const char *const pieces[] = {
		"sport", "src", "dst", "=", "!=", ">", "( ", ")", "and", "or", "not", ":80", "10/8",
		"[::1]", "state", "exclude", "listening", "\\", "\x01", "\xff", "comm", "age", "5m",
		"inet:", "*", "fwmark", "0x1/1", "dev", "lo", "autobound", "!", "|", "&&", "#",
		"'", "",
	};
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct text text = { 0 }, shown = { 0 };
		struct filter_error error;
		struct fault fault = { 0 };
		struct filter filter;
		int count = (int)(rand_r(&seed) % 12);

		for (int i = 0; i < count; i++)
			text_addf(&text, "%s%s", pieces[(size_t)rand_r(&seed) % COUNT(pieces)],
				  rand_r(&seed) % 4 ? " " : "");
		if (read_filter(&filter, text_str(&text), &error, &fault)) {
			assert_true(error.offset <= filter.source.count);
			filter_error_format(&shown, &filter, &error, 30);
		} else {
			struct filter again;

			filter_format(&shown, &filter);
			must_read(&again, text_str(&shown));
			filter_fini(&again);
		}
		text_fini(&text);
		text_fini(&shown);
		filter_fini(&filter);
	}
}

static void repeated(struct text *text, const char *piece, int times)
{
	text_fini(text);
	for (int i = 0; i < times; i++)
		text_addf(text, "%s", piece);
}

static void check_limit(struct text *text, bool accepts, int wanted)
{
	struct filter_error error;
	struct fault fault = { 0 };
	struct filter filter;
	int err = read_filter(&filter, text_str(text), &error, &fault);

	assert_int_equal(err, accepts ? 0 : wanted);
	filter_fini(&filter);
}

static void size_and_depth_are_bounded(void **state)
{
	struct text text = { 0 };

	(void)state;
	repeated(&text, "(", 100);
	text_addf(&text, "autobound");
	for (int i = 0; i < 100; i++)
		text_addf(&text, ")");
	check_limit(&text, true, 0);
	repeated(&text, "not ", 100);
	text_addf(&text, "autobound");
	check_limit(&text, true, 0);
	repeated(&text, "( ", 101);
	check_limit(&text, false, -EINVAL);
	repeated(&text, "not ", 30000 / 2);
	check_limit(&text, false, -EINVAL);
	repeated(&text, "autobound ", 1000);
	check_limit(&text, true, 0);
	repeated(&text, "autobound ", 1001);
	check_limit(&text, false, -EINVAL);
	repeated(&text, " ", 65536);
	check_limit(&text, true, 0);
	repeated(&text, " ", 65537);
	check_limit(&text, false, -E2BIG);
	text_fini(&text);
}

static void words_and_a_file_make_one_filter(void **state)
{
	static const char file[] = "# the office\nsrc 10.0.0.0/8\n  # and\n\tor dport = :443\n\n#";
	const char *words[] = { "state", "established", "sport", "=", ":80 or", "sport = :81" };
	struct filter_source source = {
		.words = words, .word_count = COUNT(words),
		.file = file, .file_size = sizeof(file) - 1,
	};
	struct filter_error error;
	struct fault fault = { 0 };
	struct filter filter;
	struct text text = { 0 };

	(void)state;
	assert_int_equal(filter_parse(&filter, &source, &error, &fault), 0);
	filter_format(&text, &filter);
	assert_string_equal(text_str(&text), "state established ( ( sport = :80 or sport = :81 ) "
			    "and src = 10.0.0.0/8 ) or dport = :443");
	assert_true(filter.is_mixed);
	filter_fini(&filter);
	source.file = "sport = \0 :80";
	source.file_size = 13;
	assert_int_equal(filter_parse(&filter, &source, &error, &fault), -EINVAL);
	filter_fini(&filter);
	text_fini(&text);
}

/* -4 and -6 decide what a host without a prefix is. */
static void the_asked_family_decides_what_a_host_is(void **state)
{
	const char *v6[] = { "src", "::1" }, *v4[] = { "src", "10.0.0.1" };
	struct filter_source source = { .word_count = 2 };
	struct filter_error error;
	struct fault fault = { 0 };
	struct filter filter;

	(void)state;
	for (int i = 0; i < 4; i++) {
		source.words = i & 1 ? v6 : v4;
		source.family = i & 2 ? FAMILY_IPV6 : FAMILY_IPV4;
		assert_int_equal(filter_parse(&filter, &source, &error, &fault),
				 (i & 1) == (i >> 1) ? 0 : -EINVAL);
		filter_fini(&filter);
	}
}

static void nothing_is_a_filter_too(void **state)
{
	struct filter filter;
	struct filter_view view = { 0 };
	struct sock sock = { .state = STATE_LISTEN, .family = FAMILY_IPV4 };

	(void)state;
	must_read(&filter, "  ");
	assert_false(filter.has_expression || filter.has_states);
	assert_true(filter_matches(&filter, &view, &sock));
	filter_fini(&filter);
	must_read(&filter, "state listening");
	assert_true(filter_matches(&filter, &view, &sock));
	sock.state = STATE_ESTABLISHED;
	assert_false(filter_matches(&filter, &view, &sock));
	filter_fini(&filter);
}

static void only_a_mixed_chain_is_told(void **state)
{
	static const struct { const char *text; bool mixed; } rows[] = {
		{ "autobound or autobound and autobound", true },
		{ "autobound or autobound autobound", true },
		{ "autobound and autobound or autobound", false },
		{ "( autobound or autobound ) and autobound", false },
		{ "autobound or ( autobound and autobound )", false },
		{ "not ( autobound | autobound & autobound )", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct filter filter;

		must_read(&filter, rows[i].text);
		assert_int_equal(filter.is_mixed, rows[i].mixed);
		filter_fini(&filter);
	}
}

static void a_filter_says_what_it_needs(void **state)
{
	static const struct { const char *text; unsigned need; } rows[] = {
		{ "sport = :80", 0 }, { "age > 5m", NEED_FLOW }, { "pid = 1", NEED_HOLDERS },
		{ "comm = x or not unit = y", NEED_HOLDERS | NEED_CGROUP },
		{ "rtt > 5", NEED_TCP_INFO }, { "idle > 5 opener = here", NEED_FLOW },
		{ "recvq > 0 dev = lo", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct filter filter;

		must_read(&filter, rows[i].text);
		assert_int_equal(filter_need(&filter), rows[i].need);
		assert_int_equal(filter_has_word(&filter, "comm"),
				 strstr(rows[i].text, "comm") != NULL);
		filter_fini(&filter);
	}
}

/* ---- evaluating ---- */

static struct snapshot seen;
static struct filter_findings findings;
static struct detail detail;

static void a_socket(struct sock *sock, const char *local, uint16_t local_port,
		     const char *remote, uint16_t remote_port)
{
	enum family family;

	memset(sock, 0, sizeof(*sock));
	sock->protocol = PROTOCOL_TCP;
	sock->state = STATE_ESTABLISHED;
	assert_true(addr_parse(local, &sock->local, &family));
	assert_true(addr_parse(remote, &sock->remote, &sock->family));
	sock->local_port = local_port;
	sock->remote_port = remote_port;
}

static void add_holder(uint32_t inode, int32_t pid, const char *comm)
{
	uint32_t index = snapshot_process(&seen, pid);
	struct holder *holder = grow_add(&seen.holders);

	snapshot_name_process(&seen, index, comm, strlen(comm));
	*holder = (struct holder){ .inode = inode, .process = index, .fd = 3 };
}

static void make_world(void)
{
	struct report report;
	struct finding *finding;
	struct sock *sock;

	snapshot_init(&seen);
	seen.holders_known = true;
	add_holder(10, 100, "nginx");
	add_holder(10, 101, "nginx");
	add_holder(11, 200, "(sd-pam)");
	snapshot_sort_holders(&seen);
	snapshot_add_cgroup(&seen, 77, "/system.slice/nginx.service");
	snapshot_add_cgroup(&seen, 78, "/plain");
	seen.limits.limit[LIMIT_PORT_LOW] = (struct known){ true, 32768 };
	seen.limits.limit[LIMIT_PORT_HIGH] = (struct known){ true, 60999 };
	snapshot_set_netns(&seen, 4026531840, "blue", 4);
	sock = grow_add(&seen.socks);
	a_socket(sock, "10.0.0.1", 80, "10.0.0.2", 4000);
	sock->cookie = 7;
	report_init(&report);
	finding = report_add(&report, "close-wait-leak");
	finding_member(finding, &seen, 0);
	filter_findings_add(&findings, NULL, &seen, &report);
	report_fini(&report);
}

static enum filter_truth eval(const char *text, const struct sock *sock)
{
	struct filter_view view = { .seen = &seen, .findings = &findings };
	struct filter filter;
	enum filter_truth truth;

	must_read(&filter, text);
	truth = filter_test(&filter, &view, sock);
	filter_fini(&filter);
	return truth;
}

struct expectation { const char *text; enum filter_truth truth; };

static void check_all(const struct expectation *rows, size_t count, const struct sock *sock)
{
	for (size_t i = 0; i < count; i++)
		if (eval(rows[i].text, sock) != rows[i].truth)
			fail_msg("%s: %d", rows[i].text, eval(rows[i].text, sock));
}

static void addresses_and_ports_are_tested(void **state)
{
	static const struct expectation rows[] = {
		{ "src 10.1.2.3", FILTER_TRUE }, { "src 10.1.2.4", FILTER_FALSE },
		{ "src 10.0.0.0/8", FILTER_TRUE }, { "src 10.1.2.2/31", FILTER_TRUE },
		{ "src 10.1.2.0/31", FILTER_FALSE }, { "src 11.0.0.0/7", FILTER_TRUE },
		{ "src 0.0.0.0/0", FILTER_TRUE }, { "src [::/0]", FILTER_FALSE },
		{ "src [::ffff:10.1.2.3]", FILTER_FALSE }, { "src 10.1.2.3:80", FILTER_TRUE },
		{ "src 10.1.2.3:81", FILTER_FALSE }, { "src :80", FILTER_TRUE },
		{ "src != 10.0.0.0/8", FILTER_FALSE }, { "src != 10.0.0.0/8:81", FILTER_TRUE },
		{ "src localhost", FILTER_FALSE }, { "src != localhost", FILTER_TRUE },
		{ "dst 10.1.2.3", FILTER_FALSE }, { "dst 192.0.2.0/24:4000", FILTER_TRUE },
		{ "sport = 80", FILTER_TRUE }, { "sport != 80", FILTER_FALSE },
		{ "sport > 80", FILTER_FALSE }, { "sport >= 80", FILTER_TRUE },
		{ "sport < 80", FILTER_FALSE }, { "sport <= 80", FILTER_TRUE },
		{ "dport > 3999", FILTER_TRUE }, { "dport < 3999", FILTER_FALSE },
		{ "sport = *", FILTER_TRUE }, { "sport != *", FILTER_FALSE },
		{ "src *", FILTER_TRUE },
		{ "not src 10.0.0.0/8", FILTER_FALSE },
		{ "src 10.0.0.0/8 and dst 192.0.2.0/24", FILTER_TRUE },
		{ "src 11.0.0.0/8 or dst 192.0.2.0/24", FILTER_TRUE },
		{ "sport = 80 or sport = 81 and sport = 82", FILTER_FALSE },
		{ "sport = 80 or ( sport = 81 and sport = 82 )", FILTER_TRUE },
	};
	struct sock sock;

	(void)state;
	a_socket(&sock, "10.1.2.3", 80, "192.0.2.1", 4000);
	check_all(rows, COUNT(rows), &sock);
}

static void ipv4_covers_mapped_sockets_and_not_the_reverse(void **state)
{
	static const struct expectation rows[] = {
		{ "src 10.0.0.0/8", FILTER_TRUE }, { "src 0.0.0.0/0", FILTER_TRUE },
		{ "src [::ffff:10.1.2.3]", FILTER_TRUE }, { "src [::/0]", FILTER_TRUE },
		{ "src [::ffff:0:0/96]", FILTER_TRUE }, { "src 11.0.0.0/8", FILTER_FALSE },
		{ "src [fe80::/10]", FILTER_FALSE },
	};
	static const struct expectation plain[] = {
		{ "src 0.0.0.0/0", FILTER_FALSE }, { "src [::1]", FILTER_TRUE },
		{ "src [::/127]", FILTER_TRUE }, { "src [::1]:22", FILTER_FALSE },
		{ "not src 0.0.0.0/0", FILTER_TRUE }, { "src localhost", FILTER_TRUE },
	};
	struct sock sock;

	(void)state;
	a_socket(&sock, "::ffff:10.1.2.3", 80, "::ffff:192.0.2.1", 4000);
	check_all(rows, COUNT(rows), &sock);
	a_socket(&sock, "::1", 80, "::1", 4000);
	check_all(plain, COUNT(plain), &sock);
}

static void what_was_not_told_is_unknown(void **state)
{
	static const struct expectation rows[] = {
		{ "pid = 1", FILTER_UNKNOWN }, { "not pid = 1", FILTER_UNKNOWN },
		{ "comm != x", FILTER_UNKNOWN }, { "user = root", FILTER_UNKNOWN },
		{ "fwmark = 0", FILTER_UNKNOWN }, { "fwmark != 0", FILTER_UNKNOWN },
		{ "cgroup = /a", FILTER_UNKNOWN }, { "unit = x", FILTER_UNKNOWN },
		{ "age > 1", FILTER_UNKNOWN }, { "idle > 1", FILTER_UNKNOWN },
		{ "rtt > 1", FILTER_UNKNOWN }, { "opener = here", FILTER_UNKNOWN },
		{ "autobound", FILTER_UNKNOWN }, { "not autobound", FILTER_UNKNOWN },
		{ "age > 1 or sport = 40000", FILTER_TRUE },
		{ "age > 1 or sport = 80", FILTER_UNKNOWN },
		{ "age > 1 and sport = 80", FILTER_FALSE },
		{ "age > 1 and sport = 40000", FILTER_UNKNOWN },
		{ "not ( age > 1 and sport = 80 )", FILTER_TRUE },
	};
	struct filter_view view = { .seen = &seen };
	struct filter filter;
	struct sock sock;

	(void)state;
	a_socket(&sock, "10.0.0.1", 40000, "10.0.0.2", 4000);
	sock.inode = 999;
	check_all(rows, COUNT(rows), &sock);
	must_read(&filter, "not finding = x");
	assert_int_equal(filter_test(&filter, &view, &sock), FILTER_UNKNOWN);
	assert_false(filter_matches(&filter, &view, &sock));
	filter_fini(&filter);
}

static void what_a_freed_socket_had_is_not_made_up(void **state)
{
	static const char *const texts[] = {
		"recvq = 0", "not recvq > 5", "sendq != 7", "not retrans > 0", "pid != 1",
		"not pid = 1", "not comm = x",
	};
	struct filter_view view = { .seen = &seen, .is_freed = true, .is_stranger = true };
	struct sock sock;

	(void)state;
	a_socket(&sock, "10.1.2.3", 80, "192.0.2.1", 4000);
	sock.inode = 0;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct filter filter;

		must_read(&filter, texts[i]);
		if (filter_test(&filter, &view, &sock) != FILTER_UNKNOWN)
			fail_msg("%s: told", texts[i]);
		filter_fini(&filter);
	}
}

static void a_filter_that_says_nothing_is_taken_for_one(void **state)
{
	static const struct { const char *text; bool is_idle; } rows[] = {
		{ "src *", true }, { "state all", true }, { "not src != *", true },
		{ "src 0.0.0.0/0", true }, { "dport le 65535 or pid = 1", true },
		{ "recvq ge 0 and src *", true }, { "exclude time-wait", false },
		{ "state listening src *", false }, { "src *:80", false },
		{ "src * and pid = 1", false }, { "sport ge 1", false },
		{ "sport lt 0", false }, { "not src *", false }, { "src localhost", false },
		{ "sport = http", false }, { "src unix:*", false }, { "pid ge 0", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct filter filter;

		must_read(&filter, rows[i].text);
		if (filter_is_idle(&filter) != rows[i].is_idle)
			fail_msg("%s", rows[i].text);
		filter_fini(&filter);
	}
}

/* Each row was held against ss on a kernel. */
static void names_and_inodes_are_the_ends_of_a_unix_socket(void **state)
{
	static const struct expectation rows[] = {
		{ "src *", FILTER_TRUE }, { "src 0.0.0.0/0", FILTER_TRUE },
		{ "not dst 10.0.0.0/8", FILTER_TRUE }, { "src 10.0.0.1", FILTER_FALSE },
		{ "sport = 10", FILTER_TRUE }, { "sport = 0", FILTER_FALSE },
		{ "dport != 80", FILTER_TRUE }, { "dport > 80", FILTER_FALSE },
		{ "dport = 11", FILTER_TRUE }, { "dev = lo", FILTER_FALSE },
		{ "autobound", FILTER_FALSE }, { "cgroup = /a", FILTER_FALSE },
		{ "fwmark = 0", FILTER_TRUE }, { "fwmark = 1", FILTER_FALSE },
		{ "src unix:*RUN/?", FILTER_TRUE }, { "src unix:/run", FILTER_FALSE },
		{ "src != unix:/run/x", FILTER_FALSE }, { "src unix:", FILTER_FALSE },
		{ "dst unix:*", FILTER_TRUE }, { "dst unix:*x", FILTER_FALSE },
		{ "src unix:no or src /RUN/*", FILTER_TRUE },
		{ "sport = unix:*x", FILTER_TRUE }, { "sport ge unix:no", FILTER_TRUE },
		{ "sport gt unix:no", FILTER_TRUE }, { "sport le unix:/run/x", FILTER_FALSE },
		{ "sport lt unix:/run/x", FILTER_FALSE }, { "src link:*", FILTER_FALSE },
		{ "recvq = 5", FILTER_TRUE }, { "pid = 100", FILTER_TRUE },
		{ "comm = apache*", FILTER_FALSE }, { "age > 0", FILTER_UNKNOWN },
		{ "opener = here", FILTER_UNKNOWN }, { "netns = blue", FILTER_TRUE },
	};
	static const struct other other = { .local = "/run/x", .local_size = 6,
					    .local_is_path = true, .peer_inode = 11 };
	struct sock sock = { .protocol = PROTOCOL_UNIX_STREAM, .state = STATE_ESTABLISHED,
			     .other = &other, .inode = 10, .recv_queue = 5 };

	(void)state;
	check_all(rows, COUNT(rows), &sock);
}

static void a_name_that_the_kernel_made_up_is_not_autobound(void **state)
{
	static const struct expectation yes[] = { { "autobound", FILTER_TRUE } };
	static const struct expectation no[] = { { "autobound", FILTER_FALSE } };
	static const struct { const char *name; uint8_t size; bool is_autobound; } names_of[] = {
		{ "", 0, true }, { "@0a9f3", 6, true }, { "@0A9f3", 6, false },
		{ "@0a9f34", 7, false }, { "@0a9f", 5, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names_of); i++) {
		struct other other = { .local_size = names_of[i].size };
		struct sock sock = { .protocol = PROTOCOL_UNIX_DGRAM, .other = &other };

		memcpy(other.local, names_of[i].name, names_of[i].size);
		check_all(names_of[i].is_autobound ? yes : no, 1, &sock);
	}
}

static void ethertypes_and_devices_are_the_ends_of_a_packet_socket(void **state)
{
	static const struct expectation rows[] = {
		{ "src link:ip", FILTER_TRUE }, { "src link:0x800", FILTER_TRUE },
		{ "src link:arp", FILTER_FALSE }, { "src link:ip:lo", FILTER_TRUE },
		{ "src link:ip:eth0", FILTER_FALSE }, { "src link:*:1", FILTER_TRUE },
		{ "src link::lo", FILTER_TRUE }, { "dst link:*", FILTER_TRUE },
		{ "dst link:ip", FILTER_FALSE }, { "sport ge link::1", FILTER_TRUE },
		{ "sport gt link::lo", FILTER_FALSE }, { "dev = lo", FILTER_TRUE },
		{ "src != link:arp", FILTER_TRUE }, { "autobound", FILTER_FALSE },
	};
	static const struct other other = { .number = 0x800 };
	struct sock sock = { .protocol = PROTOCOL_PACKET_RAW, .state = STATE_CLOSE,
			     .other = &other, .ifindex = 1 };

	(void)state;
	check_all(rows, COUNT(rows), &sock);
}

static void protocols_and_port_ids_are_the_ends_of_a_netlink_socket(void **state)
{
	static const struct expectation rows[] = {
		{ "src netlink:genl", FILTER_TRUE }, { "src netlink:16", FILTER_TRUE },
		{ "src netlink:16:kernel", FILTER_FALSE }, { "src netlink:*:-99", FILTER_TRUE },
		{ "src netlink:0", FILTER_FALSE }, { "dst netlink:0", FILTER_TRUE },
		{ "autobound", FILTER_TRUE }, { "sport ge 0", FILTER_FALSE },
		{ "sport lt 3", FILTER_TRUE }, { "dport = 0", FILTER_FALSE },
	};
	static const struct other other = { .number = 16, .port_id = (uint32_t)-99 };
	struct sock sock = { .protocol = PROTOCOL_NETLINK, .state = STATE_CLOSE,
			     .other = &other };

	(void)state;
	check_all(rows, COUNT(rows), &sock);
}

/* Whether a row that stays undecided has to be told. */
static void what_the_kernel_keeps_back_is_missed(void **state)
{
	struct sock sock, stub = { .state = STATE_TIME_WAIT, .timer = TIMER_TIME_WAIT };
	static const struct { const char *text; uint32_t have; } rows[] = {
		{ "fwmark = 1", HAVE_MARK }, { "cgroup = /a", HAVE_CGROUP },
		{ "not autobound", HAVE_PORT_ORIGIN },
	};

	(void)state;
	a_socket(&sock, "10.1.2.3", 80, "192.0.2.1", 4000);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct filter filter;

		must_read(&filter, rows[i].text);
		sock.have = 0;
		assert_true(filter_misses(&filter, &sock));
		assert_int_equal(filter_misses(&filter, &stub), rows[i].have == HAVE_MARK);
		sock.have = rows[i].have;
		assert_false(filter_misses(&filter, &sock));
		filter_fini(&filter);
		must_read(&filter, "age > 1 and comm = x");
		assert_false(filter_misses(&filter, &stub));
		filter_fini(&filter);
	}
}

static void owners_are_tested(void **state)
{
	static const struct expectation rows[] = {
		{ "pid = 100", FILTER_TRUE }, { "pid = 101", FILTER_TRUE },
		{ "pid = 102", FILTER_FALSE },
		{ "pid != 100", FILTER_FALSE }, { "pid > 100", FILTER_TRUE },
		{ "pid < 100", FILTER_FALSE },
		{ "comm = nginx", FILTER_TRUE }, { "comm = ng*", FILTER_TRUE },
		{ "comm = NGINX", FILTER_FALSE }, { "comm != n?inx", FILTER_FALSE },
		{ "comm = sshd", FILTER_FALSE }, { "user = www-data", FILTER_TRUE },
		{ "user != 33", FILTER_FALSE }, { "unit = nginx.service", FILTER_TRUE },
		{ "unit = *.socket", FILTER_FALSE }, { "unit != *.socket", FILTER_TRUE },
		{ "netns = blue", FILTER_TRUE }, { "netns = b*", FILTER_TRUE },
		{ "netns = red", FILTER_FALSE }, { "netns = 4026531840", FILTER_TRUE },
		{ "netns != 4026531841", FILTER_TRUE }, { "cgroup = /a", FILTER_FALSE },
	};
	static const struct expectation orphan[] = {
		{ "pid = 100", FILTER_FALSE }, { "pid != 100", FILTER_TRUE },
		{ "comm = *", FILTER_FALSE },
		{ "not comm = *", FILTER_TRUE }, { "cgroup = /a", FILTER_FALSE },
		{ "cgroup != /a", FILTER_TRUE }, { "unit = *", FILTER_UNKNOWN },
	};
	struct sock sock;

	(void)state;
	a_socket(&sock, "10.0.0.1", 80, "10.0.0.2", 4000);
	sock.inode = 10;
	sock.have = HAVE_UID | HAVE_CGROUP;
	sock.uid = 33;
	sock.cgroup_id = 77;
	check_all(rows, COUNT(rows), &sock);
	sock.cgroup_id = 78;
	assert_int_equal(eval("unit = *", &sock), FILTER_FALSE);
	sock.inode = 11;
	assert_int_equal(eval("comm = \\(sd-pam\\)", &sock), FILTER_TRUE);
	sock.inode = 0;
	sock.have = 0;
	sock.timer = TIMER_TIME_WAIT;
	sock.state = STATE_TIME_WAIT;
	check_all(orphan, COUNT(orphan), &sock);
	seen.holders_complete = true;
	sock.inode = 999;
	assert_int_equal(eval("pid = 1", &sock), FILTER_FALSE);
	seen.holders_complete = false;
}

static void ages_are_ranges(void **state)
{
	static const struct expectation rows[] = {
		{ "age > 9s", FILTER_TRUE }, { "age > 10s", FILTER_UNKNOWN },
		{ "age >= 10s", FILTER_TRUE },
		{ "age > 15s", FILTER_UNKNOWN }, { "age > 20s", FILTER_FALSE },
		{ "age >= 20s", FILTER_UNKNOWN }, { "age >= 21s", FILTER_FALSE },
		{ "age < 10s", FILTER_FALSE }, { "age <= 10s", FILTER_UNKNOWN },
		{ "age < 20s", FILTER_UNKNOWN }, { "age <= 20s", FILTER_TRUE },
		{ "age < 21s", FILTER_TRUE },
		{ "age <= 9s", FILTER_FALSE }, { "age = 5s", FILTER_FALSE },
		{ "age = 15s", FILTER_UNKNOWN },
		{ "age != 5s", FILTER_TRUE }, { "not age > 20s", FILTER_TRUE },
		{ "not age > 15s", FILTER_UNKNOWN },
	};
	static const struct expectation orphan[] = {
		{ "age > 39s", FILTER_TRUE }, { "age < 1d", FILTER_UNKNOWN },
		{ "age < 39s", FILTER_FALSE },
		{ "age > 1h", FILTER_UNKNOWN },
	};
	struct sock sock;

	(void)state;
	a_socket(&sock, "10.0.0.1", 80, "10.0.0.2", 4000);
	sock.state = STATE_CLOSE_WAIT;
	sock.inode = 10;
	sock.have = HAVE_FLOW;
	sock.flow.last_ack_recv_ms = 10000;
	sock.flow.last_data_recv_ms = 20000;
	check_all(rows, COUNT(rows), &sock);
	sock.state = STATE_FIN_WAIT_2;
	sock.have = 0;
	sock.inode = 0;
	sock.timer = TIMER_TIME_WAIT;
	sock.timer_ms = 20000;
	seen.limits.limit[LIMIT_FIN_TIMEOUT_S] = (struct known){ true, 60 };
	check_all(orphan, COUNT(orphan), &sock);
}

static void numbers_are_tested(void **state)
{
	static const struct expectation rows[] = {
		{ "recvq = 5", FILTER_TRUE }, { "recvq > 5", FILTER_FALSE },
		{ "recvq != 5", FILTER_FALSE },
		{ "sendq >= 7", FILTER_TRUE }, { "retrans = 2", FILTER_TRUE },
		{ "retrans < 2", FILTER_FALSE },
		{ "idle = 3s", FILTER_TRUE }, { "idle > 2999ms", FILTER_TRUE },
		{ "idle > 3s", FILTER_FALSE },
		{ "rtt > 1.4", FILTER_TRUE }, { "rtt = 1500us", FILTER_TRUE },
		{ "rtt > 2", FILTER_FALSE },
		{ "opener = here", FILTER_TRUE }, { "opener = peer", FILTER_FALSE },
		{ "opener != peer", FILTER_TRUE }, { "dev = eth0", FILTER_TRUE },
		{ "dev = 2", FILTER_TRUE },
		{ "dev != lo", FILTER_TRUE }, { "dev = 7", FILTER_FALSE },
		{ "fwmark = 0x12", FILTER_TRUE },
		{ "fwmark = 0x10/0xf0", FILTER_TRUE }, { "fwmark != 0x10/0xf0", FILTER_FALSE },
		{ "fwmark = 0x12/0xf0", FILTER_FALSE }, { "autobound", FILTER_TRUE },
		{ "finding = close-wait-leak", FILTER_TRUE }, { "finding = close-*", FILTER_TRUE },
		{ "finding = other", FILTER_FALSE }, { "finding != other", FILTER_TRUE },
	};
	struct sock sock;

	(void)state;
	metric_set(&detail.metrics, METRIC_RTT, 1500);
	a_socket(&sock, "10.0.0.1", 40000, "10.0.0.2", 4000);
	sock.cookie = 7;
	sock.have = HAVE_FLOW | HAVE_ACKED | HAVE_SENT | HAVE_NOTSENT |
		    HAVE_MARK | HAVE_PORT_ORIGIN;
	sock.recv_queue = 5;
	sock.send_queue = 7;
	sock.flow.bytes_sent = 7;
	sock.flow.bytes_acked = 1;
	sock.flow.last_data_sent_ms = 3000;
	sock.flow.last_data_recv_ms = 9000;
	sock.retransmits = 2;
	sock.detail = &detail;
	sock.ifindex = 2;
	sock.mark = 0x12;
	check_all(rows, COUNT(rows), &sock);
	sock.port_explicit = true;
	assert_int_equal(eval("autobound", &sock), FILTER_FALSE);
	sock.port_explicit = false;
	sock.local_port = 80;
	assert_int_equal(eval("autobound", &sock), FILTER_FALSE);
	sock.cookie = 8;
	assert_int_equal(eval("finding = *", &sock), FILTER_FALSE);
}

static void a_family_prefix_is_about_the_whole_filter(void **state)
{
	struct filter_view view = { .seen = &seen };
	struct filter filter;
	struct sock sock;

	(void)state;
	must_read(&filter, "sport = inet:80 or sport = :81");
	a_socket(&sock, "10.0.0.1", 81, "10.0.0.2", 4000);
	assert_true(filter_matches(&filter, &view, &sock));
	a_socket(&sock, "::ffff:10.0.0.1", 81, "::ffff:10.0.0.2", 4000);
	assert_false(filter_matches(&filter, &view, &sock));
	filter_fini(&filter);
}

static void every_word_has_its_texts(void **state)
{
	struct filter_row row;

	(void)state;
	for (size_t i = 0; filter_row_at(i, &row); i++) {
		assert_non_null(row.name);
		assert_true(strlen(row.meaning) > 3);
		assert_int_equal(row.ops == FILTER_OPS_NONE, !*row.value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filter_is_read_and_written_back),
		cmocka_unit_test(an_error_shows_its_place),
		cmocka_unit_test(a_long_expression_is_cut_around_the_place),
		cmocka_unit_test(foreign_bytes_stay_harmless),
		cmocka_unit_test(any_text_is_read_or_refused),
		cmocka_unit_test(size_and_depth_are_bounded),
		cmocka_unit_test(words_and_a_file_make_one_filter),
		cmocka_unit_test(the_asked_family_decides_what_a_host_is),
		cmocka_unit_test(nothing_is_a_filter_too),
		cmocka_unit_test(only_a_mixed_chain_is_told),
		cmocka_unit_test(a_filter_says_what_it_needs),
		cmocka_unit_test(addresses_and_ports_are_tested),
		cmocka_unit_test(ipv4_covers_mapped_sockets_and_not_the_reverse),
		cmocka_unit_test(what_was_not_told_is_unknown),
		cmocka_unit_test(what_a_freed_socket_had_is_not_made_up),
		cmocka_unit_test(a_filter_that_says_nothing_is_taken_for_one),
		cmocka_unit_test(names_and_inodes_are_the_ends_of_a_unix_socket),
		cmocka_unit_test(a_name_that_the_kernel_made_up_is_not_autobound),
		cmocka_unit_test(ethertypes_and_devices_are_the_ends_of_a_packet_socket),
		cmocka_unit_test(protocols_and_port_ids_are_the_ends_of_a_netlink_socket),
		cmocka_unit_test(what_the_kernel_keeps_back_is_missed),
		cmocka_unit_test(owners_are_tested),
		cmocka_unit_test(ages_are_ranges),
		cmocka_unit_test(numbers_are_tested),
		cmocka_unit_test(a_family_prefix_is_about_the_whole_filter),
		cmocka_unit_test(every_word_has_its_texts),
	};
	int failed;

	make_world();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	filter_findings_fini(&findings);
	snapshot_fini(&seen);
	return failed;
}
