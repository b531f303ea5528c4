"""Files to work with, and what is written to others."""

import os
import pathlib


class Place:
    """Where operations work: files to read, and a folder to write to."""

    def __init__(self, folder, size):
        self.folder = folder
        self.size = size
        self.ascii, self.wide, self.broken, self.little = (
            os.path.join(folder, name) for name in ("ascii", "wide", "broken", "little"))
        self.written = os.path.join(folder, "written")
        self.tree = os.path.join(folder, "tree")

    def data(self, kind):
        """What is written: made before the clock runs."""
        if kind is None:
            return None
        line = {"wide": "zwölf Boxkämpfer jagen Viktor quer über den großen Deich €\n"}.get(
            kind, "the quick brown fox jumps over the lazy dog and is not seen again\n")
        if kind == "astral":
            line = "🦊 jumps over the lazy 🐕\n"
        if kind == "lines":
            return [f"{number} {line}" for number in range(max(3, self.size // 100))]
        text = line * (self.size // len(line.encode()) + 1)
        return {"bytes": text.encode, "bytearray": lambda: bytearray(text.encode())}.get(
            kind, lambda: text)()


def fill(place, size):
    """Files of this size."""
    line = b"the quick brown fox jumps over the lazy dog and is not seen again\n"
    wide = "zwölf Boxkämpfer jagen Viktor quer über den großen Deich €\n".encode()
    # Malformed, but not only: every line has something to replace.
    broken = b"\xff\xfe caf\xe9 \xe2\x82 the quick brown fox jumps over the lazy dog\n"
    for path, part in ((place.ascii, line), (place.wide, wide), (place.broken, broken)):
        with open(path, "wb") as file:
            many = part * max(1, (1 << 20) // len(part))
            while file.tell() < size:
                file.write(many if size > len(many) else part)
    pathlib.Path(place.little).write_bytes(line * 60)
    for number in range(300 if size > 1 << 20 else 3):
        folder = os.path.join(place.tree, str(number % 10))
        os.makedirs(folder, exist_ok=True)
        pathlib.Path(folder, f"file{number}").touch()
    os.sync()


def evict(place):
    for path in (place.ascii, place.wide, place.broken, place.little):
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)
