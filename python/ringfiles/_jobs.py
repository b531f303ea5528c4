"""The one place where a blocking call goes to a thread: one call, one hop.

A `Job` knows how far it has come, because that decides what a cancellation means: what waits for
a thread never runs; what runs goes on, and `undo` gets the result that nobody will take.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import enum
import functools
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Generic, TypeVar

_T = TypeVar("_T")


class State(enum.Enum):
    WAITING = enum.auto()
    WITHDRAWN = enum.auto()
    RUNNING = enum.auto()
    ENDED = enum.auto()
    FAILED = enum.auto()


class Job(Generic[_T]):
    """One blocking call on its way to a thread, in the context of the task that asked for it."""

    def __init__(self, function: Callable[[], _T]) -> None:
        self.function = function
        self._context = contextvars.copy_context()
        self._lock = threading.Lock()
        self._abandoned = False
        self.state = State.WAITING
        self.result: _T

    def __call__(self) -> _T | None:
        with self._lock:
            if self.state is not State.WAITING:
                return None
            self.state = State.RUNNING
        try:
            self.result = self._context.run(self.invoke)
        except BaseException:
            self._end(State.FAILED)
            raise
        self._end(State.ENDED)
        return self.result

    def __reduce__(self) -> tuple[Any, ...]:
        # For process pools: aiofiles sends a plain partial there, and a context cannot travel.
        return functools.partial, (self.function,)

    def abandon(self, withdraw: bool = True) -> State:
        """The caller is gone. Returns how far the job had come; WITHDRAWN if it will never run."""
        with self._lock:
            if self.state is State.WAITING and withdraw:
                self.state = State.WITHDRAWN
            self._abandoned = True
            return self.state

    def invoke(self) -> _T:
        return self.function()

    def on_orphaned(self) -> None:
        """Called in the thread when the call has ended, or failed, after its caller had gone."""

    def _end(self, state: State) -> None:
        with self._lock:
            self.state = state
            orphaned = self._abandoned
        if orphaned:
            self.on_orphaned()


class _UndoableJob(Job[_T]):
    def __init__(self, function: Callable[[], _T], undo: Callable[[_T], object] | None) -> None:
        super().__init__(function)
        self._undo = undo

    def on_orphaned(self) -> None:
        if self._undo is not None and self.state is State.ENDED:
            self._undo(self.result)


def require_loop(loop: asyncio.AbstractEventLoop | None, what: object) -> asyncio.AbstractEventLoop:
    """The running loop. ERRORS: RuntimeError if `loop` is another one; nothing has happened then.

    aiofiles starts the call and fails afterwards, when the future is awaited.
    """
    running = asyncio.get_running_loop()
    if loop is not None and loop is not running:
        raise RuntimeError(f"{what!r} is attached to a different loop")
    return running


def start(
    job: Job[Any], loop: asyncio.AbstractEventLoop, executor: Executor | None
) -> asyncio.Future[Any]:
    """Sends `job` to a thread. ERRORS: RuntimeError if the executor has been shut down."""
    return loop.run_in_executor(executor, job)


def start_unwatched(
    function: Callable[[], object], loop: asyncio.AbstractEventLoop, executor: Executor | None
) -> bool:
    """Sends to a thread what nobody waits for: its errors have no one left to go to.

    False if loop or executor has been shut down. What remains then is the garbage collector.
    """

    def quietly() -> None:
        with contextlib.suppress(Exception):
            function()

    try:
        loop.run_in_executor(executor, quietly)
    except RuntimeError:
        return False
    return True


async def run(
    function: Callable[[], _T],
    *,
    loop: asyncio.AbstractEventLoop | None = None,
    executor: Executor | None = None,
    undo: Callable[[_T], object] | None = None,
) -> _T:
    """Calls `function` in a thread of `executor` (None: the loop's default one).

    Cancelled while it waits for a thread, it never runs. Cancelled later, it goes on, and its
    result goes to `undo`, in a thread, because nobody else will ever know of it.
    """
    running = require_loop(loop, function)
    job = _UndoableJob(function, undo)
    try:
        result: _T = await start(job, running, executor)
    except (asyncio.CancelledError, GeneratorExit):
        # It may have ended in the very turn of the loop in which its caller was cancelled.
        if job.abandon() is State.ENDED and undo is not None:
            start_unwatched(functools.partial(undo, job.result), running, executor)
        raise
    return result
