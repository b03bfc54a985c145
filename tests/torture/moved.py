# SPDX-License-Identifier: GPL-2.0-or-later
"""What torture makes of a run that lost a row, and of one while sockets came and went. In namespaces of its own.

    moved.py SOCKVET FOLDER lost|came|flickered|both
"""
import argparse
import json
import os
import socket
import sys

import scene
import torture


class Odd(torture.Job):
    """A run in which something is to fail loses a row, or has sockets come and go beside it."""

    def __init__(self, case, *rest):
        super().__init__(*rest)
        self.case, self.kept, self.times = case, [], 0

    def run(self, wishes=None):
        if wishes is None:
            return super().run()
        self.times += 1
        if self.case != "lost" and (self.times == 1 or self.case == "both"):
            self.kept.append(socket.socket())
            self.kept[-1].bind(("127.0.0.1", 9000 + self.times))
        run = super().run()
        if self.case != "came":
            self.kept.clear()
        return self.without_a_row(run) if self.case in ("lost", "both") else run

    @staticmethod
    def without_a_row(run):
        told = json.loads(run.out)
        told["sockets"] = [sock for sock in told["sockets"] if sock["state"] != "BOUND"]
        return run._replace(out=json.dumps(told).encode())


def main():
    sockvet, folder, case = sys.argv[1:]
    held = scene.make()
    os.mkdir(folder + "/target")
    job = Odd(case, argparse.Namespace(sockvet=sockvet, fail=""), folder, "list -tanp --json", scene.Watch())
    judgement = torture.Judgement(job)
    _, problem = judgement.of({}, ("clone3", "EAGAIN", "once", 1))
    print("%s, %d repeated, %d runs" % ("not as required" if problem else "as required", judgement.moved, job.times))
    del held


main()
