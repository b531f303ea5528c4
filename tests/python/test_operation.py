"""An awaitable of a file as a coroutine: driven by hand, ended anywhere, in asyncio's tools."""

import asyncio
import collections.abc
import contextlib
import gc
import inspect
import os
import sys
import threading
import warnings
import weakref

import pytest

import ringfiles
from conftest import cancelled, settle, started
from ringfiles import _ringfiles

PATIENCE_S = 5


@pytest.fixture
def path(tmp_path):
    (tmp_path / "file").write_bytes(b"one\ntwo\nthree\n")
    return tmp_path / "file"


@pytest.fixture
async def file(path):
    async with ringfiles.open(path, "r+b") as opened:
        yield opened


@pytest.fixture
async def fifo(tmp_path):
    """A file to read from, and the end to write to; nothing is there yet."""
    os.mkfifo(tmp_path / "fifo")
    writing = os.open(tmp_path / "fifo", os.O_RDWR)
    async with ringfiles.open(tmp_path / "fifo", "rb") as opened:
        yield opened, writing
    os.close(writing)


async def test_is_a_coroutine_and_an_iterator_of_itself(file):
    operation = file.read(3)
    assert isinstance(operation, collections.abc.Coroutine)
    assert asyncio.iscoroutine(operation) and inspect.isawaitable(operation)
    assert operation.__await__() is operation
    assert operation.cr_await is None and operation.cr_running is False
    assert "not started" in repr(operation)
    assert await operation == b"one"
    assert "closed" in repr(operation)


async def test_what_is_at_hand_comes_with_the_first_send(file):
    await file.readline()
    with pytest.raises(StopIteration) as caught:
        file.readline().send(None)
    assert caught.value.value == b"two\n" and caught.value.args == (b"two\n",)
    assert caught.value.__context__ is None


async def test_send_gives_a_future_of_the_loop_and_then_the_value(fifo):
    file, writing = fifo
    operation = file.read(2)
    future = operation.send(None)
    assert operation.cr_await is future and future.get_loop() is asyncio.get_running_loop()
    assert "suspended" in repr(operation)
    assert future._asyncio_future_blocking  # which tells a task that it was yielded by an await
    future._asyncio_future_blocking = False  # as a task does then
    os.write(writing, b"ab")
    await asyncio.wait_for(future, PATIENCE_S)
    with pytest.raises(StopIteration) as caught:
        operation.send(None)
    assert caught.value.value == b"ab"


async def test_sent_to_too_early_it_waits_on(fifo):
    file, _ = fifo
    operation = file.read(1)
    future = operation.send(None)
    assert operation.send(None) is future
    operation.close()


@pytest.mark.parametrize("end", ["await", "close", "throw"])
async def test_what_is_over_cannot_be_used_again(file, end):
    operation = file.read(1)
    if end == "await":
        await operation
    elif end == "close":
        operation.close()
    else:
        with pytest.raises(KeyError):
            operation.throw(KeyError)
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        await operation
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        operation.throw(KeyError)
    operation.close()


@pytest.mark.parametrize("state", ["fresh", "waiting"])
@pytest.mark.parametrize("thrown", [
    (KeyError,), (KeyError("why"),), (KeyError, "why"), (KeyError, "why", None)], ids=str)
async def test_throw_raises_what_is_thrown(fifo, state, thrown):
    file, writing = fifo
    operation = file.read(1)
    if state == "waiting":
        operation.send(None)
    with pytest.raises(KeyError):
        operation.throw(*thrown)
    os.write(writing, b"x")
    assert await file.read(1) == b"x"


@pytest.mark.parametrize("how", ["close", "throw"])
@pytest.mark.parametrize("waiting", ["its task", "a coroutine"])
@pytest.mark.parametrize("name", ["__anext__", "read"])
async def test_ended_under_a_task_it_does_not_leave_that_waiting(fifo, how, waiting, name):
    file, writing = fifo
    operation = getattr(file, name)()

    async def use():
        return await operation

    task = await started(operation if waiting == "its task" else use())
    if how == "close":
        operation.close()
    else:
        with pytest.raises(KeyError):
            operation.throw(KeyError)
    await settle()
    assert task.done()
    # As of a coroutine object.
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        task.result()
    os.write(writing, b"x\n")
    assert await asyncio.wait_for(file.readline(), PATIENCE_S) == b"x\n"


@pytest.mark.parametrize("thrown", [
    (), ("a str",), (1,), (object,), (KeyError("why"), "why"), (KeyError, None, 1),
    (KeyError, None, None, None)], ids=str)
async def test_throw_refuses_what_cannot_be_raised(file, thrown):
    operation = file.read(3)
    with pytest.raises(TypeError):
        operation.throw(*thrown)
    assert await operation == b"one"


@pytest.mark.parametrize("how", ["send", "throw", "close"])
async def test_from_inside_of_itself_it_cannot_be_ended(file, how):
    met = []

    def lines():
        yield b"1"
        arguments = {"send": (None,), "throw": (KeyError,), "close": ()}[how]
        assert operation.cr_running
        with pytest.raises(ValueError, match="coroutine already executing") as caught:
            getattr(operation, how)(*arguments)
        met.append(caught.value)
        yield b"2"

    operation = file.writelines(lines())
    await operation
    assert len(met) == 1
    await file.seek(0)
    assert await file.read(3) == b"12e"


@pytest.mark.parametrize("end", ["close", "throw"])
async def test_from_inside_of_it_a_waiting_one_can_be_ended(tmp_path, end):
    def lines():
        if end == "close":
            operation.close()
        else:
            with pytest.raises(KeyError):
                operation.throw(KeyError)
        yield b"not this"

    os.mkfifo(tmp_path / "fifo")
    reading = os.open(tmp_path / "fifo", os.O_RDWR | os.O_NONBLOCK)
    async with ringfiles.open(tmp_path / "fifo", "wb") as file:
        before = await started(file.write(b"x" * 300_000))
        operation = file.writelines(lines())
        operation.send(None)
        behind = await started(file.write(b"end"))
        assert not before.done() and "suspended" in repr(operation)
        received = b""
        while not (before.done() and behind.done()):
            with contextlib.suppress(BlockingIOError):
                received += os.read(reading, 65536)
            await asyncio.sleep(0)
        await file.flush()
        received += os.read(reading, 65536)
    os.close(reading)
    assert received == b"x" * 300_000 + b"end"


async def test_of_a_file_that_nobody_else_has_it_keeps_the_file(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        assert await anext(await ringfiles.open(path)) == "one\n"
        assert await (await ringfiles.open(path)).readline() == "one\n"


@pytest.mark.parametrize("name", ["__anext__", "readline", "read"])
async def test_dropped_while_it_waits_it_lets_the_next_one_read(fifo, name):
    file, writing = fifo
    operation = getattr(file, name)(*[3] * (name == "read"))
    operation.send(None)
    del operation
    os.write(writing, b"1st\n2nd\n")
    assert await asyncio.wait_for(file.readline(), PATIENCE_S) == b"1st\n"


async def test_ended_and_dropped_it_moves_nothing_under_the_reads_behind_it(fifo):
    """Lines that were given from the buffer meanwhile count as well."""
    file, writing = fifo
    operation = file.read(4)
    future = operation.send(None)
    future._asyncio_future_blocking = False
    os.write(writing, b"1st 2nd\n3rd\n4th\n")
    await asyncio.wait_for(future, PATIENCE_S)
    assert await file.readline() == b"2nd\n"
    operation.close()
    assert await file.read(4) == b"3rd\n"
    assert await file.readline() == b"4th\n"


@pytest.mark.parametrize("name", ["__anext__", "read", "close"])
async def test_never_awaited_it_warns(file, name):
    with pytest.warns(RuntimeWarning, match=rf"coroutine '\w+\.{name}' was never awaited"):
        getattr(file, name)()
        gc.collect()


@pytest.mark.parametrize("how", ["close", "throw"])
async def test_ended_before_it_began_it_does_not_warn_and_does_nothing(file, how):
    operation = file.write(b"not this")
    if how == "close":
        operation.close()
    else:
        with pytest.raises(KeyError):
            operation.throw(KeyError)
    del operation
    assert await file.tell() == 0


async def test_an_exception_that_was_raised_is_no_circle_through_its_awaitable(file):
    class Canary(Exception):
        pass

    class Failing:
        def __index__(self):
            raise Canary

    async def use():
        operation = file.read(Failing())
        try:
            await operation
        except Canary as error:
            return weakref.ref(error)

    canary = await use()
    gc.collect()
    assert canary() is None


class TestTools:
    async def test_create_task(self, file):
        assert await asyncio.create_task(file.read(3)) == b"one"

    async def test_ensure_future(self, file):
        assert await asyncio.ensure_future(file.read(3)) == b"one"

    async def test_gather_keeps_the_order(self, file):
        read = await asyncio.gather(*(file.readline() for _ in range(3)))
        assert read == [b"one\n", b"two\n", b"three\n"]

    async def test_as_completed(self, file):
        read = [await one for one in asyncio.as_completed([file.readline() for _ in range(3)])]
        assert sorted(read) == [b"one\n", b"three\n", b"two\n"]

    async def test_wait(self, file):
        done, pending = await asyncio.wait([asyncio.create_task(file.readline())])
        assert not pending and done.pop().result() == b"one\n"

    async def test_wait_for_gives_up_and_consumes_nothing(self, fifo):
        file, writing = fifo
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(file.readline(), 0.01)
        os.write(writing, b"later\n")
        assert await asyncio.wait_for(file.readline(), PATIENCE_S) == b"later\n"

    @pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout is of Python 3.11")
    async def test_timeout(self, fifo):
        file, writing = fifo
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await file.readline()
        os.write(writing, b"later\n")
        async with asyncio.timeout(PATIENCE_S):
            assert await file.readline() == b"later\n"

    async def test_shield_goes_on(self, fifo):
        file, writing = fifo
        inner = asyncio.ensure_future(file.read(5))
        await cancelled(await started(self.shielded(inner)))
        os.write(writing, b"bytes")
        assert await inner == b"bytes"

    @staticmethod
    async def shielded(inner):
        return await asyncio.shield(inner)

    async def test_run_coroutine_threadsafe(self, file):
        loop, read = asyncio.get_running_loop(), []

        def elsewhere():
            read.append(asyncio.run_coroutine_threadsafe(file.read(3), loop).result(PATIENCE_S))

        thread = threading.Thread(target=elsewhere)
        thread.start()
        while thread.is_alive():
            await asyncio.sleep(0.001)
        assert read == [b"one"]

    async def test_a_stack_can_be_asked_for(self, fifo, capsys):
        file, writing = fifo
        task = await started(asyncio.wait_for(file.read(1), PATIENCE_S))
        inner = asyncio.ensure_future(file.read(1))
        await settle()
        assert inner.get_stack() == [] and "read" in repr(inner)
        inner.print_stack()
        inner.cancel()
        os.write(writing, b"x")
        assert await task == b"x"


async def test_a_class_of_files_cannot_be_instantiated(file):
    native = [_ringfiles.TextFile, _ringfiles.BufferedFile, _ringfiles.RawFile]
    for kind in (type(file), *native):
        with pytest.raises(TypeError, match=r"ringfiles\.open"):
            kind.__new__(kind)
        with pytest.raises(TypeError):
            kind(None, None, None)


async def test_a_close_that_is_cancelled_goes_on(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    reading = os.open(tmp_path / "fifo", os.O_RDWR)
    file = await ringfiles.open(tmp_path / "fifo", "wb")
    await file.write(b"x" * 65536)
    await file.flush()
    await file.write(b"y" * 1000)
    await cancelled(await started(file.close()))
    assert file.closed
    left = 65536 + 1000
    while left:
        left -= len(os.read(reading, left))
        await asyncio.sleep(0.001)
    os.close(reading)
    assert await file.close() is None
