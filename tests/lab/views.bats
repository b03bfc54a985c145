#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What is seen from inside: owners outside of the process namespace, behind a user namespace or hidepid=, without a
# capability, or in no process at all. What is missing is told with its true cause, in each command and in a recording.

load lab.bash
load machine.bash

# A listener, a connection, six that the peer closed, and a UDP socket. COMMAND runs in a process namespace of its own
# beside them, in which none of their owners is.
OUTSIDE='
up()
kept = [listener(8080, 64), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)]
kept[1].bind(("127.0.0.1", 8472))
def connection():
    kept.append(socket.create_connection(("127.0.0.1", 8080)))
    kept.append(kept[0].accept()[0])
    return kept[-2]
connection()
for i in range(6):
    connection().close()
inside = ("unshare", "-mpf", "--mount-proc")
def gaps(seen):
    return [(gap["kind"], "process namespace" in gap["text"] and "hostPID" in gap["text"]) for gap in seen.json["end"]["gaps"]]
TOLD = [("owners", True)]
'

@test "an owner outside of the process namespace was not seen, and no verdict is complete without it" {
	machine "$OUTSIDE"'
leak = ("--warn", "close-wait-leak=0,count=5")
for words, status in ((("list", "-tlp"), 0), (("list", "-tap", "--by", "process"), 0), (("check",), 0),
        (("check", *leak), 1), (("bind", "8080"), 2), (("bind", "-u", "8472"), 2), (("connect", "127.0.0.1:8080"), 0)):
    seen = sockvet(*words, "--json", prefix=inside)
    same(words, (seen.status, gaps(seen)), (status, TOLD))
    same(words, sockvet(*words, "--strict", prefix=inside).status, 3)
seen = sockvet("list", "-tlp", "--json", prefix=inside)
same("nobody is not known to hold it", [s["processes"] for s in seen.json["sockets"]], [None])
seen = sockvet("list", "--pids", "-tl", prefix=inside)
same("pids", (seen.text, "process namespace" in seen.errors), ("", True))
for words in (("bind", "8080"), ("bind", "-u", "8472")):
    seen = sockvet(*words, prefix=inside)
    fix = seen.text.partition("fix")[2]
    same("the host comes first", 0 < fix.find("from the host") < fix.find("VXLAN"), True)
same("check", sockvet("check", prefix=inside).text.startswith("OK as far as seen: "), True)
same("check", "(as far as seen)" in sockvet("check", *leak, prefix=inside).text.splitlines()[0], True)
# where all of them are seen, nothing is missing
for words in (("list", "-tap"), ("check",), ("bind", "8080"), ("connect", "127.0.0.1:8080")):
    seen = sockvet(*words, "--json", "--strict")
    same(words, (seen.status == 3, seen.json["end"]["gaps"]), (False, []))
same("check", sockvet("check").text.startswith("OK: "), True)
' SECOND=1
}

@test "in a process namespace, connections that come and go are no owners that were not seen" {
	machine '
up()
kept = listener(8080, 64)
pid = os.fork()
if pid == 0:
    end = time.monotonic() + 50
    while os.getppid() == 1 and time.monotonic() < end:
        a = socket.create_connection(("127.0.0.1", 8080)); b = kept.accept()[0]
        a.close(); b.close()
for i in range(12):
    seen = sockvet("check", "--json")
    same("gaps", seen.json["end"]["gaps"], [])
os.kill(pid, 9)
' SECOND=1
}

@test "a recording made in a process namespace says elsewhere what it said there" {
	machine "$OUTSIDE"'
for words in (("list", "-tap"), ("check", "--warn", "close-wait-leak=0,count=5"), ("bind", "8080"), ("connect", "127.0.0.1:8080")):
    saved = os.path.join(os.environ["BATS_TEST_TMPDIR"], words[0])
    live = sockvet(*words, "--json", "--record", saved, prefix=inside)
    same(words, gaps(live), TOLD)
    same(words, sockvet(*words, "--json", "--from", saved).text, live.text)
'
}

@test "a socket that shows in no process of the machine is a gap that names who can have it" {
	machine '
up()
a, b = socket.socketpair(socket.AF_UNIX)
sent = listener(8080)
socket.send_fds(a, [b"x"], [sent.fileno()])
sent.close()
for words in (("list", "-tlp"), ("bind", "8080")):
    seen = sockvet(*words, "--json", "--strict")
    same(words, (seen.status, [gap["kind"] for gap in seen.json["end"]["gaps"]]), (3, ["owners"]))
    same(words, "SCM_RIGHTS" in seen.json["end"]["gaps"][0]["text"] and "process namespace" not in seen.text, True)
seen = sockvet("list", "--pids", "-tl")
same("pids", (seen.text, "SCM_RIGHTS" in seen.errors), ("", True))
taken = socket.recv_fds(b, 9, 9)[1]
seen = sockvet("list", "-tlp", "--json", "--strict")
same("taken", (seen.status, seen.json["sockets"][0]["processes"][0]["fd"]), (0, taken[0]))
'
}

@test "a /proc of another process namespace does not pass for ours" {
	machine '
up()
kept = listener(8080)
other = ("unshare", "-m", "python3", "-c", """
import os, subprocess, sys
inner = subprocess.Popen(["unshare", "-pf", "--kill-child", "sh", "-c", "mount -t proc none /proc && echo && exec sleep 50"], stdout=subprocess.PIPE)
inner.stdout.readline()
status = subprocess.call(sys.argv[1:])
inner.kill()
sys.exit(status)
""")
seen = sockvet("list", "-tlp", "--json", "--strict", prefix=other)
same("list", (seen.status, seen.json["sockets"][0]["processes"]), (3, None))
seen = sockvet("check", "--json", "--strict", prefix=other)
same("check", (seen.status, "is not known: /proc is not mounted or is of another process namespace" in seen.text), (3, True))
'
}

@test "a socket that only an io_uring has belongs to the process with the ring" {
	machine '
up()
ring = libc.syscall(425, 8, ctypes.create_string_buffer(120))   # io_uring_setup
if ring < 0:
    print("no io_uring here")
    sys.exit()
mine = listener(8080)
files = (ctypes.c_int * 5000)(*[-1] * 4999, mine.fileno())
same("io_uring_register", libc.syscall(427, ring, 2, files, 5000), 0)
mine.close()
for words in ("list", "-tlp"), ("bind", "8080"):
    seen = sockvet(*words, "--json", "--strict", "--record", os.path.join(os.environ["BATS_TEST_TMPDIR"], words[0]))
    socks = seen.json["sockets" if words[0] == "list" else "blockers"]
    same(words, ([s["processes"] for s in socks], seen.json["end"]["gaps"]), ([[{"pid": 1, "comm": "python3", "fd": ring}]], []))
    again = sockvet(*words, "--json", "--from", os.path.join(os.environ["BATS_TEST_TMPDIR"], words[0]))
    same("replay", again.text, seen.text)
'
}
