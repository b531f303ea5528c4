#!/usr/bin/env python3
"""Runs aiofiles' own tests against ringfiles.

Usage: aiofiles_suite.py [TREE] [--uvloop]

TREE is the unpacked source of aiofiles 25.1.0; without it, pip downloads it. Prints `PASS name`,
`FAIL name: why` or `SKIP name: reason` for each test. It needs pytest and pytest-asyncio.
"""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "25.1.0"
ITEMS = 219
SUITE_TIMEOUT_S = 300
HERE = Path(__file__).resolve().parent
# The package that this interpreter finds: with the extension, it is not beside its sources.
PACKAGE_ROOT = Path(importlib.util.find_spec("ringfiles").origin).parent.parent

# pip asks a source archive for its metadata before it saves it. A stand-in for the build tool
# answers, so that nothing has to be built or fetched besides the archive.
STAND_IN = f"""
import pathlib
def prepare_metadata_for_build_wheel(folder, settings=None):
    name = "aiofiles-{VERSION}.dist-info"
    info = pathlib.Path(folder, name)
    info.mkdir()
    text = "Metadata-Version: 2.1\\nName: aiofiles\\nVersion: {VERSION}\\n"
    info.joinpath("METADATA").write_text(text)
    return name
def build_wheel(*arguments):
    raise NotImplementedError
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tree", nargs="?", type=Path)
    parser.add_argument("--uvloop", action="store_true")
    options = parser.parse_args()
    needed = ["pytest", "pytest_asyncio"] + ["uvloop"] * options.uvloop
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        print(f"SKIP aiofiles' own tests: {', '.join(missing)} not installed")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        tree = options.tree or download(Path(folder, "download"))
        if tree is None:
            print(f"SKIP aiofiles' own tests: pip could not download aiofiles {VERSION}")
            return 0
        return run_suite(copy_tests(tree, Path(folder, "suite")), options.uvloop)


def download(folder):
    stand_in = folder / "stand_in" / "hatchling"
    stand_in.mkdir(parents=True)
    (stand_in / "__init__.py").touch()
    (stand_in / "build.py").write_text(STAND_IN)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
               "--no-binary", ":all:", "--no-build-isolation", "--dest", folder,
               f"aiofiles=={VERSION}"]
    environment = {**os.environ, "PYTHONPATH": str(stand_in.parent)}
    ran = subprocess.run(command, env=environment, check=False)
    archives = list(folder.glob("*.tar.gz"))
    if ran.returncode != 0 or not archives:
        return None
    with tarfile.open(archives[0]) as archive:
        # Python 3.11.2, which is Debian 12's, has no filters yet.
        archive.extractall(folder, **{"filter": "data"} if hasattr(tarfile, "data_filter") else {})
    return folder / f"aiofiles-{VERSION}"


def copy_tests(tree, folder):
    """Only the tests and their settings: the real aiofiles must not be importable from there."""
    folder.mkdir()
    # A run as root leaves a folder behind that nobody may read.
    leftovers = shutil.ignore_patterns("os_access_temp", "__pycache__")
    shutil.copytree(tree / "tests", folder / "tests", ignore=leftovers)
    shutil.copy(tree / "pyproject.toml", folder)
    shutil.copy(HERE / "suite" / "conftest_of_suite.py", folder / "conftest.py")
    return folder


def run_suite(folder, uvloop):
    environment = {
        **os.environ,
        "PYTHONPATH": os.environ.get("PYTHONPATH", str(PACKAGE_ROOT)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SUITE_LOOP": "uvloop" if uvloop else "asyncio",
        "SUITE_RESULTS": str(folder / "results"),
    }
    command = [*without_powers(), sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
               "tests"]
    log = folder / "log"
    with log.open("w") as output:
        ran = subprocess.run(
            command, cwd=folder, env=environment, check=False, timeout=SUITE_TIMEOUT_S,
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    results = folder / "results"
    lines = results.read_text().splitlines() if results.exists() else []
    print("\n".join(lines))
    failed = any(line.startswith("FAIL ") for line in lines)
    if len(lines) != ITEMS:
        print(f"FAIL number of tests: {len(lines)} reported, {ITEMS} expected")
        failed = True
    if failed:
        print(log.read_text())
    return 1 if failed or ran.returncode != 0 else 0


def without_powers():
    """For root: as root, but one whom permissions bind, because a test denies itself access.

    Another user might not be allowed to read the interpreter.
    """
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


if __name__ == "__main__":
    sys.exit(main())
