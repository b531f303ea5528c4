#!/usr/bin/env python3
"""That the suite can fail: packages with one defect each must lose the tests that show it."""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from harness import catalogue, outcomes

TIMEOUT_S = 120
SAMPLE = "test_univnewlines.*"
EINTR = "test_file_eintr.CTestTextIOSignalInterrupt.test_readline"


def run(target, only=SAMPLE, *more):
    """(exit status, report) of a short run."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "report.json")
        command = [sys.executable, os.path.join(HERE, "run.py"), "--target", target,
                   "--only", only, "--json", path, *more]
        status = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                timeout=TIMEOUT_S, check=False).returncode
        with open(path, encoding="utf-8") as file:
            return status, json.load(file)


def failed(report):
    return {name.rpartition(".")[2] for name, result in report["tests"].items()
            if result["outcome"] != "pass"}


def proxy_passes():
    status, report = run("proxy")
    assert status == 0 and report["reachable"] == report["passed"] > 10, report
    assert all(result["opens"] > 0 for result in report["tests"].values()), report


def broken_readline_is_seen():
    status, report = run("broken-readline")
    assert status == 1 and failed(report) == {"test_readline"}, failed(report)


def broken_write_is_seen():
    status, report = run("broken-write", "test_bufio.*")
    assert status == 1 and report["passed"] == 0 < report["reachable"], report


def nothing_passes_without_the_package():
    for pattern in (SAMPLE, "test_fileio.*", EINTR):
        status, report = run("broken-open", pattern)
        assert status == 1 and report["passed"] == 0 < report["reachable"], report


def programs_get_the_package_too():
    for target, passes in (("proxy", 1), ("broken-readline", 0)):
        report = run(target, EINTR)[1]
        assert (report["reachable"], report["passed"]) == (1, passes), report


def each_internal_test_exists():
    rules = outcomes.read_internal(os.path.join(HERE, "internal.txt"))
    modules = sorted({name.split(".")[0] for name, _, _ in rules})
    names = {name for module in modules for name in catalogue.tests_of(module)}
    mine = [name for name, _, _ in rules if outcomes.internal_reason(rules, name) is not None]
    assert mine and set(mine) <= names, sorted(set(mine) - names)


CASES = (proxy_passes, broken_readline_is_seen, broken_write_is_seen,
         nothing_passes_without_the_package, programs_get_the_package_too,
         each_internal_test_exists)


def main():
    try:
        import test.test_univnewlines  # noqa: F401
    except ImportError as error:
        print(f"SKIP selftest: {error}")
        return 0
    status = 0
    for case in CASES:
        try:
            case()
            print(f"PASS {case.__name__}", flush=True)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            status = 1
            print(f"FAIL {case.__name__}: {str(error)[:300]}", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
