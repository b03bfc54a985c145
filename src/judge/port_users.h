/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef JUDGE_PORT_USERS_H
#define JUDGE_PORT_USERS_H

#include "judge/port_map.h"

/*
 * Who holds the ports that a destination cannot have: by process, where no
 * process was seen by cgroup, and where none is there (TIME_WAIT, orphans) as
 * nobody. What is lost to every destination is counted in ports, for a server
 * takes one however many connections it has on it.
 */

/* Lost ports by what took them. */
struct lost_ports {
	uint32_t listening, idle, accepted;
	uint32_t clients;               /* the rest: bound by a program that then called connect() */
};

/**
 * port_users_find - fill the users of @answer, most first
 * @socks: sockets of the destination, and those that port_map_blames()
 */
struct lost_ports port_users_find(const struct port_map *map, const uint32_t *socks, size_t count,
				  struct connect_answer *answer);

/* The user with most ports of that kind and a process, or NULL. */
const struct port_user *port_users_first(const struct connect_answer *answer, bool blocks_all);

#endif
