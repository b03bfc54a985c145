/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the row of the command, calls its function, and exits with its result. */
#include "base/errline.h"
#include "cmd/cmd.h"
#include "cmd/deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/*
 * A descriptor below 3 that the caller closed would be taken by the first file that is
 * opened, and output would go there. So each such descriptor gets a file that reads and
 * writes nothing; writing to it is reported as an error. Where /dev/null does not exist,
 * as in a bare chroot or container, the root folder is used.
 */
static void fill_standard_descriptors(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/", O_PATH) != fd)
			_exit(STATUS_UNKNOWN);
}

/*
 * A failed write may only show at close() (NFS). If the output was closed when we started,
 * the failed write has been reported.
 */
static enum status close_output(enum status status)
{
	if (close(STDOUT_FILENO) == 0 || status == STATUS_UNKNOWN)
		return status;
	errline("closing the output: %s; what was printed may be incomplete",
		strerror(errno));
	return STATUS_UNKNOWN;
}

/* `sockvet -tanp` is `sockvet list -tanp`; anything else without a command is check. */
static const struct command *choose(int *argc, char ***argv)
{
	const char *word = *argc > 1 ? (*argv)[1] : NULL;
	const struct command *named = word ? command_by_name(word) : NULL;

	if (named) {
		(*argc)--;
		(*argv)++;
		return named;
	}
	if (word && options_is_listing(word))
		return command_by_name("list");
	return &command_table[0];
}

static bool asks_program(int argc, char **argv, const char *long_name, const char *letter)
{
	return argc == 2 && (strcmp(argv[1], long_name) == 0 || strcmp(argv[1], letter) == 0);
}

static enum status run(int argc, char **argv)
{
	const struct command *command;
	struct options options;
	struct fault fault;

	if (asks_program(argc, argv, "--help", "-h"))
		return help_print(NULL);
	command = choose(&argc, &argv);
	if (options_parse(&options, argc, argv, command->bit, &fault) < 0)
		return cmd_fail(&fault);
	if (options.help)
		return help_print(command);
	if (options.version)
		return version_print();
	if (privileges_check(command, &options, &fault) < 0 ||
	    options_check(&options, command->bit, &fault) < 0 ||
	    privileges_limit(command, &options, &fault) < 0)
		return cmd_fail(&fault);
	/*
	 * this also bounds what is read before a look begins: a filter, a recording to
	 * be redacted
	 */
	if (options.deadline_ms)
		deadline_begin(&options);
	return command->run(&options);
}

/*
 * A long array gets pages of its own, which can be moved when it grows and given back
 * when it is freed. Without this setting the C library would stop doing so after the
 * first one was freed.
 */
static void keep_long_arrays_apart(void)
{
#ifdef M_MMAP_THRESHOLD
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
}

int main(int argc, char **argv)
{
	keep_long_arrays_apart();
	fill_standard_descriptors();
	privileges_distrust();
	/*
	 * exceeding a limit of the file size is then an error of write(), which is
	 * reported
	 */
	signal(SIGXFSZ, SIG_IGN);
	return argc < 1 ? STATUS_UNKNOWN : (int)close_output(run(argc, argv));
}
