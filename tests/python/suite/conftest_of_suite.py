"""Copied beside aiofiles' own tests: makes aiofiles mean ringfiles, and writes down the results."""

import os
import sys

import pytest

import ringfiles

assert "aiofiles" not in sys.modules
ringfiles.install()
assert sys.modules["aiofiles"] is ringfiles


@pytest.fixture(scope="session")
def event_loop_policy():
    if os.environ["SUITE_LOOP"] == "uvloop":
        import uvloop

        return uvloop.EventLoopPolicy()
    import asyncio

    return asyncio.DefaultEventLoopPolicy()


def pytest_runtest_logreport(report):
    # A test has one line: that of its call, or of the phase that kept it from being called.
    if report.when == "call" or not report.passed:
        write_down(report)


def write_down(report):
    name = report.nodeid.removeprefix("tests/").replace(": ", ":")
    if report.passed:
        line = f"PASS {name}"
    elif report.skipped:
        line = f"SKIP {name}: {report.longrepr[2]}"
    else:
        line = f"FAIL {name}: {last_line(report.longreprtext)}"
    with open(os.environ["SUITE_RESULTS"], "a") as results:
        results.write(line + "\n")


def last_line(text):
    return (text.strip().splitlines() or ["no reason given"])[-1]
