"""The stages of a test run, in their order. Each is a function of the run."""

import shutil
import tempfile
from pathlib import Path

from . import fuzzing, gtest, process, protocol
from .builds import Builds
from .python_stage import python_tests

CHECK_TIMEOUT_S = 60
BINARY_TIMEOUT_S = 300
SANITIZED_TIMEOUT_S = 600
SCRIPT_TIMEOUT_S = 600
SOAK_TIMEOUT_S = 4 * 3600
TIDY_TIMEOUT_S = 1500

# All but the tests, which the sanitizers build with the same compiler and the same warnings; and
# each public header compiled by itself.
CLANG_TARGETS = ("ringfiles", "logagg", "ringfiles_examples", "ringfiles_test_tools",
                 "all_verify_interface_header_sets")

# The programs that use threads; logagg's own logic gains nothing from ThreadSanitizer.
THREADED_TESTS = ("ringfiles_unit_tests", "ringfiles_contract_tests", "ringfiles_asio_tests",
                  "ringfiles_fault_tests")

# Time limits in these are seconds, so two halves may run at once; the Asio door has a heartbeat.
SHARDED_TESTS = ("ringfiles_unit_tests", "ringfiles_contract_tests", "ringfiles_fault_tests")
SHARDS = 2

# Clang's runtime finds no symbolizer of its own version in Debian's clang package.
SYMBOLIZER = ":external_symbolizer_path=/usr/bin/addr2line"

def sanitizer_env(root):
    """Preset → its options."""
    return {
        "asan": {
            "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1"
                            + SYMBOLIZER,
            "UBSAN_OPTIONS": "print_stacktrace=1" + SYMBOLIZER,
        },
        "tsan": {
            "TSAN_OPTIONS": "second_deadlock_stack=1:history_size=4"
                            f":suppressions={root / 'tests/tsan_suppressions.txt'}" + SYMBOLIZER,
        },
    }


class Run:
    """What all stages share."""

    def __init__(self, root, tally, soak):
        self.root, self.tally, self.soak = root, tally, soak
        self.builds = Builds(root, tally)

    def count(self, name, ran, timeout_s):
        """One result from one program."""
        if ran.good:
            self.tally.passed(name)
        else:
            self.tally.failed(name, ran.how_it_ended(timeout_s))
            ran.print_tail()

    def soak_env(self):
        return {"RINGFILES_SOAK": "1"} if self.soak else {}

    def script_env(self):
        return {"BUILD_DIR": str(self.builds.folder("release")), **self.soak_env()}

    def limit(self, timeout_s):
        return SOAK_TIMEOUT_S if self.soak else timeout_s


def house_checks(run):
    """Each of checks/*.py, and the test that each can fail."""
    run.builds.configure("release")
    for check in sorted((run.root / "checks").glob("[a-z]*.py")):
        ran = process.run(["python3", check], CHECK_TIMEOUT_S)
        run.count(f"checks: {check.stem}", ran, CHECK_TIMEOUT_S)
    protocol.run_scripts(run.tally, "checks", run.root / "tests/checks", CHECK_TIMEOUT_S, {})


def formatting(run):
    ran = process.run([run.root / "scripts/format", "--check"], CHECK_TIMEOUT_S)
    run.count("format: clang-format", ran, CHECK_TIMEOUT_S)


def release_tests(run):
    if not run.builds.build("release"):
        return
    binaries, left_out = run.builds.manifest("release")
    for name, reason in left_out:
        run.tally.skipped(f"release: {name}", reason)
    if not binaries:
        run.tally.failed("release: tests", "there is no test program")
    run_binaries(run, "release", binaries, run.limit(BINARY_TIMEOUT_S), run.soak_env())


def run_binaries(run, preset, binaries, timeout_s, env, sharded=()):
    for name, path in binaries.items():
        before = run.tally.counts()
        shards = SHARDS if name in sharded else 1
        gtest.run_binary(run.tally, preset, path, timeout_s, env, shards)
        print(f"  {name}: {run.tally.since(before)}", flush=True)


def examples(run):
    if run.builds.build("release"):
        protocol.run_scripts(run.tally, "examples", run.root / "tests/examples",
                             SCRIPT_TIMEOUT_S, run.script_env())


def clang_build(run):
    """A second compiler, warnings as errors."""
    if run.builds.build("clang", *CLANG_TARGETS):
        run.tally.passed("clang: build")


def no_uring_build(run):
    """The library where there is no liburing."""
    if run.builds.build("no-uring", "ringfiles"):
        run.tally.passed("no-uring: build")


def consumer(run):
    """A project outside of the tree that knows only what `cmake --install` laid down."""
    source = run.root / "tests/consumer"
    if not source.is_dir() or not run.builds.build("clang", *CLANG_TARGETS):
        return
    with tempfile.TemporaryDirectory(prefix="ringfiles-consumer-") as scratch:
        place = Path(scratch)
        shutil.copytree(source, place / "source")
        if consumer_works(run, place):
            run.tally.passed("consumer")


def consumer_works(run, place):
    built = run.builds.folder("clang")
    prefix = f"-DCMAKE_PREFIX_PATH={place / 'prefix'}"
    steps = [
        ("install", ["cmake", "--install", built, "--prefix", place / "prefix"]),
        ("configure", ["cmake", "-S", place / "source", "-B", place / "build", "-G", "Ninja",
                       prefix]),
        ("build", ["cmake", "--build", place / "build"]),
        ("run", ["cmake", "--build", place / "build", "--target", "check"]),
    ]
    return all(run.builds.step(f"consumer: {name}", SCRIPT_TIMEOUT_S, command)
               for name, command in steps)


def sanitized(run, preset, wanted=None):
    """Builds and runs the test programs under a sanitizer, and nothing else."""
    if not run.builds.configure(preset):
        return
    binaries, _ = run.builds.manifest(preset)
    binaries = {name: path for name, path in binaries.items() if not wanted or name in wanted}
    if not binaries:
        run.tally.failed(f"{preset}: tests", "there is no test program")
    elif run.builds.build(preset, *binaries):
        run_binaries(run, preset, binaries, SANITIZED_TIMEOUT_S, sanitizer_env(run.root)[preset],
                     SHARDED_TESTS)


def address_sanitizer(run):
    sanitized(run, "asan")


def thread_sanitizer(run):
    sanitized(run, "tsan", THREADED_TESTS)


def fuzz(run):
    fuzzing.smoke(run, sanitizer_env(run.root)["asan"])


def tidy(run):
    ran = process.run([run.root / "scripts/lint", "tidy"], TIDY_TIMEOUT_S)
    run.count("tidy: clang-tidy", ran, TIDY_TIMEOUT_S)


def system_tests(run):
    """The tools that make faults prove themselves first, else the tests prove nothing."""
    if run.builds.build("release"):
        for folder in ("tests/system/support", "tests/system"):
            protocol.run_scripts(run.tally, "system", run.root / folder,
                                 run.limit(SCRIPT_TIMEOUT_S), run.script_env())


QUICK = {
    "checks": house_checks,
    "format": formatting,
    "release": release_tests,
    "examples": examples,
}
ALL = {
    **QUICK,
    "clang": clang_build,
    "no-uring": no_uring_build,
    "consumer": consumer,
    "asan": address_sanitizer,
    "tsan": thread_sanitizer,
    "fuzz": fuzz,
    "tidy": tidy,
    "python": python_tests,
    "system": system_tests,
}
