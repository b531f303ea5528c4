"""What files have beyond aiofiles: `lines`, `fsync`, `pread` and `pwrite`.

The engine's files have them of their own. These are for blocking files in a thread, each call one
hop in its turn, so that a program need not know which of the two serves.
"""

from __future__ import annotations

import io
import os
from functools import partial
from typing import Any

from .. import _calls


def beyond_aiofiles(cls: Any) -> Any:
    """A class decorator: by inheritance the classes would have other bases than aiofiles'."""
    for method in (lines, fsync, pread, pwrite):
        setattr(cls, method.__name__, method)
    return cls


async def lines(self: Any) -> Any:
    """The whole lines that are at hand, at least one; empty at the end of the file."""
    return await _calls.run(self, _calls.bind(self, "lines", (), {}))


async def fsync(self: Any) -> None:
    """What was written is on the device when it ends. fsync(2), after flush()."""
    await _calls.run(self, partial(_fsync, self._file))


async def pread(self: Any, size: int, offset: int, /) -> Any:
    """Up to `size` bytes from `offset` on, fewer only at the end. Moves no position. pread(2).

    ERRORS: io.UnsupportedOperation if the file has no descriptor, or is not readable.
    """
    if size < 0 or offset < 0:
        raise ValueError("pread() takes a size and an offset of zero or more")
    return await _calls.run(self, partial(_pread, self._file, size, offset))


async def pwrite(self: Any, data: Any, offset: int, /) -> Any:
    """Writes all of `data` at `offset`, beside the buffer: flush() first if both are used.

    Moves no position. pwrite(2). ERRORS: as of `pread`.
    """
    view = memoryview(data).cast("B")
    if offset < 0:
        raise ValueError("pwrite() takes bytes and an offset of zero or more")
    return await _calls.run(self, partial(_pwrite, self._file, view, offset))


def _fsync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _pread(file: Any, size: int, offset: int) -> bytes:
    descriptor = file.fileno()
    if not file.readable():
        raise io.UnsupportedOperation("not readable")
    parts = []
    while part := os.pread(descriptor, size, offset):
        parts.append(part)
        size -= len(part)
        offset += len(part)
    return b"".join(parts)


def _pwrite(file: Any, view: memoryview, offset: int) -> int:
    descriptor = file.fileno()
    if not file.writable():
        raise io.UnsupportedOperation("not writable")
    written = 0
    while written < len(view):
        written += os.pwrite(descriptor, view[written:], offset + written)
    return written
