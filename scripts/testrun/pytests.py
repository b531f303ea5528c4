"""Runs pytest and counts its tests."""

import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

from . import process


def run(tally, stage, python, arguments, timeout_s, env):
    """Runs pytest in that interpreter; `stage` tells this run from others."""
    with tempfile.TemporaryDirectory(prefix="ringfiles-pytest-") as folder:
        report = Path(folder) / "report.xml"
        command = [python, "-m", "pytest", "-q", "-rN", "-p", "no:cacheprovider",
                   "-o", "faulthandler_timeout=60", f"--junitxml={report}", *arguments]
        ran = process.run(command, timeout_s, env={"PYTHONDONTWRITEBYTECODE": "1", **env})
        before = tally.counts()
        complete = report.exists() and report.stat().st_size > 0
        if complete:
            count_report(tally, stage, xml.parse(report).getroot())
    judge_end(tally, stage, ran, complete, before, timeout_s)


def count_report(tally, stage, report):
    for case in report.iter("testcase"):
        name = f"{stage}: {case.get('classname')}::{case.get('name')}"
        bad = [part for part in case if part.tag in ("failure", "error")]
        skip = case.find("skipped")
        if bad:
            tally.failed(name, first_line(bad[0].get("message")))
        elif skip is not None:
            tally.skipped(name, first_line(skip.get("message")))
        else:
            tally.passed(name)


def first_line(text):
    lines = (text or "").strip().splitlines()
    return lines[0] if lines else "no reason given"


def judge_end(tally, stage, ran, complete, before, timeout_s):
    """A run that dies, hangs or finds no test has failed, whatever else it said."""
    passed, failed, skipped = (now - then for now, then in zip(tally.counts(), before))
    if ran.timed_out or not complete or (ran.status != 0 and failed == 0):
        tally.failed(f"{stage}: pytest", ran.how_it_ended(timeout_s))
    elif passed + failed + skipped == 0:
        tally.failed(f"{stage}: pytest", "it ran no test")
    if tally.counts()[1] > before[1]:
        ran.print_tail()
