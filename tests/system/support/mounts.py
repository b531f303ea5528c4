"""Places where files misbehave: small, failing and hanging file systems, mounted for one test.

Each place is a context manager that cleans up after itself, also when the test fails, and raises
Unavailable when this machine does not allow it. `with report.case(...)` turns that into SKIP.

    with small_tmpfs(1) as folder: ...             # ENOSPC after 1 MiB
    with loop_filesystem("xfs", 320) as folder: ...
    with thin_loop("ext4") as folder: ...          # writes succeed, fsync fails, then "succeeds"
    with faultfs(binary("faultfs")) as mirror:     # FUSE mirror of mirror.backing
        mirror.control("clear\\nread hang 1 9 *.log")
        ...                                        # use files below mirror.path
        mirror.wait_parked(1)

Call isolate() first in a script: then not even SIGKILL leaves a mount behind.
"""

import contextlib
import ctypes
import errno
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
from typing import NamedTuple

from .report import Reporter, Unavailable, run_gtest, run_program  # noqa: F401  (one import)

MNT_DETACH = 2
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
CLONE_NEWNS = 0x20000

# How long an unmount may find the place busy (a killed program, an io_uring that is torn down)
# before the mount is detached and left to end with its last user.
BUSY_PATIENCE_S = 5
START_PATIENCE_S = 10
POLL_S = 0.01
STATUS_BYTES = 1 << 20  # thousands of rules

# What the programs of mkfs accept at least.
SMALLEST_MIB = {"ext4": 8, "xfs": 300, "btrfs": 114}

MAKE = {
    "ext4": ["mkfs.ext4", "-q", "-F", "-J", "size=4"],
    "xfs": ["mkfs.xfs", "-q", "-f"],
    "btrfs": ["mkfs.btrfs", "-q", "-f"],
}

# thin_loop: the size that the file system believes in, and what is really there. Each believes
# in 400 MiB; XFS writes a log of 64 MiB when it is made.
THIN_IMAGE_MIB = 400
THIN_BACKING_MIB = {"ext4": 24, "xfs": 100, "btrfs": 24}

_libc = ctypes.CDLL(None, use_errno=True)


def build_folder():
    """BUILD_DIR of the environment, or build/release of this source tree."""
    source = pathlib.Path(__file__).resolve().parents[3]
    return pathlib.Path(os.environ.get("BUILD_DIR") or source / "build" / "release")


def binary(name):
    """The path of a built program, wherever in the build folder it is."""
    folder = build_folder()
    for place in (folder / name, folder / "bin" / name, folder / "tests" / "tools" / name):
        if place.is_file():
            return place
    for place in sorted(folder.rglob(name)):
        if place.is_file() and os.access(place, os.X_OK):
            return place
    raise Unavailable(f"{name} is not built")


def isolate():
    """Gives this process a mount namespace of its own, which dies with it; False if not allowed.

    Other processes, unless started from here, do not see the mounts made afterwards. Call it
    before the first thread is started: a thread that runs already stays outside.
    """
    if _libc.unshare(CLONE_NEWNS) != 0:
        return False
    return _libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0


def _run(arguments):
    """Runs a program of the system whose failure means that the place is not to be had."""
    try:
        done = subprocess.run([str(word) for word in arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              text=True, env={**os.environ, "LC_ALL": "C"})
    except FileNotFoundError:
        raise Unavailable(f"{arguments[0]} is not installed") from None
    if done.returncode != 0:
        raise Unavailable(f"{arguments[0]} failed: {done.stdout.strip()}")


def unmount(folder, patience_s=BUSY_PATIENCE_S):
    """Unmounts; what stays busy is detached. No mount there, or none any more, is fine."""
    path = os.fsencode(folder)
    deadline = time.monotonic() + patience_s
    while _libc.umount2(path, 0) != 0:
        if ctypes.get_errno() != errno.EBUSY:
            return
        if time.monotonic() > deadline:
            _libc.umount2(path, MNT_DETACH)
            return
        time.sleep(POLL_S)


@contextlib.contextmanager
def mount_point():
    """An empty folder. Removed by rmdir only, so that a mount that is stuck is never emptied."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ringfiles-mount-"))
    try:
        yield folder
    finally:
        unmount(folder)
        with contextlib.suppress(OSError):
            folder.rmdir()


@contextlib.contextmanager
def _image(folder, size_mib):
    """A sparse file of this size."""
    handle, name = tempfile.mkstemp(prefix="ringfiles-image-", dir=folder)
    try:
        os.ftruncate(handle, size_mib << 20)
        os.close(handle)
        yield pathlib.Path(name)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(name)


@contextlib.contextmanager
def tmpfs(options="size=16m"):
    """A memory file system with these mount options (man 5 tmpfs)."""
    with mount_point() as folder:
        _run(["mount", "-t", "tmpfs", "-o", options, "ringfiles-test", folder])
        yield folder


def small_tmpfs(mib):
    """A memory file system that is full after `mib` MiB: write(2) answers ENOSPC."""
    return tmpfs(f"size={mib}m")


def make_filesystem(kind, image):
    """Makes an "ext4", "xfs" or "btrfs" in a file, which keeps its size."""
    _run([*MAKE[kind], image])


@contextlib.contextmanager
def mounted(kind, image, options=""):
    """Mounts the file system in the image. The loop device goes with the mount."""
    with mount_point() as folder:
        _run(["mount", "-t", kind, "-o", ",".join(["loop", *filter(None, [options])]), image,
              folder])
        yield folder


@contextlib.contextmanager
def _loop(kind, image, options):
    """Makes a file system in the image and mounts it."""
    make_filesystem(kind, image)
    with mounted(kind, image, options) as folder:
        yield folder


@contextlib.contextmanager
def loop_filesystem(kind, size_mib, options=""):
    """A fresh "ext4", "xfs" or "btrfs" of this size; `options` are further mount options."""
    if size_mib < SMALLEST_MIB[kind]:
        raise ValueError(f"{kind} needs at least {SMALLEST_MIB[kind]} MiB")
    with _image(None, size_mib) as image, _loop(kind, image, options) as folder:
        yield folder


@contextlib.contextmanager
def thin_loop(kind):
    """A file system whose disk is smaller than it says: write(2) succeeds, fsync(2) does not.

    Write 64 MiB or more, then call fsync several times: ENOSPC or EIO first, soon 0, although
    the data never reached the disk. Reading it back serves it from the page cache.
    """
    with tmpfs(f"size={THIN_BACKING_MIB[kind]}m") as backing:
        with _image(backing, THIN_IMAGE_MIB) as image, _loop(kind, image, "") as folder:
            try:
                yield folder
            finally:  # with room to write what is left, the unmount cannot hang on retries
                grown = f"remount,size={THIN_IMAGE_MIB + 16}m"
                subprocess.run(["mount", "-o", grown, str(backing)], check=False)


class Counter(NamedTuple):
    """What faultfs says about one rule: calls that matched, calls that it acted on, its text."""

    seen: int
    hit: int
    rule: str


class FaultFs:
    """A running faultfs daemon. The script language is told in tests/tools/faultfs/fault_rules.hpp.

    `backing` is the real folder, `path` the mirror with the faults.
    """

    _running = set()

    def __init__(self, daemon, backing, path):
        self.backing = pathlib.Path(backing)
        self.path = pathlib.Path(path)
        self._daemon = daemon
        # Opened once: a call that hangs with the root's lock taken would keep it from opening.
        self._control = None
        self._running.add(daemon)

    @classmethod
    def kill_all(cls):
        """For a watchdog that gives up: frees all calls that hang in any mirror of this process."""
        for daemon in list(cls._running):
            daemon.kill()

    @property
    def pid(self):
        return self._daemon.pid

    def open_control(self):
        """True once the daemon serves the mount. Called by faultfs(), not by tests."""
        with contextlib.suppress(FileNotFoundError):
            self._control = os.open(self.path / ".faultctl", os.O_RDWR)
        return self._control is not None

    def control(self, script):
        """Applies the script, whole or (ValueError) not at all. "clear" frees all held calls."""
        try:
            os.write(self._control, script.encode())
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            raise ValueError(f"faultfs does not understand: {script!r}") from None

    def clear(self):
        self.control("clear")

    def _status(self):
        return os.pread(self._control, STATUS_BYTES, 0).decode().splitlines()

    def counters(self):
        """One Counter for each rule, in the order in which the rules were written."""
        lines = [line.split(" ", 2) for line in self._status() if line.startswith("seen=")]
        return [Counter(int(seen[5:]), int(hit[4:]), rule) for seen, hit, rule in lines]

    def parked(self):
        """Calls that hang or are delayed now."""
        return int(self._status()[-1].removeprefix("parked="))

    def wait_parked(self, count, timeout=30):
        """Returns once exactly `count` calls are held. ERRORS: TimeoutError."""
        deadline = time.monotonic() + timeout
        while (parked := self.parked()) != count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{parked} calls are held, not {count}")
            time.sleep(POLL_S)

    def kill(self):
        """The daemon dies: calls in flight end, later ones answer ENOTCONN."""
        self._daemon.kill()
        self._daemon.wait()

    def stop(self):
        """Ends the daemon, which answers EIO to what it holds and unmounts."""
        self._daemon.stdin.close()  # it runs with --until-eof
        try:
            self._daemon.wait(BUSY_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
        if self._control is not None:
            with contextlib.suppress(OSError):  # ENOTCONN: the daemon is gone
                os.close(self._control)
            self._control = None
        unmount(self.path, 0)
        self._running.discard(self._daemon)


def _wait_mounted(mirror, daemon, errors):
    deadline = time.monotonic() + START_PATIENCE_S
    while not mirror.open_control():
        if daemon.poll() is not None:
            errors.seek(0)
            raise Unavailable(f"faultfs ended: {errors.read().decode().strip()}")
        if time.monotonic() > deadline:
            raise Unavailable(f"faultfs did not mount within {START_PATIENCE_S} s")
        time.sleep(POLL_S)


@contextlib.contextmanager
def _folder_or_fresh(folder):
    if folder is not None:
        yield pathlib.Path(folder)
        return
    fresh = tempfile.mkdtemp(prefix="ringfiles-backing-")
    try:
        yield pathlib.Path(fresh)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextlib.contextmanager
def faultfs(program, backing=None, direct=True, timeout_s=0):
    """A FaultFs over `backing` (default: a fresh folder). See faultfs.cpp for the two options."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        raise Unavailable("/dev/fuse cannot be opened")
    options = ["--until-eof", f"--timeout={timeout_s}", *(["--direct"] if direct else [])]
    with _folder_or_fresh(backing) as source, mount_point() as target, \
            tempfile.TemporaryFile() as errors:
        daemon = subprocess.Popen([str(program), *options, str(source), str(target)],
                                  stdin=subprocess.PIPE, stdout=errors, stderr=errors)
        mirror = FaultFs(daemon, source, target)
        try:
            _wait_mounted(mirror, daemon, errors)
            yield mirror
        finally:
            mirror.stop()


class SlowDisk(NamedTuple):
    """A local file system whose blocks come from the file IMAGE of a mirror."""

    path: pathlib.Path
    mirror: FaultFs


@contextlib.contextmanager
def slow_disk(program, kind="ext4", size_mib=256):
    """A disk that can be made slow: disk.mirror.control("clear\\nread delay=100 1 99999 image").

    To everybody it is a local disk, so an io_uring reads it, unlike the mirror, by itself.
    """
    with faultfs(program) as mirror:
        image = mirror.path / "image"
        with open(mirror.backing / "image", "wb") as file:
            file.truncate(size_mib << 20)
        with _loop(kind, image, "") as folder:
            try:
                yield SlowDisk(folder, mirror)
            finally:
                mirror.clear()
