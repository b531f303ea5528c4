"""The protocol of the system tests: one line for each result, and an exit status.

    PASS name
    FAIL name: why
    SKIP name: reason

A test script makes one Reporter, runs its cases and ends with `sys.exit(report.exit_status())`:

    report = Reporter()
    with report.case("short reads are joined"):
        assert copy_is_equal()
    with report.case("hung mount"), faultfs(binary("faultfs")) as mirror:
        ...                                # Unavailable, raised by faultfs(), becomes SKIP
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import traceback

# How long a killed program may take to be gone. A program in an uninterruptible wait may never be.
KILL_PATIENCE_S = 10

GTEST_MARK = re.compile(r"^\[ *(RUN|OK|FAILED|SKIPPED) *\] ([^\s,]+)")
GTEST_RESULTS = {"OK": "PASS", "FAILED": "FAIL", "SKIPPED": "SKIP"}


class Unavailable(Exception):
    """This machine does not allow or does not have what the test needs: a reason to skip."""


def _one_line(text):
    return " | ".join(part.strip() for part in str(text).splitlines() if part.strip())


class Reporter:
    """Prints results as they come and counts them. Not safe for use from several threads."""

    def __init__(self, prefix="", stream=None):
        self.prefix = prefix
        self.counts = {"PASS": 0, "FAIL": 0, "SKIP": 0}
        self._stream = stream or sys.stdout

    def _say(self, result, name, why=""):
        self.counts[result] += 1
        line = f"{result} {self.prefix}{name}" + (f": {_one_line(why)}" if why else "")
        print(line, file=self._stream, flush=True)

    def passed(self, name):
        self._say("PASS", name)

    def failed(self, name, why):
        self._say("FAIL", name, why or "no reason given")

    def skipped(self, name, reason):
        self._say("SKIP", name, reason or "no reason given")

    def check(self, name, good, why="not so"):
        """One result from a truth value."""
        if good:
            self.passed(name)
        else:
            self.failed(name, why)
        return bool(good)

    @contextlib.contextmanager
    def case(self, name):
        """One result from a block: Unavailable is SKIP, any other exception is FAIL."""
        try:
            yield
        except Unavailable as reason:
            self.skipped(name, reason)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{os.path.basename(place.filename)}:{place.lineno}"
            self.failed(name, f"{type(error).__name__} at {where}: {error or place.line}")
        else:
            self.passed(name)

    def exit_status(self):
        """0 when something was reported and nothing failed: a script that is silent is broken."""
        return 1 if self.counts["FAIL"] or not any(self.counts.values()) else 0


def run_program(arguments, env=None, timeout=600):
    """Runs a program in a process group of its own; returns (status, output of both streams).

    The status is that of subprocess: negative for a signal, None when `timeout` seconds were not
    enough and the group was killed. Standard input is empty.
    """
    with tempfile.TemporaryFile() as output:
        program = subprocess.Popen([str(word) for word in arguments], stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT,
                                   env={**os.environ, **(env or {})}, start_new_session=True)
        try:
            status = program.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(KILL_PATIENCE_S)
            status = None
        output.seek(0)
        return status, output.read().decode("utf-8", "replace")


def _document_results(document):
    """Yields (name, result, words) for each test of a --gtest_output=json document."""
    for suite in document.get("testsuites", []):
        for test in suite.get("testsuite", []):
            name = f"{suite['name']}.{test['name']}"
            failures = [failure.get("failure", "") for failure in test.get("failures", [])]
            if failures:
                yield name, "FAIL", failures[0]
            elif test.get("result") == "SKIPPED":
                yield name, "SKIP", ""
            elif test.get("status") == "RUN":
                yield name, "PASS", ""


def _console_results(output):
    """The same from what a gtest program printed; a test that never ended is a failure."""
    running, said = None, []
    for line in output.splitlines():
        mark = GTEST_MARK.match(line)
        if not mark:
            said.append(line)
        elif mark.group(1) == "RUN":
            running, said = mark.group(2), []
        elif mark.group(2) == running:  # the summary at the end names failed tests once more
            yield running, GTEST_RESULTS[mark.group(1)], "\n".join(said)
            running = None
    if running:
        yield running, "FAIL", "\n".join(["the program ended inside this test", *said])


def _gtest_results(document, output):
    """From the document if the program lived to write it; googletest 1.12 leaves out of it why a
    test was skipped, so that comes from the console in any case."""
    on_console = list(_console_results(output))
    try:
        results = list(_document_results(json.loads(document.read_text(encoding="utf-8"))))
    except (OSError, ValueError):
        return on_console
    words = {name: said for name, _, said in on_console}
    return [(name, result, said or words.get(name, "")) for name, result, said in results]


def _forward(report, prefix, results):
    say = {"PASS": lambda name, _: report.passed(name), "FAIL": report.failed,
           "SKIP": report.skipped}
    count = 0
    for name, result, words in results:
        say[result](prefix + name, words)
        count += 1
    return count


def run_gtest(binary, filter="*", env=None, timeout=600, *, report, prefix="", wrapper=()):
    """Runs a GoogleTest program and reports each of its tests as `prefix` + Suite.Test.

    `wrapper` is put before the program, e.g. (deny, "EPERM", "io_uring_setup", "--"). A crash, a
    timeout, a bad exit status that no test explains and a filter that selects nothing are
    failures named `prefix` + the program's name. Returns the output of the program.
    """
    program = pathlib.Path(binary)
    if not program.is_file():
        report.skipped(prefix + program.name, "it is not built")
        return ""
    with tempfile.TemporaryDirectory(prefix="ringfiles-gtest-") as folder:
        document = pathlib.Path(folder, "results.json")
        status, output = run_program([*wrapper, program, f"--gtest_filter={filter}",
                                      f"--gtest_output=json:{document}"], env, timeout)
        failed_before = report.counts["FAIL"]
        results = _gtest_results(document, output)
        count = _forward(report, prefix, results)
    whole = prefix + program.name
    if status is None:
        report.failed(whole, f"not done after {timeout} s")
    elif status != 0 and report.counts["FAIL"] == failed_before or status < 0:
        how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        report.failed(whole, f"{how}: {output[-400:]}")
    elif count == 0:
        report.failed(whole, f"the filter {filter} selects no test")
    return output
