"""Whole files, and writes of which a crash shows all or nothing."""

import asyncio
import errno
import fcntl
import os
import stat

import pytest

import ringfiles
from conftest import cancelled, started


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file"


async def test_bytes_there_and_back(path):
    assert await ringfiles.write_bytes(path, b"\0data\r\n") == 7
    assert await ringfiles.read_bytes(path) == b"\0data\r\n"
    assert await ringfiles.write_bytes(path, bytearray(b"new")) == 3
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("atomic", [False, True])
async def test_text_there_and_back(path, atomic):
    options = {"encoding": "utf-16", "newline": "\r\n"}
    assert await ringfiles.write_text(path, "é\n", **options, atomic=atomic) == 2
    assert path.read_bytes() == "é\r\n".encode("utf-16")
    assert await ringfiles.read_text(path, encoding="utf-16") == "é\n"
    assert await ringfiles.read_text(path, encoding="utf-16", newline="") == "é\r\n"
    assert await ringfiles.read_text(path, "ascii", "ignore", "\n") != "é\n"


async def test_errors_are_those_of_open(path):
    with pytest.raises(FileNotFoundError):
        await ringfiles.read_bytes(path)
    with pytest.raises(TypeError):
        await ringfiles.write_text(path, b"bytes")
    with pytest.raises(UnicodeEncodeError):
        await ringfiles.write_text(path, "é", "ascii")


async def test_atomic_replaces_the_file_and_keeps_its_permissions(path):
    path.write_bytes(b"old")
    path.chmod(0o640)
    before = path.stat().st_ino
    keeping = open(path, "rb")
    assert await ringfiles.write_bytes(path, b"new", atomic=True) == 3
    assert path.read_bytes() == b"new"
    assert keeping.read() == b"old"
    keeping.close()
    assert path.stat().st_ino != before
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(path.parent) == ["file"]


async def test_atomic_makes_a_new_file_as_the_umask_says(path):
    old = os.umask(0o027)
    try:
        await ringfiles.write_bytes(path, b"new", atomic=True)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


async def test_atomic_replaces_what_a_link_points_at(path, tmp_path):
    (tmp_path / "link").symlink_to("file")
    path.write_bytes(b"old")
    await ringfiles.write_bytes(tmp_path / "link", b"new", atomic=True)
    assert (tmp_path / "link").is_symlink() and path.read_bytes() == b"new"


async def test_atomic_takes_every_kind_of_path(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    for given in ("file", b"file", str(path), os.fsencode(path), path):
        await ringfiles.write_bytes(given, repr(given).encode(), atomic=True)
        assert path.read_bytes() == repr(given).encode()
    assert os.listdir(path.parent) == ["file"]


@pytest.mark.parametrize("failing", ["write", "fsync", "replace"])
async def test_atomic_that_fails_leaves_the_old_file_and_nothing_else(path, monkeypatch, failing):
    path.write_bytes(b"old")

    def fail(*arguments):
        raise OSError(5, "no")

    if failing != "write":
        monkeypatch.setattr(os, failing, fail)
    data = "text" if failing == "write" else b"new"
    with pytest.raises(TypeError if failing == "write" else OSError):
        await ringfiles.write_bytes(path, data, atomic=True)
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["file"]


async def test_atomic_synchronises_the_file_then_replaces_then_the_folder(path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, os.replace

    def noting_fsync(descriptor):
        mode = os.fstat(descriptor).st_mode
        size = os.fstat(descriptor).st_size
        steps.append("folder" if stat.S_ISDIR(mode) else f"{size} bytes")
        fsync(descriptor)

    def noting_replace(source, destination):
        steps.append("replace")
        replace(source, destination)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(os, "replace", noting_replace)
    await ringfiles.write_text(path, "four", atomic=True)
    assert steps == ["4 bytes", "replace", "folder"]


async def test_atomic_takes_a_name_that_is_as_long_as_it_may_be(tmp_path):
    await ringfiles.write_bytes(tmp_path / ("n" * 255), b"new", atomic=True)
    assert [len(entry.name) for entry in tmp_path.iterdir()] == [255]


async def test_atomic_removes_what_a_killed_writer_left(path):
    path.with_name("file.ringfiles-0").write_bytes(b"ha")
    await ringfiles.write_bytes(path, b"new", atomic=True)
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == ["file"]


async def test_atomic_leaves_the_file_of_another_writer(path):
    theirs = path.with_name("file.ringfiles-0")
    with open(theirs, "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        await ringfiles.write_bytes(path, b"new", atomic=True)
    assert path.read_bytes() == b"new"
    assert sorted(os.listdir(path.parent)) == ["file", "file.ringfiles-0"]


async def test_atomic_neither_follows_a_link_nor_waits_for_a_pipe(path):
    precious = path.with_name("precious")
    precious.write_bytes(b"gold")
    path.with_name("file.ringfiles-0").symlink_to("precious")
    os.mkfifo(path.with_name("file.ringfiles-1"))
    await ringfiles.write_bytes(path, b"new", atomic=True)
    assert path.read_bytes() == b"new" and precious.read_bytes() == b"gold"
    assert path.with_name("file.ringfiles-0").is_symlink()


async def test_atomic_writers_of_one_path_do_not_disturb_each_other(path):
    writes = [ringfiles.write_bytes(path, bytes([letter]) * 20_000, atomic=True)
              for letter in b"abcdefgh" * 4]
    assert await asyncio.gather(*writes) == [20_000] * 32
    content = path.read_bytes()
    assert content == content[:1] * 20_000
    assert os.listdir(path.parent) == ["file"]


async def test_atomic_is_not_satisfied_with_the_sync_of_a_dead_file_system(path, monkeypatch):
    fstat = os.fstat

    def as_after_a_shutdown(descriptor):
        found = fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise OSError(errno.EIO, "no")
        return found

    monkeypatch.setattr(os, "fstat", as_after_a_shutdown)
    with pytest.raises(OSError, match="no"):
        await ringfiles.write_bytes(path, b"new", atomic=True)


async def test_atomic_replaces_no_folder_and_no_pipe(path):
    os.mkfifo(path)
    with pytest.raises(OSError, match="regular file"):
        await ringfiles.write_bytes(path, b"new", atomic=True)
    with pytest.raises(IsADirectoryError):
        await ringfiles.write_bytes(path.parent, b"new", atomic=True)
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert os.listdir(path.parent) == ["file"]


async def test_a_write_cancelled_while_it_runs_is_finished(path, cranked):
    task = await started(ringfiles.write_bytes(path, b"new", executor=cranked))
    cranked.run_next()
    await cancelled(task)
    assert path.read_bytes() == b"new"
