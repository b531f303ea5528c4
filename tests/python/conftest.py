"""The loop (`--uvloop` for uvloop), and the small tools with which the tests crank by hand."""

import asyncio
import io
import os
import threading
import warnings
from concurrent.futures import Executor, Future

import pytest

PATIENCE_S = 5


def pytest_addoption(parser):
    parser.addoption("--uvloop", action="store_true", help="run the tests under uvloop")


@pytest.fixture(scope="session")
def event_loop_policy(request):
    if request.config.getoption("--uvloop"):
        return pytest.importorskip("uvloop").EventLoopPolicy()
    return asyncio.DefaultEventLoopPolicy()


class HandCranked(Executor):
    """Runs a job when the test says so, in a thread, to its end."""

    def __init__(self):
        self.jobs = []
        self.submitted = 0

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        self.submitted += 1
        self.jobs.append((future, lambda: function(*args, **kwargs)))
        return future

    @property
    def waiting(self):
        return sum(not future.cancelled() for future, _ in self.jobs)

    def run_next(self):
        future, job = self.jobs.pop(0)
        if not future.set_running_or_notify_cancel():
            return
        thread = threading.Thread(target=self._run, args=(future, job))
        thread.start()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()

    @staticmethod
    def _run(future, job):
        try:
            future.set_result(job())
        except BaseException as error:
            future.set_exception(error)


class Counting(Executor):
    """Runs each job in a thread of its own, and counts."""

    def __init__(self):
        self.submitted = 0
        self.threads = set()

    def submit(self, function, /, *args, **kwargs):
        self.submitted += 1
        future = Future()

        def job():
            self.threads.add(threading.get_ident())
            HandCranked._run(future, lambda: function(*args, **kwargs))

        threading.Thread(target=job).start()
        return future


class Stop:
    """A place in a thread where a call waits until the test lets it go on."""

    def __init__(self):
        self.armed = False
        self._entered = threading.Event()
        self._go = threading.Event()

    def pass_through(self):
        if self.armed:
            self.armed = False
            self._entered.set()
            assert self._go.wait(PATIENCE_S)

    def go_on(self):
        self._go.set()

    async def reached(self):
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(None, self._entered.wait, PATIENCE_S)


class StoppingRaw(io.FileIO):
    """A raw file that stops before each transfer while its `stop` is armed."""

    def __init__(self, file, mode, stop):
        super().__init__(file, mode)
        self.stop = stop

    def read(self, *arguments):
        self.stop.pass_through()
        return super().read(*arguments)

    def readall(self):
        self.stop.pass_through()
        return super().readall()

    def readinto(self, buffer):
        self.stop.pass_through()
        return super().readinto(buffer)

    def write(self, data):
        self.stop.pass_through()
        return super().write(data)


@pytest.fixture
def cranked():
    return HandCranked()


@pytest.fixture
def counting():
    return Counting()


@pytest.fixture
def stop():
    it = Stop()
    yield it
    it.go_on()


async def settle(turns=5):
    """Lets tasks go as far as they come without any thread."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def started(coroutine):
    """A task that has come to its first real wait."""
    task = asyncio.ensure_future(coroutine)
    await settle()
    return task


async def cancelled(task):
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.fixture
def fifo(tmp_path):
    """The path, and a descriptor of both of its ends."""
    os.mkfifo(tmp_path / "fifo")
    both = os.open(tmp_path / "fifo", os.O_RDWR | os.O_NONBLOCK)
    yield tmp_path / "fifo", both
    os.close(both)


@pytest.fixture
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield


async def until(condition):
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never became true")
