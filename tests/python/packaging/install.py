#!/usr/bin/env python3
"""The wheel and the source distribution install in a clean environment and work.

The interpreter that runs this is the one it is about; it needs pip and, for the source
distribution, `build`. PYTHON_IS_MAIN says whether to build that too: it takes the longest.
"""

import functools
import os
import re
import statistics
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
STEP_TIMEOUT_S = 300
IMPORT_LIMIT_MS = 30
IMPORT_RUNS = 10
IMPORT_ROUNDS = 3  # on a busy machine a median may be twice what it is on an idle one
# Every Linux that runs CPython with C++ extensions has these; what else is needed is in the wheel.
SYSTEM_LIBRARIES = {
    "libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6", "ld-linux-x86-64.so.2",
    "libpthread.so.0"}  # libpthread: on systems whose glibc is older than 2.34
NOT_IN_SDIST = {"tests", "tools", "bench", "samples", "docs", "examples", "checks", "scripts"}

# asyncio costs more than ringfiles, and whoever imports ringfiles has it; both are told.
TIME_IMPORT = """
import time
start = time.perf_counter()
import asyncio
between = time.perf_counter()
import ringfiles
end = time.perf_counter()
print((between - start) * 1e3, (end - between) * 1e3)
"""
SAY_WHAT_IS_THERE = """
import ringfiles, ringfiles._ringfiles as core
print(ringfiles.__file__, core.version(), core.backend_report()["kind"])
"""


class Unfit(Exception):
    """Why a case failed."""


def run(*command, cwd=None):
    env = {name: value for name, value in os.environ.items()
           if name not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")}
    # The compiler by the name that scripts/python-build uses, for the compiler cache's sake.
    ran = subprocess.run([str(word) for word in command], check=False, cwd=cwd,
                         timeout=STEP_TIMEOUT_S,
                         env={"CXX": "g++", **env}, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ran.returncode != 0:
        raise Unfit(f"{' '.join(map(str, command[:5]))} failed:\n{ran.stdout[-4000:]}")
    return ran.stdout


def version():
    text = (ROOT / "CMakeLists.txt").read_text()
    return re.search(r"^\s*VERSION ([\d.]+)$", text, re.MULTILINE)[1]


def build_settings():
    """The flags and the depth of folder that scripts/python-build uses, for the compiler cache."""
    nanobind = ROOT / "build/python/tools/site/nanobind/cmake"
    settings = ["cmake.define.RINGFILES_WERROR=ON",
                f"build-dir=build/python/wheel-{sys.implementation.cache_tag}"]
    if nanobind.exists():
        settings.append(f"cmake.define.RINGFILES_NANOBIND={nanobind}")
    return [f"--config-settings={setting}" for setting in settings]


@functools.cache
def wheel(place):
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--wheel-dir", place / "wheel", *build_settings(), ROOT)
    return one_of((place / "wheel").glob("*.whl"))


@functools.cache
def sdist(place):
    run(sys.executable, "-m", "build", "--sdist", "--outdir", place / "sdist", ROOT)
    return one_of((place / "sdist").glob("*.tar.gz"))


def one_of(found):
    found = list(found)
    if len(found) != 1:
        raise Unfit(f"one file was expected, not {found}")
    return found[0]


@functools.cache
def installed(place, archive, *options):
    """The interpreter of a new environment that holds the archive and nothing else."""
    folder = place / f"venv-of-{archive.parent.name}"
    run(sys.executable, "-m", "venv", folder)
    python = folder / "bin/python"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *options, archive)
    return python


def installed_wheel(place):
    return installed(place, wheel(place), "--no-index")


def check_it_works(place, python):
    where, told, kind = run(python, "-I", "-c", SAY_WHAT_IS_THERE, cwd=place).split()
    if not where.startswith(str(place)):
        raise Unfit(f"imported from {where}")
    if told != version() or kind not in ("uring", "threads"):
        raise Unfit(f"version {told} with {kind}")
    scratch = place / "scratch"
    scratch.mkdir(exist_ok=True)
    printed = run(python, ROOT / "examples/python/quick_read.py", cwd=scratch)
    if printed != "Hello from aiofiles!\nLine two.\nLine three.\n":
        raise Unfit(f"quick_read.py printed {printed!r}")


def wheel_installs_and_works(place):
    check_it_works(place, installed_wheel(place))


def sdist_installs_and_works(place):
    check_it_works(place, installed(place, sdist(place), *build_settings()))


def wheel_holds_the_package_alone(place):
    with zipfile.ZipFile(wheel(place)) as archive:
        names = archive.namelist()
        about = archive.read(f"ringfiles-{version()}.dist-info/METADATA").decode()
    sources = (ROOT / "python/ringfiles").rglob("*.py*")
    wanted = {path.relative_to(ROOT / "python").as_posix() for path in sources
              if path.suffix in (".py", ".pyi")}
    strange = [name for name in names if ".dist-info/" not in name and name not in wanted
               and not re.fullmatch(r"ringfiles/(py\.typed|[\w.+-]+\.so[.\d]*)", name)]
    if wanted - set(names) or strange:
        raise Unfit(f"missing: {sorted(wanted - set(names))}, not expected: {strange}")
    for line in ("Requires-Python: >=3.10", f"Version: {version()}", "License-File: LICENSE"):
        if f"\n{line}\n" not in about:
            raise Unfit(f"the metadata do not say {line}")
    if "\nRequires-Dist:" in about:
        raise Unfit("it depends on other packages")


def sdist_holds_what_a_build_needs(place):
    with tarfile.open(sdist(place)) as archive:
        names = [name.split("/", 1)[1] for name in archive.getnames() if "/" in name]
    strange = {name.split("/")[0] for name in names} & NOT_IN_SDIST
    absent = {"LICENSE", "README.md", "pyproject.toml", "CMakeLists.txt"} - set(names)
    if strange or absent:
        raise Unfit(f"missing: {sorted(absent)}, not expected: {sorted(strange)}")
    print(f"     {len(names)} files, {sdist(place).stat().st_size >> 10} KiB")


def libraries_needed(path):
    listed = run("readelf", "--dynamic", "--wide", path)
    return (set(re.findall(r"\(NEEDED\).*\[(.*)\]", listed)),
            re.findall(r"\((?:RUNPATH|RPATH)\).*\[(.*)\]", listed))


def wheel_needs_only_the_systems_libraries(place):
    folder = place / "unpacked"
    with zipfile.ZipFile(wheel(place)) as archive:
        archive.extractall(folder)
    carried = {path.name: path for path in folder.glob("ringfiles/*.so*")}
    needed = set()
    for name, path in carried.items():
        libraries, places = libraries_needed(path)
        needed |= libraries
        if any(place != "$ORIGIN" for place in places):
            raise Unfit(f"{name} looks for libraries in {places}")
    if needed - SYSTEM_LIBRARIES - set(carried):
        raise Unfit(f"it needs {sorted(needed - SYSTEM_LIBRARIES - set(carried))}")
    print(f"     needs {', '.join(sorted(needed))}; carries {', '.join(sorted(carried))}; "
          f"{wheel(place).stat().st_size >> 10} KiB")


def import_is_quick(place):
    python = installed_wheel(place)
    run(python, "-I", "-c", TIME_IMPORT, cwd=place)  # reads the files from the disk
    for _ in range(IMPORT_ROUNDS):
        asyncio_ms, own_ms = import_medians(python, place)
        print(f"     {own_ms:.1f} ms beyond asyncio's {asyncio_ms:.1f} ms, median of {IMPORT_RUNS}")
        if own_ms <= IMPORT_LIMIT_MS:
            return
    raise Unfit(f"{own_ms:.1f} ms beyond asyncio, {IMPORT_LIMIT_MS} are allowed")


def import_medians(python, place):
    runs = [[float(word) for word in run(python, "-I", "-c", TIME_IMPORT, cwd=place).split()]
            for _ in range(IMPORT_RUNS)]
    return [statistics.median(column) for column in zip(*runs)]


CASES = [wheel_installs_and_works, wheel_holds_the_package_alone,
         wheel_needs_only_the_systems_libraries, import_is_quick]
SDIST_CASES = [sdist_holds_what_a_build_needs, sdist_installs_and_works]


def main():
    is_main = bool(os.environ.get("PYTHON_IS_MAIN", "1"))
    failed = False
    with tempfile.TemporaryDirectory(prefix="ringfiles-packaging-") as folder:
        for case in CASES + SDIST_CASES * is_main:
            try:
                case(Path(folder))
                print(f"PASS {case.__name__}", flush=True)
            except (Unfit, OSError, subprocess.TimeoutExpired, KeyError) as why:
                failed = True
                print(f"FAIL {case.__name__}: {why}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
