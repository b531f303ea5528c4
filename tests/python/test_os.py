"""Listing and walking; the other functions of `os` are in test_executor.py."""

import asyncio
import os

import pytest

import ringfiles.os
from conftest import cancelled, started


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    for folder in ("a/deep/deeper", "b", "c/x", "c/y"):
        (root / folder).mkdir(parents=True)
    for file in ("top", "a/one", "a/deep/two", "c/x/three"):
        (root / file).write_text(file)
    (root / "b" / "round").symlink_to(root / "c")
    return root


async def walked(*arguments, **options):
    return [item async for item in ringfiles.os.walk(*arguments, **options)]


async def test_scandir_is_used_as_that_of_os(tree):
    names = []
    with await ringfiles.os.scandir(tree) as entries:
        for entry in entries:
            assert isinstance(entry, os.DirEntry)
            assert entry.path == str(tree / entry.name)
            assert entry.is_dir() == (tree / entry.name).is_dir()
            assert entry.stat() == (tree / entry.name).stat()
            names.append(entry.name)
        assert next(entries, None) is None
    with os.scandir(tree) as entries:
        assert names == [entry.name for entry in entries]


async def test_scandir_takes_bytes_and_descriptors_and_nothing(tree, monkeypatch):
    assert all(type(e.name) is bytes for e in await ringfiles.os.scandir(os.fsencode(tree)))
    descriptor = os.open(tree, os.O_RDONLY)
    assert {e.name for e in await ringfiles.os.scandir(descriptor)} == set(os.listdir(tree))
    os.close(descriptor)
    monkeypatch.chdir(tree)
    assert {e.path for e in await ringfiles.os.scandir()} == {
        os.path.join(".", name) for name in os.listdir(tree)}


async def test_scandir_left_has_no_more(tree):
    with await ringfiles.os.scandir(tree) as entries:
        next(entries)
    with pytest.raises(StopIteration):
        next(entries)


async def test_scandir_closed_has_no_more(tree):
    entries = await ringfiles.os.scandir(tree)
    next(entries)
    entries.close()
    entries.close()
    with pytest.raises(StopIteration):
        next(entries)


async def test_scandir_leaves_no_descriptor_however_it_is_used(tree):
    entries = await ringfiles.os.scandir(tree)
    next(entries)
    assert not [fd for fd in os.listdir("/proc/self/fd") if target(fd) == str(tree)]
    del entries


def target(descriptor):
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return None


@pytest.mark.parametrize("path", ["missing", "top"])
async def test_scandir_errors_are_those_of_os(tree, path):
    with pytest.raises(OSError) as theirs:
        os.scandir(tree / path)
    with pytest.raises(OSError) as ours:
        await ringfiles.os.scandir(tree / path)
    assert repr(ours.value) == repr(theirs.value)


@pytest.mark.parametrize("topdown", [True, False])
@pytest.mark.parametrize("followlinks", [True, False])
@pytest.mark.parametrize("kind", [str, os.fsencode])
async def test_walk_yields_what_os_walk_does(tree, topdown, followlinks, kind):
    ours = await walked(kind(str(tree)), topdown, followlinks=followlinks)
    assert ours == list(os.walk(kind(str(tree)), topdown, followlinks=followlinks))
    assert len(ours) == (11 if followlinks else 8)


async def test_walk_can_be_pruned(tree):
    seen = []
    async for folder, folders, _ in ringfiles.os.walk(tree):
        seen.append(os.path.relpath(folder, tree))
        folders[:] = sorted(name for name in folders if name != "a")
    assert seen == [".", "b", "c", "c/x", "c/y"]


async def test_walk_sees_what_was_made_while_it_went(tree):
    seen = []
    async for folder, folders, _ in ringfiles.os.walk(tree / "c"):
        seen.append(os.path.basename(folder))
        if seen == ["c"]:
            (tree / "c" / "x" / "new").mkdir()
            folders[:] = ["x"]
    assert seen == ["c", "x", "new"]


async def test_walk_from_the_bottom_can_remove(tree):
    async for folder, folders, files in ringfiles.os.walk(tree, topdown=False):
        for name in files:
            await ringfiles.os.unlink(os.path.join(folder, name))
        for name in folders:
            path = os.path.join(folder, name)
            remove = ringfiles.os.unlink if os.path.islink(path) else ringfiles.os.rmdir
            await remove(path)
    assert list(tree.iterdir()) == []


async def test_walk_tells_errors_to_onerror(tree):
    errors = []
    assert await walked(tree / "missing") == []
    assert await walked(tree / "missing", onerror=errors.append) == []
    assert [type(error) for error in errors] == [FileNotFoundError]

    def refuse(error):
        raise error

    with pytest.raises(FileNotFoundError):
        await walked(tree / "missing", onerror=refuse)


async def test_walk_from_the_bottom_takes_many_folders_in_one_hop(tmp_path, counting):
    for number in range(100):
        (tmp_path / f"{number:03}").mkdir()
    assert len(await walked(tmp_path, topdown=False, executor=counting)) == 101
    assert counting.submitted == 3  # 64, 37, and the end


async def test_walk_down_takes_one_hop_a_folder_not_one_an_entry(tree, counting):
    for number in range(200):
        (tree / f"file{number}").touch()
    assert len(await walked(tree, executor=counting)) == 8
    assert counting.submitted == 9


async def test_a_walk_that_is_cancelled_ends(tree, cranked):
    walk = ringfiles.os.walk(tree, executor=cranked)
    await cancelled(await started(anext(walk)))
    with pytest.raises(StopAsyncIteration):
        await anext(walk)


async def test_a_call_cancelled_before_a_thread_took_it_never_happens(tree, cranked):
    await cancelled(await started(ringfiles.os.unlink(tree / "top", executor=cranked)))
    while cranked.jobs:
        cranked.run_next()
    assert (tree / "top").exists()


async def test_keywords_of_the_originals_pass(tree):
    descriptor = os.open(tree, os.O_RDONLY)
    try:
        assert (await ringfiles.os.stat("top", dir_fd=descriptor)).st_size == 3
        link = await ringfiles.os.stat(tree / "b" / "round", follow_symlinks=False)
        assert link == os.lstat(tree / "b" / "round")
        await ringfiles.os.makedirs(tree / "a" / "deep", exist_ok=True)
        await ringfiles.os.rename("top", "up", src_dir_fd=descriptor, dst_dir_fd=descriptor)
        await ringfiles.os.utime(tree / "up", ns=(5, 7))
        assert os.stat(tree / "up").st_mtime_ns == 7
    finally:
        os.close(descriptor)


async def test_the_functions_keep_the_names_of_the_originals():
    for name in set(ringfiles.os.__all__) - {"path", "walk", "wrap"}:
        function = getattr(ringfiles.os, name)
        assert function.__name__ == name
        assert asyncio.iscoroutinefunction(function)
        assert function.__wrapped__.__name__ == name
