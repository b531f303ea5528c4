#!/usr/bin/env python3
"""More opens at once than a process may have descriptors.

Those of `async with` wait for each other; where nothing is going to be closed, each says so.
"""

import asyncio
import os
import pathlib
import resource
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent), str(HERE.parents[2] / "system")]

from support.programs import note
from support.report import Reporter

import ringfiles

CONTENT = b"content"
GATHERED = 10_000
LIMIT_OF_FILES = 1000


async def gathered_opens(path):
    """More than the process may have: EMFILE says so, and of which file."""
    opened = await asyncio.gather(*(ringfiles.open(path, "rb") for _ in range(GATHERED)),
                                  return_exceptions=True)
    failed = [one for one in opened if isinstance(one, BaseException)]
    for file in opened:
        if not isinstance(file, BaseException):
            await file.close()
    note(f"of {GATHERED} opens {len(failed)} failed")
    assert len(failed) >= GATHERED - LIMIT_OF_FILES
    assert {(type(one), one.errno, str(one.filename)) for one in failed} == {
        (OSError, 24, str(path))}, failed[0]
    async with ringfiles.open(path, "rb") as file:
        assert await file.read() == CONTENT


async def visits(path):
    """Those that close again wait for each other."""
    waiting = 0

    async def one():
        nonlocal waiting
        async with ringfiles.open(path, "rb") as file:
            assert await file.read(4) == CONTENT[:4]
            waiting += 1
            await asyncio.sleep(0.001)  # so that all that may be open are
            waiting -= 1

    await asyncio.gather(*(one() for _ in range(GATHERED)))
    assert waiting == 0


async def visits_beside_files_that_stay(path):
    """With nearly all descriptors held for good: still one after the other."""
    kept = [await ringfiles.open(path, "rb") for _ in range(LIMIT_OF_FILES - 100)]
    await visits(path)
    for file in kept:
        await file.close()


async def visits_with_none_left(path):
    """No file is open that could be closed: said at once."""
    async with ringfiles.open(path, "rb"):  # the loop has its engine
        pass
    taken = []
    try:
        while True:
            taken.append(os.open(path, os.O_RDONLY))
    except OSError:
        pass
    try:
        async with ringfiles.open(path, "rb"):
            raise AssertionError("there was a descriptor left")
    except OSError as failure:
        assert (failure.errno, failure.filename) == (24, str(path)), failure
    finally:
        for descriptor in taken:
            os.close(descriptor)


def with_few_descriptors(report, path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for case in (gathered_opens, visits, visits_beside_files_that_stay, visits_with_none_left):
        with report.case(f"{GATHERED} {case.__name__.replace('_', ' ')}"):
            resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT_OF_FILES, hard))
            try:
                asyncio.run(case(path))
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def main():
    report = Reporter()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "content")
        path.write_bytes(CONTENT)
        with_few_descriptors(report, path)
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
