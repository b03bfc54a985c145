#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# base <- model <- { value | words }, and { collect | judge | print } <- cmd <- main, of which print has words

# Include lines of room $1 that name a room which is not among $2.
strays() {
	grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "src/$1" |
		grep -vE "\"($2)/" || true
}

@test "base includes only base" { [ -z "$(strays base base)" ]; }
@test "model includes only base and model" { [ -z "$(strays model 'base|model')" ]; }
@test "value includes only base, model and value" { [ -z "$(strays value 'base|model|value')" ]; }
@test "words includes only base and model" { [ -z "$(strays words 'base|model|words')" ]; }
@test "collect includes neither judge nor print nor cmd" { [ -z "$(strays collect 'base|model|value|collect')" ]; }
@test "judge includes neither collect nor words nor print nor cmd" { [ -z "$(strays judge 'base|model|value|judge')" ]; }

# A literal with a blank in it, outside of comments.
@test "judge tells facts and says no sentence" {
	local file prose=''
	for file in src/judge/*.[ch]; do
		prose+=$("${CC:-cc}" -fpreprocessed -dD -E -P "$file" | grep -v _Static_assert |
			grep -oE '"([^"\\]|\\.)*"' | grep -E '[a-z] | [a-z]' | sed "s,^,$file: ,")
	done
	[ -z "$prose" ] || { echo "$prose"; return 1; }
}
@test "print includes neither collect nor judge nor cmd" { [ -z "$(strays print 'base|model|value|words|print')" ]; }

@test "only collect includes kernel and netlink headers" {
	run grep -rnE 'include <(linux|libmnl|netlink|netinet/tcp)' src/base src/model src/value src/judge src/words src/print src/cmd src/main.c
	[ "$status" -eq 1 ]
}

@test "judge has no clock and no input or output" {
	run bash -c "nm '${BUILD:-build}/judge.a' | awk '\$1 == \"U\" { print \$2 }' | sort -u |
		grep -xE '_?(time|clock.*|gettimeofday|f?open.*|read|write|[vf]*printf.*|puts|putchar|getenv|rand.*|random|socket|ioctl|std(in|out|err))'"
	[ "$status" -eq 1 ]
}

@test "foreign text reaches a person only through the functions that make it safe" {
	# errline() writes sentences, struct out what was asked for; the others write what is theirs:
	# grow: out of memory; repeat: a finished screen; deadline: a handler's sentence, made before
	run bash -c "nm -A '${BUILD:-build}'/*.a '${BUILD:-build}/main.o' | sed -nE 's,^.*[:/]([a-z_0-9]+\.o): +U ,\1 ,p' |
		grep -xE '[^ ]+ _*(v?f?d?printf|v?dprintf|f?puts|f?putc|IO_putc|putchar|f?write|p?writev?2?(64)?|perror|psignal|error|error_at_line|v?warnx?|v?errx?|v?syslog|std(out|err))(_unlocked|_chk)?' |
		grep -vxE '(errline|grow|out|repeat|deadline).o write'"
	echo "$output"
	[ "$status" -eq 1 ]
	# standard error is no struct out
	run grep -rnE 'STDERR_FILENO|out_init\([^,]*, *2\)' src --include='*.[ch]'
	[ "$(cut -d: -f1 <<<"$output" | sort -u | tr '\n' ' ')" = "src/base/errline.c src/base/grow.c src/cmd/deadline.c " ]
	# names of others are put by what escapes them
	run bash -c "grep -rnE '(out_str|out_f|out_put|cell_str|cell_put|text_addf|text_add)\([^?]*(->(comm|unit|container|pod|path|netns_name)\b|links\.at\[[a-z]*\]\.name|snapshot_link|optarg|argv|options->words\[)' src/judge src/print src/cmd | grep -vE 'QUOTE\(|\? \"'"
	echo "$output"
	[ "$status" -eq 1 ]
}

@test "there is no goto" {
	run grep -rnwE 'goto' src --include='*.c' --include='*.h' -l
	[ "$status" -eq 1 ] || ! grep -rnE '^[[:space:]]*goto ' src
}

@test "every source file says its licence" {
	run grep -rLE 'SPDX-License-Identifier: GPL-2.0-or-later' Makefile .ci src tests/unit tests/rooms tests/lab tests/shell completions man --include='*'
	[ -z "$output" ]
}

@test "the top level holds what it may and nothing else" {
	git rev-parse HEAD >/dev/null 2>&1 || skip "GIT IS MISSING, or this is not a checkout (apt install git)"
	run bash -c "git ls-files | cut -d/ -f1 | sort -u | grep -vxE '\..*|Makefile|src|man|tests|completions|README\.md|COPYING'"
	[ -z "$output" ]
}

@test "a tool without which a test is skipped is installed by make deps" {
	cd "$BATS_TEST_DIRNAME/../.."
	local debs package
	debs=$(make -s O="${BUILD:-build}" -f Makefile -f - debs <<<'debs: ; @echo $(DEBS)' 2>/dev/null)
	[[ " $debs " == *" gcc "* ]]
	for package in $(grep -rhoE '\(apt install [a-z0-9.+-]+' tests | cut -d' ' -f3 | sort -u) zsh fish bash-completion; do
		[[ " $debs " == *" $package "* ]] || { echo "$package"; return 1; }
	done
}

@test "tests/README.md has a line for each folder of tests and for nothing else" {
	cd "$BATS_TEST_DIRNAME"/..
	diff <(find . -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort) <(sed -n 's/^| `\([^`]*\)` |.*/\1/p' README.md | sort)
}

@test "each file of tests in bats can be run by itself" {
	run find "$BATS_TEST_DIRNAME"/.. -name '*.bats' ! -perm -u+x
	[ -z "$output" ]
}

@test "each test that README promises is there" {
	cd "$BATS_TEST_DIRNAME/../.."
	local path
	for path in $(grep -o '`tests/[^`]*`' README.md | tr -d '`' | sort -u); do
		[ -e "$path" ] || { echo "$path"; return 1; }
	done
}
