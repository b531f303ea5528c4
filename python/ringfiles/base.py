"""What all asynchronous files share, and the object that `open` returns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager
from functools import partial, wraps
from types import TracebackType
from typing import Any, TypeVar, cast

from . import _calls, _jobs, _ringfiles

_T = TypeVar("_T")


def wrap(func: Callable[..., _T]) -> Callable[..., Coroutine[Any, Any, _T]]:
    """A coroutine function that calls `func` in a thread, with the caller's context variables.

    It takes the arguments of `func`, and `loop=` and `executor=` (None: the running loop and its
    default executor). ERRORS: those of `func`, unchanged.
    """

    @wraps(func)
    async def run(
        *args: Any,
        loop: asyncio.AbstractEventLoop | None = None,
        executor: Executor | None = None,
        **kwargs: Any,
    ) -> _T:
        return await _jobs.run(partial(func, *args, **kwargs), loop=loop, executor=executor)

    return run


class AsyncBase(_calls.Ordered):
    """An asynchronous file around a blocking one, `_file`, whose calls run in a thread.

    Calls on one object run one at a time, in the order in which they were awaited. A call that is
    cancelled before its turn never runs; one that runs goes on, and what it read is there for
    the next read. `loop=None` follows the running loop; with a loop, use from another one is a
    RuntimeError.
    """

    def __init__(
        self, file: Any, loop: asyncio.AbstractEventLoop | None, executor: Executor | None
    ) -> None:
        self._file = file
        self._executor = executor
        self._ref_loop = loop

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return self._ref_loop or asyncio.get_running_loop()

    def __aiter__(self) -> Any:
        return self

    def __repr__(self) -> str:
        return f"{super().__repr__()} wrapping {self._file!r}"

    async def __anext__(self) -> Any:
        # By readline, so that tell() works inside of `async for`, where a plain `for` forbids it.
        line = await self.readline()  # type: ignore[attr-defined]
        if not line:
            raise StopAsyncIteration
        return line


class AsyncIndirectBase(AsyncBase):
    """One whose blocking file is looked up at every call, as `sys.stdout` must be."""

    def __init__(
        self,
        name: str,
        loop: asyncio.AbstractEventLoop | None,
        executor: Executor | None,
        indirect: Callable[[], Any],
    ) -> None:
        self._indirect = indirect
        self._name = name
        super().__init__(None, loop, executor)

    @property
    def _file(self) -> Any:
        return self._indirect()

    @_file.setter
    def _file(self, v: Any) -> None:
        """There is nothing to keep."""


class AiofilesContextManager(
    _ringfiles.ContextManager[_T], Awaitable[_T], AbstractAsyncContextManager[_T]
):
    """What `open` returns: `await` it, or enter it by `async with`; nothing happens before.

    Awaited again it gives the same object. Leaving it closes the file, in the file's own
    executor, after the calls that are still under way.
    """

    __slots__ = ()

    # What the extension leaves to Python: files that the engine does not serve, and odd ends.

    def _wait(self) -> Generator[Any, Any, _T]:
        if self._obj is None:
            self._obj = yield from self._coro.__await__()
        return cast(_T, self._obj)

    async def _enter(self) -> _T:
        if self._obj is None:
            self._obj = await self._coro
        return cast(_T, self._obj)

    async def _leave(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        if getattr(self._obj, "_is_of_engine", False):
            await _close(self._obj, exc_type)
            self._obj = None
            return
        leave = partial(self._obj._file.__exit__, exc_type, exc_val, exc_tb)
        if isinstance(self._obj, _calls.Ordered):
            await _calls.run(self._obj, leave, certain=True)
        else:  # a type that somebody registered with `threadpool.wrap`
            await _jobs.run(leave)
        self._obj = None


# As aiofiles has them; here the extension keeps both.
AiofilesContextManager.__slots__ = ("_coro", "_obj")  # type: ignore[assignment]


async def _close(file: Any, exc_type: type[BaseException] | None) -> None:
    """Waits for what is under way, but for a read whose caller was cancelled just now: it may hang,
    as on a dead mount, and nobody can take from a file that is closed."""
    cancelled = exc_type is not None and issubclass(exc_type, asyncio.CancelledError)
    if cancelled and "r" in file.mode and "+" not in file.mode:
        file._close_now()
    else:
        await file.close()
