"""In the place of the classes of io that are put on top of another object.

Half of test_io makes its files so: TextIOWrapper(BytesIO(b"…"), encoding=…). Two roads lead from
there to an asynchronous package:

    memory  the bytes go into a real file, which the package opens in the mode, encoding and so on
            that the constructor asks for; after each call the BytesIO is what the file is
    wrap    the object is made as written and given to the package's threadpool.wrap()
"""

import io
import os
import tempfile

from .loop_thread import drive
from .stand_in import StandIn
from .sync_file import SyncFile

SMALLEST_BUFFER = 2  # buffering=1 means lines and 0 means none
BINARY_MODES = {"BufferedReader": "rb", "BufferedWriter": "wb", "BufferedRandom": "r+b"}
REAL = {name: getattr(io, name) for name in ("TextIOWrapper", *BINARY_MODES)}


class MirroredFile(SyncFile):
    """A file of the package whose content is copied to a BytesIO whenever it may have changed."""

    __slots__ = ("_handle", "_memory")

    def __init__(self, target, stands_for, memory, handle):
        super().__init__(target, stands_for)
        object.__setattr__(self, "_memory", memory)
        object.__setattr__(self, "_handle", handle)

    def _call(self, function, arguments, keywords):
        try:
            return super()._call(function, arguments, keywords)
        finally:
            self._copy_back()

    def _copy_back(self):
        if self._memory.closed:
            return
        content = _content_of(self._handle)
        if content != self._memory.getvalue():
            self._memory.seek(0)
            self._memory.truncate()
            self._memory.write(content)
        self._memory.seek(os.lseek(self._handle, 0, os.SEEK_CUR))
        if self._target.closed:
            self._memory.close()

    def __del__(self):
        os.close(self._handle)


def _content_of(handle):
    """All bytes, also where each read gives a few."""
    content = b""
    while True:
        piece = os.pread(handle, os.fstat(handle).st_size, len(content))
        content += piece
        if not piece:
            return content


def _text_keywords(encoding=None, errors=None, newline=None, line_buffering=False):
    return {"mode": "r+", "encoding": encoding, "errors": errors, "newline": newline,
            "buffering": 1 if line_buffering else -1}


def _binary_keywords(name, buffer_size=-1):
    if buffer_size != -1 and buffer_size < SMALLEST_BUFFER:
        raise NotImplementedError("open() takes this size for something else")
    return {"mode": BINARY_MODES[name], "buffering": buffer_size}


def _file_with(memory):
    """A descriptor of a file without a name that holds these bytes, at the same position."""
    handle, name = tempfile.mkstemp()
    os.unlink(name)
    os.pwrite(handle, memory.getvalue(), 0)
    os.lseek(handle, memory.tell(), os.SEEK_SET)
    return handle


class Constructor(StandIn):
    """Makes objects of one class of io, or what goes for them."""

    def __init__(self, name, state):
        super().__init__(REAL[name])
        self._name, self._state = name, state

    def make(self, *arguments, **keywords):
        road = self._state.road
        if road == "memory" and arguments and type(arguments[0]) is io.BytesIO:
            return self._opened(*arguments, **keywords)
        if road == "wrap":
            return self._wrapped(*arguments, **keywords)
        return self.real(*arguments, **keywords)

    def _opened(self, memory, *arguments, **keywords):
        if self._name == "TextIOWrapper":
            keywords = _text_keywords(*arguments, **keywords)
        else:
            keywords = _binary_keywords(self._name, *arguments, **keywords)
        handle = _file_with(memory)
        self._state.note()
        target = drive(self._state.package.open, os.dup(handle), **keywords)
        return MirroredFile(target, self.real, memory, handle)

    def _wrapped(self, *arguments, **keywords):
        file = self.real(*arguments, **keywords)
        self._state.note()
        return SyncFile(drive(self._state.package.threadpool.wrap, file), self.real)
