"""Whole files in one hop: open, read or write, close."""

from __future__ import annotations

import asyncio
import builtins
import errno
import os
import stat
import time
from concurrent.futures import Executor
from functools import partial
from typing import Any

from . import _jobs, _temporary, threadpool

_Loop = asyncio.AbstractEventLoop

# Decoding so much takes a millisecond or two.
_LONG_BYTES = 1 << 20
# Each is a write of its own, in which the interpreter's lock is free, but mostly too briefly for
# another thread to take it; so there is a pause each two milliseconds or so.
_PORTION_CHARACTERS = 1 << 16
_BREATH_CHARACTERS = 1 << 20
_BREATH_S = 50e-6


async def read_bytes(
    path: Any, *, loop: _Loop | None = None, executor: Executor | None = None
) -> bytes:
    """The content of a file, in one hop. ERRORS: those of `open` and `read`."""
    return await _jobs.run(partial(_read, path, "rb"), loop=loop, executor=executor)


async def read_text(
    path: Any,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    *,
    loop: _Loop | None = None,
    executor: Executor | None = None,
) -> str:
    """The content of a text file. Arguments and errors are those of `open`."""
    options = {"encoding": encoding, "errors": errors, "newline": newline}
    reading = partial(_read_unless_long, path, options)
    text = await _jobs.run(reading, loop=loop, executor=executor)
    if text is None:
        # Decoding holds the interpreter's lock, and so the loop; a file of the engine does not.
        async with threadpool.open(
            path, encoding=encoding, errors=errors, newline=newline, loop=loop, executor=executor,
        ) as file:
            text = await file.read()
    return text


async def write_bytes(
    path: Any,
    data: Any,
    *,
    atomic: bool = False,
    loop: _Loop | None = None,
    executor: Executor | None = None,
) -> int:
    """Writes a whole file in one hop and returns the number of bytes.

    With `atomic` the path holds the old content or the new one at any time, a power failure
    included, never a part: a temporary file beside it is written and synchronised, and takes its
    place and its permissions. What a symbolic link points at is replaced, not the link. That
    costs two fsync, and needs leave to write in the folder. ERRORS: those of `open` and `write`;
    EINVAL for `atomic` where the path is no regular file. Cancelled, it is finished all the same.
    """
    writing = partial(_write, path, "wb", data, atomic)
    return await _jobs.run(writing, loop=loop, executor=executor)


async def write_text(
    path: Any,
    data: str,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    *,
    atomic: bool = False,
    loop: _Loop | None = None,
    executor: Executor | None = None,
) -> int:
    """Writes a whole text file in one hop and returns the number of characters.

    `encoding`, `errors` and `newline` are those of `open`, `atomic` that of `write_bytes`.
    """
    writing = partial(
        _write, path, "w", data, atomic, encoding=encoding, errors=errors, newline=newline)
    return await _jobs.run(writing, loop=loop, executor=executor)


def _read(path: Any, mode: str, **options: Any) -> Any:
    with builtins.open(path, mode, **options) as file:
        return file.read()


def _read_unless_long(path: Any, options: Any) -> str | None:
    with builtins.open(path, **options) as file:
        if os.fstat(file.fileno()).st_size > _LONG_BYTES:
            return None
        text: str = file.read()
    return text


def _write(path: Any, mode: str, data: Any, atomic: bool, **options: Any) -> int:
    if atomic:
        return _write_atomically(os.path.realpath(path), mode, data, options)
    with builtins.open(path, mode, **options) as file:
        return _put(file, data)


def _put(file: Any, data: Any) -> int:
    """Long text in portions, since encoding holds the interpreter's lock, and so the loop."""
    if not isinstance(data, str) or len(data) <= _PORTION_CHARACTERS:
        return file.write(data)  # type: ignore[no-any-return]
    try:
        for at in range(0, len(data), _PORTION_CHARACTERS):
            file.write(data[at:at + _PORTION_CHARACTERS])
            if at % _BREATH_CHARACTERS == 0:
                time.sleep(_BREATH_S)
    except UnicodeEncodeError:
        file.write(data)  # raises it anew, for the whole text and the place in it
        raise
    return len(data)


def _write_atomically(path: Any, mode: str, data: Any, options: Any) -> int:
    permissions = _permissions_of(path)
    folder = os.path.dirname(path)
    with _temporary.beside(path, mode.replace("w", "x"), options) as (file, temporary):
        count = _put(file, data)
        file.flush()
        if permissions is not None:
            os.chmod(file.fileno(), permissions)
        os.fsync(file.fileno())
        os.replace(temporary, path)
    _synchronise_folder(folder)
    return count


def _permissions_of(path: Any) -> int | None:
    """None if there is no such file yet."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(mode):
        # To put a file where a device or a pipe was would serve nobody.
        raise OSError(errno.EINVAL, "only a regular file can be replaced", path)
    return stat.S_IMODE(mode)


def _synchronise_folder(folder: Any) -> None:
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        os.fsync(descriptor)
        # XFS says success for a folder that was not synced since an error of its disk has just shut
        # the file system down (Linux 6.18); this call tells.
        os.fstat(descriptor)
    finally:
        os.close(descriptor)
