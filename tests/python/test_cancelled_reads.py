"""What a cancelled read took is there for the next one."""

import asyncio
import io
import os

import pytest

from conftest import StoppingRaw, cancelled, settle, started
from ringfiles.threadpool import wrap

LINES = "first é\nsecond\nthird\n"
CALLS = [
    ("read", (), 2), ("read", (3,), 2), ("readline", (), 2), ("readlines", (5,), 2),
    ("__anext__", (), 2), ("read1", (4,), 1), ("readinto", (3,), 1), ("readall", (), 0),
]
ids = [f"{name}{''.join(map(str, arguments))}" for name, arguments, _ in CALLS]


def layered(raw, kind):
    """As `open` would: a raw file, buffered, or text."""
    if kind == "raw":
        return raw
    buffered = io.BufferedReader(raw)
    return buffered if kind == "buffered" else io.TextIOWrapper(buffered, encoding="utf-8")


def has(kind, name):
    lacking = {"raw": ("read1",), "buffered": ("readall",),
               "text": ("read1", "readinto", "readall")}
    return name not in lacking[kind]


CASES = [
    pytest.param(kind, name, arguments, id=f"{kind}-{name}{''.join(map(str, arguments))}")
    for kind in ("raw", "buffered", "text")
    for name, arguments, _ in CALLS
    if has(kind, name)
]


async def call(file, name, arguments):
    if name == "readinto":
        return await file.readinto(bytearray(arguments[0]))
    return await getattr(file, name)(*arguments)


async def everything(file):
    """The rest of the file. A raw file may give it in parts."""
    parts = []
    while part := await file.read(100):
        parts.append(part)
    return parts[0][:0].join(parts)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "file").write_bytes(LINES.encode())
    return tmp_path / "file"


def expected(kind):
    return LINES if kind == "text" else LINES.encode()


@pytest.fixture
def pipe():
    """A reading end with all lines in it and no more to come."""
    reading, writing = os.pipe()
    os.write(writing, LINES.encode())
    os.close(writing)
    return reading


@pytest.mark.parametrize("kind, name, arguments", CASES)
@pytest.mark.parametrize("source", ["path", "pipe"])
async def test_cancelled_while_it_runs(request, source, stop, kind, name, arguments):
    raw = StoppingRaw(request.getfixturevalue(source), "r", stop)
    file = wrap(layered(raw, kind))
    stop.armed = True
    task = await started(call(file, name, arguments))
    await stop.reached()
    await cancelled(task)
    stop.go_on()
    assert await everything(file) == expected(kind)
    await file.close()


@pytest.mark.parametrize("kind, name, arguments", CASES)
@pytest.mark.parametrize("source", ["path", "pipe"])
async def test_cancelled_when_it_has_ended(request, source, stop, cranked, kind, name, arguments):
    raw = StoppingRaw(request.getfixturevalue(source), "r", stop)
    file = wrap(layered(raw, kind), executor=cranked)
    task = await started(call(file, name, arguments))
    cranked.run_next()
    await cancelled(task)
    file._executor = None
    assert await everything(file) == expected(kind)
    await file.close()


@pytest.mark.parametrize("kind, name, arguments", CASES)
async def test_twice_in_the_middle_of_a_file(path, cranked, stop, kind, name, arguments):
    file = wrap(layered(StoppingRaw(path, "r", stop), kind), executor=cranked)
    reading = await started(file.readline())
    cranked.run_next()
    first = await reading
    for _ in range(2):
        task = await started(call(file, name, arguments))
        cranked.run_next()
        await cancelled(task)
    file._executor = None
    assert first + await everything(file) == expected(kind)
    await file.close()


@pytest.mark.parametrize("name, arguments", [
    ("readline", ()), ("readline", (3,)), ("readline", (100,)), ("readline", (0,)),
    ("read", (2,)), ("read", ()), ("read", (None,)), ("read", (15,)), ("read", (0,)),
    ("readlines", ()), ("readlines", (8,)), ("readlines", (9,)), ("readlines", (10,)),
])
@pytest.mark.parametrize("lost", [("read", (10,)), ("readline", ()), ("read", (3,))],
                         ids=["read10", "readline", "read3"])
@pytest.mark.parametrize("kind", ["text", "buffered"])
async def test_each_kind_of_read_takes_up_what_a_pipe_had_given(
        pipe, cranked, kind, lost, name, arguments):
    # In one-byte characters, so that the sizes mean the same for both kinds.
    inner = io.BufferedReader(io.FileIO(pipe))
    if kind == "text":
        inner = io.TextIOWrapper(inner, encoding="latin-1")
    file = wrap(inner, executor=cranked)
    task = await started(call(file, *lost))
    cranked.run_next()
    await cancelled(task)
    file._executor = None
    with io.BufferedReader(io.BytesIO(LINES.encode())) as plain:
        twin = io.TextIOWrapper(plain, encoding="latin-1") if kind == "text" else plain
        assert await call(file, name, arguments) == getattr(twin, name)(*arguments)
        assert await file.read() == twin.read()
    await file.close()


async def test_lines_of_a_pipe_stay_whole_when_each_is_cancelled_once(pipe):
    loop = asyncio.get_running_loop()
    file = wrap(io.TextIOWrapper(io.BufferedReader(io.FileIO(pipe)), encoding="utf-8"))
    lines = []
    for _ in range(3):
        task = loop.create_task(file.readline())
        while not file.__dict__.get("_order") or not file._order.fifo._calls:
            await asyncio.sleep(0)
        await cancelled(task)
        lines.append(await file.readline())
    assert "".join(lines) == LINES
    await file.close()


async def test_peek_and_read1_see_what_was_given_back(pipe, cranked):
    file = wrap(io.BufferedReader(io.FileIO(pipe)), executor=cranked)
    task = await started(file.read(4))
    cranked.run_next()
    await cancelled(task)
    file._executor = None
    assert await file.peek() == b"firs"
    assert await file.peek() == b"firs"
    assert await file.read1(2) == b"fi"
    buffer = bytearray(4)
    assert await file.readinto(buffer) == 4
    assert buffer == "rst é".encode()[:4]
    await file.close()


async def test_a_cancelled_peek_puts_nothing_back(pipe, cranked):
    file = wrap(io.BufferedReader(io.FileIO(pipe)), executor=cranked)
    task = await started(file.peek())
    cranked.run_next()
    await cancelled(task)
    file._executor = None
    assert await file.read() == LINES.encode()
    await file.close()


async def test_the_buffer_of_a_cancelled_readinto_is_not_touched(path, stop):
    file = wrap(StoppingRaw(path, "r", stop))
    buffer = bytearray(b"mine")
    stop.armed = True
    task = await started(file.readinto(buffer))
    await stop.reached()
    await cancelled(task)
    buffer.append(ord("!"))  # A BufferError, if somebody still held it.
    stop.go_on()
    assert await file.read(5) == b"first"
    assert buffer == b"mine!"
    await file.close()


async def test_readinto_fills_any_writable_buffer_and_refuses_others(path):
    import array

    file = wrap(io.FileIO(path))
    buffer = array.array("H", [0, 0])
    assert await file.readinto(buffer) == 4
    assert buffer.tobytes() == b"firs"
    assert await file.readinto(memoryview(bytearray(3))[1:]) == 2
    for wrong in (b"bytes", "text", None, 3):
        with pytest.raises(TypeError) as ours:
            await file.readinto(wrong)
        with pytest.raises(TypeError) as theirs:
            file._file.readinto(wrong)
        assert str(ours.value) == str(theirs.value)
    with pytest.raises(TypeError):
        await file.readinto()
    await file.close()


async def test_the_buffer_is_free_when_readinto_failed(path):
    with open(path, "wb", 0) as inner:
        file = wrap(inner)
        buffer = bytearray(3)
        try:
            await file.readinto(buffer)
        except io.UnsupportedOperation:
            buffer.append(0)
    assert len(buffer) == 4


@pytest.mark.parametrize("name, arguments", [("read", (8,)), ("readinto", (8,))])
async def test_a_file_that_only_seems_to_seek_loses_nothing(cranked, name, arguments):
    class Event(io.RawIOBase):
        """Like an event descriptor: it reads once, and seeking does nothing."""

        left = b"event"

        def readable(self):
            return True

        def seekable(self):
            return True

        def seek(self, position, whence=0):
            return 0

        def readinto(self, buffer):
            taken, self.left = self.left, b""
            buffer[:len(taken)] = taken
            return len(taken)

    from ringfiles.threadpool import AsyncFileIO

    file = AsyncFileIO(Event(), None, cranked)
    task = await started(call(file, name, arguments))
    cranked.run_next()
    await cancelled(task)
    file._executor = None
    assert await file.read(8) == b"event"


async def test_a_cancelled_decoding_error_comes_again(tmp_path, cranked):
    (tmp_path / "file").write_bytes(b"good\n\xff\xfe")
    with open(tmp_path / "file", encoding="utf-8") as inner:
        file = wrap(inner, executor=cranked)
        task = await started(file.read())
        cranked.run_next()
        await cancelled(task)
        file._executor = None
        with pytest.raises(UnicodeDecodeError):
            await file.read()
        # Delivered, it is over: so Python's own files do.
        assert await file.read() == ""


async def test_a_seek_after_a_cancelled_read_wins(path, cranked):
    file = wrap(io.FileIO(path), executor=cranked)
    task = await started(file.read(3))
    cranked.run_next()
    await cancelled(task)
    file._executor = None
    await file.seek(6)
    assert await file.read(2) == "é".encode()
    await file.close()


async def test_tell_after_a_cancelled_read_is_where_it_was(path, cranked):
    file = wrap(io.FileIO(path), executor=cranked)
    task = await started(file.read(3))
    cranked.run_next()
    await cancelled(task)
    file._executor = None
    assert await file.tell() == 0
    await file.close()


async def test_a_write_after_a_cancelled_read_lands_where_it_would_have(path, cranked):
    with open(path, "r+b") as inner:
        file = wrap(inner, executor=cranked)
        task = await started(file.read(3))
        cranked.run_next()
        await cancelled(task)
        file._executor = None
        await file.write(b"FIRST")
    assert path.read_bytes()[:7] == b"FIRST \xc3"


async def test_a_mock_sees_only_the_calls_that_were_made():
    from unittest.mock import MagicMock, call

    from ringfiles.threadpool.binary import AsyncBufferedIOBase

    mock = MagicMock()
    mock.read.return_value = b"data"
    file = AsyncBufferedIOBase(mock, loop=None, executor=None)
    assert await file.read(3) == b"data"
    await settle()
    assert mock.mock_calls == [call.read(3)]
