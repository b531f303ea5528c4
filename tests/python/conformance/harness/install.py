"""Puts the asynchronous package under test in the place of the standard library's open().

The test modules and the modules that they test (tempfile, fileinput, zipfile …) get it. What
merely serves them (subprocess, unittest, importlib, the package itself) keeps the real one.
"""

import _io
import _pyio  # noqa: F401  (it registers the class FileIO, which must be the real one)
import builtins
import io
import os
import sys

from .loop_thread import drive
from .sync_file import REAL_FILE_IO, SyncFile, class_of

REAL_OPEN = io.open

# Modules whose files are no subject of a test. The package under test is added by use().
SERVANTS = (
    "_frozen_importlib", "asyncio", "concurrent", "doctest", "faulthandler", "harness", "importlib",
    "inspect", "linecache", "locale", "logging", "multiprocessing", "pkgutil", "platform", "pydoc",
    "runpy", "site", "subprocess", "sysconfig", "test.libregrtest", "test.support", "threading",
    "tokenize", "traceback", "unittest", "warnings", "zipimport",
)


class _State:
    package = None
    servants = SERVANTS
    opens = 0
    note_path = None  # a subprocess notes here that it opened something through the package


def use(name, package, note_path=None):
    """From now on files are opened by this package."""
    _State.package = package
    _State.servants = SERVANTS + (name,)
    _State.opens = 0
    _State.note_path = note_path


def opens():
    """How many files the package was asked to open."""
    return _State.opens


def _serves(caller):
    return any(caller == name or caller.startswith(name + ".") for name in _State.servants)


def _note():
    _State.opens += 1
    if _State.note_path and _State.opens == 1:
        handle = os.open(_State.note_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, b".")
        os.close(handle)


def _argument(arguments, keywords, position, name, default):
    return arguments[position] if len(arguments) > position else keywords.get(name, default)


def open_by_package(arguments, keywords):
    _note()
    target = drive(_State.package.open, *arguments, **keywords)
    mode = _argument(arguments, keywords, 1, "mode", "r")
    return SyncFile(target, class_of(mode, _argument(arguments, keywords, 2, "buffering", -1)))


def _caller():
    return sys._getframe(2).f_globals.get("__name__") or ""


class Open:
    """In the place of io.open. No function: tests keep it as an attribute of their classes."""

    __name__ = __qualname__ = "open"
    __doc__ = REAL_OPEN.__doc__

    def __call__(self, *arguments, **keywords):
        if _State.package is None or _serves(_caller()):
            return REAL_OPEN(*arguments, **keywords)
        return open_by_package(arguments, keywords)


class FileIO:
    """In the place of the class io.FileIO, which is open(…, buffering=0) by another name."""

    def __call__(self, *arguments, **keywords):
        if _State.package is None or _serves(_caller()):
            return REAL_FILE_IO(*arguments, **keywords)
        return self._unbuffered(*arguments, **keywords)

    @staticmethod
    def _unbuffered(file, mode="r", closefd=True, opener=None):
        if isinstance(mode, str) and "b" not in mode:
            mode += "b"
        keywords = {"buffering": 0, "closefd": closefd, "opener": opener}
        return open_by_package((file, mode), keywords)

    def __getattr__(self, name):
        return getattr(REAL_FILE_IO, name)

    def __instancecheck__(self, instance):
        return isinstance(instance, REAL_FILE_IO)

    def __subclasscheck__(self, kind):
        return issubclass(kind, REAL_FILE_IO)

    def __mro_entries__(self, bases):
        return (REAL_FILE_IO,)


def _rebind_copies(stand_in):
    """Modules that said `from io import open` before."""
    for name, module in list(sys.modules.items()):
        if module is not None and not _serves(name):
            for attribute, value in list(vars(module).items()):
                if value is REAL_OPEN:
                    setattr(module, attribute, stand_in)


def _rebind_pathlib(stand_in):
    accessor = getattr(sys.modules.get("pathlib"), "_NormalAccessor", None)  # Python 3.10
    if accessor is not None:
        accessor.open = stand_in


def install():
    """Before the test modules are imported. Nothing changes until use() is called."""
    stand_in, raw = Open(), FileIO()
    builtins.open = io.open = _io.open = stand_in
    io.FileIO = _io.FileIO = raw
    _rebind_copies(stand_in)
    _rebind_pathlib(stand_in)
