#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Where very many files are open, check looks for the owners of a finding in the control groups of its sockets first.
# A leak is made, its process may be moved to another control group, and others hold 11,000 descriptors.

load lab.bash

leak='
import os, resource, socket, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
group = sys.argv[1] if len(sys.argv) > 1 else None
server = socket.socket()
server.bind(("127.0.0.1", 8080))
server.listen(64)
kept = []
for _ in range(20):
    c = socket.socket()
    c.connect(("127.0.0.1", 8080))
    a, _ = server.accept()
    c.close()
    kept.append(a)
crowd, ready = os.pipe()
if os.fork() == 0:
    for a in kept:
        a.close()
    files = [os.open("/dev/null", os.O_RDONLY) for _ in range(11000)]
    os.write(ready, b".")
    parent = os.getppid()
    for _ in range(600):
        if os.getppid() != parent:
            break
        time.sleep(0.1)
    os._exit(0)
os.read(crowd, 1)
if group:
    open(group + "/cgroup.procs", "w").write(str(os.getpid()))
print("READY pid=%d" % os.getpid(), flush=True)
sys.stdin.readline()
'
quick=(--warn "close-wait-leak=0,count=1")

group_of_its_own() {
	local mount
	mount=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
	[ -n "$mount" ] || return 1
	GROUP=$mount/sockvet-test-$$
	mkdir "$GROUP" 2>/dev/null
}

teardown() {
	lab_stop
	[ -z "${GROUP:-}" ] || for _ in 1 2 3 4 5 6 7 8 9 10; do
		rmdir "$GROUP" 2>/dev/null && break
		sleep 0.1
	done
}

names_the_leak() {
	check_says '.id == "close-wait-leak" and .count == 20 and .subject.pid == '"${LAB[pid]}" "${quick[@]}"
}

@test "the owner of a leak is found where the sockets say, among 11,000 descriptors" {
	lab_python "$leak"
	names_the_leak
	sockvet check --verbose "${quick[@]}"
	echo "$errors"
	if [ "$(cat /proc/2/comm 2>/dev/null)" = kthreadd ]; then
		[[ $errors == *"only in the control groups of the sockets"* || $errors == *"BPF"* ]]
	else    # processes outside of this process namespace can have sockets: every descriptor is looked at
		[[ $errors != *"only in the control groups"* ]]
	fi
}

@test "an owner that moved to another control group than its sockets is found" {
	group_of_its_own || skip "no control group can be made here"
	lab_python "$leak" "$GROUP"
	names_the_leak
	sockvet check --verbose "${quick[@]}"
	[[ $errors != *"only in the control groups"* ]]
}
