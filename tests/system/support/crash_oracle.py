"""What files may hold after a crash: a second opinion on what crash_probe writes.

    expected = Expected()                       # nothing was there
    expected.hear("done file-3 12")             # what the probe reported before the crash
    for kind, words in expected.faults_in(folder): ...
    expected.begin_again(folder, first=13)      # the next life goes on with what is there

A file that is replaced holds the last state that was reported, or the one after it. A log holds
all records up to the last that was reported, whole and in order; what follows may be anything.
"""

import os
import re
from typing import NamedTuple

LINE_OF_STATE = re.compile(rb"(file-\d+) (\d{8}) (\d{8})\n")
HEAD_OF_RECORD = re.compile(rb"record (\d{8}) (\d{8}) ")
HEAD_BYTES = len("record 00000000 00000000 ")
NAME_OF_FILE = re.compile(r"file-\d+")
LOG = "log"


class Torn(Exception):
    """A content that nobody wrote."""


class Fault(NamedTuple):
    """`kind`: torn (neither the old nor the new), lost (older than what was reported), strange."""

    kind: str
    words: str


def state_in(content, name):
    """The number of the state that a file holds. ERRORS: Torn."""
    line = LINE_OF_STATE.match(content)
    if not line or line.group(1).decode() != name:
        raise Torn(f"{name}: {len(content)} bytes that begin with {content[:30]!r}")
    number, size = int(line.group(2)), int(line.group(3))
    repeated = line.group(0) * (size // len(line.group(0)) + 1)
    if content != repeated[:size]:
        raise Torn(f"{name}: state {number} has {size} bytes, here are {len(content)}, or others")
    return number


def whole_records(content):
    """(how many records from the first on are whole and in order, how many bytes they have)."""
    number, at = 0, 0
    while head := HEAD_OF_RECORD.match(content, at):
        size, letter = int(head.group(2)), bytes([ord("a") + int(head.group(1)) % 26])
        rest = content[at + HEAD_BYTES:at + size]
        if int(head.group(1)) != number + 1 or rest != letter * (size - HEAD_BYTES - 1) + b"\n":
            break
        number, at = number + 1, at + size
    return number, at


def content_of(path):
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def files_in(folder):
    """Names of the files that are replaced."""
    return {name for name in os.listdir(folder) if NAME_OF_FILE.fullmatch(name)}


class Expected:
    """What the files of one folder may hold."""

    def __init__(self):
        self.done = {}      # name → the last number reported since the beginning of this life
        self.reports = 0
        self.found = {}     # name → what was there at the beginning; nothing: 0
        self.first = 1      # the number of the first state written in this life

    def hear(self, line):
        words = line.split()
        if len(words) == 3 and words[0] == "done":
            self.done[words[1]] = int(words[2])
            self.reports += 1

    def begin_again(self, folder, first):
        """Takes what is there, which faults_in() found good, as the beginning of a new life."""
        self.found = {name: state_in((folder / name).read_bytes(), name)
                      for name in files_in(folder)}
        self.found[LOG] = whole_records(content_of(folder / LOG) or b"")[0]
        self.done, self.first = {}, first

    def faults_in(self, folder):
        """Yields a Fault for each promise that is broken."""
        names = files_in(folder) | set(self.found) | set(self.done)
        for name in sorted(names - {LOG}):
            yield from self._faults_of_state(name, content_of(folder / name))
        if LOG in names:
            yield from self._faults_of_log(content_of(folder / LOG) or b"")

    def _faults_of_state(self, name, content):
        old = self.done.get(name, self.found.get(name, 0))
        new = old + 1 if name in self.done else self.first
        try:
            number = 0 if content is None else state_in(content, name)
        except Torn as torn:
            yield Fault("torn", str(torn))
            return
        if number not in (old, new):
            yield Fault("lost" if number < old else "strange",
                        f"{name}: state {number} is there, {old} was reported, {new} begun")

    def _faults_of_log(self, content):
        wanted = self.done.get(LOG, self.found.get(LOG, 0))
        number, size = whole_records(content)
        if number >= wanted:
            return
        # A torn record before a reported one, or a log that just ends too early.
        kind = "torn" if size < len(content) else "lost"
        yield Fault(kind, f"{LOG}: {number} records are whole, {wanted} were reported")


def cut_torn_tail(path):
    """What a program that appends does when it starts: removes the record that was cut short."""
    content = content_of(path) or b""
    size = whole_records(content)[1]
    if size < len(content):
        os.truncate(path, size)
    return len(content) - size
