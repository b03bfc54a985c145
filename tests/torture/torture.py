#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fails the Nth allocation and the Nth system call of sockvet, N = 1 until a run is clean, and judges each run.

    torture.py --sockvet FILE --fail FILE [--jobs N] [--every N] [--only WORD] [--seconds N]

Each job has namespaces and sockets of its own, so that nothing but the failure differs from a clean run. What is
required of every run is in oracle.py; which errors a call can fail with is the table ERRORS.
"""
import argparse
import collections
import errno
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import oracle
import scene

# The numbers of x86-64, as fail.c has the registers of x86-64.
CALLS = {
    0: "read", 1: "write", 2: "open", 3: "close", 4: "stat", 5: "fstat", 7: "poll", 8: "lseek", 9: "mmap", 12: "brk",
    16: "ioctl", 17: "pread64", 21: "access", 22: "pipe", 25: "mremap", 28: "madvise", 32: "dup", 33: "dup2",
    35: "nanosleep", 39: "getpid", 41: "socket", 42: "connect", 43: "accept", 44: "sendto", 45: "recvfrom", 46: "sendmsg",
    47: "recvmsg", 49: "bind", 51: "getsockname", 54: "setsockopt", 55: "getsockopt", 56: "clone", 61: "wait4",
    63: "uname", 99: "sysinfo", 72: "fcntl", 74: "fsync", 87: "unlink", 89: "readlink", 93: "fchown", 107: "geteuid",
    117: "setresuid", 125: "capget", 126: "capset", 137: "statfs", 157: "prctl", 217: "getdents64", 228: "clock_gettime",
    257: "openat", 262: "newfstatat", 263: "unlinkat", 264: "renameat", 265: "linkat", 267: "readlinkat",
    269: "faccessat", 293: "pipe2", 302: "prlimit64", 308: "setns", 318: "getrandom", 319: "memfd_create",
    332: "statx", 334: "rseq", 434: "pidfd_open", 435: "clone3", 438: "pidfd_getfd", 439: "faccessat2",
}
FILES = "ENOMEM EMFILE ENOENT EACCES EINTR EIO"
ERRORS = {
    "read": "EINTR EIO ENOMEM EPERM short", "write": "EINTR ENOSPC EIO short", "pread64": "EINTR EIO short",
    "open": FILES, "openat": FILES, "close": "EIO EINTR", "stat": "ENOMEM EACCES ENOENT",
    "newfstatat": "ENOMEM EACCES ENOENT EIO", "statx": "ENOMEM EACCES ENOENT EIO", "fstat": "ENOMEM EIO",
    "poll": "EINTR ENOMEM", "mmap": "ENOMEM", "brk": "ENOMEM", "socket": "EMFILE ENOBUFS EPERM EAFNOSUPPORT",
    "connect": "EAGAIN EADDRNOTAVAIL EINTR", "sendto": "EINTR ENOBUFS EPERM", "sendmsg": "EINTR ENOBUFS EPERM",
    "recvfrom": "EINTR EAGAIN ENOBUFS ENOMEM zero short", "recvmsg": "EINTR EAGAIN ENOBUFS ENOMEM zero",
    "bind": "EADDRINUSE ENOMEM EPERM", "getsockname": "ENOBUFS", "setsockopt": "ENOMEM EPERM", "getsockopt": "ENOBUFS",
    "clone": "EAGAIN ENOMEM", "clone3": "EAGAIN", "wait4": "EINTR", "fsync": "EIO ENOSPC", "unlink": "EIO",
    "unlinkat": "EIO", "renameat": "EIO ENOSPC EPERM", "linkat": "EIO EPERM ENOSPC ENOENT",
    "readlinkat": "EACCES ENOENT ENOMEM", "readlink": "EACCES ENOENT", "getdents64": "ENOENT EIO ENOMEM",
    "setns": "EPERM ENOMEM", "pidfd_open": "EMFILE ENOSYS ESRCH", "pidfd_getfd": "EPERM EMFILE",
    "getrandom": "EAGAIN ENOSYS", "memfd_create": "EMFILE ENOSYS", "statfs": "ENOSYS EIO",
    "clock_gettime": "EPERM", "pipe2": "EMFILE",
}
OTHERS = "EPERM ENOMEM"
# What the kernel says once and not for ever.
PASSING = {"EINTR", "EAGAIN", "short", "zero"}

PATIENCE_S = 60
# A run that is not as required is made again where the scene moved; one that never finds it still is not as required.
REPEATED = 3
HERE = os.path.dirname(os.path.abspath(__file__))

# What is found must not depend on how long the runs take.
SEVERE = "--warn close-wait-leak=0,count=1 --warn accept-stalled=0,count=1"
QUIET = "--warn close-wait-leak=0,count=99 --warn accept-stalled=0,count=99"
COMMANDS = [
    "check --ascii " + QUIET, "check --json " + QUIET, "check --json " + SEVERE,
    "list -tanp --json", "list -tanpoemiH", "list -tanp --jsonl", "list -tG",  "list -tunap --json",
    "bind 8080 --json", "bind 9999 --json", "bind 127.0.0.1:8082 --probe --json",
    "connect 127.0.0.1:8080 --json", "connect 127.0.0.1:8080 --probe --json",
    "record FILE", "check --json --record FILE " + QUIET,
    "check --json --from SEEN " + SEVERE, "list -tanp --json --from SEEN", "list -tanH --from SEEN",
    "bind 8080 --json --from SEEN", "connect 127.0.0.1:8080 --json --from SEEN",
    "check -G --json " + QUIET, "connect --json", "record --redact FILE", "bind --udp 8084 --json",
    "tables", "tables findings", "explain --ascii", "explain CLOSE_WAIT --ascii",
]
# Where there are many sockets: more threads than one.
CROWDED = ["list -tanH", "list -tani --jsonl"]

Run = collections.namedtuple("Run", "status out err")


class Job:
    """One command in one place: clean runs first, then one run for each failure."""

    def __init__(self, args, folder, words, watch):
        self.args, self.folder, self.words, self.watch = args, folder, words, watch
        self.target = os.path.join(folder, "target", "recording")
        self.report = os.path.join(folder, "report")
        self.old = b"sockvet\nwhat was there before"
        places = {"FILE": self.target, "SEEN": os.path.join(folder, "seen")}
        self.argv = [args.sockvet] + [places.get(word, word) for word in words.split()]
        self.records = "FILE" in words

    def run(self, wishes=None):
        env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8",
               "ASAN_OPTIONS": "verify_asan_link_order=0:exitcode=99:abort_on_error=0",
               "LSAN_OPTIONS": "exitcode=98:suppressions=%s/leaks.txt" % HERE,
               "UBSAN_OPTIONS": "halt_on_error=1:exitcode=97"}
        if wishes is not None:
            env.update(LD_PRELOAD=self.args.fail, **wishes)
        if self.records:
            self.prepare_target()
        with open(self.folder + "/out", "w+b") as out, open(self.folder + "/err", "w+b") as err:
            pid = os.posix_spawn(self.argv[0], self.argv, env, file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, out.fileno(), 1), (os.POSIX_SPAWN_DUP2, err.fileno(), 2)])
            status = wait_for(pid)
            return Run(status, read_back(out), read_back(err))

    def prepare_target(self):
        folder = os.path.dirname(self.target)
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        with open(self.target, "wb") as file:
            file.write(self.old)

    def counted(self):
        """The numbers of the system calls in order, and how many allocations there are."""
        if os.path.exists(self.report):
            os.unlink(self.report)
        run = self.run({"FAIL_WHAT": "none", "FAIL_REPORT": self.report})
        with open(self.report, encoding="ascii") as file:
            numbers = [int(line) for line in file]
        assert run.status in (0, 1, 2) and numbers[-1] >= 100000, (self.words, run)
        return numbers[:-1], numbers[-1] - 100000

    def really(self, name):
        """The call that did fail: now and then there is one more or less before it."""
        try:
            with open(self.report, encoding="ascii") as file:
                number = int(file.readline())
            os.unlink(self.report)
        except (FileNotFoundError, ValueError):
            return name
        return name if name[0] == "malloc" else (CALLS.get(number, str(number)),) + name[1:]

    def failures(self):
        """Every failure of this command: what to wish for, and how to call it."""
        numbers, allocations = self.counted()
        for at in range(1, allocations + 1):
            for on in ("once", "all"):
                yield dict(FAIL_WHAT="memory", FAIL_AT=str(at), FAIL_ON=on), ("malloc", "ENOMEM", on, at)
        for at, number in enumerate(numbers, 1):
            name = CALLS.get(number, str(number))
            for error in ERRORS.get(name, OTHERS).split():
                how = error if error in ("short", "zero") else str(getattr(errno, error))
                for on in ("once",) if error in PASSING else ("once", "same"):
                    yield (dict(FAIL_WHAT="calls", FAIL_AT=str(at), FAIL_ON=on, FAIL_HOW=how),
                           (name, error, on, at))
            yield (dict(FAIL_WHAT="calls", FAIL_AT=str(at), FAIL_ON="all", FAIL_HOW=str(errno.EIO)),
                   (name, "EIO", "all", at))


class Judgement:
    """What is required of the runs of one job, renewed whenever the scene moved."""

    def __init__(self, job):
        self.job, self.judge, self.moved = job, oracle.Oracle(job), 0

    def of(self, wishes, name):
        """The failure that was had, and a sentence when the run is not as required."""
        for _ in range(REPEATED):
            self.job.watch.saw_end()
            run = self.job.run(wishes)
            name = self.job.really(name)
            problem = self.judge.problem(run, *name[:3])
            if not problem or not self.judge.moved():
                break
            self.moved += 1
            self.judge = oracle.Oracle(self.job)
        return name, problem


def wait_for(pid):
    """The status; -signal; or None for one that hung, which is ended."""
    handle = os.pidfd_open(pid)
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        hung = not poll.poll(PATIENCE_S * 1000)
        if hung:
            os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return None if hung else status
    finally:
        os.close(handle)


def read_back(file):
    file.seek(0)
    return file.read(16 << 20)


def be_first():
    """Process 2 looks like the one that makes the threads of the kernel, as in the first process namespace."""
    with open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as last:
        last.write("1")
    if os.fork() == 0:
        signal.pause()
    subprocess.run(["mount", "-t", "tmpfs", "none", "/proc/2"], check=True)
    with open("/proc/2/stat", "w", encoding="ascii") as stat:
        stat.write("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0")


def work(args):
    """One job's share, within its own namespaces; tells lines of JSON.

    Every second job is in the first process namespace, as far as can be seen. In the others -G always ends with 3.
    """
    first = args.work % 2 == 0
    if first:
        be_first()
    held = scene.make()
    watch = scene.Watch()
    folder = tempfile.mkdtemp(prefix="torture-", dir=args.folder)
    os.mkdir(folder + "/target")
    subprocess.run([args.sockvet, "record", "-q", folder + "/seen"], check=True)
    end, crowded = time.monotonic() + args.seconds, False
    for words in COMMANDS + CROWDED:
        if args.only and args.only not in words or not first and re.search(r" -\w*G", words):
            continue
        if words in CROWDED and not crowded:
            held += scene.crowd()
            crowded = True
        job = Job(args, folder, words, watch)
        judgement = Judgement(job)
        runs = left = 0
        for i, (wishes, name) in enumerate(job.failures()):
            if i // args.every % args.jobs != args.work or i % args.every != args.offset % args.every:
                continue
            if time.monotonic() > end:
                left += 1
                continue
            runs += 1
            name, problem = judgement.of(dict(wishes, FAIL_REPORT=job.report), name)
            if problem:
                print(json.dumps({"words": words, "failed": name, "problem": problem}), flush=True)
        print(json.dumps({"words": words, "runs": runs, "left": left, "moved": judgement.moved}), flush=True)
    shutil.rmtree(folder)
    del held


def tell(line, seen, sums):
    told = json.loads(line)
    if "runs" in told:
        for what in ("runs", "left", "moved"):
            sums[told["words"], what] += told[what]
        return
    name, error, on, at = told["failed"]
    key = (told["words"], name, error, on, told["problem"][:60])
    seen[key] += 1
    if seen[key] == 1 and len(seen) <= 200:
        print("not so: sockvet %s: %s fails with %s (%s, number %d): %s" %
              (told["words"], name, error, on, at, told["problem"]), flush=True)


def spread(args):
    """Starts the jobs, sums up what they tell, and says it."""
    seen, sums = collections.Counter(), collections.Counter()
    jobs = [subprocess.Popen(["unshare", "-Urnpf", "--mount-proc", "--kill-child", sys.executable, "-B", __file__,
                              "--work", str(i)] + sys.argv[1:], stdout=subprocess.PIPE) for i in range(args.jobs)]
    poll, told = select.poll(), time.monotonic()
    of = {job.stdout.fileno(): job for job in jobs}
    for fd in of:
        poll.register(fd, select.POLLIN | select.POLLHUP)
    while of:
        for fd, _ in poll.poll():
            line = of[fd].stdout.readline()
            if line:
                tell(line, seen, sums)
            else:
                poll.unregister(fd)
                del of[fd]
        if time.monotonic() - told > 20:
            told = time.monotonic()
            print("... %d runs" % sum(n for (_, what), n in sums.items() if what == "runs"), flush=True)
    broken = sum(job.wait() != 0 for job in jobs)
    return finish(seen, sums, broken, args)


def finish(seen, sums, broken, args):
    runs = sum(n for (_, what), n in sums.items() if what == "runs")
    left = sum(n for (_, what), n in sums.items() if what == "left")
    moved = sum(n for (_, what), n in sums.items() if what == "moved")
    if args.per_command:
        for words in COMMANDS + CROWDED:
            print("%7d  sockvet %s" % (sums[words, "runs"], words))
    if broken:
        print("%d jobs broke off" % broken)
    print("torture: %d runs of %d commands, %d not as required, %d repeated as the scene had moved%s: %s" %
          (runs, sum(1 for _, what in sums if what == "runs"), sum(seen.values()), moved,
           ", %d left out for time" % left if left else "", "FAILED" if seen or broken or not runs else "passed"))
    return 1 if seen or broken or not runs else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sockvet", required=True, type=os.path.abspath)
    parser.add_argument("--fail", required=True, type=os.path.abspath)
    parser.add_argument("--folder", default=None, help="where the recordings go")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--every", type=int, default=1, help="only every Nth failure")
    parser.add_argument("--offset", type=int, default=0, help="which of them")
    parser.add_argument("--only", help="only commands with this in them")
    parser.add_argument("--seconds", type=int, default=7200, help="no run begins later")
    parser.add_argument("--per-command", action="store_true")
    parser.add_argument("--work", type=int, default=-1, help=argparse.SUPPRESS)
    args = parser.parse_args()
    return work(args) if args.work >= 0 else spread(args)


if __name__ == "__main__":
    sys.exit(main())
