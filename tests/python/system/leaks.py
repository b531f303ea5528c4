#!/usr/bin/env python3
"""Nothing is left behind by any call, awaited, failed, cancelled, or thrown away.

Each kind of call is made some thousands of times, a million times in a soak (RINGFILES_SOAK=1).
Between two looks nothing may have grown: the blocks of CPython's allocator, the objects of its
collector, the references to None, descriptors, threads, and the resident memory.

Usage: leaks.py [NAME...]; without names, all. Prints `PASS name` or `FAIL name: why`.
"""

import asyncio
import contextlib
import gc
import io
import os
import sys
import warnings
from functools import partial

from leak_files import Files
from look import Look

import ringfiles

SOAK = bool(os.environ.get("RINGFILES_SOAK"))
CALLS = 1_000_000 if SOAK else 20_000
WARM_UP_CALLS = 2_000
# Calls that take the system long are fewer.
SLOW = {"fsync", "open and close", "failed opens", "cancelled tasks", "cancelled opens",
        "dropped while they wait", "thrown into while they wait"}
SLOW_SHARE = 10
# A leak of one block, or 16 bytes, in each call is far above these; caches fill up below them.
ROUNDS = 3  # of which one must be flat: a cache that grows once is no leak

CASES = {}


def case(name):
    def keep(function):
        CASES[name] = function
        return function
    return keep


async def refused(awaitable, kind):
    try:
        await awaitable
    except kind:
        return
    raise AssertionError(f"{awaitable} did not raise {kind}")


# ---- Calls --------------------------------------------------------------------------------------

@case("read")
async def _(files, count):
    for n in range(count):
        for file in (files.text, files.binary, files.raw):
            if n % 50 == 0:
                await file.seek(0)
            await file.read(100)


@case("read to the end")
async def _(files, count):
    for _ in range(count // 10):
        for file in (files.text, files.binary, files.raw):
            await file.seek(0)
            await file.read()


@case("readline")
async def _(files, count):
    for n in range(count):
        for file in (files.text, files.binary):
            if n % 900 == 0:
                await file.seek(0)
            await file.readline()
            await file.readline(3)


@case("async for")
async def _(files, count):
    for _ in range(count // 1000):
        for file in (files.text, files.binary):
            await file.seek(0)
            async for line in file:
                line  # noqa: B018


@case("anext")
async def _(files, count):
    for n in range(count):
        for file in (files.text, files.raw):
            if n % 900 == 0:
                await file.seek(0)
            await file.__anext__()


@case("readlines and lines")
async def _(files, count):
    for n in range(count // 10):
        for file in (files.text, files.binary):
            await file.seek(0)
            await file.readlines(100)
            await file.lines()


@case("readinto, peek, read1")
async def _(files, count):
    into = bytearray(10)
    for n in range(count):
        if n % 100 == 0:
            await files.reader.seek(0)
        await files.reader.readinto(into)
        await files.reader.peek()
        await files.reader.read1(10)


@case("write")
async def _(files, count):
    for n in range(count):
        if n % 1000 == 0:
            await files.output.seek(0)
        await files.output.write("text")
        await files.output.write("häé€")
        if n % 100 == 0:
            await files.raw.seek(0)
            await files.raw.write(b"line")


@case("writelines")
async def _(files, count):
    for n in range(count // 10):
        if n % 100 == 0:
            await files.output.seek(0)
        await files.output.writelines(["a", "b\n", "é"])
        await files.output.writelines(str(m) for m in range(10))


@case("seek, tell, truncate, flush, isatty")
async def _(files, count):
    for n in range(count // 4):
        await files.output.write("text")
        await files.output.flush()
        await files.output.tell()
        await files.output.truncate(100_000 + n)
        await files.output.seek(n)
        await files.output.isatty()


@case("fsync")
async def _(files, count):
    for _ in range(count // 10):
        await files.output.fsync()


@case("pread, pwrite")
async def _(files, count):
    for n in range(count):
        await files.binary.pread(10, n % 1000)
        if n % 4 == 0:
            await files.binary.pwrite(b"line", 0)


@case("attributes")
async def _(files, count):
    for _ in range(count):
        for file in (files.text, files.binary):
            file.name, file.mode, file.closed, file._file.closed, repr(file)
        files.text.encoding, files.text.errors, files.text.newlines  # noqa: B018


@case("open and close")
async def _(files, count):
    for _ in range(count):
        async with ringfiles.open(files.folder / "file") as file:
            await file.read(1)
        file = await ringfiles.open(files.folder / "output", "ab")
        await file.write(b"x")
        await file.close()


@case("files dropped open")
async def _(files, count):
    for _ in range(count // 10):
        file = await ringfiles.open(files.folder / "output", "w")
        await file.write("x")
        file.attribute = file  # for the collector
        del file
        await asyncio.sleep(0)
    gc.collect()
    await asyncio.sleep(0.05)


# ---- Errors -------------------------------------------------------------------------------------

@case("failed opens")
async def _(files, count):
    for _ in range(count):
        await refused(ringfiles.open(files.folder / "none"), FileNotFoundError)
        await refused(ringfiles.open(files.folder, "wb"), IsADirectoryError)
        await refused(ringfiles.open(files.folder / "file", "q"), ValueError)


@case("closed files")
async def _(files, count):
    for _ in range(count // 4):
        for name, arguments in [("read", ()), ("write", ("x",)), ("__anext__", ()), ("tell", ())]:
            await refused(getattr(files.closed, name)(*arguments), ValueError)


@case("wrong directions")
async def _(files, count):
    for _ in range(count):
        await refused(files.reader.write(b"x"), io.UnsupportedOperation)


@case("wrong types")
async def _(files, count):
    for _ in range(count // 4):
        await refused(files.output.write(b"bytes"), TypeError)
        await refused(files.binary.write("str"), TypeError)
        await refused(files.text.read("1"), TypeError)
        await refused(files.reader.readinto(b"not writable"), (TypeError, BufferError))
        await refused(files.binary.writelines([b"x", "str"]), TypeError)
        await refused(files.output.writelines(1), TypeError)


@case("decoding errors")
async def _(files, count):
    for n in range(count // 2):
        if n % 40 == 0:
            await files.wrong.seek(0)
        await refused(files.wrong.readline(), UnicodeDecodeError)
        await refused(files.wrong.read(1), UnicodeDecodeError)


@case("encoding errors")
async def _(files, count):
    for _ in range(count):
        await refused(files.output.write("\ud800"), UnicodeEncodeError)


@case("iterators that fail")
async def _(files, count):
    for _ in range(count // 10):
        await refused(files.binary.writelines(1 // (1 - n) for n in range(3)),
                      (ZeroDivisionError, TypeError))


# ---- Awaitables that come to nothing ------------------------------------------------------------

@case("never awaited")
async def _(files, count):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(count // 4):
            files.text.read()
            files.output.write("text")
            files.text.__anext__()
            files.text.read("wrong")


@case("opens that nobody awaits")
async def _(files, count):
    opening = partial(ringfiles.open, files.folder / "file")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(count // 5):
            opening()
            opening().__aenter__()
            opening(encoding="utf-16").__aenter__()
            opening()._coro.close()


@case("circles through the context manager")
async def _(files, count):
    for _ in range(count // 10):
        manager = ringfiles.open(files.folder / "file")
        async with manager as file:
            file.manager = manager
        manager._obj = file


@case("closed or thrown into before they began")
async def _(files, count):
    for _ in range(count // 2):
        files.output.write("text").close()
        with contextlib.suppress(KeyError):
            files.output.write("text").throw(KeyError("why"))


@case("thrown into while they wait")
async def _(files, count):
    for n in range(count):
        operation = files.fifo.read(10)
        operation.send(None)
        with contextlib.suppress(KeyError):
            operation.throw(KeyError)
        if n % 100 == 0:
            await asyncio.sleep(0)


@case("dropped while they wait")
async def _(files, count):
    for n in range(count):
        for call in (files.fifo.read, files.fifo.__anext__):
            call().send(None)
        if n % 100 == 0:
            await asyncio.sleep(0)


@case("cancelled tasks")
async def _(files, count):
    for n in range(count):
        name = ("read", "readline", "__anext__", "read1", "peek")[n % 5]
        task = asyncio.ensure_future(getattr(files.fifo, name)())
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@case("cancelled opens")
async def _(files, count):
    for _ in range(count // 4):
        task = asyncio.ensure_future(ringfiles.open(files.folder / "file").__aenter__())
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            file = await task
            await file.close()


@case("awaited by tasks")
async def _(files, count):
    for _ in range(count // 20):
        await files.binary.seek(0)
        await asyncio.gather(*(files.binary.readline() for _ in range(10)))
        await asyncio.create_task(files.binary.read(100_000))


# ---- Judging ------------------------------------------------------------------------------------

async def grown(name, files):
    """What one round of the case leaves behind, in the best of some."""
    calls = CALLS // (SLOW_SHARE if name in SLOW else 1)
    await CASES[name](files, min(WARM_UP_CALLS, calls))
    for _ in range(ROUNDS):
        before = Look()
        await CASES[name](files, calls)
        await asyncio.sleep(0.01)
        grown = before.growth_to(Look())
        if not grown:
            break
    return grown


async def main(names):
    warnings.simplefilter("ignore", ResourceWarning)
    failed = 0
    async with Files() as files:
        for name in names or CASES:
            left = await grown(name, files)
            failed += bool(left)
            words = ", ".join(f"{by} {what}" for what, by in left.items())
            print(f"FAIL {name}: grown by {words}" if left else f"PASS {name}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
