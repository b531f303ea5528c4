"""Text that is encoded in portions is written as if it were encoded at once."""

import asyncio

import pytest

import ringfiles

PORTION = 64 * 1024
WIDE = "ä€🦊\n" * PORTION


@pytest.mark.parametrize("encoding, errors, newline", [
    ("utf-8", "strict", "\n"), ("utf-8", "strict", "\r\n"), ("utf-8", "replace", "\r"),
    ("ascii", "backslashreplace", "\r\n"), ("latin-1", "ignore", None),
    ("cp1252", "xmlcharrefreplace", None), ("cp437", "replace", "\r"),
])
@pytest.mark.parametrize("how", ["write", "writelines"])
async def test_long_text_as_the_builtin_open(tmp_path, encoding, errors, newline, how):
    options = {"encoding": encoding, "errors": errors, "newline": newline}
    async with ringfiles.open(tmp_path / "ours", "w", **options) as file:
        await file.write("before")
        if how == "write":
            assert await file.write(WIDE) == len(WIDE)
        else:
            await file.writelines(["first", WIDE, WIDE, "last"])
        await file.write("behind")
    with open(tmp_path / "theirs", "w", **options) as file:
        file.write("before")
        file.write(WIDE) if how == "write" else file.writelines(["first", WIDE, WIDE, "last"])
        file.write("behind")
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


@pytest.mark.parametrize("encoding, bad", [
    ("utf-8", "\udc80\udc81"), ("ascii", "é"), ("cp437", "Þ"),
])
async def test_long_text_with_an_error_writes_nothing(tmp_path, encoding, bad):
    text = "a€" * PORTION + bad + "b" * PORTION if encoding == "utf-8" else (
        "a" * 3 * PORTION + bad)
    async with ringfiles.open(tmp_path / "file", "w", encoding=encoding) as file:
        await file.write("before")
        with pytest.raises(UnicodeEncodeError) as raised:
            await file.write(text)
        await file.write("behind")
    with pytest.raises(UnicodeEncodeError) as expected:
        text.encode(encoding)
    assert raised.value.args == expected.value.args
    assert (tmp_path / "file").read_text() == "beforebehind"


async def test_line_buffered_long_text_is_there_at_once(tmp_path):
    async with ringfiles.open(tmp_path / "file", "w", buffering=1, encoding="utf-8") as file:
        await file.write(WIDE)
        assert (tmp_path / "file").read_bytes() == WIDE.encode()


async def test_cancelled_close_closes(tmp_path):
    file = await ringfiles.open(tmp_path / "file", "w")
    await file.write("x" * 1000)
    task = asyncio.create_task(file.fsync())
    closing = asyncio.create_task(file.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.gather(task, closing, return_exceptions=True)
    assert file.closed


@pytest.mark.parametrize("content", ["é" * 150_000, "€\r\n" * 90_000, "a" * 300_000], ids=len)
@pytest.mark.parametrize("before", [1, 60_000])
async def test_the_rest_of_a_long_text_behind_a_line(tmp_path, content, before):
    """Part of it is in the file's buffer, so all is at hand before anybody waits."""
    (tmp_path / "file").write_bytes(("x" * before + "\n" + content).encode())
    async with ringfiles.open(tmp_path / "file", encoding="utf-8") as file:
        await file.readline()
        assert await file.read() == content.replace("\r\n", "\n")


@pytest.mark.parametrize("content, more", [
    ("a" * 400_000, "b" * 200_000), ("a" * 400_000, "é\r\n" * 50_000),
    ("é" * 200_000, "\n" * 200_000),
], ids=["plain", "wide", "newlines"])
async def test_a_long_text_that_grows_while_it_is_read(tmp_path, content, more):
    (tmp_path / "file").write_bytes(content.encode())
    async with ringfiles.open(tmp_path / "file", encoding="utf-8") as file:
        reading = file.read()
        future = reading.send(None)  # it has asked for the size
        future._asyncio_future_blocking = False
        with open(tmp_path / "file", "ab") as appending:
            appending.write(more.encode())
        await future
        assert await rest_of(reading) == (content + more).replace("\r\n", "\n")


async def rest_of(operation):
    """What the awaitable gives that was driven by hand until now."""
    class Rest:
        def __await__(self):
            try:
                while True:
                    yield operation.send(None)
            except StopIteration as ended:
                return ended.value

    return await Rest()


BROKEN = b"\xff\xfe caf\xe9 \xe2\x82 quick\r\nbrown\rfox \xf0\x9f\xa6\x8a jumps\n" * 20_000


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("errors", ["replace", "ignore", "surrogateescape"])
@pytest.mark.parametrize("newline", [None, "", "\r"])
@pytest.mark.parametrize("end", [b"", b"\xe2\x82", b"\r"])
async def test_long_malformed_text_as_the_builtin_open(tmp_path, encoding, errors, newline, end):
    (tmp_path / "file").write_bytes(BROKEN + end)
    options = {"encoding": encoding, "errors": errors, "newline": newline}
    async with ringfiles.open(tmp_path / "file", **options) as file:
        ours, seen = await file.read(), file.newlines
    with open(tmp_path / "file", **options) as file:
        assert ours == file.read()
        assert seen == file.newlines


@pytest.mark.parametrize("errors", ["replace", "surrogateescape"])
@pytest.mark.parametrize("size", [300_000, 900_000, 5_000_000])
async def test_many_characters_as_the_builtin_open(tmp_path, errors, size):
    content = b"narrow " * 60_000 + "w€de ".encode() * 60_000 + "🦊".encode() * 9_000 + BROKEN
    (tmp_path / "file").write_bytes(content)
    options = {"encoding": "utf-8", "errors": errors}
    async with ringfiles.open(tmp_path / "file", **options) as file:
        ours = [await file.read(size) for _ in range(3)]
    with open(tmp_path / "file", **options) as file:
        assert ours == [file.read(size) for _ in range(3)]
