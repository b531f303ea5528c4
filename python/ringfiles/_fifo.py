"""The queue of one file: its calls run one at a time, in the order in which they were made.

A call has the *turn* from when it is sent to a thread until its caller has got the outcome. So
the next one never starts before it is known whether the result was delivered, and what a
cancelled read took can be put back first. The lock is only held for a few bytecodes, never
across a call on the file.

What a call itself calls (the iterator that `writelines` takes, an object below a text file) may use
the file as well, and wait for it. Such a call from within would wait for ever for the one that it
comes from. So a call that runs has a queue of its own for them, which its context leads to. It
keeps the turn until that queue is empty.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar, cast

from . import _jobs
from ._jobs import State

_T = TypeVar("_T")


class _Inside:
    """In the context of a call while it runs, and of what is called and begun from there.

    Such a context may outlive the call, so nothing is kept of one that is over.
    """

    __slots__ = ("around", "queue")

    def __init__(self, queue: Fifo) -> None:
        self.queue: Fifo | None = queue
        self.around = _inside.get()
        while self.around is not None and self.around.queue is None:
            self.around = self.around.around


_inside: contextvars.ContextVar[_Inside | None] = contextvars.ContextVar(
    "ringfiles_inside", default=None)


class _Call(_jobs.Job[Any]):
    """One call in the queue, of a task of `loop`."""

    def __init__(
        self,
        fifo: Fifo,
        function: Callable[[], Any],
        loop: asyncio.AbstractEventLoop,
        executor: Executor | None,
        certain: bool,
    ) -> None:
        super().__init__(function)
        self.fifo = fifo
        self.loop = loop
        self.executor = executor
        self.certain = certain
        self.turn: asyncio.Future[None] | None = None
        self.from_within: Fifo | None = None
        self.is_over = False

    def invoke(self) -> Any:
        self.fifo.put_back()
        self.from_within = Fifo(self)
        inside = _Inside(self.from_within)
        _inside.set(inside)  # The context is that of this job alone.
        try:
            return self.function()
        finally:
            with self.fifo.lock:
                inside.queue = None
                if not self.from_within._calls:
                    self.from_within = None  # A circle ends here.

    def on_orphaned(self) -> None:
        following = self.fifo.leave(self, undelivered=True)
        if following is not None:
            with contextlib.suppress(Exception):  # Its caller has gone too.
                following()

    def take_turn(self) -> None:
        if self.turn is not None and not self.turn.done():
            self.turn.set_result(None)

    def is_dead(self) -> bool:
        """Its loop was closed under it, so its task will never leave the queue."""
        if self.is_over and self.from_within is not None:
            return self.from_within.is_dead()
        return self.loop.is_closed() and self.state is not State.RUNNING


class Fifo:
    """SAFETY: may be used from several loops in several threads, as `stdout` is."""

    def __init__(self, around: _Call | None = None) -> None:
        """`around`: it is for the calls from within that one."""
        self._around = around
        self._file_queue: Fifo = self
        # Reentrant, because the garbage collector may end a waiting task while we hold it.
        self.lock = threading.RLock()
        if around is not None:
            self._file_queue = around.fifo._file_queue
            self.lock = around.fifo.lock
        self._calls: deque[_Call] = deque()  # The first one has the turn.
        self._undelivered: Callable[[], Any] | None = None  # Of the file's queue alone.

    async def run(
        self,
        function: Callable[[], _T],
        *,
        loop: asyncio.AbstractEventLoop,
        executor: Executor | None,
        certain: bool = False,
        inline: Callable[[], bool] | None = None,
    ) -> _T:
        """Calls `function` in a thread when all earlier calls are over, but for one that this is
        called from within.

        Cancelled before it began, it never runs, unless it is `certain` (a close), which then
        happens without its caller. If `inline` says so when the turn has come, it is called
        here and now: only for what lies in memory.
        """
        call = _Call(self, function, loop, executor, certain)
        if not self._enter(call):
            await call.fifo._wait_for_turn(call)
        if inline is not None and inline():
            return cast(_T, call.fifo._run_inline(call))
        return cast(_T, await call.fifo._run_in_thread(call))

    def put_back(self) -> None:
        """Gives back what a cancelled read took. Called by whoever has the turn, in its thread."""
        of_file = self._file_queue
        undelivered, of_file._undelivered = of_file._undelivered, None
        if undelivered is not None:
            undelivered.put_back()  # type: ignore[attr-defined]

    def is_dead(self) -> bool:
        return all(call.is_dead() for call in self._calls)

    def leave(self, call: _Call, undelivered: bool = False) -> _Call | None:
        """Ends the turn. Returns the next call if it has no caller: then it is ours to run."""
        if undelivered and hasattr(call.function, "put_back"):
            self._file_queue._undelivered = call.function
        with self.lock:
            if not self._calls or self._calls[0] is not call:
                return None
            call.is_over = True
            if call.from_within is not None and call.from_within._calls:
                return None  # The last of them passes the turn on.
            call.from_within = None
            return self._advance()

    def _enter(self, call: _Call) -> bool:
        """Joins the queue, this or one of a call around. Returns whether the turn came at once."""
        with self.lock:
            call.fifo = self._innermost()
            return call.fifo._append(call)

    def _innermost(self) -> Fifo:
        """The queue for calls that are made in this context."""
        inside = _inside.get()
        while inside is not None:
            if inside.queue is not None and inside.queue._file_queue is self:
                return inside.queue
            inside = inside.around
        return self

    def _append(self, call: _Call) -> bool:
        orphan = None
        if self._calls and self._calls[0].is_dead():
            orphan = self._advance()
        self._calls.append(call)
        has_turn = self._calls[0] is call
        if not has_turn:
            call.turn = call.loop.create_future()
        self._see_to(orphan)
        return has_turn

    def _advance(self) -> _Call | None:
        self._calls.popleft()
        while self._calls:
            following = self._calls[0]
            if following.turn is None:
                return following
            if following.state is not State.WITHDRAWN and _wake(following):
                return None
            self._calls.popleft()
        around = self._around
        return around.fifo.leave(around) if around is not None and around.is_over else None

    async def _wait_for_turn(self, call: _Call) -> None:
        assert call.turn is not None
        try:
            await call.turn
        except BaseException:
            with self.lock:
                has_turn = bool(self._calls) and self._calls[0] is call
                if call.certain:
                    call.turn = None
                call.abandon(withdraw=not call.certain)
            if has_turn:
                self._see_to(call if call.certain else self.leave(call))
            raise

    def _run_inline(self, call: _Call) -> Any:
        try:
            self.put_back()
            return call.function()
        finally:
            self._see_to(self.leave(call))

    async def _run_in_thread(self, call: _Call) -> Any:
        future: asyncio.Future[Any] | None = None
        try:
            future = _jobs.start(call, call.loop, call.executor)
            result = await (asyncio.shield(future) if call.certain else future)
        except (asyncio.CancelledError, GeneratorExit):
            self._give_up(call, withdraw=not call.certain or _is_cancelled(future))
            raise
        except BaseException:
            self._see_to(self.leave(call))
            raise
        self._see_to(self.leave(call))
        return result

    def _give_up(self, call: _Call, withdraw: bool) -> None:
        """The caller was cancelled. What runs, or is certain to, ends the turn in its thread."""
        give_up = getattr(call.function, "give_up", None)
        if give_up is not None:
            give_up()
        state = call.abandon(withdraw)
        if state in (State.WITHDRAWN, State.ENDED, State.FAILED):
            self._see_to(self.leave(call, undelivered=state is not State.WITHDRAWN))

    def _see_to(self, orphan: _Call | None) -> None:
        while orphan is not None:
            if _jobs.start_unwatched(orphan, orphan.loop, orphan.executor):
                return
            orphan = orphan.fifo.leave(orphan)


def _is_cancelled(future: asyncio.Future[Any] | None) -> bool:
    return future is not None and future.cancelled()


def _wake(call: _Call) -> bool:
    """Gives `call` the turn. False if its loop was closed: its task will not come back."""
    if asyncio._get_running_loop() is call.loop:
        call.take_turn()
        return True
    try:
        call.loop.call_soon_threadsafe(call.take_turn)
    except RuntimeError:
        return False
    return True
