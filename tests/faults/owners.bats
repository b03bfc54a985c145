#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Owners that go, come back as others, share, hand over, or have names that were chosen to harm.

load faults.bash

# In a pid namespace of its own: sockvet stops before it asks the victim's name; meanwhile the victim ends, and another
# process gets its pid ("reuse") or nobody does ("gone").
RACE='
import json, os, signal, socket, subprocess, sys, time
program, shim, how, here = sys.argv[1:]
tell, go = here + "/tell", here + "/go"
os.mkfifo(tell)
os.mkfifo(go)
told, ready = os.pipe()
listener = socket.create_server(("127.0.0.1", 8080))
# a copy on its way keeps the socket when its only holder ends; the ends of that way make us the first who is asked
left, right = socket.socketpair()
socket.send_fds(left, [b"x"], [listener.fileno()])
victim = os.fork()
if not victim:
    open("/proc/self/comm", "w").write("victim")
    os.write(ready, b"x")
    signal.pause()
listener.close()
os.read(told, 1)
asked = subprocess.Popen([program, "list", "-tlp", "--json", "sport = :8080"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         env=dict(os.environ, LD_PRELOAD=shim, PAUSE_AT="../comm", PAUSE_COUNT="2", PAUSE_TELL=tell, PAUSE_GO=go))
open(tell, "rb").read(1)
os.kill(victim, signal.SIGKILL)
os.waitpid(victim, 0)
if how == "reuse":
    open("/proc/sys/kernel/ns_last_pid", "w").write(str(victim - 1))
    thief = os.fork()
    if not thief:
        open("/proc/self/comm", "w").write("innocent")
        os.write(ready, b"x")
        signal.pause()
    os.read(told, 1)
    assert thief == victim, (thief, victim)
open(go, "wb").close()
out, err = asked.communicate(timeout=30)
print(out.decode(), err.decode(), asked.returncode)
assert asked.returncode == 0 and not err, err
seen = json.loads(out)
assert len(seen["sockets"]) == 1
assert b"innocent" not in out and not seen["sockets"][0]["processes"], out
assert all(gap["kind"] != "resources" for gap in seen["end"]["gaps"]), out
'

@test "a pid that ends and is another one's a moment later does not give its socket to that one" {
	local how
	for how in gone reuse; do
		mkdir "$BATS_TEST_TMPDIR/$how"
		timeout -k 5 60 env "ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" unshare -Urnpf --mount-proc --kill-child \
			sh -c 'ip link set lo up; exec python3 -c "$@"' sh "$RACE" "$SOCKVET" "$BUILD/tests/faults-pause.so" $how "$BATS_TEST_TMPDIR/$how" 3>&-
	done
}

@test "a socket of many holders, of none, or on its way from one to another has its own owner" {
	lab_python '
import os, signal, socket, sys
def serve(port):
    return socket.create_server(("127.0.0.1", port))
shared, moving, orphan = serve(8001), serve(8002), serve(8003)
children = []
for _ in range(3):
    child = os.fork()
    if not child:
        moving.close()
        orphan.close()
        signal.pause()
    children.append(child)
left, right = socket.socketpair()
socket.send_fds(left, [b"x"], [moving.fileno()])
moving.close()
waiting = socket.create_connection(("127.0.0.1", 8003))
half = socket.create_connection(("127.0.0.1", 8003))
first, second = orphan.accept()[0], orphan.accept()[0]
half.close()
waiting = [waiting, socket.create_connection(("127.0.0.1", 8003))]
print("READY", flush=True)
sys.stdin.read()
for child in children:
    os.kill(child, signal.SIGKILL)
'
	sockvet list -tap --json
	ends_in 0
	listed '.local.port == 8001 and (.processes | length) == 4 and (.processes | map(.pid) | unique | length) == 4' 1
	# in flight: the kernel holds it, no process does
	listed '.local.port == 8002 and .state == "LISTEN" and .inode != null and (.processes == [] or .processes == null)' 1
	# waiting to be accepted, and given up by its program
	listed '.local.port == 8003 and .state == "ESTABLISHED" and .inode == null and .processes == []' 1
	listed '.state == "FIN_WAIT_2" and .inode == null and .processes == []' 1
	sockvet list -tlp 'sport = :8002'
	[[ $output != *users:* ]]
	echo >&"${LAB_IO[1]}"
	# the pauses end with their parent
	local pid
	for pid in $(pgrep -P "$LAB_JOB"); do kill -9 "$pid" 2>/dev/null || true; done
}

HOSTILE='
import os, signal, socket, sys
names = [b"a) S 1 2\n\x1b[31m", b"\xff\x9b31m|;\"\x27,\\", "\u202egpj.exe".encode(), b"\xc2\x9b2J\x7f\t\r",
         "\u200b\ufeff\u00ad\u2066".encode(), "\u061c\U000e0041".encode(), b")" * 15, b"=cmd|A0"]
os.environ["FILLER"] = "x" * 100000
told, ready = os.pipe()
children = []
for i, name in enumerate(names):
    child = os.fork()
    if not child:
        open("/proc/self/comm", "wb").write(name)
        held = [socket.create_server(("127.0.0.1", 9000 + i))] + [socket.create_connection(("127.0.0.1", 9000 + i)) for _ in range(3)]
        accepted = [held[0].accept()[0] for _ in range(3)]
        for one in held[1:]:
            one.shutdown(socket.SHUT_WR)
        os.write(ready, b"x")
        signal.pause()
    children.append(child)
for child in children:
    os.read(told, 1)
print("READY", flush=True)
sys.stdin.read()
for child in children:
    os.kill(child, signal.SIGKILL)
'

@test "the name of a process does not steer the terminal, break a line, a cell or JSON, or end a stat too early" {
	lab_python "$HOSTILE"
	local arguments rows
	sockvet list -tanH
	rows=$(wc -l <<<"$output")
	for arguments in "list -tanp" "list -tanp --csv" "list -tanp --tsv" "list -tanp --json" "list -tanpTe --jsonl" "list -tan --by comm,pid" \
		"list -tap -C comm,pid,unit" "bind 9000" "bind 9001 --json" "connect 127.0.0.1:9002" "list -tanp --ascii" "list -tanpZ" \
		"check --warn close-wait-leak=0,count=1 --warn fin-wait-2-held=0,count=1" "check --json --warn close-wait-leak=0,count=1"; do
		# shellcheck disable=SC2086  # words
		sockvet $arguments
		[ "$status" -le 3 ]
		is_harmless || { echo "$arguments"; false; }
	done
	# each socket is one line still, and each name is there to be read back
	sockvet list -tanpH
	[ "$(wc -l <<<"$output")" -eq "$rows" ]
	[[ $output == *'a) S 1 2\x0a\x1b[31m'* && $output == *'\xff\x9b31m|;\x22'* && $output == *'\u{202e}gpj.exe'* && $output == *'))))'* ]]
	sockvet list -tanp --csv
	[ "$(python3 -c 'import csv, sys; print(len({len(row) for row in csv.reader(sys.stdin)}))' <<<"$output")" -eq 1 ]
	sockvet list -tlp --json 'sport = :9001'
	holds '.sockets[0].processes[0].comm_hex == "ff9b33316d7c3b22272c5c"'
	sockvet list -tlp --json 'sport = :9000'
	holds '.sockets[0].processes[0] | .comm == "a) S 1 2\n\u001b[31m" and .comm_hex == null'
	# nothing is said on a quiet run of what is well
	sockvet check -q
	is_harmless
	echo >&"${LAB_IO[1]}"
	local pid
	for pid in $(pgrep -P "$LAB_JOB"); do kill -9 "$pid" 2>/dev/null || true; done
}

@test "the name of a device reaches the terminal escaped" {
	LAB_JOB=
	lab_python '
import os, socket, sys
os.system("ip link set lo down")
import fcntl, struct
s = socket.socket()
fcntl.ioctl(s, 0x8923, struct.pack("16s16s", b"lo", b"l\x1b[31m\xff\x9bo"))
os.system("ip link set up dev $(printf \"l\\033[31m\\377\\233o\")")
listener = socket.socket()
listener.setsockopt(1, 25, b"l\x1b[31m\xff\x9bo")
listener.bind(("127.0.0.1", 8080))
listener.listen()
print("READY", flush=True)
sys.stdin.read()
'
	local arguments
	for arguments in "list -tln" "list -tln --csv -C +IFACE" "list -tln --jsonl" "bind 8080" "bind --dev nope 8080" "check" "connect 127.0.0.1:8080"; do
		# shellcheck disable=SC2086  # words
		sockvet $arguments
		[ "$status" -le 3 ]
		is_harmless || { echo "$arguments"; false; }
	done
	sockvet list -tln
	[[ $output == *'127.0.0.1%l\x1b[31m\xff\x9bo:8080'* ]]
	sockvet list -tln --json
	holds '.sockets[0].interface_hex == "6c1b5b33316dff9b6f"'
}

@test "threads that cannot be read are a gap, live and in a recording" {
	lab_python '
import socket, sys, threading
listener = socket.create_server(("127.0.0.1", 8080))
def wait():
    open("/proc/thread-self/comm", "w").write("a\nb")
    told.set()
    threading.Event().wait()
told = threading.Event()
threading.Thread(target=wait, daemon=True).start()
told.wait()
print("READY", flush=True)
sys.stdin.read()
'
	sockvet list -tlT --json
	listed '.processes | map(.comm) == ["python3", "a\nb"]' 1
	local tid part
	tid=$(find "/proc/$LAB_JOB/task" -mindepth 1 -maxdepth 1 -not -name "$LAB_JOB" -printf '%f\n')
	for part in "$LAB_JOB/task" "$tid/fd" "$tid/comm"; do
		rm -f "$BATS_TEST_TMPDIR/recording"
		preloaded files "FILES_INSTEAD=$part=/dev/null/none" -- list -tlT --json --record "$BATS_TEST_TMPDIR/recording"
		ends_in 3 "threads of 1 process could not be read: Not a directory"
		holds '.end.complete == false and any(.end.gaps[]; .kind == "resources" and .count == 1)'
		[ "$output" = "$(inside "$SOCKVET" list -tlT --json --from "$BATS_TEST_TMPDIR/recording")" ]
	done
	echo >&"${LAB_IO[1]}"
}

@test "a process whose first thread has ended still holds its sockets" {
	lab_python '
import ctypes, os, signal, socket, sys, threading, time
ready, tell = os.pipe()
child = os.fork()
if not child:
    open("/proc/self/comm", "w").write("headless")
    listener = socket.create_server(("127.0.0.1", 8080))
    def serve():
        while ") Z" not in open("/proc/%d/stat" % os.getpid()).read():
            time.sleep(0.01)
        os.write(tell, b"x")
        signal.pause()
    threading.Thread(target=serve).start()
    # exit of this thread alone
    ctypes.CDLL(None).syscall(60, 0)
os.read(ready, 1)
print("READY", flush=True)
sys.stdin.read()
os.kill(child, signal.SIGKILL)
'
	sockvet list -tlp --json
	listed '.local.port == 8080 and (.processes | map(.comm)) == ["headless"]' 1
	sockvet bind 8080
	[[ $output == *"headless["*"] listens on"* ]] || { echo "$output"; false; }
	sockvet check --json --warn fd-exhaustion=0,count=1
	holds 'any(.findings[]; .id == "fd-exhaustion" and .subject.comm == "headless" and .evidence.descriptors >= 3)'
	# a thread that has ended holds nothing
	inside "$SOCKVET" list -tlT --json --record "$BATS_TEST_TMPDIR/recording" >"$BATS_TEST_TMPDIR/live"
	sockvet list -tlT --json --from "$BATS_TEST_TMPDIR/recording"
	listed '.local.port == 8080 and (.processes | length) == 1 and all(.processes[]; .tid != .pid)' 1
	[ "$output" = "$(cat "$BATS_TEST_TMPDIR/live")" ]
	echo >&"${LAB_IO[1]}"
}

@test "no descriptor is duplicated from a process whose control groups could not be read" {
	lab_python '
import socket, sys
listener = socket.create_server(("127.0.0.1", 8080))
print("READY", flush=True)
sys.stdin.read()
'
	preloaded files -- bind 8080
	[[ $output == *"LISTEN 127.0.0.1:8080, pid $LAB_JOB fd "*", SO_REUSEADDR on"* ]]
	preloaded files "FILES_INSTEAD=/proc/self/cgroup=/dev/null/none:/proc/$LAB_JOB/cgroup=/dev/null/none" -- bind 8080
	[[ $output == *"LISTEN 127.0.0.1:8080, pid $LAB_JOB fd "*", options not known"* ]]
	echo >&"${LAB_IO[1]}"
}
