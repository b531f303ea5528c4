"""The queue of one file: its calls run one at a time, in the order in which they were made.

A call has the *turn* from when it is sent to a thread until its caller has got the outcome. So
the next one never starts before it is known whether the result was delivered, and what a
cancelled read took can be put back first. The lock is only held for a few bytecodes, never
across a call on the file.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar, cast

from . import _jobs
from ._jobs import State

_T = TypeVar("_T")


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

    def invoke(self) -> Any:
        self.fifo.put_back()
        return self.function()

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
        return self.loop.is_closed() and self.state is not State.RUNNING


class Fifo:
    """SAFETY: may be used from several loops in several threads, as `stdout` is."""

    def __init__(self) -> None:
        # Reentrant, because the garbage collector may end a waiting task while we hold it.
        self._lock = threading.RLock()
        self._calls: deque[_Call] = deque()  # The first one has the turn.
        self._undelivered: Callable[[], Any] | None = None

    async def run(
        self,
        function: Callable[[], _T],
        *,
        loop: asyncio.AbstractEventLoop,
        executor: Executor | None,
        certain: bool = False,
        inline: Callable[[], bool] | None = None,
    ) -> _T:
        """Calls `function` in a thread when all earlier calls are over.

        Cancelled before it began, it never runs, unless it is `certain` (a close), which then
        happens without its caller. If `inline` says so when the turn has come, it is called
        here and now: only for what lies in memory.
        """
        call = _Call(self, function, loop, executor, certain)
        if not self._enter(call):
            await self._wait_for_turn(call)
        if inline is not None and inline():
            return cast(_T, self._run_inline(call))
        return cast(_T, await self._run_in_thread(call))

    def put_back(self) -> None:
        """Gives back what a cancelled read took. Called by whoever has the turn, in its thread."""
        undelivered, self._undelivered = self._undelivered, None
        if undelivered is not None:
            undelivered.put_back()  # type: ignore[attr-defined]

    def leave(self, call: _Call, undelivered: bool = False) -> _Call | None:
        """Ends the turn. Returns the next call if it has no caller: then it is ours to run."""
        if undelivered and hasattr(call.function, "put_back"):
            self._undelivered = call.function
        with self._lock:
            return self._advance() if self._calls and self._calls[0] is call else None

    def _enter(self, call: _Call) -> bool:
        """Joins the queue. Returns whether the turn came at once."""
        orphan = None
        with self._lock:
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
        return None

    async def _wait_for_turn(self, call: _Call) -> None:
        assert call.turn is not None
        try:
            await call.turn
        except BaseException:
            with self._lock:
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
            orphan = self.leave(orphan)


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
