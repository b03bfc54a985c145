#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# -G: every network namespace of a machine. The machine here has a /proc of its own with nothing else on it.

load lab.bash
load machine.bash

@test "list -G has each namespace of a process, and its rows have its name" {
	machine '
mine = listener(4001)
a, b = there(lambda: listener(4001)), there(lambda: listener(4001))
seen = sockvet("list", "-G", "-tlp", "--json")
same("status", (seen.status, seen.errors), (0, ""))
rows = {(s["netns"]["inode"], s["netns"]["pid"], s["netns"]["own"], s["processes"][0]["pid"])
        for s in seen.json["sockets"]}
same("rows", rows, {(inode(1), 1, True, 1), (inode(a), a, False, a), (inode(b), b, False, b)})
text = sockvet("list", "-G", "-tlH")
same("words", {line.split()[0] for line in text.text.splitlines()}, {"here", f"{a}:python3", f"{b}:python3"})
'
}

@test "list -G has a namespace that only a descriptor or a thread holds" {
	machine '
import threading
pid = there(lambda: listener(4002))
held = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
number = inode(pid)
left = socket.socket()
def thread():
    unshare()
    up()
    left.bind(("127.0.0.1", 0))
    global far
    far, ready = listener(4003), event.set()
    stop.wait(60)
event, stop = threading.Event(), threading.Event()
threading.Thread(target=thread, daemon=True).start()
event.wait(10)
def within():
    """a socket in the namespace of the descriptor whose process is here"""
    return listener(4004)
import queue
box = queue.Queue()
def enter():
    libc.setns(held, CLONE_NEWNET)
    box.put(within())
worker = threading.Thread(target=enter)
worker.start(); worker.join()
kept = box.get()
os.kill(pid, 9); os.waitpid(pid, 0)
seen = sockvet("list", "-G", "-tl", "--json")
same("status", (seen.status, seen.errors), (0, ""))
rows = {(s["local"]["port"], s["netns"]["inode"] == number, s["netns"]["own"], s["netns"]["pid"])
        for s in seen.json["sockets"]}
same("rows", rows, {(4003, False, False, None), (4004, True, False, None)})
'
}

@test "names of namespaces that cannot be listed are a gap" {
	machine '
subprocess.run(["mount", "-t", "tmpfs", "run", "/run"], check=True)
os.mkdir("/run/netns")
same("whole", sockvet("list", "-G", "-tl").status, 0)
os.rmdir("/run/netns")
os.symlink("netns", "/run/netns")
seen = sockvet("list", "-G", "-tl", "--json")
same("gap", [gap["kind"] for gap in seen.json["end"]["gaps"]], ["netns"])
'
}

@test "list -G calls a namespace by its name in /run/netns" {
	machine '
subprocess.run(["mount", "-t", "tmpfs", "run", "/run"], check=True)
done = subprocess.run(["ip", "netns", "add", "blue sky"], capture_output=True, text=True)
if done.returncode:
    sys.exit("ip netns: " + done.stderr)
pid = os.fork()
if pid == 0:
    with open("/run/netns/blue sky") as f:
        libc.setns(f.fileno(), CLONE_NEWNET)
    up(); kept = listener(4005)
    time.sleep(60)
while inode(pid) == inode(1):
    time.sleep(0.01)
for i in range(500):
    seen = sockvet("list", "-G", "-tl", "--json")
    if seen.json["sockets"]:
        break
    time.sleep(0.01)
same("status", (seen.status, seen.errors), (0, ""))
same("names", [(s["netns"]["name"], s["netns"]["pid"]) for s in seen.json["sockets"]], [("blue sky", pid)])
same("word", sockvet("list", "-G", "-tlH").text.split()[0], "blue\\x20sky")
'
}

@test "list -G lists what is only bound, or is in TIME_WAIT" {
	machine '
def bound():
    s = socket.socket(); s.bind(("127.0.0.1", 4006)); return s
def waits():
    l = listener(4007)
    c = socket.create_connection(("127.0.0.1", 4007))
    p, _ = l.accept()
    c.close()
    p.recv(1)
    p.close()
    l.close()
a, b = there(bound), there(waits)
seen = sockvet("list", "-G", "-ta", "--json")
same("status", (seen.status, seen.errors), (0, ""))
rows = {(s["netns"]["pid"], s["state"]) for s in seen.json["sockets"]}
same("rows", rows, {(a, "BOUND"), (b, "TIME_WAIT")})
'
}

@test "a filter by a device means the device of that name in each namespace" {
	machine '
def device(name):
    def work():
        subprocess.run(["ip", "link", "add", name, "type", "dummy"], check=True)
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name.encode())
        s.bind(("0.0.0.0", 4008)); s.listen()
        return s
    return work
try:
    a, b = there(device("left")), there(device("right"))
except AssertionError:
    sys.exit(0)     # no dummy devices on this kernel
seen = sockvet("list", "-G", "-tl", "--json", "dev = right")
same("status", (seen.status, seen.errors), (0, ""))
same("rows", [s["netns"]["pid"] for s in seen.json["sockets"]], [b])
'
}

@test "a filter by the number of a device means that number in each namespace" {
	machine '
def bound():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
    s.bind(("127.0.0.1", 4008)); s.listen()
    return s
own, pid = bound(), there(bound)
for words, rows in (("dev = 1", 2), ("dev = 0x1", 2), ("dev = 77", 0), ("dev != 1", 0), ("dev != 77", 2)):
    seen = sockvet("list", "-G", "-tl", "--json", words)
    same(words, (seen.status, seen.errors, len(seen.json["sockets"])), (0, "", rows))
'
}

@test "what a namespace does not tell is noted once, with its name" {
	need_strace
	machine '
pid = there(lambda: listener(4008))
refused = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=socket", "-e", "inject=socket:error=EPROTONOSUPPORT")
for words in (("list", "-tln"), ("check",), ("bind", "4008")):
    seen = sockvet(*words, "-G", "--json", prefix=refused)
    gaps = [gap for gap in seen.json["end"]["gaps"] if gap["kind"] == "links"]
    same(words, [(gap["count"], gap["text"].partition(":")[0].rpartition(" ")[2] == "here") for gap in gaps], [(1, True), (1, False)])
'
}

@test "a namespace that cannot be entered is told" {
	machine '
# no CAP_SYS_ADMIN: nothing but our own can be entered
pid = there(lambda: listener(4009))
seen = sockvet("list", "-G", "-tl", "--json", prefix=("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"))
same("status", seen.status, 3)
same("complete", seen.json["end"]["complete"], False)
same("gaps", [g["kind"] for g in seen.json["end"]["gaps"]], ["netns"])
same("who", f"process {pid} cannot be entered" in seen.json["end"]["gaps"][0]["text"], True)
same("check", sockvet("check", "-G", prefix=("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin")).status, 3)
same("strict sentence", "cannot be entered" in seen.errors, True)
'
}

@test "check -G finds what is wrong in another namespace, and names that namespace" {
	machine '
def stalled():
    l = listener(4010)
    return l, [socket.create_connection(("127.0.0.1", 4010)) for _ in range(3)]
quiet = there(lambda: listener(4010))
bad = there(stalled)
words = "check", "-G", "--warn", "accept-stalled=1ms", "--crit", "accept-stalled=1h"
time.sleep(0.02)
for i in range(200):
    seen = sockvet(*words, "--json")
    if seen.status == 1:
        break
    time.sleep(0.02)
same("status", (seen.status, seen.errors), (1, ""))
spaces = seen.json["namespaces"]
same("namespaces", [s["netns"]["pid"] for s in spaces], [bad, 1, quiet] if quiet else [])
same("findings", [[f["id"] for f in s["findings"]] for s in spaces], [["accept-stalled"], [], []])
finding = spaces[0]["findings"][0]
same("owner", finding["subject"]["processes"][0]["pid"], bad)
same("sockets", [s["netns"]["inode"] for s in finding["sockets"]], [inode(bad)] * 3)
same("sum", [s["summary"]["sockets"] for s in spaces], [7, 0, 1])
text = sockvet(*words)
same("headline", text.text.split(":")[0], "WARNING")
same("title", f"Network namespace: {bad}:python3" in text.text, True)
same("healthy", "2 network namespaces without findings" in text.text, True)
same("quiet", sockvet("check", "-G", "-q").text, "")
records = [json.loads(line) for line in sockvet(*words, "--jsonl").text.splitlines()]
same("records", [r["type"] for r in records], ["header", "namespace", "finding", "namespace", "namespace", "trailer"])
'
}

@test "bind -G says of a port in each namespace whether it is free there" {
	machine '
busy = there(lambda: listener(4011))
other = there(lambda: listener(4012))
seen = sockvet("bind", "-G", "--json", "4011")
same("status", (seen.status, seen.errors), (2, ""))
spaces = {s["netns"]["pid"]: s["verdict"] for s in seen.json["namespaces"]}
same("verdicts", spaces, {1: "ok", busy: "fails"})
same("blocker", seen.json["namespaces"][1]["blockers"][0]["processes"][0]["pid"], busy)
same("others", seen.json["without_owner"], 1)
free = sockvet("bind", "-G", "4013")
same("free", (free.status, free.errors), (0, ""))
'
}

@test "check -G with a filter judges by all sockets, and names the listener that was asked for" {
	machine '
def stalled():
    libc.prctl(15, b"stalled", 0, 0, 0)
    l = listener(4016)
    return l, [socket.create_connection(("127.0.0.1", 4016)) for _ in range(3)]
bad, other = there(stalled), there(lambda: listener(4017))
time.sleep(0.05)
def check(*words):
    seen = sockvet("check", "-G", "--warn", "accept-stalled=1ms", "--crit", "accept-stalled=1h", "--json", *words)
    same("errors", seen.errors, "")
    return seen.status, [s["netns"]["pid"] for s in seen.json["namespaces"] if s["findings"]]
for words in (["sport", "= :4016"], ["comm", "stalled"], ["pid", str(bad)], ["netns", str(inode(bad))], ["netns", "!=", "blue"]):
    same(words, check(*words), (1, [bad]))
for words in (["sport", "= :4017"], ["pid", str(other)], ["netns", str(inode(other))], ["netns", "blue"]):
    same(words, check(*words), (0, []))
'
}

@test "a namespace without a name is not the one that a filter names" {
	machine '
pid = there(lambda: listener(4018))
rows = lambda *words: (lambda seen: (seen.status, seen.errors, seen.text.split()))(
    sockvet("list", "-G", "-tlH", "-C", "LPORT", *words))
same("!=", rows("netns", "!=", "blue"), (0, "", ["4018"]))
same("not", rows("not", "netns", "blue"), (0, "", ["4018"]))
same("=", rows("netns", "blue"), (0, "", []))
'
}

@test "a namespace with the name \"here\" does not pass for our own, and CSV has the name of JSON" {
	machine '
subprocess.run(["mount", "-t", "tmpfs", "run", "/run"], check=True)
os.mkdir("/run/netns")
names = {"here": "netns:here", "init": "netns:init", "a b": "a b", "e\x1b[31m\n": "e\\x1b[31m\\x0a", "=x,\"": "\x27=x,\""}
for i, name in enumerate(names):
    pid = there(lambda: listener(4020 + i))
    open(f"/run/netns/{name}", "w").close()
    subprocess.run(["mount", "--bind", f"/proc/{pid}/ns/net", f"/run/netns/{name}"], check=True)
import csv, io
seen = sockvet("list", "-G", "-tl", "--csv", "-C", "NETNS,LPORT", "--sort", "lport")
same("csv", [r[0] for r in csv.reader(io.StringIO(seen.text), strict=True)][1:], list(names.values()))
words = sockvet("list", "-G", "-tlH", "-C", "NETNS,LPORT", "--sort", "lport").text.split()[::2]
same("words", words, ["netns:here", "netns:init", "a\\x20b", "e\\x1b[31m\\x0a", "\\x3dx,\\x22"])
seen = sockvet("list", "-G", "-tl", "--json", "--sort", "lport")
same("json", [s["netns"]["name"] for s in seen.json["sockets"]], list(names))
'
}

@test "list -G --by netns calls only our own namespace here" {
	machine '
mine, pid = listener(4019), there(lambda: listener(4019))
seen = sockvet("list", "-G", "-tl", "--by", "netns", "--json")
same("status", (seen.status, seen.errors), (0, ""))
same("groups", sorted((g["netns"]["inode"], g["netns"]["own"], g["count"]) for g in seen.json["groups"]),
     sorted([(inode(1), True, 1), (inode(pid), False, 1)]))
same("head", seen.json["netns"]["inode"], inode(1))
'
}

@test "the reason of status 3 is a gap that takes something away, and namespaces that come and go are no gap" {
	machine '
pid = there(lambda: listener(4021))
# who has fewer rights than the others is not shown what they hold: first owners, then namespaces
seen = sockvet("list", "-G", "-tlp", "--json", prefix=("setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace"))
same("status", seen.status, 3)
same("gaps", [g["kind"] for g in seen.json["end"]["gaps"]], ["owners", "netns"])
same("reason", "network namespace" in seen.errors, True)
churn = os.fork()
if churn == 0:
    import signal
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while os.getppid() == 1:
        if os.fork() == 0:
            unshare()
            time.sleep(0.002)
            os._exit(0)
        time.sleep(0.002)
for i in range(40):
    seen = sockvet("list", "-G", "-tl", "--json")
    same("churn", (seen.status, seen.errors, seen.json["end"]["complete"]), (0, "", True))
os.kill(churn, 9)
'
}

@test "-G refuses options that make no sense with it" {
	for words in "list -G -N 1" "check -G --from x" "list -G --record x" "list -G -K" "list -G -E" "bind -G --probe 80" \
		"bind -G @name" "bind -G --dev lo 80" "list -G -s"; do
		# shellcheck disable=SC2086  # words
		run "$SOCKVET" $words
		[ "$status" -eq 3 ] && [ "${#lines[@]}" -eq 1 ] && [[ $output == "sockvet: "* ]] || { echo "$words: $output"; return 1; }
	done
}

@test "no descriptor stays open for a namespace that was looked into" {
	machine '
pids = [there(lambda: listener(4014)) for _ in range(40)]
# 24 descriptors are enough, however many namespaces there are
seen = sockvet("check", "-G", "--json", prefix=("prlimit", "--nofile=24:24"))
same("status", (seen.status, seen.errors), (0, ""))
same("namespaces", len(seen.json["namespaces"]), 41)
'
}

@test "from a second process namespace, namespaces may be missing" {
	machine '
kept = listener(4001)
for words in ("check", "-G"), ("list", "-tlG"):
    seen = sockvet(*words, "--json")
    same(words, (seen.status, [gap["kind"] for gap in seen.json["end"]["gaps"]]), (3, ["netns"]))
    same("why", "outside of this process namespace" in seen.errors and "--pid=host" in seen.errors, True)
seen = sockvet("check", "--json", "--strict")
same("without -G all are seen", (seen.status, seen.json["end"]["gaps"]), (0, []))
' SECOND=1
}

@test "a leak of a few connections in each of several namespaces is one finding of the machine" {
	lab_python '
import ctypes, os, signal, socket, sys
def leak(told):
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    ctypes.CDLL(None).unshare(0x40000000)
    os.system("ip link set lo up")
    l = socket.socket(); l.bind(("127.0.0.1", 8080)); l.listen()
    keep = []
    for i in range(4):
        keep.append(socket.create_connection(("127.0.0.1", 8080))); l.accept()[0].close()
    os.write(told, b"x"); signal.pause()
r, w = os.pipe()
for i in range(3):
    if not os.fork(): leak(w)
for i in range(3): os.read(r, 1)
print("READY", flush=True); input()'
	local tries ours='[.namespaces[].findings[] | select(.subject.kind == "machine" and .id == "close-wait-leak")]'
	for ((tries = 0; tries < 50; tries++)); do
		sockvet check -Gj --warn close-wait-leak=0
		holds "$ours | length == 1" >/dev/null && break
		sleep 0.1
	done
	holds "$ours | .[0].count >= 12 and .[0].evidence.namespaces >= 3"
	sockvet check -Gj --warn close-wait-leak=0,count=1
	holds "$ours == []"
}
