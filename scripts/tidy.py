#!/usr/bin/env python3
"""Runs clang-tidy in parallel on what Clang compiles: the preset `clang`, and the Python extension.
Usage: tidy.py [REGEX]

A file that was clean is not looked at again until what the compiler sees of it has changed: its
preprocessed text with comments (NOLINT counts), its command, or .clang-tidy. Each complaint is
printed once, although many files may include the header that it is about.
"""

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/clang"
PYTHON_BUILD = ROOT / "build/python/clang"  # see scripts/python-build
CLEAN = BUILD / "tidy-clean"  # one empty file for each state that was clean
TIDY = "clang-tidy-19"
# The tests are not tidied: googletest's macros cost more time than they find.
OWN_CODE = "^/(src|adaptors|tools|examples)/"
COMPLAINT = re.compile(r"^/.*:\d+:\d+: (?:error|warning): ", re.MULTILINE)


def commands(pattern):
    """The compile commands of the files of this tree whose path, below it, matches."""
    known = {}
    for build in (PYTHON_BUILD, BUILD):  # the core, which both compile, as the preset does it
        for entry in json.loads((build / "compile_commands.json").read_text()):
            known[entry["file"]] = entry
    return [entry for file, entry in known.items() if is_below(file, ROOT)
            and not is_below(file, BUILD.parent) and re.search(pattern, file[len(str(ROOT)):])]


def is_below(file, folder):
    return file.startswith(f"{folder}/")


def state_of(entry):
    """A name for all that clang-tidy's answer depends on; None when it does not preprocess."""
    words = [word for word in shlex.split(entry["command"]) if word != "-c"]
    if "-o" in words:
        del words[words.index("-o"):words.index("-o") + 2]
    seen = subprocess.run([*words, "-E", "-C"], cwd=entry["directory"], capture_output=True)
    if seen.returncode != 0:
        return None
    parts = (seen.stdout, entry["command"].encode(), (ROOT / ".clang-tidy").read_bytes())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def tidy(entry):
    """What clang-tidy has to say about one file; nothing when it is clean."""
    state = state_of(entry)
    if state and (CLEAN / state).exists():
        return ""
    ran = subprocess.run([TIDY, "-quiet", "-p", entry["directory"], entry["file"]],
                         capture_output=True, text=True)
    if ran.returncode == 0 and state:
        (CLEAN / state).touch()
    return "" if ran.returncode == 0 else ran.stdout or ran.stderr


def complaints_in(text):
    """The single complaints of one answer, each with the lines that explain it."""
    starts = [found.start() for found in COMPLAINT.finditer(text)] or [0]
    return [text[start:end].strip() for start, end in zip(starts, starts[1:] + [len(text)])]


def main():
    pattern = sys.argv[1] if len(sys.argv) > 1 else OWN_CODE
    for configure in (["cmake", "--preset", "clang", "--log-level=ERROR"],
                      [ROOT / "scripts/python-build", "--clang"]):
        if subprocess.run(configure, cwd=ROOT, stdout=subprocess.DEVNULL).returncode != 0:
            return 1
    CLEAN.mkdir(exist_ok=True)
    entries, seen = commands(pattern), set()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for answer in pool.map(tidy, entries):
            for complaint in complaints_in(answer) if answer else ():
                if complaint not in seen:
                    seen.add(complaint)
                    print(complaint, flush=True)
    print(f"clang-tidy: {len(entries)} files, {len(seen)} complaints")
    return 1 if seen else 0


if __name__ == "__main__":
    sys.exit(main())
