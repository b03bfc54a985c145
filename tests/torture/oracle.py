# SPDX-License-Identifier: GPL-2.0-or-later
"""What is required of a run in which something failed.

Never a crash, a hang or a sanitizer's report. Status 0 to 2 only with what a clean run says, or with a gap that is
told. Status 3 with a sentence. Beside the target of a recording nothing, and in it what was there or a whole recording.
"""
import itertools
import json
import os
import re

import scene

SANITIZERS = {97: "undefined behaviour", 98: "a leak", 99: "an address error"}
KNOWN = (0, 1, 2, 3)
# An answer and no failure: a process or a descriptor that went away, a knob that the kernel has not; and whatever the
# calls say that --probe is for.
PROBES = ("bind", "connect", "listen")
ANSWERS = ("ENOENT", "ESRCH", "ENOSYS", "EADDRNOTAVAIL")
# This is status 3 by itself.
UNDECIDED = re.compile(rb'"verdict": "(unknown|depends)"')


class Oracle:
    def __init__(self, job):
        self.job = job
        self.is_json = "--json" in job.words
        clean = self.rested()
        self.status, self.seen = clean.status, self.plain(clean)
        assert self.status in (0, 1, 2), (job.words, clean)
        self.gaps = self.gaps_of(clean)
        job.watch.begin()
        self.recording = self.replayed() if job.records else None

    def rested(self):
        """A clean run that says the same as the one before it."""
        before = self.job.run()
        for _ in range(20):
            clean = self.job.run()
            if self.plain(clean) == self.plain(before):
                return clean
            before = clean
        raise AssertionError("no two clean runs agree: " + self.job.words)

    def plain(self, run):
        if "--jsonl" in self.job.words:
            try:
                return scene.still([json.loads(line) for line in run.out.splitlines()])
            except ValueError:
                return None
        return scene.plain(run.out, self.is_json)

    def gaps_of(self, run):
        """How many gaps the JSON tells; None when it is no whole document."""
        try:
            if "--jsonl" in self.job.words:
                return len(json.loads(run.out.splitlines()[-1])["end"]["gaps"])
            return len(json.loads(run.out)["end"]["gaps"])
        except (ValueError, KeyError, IndexError, TypeError):
            return None

    def replayed(self):
        """What the recording says, or None when it cannot be read."""
        command = self.job.argv
        self.job.argv, records, self.job.records = [command[0], "list", "-tanp", "--json", "--from",
                                                    self.job.target], self.job.records, False
        try:
            run = self.job.run()
        finally:
            self.job.argv, self.job.records = command, records
        return scene.plain(run.out, True) if run.status in (0, 3) else None

    def moved(self):
        """
        Whether a socket came or went since the judgement began, also for a moment only, or an undisturbed run no
        longer says what it compares with. A probe has sockets of its own, which go before it ends.
        """
        control = self.job.run()        # first: the kernel tells of a socket's end a little later
        moved = self.job.watch.moved(ends_count="--probe" not in self.job.words)
        return moved or control.status != self.status or self.plain(control) != self.seen

    def problem(self, run, name, error, on):
        """One sentence, or None."""
        if run.status is None:
            return "hangs"
        if run.status in SANITIZERS:
            return "%s: %s" % (SANITIZERS[run.status], first_report(run.err))
        if run.status not in KNOWN:
            return "ends with %d: %s" % (run.status, tail(run.err))
        problem = self.told_badly(run, name, on) if run.status == 3 else self.lies(run, name, error)
        if not problem and self.job.records:
            problem = self.left_behind(run, error, on)
        return problem

    def told_badly(self, run, name, on):
        mute = on == "all" or (name == "write" and on == "same")
        lines = run.err.splitlines()
        if not lines:
            said = UNDECIDED.search(run.out)
            return None if mute or name == "write" or said else "status 3 without a word"
        for line in lines:
            if not line.startswith(b"sockvet: ") and not mute and b"^" not in line:
                return "a line on stderr that is none of ours: %s" % line.decode(errors="replace")
        return None

    def lies(self, run, name, error):
        same = self.plain(run) == self.seen
        if run.status == self.status and (same or scene.weaker(self.seen, self.plain(run) or 0)):
            return None
        if name in PROBES and "--probe" in self.job.words:
            return None if self.plain(run) is not None else "broken JSON"
        if "connect" in self.job.words and self.holds_the_truth(run):
            return None
        if self.is_json or "--jsonl" in self.job.words:
            gaps = self.gaps_of(run)
            if gaps is None:
                return "status %d with JSON that is broken" % run.status
            if gaps <= self.gaps and error not in ANSWERS:
                return "status %d (%d) with other output and no gap told: %s" % (run.status, self.status,
                                                                                  self.difference(run))
        elif error not in ANSWERS and not run.err and b"Not seen:" not in run.out:
            return "status %d (%d) with other output and no word of it: %s" % (run.status, self.status,
                                                                              self.difference(run))
        if run.status < self.status and error not in ANSWERS:
            return "status %d instead of %d: %s" % (run.status, self.status, tail(run.err) or self.gap_text(run))
        return None

    def holds_the_truth(self, run):
        """Bounds that are wider, not other ones."""
        now = self.plain(run)
        return isinstance(now, dict) and "left" in now and now["left_min"] <= self.seen["left"] <= now["left_max"]

    def difference(self, run):
        now, then = flat(self.plain(run)), flat(self.seen)
        return "gone %s, new %s" % (first_beside(then, now), first_beside(now, then))

    def gap_text(self, run):
        try:
            return "; ".join(gap["text"] for gap in json.loads(run.out)["end"]["gaps"])
        except (ValueError, KeyError, TypeError):
            return ""

    def left_behind(self, run, error, on):
        folder, name = os.path.split(self.job.target)
        names = os.listdir(folder)
        if on != "all" and [other for other in names if other != name]:
            return "left behind: %s" % names
        if name not in names:
            return "the old file is gone"
        with open(self.job.target, "rb") as file:
            if file.read(len(self.job.old)) == self.job.old:
                return "status %d, and nothing was recorded" % run.status if run.status != 3 else None
        found = self.replayed()
        if found is None:
            return "status %d, and the recording cannot be replayed" % run.status
        silent = run.status != 3 and error not in ANSWERS and not run.err and b'"gaps": []' in run.out
        if silent and not scene.weaker(self.recording, found):
            return "status %d, and the recording says something else" % run.status
        return None


def first_beside(lines, others):
    """Three lines that the others have not; a crowd has 300,000."""
    known = set(others)
    return list(itertools.islice((line for line in lines if line not in known), 3))


def tail(err):
    return err.decode(errors="replace").strip()[-300:]


def first_report(err):
    """The lines of a sanitizer's report that name our code."""
    lines = err.decode(errors="replace").splitlines()
    kept = [line.strip() for line in lines if "ERROR" in line or "runtime error" in line or " in " in line]
    return " | ".join(kept[:7])[:700]


def flat(value):
    if isinstance(value, bytes):
        return value.decode(errors="replace").splitlines()
    return json.dumps(value, indent=0).splitlines() if value is not None else []
