"""Closing: twice, in vain, and by forgetting."""

import errno
import gc
import os
import tempfile
import warnings

import pytest

import ringfiles
from conftest import settle, started, until


@pytest.fixture
def path(tmp_path):
    (tmp_path / "file").write_bytes(b"line\n")
    return tmp_path / "file"


MODES = [{"mode": "r"}, {"mode": "rb"}, {"mode": "rb", "buffering": 0}, {"mode": "r+b"}]


@pytest.mark.parametrize("options", MODES, ids=str)
async def test_twice_is_none_and_then_nothing_works(path, options):
    file = await ringfiles.open(path, **options)
    assert await file.close() is None
    assert await file.close() is None
    with open(path, **options) as theirs:
        pass
    calls = [("read",), ("readline",), ("seek", 0), ("tell",), ("seekable",), ("isatty",),
             ("readinto", bytearray(1)), ("read1",), ("peek",), ("readall",), ("truncate",)]
    for name, *arguments in calls:
        if not hasattr(file, name):
            continue
        with pytest.raises(ValueError) as ours:
            await getattr(file, name)(*arguments)
        with pytest.raises(ValueError) as expected:
            getattr(theirs, name)(*arguments)
        assert str(ours.value) == str(expected.value), name
    with pytest.raises(ValueError):
        await file.__anext__()
    with pytest.raises(ValueError):
        file.fileno()
    assert file.closed and file.name == str(path) and file.mode == theirs.mode


async def test_binary_readable_is_plain_and_text_readable_a_coroutine(path):
    async with ringfiles.open(path, "rb") as file:
        assert file.readable() is True
    with pytest.raises(ValueError):
        file.readable()
    async with ringfiles.open(path) as file:
        assert await file.readable() is True


@pytest.mark.parametrize("leave", ["close", "exit"])
async def test_an_error_at_the_end_is_told_and_the_file_is_closed(leave):
    manager = ringfiles.open("/dev/full", "wb")
    file = await manager
    assert await file.write(b"x") == 1
    with pytest.raises(OSError) as caught:
        if leave == "close":
            await file.close()
        else:
            await manager.__aexit__(None, None, None)
    assert caught.value.errno == errno.ENOSPC
    assert file.closed


async def test_detached_the_raw_file_is_ours_to_close(path):
    manager = ringfiles.open(path, "rb")
    file = await manager
    raw = file.detach()
    for call in (file.read, file.close):
        with pytest.raises(ValueError, match="raw stream has been detached"):
            await call()
    with pytest.raises(ValueError, match="raw stream has been detached"):
        assert file.closed
    with pytest.raises(ValueError, match="raw stream has been detached"):
        await manager.__aexit__(None, None, None)
    assert raw.read() == b"line\n"
    raw.close()


async def test_detached_while_neighbours_work_it_is_where_it_was(tmp_path, path):
    """Their work is as much as a turn of the loop takes."""
    path.write_bytes(b"line\n" * 1000)
    memory = tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else tmp_path)
    with memory as folder:
        others = [await ringfiles.open(f"{folder}/{n}", "wb") for n in range(6)]
        for _ in range(5):
            file = await ringfiles.open(path, "rb")
            for _ in range(10):
                await file.readline()
            writing = [await started(other.writelines(b"x" * 50_000 for _ in range(300)))
                       for other in others]
            raw = file.detach()
            assert raw.tell() == 50
            raw.close()
            for task in writing:
                await task
        for other in others:
            await other.close()


async def test_detached_a_fifo_goes_on(fifo):
    path, both = fifo
    file = await ringfiles.open(path, "rb")
    os.write(both, b"text")
    assert await file.read(4) == b"text"
    with file.detach() as raw:
        os.write(both, b"more")
        assert raw.read(4) == b"more"


@pytest.mark.parametrize("options", [{"mode": "wb", "buffering": 0}, {"mode": "w", "buffering": 1}],
                         ids=str)
@pytest.mark.parametrize("size", [10, 300_000, 3_000_000])
@pytest.mark.parametrize("call", ["write", "writelines"])
@pytest.mark.parametrize("close", ["close", "_close_now"])
async def test_a_write_that_is_to_be_flushed_and_a_close_behind_it(
        path, options, size, call, close):
    file = await ringfiles.open(path, **options)
    data = "x" * size + "\n" if options["mode"] == "w" else b"x" * size + b"\n"
    writing = await started(getattr(file, call)(data if call == "write" else [data]))
    if close == "close":
        await file.close()
    else:
        file._close_now()
    assert await writing == (size + 1 if call == "write" else None)
    await until(lambda: path.stat().st_size == size + 1)


async def forgotten(cranked, *calls, **options):
    """Opens a file, makes calls, and lets go of it when no thread holds it any more."""
    opening = await started(ringfiles.open(executor=cranked, **options).__aenter__())
    cranked.run_next()
    file = await opening
    for name, *arguments in calls:
        task = await started(getattr(file, name)(*arguments))
        cranked.run_next()
        await task
    descriptor = file.fileno()
    del task, opening
    await settle()
    gc.disable()
    try:
        with pytest.warns(ResourceWarning, match=r"unclosed file <_io\."):
            del file
    finally:
        gc.enable()
    with pytest.raises(OSError):
        os.fstat(descriptor)


@pytest.mark.parametrize("options", MODES, ids=str)
async def test_forgotten_it_is_closed_at_once_with_a_warning(path, cranked, options):
    await forgotten(cranked, ("readline",), file=path, **options)


async def test_closed_it_leaves_without_a_word(path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        async with ringfiles.open(path) as file:
            await file.read()
        del file
        gc.collect()
    assert [str(warning.message) for warning in caught] == []


async def test_buffered_data_of_a_forgotten_file_is_written(path, cranked):
    await forgotten(cranked, ("write", b"kept"), file=path, mode="wb")
    assert path.read_bytes() == b"kept"
