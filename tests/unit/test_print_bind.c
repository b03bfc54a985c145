/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print/print.h"

#include "base/grow.h"
#include "words/words.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test.h"
#include "capture.h"
#include "utf8.h"

/* Printable, no line ends with a blank, none is wider than @width (if no word is). */
static void assert_clean(const char *text)
{
	for (const char *at = text; *at; at++)
		assert_true((unsigned char)*at >= 0x20 || *at == '\n');
	assert_null(strstr(text, " \n"));
	assert_true(utf8_valid(text, strlen(text)));
}

static void assert_narrow(const char *text, size_t width)
{
	while (*text) {
		size_t size = strcspn(text, "\n");
		struct text line = { 0 };

		text_add(&line, text, size);
		if (utf8_width(text_str(&line)) > width)
			fail_msg("wider than %zu: %s", width, line.at);
		text_fini(&line);
		text += size + (text[size] == '\n');
	}
}

static void assert_in(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("%s is not in %s", part, text);
}

/* Brackets and quotes close; the writer as such is tested in test_print.c. */
static void assert_closed(const char *text)
{
	int depth = 0;
	bool quoted = false;

	for (; *text; text++) {
		if (quoted && *text == '\\')
			text++;
		else if (*text == '"')
			quoted = !quoted;
		else if (!quoted)
			depth += (*text == '{' || *text == '[') - (*text == '}' || *text == ']');
	}
	assert_int_equal(depth, 0);
	assert_false(quoted);
}

/* Line @index of JSON Lines, closed; the caller frees. */
static char *record(const char *text, size_t index)
{
	char *line;

	for (; index; index--)
		text = strchr(text, '\n') + 1;
	line = grow_strdup(text);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* -- a machine ----------------------------------------------------------- */

static const char nasty[] = "a\"b\x1b[31m\x80\xe2\x80\xae";

static void add_holder(struct snapshot *seen, uint32_t inode, int32_t pid, const char *comm)
{
	uint32_t index = snapshot_process(seen, pid);

	snapshot_name_process(seen, index, comm, strlen(comm));
	seen->processes.at[index].cgroup_id = 5;
	*grow_add(&seen->holders) = (struct holder){ inode, index, 6 };
	seen->holders_known = true;
	snapshot_sort_holders(seen);
}

static void begin_machine(struct snapshot *seen)
{
	snapshot_init(seen);
	seen->time_ms = 1700000000123;
	snapshot_set_netns(seen, 4026531840, "", 0);
	snprintf(seen->version, sizeof(seen->version), "6.18.0");
	seen->limits.limit[LIMIT_PORT_LOW] = (struct known){ true, 32768 };
	seen->limits.limit[LIMIT_PORT_HIGH] = (struct known){ true, 60999 };
	snapshot_add_cgroup(seen, 5, "/system.slice/nginx.service");
}

static void add_sock(struct snapshot *seen, enum state state, const char *peer, uint32_t inode)
{
	struct sock *sock = grow_add(&seen->socks);

	*sock = (struct sock){
		.family = FAMILY_IPV4, .protocol = PROTOCOL_TCP, .state = state,
		.local_port = 8080, .remote_port = peer ? 51820 : 0, .inode = inode,
		.cookie = 0x53a1,
	};
	sock->local = addr_from_v4(peer ? "\x7f\0\0\1" : "\0\0\0\0");
	sock->remote = addr_from_v4(peer ? peer : "\0\0\0\0");
	if (state == STATE_TIME_WAIT) {
		sock->timer = TIMER_TIME_WAIT;
		sock->timer_ms = 41000;
	} else {
		sock->have = HAVE_REUSEADDR | HAVE_REUSEPORT;
		sock->reuseaddr = true;
	}
}

static struct bind_ask make_ask(void)
{
	return (struct bind_ask){
		.protocol = PROTOCOL_TCP, .family = FAMILY_IPV4, .port = 8080,
		.addr = addr_from_v4("\0\0\0\0"),
	};
}

static void set_with(struct bind_answer *answer, enum verdict none, enum verdict reuseaddr,
		     enum verdict reuseport, enum verdict both)
{
	const enum verdict all[WITH_COUNT] = { none, reuseaddr, reuseport, both };

	for (int i = 0; i < WITH_COUNT; i++)
		answer->with[i] = (struct bind_outcome){
			.verdict = all[i], .err = all[i] == VERDICT_FAILS ? EADDRINUSE : 0,
			.depends = all[i] == VERDICT_DEPENDS ? DEPENDS_OPTION : DEPENDS_UNSEEN,
		};
}

static void add_blocker(struct bind_answer *answer, uint32_t sock, enum bind_why why,
			bool certain)
{
	struct bind_blocker *blocker = grow_add(&answer->blockers);

	*blocker = (struct bind_blocker){
		.sock = sock, .why = (uint8_t)why, .certain = certain,
	};
}

/* nginx and a worker listen, one TIME_WAIT is left. */
static void make_in_use(struct snapshot *seen, struct bind_answer *answer)
{
	begin_machine(seen);
	add_sock(seen, STATE_LISTEN, NULL, 77);
	add_sock(seen, STATE_TIME_WAIT, "\x7f\0\0\1", 0);
	add_holder(seen, 77, 812, "nginx");
	add_holder(seen, 77, 813, "nginx");
	memset(answer, 0, sizeof(*answer));
	answer->asked = (struct bind_outcome){ .verdict = VERDICT_FAILS, .err = EADDRINUSE };
	set_with(answer, VERDICT_FAILS, VERDICT_FAILS, VERDICT_FAILS, VERDICT_FAILS);
	add_blocker(answer, 0, WHY_LISTENER, true);
	add_blocker(answer, 1, WHY_TIME_WAIT, true);
	answer->lasting = true;
	answer->blockers.at[1].frees_in_ms = (struct known){ true, 41000 };
	words_blocker(&answer->cause, seen, answer->blockers.at);
	text_addf(&answer->cause, "; 1 more socket is in the way");
	advice_add(&answer->advice, "Stop nginx.service: systemctl stop nginx.service.");
	advice_add(&answer->advice, "Take another port.");
	advice_add(&answer->notes, "Nothing else.");
}

/* A server is gone and left one TIME_WAIT, whose options nobody can see. */
static void make_depends(struct snapshot *seen, struct bind_answer *answer)
{
	begin_machine(seen);
	add_sock(seen, STATE_TIME_WAIT, "\x7f\0\0\1", 0);
	memset(answer, 0, sizeof(*answer));
	answer->asked.verdict = VERDICT_DEPENDS;
	set_with(answer, VERDICT_FAILS, VERDICT_DEPENDS, VERDICT_DEPENDS, VERDICT_DEPENDS);
	add_blocker(answer, 0, WHY_TIME_WAIT, false);
	answer->blockers.at[0].frees_in_ms = (struct known){ true, 41000 };
	answer->free_in_ms = (struct known){ true, 41000 };
	words_blocker(&answer->cause, seen, answer->blockers.at);
	text_addf(&answer->cause, "; it works only if that socket set "
		 "SO_REUSEADDR too, which cannot be seen");
	text_addf(&answer->settles, "--probe, a real bind() that is undone "
		 "at once");
}

/* -- bind ---------------------------------------------------------------- */

static char *bind_shown(const struct style *style, const struct snapshot *seen,
			const struct bind_ask *ask, const struct bind_context *context,
			const struct bind_answer *answer)
{
	const struct bind_page page = { seen, ask, context, answer };

	begin_capture();
	assert_int_equal(print_bind(&out, style, seen, &page, 1, 0), 0);
	return end_capture();
}

typedef void make_fn(struct snapshot *seen, struct bind_answer *answer);

/* The page of one made-up answer; the caller frees. */
static char *show_bind(struct style style, make_fn *make, const struct bind_ask *ask,
		       const struct bind_context *context)
{
	struct bind_answer answer;
	struct snapshot seen;
	char *text;

	make(&seen, &answer);
	text = bind_shown(&style, &seen, ask, context, &answer);
	bind_answer_fini(&answer);
	snapshot_fini(&seen);
	return text;
}

/* Compares and frees. */
static void assert_text(char *text, const char *wanted)
{
	assert_string_equal(text, wanted);
	if (!strchr(text, '\033'))
		assert_clean(text);
	free(text);
}

static void assert_record(char *text, size_t index, const char *wanted)
{
	char *line = record(text, index);

	assert_string_equal(line, wanted);
	assert_closed(line);
	free(line);
	free(text);
}

static void test_bind_fails(void **state)
{
	const struct bind_ask ask = make_ask();
	const struct bind_context context = { .elsewhere_known = true };
	struct style style = { .ascii = true, .width = 80 };

	(void)state;
	assert_text(show_bind(style, make_in_use, &ask, &context),
		"FAILS: bind() to 0.0.0.0:8080 (TCP) would fail with EADDRINUSE: nginx[812] of\n"
		"  nginx.service listens on 0.0.0.0:8080; nginx[813] holds it, too: the port is\n"
		"  free when all have closed it; 1 more socket is in the way; will not free\n"
		"  itself\n"
		"  blocker    - LISTEN 0.0.0.0:8080, pid 812 fd 6, pid 813 fd 6, SO_REUSEADDR on,\n"
		"               SO_REUSEPORT off\n"
		"             - 127.0.0.1:8080 to 127.0.0.1:51820 in TIME_WAIT (no process), gone\n"
		"               in 41 s, options not known\n"
		"  options    no combination of SO_REUSEADDR and SO_REUSEPORT works\n"
		"  fix        - Stop nginx.service: systemctl stop nginx.service.\n"
		"             - Take another port.\n"
		"  note       Nothing else.\n");
	style.quiet = true;
	assert_text(show_bind(style, make_in_use, &ask, &context),
		"FAILS: bind() to 0.0.0.0:8080 (TCP) would fail with EADDRINUSE: nginx[812] of\n"
		"  nginx.service listens on 0.0.0.0:8080; nginx[813] holds it, too: the port is\n"
		"  free when all have closed it; 1 more socket is in the way; will not free\n"
		"  itself\n");
}

static void test_bind_json(void **state)
{
	const struct bind_ask ask = make_ask();
	const struct bind_context context = { .elsewhere_known = true };
	const struct style style = { .format = FORMAT_JSONL };

	(void)state;
	assert_record(show_bind(style, make_in_use, &ask, &context), 1,
		"{\"type\":\"verdict\",\"protocol\":\"tcp\",\"family\":\"ipv4\","
		"\"address\":\"0.0.0.0\",\"scope\":null,\"port\":8080,"
		"\"options\":{\"reuseaddr\":false,\"reuseport\":false,\"v6only\":false,"
		"\"device\":null,\"ifindex\":null,\"uid\":0},"
		"\"verdict\":\"fails\",\"errno\":\"EADDRINUSE\",\"fails_at\":\"bind\","
		"\"evidence\":{},\"cause\":\"nginx[812] of nginx.service listens on 0.0.0.0:8080; nginx[813] holds it, too: the port is free when all have closed it"
		"; 1 more s"
		"ocket is in the way\",\"settles\":null,\"with\":{\"none\":\"fails\","
		"\"reuseaddr\":\"fails\",\"reuseport\":\"fails\","
		"\"reuseaddr+reuseport\":\"fails\"},\"blockers\":[{\"family\":\"ipv4\","
		"\"protocol\":\"tcp\",\"state\":\"LISTEN\",\"local\":{\"address\":\"0.0.0.0\","
		"\"port\":8080},\"remote\":{\"address\":null,\"port\":null},\"interface\":null,"
		"\"ifindex\":null,\"recv_queue\":0,\"send_queue\":0,"
		"\"uid\":null,\"inode\":77,\"cookie\":\"21409\","
		"\"cgroup\":\"/system.slice/nginx.service\","
		"\"cgroup_id\":null,\"unit\":\"nginx.service\","
		"\"container\":null,\"pod\":null,\"pod_name\":null,\"pod_namespace\":null,\"container_name\":null,\"timer\":null,"
		"\"opener\":null,\"age_min_ms\":null,\"age_max_ms\":null,"
		"\"unacked_min_ms\":null,\"processes\":[{\"pid\":812,\"comm\":\"nginx\","
		"\"fd\":6},{\"pid\":813,\"comm\":\"nginx\","
		"\"fd\":6}],\"why\":\"listener\",\"certain\":true,"
		"\"flags\":{\"reuseaddr\":true,\"reuseport\":false},\"frees_in_ms\":null,"
		"\"text\":\"nginx[812] of nginx.service listens on 0.0.0.0:8080; nginx[813] holds it, too: the port is free when all have closed it"
		"\"},"
		"{\"family\":\"ipv4\",\"protocol\":\"tcp\",\"state\":\"TIME_WAIT\","
		"\"local\":{\"address\":\"127.0.0.1\",\"port\":8080},"
		"\"remote\":{\"address\":\"127.0.0.1\",\"port\":51820},\"interface\":null,"
		"\"ifindex\":null,\"recv_queue\":0,\"send_queue\":0,"
		"\"uid\":null,\"inode\":null,\"cookie\":\"21409\",\"cgroup\":null,"
		"\"cgroup_id\":null,\"unit\":null,"
		"\"container\":null,\"pod\":null,\"pod_name\":null,\"pod_namespace\":null,\"container_name\":null,"
		"\"timer\":{\"kind\":\"timewait\",\"expires_ms\":41000,\"retransmits\":0},"
		"\"opener\":null,\"age_min_ms\":18980,\"age_max_ms\":19020,"
		"\"unacked_min_ms\":null,\"processes\":[],\"why\":\"time-wait\","
		"\"certain\":true,\"flags\":{\"reuseaddr\":null,\"reuseport\":null},"
		"\"frees_in_ms\":41000,"
		"\"text\":\"127.0.0.1:8080 to 127.0.0.1:51820 in TIME_WAIT (no process),"
		" gone in 41 s\"}],\"free_in_ms\":null,\"probe\":null,\"probe_refused\":null,"
		"\"advice\":[\"Stop nginx.service: systemctl stop nginx.service.\","
		"\"Take another port.\"],\"notes\":[\"Nothing else.\"],\"elsewhere\":[]}");
	assert_record(show_bind(style, make_in_use, &ask, &context), 2,
		"{\"type\":\"trailer\",\"end\":{\"complete\":true,\"sockets\":2,\"gaps\":[]}}");
}

/* A probe that was refused, and foreign bytes in the name of a process. */
static void test_bind_depends(void **state)
{
	struct bind_ask ask = make_ask();
	struct bind_context context = { .probe.refusal = "uid 0 may not be imitated here" };
	struct elsewhere *other = grow_add(&context.elsewhere);
	char *text;

	(void)state;
	*other = (struct elsewhere){ .netns_inode = 4026532222, .name = "blue", .pid = 31,
				     .comm_size = sizeof(nasty) - 1, .listeners = 1 };
	memcpy(other->comm, nasty, sizeof(nasty) - 1);
	ask.reuseaddr = context.elsewhere_known = true;
	assert_text(show_bind((struct style){ .width = 80 }, make_depends, &ask, &context),
		"DEPENDS: bind() to 0.0.0.0:8080 (TCP, SO_REUSEADDR) may fail with EADDRINUSE:\n"
		"  127.0.0.1:8080 to 127.0.0.1:51820 in TIME_WAIT (no process), gone in 41 s; it\n"
		"  works only if that socket set SO_REUSEADDR too, which cannot be seen; frees\n"
		"  itself in 41 s\n"
		"  blocker    perhaps: TIME_WAIT 127.0.0.1:8080 \342\206\222 127.0.0.1:51820, "
		"options not\n"
		"             known\n"
		"  settled by --probe, a real bind() that is undone at once\n"
		"  options    none          fails\n"
		"             SO_REUSEADDR  if the old server set it, too (as asked)\n"
		"             SO_REUSEPORT  if the old server set it, too\n"
		"             both          if the old server set it, too\n"
		"  probe      the kernel was not asked: uid 0 may not be imitated here\n");
	text = show_bind((struct style){ .format = FORMAT_JSON }, make_depends, &ask, &context);
	assert_closed(text);
	assert_clean(text);
	assert_in(text, "\"verdict\": \"depends\",\n  \"errno\": null,\n  \"fails_at\": null,");
	assert_in(text, "\"flags\":{\"reuseaddr\":null,\"reuseport\":null},\"frees_in_ms\":41000,");
	assert_in(text, "\"processes\":[],\"why\":\"time-wait\",\"certain\":false,");
	assert_in(text, "\"probe\": null,\n  \"probe_refused\": \"uid 0 may not be ");
	assert_in(text, "{\"netns_inode\":4026532222,\"name\":\"blue\","
		  "\"pid\":31,\"comm\":\"a\\\"b\\u001b[31m\xef\xbf\xbd\\u202e\",\"comm_hex\":"
		  "\"6122621b5b33316d80e280ae\",\"listeners\":1,\"sockets\":1}");
	free(text);
	bind_context_fini(&context);
}

static void make_free(struct snapshot *seen, struct bind_answer *answer)
{
	begin_machine(seen);
	*grow_add(&seen->links) = (struct link){ 2, "eth0" };
	memset(answer, 0, sizeof(*answer));
	set_with(answer, VERDICT_OK, VERDICT_OK, VERDICT_OK, VERDICT_OK);
	text_addf(&answer->cause, "no socket of this namespace has the port");
}

static void test_bind_ok(void **state)
{
	struct bind_ask ask = make_ask();
	const struct bind_context context = { .probe.made = true };
	char *text;

	(void)state;
	ask.family = FAMILY_IPV6;
	ask.addr = addr_from_v6("\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1");
	ask.scope = ask.ifindex = 2;
	ask.uid = 33;
	ask.reuseport = true;
	assert_text(show_bind((struct style){ .width = 80 }, make_free, &ask, &context),
		"OK: bind() and listen() on [fe80::1%eth0]:8080 (TCP, on eth0, SO_REUSEPORT, "
		"uid\n"
		"  33) work: no socket of this namespace has the port\n"
		"  options    every combination of SO_REUSEADDR and SO_REUSEPORT works\n"
		"  probe      asked the kernel: bind() succeeded; closed at once, listen() was\n"
		"             not called\n");
	assert_text(show_bind((struct style){ .quiet = true }, make_free, &ask, &context), "");
	text = show_bind((struct style){ .format = FORMAT_JSON }, make_free, &ask, &context);
	assert_in(text, "\"blockers\": []");
	assert_in(text, "\"probe\": {\n    \"errno\": null\n  },\n  \"probe_refused\": null");
	assert_in(text, "\"elsewhere\": null");
	free(text);
	ask.addr = (struct addr){ .b = { 0 } };
	ask.protocol = PROTOCOL_UDP;
	ask.scope = 0;
	assert_text(show_bind((struct style){ .colour = true }, make_free, &ask, &context),
		"\033[32mOK:\033[0m bind() to [::]:8080 (UDP, IPv4 too, on eth0, SO_REUSEPORT, "
		"uid 33) works: no socket of this namespace has the port\n"
		"  \033[1moptions\033[0m    every combination of SO_REUSEADDR and SO_REUSEPORT works\n"
		"  \033[1mprobe\033[0m      asked the kernel: bind() succeeded; closed at once, "
		"listen() was not called\n");
}

/* A seccomp filter gives any number up to 4095, and so does a recording. */
static void test_bind_unnamed_errno(void **state)
{
	struct bind_ask ask = make_ask();
	const struct bind_context context = { .probe = { .made = true, .err = 200 } };
	char *text;

	(void)state;
	text = show_bind((struct style){ .width = 0 }, make_free, &ask, &context);
	assert_in(text, "asked the kernel: bind() gave an unnamed errno; closed at once");
	free(text);
	/* null would be a probe that succeeded */
	text = show_bind((struct style){ .format = FORMAT_JSON }, make_free, &ask, &context);
	assert_in(text, "\"probe\": {\n    \"errno\": \"an unnamed errno\"\n  }");
	free(text);
}

static void make_unknown(struct snapshot *seen, struct bind_answer *answer)
{
	begin_machine(seen);
	seen->socks_complete = false;
	snapshot_gap(seen, GAP_DUMP, 1, "The kernel's listing was interrupted.");
	memset(answer, 0, sizeof(*answer));
	answer->asked.verdict = VERDICT_UNKNOWN;
	set_with(answer, VERDICT_UNKNOWN, VERDICT_UNKNOWN, VERDICT_UNKNOWN, VERDICT_UNKNOWN);
	text_addf(&answer->cause, "not every socket could be seen");
}

static void test_bind_unknown(void **state)
{
	const struct bind_ask ask = make_ask();
	const struct bind_context context = { .elsewhere_known = false };
	char *text;

	(void)state;
	assert_text(show_bind((struct style){ .quiet = true }, make_unknown, &ask, &context),
		"UNKNOWN: cannot tell whether bind() to 0.0.0.0:8080 (TCP) works: not every "
		"socket could be seen\n"
		"\n"
		"Not seen:\n"
		"  dump       The kernel's listing was interrupted.\n");
	text = show_bind((struct style){ .format = FORMAT_JSON }, make_unknown, &ask, &context);
	assert_in(text, "\"verdict\": \"unknown\"");
	assert_in(text, "\"none\": null");
	assert_in(text, "\"complete\": false");
	free(text);
}

/* More than a terminal shows: counted there, all of them in a pipe. */
static void make_crowd(struct snapshot *seen, struct bind_answer *answer)
{
	begin_machine(seen);
	memset(answer, 0, sizeof(*answer));
	answer->asked = (struct bind_outcome){
		.verdict = VERDICT_FAILS, .err = EADDRINUSE, .at_listen = true,
	};
	answer->lasting = true;
	set_with(answer, VERDICT_FAILS, VERDICT_OK, VERDICT_FAILS, VERDICT_OK);
	for (uint32_t i = 0; i < 1200; i++) {
		bool waits = i % 2;

		add_sock(seen, waits ? STATE_TIME_WAIT : STATE_ESTABLISHED, "\x0a\0\0\1",
			 waits ? 0 : 100 + i);
		add_blocker(answer, i, waits ? WHY_TIME_WAIT : WHY_CHILD, true);
	}
	for (int32_t i = 0; i < 6; i++)
		add_holder(seen, 100, 900 + i, "worker");
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)); text++)
		count++;
	return count;
}

static void test_bind_crowd(void **state)
{
	const struct bind_ask ask = make_ask();
	const struct bind_context context = { .elsewhere_known = true };
	char *text = show_bind((struct style){ .width = 80 }, make_crowd, &ask, &context);

	(void)state;
	assert_in(text, "FAILS: listen() after bind() to");
	assert_in(text, "held by worker[900], worker[901],\n");
	assert_in(text, "and 1,192 more: 596 ESTABLISHED, 596 TIME_WAIT");
	assert_in(text, "SO_REUSEADDR  works\n");
	assert_int_equal(count_of(text, "- 127.0.0.1:8080 to 10.0.0.1:51820 in TIME_WAIT"), 4);
	assert_int_equal(count_of(text, " has an accepted connection from"), 4);
	free(text);
	text = show_bind((struct style){ .width = 0 }, make_crowd, &ask, &context);
	assert_int_equal(count_of(text, "- 127.0.0.1:8080 to 10.0.0.1:51820 in TIME_WAIT"), 600);
	assert_int_equal(count_of(text, " has an accepted connection from"), 600);
	free(text);
	text = show_bind((struct style){ .format = FORMAT_JSON }, make_crowd, &ask, &context);
	assert_int_equal(count_of(text, "\"why\":"), 1200);
	assert_int_equal(count_of(text, "\"comm\":\"worker\""), 6);
	assert_in(text, "\"fails_at\": \"listen\"");
	free(text);
}

/* Every width: nothing but printable bytes, and from a point on nothing sticks out. */
static void test_bind_widths(void **state)
{
	static make_fn *const makers[] = { make_in_use, make_depends, make_free, make_unknown };
	const struct bind_ask ask = make_ask();
	const struct bind_context context = { .elsewhere_known = true };

	(void)state;
	for (unsigned width = 0; width < 130; width++)
		for (size_t i = 0; i < sizeof(makers) / sizeof(*makers); i++) {
			struct style style = { .width = width, .ascii = width % 2 };
			char *text = show_bind(style, makers[i], &ask, &context);

			assert_clean(text);
			if (width >= 60)
				assert_narrow(text, width);
			free(text);
		}
}

/* -- unix ---------------------------------------------------------------- */

static char *show_unix(const struct style style, const struct snapshot *seen,
		       const struct unix_context *context, const struct bind_answer *answer)
{
	const struct unix_ask ask = { .name = "/run/x\xff.sock", .size = 12,
				      .type = UNIX_STREAM };

	begin_capture();
	assert_int_equal(print_unix(&out, &style, seen, &ask, context, answer), 0);
	return end_capture();
}

static void test_unix(void **state)
{
	struct unix_context context = { .file = UNIX_FILE_SOCKET };
	struct bind_answer answer = { .asked = { .verdict = VERDICT_FAILS, .err = EADDRINUSE } };
	struct snapshot seen;

	(void)state;
	begin_machine(&seen);
	set_with(&answer, VERDICT_FAILS, VERDICT_FAILS, VERDICT_UNKNOWN, VERDICT_UNKNOWN);
	text_addf(&answer.cause, "live: a program listens there");
	add_holder(&seen, 77, 812, "nginx");
	*grow_add(&context.socks) = (struct unix_sock){ 77, UNIX_STREAM, true, 3, 128 };
	*grow_add(&context.socks) = (struct unix_sock){ 78, UNIX_DGRAM, false, 0, 0 };
	advice_add(&answer.advice, "Stop it.");
	assert_text(show_unix((struct style){ .width = 80 }, &seen, &context, &answer),
		"FAILS: bind() to /run/x\\xff.sock (unix stream) would fail with EADDRINUSE: live:\n"
		"  a program listens there\n"
		"  blocker stream, listens, nginx[812] (nginx.service), pid 812 fd 6, inode 77, 3\n"
		"          waiting for accept()\n"
		"          dgram, does not listen, of a process that cannot be seen, inode 78\n"
		"  fix     Stop it.\n");
	assert_record(show_unix((struct style){ .format = FORMAT_JSONL }, &seen, &context, &answer),
		      1,
		"{\"type\":\"verdict\",\"protocol\":\"unix\","
		"\"address\":\"/run/x\357\277\275.sock\","
		"\"address_hex\":\"2f72756e2f78ff2e736f636b\",\"port\":null,"
		"\"type\":\"stream\",\"options\":{\"reuseaddr\":null,\"reuseport\":null,"
		"\"v6only\":null,\"device\":null,\"uid\":null},\"verdict\":\"fails\","
		"\"errno\":\"EADDRINUSE\",\"fails_at\":\"bind\",\"evidence\":{},"
		"\"cause\":\"live: a program listens there\",\"with\":{\"none\":\"fails\","
		"\"reuseaddr\":\"fails\",\"reuseport\":null,\"reuseaddr+reuseport\":null},"
		"\"file\":\"socket\",\"blockers\":[{\"inode\":77,\"type\":\"stream\","
		"\"listens\":true,\"recv_queue\":3,\"send_queue\":128,"
		"\"processes\":[{\"pid\":812,\"comm\":\"nginx\",\"fd\":6}],"
		"\"frees_in_ms\":null},{\"inode\":78,\"type\":\"dgram\",\"listens\":false,"
		"\"recv_queue\":0,\"send_queue\":0,\"processes\":null,\"frees_in_ms\":null}],"
		"\"free_in_ms\":null,\"probe\":null,\"advice\":[\"Stop it.\"],\"notes\":[]}");
	unix_context_fini(&context);
	bind_answer_fini(&answer);
	snapshot_fini(&seen);
}

/* -- connect ------------------------------------------------------------- */

static void add_user(struct connect_answer *answer, int32_t process, bool blocks_all,
		     enum state state, uint32_t count)
{
	struct port_user *user = grow_add(&answer->users);

	*user = (struct port_user){ .process = process, .blocks_all = blocks_all, .count = count,
				    .cgroup_id = blocks_all ? 5 : 0 };
	user->states[state] = count;
}

static void make_tight(struct snapshot *seen, struct connect_answer *answer)
{
	begin_machine(seen);
	add_holder(seen, 77, 4021, "python3");
	*answer = (struct connect_answer){
		.ports = {
			.used = 15020, .recyclable = 12,
			.left = 1204, .left_min = 812, .left_max = 1204,
			.rate_known = true, .close_rate_per_s = 87,
			.exhaustion_known = true, .exhausted_in_s = 13.8,
			.cliff = true, .verdict = CONNECT_TIGHT,
		},
		.capacity = 28214, .reserved = 18, .ambiguous = 392, .blocked_for_all = 11990,
	};
	text_addf(&answer->cause, "1,204 of 28,214 local ports are left");
	facts_word(&answer->facts, "range", "32768-60999");
	facts_bool(&answer->facts, "runs_short", true);
	answer->states[STATE_ESTABLISHED] = 9800;
	answer->states[STATE_TIME_WAIT] = 5220;
	add_user(answer, -1, true, STATE_BOUND, 11990);
	add_user(answer, (int32_t)snapshot_process(seen, 4021), false, STATE_ESTABLISHED, 9800);
	add_user(answer, -1, false, STATE_TIME_WAIT, 5220);
	advice_add(&answer->advice, "Keep connections and use them again.");
	advice_add(&answer->avoid, "A smaller tcp_max_tw_buckets.");
	advice_add(&answer->notes, "Between 812 and 1204 more fit.");
}

static struct connect_ask make_connect_ask(void)
{
	return (struct connect_ask){
		.family = FAMILY_IPV4, .port = 443, .source = addr_from_v4("\x0a\0\0\5"),
		.destination = addr_from_v4("\x0a\0\0\x09"),
	};
}

static char *show_connect(const struct style style, const struct snapshot *seen,
			  const struct connect_ask *ask, const struct port_probe *probe,
			  const struct connect_answer *answer)
{
	begin_capture();
	assert_int_equal(print_connect(&out, &style, seen, ask, true, probe, answer), 0);
	return end_capture();
}

static void test_connect_tight(void **state)
{
	static const struct port_probe probe = { .made = true, .asked = 392 };
	const struct connect_ask ask = make_connect_ask();
	struct connect_answer answer;
	struct snapshot seen;

	(void)state;
	make_tight(&seen, &answer);
	assert_text(show_connect((struct style){ .width = 80 }, &seen, &ask, &probe, &answer),
		"TIGHT: 1,204 of 28,214 local ports are left\n"
		"  range    32768-60999: 28,214 ports to give and 18 reserved\n"
		"  ports    ESTABLISHED       9,800  "
		"\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226"
		"\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342"
		"\226\211\n"
		"           TIME_WAIT         5,220  "
		"\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226"
		"\210\342\226\215  12 recyclable\n"
		"           blocked for all  11,990  "
		"\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226"
		"\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\342"
		"\226\210\342\226\210\342\226\210\342\226\211\n"
		"           perhaps blocked     392  \342\226\214  counted as left\n"
		"           reserved             18  \342\226\217\n"
		"           left              1,204  \342\226\210\342\226\213\n"
		"\n"
		"  WHO                             PORTS  TAKEN FROM  STATES\n"
		"  nginx.service                  11,990  everybody   11,990 BOUND\n"
		"  python3[4021] (nginx.service)   9,800  this one    9,800 ESTABLISHED\n"
		"  no process                      5,220  this one    5,220 TIME_WAIT\n"
		"\n"
		"  rate     87.0 connections a second end here in TIME_WAIT\n"
		"  search   more than half of the range is in use towards this destination: "
		"every\n"
		"           connect() first scans a half that is full, which costs CPU time long\n"
		"           before the ports run out\n"
		"  fix      Keep connections and use them again.\n"
		"  avoid    A smaller tcp_max_tw_buckets.\n"
		"  note     Between 812 and 1204 more fit.\n"
		"  probe    asked the kernel about 392 ports; 0 packets sent\n");
	assert_text(show_connect((struct style){ .width = 60, .ascii = true }, &seen, &ask, NULL,
				 &answer),
		"TIGHT: 1,204 of 28,214 local ports are left\n"
		"  range    32768-60999: 28,214 ports to give and 18 reserved\n"
		"  ports    ESTABLISHED       9,800  ########\n"
		"           TIME_WAIT         5,220  ####  12 recyclable\n"
		"           blocked for all  11,990  ##########\n"
		"           perhaps blocked     392  #  counted as left\n"
		"           reserved             18  #\n"
		"           left              1,204  #\n"
		"\n"
		"  WHO                             PORTS  TAKEN FROM\n"
		"      STATES\n"
		"  nginx.service                  11,990  everybody\n"
		"      11,990 BOUND\n"
		"  python3[4021] (nginx.service)   9,800  this one\n"
		"      9,800 ESTABLISHED\n"
		"  no process                      5,220  this one\n"
		"      5,220 TIME_WAIT\n"
		"\n"
		"  rate     87.0 connections a second end here in TIME_WAIT\n"
		"  search   more than half of the range is in use towards\n"
		"           this destination: every connect() first scans a\n"
		"           half that is full, which costs CPU time long\n"
		"           before the ports run out\n"
		"  fix      Keep connections and use them again.\n"
		"  avoid    A smaller tcp_max_tw_buckets.\n"
		"  note     Between 812 and 1204 more fit.\n");
	assert_record(show_connect((struct style){ .format = FORMAT_JSONL }, &seen, &ask, &probe,
				   &answer), 1,
		"{\"type\":\"verdict\",\"destination\":{\"address\":\"10.0.0.9\",\"port\":443},"
		"\"source\":{\"address\":\"10.0.0.5\",\"chosen_by\":\"route\",\"device\":null},"
		"\"bind_first\":false,\"capacity\":28214,\"left\":1204,"
		"\"left_min\":812,\"left_max\":1204,\"used_by_destination\":15020,"
		"\"by_state\":{\"ESTABLISHED\":9800,\"SYN_SENT\":0,\"SYN_RECV\":0,"
		"\"FIN_WAIT_1\":0,\"FIN_WAIT_2\":0,\"TIME_WAIT\":5220,\"CLOSE\":0,"
		"\"CLOSE_WAIT\":0,\"LAST_ACK\":0,\"LISTEN\":0,\"CLOSING\":0,\"BOUND\":0},"
		"\"recyclable\":12,\"blocked_for_all\":11990,\"used_and_blocked\":0,\"ambiguous\":392,\"reserved\":18,"
		"\"next_free_ms\":null,\"close_rate_per_s\":87,\"exhausted_in_s\":13.8,"
		"\"search_cost\":\"cliff\",\"verdict\":\"tight\",\"errno\":null,"
		"\"evidence\":{\"range\":\"32768-60999\",\"runs_short\":true},"
		"\"cause\":\"1,204 of 28,214 local ports are left\",\"probe\":{\"ports_asked\":392,"
		"\"packets_sent\":0},\"probe_refused\":null,\"users\":[{\"pid\":null,"
		"\"comm\":null,\"cgroup\":\"/system.slice/nginx.service\","
		"\"unit\":\"nginx.service\","
		"\"container\":null,\"pod\":null,\"pod_name\":null,\"pod_namespace\":null,\"container_name\":null,\"blocks_all\":true,"
		"\"count\":11990,\"by_state\":{\"ESTABLISHED\":0,\"SYN_SENT\":0,\"SYN_RECV\":0,"
		"\"FIN_WAIT_1\":0,\"FIN_WAIT_2\":0,\"TIME_WAIT\":0,\"CLOSE\":0,"
		"\"CLOSE_WAIT\":0,\"LAST_ACK\":0,\"LISTEN\":0,\"CLOSING\":0,\"BOUND\":11990}},"
		"{\"pid\":4021,\"comm\":\"python3\","
		"\"cgroup\":\"/system.slice/nginx.service\","
		"\"unit\":\"nginx.service\",\"container\":null,"
		"\"pod\":null,\"pod_name\":null,\"pod_namespace\":null,\"container_name\":null,\"blocks_all\":false,\"count\":9800,"
		"\"by_state\":{\"ESTABLISHED\":9800,\"SYN_SENT\":0,\"SYN_RECV\":0,"
		"\"FIN_WAIT_1\":0,\"FIN_WAIT_2\":0,\"TIME_WAIT\":0,\"CLOSE\":0,"
		"\"CLOSE_WAIT\":0,\"LAST_ACK\":0,\"LISTEN\":0,\"CLOSING\":0,\"BOUND\":0}},"
		"{\"pid\":null,\"comm\":null,\"cgroup\":null,"
		"\"unit\":null,\"container\":null,"
		"\"pod\":null,\"pod_name\":null,\"pod_namespace\":null,\"container_name\":null,\"blocks_all\":false,\"count\":5220,"
		"\"by_state\":{\"ESTABLISHED\":0,\"SYN_SENT\":0,\"SYN_RECV\":0,"
		"\"FIN_WAIT_1\":0,\"FIN_WAIT_2\":0,\"TIME_WAIT\":5220,\"CLOSE\":0,"
		"\"CLOSE_WAIT\":0,\"LAST_ACK\":0,\"LISTEN\":0,\"CLOSING\":0,\"BOUND\":0}}],"
		"\"advice\":[\"Keep connections and use them again.\"],"
		"\"avoid\":[\"A smaller tcp_max_tw_buckets.\"],"
		"\"notes\":[\"Between 812 and 1204 more fit.\"]}");
	connect_answer_fini(&answer);
	snapshot_fini(&seen);
}

static void test_connect_ends(void **state)
{
	const struct connect_ask ask = make_connect_ask();
	struct connect_answer answer = {
		.ports = { .left = 28232, .left_min = 28232, .left_max = 28232, .verdict = CONNECT_OK },
		.capacity = 28232,
	};
	struct snapshot seen;
	char *text;

	(void)state;
	begin_machine(&seen);
	text_addf(&answer.cause, "28,232 of 28,232 local ports are left");
	assert_text(show_connect((struct style){ .ascii = true }, &seen, &ask, NULL, &answer),
		"OK: 28,232 of 28,232 local ports are left\n"
		"  range    32768-60999: 28,232 ports to give\n"
		"  ports    left             28,232  ########################################\n");
	assert_text(show_connect((struct style){ .quiet = true }, &seen, &ask, NULL, &answer), "");
	answer.ports.verdict = CONNECT_EXHAUSTED;
	assert_text(show_connect((struct style){ .quiet = true }, &seen, &ask, NULL, &answer),
		"EXHAUSTED: 28,232 of 28,232 local ports are left\n");
	connect_answer_fini(&answer);
	/* Nothing could be counted: no number is 0 then. */
	answer = (struct connect_answer){ .ports.verdict = CONNECT_UNKNOWN };
	text = show_connect((struct style){ .format = FORMAT_JSON }, &seen, &ask, NULL, &answer);
	assert_closed(text);
	assert_in(text, "\"capacity\": null,\n  \"left\": null,\n  \"left_min\": null");
	assert_in(text, "\"by_state\": null");
	assert_in(text, "\"search_cost\": null,\n  \"verdict\": null");
	assert_in(text, "\"users\": null");
	free(text);
	snapshot_fini(&seen);
}

static void test_connect_widths(void **state)
{
	const struct connect_ask ask = make_connect_ask();
	struct connect_answer answer;
	struct snapshot seen;

	(void)state;
	make_tight(&seen, &answer);
	for (unsigned width = 0; width < 140; width++) {
		struct style style = { .width = width, .ascii = width % 2 };
		char *text = show_connect(style, &seen, &ask, NULL, &answer);

		assert_clean(text);
		if (width >= 60)
			assert_narrow(text, width);
		free(text);
	}
	connect_answer_fini(&answer);
	snapshot_fini(&seen);
}

/* -- all destinations ---------------------------------------------------- */

static void add_destination(struct destinations *all, uint32_t used, enum connect_verdict verdict)
{
	struct destination *d = grow_add(&all->list);
	uint32_t left = all->capacity - used;

	*d = (struct destination){
		.source = addr_from_v4("\x0a\0\0\5"), .destination = addr_from_v4("\x0a\0\0\x09"),
		.port = 443, .used = used, .time_wait = used / 2, .established = used - used / 2,
		.left = left, .left_min = left, .left_max = left,
		.rate_known = used > 1000, .close_rate_per_s = 87, .cliff = used > 20000,
		.verdict = verdict, .percent_gone = 100.0 * used / all->capacity,
	};
}

static char *show_all(const struct style style, const struct destinations *all)
{
	struct snapshot seen;
	char *text;

	begin_machine(&seen);
	begin_capture();
	assert_int_equal(print_destinations(&out, &style, &seen, all), 0);
	text = end_capture();
	snapshot_fini(&seen);
	return text;
}

static void test_destinations(void **state)
{
	struct destinations all = { .capacity = 28214, .reserved = 18, .blocked_for_all = 0,
				    .worst = CONNECT_EXHAUSTED };

	(void)state;
	add_destination(&all, 28214, CONNECT_EXHAUSTED);
	add_destination(&all, 22000, CONNECT_TIGHT);
	add_destination(&all, 7, CONNECT_OK);
	all.list.at[2].source = all.list.at[2].destination =
		addr_from_v6("\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1");
	all.list.at[2].left_min -= 7;
	assert_text(show_all((struct style){ .width = 100 }, &all),
		"EXHAUSTED: no port is left for 1 of 3 destinations; the fullest is 10.0.0.5 "
		"\342\206\222 10.0.0.9:443 with 100%\n"
		"  of 28,214 ports gone\n"
		"  range    32768-60999: 28,214 ports for each pair of source and destination, "
		"18 more reserved\n"
		"\n"
		"  SOURCE       DESTINATION          USED  TIME-WAIT           LEFT  FULL  "
		"CLOSED  VERDICT\n"
		"  10.0.0.5     10.0.0.9:443       28,214     14,107              0  100%  "
		"87.0/s  exhausted    "
		"\342\226\210\342\226\210\342\226\210\342\226\210\342\226\210\n"
		"  10.0.0.5     10.0.0.9:443       22,000     11,000          6,214   78%  "
		"87.0/s  tight, slow  \342\226\210\342\226\210\342\226\210\342\226\211\n"
		"  2001:db8::1  [2001:db8::1]:443       7          3  28,200-28,207   <1%       "
		"-  ok           \342\226\217\n");
	assert_text(show_all((struct style){ .width = 60, .ascii = true }, &all),
		"EXHAUSTED: no port is left for 1 of 3 destinations; the\n"
		"  fullest is 10.0.0.5 -> 10.0.0.9:443 with 100% of 28,214\n"
		"  ports gone\n"
		"  range    32768-60999: 28,214 ports for each pair of source\n"
		"           and destination, 18 more reserved\n"
		"\n"
		"  SOURCE       DESTINATION                 LEFT  FULL\n"
		"      VERDICT\n"
		"  10.0.0.5     10.0.0.9:443                   0  100%\n"
		"      exhausted\n"
		"  10.0.0.5     10.0.0.9:443               6,214   78%\n"
		"      tight, slow\n"
		"  2001:db8::1  [2001:db8::1]:443  28,200-28,207   <1%\n"
		"      ok\n");
	assert_record(show_all((struct style){ .format = FORMAT_JSONL }, &all), 3,
		"{\"type\":\"destination\",\"source\":\"2001:db8::1\","
		"\"destination\":\"2001:db8::1\",\"port\":443,\"device\":null,"
		"\"used\":7,\"by_state\":{\"ESTABLISHED\":4,"
		"\"TIME_WAIT\":3,\"other\":0},\"recyclable\":0,\"left\":28207,"
		"\"left_min\":28200,\"left_max\":28207,\"gone_percent\":0.024810377826610903,"
		"\"close_rate_per_s\":null,\"exhausted_in_s\":null,\"search_cost\":\"flat\","
		"\"verdict\":\"ok\"}");
	destinations_fini(&all);
}

static void test_destinations_many(void **state)
{
	struct destinations all = { .capacity = 28214, .worst = CONNECT_OK };
	char *text;

	(void)state;
	text = show_all((struct style){ .width = 0 }, &all);
	assert_in(text, "OK: no destination in use, 28,214 ports for each\n");
	free(text);
	for (uint32_t i = 0; i < 50; i++)
		add_destination(&all, 100 - i, CONNECT_OK);
	text = show_all((struct style){ .width = 80 }, &all);
	assert_int_equal(count_of(text, "10.0.0.9:443 "), 21);
	assert_in(text, "  and 30 more, none fuller");
	free(text);
	text = show_all((struct style){ .width = 0 }, &all);
	assert_int_equal(count_of(text, "10.0.0.9:443 "), 51);
	free(text);
	text = show_all((struct style){ .format = FORMAT_JSON }, &all);
	assert_closed(text);
	assert_int_equal(count_of(text, "\"source\":"), 50);
	free(text);
	for (unsigned width = 0; width < 130; width++) {
		text = show_all((struct style){ .width = width, .ascii = width % 2 }, &all);
		assert_clean(text);
		if (width >= 60)
			assert_narrow(text, width);
		free(text);
	}
	destinations_fini(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bind_fails),
		cmocka_unit_test(test_bind_json),
		cmocka_unit_test(test_bind_depends),
		cmocka_unit_test(test_bind_ok),
		cmocka_unit_test(test_bind_unnamed_errno),
		cmocka_unit_test(test_bind_unknown),
		cmocka_unit_test(test_bind_crowd),
		cmocka_unit_test(test_bind_widths),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_connect_tight),
		cmocka_unit_test(test_connect_ends),
		cmocka_unit_test(test_connect_widths),
		cmocka_unit_test(test_destinations),
		cmocka_unit_test(test_destinations_many),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
