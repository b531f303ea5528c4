"""Power that fails: what a disk may hold then, made of the log of all that was written to it.

    with recorded("ext4", "", workload) as tape:       # workload(folder, mark): the path of MARK
        for crash in tape.crashes(random, 60):
            tape.make_image(crash)
            with tape.mounted_image() as folder: ...   # as after the next start

A crash image is what was on the disk at a flush, which is safe, and a random part of what was
written between it and the next one, any of its blocks of 4 KiB kept or not, in disregard of their
order. What was reported before the crash is `crash.reports`.
"""

import bisect
import contextlib
import mmap
import os
import pathlib
import struct
import subprocess
import tempfile
import time
from random import Random
from typing import NamedTuple

from . import mounts
from .report import Unavailable

HEAD = struct.Struct("<QQQ")
WRITE, FLUSH, MARK = 0, 1, 2
BLOCK_BYTES = 4096
DISK_MIB = {"ext4": 64, "xfs": 300, "btrfs": 128}
STORE_MIB = 2048  # of memory at the most: image, log, and their like
# How many of the writes after the last flush survive; a block decides for itself.
SHARES_KEPT = (0.0, 0.1, 0.5, 0.9, 1.0)
END = "end of the workload"


class Entry(NamedTuple):
    kind: int
    offset: int  # on the disk
    place: int   # of the bytes in the log
    size: int


class Crash(NamedTuple):
    """Up to entry `flush` all is on the disk; of those before entry `cut`, some is."""

    flush: int
    cut: int
    seed: int
    reports: list


@contextlib.contextmanager
def _blocklog(image, log):
    """A running blocklog; gives the folder with `disk` and `mark`."""
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        raise Unavailable("/dev/fuse cannot be opened")
    with mounts.mount_point() as folder, tempfile.TemporaryFile() as errors:
        daemon = subprocess.Popen([mounts.binary("blocklog"), image, log, folder],
                                  stdin=subprocess.PIPE, stdout=errors, stderr=errors)
        try:
            deadline = time.monotonic() + mounts.START_PATIENCE_S
            while not (folder / "disk").exists():
                if daemon.poll() is not None or time.monotonic() > deadline:
                    errors.seek(0)
                    raise Unavailable(f"blocklog: {errors.read().decode().strip()}")
                time.sleep(mounts.POLL_S)
            yield folder
        finally:
            daemon.stdin.close()
            daemon.wait()


def _say(folder, words):
    with open(folder / "mark", "wb", buffering=0) as mark:
        mark.write(words.encode())


def _entries_of(log):
    entries, place = [], 0
    while place < len(log):
        kind, offset, size = HEAD.unpack_from(log, place)
        place += HEAD.size
        entries.append(Entry(kind, offset, place, size))
        place += size
    return entries


class Tape:
    """A recording. Crash images are made of it in the order of their flushes."""

    def __init__(self, kind, options, image, log, replay):
        self._kind, self._options, self._replay = kind, options, replay
        self._image = os.open(image, os.O_RDWR)
        self._log = log
        self._entries = _entries_of(log)
        self._applied = 0
        marks = [(index, self._text(entry)) for index, entry in enumerate(self._entries)
                 if entry.kind == MARK]
        self._reports = [(index, line) for index, text in marks for line in text.splitlines()]
        self._end = next(index for index, text in marks if text == END)
        first = marks[0][0]
        self.flushes = [index for index, entry in enumerate(self._entries)
                        if entry.kind == FLUSH and first < index < self._end]

    def close(self):
        os.close(self._image)

    def _bytes(self, entry):
        return self._log[entry.place:entry.place + entry.size]

    def _text(self, entry):
        return self._bytes(entry).decode()

    def crashes(self, random, count):
        """Random moments, in order."""
        chosen = sorted(random.choice(self.flushes) for _ in range(count))
        for flush in chosen:
            after = bisect.bisect_right(self.flushes, flush)
            last = self.flushes[after] if after < len(self.flushes) else self._end
            cut = random.randint(flush + 1, last)
            yield Crash(flush, cut, random.getrandbits(32),
                        [line for index, line in self._reports if index < cut])

    def _advance(self, flush):
        """Up to here all is safe: IMAGE itself gets it."""
        if flush < self._applied:
            raise ValueError("crashes come in their order")
        for entry in self._entries[self._applied:flush]:
            if entry.kind == WRITE:
                os.pwrite(self._image, self._bytes(entry), entry.offset)
        self._applied = flush

    def _surviving_blocks(self, crash):
        random = Random(crash.seed)
        share = random.choice(SHARES_KEPT)
        for entry in self._entries[crash.flush:crash.cut]:
            if entry.kind != WRITE:
                continue
            content = self._bytes(entry)
            for at in range(0, entry.size, BLOCK_BYTES):
                if random.random() < share:
                    yield entry.offset + at, content[at:at + BLOCK_BYTES]

    def make_image(self, crash):
        self._advance(crash.flush)
        _say(self._replay, "reset")
        disk = os.open(self._replay / "disk", os.O_RDWR)
        try:
            for offset, content in self._surviving_blocks(crash):
                os.pwrite(disk, content, offset)
        finally:
            os.close(disk)

    def mounted_image(self):
        """ERRORS: Unavailable when the file system is too broken to be mounted."""
        return mounts.mounted(self._kind, self._replay / "disk", self._options)


@contextlib.contextmanager
def recorded(kind, options, workload):
    """Runs workload(folder, mark) on a fresh file system; gives the Tape of it."""
    with mounts.tmpfs(f"size={STORE_MIB}m") as store:
        image, log = store / "image", store / "log"
        image.touch()
        os.truncate(image, DISK_MIB[kind] << 20)
        mounts.make_filesystem(kind, image)
        with _blocklog(image, log) as disk:
            with mounts.mounted(kind, disk / "disk", options) as folder:
                workload(folder, disk / "mark")
                _say(disk, END)
        with open(log, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as entries:
            with _blocklog(image, pathlib.Path(os.devnull)) as replay:
                tape = Tape(kind, options, image, entries, replay)
                try:
                    yield tape
                finally:
                    tape.close()
