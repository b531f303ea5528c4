"""Reading and writing do what the built-in file would do, errors included."""

import contextlib
import io
import os

import pytest

import ringfiles

MIXED = b"one\r\ntwo\nthree\rfour"


async def outcome_of(call):
    try:
        return await call
    except Exception as error:
        return type(error), str(error)


def outcome(call, *arguments):
    try:
        return call(*arguments)
    except Exception as error:
        return type(error), str(error)


async def same(path, options, calls):
    """Makes the same calls on our file and on a built-in one, each on a file of its own."""
    other = path.with_name("other")
    if path.exists():
        other.write_bytes(path.read_bytes())
    with open(other, **options) as theirs:
        async with ringfiles.open(path, **options) as ours:
            for name, *arguments in calls:
                assert await outcome_of(getattr(ours, name)(*arguments)) == outcome(
                    getattr(theirs, name), *arguments), name
    assert path.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("newline", [None, "", "\n", "\r", "\r\n"])
async def test_newlines(tmp_path, newline):
    path = tmp_path / "file"
    path.write_bytes(MIXED)
    async with ringfiles.open(path, newline=newline) as file:
        lines = [line async for line in file]
        newlines = file.newlines
    with open(path, newline=newline) as file:
        assert lines == file.readlines()
        assert newlines == file.newlines


@pytest.mark.parametrize("newline", [None, "", "\n", "\r", "\r\n"])
async def test_newlines_written(tmp_path, newline):
    options = {"mode": "w", "newline": newline}
    await same(tmp_path / "file", options, [("write", "a\n"), ("writelines", ["b\r\n", "c"])])


@pytest.mark.parametrize("options", [{}, {"mode": "rb"}, {"mode": "rb", "buffering": 0}],
                         ids=["text", "buffered", "raw"])
async def test_a_hint_is_enough_when_it_is_passed(tmp_path, options):
    (tmp_path / "file").write_bytes(b"0123456789\n" * 5)
    calls = [call for hint in (1, 10, 11, 12, 21, 22, 23, 55) for call in [
        ("readlines", hint), ("seek", 0)]]
    await same(tmp_path / "file", options, calls)


@pytest.mark.parametrize("options", [{}, {"mode": "rb"}, {"mode": "rb", "buffering": 0}],
                         ids=["text", "buffered", "raw"])
async def test_reading(tmp_path, options):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789\n" * 20)
    await same(path, options, [
        ("readline", 3), ("readline", 0), ("readline", -1), ("read", 4), ("read", 0), ("tell",),
        ("readlines", 30), ("seek", 5), ("read", -1), ("read",), ("seek", 0),
        ("readline",), ("seekable",), ("writable",), ("isatty",), ("readlines",), ("readline",),
        ("read", None),
    ])


@pytest.mark.parametrize("options", [
    {"mode": "w"}, {"mode": "wb"}, {"mode": "wb", "buffering": 0}, {"mode": "w", "newline": "\r\n"},
], ids=["text", "buffered", "raw", "crlf"])
async def test_reading_what_is_only_written(tmp_path, options):
    await same(tmp_path / "file", options, [
        ("read",), ("readline",), ("readlines",), ("write", "text"), ("write", b"bytes"),
        ("truncate", 2), ("read", 3),
    ])
    async with ringfiles.open(tmp_path / "file", **options) as file:
        with pytest.raises(io.UnsupportedOperation):
            async for _ in file:
                pass


@pytest.mark.parametrize("options", [{}, {"mode": "rb"}, {"mode": "rb", "buffering": 0}],
                         ids=["text", "buffered", "raw"])
async def test_writing_what_is_only_read(tmp_path, options):
    (tmp_path / "file").write_bytes(b"data")
    await same(tmp_path / "file", options, [
        ("write", "text"), ("write", b"bytes"), ("writelines", ["x"]), ("truncate", 1), ("read",),
    ])


async def test_decoding_errors(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"good\nbad \xff\xfe\n")
    await same(path, {"encoding": "utf-8"}, [("read",), ("read",)])
    for errors in ("replace", "ignore", "surrogateescape", "backslashreplace"):
        await same(path, {"encoding": "utf-8", "errors": errors}, [("read",)])
    await same(path, {"encoding": "utf-16"}, [("read",)])


async def test_a_decoding_error_belongs_to_the_line_that_has_it(tmp_path):
    """The built-in file raises when it reads the bytes, a buffer ahead, and they are gone."""
    path = tmp_path / "file"
    path.write_bytes(b"good\nbad \xff\xfe\nlast\n")
    async with ringfiles.open(path, encoding="ascii") as file:
        assert await file.readline() == "good\n"
        with pytest.raises(UnicodeDecodeError) as raised:
            await file.readline()
        assert (raised.value.object, raised.value.start) == (b"bad \xff\xfe\n", 4)
        assert await file.readline() == "last\n"


async def test_encoding_errors(tmp_path):
    for options in ({}, {"errors": "replace"}, {"errors": "xmlcharrefreplace"}):
        options = {"mode": "w", "encoding": "ascii", **options}
        await same(tmp_path / "file", options, [("write", "ok"), ("write", "é"), ("flush",)])


async def test_unknown_error_handler_is_accepted_until_needed(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"\xff")
    import sys

    if sys.flags.dev_mode:
        pytest.skip("development mode looks at the handler at once")
    await same(path, {"encoding": "utf-8", "errors": "nope"}, [("read",)])


async def test_bytes_like_and_generators_are_written(tmp_path):
    import array

    async with ringfiles.open(tmp_path / "file", "wb") as file:
        assert await file.write(bytearray(b"ab")) == 2
        assert await file.write(memoryview(b"cd")) == 2
        assert await file.write(array.array("H", [0])) == 2
        await file.writelines(bytes([number]) for number in range(65, 68))
    assert (tmp_path / "file").read_bytes() == b"abcd\0\0ABC"


async def test_tell_works_while_iterating_over_text(tmp_path):
    path = tmp_path / "file"
    path.write_text("é\nsecond\nthird", encoding="utf-8")
    positions = []
    async with ringfiles.open(path, encoding="utf-8") as file:
        async for line in file:
            positions.append((line, await file.tell()))
        await file.seek(positions[0][1])
        assert await file.read() == "second\nthird"
    assert positions == [("é\n", 3), ("second\n", 10), ("third", 15)]


async def test_a_big_file_comes_whole(tmp_path):
    data = bytes(range(256)) * 40_000
    async with ringfiles.open(tmp_path / "file", "wb") as file:
        assert await file.write(data) == len(data)
    async with ringfiles.open(tmp_path / "file", "rb") as file:
        parts = [await file.read(1 << 20)]
        buffer = bytearray(len(data))
        count = await file.readinto(buffer)
    assert parts[0] + bytes(buffer[:count]) == data


async def test_results_are_the_very_objects_of_the_file(tmp_path):
    async with ringfiles.open(tmp_path / "file", "w+b") as file:
        assert type(await file.read()) is bytes
        assert type(await file.tell()) is int
        assert await file.flush() is None


BEGUN = [b"\xe2\x11\xac", b"\xf0\x9f", b"\xf0\x9f\xa6", b"\xf0\x9fx", b"\xf0\x9f\xa6x\n",
         b"a\xe2\x82b", b"\xed\xa0\x80x", b"\xc3\xe2\x82\xac", b"\xff\xfe\xe2"]


@pytest.mark.parametrize("content", BEGUN, ids=repr)
@pytest.mark.parametrize("errors", ["replace", "ignore", "surrogateescape", "strict"])
@pytest.mark.parametrize("name", ["read", "readline"])
@pytest.mark.parametrize("size", [1, 2, 3])
async def test_no_more_characters_than_asked_for_of_begun_ones(
        tmp_path, content, errors, name, size):
    (tmp_path / "file").write_bytes(content)
    options = {"encoding": "utf-8", "errors": errors}
    if errors == "strict":  # there the built-in file raises earlier: see the manual
        async with ringfiles.open(tmp_path / "file", **options) as file:
            with contextlib.suppress(UnicodeDecodeError):
                assert len(await getattr(file, name)(size)) <= size
        return
    await same(tmp_path / "file", options, [(name, size)] * 6)


@pytest.mark.parametrize("end", [b"\xff", b"\xe2\x82"])
@pytest.mark.parametrize("name", ["lines", "readlines"])
async def test_an_end_that_is_ignored_is_no_line(tmp_path, end, name):
    (tmp_path / "file").write_bytes(b"line\n" + end)
    async with ringfiles.open(tmp_path / "file", encoding="utf-8", errors="ignore") as file:
        assert await getattr(file, name)() == ["line\n"]
        assert await getattr(file, name)() == []


@pytest.mark.parametrize("how", ["path", "descriptor"])
@pytest.mark.parametrize("mode", ["rb", "r+b"])
async def test_read1_gives_no_more_than_the_buffer_that_was_asked_for(tmp_path, mode, how):
    path = tmp_path / "file"
    path.write_bytes(b"abcdefghij")
    opened = path if how == "path" else os.open(path, os.O_RDWR)
    async with ringfiles.open(opened, mode, buffering=3) as file:
        assert await file.read1() == b"abc"
        assert await file.read1(-1) == b"def"
        assert await file.read1(100) == b"ghij"
    async with ringfiles.open(path, mode) as file:
        assert await file.read1() == b"abcdefghij"


@pytest.mark.parametrize("mode", ["r", "r+", "rb"])
@pytest.mark.parametrize("where", [(0,), (0, 1), (0, 2)], ids=str)
async def test_a_seek_has_a_text_read_anew(tmp_path, mode, where):
    path = tmp_path / "file"

    def rewrite(content):
        path.write_bytes(content)
        return ["anew"]

    path.write_bytes(b"old\nsecond\n")
    with open(path, mode) as builtin:
        expected = [builtin.readline(), *rewrite(b"new\nanother\n"), builtin.seek(*where),
                    builtin.readline(), builtin.seek(0), builtin.readline()]
    path.write_bytes(b"old\nsecond\n")
    async with ringfiles.open(path, mode) as file:
        assert [await file.readline(), *rewrite(b"new\nanother\n"), await file.seek(*where),
                await file.readline(), await file.seek(0), await file.readline()] == expected


@pytest.mark.parametrize("mode", ["w", "wb"])
async def test_a_descriptor_that_appends_does_so_in_every_mode(tmp_path, mode):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    async with ringfiles.open(descriptor, mode) as file:
        await file.write("abc" if mode == "w" else b"abc")
        if mode == "wb":
            await file.flush()
        assert await file.tell() == 13
        assert await file.truncate() == 13
    assert path.read_bytes() == b"0123456789abc"
