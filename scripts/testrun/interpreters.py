"""Finds the Python interpreters of the machine and gives each an environment for its tests."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from . import process

OLDEST_MINOR = 10
EXPECTED_MINORS = range(10, 14)  # those that the package promises to run on
ASK_TIMEOUT_S = 20
INSTALL_TIMEOUT_S = 300
ASK = """
import json, os, sys, sysconfig
headers = os.path.join(sysconfig.get_path("include"), "Python.h")
print(json.dumps([sys.implementation.cache_tag, list(sys.version_info[:2]), sys.executable,
                  sys.implementation.name == "cpython" and os.path.exists(headers)]))
"""


@dataclass
class Interpreter:
    tag: str      # cpython-311
    minor: int
    path: Path

    @property
    def name(self):
        return f"python3.{self.minor}"


def candidates():
    """Paths that may be interpreters: the system's first, then PATH, then pyenv's."""
    folders = ["/usr/bin", *os.environ.get("PATH", "").split(os.pathsep)]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders += sorted(pyenv.glob("versions/*/bin"))
    for folder in folders:
        for path in sorted(Path(folder).glob("python3.*")):
            minor = re.fullmatch(r"python3\.(\d+)", path.name)
            if minor and int(minor.group(1)) >= OLDEST_MINOR and os.access(path, os.X_OK):
                yield path


def ask(path):
    """The interpreter at a path, or None: it may not run here, or lack its headers."""
    ran = process.run([path, "-c", ASK], ASK_TIMEOUT_S)
    try:
        tag, (major, minor), executable, usable = json.loads(ran.output)
    except ValueError:
        return None
    return Interpreter(tag, minor, Path(executable)) if usable and major == 3 else None


def found():
    """One interpreter for each minor version, the newest last."""
    by_minor = {}
    for path in candidates():
        if int(path.name.split(".")[1]) not in by_minor:
            interpreter = ask(path)
            if interpreter:
                by_minor.setdefault(interpreter.minor, interpreter)
    return [by_minor[minor] for minor in sorted(by_minor)]


def environment(builds, root, interpreter, name, requirements):
    """The interpreter of a virtual environment with these requirements, or None. It is made anew
    when the requirements or the interpreter have changed."""
    folder = root / "build/python/venvs" / name
    wanted = f"{interpreter.path}\n{(root / requirements).read_text()}"
    stamp, python = folder / "made-of.txt", folder / "bin/python"
    if stamp.exists() and stamp.read_text() == wanted and os.access(python, os.X_OK):
        return python
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
           "--requirement", root / requirements]
    made = (builds.step(f"{name}: venv", INSTALL_TIMEOUT_S,
                        [interpreter.path, "-m", "venv", "--clear", folder])
            and builds.step(f"{name}: {requirements}", INSTALL_TIMEOUT_S, pip))
    if made:
        stamp.write_text(wanted)
    return python if made else None
