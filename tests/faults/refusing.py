# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a program below a seccomp filter that refuses one system call: refusing.py CALL ERRNO PROGRAM ARGUMENTS..."""
import ctypes
import errno
import os
import platform
import struct
import sys

# x86-64 and the numbers that newer calls have everywhere.
CALLS = {"getrandom": 318, "setns": 308, "statx": 332, "pidfd_open": 434, "clone3": 435, "pidfd_getfd": 438}
OTHERS = {"getrandom": 278, "setns": 268, "statx": 291}      # arm64, riscv64, loongarch64
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LOAD_NUMBER, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000


def refuse(number, error):
    steps = [(LOAD_NUMBER, 0, 0, 0), (JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE | error), (RETURN, 0, 0, ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    for words in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(program), 0, 0)):
        if libc.prctl(words[0], *map(ctypes.c_ulong, words[1:])):
            raise OSError(ctypes.get_errno(), "no filter of system calls")


def main(call, error, *argv):
    known = CALLS if platform.machine() == "x86_64" else {**CALLS, **OTHERS}
    refuse(known[call], getattr(errno, error))
    os.execv(argv[0], argv)


if __name__ == "__main__":
    main(*sys.argv[1:])
