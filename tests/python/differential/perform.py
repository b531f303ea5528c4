"""Makes the calls of a plan on one file, and says of each what came of it."""

import contextlib
import inspect

from .plan import whole

LINES = frozenset({"writelines", "generate"})


class Cookies:
    """What tell() gave, for seek_back."""

    def __init__(self):
        self._told = []

    def keep(self, told):
        self._told.append(told)

    def __getitem__(self, number):
        return self._told[number % len(self._told)] if self._told else 0


def arguments_of(step, cookies):
    """The method and its arguments; the steps `next` and `get` are their callers'."""
    name, *arguments = step
    if name == "seek_back":
        return "seek", [cookies[arguments[0]]]
    if name in ("readinto", "readinto1"):
        return name, [bytearray(arguments[0])]
    if name == "generate":
        return "writelines", [iter(whole(arguments[0]))]
    return name, [whole(argument) for argument in arguments]


def result_of(name, arguments, returned):
    if name in ("readinto", "readinto1"):
        return returned, bytes(arguments[0])
    return returned


def is_hint(arguments):
    return arguments in ((), (None,)) or (
        isinstance(arguments[0], int) and abs(arguments[0]) < 1 << 62)


class Ours:
    """A file of ringfiles; each step is awaited if it must be."""

    def __init__(self, file):
        self.file = file
        self.cookies = Cookies()

    async def take(self, step):
        if step[0] == "next":
            return await self._next(step[1])
        if step[0] == "get":
            return getattr(self.file, step[1])
        name, arguments = arguments_of(step, self.cookies)
        returned = getattr(self.file, name)(*arguments)
        if inspect.isawaitable(returned):
            returned = await returned
        if name == "tell":
            self.cookies.keep(returned)
        return result_of(name, arguments, returned)

    async def _next(self, count):
        lines = []
        with contextlib.suppress(StopAsyncIteration):
            while len(lines) < count:
                lines.append(await self.file.__anext__())
        return lines

    async def close(self):
        await self.file.close()


class Theirs:
    """The built-in file. `is_engines`: beside one that the engine serves."""

    def __init__(self, file, is_engines=False):
        self.file, self._is_engines = file, is_engines
        self.cookies = Cookies()

    def take(self, step):
        if step[0] == "next":
            return self._next(step[1])
        if step[0] == "get":
            return getattr(self.file, step[1])
        if step[0] == "readlines" and self._is_engines and is_hint(step[1:]):
            return self._lines(step[1] if step[1:] and step[1] is not None else -1)
        name, arguments = arguments_of(step, self.cookies)
        returned = getattr(self.file, name)(*arguments)
        if name == "tell":
            self.cookies.keep(returned)
        return result_of(name, arguments, returned)

    def _lines(self, hint):
        """readlines() that does not forbid tell(), either."""
        lines, count = [], 0
        while (count <= hint or hint <= 0) and (line := self.file.readline()):
            lines.append(line)
            count += len(line)
        return lines

    def _next(self, count):
        """By readline, as in aiofiles: next() of a text forbids tell(), `async for` does not."""
        lines = []
        while len(lines) < count and (line := self.file.readline()):
            lines.append(line)
        return lines


def failure_of(error, folder):
    """All that a program can see of an error, but for the folder of the file."""
    if isinstance(error, UnicodeError) and len(error.args) == 5:
        return type(error), error.args
    words = str(error).replace(str(folder), "")
    where = str(error.filename).replace(str(folder), "") if isinstance(error, OSError) else None
    return type(error), words, getattr(error, "errno", None), where


def value_of(returned, folder):
    """With its type, since 1 == True and b"" == bytearray()."""
    if type(returned) is str and returned.startswith(str(folder)):
        returned = returned[len(str(folder)):]
    return type(returned), returned
