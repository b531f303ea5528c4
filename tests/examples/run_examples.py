#!/usr/bin/env python3
"""Runs every example in an empty folder and compares what it prints with expected/NAME.txt.

What differs from run to run (dates, durations) is replaced by a word on both sides. An example
without an expectation fails, and so does an expectation without an example.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CHANGING = [
    (re.compile(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]"), "[NOW]"),
    (re.compile(r"in \d+\.\d{4}s"), "in TIME"),
]


def settled(text):
    for pattern, word in CHANGING:
        text = pattern.sub(word, text)
    return text


def printed_by(program):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([program], cwd=folder, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"exit status {done.returncode}: {done.stderr.strip()}")
    return settled(done.stdout)


def check(name, programs):
    expectation = HERE / "expected" / f"{name}.txt"
    if not expectation.exists():
        return f"there is no expectation {expectation.relative_to(ROOT)}"
    if not (ROOT / "examples" / f"{name}.cpp").exists():
        return "there is no example of this name"
    try:
        printed = printed_by(programs / name)
    except (OSError, RuntimeError, subprocess.TimeoutExpired) as problem:
        return str(problem)
    return None if printed == expectation.read_text() else f"it printed {printed!r}"


def main():
    programs = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build/release")) / "examples"
    names = {path.stem for path in (ROOT / "examples").glob("*.cpp")}
    names |= {path.stem for path in (HERE / "expected").glob("*.txt")}
    failed = 0
    for name in sorted(names):
        problem = check(name, programs)
        failed += problem is not None
        print(f"FAIL examples/{name}: {problem}" if problem else f"PASS examples/{name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
