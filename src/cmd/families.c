/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/families.h"

#include "base/text.h"
#include "collect/collect.h"
#include "model/protocol.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * THE tables of sockets in the order in which ss prints them. The three of unix are one
 * table of the kernel; so are the two of packet.
 */
enum table {
	TABLE_NETLINK, TABLE_PACKET_RAW, TABLE_PACKET_DGRAM, TABLE_UNIX_STREAM,
	TABLE_UNIX_DGRAM, TABLE_UNIX_SEQPACKET, TABLE_RAW, TABLE_UDP, TABLE_TCP, TABLE_MPTCP,
	/* ss lists these; this program does not */
	TABLE_DCCP, TABLE_SCTP, TABLE_VSOCK_STREAM, TABLE_VSOCK_DGRAM, TABLE_TIPC, TABLE_XDP,
	TABLE_COUNT,
};

#define BIT(table)     (1u << TABLE_##table)
#define ESTABLISHED    STATE_BIT(STATE_ESTABLISHED)
#define CLOSED         STATE_BIT(STATE_CLOSE)

#define TABLES_PACKET  (BIT(PACKET_RAW) | BIT(PACKET_DGRAM))
#define TABLES_UNIX    (BIT(UNIX_STREAM) | BIT(UNIX_DGRAM) | BIT(UNIX_SEQPACKET))
#define TABLES_INET    (BIT(RAW) | BIT(UDP) | BIT(TCP) | BIT(MPTCP) | BIT(DCCP) | BIT(SCTP))
#define TABLES_VSOCK   (BIT(VSOCK_STREAM) | BIT(VSOCK_DGRAM))
#define TABLES_ALL     ((1u << TABLE_COUNT) - 1u)

enum { AF_BIT_V4 = 1, AF_BIT_V6 = 2, AF_BITS_INET = 3, AF_BIT_OTHER = 4 };

static const struct table_row {
	const char   *people;
	enum protocol protocol;         /* 0: not listed */
	uint32_t      states;           /* states that are shown by default */
} table_rows[TABLE_COUNT] = {
	[TABLE_NETLINK]        = { "netlink", PROTOCOL_NETLINK, CLOSED },
	[TABLE_PACKET_RAW]     = { "packet", PROTOCOL_PACKET_RAW, CLOSED },
	[TABLE_PACKET_DGRAM]   = { "packet", PROTOCOL_PACKET_DGRAM, CLOSED },
	[TABLE_UNIX_STREAM]    = { "unix", PROTOCOL_UNIX_STREAM, STATE_SHOWN },
	[TABLE_UNIX_DGRAM]     = { "unix", PROTOCOL_UNIX_DGRAM, STATE_SHOWN },
	[TABLE_UNIX_SEQPACKET] = { "unix", PROTOCOL_UNIX_SEQPACKET, STATE_SHOWN },
	[TABLE_RAW]            = { "raw", PROTOCOL_RAW, ESTABLISHED },
	[TABLE_UDP]            = { "UDP", PROTOCOL_UDP, ESTABLISHED },
	[TABLE_TCP]            = { "TCP", PROTOCOL_TCP, STATE_SHOWN },
	[TABLE_MPTCP]          = { "MPTCP", PROTOCOL_MPTCP, STATE_SHOWN },
	[TABLE_DCCP]           = { "DCCP", 0, STATE_SHOWN },
	[TABLE_SCTP]           = { "SCTP", 0, STATE_SHOWN },
	[TABLE_VSOCK_STREAM]   = { "vsock", 0, STATE_SHOWN },
	[TABLE_VSOCK_DGRAM]    = { "vsock", 0, STATE_SHOWN },
	[TABLE_TIPC]           = { "TIPC", 0, STATE_SHOWN },
	[TABLE_XDP]            = { "XDP", 0, CLOSED },
};

/* The words of -A. */
static const struct query_row { const char *name; uint32_t tables; } queries[] = {
	{ "all", TABLES_ALL }, { "inet", TABLES_INET }, { "tcp", BIT(TCP) },
	{ "mptcp", BIT(MPTCP) }, { "udp", BIT(UDP) }, { "raw", BIT(RAW) },
	{ "unix", TABLES_UNIX }, { "unix_stream", BIT(UNIX_STREAM) },
	{ "u_str", BIT(UNIX_STREAM) }, { "unix_dgram", BIT(UNIX_DGRAM) },
	{ "u_dgr", BIT(UNIX_DGRAM) }, { "unix_seqpacket", BIT(UNIX_SEQPACKET) },
	{ "u_seq", BIT(UNIX_SEQPACKET) }, { "packet", TABLES_PACKET },
	{ "packet_raw", BIT(PACKET_RAW) }, { "p_raw", BIT(PACKET_RAW) },
	{ "packet_dgram", BIT(PACKET_DGRAM) }, { "p_dgr", BIT(PACKET_DGRAM) },
	{ "netlink", BIT(NETLINK) }, { "dccp", BIT(DCCP) }, { "sctp", BIT(SCTP) },
	{ "tipc", BIT(TIPC) }, { "vsock", TABLES_VSOCK }, { "vsock_stream", BIT(VSOCK_STREAM) },
	{ "v_str", BIT(VSOCK_STREAM) }, { "vsock_dgram", BIT(VSOCK_DGRAM) },
	{ "v_dgr", BIT(VSOCK_DGRAM) }, { "xdp", BIT(XDP) },
};

/* The words of -f, and the letters that stand for them. */
static const struct family_row {
	const char *name;
	unsigned    families;
	uint32_t    tables;             /* used unless some of them were chosen anyway */
} family_rows[] = {
	{ "inet", AF_BIT_V4, TABLES_INET }, { "inet6", AF_BIT_V6, TABLES_INET },
	{ "link", AF_BIT_OTHER, TABLES_PACKET }, { "unix", AF_BIT_OTHER, TABLES_UNIX },
	{ "netlink", AF_BIT_OTHER, BIT(NETLINK) }, { "vsock", AF_BIT_OTHER, TABLES_VSOCK },
	{ "tipc", AF_BIT_OTHER, BIT(TIPC) }, { "xdp", AF_BIT_OTHER, BIT(XDP) },
};

/* The choice of a command line. */
struct choice {
	uint32_t    tables;
	uint32_t    named;              /* chosen by name, not as part of "all" or "inet" */
	uint32_t    states;             /* the states that the chosen tables show together */
	unsigned    families;
	const char *option[TABLE_COUNT];/* the option that named it */
	const struct family_row *wanted[16];
	size_t      wanted_count;
	bool        usual;              /* no table was chosen */
};

static bool is_group(uint32_t tables)
{
	return tables == TABLES_ALL || tables == TABLES_INET;
}

static void add_tables(struct choice *choice, uint32_t tables, const char *option)
{
	bool group = is_group(tables);

	choice->tables |= tables;
	choice->named |= group ? 0 : tables;
	for (unsigned i = 0; i < TABLE_COUNT; i++) {
		if (!(tables >> i & 1))
			continue;
		choice->states |= table_rows[i].states;
		if (!group)
			choice->option[i] = option;
	}
}

/* ---- the options ---- */

/* Reads the letters of tables. The option parser forgets those before the first -A. */
static void read_letters(struct choice *choice, const struct options *options)
{
	const struct { bool is; uint32_t tables; const char *option; } letters[] = {
		{ options->tcp, BIT(TCP), "-t" }, { options->udp, BIT(UDP), "-u" },
		{ options->raw, BIT(RAW), "-w" }, { options->mptcp, BIT(MPTCP), "-M" },
		{ options->dccp, BIT(DCCP), "-d" }, { options->sctp, BIT(SCTP), "-S" },
	};

	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++)
		if (letters[i].is)
			add_tables(choice, letters[i].tables, letters[i].option);
}

static void want_family(struct choice *choice, const char *name)
{
	for (size_t i = 0; i < sizeof(family_rows) / sizeof(*family_rows); i++)
		if (strcmp(family_rows[i].name, name) == 0)
			choice->wanted[choice->wanted_count++] = &family_rows[i];
}

static int bad_word(const char *option, const char *word, size_t size, const char *names,
		    struct fault *fault)
{
	return fault_set(fault, EINVAL, "%s knows no '%s'; there are: %s", option,
			 QUOTE_BYTES(word, size), names);
}

static int read_family(struct choice *choice, const char *word, struct fault *fault)
{
	size_t before = choice->wanted_count;

	want_family(choice, word);
	if (choice->wanted_count > before)
		return 0;
	return bad_word("-f", word, strlen(word),
			"inet inet6 link unix netlink vsock tipc xdp", fault);
}

static int read_families(struct choice *choice, const struct options *options,
			 struct fault *fault)
{
	if (options->ipv4)
		want_family(choice, "inet");
	if (options->ipv6)
		want_family(choice, "inet6");
	if (options->packet)
		want_family(choice, "link");
	if (options->unix_sockets)
		want_family(choice, "unix");
	if (options->tipc)
		want_family(choice, "tipc");
	if (options->vsock)
		want_family(choice, "vsock");
	if (options->xdp)
		want_family(choice, "xdp");
	return options->family ? read_family(choice, options->family, fault) : 0;
}

static const struct query_row *find_query(const char *word, size_t size)
{
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++)
		if (strlen(queries[i].name) == size && memcmp(queries[i].name, word, size) == 0)
			return &queries[i];
	return NULL;
}

static int no_such_query(const char *word, size_t size, struct fault *fault)
{
	struct text names = { 0 };
	int err;

	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++)
		text_addf(&names, "%s%s", i ? " " : "", queries[i].name);
	err = bad_word("-A", word, size, text_str(&names), fault);
	text_fini(&names);
	return err;
}

/* Reads one list of -A: TABLE,!TABLE,... in its order. */
static int read_query(struct choice *choice, const char *list, struct fault *fault)
{
	for (;; list++) {
		bool without = *list == '!';
		size_t size = strcspn(list += without, ",");
		const struct query_row *row = find_query(list, size);

		if (!row)
			return no_such_query(list, size, fault);
		if (without)
			choice->tables &= ~row->tables;
		else
			add_tables(choice, row->tables, "-A");
		list += size;
		if (!*list)
			return 0;
	}
}

static int read_queries(struct choice *choice, const struct options *options,
			struct fault *fault)
{
	int err = 0;

	for (size_t i = 0; i < options->query.count && !err; i++)
		err = read_query(choice, options->query.at[i], fault);
	if (!err && options->query.count && !choice->tables && !choice->wanted_count)
		err = fault_set(fault, EINVAL, "-A leaves no table of sockets to be listed");
	return err;
}

/* ---- what they mean together ---- */

/*
 * As in ss, families narrow the tables that were chosen, and bring their own where none
 * of theirs was. One rule differs: alone, -4 and -6 stay with TCP.
 */
static void merge_families(struct choice *choice, bool only_ip)
{
	for (size_t i = 0; i < choice->wanted_count; i++) {
		const struct family_row *row = choice->wanted[i];

		choice->families |= row->families;
		if (choice->tables & row->tables)
			continue;
		add_tables(choice, only_ip ? BIT(TCP) : row->tables, row->name);
	}
	if (!(choice->families & AF_BITS_INET))
		choice->families |= AF_BITS_INET;
}

static int choose(struct choice *choice, const struct options *options, struct fault *fault)
{
	bool only_ip;
	int err = read_families(choice, options, fault);

	if (err)
		return err;
	err = read_queries(choice, options, fault);
	if (err)
		return err;
	read_letters(choice, options);
	only_ip = !options->family && choice->wanted_count == (size_t)options->ipv4 + options->ipv6;
	merge_families(choice, only_ip);
	choice->usual = !choice->tables;
	if (choice->usual)
		add_tables(choice, BIT(TCP), NULL);
	return 0;
}

uint32_t families_states(const struct options *options)
{
	struct choice choice = { .tables = 0 };

	if (options->all)
		return STATE_ALL;
	if (options->listening)
		return STATE_BIT(STATE_LISTEN) | STATE_BIT(STATE_CLOSE);
	if (options->bound)
		return STATE_BIT(STATE_BOUND);
	/* families_choose() reports a wrong word */
	if (options->query.count || choose(&choice, options, NULL) < 0)
		return STATE_SHOWN;
	return choice.states;
}

/* ---- what is asked of the kernel ---- */

static int refuse(const struct choice *choice, struct fault *fault)
{
	for (unsigned i = 0; i < TABLE_COUNT; i++)
		if ((choice->tables & choice->named) >> i & 1 && !table_rows[i].protocol)
			return fault_set(fault, EOPNOTSUPP,
					 "%s%s: %s sockets are not listed by this program; 'ss' does",
					 *choice->option[i] == '-' ? "" : "--", choice->option[i],
					 table_rows[i].people);
	return 0;
}

static void add_protocol(struct families *families, enum protocol protocol, bool asked)
{
	families->asked |= (uint32_t)asked << families->count;
	families->at[families->count++] = protocol;
}

/* Asks one question for unix or packet sockets when every type of them is wanted. */
static void add_protocols(struct families *families, const struct choice *choice)
{
	uint32_t left = choice->tables;

	for (unsigned i = 0; i < TABLE_COUNT; i++) {
		bool asked = choice->named >> i & 1;

		if (!(left >> i & 1) || !table_rows[i].protocol)
			continue;
		if ((left & TABLES_PACKET) == TABLES_PACKET && (TABLES_PACKET >> i & 1)) {
			add_protocol(families, PROTOCOL_PACKET, asked);
			left &= ~TABLES_PACKET;
		} else if ((left & TABLES_UNIX) == TABLES_UNIX && (TABLES_UNIX >> i & 1)) {
			add_protocol(families, PROTOCOL_UNIX, asked);
			left &= ~TABLES_UNIX;
		} else {
			add_protocol(families, table_rows[i].protocol, asked);
		}
	}
}

static void note_left_out(struct families *families, const struct choice *choice)
{
	size_t size = 0, room = sizeof(families->left_out);

	for (unsigned i = TABLE_DCCP; i < TABLE_COUNT; i++) {
		const char *people = table_rows[i].people;

		if (!(choice->tables >> i & 1) ||
		    (i > 0 && strcmp(people, table_rows[i - 1].people) == 0))
			continue;
		size += (size_t)snprintf(families->left_out + size, room - size, "%s%s",
					 size ? ", " : "", people);
	}
}

int families_choose(struct families *families, const struct options *options,
		    struct fault *fault)
{
	struct choice choice = { .tables = 0 };
	int err = choose(&choice, options, fault);

	*families = (struct families){ .count = 0 };
	if (!err)
		err = refuse(&choice, fault);
	if (err)
		return err;
	if (options->bpf && !(choice.tables & TABLES_PACKET))
		return fault_set(fault, EINVAL, "-b: the kernel tells the filters of packet "
				 "sockets only, and none are listed; add -0");
	families->ipv4 = choice.families & AF_BIT_V4;
	families->ipv6 = choice.families & AF_BIT_V6;
	families->usual = choice.usual;
	families->many = choice.tables & (choice.tables - 1);
	add_protocols(families, &choice);
	note_left_out(families, &choice);
	return 0;
}

/* The row for the family of a filter's prefix. */
static const struct family_row *row_of(enum filter_realm realm)
{
	const char *prefix = filter_realm_prefix(realm);
	size_t size = strcspn(prefix, ":");

	for (size_t i = 0; i < sizeof(family_rows) / sizeof(*family_rows); i++)
		if (size && strlen(family_rows[i].name) == size &&
		    memcmp(family_rows[i].name, prefix, size) == 0)
			return &family_rows[i];
	return NULL;
}

int families_limit(struct families *families, const struct filter *filter,
		   struct fault *fault)
{
	const struct family_row *row = row_of(filter->realm);
	struct choice choice = { .tables = 0 };

	if (!row)
		return 0;
	add_tables(&choice, row->tables, row->name);
	if (refuse(&choice, NULL) < 0)
		return fault_set(fault, EOPNOTSUPP, "the filter asks for %s sockets, which are not "
				 "listed by this program; 'ss' does", row->name);
	if (!families->usual)
		return 0;
	families->count = families->asked = 0;
	families->many = true;          /* without the prefix they could have been of any table */
	add_protocols(families, &choice);
	return 0;
}

static void take_out(struct families *families, size_t i)
{
	uint32_t below = (1u << i) - 1;

	families->count--;
	memmove(&families->at[i], &families->at[i + 1],
		(families->count - i) * sizeof(*families->at));
	families->asked = (families->asked & below) | (families->asked >> 1 & ~below);
}

int families_open(struct families *families, struct session *session)
{
	struct fault fault;

	if (*families->left_out)
		snapshot_gap(&session->seen, GAP_TABLE, 1,
			     "%s sockets are not listed by this program", families->left_out);
	/* TCP alone reports its own errors */
	for (size_t i = 0; i < families->count;) {
		if (families->at[i] == PROTOCOL_TCP ||
		    collect_offers(session->collect, families->at[i], &fault) == 0) {
			i++;
		} else if (families->asked >> i & 1) {
			session->fault = fault;
			return -fault.err;
		} else {
			snapshot_gap(&session->seen, GAP_TABLE, 1, "%s", fault.text);
			take_out(families, i);
		}
	}
	return 0;
}
