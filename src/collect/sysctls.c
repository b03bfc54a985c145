/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/sysctls.h"

#include "collect/inet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define IPV4 "/proc/sys/net/ipv4/"
#define IPV6 "/proc/sys/net/ipv6/"
#define NETFILTER "/proc/sys/net/netfilter/"     /* absent without nf_conntrack */

struct sysctl {
	const char     *file;
	enum limit      first;
	unsigned        count;          /* numbers in the file, for the limits from @first on */
	enum sysctl_scope scope;
	bool            essential;      /* every supported kernel has it in every namespace */
};

/*
 * THE table of sysctls. To add one: its words in model/limits.h and model/limits.c, and
 * its row here.
 */
static const struct sysctl sysctls[] = {
	{ IPV4 "ip_local_port_range",      LIMIT_PORT_LOW,           2, SYSCTL_NETNS, true },
	{ IPV4 "tcp_fin_timeout",          LIMIT_FIN_TIMEOUT_S,      1, SYSCTL_NETNS, true },
	{ IPV4 "tcp_max_tw_buckets",       LIMIT_MAX_TW_BUCKETS,     1, SYSCTL_NETNS, true },
	{ IPV4 "tcp_tw_reuse",             LIMIT_TW_REUSE,           1, SYSCTL_NETNS, true },
	{ IPV4 "tcp_tw_reuse_delay",       LIMIT_TW_REUSE_DELAY_MS,  1, SYSCTL_NETNS, false }, /* 6.13 */
	{ IPV4 "tcp_timestamps",           LIMIT_TIMESTAMPS,         1, SYSCTL_NETNS, true },
	{ IPV4 "tcp_max_orphans",          LIMIT_MAX_ORPHANS,        1, SYSCTL_MACHINE, false },
	{ "/proc/sys/net/core/somaxconn",  LIMIT_SOMAXCONN,          1, SYSCTL_NETNS, true },
	{ IPV4 "tcp_max_syn_backlog",      LIMIT_MAX_SYN_BACKLOG,    1, SYSCTL_NETNS, true },
	{ IPV4 "tcp_syn_retries",          LIMIT_SYN_RETRIES,        1, SYSCTL_NETNS, true },
	{ IPV4 "tcp_synack_retries",       LIMIT_SYNACK_RETRIES,     1, SYSCTL_NETNS, true },
	{ IPV4 "tcp_retries2",             LIMIT_RETRIES2,           1, SYSCTL_NETNS, true },
	{ IPV4 "tcp_orphan_retries",       LIMIT_ORPHAN_RETRIES,     1, SYSCTL_NETNS, true },
	{ IPV4 "tcp_rto_max_ms",           LIMIT_RTO_MAX_MS,         1, SYSCTL_NETNS, false }, /* 6.15 */
	{ IPV4 "tcp_abort_on_overflow",    LIMIT_ABORT_ON_OVERFLOW,  1, SYSCTL_NETNS, true },
	{ IPV4 "tcp_syncookies",           LIMIT_SYNCOOKIES,         1, SYSCTL_NETNS, false }, /* CONFIG_SYN_COOKIES */
	{ IPV4 "tcp_mem",                  LIMIT_TCP_MEM_LOW,        3, SYSCTL_MACHINE, false },
	{ IPV4 "ip_unprivileged_port_start", LIMIT_UNPRIVILEGED_PORT_START, 1, SYSCTL_NETNS, true },
	{ IPV4 "ip_nonlocal_bind",         LIMIT_NONLOCAL_BIND,      1, SYSCTL_NETNS, false },
	{ IPV6 "ip_nonlocal_bind",         LIMIT_NONLOCAL_BIND6,     1, SYSCTL_NETNS, false },
	{ IPV6 "bindv6only",               LIMIT_BINDV6ONLY,         1, SYSCTL_NETNS, false },
	{ IPV4 "ip_autobind_reuse",        LIMIT_AUTOBIND_REUSE,     1, SYSCTL_NETNS, false }, /* 5.7 */
	{ IPV4 "tcp_fastopen",             LIMIT_FASTOPEN,           1, SYSCTL_NETNS, false },
	{ NETFILTER "nf_conntrack_max",    LIMIT_CONNTRACK_MAX,      1, SYSCTL_NETNS, false },
	{ NETFILTER "nf_conntrack_tcp_timeout_established", LIMIT_CONNTRACK_ESTABLISHED_S, 1,
	  SYSCTL_NETNS, false },
	{ IPV4 "tcp_ehash_entries",        LIMIT_EHASH_ENTRIES,      1, SYSCTL_NETNS, false }, /* 6.1 */
};

/*
 * PAIRS: a line of names, then a line of values. INLINE: names and values by turns. COLUMNS:
 * the names are in the first line of the file. ALONE: nothing but the value.
 */
enum shape { PAIRS, INLINE, COLUMNS, ALONE };

struct tally {
	const char  *file;
	const char  *prefix;            /* of its line */
	const char  *key;
	enum counter counter;
	enum shape   shape;
	bool         essential;
};

#define NETSTAT   "/proc/thread-self/net/netstat"
#define SNMP      "/proc/thread-self/net/snmp"
#define SOCKSTAT  "/proc/thread-self/net/sockstat"
#define SOCKSTAT6 "/proc/thread-self/net/sockstat6"     /* absent without IPv6 */
#define PROTOCOLS "/proc/thread-self/net/protocols"

/*
 * THE table of counters. Rows of one file stand together, because it is read once for
 * them.
 */
static const struct tally tallies[] = {
	{ NETSTAT,   "TcpExt:", "ListenOverflows",     COUNTER_LISTEN_OVERFLOWS,    PAIRS,  true },
	{ NETSTAT,   "TcpExt:", "ListenDrops",         COUNTER_LISTEN_DROPS,        PAIRS,  true },
	{ NETSTAT,   "TcpExt:", "TCPTimeWaitOverflow", COUNTER_TIME_WAIT_OVERFLOW,  PAIRS,  true },
	{ NETSTAT,   "TcpExt:", "TCPAbortOnMemory",    COUNTER_ABORT_ON_MEMORY,     PAIRS,  true },
	{ NETSTAT,   "TcpExt:", "TCPReqQFullDrop",     COUNTER_REQ_QUEUE_FULL_DROP, PAIRS,  true },
	{ NETSTAT,   "TcpExt:", "SyncookiesSent",      COUNTER_SYNCOOKIES_SENT,     PAIRS,  false },
	{ SNMP,      "Tcp:",    "CurrEstab",           COUNTER_CURR_ESTAB,          PAIRS,  true },
	{ NETFILTER "nf_conntrack_count", "", "",      COUNTER_CONNTRACK,           ALONE,  false },
	{ SOCKSTAT,  "TCP:",    "inuse",               COUNTER_TCP_INUSE,           INLINE, true },
	{ SOCKSTAT,  "TCP:",    "tw",                  COUNTER_TW,                  INLINE, true },
	{ SOCKSTAT,  "TCP:",    "orphan",              COUNTER_ORPHANS,             INLINE, true },
	{ SOCKSTAT,  "TCP:",    "alloc",               COUNTER_ALLOC,               INLINE, true },
	{ SOCKSTAT,  "TCP:",    "mem",                 COUNTER_MEM_PAGES,           INLINE, true },
	{ SOCKSTAT,  "sockets:", "used",               COUNTER_SOCKETS,             INLINE, false },
	{ SOCKSTAT,  "UDP:",    "inuse",               COUNTER_UDP_INUSE,           INLINE, false },
	{ SOCKSTAT,  "RAW:",    "inuse",               COUNTER_RAW_INUSE,           INLINE, false },
	{ SOCKSTAT,  "FRAG:",   "inuse",               COUNTER_FRAG_INUSE,          INLINE, false },
	{ SOCKSTAT6, "TCP6:",   "inuse",               COUNTER_TCP6_INUSE,          INLINE, false },
	{ SOCKSTAT6, "UDP6:",   "inuse",               COUNTER_UDP6_INUSE,          INLINE, false },
	{ SOCKSTAT6, "RAW6:",   "inuse",               COUNTER_RAW6_INUSE,          INLINE, false },
	{ SOCKSTAT6, "FRAG6:",  "inuse",               COUNTER_FRAG6_INUSE,         INLINE, false },
	{ PROTOCOLS, "UNIX",    "sockets",             COUNTER_UNIX_INUSE,          COLUMNS, false },
	{ PROTOCOLS, "UNIX-STREAM", "sockets",         COUNTER_UNIX_STREAM_INUSE,   COLUMNS, false }, /* 5.15 */
	{ PROTOCOLS, "MPTCP",   "sockets",             COUNTER_MPTCP_INUSE,         COLUMNS, false },
	{ PROTOCOLS, "MPTCPv6", "sockets",             COUNTER_MPTCP6_INUSE,        COLUMNS, false },
};

static bool parse_number(const char *text, int64_t *value, const char **rest)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 10);
	if (end == text || errno)
		return false;
	*rest = end;
	return true;
}

/* Reads all numbers of the file, or none. */
static bool take_sysctl(const struct sysctl *sysctl, const char *text, struct limits *limits)
{
	int64_t value[4];

	for (unsigned i = 0; i < sysctl->count; i++)
		if (!parse_number(text, &value[i], &text))
			return false;
	/* without its newline the last number may have been cut short */
	if (*text != '\n')
		return false;
	for (unsigned i = 0; i < sysctl->count; i++)
		limits->limit[sysctl->first + i] = (struct known){ true, value[i] };
	return true;
}

/*
 * A file that is not there has nothing to tell; so has one that a recording made earlier
 * lacks. What is there and cannot be read is missing.
 */
static bool is_absent(int err)
{
	return err == -ENOENT || err == -ENODATA;
}

/* Returns 0 or a negative errno. */
static int read_sysctl(struct recorder *recorder, const struct sysctl *sysctl,
		       struct limits *limits)
{
	struct text content = { 0 };
	int err = recorder_file(recorder, sysctl->file, &content);

	if (!err && !take_sysctl(sysctl, text_str(&content), limits))
		err = -EBADMSG;
	text_fini(&content);
	return err;
}

/* Before Linux 4.11 the sysctl did not exist: ports below 1024 needed a privilege. */
static bool was_constant(const struct sysctl *sysctl, const char *release, struct limits *limits)
{
	if (sysctl->first != LIMIT_UNPRIVILEGED_PORT_START || !*release ||
	    release_at_least(release, 4, 11))
		return false;
	limits->limit[sysctl->first] = (struct known){ true, 1024 };
	return true;
}

unsigned sysctls_read(struct recorder *recorder, enum sysctl_scope scope, const char *release,
		      struct limits *limits)
{
	unsigned missing = 0;

	for (size_t i = 0; i < sizeof(sysctls) / sizeof(*sysctls); i++) {
		int err = sysctls[i].scope == scope ? read_sysctl(recorder, &sysctls[i], limits) : 0;

		if (err && !was_constant(&sysctls[i], release, limits))
			missing += sysctls[i].essential || !is_absent(err);
	}
	return missing;
}

/* The first line after @from that starts with @prefix and a blank; or NULL. */
static const char *line_find(const char *from, const char *prefix)
{
	size_t size = strlen(prefix);

	while (from && *from) {
		const char *next = strchr(from, '\n');

		if (strncmp(from, prefix, size) == 0 && from[size] == ' ')
			return from;
		from = next ? next + 1 : NULL;
	}
	return NULL;
}

/* Moves *@at to the next word of the line. Returns its length, 0 at the end of the line. */
static size_t next_word(const char **at)
{
	while (**at == ' ')
		++*at;
	return strcspn(*at, " \n");
}

static bool is_word(const char *at, size_t size, const char *key)
{
	return strlen(key) == size && memcmp(at, key, size) == 0;
}

/* The number in the line @values that stands where @key stands in the line @names. */
static bool number_below(const char *names, const char *values, const char *key, int64_t *value)
{
	size_t size, length;

	if (!values)
		return false;
	while ((size = next_word(&names)) && (length = next_word(&values))) {
		if (is_word(names, size, key))
			return parse_number(values, value, &values);
		names += size;
		values += length;
	}
	return false;
}

bool counter_pairs(const char *text, const char *prefix, const char *key, int64_t *value)
{
	const char *names = line_find(text, prefix);
	const char *end = names ? strchr(names, '\n') : NULL;

	return number_below(names, end ? line_find(end + 1, prefix) : NULL, key, value);
}

bool counter_inline(const char *text, const char *prefix, const char *key, int64_t *value)
{
	const char *at = line_find(text, prefix);
	size_t size;

	while (at && (size = next_word(&at))) {
		bool is = is_word(at, size, key);

		at += size;
		if (is)
			return next_word(&at) && parse_number(at, value, &at);
	}
	return false;
}

static bool take_counter(const struct tally *tally, const char *text, struct known *known)
{
	switch (tally->shape) {
	case PAIRS:
		known->is = counter_pairs(text, tally->prefix, tally->key, &known->value);
		break;
	case INLINE:
		known->is = counter_inline(text, tally->prefix, tally->key, &known->value);
		break;
	case COLUMNS:
		known->is = number_below(text, line_find(text, tally->prefix), tally->key,
					 &known->value);
		break;
	case ALONE:
		known->is = parse_number(text, &known->value, &text) && *text == '\n';
		break;
	}
	return known->is;
}

static unsigned count_files(struct recorder *recorder, struct limits *limits)
{
	struct text content = { 0 };
	const char *file = NULL;
	unsigned missing = 0;
	int err = 0;

	for (size_t i = 0; i < sizeof(tallies) / sizeof(*tallies); i++) {
		const struct tally *tally = &tallies[i];

		if (!file || strcmp(file, tally->file) != 0) {
			text_fini(&content);
			file = tally->file;
			err = recorder_file(recorder, file, &content);
		}
		missing += !take_counter(tally, text_str(&content), &limits->counter[tally->counter]) &&
			   (tally->essential || (err && !is_absent(err)));
	}
	text_fini(&content);
	return missing;
}

static unsigned read_reserved(struct recorder *recorder, struct limits *limits)
{
	struct text content = { 0 };
	bool is = recorder_file(recorder, IPV4 "ip_local_reserved_ports", &content) == 0 &&
		  strchr(text_str(&content), '\n') &&
		  limits_reserve(limits, text_str(&content));

	text_fini(&content);
	return !is;
}

unsigned counters_read(struct recorder *recorder, struct limits *limits)
{
	return count_files(recorder, limits) + read_reserved(recorder, limits);
}

struct known counter_again(enum counter counter)
{
	struct known known = { .is = false };

	for (size_t i = 0; i < sizeof(tallies) / sizeof(*tallies); i++) {
		struct text content = { 0 };

		if (tallies[i].counter != counter)
			continue;
		if (file_read(AT_FDCWD, tallies[i].file, &content) == 0)
			take_counter(&tallies[i], text_str(&content), &known);
		text_fini(&content);
	}
	return known;
}
