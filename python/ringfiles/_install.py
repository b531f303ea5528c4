"""`import aiofiles` that means ringfiles, for programs and frameworks that cannot be changed."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

_MODULES = (
    "", ".base", ".os", ".ospath", ".tempfile", ".tempfile.temptypes", ".threadpool",
    ".threadpool.binary", ".threadpool.text", ".threadpool.utils",
)
_MISSING = object()
# What is private of the real modules stays, because functions that somebody already holds call it.
# They end up in our classes all the same; and `_open` is the same in both.
_PRIVATE_TOO = ("__all__", "_open")


class _Replaced:
    """What `install` has overwritten, for `uninstall`."""

    def __init__(self) -> None:
        self.modules: dict[str, object] = {}
        self.attributes: list[tuple[ModuleType, str, object]] = []


_replaced: _Replaced | None = None


def install() -> None:
    """Makes `aiofiles` and its submodules mean ringfiles in this process, from now on.

    Modules of the real aiofiles that were imported before are filled with our names, so whoever
    holds the module calls us. Whoever holds a function of it that runs in a thread by itself
    (`from aiofiles.os import stat`) keeps that, so call this first. A second call does nothing.
    """
    global _replaced
    if _replaced is not None:
        return
    replaced = _Replaced()
    for suffix in _MODULES:
        ours = importlib.import_module("ringfiles" + suffix)
        name = "aiofiles" + suffix
        real = sys.modules.get(name)
        if isinstance(real, ModuleType):
            _fill(real, ours, replaced)
        replaced.modules[name] = sys.modules.get(name, _MISSING)
        sys.modules[name] = ours
    _replaced = replaced


def uninstall() -> None:
    """Undoes `install`. Objects that were made meanwhile stay what they are."""
    global _replaced
    if _replaced is None:
        return
    names: dict[str, Any] = sys.modules
    for name, module in _replaced.modules.items():
        _restore(names, name, module)
    for real, name, value in _replaced.attributes:
        _restore(real.__dict__, name, value)
    _replaced = None


def _fill(real: ModuleType, ours: ModuleType, replaced: _Replaced) -> None:
    for name, value in vars(ours).items():
        if name.startswith("_") and name not in _PRIVATE_TOO:
            continue
        replaced.attributes.append((real, name, vars(real).get(name, _MISSING)))
        setattr(real, name, value)


def _restore(names: dict[str, Any], name: str, value: object) -> None:
    if value is _MISSING:
        names.pop(name, None)
    else:
        names[name] = value
