/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exit: linked into what `make coverage` builds, so that the counts are whole.
 *
 * libgcov adds a process's counts to files that all of them share, when it ends by exit(). Here
 * they are added as well when it ends by _exit(), as children of the program do, and by the
 * signals that a test stops it with. A process that could leave a cut file behind (a limit, or
 * system calls that a test lets fail) adds nothing: one run is lost instead of all of them.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ADDRESS_SPACE_BYTES (64ul << 20)
#define DESCRIPTORS         16
#define HANG_S              10

void __gcov_dump(void);
void __wrap__exit(int status) __attribute__((noreturn));
int __wrap_raise(int number);
int __real_raise(int number);

static void end(int status) __attribute__((noreturn));

static volatile sig_atomic_t adding;

static void end(int status)
{
	for (;;)
		syscall(SYS_exit_group, status);
}

/* Lifts what the process was given, as far as it may. Returns the limit that is left. */
static rlim_t lift(__rlimit_resource_t resource)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(resource, &limit);
	return limit.rlim_max;
}

/* tests/torture fails system calls by a handler of SIGSYS until main() has returned. */
static int calls_are_watched(void)
{
	struct sigaction now;

	return sigaction(SIGSYS, NULL, &now) == 0 && now.sa_handler != SIG_DFL &&
	       now.sa_handler != SIG_IGN;
}

/* Under strace's injection a write may say that it was done, and was not. */
static int writing_works(void)
{
	static const char said[] = "what is written is there";
	char seen[sizeof(said)] = "";
	int works = 1, fd = memfd_create("coverage", MFD_CLOEXEC);

	for (int i = 0; i < 4 && works; i++)
		works = lseek(fd, 0, SEEK_SET) == 0 &&
			write(fd, said, sizeof(said)) == (ssize_t)sizeof(said) &&
			lseek(fd, 0, SEEK_SET) == 0 &&
			read(fd, seen, sizeof(seen)) == (ssize_t)sizeof(seen) &&
			memcmp(said, seen, sizeof(said)) == 0;
	if (fd >= 0)
		close(fd);
	return works;
}

static int may_add(void)
{
	return !adding && lift(RLIMIT_FSIZE) == RLIM_INFINITY &&
	       lift(RLIMIT_AS) >= ADDRESS_SPACE_BYTES && lift(RLIMIT_NOFILE) > DESCRIPTORS &&
	       writing_works();
}

static void add(void)
{
	if (calls_are_watched() || !may_add())
		return;
	adding = 1;
	__gcov_dump();
}

/* Comes before libgcov's own turn. */
static void on_end(int status, void *ctx)
{
	(void)ctx;
	if (may_add()) {
		adding = 1;
		return;
	}
	fflush(NULL);
	end(status);
}

void __wrap__exit(int status)
{
	add();
	end(status);
}

/* The signal may have come in the midst of malloc(): who waits for its lock is ended. */
static void add_and_die(int number)
{
	signal(SIGALRM, SIG_DFL);
	alarm(HANG_S);
	add();
	signal(number, SIG_DFL);
	__real_raise(number);
}

/* The program puts the default back and raises what it got. */
int __wrap_raise(int number)
{
	struct sigaction now;

	if (sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL && number != SIGTSTP)
		add();
	return __real_raise(number);
}

__attribute__((constructor)) static void begin(void)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGHUP, SIGPIPE };
	struct sigaction now;

	/* what libgcov could say belongs to no output of the program */
	setenv("GCOV_ERROR_FILE", "/dev/null", 1);
	on_exit(on_end, NULL);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (sigaction(ends[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
			signal(ends[i], add_and_die);
}
