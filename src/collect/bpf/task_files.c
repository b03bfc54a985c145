/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of a build with BPF=1 only. */
#include "collect/bpf/task_files.h"

#include "base/grow.h"
#include "base/own.h"
#include "collect/host.h"
#include "collect/privilege.h"
#include "collect/proc.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>

#define LIBRARY "libbpf.so.1"

/* Descriptors open on the machine; below it takes longer to load than to walk. */
#define PAYS_FROM 10000

/* The kernel hands over 32 KiB at most. */
#define READ_BYTES (64 * 1024)

/* The program, as program.bpf.c was compiled. */
__asm__(".pushsection .rodata\n"
	".balign 8\n"
	"program: .incbin \"" PROGRAM "\"\n"
	"program_end: .balign 8\n"
	"program_size: .quad program_end - program\n"
	".popsection\n");
extern const char program[];
extern const uint64_t program_size;

/* ---- the library, loaded when it is needed ---- */

/* THE table of what is called of it. */
#define LIBBPF_CALLS(X)                                                     \
	X(libbpf_set_print)         X(bpf_object__open_mem)                 \
	X(bpf_object__load)         X(bpf_object__close)                    \
	X(bpf_object__find_program_by_name)                                 \
	X(bpf_program__attach_iter) X(bpf_link__fd)                         \
	X(bpf_link__destroy)        X(bpf_iter_create)

static struct {
	void *library;
#define LIBBPF_MEMBER(call) __typeof__(call) *call;
	LIBBPF_CALLS(LIBBPF_MEMBER)
#undef LIBBPF_MEMBER
} libbpf;

static const struct { const char *name; void *slot; } calls[] = {
#define LIBBPF_ROW(call) { #call, &libbpf.call },
	LIBBPF_CALLS(LIBBPF_ROW)
#undef LIBBPF_ROW
};

static bool load_library(void)
{
	if (libbpf.library)
		return true;
	libbpf.library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; libbpf.library && i < sizeof(calls) / sizeof(*calls); i++) {
		void *address = dlsym(libbpf.library, calls[i].name);

		if (!address) {
			dlclose(libbpf.library);
			libbpf.library = NULL;
			return false;
		}
		/* as POSIX would have it: ISO C has no cast from data to function */
		memcpy(calls[i].slot, &address, sizeof(address));
	}
	return libbpf.library;
}

/* ---- whether it pays, and sees the same ---- */

static bool pays(struct text *why)
{
	unsigned long long open = proc_files_open();

	if (!open)
		text_addf(why, "not by BPF (how many descriptors are open is not known)");
	else if (open < PAYS_FROM)
		text_addf(why, "not by BPF (%llu descriptors are open, it pays from %d)", open,
			  PAYS_FROM);
	return open >= PAYS_FROM;
}

static bool may_see_all(void)
{
	return privilege_has(CAP_SYS_PTRACE) > 0 &&
	       (privilege_has(CAP_DAC_READ_SEARCH) > 0 || privilege_has(CAP_DAC_OVERRIDE) > 0);
}

/* The first process that this /proc shows lives in the pid namespace of its mount. */
static bool is_own_proc(void)
{
	struct stat first, own;

	return host_stat("/proc/1/ns/pid", &first) == 0 && host_stat("/proc/self/ns/pid", &own) == 0 &&
	       first.st_ino == own.st_ino && first.st_dev == own.st_dev;
}

static bool sees_the_same(struct text *why)
{
	const char *lacking = !may_see_all() ? "not every process may be looked into" :
			      !is_own_proc() ? "this /proc may be of another pid namespace" : NULL;

	if (lacking)
		text_addf(why, "not by BPF (%s)", lacking);
	return !lacking;
}

/* ---- the pass ---- */

/* One that reads nothing but what the kernel writes has no cause to end early. */
static int read_all(int fd, task_files_take *take, void *ctx)
{
	OWN_MEM char *bytes = grow_alloc(READ_BYTES);
	size_t count = 0, at;

	for (;;) {
		ssize_t size = read(fd, bytes + count, READ_BYTES - count);

		/* EAGAIN: a million files were looked at and none told */
		if (size < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (size == 0)
			return count ? -EIO : 0;
		count += size > 0 ? (size_t)size : 0;
		for (at = 0; count - at >= sizeof(struct task_file); at += sizeof(struct task_file)) {
			struct task_file file;

			memcpy(&file, bytes + at, sizeof(file));
			take(ctx, &file);
		}
		count -= at;
		memmove(bytes, bytes + at, count);
	}
}

static int attach(struct bpf_object *object, struct bpf_link **link)
{
	struct bpf_program *entry;

	if (libbpf.bpf_object__load(object) < 0)
		return -errno;
	entry = libbpf.bpf_object__find_program_by_name(object, "list_task_files");
	*link = entry ? libbpf.bpf_program__attach_iter(entry, NULL) : NULL;
	return *link ? 0 : -errno;
}

static int pass(task_files_take *take, void *ctx)
{
	struct bpf_object *object = libbpf.bpf_object__open_mem(program, program_size, NULL);
	struct bpf_link *link = NULL;
	int err = object ? attach(object, &link) : -errno;

	if (!err) {
		OWN_FD int fd = libbpf.bpf_iter_create(libbpf.bpf_link__fd(link));

		err = fd < 0 ? -errno : read_all(fd, take, ctx);
	}
	libbpf.bpf_link__destroy(link);
	libbpf.bpf_object__close(object);
	return err;
}

bool task_files_read(task_files_take *take, void *ctx, struct text *why)
{
	int err;

	if (!pays(why) || !sees_the_same(why))
		return false;
	if (!load_library()) {
		text_addf(why, "not by BPF (%s cannot be loaded)", LIBRARY);
		return false;
	}
	libbpf.libbpf_set_print(NULL);
	err = pass(take, ctx);
	if (err)
		text_addf(why, "not by BPF (%s)", strerror(-err));
	return !err;
}
