"""Asynchronous spooled temporary files and temporary directories."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from functools import partial
from typing import Any

from .. import _calls
from ..base import AsyncBase
from ..threadpool.utils import (
    cond_delegate_to_executor,
    delegate_to_executor,
    proxy_property_directly,
)

# What a call copies on the loop's thread at most; more goes to a thread, as a hop costs about
# what copying this much does.
_INLINE_BYTES = 256 * 1024
# A character of text may take four bytes and a newline two, whatever the encoding.
_BYTES_PER_CHARACTER = 4


@delegate_to_executor("fileno", "rollover")
@cond_delegate_to_executor(
    "close", "flush", "isatty", "read", "readline", "readlines", "seek", "tell", "truncate",
)
@proxy_property_directly("closed", "encoding", "mode", "name", "newlines")
class AsyncSpooledTemporaryFile(AsyncBase):
    """Around a tempfile.SpooledTemporaryFile.

    While it lies in memory and is small, calls are served at once, without a thread. It rolls
    over to the disk, in a thread, when more than `max_size` bytes have been written (0: never).
    """

    async def write(self, s: Any) -> int:
        """Writes bytes or text; returns how many of them. Rolls over if that was too much."""
        write = partial(self._file.write, s)
        fits = partial(self._fits_in_memory, s)
        return await _calls.run(self, write, inline=fits)  # type: ignore[no-any-return]

    async def writelines(self, iterable: Any) -> None:
        """Writes each item; whether to roll over is asked once, after the last one."""
        await _calls.run(self, partial(self._file.writelines, iterable))

    def _lies_in_memory(self) -> bool:
        return not self._file._rolled and self._bytes_in_memory() <= _INLINE_BYTES

    def _bytes_in_memory(self) -> int:
        buffered = self._file._file
        if buffered.closed:
            return 0
        size: int = getattr(buffered, "buffer", buffered).getbuffer().nbytes
        return size

    def _fits_in_memory(self, s: Any) -> bool:
        """Whether writing `s` is a small copy, and cannot be what makes the file roll over."""
        if not self._lies_in_memory():
            return False
        try:
            size = len(s) * _BYTES_PER_CHARACTER if isinstance(s, str) else memoryview(s).nbytes
        except TypeError:
            return True  # Nothing that could be written: the file itself will say so.
        limit = self._file._max_size
        if size > _INLINE_BYTES or self._file.closed:
            return size <= _INLINE_BYTES
        return not limit or self._file.tell() + size <= limit


@delegate_to_executor("cleanup")
@proxy_property_directly("name")
class AsyncTemporaryDirectory(_calls.Ordered):
    """Around a tempfile.TemporaryDirectory; `name` is its path."""

    def __init__(
        self, file: Any, loop: asyncio.AbstractEventLoop | None, executor: Executor | None
    ) -> None:
        self._file = file
        self._loop = loop
        self._executor = executor

    async def close(self) -> None:
        """Removes the directory and all in it. Once more does nothing."""
        await self.cleanup()  # type: ignore[attr-defined]
