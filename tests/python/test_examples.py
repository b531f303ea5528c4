"""The article's programs, unchanged but for one import, print what the article says."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples/python"
ARTICLE = ROOT / "tests/python/article"  # NAME.txt: a listing and, below `Output:`, its output
PROGRAMS = sorted(path.stem for path in ARTICLE.glob("*.txt"))
PROGRAM_TIMEOUT_S = 60

IMPORT, OUR_IMPORT = "import aiofiles\n", "import ringfiles as aiofiles\n"
CHANGING = [
    (re.compile(r"^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]", re.MULTILINE), "[NOW]"),
    (re.compile(r"in \d+\.\d{4}s"), "in TIME"),
]
# The article is mistaken here: its own program, with aiofiles, prints another number.
ERRATA = {"write_config": ("Saved 126 bytes", "Saved 144 bytes")}


def listing_and_output(name):
    listing, output = (ARTICLE / f"{name}.txt").read_text().split("\nOutput:\n\n")
    return listing, output.replace(*ERRATA.get(name, ("", "")))


def settled(text):
    """Without what differs from run to run, and without empty lines at the end."""
    for pattern, word in CHANGING:
        text = pattern.sub(word, text)
    return text.rstrip("\n")


def printed_by(program, folder):
    done = subprocess.run([sys.executable, program], check=False, cwd=folder, text=True,
                          capture_output=True, timeout=PROGRAM_TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return settled(done.stdout)


def test_there_are_eight_programs():
    assert len(PROGRAMS) == 8
    assert sorted(path.stem for path in EXAMPLES.glob("*.py")) == PROGRAMS


@pytest.mark.parametrize("name", PROGRAMS)
def test_only_the_import_differs_from_the_article(name):
    listing, _ = listing_and_output(name)
    assert listing.count(IMPORT) == 1
    example = (EXAMPLES / f"{name}.py").read_bytes()
    assert example == listing.replace(IMPORT, OUR_IMPORT).encode()


@pytest.mark.parametrize("name", PROGRAMS)
def test_ringfiles_prints_what_the_article_says(name, tmp_path):
    _, output = listing_and_output(name)
    assert printed_by(EXAMPLES / f"{name}.py", tmp_path) == settled(output)


@pytest.mark.skipif(not importlib.util.find_spec("aiofiles"), reason="aiofiles is not installed")
@pytest.mark.parametrize("name", PROGRAMS)
def test_aiofiles_prints_the_same(name, tmp_path):
    listing, output = listing_and_output(name)
    program = tmp_path / "program.py"
    program.write_text(listing)
    assert printed_by(program, tmp_path) == settled(output)
