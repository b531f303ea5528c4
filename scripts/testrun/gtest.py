"""Runs a googletest program and counts its tests."""

import json
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import process
from .tally import Tally

MARK = re.compile(r"^\[ *(RUN|OK|FAILED|SKIPPED) *\] ([^\s,]+)")
SUMMARY = re.compile(r"^(?:SUMMARY: .*|.*runtime error: .*)$", re.MULTILINE)


def run_binary(tally, stage, path, timeout_s, env, shards=1):
    """Runs all tests of the program, dealt out to so many processes at once; `stage` tells this run
    of it from others."""
    def run_shard(index):
        shard = {"GTEST_TOTAL_SHARDS": str(shards), "GTEST_SHARD_INDEX": str(index)}
        return run_and_count(stage, path, timeout_s, {**env, **shard})

    with ThreadPoolExecutor(shards) as pool:
        for counted in pool.map(run_shard, range(shards)):
            tally.add(counted)


def run_and_count(stage, path, timeout_s, env):
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="ringfiles-gtest-") as folder:
        report = Path(folder) / "report.json"
        ran = process.run([path, f"--gtest_output=json:{report}"], timeout_s, env=env)
        complete = report.exists() and report.stat().st_size > 0
        if complete:
            count_report(tally, stage, json.loads(report.read_text()), skip_reasons(ran.output))
        else:
            count_console(tally, stage, ran.output)
    why = why_bad_end(tally, ran, complete, timeout_s)
    if why:
        tally.failed(f"{stage}: {Path(path).name}", why)
    if tally.failures:
        ran.print_tail()
    return tally


def count_report(tally, stage, report, reasons):
    for suite in report.get("testsuites", []):
        for test in suite.get("testsuite", []):
            key = f"{suite['name']}.{test['name']}"
            name = f"{stage}: {key}"
            if test.get("failures"):
                tally.failed(name, first_line(test["failures"][0].get("failure", "")))
            elif test.get("result") == "SKIPPED":
                tally.skipped(name, reasons.get(key))
            elif test.get("status") == "NOTRUN":
                tally.skipped(name, "DISABLED_")
            else:
                tally.passed(name)


def first_line(failure):
    return " | ".join(line.strip() for line in failure.splitlines() if line.strip())[:400]


def skip_reasons(output):
    """What GTEST_SKIP() said, by test: the report of 1.12 leaves it out."""
    reasons, said = {}, []
    for line in output.splitlines():
        mark = MARK.match(line)
        if not mark:
            said.append(line)
        elif mark.group(1) == "SKIPPED" and said:
            reasons[mark.group(2)] = after_skipped(said)
        if mark:
            said = []
    return reasons


def after_skipped(lines):
    at = next((at for at, line in enumerate(lines) if line.endswith(": Skipped")), -1)
    return " ".join(line.strip() for line in lines[at + 1:] if line.strip())


def count_console(tally, stage, output):
    """A program that died wrote no report; what it printed until then still counts."""
    for line in output.splitlines():
        mark = MARK.match(line)
        if mark and mark.group(1) == "OK":
            tally.passed(f"{stage}: {mark.group(2)}")
        elif mark and mark.group(1) == "FAILED":
            tally.failed(f"{stage}: {mark.group(2)}", "see the output below")


def running_at_end(output):
    """The test that was running when the program ended, if any."""
    last = None
    for line in output.splitlines():
        mark = MARK.match(line)
        last = mark if mark else last
    return last.group(2) if last and last.group(1) == "RUN" else None


def why_bad_end(tally, ran, complete, timeout_s):
    """What was wrong beyond single tests: a crash, a hang, a leak, no tests at all; or None."""
    passed, failed, skipped = tally.counts()
    died = ran.timed_out or ran.status < 0 or not complete
    if died or (ran.status != 0 and failed == 0):
        return describe_end(ran, timeout_s)
    return "it ran no test" if passed + failed + skipped == 0 else None


def describe_end(ran, timeout_s):
    words = [ran.how_it_ended(timeout_s)]
    victim = running_at_end(ran.output)
    if victim:
        words.append(f"in {victim}")
    summary = SUMMARY.search(ran.output)
    if summary:
        words.append(f"({summary.group().strip()})")
    return " ".join(words)
