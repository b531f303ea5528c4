"""What bench/python_report.py measures: each work is written once, as a program would write it.

The built-in files run the same text less `async` and `await`, so that nobody can say that the two
did not do the same.
"""

import asyncio
import functools
import inspect
import os
import resource
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
AGGREGATOR = ROOT / "examples/python/log_aggregator.py"
sys.path.append(str(ROOT / "scripts"))

import python_demo  # noqa: E402

MIB = 1 << 20
BLOCK = 4096
HUNDRED = "a line of a hundred characters, which is what programs like to write at a time".ljust(99)
HUNDRED += "\n"
SPARE_DESCRIPTORS = 100  # of the process itself: modules, the loop, the ring, threads


class Library(NamedTuple):
    name: str
    module: object  # None: the built-in files

    @property
    def is_sync(self):
        return self.module is None

    @property
    def open(self):
        return open if self.is_sync else self.module.open

    @property
    def stat(self):
        return os.stat if self.is_sync else self.module.os.stat


# ---- The works ----------------------------------------------------------------------------------
# Each returns how many operations it did. The argument `open` is that of the library.


async def iterate(open, path):
    count = 0
    async with open(path, encoding="utf-8") as file:
        async for _line in file:
            count += 1
    return count


async def read_by_line(open, path):
    count = 0
    async with open(path, encoding="utf-8") as file:
        while await file.readline():
            count += 1
    return count


async def read_by_block(open, path):
    count = 0
    async with open(path, "rb") as file:
        while await file.read(BLOCK):
            count += 1
    return count


async def write_by_line(open, path, count):
    async with open(path, "w", encoding="utf-8") as file:
        for _ in range(count):
            await file.write(HUNDRED)
    return count


async def read_whole(open, path):
    async with open(path, encoding="utf-8") as file:
        await file.read()
    return 1


async def read_small(open, path):
    async with open(path, "rb") as file:
        return len(await file.read(BLOCK))


async def read_each(open, paths):
    for path in paths:
        async with open(path, "rb") as file:
            await file.read(BLOCK)
    return len(paths)


async def read_all_at_once(open, paths):
    """As many at a time as the process may have open: both libraries open all at once."""
    portion = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_DESCRIPTORS
    for at in range(0, len(paths), portion):
        await asyncio.gather(*[read_small(open, path) for path in paths[at:at + portion]])
    return len(paths)


async def ask_status(stat, path, count):
    for _ in range(count):
        await stat(path)
    return count


async def aggregate(program, logs, report):
    """The end of the article's main(), with these logs."""
    results = await asyncio.gather(*[program.extract_errors(log) for log in logs])
    return await finish(program, results, report)


async def finish(program, results, report):
    errors = [item for sublist in results for item in sublist]
    errors.sort(key=lambda error: error[1][:19])
    await program.write_report(report, errors)


def aggregate_without_a_loop(program, logs, report):
    results = [program.extract_errors(log) for log in logs]
    twin_of(finish)(program, results, report)


# ---- How they are run ---------------------------------------------------------------------------


def without_async(text):
    return text.replace("async ", "").replace("await ", "")


@functools.cache
def twin_of(function):
    """The same function for built-in files."""
    names = dict(function.__globals__)
    exec(without_async(textwrap.dedent(inspect.getsource(function))), names)
    return names[function.__name__]


def time_of(library, function, *arguments, sync=None):
    """(seconds, what it returned). The loop is started and ended outside of what is timed."""
    if library.is_sync:
        function = sync or twin_of(function)
        start = time.perf_counter()
        result = function(*arguments)
        return time.perf_counter() - start, result

    async def timed():
        start = time.perf_counter()
        result = await function(*arguments)
        return time.perf_counter() - start, result

    return asyncio.run(timed())


def seconds_each(library, function, *arguments, sync=None):
    seconds, count = time_of(library, function, *arguments, sync=sync)
    return seconds / count


def article(library):
    """The functions of the article's program, on this library's files."""
    text = AGGREGATOR.read_text().split("async def main():")[0]
    if library.is_sync:
        text = without_async(text).replace("import ringfiles as aiofiles\n", "")
        text = text.replace("aiofiles.open", "open")
    names = {}
    exec(text, names)
    if not library.is_sync:
        names["aiofiles"] = library.module
    return SimpleNamespace(**{name: names[name] for name in ("extract_errors", "write_report")})


# ---- Data ---------------------------------------------------------------------------------------


def block_of_lines(number, size):
    """Lines of a log, `size` bytes and the rest of a line; one in a hundred is not ASCII."""
    lines, made = [], 0
    for at, line in enumerate(python_demo.log_lines(number)):
        if at % 100 == 99:
            line = line.replace("worker", "wörker")
        lines.append(line.encode())
        made += len(lines[-1])
        if made >= size:
            return b"".join(lines)


def make_log(path, size, number=0):
    """A log of about `size` bytes that ends with a line: one block again and again."""
    if path.exists():
        return path
    block = block_of_lines(number, min(size, MIB))
    with open(path, "wb") as log:
        for _ in range(max(1, round(size / len(block)))):
            log.write(block)
    return path


def make_logs(folder, size, count):
    folder.mkdir(exist_ok=True)
    return [make_log(folder / f"service_{at:02}.log", size // count, at) for at in range(count)]


def make_small_files(folder, count):
    if not folder.exists():
        folder.mkdir()
        for number in range(count):
            (folder / f"{number:05}").write_bytes(bytes([number % 256]) * BLOCK)
        os.sync()
    return sorted(folder.iterdir())


def make_cold(paths, whole_machine):
    """The pages of these files leave the cache; their names and inodes too, where root allows."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
    if whole_machine:
        try:
            Path("/proc/sys/vm/drop_caches").write_text("3\n")
        except OSError:
            return False
    return whole_machine


def allow_many_descriptors():
    """aiofiles and ringfiles both open all files that are gathered."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 20_000 if hard == resource.RLIM_INFINITY else min(20_000, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
