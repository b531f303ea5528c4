#!/usr/bin/env python3
"""Cancelling, everywhere: before a call began, in the queue, in flight, and when it had ended but
its task did not know yet. No byte is lost, a write happens whole or not at all, no descriptor
leaks, nothing warns, and the file can be used afterwards.
"""

import asyncio
import contextlib
import gc
import os
import pathlib
import sys
import warnings

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent), str(HERE.parents[2] / "system")]

from support.mounts import binary, faultfs, isolate
from support.programs import note, soak
from support.report import Reporter

import ringfiles
import ringfiles.os
import ringfiles.tempfile

DELAY_MS = 20
ROUNDS = 10 if soak() else 1
STORM = 100_000 if soak() else 10_000
OPENS = 1000
PATIENCE_S = 30
CONTENT = b"".join(b"line %05d of the file\n" % number for number in range(20_000))
PART = 5000

# What reads take; each starts at the front and takes less than all, or all.
READS = {
    "read": lambda file: file.read(),
    "read(n)": lambda file: file.read(PART),
    "readline": lambda file: file.readline(),
    "__anext__": lambda file: file.__anext__(),
    "readlines": lambda file: file.readlines(),
    "readlines(n)": lambda file: file.readlines(PART),
    "lines": lambda file: file.lines(),
}
ONLY_BINARY = {
    "read1": lambda file: file.read1(),
    "peek": lambda file: file.peek(),
    "readinto": lambda file: file.readinto(bytearray(PART)),
}
OTHERS = {
    "seek": lambda file: file.seek(0),
    "tell": lambda file: file.tell(),
    "flush": lambda file: file.flush(),
    "pread": lambda file: file.pread(PART, 10),
}
WRITTEN = "writtén " * 40_000
# How each is written, and what that is.
WRITES = {
    "write": (lambda file, data: file.write(data), lambda data: data),
    "write of a little": (lambda file, data: file.write(data[:20]), lambda data: data[:20]),
    "writelines": (lambda file, data: file.writelines([data[:90]] * 5000),
                   lambda data: data[:90] * 5000),
    "writelines of a long line": (lambda file, data: file.writelines([data]), lambda data: data),
}
PLAIN_CALLS = {
    "truncate": lambda file: file.truncate(100),
    "fsync": lambda file: file.fsync(),
    "flush": lambda file: file.flush(),
    "pwrite": lambda file: file.pwrite(b"x" * 1000, 0),
    "close": lambda file: file.close(),
}


def descriptors():
    return len(os.listdir("/proc/self/fd"))


async def eventually(check):
    for _ in range(PATIENCE_S * 100):
        if check():
            return True
        await asyncio.sleep(0.01)
    return check()


async def result_of(task):
    """The result of a task that was cancelled; CancelledError if it had none."""
    try:
        return await task
    except asyncio.CancelledError:
        return asyncio.CancelledError
    except StopAsyncIteration:
        return None


async def as_task(awaitable):
    return await awaitable


# ---- The four moments. Each gives what the call made, or CancelledError -------------------------


async def before_it_starts(mirror, file, make):
    task = asyncio.create_task(make(file))  # not by as_task(): it would never await the call
    task.cancel()
    return await result_of(task)


async def in_the_queue(mirror, file, make):
    """Behind a call that takes its time, and is cancelled too, later."""
    first = asyncio.create_task(as_task(file.flush() if file_writes(file) else file.read(1)))
    await asyncio.sleep(0)
    task = asyncio.create_task(as_task(make(file)))
    await asyncio.sleep(0)
    task.cancel()
    result = await result_of(task)
    first.cancel()
    if await result_of(first) not in (asyncio.CancelledError, None):
        await file.seek(0)  # that one was served at once, and is not what is looked at
    return result


async def in_flight(mirror, file, make):
    task = asyncio.create_task(as_task(make(file)))
    for _ in range(100):
        if task.done() or mirror.parked():
            break
        await asyncio.sleep(0.001)
    task.cancel()
    return await result_of(task)


async def when_it_has_ended(mirror, file, make):
    """In the very turn of the loop in which its outcome is set, before the task gets it."""
    loop = asyncio.get_running_loop()
    operation = make(file)
    task = asyncio.create_task(as_task(operation))
    await asyncio.sleep(0)
    future = getattr(operation, "cr_await", None)

    def look():
        # Each turn, before what the turn before has called: the task is woken in the next one.
        if future.done():
            task.cancel()
        elif not task.done():
            loop.call_soon(look)

    if future is not None:
        look()
    return await result_of(task)


MOMENTS = (before_it_starts, in_the_queue, in_flight, when_it_has_ended)


def file_writes(file):
    return "w" in file.mode or "+" in file.mode


async def all_of_the_rest(file):
    parts = []
    while part := await file.read(1 << 16):
        parts.append(part)
    return b"".join(part.encode() if isinstance(part, str) else part for part in parts)


def as_bytes(result):
    if result is asyncio.CancelledError or result is None:
        return b""
    if isinstance(result, list):
        return b"".join(map(as_bytes, result))
    return result.encode() if isinstance(result, str) else result


@contextlib.contextmanager
def nothing_leaks():
    """No descriptor, no warning, no task."""
    gc.collect()
    before = descriptors()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
        gc.collect()
    assert not caught, caught[0].message
    assert descriptors() <= before, f"{descriptors() - before} descriptors more"


async def reads_lose_nothing(mirror, mode, moment):
    cancelled = 0
    calls = READS if mode == "r" else {**READS, **ONLY_BINARY}
    for name, make in {**calls, **OTHERS}.items():
        if mode == "r" and name in ("seek", "tell"):
            continue
        mirror.control(f"clear\nread delay={DELAY_MS} 1 9999999")
        async with ringfiles.open(mirror.path / "content", mode) as file:
            result = await moment(mirror, file, make)
            cancelled += result is asyncio.CancelledError
            mirror.control("clear")
            if name in ("peek", *OTHERS):
                result = None
            rest = await all_of_the_rest(file)
        if name == "readinto" and isinstance(result, int):
            assert rest == CONTENT[result:], f"{name}: wrong bytes after {result}"
        else:
            assert as_bytes(result) + rest == CONTENT, (
                f"{name}: {len(CONTENT) - len(rest)} bytes are missing, {str(result)[:40]}")
    assert cancelled >= len(calls) - 1, f"only {cancelled} were cancelled"


async def writes_are_whole(mirror, mode, moment):
    text = "b" not in mode
    data = WRITTEN if text else WRITTEN.encode()
    cancelled = 0
    for name, (make, written) in WRITES.items():
        mirror.control(f"clear\nwrite delay={DELAY_MS} 1 9999999")
        path = mirror.path / "written"
        encoding = "utf-8" if text else None
        async with ringfiles.open(path, mode, encoding=encoding) as file:
            await file.write(data[:10])
            result = await moment(mirror, file, lambda file, make=make: make(file, data))
            cancelled += result is asyncio.CancelledError
            await file.write(data[:7])  # it can be used
        mirror.control("clear")
        head, body, tail = (part.encode() if text else part
                            for part in (data[:10], written(data), data[:7]))
        got = (mirror.backing / "written").read_bytes()
        whole = [head + body + tail] + [head + tail] * (result is asyncio.CancelledError)
        assert got in whole, f"{name}: {len(got)} bytes, not {len(whole[0])}"
    assert cancelled > 0 or moment is when_it_has_ended, "none was cancelled"


async def the_file_stays_usable(mirror, moment):
    stored = mirror.backing / "plain"
    for name, make in PLAIN_CALLS.items():
        mirror.control("clear\n" + "".join(
            f"{what} delay={DELAY_MS}\n" for what in ("write", "fsync", "flush", "truncate")))
        stored.write_bytes(CONTENT)
        file = await ringfiles.open(mirror.path / "plain", "rb+")
        await file.write(b"first")
        await moment(mirror, file, make)
        mirror.control("clear")
        if not file.closed:
            with contextlib.suppress(ValueError):  # the close went on without its caller
                await file.seek(0)
                start = await file.read(1)
                assert start in (b"f", b"x"), f"{name}: starts with {start}"
        await file.close()  # which does not wait for one that was cancelled
        assert await eventually(lambda: stored.read_bytes()[:1] in (b"f", b"x")), name


async def opens_leak_nothing(mirror):
    """Cancelled in each way: the descriptor of an open that ends later is closed."""
    mirror.control(f"clear\nopen delay={DELAY_MS} 1 9999999")

    async def one():
        async with ringfiles.open(mirror.path / "content", "rb") as file:
            await file.read(1)

    for wait_s in (None, 0, 0.001, 0.01, 0.03):
        tasks = [asyncio.create_task(one()) for _ in range(OPENS // 5)]
        if wait_s is not None:
            await asyncio.sleep(wait_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await eventually(lambda: mirror.parked() == 0)


async def calls_by_name(mirror):
    """What goes to a thread: stat, listdir, whole files, temporary ones."""
    folder, path = str(mirror.path), str(mirror.path / "content")
    mirror.control(f"clear\n* delay={DELAY_MS} 1 9999999")

    async def temporary():
        async with ringfiles.tempfile.NamedTemporaryFile("w+b", dir=folder) as file:
            await file.write(b"temporary")

    made = (lambda: ringfiles.os.stat(path), lambda: ringfiles.os.listdir(folder),
            lambda: ringfiles.os.scandir(folder), lambda: ringfiles.read_bytes(path),
            lambda: ringfiles.read_text(path), temporary,
            lambda: ringfiles.write_bytes(str(mirror.path / "whole"), b"whole"))
    for make in made:
        for wait_s in (None, 0, 0.005, 0.03):
            task = asyncio.create_task(make())
            if wait_s is not None:
                await asyncio.sleep(wait_s)
            task.cancel()
            await result_of(task)
    await eventually(lambda: mirror.parked() == 0)
    mirror.control("clear")
    await asyncio.get_running_loop().shutdown_default_executor()
    left = [name for name in os.listdir(mirror.backing) if name.startswith("tmp")]
    assert not left, left


async def storm_of_timeouts(mirror):
    """wait_for with hardly any time, over and over: what comes is the file, and nothing is missing.
    Unbuffered, so that each read goes to the slow file."""
    mirror.control("clear\nread delay=1 1 9999999")
    got, timeouts = [], 0
    async with ringfiles.open(mirror.path / "content", "rb", buffering=0) as file:
        for number in range(STORM):
            try:
                part = await asyncio.wait_for(file.read(1000), number % 5 / 1000)
            except asyncio.TimeoutError:
                timeouts += 1
                continue
            if not part:
                await file.seek(0)
                assert b"".join(got) == CONTENT, "bytes are missing"
                got.clear()
            got.append(part)
        got.append(await file.read())
    assert b"".join(got) == CONTENT, "bytes are missing"
    note(f"{STORM} timeouts: {timeouts} came true")
    assert STORM // 10 < timeouts < STORM, timeouts


async def timeout_blocks(mirror):
    """asyncio.timeout around a whole `async with`."""
    if not hasattr(asyncio, "timeout"):
        return
    mirror.control(f"clear\nopen delay={DELAY_MS}\nread delay={DELAY_MS}")
    came = 0
    for number in range(200):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(number % 10 * DELAY_MS / 4000):
                async with ringfiles.open(mirror.path / "content") as file:
                    await file.readline()
                    came += 1
    await eventually(lambda: mirror.parked() == 0)
    note(f"asyncio.timeout: {came} of 200 were in time")
    assert came < 200


def run(make):
    async def watched():
        failures = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: failures.append(context["message"]))
        await make()
        gc.collect()
        await asyncio.sleep(0)
        assert not failures, failures[0]
        assert len(asyncio.all_tasks()) <= 2  # before Python 3.12 wait_for has one of its own

    with nothing_leaks():
        asyncio.run(asyncio.wait_for(watched(), 300))


def cases(mirror):
    for moment in MOMENTS:
        for mode in ("r", "rb"):
            yield (f"reads lose nothing ({mode}, {moment.__name__})",
                   lambda mode=mode, moment=moment: reads_lose_nothing(mirror, mode, moment))
        for mode in ("w", "wb"):
            yield (f"writes are whole ({mode}, {moment.__name__})",
                   lambda mode=mode, moment=moment: writes_are_whole(mirror, mode, moment))
        yield (f"the file stays usable ({moment.__name__})",
               lambda moment=moment: the_file_stays_usable(mirror, moment))
    for case in (opens_leak_nothing, calls_by_name, storm_of_timeouts, timeout_blocks):
        yield case.__name__.replace("_", " "), lambda case=case: case(mirror)


def main():
    isolate()
    report = Reporter()
    with report.case("places"), faultfs(binary("faultfs")) as mirror:
        (mirror.backing / "content").write_bytes(CONTENT)
        for name, make in cases(mirror):
            if "--only" in sys.argv and sys.argv[-1] not in name:
                continue
            with report.case(name):
                for _ in range(ROUNDS):
                    run(make)
            mirror.control("clear")
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
