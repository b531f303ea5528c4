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

from . import constructors
from .loop_thread import drive
from .stand_in import Servants, StandIn, caller_is_served
from .sync_file import SyncFile

REAL_OPEN = io.open
REAL_FILE_IO = io.FileIO

# How a test may get to the package: by open() alone, or by a class of io, see constructors.py.
ROADS = ("open", "memory", "wrap")


class _State:
    def __init__(self):
        self.package = None
        self.road = ROADS[0]
        self.opens = 0
        self.note_path = None

    def note(self):
        """The package makes a file. A subprocess says so by a file that its parent looks for."""
        self.opens += 1
        if self.note_path and self.opens == 1:
            os.close(os.open(self.note_path, os.O_WRONLY | os.O_CREAT))


_state = _State()


def use(name, package, road=ROADS[0], note_path=None):
    """From now on files are opened by this package."""
    Servants.package = name
    _state.__init__()
    _state.package, _state.road, _state.note_path = package, road, note_path


def opens():
    """How many files the package was asked to make, here or in programs started from here."""
    return max(_state.opens, int(bool(_state.note_path) and os.path.exists(_state.note_path)))


def _class_of(mode, buffering):
    """The class that io.open would have made an instance of."""
    if "b" not in mode:
        return constructors.REAL["TextIOWrapper"]
    if buffering == 0:
        return REAL_FILE_IO
    if "+" in mode:
        return constructors.REAL["BufferedRandom"]
    return constructors.REAL["BufferedReader" if "r" in mode else "BufferedWriter"]


def _argument(arguments, keywords, position, name, default):
    return arguments[position] if len(arguments) > position else keywords.get(name, default)


def _open_by_package(*arguments, **keywords):
    _state.note()
    target = drive(_state.package.open, *arguments, **keywords)
    mode = _argument(arguments, keywords, 1, "mode", "r")
    return SyncFile(target, _class_of(mode, _argument(arguments, keywords, 2, "buffering", -1)))


class Open:
    """In the place of io.open. No function: tests keep it as an attribute of their classes."""

    __name__ = __qualname__ = "open"
    __doc__ = REAL_OPEN.__doc__

    def __call__(self, *arguments, **keywords):
        if _state.package is None or not caller_is_served(1):
            return REAL_OPEN(*arguments, **keywords)
        return _open_by_package(*arguments, **keywords)


class FileIO(StandIn):
    """In the place of the class io.FileIO, which is open(…, buffering=0) by another name."""

    def make(self, file, mode="r", closefd=True, opener=None):
        if _state.package is None:
            return self.real(file, mode, closefd, opener)
        if isinstance(mode, str) and "b" not in mode:
            mode += "b"
        return _open_by_package(file, mode, buffering=0, closefd=closefd, opener=opener)


def _rebind_copies(stand_in):
    """Modules that said `from io import open` before."""
    for name, module in list(sys.modules.items()):
        if module is not None and not Servants.include(name):
            for attribute, value in list(vars(module).items()):
                if value is REAL_OPEN:
                    setattr(module, attribute, stand_in)


def _rebind_pathlib(stand_in):
    accessor = getattr(sys.modules.get("pathlib"), "_NormalAccessor", None)  # Python 3.10
    if accessor is not None:
        accessor.open = stand_in


def install():
    """Before the test modules are imported. Nothing changes until use() is called."""
    stand_in, raw = Open(), FileIO(REAL_FILE_IO)
    builtins.open = io.open = _io.open = stand_in
    io.FileIO = _io.FileIO = raw
    for name in constructors.REAL:
        setattr(io, name, constructors.Constructor(name, _state))
    _rebind_copies(stand_in)
    _rebind_pathlib(stand_in)
