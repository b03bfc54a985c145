/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/input.h"

#include "base/own.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* more digits than any descriptor number has */
#define DIGITS_MOST 9

/* The descriptor number that @name stands for, or -1 when @name is the name of a file. */
static int handed_descriptor(const char *name)
{
	static const char *const folders[] = { "/dev/fd/", "/proc/self/fd/" };

	if (strcmp(name, "-") == 0 || strcmp(name, "/dev/stdin") == 0)
		return STDIN_FILENO;
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		size_t size = strlen(folders[i]), digits;

		if (strncmp(name, folders[i], size) != 0)
			continue;
		digits = strspn(name + size, "0123456789");
		if (digits && digits <= DIGITS_MOST && !name[size + digits])
			return atoi(name + size);
	}
	return -1;
}

static int fail(int err, const char **why)
{
	*why = strerror(err);
	return -err;
}

static int check_kind(const struct stat *st, const char **why)
{
	if (S_ISREG(st->st_mode))
		return 0;
	if (S_ISDIR(st->st_mode))
		return fail(EISDIR, why);
	*why = "it is no regular file; hand it over as standard input, which is called -";
	return -EINVAL;
}

int input_open(struct input *input, const char *name, const char **why)
{
	OWN_FD int fd = -1;
	struct stat st;
	int err;

	*input = (struct input){ .fd = handed_descriptor(name) };
	input->is_handed = input->fd >= 0;
	if (input->is_handed)
		return 0;
	if (stat(name, &st) < 0)
		return fail(errno, why);
	err = check_kind(&st, why);
	if (err)
		return err;
	/* fstat() follows, because the name may have changed since stat() */
	fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(errno, why);
	err = check_kind(&st, why);
	if (!err)
		input->fd = own_give_fd(&fd);
	return err;
}

void input_close(struct input *input)
{
	if (!input->is_handed && input->fd >= 0)
		close(input->fd);
	input->fd = -1;
}

ssize_t input_fill(int fd, void *at, size_t room)
{
	size_t count = 0;

	while (count < room) {
		ssize_t got = read(fd, (char *)at + count, room - count);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		count += (size_t)got;
	}
	return (ssize_t)count;
}
