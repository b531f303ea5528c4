"""Asynchronous text files."""

from ..base import AsyncBase, AsyncIndirectBase
from ._beyond import beyond_aiofiles
from .utils import delegate_to_executor, proxy_method_directly, proxy_property_directly


def _text(cls):
    cls = proxy_method_directly("detach", "fileno")(cls)
    cls = proxy_property_directly(
        "buffer", "closed", "encoding", "errors", "line_buffering", "newlines", "name", "mode",
        "write_through",
    )(cls)
    # `readable` is a coroutine here and a plain method of binary files: so it is in aiofiles.
    return delegate_to_executor(
        "close", "flush", "isatty", "read", "readable", "readline", "readlines",
        "reconfigure", "seek",
        "seekable", "tell", "truncate", "writable", "write", "writelines",
    )(beyond_aiofiles(cls))


@_text
class AsyncTextIOWrapper(AsyncBase):
    """Around an io.TextIOWrapper or another io.TextIOBase, such as StringIO."""


@_text
class AsyncTextIndirectIOWrapper(AsyncIndirectBase):
    """Like AsyncTextIOWrapper, around what a function returns at each call."""
