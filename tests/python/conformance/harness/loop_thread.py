"""Drives awaitables from synchronous code.

One event loop runs in a thread of its own, as long as the process: a signal handler of the main
thread may raise, or use files itself, while a call is under way, and several threads may call. A
forked child starts another one.
"""

import asyncio
import contextlib
import inspect
import os
import threading

# How long a call that was interrupted by an exception may take to notice that it is cancelled.
CANCEL_PATIENCE_S = 2


class _Call:
    """One call: first what to call, then what came of it."""

    __slots__ = ("done", "error", "job", "task", "value")

    def __init__(self, job):
        self.job = job
        self.task = None
        self.value = None
        self.error = None
        self.done = threading.Lock()
        self.done.acquire()

    def take_job(self):
        """The job, once: no reference to the file may stay behind, some tests drop files."""
        job, self.job = self.job, None
        return job

    def outcome(self):
        value, error = self.value, self.error
        self.value = self.error = None
        if error is not None:
            try:
                raise error
            finally:
                error = None
        return value


async def _perform(call):
    function, arguments, keywords = call.take_job()
    result = function(*arguments, **keywords)
    return await result if inspect.isawaitable(result) else result


class LoopThread:
    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self.waits = 0
        self._thread = threading.Thread(target=self._run, name="event loop", daemon=True)
        self._thread.start()

    def is_current(self):
        return threading.get_ident() == self._thread.ident

    def call(self, job):
        """`job` is a list that holds it and is emptied."""
        call = _Call(job.pop())
        try:
            self._loop.call_soon_threadsafe(self._begin, call)
            call.done.acquire()
        except BaseException:  # from a signal handler
            self._loop.call_soon_threadsafe(self._cancel, call)
            call.done.acquire(timeout=CANCEL_PATIENCE_S)
            raise
        return call.outcome()

    def _run(self):
        asyncio.set_event_loop(self._loop)
        while True:
            with contextlib.suppress(BaseException):  # SystemExit of a task is its outcome, too
                self._loop.run_forever()

    def _begin(self, call):
        call.task = self._loop.create_task(_perform(call))
        call.task.add_done_callback(lambda task: self._end(call, task))

    def _end(self, call, task):
        call.task = None
        if task.cancelled():
            call.error = asyncio.CancelledError()
        elif task.exception() is not None:
            call.error = task.exception()
        else:
            call.value = task.result()
        # In the next turn, when the loop has forgotten the task and with it the file.
        self._loop.call_soon(call.done.release)

    @staticmethod
    def _cancel(call):
        if call.task is not None:
            call.task.cancel()


_threads = []  # more than one where the package runs callbacks, or finalizers, on the loop
_starting = threading.RLock()  # a finalizer may use files while it is held


def _current():
    return next((thread for thread in _threads if thread.is_current()), None)


def _first_free():
    """A loop that does not wait for a callback of its own."""
    for thread in _threads:
        if not thread.waits:
            return thread
    with _starting:
        _threads.append(LoopThread())
        return _threads[-1]


def start():
    """So that a test does not see a thread begin."""
    _first_free()


def drive(function, *arguments, **keywords):
    """Calls the function on the event loop and awaits its result, if that can be awaited."""
    job = [(function, arguments, keywords)]
    del function, arguments, keywords
    here = _current()
    if here is None:
        return _first_free().call(job)
    here.waits += 1
    try:
        return _first_free().call(job)
    finally:
        here.waits -= 1


def _forget():
    global _starting
    _starting = threading.RLock()
    _threads.clear()


os.register_at_fork(after_in_child=_forget)
