#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Who holds which socket: found by one worker, by two, or in the kernel, it is the same answer.

load lab

# Sockets of many processes: inherited by some, held twice by others, beside files that are none.
# Every process waits for the end of the first one, which closes a pipe.
CROWD='
import os, resource, socket, sys, threading
children, each = int(sys.argv[1]), int(sys.argv[2])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
shared = [socket.create_server(("127.0.0.1", 0)) for _ in range(5)]
told, tell = os.pipe()
end, keep = os.pipe()
for child in range(children):
    if os.fork():
        continue
    os.close(keep)
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(child % 7)]
    held += [socket.socket() for _ in range(each)]
    for i, s in enumerate(list(held)):
        if isinstance(s, socket.socket) and i % 50 == 49:
            s.bind(("127.0.0.1", 0))
            held.append(s.dup())
    if child % 3 == 0:
        threading.Thread(target=os.read, args=(end, 1), daemon=True).start()
    os.write(tell, b"x")
    os.read(end, 1)
    os._exit(0)
for child in range(children):
    os.read(told, 1)
print("READY", flush=True)
sys.stdin.read()
'

# What /proc says, by another program: "inode pid fd" of each descriptor of a socket.
TRUTH='
import os, re
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        for fd in os.listdir("/proc/%s/fd" % pid):
            link = re.fullmatch(r"socket:\[(\d+)\]", os.readlink("/proc/%s/fd/%s" % (pid, fd)))
            if link:
                print(link[1], pid, fd)
    except OSError:
        pass
'

APART=

# "inode pid fd" of each holder in the JSON that sockvet gave last, of the sockets listed.
holders() {
	jq -r '.sockets[] | .inode as $i | .processes[]? | "\($i) \(.pid) \(.fd)"' <<<"$output" | sort
}

# As root of the machine, in a pid namespace with a /proc of its own.
crowd_apart() {
	coproc LAB_IO { exec unshare -npf --mount-proc --kill-child sh -c 'ip link set lo up; exec python3 -c "$@"' \
		sh "$CROWD" "$@" 2>"$BATS_TEST_TMPDIR/situation.err" 3>&-; }
	LAB_JOB=$LAB_IO_PID
	APART=none
	lab_take READY
	APART=$(ps -o pid= --ppid "$LAB_JOB" | tr -d ' ')
	[ -n "$APART" ]
}

# unshare waits for its child whatever TERM says; the child goes with it.
teardown() {
	[ -z "$APART" ] || kill -KILL "$LAB_JOB" 2>/dev/null || true
	lab_stop
}

apart() {
	nsenter -t "$APART" -n -p -m "$@" 3>&-
}

@test "two workers find each holder once, and give the answer of one" {
	[ "$(nproc)" -ge 2 ] || skip "one CPU: there is one worker"
	local one two truth
	lab_python "$CROWD" 20 300
	one=$(inside taskset -c 0 "$SOCKVET" list -tapH --verbose 2>"$BATS_TEST_TMPDIR/one")
	two=$(inside "$SOCKVET" list -tapH --verbose 2>"$BATS_TEST_TMPDIR/two")
	grep -q 'by one worker' "$BATS_TEST_TMPDIR/one"
	grep -q 'by two workers' "$BATS_TEST_TMPDIR/two"
	diff <(echo "$one") <(echo "$two")
	sockvet list -ta --json
	truth=$(inside python3 -c "$TRUTH" | sort)
	sockvet list -tap --json
	# 20 x 6 sockets with a port, held twice; 5 listeners, held by 21 processes
	[ "$(holders | wc -l)" -eq $((20 * 6 * 2 + 5 * 21)) ]
	[ -z "$(comm -23 <(holders) <(echo "$truth"))" ]
	listed '(.processes | length) == 21' 5
	listed 'any(.processes[]; .comm == "")' 0
}

@test "a recording made by two workers is equal to one made by one" {
	[ "$(nproc)" -ge 2 ] || skip "one CPU: there is one worker"
	local saved=$BATS_TEST_TMPDIR/saved
	lab_python "$CROWD" 20 300
	inside taskset -c 0 "$SOCKVET" list -tapH --record "$saved.1" >/dev/null 2>&1
	inside "$SOCKVET" list -tapH --record "$saved.2" >"$saved.live" 2>/dev/null
	"$SOCKVET" list -tapH --from "$saved.2" 2>/dev/null | cmp - "$saved.live"
	"$SOCKVET" list -tapH --from "$saved.1" 2>/dev/null | cmp - "$saved.live"
}

@test "the walk needs three descriptors, and tells when it had too few" {
	lab_python "$CROWD" 3 60
	# 0 to 2 and three more; none is inherited beyond those
	limited() {
		status=0
		output=$(inside bash -c 'for fd in 3 4 5 6 7 8 9; do eval "exec $fd>&-"; done; limit=$1; shift
			ulimit -n "$limit"; exec "$@"' bash "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
		errors=$(cat "$BATS_TEST_TMPDIR/stderr")
	}
	limited 6 "$SOCKVET" list -tap --json
	[ "$status" -eq 0 ]
	[[ $errors != *"Too many open files"* ]]
	holds 'all(.end.gaps[]; .kind != "resources")'
	[ "$(holders | wc -l)" -eq $((3 * 1 * 2 + 5 * 4)) ]
	limited 4 "$SOCKVET" list -tap --json
	[ "$status" -eq 3 ]
	grep -q "Too many open files" <<<"$errors$output"
}

@test "two workers hold at most four descriptors at a time" {
	need_strace
	[ "$(nproc)" -ge 2 ] || skip "one CPU: there is one worker"
	lab_python "$CROWD" 20 300
	inside bash -c 'for fd in 3 4 5 6 7 8 9; do eval "exec $fd>&-"; done; exec "$@"' bash \
		strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=openat "$SOCKVET" list -tapH >/dev/null 2>&1
	grep -q '"../comm"' "$BATS_TEST_TMPDIR/trace"
	[ "$(sed -n 's|.*/fd".*= \([0-9]*\)$|\1|p; s|.*"\.\./.*= \([0-9]*\)$|\1|p' "$BATS_TEST_TMPDIR/trace" |
		sort -n | tail -n 1)" -le 6 ]
}

@test "a process that ends during the walk is neither a failure nor a gap nor a holder without a name" {
	lab_python '
import os, signal, socket, sys, time
shared = socket.create_server(("127.0.0.1", 0))
parent, end = os.getpid(), time.monotonic() + 60
churn = os.fork()
if not churn:
    while os.getppid() == parent and time.monotonic() < end:
        children = []
        for _ in range(40):
            child = os.fork()
            if not child:
                os._exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)
    os._exit(0)
print("READY", flush=True)
sys.stdin.readline()
os.kill(churn, signal.SIGKILL)
'
	for _ in $(seq 12); do
		sockvet list -tlp --json
		[ "$status" -eq 0 ]
		holds 'all(.end.gaps[]; .kind == "owners" and (.text | test("could not be read \\(")))'
		listed '(.processes | length) >= 2 and all(.processes[]; .comm != "")' 1
	done
	# the churn hears of the end from us
	echo >&"${LAB_IO[1]}"
}

@test "a descriptor that is closed during the walk is not a gap" {
	need_strace
	lab_python "$CROWD" 2 60
	local trace=$BATS_TEST_TMPDIR/trace
	inside strace -f -qq -o "$trace" -e inject=readlinkat:error=ENOENT:when=2+2 \
		"$SOCKVET" list -tap --json >"$trace.out" 2>/dev/null
	output=$(cat "$trace.out")
	grep -q INJECTED "$trace"
	holds 'all(.end.gaps[]; .kind != "resources")'
	[ "$(holders | wc -l)" -gt 0 ]
	# what is no "gone" is told
	inside strace -f -qq -o "$trace" -e inject=readlinkat:error=EMFILE:when=2+2 \
		"$SOCKVET" list -tap --json >"$trace.out" 2>/dev/null || true
	output=$(cat "$trace.out")
	holds 'any(.end.gaps[]; .kind == "resources" and (.text | test("Too many open files")))'
}

# The machine's own root with CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_PERFMON and CAP_BPF.
may_pass() {
	local needed=$((1 << 2 | 1 << 19 | 1 << 38 | 1 << 39)) effective
	effective=$(awk '/^CapEff/ { print $2 }' /proc/self/status)
	[ $((0x$effective & needed)) -eq "$needed" ] && [ -r /sys/kernel/btf/vmlinux ] &&
		[ "$(xargs </proc/self/uid_map)" = "0 0 4294967295" ]
}

@test "the pass in the kernel gives the answer of the walk through /proc" {
	local bpf=${BUILD:-$BATS_TEST_DIRNAME/../../build}/tests/sockvet-bpf arguments
	[ -x "$bpf" ] || skip "CLANG OR LIBBPF IS MISSING: the pass is not built (apt install clang libbpf-dev)"
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	[ "$(ulimit -Hn)" -ge 2000 ] || skip "needs 2000 descriptors"
	crowd_apart 8 1400
	apart "$bpf" list -tapH --verbose >"$BATS_TEST_TMPDIR/pass" 2>"$BATS_TEST_TMPDIR/told"
	grep -q 'one BPF pass' "$BATS_TEST_TMPDIR/told" || {
		cat "$BATS_TEST_TMPDIR/told"
		! may_pass || return 1
		skip "this root lacks a capability, or this kernel tells no types (BTF)"
	}
	apart "$SOCKVET" list -tapH >"$BATS_TEST_TMPDIR/walk" 2>/dev/null
	cmp "$BATS_TEST_TMPDIR/pass" "$BATS_TEST_TMPDIR/walk"
	for arguments in "list -tapH -C inode,processes" "list -xapH" "list -tuap --pids" "list -tap --by process"; do
		# shellcheck disable=SC2086
		cmp <(apart "$bpf" $arguments 2>&1) <(apart "$SOCKVET" $arguments 2>&1)
	done
	cmp <(apart "$bpf" list -tap --json | jq .sockets,.end) <(apart "$SOCKVET" list -tap --json | jq .sockets,.end)
	apart "$bpf" list -tapH --record "$BATS_TEST_TMPDIR/saved" >/dev/null 2>&1
	"$SOCKVET" list -tapH --from "$BATS_TEST_TMPDIR/saved" 2>/dev/null | cmp - "$BATS_TEST_TMPDIR/walk"
}

@test "where the pass would see more or fewer processes than /proc it is not taken" {
	local bpf=${BUILD:-$BATS_TEST_DIRNAME/../../build}/tests/sockvet-bpf
	[ -x "$bpf" ] || skip "CLANG OR LIBBPF IS MISSING: the pass is not built (apt install clang libbpf-dev)"
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	[ "$(ulimit -Hn)" -ge 2000 ] || skip "needs 2000 descriptors"
	crowd_apart 8 1400
	# a pid namespace below that of /proc; somebody without privileges; too few of them
	apart unshare -pf "$bpf" list -tapH --verbose 2>&1 >/dev/null | grep 'another pid namespace.*through /proc'
	apart setpriv --reuid=65534 --clear-groups "$bpf" list -tapH --verbose 2>&1 >/dev/null |
		grep 'not every process.*through /proc'
	apart setpriv --bounding-set=-sys_ptrace "$bpf" list -tapH --verbose 2>&1 >/dev/null |
		grep 'not every process.*through /proc'
}

@test "where the number of open files cannot be read the pass is not said to see 0 of them" {
	local bpf=${BUILD:-$BATS_TEST_DIRNAME/../../build}/tests/sockvet-bpf hides='mount -t proc -o subset=pid proc /proc'
	[ -x "$bpf" ] || skip "CLANG OR LIBBPF IS MISSING: the pass is not built (apt install clang libbpf-dev)"
	unshare -m sh -c "$hides" || skip "needs root that may mount a /proc"
	# shellcheck disable=SC2016
	unshare -m sh -c "$hides"' && "$0" list -tap --verbose' "$bpf" 2>&1 >/dev/null |
		grep 'descriptors are open is not known.*through /proc'
}
