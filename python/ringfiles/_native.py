"""Which files the engine serves, and under which class.

Everything that `open` accepts and the engine serves exactly as the built-in `open` would is planned
here. What is left goes the way of aiofiles, a Python file in a thread: codecs of several bytes but
UTF-8, error handlers that make several characters of one byte, descriptors of pipes and terminals,
and all arguments that `open` refuses, since nobody words its errors better than itself.
"""

from __future__ import annotations

import asyncio
import codecs
import functools
import io
import locale
import os
import stat
import sys
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

from . import _jobs, _ringfiles, _tables
from .threadpool import binary, text

_PUBLIC = "ringfiles.threadpool"
_CODECS = {"utf-8": "utf-8", "ascii": "ascii", "iso8859-1": "latin-1"}
# One byte makes one character at the most, or none.
_HANDLERS = frozenset({"strict", "ignore", "replace", "surrogateescape"})
_WRITING_HANDLERS = _HANDLERS | {"backslashreplace", "xmlcharrefreplace", "namereplace"}
_NEWLINES = frozenset({None, "", "\n", "\r", "\r\n"})
_FLAGS = {
    "r": 0,
    "w": os.O_CREAT | os.O_TRUNC,
    "a": os.O_CREAT | os.O_APPEND,
    "x": os.O_CREAT | os.O_EXCL,
}


class Below:
    """What stands for the blocking file that aiofiles' objects keep in `_file`."""

    def __init__(self, file: Any) -> None:
        self._asynchronous = file

    @property
    def closed(self) -> bool:
        return self._asynchronous.closed  # type: ignore[no-any-return]

    def close(self) -> None:
        """Not awaited, so errors are not heard of; what is buffered is written all the same."""
        self._asynchronous._close_now()

    def __enter__(self) -> Below:  # noqa: PYI034  (Self is of 3.11)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        if name in ("name", "mode", "fileno", "encoding", "errors", "newlines"):
            return getattr(self._asynchronous, name)
        raise AttributeError(name)


class _Raw(io.FileIO):
    """The blocking file below one of the engine; who names it names that one."""

    _above: Any = None

    @property
    def name(self) -> Any:
        return None if self._above is None else self._above.name

    @name.setter
    def name(self, value: Any) -> None:
        if self._above is not None:
            self._above.name = value

    @property
    def closefd(self) -> bool:
        """Of the file above, which closes the descriptor."""
        return True


class _Blocking:
    """What a file of the engine does without being awaited, as it is in aiofiles: it blocks."""

    _is_of_engine = True  # which closes it itself
    _bypass: Any = None

    @property
    def _file(self) -> Below:
        return Below(self)

    def __reduce_ex__(self, protocol: object) -> Any:
        raise TypeError(f"cannot pickle {type(self).__name__!r} instances")

    def _over(self, raw: io.FileIO) -> Any:
        """A blocking buffered file over a raw one."""
        if "+" in raw.mode:
            return io.BufferedRandom(raw)
        return io.BufferedReader(raw) if raw.mode == "rb" else io.BufferedWriter(raw)

    def _raw_mode(self) -> str:
        mode: str = self.mode.replace("t", "").replace("b", "")  # type: ignore[attr-defined]
        # The file exists by now, and keeps what it has.
        return mode.replace("x", "w") if "+" not in mode else (
            mode.replace("w", "r").replace("x", "r"))

    def _beside(self) -> Any:
        if self._bypass is None:
            raw = _Raw(self.fileno(), self._raw_mode(), closefd=False)  # type: ignore[attr-defined]
            raw._above = weakref.proxy(self)
            self._bypass = self._over(raw)
        return self._bypass

    def _detach(self) -> Any:
        position = self._settle_now()  # type: ignore[attr-defined]
        descriptor = os.dup(self.fileno())  # type: ignore[attr-defined]
        if position is None:
            os.set_blocking(descriptor, True)
        else:
            os.lseek(descriptor, position, os.SEEK_SET)
        self._mark_detached()  # type: ignore[attr-defined]
        raw = io.FileIO(descriptor, self._raw_mode())
        raw.name = self.name  # type: ignore[attr-defined]
        return self._over(raw)


class NativeText(_Blocking, _ringfiles.TextFile, text.AsyncTextIOWrapper):
    """A text file of the engine."""

    # Of io.TextIOWrapper: here it may be set and read, and means nothing. No bytes are decoded
    # before they are asked for, so tell() is always the offset of a byte.
    _CHUNK_SIZE = 8192

    @property
    def buffer(self) -> Any:
        """A blocking binary file over the same descriptor; flush() before, seek() after."""
        return self._beside()

    def detach(self) -> Any:
        """The blocking binary file below; this one cannot be used any more."""
        return self._detach()

    async def reconfigure(
        self, *, encoding: str | None = None, errors: str | None = None, newline: Any = ...,
        line_buffering: bool | None = None, write_through: bool | None = None,
    ) -> None:
        """As io.TextIOWrapper.reconfigure, with its errors."""
        if self._has_read and (encoding is not None or newline is not ...):
            raise io.UnsupportedOperation(
                "It is not possible to set the encoding or newline of stream after the first read")
        # What CPython makes of the arguments, and what it says of wrong ones.
        probe = io.TextIOWrapper(io.BytesIO(), self.encoding, self.errors)
        changed = {"encoding": encoding, "errors": errors, "newline": newline,
                   "line_buffering": line_buffering, "write_through": write_through}
        probe.reconfigure(**{name: value for name, value in changed.items()
                             if value is not (... if name == "newline" else None)})
        await self.flush()
        if newline is ...:
            newline = self._newline
        encoding, errors = probe.encoding, probe.errors
        lines = self.line_buffering if line_buffering is None else probe.line_buffering
        through = self.write_through if write_through is None else probe.write_through
        planned = plan_of(self.mode, -1, encoding, errors, newline)
        if planned is not None:
            _ringfiles.reformat(self, planned.encoding, planned.errors, newline, lines, through)
            return
        mode = self.mode
        inner = io.TextIOWrapper(self._detach(), encoding, errors, newline, lines, through)
        inner.mode = mode  # type: ignore[misc]  # as `open` does
        self.__class__ = _Threaded  # type: ignore[assignment]
        text.AsyncTextIOWrapper.__init__(self, inner, asyncio.get_running_loop(), None)


class _Threaded(text.AsyncTextIOWrapper, _ringfiles.TextFile):  # type: ignore[misc, override]
    """A file that was opened natively, and given a codec that the engine does not serve."""


class _Buffered(_Blocking):
    @property
    def raw(self) -> Any:
        """A blocking raw file over the same descriptor; flush() before, seek() after."""
        return self._beside().raw

    def detach(self) -> Any:
        """The blocking raw file below; this one cannot be used any more."""
        return self._detach().detach()


class NativeBuffered(
    _Buffered, _ringfiles.BufferedFile, binary.AsyncBufferedIOBase
):
    """A binary file of the engine, for writing."""


class NativeReader(
    _Buffered, _ringfiles.ReadableFile, binary.AsyncBufferedReader
):
    """A binary file of the engine, for reading."""


class NativeRaw(_Blocking, _ringfiles.RawFile, binary.AsyncFileIO):
    """A binary file of the engine, without a buffer."""


for _type in (NativeText, _Threaded, NativeBuffered, NativeReader, NativeRaw):
    # Programs meet these names: in a repr, in a log, and some of them compare.
    _public = next(base for base in _type.__mro__ if base.__module__.startswith(_PUBLIC))
    _type.__name__ = _type.__qualname__ = _public.__name__
    _type.__module__ = _public.__module__
del _type, _public


class Plan(NamedTuple):
    """How a file is opened, but for its path."""

    arguments: tuple[Any, ...]  # of the extension's `open`, behind the path
    mode: str
    buffering: int
    encoding: tuple[str, str] | None
    errors: str | None
    newline: str | None
    flags: int


@functools.lru_cache(maxsize=256)
def plan(
    mode: str, buffering: int, encoding: str | None, errors: str | None, newline: str | None
) -> Plan | None:
    """None: not for the engine. `encoding` is never None for text."""
    action = mode.strip("bt+")
    letters = set(mode)
    if len(action) != 1 or action not in _FLAGS or len(letters) != len(mode) or letters >= {*"bt"}:
        return None
    updating = "+" in mode
    access = os.O_RDWR if updating else os.O_RDONLY if action == "r" else os.O_WRONLY
    common = _FLAGS[action] | access | os.O_CLOEXEC
    core_mode = action + "b" + ("+" if updating else "")
    if "b" in mode:
        if buffering == 1 or (encoding, errors, newline) != (None, None, None):
            return None
        shown = ("r" if action == "w" and updating else action) + core_mode[1:]
        only_writes = action != "r" and not updating
        kind = NativeRaw if buffering == 0 else NativeBuffered if only_writes else NativeReader
        return _make_plan(core_mode, kind, shown, buffering, None, None, None, common)
    codec = _codec(encoding)
    handlers = _WRITING_HANDLERS if access == os.O_WRONLY else _HANDLERS
    if codec is None or buffering == 0 or (errors or "strict") not in handlers:
        return None
    if newline not in _NEWLINES:
        return None
    return _make_plan(core_mode, NativeText, mode, buffering, (codec, encoding or ""),
                      errors or "strict", newline, common)


def _make_plan(
    core_mode: str, kind: type, mode: str, buffering: int, encoding: tuple[str, str] | None,
    errors: str | None, newline: str | None, flags: int,
) -> Plan:
    arguments = (core_mode, kind, mode, buffering, encoding, errors, newline)
    return Plan(arguments, mode, buffering, encoding, errors, newline, flags)


def _codec(encoding: str | None) -> str | None:
    try:
        found = codecs.lookup(encoding or "")
        return _CODECS.get(found.name) or (found.name if _tables.serves(found) else None)
    except (LookupError, ValueError, TypeError):
        return None


# The same answer, without a look at what was answered already.
_encoding_of_locale: Callable[[], str] = getattr(
    locale, "getencoding", functools.partial(locale.getpreferredencoding, False))


def _locale_encoding() -> str:
    if sys.flags.utf8_mode:
        return "utf-8" if sys.version_info < (3, 11) else "UTF-8"
    return _encoding_of_locale()


def plan_of(
    mode: Any, buffering: Any, encoding: Any, errors: Any, newline: Any
) -> Plan | None:
    if type(mode) is not str or type(buffering) is not int:
        return None
    try:
        if "b" not in mode and (encoding is None or encoding == "locale"):
            if encoding is None and sys.flags.warn_default_encoding:
                return None  # the built-in open warns
            encoding = _locale_encoding()
        return plan(mode, buffering, encoding, errors, newline)
    except TypeError:
        return None


async def open(
    file: Any, mode: Any, buffering: Any, encoding: Any, errors: Any, newline: Any,
    closefd: Any, opener: Any, *, patient: bool = False,
) -> Any:
    """The open file; None if it is not one for the engine. ERRORS: those of `open`.

    `patient`: while there is no descriptor left, it waits for other files to be closed.
    """
    planned = plan_of(mode, buffering, encoding, errors, newline)
    if planned is None:
        return None
    if type(file) is int:
        # Who keeps a descriptor shares its position with others, and the engine moves none.
        return None if opener is not None or not closefd else _adopt(file, file, planned)
    path = file if type(file) is str else _path(file)
    if path is None or not closefd or (b"\0" if type(path) is bytes else "\0") in path:
        return None
    if opener is not None:
        return await _open_with(opener, path, planned)
    return await _ringfiles.open(*(path, *planned.arguments, patient))


def _path(file: Any) -> Any:
    try:
        return os.fspath(file)
    except TypeError:
        return None


def _adopt(descriptor: int, name: Any, planned: Plan) -> Any:
    """None: not a regular file. The engine would have to know how it was opened."""
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
    except (OSError, OverflowError):
        return None
    return _ringfiles.adopt(*(name, *planned.arguments, descriptor, True))


async def _open_with(opener: Any, path: Any, planned: Plan) -> Any:
    """The opener runs in a thread; what it gives belongs to the file."""
    opening = functools.partial(opener, path, planned.flags)
    descriptor = await _jobs.run(opening, undo=_close_descriptor)
    if not isinstance(descriptor, int):
        raise TypeError("expected integer from opener")
    if descriptor < 0:
        raise ValueError(f"opener returned {descriptor}")
    try:
        os.set_inheritable(descriptor, False)
        adopted = _adopt(descriptor, path, planned)
        if adopted is not None:
            return adopted
        return await _wrapped(descriptor, path, planned)
    except BaseException:
        _close_descriptor(descriptor)
        raise


async def _wrapped(descriptor: int, path: Any, planned: Plan) -> Any:
    from . import threadpool

    encoding = planned.encoding[1] if planned.encoding else None
    opening = functools.partial(
        io.open, path, planned.mode, planned.buffering, encoding, planned.errors,
        planned.newline, True, lambda *_: descriptor)
    return threadpool.wrap(await _jobs.run(opening))


def _close_descriptor(descriptor: Any) -> None:
    if isinstance(descriptor, int) and descriptor >= 0:
        os.close(descriptor)
