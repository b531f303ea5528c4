"""Packages with one defect each: runs against them must lose tests. For selftest.py."""

import types

from . import proxy


class LosesTheLastByteOfLines(proxy.ProxyFile):
    __slots__ = ()

    async def readline(self, *arguments):
        return (await proxy.in_thread(self._file.readline, *arguments))[:-1]


class WritesNothing(proxy.ProxyFile):
    __slots__ = ()

    async def write(self, data):
        return len(data)


class Package:
    def __init__(self, kind):
        self._kind = kind
        self.threadpool = types.SimpleNamespace(wrap=kind)

    async def open(self, *arguments, **keywords):
        return self._kind(await proxy.in_thread(proxy._open, *arguments, **keywords))


class NothingOpens:
    threadpool = None

    async def open(self, *arguments, **keywords):
        raise NotImplementedError("this package opens no file")


PACKAGES = {
    "broken-readline": Package(LosesTheLastByteOfLines),
    "broken-write": Package(WritesNothing),
    "broken-open": NothingOpens(),
}
