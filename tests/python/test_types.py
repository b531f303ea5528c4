"""What a type checker says of the package and of programs that use it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import ringfiles
import ringfiles.os
from ringfiles.threadpool.binary import AsyncBufferedReader

async def use() -> None:
    async with ringfiles.open("file") as text:
        reveal_type(text)
        reveal_type(await text.read())
        async for line in text:
            reveal_type(line)
    reveal_type(await ringfiles.open("file", "rb"))
    reveal_type(await ringfiles.open("file", "wb"))
    reveal_type(await ringfiles.open("file", "r+b"))
    reveal_type(await ringfiles.open("file", "rb", 0))
    reveal_type(await ringfiles.os.stat("file"))
    reveal_type(await ringfiles.read_text("file"))
    async with ringfiles.tempfile.TemporaryDirectory() as path:
        reveal_type(path)
    async with ringfiles.tempfile.NamedTemporaryFile("w+") as named:
        reveal_type(named)
    async with ringfiles.tempfile.SpooledTemporaryFile() as spooled:
        reveal_type(await spooled.read())
    reveal_type(await ringfiles.stdin.readline())
    reveal_type(await text.lines())
    reveal_type(await text.pread(1, 0))
    reveal_type(await text.pwrite(b"data", 0))
    ringfiles.open(1.5)
    await text.write(b"bytes")
"""
REVEALED = [
    "threadpool.text.AsyncTextIOWrapper", "str", "str", "binary.AsyncBufferedReader",
    "binary.AsyncBufferedIOBase", "binary.AsyncBufferedReader", "binary.AsyncFileIO",
    "fallback=os.stat_result]", "str", "str", "text.AsyncTextIOWrapper", "bytes", "str",
    "list[str]", "bytes", "int",
]


@pytest.fixture(scope="module")
def package():
    import ringfiles

    return Path(ringfiles.__file__).parent


def mypy(*arguments):
    api = pytest.importorskip("mypy.api", reason="mypy is not installed")
    out, err, _ = api.run(["--strict", "--no-error-summary", *map(str, arguments)])
    assert err == ""
    return out.splitlines()


def test_the_package_is_clean_and_a_program_sees_its_types(tmp_path, package, monkeypatch):
    monkeypatch.setenv("MYPYPATH", str(package.parent))
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    lines = mypy("--cache-dir", tmp_path, package, program)
    notes = [line for line in lines if "Revealed type is" in line]
    assert len(notes) == len(REVEALED)
    for note, revealed in zip(notes, REVEALED, strict=True):
        assert f'{revealed}"' in note
    errors = [line for line in lines if ": error:" in line]
    assert len(errors) == 2, errors
    assert "No overload variant" in errors[0]
    assert 'incompatible type "bytes"; expected "str"' in errors[1]


def test_the_types_are_those_of_the_running_package(package):
    pytest.importorskip("mypy", reason="mypy is not installed")
    allowed = Path(__file__).with_name("stubtest_allowlist.txt")
    ran = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "--concise", "--allowlist", allowed, "ringfiles"],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(package.parent), "MYPYPATH": str(package.parent)})
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_package_says_that_it_is_typed(package):
    assert (package / "py.typed").exists()
    assert sys.modules["ringfiles"].__file__ == str(package / "__init__.py")
