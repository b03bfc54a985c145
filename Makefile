# SPDX-License-Identifier: GPL-2.0-or-later
#
# make            build/sockvet
# make deps       install what a bare Debian lacks to build and test
# make run        judge this machine's sockets
# make check      every test
# make help       the rest
#
# CC, CFLAGS, CPPFLAGS, LDFLAGS, PREFIX, DESTDIR, O and V=1 are yours to set. BPF=1 finds
# the owners of very many sockets by a program in the kernel (clang and libbpf-dev to build).

VERSION    := 0.1.0
O          ?= build
PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
DATADIR    ?= $(PREFIX)/share
MANDIR     ?= $(DATADIR)/man
BASHDIR    ?= $(DATADIR)/bash-completion/completions
ZSHDIR     ?= $(DATADIR)/zsh/site-functions
FISHDIR    ?= $(DATADIR)/fish/vendor_completions.d
PKG_CONFIG ?= pkg-config
INSTALL    ?= install
CFLAGS     ?= -O2 -g
JOBS       ?= $(shell nproc 2>/dev/null || echo 2)

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2);)

PACKAGES := libmnl libnl-3.0 libnl-route-3.0
WARNINGS := -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla -Wcast-align -Wundef \
            -Wconversion -Wsign-conversion \
            -Werror=implicit -Werror=format-security

# Tried one by one by the compiler at hand, see $(O)/flags.mk.
WANT_CFLAGS  := -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
                -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing \
                -ftrivial-auto-var-init=zero -fstrict-flex-arrays=3 -fPIE \
                -Wnull-dereference -Wimplicit-fallthrough -Wlogical-op -Wduplicated-cond \
                -Wtrampolines -Wbidi-chars=any -U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=3
WANT_LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed

ROOMS   := base model value words collect judge print cmd
SOURCES := $(sort $(foreach room,$(ROOMS),$(wildcard src/$(room)/*.c)))
OBJECTS := $(SOURCES:src/%.c=$(O)/%.o)
UNIT    := $(patsubst tests/unit/%.c,$(O)/tests/%,$(sort $(wildcard tests/unit/test_*.c)))

# Where a long has 32 bits: inode numbers, which cgroup ids are, and times have 64.
ALL_CPPFLAGS = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 \
               -DSOCKVET_VERSION='"$(VERSION)"' -Isrc $(CPPFLAGS)
ALL_CFLAGS   = -std=gnu17 $(WARNINGS) $(PROBED_CFLAGS) -ffile-prefix-map=$(CURDIR)=. \
               $(LIB_CFLAGS) $(CFLAGS)
ALL_LDFLAGS  = $(PROBED_LDFLAGS) $(LDFLAGS)

# With run and install only what building needs; with other goals, and alone, what the tests need, too.
.PHONY: deps
LINT_PARTS := lint-texts cppcheck tidy analyze scan
LINTS := lint $(LINT_PARTS)
BUILD_DEBS := gcc libc6-dev make pkgconf libmnl-dev libnl-3-dev libnl-route-3-dev \
        $(if $(BPF),clang libbpf-dev)
DAEMON_DEBS := nginx-light lighttpd apache2-utils haproxy varnish squid curl redis-server redis-tools memcached \
        postgresql pgbouncer mariadb-server openssh-server openssh-client rsync vsftpd \
        mosquitto mosquitto-clients stunnel4 openssl dovecot-imapd exim4-daemon-light dnsmasq-base beanstalkd \
        iperf3 nfs-common rpcbind
TEST_DEBS := strace libcmocka-dev bats perl jq python3 iproute2 net-tools nftables util-linux procps mandoc \
        bash-completion zsh fish valgrind locales libcap2-bin netbase git clang libbpf-dev \
        $(if $(filter bench,$(MAKECMDGOALS)),lsof) \
        $(if $(filter daemons,$(MAKECMDGOALS)),$(DAEMON_DEBS)) \
        $(if $(filter figures,$(MAKECMDGOALS)),cloc universal-ctags) \
        $(if $(filter coverage,$(MAKECMDGOALS)),gcovr) \
        $(if $(filter fuzz,$(MAKECMDGOALS)),libclang-rt-dev) \
        $(if $(filter $(LINTS),$(MAKECMDGOALS)),shellcheck cppcheck clang-tidy clang-tools)
DEBS := $(BUILD_DEBS) \
        $(if $(filter-out all run install,$(or $(filter-out deps,$(MAKECMDGOALS)),check)),$(TEST_DEBS))
deps:
	@command -v apt-get >/dev/null || { \
	  echo "sockvet: no apt here; install a C compiler, make, pkg-config, libmnl, libnl-3 and" \
	       "libnl-route-3 with headers; for the tests cmocka, bats, prove, jq, python3," \
	       "iproute2, net-tools, util-linux, mandoc, bash-completion, zsh, fish, netbase, git" >&2; exit 1; }
	@missing=$$(for p in $(DEBS); do \
	    dpkg-query -W -f '$${Status}\n' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	test -z "$$missing" || { \
	  sudo=$$(test "$$(id -u)" = 0 || echo sudo); \
	  $$sudo apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing; }

FOREIGN_DEBS := qemu-user gcc-s390x-linux-gnu libc6-dev-s390x-cross gcc-arm-linux-gnueabihf \
                libc6-dev-armhf-cross gcc-i686-linux-gnu libc6-dev-i386-cross
.PHONY: deps-foreign
deps-foreign:
	@$(MAKE) --no-print-directory deps DEBS="$(FOREIGN_DEBS)"

# What deps installs has to be there before the compiler is probed, so with it
# the other goals are made by a make that starts afterwards.
LATER := $(if $(filter deps,$(MAKECMDGOALS)),$(filter-out deps,$(MAKECMDGOALS)))
ifneq ($(LATER),)
.PHONY: $(LATER)
.NOTPARALLEL:
$(LATER): deps
	@$(MAKE) --no-print-directory $@
else

.PHONY: all run check daemons figures long torture check-fast random mutation bench fuzz foreign rooms asan \
        tsan valgrind coverage install uninstall clean help $(LINTS)
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

all: $(O)/sockvet

ifneq ($(filter-out deps deps-foreign clean help uninstall,$(or $(MAKECMDGOALS),all)),)
-include $(O)/flags.mk
endif

# What this compiler takes. One file per build folder, so it is asked once.
$(O)/flags.mk: Makefile
	$(Q)mkdir -p $(O)
	$(Q)$(PKG_CONFIG) --exists $(PACKAGES) || { \
	  echo "sockvet: $(PACKAGES) not found; run 'make deps'" >&2; exit 1; }
	$(Q)try() { echo 'int main(void){return 0;}' | \
	  $(CC) -Werror -O2 $$(echo "$$1" | tr , ' ') -x c - -o $(O)/probe 2>/dev/null; }; \
	tryld() { echo 'int main(void){return 0;}' | \
	  $(CC) -Werror -fPIE "$$1" -x c - -o $(O)/probe 2>/dev/null; }; \
	{ for f in $(WANT_CFLAGS); do try $$f && echo "PROBED_CFLAGS += $$(echo $$f | tr , ' ')"; done; \
	  for f in $(WANT_LDFLAGS); do tryld $$f && echo "PROBED_LDFLAGS += $$f"; done; \
	  echo "LIB_CFLAGS := $$($(PKG_CONFIG) --cflags $(PACKAGES))"; \
	  echo "LIBS := $$($(PKG_CONFIG) --libs $(PACKAGES)) -ldl"; } >$@.new; \
	rm -f $(O)/probe; mv $@.new $@

$(O)/%.o: src/%.c $(O)/flags.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# With BPF=1 these stand in for what the archive has: our program in the kernel as bytes of
# ours, and the libbpf that loads it, found by name when it is wanted.
BPF_CLANG ?= clang
BPF_PARTS := $(addprefix $(O)/bpf/,owners.o privilege.o task_files.o)
$(O)/bpf/program.o: src/collect/bpf/program.bpf.c src/collect/bpf/task_file.h $(O)/flags.mk
	@mkdir -p $(@D)
	$(call say,BPF,$<)$(BPF_CLANG) -target bpf -mcpu=v2 -O2 -g -Wall -Wextra -Isrc -c $< -o $@
$(O)/bpf/task_files.o: $(O)/bpf/program.o
$(O)/bpf/%.o: src/collect/bpf/%.c $(O)/flags.mk
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) -DSOCKVET_BPF -DPROGRAM='"$(O)/bpf/program.o"' \
	  $(ALL_CFLAGS) -MMD -MP -c $< -o $@
$(O)/bpf/%.o: src/collect/%.c $(O)/flags.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CPPFLAGS) -DSOCKVET_BPF $(ALL_CFLAGS) -MMD -MP -c $< -o $@
-include $(BPF_PARTS:.o=.d)

# Switched on or off, the program is linked again.
.PHONY: FORCE
$(O)/bpf.is: FORCE
	@mkdir -p $(@D); echo '$(BPF)' | cmp -s - $@ || echo '$(BPF)' >$@

# An archive per room: a test of a room links that room and what is left of it.
define room_archive
$(O)/$(1).a: $(filter $(O)/$(1)/%,$(OBJECTS))
	$(Q)rm -f $$@; $(AR) rcs $$@ $$^
endef
$(foreach room,$(ROOMS),$(eval $(call room_archive,$(room))))

ARCHIVES := $(addprefix $(O)/,$(addsuffix .a,cmd print judge collect words value model base))
$(O)/sockvet: $(O)/main.o $(if $(BPF),$(BPF_PARTS)) $(ARCHIVES) $(O)/bpf.is
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(filter %.o %.a,$^) $(LIBS) -o $@

# For a test, where it can be built.
HAS_BPF = $(shell command -v $(BPF_CLANG) && $(PKG_CONFIG) --exists libbpf && echo yes)
$(O)/tests/sockvet-bpf: $(O)/main.o $(BPF_PARTS) $(ARCHIVES)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $^ $(LIBS) -o $@

# tests/unit/test_ROOM.c or test_ROOM_what.c links ROOM; others the model. Sentences are
# linked with all of them.
room_of = $(firstword $(filter $(ROOMS),$(subst _, ,$(1))) model)
.SECONDEXPANSION:
$(O)/tests/%: tests/unit/%.c $$(addprefix $(O)/,$$(addsuffix .a,$$(call room_of,$$*) words value model base))
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -Wno-conversion -Wno-sign-conversion \
	  -MMD -MP $(ALL_LDFLAGS) $< $(filter %.a,$^) $(LIBS) -lcmocka -o $@

$(O)/tests/situation: tests/lab/situation.c $(O)/flags.mk
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -Wno-conversion -Wno-sign-conversion \
	  -MMD -MP $(ALL_LDFLAGS) $< -o $@

$(O)/bench/load: tests/bench/place.c tests/bench/place.h
$(O)/bench/%: tests/bench/%.c $(O)/flags.mk
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) -fno-sanitize=all \
	  $(filter %.c,$^) -o $@

# A fuzz target with replay.c instead of libFuzzer: it runs the inputs that it is given.
FUZZ_PARTS := $(filter-out tests/fuzz/fuzz_% tests/fuzz/replay.c,$(sort $(wildcard tests/fuzz/*.c)))
FUZZ_HEADS := $(wildcard tests/fuzz/*.h)
FUZZ_ROOMS := $(ARCHIVES)
$(O)/tests/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/replay.c $(FUZZ_PARTS) $(FUZZ_HEADS) $(FUZZ_ROOMS)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -Wno-conversion -Wno-sign-conversion \
	  $(ALL_LDFLAGS) $(filter %.c %.a,$^) $(LIBS) -o $@

# Preloaded by tests/torture. It is of this kind of machine, elsewhere it is not made.
FAIL := $(if $(filter x86_64,$(shell uname -m)),$(O)/tests/fail.so)
$(O)/tests/fail.so: tests/torture/fail.c
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -std=gnu17 $(WARNINGS) -O2 -g -fPIC -shared $< -ldl -o $@

# Preloaded by tests/faults: answers, clocks and moments that the kernel gives rarely.
SHIMS := $(patsubst tests/faults/%.c,$(O)/tests/faults-%.so,$(wildcard tests/faults/*.c))
$(O)/tests/faults-%.so: tests/faults/%.c
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -std=gnu17 $(WARNINGS) -O2 -g -fPIC -shared $< -ldl -o $@

# The same with libFuzzer; the rooms have to be built for it, see `fuzz`.
$(O)/fuzzers/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_PARTS) $(FUZZ_HEADS) $(FUZZ_ROOMS)
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -Wno-conversion -Wno-sign-conversion \
	  $(ALL_LDFLAGS) -fsanitize=fuzzer $(filter %.c %.a,$^) $(LIBS) -o $@

-include $(OBJECTS:.o=.d) $(O)/main.d $(wildcard $(O)/tests/*.d)

run: $(O)/sockvet
	@$(O)/sockvet || test $$? -le 2

FUZZERS := $(patsubst tests/fuzz/%.c,$(O)/tests/%,$(wildcard tests/fuzz/fuzz_*.c))
SUITES  := $(sort $(wildcard tests/rooms/*.bats tests/golden/*.bats tests/shell/*.bats \
                             tests/fuzz/*.bats tests/lab/*.bats tests/long/*.bats tests/random/*.bats \
                             tests/bench/*.bats tests/torture/*.bats tests/faults/*.bats \
                             tests/mutation/*.bats tests/kernels/*.bats tests/recipes/*.bats \
                             tests/verdicts/*.bats))
BENCH   := $(addprefix $(O)/bench/,load limit timed)

TEST_ENV = SOCKVET=$(abspath $(O))/sockvet SITUATION=$(abspath $(O))/tests/situation \
           BUILD=$(abspath $(O)) CMOCKA_MESSAGE_OUTPUT=TAP LC_ALL=C.UTF-8

TESTED  := $(O)/sockvet $(if $(filter yes,$(HAS_BPF)),$(O)/tests/sockvet-bpf) $(UNIT) $(FUZZERS) \
           $(O)/tests/situation $(BENCH) $(FAIL) $(SHIMS)
check: $(TESTED)
	@$(TEST_ENV) prove --timer -j $(JOBS) -e '' $(UNIT) $(SUITES)

# Ten minutes of -c and -E while connections come and go.
long: $(O)/sockvet
	@LONG_SECONDS=$${LONG_SECONDS:-600} $(TEST_ENV) bats tests/long/long.bats

# Real daemons of Debian under load by their real clients, looked at for DAEMON_SECONDS (180): no finding. As root.
# ONLY="nginx redis" chooses.
daemons: $(O)/sockvet
	@python3 -B tests/verdicts/daemons.py $(abspath $(O))/sockvet $(ONLY)

# More of the random scenarios: RANDOM_COUNT of each kind, RANDOM_SEED repeats one.
random: $(O)/sockvet
	@RANDOM_COUNT=$${RANDOM_COUNT:-3000} $(TEST_ENV) bats tests/random/random.bats

# Each small change of src/judge on its own: does a test notice? Goes on where it was
# stopped; MUTATION_SAMPLE=N tries that many only, MUTATION_ONLY=FILE.c,... those files.
mutation: $(O)/sockvet
	@CC="$(CC)" python3 -B tests/mutation/run.py --build $(abspath $(O)) \
	  --jobs $(JOBS) $(if $(MUTATION_SAMPLE),--sample $(MUTATION_SAMPLE)) \
	  $(if $(MUTATION_ONLY),--only $(MUTATION_ONLY))

# Without the lab: what needs no namespace.
check-fast: $(O)/sockvet $(UNIT) $(FUZZERS)
	@$(TEST_ENV) prove -j $(JOBS) -e '' $(UNIT) \
	  $(filter-out $(foreach kind,lab verdicts long random bench torture faults recipes,tests/$(kind)/%),$(SUITES))

# Each target for FUZZ_SECONDS on inputs of its own invention; FUZZ_TARGETS chooses. What
# breaks it is left in $(O)/fuzz/found, and belongs into tests/fuzz/corpus once repaired.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_FLAGS   := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
                -fno-sanitize-recover=all
fuzz:
	@$(MAKE) --no-print-directory CC=clang O=$(O)/fuzz CFLAGS="$(FUZZ_FLAGS)" \
	  LDFLAGS="$(FUZZ_FLAGS)" $(patsubst %,$(O)/fuzz/fuzzers/fuzz_%,$(FUZZ_TARGETS))
	@mkdir -p $(O)/fuzz/found; for t in $(FUZZ_TARGETS); do mkdir -p $(O)/fuzz/corpus/$$t; \
	  echo "fuzz: $$t, $(FUZZ_SECONDS) s"; \
	  $(O)/fuzz/fuzzers/fuzz_$$t -max_total_time=$(FUZZ_SECONDS) -max_len=16384 -timeout=20 \
	    -rss_limit_mb=1024 -print_final_stats=1 -verbosity=1 $(FUZZ_OPTIONS) \
	    -artifact_prefix=$(O)/fuzz/found/$$t- $(O)/fuzz/corpus/$$t tests/fuzz/corpus/$$t \
	    >$(O)/fuzz/$$t.log 2>&1 || { tail -n 40 $(O)/fuzz/$$t.log; exit 1; }; \
	  grep -h 'DONE\|number_of_executed' $(O)/fuzz/$$t.log; done

# Costs beside ss, netstat, lsof and the kernel's own limit; more in tests/bench/bench.py.
# QUICK=1 is 100,000 sockets only; SIZES=1000,20000 ROUNDS=5 choose, ONLY="list -tanH,ss -tanH"
# leaves out what is slow and not asked for; MARKDOWN=1 gives ratios.
bench: $(O)/sockvet $(BENCH)
	@BENCH=$(abspath $(O))/bench SOCKVET=$(abspath $(O))/sockvet python3 -B tests/bench/bench.py \
	  $(if $(QUICK),--quick) $(if $(MARKDOWN),--markdown) $(if $(SIZES),--sizes $(SIZES)) \
	  $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(ONLY),--only "$(ONLY)")

# The unit tests of the rooms, built for machines of other byte order and width and run by an
# emulator. Its packages are many, so they have a target of their own.
FOREIGN ?= s390x armhf i386
foreign:
	@JOBS=$(JOBS) tests/foreign/run $(O)/foreign $(FOREIGN)

# The whole suite again under ASan, UBSan and LeakSanitizer; ONLY=tests/... runs those alone. Each
# report is kept in a file, so that none is lost with the status and stderr that a test does not
# look at. The layout of addresses is fixed: gcc 12's runtimes expect fewer random bits than new
# kernels give. What cannot run like this, and why: tests/sanitizers/unable.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
asan:
	@$(MAKE) --no-print-directory O=$(O)/asan CFLAGS="-O1 -g $(SANITIZE)" \
	  LDFLAGS="$(SANITIZE)" KIND=asan run-sanitized

# ThreadSanitizer over what starts threads: a listing received ahead and the two workers that look for owners.
THREADED := $(filter $(O)/tests/test_collect%,$(UNIT)) \
            $(wildcard $(patsubst %,tests/lab/%.bats,suspects owners churn threads))
tsan:
	@$(MAKE) --no-print-directory O=$(O)/tsan CFLAGS="-O1 -g -fsanitize=thread" \
	  LDFLAGS="-fsanitize=thread" KIND=tsan run-sanitized

.PHONY: run-sanitized
REPORTS = $(abspath $(O))/reports/$(KIND)
NEVER = $(shell awk -F '\t' '$$1 ~ /$(KIND)/ && $$3 == "*" { print $$2 }' tests/sanitizers/unable)
TO_RUN = $(or $(ONLY),$(filter-out $(NEVER:tests/test_%=$(O)/tests/test_%), \
                        $(if $(filter tsan,$(KIND)),$(THREADED),$(UNIT) $(SUITES))))
run-sanitized: $(TESTED)
	@rm -rf $(O)/kept $(O)/reports; mkdir -m 1777 $(O)/reports
	@export KEPT=$(abspath $(O))/kept RANDOM_COUNT=$${RANDOM_COUNT:-50} \
	  ASAN_OPTIONS=log_path=$(REPORTS) UBSAN_OPTIONS=log_path=$(REPORTS):print_stacktrace=1 \
	  LSAN_OPTIONS=print_suppressions=0 TSAN_OPTIONS=log_path=$(REPORTS):exitcode=66; \
	$(TEST_ENV) $$(setarch -R true 2>/dev/null && echo setarch -R) prove --timer -j $(JOBS) \
	  -e tests/sanitizers/keep $(TO_RUN); \
	python3 -B tests/sanitizers/verdict.py $(KIND) $(O)/kept $(REPORTS) $$?

# Every allocation and every system call of two dozen commands fails, one run for each. With
# gcc's sanitizers: theirs are libraries, so that what is preloaded comes before them.
torture:
	@$(MAKE) --no-print-directory CC=gcc O=$(O)/torture CFLAGS="-O1 -g $(SANITIZE)" \
	  LDFLAGS="$(SANITIZE)" $(O)/torture/sockvet $(O)/torture/tests/fail.so
	@python3 -B tests/torture/torture.py --sockvet $(O)/torture/sockvet --jobs $(JOBS) \
	  --fail $(O)/torture/tests/fail.so --per-command $(TORTURE)

# The units and every kind of command. It knows nothing of NS_GET_USERNS, an ioctl without a
# pointer, and would say so each time: hence lax-ioctls.
MEMCHECK = valgrind -q --leak-check=full --error-exitcode=9 --sim-hints=lax-ioctls \
           --suppressions=$(CURDIR)/tests/sanitizers/valgrind.supp \
           --log-file=$(abspath $(O))/valgrind/reports.%q{CALL}.%p
valgrind: $(O)/sockvet $(UNIT) $(O)/tests/situation
	@rm -rf $(O)/valgrind; mkdir -p $(O)/valgrind; export CALL=0 KEPT=$(abspath $(O))/valgrind/kept; \
	$(TEST_ENV) VALGRIND="$(MEMCHECK)" prove --timer -j $(JOBS) -e tests/sanitizers/keep \
	  $(or $(ONLY),$(UNIT) tests/sanitizers/valgrind.bats); \
	python3 -B tests/sanitizers/verdict.py valgrind $(O)/valgrind/kept $(O)/valgrind/reports $$?

# What the whole suite reaches, with what it does not; goes on when a test fails. Left out: what
# counts instructions, and what builds programs of its own. ONLY=tests/... runs those alone.
COVERED := $(filter-out tests/bench/work.bats tests/mutation/% tests/recipes/% tests/rooms/%,$(SUITES))
coverage:
	@command -v gcovr >/dev/null || { echo "coverage: no gcovr here; run 'make deps coverage'" >&2; exit 1; }
	@mkdir -p $(O)/coverage; rm -f $(O)/coverage/failed
	@gcc -O2 -fPIE $(WARNINGS) -D_GNU_SOURCE -c tests/coverage/exit.c -o $(O)/coverage/exit.o
	@$(MAKE) --no-print-directory CC=gcc O=$(O)/coverage \
	  CFLAGS="-O0 -g --coverage -fprofile-update=atomic -U_FORTIFY_SOURCE" \
	  LDFLAGS="--coverage -Wl,--wrap=_exit,--wrap=raise $(abspath $(O))/coverage/exit.o" \
	  run-covered
	@python3 -B tests/coverage/report.py $(O)/coverage tests/coverage/uncovered
	@test ! -e $(O)/coverage/failed || { echo "coverage: tests failed:"; cat $(O)/coverage/failed; }

# The counts begin at nothing, and users that are not us can add to them.
.PHONY: run-covered
run-covered: $(TESTED)
	@find $(O) -name '*.gcno' | while read -r notes; do \
	  : >"$${notes%.gcno}.gcda"; chmod a+rw "$${notes%.gcno}.gcda"; done; \
	find $(O) -type d -exec chmod a+rx {} +
	@$(TEST_ENV) prove --timer -j $(JOBS) -e '' $(or $(ONLY),$(UNIT) $(COVERED)) >$(O)/tests.log 2>&1 || \
	  sed -n '/^Test Summary Report/,/^Files=/p' $(O)/tests.log >$(O)/failed

# How large each room is: lines, files, functions, exported symbols and those with one user.
figures: $(O)/sockvet
	@python3 -B tests/figures/figures.py $(O)

# What is wrong without running it: each of these tells nothing but findings, and fails with one.
lint:
	@found=; for part in $(LINT_PARTS); do $(MAKE) --no-print-directory -s $$part && \
	  echo "$$part: clean" || found="$$found $$part"; done; \
	test -z "$$found" && echo "lint: clean" || { echo "lint: not clean:$$found"; exit 1; }

# In bats files `run` sets variables, a failed cd ends the test, lab.bash uses what is set
# for it, and names that are listed are our own.
BATS_ONLY := SC2010,SC2034,SC2154,SC2164
lint-texts:
	@mandoc -Tlint -W warning man/sockvet.8
	@shellcheck -s bash tests/*/*.bash tests/foreign/run tests/sanitizers/keep \
	  completions/sockvet.bash .ci/run
	@shellcheck -S warning -e $(BATS_ONLY) tests/*/*.bats

# Not the program in the kernel: it is for another machine, whose headers cppcheck has not.
# clang compiles it with warnings, and the kernel's verifier reads it each time.
cppcheck:
	@cppcheck -q -j $(JOBS) --std=c11 --enable=warning,performance,portability -Isrc \
	  --error-exitcode=1 --inline-suppr -i src/collect/bpf/program.bpf.c src

# The checks, and why some are left out: .clang-tidy.
tidy: $(O)/flags.mk
	@printf '%s\n' src/main.c $(SOURCES) src/collect/bpf/task_files.c | \
	  xargs -P $(JOBS) -I '{}' clang-tidy --quiet '{}' -- $(ALL_CPPFLAGS) $(LIB_CFLAGS) \
	  -std=gnu17 -DSOCKVET_BPF -DPROGRAM='""' 2>$(O)/tidy.log || { cat $(O)/tidy.log; exit 1; }

# gcc's analyzer with the flags that it is built with, once for what has changed. It follows
# calls by itself: of what was inlined before, gcc 12 takes `OWN_MEM char *line = NULL` for
# not set.
analyze:
	@$(MAKE) --no-print-directory -s CC=gcc O=$(O)/analyze \
	  CFLAGS="-O2 -g -fno-inline -fanalyzer -Werror" $(O)/analyze/sockvet >/dev/null

# clang's, a file at a time and once for what has changed: four seconds each, too much to begin
# again with the first when the run was cut. An object is there only if its file had no finding.
SCANNED := $(patsubst src/%.c,$(O)/scan/%.o,src/main.c $(SOURCES) src/collect/bpf/task_files.c)
$(O)/scan/%.o: src/%.c $(O)/flags.mk
	@mkdir -p $(@D)
	$(call say,SCAN,$<)scan-build --status-bugs -o $(O)/scan/reports clang -c -O0 -g0 $(ALL_CPPFLAGS) \
	  $(LIB_CFLAGS) -std=gnu17 -DSOCKVET_BPF -DPROGRAM='"/dev/null"' -MMD -MP $< -o $@ >$@.log 2>&1 || { \
	  rm -f $@; grep -A 4 'warning:\|error:' $@.log; exit 1; }
-include $(SCANNED:.o=.d)
scan: $(SCANNED)

install: $(O)/sockvet
	$(INSTALL) -D -m 0755 $(O)/sockvet $(DESTDIR)$(BINDIR)/sockvet
	$(INSTALL) -D -m 0644 man/sockvet.8 $(DESTDIR)$(MANDIR)/man8/sockvet.8
	$(INSTALL) -D -m 0644 completions/sockvet.bash $(DESTDIR)$(BASHDIR)/sockvet
	$(INSTALL) -D -m 0644 completions/_sockvet $(DESTDIR)$(ZSHDIR)/_sockvet
	$(INSTALL) -D -m 0644 completions/sockvet.fish $(DESTDIR)$(FISHDIR)/sockvet.fish

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/sockvet $(DESTDIR)$(MANDIR)/man8/sockvet.8 \
	  $(DESTDIR)$(BASHDIR)/sockvet $(DESTDIR)$(ZSHDIR)/_sockvet $(DESTDIR)$(FISHDIR)/sockvet.fish

clean:
	$(Q)rm -rf $(O)

help:
	@sed -n '3,10s/^# \{0,1\}//p' Makefile
	@echo "make check-fast  the tests that need no namespace"
	@echo "make long        ten minutes of list -c and -E under load: memory, interval, events"
	@echo "make daemons     20 real daemons under load, looked at for minutes (make deps daemons; as root)"
	@echo "make random      3,000 random scenarios each of bind, connect, filters against the kernel"
	@echo "make fuzz        each fuzz target for FUZZ_SECONDS (60), by clang and libFuzzer"
	@echo "make torture     every allocation and system call fails once and for ever; half an hour"
	@echo "make foreign     unit tests on big-endian and 32-bit machines, emulated (make deps-foreign)"
	@echo "make bench       costs beside ss, netstat, lsof, the kernel's limit; QUICK=1: in 2 minutes"
	@echo "make mutation    changes the rules bit by bit and wants each change noticed by a test"
	@echo "make asan        the whole suite under ASan, UBSan and LeakSanitizer, each report counted"
	@echo "make tsan        what starts threads under ThreadSanitizer"
	@echo "make valgrind    the units and every kind of command under valgrind"
	@echo "make coverage    lines and branches covered"
	@echo "make figures     lines, files, functions and exported symbols of each room (make deps figures)"
	@echo "make lint        all of: lint-texts (man page, shell), cppcheck, tidy (clang-tidy), analyze"
	@echo "                 (gcc -fanalyzer), scan (scan-build); make deps lint fetches what they need"
	@echo "make install / uninstall / clean"

endif
