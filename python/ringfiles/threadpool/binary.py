"""Asynchronous binary files, buffered and raw."""

from ..base import AsyncBase, AsyncIndirectBase
from ._beyond import beyond_aiofiles
from .utils import delegate_to_executor, proxy_method_directly, proxy_property_directly

_COMMON = (
    "close", "flush", "isatty", "read", "readinto", "readline", "readlines", "seek", "seekable",
    "tell", "truncate", "writable", "write", "writelines",
)


def _buffered(cls):
    cls = delegate_to_executor(*_COMMON, "read1")(beyond_aiofiles(cls))
    cls = proxy_method_directly("detach", "fileno", "readable")(cls)
    return proxy_property_directly("closed", "raw", "name", "mode")(cls)


def _raw(cls):
    cls = delegate_to_executor(*_COMMON, "readall")(beyond_aiofiles(cls))
    cls = proxy_method_directly("fileno", "readable")(cls)
    return proxy_property_directly("closed", "name", "mode")(cls)


@_buffered
class AsyncBufferedIOBase(AsyncBase):
    """Around an io.BufferedWriter or another io.BufferedIOBase, such as BytesIO or GzipFile."""


@delegate_to_executor("peek", "readinto1")
class AsyncBufferedReader(AsyncBufferedIOBase):
    """Around an io.BufferedReader or io.BufferedRandom."""


@_raw
class AsyncFileIO(AsyncBase):
    """Around an io.FileIO, which is what `buffering=0` opens."""


@_buffered
class AsyncIndirectBufferedIOBase(AsyncIndirectBase):
    """Like AsyncBufferedIOBase, around what a function returns at each call."""


@delegate_to_executor("peek", "readinto1")
class AsyncIndirectBufferedReader(AsyncIndirectBufferedIOBase):
    """Like AsyncBufferedReader, around what a function returns at each call."""


@_raw
class AsyncIndirectFileIO(AsyncIndirectBase):
    """Like AsyncFileIO, around what a function returns at each call."""
