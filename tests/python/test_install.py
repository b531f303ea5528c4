"""`import aiofiles` that means ringfiles. Each case has a process of its own."""

import importlib.util
import subprocess
import sys

import pytest

real = pytest.mark.skipif(
    importlib.util.find_spec("aiofiles") is None, reason="the real aiofiles is not installed")


def check(program):
    ran = subprocess.run(
        [sys.executable, "-c", program + "\nprint('fine')"], text=True, capture_output=True,
        env={"PYTHONPATH": ":".join(sys.path)}, timeout=60, check=False)
    assert (ran.stdout, ran.returncode) == ("fine\n", 0), ran.stderr


USE = """
import asyncio
async def use(open):
    async with open(__import__('os').devnull) as file:
        return type(file).__module__
"""


@pytest.mark.parametrize("name", [
    "", ".base", ".os", ".ospath", ".tempfile", ".tempfile.temptypes", ".threadpool",
    ".threadpool.binary", ".threadpool.text", ".threadpool.utils"])
def test_each_module_is_ours(name):
    check(f"import ringfiles; ringfiles.install(); import aiofiles{name}, ringfiles{name}\n"
          f"assert aiofiles{name} is ringfiles{name}")


def test_names_are_imported_from_ours():
    check("import ringfiles; ringfiles.install()\n"
          "from aiofiles import open, tempfile, stdin\n"
          "from aiofiles.os import stat, path, wrap\n"
          "from aiofiles.threadpool.binary import AsyncBufferedReader\n"
          "from aiofiles.base import AiofilesContextManager\n"
          "assert open is ringfiles.open and stdin is ringfiles.stdin\n"
          "assert type(open('x')) is AiofilesContextManager\n"
          "import warnings; warnings.simplefilter('ignore')")


def test_os_path_is_no_module_as_in_aiofiles():
    check("import ringfiles; ringfiles.install()\n"
          "try: import aiofiles.os.path\n"
          "except ModuleNotFoundError: pass\n"
          "else: raise SystemExit('imported')")


@real
def test_real_modules_that_were_imported_before_call_ours():
    check(USE + "import aiofiles, aiofiles.os, aiofiles.threadpool as held\n"
          "held_os = aiofiles.os\n"
          "import ringfiles; ringfiles.install()\n"
          "assert aiofiles is not ringfiles and aiofiles.open is ringfiles.open\n"
          "assert held.open is ringfiles.open and held_os.stat is ringfiles.os.stat\n"
          "assert held.binary.AsyncFileIO is ringfiles.threadpool.binary.AsyncFileIO\n"
          "assert asyncio.run(use(aiofiles.open)) == 'ringfiles.threadpool.text'\n"
          "import aiofiles as again\n"
          "assert again is ringfiles")


@real
def test_a_function_that_somebody_holds_gives_files_of_ours():
    check(USE + "from aiofiles import open, tempfile\n"
          "makers = [tempfile.NamedTemporaryFile, tempfile.TemporaryFile,\n"
          "          tempfile.SpooledTemporaryFile]\n"
          "import ringfiles; ringfiles.install()\n"
          "assert asyncio.run(use(open)) == 'ringfiles.threadpool.text'\n"
          "async def make():\n"
          "    for maker in makers:\n"
          "        async with maker() as file:\n"
          "            await file.write(b'x')\n"
          "            assert type(file).__module__.startswith('ringfiles.'), file\n"
          "    async with tempfile.TemporaryDirectory() as path: assert type(path) is str\n"
          "asyncio.run(make())")


def test_twice_is_once():
    check("import ringfiles, sys; ringfiles.install(); ringfiles.install(); ringfiles.uninstall()\n"
          "assert 'aiofiles' not in sys.modules and 'aiofiles.os' not in sys.modules")


@real
def test_uninstall_brings_the_real_one_back():
    check(USE + "import aiofiles, aiofiles.os, ringfiles\n"
          "open, stat, names = aiofiles.open, aiofiles.os.stat, set(vars(aiofiles.threadpool))\n"
          "ringfiles.install(); ringfiles.uninstall(); ringfiles.uninstall()\n"
          "import aiofiles as again\n"
          "assert again is aiofiles is not ringfiles\n"
          "assert aiofiles.open is open and aiofiles.os.stat is stat\n"
          "assert set(vars(aiofiles.threadpool)) == names\n"
          "assert asyncio.run(use(aiofiles.open)) == 'aiofiles.threadpool.text'\n"
          "import ringfiles as ours\n"
          "ours.install()\n"
          "import aiofiles\n"
          "assert aiofiles is ours")


def test_without_it_aiofiles_is_left_alone():
    check("import sys, ringfiles, ringfiles.os\n"
          "assert not [name for name in sys.modules if name.startswith('aiofiles')]")
