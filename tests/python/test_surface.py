"""The names, signatures and types that programs written for aiofiles rely on."""

import importlib
import inspect
import io
import subprocess
import sys

import pytest

import ringfiles
import ringfiles.os
from ringfiles import base, threadpool
from ringfiles.threadpool import binary, text, utils

MODULES = ["", ".base", ".os", ".ospath", ".tempfile", ".tempfile.temptypes", ".threadpool",
           ".threadpool.binary", ".threadpool.text", ".threadpool.utils"]
COMMON = {"close", "flush", "isatty", "read", "readinto", "readline", "readlines", "seek",
          "seekable", "tell", "truncate", "writable", "write", "writelines"}
BEYOND = {"fsync", "lines", "pread", "pwrite"}
TEXT = COMMON - {"readinto"} | {"readable", "reconfigure"} | BEYOND
TEXT_PROPERTIES = {"buffer", "closed", "encoding", "errors", "line_buffering", "newlines",
                   "name", "mode", "write_through"}
BUFFERED = (COMMON | {"read1"} | BEYOND, {"detach", "fileno", "readable"},
            {"closed", "raw", "name", "mode"})
READER = (BUFFERED[0] | {"peek", "readinto1"}, *BUFFERED[1:])
RAW = (COMMON | {"readall"} | BEYOND, {"fileno", "readable"}, {"closed", "name", "mode"})
SPOOLED = (COMMON - {"readinto", "seekable", "writable"} | {"fileno", "rollover"}, set(),
           {"closed", "encoding", "mode", "name", "newlines"})
# Each with its members, and those of them that aiofiles has not: what the engine's files have
# beyond it, and what io has and it forgot, which the tests of CPython's own io want.
CLASSES = {
    binary.AsyncBufferedIOBase: (BUFFERED, BEYOND),
    binary.AsyncBufferedReader: (READER, BEYOND | {"readinto1"}),
    binary.AsyncFileIO: (RAW, BEYOND),
    binary.AsyncIndirectBufferedIOBase: (BUFFERED, BEYOND),
    binary.AsyncIndirectBufferedReader: (READER, BEYOND | {"readinto1"}),
    binary.AsyncIndirectFileIO: (RAW, BEYOND),
    text.AsyncTextIOWrapper: ((TEXT, {"detach", "fileno"}, TEXT_PROPERTIES),
                              BEYOND | {"reconfigure", "write_through"}),
    text.AsyncTextIndirectIOWrapper: ((TEXT, {"detach", "fileno"}, TEXT_PROPERTIES),
                                      BEYOND | {"reconfigure", "write_through"}),
    ringfiles.tempfile.temptypes.AsyncSpooledTemporaryFile: (SPOOLED, set()),
    ringfiles.tempfile.temptypes.AsyncTemporaryDirectory: (
        ({"cleanup", "close"}, set(), {"name"}), set()),
}
SURFACE = {cls: expected for cls, (expected, _) in CLASSES.items()}
ADDED = {cls: added for cls, (_, added) in CLASSES.items()}


def members(cls):
    coroutines, methods, properties = set(), set(), set()
    for name in dir(cls):
        if name.startswith("_"):
            continue
        member = getattr(cls, name)
        if isinstance(member, property):
            properties.add(name)
        elif inspect.iscoroutinefunction(member):
            coroutines.add(name)
        elif callable(member):
            methods.add(name)
    return coroutines, methods, properties


@pytest.mark.parametrize("cls", SURFACE, ids=lambda cls: cls.__name__)
def test_each_type_has_exactly_these_members(cls):
    assert members(cls) == SURFACE[cls]


@pytest.mark.parametrize("cls", SURFACE, ids=lambda cls: cls.__name__)
def test_each_type_has_the_members_of_aiofiles_and_what_is_named_here(cls):
    pytest.importorskip("aiofiles")
    theirs = importlib.import_module(cls.__module__.replace("ringfiles", "aiofiles"))
    added = ADDED[cls]
    coroutines, methods, properties = members(cls)
    assert added <= coroutines | properties
    of_aiofiles = members(getattr(theirs, cls.__name__))
    assert (coroutines - added, methods, properties - added) == of_aiofiles
    ours = [parent.__name__ for parent in cls.__mro__ if parent.__name__ != "Ordered"]
    assert ours == [parent.__name__ for parent in getattr(theirs, cls.__name__).__mro__]


@pytest.mark.parametrize("module", MODULES)
def test_every_name_of_aiofiles_is_here(module):
    pytest.importorskip("aiofiles")
    theirs = importlib.import_module("aiofiles" + module)
    ours = importlib.import_module("ringfiles" + module)
    public = set(getattr(theirs, "__all__", ()))
    assert public <= set(getattr(ours, "__all__", ()))
    assert [name for name in public if not hasattr(ours, name)] == []
    for name, value in vars(theirs).items():
        of_aiofiles = getattr(value, "__module__", "") or ""
        if name.startswith("_") or not of_aiofiles.startswith("aiofiles"):
            continue
        assert hasattr(ours, name), name
        if inspect.isfunction(value):
            assert type(getattr(ours, name)) is type(value), name


NEWER_ARGUMENTS = {"ignore_cleanup_errors", "delete"}


@pytest.mark.parametrize("module, name", [
    ("", "open"), (".threadpool", "_open"), (".tempfile", "NamedTemporaryFile"),
    (".tempfile", "TemporaryFile"), (".tempfile", "SpooledTemporaryFile"),
    (".tempfile", "TemporaryDirectory"), (".os", "stat"), (".os", "makedirs"),
    (".os", "scandir"), (".ospath", "exists"), (".threadpool", "wrap"), (".base", "wrap"),
    (".base", "AsyncBase"), (".base", "AsyncIndirectBase"), (".base", "AiofilesContextManager"),
])
def test_signatures_are_those_of_aiofiles(module, name):
    pytest.importorskip("aiofiles")
    theirs = parameters(getattr(importlib.import_module("aiofiles" + module), name))
    ours = parameters(getattr(importlib.import_module("ringfiles" + module), name))
    added = set(ours) - set(theirs)
    assert added <= (NEWER_ARGUMENTS if name == "TemporaryDirectory" else set())
    assert [ours[key] for key in ours if key not in added] == list(theirs.values())


def parameters(function):
    found = inspect.signature(function).parameters
    return {key: (key, value.kind, value.default) for key, value in found.items()}


def test_all_is_exactly_this():
    assert sorted(ringfiles.__all__) == [
        "install", "open", "read_bytes", "read_text", "stderr", "stderr_bytes", "stdin",
        "stdin_bytes", "stdout", "stdout_bytes", "tempfile", "uninstall", "write_bytes",
        "write_text"]
    assert all(hasattr(ringfiles, name) for name in ringfiles.__all__)


def in_a_new_process(program):
    ran = subprocess.run(
        [sys.executable, "-c", program], text=True, capture_output=True,
        env={"PYTHONPATH": ":".join(sys.path)}, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_os_must_be_imported_by_itself():
    assert in_a_new_process(
        "import ringfiles\n"
        "assert not hasattr(ringfiles, 'os')\n"
        "assert ringfiles.base and ringfiles.threadpool and ringfiles.tempfile\n"
        "import ringfiles.os\n"
        "assert ringfiles.os.path is ringfiles.ospath\n"
        "print('fine')") == "fine\n"


def test_files_have_no_more_than_that():
    for cls in SURFACE:
        absent = {"__getattr__", "__aenter__", "__del__", "__enter__", "__next__", "readinto1",
                  "reconfigure", "write_through", "closefd", "__slots__"}
        for name in absent - ADDED[cls]:
            assert not hasattr(cls, name), (cls, name)


def test_users_may_set_attributes():
    file = threadpool.wrap(io.BytesIO())
    file.note = "mine"
    assert file.note == "mine"


@pytest.mark.parametrize("make, cls", [
    (lambda path: io.StringIO(), text.AsyncTextIOWrapper),
    (lambda path: open(path, "w"), text.AsyncTextIOWrapper),
    (lambda path: io.BytesIO(), binary.AsyncBufferedIOBase),
    (lambda path: open(path, "wb"), binary.AsyncBufferedIOBase),
    (lambda path: __import__("gzip").open(path, "wb"), binary.AsyncBufferedIOBase),
    (lambda path: open(path, "w+b"), binary.AsyncBufferedReader),
    (lambda path: io.BufferedReader(io.BytesIO()), binary.AsyncBufferedReader),
    (lambda path: open(path, "wb", 0), binary.AsyncFileIO),
])
def test_wrap_chooses_by_the_type(tmp_path, make, cls):
    with make(tmp_path / "file") as inner:
        file = threadpool.wrap(inner)
        assert type(file) is cls and file._file is inner
        assert (file._ref_loop, file._executor) == (None, None)


@pytest.mark.parametrize("mode, buffering", [("w", -1), ("wb", -1), ("w+b", -1), ("wb", 0)])
async def test_only_open_makes_a_file_of_the_engine(tmp_path, mode, buffering):
    async with ringfiles.open(tmp_path / "file", mode, buffering) as file:
        cls = type(file)
        native = next(one for one in cls.__mro__ if one.__module__ == "ringfiles._ringfiles")
        with pytest.raises(TypeError):
            cls(io.BytesIO(), None, None)
        with pytest.raises(TypeError):
            object.__new__(cls)
        with pytest.raises(TypeError):
            native()


@pytest.mark.parametrize("entity", [int, [1], io.FileIO, None, 3])
def test_wrap_refuses_other_things(entity):
    with pytest.raises(TypeError) as caught:
        threadpool.wrap(entity)
    assert str(caught.value) == f"Unsupported io type: {entity}."


async def test_wrap_takes_new_types(monkeypatch):
    from unittest import mock

    class Mine(mock.MagicMock):
        pass

    threadpool.wrap.register(Mine)(
        lambda *arguments, **options: threadpool.AsyncBufferedIOBase(*arguments, **options))
    inner = Mine()
    inner.read.return_value = b"mock"
    monkeypatch.setattr(threadpool, "sync_open", mock.Mock(return_value=inner))
    async with ringfiles.open("file", "rb") as file:
        assert await file.read() == b"mock"
    inner.__exit__.assert_called_once_with(None, None, None)


async def test_wrap_may_make_what_is_no_type_of_ours(monkeypatch):
    class Other:
        def __init__(self, file, **options):
            self._file = file

    class Source(io.BytesIO):
        pass

    threadpool.wrap.register(Source)(Other)
    monkeypatch.setattr(threadpool, "sync_open", lambda *a, **k: Source(b"x"))
    async with ringfiles.open("file", "rb") as file:
        assert type(file) is Other
    assert file._file.closed


async def test_decorators_serve_classes_of_others():
    @utils.delegate_to_executor("read")
    @utils.proxy_method_directly("getvalue")
    @utils.proxy_property_directly("closed")
    class Mine:
        def __init__(self, file):
            import asyncio

            self._file, self._loop, self._executor = file, asyncio.get_running_loop(), None

    mine = Mine(io.BytesIO(b"data"))
    assert await mine.read() == b"data"
    assert mine.getvalue() == b"data" and mine.closed is False


async def test_subclasses_of_the_base_work():
    class Mine(base.AsyncBase):
        async def readline(self):
            return self._file.pop(0) if self._file else ""

    assert [line async for line in Mine(["a", "b"], None, None)] == ["a", "b"]


async def test_indirect_files_are_looked_up_at_each_call():
    files = [io.BytesIO(b"one"), io.BytesIO(b"two")]
    file = binary.AsyncIndirectBufferedIOBase("name", None, None, lambda: files[0])
    assert await file.read() == b"one"
    file._file = None
    files.pop(0)
    assert await file.read() == b"two"


async def test_wrap_makes_any_function_a_coroutine_function():
    import threading

    @base.wrap
    def where(number, *, twice=False):
        return threading.get_ident(), number * (1 + twice)

    thread, number = await where(2, twice=True)
    assert thread != threading.get_ident() and number == 4
    assert where.__name__ == "where" and where.__wrapped__
    assert ringfiles.os.wrap is base.wrap is ringfiles.os.path.wrap
