#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Descriptors whose connection is gone. The kernel lists no socket for them.

load lab.bash

# Programs side by side, each with sockets of one kind and named after it. The neighbour has live connections of
# another network namespace.
SCENES='
import os, resource, socket, struct, sys, time
LINGER, ports = struct.pack("ii", 1, 0), iter(range(7000, 8000))
def listener():
	l = socket.socket(socket.AF_INET6); l.bind(("::", next(ports))); l.listen(200); return l
def pairs(n, l, host="127.0.0.1"):
	for i in range(n):
		c = socket.create_connection((host, l.getsockname()[1])); yield c, l.accept()[0]
def reset(host):
	l, keep = listener(), []
	for c, s in pairs(8, l, host):
		s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER); s.close(); keep.append(c)
	return l, keep
def crowd():
	hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]; resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
	return [os.dup(0) for i in range(2100)], [reset("127.0.0.1") for i in range(5)]
def shut():
	l, keep = listener(), []
	for c, s in pairs(8, l):
		c.shutdown(socket.SHUT_RDWR); s.shutdown(socket.SHUT_RDWR); keep += [c, s]
	return l, keep
def never(): return [socket.socket() for i in range(8)]
def bound():
	keep = [socket.socket() for i in range(8)]
	for s in keep: s.bind(("127.0.0.1", 0))
	return keep
def refused():
	keep = [socket.socket() for i in range(8)]
	for s in keep: s.connect_ex(("127.0.0.1", 1))
	return keep
def live():
	l = listener(); return l, list(pairs(8, l))
def datagrams(): return [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for i in range(8)], [socket.socketpair() for i in range(8)]
def neighbour():
	import ctypes
	libc, here = ctypes.CDLL(None), os.open("/proc/self/ns/net", os.O_RDONLY)
	libc.unshare(0x40000000); os.system("ip link set lo up"); keep = live(); libc.setns(here, 0x40000000)
	return keep
kinds = {"reset": lambda: reset("127.0.0.1"), "reset6": lambda: reset("::1"), "crowd": crowd, "shut": shut, "never": never, "bound": bound,
	"refused": refused, "live": live, "datagrams": datagrams, "neighbour": neighbour}
told = []
for name, make in kinds.items():
	for i in range(20): next(ports)
	r, w = os.pipe(); pid = os.fork()
	if not pid:
		import ctypes; ctypes.CDLL(None).prctl(1, 9)
		open("/proc/self/comm", "w").write(name); keep = make(); os.write(w, b"x"); time.sleep(300)
	os.read(r, 1); told.append("%s=%d" % (name, pid))
print("READY", *told, flush=True); time.sleep(300)
'

@test "connections that are gone are found at who holds them, and nothing else is called that" {
	lab_python "$SCENES"
	sockvet check --json --warn dead-descriptors=5 --record "$BATS_TEST_TMPDIR/seen"
	[ "$status" -eq 1 ]
	holds '[.findings[] | select(.id == "dead-descriptors") | [.subject.comm, .count]] | sort ==
		[["crowd", 40], ["reset", 8], ["reset6", 8], ["shut", 16]]'
	local live=$output
	holds "any(.findings[]; .subject.pid == ${LAB[shut]} and .evidence.descriptors >= 16)"
	sockvet check --json --warn dead-descriptors=5 --from "$BATS_TEST_TMPDIR/seen"
	[ "$live" = "$output" ]
	# without a recording only suspects are looked into, with the same result
	sockvet check --json --warn dead-descriptors=5
	holds '[.findings[] | select(.id == "dead-descriptors") | .subject.comm] | sort == ["crowd", "reset", "reset6", "shut"]'
	check_is_silent_about dead-descriptors --warn dead-descriptors=41
	# a descriptor that is closed is dead no more
	kill "${LAB[shut]}"
	sockvet check --json --warn dead-descriptors=5
	holds '[.findings[] | select(.id == "dead-descriptors") | .subject.comm] | sort == ["crowd", "reset", "reset6"]'
}

@test "descriptors near the limit are counted with those whose connection is gone" {
	lab_python "$SCENES"
	prlimit --pid "${LAB[reset]}" --nofile=24:24
	check_says ".id == \"fd-exhaustion\" and .subject.pid == ${LAB[reset]} and .evidence.sockets == 9 and
		.evidence.dead == 8 and (.cause | test(\"9 of them are TCP sockets of this namespace, 8 of them with a \"))" \
		--warn fd-exhaustion=10%,count=5
}

@test "who may not trace a process says that its dead descriptors are not seen" {
	lab_python "$SCENES"
	inside() { nsenter -t "$LAB_JOB" -n setpriv --reuid 65534 --clear-groups "$@" 3>&-; }
	[ "$(id -u)" -eq 0 ] || skip "NOT ROOT: only root can be another user"
	sockvet check --json --strict --warn dead-descriptors=5
	[ "$status" -eq 3 ]
	holds 'any(.end.gaps[]; .kind == "owners")'
	# no capability helps where the pids of that /proc are not ours
	mkdir "$BATS_TEST_TMPDIR/proc"
	inside() {
		nsenter -t "$LAB_JOB" -n unshare -mpf sh -c 'mount --rbind /proc "$1" && mount -t proc proc /proc &&
			export PROC_ROOT="$1" && shift && exec "$@"' sh "$BATS_TEST_TMPDIR/proc" "$@" 3>&-
	}
	sockvet check --json --warn dead-descriptors=5
	holds 'any(.end.gaps[]; .text | test("could not be asked .*: pids of this /proc are of another process namespace"))'
}
