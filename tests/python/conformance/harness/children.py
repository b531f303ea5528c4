"""Runs each test method in a forked child, in an empty folder of its own, for a limited time.

The parent has imported everything, so a child costs milliseconds. It has one thread and no event
loop: what a child inherits is as fresh as in a new process.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import unittest

from . import install, loop_thread

PIECE_BYTES = 1 << 16
REASON_CHARACTERS = 300
POLL_S = 0.5


class _FirstReason(unittest.TestResult):
    """Keeps the outcome and the first reason."""

    def __init__(self):
        super().__init__()
        self.outcome, self.why = "pass", ""

    def _note(self, outcome, why):
        if self.outcome != "fail":
            self.outcome, self.why = outcome, why

    def _note_error(self, error):
        last = traceback.extract_tb(error[2])[-1:]
        places = [entry for entry in traceback.extract_tb(error[2]) if "test" in entry.filename]
        place = (places or last or [None])[-1]
        words = "".join(traceback.format_exception_only(error[0], error[1]))
        words = " ".join(words.split())[:REASON_CHARACTERS]
        where = f"{os.path.basename(place.filename)}:{place.lineno}: " if place else ""
        self._note("fail", where + words)
        traceback.print_exception(*error)

    def addError(self, test, error):
        self._note_error(error)

    def addFailure(self, test, error):
        self._note_error(error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self._note_error(error)

    def addSkip(self, test, reason):
        self._note("skip", reason)

    def addUnexpectedSuccess(self, test):
        self._note("fail", "unexpected success")


class Child:
    """A test that runs. `finish()` is called once its pipe is at the end or its time is over."""

    def __init__(self, test, target, road, options):
        self.started = time.monotonic()
        self.deadline = self.started + options.timeout_s
        self.folder = tempfile.mkdtemp(prefix="t", dir=options.folder)
        self.pipe, entrance = os.pipe()
        self.pieces, self.shared, self.alone = [], options.shared, options.jobs == 1
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.pipe)
            _be_child(test, target, road, options, self.folder, entrance)
        os.close(entrance)

    def read(self):
        """False at the end of the pipe."""
        piece = os.read(self.pipe, PIECE_BYTES)
        self.pieces.append(piece)
        return bool(piece)

    def has_result(self):
        return any(piece.endswith(b"\n") for piece in self.pieces)

    def finish(self):
        in_time = time.monotonic() < self.deadline
        _kill_group(self.pid)
        status = os.waitpid(self.pid, 0)[1]
        os.close(self.pipe)
        _remove(self.folder)
        for name in os.listdir(self.shared) if self.alone else ():
            _remove(os.path.join(self.shared, name))
        return self._result(in_time, status)

    def _result(self, in_time, status):
        if self.has_result():
            result = json.loads(b"".join(self.pieces))
        elif in_time:
            result = {"outcome": "crash", "why": f"the process ended with status {status}"}
        else:
            result = {"outcome": "hang", "why": "no end within the time limit"}
        result.setdefault("opens", 0)
        result["seconds"] = round(time.monotonic() - self.started, 3)
        return result


def _remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            os.unlink(path)


def _kill_group(pid):
    for kill in (os.killpg, os.kill):  # the child may not have made its group yet
        with contextlib.suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)


def _be_child(test, target, road, options, folder, entrance):
    """Does not return."""
    try:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _settle_in(folder, options)
        note = os.path.join(options.notes, os.path.basename(folder))
        _point_programs_at(target, note, options)
        install.use(target.name, target.package, road, note)
        loop_thread.start()
        result = _FirstReason()
        unittest.TestSuite([test]).run(result)
        words = {"outcome": result.outcome, "why": result.why, "opens": install.opens()}
        os.write(entrance, json.dumps(words).encode() + b"\n")
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _settle_in(folder, options):
    os.chdir(folder)
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    if not options.show:
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
    os.close(nothing)


def _point_programs_at(target, note, options):
    """For sitecustomize.py in the programs that the test starts."""
    old = os.environ.get("PYTHONPATH")
    places = [os.path.join(options.harness, "subprocesses"), *([old] if old else [])]
    os.environ["PYTHONPATH"] = os.pathsep.join(places)
    os.environ["CONFORMANCE_FOLDER"] = options.harness
    os.environ["CONFORMANCE_TARGET"] = target.name
    os.environ["CONFORMANCE_NOTE"] = note


def run_all(work, jobs, finished):
    """Runs what `work`, a list of functions that start a child, holds; it may grow meanwhile.

    finished(child, result) is called for each.
    """
    sys.stdout.flush()
    running = {}
    try:
        while work or running:
            while work and len(running) < jobs:
                child = work.pop(0)()
                running[child.pipe] = child
            for child in _ended(running):
                del running[child.pipe]
                finished(child, child.finish())
    finally:
        for child in running.values():
            child.finish()


def _ended(running):
    readable = select.select(list(running), [], [], POLL_S)[0]
    now = time.monotonic()
    ended = []
    for pipe, child in running.items():
        if (pipe in readable and not child.read()) or child.has_result() or now > child.deadline:
            ended.append(child)
    return ended
