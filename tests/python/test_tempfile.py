"""Temporary files and directories."""

import gc
import io
import os
import sys
import warnings

import pytest

from conftest import cancelled, settle, started
from ringfiles import tempfile
from ringfiles.tempfile import temptypes
from ringfiles.threadpool import binary, text

newer = pytest.mark.skipif(sys.version_info < (3, 12), reason="from Python 3.12 on")


@pytest.mark.parametrize("mode, cls", [
    ("w+b", binary.AsyncBufferedReader), ("wb", binary.AsyncBufferedIOBase),
    ("w+", text.AsyncTextIOWrapper),
])
@pytest.mark.parametrize("make", [tempfile.NamedTemporaryFile, tempfile.TemporaryFile])
async def test_the_mode_chooses_the_type(make, mode, cls, tmp_path):
    async with make(mode, dir=tmp_path) as file:
        assert type(file) is cls
    async with make("w+b", 0, dir=tmp_path) as file:
        assert type(file) is binary.AsyncFileIO


async def test_named_is_removed_when_left_or_closed(tmp_path):
    async with tempfile.NamedTemporaryFile(suffix=".s", prefix="p.", dir=tmp_path) as file:
        assert os.path.dirname(file.name) == str(tmp_path)
        assert os.path.basename(file.name).startswith("p.") and file.name.endswith(".s")
        await file.write(b"data")
        await file.seek(0)
        assert await file.read() == b"data"
    assert os.listdir(tmp_path) == []
    file = await tempfile.NamedTemporaryFile(dir=tmp_path)
    await file.close()
    await file.close()
    assert os.listdir(tmp_path) == []


async def test_named_stays_if_so_asked(tmp_path):
    async with tempfile.NamedTemporaryFile(dir=tmp_path, delete=False) as file:
        pass
    assert os.path.exists(file.name)


async def test_named_is_removed_when_forgotten(tmp_path, cranked):
    making = await started(tempfile.NamedTemporaryFile(dir=tmp_path, executor=cranked).__aenter__())
    cranked.run_next()
    file = await making
    del making
    await settle()  # The last turn of the loop in which anything holds it.
    name = file.name
    if sys.version_info >= (3, 12):
        assert file._closer.name == name and not hasattr(file, "delete")
    else:
        assert file.delete is True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Some versions of Python warn, some do not.
        del file
        gc.collect()
    assert not os.path.exists(name)


@newer
async def test_named_can_outlive_its_close(tmp_path):
    async with tempfile.NamedTemporaryFile(dir=tmp_path, delete_on_close=False) as file:
        await file.close()
        assert os.path.exists(file.name)
    assert not os.path.exists(file.name)


async def test_unnamed_has_a_number_for_a_name(tmp_path):
    async with tempfile.TemporaryFile(dir=tmp_path) as file:
        assert type(file.name) is int and os.listdir(tmp_path) == []


async def test_a_cancelled_read_of_a_named_file_loses_nothing(tmp_path, cranked):
    async with tempfile.NamedTemporaryFile("w+", dir=tmp_path) as file:
        await file.write("first\nsecond\n")
        await file.seek(0)
        file._executor = cranked
        task = await started(file.readline())
        cranked.run_next()
        await cancelled(task)
        file._executor = None
        assert await file.read() == "first\nsecond\n"


async def test_directory_gives_its_path_when_entered(tmp_path):
    async with tempfile.TemporaryDirectory("s", "p", tmp_path) as path:
        assert type(path) is str and os.path.isdir(path)
        assert os.path.basename(path)[0] == "p" and path[-1] == "s"
        with open(os.path.join(path, "file"), "w"):
            pass
    assert os.listdir(tmp_path) == []


async def test_directory_gives_itself_when_awaited(tmp_path):
    directory = await tempfile.TemporaryDirectory(dir=tmp_path)
    assert type(directory) is temptypes.AsyncTemporaryDirectory
    assert os.path.isdir(directory.name)
    await directory.cleanup()
    assert os.listdir(tmp_path) == []
    directory = await tempfile.TemporaryDirectory(dir=tmp_path)
    await directory.close()
    assert os.listdir(tmp_path) == []


@newer
async def test_directory_stays_or_forgives_if_so_asked(tmp_path):
    async with tempfile.TemporaryDirectory(dir=tmp_path, delete=False) as path:
        pass
    assert os.path.isdir(path)
    for ignored in (True, False):
        manager = tempfile.TemporaryDirectory(dir=tmp_path, ignore_cleanup_errors=ignored)
        async with manager:
            assert manager._obj._file._ignore_cleanup_errors is ignored


async def spooled(cranked, **options):
    manager = tempfile.SpooledTemporaryFile(executor=cranked, **options)
    task = await started(manager.__aenter__())
    cranked.run_next()
    return await task


async def test_spooled_is_served_without_a_thread_while_in_memory(cranked):
    file = await spooled(cranked, max_size=100)
    assert type(file) is temptypes.AsyncSpooledTemporaryFile
    assert await file.write(b"a\nbc\n") == 5
    assert await file.seek(0) == 0
    assert await file.readline() == b"a\n"
    assert await file.readlines() == [b"bc\n"]
    assert await file.tell() == 5
    # Python 3.10 forgets to return it.
    assert await file.truncate(2) == (2 if sys.version_info >= (3, 11) else None)
    assert await file.isatty() is False
    assert await file.flush() is None
    assert type(file._file._file) is io.BytesIO
    assert await file.close() is None
    assert cranked.submitted == 1 and file.closed


@pytest.mark.parametrize("count, rolled", [(9, False), (10, False), (11, True)])
@pytest.mark.parametrize("lines", [False, True])
async def test_spooled_rolls_over_above_its_size_in_a_thread(cranked, count, rolled, lines):
    file = await spooled(cranked, max_size=10)
    data = b"x" * count
    task = await started(file.writelines([data[:4], data[4:]]) if lines else file.write(data))
    if cranked.jobs:
        cranked.run_next()
    assert await task == (None if lines else count)
    assert (type(file._file._file) is not io.BytesIO) == rolled
    assert cranked.submitted == (2 if rolled or lines or count > 10 else 1)
    file._executor = None
    await file.seek(0)
    assert await file.read() == data
    await file.close()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_spooled_text_rolls_over_in_a_thread(cranked, encoding):
    file = await spooled(cranked, max_size=40, mode="w+", encoding=encoding)
    for _ in range(20):
        hops = cranked.submitted
        task = await started(file.write("é\n" * 3))
        if cranked.jobs:
            cranked.run_next()
        assert await task == 6
        if file._file._rolled:
            break
        assert type(file._file._file) is io.TextIOWrapper
    assert file._file._rolled and cranked.submitted == hops + 1
    file._executor = None
    await file.close()


async def test_spooled_of_no_size_never_rolls(cranked):
    file = await spooled(cranked)
    for _ in range(100):
        await file.write(b"x" * 1000)
    assert type(file._file._file) is io.BytesIO and cranked.submitted == 1
    await file.close()


async def test_spooled_copies_much_in_a_thread(cranked):
    file = await spooled(cranked)
    task = await started(file.write(b"x" * 1_000_000))
    assert not task.done()
    cranked.run_next()
    assert await task == 1_000_000
    task = await started(file.seek(0))
    cranked.run_next()
    await task
    task = await started(file.read())
    assert not task.done()
    cranked.run_next()
    assert len(await task) == 1_000_000
    assert type(file._file._file) is io.BytesIO
    file._executor = None
    await file.close()


async def test_spooled_fileno_is_a_coroutine_that_rolls_over(cranked):
    file = await spooled(cranked, max_size=10)
    task = await started(file.fileno())
    cranked.run_next()
    assert type(await task) is int and file._file._rolled
    file._executor = None
    await file.close()


async def test_spooled_calls_keep_their_order_over_a_rollover(cranked):
    file = await spooled(cranked, max_size=10)
    rolling = await started(file.write(b"x" * 11))
    waiting = await started(file.write(b"y"))
    assert not waiting.done()
    cranked.run_next()
    assert await rolling == 11
    cranked.run_next() if cranked.jobs else await started(file.tell())
    file._executor = None
    await waiting
    await file.seek(0)
    assert await file.read() == b"x" * 11 + b"y"
    await file.close()


async def test_spooled_wrong_arguments_are_told_by_the_file():
    async with tempfile.SpooledTemporaryFile(max_size=10) as file:
        for wrong in ("text", None, 3):
            with pytest.raises(TypeError):
                await file.write(wrong)
        with pytest.raises(AttributeError):
            assert file.encoding
        assert not hasattr(file, "readable") and not hasattr(file, "read1")
    with pytest.raises(ValueError):
        await file.write(b"late")


async def test_spooled_text_has_its_encoding_and_newlines():
    async with tempfile.SpooledTemporaryFile(mode="w+", encoding="latin-1") as file:
        await file.write("é\r\n")
        await file.seek(0)
        assert file.encoding == "latin-1" and file.newlines is None
        await file.read()
        assert file.newlines == "\r\n"
