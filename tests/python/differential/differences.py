"""The deliberate differences, each as narrow as it can be told. What is not here must be equal."""

import io
import re
from itertools import islice
from pathlib import Path

LINE_END = re.compile("\r\n|\r|\n")
RETURN_AND_IGNORED = re.compile("\r[\udc80-\udcff]")
CHARACTER = re.compile("\r\n|.", re.DOTALL)
ENGINE_CODECS = ("utf-8", "ascii", "latin-1", "cp1252", "koi8-r", "cp437", "iso8859-7", None)
ENGINE_HANDLERS = (None, "strict", "ignore", "replace", "surrogateescape")
LIMITED = ("read", "readline")


async def allowed(run, step, ours, theirs):
    """Whether docs/python.md names this difference."""
    if any(rule(run, step, ours, theirs) for rule in (
            _names_the_file, _position_of_a_cookie, _newlines_ahead, _seekable_after_all)):
        return True
    return await _arbitrary_count(run, step, ours, theirs)


def ends_compared(run):
    """Whether what is ignored stands behind a "\\r", which to the engine is a whole line end then.

    The built-in file waits for the "\\n" that may follow behind it.
    """
    if run.plan.options.get("errors") != "ignore" or not is_engines(run.plan):
        return False
    content = _content(run)
    text = content.decode(run.plan.options.get("encoding") or "utf-8", "surrogateescape")
    return RETURN_AND_IGNORED.search(text) is not None


def is_engines(plan):
    """Of a text: whether the engine serves it. What a thread serves is CPython's own file."""
    reads = "r" in plan.options["mode"] or "+" in plan.options["mode"]
    handled = not reads or plan.options.get("errors") in ENGINE_HANDLERS
    return plan.is_text and plan.options.get("encoding") in ENGINE_CODECS and handled


def _names_the_file(_run, _step, ours, theirs):
    """An OSError of a call on an open file says which file it was."""
    return (issubclass(theirs[0], OSError) and len(ours) == len(theirs) == 4
            and (*ours[:1], ours[2]) == (*theirs[:1], theirs[2])
            and ours[1:] == (f"{theirs[1]}: '/file'", theirs[2], "/file"))


def _position_of_a_cookie(run, step, ours, theirs):
    """tell() of a text is the offset of the next byte, whatever state a decoder would have."""
    if step[0] not in ("tell", "seek", "seek_back") or not is_engines(run.plan):
        return False
    if step[0] == "seek_back" and theirs[1] == "can't restore logical file position":
        run.theirs.file.seek(ours[1])  # its cookie tells of bytes that were written over
        return run.theirs.cookies[step[1]] >> 64 != 0
    if not ours[0] is theirs[0] is int:
        return False
    is_plain = theirs[1] >> 64 == 0
    if is_plain and not _is_ignored(run, *sorted((ours[1], theirs[1]))):
        return False
    if step[0] != "tell" and "+" in run.plan.options["mode"]:
        # There the built-in file is not where it says: it has read on, to have its state again.
        run.theirs.file.seek(ours[1])
    if step[0] == "seek_back":
        return (ours[1], theirs[1]) == tuple(
            file.cookies[step[1]] for file in (run.ours, run.theirs))
    if is_plain:
        return True
    start, flags, _, skip = _fields(theirs[1])
    first = start - (flags & 1)  # a "\r" that waits for its "\n"
    if skip == 0 and _is_ignored(run, ours[1], first):
        return True
    content = _content(run)[first:ours[1]]
    text = io.TextIOWrapper(io.BytesIO(content), run.plan.options.get("encoding"),
                            "surrogateescape" if run.is_late else run.plan.options.get("errors"),
                            run.plan.options.get("newline"))
    return ours[1] >= first and len(text.read()) == skip


def _is_ignored(run, first, last):
    """Malformed bytes that nobody will see belong to the character before, or to the one behind."""
    if run.plan.options.get("errors") != "ignore" or first >= last:
        return False
    between = _content(run)[first:last]
    return not between.decode(run.plan.options.get("encoding") or "utf-8", "ignore")


def _fields(cookie):
    """Of a cookie of TextIOWrapper: position, decoder flags, bytes to feed, characters to skip."""
    return cookie % (1 << 64), *((cookie >> shift) % (1 << 32) for shift in (64, 96, 128))


def _content(run):
    if not run.theirs.file.closed:
        run.theirs.file.flush()
    return (run.folders.theirs / "file").read_bytes()


def _newlines_ahead(run, step, ours, theirs):
    """The built-in file counts line ends that it has read ahead, the engine those in what was read.
    """
    if step != ("get", "newlines"):
        return False
    if not is_engines(run.plan):  # a read in a thread asks for the position, to be able to go back
        return True
    if run.is_late:  # what was read did not go through the built-in file
        return True
    mine, other = (set(value[1]) if value[0] is tuple else {value[1]} - {None}
                   for value in (ours, theirs))
    if run.plan.options.get("newline") == "" and "\r\n" in other:
        mine -= {"\r", "\n"}  # an end that a limited read has cut, or that came in two portions
    there = set(LINE_END.findall(_content(run).decode("latin-1")))
    if run.has_told:  # for which the built-in file reads again, and forgets what it had seen
        return True
    return mine <= other and other - mine <= there


def _seekable_after_all(run, step, ours, theirs):
    """A seek that fails makes io.FileIO say that it cannot seek at all; it can."""
    refused = any(
        name == "seek" and isinstance(offset, int)
        and (offset < 0 or whence not in ([], [0], [1], [2]))
        for name, offset, *whence in filter(lambda one: len(one) > 1, run.plan.steps))
    return (step == ("seekable",) and run.plan.options.get("buffering") == 0 and refused
            and (ours[1], theirs[1]) == (True, False))


async def _arbitrary_count(run, step, ours, theirs):
    """read1 and peek give what is at hand: never nothing before the end, and in order."""
    if step[0] not in ("read1", "peek") or not ours[0] is theirs[0] is bytes:
        return False
    shorter, longer = sorted((ours[1], theirs[1]), key=len)
    if not shorter or not longer.startswith(shorter):
        return False
    if step[0] == "read1":  # both go on from the same place
        rest = longer[len(shorter):]
        behind = run.ours if shorter is ours[1] else run.theirs
        read = behind.file.read(len(rest))
        return (await read if behind is run.ours else read) == rest
    return True


def is_part_with_an_error(run, step, ours, theirs):
    """A read that is limited, and ended at what is malformed."""
    limited = step[0] in LIMITED and isinstance(step[-1], int) and step[-1] > 0
    return limited and run.is_late and ours[0] is theirs[0] is UnicodeDecodeError


async def is_same_error(run, ours, theirs):
    """Its bytes need not be all that would have been read, nor need all of them have been taken."""
    (codec, *mine), (their_codec, *other) = ours[1], theirs[1]
    if (codec, _bad(mine), mine[3]) != (their_codec, _bad(other), other[3]):
        return False
    reached = await run.ours.file.tell()
    return run.theirs.file.goes_on_at(reached)


def _bad(error):
    return error[0][error[1]:error[2]]


class LateErrors:
    """A text whose decoding errors belong to the line that has them, and take only that line.

    The built-in file raises them when it reads the bytes, a buffer ahead, and drops them all. Here
    it only writes, and moves; each read decodes what the file holds from its position on.
    """

    def __init__(self, path, file, newline):
        self._path, self._file, self._newline = Path(path), file, newline
        self._failed_between = (0, 0)

    @classmethod
    def open(cls, path, **options):
        return cls(path, open(path, **options), options.get("newline"))

    @staticmethod
    def concern(plan):
        strict = plan.options.get("errors") in (None, "strict")
        return is_engines(plan) and strict

    def __getattr__(self, name):
        return getattr(self._file, name)

    def read(self, size=-1, /):
        limit = _size(size)
        if limit is None or not self._may_read() or limit == 0:
            return self._file.read(size)
        return self._take(lambda text: text.read(limit))

    def readline(self, size=-1, /):
        if size is None or _size(size) is None or not self._may_read():
            return self._file.readline(size)
        return self._take(lambda text: text.readline(size), whole_lines=size < 0)

    def readlines(self, hint=-1, /):
        limit = _size(hint)
        if limit is None or not self._may_read():
            return self._file.readlines(hint)
        lines, count = [], 0
        while (line := self.readline()):
            lines.append(line)
            count += len(line)
            if count > limit > 0:
                break
        return lines

    def goes_on_at(self, position):
        """Whether that lies behind the error that was just raised, and within what was read."""
        first, last = self._failed_between
        self._file.seek(position)
        return first < position <= last

    def _may_read(self):
        return not self._file.closed and self._file.readable()

    def _take(self, take, whole_lines=False):
        self._file.flush()
        start = self._file.tell()
        rest = self._path.read_bytes()[start:]
        encoding = self._file.encoding
        text = io.TextIOWrapper(io.BytesIO(rest), encoding, "surrogateescape", self._newline)
        made = take(text)
        used = self._bytes_of(made, rest.decode(encoding, "surrogateescape"))
        self._file.seek(start + used)
        if not made.isascii():
            self._raise_what_is_wrong(start, rest, used, rest[:used] if whole_lines else rest)
        return made

    def _raise_what_is_wrong(self, start, rest, used, looked_at):
        try:
            looked_at.decode(self._file.encoding)
        except UnicodeDecodeError as error:
            if error.start < used:
                self._failed_between = start + error.start, start + max(used, error.end)
                raise

    def _bytes_of(self, made, rest):
        if self._newline is None:
            ends = islice(CHARACTER.finditer(rest), len(made))
            length = max((end.end() for end in ends), default=0)
        else:
            length = len(made)
        return len(rest[:length].encode(self._file.encoding, "surrogateescape"))


def _size(size):
    """None: not a size, or too large for one."""
    if size is None:
        return -1
    return size if isinstance(size, int) and -(1 << 63) <= size < 1 << 63 else None
