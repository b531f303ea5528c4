"""What goes for a class of io in the tests: called it may make something else, and to isinstance,
subclasses and readers of its attributes it is that class.
"""

import sys


class Servants:
    """Modules whose files are no subject of a test: they get the real thing."""

    names = (
        "_frozen_importlib", "asyncio", "concurrent", "doctest", "faulthandler", "harness",
        "importlib", "inspect", "linecache", "locale", "logging", "multiprocessing", "pkgutil",
        "platform", "pydoc", "runpy", "site", "subprocess", "sysconfig", "test.libregrtest",
        "test.support", "threading", "tokenize", "traceback", "unittest", "warnings", "zipimport",
    )
    package = "none"

    @classmethod
    def include(cls, caller):
        return any(caller == name or caller.startswith(name + ".")
                   for name in (cls.package, *cls.names))


def caller_is_served(depth):
    """True when the code that calls is a test or what it tests."""
    return not Servants.include(sys._getframe(depth + 1).f_globals.get("__name__") or "")


class StandIn:
    def __init__(self, real):
        self.real = real

    def __call__(self, *arguments, **keywords):
        make = self.make if caller_is_served(1) else self.real
        return make(*arguments, **keywords)

    def __getattr__(self, name):
        return getattr(self.real, name)

    def __instancecheck__(self, instance):
        return isinstance(instance, self.real)

    def __subclasscheck__(self, kind):
        return issubclass(kind, self.real)

    def __mro_entries__(self, bases):
        return (self.real,)
