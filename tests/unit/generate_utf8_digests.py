#!/usr/bin/env python3
"""What CPython's UTF-8 decoder makes of each string of three bytes, and of each of four whose
first is F0 to F4: 100 million strings, five error handlers, as digests.

    tests/unit/generate_utf8_digests.py > tests/unit/utf8_digests.hpp    # some minutes
    tests/unit/generate_utf8_digests.py --check    # compares with that file instead; any CPython

A digest is the CRC-32 of what all strings of a group give, in the order of their bytes: the text
that was decoded (surrogates as if UTF-8 had them), and a mark that no text has. For "strict" that
is the text before the error, the mark, and where the error begins, its length and reason.
"""

import itertools
import multiprocessing
import pathlib
import sys
import zlib

HANDLERS = ["strict", "ignore", "replace", "backslashreplace", "surrogateescape"]
REASONS = {"invalid start byte": 1, "invalid continuation byte": 2, "unexpected end of data": 3}
MARK = "\udfff"
MARK_BYTES = MARK.encode("utf-8", "surrogatepass")
PAIRS = [bytes(pair) for pair in itertools.product(range(256), repeat=2)]
HEADER = pathlib.Path(__file__).with_name("utf8_digests.hpp")


def strict_record(data):
    try:
        return data.decode().encode() + MARK_BYTES + b"\0\0\0"
    except UnicodeDecodeError as error:
        size = error.end - error.start
        return data[:error.start] + MARK_BYTES + bytes((error.start, size, REASONS[error.reason]))


def records(front, handler):
    """Of all strings that are `front` and two bytes more."""
    strings = [front + pair for pair in PAIRS]
    if handler == "strict":
        return b"".join(map(strict_record, strings))
    texts = [data.decode("utf-8", handler) for data in strings]
    return (MARK.join(texts) + MARK).encode("utf-8", "surrogatepass")


def digest(group):
    handler, fronts = group
    crc = 0
    for front in fronts:
        crc = zlib.crc32(records(front, handler), crc)
    return crc


def groups():
    """Three bytes: a group for each first byte. Four: one for each first byte and each sixteen
    second ones."""
    for handler in HANDLERS:
        for first in range(256):
            yield handler, [bytes((first,))]
    for handler in HANDLERS:
        for first, high in itertools.product(range(0xF0, 0xF5), range(0, 256, 16)):
            yield handler, [bytes((first, high + low)) for low in range(16)]


def rows(values):
    for at in range(0, len(values), 8):
        yield "    " + " ".join(f"0x{value:08x}," for value in values[at:at + 8])


def header(digests):
    three = len(HANDLERS) * 256
    yield "// Made by generate_utf8_digests.py, which says what it is. Do not edit."
    yield "#pragma once"
    yield ""
    yield "#include <cstdint>"
    yield ""
    yield "namespace ringfiles::testing {"
    yield ""
    yield "// clang-format off"
    yield f"/// [{', '.join(HANDLERS)}] [first byte]"
    yield f"inline constexpr std::uint32_t three_byte_digests[{three}] = {{"
    yield from rows(digests[:three])
    yield "};"
    yield ""
    yield "/// [the same] [first byte less F0] [high half of the second]"
    yield f"inline constexpr std::uint32_t four_byte_digests[{len(digests) - three}] = {{"
    yield from rows(digests[three:])
    yield "};"
    yield "// clang-format on"
    yield ""
    yield "}  // namespace ringfiles::testing"


def main():
    with multiprocessing.Pool() as pool:
        digests = pool.map(digest, groups(), chunksize=1)
    text = "\n".join(header(digests)) + "\n"
    if "--check" not in sys.argv:
        print(text, end="")
        return 0
    same = text == HEADER.read_text(encoding="utf-8")
    print(f"{'PASS' if same else 'FAIL'} utf8_digests.hpp holds what CPython "
          f"{sys.version.split()[0]} says of {256**3 + 5 * 256**3} strings")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
