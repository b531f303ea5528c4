"""Loops, threads, processes and interpreters that begin and end around open files."""

import asyncio
import gc
import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
import warnings

import pytest

import ringfiles
from test_loops import run

PATIENCE_S = 30


def descriptors():
    return os.listdir("/proc/self/fd")


def program(code, *options, **environment):
    """Runs a program; what it printed. Whatever it says on stderr is an error, and its end too."""
    ran = subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(code)], check=False, text=True,
        env={**os.environ, **environment}, timeout=PATIENCE_S, capture_output=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


@pytest.fixture
def fifo(tmp_path):
    """The path, and a descriptor of both of its ends."""
    os.mkfifo(tmp_path / "fifo")
    both = os.open(tmp_path / "fifo", os.O_RDWR | os.O_NONBLOCK)
    yield tmp_path / "fifo", both
    os.close(both)


def dropped(tasks):
    """Nobody shall complain that these could not end."""
    while tasks:
        tasks.pop()._log_destroy_pending = False
    gc.collect()


@pytest.fixture
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield


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
    assert len(descriptors()) <= before


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


async def until(condition):
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never became true")


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


# ---- The interpreter's end ----------------------------------------------------------------------

PROGRAM = """
    import asyncio, os, sys, warnings
    import ringfiles
    warnings.simplefilter("ignore", ResourceWarning)

    async def main():
        global file, task
        file = await ringfiles.open({path!r}, "wb")
        await file.write(b"x" * {size})
        {then}

    {start}
"""
RUN = "asyncio.run(main())"
LEFT_OPEN = "loop = asyncio.new_event_loop(); loop.run_until_complete(main())"
IN_THREAD = ("import threading; thread = threading.Thread(target=asyncio.run, args=(main(),)); "
             "thread.start()")


@pytest.mark.parametrize("start", [RUN, LEFT_OPEN, IN_THREAD], ids=["run", "left open", "thread"])
@pytest.mark.parametrize("size", [4, 5_000_000])
@pytest.mark.parametrize("then", ["pass", "del file", "file = [file]; file.append(file)"])
def test_what_is_buffered_at_exit_is_written(tmp_path, start, size, then):
    path = tmp_path / "file"
    program(PROGRAM.format(path=str(path), size=size, then=then, start=start))
    assert path.stat().st_size == size


@pytest.mark.parametrize("start", [RUN, LEFT_OPEN], ids=["run", "left open"])
def test_an_exit_with_a_read_that_waits(fifo, start):
    path, _ = fifo
    then = f"""task = asyncio.ensure_future((await ringfiles.open({str(path)!r}, "rb")).read(1))
        task._log_destroy_pending = False
        await asyncio.sleep(0.01)"""
    program(PROGRAM.format(path="/dev/null", size=1, then=then, start=start))


def test_an_exit_from_within(tmp_path):
    path = tmp_path / "file"
    program(PROGRAM.format(path=str(path), size=100, then="sys.exit(0)", start=RUN))
    assert path.stat().st_size == 100


USE_ALL = """
    import asyncio, gc
    import ringfiles

    async def main():
        async with ringfiles.open({path!r}, "w+") as file:
            await file.writelines(f"{{n}}\\n" for n in range(100_000))
            await file.flush()
            await file.seek(0)
            count = 0
            async for line in file:
                count += 1
            await file.seek(0)
            await asyncio.gather(file.readline(), file.read(10), asyncio.create_task(file.tell()))
            await file.seek(0)
            assert count == 100_000 and len(await file.read()) == 588_890
            await file.truncate(0)
        async with ringfiles.open({path!r}, "rb", buffering=0) as file:
            await file.readinto(bytearray(10))

    asyncio.run(main())
    gc.collect()
"""


@pytest.mark.parametrize("options", [["-X", "dev"], ["-X", "dev", "-X", "tracemalloc"],
                                     ["-W", "error"], ["-bb"], ["-O"]], ids=str)
def test_development_mode_has_nothing_to_say(tmp_path, options):
    environment = {"PYTHONASYNCIODEBUG": "1"} if "dev" in options else {}
    program(USE_ALL.format(path=str(tmp_path / "file")), *options, **environment)


# ---- Forks --------------------------------------------------------------------------------------

FORK = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def forked(function):
    """The exit code of a child that calls it."""
    process = multiprocessing.get_context("fork").Process(target=function)
    process.start()
    process.join(PATIENCE_S)
    return process.exitcode


def exit_code(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@FORK
def test_children_read_what_the_parent_opened(tmp_path, request):
    """A server that forks: each child goes on with the parent's loop, and has loops of its own."""
    (tmp_path / "file").write_text("".join(f"{n}\n" for n in range(10_000)))
    loop = asyncio.new_event_loop()
    manager = ringfiles.open(tmp_path / "file")
    file = loop.run_until_complete(manager.__aenter__())
    assert loop.run_until_complete(file.readline()) == "0\n"

    async def lines_of_its_own():
        async with ringfiles.open(tmp_path / "file") as own:
            return len([line async for line in own])

    def child():
        assert asyncio.run(lines_of_its_own()) == 10_000
        asyncio.set_event_loop(loop)
        assert loop.run_until_complete(file.readline()) == "1\n"
        assert len(loop.run_until_complete(file.readlines())) == 9_998
        loop.run_until_complete(file.close())

    assert [forked(child) for _ in range(3)] == [0, 0, 0]
    assert len(loop.run_until_complete(file.readlines())) == 9_999
    loop.run_until_complete(file.close())
    loop.close()


@FORK
def test_what_the_parent_has_buffered_is_written_once(tmp_path, quiet):
    loop = asyncio.new_event_loop()
    file = loop.run_until_complete(ringfiles.open(tmp_path / "file", "w").__aenter__())
    loop.run_until_complete(file.write("parent\n"))

    def child():
        nonlocal file
        del file
        gc.collect()

    def child_that_exits():
        sys.exit(0)

    assert [forked(child), forked(child_that_exits)] == [0, 0]
    loop.run_until_complete(file.close())
    loop.close()
    assert (tmp_path / "file").read_text() == "parent\n"


@FORK
def test_a_child_of_a_running_loop_uses_one_of_its_own(tmp_path, request, quiet):
    async def child_uses():
        async with ringfiles.open(tmp_path / "child", "w") as own:
            await own.write("child")

    async def use():
        async with ringfiles.open(tmp_path / "parent", "w") as file:
            await file.write("parent\n")
            pid = os.fork()
            if pid == 0:
                status = 1
                try:
                    asyncio.run(child_uses())
                    status = 0
                finally:
                    os._exit(status)
            assert exit_code(pid) == 0
            await file.write("goes on\n")

    run(use(), request)
    assert (tmp_path / "parent").read_text() == "parent\ngoes on\n"
    assert (tmp_path / "child").read_text() == "child"


# ---- Files that nobody closed -------------------------------------------------------------------

@pytest.mark.parametrize("mode", ["w", "wb", "a", "r+", "r+b"])
async def test_forgotten_it_warns_once_and_is_written(tmp_path, mode):
    (tmp_path / "file").touch()
    file = await ringfiles.open(tmp_path / "file", mode)
    await file.write(b"kept" if "b" in mode else "kept")
    with pytest.warns(ResourceWarning, match="unclosed file <Async") as caught:
        del file
        gc.collect()
    assert len(caught) == 1
    del caught  # a warning holds what it is about
    await until(lambda: (tmp_path / "file").read_bytes() == b"kept")


async def test_forgotten_it_can_be_saved_by_a_finalizer(tmp_path, quiet):
    saved = []

    class Saving:
        def __del__(self):
            saved.append(self.file)

    holder = Saving()
    holder.file = await ringfiles.open(tmp_path / "file", "w")
    del holder
    gc.collect()
    await saved[0].write("kept")
    await saved.pop().close()
    assert (tmp_path / "file").read_text() == "kept"
