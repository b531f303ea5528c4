"""What files have beyond aiofiles, of the engine and in a thread alike."""

import asyncio
import io
import os

import pytest

import ringfiles
from conftest import Counting, cancelled, started
from ringfiles import threadpool


@pytest.fixture(params=["engine", "thread"])
async def opened(request, tmp_path):
    """opened(mode, ...): a file of that path, with what was written before in it."""
    open_files = []

    async def open_file(mode="r", content=b"", name="file", **options):
        path = tmp_path / name
        if content:
            path.write_bytes(content)
        if request.param == "thread":
            file = threadpool.wrap(open(path, mode, **options))
        else:
            file = await ringfiles.open(path, mode, **options)
        open_files.append(file)
        return file

    yield open_file
    for file in open_files:
        await file.close()


async def all_batches(file):
    batches = []
    while batch := await file.lines():
        batches.append(batch)
    return batches


@pytest.mark.parametrize("mode, options", [
    ("r", {}), ("r", {"newline": ""}), ("r", {"encoding": "latin-1"}), ("rb", {}), ("r+b", {}),
])
async def test_lines_are_those_of_the_builtin_file(opened, tmp_path, mode, options):
    content = b"".join(b"line %d\n\r\n" % i for i in range(20_000)) + b"no end"
    file = await opened(mode, content, **options)
    batches = await all_batches(file)
    with open(tmp_path / "file", mode, **options) as builtin:
        assert [line for batch in batches for line in batch] == builtin.readlines()
    assert 1 < len(batches) < 1000
    assert await file.lines() == []


async def test_lines_of_a_raw_file(opened):
    file = await opened("rb", b"a\nb\nc", buffering=0)
    assert [line for batch in await all_batches(file) for line in batch] == [b"a\n", b"b\n", b"c"]


async def test_the_position_is_behind_the_lines(opened):
    file = await opened("r", b"first\nsecond\n" * 20_000)
    batch = await file.lines()
    position = await file.tell()
    assert position == sum(map(len, batch)) < 13 * 20_000
    assert await file.readline() in ("first\n", "second\n")


async def test_fsync_writes_what_was_buffered(opened, tmp_path):
    file = await opened("w")
    await file.write("text")
    assert await file.fsync() is None
    assert (tmp_path / "file").read_bytes() == b"text"


async def test_pread_moves_no_position(opened):
    file = await opened("rb", b"0123456789")
    assert await file.read(2) == b"01"
    assert await asyncio.gather(file.pread(3, 5), file.pread(100, 8), file.pread(1, 10)) == [
        b"567", b"89", b""]
    assert await file.read(2) == b"23"


async def test_pread_of_text_gives_bytes(opened):
    file = await opened("r", "söß".encode(), encoding="utf-8")
    assert await file.pread(2, 1) == "ö".encode()


@pytest.mark.parametrize("data", [b"xyz", bytearray(b"xyz"), memoryview(b"xyz")])
async def test_pwrite_moves_no_position(opened, tmp_path, data):
    file = await opened("r+b", b"0123456789", buffering=0)
    assert await file.pwrite(data, 4) == 3
    assert await file.tell() == 0
    assert (tmp_path / "file").read_bytes() == b"0123xyz789"


async def test_pwrite_extends_a_file(opened, tmp_path):
    file = await opened("wb")
    assert await file.pwrite(b"end", 3) == 3
    assert (tmp_path / "file").read_bytes() == b"\0\0\0end"


async def test_the_wrong_direction_is_refused(opened):
    file = await opened("wb", b"data")
    with pytest.raises(io.UnsupportedOperation):
        await file.pread(1, 0)
    with pytest.raises(io.UnsupportedOperation):
        await file.lines()
    file = await opened("rb", b"data")
    with pytest.raises(io.UnsupportedOperation):
        await file.pwrite(b"x", 0)


@pytest.mark.parametrize("name, arguments, error", [
    ("pread", (-1, 0), ValueError), ("pread", (1, -1), ValueError), ("pread", (1,), TypeError),
    ("pread", ("1", 0), TypeError), ("pwrite", ("text", 0), TypeError),
    ("pwrite", (b"x",), TypeError), ("pwrite", (b"x", -1), ValueError),
])
async def test_wrong_arguments_are_refused(opened, name, arguments, error):
    file = await opened("r+b", b"data")
    with pytest.raises(error):
        await getattr(file, name)(*arguments)
    assert await file.read() == b"data"


@pytest.mark.parametrize("name, arguments", [
    ("lines", ()), ("fsync", ()), ("pread", (1, 0)), ("pwrite", (b"x", 0)),
])
async def test_a_closed_file_is_refused(opened, name, arguments):
    file = await opened("r+b", b"data")
    await file.close()
    with pytest.raises(ValueError, match="closed file"):
        await getattr(file, name)(*arguments)


async def test_what_has_no_descriptor_says_so():
    file = threadpool.wrap(io.BytesIO(b"a\nb\n"))
    assert await file.lines() == [b"a\n", b"b\n"]
    for call in (file.fsync(), file.pread(1, 0), file.pwrite(b"x", 0)):
        with pytest.raises(io.UnsupportedOperation):
            await call


async def test_of_a_pipe_no_second_line_is_waited_for():
    reading, writing = os.pipe()
    os.write(writing, b"one\ntwo\n")
    file = threadpool.wrap(open(reading, "rb"))
    assert await file.lines() == [b"one\n"]
    assert await file.lines() == [b"two\n"]
    os.close(writing)
    assert await file.lines() == []
    await file.close()


async def test_each_is_one_hop_in_its_turn(tmp_path):
    (tmp_path / "file").write_bytes(b"old\n")
    executor = Counting()
    file = threadpool.wrap(open(tmp_path / "file", "r+b"), executor=executor)
    results = await asyncio.gather(
        file.pwrite(b"new", 0), file.lines(), file.fsync(), file.pread(9, 0))
    assert results == [3, [b"new\n"], None, b"new\n"]
    assert executor.submitted == 4
    await file.close()


@pytest.mark.parametrize("mode", ["r", "rb"])
async def test_cancelled_lines_are_there_for_the_next_call(tmp_path, cranked, mode):
    (tmp_path / "file").write_bytes(b"one\ntwo\n")
    inner = open(tmp_path / "file", mode)
    file = threadpool.wrap(inner, executor=cranked)
    reading = await started(file.lines())
    future, job = cranked.jobs.pop(0)
    future.set_running_or_notify_cancel()
    await cancelled(reading)
    job()
    assert (await next_of(cranked, file.lines()))[0] in ("one\n", b"one\n")
    inner.close()


async def next_of(cranked, call):
    task = await started(call)
    cranked.run_next()
    return await task


async def test_a_file_with_a_codec_for_threads_is_still_itself(tmp_path):
    path = str(tmp_path / "file")
    async with ringfiles.open(path, "w") as file:
        await file.reconfigure(encoding="utf-16", newline="\r\n")
        assert (file.name, file.mode, file.encoding) == (path, "w", "utf-16")
        await file.write("text\n")
        await file.fsync()
        assert (tmp_path / "file").read_bytes() == "text\r\n".encode("utf-16")


async def test_a_file_with_a_codec_for_threads_is_closed_when_its_user_is_cancelled(tmp_path):
    (tmp_path / "file").write_bytes("text\n".encode("utf-16"))
    with pytest.raises(asyncio.CancelledError):
        async with ringfiles.open(tmp_path / "file") as file:
            await file.reconfigure(encoding="utf-16")
            assert await file.lines() == ["text\n"]
            raise asyncio.CancelledError
    assert file.closed and file._file.closed


@pytest.mark.parametrize("read", ["readline", "__anext__", "read"])
async def test_the_codec_is_settled_by_what_is_at_hand_too(tmp_path, read):
    (tmp_path / "text").write_text("one\ntwo\nthree\n")
    async with ringfiles.open(tmp_path / "text", encoding="ascii") as file:
        for _ in range(2):
            await (file.read(2) if read == "read" else getattr(file, read)())
            with pytest.raises(io.UnsupportedOperation):
                await file.reconfigure(encoding="latin-1")
            await file.seek(0)
        await file.reconfigure(encoding="latin-1")
