/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a load lives: namespaces of its own, a hash table for sockets as large as the machine's, loopback with the
 * addresses fd5c::1 .. fd5c::fa, and perhaps a control group. Whoever fails says why and ends with status 125.
 */
#pragma once

enum { PLACE_IPV6_ADDRESSES = 250 };

void __attribute__((format(printf, 1, 2), noreturn)) die(const char *format, ...);

/* This process into the network and mount namespace; its next child is process 1 of the process namespace. */
void place_enter(void);

/* What process 1 does first: /proc, loopback, limits. */
void place_prepare(void);

/* One number, or two unless `high` is 0, into net.ipv4. */
void place_sysctl(const char *name, long low, long high);

/* Before place_enter(). A machine that lets us make none is told of. */
void place_make_cgroup(void);

/* This process and its later children; nothing if there is no group. Sockets belong to the group that made them,
 * accepted ones to that of their listener. */
void place_enter_cgroup(void);

/* When all its processes are ended. */
void place_remove_cgroup(void);
