"""Opening: when it happens, where, what it returns, and what is left if it is cancelled."""

import asyncio
import collections.abc
import gc
import inspect
import io
import os
import threading
import warnings
from pathlib import Path

import pytest

import ringfiles
from conftest import Stop, cancelled, started
from ringfiles import base, threadpool
from ringfiles.threadpool import binary, text


@pytest.fixture
def path(tmp_path):
    (tmp_path / "file").write_bytes(b"line\nnext\n")
    return tmp_path / "file"


def descriptors():
    return set(os.listdir("/proc/self/fd"))


async def test_nothing_is_opened_before_it_is_awaited(tmp_path):
    manager = ringfiles.open(tmp_path / "new", "w")
    assert not (tmp_path / "new").exists()
    file = await manager
    assert (tmp_path / "new").exists()
    await file.close()


def test_not_awaited_it_warns_as_a_coroutine_does(path):
    with pytest.warns(RuntimeWarning, match="coroutine '_open' was never awaited"):
        ringfiles.open(path)
        gc.collect()


def test_it_warns_from_within_a_circle_too(path):
    class Path:
        def __fspath__(self):
            return str(path)

    within = Path()
    within.manager = ringfiles.open(within)
    del within
    with pytest.warns(RuntimeWarning, match="coroutine '_open' was never awaited"):
        gc.collect()


def test_in_debug_mode_the_warning_says_where_it_was_made(path):
    async def forget():
        ringfiles.open(path)

    with pytest.warns(RuntimeWarning, match=r"(?s)'_open' was never awaited.*in forget"):
        asyncio.run(forget(), debug=True)
        gc.collect()


async def test_what_it_opens_may_be_put_in_its_place(path):
    manager = ringfiles.open(path)
    file = await ringfiles.open(path)
    manager._obj = file
    async with manager as entered:
        assert entered is file
    assert file.closed and manager._obj is None
    manager._coro.close()


async def test_an_entry_that_failed_cannot_be_repeated(tmp_path):
    manager = ringfiles.open(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        await manager
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        await manager


async def test_what_is_no_path_is_refused_when_it_is_awaited(path):
    class Path:
        def __fspath__(self):
            raise ZeroDivisionError

    for wrong, kind in [(Path(), ZeroDivisionError), (None, TypeError), (1.5, TypeError),
                        (f"{path}\0", ValueError), (f"{path}\0".encode(), ValueError)]:
        manager = ringfiles.open(wrong)
        with pytest.raises(kind):
            async with manager:
                pass


async def test_awaited_twice_it_is_the_same_file(path):
    manager = ringfiles.open(path)
    file = await manager
    assert await manager is file
    async with manager as entered:
        assert entered is file
    assert file.closed and manager._obj is None


async def test_left_it_cannot_be_entered_again(path):
    manager = ringfiles.open(path)
    async with manager:
        pass
    with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
        async with manager:
            pass


async def test_left_without_having_been_entered_it_has_no_file(path):
    manager = ringfiles.open(path)
    with pytest.raises(AttributeError):
        await manager.__aexit__(None, None, None)
    manager._coro.close()


async def test_the_manager_is_awaitable_and_no_coroutine(path):
    manager = ringfiles.open(path)
    assert isinstance(manager, collections.abc.Awaitable)
    assert not isinstance(manager, collections.abc.Coroutine)
    assert not inspect.iscoroutinefunction(ringfiles.open)
    assert base.AiofilesContextManager.__slots__ == ("_coro", "_obj")
    with pytest.raises(TypeError):
        asyncio.create_task(manager)
    await (await manager).close()


async def test_an_error_in_the_body_goes_on_and_the_file_is_closed(path):
    with pytest.raises(ZeroDivisionError):
        async with ringfiles.open(path) as file:
            raise ZeroDivisionError
    assert file.closed


@pytest.mark.parametrize("mode, buffering, cls, inner", [
    ("r", -1, text.AsyncTextIOWrapper, io.TextIOWrapper),
    ("w+", -1, text.AsyncTextIOWrapper, io.TextIOWrapper),
    ("rb", -1, binary.AsyncBufferedReader, io.BufferedReader),
    ("r+b", -1, binary.AsyncBufferedReader, io.BufferedRandom),
    ("w+b", -1, binary.AsyncBufferedReader, io.BufferedRandom),
    ("a+b", -1, binary.AsyncBufferedReader, io.BufferedRandom),
    ("wb", -1, binary.AsyncBufferedIOBase, io.BufferedWriter),
    ("ab", -1, binary.AsyncBufferedIOBase, io.BufferedWriter),
    ("xb", -1, binary.AsyncBufferedIOBase, io.BufferedWriter),
    ("rb", 0, binary.AsyncFileIO, io.FileIO),
    ("wb", 0, binary.AsyncFileIO, io.FileIO),
])
async def test_the_mode_chooses_the_type(path, mode, buffering, cls, inner):
    if "x" in mode:
        path.unlink()
    async with ringfiles.open(path, mode, buffering) as file:
        assert isinstance(file, cls) and type(file).__name__ == cls.__name__
        with open(path, mode.replace("x", "w"), buffering) as theirs:
            assert type(theirs) is inner
            assert file.mode == theirs.mode.replace("w", mode[0])


async def test_text_with_buffering_of_one_is_line_buffered(path):
    async with ringfiles.open(path, "w", 1) as file:
        assert file.line_buffering
        await file.write("whole\npart")
        assert path.read_text() == "whole\npart"
        await file.write("unseen")
        assert path.read_text() == "whole\npart"


async def test_what_is_buffered_is_invisible_until_it_is_flushed(path):
    async with ringfiles.open(path, "wb") as file:
        assert await file.write(b"data") == 4
        assert path.read_bytes() == b""
        await file.flush()
        assert path.read_bytes() == b"data"


WRONG = [
    {"file": "missing/file"}, {"mode": "x"}, {"file": "/"}, {"mode": "q"}, {"buffering": 0},
    {"mode": "rb", "encoding": "utf-8"}, {"mode": "rb", "errors": "strict"},
    {"mode": "rb", "newline": ""}, {"newline": "x"}, {"closefd": False}, {"file": -1},
    {"file": "nul\0byte"}, {"opener": lambda path, flags: -1},
    {"encoding": "no such encoding"}, {"file": 1.5}, {"mode": "rw"}, {"mode": "rbt"},
    {"file": None}, {"buffering": "x"},
]


@pytest.mark.parametrize("keywords", WRONG, ids=lambda keywords: "-".join(keywords))
async def test_errors_are_those_of_the_builtin_and_come_when_awaited(path, keywords):
    arguments = {"file": path, **keywords}
    with pytest.raises(Exception) as theirs:
        open(**arguments)
    manager = ringfiles.open(**arguments)
    with pytest.raises(type(theirs.value)) as ours:
        await manager
    assert type(ours.value) is type(theirs.value)
    assert ours.value.args == theirs.value.args
    assert str(ours.value) == str(theirs.value)


def test_eight_arguments_are_positional():
    with pytest.raises(TypeError, match=r"open\(\) takes from 1 to 8 positional arguments"):
        ringfiles.open(*range(9))


async def test_binary_line_buffering_warns(path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        async with ringfiles.open(path, "rb", 1):
            pass
    assert any("line buffering" in str(warning.message) for warning in caught)


@pytest.mark.parametrize("kind", [str, bytes, Path])
async def test_the_name_is_the_path_as_text_or_bytes(path, kind):
    given = os.fsencode(path) if kind is bytes else kind(path)
    async with ringfiles.open(given) as file:
        assert file.name == os.fspath(given)


async def test_a_descriptor_stays_open_if_so_asked(path):
    descriptor = os.open(path, os.O_RDONLY)
    async with ringfiles.open(descriptor, closefd=False) as file:
        assert file.name == descriptor == file.fileno()
        assert await file.readline() == "line\n"
    assert os.lseek(descriptor, 0, os.SEEK_CUR) == 10  # Text reads ahead.
    os.close(descriptor)


async def test_an_opener_runs_in_a_thread_and_its_error_is_ours(path):
    threads = []

    def opener(name, flags):
        threads.append(threading.get_ident())
        raise KeyError(name)

    with pytest.raises(KeyError):
        await ringfiles.open(path, opener=opener)
    assert threads != [threading.get_ident()] and len(threads) == 1


async def test_sync_open_is_looked_up_late_called_in_a_thread_and_wrapped(path, monkeypatch):
    calls = []

    def fake(*arguments, **keywords):
        calls.append((threading.get_ident(), arguments, keywords["mode"]))
        return io.StringIO("fake")

    monkeypatch.setattr(threadpool, "sync_open", fake)
    async with ringfiles.open(path, "r") as file:
        assert type(file) is text.AsyncTextIOWrapper
        assert await file.read() == "fake"
    [(thread, arguments, mode)] = calls
    assert thread != threading.get_ident() and arguments == (path,) and mode == "r"


async def test_appending_begins_at_the_end(path):
    async with ringfiles.open(path, "ab") as file:
        assert await file.tell() == 10


async def test_open_cancelled_before_a_thread_took_it_never_happens(tmp_path, cranked):
    await cancelled(await started(
        ringfiles.open(tmp_path / "new", "w", executor=cranked).__aenter__()))
    while cranked.jobs:
        cranked.run_next()
    assert not (tmp_path / "new").exists()


async def test_open_cancelled_while_it_runs_leaks_nothing(path):
    stop = Stop()
    stop.armed = True

    def opener(name, flags):
        stop.pass_through()
        return os.open(name, flags)

    await asyncio.to_thread(int)
    gc.collect()
    before = descriptors()
    task = await started(ringfiles.open(path, opener=opener).__aenter__())
    await stop.reached()
    await cancelled(task)
    stop.go_on()
    await asyncio.get_running_loop().shutdown_default_executor()
    gc.collect()
    assert descriptors() == before


async def test_open_cancelled_when_it_has_ended_leaks_nothing(path, cranked):
    before = descriptors()
    task = await started(ringfiles.open(path, executor=cranked).__aenter__())
    cranked.run_next()
    assert descriptors() != before
    await cancelled(task)
    assert cranked.waiting == 1  # The close has its thread too.
    cranked.run_next()
    assert descriptors() == before
    await asyncio.sleep(0)


async def test_a_temporary_file_cancelled_when_it_was_made_is_removed(tmp_path, cranked):
    from ringfiles import tempfile

    for make, options in (
        (tempfile.NamedTemporaryFile, {}),
        (tempfile.NamedTemporaryFile, {"delete": False}),
        (tempfile.TemporaryFile, {}),
        (tempfile.SpooledTemporaryFile, {}),
        (tempfile.TemporaryDirectory, {}),
    ):
        manager = make(dir=tmp_path, executor=cranked, **options)
        task = await started(manager.__aenter__())
        cranked.run_next()
        await cancelled(task)
        cranked.run_next()
        assert list(tmp_path.iterdir()) == []
        await asyncio.sleep(0)
