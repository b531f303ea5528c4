"""Reads whose result can be given back when their caller was cancelled.

Where the file can seek, its position is taken before the read and restored afterwards. Elsewhere
(pipes, terminals, sockets) the result is held, and later reads take from it first.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
import threading
from collections.abc import Callable
from typing import Any

# Only of these is it known that asking for a position changes nothing. Others, such as the
# mocks of a test, see exactly the calls that were made.
_SEEKING_TYPES = (io.IOBase, tempfile._TemporaryFileWrapper, tempfile.SpooledTemporaryFile)

# What `lines` collects in one hop: enough to make the hop cheap, little enough to come soon.
_LINES_BYTES = 64 * 1024

READS = frozenset(
    {"peek", "read", "read1", "readall", "readinto", "readinto1", "readline", "readlines"})


def position_of(file: Any) -> Any:
    """What `seek` will take, or None where that is no use. For text it is a `tell` cookie."""
    if not isinstance(file, _SEEKING_TYPES):
        return None
    try:
        # Only then: to ask a text file that cannot be read would flush it.
        readable = _inner(file).readable()
        return file.tell() if readable and _inner(file).seekable() else None
    except Exception:  # noqa: BLE001
        # Of a text it decodes again, which its error handler may refuse (TypeError), and there are
        # codecs whose state is too large for a cookie (OverflowError). The read is to say.
        return None


def _inner(file: Any) -> Any:
    """The spooled file of Python 3.10 has no `seekable` of its own."""
    return file._file if isinstance(file, tempfile.SpooledTemporaryFile) else file


class Held:
    """What cancelled reads took from a file that cannot seek, oldest first."""

    def __init__(self) -> None:
        self.data: Any = None

    def take(self, size: int | None = None) -> Any:
        if size is None or size < 0:
            size = len(self.data)
        taken, self.data = self.data[:size], self.data[size:] or None
        return taken


class Read:
    """One reading call. Called in the thread; `give_up` on the loop; `put_back` in a thread."""

    def __init__(self, held: Held, file: Any, name: str, args: Any, kwargs: Any) -> None:
        self._held = held
        self._file = file
        self._method: Callable[..., Any] = getattr(file, name)
        self._name = name
        self._args = args
        self._kwargs = kwargs
        self._lock = threading.Lock()
        self._given_up = False
        self._position: Any = None
        self._taken: Any = None
        self._target: memoryview | None = None

    def __call__(self) -> Any:
        if self._name == "peek":  # takes nothing, so there is nothing to put back
            return self._call_file()
        self._position = position_of(self._file)
        if self._name.startswith("readinto"):
            return self._read_into()
        self._taken = self._call_file()
        return self._taken

    def give_up(self) -> None:
        """The caller was cancelled: its buffer is its own again and must not be touched."""
        with self._lock:
            self._given_up = True
            if self._target is not None:
                self._target.release()

    def put_back(self) -> None:
        # The file may have been closed since; then nobody will read.
        with contextlib.suppress(Exception):
            if self._position is not None and self._has_moved():
                self._file.seek(self._position)
            elif self._taken:
                self._hold(self._taken)

    def _has_moved(self) -> bool:
        """Event and inotify descriptors let anyone seek, and stay where they are."""
        try:
            return not self._taken or self._file.tell() != self._position
        except OSError:
            return True  # `readlines` of text leaves the position hidden; `seek` shows it again.

    def _hold(self, taken: Any) -> None:
        if isinstance(taken, list):
            taken = type(taken[0])().join(taken)
        if isinstance(taken, memoryview):
            taken = bytes(taken)
        if isinstance(taken, (bytes, str)):
            held = self._held.data
            self._held.data = taken if held is None else taken + held

    def _call_file(self) -> Any:
        if self._held.data is None:
            return self._method(*self._args, **self._kwargs)
        method = getattr(_AfterHeld(self._held, self._file), self._name)
        return method(*self._args, **self._kwargs)

    def _read_into(self) -> Any:
        """Reads into a buffer of our own, because the caller's is his again if he is cancelled."""
        target = _writable_bytes(self._args, self._kwargs)
        if target is None or not isinstance(self._file, _SEEKING_TYPES):
            return self._method(*self._args, **self._kwargs)
        with self._lock:
            self._target = target
            bounce = bytearray(0 if self._given_up else len(target))
        try:
            count = self._fill(bounce)
            if count:
                self._taken = memoryview(bounce)[:count]
                self._deliver(target)
        finally:
            target.release()
        return count

    def _deliver(self, target: memoryview) -> None:
        with self._lock:
            if not self._given_up:
                target[:len(self._taken)] = self._taken

    def _fill(self, bounce: bytearray) -> Any:
        if self._held.data is None:
            return self._method(bounce)
        data = _AfterHeld(self._held, self._file).read(len(bounce))
        bounce[:len(data)] = data
        return len(data)


class Lines(Read):
    """`lines()`: readline after readline, since `readlines` would leave text without a position."""

    def __init__(self, held: Held, file: Any, args: Any, kwargs: Any) -> None:
        super().__init__(held, file, "readline", args, kwargs)

    def _call_file(self) -> Any:
        # Of a pipe or a terminal one line: to wait for a second one could take for ever.
        wanted = 1 if self._position is None else _LINES_BYTES
        lines: list[Any] = []
        while wanted > 0 and (line := super()._call_file()):
            lines.append(line)
            wanted -= len(line)
        return lines


def _writable_bytes(args: Any, kwargs: Any) -> memoryview | None:
    """The one argument as bytes; None if it is no good, and the file shall say so itself."""
    if len(args) != 1 or kwargs:
        return None
    try:
        view = memoryview(args[0]).cast("B")
    except TypeError:
        return None
    return None if view.readonly else view


class _AfterHeld:
    """The reading calls of a file in front of which held data lies."""

    def __init__(self, held: Held, file: Any) -> None:
        self._held = held
        self._file = file
        self._empty = type(held.data)()
        self._is_raw = isinstance(file, io.RawIOBase)

    def peek(self, size: int = 0) -> Any:
        return self._held.data

    def read(self, size: int | None = -1) -> Any:
        if size is None or size < 0:
            rest = self._file.read() or self._empty
            return self._held.take() + rest
        if self._is_raw or size <= len(self._held.data):
            return self._held.take(size)
        rest = self._file.read(size - len(self._held.data)) or self._empty
        return self._held.take() + rest

    def read1(self, size: int = -1) -> Any:
        return self._held.take(size)

    def readall(self) -> Any:
        return self.read()

    def readline(self, size: int | None = -1) -> Any:
        if size is None or size < 0:
            size = -1
        if self._held.data is None:
            return self._file.readline(size)
        newline = "\n" if isinstance(self._empty, str) else b"\n"
        # Text comes here with its newlines translated, unless it was opened with newline=''.
        end = self._held.data.find(newline) + 1 or len(self._held.data)
        if 0 <= size <= end or self._held.data[:end].endswith(newline):
            return self._held.take(end if size < 0 else min(size, end))
        rest = self._file.readline(size - end if size >= 0 else -1)
        return self._held.take() + rest

    def readlines(self, hint: int | None = -1) -> list[Any]:
        lines: list[Any] = []
        total = 0
        while line := self.readline():
            lines.append(line)
            total += len(line)
            if hint is not None and 0 < hint < total:
                break
        return lines
