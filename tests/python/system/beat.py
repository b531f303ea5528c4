"""A heartbeat on an asyncio loop: how late does a timer of 1 ms come while files are worked with?

Two kinds of lateness: all of it, and what is left of it without the time in which the thread was
runnable and waited for a processor, which a busy machine adds whatever a library does.
"""

import asyncio
import gc
import os
import time

PERIOD_NS = 1_000_000


class WaitedForProcessor:
    """What the kernel counts for this thread (man 5 proc, schedstat); 0 where it counts nothing."""

    def __init__(self):
        try:
            self._statistics = os.open("/proc/thread-self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._statistics = None

    def ns(self):
        if self._statistics is None:
            return 0
        return int(os.pread(self._statistics, 100, 0).split()[1])

    def close(self):
        if self._statistics is not None:
            os.close(self._statistics)


class Heartbeat:
    """`async with Heartbeat() as beat:` beats meanwhile; the garbage collector does not run, since
    a pass over the millions of lines that a program keeps is the program's."""

    def __init__(self):
        self.raw_ns = []
        self.own_ns = []

    async def __aenter__(self):
        self._loop = asyncio.get_running_loop()
        await asyncio.sleep(0.003)
        gc.disable()
        self._waited = WaitedForProcessor()
        self._waited_ns = self._waited.ns()
        self._expect_next()
        return self

    async def __aexit__(self, *_):
        # A beat that is overdue now was held up by what has just ended.
        await asyncio.sleep(0.002)
        self._timer.cancel()
        self._waited.close()
        gc.enable()

    def _expect_next(self):
        self._due_ns = time.perf_counter_ns() + PERIOD_NS
        self._timer = self._loop.call_later(PERIOD_NS / 1e9, self._beat)

    def _beat(self):
        late_ns = time.perf_counter_ns() - self._due_ns
        waited_ns, self._waited_ns = self._waited_ns, self._waited.ns()
        self.raw_ns.append(late_ns)
        self.own_ns.append(late_ns - (self._waited_ns - waited_ns))
        self._expect_next()


def percentile(values, permille):
    """The value that so many of a thousand do not exceed; of fewer than a thousand the greatest."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * permille // 1000)] if ordered else 0


async def idle(seconds):
    """The Heartbeat of a loop that does nothing."""
    async with Heartbeat() as beat:
        await asyncio.sleep(seconds)
    return beat
