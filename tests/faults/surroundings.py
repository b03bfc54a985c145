# SPDX-License-Identifier: GPL-2.0-or-later
"""Every kind of command where the machine lacks something that a machine has, in namespaces of its own.

surroundings.py SOCKVET FOLDER NAME: the surroundings NAME beside the usual ones. For each command, the answer is the usual
one, or something that could not be seen is told, or the status is 3 with a sentence. FOLDER is for the recordings.
"""
import json
import os
import re
import shutil
import socket
import subprocess
import sys

COMMANDS = """list -tanp
list -tan --json
list -tane -C +CGROUP
list -tan -G
list -tan --by process
list -xuwn
list -s
list -s --json
list -tan dev lo
list -tan comm = python3
list -tan cgroup /
list -t user root
list -tanr
list -tan -N self
list -tK dst 127.0.0.1
list -tK --yes sport = :1
check
check -G
check --json
bind 8080
bind 8081
bind 8081 --json
bind --probe 8081
bind /run/no.sock
connect
connect 127.0.0.1:8080
connect --probe 127.0.0.1:8080
connect 127.0.0.1:8080 --json
explain EADDRINUSE
tables columns
--version
--help"""

# Done in a mount namespace before the command; "$0" is sockvet, "$1" the folder.
BEFORE = {
    "no-proc": "mount -t tmpfs none /proc",
    "proc-of-processes-only": "mount -t proc -o subset=pid proc /proc",
    "no-sys": "mount -t tmpfs none /sys",
    "no-dev": "mount -t tmpfs none /dev",
    "no-etc": "mount -t tmpfs none /etc",
    "read-only": "mount -o remount,bind,ro / && mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\"",
    "umask-0": "umask 0",
    "umask-0777": "umask 0777",
    "folder-gone": "mkdir \"$1/gone\" && cd \"$1/gone\" && rmdir \"$1/gone\"",
    # nothing but the program and its libraries
    "empty": "mkdir -p \"$1/root\" && mount -t tmpfs none \"$1/root\" && cd \"$1/root\" && for file in \"$0\" "
             "$(ldd \"$0\" | grep -o '/[^ ]*'); do mkdir -p \".${file%/*}\" && cp \"$file\" \".$file\"; done",
}
BESIDE = {
    "full-disk": ">/dev/full",
    "closed-0": "<&-", "closed-1": ">&-", "closed-2": "2>&-", "closed-01": "<&- >&-", "closed-02": "<&- 2>&-",
    "closed-12": ">&- 2>&-", "closed-012": "<&- >&- 2>&-",
}
UTF8 = {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]}
ENVIRONMENT = {
    "no-environment": UTF8,
    "environment-of-a-megabyte": {**UTF8, "COLUMNS": "9" * 100000, "TMPDIR": "/no/such", "TERM": "x" * 100000,
                                  **{f"V{i}": "x" * 100000 for i in range(9)}},
}

# What is another answer, and a right one: there are no names, and nothing can be made.
RIGHT = {
    ("no-etc", "list -tanr"): "127.0.0.1:8080",
    ("empty", "list -tanr"): "127.0.0.1:8080",
    ("read-only", "bind /run/no.sock"): "EROFS",
    ("empty", "bind /run/no.sock"): "ENOENT",
}


def run(sockvet, folder, name, words):
    """(status or None when it did not end, output, what it said beside it); a name may be two with a + between."""
    parts = name.split("+")
    script = (BEFORE.get(parts[0], ":") + ' || exit 77; shift; exec ' + ("chroot . " if name == "empty" else "")
              + '"$0" "$@" ' + BESIDE.get(parts[-1], ""))
    try:
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, sockvet, folder, *words], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=20, check=False, env=ENVIRONMENT.get(name))
    except subprocess.TimeoutExpired:
        return None, "", ""
    errors = re.sub(r"(?m)^profiling:.*\n", "", done.stderr.decode(errors="replace"))       # gcov's, where nothing can be written
    return done.returncode, done.stdout.decode(errors="replace"), errors


def without_time(value):
    if isinstance(value, dict):
        return {key: without_time(each) for key, each in value.items()
                if not re.search(r"_ms$|_s$|^time|timer|rate|per_s|^end$|^counters$|^cgroup", key)}
    return [without_time(each) for each in value] if isinstance(value, list) else value


def answer(words, output):
    """What has to be equal: ages go on, and so does what -s counts in all namespaces. Without /sys a process tells its
    cgroup, where the kernel's number told that of the socket."""
    if "--json" in words:
        try:
            return without_time(json.loads(re.sub(r"\b\d+\b", "0", output) if "-s" in words else output))
        except ValueError:
            return "no JSON"
    if "-s" in words:
        output = re.sub(r"\d+", "N", output)
    return re.sub(r" +", " ", re.sub(r"(\d+h)?(\d+m)?[\d.]+(ms|m?s)\b|\[\d+\]|\(cgroup [^)]*\)", " ", output))


def tells_a_gap(words, output, errors):
    if "sockvet: note: " in errors or "Not seen:" in output:
        return True
    return "--json" in words and bool(re.search(r'"gaps": \[\s*\{', output))


def fault_of(words, usual, seen, name):
    """A sentence, or None."""
    status, output, errors = seen
    closed = name.partition("closed-")[2]
    if status is None:
        return "does not end"
    if status not in (0, 1, 2, 3):
        return f"ends with {status}"
    if "1" in closed or name == "full-disk":
        if status != 3 and usual[1]:
            return f"nobody got the output, and the status is {status}"
    elif status != 3 and (answer(words, output) != answer(words, usual[1]) or status != usual[0]) \
            and not tells_a_gap(words, output, errors) \
            and RIGHT.get((name, " ".join(words)), "\0") not in output:
        return f"another answer with status {status}, and no gap is told: {output[:300]}"
    if status == 3 and "2" not in closed and not errors.startswith("sockvet: ") and "UNKNOWN" not in output \
            and "DEPENDS" not in output and not tells_a_gap(words, output, errors):
        return "status 3 without a sentence"
    if "2" not in closed and any(line and not line.startswith("sockvet: ") for line in errors.splitlines()) \
            and "filter" not in errors:
        return "something is said that is no sentence of sockvet"
    return None


def check_recording(sockvet, folder, name):
    """record FILE works, is private and gives the usual rows, or is refused and leaves nothing."""
    path = os.path.join(folder, "made")
    status, _, errors = run(sockvet, folder, name, ["record", path])
    if status == 3:
        if os.path.exists(path) or os.listdir(folder):
            return f"refused, and left {os.listdir(folder)}"
        return None if "2" in name.partition("closed-")[2] or errors.startswith("sockvet: ") else "refused without a sentence"
    if status != 0 or name in ("read-only", "empty"):
        return f"ends with {status}: {errors}"
    mode = os.stat(path).st_mode & 0o777
    again = run(sockvet, folder, "usual", ["list", "-tanH", "--from", path])
    live = run(sockvet, folder, "usual", ["list", "-tanH"])
    os.unlink(path)
    if mode & ~0o600:
        return f"anybody may look at it: {mode:o}"
    if name.split("+")[0] in ("no-proc", "proc-of-processes-only", "no-sys") and "sockvet: note: " not in errors:
        return f"what could not be seen is not told: {errors}"
    return None if again[:2] == live[:2] else f"has not the usual rows: {again}"


def main(sockvet, folder, *names):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    listener = socket.create_server(("127.0.0.1", 8080))
    held = [listener]
    for _ in range(3):
        held += [socket.create_connection(("127.0.0.1", 8080)), listener.accept()[0]]
    held[1].shutdown(socket.SHUT_WR)
    while "FIN-WAIT-2" not in run(sockvet, folder, "usual", ["list", "-tan"])[1]:
        pass
    wrong, usual = 0, {}
    for words in COMMANDS.splitlines():
        usual[words] = run(sockvet, folder, "usual", words.split())
    for name in names:
        for line, seen in usual.items():
            fault = fault_of(line.split(), seen, run(sockvet, folder, name, line.split()), name)
            if fault:
                print(f"{name}: sockvet {line}: {fault}")
            wrong += bool(fault)
        fault = None if name in ("empty", "full-disk") else check_recording(sockvet, folder, name)
        if fault:
            print(f"{name}: sockvet record: {fault}")
        wrong += bool(fault)
    shutil.rmtree(folder)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
