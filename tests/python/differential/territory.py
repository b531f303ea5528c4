"""Where CPython promises nothing, no plan goes.

Each rule has its reason. A rule that is too wide hides defects, so they are as narrow as can be.
"""

READS = frozenset({"read", "readline", "readlines", "next"})
WRITES = frozenset({"write", "writelines", "generate"})
SEEKS = frozenset({"seek", "seek_back"})


# Of others a seek is to where tell() has been.
STATELESS = (None, "utf-8", "ascii", "latin-1", "cp1252", "koi8-r", "cp437", "iso8859-7")
# Reading in the midst of it ends the interpreter (3.11.7) with a segmentation fault.
CRASHES = "iso2022_jp"


def is_defined(options, steps):
    """Whether CPython says what the steps do."""
    mode = options["mode"]
    encoding = options.get("encoding")
    if "b" not in mode and encoding not in STATELESS and any(
            _goes_anywhere(*step) or encoding == CRASHES and _goes_back(*step) for step in steps):
        return False
    if encoding == CRASHES and "+" in mode and any(name in READS for name, *_ in steps):
        return False
    if "b" in mode and "a" in mode and _asks_where_it_appends(steps):
        return False
    if "+" not in mode:
        return True
    if "b" in mode:
        return not _reads_behind_a_write(steps, {"read1"}) and not _goes_back_behind_a_write(steps)
    return not _writes_behind_a_read(steps) and not _reads_behind_a_write(steps, READS)


def _asks_where_it_appends(steps):
    """Whether a buffer was full, and the file is at its end, or only thinks where it is."""
    has_sought = has_written = False
    for name, *_ in steps:
        if name in SEEKS or name == "truncate":
            has_sought = True
            if has_written:
                return True
        elif name in WRITES:
            has_written = has_sought
        elif name == "flush":
            has_written = False
        elif has_written and name not in ("get", "close"):
            return True
    return False


def _goes_anywhere(name, *arguments):
    return name == "seek" and arguments[0] not in (0, None, "1") and arguments[1:] in ((), (0,))


def _goes_back(name, *arguments):
    return name == "seek_back" or name == "seek" and arguments != (0,)


def _writes_behind_a_read(steps):
    """Text: what was decoded ahead is dropped by a write, which goes to wherever the buffer below
    has read to; a truncate leaves what was read ahead. A seek tells both where they are."""
    has_read = False
    for name, *arguments in steps:
        if name in SEEKS:
            has_read = has_read and not _moves(name, arguments)
        elif name in READS:
            has_read = True
        elif has_read and (name in WRITES or name == "truncate"):
            return True
    return False


def _goes_back_behind_a_write(steps):
    """Refused for being before the start, such a seek leaves BufferedRandom at -1."""
    has_written = False
    for name, *arguments in steps:
        if has_written and name == "seek" and isinstance(arguments[0], int) and arguments[0] < 0:
            return True
        has_written = name in WRITES or has_written and name != "flush"
    return False


def _reads_behind_a_write(steps, reads):
    """BufferedRandom.read1, by which a text reads, overlooks what was not flushed (before 3.13)."""
    has_written = False
    for name, *arguments in steps:
        if name in WRITES:
            has_written = True
        elif name == "flush" or (name in SEEKS and _moves(name, arguments)):
            has_written = False
        elif has_written and name in reads:
            return True
    return False


def _moves(name, arguments):
    """Not a seek that is refused."""
    if name == "seek_back":
        return True
    offset, whence = (*arguments, 0)[:2]
    return type(offset) is int and (offset == 0 if whence else offset >= 0) and whence in (0, 1, 2)
