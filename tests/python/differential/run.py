"""Runs a plan on both files, step by step, to the first difference."""

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import ringfiles

from .differences import (
    LateErrors,
    allowed,
    ends_compared,
    is_engines,
    is_part_with_an_error,
    is_same_error,
)
from .perform import Ours, Theirs, failure_of, value_of
from .plan import whole

OPEN, CLOSE = ("open",), ("close",)


class Difference(NamedTuple):
    number: int  # of the step; -1: open itself
    step: Any
    ours: Any
    theirs: Any


class Folders:
    """Two folders with a file of one name each."""

    def __init__(self, folder):
        self.ours, self.theirs = Path(folder, "ours"), Path(folder, "theirs")
        for each in (self.ours, self.theirs):
            each.mkdir(exist_ok=True)

    def fill(self, content):
        for each in (self.ours, self.theirs):
            (each / "file").unlink(missing_ok=True)
            if content is not None:
                (each / "file").write_bytes(whole(content) or b"")

    def contents(self):
        return tuple((each / "file").read_bytes() if (each / "file").exists() else None
                     for each in (self.ours, self.theirs))


class Run:
    """One plan. `steps` counts the calls that were compared."""

    def __init__(self, folders, plan):
        self.folders, self.plan = folders, plan
        self.ours = self.theirs = None
        self.steps = 0
        self.decoding_failed = self.has_told = self.is_late = False

    async def difference(self):
        """None when there is none."""
        found = await self._to_the_end()
        if not self.decoding_failed or not LateErrors.concern(self.plan):
            return found
        return await self._to_the_end(late_errors=True)

    async def _to_the_end(self, late_errors=False):
        self.folders.fill(self.plan.content)
        self.is_late, self.has_told = late_errors, False
        opened = await self._open(late_errors)
        if opened is not None or self.ours is None:
            return opened
        try:
            for number, step in enumerate(self.plan.steps):
                found = await self._step(number, step)
                if found and ends_compared(self):
                    return None
                if found or self.decoding_failed and not late_errors:
                    return found
            return await self._step(len(self.plan.steps), CLOSE)
        finally:
            await self._close()

    async def _open(self, late_errors):
        self.ours = self.theirs = None
        options = dict(self.plan.options)
        ours = await self._outcome(self._open_ours(options), self.folders.ours)
        with warnings.catch_warnings():
            theirs = self._their_outcome(lambda: self._open_theirs(options, late_errors))
        self.steps += 1
        return None if ours == theirs else Difference(-1, OPEN, ours, theirs)

    async def _open_ours(self, options):
        self.ours = Ours(await ringfiles.open(str(self.folders.ours / "file"), **options))

    def _open_theirs(self, options, late_errors):
        opening = LateErrors.open if late_errors else io.open
        self.theirs = Theirs(
            opening(str(self.folders.theirs / "file"), **options), is_engines(self.plan))

    async def _step(self, number, step):
        self.steps += 1
        self.has_told |= step[0] in ("tell", "write", "writelines", "generate") or step[2:] == (1,)
        ours = await self._outcome(self.ours.take(step), self.folders.ours)
        theirs = self._their_outcome(lambda: self.theirs.take(step))
        self.decoding_failed |= UnicodeDecodeError in (ours[0], theirs[0])
        if is_part_with_an_error(self, step, ours, theirs):
            same = await is_same_error(self, ours, theirs)
        else:
            same = ours == theirs or await allowed(self, step, ours, theirs)
        if not same:
            return Difference(number, step, ours, theirs)
        if step[0] in ("flush", "close") and theirs[0] is type(None):
            contents = self.folders.contents()
            if contents[0] != contents[1]:
                return Difference(number, step, *contents)
        return None

    async def _outcome(self, awaitable, folder):
        try:
            return value_of(await awaitable, folder)
        except Exception as error:
            return failure_of(error, folder)

    def _their_outcome(self, call):
        try:
            return value_of(call(), self.folders.theirs)
        except Exception as error:
            return failure_of(error, self.folders.theirs)

    async def _close(self):
        with contextlib.suppress(Exception):  # it was compared before
            await self.ours.file.close()
        with contextlib.suppress(Exception):
            self.theirs.file.close()
