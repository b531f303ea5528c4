#!/usr/bin/env python3
"""Proves the fault tools on this machine. Usage: [BUILD_DIR=…] selftest.py [WORD_OF_A_NAME]

A tool that injects nothing would make every test that uses it pass; this is where it would fail.
"""

import errno
import os
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support import mounts, selftest_faultfs, selftest_places  # noqa: E402
from support.report import Reporter  # noqa: E402

# The slowest case takes about one second here.
CASE_LIMIT_S = 60


def mounts_of_tests():
    table = pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8")
    return [line for line in table.splitlines() if "ringfiles-mount-" in line]


def loops_of_tests():
    """Image files of ours that a loop device still holds."""
    held = []
    for backing in pathlib.Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            held.append(backing.read_text(encoding="utf-8").strip())
        except OSError as error:
            if error.errno not in (errno.ENXIO, errno.ENOENT):
                raise
    return [name for name in held if "ringfiles-image-" in name]


def give_up(report, name):
    """Ends the whole self-test: a thread that a broken tool has left in the kernel stays there."""
    report.failed(name, f"not done after {CASE_LIMIT_S} s")
    mounts.FaultFs.kill_all()  # else the kernel waits for hung calls before this process is gone
    os._exit(1)


def run(report, case):
    watchdog = threading.Timer(CASE_LIMIT_S, give_up, (report, case.__name__))
    watchdog.daemon = True
    watchdog.start()
    with report.case(case.__name__):
        case(report)
    watchdog.cancel()


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    loops_before = loops_of_tests()
    isolated = mounts.isolate()
    report = Reporter(prefix="support/")
    for case in selftest_faultfs.CASES + selftest_places.CASES:
        if wanted in case.__name__:
            run(report, case)
    with report.case("nothing_is_left_behind"):
        assert mounts_of_tests() == [], mounts_of_tests()
        left = set(loops_of_tests()) - set(loops_before)
        assert not left, left
    print(f"# {report.counts}, pid {os.getpid()}, own mount namespace: {isolated}")
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
