"""Processes that end or fork around open files, and files that nobody closed."""

import asyncio
import gc
import multiprocessing
import os
import subprocess
import sys
import textwrap
import time

import pytest

import ringfiles
from conftest import until
from test_loops import run

PATIENCE_S = 30


def program(code, *options, **environment):
    """Runs a program; what it printed. Whatever it says on stderr is an error, and its end too."""
    ran = subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(code)], check=False, text=True,
        env={**os.environ, **environment}, timeout=PATIENCE_S, capture_output=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


# ---- The interpreter's end ----------------------------------------------------------------------

PROGRAM = """
    import asyncio, os, sys, warnings
    import ringfiles
    warnings.simplefilter("ignore", ResourceWarning)

    async def main():
        global file, task
        file = await ringfiles.open({path!r}, "wb")
        for at in range(0, {size}, 1000):
            await file.write(b"x" * min(1000, {size} - at))
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
        # On a busy machine asyncio says of anything that it took long; heartbeat.py judges that.
        asyncio.get_running_loop().slow_callback_duration = 60
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
    if process.is_alive():  # or it would be waited for at the end of the tests
        process.kill()
        process.join()
    return process.exitcode


def exit_code(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@FORK
def test_children_read_what_the_parent_opened(tmp_path, request):
    """A server that forks: each child has a loop of its own. With its parent's, it gets what is at
    hand: what is not would come to the parent, which shares all that the loop waits for.
    """
    (tmp_path / "file").write_text("".join(f"{n}\n" for n in range(10_000)))
    loop = asyncio.new_event_loop()
    manager = ringfiles.open(tmp_path / "file")
    file = loop.run_until_complete(manager.__aenter__())
    assert loop.run_until_complete(file.readline()) == "0\n"
    loop.run_until_complete(file.fsync())  # by threads or a ring, which no child has

    async def lines_of_its_own():
        async with ringfiles.open(tmp_path / "file") as own:
            await own.fsync()  # by threads or a ring of its own
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
    files = [loop.run_until_complete(ringfiles.open(tmp_path / "file", "a").__aenter__())]
    loop.run_until_complete(files[0].write("parent\n"))

    def child_that_drops():
        files.clear()
        gc.collect()
        time.sleep(0.05)  # in which a thread would write

    def child_that_closes_the_loop():
        files.clear()
        loop.close()

    def child_that_exits():
        sys.exit(0)

    children = [child_that_drops, child_that_closes_the_loop, child_that_exits]
    assert [forked(child) for child in children] == [0] * 3
    assert (tmp_path / "file").read_text() == ""
    loop.run_until_complete(files[0].close())
    loop.close()
    assert (tmp_path / "file").read_text() == "parent\n"


@FORK
def test_a_child_of_a_running_loop_uses_one_of_its_own(tmp_path, request, quiet):
    async def child_uses():
        async with ringfiles.open(tmp_path / "child", "w") as own:
            await own.write("child")
            await own.fsync()

    async def use():
        async with ringfiles.open(tmp_path / "parent", "w") as file:
            await file.write("parent\n")
            pid = os.fork()
            if pid == 0:
                status = 1
                try:
                    asyncio.run(asyncio.wait_for(child_uses(), PATIENCE_S))
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
    """Its own has run by then."""
    saved = []

    class Saving:
        def __del__(self):
            saved.append(self.file)

    holder = Saving()
    holder.file = await ringfiles.open(tmp_path / "file", "w")
    holder.file.holder = holder
    del holder
    gc.collect()
    await saved[0].write("kept")
    await saved.pop().close()
    assert (tmp_path / "file").read_text() == "kept"
