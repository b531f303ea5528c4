"""Which loop a file belongs to, and that no call blocks it."""

import asyncio
import contextvars
import io
import os
import sys
import threading

import pytest

import ringfiles
import ringfiles.os
from conftest import StoppingRaw, settle, started
from ringfiles import threadpool


def new_loop(request):
    """Of the kind that the tests run under."""
    if request.config.getoption("--uvloop"):
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


def run(coroutine, request):
    """In a loop of its own."""
    loop = new_loop(request)
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def opened(path):
    return await ringfiles.open(path, "w+")


@pytest.mark.parametrize("call", ["read", "close", "flush", "tell", "__anext__"])
def test_a_file_of_another_loop_says_so_and_does_nothing(tmp_path, request, call):
    file = run(opened(tmp_path / "file"), request)

    async def use():
        await getattr(file, call)()

    with pytest.raises(RuntimeError, match="attached to a different loop"):
        run(use(), request)
    assert not file.closed
    file._file.close()


def test_another_loop_of_the_thread_is_refused_before_anything_has_happened(tmp_path, request):
    mine, other = new_loop(request), new_loop(request)
    file = mine.run_until_complete(opened(tmp_path / "file"))

    async def use(name, *arguments):
        return await getattr(file, name)(*arguments)

    for call in [("write", "x" * 3_000_000), ("truncate", 5), ("pwrite", b"x", 0), ("flush",)]:
        with pytest.raises(RuntimeError, match="attached to a different loop"):
            other.run_until_complete(use(*call))
        assert mine.run_until_complete(use("tell")) == 0
    mine.run_until_complete(file.close())
    assert (tmp_path / "file").read_bytes() == b""
    for loop in (mine, other):
        loop.close()


@pytest.mark.parametrize("where", ["here", "in another thread"])
@pytest.mark.parametrize("call", [("readline",), ("read", 1), ("__anext__",), ("tell",), ("peek",)])
def test_a_file_of_a_closed_loop_serves_nothing(tmp_path, request, where, call):
    """Not even what lies in its buffer."""
    (tmp_path / "file").write_bytes(b"line\n" * 100)
    mine, other = new_loop(request), new_loop(request)

    async def begin():
        file = await ringfiles.open(tmp_path / "file", "rb")
        assert await file.readline() == b"line\n"
        return file

    async def use(name, *arguments):
        return await getattr(file, name)(*arguments)

    file = mine.run_until_complete(begin())
    closing = threading.Thread(target=mine.close)
    (closing.run if where == "here" else closing.start)()
    if where != "here":
        closing.join()
    with pytest.raises(RuntimeError, match="attached to a different loop"):
        other.run_until_complete(use(*call))
    file._file.close()
    other.close()


def test_a_loop_given_to_open_must_be_the_running_one(tmp_path, request):
    other = asyncio.new_event_loop()

    async def use():
        await ringfiles.open(tmp_path / "file", "w", loop=other)

    with pytest.raises(RuntimeError, match="attached to a different loop"):
        run(use(), request)
    other.close()
    assert not (tmp_path / "file").exists()


def test_a_wrapped_file_without_a_loop_follows_the_running_one(tmp_path, request):
    (tmp_path / "file").write_bytes(b"ab")
    with open(tmp_path / "file", "rb") as inner:
        file = threadpool.wrap(inner)

        async def use():
            return await file.read(1)

        assert [run(use(), request) for _ in range(2)] == [b"a", b"b"]


def test_a_loop_that_was_closed_in_the_middle_of_a_call_blocks_no_other(tmp_path):
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as inner:
        file = threadpool.wrap(inner)
        first = asyncio.new_event_loop()
        task = first.create_task(file.read(1))
        first.call_soon(first.stop)
        first.run_forever()
        os.write(writing, b"ab")
        first._default_executor.shutdown(wait=True)
        first.close()

        async def use():
            return await asyncio.wait_for(file.read(1), 5)

        second = asyncio.new_event_loop()
        assert second.run_until_complete(use()) in (b"a", b"b")
        second.run_until_complete(second.shutdown_default_executor())
        second.close()
    os.close(writing)
    # The task can never end; nobody shall complain that it was destroyed.
    task._log_destroy_pending = False


async def test_the_loop_turns_while_an_open_blocks(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    opening = await started(ringfiles.open(tmp_path / "fifo", "rb").__aenter__())
    await settle(100)
    assert not opening.done()
    writer = await ringfiles.open(tmp_path / "fifo", "wb")
    reader = await opening
    await writer.close()
    await reader.close()


@pytest.mark.parametrize("name", ["read", "read1", "readline", "readlines", "__anext__", "peek"])
async def test_the_loop_turns_while_a_read_blocks(name):
    reading, writing = os.pipe()
    async with ringfiles.open(reading, "rb") as file:
        task = await started(getattr(file, name)())
        await settle(100)
        assert not task.done()
        os.write(writing, b"line\n")
        os.close(writing)
        assert await task in (b"line\n", [b"line\n"])


@pytest.mark.parametrize("name", ["flush", "close", "seek", "truncate", "writelines"])
async def test_the_loop_turns_while_buffered_data_is_written(tmp_path, stop, name):
    inner = io.BufferedWriter(StoppingRaw(tmp_path / "file", "w", stop))
    file = threadpool.wrap(inner)
    await file.write(b"data")
    stop.armed = True
    arguments = {"seek": (0,), "writelines": ([b"x" * 100_000],)}.get(name, ())
    task = await started(getattr(file, name)(*arguments))
    await stop.reached()
    assert not task.done()
    stop.go_on()
    await task
    await file.close()


async def test_listing_reads_all_entries_in_the_thread(tmp_path, cranked):
    for name in "abc":
        (tmp_path / name).touch()
    task = await started(ringfiles.os.scandir(tmp_path, executor=cranked))
    cranked.run_next()
    entries = await task
    for name in "abc":
        (tmp_path / name).unlink()
    # What the iterator of `os` would still have to ask of the disk, ours has already.
    assert sorted(entry.name for entry in entries) == ["a", "b", "c"]


async def test_a_call_sees_the_context_of_its_caller_in_a_thread(tmp_path):

    user = contextvars.ContextVar("user")
    user.set("me")
    seen = []

    def opener(path, flags):
        seen.append((user.get(None), threading.get_ident() == threading.main_thread().ident))
        return os.open(path, flags, 0o600)

    async with ringfiles.open(tmp_path / "file", "w", opener=opener):
        pass
    assert seen == [("me", False)]
    assert await ringfiles.os.wrap(user.get)() == "me"


async def test_a_context_is_that_of_the_moment_of_the_call(cranked):
    word = contextvars.ContextVar("word")
    seen = []

    class Noting(io.BytesIO):
        def flush(self):
            seen.append(word.get())

    file = threadpool.wrap(Noting(), executor=cranked)
    tasks = []
    for text in ("one", "two"):
        word.set(text)
        tasks.append(await started(file.flush()))
    word.set("three")
    for task in tasks:
        cranked.run_next()
        await task
    assert seen == ["one", "two"]


async def test_calls_can_be_made_tasks(tmp_path):
    (tmp_path / "file").write_text("text")
    async with ringfiles.open(tmp_path / "file") as file:
        assert await asyncio.create_task(file.read(1)) == "t"
        assert await asyncio.wait_for(file.read(1), 5) == "e"
        assert await asyncio.gather(file.read(1), file.read(1)) == ["x", "t"]
        if sys.version_info >= (3, 11):
            async with asyncio.timeout(5):
                assert await file.read() == ""
