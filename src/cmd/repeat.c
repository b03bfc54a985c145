/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/repeat.h"

#include "base/grow.h"
#include "base/own.h"
#include "cmd/deadline.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define NSEC_PER_S 1000000000L

#define HOME       "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_REST "\033[J"
#define CLEAR_ALL  HOME CLEAR_REST
#define PLAIN      "\033[0m"
/*
 * Lines that are wider than the terminal must not wrap, because that would move the
 * others.
 */
#define WRAP_OFF   "\033[?7l"
#define WRAP_ON    "\033[?7h"

struct repeat repeat_of(const struct options *options)
{
	bool parts = !format_is_json(options->format);

	return (struct repeat){
		.interval = {
			.tv_sec = (time_t)(options->repeat_ms / 1000),
			.tv_nsec = (long)(options->repeat_ms % 1000 * 1000000),
		},
		.frame = -1, .parts = parts, .is_direct = options->summary,
		.on_screen = options->repeat_ms && parts && isatty(STDOUT_FILENO),
	};
}

/* -- a screen ------------------------------------------------------------ */

static unsigned screen_height(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 ? size.ws_row : 24;
}

static int write_all(const char *at, size_t size)
{
	while (size) {
		ssize_t done = write(STDOUT_FILENO, at, size);

		if (done < 0 && errno != EINTR)
			return -errno;
		at += done > 0 ? done : 0;
		size -= done > 0 ? (size_t)done : 0;
	}
	return 0;
}

static size_t count_lines(const char *at, const char *end)
{
	size_t count = 0;

	while ((at = memchr(at, '\n', (size_t)(end - at)))) {
		count++;
		at++;
	}
	return count;
}

/*
 * Writes each line over the old one, so that nothing flickers, and says how many lines
 * did not fit.
 */
static void compose(struct text *text, const char *at, size_t size)
{
	const char *end = at + size, *next;
	size_t room = screen_height() - 1, lines = count_lines(at, end), shown = lines;

	if (lines > room)
		shown = room - 1;
	text_addf(text, HOME WRAP_OFF);
	for (size_t i = 0; i < shown; i++, at = next + 1) {
		next = memchr(at, '\n', (size_t)(end - at));
		text_add(text, at, (size_t)(next - at));
		text_addf(text, PLAIN CLEAR_LINE "\n");
	}
	if (shown < lines)
		text_addf(text, "%zu more line%s; --top or a filter makes it fit, a pipe gets all"
			  CLEAR_LINE "\n", lines - shown, lines - shown == 1 ? "" : "s");
	text_addf(text, CLEAR_REST WRAP_ON);
}

static int show_frame(int frame)
{
	off_t size = lseek(frame, 0, SEEK_END);
	OWN_MEM char *bytes = grow_alloc((size_t)size + 1);
	struct text text = { 0 };
	int err;

	if (pread(frame, bytes, (size_t)size, 0) != size)
		return -EIO;
	compose(&text, bytes, (size_t)size);
	err = write_all(text.at, text.count);
	text_fini(&text);
	return err;
}

/* A terminal that hung up cannot be restored, and need not be. */
static void restore(void)
{
	static const char bytes[] = PLAIN WRAP_ON;
	ssize_t done = write(STDOUT_FILENO, bytes, sizeof(bytes) - 1);

	(void)done;
}

/*
 * A signal may come in the middle of a frame: restores the terminal, then lets the
 * signal end the program.
 */
static void restore_and_die(int number)
{
	restore();
	signal(number, SIG_DFL);
	raise(number);
}

/* A handler may raise the signal that it handles. */
static void guard(int number, void (*handler)(int number))
{
	struct sigaction new = { .sa_handler = handler, .sa_flags = SA_RESTART | SA_NODEFER };

	sigaction(number, &new, NULL);
}

/*
 * The shell gets the terminal as it was; later the next frame is drawn over what was
 * begun. Without a shell that could continue us the kernel does not stop us, so neither
 * do we.
 */
static void restore_and_stop(int number)
{
	int err = errno;

	restore();
	signal(number, SIG_DFL);
	raise(number);
	guard(number, restore_and_stop);
	errno = err;
}

static void guard_terminal(void)
{
	static const struct { int number; void (*handler)(int number); } rows[] = {
		{ SIGINT, restore_and_die }, { SIGTERM, restore_and_die },
		{ SIGHUP, restore_and_die }, { SIGQUIT, restore_and_die },
		{ SIGTSTP, restore_and_stop },
	};
	struct sigaction old;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (sigaction(rows[i].number, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			guard(rows[i].number, rows[i].handler);
	deadline_restores(restore);
}

/* -- rounds -------------------------------------------------------------- */

int repeat_output(const struct repeat *repeat)
{
	return repeat->frame < 0 ? STDOUT_FILENO : repeat->frame;
}

/* A reader that closed its end needs no message. */
static enum status tell_broken(struct repeat *repeat, int err)
{
	struct fault fault;

	repeat->is_broken = true;
	if (err == -EPIPE)
		return STATUS_UNKNOWN;
	fault_set(&fault, -err, "writing the output: %s; what was printed is incomplete",
		  strerror(-err));
	return cmd_fail(&fault);
}

/*
 * The first screen begins below what the terminal shows, which can then still be
 * scrolled to.
 */
static int make_room(void)
{
	struct text text = { 0 };
	int err;

	for (unsigned i = screen_height(); i; i--)
		text_add(&text, "\n", 1);
	err = write_all(text.at, text.count);
	text_fini(&text);
	return err;
}

static enum status screen_round(struct repeat *repeat, enum status (*round)(void *ctx), void *ctx)
{
	OWN_FD int frame = memfd_create("round", MFD_CLOEXEC);
	enum status status;
	int err;

	if (frame < 0)
		return tell_broken(repeat, -errno);
	repeat->frame = frame;
	status = round(ctx);
	repeat->frame = -1;
	err = repeat->rounds ? 0 : make_room();
	if (!err)
		err = show_frame(frame);
	return err ? tell_broken(repeat, err) : status;
}

static enum status one_round(struct repeat *repeat, enum status (*round)(void *ctx), void *ctx)
{
	const char *between = repeat->on_screen ? CLEAR_ALL : repeat->rounds ? "\n" : "";
	int err;

	if (repeat->on_screen && !repeat->is_direct)
		return screen_round(repeat, round, ctx);
	err = repeat->parts ? write_all(between, strlen(between)) : 0;
	return err ? tell_broken(repeat, err) : round(ctx);
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

static void add_interval(struct timespec *when, const struct timespec *interval)
{
	when->tv_sec += interval->tv_sec;
	when->tv_nsec += interval->tv_nsec;
	if (when->tv_nsec >= NSEC_PER_S) {
		when->tv_nsec -= NSEC_PER_S;
		when->tv_sec++;
	}
}

/*
 * Rounds begin one interval apart, however long each takes. After a round that took
 * longer, the next begins one interval from now; missed rounds are not made up for.
 */
static void wait_for_start(struct timespec *start, const struct timespec *interval)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	add_interval(start, interval);
	if (is_before(start, &now)) {
		*start = now;
		add_interval(start, interval);
	}
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, start, NULL) == EINTR)
		;
}

enum status repeat_run(struct repeat *repeat, enum status (*round)(void *ctx), void *ctx,
		       const struct out *out)
{
	struct timespec start;
	enum status status;

	clock_gettime(CLOCK_MONOTONIC, &start);
	if (repeat->on_screen)
		guard_terminal();
	for (;; repeat->rounds++) {
		status = one_round(repeat, round, ctx);
		if (status != STATUS_OK && (!repeat->rounds || repeat->is_broken || out->err))
			return status;
		wait_for_start(&start, &repeat->interval);
	}
}
