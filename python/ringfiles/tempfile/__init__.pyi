"""What a type checker sees of temporary files: their type by the mode."""

import asyncio
import sys
from concurrent.futures import Executor
from functools import _SingleDispatchCallable
from typing import Any, TypeAlias, overload

from _typeshed import (
    OpenBinaryMode,
    OpenBinaryModeReading,
    OpenBinaryModeUpdating,
    OpenTextMode,
    StrPath,
)

from ..base import AiofilesContextManager
from ..threadpool.binary import AsyncBufferedIOBase, AsyncBufferedReader
from ..threadpool.text import AsyncTextIOWrapper
from .temptypes import AsyncSpooledTemporaryFile, AsyncTemporaryDirectory

__all__ = [
    "NamedTemporaryFile",
    "SpooledTemporaryFile",
    "TemporaryDirectory",
    "TemporaryFile",
]

_Loop: TypeAlias = asyncio.AbstractEventLoop
_Readable: TypeAlias = OpenBinaryModeReading | OpenBinaryModeUpdating

wrap: _SingleDispatchCallable[Any]

if sys.version_info >= (3, 12):
    @overload
    def NamedTemporaryFile(
        mode: OpenTextMode, buffering: int = -1, encoding: str | None = None,
        newline: str | None = None, suffix: str | None = None, prefix: str | None = None,
        dir: StrPath | None = None, delete: bool = True, delete_on_close: bool = True,
        loop: _Loop | None = None, executor: Executor | None = None,
    ) -> AiofilesContextManager[AsyncTextIOWrapper]: ...
    @overload
    def NamedTemporaryFile(
        mode: _Readable = "w+b", buffering: int = -1, encoding: None = None,
        newline: None = None, suffix: str | None = None, prefix: str | None = None,
        dir: StrPath | None = None, delete: bool = True, delete_on_close: bool = True,
        loop: _Loop | None = None, executor: Executor | None = None,
    ) -> AiofilesContextManager[AsyncBufferedReader]: ...
    @overload
    def NamedTemporaryFile(
        mode: OpenBinaryMode, buffering: int = -1, encoding: None = None,
        newline: None = None, suffix: str | None = None, prefix: str | None = None,
        dir: StrPath | None = None, delete: bool = True, delete_on_close: bool = True,
        loop: _Loop | None = None, executor: Executor | None = None,
    ) -> AiofilesContextManager[AsyncBufferedIOBase]: ...
    def TemporaryDirectory(
        suffix: str | None = None, prefix: str | None = None, dir: StrPath | None = None,
        loop: _Loop | None = None, executor: Executor | None = None,
        *, ignore_cleanup_errors: bool = False, delete: bool = True,
    ) -> AiofilesContextManagerTempDir: ...
else:
    @overload
    def NamedTemporaryFile(
        mode: OpenTextMode, buffering: int = -1, encoding: str | None = None,
        newline: str | None = None, suffix: str | None = None, prefix: str | None = None,
        dir: StrPath | None = None, delete: bool = True,
        loop: _Loop | None = None, executor: Executor | None = None,
    ) -> AiofilesContextManager[AsyncTextIOWrapper]: ...
    @overload
    def NamedTemporaryFile(
        mode: _Readable = "w+b", buffering: int = -1, encoding: None = None,
        newline: None = None, suffix: str | None = None, prefix: str | None = None,
        dir: StrPath | None = None, delete: bool = True,
        loop: _Loop | None = None, executor: Executor | None = None,
    ) -> AiofilesContextManager[AsyncBufferedReader]: ...
    @overload
    def NamedTemporaryFile(
        mode: OpenBinaryMode, buffering: int = -1, encoding: None = None,
        newline: None = None, suffix: str | None = None, prefix: str | None = None,
        dir: StrPath | None = None, delete: bool = True,
        loop: _Loop | None = None, executor: Executor | None = None,
    ) -> AiofilesContextManager[AsyncBufferedIOBase]: ...
    def TemporaryDirectory(
        suffix: str | None = None, prefix: str | None = None, dir: StrPath | None = None,
        loop: _Loop | None = None, executor: Executor | None = None,
    ) -> AiofilesContextManagerTempDir: ...

@overload
def TemporaryFile(
    mode: OpenTextMode, buffering: int = -1, encoding: str | None = None,
    newline: str | None = None, suffix: str | None = None, prefix: str | None = None,
    dir: StrPath | None = None, loop: _Loop | None = None, executor: Executor | None = None,
) -> AiofilesContextManager[AsyncTextIOWrapper]: ...
@overload
def TemporaryFile(
    mode: _Readable = "w+b", buffering: int = -1, encoding: None = None,
    newline: None = None, suffix: str | None = None, prefix: str | None = None,
    dir: StrPath | None = None, loop: _Loop | None = None, executor: Executor | None = None,
) -> AiofilesContextManager[AsyncBufferedReader]: ...
@overload
def TemporaryFile(
    mode: OpenBinaryMode, buffering: int = -1, encoding: None = None,
    newline: None = None, suffix: str | None = None, prefix: str | None = None,
    dir: StrPath | None = None, loop: _Loop | None = None, executor: Executor | None = None,
) -> AiofilesContextManager[AsyncBufferedIOBase]: ...
@overload
def SpooledTemporaryFile(
    max_size: int = 0, mode: OpenBinaryMode = "w+b", buffering: int = -1, encoding: None = None,
    newline: None = None, suffix: str | None = None, prefix: str | None = None,
    dir: StrPath | None = None, loop: _Loop | None = None, executor: Executor | None = None,
) -> AiofilesContextManager[AsyncSpooledTemporaryFile[bytes]]: ...
@overload
def SpooledTemporaryFile(
    max_size: int = 0, *, mode: OpenTextMode, buffering: int = -1, encoding: str | None = None,
    newline: str | None = None, suffix: str | None = None, prefix: str | None = None,
    dir: StrPath | None = None, loop: _Loop | None = None, executor: Executor | None = None,
) -> AiofilesContextManager[AsyncSpooledTemporaryFile[str]]: ...

class AiofilesContextManagerTempDir(AiofilesContextManager[AsyncTemporaryDirectory]):
    async def __aenter__(self) -> str: ...  # type: ignore[override]
