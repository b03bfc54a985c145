/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fail: preloaded into sockvet, lets the Nth allocation or the Nth system call of main() fail.
 *
 *   FAIL_WHAT    memory | calls | none (only counts)
 *   FAIL_AT      N, from 1
 *   FAIL_ON      once | same (every later call of that kind too) | all (every later call)
 *   FAIL_HOW     an errno by its number | short (one byte is done) | zero (nothing is there)
 *   FAIL_REPORT  a file: gets the number of each call in order (none), or of the one that failed
 *
 * System calls are caught where they enter the kernel, so that those which libc and the netlink
 * libraries make by themselves are reached as well: the kernel turns each into a SIGSYS ("syscall
 * user dispatch", since 5.11), and the handler makes the call or does not. Only calls from the
 * section "fail_raw" of this file pass. What a sanitizer does for itself is none of the program.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef __x86_64__
#error "the registers of a system call are known for x86-64 only"
#endif

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

enum what { WHAT_NONE, WHAT_MEMORY, WHAT_CALLS };
enum on { ON_ONCE, ON_SAME, ON_ALL };
enum how { HOW_ERRNO, HOW_SHORT, HOW_ZERO };
enum { DISPATCH_ALLOW, DISPATCH_BLOCK };

static struct {
	enum what what;
	enum on on;
	enum how how;
	long at, err;
	const char *report;
	bool armed;
} fail;

/* Counted over threads and children alike. */
static struct shared {
	atomic_long calls, allocations, kind;
} *shared;

/* Code of sanitizers: calls from there are let through and not counted. */
static struct { uintptr_t from, to; } foreign[8];
static size_t foreign_count;

static __thread volatile char dispatch __attribute__((tls_model("initial-exec")));
/* Not yet while a sanitizer prepares a thread. */
static __thread bool begun __attribute__((tls_model("initial-exec")));

/* The one place whose system calls the kernel lets through. */
__asm__(".section fail_raw,\"ax\",@progbits\n"
	".type raw, @function\n"
	"raw:\n"
	"	movq %rdi, %rax\n"
	"	movq %rsi, %rdi\n"
	"	movq %rdx, %rsi\n"
	"	movq %rcx, %rdx\n"
	"	movq %r8, %r10\n"
	"	movq %r9, %r8\n"
	"	movq 8(%rsp), %r9\n"
	"	syscall\n"
	"	ret\n"
	".size raw, . - raw\n"
	".type restore, @function\n"
	"restore:\n"
	"	movq $15, %rax\n"
	"	syscall\n"
	"	ud2\n"                 /* what counts is the address behind the call */
	".size restore, . - restore\n"
	".text\n");
extern long raw(long number, ...) __attribute__((visibility("hidden")));
extern void restore(void) __attribute__((visibility("hidden")));
extern const char __start_fail_raw[] __attribute__((visibility("hidden")));
extern const char __stop_fail_raw[] __attribute__((visibility("hidden")));

static void *next(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (!found)
		_exit(125);
	return found;
}

static void report(long number)
{
	char line[24];
	size_t at = sizeof(line);
	long fd;

	if (!fail.report)
		return;
	line[--at] = '\n';
	do {
		line[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	fd = raw(SYS_open, fail.report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600, 0, 0, 0);
	raw(SYS_write, fd, line + at, sizeof(line) - at, 0, 0, 0);
	raw(SYS_close, fd, 0, 0, 0, 0, 0);
}

/* Whether this call, the @count-th, of that kind, is to fail. */
static bool is_due(long count, long kind)
{
	if (count == fail.at) {
		atomic_store(&shared->kind, kind + 1);
		report(kind);
		return true;
	}
	if (count < fail.at || fail.on == ON_ONCE)
		return false;
	return fail.on == ON_ALL || atomic_load(&shared->kind) == kind + 1;
}

/* ---- memory ---- */

static bool memory_fails(void)
{
	long count;

	if (!fail.armed || !begun || fail.what == WHAT_CALLS)
		return false;
	count = atomic_fetch_add(&shared->allocations, 1) + 1;
	if (fail.what != WHAT_MEMORY || !is_due(count, 0))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	static void *(*real)(size_t);

	if (!real)
		real = (void *(*)(size_t))next("malloc");
	return memory_fails() ? NULL : real(size);
}

void *calloc(size_t count, size_t size)
{
	static void *(*real)(size_t, size_t);

	if (!real)
		real = (void *(*)(size_t, size_t))next("calloc");
	return memory_fails() ? NULL : real(count, size);
}

void *realloc(void *at, size_t size)
{
	static void *(*real)(void *, size_t);

	if (!real)
		real = (void *(*)(void *, size_t))next("realloc");
	return memory_fails() ? NULL : real(at, size);
}

/* libc's own would not come through realloc() above. */
void *reallocarray(void *at, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(at, count * size);
}

/* ---- system calls ---- */

static bool is_foreign(uintptr_t at)
{
	for (size_t i = 0; i < foreign_count; i++)
		if (at >= foreign[i].from && at < foreign[i].to)
			return true;
	return false;
}

static bool never_fails(long number)
{
	switch (number) {
	case SYS_exit: case SYS_exit_group: case SYS_rt_sigreturn: case SYS_munmap:
	case SYS_rt_sigaction: case SYS_rt_sigprocmask: case SYS_futex: case SYS_lseek:
	case SYS_getpid: case SYS_gettid: case SYS_getuid: case SYS_geteuid: case SYS_uname:
	case SYS_set_robust_list:
		return true;    /* the kernel fails these for wrong arguments only, or never */
	default:
		return false;
	}
}

/* Which argument tells how many bytes there are; -1: a short one has no meaning here. */
static int size_register(long number)
{
	switch (number) {
	case SYS_read: case SYS_write: case SYS_pread64: case SYS_recvfrom:
		return REG_RDX;
	default:
		return -1;
	}
}

/* Sets what the program gets and returns true, or false: the call is to be made. */
static bool call_fails(long number, greg_t *regs)
{
	long count;
	int size;

	if (!fail.armed || fail.what == WHAT_MEMORY || never_fails(number))
		return false;
	count = atomic_fetch_add(&shared->calls, 1) + 1;
	if (fail.what == WHAT_NONE) {
		report(number);
		return false;
	}
	if (!is_due(count, number))
		return false;
	size = size_register(number);
	if (fail.how == HOW_SHORT) {
		if (size >= 0 && regs[size] > 1)
			regs[size] = 1;
		return false;
	}
	regs[REG_RAX] = fail.how == HOW_ZERO ? 0 : -fail.err;
	if (number == SYS_brk)  /* the old end instead of an errno */
		regs[REG_RAX] = raw(SYS_brk, 0, 0, 0, 0, 0, 0);
	return true;
}

static void on_call(int signal_number, siginfo_t *info, void *context)
{
	ucontext_t *at = context;
	greg_t *regs = at->uc_mcontext.gregs;
	long number = info->si_syscall;

	(void)signal_number;
	if (!is_foreign((uintptr_t)info->si_call_addr) && call_fails(number, regs))
		return;
	regs[REG_RAX] = raw(number, regs[REG_RDI], regs[REG_RSI], regs[REG_RDX], regs[REG_R10],
			    regs[REG_R8], regs[REG_R9]);
	if (number != SYS_rt_sigprocmask)
		return;
	/* Returning puts the old mask back, so the new one has to be there. */
	raw(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &at->uc_sigmask, 8, 0, 0);
	sigdelset(&at->uc_sigmask, SIGSYS);
}

/* Each thread and each child begins without. */
static void begin_here(void)
{
	size_t size = (size_t)(__stop_fail_raw - __start_fail_raw);

	begun = true;
	if (fail.what == WHAT_MEMORY)
		return;
	dispatch = DISPATCH_ALLOW;
	if (raw(SYS_prctl, PR_SET_SYSCALL_USER_DISPATCH, 1, __start_fail_raw, size, &dispatch, 0) < 0)
		_exit(77);
	dispatch = DISPATCH_BLOCK;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg);

struct start {
	void *(*run)(void *);
	void *arg;
};

static void *run_thread(void *at)
{
	struct start start = *(struct start *)at;
	void *result;

	free(at);
	begin_here();
	result = start.run(start.arg);
	begun = false;
	dispatch = DISPATCH_ALLOW;
	return result;
}

/* A thread that begins within the handler would have no stack to return on. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	char before = dispatch;
	greg_t regs[NGREG] = { 0 };
	struct start *start;
	int err;

	if (!real)
		real = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))
			next("pthread_create");
	if (before == DISPATCH_BLOCK && call_fails(SYS_clone3, regs))
		return (int)fail.err;
	dispatch = DISPATCH_ALLOW;
	start = malloc(sizeof(*start));
	if (!start) {
		dispatch = before;
		return EAGAIN;
	}
	*start = (struct start){ run, arg };
	err = real(thread, attr, run_thread, start);
	dispatch = before;
	if (err)
		free(start);
	return err;
}

pid_t fork(void)
{
	static pid_t (*real)(void);
	char before = dispatch;
	greg_t regs[NGREG] = { 0 };
	pid_t pid;

	if (!real)
		real = (pid_t (*)(void))next("fork");
	if (before == DISPATCH_BLOCK && call_fails(SYS_clone, regs)) {
		errno = (int)fail.err;
		return -1;
	}
	dispatch = DISPATCH_ALLOW;
	pid = real();
	if (!pid && before == DISPATCH_BLOCK)
		begin_here();
	else
		dispatch = before;
	return pid;
}

/* ---- from the start of main() to its end ---- */

static int note_foreign(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	(void)ctx;
	if (!strstr(info->dlpi_name, "libasan") && !strstr(info->dlpi_name, "libubsan"))
		return 0;
	for (size_t i = 0; i < info->dlpi_phnum && foreign_count < 8; i++) {
		uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

		if (!(info->dlpi_phdr[i].p_flags & PF_X))
			continue;
		foreign[foreign_count].from = from;
		foreign[foreign_count++].to = from + info->dlpi_phdr[i].p_memsz;
	}
	return 0;
}

static void read_wishes(void)
{
	const char *what = getenv("FAIL_WHAT"), *on = getenv("FAIL_ON");
	const char *how = getenv("FAIL_HOW"), *at = getenv("FAIL_AT");

	fail.what = !what || !strcmp(what, "none") ? WHAT_NONE :
		    !strcmp(what, "memory") ? WHAT_MEMORY : WHAT_CALLS;
	fail.on = !on || !strcmp(on, "once") ? ON_ONCE : !strcmp(on, "same") ? ON_SAME : ON_ALL;
	fail.how = !how ? HOW_ERRNO : !strcmp(how, "short") ? HOW_SHORT :
		   !strcmp(how, "zero") ? HOW_ZERO : HOW_ERRNO;
	fail.err = how ? strtol(how, NULL, 10) : 0;
	fail.at = at ? strtol(at, NULL, 10) : 0;
	fail.report = getenv("FAIL_REPORT");
}

/* The kernel's form: libc's would put its own way back, which is not let through. */
static void catch_calls(void)
{
	struct {
		void (*handler)(int, siginfo_t *, void *);
		unsigned long flags;
		void (*restorer)(void);
		unsigned long mask;
	} action = { on_call, SA_SIGINFO | 0x04000000, restore, 0 };

	raw(SYS_rt_sigaction, SIGSYS, &action, NULL, 8, 0, 0);
}

static int (*real_main)(int, char **, char **);

static int counted_main(int argc, char **argv, char **envp)
{
	int status;

	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 125;
	read_wishes();
	dl_iterate_phdr(note_foreign, NULL);
	catch_calls();
	fail.armed = true;
	begin_here();
	status = real_main(argc, argv, envp);
	dispatch = DISPATCH_ALLOW;
	fail.armed = false;
	if (fail.what == WHAT_NONE)
		report(100000 + atomic_load(&shared->allocations));
	return status;
}

int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv,
		      void (*init)(void), void (*fini)(void), void (*end)(void), void *stack);

int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv,
		      void (*init)(void), void (*fini)(void), void (*end)(void), void *stack)
{
	int (*real)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
		    void (*)(void), void *) = (__typeof__(real))next("__libc_start_main");

	real_main = program;
	return real(counted_main, argc, argv, init, fini, end, stack);
}
