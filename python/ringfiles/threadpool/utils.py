"""Class decorators that give an asynchronous file the methods of the blocking one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .. import _calls

_C = TypeVar("_C", bound=type)
_Decorator = Callable[[_C], _C]


def delegate_to_executor(*attrs: str) -> _Decorator[Any]:
    """Coroutine methods that run in a thread, each in its turn."""
    return _adding(attrs, _make_delegate_method)


def proxy_method_directly(*attrs: str) -> _Decorator[Any]:
    """Plain methods that are called at once, on the loop's thread."""
    return _adding(attrs, _make_proxy_method)


def proxy_property_directly(*attrs: str) -> _Decorator[Any]:
    """Read-only properties."""
    return _adding(attrs, _make_proxy_property)


def cond_delegate_to_executor(*attrs: str) -> _Decorator[Any]:
    """Coroutine methods of a spooled file: in a thread once it is on disk or has grown large."""
    return _adding(attrs, _make_cond_delegate_method)


def _adding(attrs: tuple[str, ...], make: Callable[[str], Any]) -> _Decorator[Any]:
    def decorate(cls: Any) -> Any:
        for name in attrs:
            member = make(name)
            if not isinstance(member, property):
                member.__name__ = name
                member.__qualname__ = f"{cls.__qualname__}.{name}"
            setattr(cls, name, member)
        return cls

    return decorate


def _make_delegate_method(name: str) -> Any:
    # A close must happen: cancelled while it waits for its turn, it goes on without its caller.
    certain = name == "close"

    async def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        call = _calls.bind(self, name, args, kwargs)
        return await _calls.run(self, call, certain=certain)

    return method


def _make_proxy_method(name: str) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(self._file, name)(*args, **kwargs)

    return method


def _make_proxy_property(name: str) -> Any:
    def get(self: Any) -> Any:
        return getattr(self._file, name)

    return property(get)


def _make_cond_delegate_method(name: str) -> Any:
    certain = name == "close"

    async def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        call = _calls.bind(self, name, args, kwargs)
        return await _calls.run(self, call, certain=certain, inline=self._lies_in_memory)

    return method
