"""Listing of folders: whole, in the thread, so that iterating over the result never blocks."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

from . import _jobs

if TYPE_CHECKING:
    from typing_extensions import Self  # `typing` has it from Python 3.11 on.

# Folders that one hop lists ahead when walking bottom-up. A hop costs about as much as listing
# one folder of ten entries; more per hop would only make the first result late.
_FOLDERS_PER_HOP = 64


class ScandirIterator:
    """The entries of one folder, used as what `os.scandir` returns. They have been read already.

    The entries are `os.DirEntry`: `name`, `path`, `inode()` and mostly `is_dir()` come from the
    listing; `stat()` asks the disk at its first call, and blocks then.
    """

    def __init__(self, entries: list[os.DirEntry[Any]]) -> None:
        self._entries = iter(entries)

    def __iter__(self) -> Iterator[os.DirEntry[Any]]:
        return self

    def __next__(self) -> os.DirEntry[Any]:
        return next(self._entries)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forgets the entries that were not taken yet."""
        self._entries = iter(())


def scandir(path: Any = ".") -> ScandirIterator:
    """Reads all entries of a folder. The order is that of the file system."""
    with os.scandir(path) as entries:
        return ScandirIterator(list(entries))


async def walk(
    top: Any,
    topdown: bool = True,
    onerror: Callable[[OSError], object] | None = None,
    followlinks: bool = False,
    *,
    loop: asyncio.AbstractEventLoop | None = None,
    executor: Executor | None = None,
) -> AsyncIterator[tuple[Any, list[Any], list[Any]]]:
    """Yields (folder, names of its folders, names of its files) like `os.walk`, asynchronously.

    Top-down, each folder is listed by one hop, after the caller has had its parent, so names
    may be removed from the list of folders to prune the walk. Bottom-up, a hop lists up to 64.
    `onerror` is called in the thread; without it, folders that cannot be listed are left out.
    """
    found = os.walk(top, topdown=topdown, onerror=onerror, followlinks=followlinks)
    count = 1 if topdown else _FOLDERS_PER_HOP
    take = partial(_take, found, count)
    while batch := await _jobs.run(take, loop=loop, executor=executor):
        for folder in batch:
            yield folder


def _take(found: Iterator[Any], count: int) -> list[Any]:
    return list(itertools.islice(found, count))
