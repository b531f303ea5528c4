"""Files for asyncio that do not block the loop. A drop-in for aiofiles.

`open` takes what the built-in `open` takes, and what it returns is awaited or entered by
`async with`. Calls on one file happen in the order in which they were made; a cancelled read
loses nothing and a cancelled open leaks nothing. `install()` makes `import aiofiles` mean this.
"""

from . import tempfile
from ._install import install, uninstall
from ._whole import read_bytes, read_text, write_bytes, write_text
from .threadpool import open, stderr, stderr_bytes, stdin, stdin_bytes, stdout, stdout_bytes

__all__ = [
    "install",
    "open",
    "read_bytes",
    "read_text",
    "stderr",
    "stderr_bytes",
    "stdin",
    "stdin_bytes",
    "stdout",
    "stdout_bytes",
    "tempfile",
    "uninstall",
    "write_bytes",
    "write_text",
]
