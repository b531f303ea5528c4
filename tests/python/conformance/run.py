#!/usr/bin/env python3
"""CPython's own tests of files, run against an asynchronous file package.

    run.py [--target aiofiles|ringfiles|proxy] [--backend uring|threads] [--wider]
           [--only PATTERN] [--short-reads] [--json FILE] [--jobs N] [--timeout S] [--show]
    run.py --compare A.json B.json

The interpreter that runs this is the one whose tests are run. Each method runs in a child of its
own, first against the proxy (harness/proxy.py), to see whether it can be passed at all, then
against the target. PATTERN is matched against module.Class.method. docs/conformance.md tells more.
"""

import argparse
import contextlib
import fnmatch
import json
import os
import platform
import signal
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from harness import catalogue, children, install, outcomes, targets

TIMEOUT_S = 20
SHORT_READ_TIMEOUT_S = 180  # a hop for each seven bytes
ATTEMPTS = 3  # signals and threads on a busy machine: what passes once can be passed
SHORT_READS = "clear\nread short=7"
USED_RESOURCES = ["cpu", "walltime"]


class NotHere(Exception):
    """Something that the run needs is not on this machine: a reason to skip."""


class Target:
    def __init__(self, name):
        self.name, self.package = name, targets.load(name)


class Suite:
    """The runs of all methods, on the proxy and then on the target, and what came of them."""

    def __init__(self, options, target, tests):
        self.options, self.target, self.tests = options, target, tests
        self.proxy = Target("proxy")
        self.results, self.unreached, self.work = {}, {}, []
        self.rules = outcomes.read_internal(os.path.join(HERE, "internal.txt"))
        self.counts = {outcomes.GOOD: 0, outcomes.BAD: 0, outcomes.EXCUSED: 0}

    def run(self):
        self.work = [self._start(name, self.proxy, install.ROADS[0]) for name in self.tests]
        children.run_all(self.work, self.options.jobs, lambda child, result: child.then(result))

    def _start(self, name, target, road, attempt=1):
        def start():
            child = children.Child(self.tests[name], target, road, self.options)
            child.then = lambda result: self._finished(name, target, road, attempt, result)
            return child
        return start

    def _next(self, *run):
        self.work.insert(0, self._start(*run))

    def _finished(self, name, target, road, attempt, result):
        result.update(attempts=attempt, road=road)
        if attempt < ATTEMPTS and self._deserves_another_try(name, target, result):
            self._next(name, target, road, attempt + 1)
        elif target is not self.proxy:
            self._judge(name, result)
        elif outcomes.is_reachable(result):
            self._reached(name, road, result)
        else:
            self._not_reached(name, road, result)

    def _deserves_another_try(self, name, target, result):
        if target is not self.proxy and outcomes.internal_reason(self.rules, name) is not None:
            return False
        return result["outcome"] in ("fail", "crash", "hang")

    def _reached(self, name, road, result):
        if self.target.name == "proxy":
            self._judge(name, result)
        else:
            self._next(name, self.target, road)

    def _not_reached(self, name, road, result):
        self.unreached[name] = result
        roads = install.ROADS[install.ROADS.index(road) + 1:]
        if roads and result["outcome"] != "skip":
            self._next(name, self.proxy, roads[0])

    def _judge(self, name, result):
        self.results[name] = result
        reason = outcomes.internal_reason(self.rules, name)
        verdict, words = outcomes.judge(result, reason)
        result["internal"] = reason or ""
        self.counts[verdict] += 1
        print(f"{verdict} {name}" + (f": {words}" if words else ""), flush=True)

    def unsteady(self):
        return [name for name, result in self.results.items()
                if result["outcome"] == "pass" and result["attempts"] > 1]

    def report(self):
        return {
            "target": self.target.name, "python": platform.python_version(),
            "reachable": len(self.results), "passed": self.counts[outcomes.GOOD],
            "excused": self.counts[outcomes.EXCUSED], "tests": self.results,
            "unreachable": {name: result for name, result in self.unreached.items()
                            if name not in self.results},
        }


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="ringfiles", choices=targets.NAMES)
    parser.add_argument("--backend", choices=("uring", "threads"))
    parser.add_argument("--wider", action="store_true", help="also modules that live from open()")
    parser.add_argument("--modules", help="these modules of the package test, with commas")
    parser.add_argument("--only", metavar="PATTERN", default="*")
    parser.add_argument("--short-reads", action="store_true", help="each read gives 7 bytes")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=float, dest="timeout_s")
    parser.add_argument("--show", action="store_true", help="what the tests print")
    parser.add_argument("--compare", nargs=2, metavar="FILE")
    return parser.parse_args()


@contextlib.contextmanager
def places(options):
    """Where the tests make their files, and where programs note that they opened some."""
    with contextlib.ExitStack() as stack:
        options.harness = HERE
        options.notes = stack.enter_context(tempfile.TemporaryDirectory(prefix="conformance"))
        options.shared = stack.enter_context(tempfile.TemporaryDirectory(prefix="conformance"))
        stack.callback(os.chdir, os.getcwd())
        os.chdir(options.shared)  # some test modules remember where they were imported
        options.folder = stack.enter_context(
            short_reading_folder() if options.short_reads else
            tempfile.TemporaryDirectory(prefix="conformance"))
        yield


@contextlib.contextmanager
def short_reading_folder():
    sys.path.insert(0, os.path.join(HERE, "..", "..", "system"))
    from support import mounts
    mounts.isolate()
    try:
        with mounts.faultfs(mounts.binary("faultfs")) as mirror:
            mirror.control(SHORT_READS)
            yield str(mirror.path)
            if not mirror.counters()[0].hit:
                raise AssertionError("no read was cut short")
    except mounts.Unavailable as reason:
        raise NotHere(reason) from None


def load_tests(options):
    """{name: test}; what this interpreter does not have is skipped aloud."""
    from test import support
    support.use_resources = USED_RESOURCES
    found = {}
    names = options.modules.split(",") if options.modules else catalogue.modules(options.wider)
    for module in names:
        if not catalogue.is_shipped(module):
            print(f"SKIP {module}: this interpreter does not ship it", flush=True)
            continue
        try:
            found.update(catalogue.tests_of(module))
        except ImportError as error:
            print(f"SKIP {module}: {error}", flush=True)
    return {name: test for name, test in found.items()
            if fnmatch.fnmatchcase(name, options.only)
            and catalogue.is_wanted(name, options.wider)}


def prepare(options):
    """The suite, loaded through the facade. ERRORS: NotHere."""
    if options.backend:
        os.environ["RINGFILES_BACKEND"] = options.backend
    if not catalogue.is_shipped("support"):
        raise NotHere("this interpreter ships no package `test`")
    try:
        target = Target(options.target)
    except ImportError as error:
        raise NotHere(f"{options.target} cannot be imported: {error}") from None
    install.install()
    return Suite(options, target, load_tests(options))


def run(options):
    started = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and the children with it
    options.json = options.json and os.path.abspath(options.json)
    if options.wider or options.modules:
        options.jobs = 1  # those of its modules that remember a folder would share it
    options.timeout_s = options.timeout_s or (
        SHORT_READ_TIMEOUT_S if options.short_reads else TIMEOUT_S)
    try:
        with places(options):
            suite = prepare(options)
            suite.run()
    except NotHere as reason:
        print(f"SKIP conformance: {reason}")
        return 0
    if not suite.results and (suite.tests or options.only != "*"):
        print("FAIL conformance: no test made a file through the package")
        return 1
    return conclude(suite, options.json, time.monotonic() - started)


def conclude(suite, path, seconds):
    report = suite.report()
    if path:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1, sort_keys=True)
    for name in suite.unsteady():
        print(f"not at the first try: {name}")
    print(f"{report['target']} on Python {report['python']}: reachable {report['reachable']}, "
          f"passed {report['passed']}, internal {report['excused']}, {seconds:.0f} s")
    return 1 if suite.counts[outcomes.BAD] else 0


def main():
    options = arguments()
    if options.compare:
        return 1 if outcomes.compare(*options.compare) else 0
    return run(options)


if __name__ == "__main__":
    sys.exit(main())
