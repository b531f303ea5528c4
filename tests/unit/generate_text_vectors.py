#!/usr/bin/env python3
"""What CPython says about UTF-8 and newlines, as digests for tests/unit/text_*_test.cpp.

    python3 tests/unit/generate_text_vectors.py          # everything but the long ones: 5 s
    python3 tests/unit/generate_text_vectors.py --soak   # the long ones too: some minutes

Prints C++ tables; paste them between the "generated" marks of the tests. A digest is the CRC-32 of
the records of all inputs of a family, in the order in which itertools.product gives them.
"""

import codecs
import io
import itertools
import sys
import zlib

REASONS = {None: 0, "invalid start byte": 1, "invalid continuation byte": 2,
           "unexpected end of data": 3}
# One byte on either side of every border in table 3-7 of the Unicode standard.
BORDERS = bytes.fromhex("00417f808f909fa0bfc0c1c2dfe0e1ecedeeeff0f1f3f4f5ff")
NEWLINES = [("universal", None), ("untranslated", ""), ("lf", "\n"), ("cr", "\r"), ("crlf", "\r\n")]


class Digest:
    def __init__(self):
        self.crc, self.buffer = 0, bytearray()

    def add(self, record):
        self.buffer += record
        if len(self.buffer) > 1 << 16:
            self.value()

    def value(self):
        self.crc = zlib.crc32(self.buffer, self.crc)
        self.buffer.clear()
        return self.crc


def decode(data, final):
    """(valid, incomplete, malformed, reason) as the struct utf8_scan has them."""
    try:
        consumed = codecs.utf_8_decode(data, "strict", final)[1]
        return consumed, len(data) - consumed, 0, 0
    except UnicodeDecodeError as error:
        return error.start, 0, error.end - error.start, REASONS[error.reason]


def scans(strings):
    digest = Digest()
    for data in strings:
        digest.add(bytes(decode(data, False) + decode(data, True)))
    return digest.value()


def strings_of(alphabet, lengths):
    return (bytes(t) for n in lengths for t in itertools.product(alphabet, repeat=n))


def led_by(leads, following):
    return (bytes(t) for t in itertools.product(leads, *[range(256)] * following))


def escapes():
    digest = Digest()
    for data in strings_of(BORDERS, range(4)):
        digest.add(data.decode("utf-8", "backslashreplace").encode() + b"\xff")
    return digest.value()


def texts():
    return ("".join(t) for n in range(8) for t in itertools.product("a\r\né", repeat=n))


def lines_read(newline):
    digest = Digest()
    for text in texts():
        results = []
        for chunk in (8192, 1, 2, 3):
            file = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8", newline=newline)
            file._CHUNK_SIZE = chunk
            results.append([line.encode() for line in iter(file.readline, "")])
        assert all(result == results[0] for result in results), (text, newline, results)
        for line in results[0]:
            digest.add(bytes([len(line)]) + line)
        digest.add(b"\xff")
    return digest.value()


def written(newline):
    digest = Digest()
    for text in texts():
        raw = io.BytesIO()
        file = io.TextIOWrapper(raw, encoding="utf-8", newline=newline)
        file.write(text)
        file.flush()
        digest.add(raw.getvalue() + b"\xff")
    return digest.value()


def table(name, values):
    numbers = ", ".join(f"0x{value:08x}" for value in values)
    print(f"constexpr std::uint32_t {name}[] = {{{numbers}}};", flush=True)


def main():
    print(f"// CPython {sys.version.split()[0]}")
    every = range(256)
    table("all_short_scans", [scans(strings_of(every, range(3)))])
    table("border_scans", [scans(strings_of(BORDERS, (3,))), scans(strings_of(BORDERS, (4,)))])
    table("border_escapes", [escapes()])
    table("lines_read", [lines_read(newline) for _, newline in NEWLINES])
    table("text_written", [written(newline) for _, newline in NEWLINES])
    if "--soak" in sys.argv:
        # One digest for every high half of the first byte.
        table("all_three_byte_scans", [scans(led_by(range(high, high + 16), 2))
                                       for high in range(0, 256, 16)])
        table("all_four_byte_scans", [scans(led_by((lead,), 3)) for lead in range(0xF0, 0xF5)])


if __name__ == "__main__":
    main()
