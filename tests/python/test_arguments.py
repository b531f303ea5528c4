"""Arguments that the built-in files refuse are refused in the same words."""

import inspect

import pytest

import ringfiles

BUFFERED = {"mode": "r+b"}
RAW = {"mode": "r+b", "buffering": 0}
TEXT = {"mode": "r+", "encoding": "utf-8"}
NONCONTIGUOUS = memoryview(bytearray(10))[::2]

OF_ALL = [
    ("read", 1.5), ("read", "a"), ("read", None), ("read", True), ("read", -1),
    ("readline", 1.5), ("readline", None), ("readline", -7), ("readline", 1, 2),
    ("readlines", 1.5), ("readlines", None), ("readlines", -3), ("readlines", 0),
    ("write", None), ("write", 5), ("writelines", 5), ("writelines", [5]), ("writelines", None),
    ("seek",), ("seek", 0, None), ("seek", 0, 1.5), ("seek", 1, 2, 3),
    ("truncate", 1.5), ("truncate", "a"), ("truncate", None),
]
OF_BYTES = [
    ("seek", None), ("seek", 1.5), ("seek", "a"), ("write", "text"), ("write", NONCONTIGUOUS),
    ("readinto", b"bytes"), ("readinto", "text"), ("readinto", None), ("readinto", 5),
    ("readinto", NONCONTIGUOUS),
]
OF_BUFFERED = [
    ("read", 1, 2), ("read", -2), ("read1", None), ("read1", 1.5), ("read1", 1, 2),
    ("peek", None), ("peek", 1.5), ("readinto1", None),
]
CASES = [(kind, call) for kind, calls in [
    (BUFFERED, OF_ALL + OF_BYTES + OF_BUFFERED), (RAW, OF_ALL + OF_BYTES),
    (TEXT, [*OF_ALL, ("read", 1, 2), ("write", b"bytes"), ("seek", -1)]),
] for call in calls]


async def awaited(made):
    return await made if inspect.isawaitable(made) else made


async def outcome(opening, path, options, call):
    path.write_bytes(b"line\n" * 3)
    file = await awaited(opening(path, **options))
    name, *arguments = call
    try:
        return await awaited(getattr(file, name)(*arguments))
    except Exception as error:
        # CPython 3.12 and newer count the argument of FileIO.readinto().
        return type(error), str(error).replace("argument 1 must", "argument must")
    finally:
        await awaited(file.close())


@pytest.mark.parametrize("options, call", CASES, ids=str)
async def test_as_the_builtin_file(tmp_path, options, call):
    expected = await outcome(open, tmp_path / "file", options, call)
    assert await outcome(ringfiles.open, tmp_path / "file", options, call) == expected


async def test_nothing_is_refused_before_it_is_awaited(tmp_path):
    async with ringfiles.open(tmp_path / "file", "w+b") as file:
        for refused in (file.read("a"), file.seek(None), file.truncate("a"), file.readinto(5)):
            with pytest.raises(TypeError):
                await refused
