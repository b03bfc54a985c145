/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock: preloaded into sockvet, another clock on the wall. The other clocks go on as they are.
 *
 *   CLOCK_START  seconds since 1970, may be negative
 *   CLOCK_JUMP   seconds by which it jumps each time it is read, forth and back by turns
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

typedef int read_clock(clockid_t which, struct timespec *now);

static long number(const char *name)
{
	const char *word = getenv(name);

	return word ? strtol(word, NULL, 10) : 0;
}

int clock_gettime(clockid_t which, struct timespec *now)
{
	static atomic_int count;
	read_clock *really = (read_clock *)dlsym(RTLD_NEXT, "clock_gettime");

	if (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE)
		return really(which, now);
	now->tv_sec = number("CLOCK_START");
	if (atomic_fetch_add(&count, 1) % 2)
		now->tv_sec += number("CLOCK_JUMP");
	now->tv_nsec = 500000000;
	return 0;
}

time_t time(time_t *to)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (to)
		*to = now.tv_sec;
	return now.tv_sec;
}
