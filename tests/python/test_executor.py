"""Every call goes to the executor that was given, one job each, and nothing happens before."""

import asyncio
import io
import os

import pytest

import ringfiles
import ringfiles.os
from conftest import started
from ringfiles import ospath, tempfile
from ringfiles.threadpool import wrap

BINARY = {
    "close": (), "flush": (), "isatty": (), "read": (), "readinto": (bytearray(2),),
    "readline": (), "readlines": (), "seek": (1,), "seekable": (), "tell": (), "truncate": (),
    "writable": (), "write": (b"x",), "writelines": ([b"x"],), "__anext__": (),
}
TEXT = {**BINARY, "readable": (), "write": ("x",), "writelines": (["x"],)}
del TEXT["readinto"]
FILES = [
    (lambda path: io.BufferedRandom(io.FileIO(path, "r+")), {**BINARY, "peek": (), "read1": ()}),
    (lambda path: io.FileIO(path, "r+"), {**BINARY, "readall": ()}),
    (lambda path: io.TextIOWrapper(io.BufferedRandom(io.FileIO(path, "r+"))), TEXT),
]
CALLS = [pytest.param(make, name, arguments, id=f"{kind}-{name}")
         for kind, (make, calls) in zip(("buffered", "raw", "text"), FILES, strict=True)
         for name, arguments in calls.items()]


@pytest.fixture
def path(tmp_path):
    (tmp_path / "file").write_bytes(b"line\nnext\n")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "folder").mkdir()
    return tmp_path / "file"


@pytest.mark.parametrize("make, name, arguments", CALLS)
async def test_each_call_on_a_file_is_one_job(path, cranked, make, name, arguments):
    with make(path) as inner, make(path) as twin:
        file = wrap(inner, executor=cranked)
        task = await started(getattr(file, name)(*arguments))
        assert not task.done() and cranked.waiting == 1
        cranked.run_next()
        ours = await task
        assert cranked.submitted == 1
        method = "readline" if name == "__anext__" else name
        assert ours == getattr(twin, method)(*arguments)
        assert inner.closed == twin.closed


@pytest.mark.parametrize("mode", ["r", "w", "rb", "wb", "r+b"])
async def test_open_calls_and_exit_use_the_executor(path, counting, mode):
    async with ringfiles.open(path, mode, executor=counting) as file:
        assert counting.submitted == 1
        await file.tell()
        assert counting.submitted == 2
    assert counting.submitted == 3
    assert asyncio.get_running_loop().__dict__.get("_default_executor") is None


@pytest.mark.parametrize("make", [
    tempfile.NamedTemporaryFile, tempfile.TemporaryFile, tempfile.TemporaryDirectory,
    tempfile.SpooledTemporaryFile,
], ids=lambda make: make.__name__)
async def test_temporary_files_use_the_executor_to_the_end(counting, make):
    async with make(executor=counting):
        assert counting.submitted == 1
    assert counting.submitted == 2


def os_calls(path):
    folder = path.parent
    text, link, new = str(path), str(folder / "link"), str(folder / "new")
    calls = {
        "access": (text, os.R_OK), "chmod": (text, 0o600), "chown": (text, -1, -1),
        "getcwd": (), "link": (text, new), "listdir": (folder,), "lstat": (link,),
        "makedirs": (new,), "mkdir": (new,), "mkfifo": (new,), "readlink": (link,),
        "remove": (text,), "removedirs": (str(folder / "folder"),), "rename": (text, new),
        "renames": (text, new), "replace": (text, new), "rmdir": (str(folder / "folder"),),
        "scandir": (folder,), "stat": (text,), "statvfs": (text,), "symlink": (text, new),
        "truncate": (text, 3), "unlink": (link,), "utime": (text, (1, 2)),
    }
    return calls


DESCRIPTOR_CALLS = {
    "fsync": lambda one, other: (one,), "fdatasync": lambda one, other: (one,),
    "copy_file_range": lambda one, other: (one, other, 4),
    "sendfile": lambda one, other: (other, one, 0, 4),
}
PATH_CALLS = {
    "abspath": (".",), "exists": ("{}",), "expanduser": ("~",), "getatime": ("{}",),
    "getctime": ("{}",), "getmtime": ("{}",), "getsize": ("{}",), "isdir": ("{}",),
    "isfile": ("{}",), "islink": ("{}",), "ismount": ("{}",), "lexists": ("{}",),
    "realpath": ("{}",), "samefile": ("{}", "{}"),
}


def test_no_function_of_os_is_left_out_here(tmp_path):
    tried = set(os_calls(tmp_path / "file")) | set(DESCRIPTOR_CALLS)
    assert tried | {"path", "walk", "wrap"} == set(ringfiles.os.__all__)
    assert set(PATH_CALLS) | {"sameopenfile"} == set(ospath.__all__)


async def in_one_job(function, arguments, executor):
    task = await started(function(*arguments, executor=executor))
    assert not task.done() and executor.waiting == 1
    executor.run_next()
    result = await task
    assert executor.submitted == 1
    return result


@pytest.mark.parametrize("name", sorted(os_calls(__import__("pathlib").Path("/a/file"))))
async def test_each_function_of_os_is_one_job(path, cranked, name):
    def names():
        return sorted(entry.name for entry in path.parent.iterdir())

    before = names()
    arguments = os_calls(path)[name]
    task = await started(getattr(ringfiles.os, name)(*arguments, executor=cranked))
    assert not task.done() and cranked.waiting == 1 and names() == before
    cranked.run_next()
    result = await task
    assert cranked.submitted == 1
    makes_or_removes = {"link", "makedirs", "mkdir", "mkfifo", "remove", "removedirs", "rename",
                        "renames", "replace", "rmdir", "symlink", "unlink"}
    assert (names() != before) == (name in makes_or_removes)
    if name in {"access", "getcwd", "listdir", "lstat", "readlink", "stat"}:
        assert result == getattr(os, name)(*arguments)


@pytest.mark.parametrize("name", DESCRIPTOR_CALLS)
async def test_each_function_of_descriptors_is_one_job(path, cranked, name):
    with open(path, "rb") as source, open(path.parent / "target", "wb") as target:
        arguments = DESCRIPTOR_CALLS[name](source.fileno(), target.fileno())
        result = await in_one_job(getattr(ringfiles.os, name), arguments, cranked)
    assert result in (None, 4)
    assert (path.parent / "target").read_bytes() == (b"line" if result else b"")


@pytest.mark.parametrize("name", PATH_CALLS)
async def test_each_function_of_paths_is_one_job(path, cranked, name):
    arguments = [text.format(path) for text in PATH_CALLS[name]]
    result = await in_one_job(getattr(ospath, name), arguments, cranked)
    assert result == getattr(os.path, name)(*arguments)


async def test_sameopenfile_is_one_job(path, cranked):
    with open(path) as one, open(path) as other:
        descriptors = one.fileno(), other.fileno()
        assert await in_one_job(ospath.sameopenfile, descriptors, cranked) is True


@pytest.mark.parametrize("name, arguments, result", [
    ("read_bytes", (), b"line\nnext\n"), ("read_text", (), "line\nnext\n"),
    ("write_bytes", (b"new",), 3), ("write_text", ("new",), 3),
])
async def test_each_whole_file_is_one_job(path, cranked, name, arguments, result):
    call = (path, *arguments)
    assert await in_one_job(getattr(ringfiles, name), call, cranked) == result


async def test_an_atomic_write_is_one_job(path, cranked):
    task = await started(ringfiles.write_bytes(path, b"new", atomic=True, executor=cranked))
    cranked.run_next()
    assert await task == 3 and cranked.submitted == 1


async def test_functions_of_os_go_to_other_processes_too(path):
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        assert await ringfiles.os.getcwd(executor=executor) == os.getcwd()
