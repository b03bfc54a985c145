/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives a target the files and folders of its command line, one after the other. */
#include "fuzz.h"

#include "base/own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static size_t replay_file(const char *path, const struct stat *status)
{
	size_t size = (size_t)status->st_size;
	/* just its size, for the sanitizers to see the end */
	OWN_MEM uint8_t *bytes = malloc(size ? size : 1);
	OWN_FILE FILE *file = fopen(path, "re");

	if (!bytes || !file || fread(bytes, 1, size, file) != size)
		fuzz_broken("cannot read %s", path);
	/* the last one named is the one that broke */
	fprintf(stderr, "# %s\n", path);
	LLVMFuzzerTestOneInput(bytes, size);
	return 1;
}

static size_t replay(const char *path);

static size_t replay_folder(const char *path)
{
	OWN_DIR DIR *folder = opendir(path);
	const struct dirent *entry;
	size_t count = 0;

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.') {
			OWN_MEM char *inner = NULL;

			if (asprintf(&inner, "%s/%s", path, entry->d_name) >= 0)
				count += replay(inner);
		}
	return count;
}

static size_t replay(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		fuzz_broken("cannot read %s", path);
	return S_ISDIR(status.st_mode) ? replay_folder(path) : replay_file(path, &status);
}

int main(int argc, char **argv)
{
	size_t count = 0;

	LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		count += replay(argv[i]);
	printf("%zu inputs\n", count);
	return count ? 0 : 1;
}
