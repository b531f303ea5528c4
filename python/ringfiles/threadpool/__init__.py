"""Files whose calls run in threads, and `open`, which chooses the type by the mode."""

import asyncio
import builtins
import io
import sys
from functools import partial, singledispatch

from .. import _jobs, _ringfiles
from ..base import AiofilesContextManager
from .binary import (
    AsyncBufferedIOBase,
    AsyncBufferedReader,
    AsyncFileIO,
    AsyncIndirectBufferedIOBase,
)
from .text import AsyncTextIndirectIOWrapper, AsyncTextIOWrapper

__all__ = (
    "open",
    "stderr",
    "stderr_bytes",
    "stdin",
    "stdin_bytes",
    "stdout",
    "stdout_bytes",
)

# Looked up at every call: tests of others put slow or failing functions here.
sync_open = _builtin_open = builtins.open


def open(
    file,
    mode="r",
    buffering=-1,
    encoding=None,
    errors=None,
    newline=None,
    closefd=True,
    opener=None,
    *,
    loop=None,
    executor=None,
):
    """Opens a file as the built-in `open` does, with the same arguments and errors.

    Returns an object to `await` or to enter by `async with`; nothing is opened, and no argument
    looked at, before. `opener` runs in a thread and sees the context variables of the caller.
    `executor` (None: the loop's default one) runs this and every later call on the file.
    Cancelled, it leaves no open descriptor behind. When the process may have no more descriptors
    (EMFILE), `async with` waits while other files of the loop are being closed.
    """
    # By the engine, unless somebody wants the calls elsewhere, or has put a function of his own
    # in the place of the built-in one.
    by_engine = None
    if (loop is None and executor is None and opener is None and closefd is True
            and sync_open is _builtin_open):
        planned = _native.plan_of(mode, buffering, encoding, errors, newline)
        if planned is not None:
            by_engine = planned.arguments
    arguments = (
        file, mode, buffering, encoding, errors, newline, closefd, opener, loop, executor)
    made = _ringfiles.open_later(AiofilesContextManager, _opening, arguments, by_engine)
    if sys.get_coroutine_origin_tracking_depth():
        made._coro  # noqa: B018  (made here, it knows where)
    return made


async def _open(
    file,
    mode="r",
    buffering=-1,
    encoding=None,
    errors=None,
    newline=None,
    closefd=True,
    opener=None,
    *,
    loop=None,
    executor=None,
):
    return await _opening(
        file, mode, buffering, encoding, errors, newline, closefd, opener, loop, executor, (),
    )


async def _opening(
    file, mode, buffering, encoding, errors, newline, closefd, opener, loop, executor, entered
):
    if executor is None and sync_open is _builtin_open and (
            loop is None or loop is asyncio.get_running_loop()):
        opened = await _native.open(
            file, mode, buffering, encoding, errors, newline, closefd, opener,
            patient=bool(entered))
        if opened is not None:
            return opened
    if loop is None:
        loop = asyncio.get_running_loop()
    opening = partial(
        sync_open, file, mode=mode, buffering=buffering, encoding=encoding, errors=errors,
        newline=newline, closefd=closefd, opener=opener,
    )
    opened = await _jobs.run(opening, loop=loop, executor=executor, undo=_close)
    return wrap(opened, loop=loop, executor=executor)


# Warnings of a coroutine that was never awaited name it as aiofiles does.
_opening.__name__ = _opening.__qualname__ = _open.__name__


def _close(opened):
    opened.close()


@singledispatch
def wrap(file, *, loop=None, executor=None):
    """An asynchronous file around the open blocking `file`; `wrap.register` adds types.

    ERRORS: TypeError for a type that nobody registered.
    """
    raise TypeError(f"Unsupported io type: {file}.")


@wrap.register(io.TextIOBase)
def _wrap_text(file, *, loop=None, executor=None):
    return AsyncTextIOWrapper(file, loop=loop, executor=executor)


@wrap.register(io.BufferedWriter)
@wrap.register(io.BufferedIOBase)
def _wrap_buffered(file, *, loop=None, executor=None):
    return AsyncBufferedIOBase(file, loop=loop, executor=executor)


@wrap.register(io.BufferedReader)
@wrap.register(io.BufferedRandom)
def _wrap_reader(file, *, loop=None, executor=None):
    return AsyncBufferedReader(file, loop=loop, executor=executor)


@wrap.register(io.FileIO)
def _wrap_raw(file, *, loop=None, executor=None):
    return AsyncFileIO(file, loop=loop, executor=executor)


from .. import _native

# Looked up at each call and bound to no loop, so that they follow whoever replaces sys.stdout.
stdin = AsyncTextIndirectIOWrapper("sys.stdin", None, None, lambda: sys.stdin)
stdout = AsyncTextIndirectIOWrapper("sys.stdout", None, None, lambda: sys.stdout)
stderr = AsyncTextIndirectIOWrapper("sys.stderr", None, None, lambda: sys.stderr)
stdin_bytes = AsyncIndirectBufferedIOBase(
    "sys.stdin.buffer", None, None, lambda: sys.stdin.buffer)
stdout_bytes = AsyncIndirectBufferedIOBase(
    "sys.stdout.buffer", None, None, lambda: sys.stdout.buffer)
stderr_bytes = AsyncIndirectBufferedIOBase(
    "sys.stderr.buffer", None, None, lambda: sys.stderr.buffer)
