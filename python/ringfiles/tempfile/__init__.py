"""Temporary files and directories: asynchronous versions of those of `tempfile`.

All return an object to `await` or to enter by `async with`, and take `loop` and `executor` as
`open` does. Cancelled while it is made, a file or directory is removed again.
"""

import asyncio
import contextlib
import io
import os
import sys
import tempfile
from functools import partial, singledispatch

from .. import _jobs
from ..base import AiofilesContextManager
from ..threadpool.binary import AsyncBufferedIOBase, AsyncBufferedReader, AsyncFileIO
from ..threadpool.text import AsyncTextIOWrapper
from .temptypes import AsyncSpooledTemporaryFile, AsyncTemporaryDirectory

__all__ = [
    "NamedTemporaryFile",
    "SpooledTemporaryFile",
    "TemporaryDirectory",
    "TemporaryFile",
]

if sys.version_info >= (3, 12):

    def NamedTemporaryFile(
        mode="w+b", buffering=-1, encoding=None, newline=None, suffix=None, prefix=None, dir=None,
        delete=True, delete_on_close=True, loop=None, executor=None,
    ):
        """A temporary file with a `name`, removed when it is closed or left (`delete=True`).

        With `delete_on_close=False` it stays when it is closed, until it is left.
        """
        return AiofilesContextManager(_temporary_file(
            tempfile.NamedTemporaryFile, loop, executor, mode=mode, buffering=buffering,
            encoding=encoding, newline=newline, suffix=suffix, prefix=prefix, dir=dir,
            delete=delete, delete_on_close=delete_on_close))

    def TemporaryDirectory(
        suffix=None, prefix=None, dir=None, loop=None, executor=None,
        *, ignore_cleanup_errors=False, delete=True,
    ):
        """A temporary directory. `async with` gives its path and removes it with all in it."""
        return AiofilesContextManagerTempDir(_temporary_directory(
            loop, executor, suffix=suffix, prefix=prefix, dir=dir,
            ignore_cleanup_errors=ignore_cleanup_errors, delete=delete))

else:

    def NamedTemporaryFile(
        mode="w+b", buffering=-1, encoding=None, newline=None, suffix=None, prefix=None, dir=None,
        delete=True, loop=None, executor=None,
    ):
        """A temporary file with a `name`, removed when it is closed (`delete=True`)."""
        return AiofilesContextManager(_temporary_file(
            tempfile.NamedTemporaryFile, loop, executor, mode=mode, buffering=buffering,
            encoding=encoding, newline=newline, suffix=suffix, prefix=prefix, dir=dir,
            delete=delete))

    def TemporaryDirectory(suffix=None, prefix=None, dir=None, loop=None, executor=None):
        """A temporary directory. `async with` gives its path and removes it with all in it."""
        return AiofilesContextManagerTempDir(_temporary_directory(
            loop, executor, suffix=suffix, prefix=prefix, dir=dir))


def TemporaryFile(
    mode="w+b", buffering=-1, encoding=None, newline=None, suffix=None, prefix=None, dir=None,
    loop=None, executor=None,
):
    """A temporary file that no folder shows; it is gone when it is closed."""
    return AiofilesContextManager(_temporary_file(
        tempfile.TemporaryFile, loop, executor, mode=mode, buffering=buffering,
        encoding=encoding, newline=newline, suffix=suffix, prefix=prefix, dir=dir))


def SpooledTemporaryFile(
    max_size=0, mode="w+b", buffering=-1, encoding=None, newline=None, suffix=None, prefix=None,
    dir=None, loop=None, executor=None,
):
    """A temporary file in memory, until more than `max_size` bytes are written (0: for ever)."""
    return AiofilesContextManager(_spooled_temporary_file(
        loop, executor, max_size=max_size, mode=mode, buffering=buffering, encoding=encoding,
        newline=newline, suffix=suffix, prefix=prefix, dir=dir))


async def _temporary_file(make, loop, executor, **options):
    loop = loop or asyncio.get_running_loop()
    discard = partial(_discard_file, delete=options.get("delete", True))
    made = await _jobs.run(partial(make, **options), loop=loop, executor=executor, undo=discard)
    if type(made) is not tempfile._TemporaryFileWrapper:
        return wrap(made, made, loop=loop, executor=executor)
    # By the type of the inner file, but around the outer one: it is that which deletes.
    result = wrap(made.file, made, loop=loop, executor=executor)
    if sys.version_info >= (3, 12):
        result._closer = made._closer
    else:
        result.delete = made.delete
    return result


def _discard_file(made, delete):
    """Its name was never told to anybody, so even a file that was to stay would be a leak."""
    made.close()
    if not delete:
        with contextlib.suppress(OSError):
            os.unlink(made.name)


async def _spooled_temporary_file(loop, executor, **options):
    loop = loop or asyncio.get_running_loop()
    make = partial(tempfile.SpooledTemporaryFile, **options)
    made = await _jobs.run(make, loop=loop, executor=executor, undo=_discard_spooled)
    return AsyncSpooledTemporaryFile(made, loop=loop, executor=executor)


def _discard_spooled(made):
    made.close()


async def _temporary_directory(loop, executor, **options):
    loop = loop or asyncio.get_running_loop()
    make = partial(tempfile.TemporaryDirectory, **options)
    made = await _jobs.run(make, loop=loop, executor=executor, undo=_discard_directory)
    return AsyncTemporaryDirectory(made, loop=loop, executor=executor)


def _discard_directory(made):
    made.cleanup()


class AiofilesContextManagerTempDir(AiofilesContextManager):
    """Entered it gives the path, as that of `tempfile` does; awaited, the object."""

    async def __aenter__(self):
        return (await self).name


@singledispatch
def wrap(base_io_obj, file, *, loop=None, executor=None):
    """An asynchronous file around `file`, of the kind that `base_io_obj` calls for.

    ERRORS: TypeError for a type that nobody registered.
    """
    raise TypeError(f"Unsupported IO type: {base_io_obj}")


@wrap.register(io.TextIOBase)
def _wrap_text(base_io_obj, file, *, loop=None, executor=None):
    return AsyncTextIOWrapper(file, loop=loop, executor=executor)


@wrap.register(io.BufferedWriter)
def _wrap_buffered(base_io_obj, file, *, loop=None, executor=None):
    return AsyncBufferedIOBase(file, loop=loop, executor=executor)


@wrap.register(io.BufferedReader)
@wrap.register(io.BufferedRandom)
def _wrap_reader(base_io_obj, file, *, loop=None, executor=None):
    return AsyncBufferedReader(file, loop=loop, executor=executor)


@wrap.register(io.FileIO)
def _wrap_raw(base_io_obj, file, *, loop=None, executor=None):
    return AsyncFileIO(file, loop=loop, executor=executor)
