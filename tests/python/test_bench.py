"""The benchmark runs, on files too small to say anything about speed."""

import json
import subprocess
import sys
from pathlib import Path

REPORT = Path(__file__).resolve().parents[2] / "bench/python_report.py"


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, REPORT, "--quick", "--rounds", "1", "--dir", folder, *arguments],
        text=True, capture_output=True, timeout=120, check=False,
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"})


def test_every_work_is_done_by_each_and_nothing_stays(tmp_path):
    ran = run(tmp_path, "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    works = json.loads(ran.stdout)["works"]
    assert [work["name"] for work in works] == [
        "lines", "readline", "read", "write", "small", "gathered", "whole", "stat", "cold",
        "aggregator"]
    for work in works:
        assert {"sync", "ringfiles"} <= set(work["seconds_each"])
        assert all(seconds > 0 for seconds in work["seconds_each"].values())
        assert set(work["ratios"]) == set(work["seconds_each"]) - {"ringfiles"}
        assert work["verdict"] == "-"
    assert list(tmp_path.iterdir()) == []


def test_the_table_has_a_line_for_each_work(tmp_path):
    lines = run(tmp_path, "--only", "lines,stat").stdout.splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == [
        "work", "async for line, UTF-8 text", "os.stat (not judged)"]


def test_unknown_works_are_refused(tmp_path):
    ran = run(tmp_path, "--only", "lines,nonsense")
    assert ran.returncode == 2 and "there is no nonsense" in ran.stderr
