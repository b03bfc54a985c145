/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_UNIT_H
#define MODEL_UNIT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What a cgroup path says about its owner; pure string work, no manager is
 * asked. Each returns a new string that the caller frees, or NULL when the path
 * does not say so.
 */

/* The innermost "*.service", "*.scope" or "*.socket" of systemd. */
char *unit_of_path(const char *path);

/*
 * The container id (64 hexadecimal digits) in the path forms of docker,
 * podman (libpod), containerd and cri-o, or the name of an lxc container.
 */
char *container_of_path(const char *path);

/* How many bytes of a container id people use: 12 of the 64 digits, all of a name. */
size_t container_shown(const char *container);

/* True when @unit ends in @kind, ".service" or ".socket"; it may be NULL. */
bool unit_is(const char *unit, const char *kind);

/* The uid of a kubernetes pod, with dashes: ".../pod<uid>/...". */
char *pod_of_path(const char *path);

#endif
