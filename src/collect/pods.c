/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of Kubernetes pods and containers, without asking anybody: the kubelet names its
 * folders of logs by them (kubernetes.io/docs/concepts/cluster-administration/logging).
 * /var/log/pods has NAMESPACE_POD_UID, and /var/log/containers has
 * POD_NAMESPACE_CONTAINER-ID.log. No name has an underscore in it.
 */
#include "collect/handle.h"

#include "base/own.h"
#include "collect/host.h"
#include "collect/proc.h"

#include <string.h>

enum { ID_DIGITS = 64, UID_LEAST = 32 };

/* Copies a name that fits; false when it is empty or does not. */
static bool keep(char *to, size_t room, const char *from, size_t size)
{
	if (!size || size >= room)
		return false;
	memcpy(to, from, size);
	return true;
}

/* The places of the two underscores in the first @size bytes; false if there are others. */
static bool split(const char *name, size_t size, size_t *one, size_t *other)
{
	const char *first = memchr(name, '_', size);
	const char *second = first ? memchr(first + 1, '_', (size_t)(name + size - first) - 1) : NULL;

	if (!second || memchr(second + 1, '_', (size_t)(name + size - second) - 1))
		return false;
	*one = (size_t)(first - name);
	*other = (size_t)(second - name);
	return true;
}

static bool read_pod(const char *name, struct answer_pod *pod)
{
	size_t size = strlen(name), one, other;

	return split(name, size, &one, &other) && size - other - 1 >= UID_LEAST &&
	       keep(pod->pod_namespace, sizeof(pod->pod_namespace), name, one) &&
	       keep(pod->pod_name, sizeof(pod->pod_name), name + one + 1, other - one - 1) &&
	       keep(pod->uid, sizeof(pod->uid), name + other + 1, size - other - 1);
}

static bool read_container(const char *name, struct answer_pod *pod)
{
	static const char end[] = ".log";
	size_t size = strlen(name), tail = ID_DIGITS + strlen(end), one, other;

	if (size < tail + 2 || strcmp(name + size - strlen(end), end) != 0 ||
	    name[size - tail - 1] != '-' || !split(name, size - tail - 1, &one, &other))
		return false;
	return keep(pod->pod_name, sizeof(pod->pod_name), name, one) &&
	       keep(pod->pod_namespace, sizeof(pod->pod_namespace), name + one + 1, other - one - 1) &&
	       keep(pod->container_name, sizeof(pod->container_name), name + other + 1,
		    size - tail - other - 2) &&
	       keep(pod->id, sizeof(pod->id), name + size - tail, ID_DIGITS);
}

static void list(const char *path, bool (*read)(const char *, struct answer_pod *),
		 struct text *rows)
{
	OWN_DIR DIR *folder = host_opendir(path);
	const struct dirent *entry;
	int err;

	while (folder && (entry = proc_entry(folder, &err))) {
		struct answer_pod pod = { .uid = "" };

		if (read(entry->d_name, &pod))
			text_add(rows, &pod, sizeof(pod));
	}
}

/* The uid in a redacted recording has the spelling of cgroup paths. */
static bool is_uid(const char *told, const char *uid)
{
	while (*told && (*told == *uid || (*told == '_' && *uid == '-'))) {
		told++;
		uid++;
	}
	return !*told && !*uid;
}

/* Of a container in a container, the pod is known by its uid, and the inner one has no log. */
static void name_cgroup(struct snapshot *seen, size_t index, const struct text *rows)
{
	const struct cgroup *cgroup = &seen->cgroups.at[index];
	const char *container = cgroup_container(cgroup), *uid = cgroup_pod(cgroup);
	struct answer_pod found = { .uid = "" }, row;

	for (size_t at = 0; at < rows->count; at += sizeof(row)) {
		memcpy(&row, rows->at + at, sizeof(row));
		row.uid[sizeof(row.uid) - 1] = row.id[sizeof(row.id) - 1] = '\0';
		if (container && *row.id && strcmp(row.id, container) == 0)
			memcpy(found.container_name, row.container_name, sizeof(row.container_name));
		else if (!(uid && *row.uid && is_uid(row.uid, uid)))
			continue;
		memcpy(found.pod_name, row.pod_name, sizeof(row.pod_name));
		memcpy(found.pod_namespace, row.pod_namespace, sizeof(row.pod_namespace));
	}
	found.pod_name[sizeof(found.pod_name) - 1] = '\0';
	found.pod_namespace[sizeof(found.pod_namespace) - 1] = '\0';
	found.container_name[sizeof(found.container_name) - 1] = '\0';
	if (*found.pod_name)
		snapshot_name_pod(seen, index, found.pod_name, found.pod_namespace,
				  found.container_name);
}

/* True when it may be one of the kubelet's, and has no name yet. */
static bool may_be_pod(const struct cgroup *cgroup)
{
	const char *container = cgroup_container(cgroup);

	return cgroup->names && !cgroup->names->pod_name &&
	       (cgroup_pod(cgroup) || (container && strlen(container) == ID_DIGITS));
}

void collect_pods(struct collect *collect, struct snapshot *seen)
{
	struct question question = { .kind = ANSWER_PODS, .key = "" };
	size_t i = 0;

	while (i < seen->cgroups.count && !may_be_pod(&seen->cgroups.at[i]))
		i++;
	if (i == seen->cgroups.count)
		return;
	if (recorder_replays(&collect->recorder)) {
		(void)recorder_answered(&collect->recorder, &question);
	} else {
		list("/var/log/pods", read_pod, &question.rows);
		list("/var/log/containers", read_container, &question.rows);
		recorder_answer(&collect->recorder, &question);
	}
	for (; question.rows.count && i < seen->cgroups.count; i++)
		if (may_be_pod(&seen->cgroups.at[i]))
			name_cgroup(seen, i, &question.rows);
	text_fini(&question.rows);
}
