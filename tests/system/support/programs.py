"""Probe programs (tests/tools/*_probe.cpp): started, watched, and their figures read.

    figures = run_probe("cancel_probe", f"--fuse={mirror.path}", backend="uring")
    assert figures.last("latency_p99_us") < 50_000

A probe prints `figure NAME VALUE` (integers; a name may come several times) and `FAIL NAME: WHY`.
What it prints besides goes to the reader as a comment.
"""

import contextlib
import os
import pathlib
import statistics
import sys
import tempfile

from . import probes
from .mounts import binary, loop_filesystem
from .report import run_program

BACKENDS = ("uring", "threads")
LOCAL_KINDS = ("ext4", "xfs", "btrfs")
LOOP_MIB = 1024


def soak():
    """Longer runs and larger counts: RINGFILES_SOAK=1, or --soak."""
    return os.environ.get("RINGFILES_SOAK") == "1" or "--soak" in sys.argv


def backends(report, name):
    """The back ends that work here; the others are reported as skipped, under this name."""
    error = probes.io_uring_setup_errno()
    if error:
        report.skipped(f"{name} (uring)", f"no io_uring here: {os.strerror(error)}")
    return BACKENDS[1:] if error else BACKENDS


def note(words):
    """A figure for the reader; lines that start with # are no results."""
    print(f"# {words}", flush=True)


class Figures:
    """What a probe measured: NAME → its values, in order."""

    def __init__(self, output):
        self.output = output
        self.failures = []
        self._values = {}
        for line in output.splitlines():
            words = line.split()
            if line.startswith("figure ") and len(words) == 3:
                self._values.setdefault(words[1], []).append(int(words[2]))
            elif line.startswith("FAIL "):
                self.failures.append(line.removeprefix("FAIL "))

    def all(self, name):
        if name not in self._values:
            raise AssertionError(f"the probe measured no {name}: {self.output[-300:]}")
        return self._values[name]

    def last(self, name):
        return self.all(name)[-1]

    def median(self, name):
        return statistics.median(self.all(name))

    def __contains__(self, name):
        return name in self._values

    def brief(self, *names):
        """The last values as one line of text."""
        return ", ".join(f"{name} {self.last(name)}" for name in names)


def how_it_ended(status, timeout_s):
    if status is None:
        return f"not done after {timeout_s} s"
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"


def run_probe(name, *words, backend=None, timeout_s=60, wrapper=(), env=None):
    """Runs a probe (a name, or a path) to its end; returns its Figures.

    ERRORS: AssertionError unless it ended well.
    """
    program = name if isinstance(name, pathlib.Path) else binary(name)
    arguments = [*wrapper, program, *words]
    if backend:
        arguments.append(f"--backend={backend}")
    status, output = run_program(arguments, env, timeout_s)
    figures = Figures(output)
    if figures.failures:
        raise AssertionError("; ".join(figures.failures[:5]))
    if status != 0:
        raise AssertionError(f"{name}: {how_it_ended(status, timeout_s)}: {output[-300:]}")
    return figures


def _kind_of(folder):
    """The type of the file system that holds the folder."""
    best = ("", "")
    for line in pathlib.Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
        fields = line.split()
        place, kind = fields[4], fields[fields.index("-") + 1]
        inside = folder == place or folder.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= len(best[0]):
            best = (place, kind)
    return best[1]


@contextlib.contextmanager
def disk_folder():
    """An empty folder on a disk file system, where a read can miss the page cache."""
    with tempfile.TemporaryDirectory(prefix="ringfiles-disk-") as folder:
        if _kind_of(os.path.realpath(folder)) in LOCAL_KINDS:
            yield pathlib.Path(folder)
            return
    with loop_filesystem("ext4", LOOP_MIB) as folder:
        yield folder
