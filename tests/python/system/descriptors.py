#!/usr/bin/env python3
"""More opens at once than a process may have descriptors: each that is too many says so, and a
program that limits itself meets none.
"""

import asyncio
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
    """Those that close again: with a limit of the program's own."""
    limit = asyncio.Semaphore(LIMIT_OF_FILES // 2)

    async def one():
        async with limit, ringfiles.open(path, "rb") as file:
            assert await file.read(4) == CONTENT[:4]

    await asyncio.gather(*(one() for _ in range(GATHERED)))


def with_few_descriptors(report, path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for case in (gathered_opens, visits):
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
