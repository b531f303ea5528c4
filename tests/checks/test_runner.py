#!/usr/bin/env python3
"""Shows the runner of the tests programs that fail in all the ways there are, and sees it count.

Prints PASS or FAIL for each case, as the runner itself reads it.
"""

import contextlib
import io
import json
import sys
import tempfile
import time
import unittest
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from test_checks import Printing  # noqa: E402
from testrun import fuzzing, gtest, protocol, pytests  # noqa: E402
from testrun.tally import Tally  # noqa: E402

TIMEOUT_S = 20
TESTS = {"Suite.Passes": {"result": "COMPLETED"},
         "Suite.Fails": {"result": "COMPLETED", "failures": [{"failure": "x.cpp:1\nwhy"}]},
         "Suite.Skips": {"result": "SKIPPED"}}


def report_of(*names):
    """What googletest 1.12 writes about these tests."""
    tests = [{"name": name.split(".")[1], "status": "RUN", **TESTS[name]} for name in names]
    return {"testsuites": [{"name": "Suite", "testsuite": tests}] if tests else []}


class Programs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="ringfiles-runner-")
        self.addCleanup(self.folder.cleanup)
        self.tally, self.printed = Tally(), io.StringIO()

    def program(self, text, name="program", executable=True):
        path = Path(self.folder.name) / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755 if executable else 0o644)
        return path

    def quietly(self, call, *arguments):
        with contextlib.redirect_stdout(self.printed):
            call(self.tally, "stage", *arguments)

    def assert_counts(self, *counts):
        self.assertEqual(self.tally.counts(), counts, self.printed.getvalue())


class Fuzzers(Programs):
    def run_fuzzer(self, text):
        """A fuzzer that says `text` and does what its last line says."""
        folder = Path(self.folder.name)
        run = SimpleNamespace(tally=self.tally, root=folder,
                              builds=SimpleNamespace(folder=lambda preset: folder))
        with contextlib.redirect_stdout(self.printed):
            fuzzing.fuzz(run, "target", self.program(text), 1, folder, {})

    def test_one_that_breaks_nothing_passes(self):
        self.run_fuzzer("echo stat::number_of_executed_units: 12")
        self.assert_counts(1, 0, 0)
        self.assertIn("12 executions, 0 crashes", self.printed.getvalue())

    def test_what_it_breaks_is_a_failure_with_its_words(self):
        self.run_fuzzer("echo 'x.cpp:1: broken: a promise'\nexit 77")
        self.assert_counts(0, 1, 0)
        self.assertEqual(self.tally.failures[0][1], "x.cpp:1: broken: a promise")

    def test_one_that_runs_nothing_fails(self):
        self.run_fuzzer("exit 0")
        self.assert_counts(0, 1, 0)


class Googletest(Programs):
    def run_gtest(self, report, text="", timeout_s=TIMEOUT_S):
        """A program that says `text`, having written the report unless that is None."""
        write = "" if report is None else \
            f"cat > \"${{1#--gtest_output=json:}}\" <<'END'\n{json.dumps(report)}\nEND\n"
        self.quietly(gtest.run_binary, self.program(write + text), timeout_s, {})

    def test_results_are_counted(self):
        self.run_gtest(report_of("Suite.Passes", "Suite.Fails", "Suite.Skips"), "exit 1")
        self.assert_counts(1, 1, 1)
        self.assertEqual(self.tally.failures, [("stage: Suite.Fails", "x.cpp:1 | why")])

    def test_the_reason_of_a_skip_is_kept(self):
        output = "[ RUN      ] Suite.Skips\nx.cpp:2: Skipped\nno ring\n[  SKIPPED ] Suite.Skips"
        self.run_gtest(report_of("Suite.Skips"), f"echo '{output}'")
        self.assertEqual(self.tally.skips, [("stage: Suite.Skips", "no ring")])

    def test_a_program_without_tests_fails(self):
        self.run_gtest(report_of())
        self.assert_counts(0, 1, 0)

    def test_a_bad_status_after_good_tests_fails(self):
        self.run_gtest(report_of("Suite.Passes"), "echo SUMMARY: a leak; exit 23")
        self.assert_counts(1, 1, 0)
        self.assertIn("exit status 23 (SUMMARY: a leak)", self.tally.failures[0][1])

    def test_a_crash_names_the_test(self):
        self.run_gtest(None, "echo '[ RUN      ] Suite.Dies'; kill -SEGV $$")
        self.assertEqual(self.tally.failures,
                         [("stage: program", "crashed: SIGSEGV in Suite.Dies")])

    def test_a_hang_is_ended_and_fails(self):
        self.run_gtest(None, "sleep 60", timeout_s=0.2)
        self.assertIn("hung", self.tally.failures[0][1])

    def test_an_early_good_end_fails(self):
        self.run_gtest(None, "printf '[       OK ] Suite.A (0 ms)\\n[ RUN      ] Suite.B\\n'")
        self.assert_counts(1, 1, 0)

    def test_what_each_shard_says_is_counted(self):
        folder = Path(self.folder.name)
        for index, names in enumerate((["Suite.Passes", "Suite.Fails"], ["Suite.Passes"])):
            (folder / f"report-{index}-of-2").write_text(json.dumps(report_of(*names)))
        said = f"{folder}/report-$GTEST_SHARD_INDEX-of-$GTEST_TOTAL_SHARDS"
        program = self.program(f'cp {said} "${{1#--gtest_output=json:}}"\n'
                               "exit $((1 - $GTEST_SHARD_INDEX))")
        self.quietly(gtest.run_binary, program, TIMEOUT_S, {}, 2)
        self.assert_counts(2, 1, 0)

    def test_a_missing_program_fails(self):
        self.quietly(gtest.run_binary, Path(self.folder.name) / "absent", TIMEOUT_S, {})
        self.assert_counts(0, 1, 0)


CASES = {"passes": "", "fails": '<failure message="assert 1 == 2&#10;more">trace</failure>',
         "breaks": '<error message="no fixture">trace</error>',
         "skips": '<skipped message="no such kernel">where</skipped>'}


class Pytest(Programs):
    def run_pytest(self, names, text=""):
        """A stand-in for an interpreter, whose pytest writes this report, unless that is None."""
        cases = "".join(f'<testcase classname="t" name="{name}">{CASES[name]}</testcase>'
                        for name in names or ())
        write = "" if names is None else (
            'for word; do case $word in --junitxml=*) report=${word#*=};; esac; done\n'
            f"cat > $report <<'END'\n<testsuites><testsuite>{cases}</testsuite></testsuites>\n"
            "END\n")
        self.quietly(pytests.run, self.program(write + text), [], TIMEOUT_S, {})

    def test_results_are_counted(self):
        self.run_pytest(["passes", "fails", "breaks", "skips"], "exit 1")
        self.assert_counts(1, 2, 1)
        self.assertEqual(self.tally.failures[0], ("stage: t::fails", "assert 1 == 2"))
        self.assertEqual(self.tally.skips, [("stage: t::skips", "no such kernel")])

    def test_a_run_without_tests_fails(self):
        self.run_pytest([])
        self.assert_counts(0, 1, 0)

    def test_a_crash_fails(self):
        self.run_pytest(None, "kill -SEGV $$")
        self.assert_counts(0, 1, 0)
        self.assertIn("SIGSEGV", self.tally.failures[0][1])

    def test_a_bad_status_after_good_tests_fails(self):
        self.run_pytest(["passes"], "exit 3")
        self.assert_counts(1, 1, 0)


class Scripts(Programs):
    def run_script(self, text, **options):
        self.program(text, "case.sh", **options)
        self.quietly(protocol.run_scripts, self.folder.name, TIMEOUT_S, {"BUILD_DIR": "here"})

    def test_results_are_counted(self):
        self.run_script('echo "PASS $BUILD_DIR"; echo "SKIP b: no xfs"; echo noise\n'
                        'echo "FAIL c: d: e"; exit 1')
        self.assert_counts(1, 1, 1)
        self.assertEqual(self.tally.failures, [("stage: case: c", "d: e")])
        self.assertEqual(self.tally.skips, [("stage: case: b", "no xfs")])

    def test_a_silent_script_fails(self):
        self.run_script("true")
        self.assert_counts(0, 1, 0)

    def test_a_bad_status_without_a_failure_fails(self):
        self.run_script("echo PASS a; exit 1")
        self.assert_counts(1, 1, 0)

    def test_a_script_that_is_not_executable_fails(self):
        self.run_script("echo PASS a", executable=False)
        self.assert_counts(0, 1, 0)

    def test_a_part_of_other_scripts_is_not_run(self):
        (Path(self.folder.name) / "support.py").write_text("import os\n")
        self.run_script("echo PASS a")
        self.assert_counts(1, 0, 0)

    def test_what_a_script_leaves_running_is_ended(self):
        note = Path(self.folder.name) / "child"
        self.run_script(f"sleep 60 & echo $! > {note}; echo PASS a")
        self.assertTrue(ends_soon(int(note.read_text())))


def ends_soon(process_id):
    """A kill is not at once; a zombie that nobody collects has ended too."""
    stat = Path(f"/proc/{process_id}/stat")
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            if stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False


if __name__ == "__main__":
    outcome = Printing()
    unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]).run(outcome)
    sys.exit(0 if outcome.wasSuccessful() and outcome.testsRun else 1)
