"""What docs/python.md shows works as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

MANUAL = Path(__file__).resolve().parents[2] / "docs/python.md"
PROGRAMS = re.findall(r"^```python\n(.*?)^```", MANUAL.read_text(encoding="utf-8"),
                      re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.split("\n")[-2])
def test_programs_run(program, tmp_path):
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=tmp_path, text=True, timeout=60,
        capture_output=True, check=False, env={**os.environ, "PYTHONPATH": ":".join(sys.path)})
    assert (ran.returncode, ran.stderr) == (0, "")


def test_there_are_programs():
    assert len(PROGRAMS) == 4
