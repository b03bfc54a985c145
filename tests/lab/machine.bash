# SPDX-License-Identifier: GPL-2.0-or-later
# A machine of its own: process 1 is a program of the test, and all its namespaces are new.

setup() {
	[ -x "$SOCKVET" ] || { echo "no sockvet at $SOCKVET"; return 1; }
	unshare -Urnmpf --mount-proc true 2>/dev/null || skip "this machine gives no user namespaces"
}

# machine PYTHON [SECOND=1]: runs the program as process 1 of a machine of its own. Its process 2 looks like the one that
# makes the threads of the kernel, as in the first process namespace, outside of which nothing is; not so with SECOND.
# The program has there(), which forks a process into a new network namespace and returns when that one is ready, and
# sockvet(), whose JSON is `seen`.
machine() {
	run timeout -k 5 60 unshare -Urnmpf --mount-proc env SOCKVET="$SOCKVET" ${2:+"$2"} python3 -c '
import ctypes, json, os, socket, subprocess, sys, time

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000

def up():
    """lo"""
    import fcntl, struct
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 0x41))

def unshare(flags=CLONE_NEWNET):
    if libc.unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")

def listener(port, backlog=5, host="127.0.0.1"):
    s = socket.socket()
    s.bind((host, port))
    s.listen(backlog)
    return s

def there(work, flags=CLONE_NEWNET):
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read)
            unshare(flags)
            if flags == CLONE_NEWNET:
                up()
            keep = work()
            os.write(write, b"x")
            time.sleep(60)
        finally:
            os._exit(1)
    os.close(write)
    assert os.read(read, 1) == b"x", "the process in the namespace failed"
    os.close(read)
    return pid

def inode(pid):
    return os.stat(f"/proc/{pid}/ns/net").st_ino

class Seen: pass

def sockvet(*words, prefix=()):
    done = subprocess.run([*prefix, os.environ["SOCKVET"], *words], capture_output=True, text=True)
    seen = Seen()
    seen.status, seen.text, seen.errors = done.returncode, done.stdout, done.stderr
    seen.json = json.loads(done.stdout) if "--json" in words and done.stdout else None
    return seen

def first():
    open("/proc/sys/kernel/ns_last_pid", "w").write("1")
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    if libc.mount(b"none", b"/proc/2", b"tmpfs", 0, None):
        raise OSError(ctypes.get_errno(), "mount")
    open("/proc/2/stat", "w").write("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0")

if "SECOND" not in os.environ:
    first()

def same(what, is_, should):
    if is_ != should:
        sys.exit(f"{what}: {is_!r} instead of {should!r}")

'"$1"
	echo "$output"
	[ "$status" -eq 0 ]
}
