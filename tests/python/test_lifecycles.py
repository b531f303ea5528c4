"""Loops and threads that begin and end around open files."""

import asyncio
import gc
import os
import threading
import time
import weakref

import pytest

import ringfiles
from conftest import until
from test_loops import new_loop, run

PATIENCE_S = 30


def descriptors():
    return os.listdir("/proc/self/fd")


def dropped(tasks):
    """Nobody shall complain that these could not end."""
    while tasks:
        tasks.pop()._log_destroy_pending = False
    gc.collect()


# ---- Loops --------------------------------------------------------------------------------------

async def write_and_read(path):
    async with ringfiles.open(path, "w+") as file:
        await file.write("line\n" * 100)
        await file.seek(0)
        return len([line async for line in file])


def test_loops_in_several_threads(tmp_path, request):
    counts = []

    def of_one(name):
        for _ in range(20):
            counts.append(run(write_and_read(tmp_path / name), request))

    threads = [threading.Thread(target=of_one, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert counts == [100] * 80


def test_a_thousand_loops_leave_no_descriptor(tmp_path, request):
    run(write_and_read(tmp_path / "file"), request)
    before = len(descriptors())
    for _ in range(1000):
        assert run(write_and_read(tmp_path / "file"), request) == 100
    # A thread of the pool lets go of the engine that it served last a moment after the loop does.
    deadline = time.monotonic() + PATIENCE_S
    while len(descriptors()) > before:
        assert time.monotonic() < deadline, descriptors()
        time.sleep(0.001)


async def wait_beside(tasks, coroutines):
    tasks += [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    await asyncio.sleep(0.005)


@pytest.mark.parametrize("call", ["read", "readline", "__anext__", "read1", "peek", "readlines"])
def test_a_loop_closed_before_a_read_ended_leaves_nothing(fifo, request, quiet, call):
    path, _ = fifo
    tasks = []

    async def use():
        file = await ringfiles.open(path, "rb")
        await wait_beside(tasks, [getattr(file, call)()])

    def once():
        run(use(), request)
        dropped(tasks)

    for _ in range(2):
        once()
    before = len(descriptors())
    for _ in range(5):
        once()
    assert len(descriptors()) <= before


def test_a_loop_closed_before_an_open_ended_leaves_nothing(tmp_path, request):
    os.mkfifo(tmp_path / "lonely")
    tasks = []

    async def use():
        await wait_beside(tasks, [ringfiles.open(tmp_path / "lonely", "rb").__aenter__()])

    for _ in range(2):
        run(use(), request)
        dropped(tasks)
    before = len(descriptors())
    for _ in range(5):
        run(use(), request)
        dropped(tasks)
    assert len(descriptors()) <= before


def test_a_loop_dropped_while_a_read_waits_is_garbage(fifo, request, quiet):
    """Nobody has closed it."""
    if request.config.getoption("--uvloop"):
        pytest.skip("uvloop itself keeps a loop that nobody has closed")
    path, _ = fifo

    async def use():
        file = await ringfiles.open(path, "rb")
        tasks = []
        await wait_beside(tasks, [file.read(1)])
        tasks[0]._log_destroy_pending = False
        return weakref.ref(tasks[0]), weakref.ref(file)

    loop = new_loop(request)
    alive = [weakref.ref(loop), *loop.run_until_complete(use())]
    del loop
    gc.collect()
    assert [one() for one in alive] == [None] * 3


async def test_a_task_that_everybody_has_forgotten_waits_on(fifo, quiet):
    """Its loop keeps it, as it does those that wait for a thread."""
    path, both = fifo
    read = []

    async def use():
        file = await ringfiles.open(path, "rb")
        read.append(await file.readline())
        await file.close()

    asyncio.ensure_future(use())
    await asyncio.sleep(0.005)
    for _ in range(3):
        gc.collect()
    os.write(both, b"line\n")
    await until(lambda: read == [b"line\n"])


@pytest.mark.parametrize("size", [10, 300_000, 20_000_000])
def test_what_was_accepted_lands_though_its_loop_is_closed(tmp_path, request, quiet, size):
    async def use():
        file = await ringfiles.open(tmp_path / "file", "wb")
        await file.write(b"x" * size)
        await file.write(b"the end")
        return file

    file = run(use(), request)
    del file
    gc.collect()
    assert (tmp_path / "file").stat().st_size == size + 7


@pytest.mark.parametrize("mode", ["w", "wb", "r+", "r+b"])
def test_a_file_that_outlives_its_loop_says_so(tmp_path, request, quiet, mode):
    (tmp_path / "file").write_bytes(b"line\n")

    async def opened():
        return await ringfiles.open(tmp_path / "file", mode)

    async def use(name, *arguments):
        return await getattr(file, name)(*arguments)

    file = run(opened(), request)
    data = b"x" if "b" in mode else "x"
    for name, *arguments in [("write", data), ("flush",), ("close",), ("seek", 0), ("tell",)]:
        with pytest.raises(RuntimeError, match="attached to a different loop"):
            run(use(name, *arguments), request)
        with pytest.raises(RuntimeError, match="no running event loop"):
            getattr(file, name)(*arguments).send(None)
    assert not file.closed
    file._file.close()
    assert file.closed
    with pytest.raises(ValueError, match="closed file"):
        run(use("write", data), request)


def test_a_file_of_a_closed_loop_is_written_when_it_is_dropped(tmp_path, request, quiet):
    async def use():
        file = await ringfiles.open(tmp_path / "file", "w")
        await file.write("kept")
        return file

    file = run(use(), request)
    before = len(descriptors())
    with pytest.warns(ResourceWarning, match="unclosed file"):
        del file
        gc.collect()
    assert (tmp_path / "file").read_text() == "kept"
    assert len(descriptors()) < before


# ---- Threads ------------------------------------------------------------------------------------

def in_thread(function):
    thread = threading.Thread(target=function)
    thread.start()
    return thread


@pytest.mark.parametrize("size", [0, 100, 300_000])
async def test_files_dropped_in_another_thread_are_written_and_closed(tmp_path, quiet, size):
    """While the loop's own thread uses the same engine."""
    async def write(path):
        async with ringfiles.open(path, "wb") as file:
            await file.write(b"y" * 1000)

    await write(tmp_path / "other")
    before = len(descriptors())
    for number in range(20):
        files = [await ringfiles.open(tmp_path / str(n), "wb") for n in range(10)]
        for file in files:
            await file.write(b"x" * size)
        del file
        thread = in_thread(files.clear)
        for _ in range(5):
            await write(tmp_path / "other")
        thread.join()
        await until(lambda: len(descriptors()) <= before)
        sizes = [(tmp_path / str(n)).stat().st_size for n in range(10)]
        assert sizes == [size] * 10, number


async def test_dropped_in_another_thread_while_the_loop_sleeps(tmp_path, quiet):
    file = await ringfiles.open(tmp_path / "file", "wb")
    await file.write(b"x" * 3_000_000)
    await file.write(b"the end")
    files = [file]
    del file
    thread = in_thread(files.clear)
    await asyncio.sleep(0.2)  # nothing but the drop wakes it
    thread.join()
    assert (tmp_path / "file").stat().st_size == 3_000_007


async def test_collected_in_another_thread(tmp_path, quiet):
    """By the garbage collector, which runs wherever something is allocated."""
    class Circle:
        pass

    gc.disable()
    try:
        before = len(descriptors())
        for n in range(10):
            circle = Circle()
            circle.itself = circle
            circle.file = await ringfiles.open(tmp_path / str(n), "w")
            await circle.file.write("kept")
        del circle
        in_thread(gc.collect).join()
        await until(lambda: len(descriptors()) <= before + 3)
    finally:
        gc.enable()
    assert [(tmp_path / str(n)).read_text() for n in range(10)] == ["kept"] * 10


async def test_awaitables_dropped_in_another_thread(fifo, quiet):
    path, both = fifo
    async with ringfiles.open(path, "rb") as file:
        for _ in range(100):
            operations = [file.read(1) for _ in range(10)]
            for operation in operations:
                operation.send(None)
            del operation
            thread = in_thread(operations.clear)
            await asyncio.sleep(0)
            thread.join()
        os.write(both, b"line\n")
        assert await asyncio.wait_for(file.readline(), PATIENCE_S) == b"line\n"


def test_a_loop_closed_in_another_thread_than_it_ran_in(tmp_path, quiet):
    loop = asyncio.new_event_loop()
    files = []

    async def use():
        files.append(await ringfiles.open(tmp_path / "file", "w"))
        await files[0].write("kept")

    in_thread(lambda: loop.run_until_complete(use())).join()
    loop.close()
    files.clear()
    assert (tmp_path / "file").read_text() == "kept"
