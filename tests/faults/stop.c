/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stop: preloaded into sockvet, lets a process of another uid try to stop it when its port is taken.
 *
 *   STOP_UID    the uid, which has no rights beside its own
 *
 * The signal is really sent, as soon as bind() succeeded: the kernel decides whether it comes.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whoever calls is the target: as a process and as a thread. */
static void attack(void)
{
	uid_t uid = (uid_t)strtoul(getenv("STOP_UID"), NULL, 10);
	pid_t process = getpid(), thread = (pid_t)syscall(SYS_gettid);
	pid_t child = fork();

	if (child == 0) {
		if (syscall(SYS_setresuid, uid, uid, uid) == 0) {
			kill(process, SIGSTOP);
			syscall(SYS_tgkill, process, thread, SIGSTOP);
		}
		_exit(0);
	}
	while (child > 0 && waitpid(child, NULL, 0) < 0)
		;
}

int bind(int fd, const struct sockaddr *at, socklen_t size)
{
	int (*really)(int, const struct sockaddr *, socklen_t) =
		(int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "bind");
	int result = really(fd, at, size);

	if (result == 0 && at->sa_family == AF_INET)
		attack();
	return result;
}
