"""The files that leaks.py makes its calls on."""

import contextlib
import os
import tempfile
from pathlib import Path

import ringfiles


class Files:
    """What the cases use: files of each class, and a FIFO that nothing comes out of."""

    async def __aenter__(self):
        self.stack = contextlib.AsyncExitStack()
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        lines = "".join(f"line {n}\n" for n in range(1000))
        (self.folder / "file").write_text(lines)
        (self.folder / "wrong").write_bytes(b"\xff\n\xff" * 100)  # a line, and a character
        os.mkfifo(self.folder / "fifo")
        self.writing = os.open(self.folder / "fifo", os.O_RDWR)
        self.text = await self.enter("file", "r+")
        self.binary = await self.enter("file", "r+b")
        self.raw = await self.enter("file", "r+b", buffering=0)
        self.wrong = await self.enter("wrong", "r", encoding="utf-8")
        self.output = await self.enter("output", "w+")
        self.fifo = await self.enter("fifo", "rb")
        self.reader = await self.enter("file", "rb")
        self.closed = await ringfiles.open(self.folder / "file")
        await self.closed.close()
        return self

    async def enter(self, name, mode, **options):
        return await self.stack.enter_async_context(
            ringfiles.open(self.folder / name, mode, **options))

    async def __aexit__(self, *error):
        await self.stack.aclose()
        os.close(self.writing)
