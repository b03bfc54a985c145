#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Very many descriptors, processes and namespaces, and those that come and go while they are looked at.

load faults

setup() {
	unshare -Urnmpf --mount-proc true 2>/dev/null || skip "this machine gives no user namespaces"
}

# What each script below begins with.
TOOLS='
import collections, ctypes, json, os, resource, signal, socket, subprocess, sys, time
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

def sockvet(*words):
    """Its status, output and sentence."""
    run = subprocess.run(["timeout", "60", sys.argv[1], *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return run.returncode, run.stdout, run.stderr

def name(comm):
    ctypes.CDLL(None).prctl(15, comm)
'

# crowd SCRIPT: in namespaces of its own. Whatever it leaves there ends with it.
crowd() {
	timeout -k 5 100 unshare -Urnmpf --mount-proc --kill-child sh -c 'ip link set lo up; exec python3 -B -c "$@"' sh \
		"$TOOLS$1" "$SOCKVET" 3>&-
}

@test "findings of many processes that share a socket grow with their number, not its square" {
	crowd '
listener = socket.create_server(("127.0.0.1", 8080))
each = min(most, 20000) - 16
while os.dup(listener.fileno()) < each:
    pass
kids = []
for _ in range(9):
    kid = os.fork()
    if not kid:
        signal.pause()
    kids.append(kid)
status, out, err = sockvet("list", "-tlp", "--json")
holders = json.loads(out)["sockets"][0]["processes"]
count = collections.Counter(holder["pid"] for holder in holders)
assert status == 0 and len(count) == 10 and min(count.values()) > each - 16, (status, count, err)
status, out, err = sockvet("check", "--json", "--warn", "fd-exhaustion=0,count=1")
told = json.loads(out)
full = [finding for finding in told["findings"] if finding["id"] == "fd-exhaustion"]
assert len(full) >= 10 and len(out) < 300000, (len(full), len(out))
for finding in full:
    for example in finding["sockets"]:
        shown = len(example["processes"])
        assert shown == 32 and shown + example["processes_left_out"] == len(holders), example
open("/proc/sys/net/ipv4/ip_local_port_range", "w").write("8000 9000")
status, out, err = sockvet("check", "--json", "--warn", "ephemeral-listener=0")
subject = [finding for finding in json.loads(out)["findings"] if finding["id"] == "ephemeral-listener"][0]["subject"]
shown = len(subject["processes"])
assert shown == 32 and shown + subject["processes_left_out"] == len(holders), subject
'
}

@test "a table of as many descriptors as can be had, up to a million, is counted whole in little memory" {
	ulimit -n "$(cat /proc/sys/fs/nr_open)" 2>/dev/null || true
	crowd '
null = os.open("/dev/null", os.O_RDONLY)
most = min(most, 1048576)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
while os.dup(null) < most - most // 30:
    pass
listener = socket.create_server(("127.0.0.1", 8080))
used = len(os.listdir("/proc/self/fd")) - 1
assert used > most * 0.95, used
if os.fork() == 0:
    status, out, err = sockvet("list", "-tlp", "--json")
    holders = json.loads(out)["sockets"][0]["processes"]
    assert status == 0 and (os.getppid(), listener.fileno()) in [(h["pid"], h["fd"]) for h in holders], (status, holders, err)
    status, out, err = sockvet("check", "--json")
    full = {f["subject"]["pid"]: f for f in json.loads(out)["findings"] if f["id"] == "fd-exhaustion"}
    assert full[os.getppid()]["count"] == used, (status, full, err)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 24000, resource.getrusage(resource.RUSAGE_CHILDREN)
    os._exit(0)
assert os.wait()[1] == 0
print(used, "descriptors")
'
}

@test "pids that are reused by thousands give no socket to somebody who never had it" {
	crowd '
try:
    with open("/proc/sys/kernel/pid_max", "w") as file:
        file.write("400")           # of this namespace alone, where the kernel has one for each
    scarce = True
except OSError:
    scarce = False
listener = socket.create_server(("127.0.0.1", 8080))
name(b"keeper")
made = os.memfd_create("made")

def churn(has_it):
    """Processes that live for 4 ms: "holder" has the listener all its life, "stranger" never had it, not for a moment."""
    if not has_it:
        listener.close()
    name(b"holder" if has_it else b"stranger")
    begin.send(b"x")
    begin.recv(1)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        batch = []
        for _ in range(4):
            kid = os.fork()
            if not kid:
                time.sleep(0.004)
                os._exit(0)
            batch.append(kid)
        for kid in batch:
            os.waitpid(kid, 0)
        os.write(made, b"x" * 4)
    os._exit(0)

begin, ready = socket.socketpair()
for has_it in (True, False, True, False):
    if not os.fork():
        churn(has_it)
for _ in range(4):
    ready.recv(1)
ready.send(b"xxxx")
for _ in range(25):
    status, out, err = sockvet("list", "-tlp", "--json")
    told = json.loads(out)
    names = {holder["comm"] for holder in told["sockets"][0]["processes"]}
    assert status in (0, 3) and (status == 0 or err), (status, err)
    assert told["sockets"][0]["state"] == "LISTEN" and "keeper" in names and "stranger" not in names, names
print(os.fstat(made).st_size, "processes", scarce)
'
}

@test "a hundred namespaces that come and go hide none that stays" {
	crowd '
def apart(port):
    """A process in a namespace of its own with a listener."""
    ready = os.pipe()
    kid = os.fork()
    if not kid:
        assert ctypes.CDLL(None).unshare(0x40000000) == 0
        held = socket.create_server(("", port))
        os.write(ready[1], b"x")
        signal.pause()
    os.read(ready[0], 1)
    for end in ready:
        os.close(end)
    return kid

stay = [apart(9001), apart(9002)]
churn = os.fork()
if not churn:
    alive = collections.deque(apart(9100) for _ in range(100))
    end = time.monotonic() + 60
    while time.monotonic() < end:
        alive.append(apart(9100))
        gone = alive.popleft()
        os.kill(gone, signal.SIGKILL)
        os.waitpid(gone, 0)
time.sleep(1)
most_seen = 0
for _ in range(6):
    status, out, err = sockvet("list", "-tlG", "--json")
    told = json.loads(out)
    ports = collections.Counter(sock["local"]["port"] for sock in told["sockets"])
    most_seen = max(most_seen, ports[9100])
    assert status in (0, 3) and (status == 0 or err), (status, err)
    assert ports[9001] == 1 and ports[9002] == 1, (ports, err)
    assert (status == 0) == told["end"]["complete"], (status, told["end"])
    status, out, err = sockvet("check", "-G", "-q")
    assert status in (0, 1) or err, (status, out, err)
print(most_seen)
assert most_seen > 20, most_seen
'
}
