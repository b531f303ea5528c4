"""scripts/demo --python compares the article's program on both libraries, and can fail."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "scripts/python_demo.py"
DEMO_TIMEOUT_S = 120

needs_aiofiles = pytest.mark.skipif(not importlib.util.find_spec("aiofiles"),
                                    reason="aiofiles is not installed")


@pytest.fixture
def demo(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("python_demo", DEMO)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "LOGS", tmp_path)
    return module


def test_the_logs_are_the_same_each_time(demo, tmp_path):
    first, second = (demo.make_logs(tmp_path / name, 1, 3) for name in "ab")
    for name in ("service_00.log", "service_01.log", "service_02.log"):
        text = (first / name).read_bytes()
        assert text == (second / name).read_bytes()
        assert (1 << 20) // 3 <= len(text) < (1 << 20) // 3 + 200
        assert text.count(b" ERROR ") >= text.count(b"\n") // demo.LINES_FOR_AN_ERROR


@needs_aiofiles
def test_both_libraries_give_the_same_report():
    done = subprocess.run([sys.executable, DEMO, "--mib", "1", "--files", "4"],
                          check=False, capture_output=True, text=True, timeout=DEMO_TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    assert "Identical reports; ringfiles reads" in done.stdout


@needs_aiofiles
def test_reports_that_differ_are_a_failure(demo, tmp_path, monkeypatch, capsys):
    digests = iter(("one", "another"))
    monkeypatch.setattr(demo, "run", lambda *_: (1.0, next(digests)))
    monkeypatch.setattr(sys, "argv", ["demo", "--mib", "1", "--files", "2"])
    assert demo.main() == 1
    assert "the reports differ" in capsys.readouterr().err
