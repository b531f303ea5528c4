"""`python -m ringfiles`: what serves here, and why."""

import json
import os
import re
import subprocess
import sys

import pytest

from ringfiles import __main__ as program


def run(*arguments, **variables):
    environment = {key: value for key, value in os.environ.items() if key != "RINGFILES_BACKEND"}
    return subprocess.run(
        [sys.executable, "-m", "ringfiles", *map(str, arguments)], text=True, timeout=60,
        capture_output=True, check=False,
        env={**environment, "PYTHONPATH": ":".join(sys.path), **variables})


def test_it_says_what_serves_and_what_that_did(tmp_path):
    ran = run("--folder", tmp_path, PYTHONIOENCODING="ascii")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("ringfiles ")
    assert "\nback end: " in ran.stdout and "\nwhy: " in ran.stdout
    assert re.search(r"\n  +200\d times from the file's own buffer\n", ran.stdout)
    assert list(tmp_path.iterdir()) == []


def test_it_tells_programs_the_same(tmp_path):
    found = json.loads(run("--json", "--folder", tmp_path).stdout)
    assert set(found) == {"version", "python", "system", "asked_for", "backend", "statistics"}
    assert set(found["backend"]) == {"kind", "why", "refused"}
    served = found["statistics"]["served"]
    assert served["buffer"] >= 2000 and sum(served.values()) > served["buffer"]
    assert (found["statistics"]["in_flight"], found["asked_for"]) == (0, None)


def test_the_variable_chooses_the_back_end():
    found = json.loads(run("--json", RINGFILES_BACKEND="threads").stdout)
    assert (found["asked_for"], found["backend"]["kind"]) == ("threads", "threads")
    assert found["statistics"]["served"]["ring"] == 0


def test_what_was_refused_is_told_with_its_remedy():
    ran = run(RINGFILES_BACKEND="turbo")
    assert ran.returncode == 0
    assert "\nrefused: RINGFILES_BACKEND=turbo (Invalid argument): " in ran.stdout
    assert "give uring or threads" in ran.stdout


def test_a_check_that_fails_is_an_error(monkeypatch):
    monkeypatch.setattr(program, "_TEXT", "one line, and it says\rthat it is two")
    with pytest.raises(ValueError, match="not hold what was written"):
        program.report()
