/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COLLECT_PRIVILEGE_H
#define COLLECT_PRIVILEGE_H

#include "base/fault.h"

#include <stdbool.h>

/* What capabilities are kept for. */
enum privilege {
	PRIVILEGE_READ   = 1 << 0,      /* files of others */
	PRIVILEGE_OWNERS = 1 << 1,      /* descriptors and sockets of others */
	PRIVILEGE_NET    = 1 << 2,      /* marks and keys of sockets; closing them */
	PRIVILEGE_ENTER  = 1 << 3,      /* other network namespaces */
	PRIVILEGE_WRITE  = 1 << 4,      /* into folders of others */
	PRIVILEGE_BIND   = 1 << 5,      /* low ports */
	PRIVILEGE_BECOME = 1 << 6,      /* another user */
};

/* True when the program has more rights than its caller: set-user-id or file capabilities. */
bool privilege_is_borrowed(void);

/* Whether a capability of <linux/capability.h> is effective: 1 or 0, or -errno. */
int privilege_has(unsigned capability);

/*
 * Why this process may not look into some others, or what would let it: the end of a
 * sentence, in parentheses.
 */
const char *privilege_lacked(void);

/* True when it may look into every process, unless a security module forbids it. */
bool privilege_sees_all(void);

/* Clears the environment, which for borrowed rights somebody else controls. */
void privilege_forget_environment(void);

/**
 * privilege_keep - give up, for good, every capability that is not needed
 * @now:  enum privilege: kept until privilege_settle()
 * @then: the part of it that is kept after that
 *
 * Also sets no_new_privs, so that no program started from here can get more. It works on
 * the calling thread and the threads that this one starts later; call it before any is
 * started.
 */
int privilege_keep(unsigned now, unsigned then, struct fault *fault);

/*
 * Gives up what was kept for opening files and entering namespaces, once the last is
 * open. Does nothing unless privilege_keep() was called.
 */
int privilege_settle(struct fault *fault);

#endif
