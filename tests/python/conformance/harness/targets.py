"""The packages that can be tested, by name."""

import importlib

from . import broken, proxy

NAMES = ("aiofiles", "ringfiles", "proxy", *broken.PACKAGES)


def load(name):
    """The package: something with an open(). ERRORS: ImportError."""
    if name == "proxy":
        return proxy
    return broken.PACKAGES.get(name) or importlib.import_module(name)
