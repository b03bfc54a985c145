/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MODEL_UNIT_H
#define MODEL_UNIT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What a cgroup path tells about its owner. The path alone decides; no service manager
 * is asked. Each function returns a new string that the caller frees, or NULL when the
 * path does not tell.
 */

/* The innermost "*.service", "*.scope" or "*.socket" of systemd. */
char *unit_of_path(const char *path);

/*
 * The innermost container: its id (64 hexadecimal digits) in the path forms of docker,
 * podman (libpod), containerd and cri-o, or the name of an lxc container or of a machine
 * of systemd-nspawn.
 */
char *container_of_path(const char *path);

/*
 * The number of bytes of a container id that people use: 12 of 64 digits, or all of a
 * name.
 */
size_t container_shown(const char *container);

/* True when @unit, which may be NULL, ends in @kind: ".service" or ".socket". */
bool unit_is(const char *unit, const char *kind);

/* The uid of a kubernetes pod, with dashes: ".../pod<uid>/...". Of several the outermost. */
char *pod_of_path(const char *path);

/*
 * How much a path tells: each container counts more than a pod, and that more than a
 * unit. 0: none of them.
 */
unsigned path_tells(const char *path);

#endif
