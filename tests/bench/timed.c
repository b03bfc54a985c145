/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timed LIMIT_S COMMAND [ARGUMENT...]: runs it once into a pipe that is drained, and prints
 *
 *   WALL_US USER_US SYSTEM_US PEAK_RSS_KIB BYTES STATUS
 *
 * STATUS is 124 when the limit ended it: so much processor time, or four times as much wall time, for others may use
 * this machine, too. It is a small program of its own because the peak memory of a child counts
 * from fork(), and that of an interpreter would hide what is measured.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK_BYTES = 1 << 20, US_PER_S = 1000000 };

static long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * (long long)US_PER_S + t.tv_nsec / 1000;
}

static long long us_of(struct timeval t)
{
	return t.tv_sec * (long long)US_PER_S + t.tv_usec;
}

static void __attribute__((noreturn)) become(char **command, int output, long limit_s)
{
	struct rlimit cpu = { (rlim_t)limit_s, (rlim_t)limit_s + 5 }; /* SIGXCPU, then SIGKILL */
	int nowhere = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(nowhere, 0);
	dup2(output, 1);
	dup2(nowhere, 2);
	setrlimit(RLIMIT_CPU, &cpu);
	execvp(*command, command);
	_exit(127);
}

/* Bytes until the end; -1 when the time is over. Nothing is copied: the reader takes little from the other core. */
static long long drain(int from, long long until_us)
{
	struct pollfd readable = { .fd = from, .events = POLLIN };
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	long long bytes = 0;
	ssize_t got = 1;

	while (got > 0) {
		long long left_us = until_us - now_us();

		if (left_us <= 0 || poll(&readable, 1, (int)(left_us / 1000 + 1)) == 0)
			return -1;
		got = splice(from, NULL, nowhere, NULL, CHUNK_BYTES, 0);
		bytes += got > 0 ? got : 0;
	}
	close(nowhere);
	return bytes;
}

int main(int argc, char **argv)
{
	long limit_s = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	int output[2], status, fine;
	struct rusage use;
	long long begin_us, wall_us, bytes;
	pid_t pid;

	if (limit_s <= 0 || pipe2(output, O_CLOEXEC)) {
		fputs("usage: timed LIMIT_S COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	begin_us = now_us();
	pid = fork();
	if (pid < 0)
		return 1;
	if (pid == 0)
		become(argv + 2, output[1], limit_s);
	close(output[1]);
	bytes = drain(output[0], begin_us + 4 * limit_s * US_PER_S);
	if (bytes < 0)
		kill(pid, SIGKILL);
	if (wait4(pid, &status, 0, &use) != pid)
		return 1;
	wall_us = now_us() - begin_us;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		bytes = -1;
	fine = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	printf("%lld %lld %lld %ld %lld %d\n", wall_us, us_of(use.ru_utime), us_of(use.ru_stime), use.ru_maxrss,
	       bytes < 0 ? 0 : bytes, bytes < 0 ? 124 : fine);
	return 0;
}
