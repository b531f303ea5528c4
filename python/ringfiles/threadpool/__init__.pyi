"""What a type checker sees of this module: `open` by its mode."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import _SingleDispatchCallable
from typing import Any, Literal, TypeAlias, overload

from _typeshed import (
    FileDescriptorOrPath,
    OpenBinaryMode,
    OpenBinaryModeReading,
    OpenBinaryModeUpdating,
    OpenBinaryModeWriting,
    OpenTextMode,
)

from ..base import AiofilesContextManager
from .binary import (
    AsyncBufferedIOBase,
    AsyncBufferedReader,
    AsyncFileIO,
    AsyncIndirectBufferedIOBase,
)
from .text import AsyncTextIndirectIOWrapper, AsyncTextIOWrapper

__all__ = (
    "open",
    "stderr",
    "stderr_bytes",
    "stdin",
    "stdin_bytes",
    "stdout",
    "stdout_bytes",
)

_Opener: TypeAlias = Callable[[str, int], int]
_Loop: TypeAlias = asyncio.AbstractEventLoop

sync_open: Callable[..., Any]
wrap: _SingleDispatchCallable[Any]

@overload
def open(
    file: FileDescriptorOrPath, mode: OpenTextMode = "r", buffering: int = -1,
    encoding: str | None = None, errors: str | None = None, newline: str | None = None,
    closefd: bool = True, opener: _Opener | None = None,
    *, loop: _Loop | None = None, executor: Executor | None = None,
) -> AiofilesContextManager[AsyncTextIOWrapper]: ...
@overload
def open(
    file: FileDescriptorOrPath, mode: OpenBinaryMode, buffering: Literal[0],
    encoding: None = None, errors: None = None, newline: None = None,
    closefd: bool = True, opener: _Opener | None = None,
    *, loop: _Loop | None = None, executor: Executor | None = None,
) -> AiofilesContextManager[AsyncFileIO]: ...
@overload
def open(
    file: FileDescriptorOrPath, mode: OpenBinaryModeReading | OpenBinaryModeUpdating,
    buffering: Literal[-1, 1] = -1,
    encoding: None = None, errors: None = None, newline: None = None,
    closefd: bool = True, opener: _Opener | None = None,
    *, loop: _Loop | None = None, executor: Executor | None = None,
) -> AiofilesContextManager[AsyncBufferedReader]: ...
@overload
def open(
    file: FileDescriptorOrPath, mode: OpenBinaryModeWriting, buffering: Literal[-1, 1] = -1,
    encoding: None = None, errors: None = None, newline: None = None,
    closefd: bool = True, opener: _Opener | None = None,
    *, loop: _Loop | None = None, executor: Executor | None = None,
) -> AiofilesContextManager[AsyncBufferedIOBase]: ...
@overload
def open(
    file: FileDescriptorOrPath, mode: OpenBinaryMode, buffering: int = -1,
    encoding: None = None, errors: None = None, newline: None = None,
    closefd: bool = True, opener: _Opener | None = None,
    *, loop: _Loop | None = None, executor: Executor | None = None,
) -> AiofilesContextManager[AsyncBufferedIOBase | AsyncFileIO]: ...
@overload
def open(
    file: FileDescriptorOrPath, mode: str, buffering: int = -1,
    encoding: str | None = None, errors: str | None = None, newline: str | None = None,
    closefd: bool = True, opener: _Opener | None = None,
    *, loop: _Loop | None = None, executor: Executor | None = None,
) -> AiofilesContextManager[Any]: ...
async def _open(
    file: FileDescriptorOrPath, mode: str = "r", buffering: int = -1,
    encoding: str | None = None, errors: str | None = None, newline: str | None = None,
    closefd: bool = True, opener: _Opener | None = None,
    *, loop: _Loop | None = None, executor: Executor | None = None,
) -> Any: ...

stdin: AsyncTextIndirectIOWrapper
stdout: AsyncTextIndirectIOWrapper
stderr: AsyncTextIndirectIOWrapper
stdin_bytes: AsyncIndirectBufferedIOBase
stdout_bytes: AsyncIndirectBufferedIOBase
stderr_bytes: AsyncIndirectBufferedIOBase
