#!/usr/bin/env python3
"""A file that hangs disturbs no other: by the thousand, opens of FIFOs that nobody writes and reads
that never end, and beside them files that are read in time. Cancelled, they leave nothing behind,
and a program that ends among them ends.
"""

import asyncio
import contextlib
import gc
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent), str(HERE.parents[2] / "system")]

from beat import percentile
from support.mounts import binary, faultfs, isolate
from support.programs import disk_folder, note, soak
from support.report import Reporter

import ringfiles

HUNG = 1000
READS = 1000 if soak() else 200
LIMIT_NS = 50_000_000
# A busy machine may keep a punctual thread waiting for as long; then the case is repeated.
TRIES = 3
EXIT_LIMIT_S = 2
# What a thousand calls may leave in allocators that keep some: 4 KiB each.
LEFT_BYTES = HUNG * 4096
PATIENCE_S = 20


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def resident_bytes():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def eventually(check):
    deadline = time.monotonic() + PATIENCE_S
    while not check() and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    return check()


async def visit(path):
    """Open, read, close; and how long it took."""
    start = time.perf_counter_ns()
    async with ringfiles.open(path, "rb") as file:
        assert await file.read() == b"healthy" * 1000
    return time.perf_counter_ns() - start


async def in_time(what, healthy):
    for attempt in range(1, TRIES + 1):
        took = [await visit(healthy) for _ in range(READS)]
        p99 = percentile(took, 990)
        note(f"{what}, try {attempt}: p99 of a visit {p99 / 1e6:.2f} ms")
        if p99 < LIMIT_NS:
            return
    raise AssertionError(f"p99 {p99 / 1e6:.1f} ms in each of {TRIES} tries")


async def cancel_all(tasks):
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    others = [one for one in ended if not isinstance(one, asyncio.CancelledError)]
    assert not others, others[:3]


async def hung_opens(folder, count):
    async def one(path):
        async with ringfiles.open(path, "rb"):
            pass

    paths = [os.path.join(folder, f"fifo{number}") for number in range(count)]
    for path in paths:
        with contextlib.suppress(FileExistsError):
            os.mkfifo(path)
    return [asyncio.create_task(one(path)) for path in paths]


class HungReads:
    def __init__(self, mirror):
        self.mirror = mirror

    async def start(self, count):
        async def one(file):
            await file.read(100)

        self.files = [await ringfiles.open(self.mirror.path / "hung", "rb") for _ in range(count)]
        self.mirror.control("clear\nread hang 1 9999999 hung")
        return [asyncio.create_task(one(file)) for file in self.files]

    async def let_go(self):
        self.mirror.clear()
        for file in self.files:
            await file.close()
        self.files.clear()


async def fifo_opens(folder, healthy):
    tasks = await hung_opens(folder, HUNG)
    await asyncio.sleep(0.3)
    await in_time(f"{HUNG} opens of FIFOs", healthy)
    assert not any(task.done() for task in tasks)
    await cancel_all(tasks)


async def reads(mirror, healthy):
    hung = HungReads(mirror)
    tasks = await hung.start(HUNG)
    assert await eventually(lambda: mirror.parked() == HUNG), f"{mirror.parked()} hang"
    await in_time(f"{HUNG} reads that hang", healthy)
    assert not any(task.done() for task in tasks)
    await cancel_all(tasks)
    await hung.let_go()
    assert await eventually(lambda: mirror.parked() == 0)


async def leaves_nothing(action):
    """The third time costs nothing that is not given back: until then the pool gets threads."""
    await action()
    await action()
    gc.collect()
    before = descriptors(), len(asyncio.all_tasks()), resident_bytes()
    await action()
    gc.collect()
    assert await eventually(lambda: descriptors() <= before[0]), (descriptors(), before[0])
    assert len(asyncio.all_tasks()) == before[1]
    grown = resident_bytes() - before[2]
    note(f"memory grown by {grown >> 10} KiB in the third {HUNG}")
    assert grown < LEFT_BYTES, f"{grown} bytes more"


PROGRAM = """
import asyncio, sys, ringfiles
async def hang(path):
    async with ringfiles.open(path, "rb") as file:
        await file.read(100)
async def main():
    tasks = [asyncio.create_task(hang(path)) for path in sys.argv[2:] for _ in range(64)]
    await asyncio.sleep(0.5)
    assert not any(task.done() for task in tasks), tasks
    print("hangs", flush=True)
    if sys.argv[1] == "raises":
        raise KeyboardInterrupt
asyncio.run(main())
"""


def exits(mirror, folder, how):
    """A program among calls that hang ends by itself, however it does."""
    fifo = os.path.join(folder, "fifo0")
    mirror.control("clear\nread hang 1 9999999 hung")
    program = subprocess.Popen([sys.executable, "-c", PROGRAM, how, fifo, mirror.path / "hung"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        said = program.stdout.readline()
        start = time.monotonic()
        _, errors = program.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"still there after {PATIENCE_S} s") from None
    finally:
        mirror.clear()
        program.kill()
    took = time.monotonic() - start
    note(f"exit of a program that {how}: {took:.2f} s")
    assert said == "hangs\n", errors[-300:]
    assert "never retrieved" not in errors and "Warning" not in errors, errors[-300:]
    assert took < EXIT_LIMIT_S, f"{took:.1f} s"


def main():
    isolate()
    resource.setrlimit(resource.RLIMIT_NOFILE, (16384, 16384))
    report = Reporter()
    with report.case("places"), disk_folder() as disk, tempfile.TemporaryDirectory() as folder:
        healthy = disk / "healthy"
        healthy.write_bytes(b"healthy" * 1000)
        with report.case(f"{HUNG} opens of FIFOs"):
            asyncio.run(leaves_nothing(lambda: fifo_opens(folder, healthy)))
        with report.case(f"{HUNG} hung reads"), faultfs(binary("faultfs")) as mirror:
            (mirror.backing / "hung").write_bytes(bytes(10_000))
            asyncio.run(leaves_nothing(lambda: reads(mirror, healthy)))
        for how in ("ends", "raises"):
            with report.case(f"exit of a program that {how}"), faultfs(binary("faultfs")) as mirror:
                (mirror.backing / "hung").write_bytes(bytes(10_000))
                exits(mirror, folder, how)
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
