#!/usr/bin/env python3
"""The contract suite again where the ground is different: on other file systems, and where the
kernel, or a container, refuses what the library would like to use. Then a program that asks for
the ring gets threads, and everything passes with them.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from support.mounts import binary, isolate, loop_filesystem, tmpfs  # noqa: E402
from support.programs import soak  # noqa: E402
from support.report import Reporter, run_gtest  # noqa: E402

TIMEOUT_S = 1800 if soak() else 300
# Neither depends on what is below: files in memory, and the text of lines of gigabytes.
LEFT_OUT = "" if soak() else "-*/memory:*long_lines*"
RING = "io_uring_setup,io_uring_enter,io_uring_register"

GROUNDS = {
    "tmpfs": lambda: tmpfs("size=2g"),
    "xfs": lambda: loop_filesystem("xfs", 1024),
    "btrfs": lambda: loop_filesystem("btrfs", 1024),
}

# errno, system calls that answer it
REFUSALS = {
    "ring_eperm": ("EPERM", RING),              # containers
    "ring_enosys": ("ENOSYS", RING),            # kernels before 5.1
    "enter_eperm": ("EPERM", "io_uring_enter"),  # set-up works, the first submit does not
    "old_kernel": ("ENOSYS", RING + ",openat2,copy_file_range"),
}


def suite(report, prefix, selection, **how):
    run_gtest(binary("ringfiles_contract_tests"), selection, timeout=TIMEOUT_S, report=report,
              prefix=f"{prefix}/", **how)


def main():
    isolate()
    report = Reporter("contract/")
    for name, ground in GROUNDS.items():
        with report.case(name), ground() as folder:
            suite(report, name, f"*{LEFT_OUT}", env={"RINGFILES_TEST_DIR": str(folder)})
    for name, (number, calls) in REFUSALS.items():
        with report.case(name):
            suite(report, name, f"*/uring{LEFT_OUT}", env={"RINGFILES_TEST_FALLBACK": "1"},
                  wrapper=(binary("deny"), number, calls, "--"))
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
