"""A synchronous face of an asynchronous file: what the tests get instead of a file of io.

Methods are called on the event loop and awaited there; properties are read where the test reads
them. Nothing is added: what the asynchronous file does not have, the test does not find.
"""

import io

from .loop_thread import drive


def _presented(value):
    """What a test sees of a value: asynchronous parts of a file (its buffer) are driven, too."""
    if hasattr(type(value), "__anext__") and not isinstance(value, io.IOBase):
        return SyncFile(value, type(value))
    return value


class SyncFile:
    __slots__ = ("__weakref__", "_stands_for", "_target")

    def __init__(self, target, stands_for):
        object.__setattr__(self, "_target", target)
        object.__setattr__(self, "_stands_for", stands_for)

    @property
    def __class__(self):
        return self._stands_for  # for isinstance(file, io.TextIOWrapper)

    def _call(self, function, arguments, keywords):
        return drive(function, *arguments, **keywords)

    def __getattr__(self, name):
        value = getattr(self._target, name)
        if not callable(value):
            return _presented(value)

        def method(*arguments, **keywords):
            return _presented(self._call(value, arguments, keywords))
        return method

    def __setattr__(self, name, value):
        setattr(self._target, name, value)

    def __delattr__(self, name):
        delattr(self._target, name)

    def _refuse_closed(self):
        if self._target.closed:
            raise ValueError("I/O operation on closed file.")

    def __enter__(self):
        self._refuse_closed()
        return self

    def __exit__(self, *error):
        self._call(self._target.close, (), {})

    def __iter__(self):
        self._refuse_closed()
        return self

    def __next__(self):
        try:
            return self._call(self._target.__anext__, (), {})
        except StopAsyncIteration:
            raise StopIteration from None

    def __repr__(self):
        return repr(self._target)

    def __reduce_ex__(self, protocol):
        return self._target.__reduce_ex__(protocol)
