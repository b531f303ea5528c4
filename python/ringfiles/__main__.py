"""`python -m ringfiles`: which back end serves here, why, and what each rung did in a check."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import _ringfiles
from .threadpool import open

_RUNGS = {
    "buffer": "from the file's own buffer",
    "inline": "by a system call that cannot wait",
    "ring": "by io_uring",
    "pool": "by the thread pool",
    "poll": "when the descriptor was ready",
    "memory": "by the file system in memory",
}
_LINES = 2000  # some 100 KB, so more than one buffer
_TEXT = "".join(f"line {number:5} of the self-check of ringfiles\n" for number in range(_LINES))


async def _check(folder: Path) -> dict[str, Any]:
    """Opens, writes, reads: each in the way that another rung serves. What the engine counted."""
    path = folder / "file"
    async with open(path, "w", encoding="utf-8") as file:
        await file.write(_TEXT)
        await file.fsync()
    _forget_pages(path)
    async with open(path, encoding="utf-8") as file:
        if await file.read() != _TEXT:
            raise ValueError("the file does not hold what was written")
    async with open(path, encoding="utf-8") as file:
        if [line async for line in file] != _TEXT.splitlines(keepends=True):
            raise ValueError("the lines are not those that were written")
    await _check_fifo(folder / "fifo")
    return dict(_ringfiles.statistics())


def _forget_pages(path: Path) -> None:
    """The read that follows is a cold one, if the file system keeps its files on a disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


async def _check_fifo(path: Path) -> None:
    try:
        os.mkfifo(path)
    except OSError:
        return  # some shared folders have none

    async def write() -> None:
        async with open(path, "wb") as file:
            await file.write(b"through a FIFO")

    async def read() -> bytes:
        async with open(path, "rb") as file:
            return await file.read()

    received, _ = await asyncio.gather(read(), write())
    if received != b"through a FIFO":
        raise ValueError("the FIFO does not give what was written")


def report(folder: str | None = None) -> dict[str, Any]:
    """All that is printed. `folder`: where to make the check, to see how its file system serves."""
    with tempfile.TemporaryDirectory(prefix="ringfiles-", dir=folder) as made:
        statistics = asyncio.run(_check(Path(made)))
    return {
        "version": _ringfiles.version(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "asked_for": os.environ.get("RINGFILES_BACKEND") or None,
        "backend": _ringfiles.backend_report(),
        "statistics": statistics,
    }


def _describe(found: dict[str, Any]) -> str:
    backend = found["backend"]
    statistics = found["statistics"]
    lines = [
        f"ringfiles {found['version']}, Python {found['python']}, {found['system']}",
        f"back end: {backend['kind']}",
        f"why: {backend['why']}",
    ]
    if found["asked_for"]:
        lines.append(f"RINGFILES_BACKEND={found['asked_for']}")
    for refusal in backend["refused"]:
        error = f" ({os.strerror(refusal['number'])})" if refusal["number"] else ""
        lines.append(f"refused: {refusal['what']}{error}: {refusal['likely_cause']}")
    lines.append("a self-check wrote and read a file of 2,000 lines and a FIFO; it was served")
    lines += [f"  {count:6} times {_RUNGS.get(rung, rung)}"
              for rung, count in statistics["served"].items() if count]
    lines.append(f"longest turn of the loop: {statistics['longest_turn_ns'] / 1e6:.2f} ms")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m ringfiles", description="Says which back end serves here, and why.",
        epilog="RINGFILES_BACKEND=uring or threads chooses the back end.")
    parser.add_argument("--json", action="store_true", help="the same for programs")
    parser.add_argument("--folder", help="where to make the check (default: for temporary files)")
    options = parser.parse_args(arguments)
    found = report(options.folder)
    print(json.dumps(found, indent=2) if options.json else _describe(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
