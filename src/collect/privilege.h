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

/* Started with more rights than who started it has: set-user-id, file capabilities. */
bool privilege_is_borrowed(void);

/* Forgets the environment: of a borrowed one it is the work of somebody else. */
void privilege_forget_environment(void);

/**
 * privilege_keep - give up every capability that is for nothing of this, for good
 * @now:  enum privilege, until privilege_settle()
 * @then: the part of it that stays after that
 *
 * Also no program could get more by being started from here (no_new_privs). Of
 * the calling thread and those that it makes; to be called before any is made.
 */
int privilege_keep(unsigned now, unsigned then, struct fault *fault);

/*
 * The last file is open, the last namespace entered: what was kept for that goes.
 * Nothing without privilege_keep() before.
 */
int privilege_settle(struct fault *fault);

#endif
