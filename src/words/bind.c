/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sentences about bind(): the rows, and the names that they use besides the facts of
 * judge_bind() and judge_unix(). fill.h and words.h describe the templates.
 */
#include "words/words.h"

#include "model/unit.h"

#include <inttypes.h>
#include <string.h>

/* ---- about one socket --------------------------------------------------- */

static const struct words_row holder_rows[] = {
	{ "process", "{process}" },
	{ "!process !inode", "the kernel itself (no file holds the socket)" },
	{ "!process inode all_shown", "something that shows in no process" },
	{ "!process inode !all_shown outside", "something that shows in no process here" },
	{ "!process inode !all_shown !outside", "a process hidden from you" },
	{ "manager !socket_unit", " for a socket unit" },
	{ NULL, "[ in the container {container}][ for {socket_unit}][ of {unit}]" },
	{ NULL, NULL },
};

#define FROM_TO " from {local} to {remote} ({state})"
#define LEFT_OVER "{local} to {remote} in {state} (no process)[, gone in {timer_ms}]"
#define WAITS { "unaccepted", "a connection from {local} to {remote} still waits to be accepted" }
#define WILDCARD \
	{ "wildcard=maybe_dual", " (if it is not IPv6 only, IPv4 as well)" }, \
	{ "wildcard=dual", " (dual-stack: every IPv4 address as well)" }

/* Few for each kind: there may be tens of thousands of blockers, and each is told. */
static const struct words_row blocker_rows[WHY_COUNT][6] = {
	[WHY_LISTENER] = { { NULL, "{holder} listens on {local}" }, WILDCARD },
	[WHY_BOUND] = { { NULL, "{holder} has bound {local}" }, WILDCARD,
			{ NULL, " and neither listens nor connects there" } },
	[WHY_DATAGRAM] = { { NULL, "{holder} has the UDP socket {local}[ to {remote}]" }, WILDCARD },
	[WHY_CHILD] = { { "!unaccepted", "{holder} has an accepted connection" FROM_TO }, WAITS },
	[WHY_CLIENT] = { { "!unaccepted", "{holder} has an outgoing connection" FROM_TO }, WAITS },
	[WHY_CONNECTION] = { { "!unaccepted", "{holder} has a connection" FROM_TO }, WAITS },
	[WHY_CLOSING] = {
		{ "!unaccepted", "{holder} has a closing connection" FROM_TO }, WAITS,
		{ "state=CLOSE_WAIT", ", which the peer has closed: only its own close() ends it" },
		{ "state=FIN_WAIT_2", ", which lasts until the peer closes, too" },
		{ "state!=CLOSE_WAIT state!=FIN_WAIT_2",
		  ", which lasts until the peer acknowledges the FIN" },
	},
	[WHY_ORPHAN] = {
		{ NULL, LEFT_OVER },
		{ "!timer_ms state=FIN_WAIT_2",
		  ", until the peer closes or net.ipv4.tcp_fin_timeout runs out" },
		{ "!timer_ms state!=FIN_WAIT_2",
		  ", until the peer acknowledges or retransmissions run out" },
	},
	[WHY_TIME_WAIT] = { { NULL, LEFT_OVER } },
};
static const char blocker_end[] = "[, on the device {device}][; {others} "
	"{many_others?holds|hold} it, too: the port is free when all have closed it]";

#define SERVICE "a service of the kernel (VXLAN, WireGuard, NFS)"
#define MESSAGE "a descriptor in a message that nobody took"

/* Whom to stop. Further processes that hold the socket are named where {holder} is. */
static const struct words_row stop_rows[] = {
	{ "docker_proxy", "the container that publishes the port (docker ps --filter "
	  "publish={port}), not docker-proxy itself" },
	{ "process !docker_proxy stop_unit", "the unit: systemctl stop {stop_unit}" },
	{ "manager !stop_unit", "the socket unit of systemd (systemctl list-sockets names it)" },
	{ "!process !inode", "the service of the kernel that has it (such as NFS, WireGuard, VXLAN)" },
	{ "!process inode all_shown", "what has it without showing in a process: " SERVICE
	  ", " MESSAGE ", or a thread with descriptors of its own" },
	{ "!process inode !all_shown outside", "whoever has it: look from the host (or with --pid=host, "
	  "hostPID: true), its process can be outside of this process namespace; where none shows "
	  "there, either, " SERVICE " or " MESSAGE " has it" },
	{ "!process inode !all_shown !outside", "whoever has it (a process hidden from you)" },
	{ "process !docker_proxy !stop_unit !manager", "{holder}" },
	{ NULL, NULL },
};

/* ---- the verdict -------------------------------------------------------- */

#define ONE_USER "; sockets share a port by SO_REUSEPORT only if they belong to one user (uid " \
	"{sock_uid} there, {uid} here)"

static const struct words_row obstacle_rows[] = {
	{ "!blocker", "no socket that was seen is in the way: it came or went in between, or is hidden "
	  "from you" },
	{ "blocker", "{blocker}" },
	{ "undecided overlap=maybe v6only_known", "; it is in the way only while few sockets share its "
	  "place in the kernel's table" },
	{ "undecided overlap=maybe !v6only_known", "; it is not in the way if it is IPv6 only, which "
	  "is not known" },
	{ "undecided shares=maybe", "; it works only if that socket set {option}, too, which is not "
	  "known" },
	{ "undecided likely=set", "; a live socket on that address set it: likely that one, too" },
	{ "undecided likely=not_set", "; a live socket on that address did not set it: likely that one "
	  "did not, either" },
	{ "decided native_blocks", "; a socket with an IPv6 address that is not IPv6 only blocks "
	  "0.0.0.0" },
	{ "decided udp both_reuseport", ONE_USER },
	{ "decided udp option !both_reuseport", "; it did not set {option}" },
	{ "decided udp !option", "; UDP sockets share a port only if both set SO_REUSEADDR or both "
	  "SO_REUSEPORT" },
	{ "decided tcp listens !reuseport", "; a listening port is shared only if both sockets set "
	  "SO_REUSEPORT and belong to the same user" },
	{ "decided tcp listens both_reuseport", ONE_USER },
	{ "decided tcp listens reuseport !both_reuseport", "; the listener did not set SO_REUSEPORT" },
	{ "decided tcp !listens reuseaddr", "; SO_REUSEADDR helps only if both sockets set it, and that "
	  "one did not" },
	{ "decided tcp !listens !reuseaddr sock_reuseaddr=unknown", "; your socket does not set "
	  "SO_REUSEADDR" },
	{ "decided tcp !listens !reuseaddr sock_reuseaddr=on", "; that socket set SO_REUSEADDR and "
	  "yours does not: it takes both" },
	{ "decided tcp !listens !reuseaddr sock_reuseaddr=off", "; neither socket set SO_REUSEADDR: it "
	  "takes both" },
	{ NULL, "[; {more_blockers|more socket is|more sockets are} in the way]" },
	{ NULL, NULL },
};

static const struct words_row cause_rows[] = {
	{ "reason=probed", "the kernel was asked: bind() worked and was undone at once" },
	{ "reason=probed rule_fails", ", although by what was seen it should not have" },
	{ "probe_errno", "the kernel was asked and bind() fails: " },
	{ "reason=multicast", "a TCP socket cannot be bound to an IPv6 multicast address" },
	{ "reason=mapped", "an IPV6_V6ONLY socket cannot have a v4-mapped address" },
	{ "reason=scope", "an address of one link says nothing without its device" },
	{ "no_address addr_kind=tentative", "{address} is not usable yet: duplicate address detection "
	  "is not done, or has failed" },
	{ "no_address addr_kind=elsewhere", "{address} is an address of another device than the one "
	  "asked for" },
	{ "no_address !addr_kind", "{address} is not an address of this network namespace" },
	{ "reason=nonlocal_unseen", ", and net.ipv{v}.ip_nonlocal_bind, which may allow it, was not "
	  "seen" },
	{ "reason=privilege", "port {port} is below net.ipv4.ip_unprivileged_port_start"
	  "[ ({unprivileged_port_start})] and uid {uid} does not have CAP_NET_BIND_SERVICE" },
	{ "reason=refused", "no rule of the network stack says so: a BPF program of a cgroup, a "
	  "security module or a seccomp filter refuses it" },
	{ "reason=address_unseen", "it was not seen whether {address} is an address of this namespace" },
	{ "reason=privilege_unseen", "it was not seen whether uid {uid} may bind port {port} "
	  "(net.ipv4.ip_unprivileged_port_start, CAP_NET_BIND_SERVICE)" },
	{ "reason=fits !sockets_on_port", "no socket of this namespace has the port" },
	{ "reason=fits sockets_on_port", "{sockets_on_port|socket has|sockets have} the port and none "
	  "is in the way: {neighbour} ({neighbour_state})" },
	{ "reason=fits neighbour_passes_by=device", " is bound to another device" },
	{ "reason=fits neighbour_passes_by=address", " is on an address that does not overlap" },
	{ "reason=fits neighbour_passes_by=reuseaddr", " shares it, as both set SO_REUSEADDR" },
	{ "reason=fits neighbour_passes_by=reuseport", " shares it, as both set SO_REUSEPORT" },
	{ "reason=order", "the first socket that the kernel meets decides, and in which order it meets "
	  "them cannot be seen; {obstacle}" },
	{ "reason=shortcut", "only one shortcut of the kernel for SO_REUSEPORT, which cannot be seen, "
	  "could let it work: {obstacle}" },
	{ "reason=list", "not every socket on the port could be seen: {gap}[; {obstacle}]" },
	{ "reason=in_use", "{obstacle}" },
	{ "reason=flags", "{obstacle}" },
	{ NULL, NULL },
};

#define PROBE "--probe, a real bind() that is undone at once"

static const struct words_row settles_rows[] = {
	{ "reason=flags options_askable", "root may ask a descriptor for its options" },
	{ "reason=flags options_askable tcp", "; or " },
	{ "reason=flags tcp", PROBE },
	{ "reason=flags udp !options_askable", "trying it: the options of a socket without a file "
	  "cannot be asked for" },
	{ "reason=shortcut", PROBE },
	{ "reason=order", "trying it: --probe is not for UDP, it would take real datagrams" },
	{ "reason=nonlocal_unseen", "the value of net.ipv{v}.ip_nonlocal_bind" },
	{ "reason=privilege_unseen", "the capabilities of the program, and "
	  "net.ipv4.ip_unprivileged_port_start" },
	{ "reason=privilege_unseen tcp", "; or --probe" },
	{ "not_all_seen tcp", "asking the kernel on the machine itself, with --probe" },
	{ "not_all_seen udp", "asking again on the machine itself, as root" },
	{ NULL, NULL },
};

/* ---- what helps, and what matters beside -------------------------------- */

#define RESERVE "Add {port} to net.ipv4.ip_local_reserved_ports: it lies in ip_local_port_range, " \
	"where an outgoing connection can take it whenever it is free; bind() to it still works."
#define ADDRESS " instead: that address is free."
#define LOOPBACK " instead: that address is free (it is reached from this machine only)."

static const struct words_row fix_rows[] = {
	{ "helps=reuseaddr tcp", "Set SO_REUSEADDR before bind(): what is in the way has set it, too, "
	  "and none of it listens." },
	{ "helps=reuseaddr udp", "Set SO_REUSEADDR before bind(): what is in the way has set it, too." },
	{ "helps=reuseport", "Set SO_REUSEPORT before bind(): what is in the way has set it, too. "
	  "Beside other listeners the socket then gets its share of connections." },
	{ "helps=reuseaddr+reuseport", "Set SO_REUSEADDR and SO_REUSEPORT before bind()." },
	{ "in_the_way free_in_ms", "Wait {free_in_ms}: then {blockers?it is|the last of them is} gone by "
	  "itself." },
	{ "old_server", "Set SO_REUSEADDR before bind(): this restart works only if the old server set "
	  "it, too; later restarts will." },
	{ "in_the_way stop", "Stop {stop}." },
	{ "in_the_way port_reservable has_client", RESERVE },
	{ "v6only_helps", "Set IPV6_V6ONLY: the conflict is on IPv4 only, and an IPv6-only socket avoids "
	  "it." },
	{ "free_address", "Bind {free_address}" ADDRESS },
	{ "free_loopback", "Bind {free_loopback}" LOOPBACK },
	{ "next_free_address", "Bind {next_free_address}" ADDRESS },
	{ "next_free_loopback", "Bind {next_free_loopback}" LOOPBACK },
	{ "left_over", "As root: ss -K state {left_over} 'sport = :{port}' removes {blockers?it|them} now "
	  "(where the kernel has INET_DIAG_DESTROY)." },
	{ "reason=multicast", "Bind the wildcard address :: or one of this namespace; multicast is for UDP." },
	{ "reason=mapped", "Use an IPv4 socket for it, or clear IPV6_V6ONLY before bind()." },
	{ "reason=scope", "Name the device: sin6_scope_id, SO_BINDTODEVICE or ADDRESS%DEVICE." },
	{ "works_with_address addr_kind=tentative", "Wait for duplicate address detection (a second or "
	  "two); ip -6 addr shows tentative or dadfailed." },
	{ "works_with_address addr_kind=elsewhere", "Bind to the device that has the address, or to "
	  "none." },
	{ "no_address own_addresses", "Bind an address of this namespace: it has {own_addresses}." },
	{ "works_with_address !addr_kind", "Add the address to a device of this namespace (ip addr add)." },
	{ "works_with_address", "Set IP{v6}_FREEBIND on the socket, or net.ipv{v}.ip_nonlocal_bind=1: "
	  "then an address that is not there yet can be bound." },
	{ "reason=privilege !privilege_is_enough", "Ask again for a uid that has the capability (--uid "
	  "0): it alone is not enough, {privileged_errno} comes after it." },
	{ "privilege_is_enough", "Give the program the capability: setcap cap_net_bind_service=+ep "
	  "PROGRAM, or AmbientCapabilities=CAP_NET_BIND_SERVICE in its unit." },
	{ "privilege_is_enough", "Or let every program use ports from {port} on: sysctl "
	  "net.ipv4.ip_unprivileged_port_start={port}." },
	{ "privilege_is_enough", "Or let a systemd socket unit bind the port and hand it over." },
	{ "reason=refused", "Look for programs on the cgroup (bpftool cgroup tree) and in the log of the "
	  "security module." },
	{ NULL, NULL },
};

static const struct words_row note_rows[] = {
	{ "rival", "{rival} has bound the port, too, without listening: whoever listens second gets "
	  "EADDRINUSE from listen()." },
	{ "sharing_listeners", "New connections are then shared among {sharing_listeners} listeners." },
	{ "helps_next_time", "A server that sets SO_REUSEADDR before each bind() is not stopped by what "
	  "is left of its own connections." },
	{ "no_address !works_with_address", "With that address here it would still not work: ask again "
	  "when it is." },
	{ "elsewhere", "The same port is also {elsewhere}: that does not block here, look there with "
	  "-N." },
	{ "port_reservable !has_client", RESERVE },
	{ "works", "This is a snapshot: another program may take the port first." },
	{ NULL, NULL },
};

static const struct words_row elsewhere_rows[] = {
	{ "listeners", "listened on" }, { "!listeners", "used" },
	{ "netns", " in the network namespace {netns}" },
	{ "!netns", " in network namespace {netns_inode}" },
	{ "process", " ({process})" },
	{ NULL, NULL },
};

/* ---- unix names --------------------------------------------------------- */

static const struct words_row unix_sock_rows[] = {
	{ "type=dgram", "{holder} has it" },
	{ "type!=dgram listens", "{holder} listens on it" },
	{ "type!=dgram !listens", "{holder} has it without listening" },
	{ NULL, " ({type})[; {others} {many_others?holds|hold} it, too]" },
	{ NULL, NULL },
};

#define OTHER_ERRNO "reason=folder errno!=ENOENT errno!=ENOTDIR errno!=EACCES errno!=EROFS errno!=EPERM"

static const struct words_row unix_cause_rows[] = {
	{ "reason=long_name", "the name has {name_bytes|byte|bytes} and sun_path takes "
	  "{name_max_bytes} (some programs say ENAMETOOLONG instead)" },
	{ "reason=folder errno=ENOENT", "the folder is not there, or it takes no files" },
	{ "reason=folder errno=ENOTDIR", "a part of the path is not a folder" },
	{ "reason=folder errno=EACCES", "the folder does not let this user write or enter" },
	{ "reason=folder errno=EROFS", "the file system is read-only" },
	{ "reason=folder errno=EPERM", "its file system has no socket files, or the folder is "
	  "immutable" },
	{ OTHER_ERRNO, "the folder cannot be used" },
	{ "reason=no_file", "nothing stands at the path" },
	{ "reason=live", "live: {owners}" },
	{ "reason=stale_here", "a socket file stands there that no socket of this network namespace is "
	  "behind; other namespaces could not all be looked into" },
	{ "reason=stale", "stale: the socket file is left over, no socket is behind it (connect() "
	  "gives ECONNREFUSED)" },
	{ "reason=perhaps_live", "a socket file stands there; whether it is live is not known, as not "
	  "every unix socket could be listed" },
	{ "reason=other_file", "what stands there is not a socket but a " },
	{ "reason=other_file file_kind", "{file_kind}" },
	{ "reason=other_file !file_kind", "file of another kind" },
	{ "reason=dangling_link", "a symbolic link to nothing stands there, and bind() does not follow "
	  "it" },
	{ "reason=file_unseen", "what stands at the path, or whether its file system takes socket "
	  "files, could not be seen" },
	{ "reason=name_in_use", "{owners}" },
	{ "reason=name_free", "no {type} socket of this network namespace has the name" },
	{ "reason=names_unseen", "not every unix socket could be listed" },
	{ NULL, "[; and {more_owners} more]" },
	{ NULL, NULL },
};

#define CONNECT "ECONNREFUSED from a stream socket means that nobody listens"

static const struct words_row unix_fix_rows[] = {
	{ "reason=long_name abstract", "Take a shorter name." },
	{ "reason=long_name !abstract", "Take a shorter path, or change into the folder and bind a "
	  "relative one." },
	{ "reason=folder errno=ENOENT", "Make the folder first (a unit can with RuntimeDirectory=), "
	  "where files can be made." },
	{ "reason=folder errno=ENOTDIR", "Take a path whose parts are folders." },
	{ "reason=folder errno=EACCES", "Give the user the right to write to the folder and to enter "
	  "it, or take a folder of its own." },
	{ "reason=folder errno=EROFS", "Take a path on a file system that can be written to, such as "
	  "/run." },
	{ "reason=folder errno=EPERM", "Take a path on a file system for files, such as /run." },
	{ OTHER_ERRNO, "Take another folder." },
	{ "reason=live", "Stop {stop}, then remove the file if it is still there." },
	{ "reason=live", "Or take another path." },
	{ "reason=stale_here", "Try to connect() to it: " CONNECT "; then remove the file." },
	{ "reason=stale", "Remove the file (unlink() before bind()): nobody uses it." },
	{ "reason=perhaps_live", "Take another path; or try to connect() to it: " CONNECT "." },
	{ "reason=other_file", "Take another path, or move away what stands there if nobody needs it." },
	{ "reason=dangling_link", "Remove the symbolic link, or bind to what it points to." },
	{ "reason=name_in_use", "Stop {stop}; the name is free with the last descriptor." },
	{ NULL, NULL },
};

static const struct words_row unix_note_rows[] = {
	{ "reason=live", "Removing the file alone would let bind() work, and leave the other socket "
	  "alive where nobody can reach it." },
	{ "reason=name_in_use", "SO_REUSEADDR has no effect on unix sockets." },
	{ NULL, NULL },
};

/* ---- names: sockets and their owners ------------------------------------ */

enum { NAMED_MAX = 3 };         /* of several; the others are "others" */

/*
 * Where a process of @cgroup_id lives, and the unit whose stop ends it. The manager has
 * sockets only for socket units.
 */
static void tell_home(struct facts *facts, const struct snapshot *seen, uint64_t cgroup_id,
		      bool manager)
{
	const struct cgroup *home = cgroup_id ? snapshot_cgroup(seen, cgroup_id) : NULL;
	const char *unit = home ? cgroup_unit(home) : NULL;
	const char *container = home ? cgroup_container(home) : NULL;
	bool socket = unit && !container && unit_is(unit, ".socket");

	if (container && !manager)
		who_container_is(facts_words(facts, "container"), home);
	else if (socket || (unit && !manager))
		text_add_word(facts_words(facts, socket ? "socket_unit" : "unit"), unit,
			      strlen(unit));
	if (unit && !container && (manager ? socket : unit_is(unit, ".service") &&
				   strncmp(unit, "user@", strlen("user@")) != 0))
		text_add_escaped(facts_words(facts, "stop_unit"), unit, strlen(unit), TEXT_PASTED);
}

static void tell_holder(struct facts *facts, const struct snapshot *seen, const struct sock *s)
{
	int32_t first = snapshot_owner(seen, s->inode);
	const struct process *process = first < 0 ? NULL : &seen->processes.at[first];
	uint64_t home = snapshot_home(seen, s->cgroup_id, first);
	bool manager = process && process->pid == 1 && process_is_called(process, "systemd");

	facts_number(facts, "inode", FACT_ID, s->inode);
	facts_bool(facts, "all_shown", snapshot_sees_holders(seen));
	facts_bool(facts, "outside", seen->holders_outside);
	facts_bool(facts, "manager", manager);
	facts_bool(facts, "docker_proxy", s->local_port && process &&
		   process_is_called(process, "docker-proxy"));
	if (process)
		who_process_is(facts_words(facts, "process"), seen, (uint32_t)first);
	if (s->inode)
		tell_home(facts, seen, home, manager);
	fill_rows(facts_words(facts, "holder"), holder_rows, facts);
}

/*
 * A few names of many, each once. A process counts as one name, whichever namespace its
 * sockets are in. Names are compared as a whole: a part of a name that somebody chose can
 * look like another name.
 */
enum { NO_PROCESS = -1 };
struct naming {
	struct text at[NAMED_MAX];
	int32_t process[NAMED_MAX];     /* index, or NO_PROCESS */
	size_t count;
	bool others;
};

static bool is_named(const struct naming *naming, int32_t process, const struct text *text)
{
	for (size_t i = 0; i < naming->count; i++)
		if ((process >= 0 && naming->process[i] == process) ||
		    strcmp(text_str(&naming->at[i]), text_str(text)) == 0)
			return true;
	return false;
}

/* Adds @text, the name of @process or of something else (NO_PROCESS). Takes the text over. */
static void name_one(struct naming *naming, int32_t process, struct text *text)
{
	bool named = is_named(naming, process, text);

	if (!named && naming->count < NAMED_MAX) {
		naming->process[naming->count] = process;
		naming->at[naming->count++] = *text;
		return;
	}
	naming->others = naming->others || !named;
	text_fini(text);
}

/* Adds "a, b and others", or all with @last before the last one. Frees @naming. */
static void add_names(struct text *text, struct naming *naming, const char *between,
		      const char *last, const char *others)
{
	for (size_t i = 0; i < naming->count; i++) {
		bool ends = i + 1 == naming->count && !naming->others;

		text_addf(text, "%s%s", !i ? "" : ends ? last : between,
			  text_str(&naming->at[i]));
		text_fini(&naming->at[i]);
	}
	text_addf(text, "%s", naming->others ? others : "");
}

static void name_process(void *naming, const struct snapshot *seen, uint32_t process)
{
	struct text text = { .at = NULL };

	who_process_is(&text, seen, process);
	name_one(naming, (int32_t)process, &text);
}

static void tell_others(struct facts *facts, const struct snapshot *seen, const struct sock *s)
{
	struct naming naming = { .count = 0 };

	snapshot_each_beside(seen, s->inode, name_process, &naming);
	if (!naming.count)
		return;
	facts_number(facts, "many_others", FACT_COUNT, (double)naming.count);
	add_names(facts_words(facts, "others"), &naming, ", ", ", ", " and others");
}

/* Tools for IPv4 do not show a dual-stack wildcard, so a sentence names it. */
static const char *wildcard_of(const struct sock *s)
{
	if (s->family != FAMILY_IPV6 || !addr_is_any(&s->local) || addr_is_v4(&s->local))
		return NULL;
	return !(s->have & HAVE_V6ONLY) ? "maybe_dual" : s->v6only ? NULL : "dual";
}

static void tell_device(struct facts *facts, const struct snapshot *seen, uint32_t ifindex)
{
	const char *name = ifindex ? snapshot_link(seen, ifindex) : NULL;

	if (name)
		text_add_word(facts_words(facts, "device"), name, strlen(name));
	else if (ifindex)
		text_addf(facts_words(facts, "device"), "number %" PRIu32, ifindex);
}

static bool is_of_bound(enum bind_why why)
{
	return why == WHY_LISTENER || why == WHY_BOUND || why == WHY_DATAGRAM;
}

static void tell_blocker(struct facts *facts, const struct snapshot *seen,
			 const struct bind_blocker *blocker)
{
	const struct sock *s = &seen->socks.at[blocker->sock];

	/* tens of thousands of blockers may have no process; they are not named */
	if (!bind_is_left_over(blocker->why)) {
		tell_holder(facts, seen, s);
		tell_others(facts, seen, s);
	}
	tell_device(facts, seen, s->ifindex);
	facts_word(facts, "state", state_table[s->state].name);
	facts_bool(facts, "unaccepted", sock_is_unaccepted(s));
	if (is_of_bound(blocker->why))
		facts_word(facts, "wildcard", wildcard_of(s));
	facts_known(facts, "timer_ms", FACT_LEFT_MS, &blocker->frees_in_ms);
	who_address(facts_words(facts, "local"), &s->local, s->local_port);
	if (sock_is_own_peer(s))
		facts_word(facts, "remote", "itself");
	else if (s->remote_port)
		who_address(facts_words(facts, "remote"), &s->remote, s->remote_port);
}

void words_blocker(struct text *text, const struct snapshot *seen,
		   const struct bind_blocker *blocker)
{
	struct facts facts = { .count = 0 };

	tell_blocker(&facts, seen, blocker);
	fill_rows(text, blocker_rows[blocker->why], &facts);
	fill(text, blocker_end, &facts);
	facts_fini(&facts);
}

/* ---- names: whom to stop ------------------------------------------------ */

static void name_resident(void *naming, const struct snapshot *seen, uint32_t process)
{
	struct facts facts = { .count = 0 };
	struct text text = { .at = NULL };

	who_process_is(facts_words(&facts, "process"), seen, process);
	tell_home(&facts, seen, seen->processes.at[process].cgroup_id, false);
	fill_rows(&text, holder_rows, &facts);
	name_one(naming, (int32_t)process, &text);
	facts_fini(&facts);
}

/* Stopping a unit or container ends all of its processes. */
static void name_owners(struct naming *naming, const struct snapshot *seen, const struct sock *s,
			const struct facts *ask)
{
	struct facts facts = { .next = ask };
	struct text text = { .at = NULL };
	bool whole;

	tell_holder(&facts, seen, s);
	whole = fill_holds("docker_proxy", &facts) || fill_holds("process stop_unit !manager", &facts);
	fill_rows(&text, stop_rows, &facts);
	name_one(naming, snapshot_owner(seen, s->inode), &text);
	if (!whole)
		snapshot_each_beside(seen, s->inode, name_resident, naming);
	facts_fini(&facts);
}

/*
 * True when name_owners() gives the same names for both sockets; so few of tens of
 * thousands are looked at.
 */
static bool has_same_owners(const struct snapshot *seen, const struct sock *a, const struct sock *b)
{
	int32_t owner = snapshot_owner(seen, a->inode);
	size_t count_a, count_b;

	snapshot_holders(seen, a->inode, &count_a);
	snapshot_holders(seen, b->inode, &count_b);
	return count_a <= 1 && count_b <= 1 && owner == snapshot_owner(seen, b->inode) &&
	       !a->inode == !b->inode && a->cgroup_id == b->cgroup_id;
}

/*
 * True when commas can part the names: stop_rows has some with a comma or with a command at
 * their end. Blanks in names that somebody chose are escaped.
 */
static bool are_plain(const struct naming *naming)
{
	for (size_t i = 0; i < naming->count; i++)
		if (strstr(text_str(&naming->at[i]), ", ") || strstr(text_str(&naming->at[i]), ": "))
			return false;
	return true;
}

static void tell_stop(struct facts *facts, struct naming *naming)
{
	struct text *stop = facts_words(facts, "stop");

	if (are_plain(naming))
		add_names(stop, naming, ", ", " and ", " and the other owners");
	else
		add_names(stop, naming, "; ", "; and ", "; and the other owners");
}

static void tell_owners(struct facts *facts, const struct snapshot *seen,
			const struct bind_answer *answer)
{
	struct naming naming = { .count = 0 };
	const struct sock *before = NULL;

	for (size_t i = 0; i < answer->blockers.count && !naming.others; i++) {
		const struct bind_blocker *blocker = &answer->blockers.at[i];
		const struct sock *sock = &seen->socks.at[blocker->owner];

		if (bind_is_left_over(blocker->why) || (before && has_same_owners(seen, sock, before)))
			continue;
		name_owners(&naming, seen, sock, facts);
		before = sock;
	}
	tell_stop(facts, &naming);
}

/* ---- names: the question and its place ---------------------------------- */

static void tell_ask(struct facts *facts, const struct bind_ask *ask,
		     const struct bind_answer *answer)
{
	bool works = answer->asked.verdict == VERDICT_OK, v4 = addr_is_v4(&ask->addr);

	facts_number(facts, "port", FACT_ID, ask->port);
	facts_number(facts, "uid", FACT_ID, ask->uid);
	facts_bool(facts, ask->protocol == PROTOCOL_UDP ? "udp" : "tcp", true);
	facts_bool(facts, "reuseaddr", ask->reuseaddr);
	facts_bool(facts, "reuseport", ask->reuseport);
	facts_bool(facts, "works", works);
	facts_number(facts, "v", FACT_ID, v4 ? 4 : 6);
	text_addf(facts_words(facts, "v6"), "%s", v4 ? "" : "V6");
	text_addf(facts_words(facts, "option"), "%s%s%s", ask->reuseaddr ? "SO_REUSEADDR" : "",
		  ask->reuseaddr && ask->reuseport ? " or " : "", ask->reuseport ? "SO_REUSEPORT" : "");
	who_address(facts_words(facts, "address"), &ask->addr, 0);
	facts_number(facts, "blockers", FACT_COUNT, (double)answer->blockers.count);
	facts_known(facts, "free_in_ms", FACT_LEFT_MS, &answer->free_in_ms);
	for (size_t i = 0; i < answer->blockers.count; i++)
		if (answer->blockers.at[i].why == WHY_CLIENT)
			facts_bool(facts, "has_client", true);
}

/* The facts of judge_bind() say whether the flags decide. */
static void tell_first_blocker(struct facts *facts, const struct snapshot *seen,
			       const struct bind_ask *ask, const struct bind_answer *answer)
{
	const struct bind_blocker *first = answer->blockers.at;
	const struct sock *s;

	if (!answer->blockers.count)
		return;
	s = &seen->socks.at[first->sock];
	facts_bool(facts, "decided", fill_holds("!undecided", &answer->facts));
	facts_bool(facts, "listens", s->state == STATE_LISTEN);
	facts_bool(facts, "native_blocks", ask->family == FAMILY_IPV4 && !addr_is_v4(&s->local) &&
		   !addr_is_any(&s->local));
	facts_bool(facts, "v6only_known", s->have & HAVE_V6ONLY);
	facts_number(facts, "sock_uid", FACT_ID, s->uid);
	facts_word(facts, "sock_reuseaddr", !(s->have & HAVE_REUSEADDR) ? "unknown" :
		   s->reuseaddr ? "on" : "off");
	facts_bool(facts, "both_reuseport", ask->reuseport && s->reuseport);
	words_blocker(facts_words(facts, "blocker"), seen, first);
}

static const char *gap_text(const struct snapshot *seen)
{
	static const unsigned telling = 1u << GAP_DUMP | 1u << GAP_BOUND | 1u << GAP_ATTRIBUTE |
					1u << GAP_RECORDING | 1u << GAP_RESOURCES |
					1u << GAP_SOURCE | 1u << GAP_NETNS;

	for (size_t i = 0; i < seen->gaps.count; i++)
		if (1u << seen->gaps.at[i].kind & telling)
			return seen->gaps.at[i].text;
	return "the list of sockets is not whole";
}

static void tell_obstacle(struct facts *facts, const struct snapshot *seen,
			  const struct bind_answer *answer)
{
	bool list = fill_holds("reason=list", facts), address = fill_holds("reason=address_unseen", facts);

	facts_bool(facts, "not_all_seen", list || address);
	text_addf(facts_words(facts, "gap"), "%s", gap_text(seen));
	if (!list || answer->blockers.count)
		fill_rows(facts_words(facts, "obstacle"), obstacle_rows, facts);
}

static void tell_address(struct facts *facts, const struct snapshot *seen,
			 const struct bind_ask *ask, enum addr_kind kind)
{
	struct naming naming = { .count = 0 };

	if (!fill_holds("reason=address", facts) && !fill_holds("reason=nonlocal_unseen", facts))
		return;
	facts_bool(facts, "no_address", true);
	facts_word(facts, "addr_kind", kind == ADDR_KIND_TENTATIVE ? "tentative" :
		   kind == ADDR_KIND_ELSEWHERE ? "elsewhere" : NULL);
	for (size_t i = 0; i < seen->locals.count; i++) {
		struct text text = { .at = NULL };

		if (addr_is_v4(&seen->locals.at[i].addr) != addr_is_v4(&ask->addr))
			continue;
		who_address(&text, &seen->locals.at[i].addr, 0);
		name_one(&naming, NO_PROCESS, &text);
	}
	add_names(facts_words(facts, "own_addresses"), &naming, ", ", ", ", " and others");
}

static void tell_elsewhere(struct facts *facts, const struct bind_context *context)
{
	struct naming naming = { .count = 0 };

	for (size_t i = 0; i < context->elsewhere.count; i++) {
		const struct elsewhere *other = &context->elsewhere.at[i];
		struct facts at = { .count = 0 };
		struct text text = { .at = NULL };

		facts_number(&at, "listeners", FACT_COUNT, other->listeners);
		facts_number(&at, "netns_inode", FACT_ID, (double)other->netns_inode);
		if (*other->name)
			text_add_word(facts_words(&at, "netns"), other->name, strlen(other->name));
		if (other->pid)
			who_is(facts_words(&at, "process"), other->comm, other->comm_size, other->pid);
		fill_rows(&text, elsewhere_rows, &at);
		name_one(&naming, NO_PROCESS, &text);
		facts_fini(&at);
	}
	add_names(facts_words(facts, "elsewhere"), &naming, "; ", "; ", "; and in others");
}

static void tell_rival(struct facts *facts, const struct snapshot *seen, const struct known *rival)
{
	struct facts at = { .count = 0 };

	if (!rival->is)
		return;
	tell_holder(&at, seen, &seen->socks.at[rival->value]);
	fill(facts_words(facts, "rival"), "{holder}", &at);
	facts_fini(&at);
}

void words_bind(const struct snapshot *seen, const struct bind_ask *ask,
		const struct bind_context *context, struct bind_answer *answer)
{
	struct facts facts = { .next = &answer->facts };

	tell_ask(&facts, ask, answer);
	facts_word(&facts, "probe_errno",
		   context->probe.made ? errno_name(context->probe.err) : NULL);
	tell_first_blocker(&facts, seen, ask, answer);
	tell_obstacle(&facts, seen, answer);
	tell_address(&facts, seen, ask, context->addr_kind);
	tell_elsewhere(&facts, context);
	tell_rival(&facts, seen, &answer->rival);
	tell_owners(&facts, seen, answer);
	fill_rows(&answer->cause, cause_rows, &facts);
	if (answer->asked.verdict == VERDICT_DEPENDS || answer->asked.verdict == VERDICT_UNKNOWN)
		fill_rows(&answer->settles, settles_rows, &facts);
	fill_advice(&answer->advice, fix_rows, &facts);
	fill_advice(&answer->notes, note_rows, &facts);
	facts_fini(&facts);
}

/* ---- names: unix sockets ------------------------------------------------ */

static struct sock as_sock(const struct unix_sock *s)
{
	return (struct sock){ .inode = s->inode };
}

static void name_unix_sock(struct naming *naming, const struct snapshot *seen,
			   const struct unix_sock *s)
{
	struct facts facts = { .count = 0 };
	struct text text = { .at = NULL };
	struct sock held = as_sock(s);

	tell_holder(&facts, seen, &held);
	tell_others(&facts, seen, &held);
	facts_word(&facts, "type", unix_type_name(s->type));
	facts_bool(&facts, "listens", s->listens);
	fill_rows(&text, unix_sock_rows, &facts);
	name_one(naming, NO_PROCESS, &text);
	facts_fini(&facts);
}

/* Connections have the name of their listener, and mostly its process. */
static void tell_unix_socks(struct facts *facts, const struct snapshot *seen,
			    const struct unix_context *context)
{
	struct naming owners = { .count = 0 }, stop = { .count = 0 };

	for (size_t i = 0; i < context->socks.count; i++) {
		struct sock held = as_sock(&context->socks.at[i]);

		name_unix_sock(&owners, seen, &context->socks.at[i]);
		name_owners(&stop, seen, &held, facts);
	}
	facts_number(facts, "more_owners", FACT_COUNT, (double)(context->socks.count - owners.count));
	add_names(facts_words(facts, "owners"), &owners, "; ", "; ", "");
	tell_stop(facts, &stop);
}

void words_unix(const struct snapshot *seen, const struct unix_ask *ask,
		const struct unix_context *context, struct bind_answer *answer)
{
	struct facts facts = { .next = &answer->facts };

	facts_bool(&facts, "abstract", ask->abstract);
	facts_word(&facts, "type", unix_type_name(ask->type));
	facts_word(&facts, "errno", errno_name(answer->asked.err) ?: "unnamed");
	text_addf(facts_words(&facts, "file_kind"), "%s", context->file_kind);
	tell_unix_socks(&facts, seen, context);
	fill_rows(&answer->cause, unix_cause_rows, &facts);
	fill_advice(&answer->advice, unix_fix_rows, &facts);
	fill_advice(&answer->notes, unix_note_rows, &facts);
	facts_fini(&facts);
}
