/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/deadline.h"

#include "base/fault.h"
#include "cmd/cmd.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define USUAL_MS   30000u
#define LIVE_TIMES 4u

/* Written in advance, because a signal handler may do next to nothing. */
static char sentence[160];

static void (*restore_terminal)(void);

/* A standard error that nobody reads must not block the handler, either. */
static void give_up(int number)
{
	struct pollfd room = { .fd = STDERR_FILENO, .events = POLLOUT };

	(void)number;
	if (restore_terminal)
		restore_terminal();
	if (fault_cleanup)
		fault_cleanup();
	if (poll(&room, 1, 0) == 1 && write(STDERR_FILENO, sentence, strlen(sentence)) < 0)
		_exit(STATUS_UNKNOWN);
	_exit(STATUS_UNKNOWN);
}

static void set_timer(uint64_t ms)
{
	struct timeval time = { (time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000) };

	setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = time }, NULL);
}

/* The parent process may have left the signal blocked. */
static void listen_to_timer(void)
{
	struct sigaction action = { .sa_handler = give_up, .sa_flags = SA_RESTART };
	sigset_t alarm;

	sigaction(SIGALRM, &action, NULL);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
}

void deadline_begin(const struct options *options)
{
	uint64_t ms = options->deadline_ms ? options->deadline_ms : USUAL_MS;

	if (!options->from || !options->deadline_ms)
		ms *= LIVE_TIMES;
	snprintf(sentence, sizeof(sentence), "sockvet: not at its end after %g s (--deadline); "
		 "what was printed is incomplete\n", (double)ms / 1000);
	listen_to_timer();
	set_timer(ms);
}

void deadline_end(void)
{
	set_timer(0);
}

void deadline_restores(void (*terminal)(void))
{
	restore_terminal = terminal;
}
