/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/filters.h"

#include "base/errline.h"
#include "base/grow.h"
#include "base/input.h"
#include "base/own.h"
#include "base/text.h"
#include "cmd/judging.h"
#include "cmd/target.h"
#include "collect/host.h"
#include "collect/others.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <mntent.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* What statfs() tells of a cgroup2 tree; part of the kernel's interface. */
#define CGROUP2_MAGIC 0x63677270

/* ---- reading ---- */

static int read_all(int fd, struct text *text)
{
	/* one byte more than allowed: filter_parse() reports that it is too much */
	OWN_MEM char *bytes = grow_space(FILTER_BYTES_MAX + 2);
	ssize_t got = input_fill(fd, bytes, FILTER_BYTES_MAX + 2);

	if (got < 0)
		return (int)got;
	text_add(text, bytes, (size_t)got);
	return 0;
}

/* Reads standard input once, because `list -c -F -` reads its filter again in each round. */
static int read_handed(int fd, struct text *text)
{
	static struct text input;
	static bool was_read;
	int err = was_read ? 0 : read_all(fd, &input);

	was_read = true;
	text_add(text, text_str(&input), input.count);
	return err;
}

static int read_file(const char *name, struct text *text, struct fault *fault)
{
	struct input input;
	const char *why;
	int err = input_open(&input, name, &why);

	if (!err) {
		err = input.is_handed ? read_handed(input.fd, text) : read_all(input.fd, text);
		why = strerror(-err);
	}
	input_close(&input);
	if (err)
		return fault_set(fault, -err, "cannot read the filter from %s: %s",
				 strcmp(name, "-") == 0 ? "standard input" : QUOTE(name), why);
	return 0;
}

/* ---- errors ---- */

static void tell_place(const struct filter *filter, const struct filter_error *error)
{
	struct text text = { 0 };

	if (!filter->source.count || !*error->expected)
		return;
	filter_error_format(&text, filter, error, 100);
	errlines(text_str(&text));
	text_fini(&text);
}

/* A word that cannot begin a filter is more likely a misspelled command. */
static bool is_slip(const struct options *options, const struct filter_error *error)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz-";
	const char *word = options->words_count ? options->words[0] : "";

	return error->offset == 0 && *word && strspn(word, letters) == strlen(word) &&
	       strcmp(word, "and") != 0 && strcmp(word, "or") != 0;
}

static int refuse(const struct filter *filter, const struct options *options,
		  const struct filter_error *error, struct fault *fault)
{
	int err = -fault->err;

	if (is_slip(options, error)) {
		fault_set(fault, EINVAL, "'%s' is neither a command nor a filter; 'sockvet --help' lists "
			  "the commands, 'man sockvet' the words of a filter", QUOTE(options->words[0]));
		cmd_fail(fault);
		return err;
	}
	cmd_fail(fault);
	tell_place(filter, error);
	return err;
}

/* As in ss, -x, -0 and -f (but not -A) decide what kind of ends src and dst are about. */
static enum filter_realm asked_realm(const struct options *options)
{
	const struct { bool given; const char *family; enum filter_realm realm; } rows[] = {
		{ options->unix_sockets, "unix", REALM_UNIX },
		{ options->packet, "link", REALM_LINK }, { false, "netlink", REALM_NETLINK },
		{ options->vsock, "vsock", REALM_VSOCK },
	};

	if (options->ipv4 || options->ipv6)
		return REALM_INET;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].given ||
		    (options->family && strcmp(options->family, rows[i].family) == 0))
			return rows[i].realm;
	return REALM_INET;
}

int filters_read(struct filter *filter, const struct options *options)
{
	struct filter_source source = {
		.words = (const char *const *)options->words,
		.word_count = options->words_count,
	};
	struct filter_error error = { 0 };
	struct text content = { 0 };
	struct fault fault;
	int err = 0;

	*filter = (struct filter){ 0 };
	if (options->ipv4 != options->ipv6)
		source.family = options->ipv4 ? FAMILY_IPV4 : FAMILY_IPV6;
	source.realm = asked_realm(options);
	if (options->filter_file) {
		err = read_file(options->filter_file, &content, &fault);
		source.file = text_str(&content);
		source.file_size = content.count;
	}
	if (err)
		cmd_fail(&fault);
	else if (filter_parse(filter, &source, &error, &fault) < 0)
		err = refuse(filter, options, &error, &fault);
	else if (filter->is_mixed && !options->quiet)
		errline("note: in a filter, as in ss, and/or are taken from left to "
			"right: A or B and C is ( A or B ) and C");
	text_fini(&content);
	return err;
}

/* ---- looking up ---- */

static size_t find_hosts(void *ctx, const char *name, enum family family,
			 struct filter_host *hosts, size_t room)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_family = family == FAMILY_IPV4 ? AF_INET :
			     family == FAMILY_IPV6 ? AF_INET6 : AF_UNSPEC,
	};
	struct addrinfo *found, *at;
	size_t count = 0;

	(void)ctx;
	if (getaddrinfo(name, NULL, &hints, &found) != 0)
		return 0;
	for (at = found; at && count < room; at = at->ai_next) {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;

		if (at->ai_family == AF_INET && at->ai_addrlen >= sizeof(v4)) {
			memcpy(&v4, at->ai_addr, sizeof(v4));
			hosts[count++] = (struct filter_host){
				FAMILY_IPV4, 32, addr_from_v4((const uint8_t *)&v4.sin_addr) };
		} else if (at->ai_family == AF_INET6 && at->ai_addrlen >= sizeof(v6)) {
			memcpy(&v6, at->ai_addr, sizeof(v6));
			hosts[count++] = (struct filter_host){
				FAMILY_IPV6, 128, addr_from_v6(v6.sin6_addr.s6_addr) };
		}
	}
	freeaddrinfo(found);
	return count;
}

/* As in ss, the port of the first protocol that has the service. */
static int32_t find_service(void *ctx, const char *name)
{
	const struct servent *service = getservbyname(name, "tcp");

	(void)ctx;
	if (!service)
		service = getservbyname(name, "udp");
	if (!service)
		return has_services() ? 0 : -2;
	return ntohs((uint16_t)service->s_port);
}

static bool find_user(void *ctx, const char *name, uint32_t *uid)
{
	const struct passwd *user = getpwnam(name);

	(void)ctx;
	if (user)
		*uid = user->pw_uid;
	return user;
}

static bool find_number(void *ctx, enum filter_realm realm, const char *name, uint32_t *number)
{
	(void)ctx;
	return realm == REALM_LINK ? packet_socks_number(name, number) :
				     netlink_socks_number(name, number);
}

static uint32_t find_link(void *ctx, const char *name)
{
	const struct session *session = ctx;

	/* with -G some namespaces may have the device; session_each() looks it up */
	return session->options->all_netns ? UINT32_MAX : session_link(&session->seen, name);
}

/* The id of a cgroup is the inode number of its folder. */
static bool is_cgroup(const char *path, uint64_t *id)
{
	struct statfs system;
	struct stat folder;

	if (statfs(path, &system) < 0 || (uint64_t)system.f_type != CGROUP2_MAGIC ||
	    stat(path, &folder) < 0 || !S_ISDIR(folder.st_mode))
		return false;
	*id = folder.st_ino;
	return true;
}

/* As in ss, a folder in the tree, or a path below the place where the tree is mounted. */
static bool find_cgroup_live(const char *path, uint64_t *id)
{
	OWN_MEM char *there = host_path(path);
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const struct mntent *mount;
	struct text whole = { 0 };
	bool found = is_cgroup(there, id);

	while (mounts && !found && (mount = getmntent(mounts))) {
		if (strcmp(mount->mnt_type, "cgroup2") != 0)
			continue;
		whole.count = 0;
		text_addf(&whole, "%s/%s", mount->mnt_dir, path);
		found = is_cgroup(text_str(&whole), id);
	}
	if (mounts)
		endmntent(mounts);
	text_fini(&whole);
	return found;
}

/* Looks up the path in the recorded tree. */
static bool find_cgroup_seen(const struct snapshot *seen, const char *path, uint64_t *id)
{
	static const char usual[] = "/sys/fs/cgroup";
	size_t size;

	if (strncmp(path, usual, strlen(usual)) == 0)
		path += strlen(usual);
	path += strspn(path, "/");
	for (size = strlen(path); size && path[size - 1] == '/';)
		size--;
	for (size_t i = 0; i < seen->cgroups.count; i++) {
		const char *have = seen->cgroups.at[i].path;

		if (strlen(have) == size + 1 && memcmp(have + 1, path, size) == 0) {
			*id = seen->cgroups.at[i].id;
			return true;
		}
	}
	return false;
}

static bool find_cgroup(void *ctx, const char *path, uint64_t *id)
{
	const struct session *session = ctx;

	return session->options->from ? find_cgroup_seen(&session->seen, path, id) :
					find_cgroup_live(path, id);
}

/* Refuses a finding that does not exist, because it would silently match nothing. */
static bool names_findings(const struct filter *filter, struct filter_error *error)
{
	for (size_t i = 0; i < filter->nodes.count; i++) {
		const struct filter_node *node = &filter->nodes.at[i];
		const char *word = filter_word(filter, node->word);
		size_t match = node->kind == FILTER_FINDING ? 0 : rules_count;

		while (match < rules_count && fnmatch(word, rules[match].id, 0) != 0)
			match++;
		if (node->kind != FILTER_FINDING || match < rules_count)
			continue;
		error->offset = node->offset;
		snprintf(error->expected, sizeof(error->expected),
			 "the id of a finding, see 'sockvet tables findings'");
		return false;
	}
	return true;
}

static int look_up(struct filter *filter, struct session *session, struct filter_error *error)
{
	struct filter_names names = {
		.ctx = session, .host = find_hosts, .service = find_service,
		.link = find_link, .cgroup = find_cgroup, .user = find_user,
		.number = find_number,
	};

	if (!names_findings(filter, error))
		return fault_set(&session->fault, ENOENT, "bad filter: expected %s",
				 error->expected);
	return filter_resolve(filter, &names, error, &session->fault);
}

int filters_resolve(struct filter *filter, struct session *session)
{
	const struct options *options = session->options;
	struct filter_error error = { 0 };
	int err;

	if (filter_has(filter, FILTER_CGROUP) && (options->from || options->record))
		collect_cgroups(session->collect, &session->seen, NULL);
	err = look_up(filter, session, &error);
	if (err) {
		cmd_fail(&session->fault);
		tell_place(filter, &error);
	}
	return err;
}

bool filters_any(const struct filter *filter)
{
	return filter->has_expression || filter->has_states;
}

int filters_need_inet(const struct filter *filter, const char *who)
{
	const char *prefix = filter_realm_prefix(filter->realm);
	struct fault fault;

	if (!*prefix)
		return 0;
	fault_set(&fault, EOPNOTSUPP, "%s is about internet sockets, not those of %.*s", who,
		  (int)strcspn(prefix, ":"), prefix);
	cmd_fail(&fault);
	return -EOPNOTSUPP;
}

uint32_t filters_states(const struct filter *filter, uint32_t usual)
{
	return filter->has_states ? filter->states : usual;
}

/* ---- findings ---- */

/*
 * Collects the sockets to judge. A recording holds all rows, and when a listing is
 * recorded this listing is what its replay will give.
 */
static int look(struct session *session, const struct thresholds *thresholds)
{
	struct collect_ask ask = session_ask(session->options, STATE_ALL, NEED_FLOW);

	if (!session->options->record && !session->options->from)
		return judging_collect(session, thresholds);
	ask.ipv4 = ask.ipv6 = true;
	return collect_socks(session->collect, &ask, snapshot_sink(&session->seen), &session->seen,
			     &session->fault);
}

static int find_all(struct session *session, const struct filter *filter,
		    struct filter_findings *findings)
{
	struct thresholds *thresholds = thresholds_new();
	struct snapshot *seen = &session->seen;
	struct report report;
	int err;

	collect_descriptors(session->collect, seen);
	report_init(&report);
	err = look(session, thresholds);
	if (!err) {
		judging_run(session, thresholds, &report);
		filter_findings_add(findings, filter, seen, &report);
	}
	report_fini(&report);
	thresholds_free(thresholds);
	return err;
}

int filters_prepare(struct filter *filter, struct session *session,
		    struct filter_findings *findings)
{
	struct snapshot *seen = &session->seen;
	int err;

	if (!filter_has(filter, FILTER_FINDING))
		return 0;
	if (session->options->all_netns)
		return fault_set(&session->fault, EINVAL, "-G and a filter with finding cannot be used "
				 "together: findings are of one network namespace, see 'sockvet check -G'");
	err = find_all(session, filter, findings);
	/* the listing collects its own rows and all owners, not those of findings */
	grow_fini(&seen->socks);
	grow_fini(&seen->holders);
	seen->holders_known = seen->holders_complete = false;
	return err;
}
