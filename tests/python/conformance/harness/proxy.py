"""The yardstick: an asynchronous package that is nothing but the standard library in threads.

Each awaitable calls the object of the standard library, each attribute is the one of that object.
What fails here cannot be asked of any package that is driven by an event loop.
"""

import _thread
import asyncio
import io
import os
import queue
import types

_open = io.open


def _settle(box):
    future, value, error = box.pop()  # now the worker holds nothing of it
    if future.done():  # cancelled
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)


class _Worker:
    """A thread for one call at a time. Threads are kept: there are 100,000 calls in some tests."""

    def __init__(self):
        self._jobs = queue.SimpleQueue()
        _thread.start_new_thread(self._run, ())

    def begin(self, job):
        self._jobs.put(job)

    def _run(self):
        while True:
            loop, box = self._perform(*self._jobs.get())
            _idle.append(self)
            loop.call_soon_threadsafe(_settle, box)

    @staticmethod
    def _perform(loop, future, function, arguments, keywords):
        """Returns the loop and, in a box, what it is to be told."""
        value = error = None
        try:
            value = function(*arguments, **keywords)
        except StopIteration:
            error = StopAsyncIteration()
        except BaseException as raised:
            error = raised
        return loop, [(future, value, error)]


_idle = []
os.register_at_fork(after_in_child=_idle.clear)


async def in_thread(function, *arguments, **keywords):
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    worker = _idle.pop() if _idle else _Worker()
    worker.begin((loop, future, function, arguments, keywords))
    del function, arguments, keywords
    return await future


class ProxyFile:
    __slots__ = ("__weakref__", "_file")

    def __init__(self, file):
        object.__setattr__(self, "_file", file)

    def __getattr__(self, name):
        value = getattr(self._file, name)
        if not callable(value):
            return value

        async def method(*arguments, **keywords):
            return await in_thread(value, *arguments, **keywords)
        return method

    def __setattr__(self, name, value):
        setattr(self._file, name, value)

    def __delattr__(self, name):
        delattr(self._file, name)

    def __aiter__(self):
        return self

    async def __anext__(self):
        return await in_thread(next, self._file)

    def __repr__(self):
        return repr(self._file)

    def __reduce_ex__(self, protocol):
        return self._file.__reduce_ex__(protocol)


async def open(*arguments, **keywords):
    return ProxyFile(await in_thread(_open, *arguments, **keywords))


async def _wrap(file):
    return ProxyFile(file)


threadpool = types.SimpleNamespace(wrap=_wrap)
