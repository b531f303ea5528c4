"""File systems that shut down under the programs that use them (xfs_io -x -c shutdown)."""

import contextlib
import os
import shutil
import subprocess
import threading
import time

from . import mounts
from .crash_oracle import LOG, Expected
from .report import Unavailable

IMAGE_MIB = {"ext4": 128, "xfs": 300}
# Of the first state of all files, on a busy machine.
PATIENCE_S = 60
LONGEST_OVERTIME_S = 0.2


def shut_down(folder):
    done = subprocess.run(["xfs_io", "-x", "-c", "shutdown", folder], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0 or done.stdout.strip():
        raise Unavailable(f"xfs_io cannot shut down: {done.stdout.strip()}")


class Listener(threading.Thread):
    """Hears the reports of a program until it ends; `all_done` once each file was reported."""

    def __init__(self, program, expected, files):
        super().__init__(daemon=True)
        self._program, self._expected, self._files = program, expected, files
        self.all_done = threading.Event()
        self.start()

    def run(self):
        for line in self._program.stdout:
            self._expected.hear(line)
            if len(self._expected.done) == self._files:
                self.all_done.set()


def interrupt(folder, command, files, expected, random):
    """One life: every file is replaced at least once, then the file system goes away."""
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    listener = Listener(program, expected, files)
    try:
        if not listener.all_done.wait(PATIENCE_S):
            raise AssertionError(f"only {len(expected.done)} files were reported")
        time.sleep(random.uniform(0, LONGEST_OVERTIME_S))
        shut_down(folder)
        program.wait(PATIENCE_S)  # its next call fails
    finally:
        program.kill()
        program.wait()
        listener.join()


@contextlib.contextmanager
def disk_that_shuts_down(kind):
    """A folder for other files, and a disk image, both in memory."""
    if not shutil.which("xfs_io"):
        raise Unavailable("xfs_io is not installed")
    with mounts.tmpfs("size=1g") as store:
        image = store / "image"
        image.touch()
        os.truncate(image, IMAGE_MIB[kind] << 20)
        mounts.make_filesystem(kind, image)
        yield store, image


def shut_down_replacers(kind, command_from, files, rounds, random):
    """Returns (files reported, faults found) over all rounds; the first round with one is the last.

    command_from(folder, first): a program that replaces `files` files in the folder.
    """
    expected, reported, faults = Expected(), 0, []
    with disk_that_shuts_down(kind) as (_, image):
        for _ in range(rounds):
            with mounts.mounted(kind, image) as folder:
                expected.begin_again(folder, max(expected.found.values(), default=0) + 1)
                interrupt(folder, command_from(folder, expected.first), files, expected, random)
            with mounts.mounted(kind, image) as folder:
                reported += len(expected.done)
                faults += expected.faults_in(folder)
                if faults:
                    break
                expected.begin_again(folder, expected.first)
    return reported, faults


class Appender:
    """A program that appends to a log of its own, in a new folder, and reports to a file."""

    def __init__(self, folder, reports, command_of):
        self._name, self._reports = folder.name, reports
        folder.mkdir()
        (folder / LOG).touch()
        os.sync()  # a new name is durable once its folder is synced
        reports.write_text("")
        self._program = subprocess.Popen(command_of(folder / LOG, reports))
        self.expected = Expected()

    def hear(self):
        """What was reported so far, and no more."""
        self.expected = Expected()
        for line in self._reports.read_text().splitlines():
            self.expected.hear(line)
        return self.expected.reports

    def wait(self):
        """Until its next call fails."""
        try:
            self._program.wait(PATIENCE_S)
        finally:
            self._program.kill()
            self._program.wait()

    def faults_in(self, folder):
        return list(self.expected.faults_in(folder / self._name))

    def remove_from(self, folder):
        shutil.rmtree(folder / self._name)


def interrupt_appenders(folder, appenders, random):
    deadline = time.monotonic() + PATIENCE_S
    try:
        while not all([appender.hear() for appender in appenders]):
            if time.monotonic() > deadline:
                raise AssertionError("an appender reports nothing")
            time.sleep(mounts.POLL_S)
        time.sleep(random.uniform(0, LONGEST_OVERTIME_S))
        for appender in appenders:
            appender.hear()
    finally:
        shut_down(folder)
        for appender in appenders:
            appender.wait()


def shut_down_appenders(kind, command_of, count, rounds, random):
    """Returns (records reported before the shutdown, faults found) over all rounds.

    command_of(log, reports): a program that appends to a log. What is reported during the shutdown
    is not judged: the kernel answers success to some syncs then.
    """
    reported, faults = 0, []
    with disk_that_shuts_down(kind) as (store, image):
        for number in range(rounds):
            with mounts.mounted(kind, image) as folder:
                appenders = [Appender(folder / f"{number}-{index}", store / f"reports-{index}",
                                      command_of) for index in range(count)]
                interrupt_appenders(folder, appenders, random)
            with mounts.mounted(kind, image) as folder:
                for appender in appenders:
                    reported += appender.expected.done[LOG]
                    faults += appender.faults_in(folder)
                    appender.remove_from(folder)
    return reported, faults
